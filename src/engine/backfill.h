/* The backfill of one target: its ranges, and the lanes that walk them. */
#ifndef NEWEL_ENGINE_BACKFILL_H
#define NEWEL_ENGINE_BACKFILL_H

#include "engine/lane.h"
#include "engine/run.h"

/*
 * Walks whatever is left of the table. `db` is for reading and writing the
 * ranges. False with `e`: it failed, was stopped (ERROR_STOPPED), or was fenced.
 */
bool backfill_run(struct run *r, struct db **db, struct error *e) MUST_CHECK;
/* Forgets the ranges, so that the next backfill passes the whole table again. */
bool backfill_again(struct run *r, struct db *db, struct error *e) MUST_CHECK;

/* Whether the range's table was rewritten since it was cut: places in it are others then. */
bool backfill_rewritten(struct run *r, struct db *db, const struct range *range, bool *rewritten,
                        struct error *e) MUST_CHECK;

#endif
