/* Who waits on whom: sampling the lock tree of the primary. */
#ifndef NEWEL_ENGINE_LOCKS_H
#define NEWEL_ENGINE_LOCKS_H

#include "engine/run.h"

/*
 * When a tree was recorded last: every time while somebody waits, seldom while
 * nobody does. Start with `had_some`, so that the first sample is recorded.
 */
struct lock_news {
    bool had_some;
    int64_t told_us; /* monotonic */
};

/*
 * Asks for the tree and records it. While a phase of ours holds back from a lock, or
 * one that takes a lock waits for the operator's yes, whoever holds the table stands in
 * it too: we do not queue behind them, so the server sees nobody wait, but they are whom
 * an operator may want to end.
 */
enum db_fault locks_sample(struct run *r, struct db *db, struct lock_news *news,
                           struct error *e) MUST_CHECK;

#endif
