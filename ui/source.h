/*
 * Where the console's model comes from: a journal, followed as it grows or
 * moved about in. Keeps the view's log, clock, timeline and history in step with it.
 */
#ifndef NEWEL_UI_SOURCE_H
#define NEWEL_UI_SOURCE_H

#include "base/error.h"
#include "journal/feed.h"
#include "ui/view.h"

struct source {
    struct feed *feed;    /* its place is where the model is */
    struct feed *scanner; /* for everything that must not move that place */
    int64_t scanned;      /* how far the timeline's marks and the history are known */
    bool abreast;         /* live: the history has caught up with the model */
};

/* Opens `path`; `at_us` 0: live the end, in review the start. Close it in any case. */
bool source_open(struct source *s, const char *path, struct model *m, struct view *v, int64_t at_us,
                 struct error *e) MUST_CHECK;
void source_close(struct source *s);
/* Live: folds what has come since. True when something has. */
bool source_follow(struct source *s, struct model *m, struct view *v);
/* Review: lets `us` of the recording go by. True when the picture may have changed. */
bool source_play(struct source *s, struct model *m, struct view *v, int64_t us);
bool source_seek(struct source *s, struct model *m, struct view *v, int64_t time_us,
                 struct error *e) MUST_CHECK;
/* To the next (1) or previous (-1) moment of that mark; false when there is none. */
bool source_seek_mark(struct source *s, struct model *m, struct view *v,
                      enum history_mark_kind mark, int step);
/*
 * Looks at further events for the timeline and the history, for `most_us` at most. True when
 * something was added.
 */
bool source_scan(struct source *s, struct view *v, int64_t most_us);
/* Is there anything left for it? */
bool source_scans(const struct source *s, const struct view *v);

#endif
