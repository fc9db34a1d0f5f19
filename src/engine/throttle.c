#include "config.h"
#include "engine/throttle.h"

#include "base/clock.h"
#include "base/units.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FULL_SPEED INT64_C(1000000)
#define SLOWEST INT64_C(100000) /* at the limit itself; beyond it the work stops */
#define EASE 0.8                /* of the limit: slowing begins, and a stop ends, here */

/* ---- signals -------------------------------------------------------------- */

static const struct {
    const char *name;  /* of the limit */
    const char *alias; /* short, as typed by hand */
    const char *word;  /* on screens */
} kinds[SIGNAL_KINDS] = {
    [SIGNAL_LAG] = {"max_lag", "lag", "lag"},
    [SIGNAL_LAG_BYTES] = {"max_lag_bytes", "lag_bytes", "lag bytes"},
    [SIGNAL_WAITERS] = {"max_waiters", "waiters", "waiters"},
    [SIGNAL_RUNNING] = {"max_running", "running", "running"},
    [SIGNAL_WAL] = {"max_wal", "wal", "WAL"},
    [SIGNAL_QUERY] = {"query_max", "query", "query"},
    [SIGNAL_QUEUE] = {"max_queue", "queue", "receive queue"},
    [SIGNAL_FLOW] = {"max_flow_control", "flow_control", "flow control"},
};

const char *signal_name(enum signal_kind kind)
{
    return (unsigned)kind < SIGNAL_KINDS ? kinds[kind].name : "?";
}

static bool same_name(const char *typed, const char *name)
{
    for (; *typed && *name; typed++, name++)
        if (*typed != *name && !(*typed == '-' && *name == '_'))
            return false;
    return *typed == *name;
}

enum signal_kind signal_from_name(const char *name)
{
    for (int i = 0; i < SIGNAL_KINDS; i++)
        if (same_name(name, kinds[i].name) || same_name(name, kinds[i].alias))
            return (enum signal_kind)i;
    return SIGNAL_KINDS;
}

const char *signal_value_text(enum signal_kind kind, int64_t value, char *out)
{
    switch (kind) {
    case SIGNAL_LAG:
        return units_duration(out, value);
    case SIGNAL_LAG_BYTES:
        return units_size(out, value);
    case SIGNAL_WAL:
        return units_rate(out, value);
    case SIGNAL_QUERY:
        (void)snprintf(out, UNITS_TEXT, "%.15g", (double)value / 1000);
        return out;
    case SIGNAL_FLOW:
        (void)snprintf(out, UNITS_TEXT, "%" PRId64 "%%", value);
        return out;
    case SIGNAL_WAITERS:
    case SIGNAL_RUNNING:
    case SIGNAL_QUEUE:
    case SIGNAL_KINDS:
        break;
    }
    (void)snprintf(out, UNITS_TEXT, "%" PRId64, value);
    return out;
}

static bool parse_thousandths(const char *text, int64_t *value)
{
    double number;
    if (!units_parse_number(text, &number) || fabs(number) > 9e15)
        return false;
    *value = llround(number * 1000);
    return true;
}

static bool parse_percent(const char *text, int64_t *value)
{
    size_t n = strlen(text);
    char number[24];
    if (n && text[n - 1] == '%')
        n--;
    if (n >= sizeof number)
        return false;
    (void)snprintf(number, sizeof number, "%.*s", (int)n, text);
    return units_parse_int(number, value) && *value <= 100;
}

static bool parse_any(enum signal_kind kind, const char *text, int64_t *value)
{
    switch (kind) {
    case SIGNAL_LAG:
        return units_parse_duration(text, value);
    case SIGNAL_LAG_BYTES:
        return units_parse_size(text, value);
    case SIGNAL_WAL:
        return units_parse_rate(text, value);
    case SIGNAL_QUERY:
        return parse_thousandths(text, value);
    case SIGNAL_WAITERS:
    case SIGNAL_RUNNING:
    case SIGNAL_QUEUE:
        return units_parse_int(text, value);
    case SIGNAL_FLOW:
        return parse_percent(text, value);
    case SIGNAL_KINDS:
        break;
    }
    return false;
}

