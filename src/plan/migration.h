/*
 * A migration file (newel-migration(5)) as a value. Reading it touches no
 * server. All text is owned by the struct; NULL where the file does not say.
 */
#ifndef NEWEL_PLAN_MIGRATION_H
#define NEWEL_PLAN_MIGRATION_H

#include "base/digest.h"
#include "base/ini.h"
#include "base/phase.h"

#include <stdint.h>

enum new_rows {
    NEW_ROWS_TRIGGER,
    NEW_ROWS_DEFAULT,
    NEW_ROWS_APPLICATION,
};
const char *new_rows_name(enum new_rows how);

/* MySQL and MariaDB: the dearest way to add a column that the operator has agreed to. */
enum agreed_algorithm {
    AGREED_INSTANT,
    AGREED_INPLACE,
    AGREED_COPY,
};

/* MySQL and MariaDB: how NULL is kept out in the end. */
enum not_null_by {
    NOT_NULL_REBUILD,
    NOT_NULL_TRIGGER,
};

/* What is done when a watched query got worse. */
enum on_regression {
    REGRESSION_WARN,
    REGRESSION_STOP,
    REGRESSION_ROLLBACK,
};

/* How many sessions from before the column may be left when it is enforced. */
enum require_clients {
    REQUIRE_ANY,
    REQUIRE_NONE,
};

/* The signals that can slow or stop a backfill; limits carry their names. */
struct limits {
    int64_t max_lag_us;      /* 0: not watched; the same for the others */
    int64_t max_lag_bytes;
    int64_t max_waiters;
    int64_t max_running;
    int64_t max_wal_per_s;
    char *query;
    double query_max;
    int64_t max_queue;
    int64_t max_flow_control; /* percent */
};

/* What an operator cannot begin alone. */
struct approval_rule {
    bool phases[PHASE_COUNT];
    bool rollback;
    bool by_other; /* false: the same operator may say yes twice */
};

struct watched_query {
    char *name;
    char *sql;
};

struct migration {
    char *path;
    char *source;            /* the file's bytes, up to the first NUL */
    char digest[DIGEST_HEX]; /* of all of them */

    char *id;
    char *table;   /* as written: schema.table or table, quotes allowed */
    char **targets; /* glob patterns */
    size_t target_count;

    char *column; /* the bare name, without quotes */
    char *type;
    char *default_sql;
    bool not_null;

    char *value_sql; /* NULL: the default is the value */
    char *where_sql;
    enum new_rows new_rows;

    int64_t rows, rows_min, rows_max, batch_time_us, batch_pause_us, lanes;
    struct limits limits;
    int64_t lock_timeout_us, lock_retries;
    enum agreed_algorithm algorithm;
    enum not_null_by not_null_by;

    struct approval_rule approve;
    char *lint_allow; /* rules that newel lint passes over, as written; NULL: none */

    struct watched_query *queries;
    size_t query_count;

    int64_t top_queries; /* of the table's dearest statements, watched beside `queries` */

    double max_p99_ratio, max_plan_cost_ratio; /* 0: not watched */
    enum on_regression on_regression;
    enum require_clients require;
};

/*
 * Reads and checks a file. True when it is whole; else every finding is in
 * `findings` (also when the file cannot be read). `m` is to be freed in any case.
 */
bool migration_load(const char *path, struct migration *m, struct findings *findings) MUST_CHECK;
void migration_parse(const char *name, const char *text, struct migration *m,
                     struct findings *findings);
void migration_free(struct migration *m);

#endif
