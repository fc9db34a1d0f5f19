/* 4 Replicas: lag over time in seconds and bytes, each against its limit. */
#include "config.h"
#include "ui/view.h"
#include "base/clock.h"
#include "base/units.h"
#include "ui/widgets.h"

static void draw_figure(struct pen *p, const char *name, bool known, const char *figure, bool over,
                        const char *limit)
{
    pen_field(p, STYLE_DIM, 7, false, name);
    pen_field(p, !known || over ? STYLE_BAD : STYLE_BOLD, 9, true, known ? figure : "unknown");
    pen_printf(p, over ? STYLE_BAD : STYLE_DIM, " %s %s",
               over    ? "OVER"
               : limit ? "of"
                       : "",
               limit ? limit : "no limit");
}

static void draw_chart(struct canvas *c, struct rect r, const struct series *s, int64_t limit)
{
    widget_chart(c, r, s, limit);
}

static void draw_replica(struct canvas *c, struct rect r, const struct model_target *t,
                         const struct model_replica *k, int64_t now_us)
{
    int64_t lag_limit, bytes_limit;
    const char *lag_text = word_limit(t, "max_lag", &lag_limit);
    const char *bytes_text = word_limit(t, "max_lag_bytes", &bytes_limit);
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
        int64_t old = now_us - k->at_us;
        pen_printf(&p, old > 5 * US_PER_S ? STYLE_WARN : STYLE_DIM, "  seen %s ago",
                   word_rough(a, old));
    } else {
        pen_text(&p, STYLE_DIM, "  not sampled yet");
    }
    if (k->error)
        pen_printf(&p, STYLE_BAD, "  %s", k->error);
    int half = (r.height - 1) / 2;
    if (half < 1)
        half = 1;
    bool known = k->reachable && k->lag_us != UNKNOWN;
    p = pen_at(c, r, 1);
    draw_figure(&p, " lag", known, word_duration(a, k->lag_us),
                known && lag_limit > 0 && k->lag_us > lag_limit, lag_text);
    draw_chart(c, rect_rows(rect_columns(r, 34, r.width - 34), 1, half), &k->lag, lag_limit);
    known = k->reachable && k->lag_bytes != UNKNOWN;
    p = pen_at(c, r, 1 + half);
    draw_figure(&p, " bytes", known, word_size(a, k->lag_bytes),
                known && bytes_limit > 0 && k->lag_bytes > bytes_limit, bytes_text);
    draw_chart(c, rect_rows(rect_columns(r, 34, r.width - 34), 1 + half, half), &k->bytes,
               bytes_limit);
}

void screen_replicas(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    const struct model_target *t = view_target(v, m);
    if (!t)
        return;
    int count = (int)t->replica_count;
    if (!count) {
        struct pen p = pen_at(c, r, 0);
        pen_text(&p, STYLE_DIM, "no replica is named for this target: nothing watches its lag");
        return;
    }
    int rows = r.height / count - 1;
    rows = rows < 3 ? 3 : rows > 11 ? 11 : rows;
    int shown = r.height / (rows + 1) > 0 ? r.height / (rows + 1) : 1;
    int selected = v->selected[SCREEN_REPLICAS] < count ? v->selected[SCREEN_REPLICAS] : count - 1;
    int first = widget_window(selected, count, shown);
    for (int i = 0; i < shown && first + i < count; i++) {
        struct rect box = rect_rows(r, i * (rows + 1), rows);
        draw_replica(c, box, t, &t->replicas[first + i], v->now_us);
        canvas_spot(c, box, SPOT_ROW, NULL, first + i);
        if (first + i == selected && box.height) {
            c->cursor_x = box.x;
            c->cursor_y = box.y;
        }
    }
    c->rows = count;
    c->rows_shown = shown;
}
