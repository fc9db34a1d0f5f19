/* What the checks share while they run; for check*.c alone. */
#ifndef NEWEL_PLAN_CHECKER_H
#define NEWEL_PLAN_CHECKER_H

#include "dialect/check.h"
#include "plan/check.h"
#include "plan/subject.h"

struct checker {
    struct db *db;
    const struct migration *m;
    const struct facts *f;
    const struct check_words *words;
    struct check_list *list;
    struct ddl_subject subject;
    int64_t stripes;
    bool may_write;
    bool computes; /* the server has taken the value */
    struct error *e;
};

/* Adds what was found; `remedy` may be NULL. */
struct check_result *checker_add(struct checker *c, const char *name, enum check_verdict verdict,
                                 const char *remedy, const char *evidence, ...) PRINTF_LIKE(5, 6);
/* Runs `sql` (taken over) and tells whether it worked; `rows` may be NULL. */
enum db_fault checker_run(struct checker *c, char *sql, struct db_rows **rows) MUST_CHECK;
/* One question; false: the server is gone. */
bool checker_ask(struct checker *c, const struct check_query *q) MUST_CHECK;
/* The server refused the probe, or did not get to it: its words, from the checker's error. */
void checker_refuse(struct checker *c, const char *name, const char *remedy);
bool checker_is_gone(enum db_fault fault);

/*
 * What the column's type and the value do on this table, tried where that can be
 * done without touching it. False: the server is gone.
 */
bool check_pg_shape(struct checker *c) MUST_CHECK;
bool check_my_shape(struct checker *c) MUST_CHECK;

/* MySQL and MariaDB alone: the value computed for some rows of the copy, which stands. */
enum db_fault check_my_sample(struct checker *c) MUST_CHECK;
/* PostgreSQL alone, as above: the value computed for some rows. */
bool check_pg_sample(struct checker *c) MUST_CHECK;
/* How much the table will grow, and whether there is room. False: the server is gone. */
bool check_room(struct checker *c) MUST_CHECK;

#endif
