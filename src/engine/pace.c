#include "config.h"
#include "engine/pace.h"
#include "base/mem.h"
#include "base/units.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEW 5          /* batches before anything but one very slow batch counts */
#define COARSE 1.5     /* steps of the climb; also the most that a size grows at once */
#define FINE 1.2       /* steps around the best that the coarse ones found */
#define WORTH 1.03     /* a gain in rows/s below this is noise */
#define WINDOWS_MOST 4 /* windows spent on telling a gain from noise */
#define ROOM 1.1       /* p90 within this factor of the aim is on the aim */
#define REST_FIRST 20  /* in decisions, each PACE_WINDOW batches */
#define REST_LONGEST 160
#define REST_MAX_US 5000000
#define FULL_SPEED 1000000

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static void forget_recent(struct pace *p)
{
    p->recent_count = 0;
    p->undecided = 0;
    p->windows = 0;
    p->rates = 0;
}

static void say(struct pace *p, const char *why, ...) PRINTF_LIKE(2, 3);

static void say(struct pace *p, const char *why, ...)
{
    va_list args;
    va_start(args, why);
    (void)vsnprintf(p->why, sizeof p->why, why, args);
    va_end(args);
}

/* False, and nothing is forgotten, when the limits leave no change. */
static bool resize(struct pace *p, int64_t rows)
{
    rows = clamp(rows, p->min, p->max);
    if (rows == p->rows)
        return false;
    p->rows = rows;
    forget_recent(p);
    return true;
}

static void climb_anew(struct pace *p)
{
    p->best_rows = 0;
    p->best_rate = 0;
    p->smaller_rows = 0;
    p->direction = 1;
    p->fine = p->turned = p->probing = p->recovering = false;
    p->probed = -1;
    p->rest = 0;
    p->next_rest = REST_FIRST;
}

void pace_init(struct pace *p, int64_t rows, int64_t min, int64_t max, int64_t time_us,
               int64_t pause_us, int64_t lanes)
{
    *p = (struct pace){.time_us = time_us > 0 ? time_us : 1, .pause_us = pause_us, .lanes = lanes};
    p->min = min > 0 ? min : 1;
    p->max = max > p->min ? max : p->min;
    p->rows = clamp(rows, p->min, p->max);
    climb_anew(p);
    say(p, "as configured");
}

/* ---- what the recent batches say ------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The recent times in ascending order. */
static void sorted_us(const struct pace *p, double us[PACE_WINDOW])
{
    for (int i = 0; i < p->recent_count; i++)
        us[i] = (double)p->recent[i].us;
    qsort(us, (size_t)p->recent_count, sizeof us[0], by_value);
}

static double p90_us(const struct pace *p)
{
    double us[PACE_WINDOW];
    sorted_us(p, us);
    return us[p->recent_count - 1 - p->recent_count / 10];
}

static double median_us(const struct pace *p)
{
    double us[PACE_WINDOW];
    sorted_us(p, us);
    return us[p->recent_count / 2];
}

/*
 * Rows/s, the rest behind each batch counted in, without the slowest and the
 * fastest batch. A median would jump by the whole difference when a server
 * alternates between two speeds.
 */
static double rate_of(const struct pace *p, double *spread)
{
    double us[PACE_WINDOW], sum = 0, squares = 0;
    int n = p->recent_count;
    for (int i = 0; i < n; i++)
        us[i] = (double)(p->recent[i].us + p->pause_us) / (double)p->recent[i].rows;
    qsort(us, (size_t)n, sizeof us[0], by_value);
    for (int i = 1; i < n - 1; i++)
        sum += us[i];
    double mean = sum / (n - 2);
    for (int i = 1; i < n - 1; i++)
        squares += (us[i] - mean) * (us[i] - mean);
    *spread = sqrt(squares / (n - 2)) / mean;
    return 1e6 / mean;
}

