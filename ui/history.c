#include "config.h"
#include "ui/history.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/units.h"
#include "journal/event.h"
#include "ui/log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POINTS_MAX 8192
/* What lies an hour back is kept to a five-hundredth of an hour, and so on. */
#define POINTS_AN_AGE 500
#define MARKS_MAX 4096
/* Measurements come less often than every second: so long the last one still speaks. */
#define HOLDS_S 5

/* ---- tracks ---- */

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static size_t place_of(const struct history *h, const char *target, enum history_of of,
                       const char *server)
{
    size_t i = 0;
    while (i < h->track_count && !(h->tracks[i].of == of && same(h->tracks[i].target, target) &&
                                   same(h->tracks[i].server, server)))
        i++;
    return i;
}

const struct history_track *history_find(const struct history *h, const char *target,
                                         enum history_of of, const char *server)
{
    size_t i = place_of(h, target, of, server);
    return i < h->track_count ? &h->tracks[i] : NULL;
}

static struct history_track *track_for(struct history *h, const char *target, enum history_of of,
                                       const char *server)
{
    size_t i = place_of(h, target, of, server);
    if (i == h->track_count)
        *VEC_PUSH(h->tracks, h->track_count) = (struct history_track){
            .target = mem_dup(target),
            .server = mem_dup(server),
            .of = of,
            .origin_us = h->origin_us,
        };
    return &h->tracks[i];
}

static void join(struct history_point *into, const struct history_point *p)
{
    into->seconds = p->at + p->seconds - into->at;
    into->count += p->count;
    into->sum += p->sum;
    if (p->most > into->most)
        into->most = p->most;
}

/* May two neighbours become one? The older they are, the longer one may be. */
static bool may_join(const struct history_track *t, const struct history_point *a,
                     const struct history_point *b)
{
    uint32_t age = t->points[t->count - 1].at - a->at;
    return b->at <= a->at + a->seconds + HOLDS_S &&
           b->at + b->seconds - a->at <= age / POINTS_AN_AGE;
}

static void thin(struct history_track *t)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->count; i++) {
        struct history_point p = t->points[i];
        if (i + 1 < t->count && may_join(t, &p, &t->points[i + 1]))
            join(&p, &t->points[++i]);
        t->points[kept++] = p;
    }
    if (kept > POINTS_MAX - POINTS_MAX / 8) { /* little but gaps: the oldest go */
        kept -= POINTS_MAX / 2;
        memmove(t->points, t->points + POINTS_MAX / 2, kept * sizeof *t->points);
    }
    t->count = kept;
}

static void add(struct history_track *t, int64_t at_us, double value)
{
    int64_t s = (at_us - t->origin_us) / US_PER_S;
    struct history_point p = {.seconds = 1, .count = 1, .sum = (float)value, .most = (float)value};
    p.at = s < 0 ? 0 : s > UINT32_MAX - 1 ? UINT32_MAX - 1 : (uint32_t)s;
    struct history_point *last = t->count ? &t->points[t->count - 1] : NULL;
    /* a clock that was set back adds to what is there: a track never goes back */
    if (last && p.at < last->at + last->seconds) {
        p.at = last->at + last->seconds - 1;
        join(last, &p);
        return;
    }
    if (t->count == POINTS_MAX)
        thin(t);
    *VEC_PUSH(t->points, t->count) = p;
}

/* ---- what the events tell ---- */

static void add_replica(struct history *h, const char *target, int64_t at, const json_t *event)
{
    static const struct {
        enum history_of of;
        const char *field;
    } figures[] = {{HISTORY_LAG, "lag_us"}, {HISTORY_LAG_BYTES, "lag_bytes"}};
    const char *server = json_get_text(event, "server", NULL);
    for (size_t i = 0; server && i < COUNT_OF(figures); i++) {
        int64_t value = json_get_int(event, figures[i].field, UNKNOWN);
        if (value < 0)
            continue;
        add(track_for(h, target, figures[i].of, server), at, (double)value);
        add(track_for(h, target, figures[i].of, NULL), at, (double)value);
    }
}

