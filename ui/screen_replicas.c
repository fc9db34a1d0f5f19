/* 4 Replicas: lag over time in seconds and bytes, each against its limit. */
#include "config.h"
#include "base/clock.h"
#include "ui/page.h"
#include "ui/plot.h"
#include "ui/tables.h"

/* From here on both plots of a replica stand side by side. */
#define BESIDE 100
#define REPLICA_ROWS 21 /* more than that shows no more */

static struct plot plot_of(const struct model_target *t, const struct model_replica *k,
                           const struct view *v, bool bytes)
{
    int64_t limit, now = bytes ? k->lag_bytes : k->lag_us;
    (void)word_limit(t, bytes ? "max_lag_bytes" : "max_lag", &limit);
    return (struct plot){
        .title = bytes ? "BYTES" : "LAG",
        .track = history_find(&v->history, t->name, bytes ? HISTORY_LAG_BYTES : HISTORY_LAG,
                              k->name ? k->name : ""),
        .unit = bytes ? PLOT_BYTES : PLOT_TIME,
        .now = k->reachable ? now : UNKNOWN,
        .limit = limit,
        .word = "of",
        .stops = true,
    };
}

void page_replica(struct canvas *c, struct rect r, const struct model_target *t,
                  const struct model_replica *k, const struct view *v)
{
    char a[WORD_TEXT];
    struct pen p = pen_at(c, r, 0);
    pen_printf(&p, STYLE_TITLE, "%s  ", k->name ? k->name : "?");
    pen_text(&p, k->reachable ? STYLE_GOOD : STYLE_BAD, k->reachable ? "reachable" : "UNREACHABLE");
    if (k->state)
        pen_printf(&p, STYLE_NORMAL, "  %s", k->state);
    if (k->sync)
        pen_printf(&p, STYLE_NORMAL, "  %s", k->sync);
    if (k->reply_age_us != UNKNOWN)
        pen_printf(&p, STYLE_DIM, "  replied %s ago", word_duration(a, k->reply_age_us));
    if (k->at_us > 0) {
        int64_t old = v->now_us - k->at_us;
        pen_printf(&p, old > 5 * US_PER_S ? STYLE_WARN : STYLE_DIM, "  seen %s ago",
                   word_rough(a, old));
    } else {
        pen_text(&p, STYLE_DIM, "  not sampled yet");
    }
    if (k->error)
        pen_printf(&p, STYLE_BAD, "  %s", k->error);
    struct plot lag = plot_of(t, k, v, false), bytes = plot_of(t, k, v, true);
    struct rect below = rect_below(r, 1);
    if (r.width >= BESIDE) {
        plot_draw(c, rect_columns(below, 0, r.width / 2 - 1), &lag, v, t);
        plot_draw(c, rect_columns(below, r.width / 2 + 1, r.width), &bytes, v, t);
        return;
    }
    int half = below.height / 2;
    plot_draw(c, rect_rows(below, 0, half), &lag, v, t);
    plot_draw(c, rect_rows(below, half, half), &bytes, v, t);
}

/* ---- several: a list of all, and charts of as many as there is room for ---- */