static void remember(struct pace *p, int64_t rows, int64_t us)
{
    if (p->recent_count == PACE_WINDOW) {
        memmove(&p->recent[0], &p->recent[1], (PACE_WINDOW - 1) * sizeof p->recent[0]);
        p->recent_count--;
    }
    p->recent[p->recent_count++] = (struct pace_batch){rows, us};
    p->undecided++;
}

/* ---- the climb ------------------------------------------------------------ */

static void rest(struct pace *p)
{
    p->smaller_rows = 0;
    p->direction = 0;
    p->rest = p->next_rest;
    p->next_rest = p->next_rest * 2 > REST_LONGEST ? REST_LONGEST : p->next_rest * 2;
    p->fine = p->turned = p->probing = false;
}

/*
 * What to try after a step that brought nothing: the other side, then the same
 * with small steps, then a rest. A probe after a rest is a single try.
 */
static void try_next(struct pace *p)
{
    if (p->direction == 0)
        return;
    if (p->probing || (p->fine && p->turned)) {
        rest(p);
    } else if (!p->turned) {
        p->direction = -p->direction;
        p->turned = true;
    } else {
        p->fine = true;
        p->turned = false;
        p->direction = 1;
    }
}

/* The next size in the direction of the climb, or the present one if there is no room. */
static int64_t next_size(const struct pace *p, double p90)
{
    double step = p->fine ? FINE : COARSE;
    double rows = (double)p->rows;
    if (p->direction < 0)
        return clamp((int64_t)(rows / step), p->min, p->rows);
    double room = (double)p->time_us / p90;
    if (room < ROOM)
        return p->rows;
    rows *= room < step ? room : step;
    /* tiny sizes must be able to grow at all */
    int64_t next = rows < (double)p->rows + 1 ? p->rows + 1 : (int64_t)rows;
    return clamp(next, p->rows, p->max);
}

static bool step_on(struct pace *p, double p90)
{
    while (p->direction != 0) {
        int64_t next = next_size(p, p90);
        if (next == p->rows) {
            try_next(p);
            continue;
        }
        char have[UNITS_TEXT], aim[UNITS_TEXT];
        if (p->direction > 0)
            say(p, "p90 %s of %s: growing", units_duration(have, (int64_t)p90),
                units_duration(aim, p->time_us));
        else
            say(p, "trying whether %" PRId64 " is faster than %" PRId64, next, p->rows);
        return resize(p, next);
    }
    return false;
}

static bool back_to_best(struct pace *p)
{
    try_next(p);
    say(p, "no faster at %" PRId64 ": back to %" PRId64, p->rows, p->best_rows);
    return resize(p, p->best_rows);
}

static void take_as_best(struct pace *p, double rate)
{
    /* two windows of one size are better evidence than the last alone */
    p->best_rate = p->best_rows == p->rows && p->best_rate > 0 ? (p->best_rate + rate) / 2 : rate;
    p->best_rows = p->rows;
}

/*
 * The gain over the best, as soon as it is told from the noise: a great one by a
 * few batches, a small one by up to WINDOWS_MOST whole windows. 0: not yet.
 */
static double gain_so_far(struct pace *p, double *rate)
{
    double spread;
    *rate = rate_of(p, &spread);
    double gain = *rate / p->best_rate;
    if (p->undecided < PACE_WINDOW)
        return p->windows == 0 && (gain < 0.8 || gain > 1.2) ? gain : 0;
    p->undecided = 0;
    p->rates += *rate;
    p->windows++;
    *rate = p->rates / p->windows;
    gain = *rate / p->best_rate;
    double doubt = 2 * spread / sqrt(PACE_WINDOW * p->windows);
    return p->windows < WINDOWS_MOST && fabs(gain - WORTH) < doubt ? 0 : gain;
}

static void gained(struct pace *p)
{
    p->turned = true; /* where we come from is worse */
    p->probing = false;
    p->next_rest = REST_FIRST;
}

/*
 * A smaller size that seems faster may only have met a faster hour of the server.
 * Nothing else bounds a walk downward, so the larger one is measured once more.
 */
