/*
 * The last events of the journal, kept whole for the Log screen: all but
 * samples, batches and keyframes, which come by the second.
 */
#ifndef NEWEL_UI_LOG_H
#define NEWEL_UI_LOG_H

#include "base/json.h"

#define LOG_MAX 5000

struct log_entry {
    int64_t seq, time_us;
    char *text; /* the event's headline */
    json_t *event;
    int level; /* 0 plain, 1 warn, 2 crit */
};

struct log {
    struct log_entry *ring; /* NULL while empty */
    size_t first, count;
};

/* Keeps a reference to the event, if it is of the kind that is kept. */
void log_add(struct log *l, json_t *event);
void log_clear(struct log *l);
const struct log_entry *log_at(const struct log *l, size_t i); /* 0: the oldest */
/* Does `filter` (NULL: everything) occur in the entry's line, in any case? */
bool log_matches(const struct log_entry *entry, const char *filter);
/* Is this event an alarm that `[` and `]` stop at? */
bool log_is_alarm(const json_t *event);

#endif
