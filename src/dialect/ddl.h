/*
 * The statements that change the table's shape, each with its way back and the
 * probes that make it idempotent; and what is asked of the catalog before a
 * plan is made.
 */
#ifndef NEWEL_DIALECT_DDL_H
#define NEWEL_DIALECT_DDL_H

#include "db/db.h"
#include "dialect/words.h"

/* What the statements are about, beside the words: bare names, and the server. */
struct ddl_subject {
    struct words words;
    const char *column;      /* bare */
    const char *table;       /* bare */
    const char *search_path; /* a list of quoted schemas for the trigger; NULL: the caller's */
    int version;             /* 150020 */
};

/* As struct step has them; the texts are the caller's, `lock` is static. */
struct ddl_text {
    char *sql, *undo, *done, *undone;
    const char *lock; /* the mode, or "none" */
    bool exclusive;   /* reads of the table wait behind it, too */
};

struct ddl_words {
    void (*add_column)(const struct ddl_subject *s, struct ddl_text *out);
    void (*sync_function)(const struct ddl_subject *s,
                          struct ddl_text *out); /* what the triggers call */
    void (*sync_triggers)(const struct ddl_subject *s, struct ddl_text *out);
    void (*set_default)(const struct ddl_subject *s, struct ddl_text *out);
    void (*add_not_null)(const struct ddl_subject *s,
                         struct ddl_text *out); /* for new rows only, without a scan */
    void (*validate_not_null)(const struct ddl_subject *s,
                              struct ddl_text *out); /* for all rows, reads and writes go on */
    void (*set_not_null)(const struct ddl_subject *s,
                         struct ddl_text *out); /* from the validated constraint, without a scan */
    void (*drop_check)(const struct ddl_subject *s,
                       struct ddl_text *out); /* which SET NOT NULL has made needless */
    void (*drop_triggers)(const struct ddl_subject *s, struct ddl_text *out);
    void (*drop_function)(const struct ddl_subject *s, struct ddl_text *out);
    void (*analyze)(const struct ddl_subject *s, struct ddl_text *out);
    /* Validating makes the column NOT NULL by itself: set_not_null and drop_check fall away. */
    bool (*validate_is_enough)(int version);

    /* -> version number, version, database, user, schemas on the path as a quoted list, is our
     * schema there? */
    const char *server;
    /*
     * $1 table as written, perhaps qualified and quoted -> schema, name, quoted name, oid, relkind,
     * persistence, blocks, heap bytes, index bytes, rows, fillfactor, indexes, bytes of a row; no
     * row when there is none
     */
    const char *table;
    /* $1 oid $2 column -> type, not null? */
    const char *column;
    /* $1 oid -> name, type, correlation of the primary key's columns, in order */
    const char *key;
};

const struct ddl_words *ddl_words(enum db_engine engine);

#endif