static bool doubt_smaller(struct pace *p, double rate)
{
    p->smaller_rows = p->rows;
    p->smaller_rate = rate;
    say(p, "%" PRId64 " seems faster: comparing with %" PRId64 " again", p->rows, p->best_rows);
    return resize(p, p->best_rows);
}

static bool settle_doubt(struct pace *p, double p90, double rate)
{
    int64_t rows = p->smaller_rows;
    p->smaller_rows = 0;
    if (p->smaller_rate < rate * WORTH) {
        take_as_best(p, rate);
        try_next(p);
        return step_on(p, p90);
    }
    gained(p);
    p->best_rows = rows;
    p->best_rate = p->smaller_rate;
    say(p, "%" PRId64 " is faster than %" PRId64, rows, p->rows);
    return resize(p, rows);
}

static bool climb(struct pace *p, double p90)
{
    double rate, spread;
    if (p->best_rate > 0 && p->best_rows != p->rows) {
        double gain = gain_so_far(p, &rate);
        if (gain <= 0)
            return false;
        if (gain < WORTH)
            return back_to_best(p);
        if (p->rows < p->best_rows)
            return doubt_smaller(p, rate);
        gained(p);
    } else {
        rate = rate_of(p, &spread);
        if (p->undecided < PACE_WINDOW && spread > WORTH - 1)
            return false;
        if (p->smaller_rows)
            return settle_doubt(p, p90, rate);
    }
    p->undecided = 0;
    take_as_best(p, rate);
    return step_on(p, p90);
}

static bool sit_out(struct pace *p, double p90)
{
    if (p->undecided < PACE_WINDOW)
        return false;
    p->undecided = 0;
    double spread;
    take_as_best(p, rate_of(p, &spread));
    if (--p->rest > 0)
        return false;
    p->direction = p->probed = -p->probed;
    p->probing = true;
    return step_on(p, p90);
}

static bool grow_back(struct pace *p, double p90)
{
    double room = (double)p->time_us / p90;
    if (p->rows >= p->best_rows || room < ROOM) {
        /* slower for good: what was best before says nothing now */
        p->recovering = false;
        p->best_rows = 0;
        p->best_rate = 0;
        p->next_rest = REST_FIRST;
        rest(p);
        return false;
    }
    double factor = room < COARSE ? room : COARSE;
    int64_t rows = (int64_t)((double)p->rows * factor);
    rows = clamp(rows, p->rows + 1, p->best_rows);
    p->recovering = rows < p->best_rows;
    say(p, "calm again: growing back to %" PRId64, p->best_rows);
    return resize(p, rows);
}

/* ---- shrinking ------------------------------------------------------------ */

/* After a shock: smaller at once, and the way back is not judged by rows/s. */
static bool shrink_to(struct pace *p, int64_t rows)
{
    if (p->best_rate > 0 && p->rows > p->best_rows && !p->recovering)
        try_next(p);
    if (!resize(p, rows))
        return false;
    p->smaller_rows = 0;
    p->recovering = p->best_rate > 0 && p->rows < p->best_rows;
    return true;
}

/*
 * One batch far over the aim. A batch of another size (a lane that began before
 * the last change, or one that the throttle made smaller) is held against what
 * it had aimed at.
 */
static bool react(struct pace *p, int64_t aimed, int64_t us)
{
    double share = aimed > p->rows ? (double)p->rows / (double)aimed : 1;
    double times = (double)us * share / (double)p->time_us;
    if (times <= 2)
        return false;
    int64_t base = aimed > 0 && aimed < p->rows ? aimed : p->rows;
    int64_t rows = times > 5 ? base / 10 : (int64_t)((double)base / times);
    if (!shrink_to(p, rows))
        return false;
    char took[UNITS_TEXT], aim[UNITS_TEXT];
    say(p, "batch took %s, %.*fx the aim of %s: shrunk", units_duration(took, us),
        times < 10 ? 1 : 0, (double)us / (double)p->time_us, units_duration(aim, p->time_us));
    return true;
}

