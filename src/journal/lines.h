/*
 * The lines of a file that may be huge and may be growing: read through one
 * window, forwards from any place, with steps back to a line's beginning.
 */
#ifndef NEWEL_JOURNAL_LINES_H
#define NEWEL_JOURNAL_LINES_H

#include "base/error.h"

#include <stdint.h>

/* Far above any event; what is longer is passed over without being kept. */
#define LINES_MAX ((size_t)64 << 20)

enum lines_found {
    LINES_WHOLE,
    LINES_TOO_LONG, /* `text` is NULL; `next` is behind it */
    LINES_END,      /* nothing there, or no newline yet */
};

struct lines;

struct lines *lines_open(const char *path, struct error *e);
void lines_close(struct lines *l);
int lines_fd(const struct lines *l);
int64_t lines_size(const struct lines *l); /* of the file, now */

/*
 * The line that begins at `at`, without its newline; `next` gets the beginning
 * of the one after. `text` lives until the next call.
 */
enum lines_found lines_at(struct lines *l, int64_t at, const char **text, size_t *length,
                          int64_t *next);
/* The beginning of the first line that begins at or behind `at`; -1: there is none whole. */
int64_t lines_next_start(struct lines *l, int64_t at);
/* The beginning of the line that `at` lies in: itself when a line begins there. */
int64_t lines_start(struct lines *l, int64_t at);
/* Where the last `needle` begins that ends at or before `before`; -1: nowhere. */
int64_t lines_rfind(struct lines *l, int64_t before, const char *needle);

/* Did a read fail since it was opened? Then `e` says how. */
bool lines_failed(const struct lines *l, struct error *e);

#endif
