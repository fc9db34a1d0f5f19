/* The page of plots: all that is measured of a target, on one axis of time. */
#include "config.h"
#include "ui/plot.h"

#include "base/clock.h"
#include "base/units.h"

#include <string.h>

#define WIDE 120
#define PLOT_ROWS 3 /* of the least plot that says anything */

/* Where both sides of a rate are limits, the text has its unit: "40.0MB/s". */
static int64_t limit_of(const struct model_target *t, const char *signal)
{
    int64_t limit, rate;
    const char *text = word_limit(t, signal, &limit);
    return text && !limit && units_parse_rate(text, &rate) ? rate : limit;
}

static int64_t worst_lag(const struct model_target *t, bool bytes)
{
    int64_t worst = UNKNOWN;
    for (size_t i = 0; i < t->replica_count; i++) {
        const struct model_replica *r = &t->replicas[i];
        int64_t lag = bytes ? r->lag_bytes : r->lag_us;
        if (!r->reachable || lag == UNKNOWN)
            return UNKNOWN; /* any of them may be the worst */
        worst = lag > worst ? lag : worst;
    }
    return worst;
}

size_t plots_of(const struct model_target *t, const struct view *v,
                struct plot plots[PLOT_PLOTS_MAX])
{
    const struct history *h = &v->history;
    int64_t rate = model_eta(t, v->now_us).rows_per_s;
    size_t n = 0;
    plots[n++] = (struct plot){.title = "ROWS/S", .unit = PLOT_COUNT, .now = rate};
    plots[n - 1].track = history_find(h, t->name, HISTORY_ROWS, NULL);
    plots[n++] = (struct plot){.title = "BATCH",
                               .unit = PLOT_TIME,
                               .now = t->batch_us,
                               .limit = t->pace_time_us > 0 ? t->pace_time_us : 0,
                               .word = "aim"};
    plots[n - 1].track = history_find(h, t->name, HISTORY_BATCH, NULL);
    if (t->replica_count) {
        plots[n++] = (struct plot){.title = t->replica_count > 1 ? "WORST LAG" : "LAG",
                                   .unit = PLOT_TIME,
                                   .now = worst_lag(t, false),
                                   .limit = limit_of(t, "max_lag"),
                                   .word = "of",
                                   .stops = true};
        plots[n - 1].track = history_find(h, t->name, HISTORY_LAG, NULL);
    }
    bool is_wal = strcmp(word_log(t), "WAL") == 0;
    plots[n++] = (struct plot){.title = is_wal ? "WAL/S" : "REDO/S",
                               .unit = PLOT_BYTES,
                               .now = t->wal_rate,
                               .limit = limit_of(t, "max_wal"),
                               .word = "of",
                               .stops = true};
    plots[n - 1].track = history_find(h, t->name, HISTORY_LOG, NULL);
    plots[n++] = (struct plot){.title = "WAITERS",
                               .unit = PLOT_COUNT,
                               .now = t->waiters,
                               .limit = limit_of(t, "max_waiters"),
                               .word = "of",
                               .stops = true};
    plots[n - 1].track = history_find(h, t->name, HISTORY_WAITERS, NULL);
    return n;
}

static void draw_axis(struct canvas *c, struct rect r, const struct view *v)
{
    char from[WORD_TEXT], to[WORD_TEXT], span[WORD_TEXT];
    struct pen p = pen_at(c, r, 0);
    pen_printf(&p, STYLE_DIM, "%s - %s, ", word_clock(from, v->now_us - plot_span_us(v)),
               word_clock(to, v->now_us));
    pen_text(&p, STYLE_BOLD, plot_span(span, v));
}

/* Marks in the span, newest first; how many were put into `found`. */
static size_t marks_in(const struct view *v, const struct model_target *t,
                       const struct history_mark **found, size_t most)
{
    size_t n = 0;
    for (size_t i = v->history.mark_count; i-- > 0 && n < most;) {
        const struct history_mark *mark = &v->history.marks[i];
        if (mark->at_us > v->now_us || (mark->target && t->name && strcmp(mark->target, t->name)))
            continue;
        if (mark->at_us < v->now_us - plot_span_us(v))
            break;
        found[n++] = mark;
    }
    return n;
}

#define MARKS_SAID 40

static void draw_legend(struct canvas *c, struct rect r, const struct model_target *t,
                        const struct view *v)
{
    const struct history_mark *marks[MARKS_SAID];
    size_t most = r.height < MARKS_SAID ? (size_t)r.height : MARKS_SAID;
    size_t n = marks_in(v, t, marks, most);
    for (size_t i = 0; i < n; i++) {
        char clock[WORD_TEXT];
        struct pen p = pen_at(c, r, (int)i);
        pen_printf(&p, marks[i]->kind == HISTORY_ALARM ? STYLE_BAD : STYLE_KEY, "%c ",
                   marks[i]->letter);
        pen_printf(&p, STYLE_DIM, "%s ", word_clock(clock, marks[i]->at_us));
        pen_text(&p, STYLE_NORMAL, marks[i]->text);
    }
}

void page_plots(struct canvas *c, struct rect r, const struct model_target *t, const struct view *v)
{
    struct plot plots[PLOT_PLOTS_MAX];
    size_t n = plots_of(t, v, plots);
    size_t columns = r.width >= WIDE ? 2 : 1, lines = (n + columns - 1) / columns;
    int legend = r.height / 6 + 1;
    int rows = (r.height - 1 - legend) / (int)lines;
    if (rows < PLOT_ROWS) { /* what does not fit is left away from the end */
        rows = PLOT_ROWS;
        legend = 0;
    }
    int width = r.width / (int)columns, used = 0;
    for (size_t i = 0; i < n; i++) {
        int top = (int)(i / columns) * rows, left = (int)(i % columns) * width;
        if (top + rows > r.height - 1)
            break;
        used = top + rows;
        struct rect box = rect_columns(rect_rows(r, top, rows), left,
                                       i % columns + 1 < columns ? left + width - 2 : r.width);
        plot_draw(c, box, &plots[i], v, t);
    }
    draw_axis(c, rect_rows(r, used, 1), v);
    draw_legend(c, rect_below(r, used + 1), t, v);
}

void page_plots_say(struct paper *paper, const struct model_target *t, const struct view *v)
{
    struct plot plots[PLOT_PLOTS_MAX];
    const struct history_mark *marks[MARKS_SAID];
    char span[WORD_TEXT], clock[WORD_TEXT];
    size_t n = plots_of(t, v, plots), found = marks_in(v, t, marks, MARKS_SAID);
    paper_addf(paper, STYLE_TITLE, 0, "%s over the last %s", t->name ? t->name : "?",
               plot_span(span, v));
    for (size_t i = 0; i < n; i++)
        plot_say(paper, &plots[i], v);
    for (size_t i = 0; i < found; i++)
        paper_addf(paper, STYLE_NORMAL, 0, "%s %s", word_clock(clock, marks[i]->at_us),
                   marks[i]->text);
}
