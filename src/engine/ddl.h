/*
 * Running one step of a plan: DDL that never waits long in a lock queue, tried
 * again until it gets its lock, with whoever stands in its way named.
 */
#ifndef NEWEL_ENGINE_DDL_H
#define NEWEL_ENGINE_DDL_H

#include "engine/run.h"

/*
 * Runs `step`, or its way back, unless its probe says that it is done. `db` is
 * replaced when the connection had to be made anew. False with `e` when it
 * failed or the run is to end; nothing is half done then.
 */
bool ddl_run(struct run *r, struct db **db, enum phase phase, const struct step *step, bool undo,
             struct error *e) MUST_CHECK;

/* Whether its probe says so; false also when that could not be asked. */
bool ddl_is_done(struct db *db, const struct step *step);

/* The pause before try number `attempt` (from 1): it grows, and `random` (0..1) spreads it. */
int64_t ddl_backoff_us(int64_t attempt, double random);

#endif
