/*
 * Reading a journal, live or afterwards: following its end, and seeking to any
 * moment by bisecting the file for the keyframe before it. The file is never
 * read whole.
 */
#ifndef NEWEL_JOURNAL_FEED_H
#define NEWEL_JOURNAL_FEED_H

#include "journal/event.h"
#include "journal/model.h"

struct feed;

struct feed *feed_open(const char *path, struct error *e);
void feed_close(struct feed *f);
int feed_fd(const struct feed *f); /* for inotify or fstat; never read it */

/*
 * The next whole event from the present place, or NULL at the (present) end.
 * A broken line is counted in `gaps` (and model_gap()ed by feed_advance) and
 * passed over; a last line without newline is not yet written. The caller owns
 * the event.
 */
json_t *feed_next(struct feed *f);
int64_t feed_gaps(const struct feed *f);
int64_t feed_offset(const struct feed *f); /* where the next line begins */
void feed_set_offset(struct feed *f, int64_t offset); /* a line's beginning */

/*
 * Folds up to `most` events into `m` (0: all there are) whose time is <= `until_us`
 * (0: no bound); the first one behind it is left to be read. `seen`, when not NULL,
 * is called for each event after it is folded. Returns how many it folded.
 */
typedef void feed_seen(void *context, const json_t *event, int64_t offset);
size_t feed_advance(struct feed *f, struct model *m, int64_t until_us, size_t most,
                    feed_seen *seen, void *context);

/*
 * Puts the feed and a cleared `m` at the last event whose time is <= `time_us`
 * (the first event when it is earlier): the keyframe before it is found by
 * bisection and the rest is folded. feed_next() then gives the event after.
 */
bool feed_seek_time(struct feed *f, struct model *m, int64_t time_us, struct error *e) MUST_CHECK;
/* Times of the first and the last event in the file. */
bool feed_span(struct feed *f, int64_t *first_us, int64_t *last_us) MUST_CHECK;

/*
 * The first event after (`step` > 0) or the last before (`step` < 0) `time_us`
 * that `wanted` accepts; its time, or -1.
 */
typedef bool feed_wanted(void *context, const json_t *event);
int64_t feed_find(struct feed *f, int64_t time_us, int step, feed_wanted *wanted, void *context);

/* The offset of a line's beginning at or before offset - `bytes` (0 at least). */
int64_t feed_back(struct feed *f, int64_t offset, int64_t bytes);

#endif
