/* What preflight asks a server, as data: one question, what it means, what helps. */
#ifndef NEWEL_DIALECT_CHECK_H
#define NEWEL_DIALECT_CHECK_H

#include "dialect/batch.h"
#include "dialect/ddl.h"

/*
 * A row of the answer is something found: -> evidence, remedy (may be NULL), and where that differs
 * from row to row what it means: "stop", "warn" or "pass", the last for evidence that all is well.
 * No row: all is well.
 */
struct check_query {
    const char *name;
    bool stops;     /* else it warns */
    bool privilege; /* a GRANT helps */
    bool of_table;  /* takes $1, the table's oid (MySQL: $1 its schema, $2 its name) */
    /* further parameters, a letter each: m migration, c column (bare), t type, l bytes of log */
    const char *takes;
    int from, below; /* of server versions; 0: any */
    bool of_home;    /* asks our own tables, which may not be there yet */
    const char *sql;
    const char *passed; /* what to say when nothing was found */
};

struct check_set {
    const struct check_query *queries;
    size_t count;
};

struct check_words {
    const struct check_set *const *sets; /* ends with NULL */
    const struct check_set *of_replica;  /* asked of each replica; may be NULL */
    int oldest, newest;                  /* server versions that newel knows: 130000, 180000 */
    const char *needs;                   /* the oldest in words: "PostgreSQL 13" */

    /* $1 migration $2 column -> true when an earlier run of it has added that column */
    const char *is_ours;

    /* Around all of it: no question may wait long for a lock, or run long. NULL: not needed. */
    const char *guard, *unguard;
    /* What ends that session, for people. */
    char *(*end_session)(const char *pid);
    /* Around PostgreSQL's probes; `look` for what may write nothing. */
    const char *begin, *look, *rollback;
    /*
     * The table's empty copy, the column added to it -> was it rewritten?, type, did the type bring
     * a default, NOT NULL, a constraint or an index along?
     */
    char *(*clone)(const struct ddl_subject *s);
    char *(*add_to_clone)(const struct ddl_subject *s);
    const char *look_at_clone;
    /* The value assigned to the column: of the copy, or of the table itself. */
    char *(*assign)(const struct ddl_subject *s, bool to_clone);
    /*
     * Temporary tables of MySQL and MariaDB take other DDL than real ones: the copy stands in
     * our own database until `drop_clone`; `make_home` makes that. `try_triggers` makes those of
     * the sync phase on it.
     */
    const char *make_home;
    char *(*try_triggers)(const struct ddl_subject *s);
    char *(*drop_clone)(const struct ddl_subject *s);
    /*
     * At most `most` rows of the table into the copy: `columns` of them, from both ends of the key.
     * The copy as what is walked, under the table's name. The value written to so many of its rows.
     */
    char *(*fill_clone)(const struct ddl_subject *s, const struct batch_subject *walk,
                        const char *columns, int64_t most);
    char *(*clone_as)(const struct ddl_subject *s);
    char *(*write_sample)(const struct batch_subject *walk, int64_t most);
    /* -> level, number, text of what the last statement was warned of */
    const char *warnings;
    /* -> the prepared transactions, which no SELECT tells; the last column names each */
    const char *prepared;
    /* -> the account that we are, ready for GRANT */
    const char *account;
    /* -> what it may do, a line each */
    const char *grants;
    /* No row, ever; refused where the locks of others may not be seen. */
    const char *instruments;
    /* -> with Binlog_Do_DB and Binlog_Ignore_DB: what the binary log leaves out */
    const char *(*log_status)(enum db_engine engine, int version);
    /* The value read; `by_trigger`: as the trigger will evaluate it. */
    char *(*evaluate)(const struct ddl_subject *s, bool by_trigger);
    /* The default alone. */
    char *(*evaluate_default)(const struct ddl_subject *s);
    /* A view of the value, for what it is made of
     * -> what of it is volatile, generated columns in it (NULL: none) */
    char *(*make_view)(const struct ddl_subject *s);
    const char *look_at_view;

    /*
     * Some rows from all over the table, at most `most` of about `rows`; NULL in this group: no
     * such probe. `read_sample` reads them whole. `try_sample` computes the value of each -> rows,
     * rows whose value is not NULL, key of one that is NULL, rows whose value the type would cut
     * short, key of one of those. `list_sample` -> place, key. `try_places`: $1 an array of
     * places -> the values.
     */
    char *(*read_sample)(const struct batch_subject *s, int64_t rows, int64_t most);
    char *(*try_sample)(const struct batch_subject *s, int64_t rows, int64_t most);
    char *(*list_sample)(const struct batch_subject *s, int64_t rows, int64_t most);
    char *(*try_places)(const struct batch_subject *s);
    /* EXPLAIN of the value over the whole table -> JSON */
    char *(*explain_value)(const struct ddl_subject *s);
    /*
     * $1 table -> folder of its files, folder of the log, are we on that host?; NULL folders
     * where they may not be known
     */
    const char *place;
    /* What helps a table whose pages have no room, for people. */
    char *(*loosen)(const struct ddl_subject *s);
};

const struct check_words *check_words(enum db_engine engine);
extern const struct check_words check_pg, check_mysql, check_mariadb;

#endif
