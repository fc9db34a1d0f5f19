#include "config.h"
#include "engine/evidence.h"

#include "dialect/watch.h"
#include "engine/query_plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct before {
    const char *query;
    double cost;
};

static void find_before(void *context, const struct model *m)
{
    struct before *want = context;
    want->cost = -1;
    for (size_t t = 0; t < m->target_count; t++)
        for (size_t q = 0; q < m->targets[t].query_count; q++)
            if (strcmp(m->targets[t].queries[q].query, want->query) == 0)
                want->cost = m->targets[t].queries[q].cost_before;
}

static void judge(struct run *r, const char *name, double cost)
{
    double most = r->migration->max_plan_cost_ratio;
    struct before before = {.query = name};
    recorder_look(r->recorder, find_before, &before);
    if (most > 0 && before.cost > 0 && cost > before.cost * most)
        run_alarm(r, "warn", "plan-regression",
                  "query %s: the plan's cost rose from %.0f to %.0f (%.1fx, limit %.1fx)", name,
                  before.cost, cost, cost / before.cost, most);
}

bool evidence_plans(struct run *r, struct db *db, bool after, struct error *e)
{
    for (size_t i = 0; i < r->migration->query_count; i++) {
        const struct watched_query *q = &r->migration->queries[i];
        char *sql = watch_explain(r->engine, q->sql);
        struct db_rows *rows;
        enum db_fault fault = db_query(db, &rows, e, sql, 0, NULL);
        free(sql);
        if (fault != DB_OK) {
            if (!db_alive(db))
                return false;
            run_alarm(r, "warn", "plan-unknown", "query %s could not be planned: %s", q->name,
                      e->why);
            continue;
        }
        double cost, estimate;
        if (query_plan_read(db_value(rows, 0, 0), &cost, &estimate)) {
            if (after)
                judge(r, q->name, cost);
            json_t *event = run_event(r, EVENT_PLAN);
            json_set_text(event, "of", "query");
            json_set_text(event, "query", q->name);
            json_set_text(event, "when", after ? "after" : "before");
            json_set_text(event, "sql", q->sql);
            json_set_real(event, "cost", cost);
            json_set_real(event, "rows", estimate);
            json_set_text(event, "text", db_value(rows, 0, 0));
            run_record(r, event);
        }
        db_rows_free(rows);
    }
    return true;
}

/* When the column was added, by the server's clock; before that: now. */
static bool ddl_time(struct run *r, struct db *db, int64_t *out, struct error *e)
{
    const struct watch_words *words = watch_words(r->engine);
    const char *params[] = {r->migration->id, "add column"};
    struct db_rows *rows;
    if (db_query(db, &rows, e, words->done_at, 2, params) != DB_OK)
        return false;
    *out = db_int(rows, 0, 0, UNKNOWN);
    db_rows_free(rows);
    if (*out != UNKNOWN)
        return true;
    if (db_query(db, &rows, e, words->now, 0, NULL) != DB_OK)
        return false;
    *out = db_int(rows, 0, 0, 0);
    db_rows_free(rows);
    return true;
}

bool evidence_clients(struct run *r, struct db *db, struct error *e)
{
    int64_t when;
    if (!ddl_time(r, db, &when, e))
        return false;
    char moment[24];
    (void)snprintf(moment, sizeof moment, "%" PRId64, when);
    char *pids = run_pids(r);
    const char *params[] = {moment, pids};
    struct db_rows *rows;
    enum db_fault fault = db_query(db, &rows, e, watch_words(r->engine)->clients, 2, params);
    free(pids);
    if (fault != DB_OK)
        return false;
    json_t *event = run_event(r, EVENT_CLIENTS), *list = json_array();
    for (int i = 0; i < db_row_count(rows); i++) {
        json_t *row = json_object();
        json_set_text(row, "app", db_value(rows, i, 0));
        json_set_text(row, "user", db_value(rows, i, 1));
        json_set_text(row, "host", db_value(rows, i, 2));
        json_set_int(row, "sessions", db_int(rows, i, 3, 0));
        json_set_int(row, "stale", db_int(rows, i, 4, 0));
        json_push(list, row);
    }
    json_set(event, "rows", list);
    db_rows_free(rows);
    run_record(r, event);
    return true;
}
