/*
 * May the backfill go on? A pure function of the signals and their limits.
 *
 * It stops while any signal is over its limit and goes on when all are back
 * under 80 % of theirs. A signal that cannot be read is unknown: that stops the
 * work too, until it answers or an operator overrides it. Between 80 % and the
 * limit the work slows in proportion. All present reasons are given, since
 * clearing one of several does not set the work free.
 */
#ifndef NEWEL_ENGINE_THROTTLE_H
#define NEWEL_ENGINE_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum signal_kind {
    SIGNAL_LAG,       /* µs, per replica */
    SIGNAL_LAG_BYTES, /* per replica */
    SIGNAL_WAITERS,   /* sessions waiting on our locks */
    SIGNAL_RUNNING,   /* active sessions */
    SIGNAL_WAL,       /* bytes/s */
    SIGNAL_QUERY,     /* the operator's own number, in thousandths */
    SIGNAL_QUEUE,     /* transactions that a node of a cluster has received and not applied */
    SIGNAL_FLOW,      /* percent of the time that a cluster held up its writers */
    SIGNAL_KINDS,
};
/* "max_lag": the limit's name in files, commands and on screens. */
const char *signal_name(enum signal_kind kind);
enum signal_kind signal_from_name(const char *name); /* also "max-lag"; SIGNAL_KINDS: none */
/* `value` in the signal's unit: "2.4s", "64.0MB", "3". UNITS_TEXT bytes. */
const char *signal_value_text(enum signal_kind kind, int64_t value, char *out);
/* The reverse, for limits typed by hand: "10s", "64MB", "3". */
bool signal_parse_value(enum signal_kind kind, const char *text, int64_t *value);

struct signal {
    enum signal_kind kind;
    char server[64];   /* which server; the primary's name for its own */
    bool known;        /* false: could not be asked */
    int64_t value;
    int64_t at_us;     /* monotonic time of the observation */
    char error[160];   /* why it is unknown */
};

struct signal_limit {
    int64_t limit;     /* 0: not watched */
    int64_t until_us;  /* monotonic; a change by hand ends then; 0: for good */
    int64_t usual;     /* what it falls back to */
};

/* An operator's word that an unknown signal shall not stop the work. */
struct signal_override {
    enum signal_kind kind;
    char server[64]; /* "": every server */
    int64_t until_us;
};

struct throttle_reason {
    enum signal_kind kind;
    char server[64];
    bool unknown;
    bool over;               /* was over its limit and not yet under 80 % of it since */
    int64_t observed, limit; /* in the signal's unit */
    int64_t since_us;        /* monotonic */
    char why[160];           /* why it is unknown; "": it is not, or it is just old */
    char text[256];          /* "lag on r2: 2.4s > 2.0s" or "lag on r2: unknown (…)" */
};

#define THROTTLE_REASONS 32
struct throttle {
    bool stopped;
    int64_t slow_ppm; /* 1000000 full speed, 0 stopped */
    int64_t told_ppm; /* slow_ppm at the last change that was worth an event */
    size_t reason_count;
    struct throttle_reason reasons[THROTTLE_REASONS];
};

struct throttle_input {
    const struct signal *signals;
    size_t signal_count;
    struct signal_limit limits[SIGNAL_KINDS];
    const struct signal_override *overrides;
    size_t override_count;
    int64_t now_us;   /* monotonic */
    int64_t stale_us; /* an observation older than this is unknown */
};

/*
 * Decides anew from the state before (for hysteresis and `since`). True when
 * something worth an event changed: stopped, the set of reasons, or the speed by
 * a tenth or more.
 */
bool throttle_decide(struct throttle *t, const struct throttle_input *in);

#endif
