/*
 * The statements that walk a table: batches of a backfill, and the counting of
 * rows that are still without their value. A batch, its checkpoint and the check
 * of the lease are one statement, hence one transaction.
 */
#ifndef NEWEL_DIALECT_BATCH_H
#define NEWEL_DIALECT_BATCH_H

#include "db/db.h"
#include "dialect/words.h"

struct batch_key {
    const char *name; /* quoted */
    const char *type;
};

/* The texts are the caller's to free. */
struct batch_words {
    /*
     * One stripe of one window of blocks. $1 id $2 epoch $3 lane $4 old cursor $5 new cursor
     * $6 first block "(n,0)" $7 block behind the last $8 stripes - 1 $9 this stripe
     * $10 is the range done after it? -> rows written, WAL bytes of the server so far
     */
    char *(*blocks)(const struct words *w);
    /*
     * One range of keys behind the cursor. $1 id $2 epoch $3 lane $4 old cursor
     * $5 rows, then the upper bound's columns, then (unless `first`) the
     * cursor's columns -> rows written, WAL bytes of the server so far, new cursor (NULL: the
     * range is done)
     */
    char *(*keys)(const struct words *w, const struct batch_key *keys, size_t count, bool first);
    /* -> blocks of the table, its physical identity ("shape") */
    char *(*extent)(const struct words *w);
    /* $1 parts $2 percent of blocks to sample -> upper bounds of the parts as JSON, in order */
    char *(*key_bounds)(const struct words *w, const struct batch_key *keys, size_t count);
    /* -> the greatest key as JSON; no row when the table is empty */
    char *(*last_key)(const struct words *w, const struct batch_key *keys, size_t count);
    /* The shape alone, for walks by key. */
    char *(*shape)(const struct words *w);
    /*
     * Rows left without their value in blocks [$1, $2) as "(n,0)"
     * -> count, the key of one of them as text
     */
    char *(*left)(const struct words *w, const struct batch_key *keys, size_t count);
    /*
     * Finds the first row of blocks [$1, $2) on which the value's expression
     * fails: evaluates it row by row. Runs under a read-only transaction.
     * $1, $2 -> ctid, key as text of each row of the window
     */
    char *(*rows_of)(const struct words *w, const struct batch_key *keys, size_t count);
    /* $1 ctid -> the value of that row, or the expression's own error */
    char *(*value_at)(const struct words *w);
};

const struct batch_words *batch_words(enum db_engine engine);

#endif
