#include "config.h"
#include "journal/model_fold.h"

#include "base/clock.h"
#include "journal/model_shape.h"

#include <stdlib.h>
#include <string.h>

/* ---- samples -------------------------------------------------------------- */

static void sample_replica(struct model_target *t, const json_t *event, int64_t now_us)
{
    const char *name = json_get_text(event, "server", NULL);
    struct model_replica *r = name ? fold_replica(t, name) : NULL;
    if (!r)
        return;
    r->reachable = json_get_bool(event, "reachable", false);
    r->paused = json_get_bool(event, "paused", false);
    r->lag_us = fold_known(event, "lag_us");
    r->lag_bytes = fold_known(event, "lag_bytes");
    r->reply_age_us = fold_known(event, "reply_age_us");
    r->at_us = now_us;
    fold_set_text(&r->state, json_get_text(event, "state", NULL));
    fold_set_text(&r->sync, json_get_text(event, "sync", NULL));
    fold_set_text(&r->error, json_get_text(event, "error", NULL));
    if (r->lag_us != UNKNOWN)
        series_add(&r->lag, now_us, r->lag_us);
    if (r->lag_bytes != UNKNOWN)
        series_add(&r->bytes, now_us, r->lag_bytes);
}

/* From raw counters; one that went back belongs to another server or another life. */
static int64_t rate_of(int64_t before, int64_t now, double span_us)
{
    if (before == UNKNOWN || now == UNKNOWN || now < before || span_us <= 0)
        return UNKNOWN;
    double rate = (double)(now - before) * (double)US_PER_S / span_us;
    return rate < 9e18 ? (int64_t)rate : UNKNOWN;
}

static void take_logs(struct model_target *t, int64_t wal, int64_t binlog, int64_t now_us)
{
    double span = (double)now_us - (double)t->server_at_us;
    t->wal_rate = rate_of(t->wal_bytes, wal, span);
    t->wal_bytes = wal;
    t->binlog_rate = rate_of(t->binlog_bytes, binlog, span);
    t->binlog_bytes = binlog;
    if (t->wal_rate != UNKNOWN)
        series_add(&t->wal, now_us, t->wal_rate);
}

static void sample_server(struct model_target *t, const json_t *event, int64_t now_us)
{
    t->reachable = json_get_bool(event, "reachable", false);
    t->running = fold_known(event, "running");
    t->waiters = fold_known(event, "waiters");
    t->connections = fold_known(event, "connections");
    t->xmin_age = fold_known(event, "xmin_age");
    t->history = fold_known(event, "history");
    t->pool_bytes = fold_known(event, "pool_bytes");
    t->pool_dirty_bytes = fold_known(event, "pool_dirty_bytes");
    take_logs(t, fold_known(event, "wal_bytes"), fold_known(event, "binlog_bytes"), now_us);
    t->server_at_us = now_us;
    fold_set_text(&t->xmin_holder, json_get_text(event, "xmin_holder", NULL));
    fold_set_text(&t->server_error, json_get_text(event, "error", NULL));
    const char *version = json_get_text(event, "version", NULL);
    const char *engine = json_get_text(event, "engine", NULL);
    if (version)
        fold_set_text(&t->version, version);
    /* where the file says mysql, the server may say that it is MariaDB */
    if (engine)
        fold_set_text(&t->engine, engine);
}

/* The share of HOT updates since the backfill began, or since statistics were reset. */
static void take_hot(struct model_target *t)
{
    if (t->updates == UNKNOWN || t->hot_updates == UNKNOWN)
        return;
    if (t->updates_mark == UNKNOWN || t->hot_mark == UNKNOWN || t->updates < t->updates_mark ||
        t->hot_updates < t->hot_mark) {
        t->updates_mark = t->updates;
        t->hot_mark = t->hot_updates;
        return;
    }
    double all = (double)(t->updates - t->updates_mark);
    double hot = (double)(t->hot_updates - t->hot_mark);
    if (all > 0)
        t->hot_ppm = hot >= all ? 1000000 : (int64_t)(hot * 1e6 / all);
}

static void sample_table(struct model_target *t, const json_t *event)
{
    t->live = fold_known(event, "live");
    t->dead = fold_known(event, "dead");
    t->heap = fold_known(event, "heap");
    t->indexes = fold_known(event, "indexes");
    t->updates = fold_known(event, "updates");
    t->hot_updates = fold_known(event, "hot_updates");
    t->rows_estimate = fold_known(event, "rows_estimate");
    fold_set_text(&t->autovacuum, json_get_text(event, "autovacuum", NULL));
    take_hot(t);
}

void fold_target_sample(struct model_target *t, const json_t *event, int64_t now_us)
{
    const char *of = json_get_text(event, "of", "");
    if (fold_text_is(of, "replica")) {
        sample_replica(t, event, now_us);
    } else if (fold_text_is(of, "server")) {
        sample_server(t, event, now_us);
    } else if (fold_text_is(of, "table")) {
        sample_table(t, event);
    } else if (fold_text_is(of, "locks")) {
        shape_read_list(&model_target_shape, t, "locks", json_object_get(event, "rows"));
        t->locks_at_us = now_us;
    }
}