bool signal_parse_value(enum signal_kind kind, const char *text, int64_t *value)
{
    int64_t parsed;
    if (!parse_any(kind, text, &parsed) || parsed < 0)
        return false;
    *value = parsed;
    return true;
}

/* ---- one signal ----------------------------------------------------------- */

static int64_t limit_in_force(const struct throttle_input *in, enum signal_kind kind)
{
    const struct signal_limit *l = &in->limits[kind];
    return l->until_us && in->now_us >= l->until_us ? l->usual : l->limit;
}

static bool is_stale(const struct throttle_input *in, const struct signal *s)
{
    return in->stale_us > 0 && in->now_us - s->at_us > in->stale_us;
}

static bool is_overridden(const struct throttle_input *in, const struct signal *s)
{
    for (size_t i = 0; i < in->override_count; i++) {
        const struct signal_override *o = &in->overrides[i];
        if (o->kind == s->kind && in->now_us < o->until_us &&
            (!o->server[0] || strcmp(o->server, s->server) == 0))
            return true;
    }
    return false;
}

static const struct throttle_reason *find_reason(const struct throttle *t, enum signal_kind kind,
                                                 const char *server)
{
    for (size_t i = 0; i < t->reason_count; i++)
        if (t->reasons[i].kind == kind && strcmp(t->reasons[i].server, server) == 0)
            return &t->reasons[i];
    return NULL;
}

/*
 * A signal that was over its limit holds the work until it is well under it. A
 * limit that has been changed since is judged anew: who raises it means to go on.
 */
static bool is_over(int64_t value, int64_t limit, const struct throttle_reason *before)
{
    if (before && before->over && before->limit == limit)
        return (double)value >= EASE * (double)limit;
    return value > limit;
}

static int64_t speed_at(int64_t value, int64_t limit)
{
    double share = (double)value / (double)limit;
    if (share <= EASE)
        return FULL_SPEED;
    if (share >= 1)
        return SLOWEST;
    return FULL_SPEED - llround((share - EASE) / (1 - EASE) * (double)(FULL_SPEED - SLOWEST));
}

/* ---- reasons -------------------------------------------------------------- */

static void describe_unknown(struct throttle_reason *r, const char *subject, const struct signal *s,
                             const struct throttle_input *in)
{
    char since[UNITS_TEXT], age[UNITS_TEXT], stale[UNITS_TEXT + 16];
    const char *why = s->error[0] ? s->error : "it does not answer";
    if (s->known) {
        (void)snprintf(stale, sizeof stale, "last seen %s ago",
                       units_duration(age, in->now_us - s->at_us));
        why = stale;
    } else {
        (void)snprintf(r->why, sizeof r->why, "%s", s->error);
    }
    (void)snprintf(r->text, sizeof r->text, "%s: unknown (%.100s), for %s", subject, why,
                   units_duration(since, in->now_us - r->since_us));
}

static void exact_text(enum signal_kind kind, int64_t value, char out[UNITS_TEXT])
{
    if (kind == SIGNAL_LAG && value >= 10 * US_PER_MS)
        (void)snprintf(out, UNITS_TEXT, "%" PRId64 "ms", value / US_PER_MS);
    else if (kind == SIGNAL_LAG)
        (void)snprintf(out, UNITS_TEXT, "%" PRId64 "us", value);
    else if (kind == SIGNAL_LAG_BYTES || kind == SIGNAL_WAL)
        (void)snprintf(out, UNITS_TEXT, "%" PRId64 "B%s", value, kind == SIGNAL_WAL ? "/s" : "");
}

