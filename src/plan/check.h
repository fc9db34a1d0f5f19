/*
 * What is looked at before a migration may start, each with what was found and
 * what to do about it. Nothing of the application's is written; a probe works on
 * an empty temporary copy of the table, in a transaction that is rolled back, and
 * the value is computed for some rows in a transaction that can write nothing.
 */
#ifndef NEWEL_PLAN_CHECK_H
#define NEWEL_PLAN_CHECK_H

#include "plan/facts.h"

enum check_verdict {
    CHECK_PASS,
    CHECK_WARN,
    CHECK_STOP,
    CHECK_SKIPPED, /* only when nothing may be written: `newel run` asks it */
};
const char *check_verdict_name(enum check_verdict verdict);

struct check_result {
    const char *name; /* static */
    enum check_verdict verdict;
    bool privilege; /* what is missing is a GRANT */
    char *evidence;
    char *remedy; /* a sentence or a statement; "" when nothing is to be done */
};

struct check_list {
    struct check_result *items;
    size_t count;
};

/* facts_read() that never waits long for the table: who has it locked is named in `e`. */
bool check_look(struct db *db, const struct migration *m, struct facts *f,
                struct error *e) MUST_CHECK;
/*
 * Runs every check on the primary. `may_write` false: the session is read-only,
 * so what needs a temporary table is skipped, saying so. False with `e` when the
 * server could not be asked; `out` is to be freed in any case.
 */
bool check_run(struct db *db, const struct migration *m, const struct facts *f, bool may_write,
               struct check_list *out, struct error *e) MUST_CHECK;
/* Adds what one replica says of itself, also that it cannot be asked. */
void check_replica(const struct db_address *where, struct check_list *out);
void check_list_free(struct check_list *list);
/* How many have `verdict`? */
size_t check_count(const struct check_list *list, enum check_verdict verdict);

#endif