/* ---- checks and plans ----------------------------------------------------- */

void fold_target_check(struct model_target *t, const json_t *event)
{
    const char *name = json_get_text(event, "check", NULL);
    struct model_check *check = NULL;
    if (!name)
        return;
    for (size_t i = 0; i < t->check_count && !check; i++)
        if (fold_text_is(t->checks[i].check, name))
            check = &t->checks[i];
    if (!check) {
        if (t->check_count >= SHAPE_LIST_MAX)
            return;
        (void)VEC_PUSH(t->checks, t->check_count);
        check = &t->checks[t->check_count - 1];
    }
    shape_free(&model_check_shape, check);
    shape_read(&model_check_shape, check, event);
}

static const struct model_step *step_named(const struct model_step *steps, size_t count,
                                           const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (name && fold_text_is(steps[i].name, name))
            return &steps[i];
    return NULL;
}

/* A plan made anew does not undo what its steps have come to. */
static void plan_phase(struct model_target *t, const json_t *event)
{
    enum phase phase = phase_from_name(json_get_text(event, "phase", ""));
    if (phase == PHASE_COUNT)
        return;
    struct model_phase *p = &t->phases[phase], old = *p;
    p->question = mem_dup(json_get_text(event, "question", NULL));
    p->estimate = mem_dup(json_get_text(event, "estimate", NULL));
    p->detail = mem_dup(old.detail);
    p->steps = NULL;
    p->step_count = 0;
    shape_read_list(&model_phase_shape, p, "steps", json_object_get(event, "steps"));
    for (size_t i = 0; i < p->step_count; i++) {
        const struct model_step *before = step_named(old.steps, old.step_count, p->steps[i].name);
        fold_set_text(&p->steps[i].state, before ? before->state : NULL);
    }
    shape_free(&model_phase_shape, &old);
}

static void plan_query(struct model_target *t, const json_t *event)
{
    const char *name = json_get_text(event, "query", NULL);
    struct model_query *q = NULL;
    if (!name)
        return;
    for (size_t i = 0; i < t->query_count && !q; i++)
        if (fold_text_is(t->queries[i].query, name))
            q = &t->queries[i];
    if (!q) {
        if (t->query_count >= SHAPE_LIST_MAX)
            return;
        (void)VEC_PUSH(t->queries, t->query_count);
        q = &t->queries[t->query_count - 1];
        shape_init(&model_query_shape, q);
        q->query = mem_dup(name);
    }
    bool after = fold_text_is(json_get_text(event, "when", NULL), "after");
    fold_set_text(&q->sql, json_get_text(event, "sql", NULL));
    fold_set_text(&q->error, json_get_text(event, "error", NULL));
    q->top = json_get_bool(event, "top", false);
    fold_set_text(after ? &q->after : &q->before, json_get_text(event, "text", NULL));
    *(after ? &q->cost_after : &q->cost_before) = json_get_real(event, "cost", UNKNOWN);
    *(after ? &q->rows_after : &q->rows_before) = json_get_real(event, "rows", UNKNOWN);
    *(after ? &q->mean_after : &q->mean_before) = json_get_real(event, "mean_us", UNKNOWN);
    *(after ? &q->calls_after : &q->calls_before) = fold_known(event, "calls");
    /* a new baseline has nothing beside it as yet: the members are missing then */
    q->slower = json_get_bool(event, "slower", false);
    fold_set_text(&q->phase, json_get_text(event, "phase", NULL));
    fold_set_text(&q->verdict, json_get_text(event, "verdict", NULL));
    fold_set_text(&q->change, json_get_text(event, "change", NULL));
}

void fold_target_plan(struct model_target *t, const json_t *event)
{
    const char *of = json_get_text(event, "of", "");
    if (fold_text_is(of, "phase"))
        plan_phase(t, event);
    else if (fold_text_is(of, "query"))
        plan_query(t, event);
}

/* ---- clients -------------------------------------------------------------- */

int64_t fold_stale(const json_t *clients)
{
    int64_t stale = 0;
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(clients, "rows"), i, row)
    {
        int64_t one = fold_known(row, "stale");
        if (one == UNKNOWN)
            return UNKNOWN;
        stale += one < INT32_MAX ? one : INT32_MAX;
    }
    return stale;
}

void fold_target_clients(struct model_target *t, const json_t *event, int64_t now_us)
{
    shape_read_list(&model_target_shape, t, "clients", json_object_get(event, "rows"));
    /* not every look goes as far as the statements */
    if (json_has(event, "statements"))
        shape_read_list(&model_target_shape, t, "readers", json_object_get(event, "statements"));
    t->clients_at_us = now_us;
    int64_t stale = fold_stale(event);
    if (stale != UNKNOWN)
        series_add(&t->stale, now_us, stale);
}