enum { NAME, REACHED, STREAM, SYNC, LAG, BYTES, REPLIED, SEEN, ERROR };
static const struct grid_column columns[] = {
    [NAME] = {"REPLICA", 12, 20, 0, 0},
    [REACHED] = {"REACHED", 11, 11, 0, GRID_WATCH},
    [STREAM] = {"STATE", 10, 14, 2, GRID_WATCH},
    [SYNC] = {"SYNC", 6, 8, 3, GRID_WATCH},
    [LAG] = {"LAG", 9, 9, 0, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [BYTES] = {"BYTES", 9, 9, 0, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [REPLIED] = {"REPLIED", 8, 8, 4, GRID_RIGHT | GRID_NUMBER},
    [SEEN] = {"SEEN", 6, 6, 1, GRID_RIGHT | GRID_NUMBER},
    [ERROR] = {"ERROR", 24, 40, 0, GRID_REST},
};

static const struct model_target *target_of(const struct grid *g)
{
    return g->of;
}

static uint64_t identity(const struct grid *g, size_t row)
{
    return grid_identity(GRID_IDENTITY, target_of(g)->replicas[row].name);
}

/* One that cannot be asked lags more than any that can: never by zero, nor by what it once said. */
static void fill_lag(struct grid_cell *out, bool known, const char *text, int64_t lag,
                     int64_t limit)
{
    grid_number(out, known ? text : "unknown", known ? (double)lag : (double)INT64_MAX);
    if (!known || (limit > 0 && lag > limit))
        out->style = STYLE_BAD;
}

static void fill_cell(const struct grid *g, size_t row, size_t column, struct grid_cell *out)
{
    const struct model_replica *k = &target_of(g)->replicas[row];
    int64_t limit = 0, old = g->now_us - k->at_us;
    switch (column) {
    case NAME:
        grid_text(out, k->name ? k->name : "?");
        return;
    case REACHED:
        out->style = k->at_us <= 0 ? STYLE_DIM : k->reachable ? STYLE_GOOD : STYLE_BAD;
        grid_text(out, k->at_us <= 0 ? "not yet" : k->reachable ? "reachable" : "UNREACHABLE");
        return;
    case STREAM:
        grid_text(out, k->state);
        return;
    case SYNC:
        grid_text(out, k->sync);
        return;
    case LAG:
        (void)word_limit(target_of(g), "max_lag", &limit);
        fill_lag(out, k->reachable && k->lag_us != UNKNOWN, word_duration(out->buffer, k->lag_us),
                 k->lag_us, limit);
        return;
    case BYTES:
        (void)word_limit(target_of(g), "max_lag_bytes", &limit);
        fill_lag(out, k->reachable && k->lag_bytes != UNKNOWN, word_size(out->buffer, k->lag_bytes),
                 k->lag_bytes, limit);
        return;
    case REPLIED:
        grid_duration(out, k->reply_age_us);
        return;
    case SEEN:
        if (k->at_us <= 0)
            return;
        out->style = old > 5 * US_PER_S ? STYLE_WARN : STYLE_DIM;
        grid_number(out, word_rough(out->buffer, old), (double)old);
        return;
    default:
        out->style = STYLE_BAD;
        grid_text(out, k->error);
    }
}

void replicas_rows(const struct model_target *t, const struct model *m, const struct view *v,
                   struct grid *g)
{
    (void)m;
    (void)v;
    if (t->replica_count < 2)
        return; /* the charts of one are the screen */
    g->columns = columns;
    g->column_count = COUNT_OF(columns);
    g->row_count = t->replica_count;
    g->of = t;
    g->cell = fill_cell;
    g->identity = identity;
}

#define BOX_ROWS 5 /* of one replica's charts, and the blank line before it */

struct rect replicas_room(const struct grid *g, struct rect r)
{
    int wanted = (int)g->count + 1;
    int most = r.height >= 2 * BOX_ROWS ? r.height - BOX_ROWS : r.height;
    return rect_rows(r, 0, wanted < most ? wanted : most);
}

static void draw_boxes(struct canvas *c, struct rect r, const struct grid *g, const struct view *v)
{
    int shown = r.height / BOX_ROWS;
    if (shown > (int)g->count)
        shown = (int)g->count;
    int first = widget_window(g->selected, (int)g->count, shown);
    int rows = shown ? r.height / shown : 0;
    for (int i = 0; i < shown; i++) {
        const struct model_target *t = target_of(g);
        struct rect box =
            rect_rows(r, i * rows + 1, rows < REPLICA_ROWS + 1 ? rows - 1 : REPLICA_ROWS);
        page_replica(c, box, t, &t->replicas[g->order[first + i]], v);
    }
}

void screen_replicas(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    const struct model_target *t = view_target(v, m);
    struct pen p = pen_at(c, r, 0);
    struct grid g;
    if (tables_open(&g, m, v, r)) {
        size_t gone = 0;
        for (size_t i = 0; i < t->replica_count; i++)
            gone += t->replicas[i].at_us > 0 && !t->replicas[i].reachable;
        pen_printf(&p, STYLE_TITLE, "REPLICAS ");
        pen_printf(&p, STYLE_NORMAL, "%zu", t->replica_count);
        if (gone)
            pen_printf(&p, STYLE_BAD, ", %zu UNREACHABLE", gone);
        grid_note(&p, &g);
        grid_draw(c, &g, &v->seen);
        int used = g.titles.height + g.list.height + 1;
        draw_boxes(c, rect_below(r, used), &g, v);
    } else if (t && t->replica_count) {
        page_replica(c, rect_rows(r, 0, REPLICA_ROWS), t, &t->replicas[0], v);
        c->cursor_x = r.x;
        c->cursor_y = r.y;
        c->rows = c->rows_shown = 1;
    } else if (t) {
        pen_text(&p, STYLE_DIM, "no replica is named for this target: nothing watches its lag");
    }
    tables_close(&g);
}
