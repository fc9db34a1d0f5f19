/*
 * A second operator: what [approve] of the migration names is asked for by one and
 * begun by the yes of another. Everything here is called under the run's lock; the
 * events are the caller's, to be recorded after it.
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

/* `name` asks; returns the event. */
json_t *approval_ask(struct run *r, enum run_wish wish, const char *name);
/* `name` says yes to it, or takes it back; returns the event. */
json_t *approval_end(struct run *r, const char *state, const char *name);
/* It has gone on otherwise: what was asked for is so no longer. */
void approval_lapse(struct run *r);

/* Who said yes to what is done now, for the audit trail: "ann, approved by bob". */
void approval_release(struct run *r, const char *asked_by, const char *name);

#endif
