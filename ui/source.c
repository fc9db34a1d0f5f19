#include "config.h"
#include "ui/source.h"
#include "base/clock.h"

#include <string.h>

/* How far back the log is filled after a jump: a huge journal must not stop the console. */
#define REFILL_BYTES (INT64_C(4) << 20)
/* What one turn of the loop folds at most, so that keys are answered meanwhile. */
#define FOLD_MOST 20000

static void keep_in_log(void *context, const json_t *event, int64_t offset)
{
    struct view *v = context;
    (void)offset;
    log_add(&v->log, (json_t *)event);
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
        (void)source_follow(s, m, v);
        return true;
    }
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
    size_t n = feed_advance(s->feed, m, INT64_MAX, FOLD_MOST, keep_in_log, v);
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
    (void)feed_advance(s->feed, m, v->now_us, 0, keep_in_log, v);
    note_gaps(s, v);
    view_follow(v, m);
    return true;
}

static bool wants_alarm(void *context, const json_t *event)
{
    (void)context;
    return log_is_alarm(event);
}

bool source_seek_alarm(struct source *s, struct model *m, struct view *v, int step)
{
    int64_t at = feed_find(s->scanner, v->now_us, step, wants_alarm, NULL);
    struct error e;
    return at >= 0 && source_seek(s, m, v, at, &e);
}

static unsigned mark_of(const json_t *event)
{
    if (log_is_alarm(event))
        return MARK_ALARM;
    switch (event_type_of(event)) {
    case EVENT_COMMAND:
        return MARK_COMMAND;
    case EVENT_PHASE:
        return strcmp(json_get_text(event, "state", ""), "running") == 0 ? MARK_PHASE : 0;
    default:
        return 0;
    }
}

bool source_scan(struct source *s, struct view *v, size_t most)
{
    struct timeline *t = &v->timeline;
    int64_t span = t->last_us - t->first_us;
    bool added = false;
    if (t->whole || span <= 0)
        return false;
    feed_set_offset(s->scanner, s->scanned);
    for (size_t i = 0; i < most; i++) {
        json_t *event = feed_next(s->scanner);
        if (!event) {
            t->whole = true;
            added = true;
            break;
        }
        unsigned mark = mark_of(event);
        int64_t into = json_get_int(event, "time", t->first_us) - t->first_us;
        json_decref(event);
        if (!mark || into < 0 || into > span)
            continue;
        /* in floating point: µs of a long session times the cells could overflow */
        size_t cell = (size_t)((double)into / (double)span * (TIMELINE_CELLS - 1));
        t->marks[cell] = (uint8_t)(t->marks[cell] | mark);
        added = true;
    }
    s->scanned = feed_offset(s->scanner);
    return added;
}
