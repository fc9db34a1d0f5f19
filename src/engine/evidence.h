/*
 * Plans and latencies of the watched queries, and of the dearest statements of the
 * table: noted in baseline, looked at again behind every phase that can change them.
 */
#ifndef NEWEL_ENGINE_EVIDENCE_H
#define NEWEL_ENGINE_EVIDENCE_H

#include "engine/run.h"

/*
 * A query that cannot be planned is an alarm, no failure. False when the server was
 * lost, or the baseline could not be kept.
 */
bool evidence_baseline(struct run *r, struct db *db, struct error *e) MUST_CHECK;
/*
 * Captures anew and compares with the baseline. What got worse is an alarm; it fails the
 * phase, or wishes for a rollback, where [health] on_regression says so.
 */
bool evidence_compare(struct run *r, struct db *db, enum phase phase, struct error *e) MUST_CHECK;
/* Tells what an earlier session has noted, so that this one's journal has it, too. */
void evidence_recall(struct run *r, struct db *db);

#endif
