/*
 * What the plots show: the session's measurements over time, and what was done
 * meanwhile. Taken from the events themselves, for the model keeps only the last
 * minutes of them. The newest points are kept to the second; the older one is,
 * the longer it stands for, so that some thousand points are enough for days.
 */
#ifndef NEWEL_UI_HISTORY_H
#define NEWEL_UI_HISTORY_H

#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a track is of, each in the unit in which it is read. */
enum history_of {
    HISTORY_ROWS,      /* rows/s that got their value */
    HISTORY_BATCH,     /* µs that a batch took */
    HISTORY_LAG,       /* µs that a replica is behind */
    HISTORY_LAG_BYTES, /* and bytes */
    HISTORY_LOG,       /* bytes/s of WAL or redo */
    HISTORY_WAITERS,   /* sessions that wait for newel */
    HISTORY_KINDS,
};

/* What came in from `at` on, for that many seconds. */
struct history_point {
    uint32_t at, seconds; /* `at` since the history's origin */
    uint32_t count;
    float sum, most;
};

struct history_track {
    char *target;
    char *server; /* of a replica's lag; NULL: the worst of all */
    enum history_of of;
    int64_t origin_us;
    struct history_point *points; /* oldest first */
    size_t count;
};

enum history_mark_kind {
    HISTORY_COMMAND,
    HISTORY_PHASE,
    HISTORY_THROTTLE,
    HISTORY_ALARM,
};

/* Something that was done or happened, to be drawn into the plots. */
struct history_mark {
    int64_t at_us;
    enum history_mark_kind kind;
    char letter;
    char *target; /* NULL: all of them */
    char *text;   /* as the log has it */
};

/* The log's place when it was last seen, for its rate. */
struct history_log {
    char *target;
    int64_t bytes, at_us;
};

struct history {
    int64_t origin_us; /* of the first event; 0: none yet */
    struct history_track *tracks;
    size_t track_count;
    struct history_mark *marks; /* oldest first */
    size_t mark_count;
    struct history_log *logs;
    size_t log_count;
};

/* Does the event belong into the plots, as what was done or happened? */
bool history_is_mark(const json_t *event, enum history_mark_kind *kind);
/* Events come in the journal's order. */
void history_add(struct history *h, const json_t *event);
void history_free(struct history *h);

/* NULL: nothing was measured. `server` NULL: the worst of all. */
const struct history_track *history_find(const struct history *h, const char *target,
                                         enum history_of of, const char *server);
/*
 * What it was from `from_us` until `to_us`: a rate is the mean, of all else the
 * worst counts. NAN when nothing is known, and for no track. Pure.
 */
double history_read(const struct history_track *track, int64_t from_us, int64_t to_us);

#endif