static void add_log(struct history *h, const char *target, int64_t at, int64_t bytes)
{
    size_t i = 0;
    while (i < h->log_count && !same(h->logs[i].target, target))
        i++;
    if (i == h->log_count)
        *VEC_PUSH(h->logs, h->log_count) =
            (struct history_log){.target = mem_dup(target), .bytes = UNKNOWN};
    struct history_log *log = &h->logs[i];
    /* a place that went back belongs to another server or another life */
    if (log->bytes >= 0 && bytes >= log->bytes && at > log->at_us)
        add(track_for(h, target, HISTORY_LOG, NULL), at,
            (double)(bytes - log->bytes) * 1e6 / (double)(at - log->at_us));
    log->bytes = bytes;
    log->at_us = at;
}

static void add_server(struct history *h, const char *target, int64_t at, const json_t *event)
{
    int64_t waiters = json_get_int(event, "waiters", UNKNOWN);
    if (waiters >= 0)
        add(track_for(h, target, HISTORY_WAITERS, NULL), at, (double)waiters);
    add_log(h, target, at, json_get_int(event, "wal_bytes", UNKNOWN));
    /* while the engine is awake, no batch means no rows, and not that nothing is known */
    if (history_find(h, target, HISTORY_ROWS, NULL))
        add(track_for(h, target, HISTORY_ROWS, NULL), at, 0);
}

static void add_sample(struct history *h, const char *target, int64_t at, const json_t *event)
{
    const char *of = json_get_text(event, "of", "");
    if (strcmp(of, "replica") == 0)
        add_replica(h, target, at, event);
    else if (strcmp(of, "server") == 0)
        add_server(h, target, at, event);
}

static void add_batch(struct history *h, const char *target, int64_t at, const json_t *event)
{
    int64_t rows = json_get_int(event, "updated", UNKNOWN);
    int64_t us = json_get_int(event, "us", UNKNOWN);
    if (rows >= 0)
        add(track_for(h, target, HISTORY_ROWS, NULL), at, (double)rows);
    if (us >= 0)
        add(track_for(h, target, HISTORY_BATCH, NULL), at, (double)us);
}

/* ---- marks ---- */

static char command_letter(const char *verb)
{
    static const struct {
        const char *verb;
        char letter;
    } letters[] = {
        {"pause", 'p'},  {"resume", 'g'},    {"step", 'n'},  {"rollback", 'R'}, {"batch", 'b'},
        {"time", 'd'},   {"rest", 'w'},      {"lanes", 'L'}, {"limit", 't'},    {"override", 'o'},
        {"cancel", 'C'}, {"terminate", 'T'}, {"stop", 'q'},
    };
    for (size_t i = 0; i < COUNT_OF(letters); i++)
        if (strcmp(letters[i].verb, verb) == 0)
            return letters[i].letter;
    return 0;
}

static char letter_of(const json_t *event, enum history_mark_kind kind)
{
    switch (kind) {
    case HISTORY_COMMAND:
        return event_type_of(event) == EVENT_NOTE ? 'm'
                                                  : command_letter(json_get_text(event, "do", ""));
    case HISTORY_PHASE:
        return '|';
    case HISTORY_THROTTLE:
        return json_get_bool(event, "on", false) ? 'x' : '.';
    case HISTORY_ALARM:
        break;
    }
    return '!';
}

bool history_is_mark(const json_t *event, enum history_mark_kind *kind)
{
    switch (event_type_of(event)) {
    case EVENT_COMMAND:
        *kind = HISTORY_COMMAND;
        return json_get_bool(event, "accepted", true) &&
               command_letter(json_get_text(event, "do", ""));
    case EVENT_NOTE:
        *kind = HISTORY_COMMAND;
        return true;
    case EVENT_PHASE:
        *kind = HISTORY_PHASE;
        if (log_is_alarm(event))
            *kind = HISTORY_ALARM;
        return log_is_alarm(event) || strcmp(json_get_text(event, "state", ""), "running") == 0;
    case EVENT_THROTTLE:
        *kind = HISTORY_THROTTLE;
        return true;
    case EVENT_ALARM:
        *kind = HISTORY_ALARM;
        return log_is_alarm(event);
    default:
        return false;
    }
}

