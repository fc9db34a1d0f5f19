#include "config.h"
#include "journal/feed.h"

#include "journal/lines.h"

#include <stdlib.h>
#include <string.h>

/* Bisecting further than this costs more than reading on. */
#define NEAR_BYTES (INT64_C(64) << 10)
#define BACK_BYTES (INT64_C(1) << 20)
#define KEYFRAME "\"event\":\"keyframe\""
/* In a keyframe's line the mark stands behind seq and time, both of bounded length. */
#define KEYFRAME_WITHIN 80

struct feed {
    struct lines *lines;
    int64_t offset; /* where the next line begins */
    int64_t gaps;
};

struct feed *feed_open(const char *path, struct error *e)
{
    struct lines *lines = lines_open(path, e);
    if (!lines)
        return NULL;
    struct feed *f = mem_alloc(sizeof *f);
    f->lines = lines;
    return f;
}

void feed_close(struct feed *f)
{
    if (!f)
        return;
    lines_close(f->lines);
    free(f);
}

int feed_fd(const struct feed *f)
{
    return lines_fd(f->lines);
}

int64_t feed_gaps(const struct feed *f)
{
    return f->gaps;
}

int64_t feed_offset(const struct feed *f)
{
    return f->offset;
}

void feed_set_offset(struct feed *f, int64_t offset)
{
    f->offset = offset < 0 ? 0 : offset;
}

int64_t feed_back(struct feed *f, int64_t offset, int64_t bytes)
{
    return lines_start(f->lines, offset - bytes);
}

json_t *feed_next(struct feed *f)
{
    const char *text;
    size_t length;
    int64_t next;
    enum lines_found found;
    while ((found = lines_at(f->lines, f->offset, &text, &length, &next)) != LINES_END) {
        struct error e;
        json_t *event = found == LINES_WHOLE ? event_parse(text, length, &e) : NULL;
        f->offset = next;
        if (event)
            return event;
        f->gaps++;
    }
    return NULL;
}

static int64_t time_of(const json_t *event)
{
    return json_get_int(event, "time", 0);
}

static void fold_gaps(struct model *m, int64_t count)
{
    while (count-- > 0)
        model_gap(m);
}

size_t feed_advance(struct feed *f, struct model *m, int64_t until_us, size_t most, feed_seen *seen,
                    void *context)
{
    size_t folded = 0;
    while (!most || folded < most) {
        int64_t before = f->offset, gaps = f->gaps;
        json_t *event = feed_next(f);
        if (event && until_us && time_of(event) > until_us) {
            f->offset = before;
            f->gaps = gaps;
            json_decref(event);
            break;
        }
        if (event)
            model_fold(m, event);
        fold_gaps(m, f->gaps - gaps);
        if (!event)
            break;
        folded++;
        if (seen)
            seen(context, event, before);
        json_decref(event);
    }
    return folded;
}

/* ---- finding a place ------------------------------------------------------ */

/* `{"seq":N,"time":N,` begins every line; a keyframe of megabytes is not parsed for it. */
static int64_t line_time(const char *text, size_t length)
{
    static const char head[] = "{\"seq\":", mid[] = ",\"time\":";
    const char *p = text, *end = text + (length < 60 ? length : 60);
    if (end - p > (ptrdiff_t)(sizeof head) && memcmp(p, head, sizeof head - 1) == 0) {
        p += sizeof head - 1;
        while (p < end && *p >= '0' && *p <= '9')
            p++;
        if (end - p > (ptrdiff_t)(sizeof mid) && memcmp(p, mid, sizeof mid - 1) == 0) {
            p += sizeof mid - 1;
            int64_t value = 0;
            int digits = 0;
            for (; p < end && *p >= '0' && *p <= '9' && digits < 18; p++, digits++)
                value = value * 10 + (*p - '0');
            if (digits && p < end && *p == ',')
                return value;
        }
    }
    struct error e;
    json_t *event = event_parse(text, length, &e);
    int64_t value = event ? time_of(event) : -1;
    json_decref(event);
    return value;
}

/*
 * The first line at or behind `at` that tells its time: its beginning, with
 * `next` and `time_us`; -1 when there is none.
 */
static int64_t timed_line(struct feed *f, int64_t at, int64_t *next, int64_t *time_us)
{
    const char *text;
    size_t length;
    enum lines_found found;
    for (; (found = lines_at(f->lines, at, &text, &length, next)) != LINES_END; at = *next)
        if (found == LINES_WHOLE && (*time_us = line_time(text, length)) >= 0)
            return at;
    return -1;
}

