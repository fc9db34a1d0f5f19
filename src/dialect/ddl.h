/*
 * The statements that change the table's shape, each with its way back and the
 * probes that make it idempotent; and what is asked of the catalog before a
 * plan is made.
 */
#ifndef NEWEL_DIALECT_DDL_H
#define NEWEL_DIALECT_DDL_H

#include "db/db.h"
#include "dialect/words.h"

/* What a change of the table costs, the cheapest first; MySQL and MariaDB. */
enum ddl_algorithm {
    DDL_INSTANT,        /* the dictionary alone */
    DDL_INPLACE,        /* rebuilds the table; reads and writes go on */
    DDL_INPLACE_SHARED, /* rebuilds the table; writes wait */
    DDL_COPY,           /* copies the table; writes wait */
};

/* What the statements are about, beside the words: bare names, and the server. */
struct ddl_subject {
    struct words words;
    enum db_engine engine;
    const char *column;   /* bare */
    const char *table;    /* bare */
    const char *schema;   /* bare */
    char *const *columns; /* of the table, bare */
    size_t column_count;
    enum ddl_algorithm add_by, drop_by, enforce_by;
    const char *search_path; /* a list of quoted schemas for the trigger; NULL: the caller's */
    int version;             /* 150020 */
};

/* As struct step has them; the texts are the caller's, `lock` is static. */
struct ddl_text {
    char *sql, *undo, *done, *undone;
    const char *lock;      /* the mode, or "none" */
    const char *undo_lock; /* of the way back; NULL: the same */
    bool exclusive;        /* reads of the table wait behind it, too */
};

/* What a dialect has no need of is NULL, and left out of the plan. */
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
     * $1 table as written, perhaps qualified and quoted (MySQL: $1 schema or NULL, $2 table, both
     * bare) -> schema, name, quoted name, oid, relkind,
     * persistence, blocks, heap bytes, index bytes, rows, fillfactor, indexes, bytes of a row; no
     * row when there is none
     */
    const char *table;
    /*
     * $1 oid (MySQL: $1 schema $2 table, here and below) -> of each partition that holds rows: what
     * it is known by, qualified, its name for people, relkind, blocks, heap bytes, index bytes,
     * rows
     */
    const char *leaves;
    /* $1 oid, column -> type, not null? */
    const char *column;
    /* -> name, type, correlation of the primary key's columns, in order */
    const char *key;
    /* -> name, AUTO_INCREMENT?, generated? of all columns, in order; NULL where nobody asks */
    const char *columns;
    /* -> engine, row format, full-text indexes; NULL where there is one kind alone */
    const char *storage;
    /* -> how often columns were added or dropped at once since the table was built */
    const char *row_versions;
    /* -> name, value of the settings that a plan depends on */
    const char *variables;
    /* -> name, nodes of the cluster; no row when there is none */
    const char *cluster;
};

const struct ddl_words *ddl_words(enum db_engine engine);
extern const struct ddl_words ddl_pg, ddl_mysql, ddl_mariadb;

#endif