static bool shrink_to_aim(struct pace *p, double us, const char *what)
{
    if (p->best_rate > 0 && p->rows > p->best_rows && p->direction > 0)
        return back_to_best(p);
    if (!resize(p, (int64_t)((double)p->rows * (double)p->time_us / us)))
        return false;
    p->best_rows = 0;
    p->best_rate = 0;
    p->smaller_rows = 0;
    p->recovering = false;
    if (p->direction == 0) {
        p->next_rest = REST_FIRST;
        rest(p);
    } else { /* there is no room above: see whether smaller is faster */
        p->direction = -1;
        p->turned = true;
        p->fine = p->probing = false;
    }
    char have[UNITS_TEXT], aim[UNITS_TEXT];
    say(p, "%s %s, aim %s: shrunk", what, units_duration(have, (int64_t)us),
        units_duration(aim, p->time_us));
    return true;
}

/* ---- a batch -------------------------------------------------------------- */

/*
 * Few rows at the end of a window say nothing about speed. A whole window of
 * such batches in a row does: then that is what the table is like.
 */
static bool tells_speed(struct pace *p, int64_t aimed, int64_t updated)
{
    p->sparse = updated < aimed / 2 ? p->sparse + 1 : 0;
    bool present_size = aimed >= p->rows - p->rows / 5 && aimed <= p->rows + p->rows / 4;
    return present_size && updated > 0 && (p->sparse == 0 || p->sparse > PACE_WINDOW);
}

bool pace_batch(struct pace *p, int64_t aimed, int64_t updated, int64_t us)
{
    if (p->by_hand)
        return false;
    if (us < 1)
        us = 1;
    if (react(p, aimed, us))
        return true;
    if (!tells_speed(p, aimed, updated))
        return false;
    remember(p, updated, us);
    if (p->recent_count < FEW)
        return false;
    double p90 = p90_us(p), limit = ROOM * (double)p->time_us;
    if (median_us(p) > limit)
        return shrink_to_aim(p, median_us(p), "median");
    if (p90 > limit && p->recent_count == PACE_WINDOW)
        return shrink_to_aim(p, p90, "p90");
    if (p->recovering)
        return grow_back(p, p90);
    return p->direction == 0 ? sit_out(p, p90) : climb(p, p90);
}

bool pace_failed(struct pace *p)
{
    if (p->by_hand || !shrink_to(p, p->rows / 2))
        return false;
    say(p, "a batch failed: halved");
    return true;
}

/* ---- the operator's hand -------------------------------------------------- */

void pace_set_rows(struct pace *p, int64_t rows)
{
    (void)resize(p, rows);
    p->by_hand = true;
    say(p, "set by hand");
}

void pace_set_time(struct pace *p, int64_t time_us)
{
    p->time_us = time_us > 0 ? time_us : 1;
    climb_anew(p);
}

void pace_auto(struct pace *p)
{
    p->by_hand = false;
    forget_recent(p);
    climb_anew(p);
    say(p, "automatic again");
}

/* ---- under a throttle ----------------------------------------------------- */

int64_t pace_rows_now(const struct pace *p, int64_t slow_ppm)
{
    slow_ppm = clamp(slow_ppm, 0, FULL_SPEED);
    int64_t rows = (int64_t)((double)p->rows * (double)slow_ppm / FULL_SPEED);
    return clamp(rows, p->min < p->rows ? p->min : p->rows, p->rows);
}

int64_t pace_rest_us(const struct pace *p, int64_t us, int64_t slow_ppm)
{
    slow_ppm = clamp(slow_ppm, 1, FULL_SPEED);
    double extra = (double)(us > 0 ? us : 0) * (double)(FULL_SPEED - slow_ppm) / (double)slow_ppm;
    return p->pause_us + (extra < REST_MAX_US ? (int64_t)extra : REST_MAX_US);
}