/* The end of the last line whose time is <= `time_us`: that of the first, at least. */
static int64_t end_of_moment(struct feed *f, int64_t time_us)
{
    int64_t low = 0, high = lines_size(f->lines), next, at_us;
    while (high - low > NEAR_BYTES) {
        int64_t middle = low + (high - low) / 2;
        int64_t start = lines_next_start(f->lines, middle);
        if (start >= 0 && start < high)
            start = timed_line(f, start, &next, &at_us);
        if (start < 0 || start >= high || at_us > time_us)
            high = middle;
        else
            low = start;
    }
    if ((low = timed_line(f, low, &next, &at_us)) < 0)
        return 0;
    int64_t end = next;
    while ((low = timed_line(f, end, &next, &at_us)) >= 0 && at_us <= time_us)
        end = next;
    return end;
}

static bool is_keyframe_at(struct feed *f, int64_t start)
{
    const char *text;
    size_t length;
    int64_t next;
    struct error e;
    if (lines_at(f->lines, start, &text, &length, &next) != LINES_WHOLE)
        return false;
    json_t *event = event_parse(text, length, &e);
    bool yes = event && event_type_of(event) == EVENT_KEYFRAME &&
               json_is_object(json_object_get(event, "model"));
    json_decref(event);
    return yes;
}

/* The beginning of the last keyframe that ends at or before `end`; 0: there is none. */
static int64_t keyframe_before(struct feed *f, int64_t end)
{
    int64_t found = end;
    while ((found = lines_rfind(f->lines, found, KEYFRAME)) >= 0) {
        int64_t start = lines_start(f->lines, found);
        if (found - start < KEYFRAME_WITHIN && is_keyframe_at(f, start))
            return start;
    }
    return 0;
}

bool feed_seek_time(struct feed *f, struct model *m, int64_t time_us, struct error *e)
{
    int64_t end = end_of_moment(f, time_us);
    f->offset = keyframe_before(f, end);
    model_free(m);
    model_init(m);
    while (f->offset < end && feed_advance(f, m, 0, 1, NULL, NULL))
        continue;
    return !lines_failed(f->lines, e);
}

bool feed_span(struct feed *f, int64_t *first_us, int64_t *last_us)
{
    int64_t next;
    if (timed_line(f, 0, &next, first_us) < 0)
        return false;
    *last_us = *first_us;
    /* the last line may be unfinished or broken: look further back each time */
    int64_t end = lines_size(f->lines);
    for (int64_t start = end; start > 0;) {
        start = lines_start(f->lines, start - 1);
        int64_t at_us;
        if (timed_line(f, start, &next, &at_us) == start) {
            *last_us = at_us;
            return true;
        }
    }
    return true;
}

/* ---- finding an event ----------------------------------------------------- */

/*
 * Times of the first (or last) wanted event in [from, to), or -1. Leaves the
 * feed where it stopped.
 */
static int64_t find_within(struct feed *f, int64_t from, int64_t to, int64_t after_us,
                           int64_t before_us, bool last, feed_wanted *wanted, void *context)
{
    int64_t found = -1;
    f->offset = from;
    while (f->offset < to && (last || found < 0)) {
        json_t *event = feed_next(f);
        if (!event)
            break;
        int64_t at_us = time_of(event);
        if (at_us > after_us && at_us < before_us && wanted(context, event))
            found = at_us;
        json_decref(event);
    }
    return found;
}

int64_t feed_find(struct feed *f, int64_t time_us, int step, feed_wanted *wanted, void *context)
{
    int64_t offset = f->offset, gaps = f->gaps, found = -1;
    int64_t place = end_of_moment(f, time_us);
    if (step > 0) {
        /* the first line counts as "at or before" even when it lies behind */
        int64_t from = feed_back(f, place, 1);
        found = find_within(f, from, INT64_MAX, time_us, INT64_MAX, false, wanted, context);
    } else {
        while (place > 0 && found < 0) {
            int64_t from = feed_back(f, place, BACK_BYTES);
            found = find_within(f, from, place, -1, time_us, true, wanted, context);
            place = from;
        }
    }
    f->offset = offset;
    f->gaps = gaps;
    return found;
}
