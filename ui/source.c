#include "config.h"
#include "ui/source.h"
#include "base/clock.h"

#include <string.h>

/* How far back the log is filled after a jump: a huge journal must not stop the console. */
#define REFILL_BYTES (INT64_C(4) << 20)
/* What one turn of the loop folds at most, so that keys are answered meanwhile. */
#define FOLD_MOST 20000

/* Plots look back so far. */
#define HISTORY_US (24 * 3600 * US_PER_S)
/* Events between two looks at the clock. */
#define SCAN_STRIDE 64

struct keeper {
    struct source *source;
    struct view *view;
};

/* What is said at another console is said to all, and not left to the log. */
static void hear(struct view *v, const json_t *event)
{
    int64_t client = json_get_int(event, "client", 0);
    if (!client || client != v->client)
        view_call(v, json_get_text(event, "operator", "unknown"), json_get_int(event, "time", 0),
                  json_get_text(event, "text", ""));
}

static void keep(void *context, const json_t *event, int64_t offset)
{
    struct keeper *k = context;
    (void)offset;
    log_add(&k->view->log, (json_t *)event);
    if (event_type_of(event) == EVENT_NOTE && !k->view->review)
        hear(k->view, event);
    if (k->source->abreast)
        history_add(&k->view->history, event);
}

static void refill_log(struct source *s, struct view *v)
{
    log_clear(&v->log);
    int64_t end = feed_offset(s->feed);
    feed_set_offset(s->scanner, feed_back(s->scanner, end, REFILL_BYTES));
    while (feed_offset(s->scanner) < end) {
        json_t *event = feed_next(s->scanner);
        if (!event)
            break;
        log_add(&v->log, event);
        json_decref(event);
    }
}

static void note_gaps(struct source *s, struct view *v)
{
    v->file_gaps = feed_gaps(s->feed);
}

static void learn_span(struct source *s, struct view *v)
{
    int64_t first, last;
    if (!feed_span(s->scanner, &first, &last))
        return;
    v->timeline.first_us = first;
    v->timeline.last_us = last;
}

bool source_seek(struct source *s, struct model *m, struct view *v, int64_t time_us,
                 struct error *e)
{
    if (time_us > v->timeline.last_us)
        time_us = v->timeline.last_us;
    if (time_us < v->timeline.first_us)
        time_us = v->timeline.first_us;
    if (!feed_seek_time(s->feed, m, time_us, e))
        return false;
    if (v->review)
        v->now_us = time_us;
    refill_log(s, v);
    note_gaps(s, v);
    view_follow(v, m);
    v->tables[SCREEN_LOG].chosen = 0; /* the newest one, wherever that is now */
    return true;
}

/* A live console needs no more of the past than its plots show. */
static bool begin_scan(struct source *s, const struct view *v, struct error *e)
{
    int64_t from = v->timeline.last_us - HISTORY_US;
    if (v->review || from <= v->timeline.first_us)
        return true;
    struct model unused;
    model_init(&unused);
    bool ok = feed_seek_time(s->scanner, &unused, from, e);
    s->scanned = feed_offset(s->scanner);
    model_free(&unused);
    return ok;
}

bool source_open(struct source *s, const char *path, struct model *m, struct view *v, int64_t at_us,
                 struct error *e)
{
    s->feed = feed_open(path, e);
    if (!s->feed)
        return false;
    s->scanner = feed_open(path, e);
    if (!s->scanner)
        return false;
    learn_span(s, v);
    if (v->timeline.first_us == 0 && v->review) {
        error_set(e, ERROR_USAGE, "%s holds no event", path);
        return error_todo(e, "name a journal: ID/START-TIME.jsonl in the state folder");
    }
    if (v->timeline.first_us == 0) {
        /* nothing in it yet: an engine that is just starting */
        s->abreast = true;
        (void)source_follow(s, m, v);
        return true;
    }
    if (!begin_scan(s, v, e))
        return false;
    return source_seek(s, m, v, at_us ? at_us : v->review ? 0 : INT64_MAX, e);
}

void source_close(struct source *s)
{
    if (s->feed)
        feed_close(s->feed);
    if (s->scanner)
        feed_close(s->scanner);
    *s = (struct source){0};
}

bool source_follow(struct source *s, struct model *m, struct view *v)
{
    struct keeper k = {s, v};
    size_t n = feed_advance(s->feed, m, INT64_MAX, FOLD_MOST, keep, &k);
    note_gaps(s, v);
    if (n)
        view_follow(v, m);
    return n > 0;
}

bool source_play(struct source *s, struct model *m, struct view *v, int64_t us)
{
    if (!v->playing)
        return false;
    v->now_us += us * v->speed;
    if (v->now_us >= v->timeline.last_us)
        learn_span(s, v);
    if (v->now_us >= v->timeline.last_us) {
        v->now_us = v->timeline.last_us;
        v->playing = false;
    }
    struct keeper k = {s, v};
    (void)feed_advance(s->feed, m, v->now_us, 0, keep, &k);
    note_gaps(s, v);
    view_follow(v, m);
    return true;
}

struct search {
    const struct model *model;
    const struct view *view;
    enum history_mark_kind mark;
};

static bool wants_mark(void *context, const json_t *event)
{
    const struct search *s = context;
    enum history_mark_kind kind;
    return history_is_mark(event, &kind) && kind == s->mark &&
           view_concerns(s->view, s->model, json_get_text(event, "target", NULL));
}

bool source_seek_mark(struct source *s, struct model *m, struct view *v,
                      enum history_mark_kind mark, int step)
{
    struct search search = {m, v, mark};
    int64_t at = feed_find(s->scanner, v->now_us, step, wants_mark, &search);
    struct error e;
    return at >= 0 && source_seek(s, m, v, at, &e);
}

bool source_scans(const struct source *s, const struct view *v)
{
    return v->review ? !v->timeline.whole : !s->abreast;
}

bool source_scan(struct source *s, struct view *v, int64_t most_us)
{
    if (!source_scans(s, v))
        return false;
    int64_t until = clock_mono_us() + most_us;
    feed_set_offset(s->scanner, s->scanned);
    for (size_t i = 1; i % SCAN_STRIDE || clock_mono_us() < until; i++) {
        /* what the model has not seen yet will come by itself */
        s->abreast = !v->review && feed_offset(s->scanner) >= feed_offset(s->feed);
        json_t *event = s->abreast ? NULL : feed_next(s->scanner);
        if (!event) {
            v->timeline.whole = true;
            break;
        }
        enum history_mark_kind kind;
        if (v->review && history_is_mark(event, &kind))
            timeline_mark(&v->timeline, json_get_int(event, "time", 0), kind);
        history_add(&v->history, event);
        json_decref(event);
    }
    s->scanned = feed_offset(s->scanner);
    return true;
}
