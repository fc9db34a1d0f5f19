/* A model out of a few events, for the tests of screens and keys. */
#ifndef NEWEL_TESTS_CONSOLE_WORLD_H
#define NEWEL_TESTS_CONSOLE_WORLD_H

#include "journal/event.h"
#include "journal/model.h"
#include "ui/view.h"

#include <stdlib.h>
#include <string.h>

/* Each test takes what it needs of it. */
#define UNUSED __attribute__((unused))

#define T0 INT64_C(1764000000000000)

struct world {
    struct model m;
    struct view v;
    int64_t seq, now;
};

/* Folds one event written as JSON, `after_ms` later than the one before. */
UNUSED static void tell(struct world *w, int64_t after_ms, const char *text)
{
    json_error_t why;
    json_t *event = json_loads(text, JSON_DECODE_ANY, &why);
    if (!event)
        fail_msg("%s in %s", why.text, text);
    w->now += after_ms * 1000;
    json_set_int(event, "seq", ++w->seq);
    json_set_int(event, "time", w->now);
    model_fold(&w->m, event);
    log_add(&w->v.log, event);
    history_add(&w->v.history, event);
    json_decref(event);
    w->v.now_us = w->now;
}

UNUSED static void phase(struct world *w, const char *name, const char *state)
{
    char *text = mem_printf("{\"event\":\"phase\",\"target\":\"o1\",\"phase\":\"%s\","
                            "\"state\":\"%s\"}",
                            name, state);
    tell(w, 100, text);
    free(text);
}

/* A session on o1 with two replicas, that stands before `expand`. */
UNUSED static void world_open(struct world *w)
{
    *w = (struct world){.now = T0};
    model_init(&w->m);
    view_init(&w->v);
    w->v.link = LINK_UP;
    w->v.operator_name = mem_dup("ann");
    tell(w, 0,
         "{\"event\":\"session\",\"format\":1,\"version\":\"0.1.0\",\"host\":\"h\",\"pid\":7,"
         "\"operator\":\"ann\",\"file\":\"f\",\"digest\":\"d\",\"yes\":false,"
         "\"on_disconnect\":\"pause\",\"migration\":{\"id\":\"id1\",\"table\":\"public.orders\","
         "\"column\":\"region\",\"type\":\"text\",\"not_null\":true,\"value\":\"upper(cc)\","
         "\"new_rows\":\"trigger\"},\"targets\":[{\"name\":\"o1\",\"engine\":\"postgresql\","
         "\"canary\":true,\"replicas\":[\"r1\",\"r2\"]},{\"name\":\"o2\",\"engine\":\"postgresql\","
         "\"canary\":false,\"replicas\":[]}],\"batch\":{\"rows\":1000,\"min\":100,\"max\":50000,"
         "\"time_us\":250000,\"pause_us\":0,\"lanes\":1},\"limits\":[{\"signal\":\"max_lag\","
         "\"limit\":2000000,\"text\":\"2.0s\"},{\"signal\":\"max_waiters\",\"limit\":3,"
         "\"text\":\"3\"}]}");
    tell(w, 10,
         "{\"event\":\"plan\",\"target\":\"o1\",\"of\":\"phase\",\"phase\":\"expand\","
         "\"question\":\"Shall the column be added?\",\"estimate\":\"milliseconds\",\"steps\":["
         "{\"name\":\"add column\",\"sql\":\"ALTER TABLE public.orders ADD COLUMN region text\","
         "\"lock\":\"ACCESS EXCLUSIVE on public.orders\",\"blocks\":\"every read and write\","
         "\"undo\":\"ALTER TABLE public.orders DROP COLUMN region\"}]}");
    phase(w, "preflight", "running");
    phase(w, "preflight", "done");
    phase(w, "baseline", "running");
    phase(w, "baseline", "done");
    phase(w, "expand", "asking");
}

UNUSED static void world_fill(struct world *w)
{
    phase(w, "expand", "running");
    phase(w, "expand", "done");
    phase(w, "sync", "running");
    phase(w, "sync", "done");
    phase(w, "backfill", "running");
    tell(w, 10,
         "{\"event\":\"pace\",\"target\":\"o1\",\"rows\":1000,\"mode\":\"auto\",\"why\":\"start\","
         "\"lanes\":1,\"pause_us\":0,\"time_us\":250000,\"min\":100,\"max\":50000}");
    for (int i = 1; i <= 60; i++) {
        char *text = mem_printf(
            "{\"event\":\"batch\",\"target\":\"o1\",\"lane\":0,\"n\":%d,\"rows\":1000,"
            "\"updated\":998,\"us\":231000,\"retries\":0,\"cursor\":\"%d\",\"fraction_ppm\":%d,"
            "\"rows_done\":%d,\"rows_total\":120000,\"batches\":%d}",
            i, i, i * 8333, i * 1000, i);
        tell(w, 1000, text);
        free(text);
        tell(w, 1,
             "{\"event\":\"sample\",\"target\":\"o1\",\"of\":\"replica\",\"server\":\"r1\","
             "\"role\":\"replica\",\"reachable\":true,\"lag_us\":250000,\"lag_bytes\":4096,"
             "\"state\":\"streaming\",\"sync\":\"async\",\"reply_age_us\":1000}");
    }
    tell(w, 1,
         "{\"event\":\"sample\",\"target\":\"o1\",\"of\":\"replica\",\"server\":\"r2\","
         "\"role\":\"replica\",\"reachable\":false,\"error\":\"connection refused\"}");
}

UNUSED static void world_lock(struct world *w)
{
    tell(w, 1,
         "{\"event\":\"sample\",\"target\":\"o1\",\"of\":\"locks\",\"server\":\"o1\",\"rows\":["
         "{\"pid\":4711,\"depth\":0,\"user\":\"bill\",\"app\":\"billing\",\"client\":\"10.0.0.3\","
         "\"state\":\"idle in transaction\",\"xact_us\":2520000000,\"state_us\":2500000000,"
         "\"query\":\"SELECT 1\",\"ours\":false,\"start\":\"2026-11-24 15:18:00\"},"
         "{\"pid\":9001,\"parent\":4711,\"depth\":1,\"user\":\"newel\",\"app\":\"newel\","
         "\"state\":\"active\",\"mode\":\"AccessExclusiveLock\",\"object\":\"public.orders\","
         "\"wait_us\":180000,\"xact_us\":181000,\"query\":\"ALTER TABLE\",\"ours\":true,"
         "\"start\":\"2026-11-24 16:00:00\"}]}");
}

UNUSED static void world_close(struct world *w)
{
    model_free(&w->m);
    view_free(&w->v);
}

/* The whole picture at a size, as text; the caller frees it. */
UNUSED static char *picture(struct world *w, int width, int height)
{
    struct canvas c;
    canvas_init(&c, width, height, w->v.ascii);
    view_draw(&c, &w->m, &w->v);
    struct str out = {0};
    canvas_dump(&c, &out);
    canvas_free(&c);
    return str_take(&out);
}

UNUSED static void assert_shown(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not on the screen:\n%s", part, text);
}

UNUSED static void assert_not_shown(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("\"%s\" is on the screen:\n%s", part, text);
}

#endif
