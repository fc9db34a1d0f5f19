/*
 * What a server knows of the statements that are sent to it: how often and how long
 * each ran, who has which prepared, and how it would go about one.
 */
#ifndef NEWEL_DIALECT_STATEMENTS_H
#define NEWEL_DIALECT_STATEMENTS_H

#include "db/db.h"

/* A statement without its constants, as the server counts it. */
struct statement {
    char *text;
    char *sample;  /* the same with the constants of one call; NULL: the server keeps none */
    int64_t calls; /* counters since the statistics were begun */
    double total_us;
};

struct statement_list {
    struct statement *items; /* the dearest first */
    size_t count;
    char *source; /* "pg_stat_statements", "performance_schema"; NULL: nobody counts them */
    char *why;    /* nobody does, because */
};

/*
 * Statements of this database whose text has the table's bare name in it. DB_OK, too,
 * where the server does not count them. statement_list_free() in any case.
 */
enum db_fault statements_read(struct db *db, const char *table, struct statement_list *out,
                              struct error *e) MUST_CHECK;
/* The same where they are not counted: what sessions ran last; `calls` are sessions. */
enum db_fault statements_of_sessions(struct db *db, const char *table, const char *pids,
                                     struct statement_list *out, struct error *e) MUST_CHECK;
void statement_list_free(struct statement_list *list);

/*
 * Statements that sessions have prepared, where the server tells that of others:
 * application, user, host, text. `*rows` NULL: it does not.
 */
enum db_fault statements_prepared(struct db *db, const char *table, struct db_rows **rows,
                                  struct error *e) MUST_CHECK;

/*
 * The plan as JSON, for the caller to free; nothing is executed. `parameters`: so many $n stand
 * for values that are not known. Where it cannot be had the fault says why.
 */
enum db_fault statement_explain(struct db *db, const char *sql, int parameters, char **json,
                                struct error *e) MUST_CHECK;

/* What `newel plan` shows of it; the caller frees it. */
char *statement_explain_form(enum db_engine engine, const char *sql);

#endif
