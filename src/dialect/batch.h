/*
 * The statements that walk a table: batches of a backfill, the counting of rows
 * that are still without their value, and the search for a row that refuses it.
 * A batch, its checkpoint and the check of the lease are one transaction.
 */
#ifndef NEWEL_DIALECT_BATCH_H
#define NEWEL_DIALECT_BATCH_H

#include "base/json.h"
#include "base/units.h"
#include "db/db.h"
#include "dialect/words.h"

#define BATCH_KEY_COLUMNS 32

struct batch_key {
    const char *name; /* quoted */
    const char *type;
};

/* What is walked; everything stays the caller's. */
struct batch_subject {
    const struct words *words;
    const struct batch_key *keys; /* the primary key's columns */
    size_t key_count;
    int version;                  /* of the server */
};

/* A batch by keys, as the engine wants it. */
struct batch_call {
    const char *id;
    int64_t epoch, lane;
    const char *cursor; /* JSON array of the key's columns as texts; "" before the first row */
    const char *upper;  /* the same: the last key of the range, or the first columns of one */
    int64_t rows;       /* at most so many */
};

/* What came of it. */
struct batch_answer {
    int64_t written;
    int64_t wal;  /* bytes the server has logged so far; UNKNOWN */
    char *cursor; /* behind it; the caller's to free. NULL: as it was */
    bool done;    /* the range is */
};

/* What one chunk of the table says when its rows without a value are counted. */
struct batch_left {
    int64_t count;
    char example[256]; /* the key of one of them */
    char *cursor;      /* where the next chunk begins; the caller's to free. NULL: that was all */
};

/* Where a row that failed is to be looked for: blocks, or keys behind a cursor. */
struct batch_place {
    int64_t low, high;
    const char *cursor, *upper;
    int64_t rows;
};

/* The texts are the caller's to free. */
struct batch_words {
    /*
     * One stripe of one window of blocks; NULL where a table has none. $1 id $2 epoch $3 lane
     * $4 old cursor $5 new cursor $6 first block "(n,0)" $7 block behind the last $8 stripes - 1
     * $9 this stripe $10 is the range done after it? -> rows written, WAL bytes of the server so
     * far
     */
    char *(*blocks)(const struct words *w);
    /* -> blocks of the table, its physical identity ("shape"); NULL as above */
    char *(*extent)(const struct words *w);
    /* One batch behind the cursor. DB_FENCED: the checkpoint was not where the caller believed. */
    enum db_fault (*by_keys)(struct db *db, const struct batch_subject *s,
                             const struct batch_call *call, struct batch_answer *out,
                             struct error *e);
    /* How such a batch looks, for people. */
    char *(*keys)(const struct batch_subject *s);
    /*
     * Cuts the keys into `parts` ranges of about the same size -> the upper bounds of all but the
     * last as JSON, in order. `rows`: how many there may be.
     */
    char *(*key_bounds)(const struct batch_subject *s, int64_t parts, int64_t rows);
    /* -> the least key as JSON, and the greatest; no row when the table is empty */
    char *(*end_keys)(const struct batch_subject *s);
    /* Counts one chunk: `cursor` is "" at first. */
    enum db_fault (*left)(struct db *db, const struct batch_subject *s, const char *cursor,
                          struct batch_left *out, struct error *e);
    /* The condition that it counts by, for people. */
    char *(*left_form)(const struct batch_subject *s);
    /*
     * Evaluates the expression row by row until one fails: DB_DATA, its key in `key` and the
     * server's complaint in `e`. DB_OK: none did, or `halted` has said so.
     */
    enum db_fault (*blame)(struct db *db, const struct batch_subject *s,
                           const struct batch_place *place, bool (*halted)(void *context),
                           void *context, struct str *key, struct error *e);
};

const struct batch_words *batch_words(enum db_engine engine);

extern const struct batch_words batch_pg, batch_my; /* batch_my: MariaDB, too */

/* MySQL's UPDATE of at most so many rows that have no value, wherever. The caller frees it. */
char *batch_my_write(const struct batch_subject *b, int64_t most);

/* Appends PostgreSQL's key as people read it, or the place of a row that has none. */
void batch_pg_key_text(struct str *s, const struct batch_key *keys, size_t count);

/*
 * The columns of a key that travels as a JSON array of texts. `out` has
 * BATCH_KEY_COLUMNS places and points into the answer, which is to be released
 * with json_decref(). NULL, and a count of 0, for "".
 */
json_t *batch_key_values(const char *json, const char **out, size_t *count);

#endif
