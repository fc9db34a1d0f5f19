/*
 * A second operator: what [approve] of the migration names is asked for by one and
 * begun by the yes of another. Everything here is called under the run's lock; what
 * changes is recorded at once, so that the journal has it in the order in which it holds.
 */
#ifndef NEWEL_ENGINE_APPROVAL_H
#define NEWEL_ENGINE_APPROVAL_H

#include "engine/run.h"

enum approval {
    APPROVAL_NEEDLESS, /* one yes is enough */
    APPROVAL_ASK,      /* this yes asks for another */
    APPROVAL_GIVEN,    /* this is the other one */
    APPROVAL_OWN,      /* by who has asked already: no other */
    APPROVAL_NAMELESS, /* by nobody known, who can be no other */
};

/* Does the present phase, or a rollback, need a second operator? */
bool approval_needed(const struct run *r, enum run_wish wish);
/* What `name`'s yes to `wish` at the present phase is. Pure. */
enum approval approval_of(const struct run *r, enum run_wish wish, const char *name);

/* `name` asks; what was asked for before has lapsed. */
void approval_ask(struct run *r, enum run_wish wish, const char *name);
/* `name` takes back what is asked for. */
void approval_withdraw(struct run *r, const char *name);
/* It has gone on otherwise: what was asked for, if anything was, is so no longer. */
void approval_lapse(struct run *r);
/*
 * `name` says the yes that begins it. It, and who had asked, stand in the audit trail for
 * what is done now: "ann, approved by bob".
 */
void approval_release(struct run *r, enum run_wish wish, const char *name);

#endif