static void describe_over(struct throttle_reason *r, const char *subject)
{
    char observed[UNITS_TEXT], limit[UNITS_TEXT], ease[UNITS_TEXT];
    (void)signal_value_text(r->kind, r->observed, observed);
    (void)signal_value_text(r->kind, r->limit, limit);
    if (strcmp(observed, limit) == 0) /* as rounded: "1.0s > 1.0s" would be a riddle */
        exact_text(r->kind, r->observed, observed);
    if (r->observed > r->limit)
        (void)snprintf(r->text, sizeof r->text, "%s: %s > %s", subject, observed, limit);
    else
        (void)snprintf(r->text, sizeof r->text, "%s: %s, must fall under %s (80 %% of %s)", subject,
                       observed, signal_value_text(r->kind, llround(EASE * (double)r->limit), ease),
                       limit);
}

static void add_reason(struct throttle *t, const struct throttle_input *in, const struct signal *s,
                       bool unknown, const struct throttle_reason *before)
{
    struct throttle_reason *r = &t->reasons[t->reason_count++];
    int64_t limit = limit_in_force(in, s->kind);
    *r = (struct throttle_reason){
        .kind = s->kind,
        .unknown = unknown,
        .over = !unknown || (before && before->over && before->limit == limit),
        .observed = unknown ? 0 : s->value,
        .limit = limit,
        .since_us = before && before->unknown == unknown ? before->since_us : in->now_us,
    };
    (void)snprintf(r->server, sizeof r->server, "%s", s->server);
    char subject[96];
    (void)snprintf(subject, sizeof subject, r->server[0] ? "%s on %s" : "%s", kinds[r->kind].word,
                   r->server);
    if (unknown)
        describe_unknown(r, subject, s, in);
    else
        describe_over(r, subject);
}

/* ---- the decision --------------------------------------------------------- */

static void judge(struct throttle *t, const struct throttle *before,
                  const struct throttle_input *in, const struct signal *s)
{
    int64_t limit = (unsigned)s->kind < SIGNAL_KINDS ? limit_in_force(in, s->kind) : 0;
    if (limit <= 0)
        return;
    const struct throttle_reason *was = find_reason(before, s->kind, s->server);
    bool unknown = !s->known || is_stale(in, s);
    if (unknown && is_overridden(in, s))
        return;
    if (!unknown && !is_over(s->value, limit, was)) {
        int64_t speed = speed_at(s->value, limit);
        if (speed < t->slow_ppm)
            t->slow_ppm = speed;
        return;
    }
    t->stopped = true;
    if (t->reason_count < THROTTLE_REASONS)
        add_reason(t, in, s, unknown, was);
}

static bool same_reasons(const struct throttle *a, const struct throttle *b)
{
    if (a->reason_count != b->reason_count)
        return false;
    for (size_t i = 0; i < a->reason_count; i++) {
        const struct throttle_reason *r = &a->reasons[i];
        const struct throttle_reason *other = find_reason(b, r->kind, r->server);
        if (!other || other->unknown != r->unknown || other->limit != r->limit ||
            strcmp(other->why, r->why) != 0)
            return false;
    }
    return true;
}

bool throttle_decide(struct throttle *t, const struct throttle_input *in)
{
    struct throttle before = *t;
    /* only a throttle that has never decided says "0" without being stopped */
    if (!before.stopped && before.told_ppm == 0)
        before.told_ppm = FULL_SPEED;
    *t = (struct throttle){.slow_ppm = FULL_SPEED, .told_ppm = before.told_ppm};
    for (size_t i = 0; i < in->signal_count; i++)
        judge(t, &before, in, &in->signals[i]);
    if (t->stopped)
        t->slow_ppm = 0;
    bool changed = t->stopped != before.stopped || !same_reasons(t, &before) ||
                   llabs(t->slow_ppm - before.told_ppm) >= FULL_SPEED / 10 ||
                   (t->slow_ppm == FULL_SPEED && before.told_ppm != FULL_SPEED);
    if (changed)
        t->told_ppm = t->slow_ppm;
    return changed;
}
