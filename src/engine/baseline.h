/*
 * What was found before anything was changed, for later captures to be held to. It
 * is kept in the target, since another engine, on another machine, may go on.
 */
#ifndef NEWEL_ENGINE_BASELINE_H
#define NEWEL_ENGINE_BASELINE_H

#include "engine/run.h"

struct baseline_query {
    char *name;        /* of the file's section; "top-1" */
    char *sql;         /* what EXPLAIN is given; NULL: it cannot be had */
    char *fingerprint; /* by which the server's counters find it */
    char *plan;        /* as JSON; NULL: `why` */
    char *why;
    bool top;      /* not of the file: among the dearest of the table */
    int64_t calls; /* the counters as they stood; UNKNOWN */
    double total_us;
};

struct baseline_count {
    char *text;
    int64_t calls;
};

struct baseline {
    bool exists;
    int64_t at_us;
    struct baseline_query *queries;
    size_t query_count;
    struct baseline_count *counts; /* of statements that notice the new column */
    size_t count_count;
};

/* DB_OK also where there is none. baseline_free() in any case. */
enum db_fault baseline_load(struct run *r, struct db *db, struct baseline *out,
                            struct error *e) MUST_CHECK;
enum db_fault baseline_keep(struct run *r, struct db *db, const struct baseline *b,
                            struct error *e) MUST_CHECK;
void baseline_free(struct baseline *b);

const struct baseline_query *baseline_query(const struct baseline *b, const char *name);
/* How often that statement had run by then; UNKNOWN when it was not known. */
int64_t baseline_calls(const struct baseline *b, const char *text);

#endif
