#include "config.h"
#include "engine/baseline.h"

#include "dialect/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static json_t *write_query(const struct baseline_query *q)
{
    json_t *one = json_object();
    json_set_text(one, "name", q->name);
    json_set_text(one, "sql", q->sql);
    json_set_text(one, "fingerprint", q->fingerprint);
    json_set_text(one, "plan", q->plan);
    json_set_text(one, "why", q->why);
    json_set_bool(one, "top", q->top);
    if (q->calls != UNKNOWN) {
        json_set_int(one, "calls", q->calls);
        json_set_real(one, "total_us", q->total_us);
    }
    return one;
}

static void read_query(struct baseline *b, const json_t *one)
{
    struct baseline_query *q = VEC_PUSH(b->queries, b->query_count);
    q->name = mem_dup(json_get_text(one, "name", "?"));
    q->sql = mem_dup(json_get_text(one, "sql", NULL));
    q->fingerprint = mem_dup(json_get_text(one, "fingerprint", NULL));
    q->plan = mem_dup(json_get_text(one, "plan", NULL));
    q->why = mem_dup(json_get_text(one, "why", NULL));
    q->top = json_get_bool(one, "top", false);
    q->calls = json_get_int(one, "calls", UNKNOWN);
    q->total_us = json_get_real(one, "total_us", 0);
}

static char *write_all(const struct baseline *b)
{
    json_t *all = json_object(), *queries = json_array(), *counts = json_array();
    for (size_t i = 0; i < b->query_count; i++)
        json_push(queries, write_query(&b->queries[i]));
    for (size_t i = 0; i < b->count_count; i++) {
        json_t *one = json_object();
        json_set_text(one, "text", b->counts[i].text);
        json_set_int(one, "calls", b->counts[i].calls);
        json_push(counts, one);
    }
    json_set_int(all, "at", b->at_us);
    json_set(all, "queries", queries);
    json_set(all, "counts", counts);
    char *text = json_line(all);
    json_decref(all);
    return text;
}

static void read_all(struct baseline *b, const char *text)
{
    json_t *all = json_loads(text ? text : "", 0, NULL), *one;
    size_t i;
    b->exists = json_is_object(all);
    b->at_us = json_get_int(all, "at", 0);
    json_array_foreach(json_object_get(all, "queries"), i, one) read_query(b, one);
    json_array_foreach(json_object_get(all, "counts"), i, one)
    {
        struct baseline_count *c = VEC_PUSH(b->counts, b->count_count);
        c->text = mem_dup(json_get_text(one, "text", ""));
        c->calls = json_get_int(one, "calls", 0);
    }
    json_decref(all);
}

enum db_fault baseline_load(struct run *r, struct db *db, struct baseline *out, struct error *e)
{
    const char *params[] = {r->migration->id};
    struct db_rows *rows;
    *out = (struct baseline){0};
    enum db_fault fault = db_query(db, &rows, e, state_words(r->engine)->baseline, 1, params);
    if (fault != DB_OK)
        return fault;
    if (db_row_count(rows) == 1)
        read_all(out, db_value(rows, 0, 0));
    db_rows_free(rows);
    return DB_OK;
}

enum db_fault baseline_keep(struct run *r, struct db *db, const struct baseline *b, struct error *e)
{
    char epoch[24], *data = write_all(b);
    (void)snprintf(epoch, sizeof epoch, "%" PRId64, r->epoch);
    const char *params[] = {r->migration->id, epoch, data};
    enum db_fault fault = db_query(db, NULL, e, state_words(r->engine)->keep_baseline, 3, params);
    free(data);
    return fault;
}

void baseline_free(struct baseline *b)
{
    for (size_t i = 0; i < b->query_count; i++) {
        struct baseline_query *q = &b->queries[i];
        free(q->name);
        free(q->sql);
        free(q->fingerprint);
        free(q->plan);
        free(q->why);
    }
    for (size_t i = 0; i < b->count_count; i++)
        free(b->counts[i].text);
    free(b->queries);
    free(b->counts);
    *b = (struct baseline){0};
}

const struct baseline_query *baseline_query(const struct baseline *b, const char *name)
{
    for (size_t i = 0; i < b->query_count; i++)
        if (strcmp(b->queries[i].name, name) == 0)
            return &b->queries[i];
    return NULL;
}

int64_t baseline_calls(const struct baseline *b, const char *text)
{
    for (size_t i = 0; i < b->count_count; i++)
        if (strcmp(b->counts[i].text, text) == 0)
            return b->counts[i].calls;
    return UNKNOWN;
}
