#include "config.h"
#include "engine/window.h"

#include <inttypes.h>
#include <stdio.h>

void window_start(struct window *w, int64_t begin, int64_t end)
{
    *w = (struct window){.low = begin, .high = begin, .stripes = 1, .pass = 0, .end = end};
}

bool window_parse(struct window *w, const char *cursor, int64_t end)
{
    struct window read = {.end = end};
    int used = 0;
    if (sscanf(cursor, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 "%n", &read.low, &read.high,
               &read.stripes, &read.pass, &used) != 4 ||
        cursor[used] != '\0')
        return false;
    if (read.low < 0 || read.high < read.low || read.stripes < 1 || read.pass < 0 ||
        read.pass >= read.stripes)
        return false;
    *w = read;
    return true;
}

void window_text(const struct window *w, char out[WINDOW_CURSOR])
{
    (void)snprintf(out, WINDOW_CURSOR, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, w->low,
                   w->high, w->stripes, w->pass);
}

bool window_done(const struct window *w)
{
    return w->low >= w->end;
}

bool window_next(struct window *w, int64_t rows, double rows_per_block, int64_t stripes)
{
    if (window_done(w))
        return false;
    if (rows_per_block < 0.1)
        rows_per_block = 0.1;
    double wanted = (double)rows * (double)stripes / rows_per_block;
    int64_t blocks = wanted < 1 ? 1 : (int64_t)wanted;
    bool open = w->high == w->low;
    bool too_large = !open && (double)blocks < 0.75 * (double)(w->high - w->low);
    if (open || too_large) {
        w->high = blocks < w->end - w->low ? w->low + blocks : w->end;
        w->stripes = stripes;
        w->pass = 0;
    }
    return true;
}

void window_advance(struct window *w)
{
    if (++w->pass < w->stripes)
        return;
    w->low = w->high;
    w->stripes = 1;
    w->pass = 0;
}

double window_position(const struct window *w)
{
    return (double)w->low + (double)(w->high - w->low) * (double)w->pass / (double)w->stripes;
}
