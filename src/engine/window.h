/*
 * Walking a range of heap blocks in windows: each window is passed K times, and
 * each pass updates the rows of one stripe of every page, so that later passes
 * reuse the room that pruning frees from earlier ones. Pure.
 *
 * The cursor in the checkpoint is the text "LOW HIGH STRIPES PASS": the batch that
 * comes next. LOW = HIGH: the next window begins at LOW and its size is still open.
 */
#ifndef NEWEL_ENGINE_WINDOW_H
#define NEWEL_ENGINE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define WINDOW_CURSOR 96

struct window {
    int64_t low, high; /* blocks [low, high) */
    int64_t stripes, pass;
    int64_t end;       /* of the range */
};

void window_start(struct window *w, int64_t begin, int64_t end);
bool window_parse(struct window *w, const char *cursor, int64_t end);
void window_text(const struct window *w, char out[WINDOW_CURSOR]);
bool window_done(const struct window *w);

/*
 * Chooses the next batch: about `rows` rows at `rows_per_block`, in `stripes`
 * passes a window. A window under way is kept, unless the size has since fallen
 * below three quarters of what it was cut for: then it is cut anew at its low
 * end (rows already written are passed over, for they have their value).
 * False when the range is done.
 */
bool window_next(struct window *w, int64_t rows, double rows_per_block, int64_t stripes);
/* Behind the present batch. */
void window_advance(struct window *w);
/* How far into the range, in blocks; a window counts by its passes. */
double window_position(const struct window *w);

#endif
