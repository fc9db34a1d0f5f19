/*
 * What baseline and compare look at: the plans of the watched queries, and the
 * sessions that still know the table's old shape.
 */
#ifndef NEWEL_ENGINE_EVIDENCE_H
#define NEWEL_ENGINE_EVIDENCE_H

#include "engine/run.h"

/*
 * Captures the plans: `after` false before anything changed, true to compare.
 * A watched query that cannot be planned is an alarm, no failure. False when the
 * server was lost.
 */
bool evidence_plans(struct run *r, struct db *db, bool after, struct error *e) MUST_CHECK;
/* Counts sessions by application and how many began before the column was there. */
bool evidence_clients(struct run *r, struct db *db, struct error *e) MUST_CHECK;

#endif
