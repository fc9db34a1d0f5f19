/* 8 Log: every event but samples and batches, newest last. */
#include "config.h"
#include "ui/view.h"
#include "base/text.h"
#include "ui/widgets.h"

#include <stdint.h>
#include <stdlib.h>

/* The newest `rows` entries up to the selected one that pass the filter, found backwards. */
static size_t collect(const struct view *v, size_t *out, size_t most, size_t *matching,
                      size_t *selected_at)
{
    size_t total = 0, chosen = SIZE_MAX;
    for (size_t i = 0; i < v->log.count; i++)
        if (log_matches(log_at(&v->log, i), v->filter)) {
            if (!v->log_seq || log_at(&v->log, i)->seq <= v->log_seq)
                chosen = total;
            total++;
        }
    *matching = total;
    *selected_at = chosen == SIZE_MAX ? 0 : chosen;
    int window = widget_window((int)*selected_at, (int)total, (int)most);
    if (!v->log_seq)
        window = total > most ? (int)(total - most) : 0;
    size_t n = 0, at = 0;
    for (size_t i = 0; i < v->log.count && n < most; i++)
        if (log_matches(log_at(&v->log, i), v->filter) && at++ >= (size_t)window)
            out[n++] = i;
    *selected_at -= total ? (size_t)window : 0;
    return n;
}

void screen_log(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    struct rect list = rect_below(r, 1);
    size_t most = list.height > 0 ? (size_t)list.height : 0;
    size_t *rows = mem_alloc((most + 1) * sizeof *rows);
    size_t matching, selected;
    size_t n = collect(v, rows, most, &matching, &selected);
    struct pen p = pen_at(c, r, 0);
    pen_text(&p, STYLE_TITLE, "LOG ");
    pen_printf(&p, STYLE_NORMAL, "%zu of the last %zu events", matching, v->log.count);
    if (v->filter)
        pen_printf(&p, STYLE_WARN, "  /%s", v->filter);
    pen_text(&p, v->log_seq ? STYLE_WARN : STYLE_DIM, v->log_seq ? "  standing" : "  following");
    const char *follow = v->log_seq ? view_key(v, "last") : NULL;
    if (follow)
        pen_printf(&p, STYLE_WARN, ": %s follows again", follow);
    for (size_t i = 0; i < n; i++) {
        const struct log_entry *e = log_at(&v->log, rows[i]);
        char clock[WORD_TEXT];
        p = pen_at(c, list, (int)i);
        pen_printf(&p, STYLE_DIM, "%s ", word_clock(clock, e->time_us));
        const char *target = json_get_text(e->event, "target", NULL);
        if (m->target_count > 1 && r.width >= 90)
            pen_field(&p, STYLE_DIM, 13, false, target);
        enum style style = e->level > 1 ? STYLE_BAD : e->level > 0 ? STYLE_WARN : STYLE_NORMAL;
        const char *text = text_from_column(e->text, v->shift);
        pen_printf(&p, style, "%s%s", e->level > 1 ? "!! " : e->level > 0 ? "! " : "", text);
        canvas_spot(c, rect_rows(list, (int)i, 1), SPOT_ROW, NULL, e->seq);
        if (i == selected) {
            if (v->log_seq)
                canvas_restyle(c, rect_rows(list, (int)i, 1), STYLE_SELECTED);
            c->cursor_x = list.x;
            c->cursor_y = list.y + (int)i;
        }
    }
    c->rows = (int)matching;
    c->rows_shown = list.height;
    free(rows);
}
