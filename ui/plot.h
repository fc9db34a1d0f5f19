/*
 * A plot of one measurement over time, with its limit and with what was done
 * meanwhile, so that cause and effect are seen in one picture. Pure.
 */
#ifndef NEWEL_UI_PLOT_H
#define NEWEL_UI_PLOT_H

#include "ui/view.h"
#include "ui/widgets.h"

enum plot_unit {
    PLOT_COUNT,
    PLOT_TIME, /* µs */
    PLOT_BYTES,
};

#define PLOT_PLOTS_MAX 6

struct plot {
    const char *title; /* "ROWS/S" */
    const struct history_track *track;
    enum plot_unit unit;
    int64_t limit;    /* 0: none */
    const char *word; /* what the limit is: "of", "aim"; static */
    bool stops;       /* to be over it is bad, and not only a pity */
    int64_t now;      /* the figure of the moment, exact; UNKNOWN */
};

/* Plots of a target, in the order of the page. Returns how many, up to PLOT_PLOTS_MAX. */
size_t plots_of(const struct model_target *t, const struct view *v,
                struct plot plots[PLOT_PLOTS_MAX]);

/* A title, and below it what `v` looks back on: the span up to `v->now_us`. */
void plot_draw(struct canvas *c, struct rect r, const struct plot *p, const struct view *v,
               const struct model_target *t);
/* As a sentence: now, least, mean and most over the span. */
void plot_say(struct paper *paper, const struct plot *p, const struct view *v);

/* What the plots look back on: what was chosen, else the session so far, 15 minutes at most. */
int64_t plot_span_us(const struct view *v);
/* "5m": the same as a word. */
const char *plot_span(char out[WORD_TEXT], const struct view *v);
/* The next longer span, or the next shorter one. */
int64_t plot_other_span(int64_t span_us, bool longer);

/* The page: all plots of a target on one axis of time, and the list of what was done. */
void page_plots(struct canvas *c, struct rect r, const struct model_target *t,
                const struct view *v);
void page_plots_say(struct paper *paper, const struct model_target *t, const struct view *v);

#endif
