#include "config.h"
#include "journal/model.h"

#include "base/clock.h"

#include <stdlib.h>

#define WHOLE_PPM 1000000
#define EVIDENCE_PPM 5000
#define EVIDENCE_US (10 * US_PER_S)
#define WINDOW_US (10 * US_PER_S)
/* Rows/s is of this many points of a second each. */
#define RATE_POINTS 10
/* Without a batch for so long the rate is not what it was. */
#define STALLED_US (30 * US_PER_S)

enum model_doing model_doing(const struct model_target *t)
{
    if (t->phase >= PHASE_COUNT)
        return t->paused_by ? DOING_PAUSED : DOING_IDLE;
    enum phase_state state = t->phases[t->phase].state;
    bool at_work = state == STATE_RUNNING || state == STATE_WAITING;
    if (state == STATE_PAUSED || (at_work && t->paused_by))
        return DOING_PAUSED;
    switch (state) {
    case STATE_RUNNING:
        /* verify passes the table once more when it found rows left out */
        return t->throttled && (t->phase == PHASE_BACKFILL || t->phase == PHASE_VERIFY)
                   ? DOING_THROTTLED
                   : DOING_RUNNING;
    case STATE_WAITING:
        return DOING_WAITING;
    case STATE_ASKING:
        return DOING_ASKING;
    case STATE_FAILED:
        return DOING_FAILED;
    case STATE_UNDOING:
        return DOING_UNDOING;
    case STATE_DONE:
        return t->phase == PHASE_FINISH ? DOING_DONE : DOING_IDLE;
    case STATE_TODO:
    case STATE_PAUSED:
    case STATE_UNDONE:
        break;
    }
    return DOING_IDLE;
}

/* ---- the estimate --------------------------------------------------------- */

/* Speeds, in ppm of the whole for each µs of work, over windows of the series' end. */
struct speeds {
    double window[SERIES_MAX];
    size_t count;
    double mean;
    double worked_us;
};

/* A pass that began anew, after rows were found missing, says nothing about before. */
static size_t first_of_pass(const struct series *s)
{
    size_t first = 0;
    for (size_t i = 1; i < s->count; i++)
        if (s->points[i].value < s->points[i - 1].value || s->points[i].at <= s->points[i - 1].at)
            first = i;
    return first;
}

static double span_us(const struct series *s, size_t from, size_t to)
{
    return (double)s->points[to].at - (double)s->points[from].at;
}

static double gain_ppm(const struct series *s, size_t from, size_t to)
{
    return (double)s->points[to].value - (double)s->points[from].value;
}

static struct speeds measure(const struct series *s)
{
    struct speeds out = {0};
    size_t first = first_of_pass(s);
    if (s->count < 2 || first >= s->count - 1)
        return out;
    size_t last = s->count - 1;
    out.worked_us = span_us(s, first, last);
    out.mean = gain_ppm(s, first, last) / out.worked_us;
    for (size_t to = last, from = last; from-- > first;) {
        if (span_us(s, from, to) < (double)WINDOW_US)
            continue;
        out.window[out.count++] = gain_ppm(s, from, to) / span_us(s, from, to);
        to = from;
    }
    return out;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int64_t time_at(double ppm, double speed)
{
    double us = ppm / speed;
    return us < 9e18 ? (int64_t)us : INT64_MAX;
}

static int64_t recent_rate(const struct model_target *t, int64_t now_us)
{
    const struct series *s = &t->rate;
    if (!s->count)
        return UNKNOWN;
    bool at_work = model_doing(t) == DOING_RUNNING && t->phase == PHASE_BACKFILL;
    if (at_work && now_us - STALLED_US > s->points[s->count - 1].at)
        return 0;
    size_t n = s->count < RATE_POINTS ? s->count : RATE_POINTS;
    double sum = 0;
    for (size_t i = s->count - n; i < s->count; i++)
        sum += (double)s->points[i].value;
    return (int64_t)(sum / (double)n);
}

struct model_eta model_eta(const struct model_target *t, int64_t now_us)
{
    struct model_eta eta = {
        .low_us = UNKNOWN,
        .high_us = UNKNOWN,
        .rows_per_s = recent_rate(t, now_us),
        .absurd = t->fraction_ppm > WHOLE_PPM,
    };
    struct speeds s = measure(&t->progress);
    if (eta.absurd || t->fraction_ppm < EVIDENCE_PPM || s.worked_us < (double)EVIDENCE_US ||
        s.mean <= 0)
        return eta;
    qsort(s.window, s.count, sizeof s.window[0], by_value);
    /* the fast and the slow fifth are outliers; a window that stood still is no speed */
    double slow = s.count ? s.window[s.count / 5] : s.mean;
    double fast = s.count ? s.window[s.count - 1 - s.count / 5] : s.mean;
    slow = slow < s.mean / 4 ? s.mean / 4 : slow;
    fast = fast < slow ? slow : fast;
    double left = (double)(WHOLE_PPM - t->fraction_ppm);
    eta.low_us = time_at(left, fast);
    eta.high_us = time_at(left, slow);
    return eta;
}

bool model_outlook(const struct model_target *t, int64_t now_us, struct model_outlook *out)
{
    struct model_eta eta = model_eta(t, now_us);
    bool begun = t->phase == PHASE_BACKFILL && t->phases[PHASE_BACKFILL].state != STATE_DONE;
    if (!begun || eta.absurd || eta.low_us == UNKNOWN)
        return false;
    double worked = (double)t->time.worked_us, held = (double)t->time.throttled_us;
    double share = worked > 0 ? worked / (worked + held) : 1;
    double low = (double)eta.low_us / share, high = (double)eta.high_us / share;
    double last = 9e18 - (double)now_us;
    out->low_us = now_us + (int64_t)(low < last ? low : last);
    out->high_us = now_us + (int64_t)(high < last ? high : last);
    out->share_ppm = (int64_t)(share * WHOLE_PPM);
    out->log_bytes = UNKNOWN;
    int64_t rows = t->rows_total == UNKNOWN ? 0 : t->rows_total - t->rows_done;
    if (t->wal_done > 0 && t->wal_rows > 0 && rows > 0) {
        double bytes = (double)t->wal_done / (double)t->wal_rows * (double)rows;
        out->log_bytes = bytes < 9e18 ? (int64_t)bytes : INT64_MAX;
    }
    return true;
}
