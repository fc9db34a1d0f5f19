/* What a cell says, and by what it is sorted. */
#include "config.h"
#include "ui/grid.h"

uint64_t grid_identity(uint64_t so_far, const char *text)
{
    /* FNV-1a; the NUL counts, so that "a" "bc" is not "ab" "c" */
    const char *s = text ? text : "";
    for (;; s++) {
        so_far = (so_far ^ (unsigned char)*s) * UINT64_C(1099511628211);
        if (!*s)
            return so_far ? so_far : 1;
    }
}

void grid_text(struct grid_cell *out, const char *text)
{
    out->text = text;
}

void grid_number(struct grid_cell *out, const char *text, double number)
{
    out->text = text;
    out->number = number;
}

static bool is_known(struct grid_cell *out, int64_t n)
{
    if (n != UNKNOWN)
        return true;
    grid_number(out, "-", GRID_UNKNOWN);
    out->style = STYLE_DIM;
    return false;
}

void grid_count(struct grid_cell *out, int64_t n)
{
    if (is_known(out, n))
        grid_number(out, word_count(out->buffer, n), (double)n);
}

void grid_short(struct grid_cell *out, int64_t n)
{
    if (is_known(out, n))
        grid_number(out, units_short(out->buffer, (double)n), (double)n);
}

void grid_size(struct grid_cell *out, int64_t bytes)
{
    if (is_known(out, bytes))
        grid_number(out, word_size(out->buffer, bytes), (double)bytes);
}

void grid_rate(struct grid_cell *out, int64_t bytes)
{
    if (is_known(out, bytes))
        grid_number(out, units_rate(out->buffer, bytes), (double)bytes);
}

void grid_percent(struct grid_cell *out, int64_t ppm)
{
    if (is_known(out, ppm < 0 ? UNKNOWN : ppm))
        grid_number(out, word_percent(out->buffer, ppm), (double)ppm);
}

void grid_duration(struct grid_cell *out, int64_t us)
{
    if (is_known(out, us))
        grid_number(out, word_duration(out->buffer, us), (double)us);
}