static void mark_free(struct history_mark *mark)
{
    free(mark->target);
    free(mark->text);
}

static void add_mark(struct history *h, const char *target, int64_t at, const json_t *event)
{
    struct history_mark mark = {.at_us = at};
    if (!history_is_mark(event, &mark.kind))
        return;
    mark.letter = letter_of(event, mark.kind);
    if (h->mark_count == MARKS_MAX) {
        mark_free(&h->marks[0]);
        memmove(h->marks, h->marks + 1, --h->mark_count * sizeof *h->marks);
    }
    struct str text = {0};
    event_headline(event, &text);
    mark.target = mem_dup(target);
    mark.text = str_take(&text);
    *VEC_PUSH(h->marks, h->mark_count) = mark;
}

void history_add(struct history *h, const json_t *event)
{
    int64_t at = json_get_int(event, "time", 0);
    if (at <= 0)
        return;
    if (!h->origin_us)
        h->origin_us = at;
    const char *target = json_get_text(event, "target", NULL);
    switch (event_type_of(event)) {
    case EVENT_SAMPLE:
        if (target)
            add_sample(h, target, at, event);
        return;
    case EVENT_BATCH:
        if (target)
            add_batch(h, target, at, event);
        return;
    default:
        add_mark(h, target, at, event);
    }
}

void history_free(struct history *h)
{
    for (size_t i = 0; i < h->track_count; i++) {
        free(h->tracks[i].target);
        free(h->tracks[i].server);
        free(h->tracks[i].points);
    }
    for (size_t i = 0; i < h->mark_count; i++)
        mark_free(&h->marks[i]);
    for (size_t i = 0; i < h->log_count; i++)
        free(h->logs[i].target);
    free(h->tracks);
    free(h->marks);
    free(h->logs);
    *h = (struct history){0};
}

/* ---- reading ---- */

/* The first point that ends after `s`. */
static size_t first_after(const struct history_track *t, double s)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct history_point *p = &t->points[middle];
        if ((double)p->at + p->seconds > s)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static bool is_rate(enum history_of of)
{
    return of == HISTORY_ROWS || of == HISTORY_LOG;
}

/* Rows are counted, the log's rate is measured: what a second of the point stands for. */
static double rate_in(const struct history_track *t, const struct history_point *p)
{
    return t->of == HISTORY_ROWS ? (double)p->sum / p->seconds : (double)p->sum / p->count;
}

double history_read(const struct history_track *t, int64_t from_us, int64_t to_us)
{
    if (!t || !t->count)
        return NAN;
    double from = (double)(from_us - t->origin_us) / 1e6;
    double to = (double)(to_us - t->origin_us) / 1e6;
    double most = NAN, sum = 0, seconds = 0;
    size_t i = first_after(t, from);
    for (; i < t->count && t->points[i].at < to; i++) {
        const struct history_point *p = &t->points[i];
        double begin = p->at > from ? p->at : from;
        double end = (double)p->at + p->seconds < to ? (double)p->at + p->seconds : to;
        sum += rate_in(t, p) * (end - begin);
        seconds += end - begin;
        if (!((double)p->most <= most))
            most = (double)p->most;
    }
    if (seconds > 0)
        return is_rate(t->of) ? sum / seconds : most;
    /* between two measurements the one before still speaks; rows speak for their second only */
    i = first_after(t, from);
    if (!i || i == t->count)
        return NAN;
    const struct history_point *before = &t->points[i - 1];
    if (from - before->at - before->seconds > HOLDS_S)
        return NAN;
    return is_rate(t->of) ? rate_in(t, before) : (double)before->most;
}
