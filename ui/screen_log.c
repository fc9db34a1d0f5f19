/* 8 Log: every event but samples and batches, newest last. */
#include "config.h"
#include "ui/tables.h"

#include <string.h>

static const struct grid_column columns[] = {
    {"TIME", 8, 8, 0, GRID_NUMBER},  {"", 2, 2, 0, 0},
    {"TARGET", 13, 20, 2, 0},        {"KIND", 10, 10, 3, 0},
    {"EVENT", 60, 70, 0, GRID_REST},
};

static const struct log_entry *entry_of(const struct grid *g, size_t row)
{
    return log_at(g->of, row);
}

static uint64_t identity(const struct grid *g, size_t row)
{
    return (uint64_t)entry_of(g, row)->seq;
}

static bool matches(const struct grid *g, size_t row, const char *filter)
{
    return log_matches(entry_of(g, row), filter);
}

static bool concerns(const struct grid *g, size_t row)
{
    const char *target = json_get_text(entry_of(g, row)->event, "target", NULL);
    return !target || strcmp(target, g->only) == 0;
}

static void fill_cell(const struct grid *g, size_t row, size_t column, struct grid_cell *out)
{
    const struct log_entry *e = entry_of(g, row);
    enum style plain = column == 4 ? STYLE_NORMAL : STYLE_DIM;
    out->style = e->level > 1 ? STYLE_BAD : e->level > 0 ? STYLE_WARN : plain;
    switch (column) {
    case 0:
        out->style = STYLE_DIM;
        grid_number(out, word_clock(out->buffer, e->time_us), (double)e->time_us);
        return;
    case 1:
        grid_text(out, e->level > 1 ? "!!" : e->level > 0 ? "!" : "");
        return;
    case 2:
        out->style = STYLE_DIM;
        grid_text(out, json_get_text(e->event, "target", NULL));
        return;
    case 3:
        out->style = STYLE_DIM;
        grid_text(out, json_get_text(e->event, "event", NULL));
        return;
    default:
        grid_text(out, e->text);
    }
}

void log_rows(const struct model_target *t, const struct model *m, const struct view *v,
              struct grid *g)
{
    g->only = v->only && t ? t->name : NULL;
    g->concerns = concerns;
    g->hidden = m->target_count > 1 ? 0 : 1u << 2;
    g->columns = columns;
    g->column_count = COUNT_OF(columns);
    g->row_count = v->log.count;
    g->of = &v->log;
    g->cell = fill_cell;
    g->identity = identity;
    g->matches = matches;
    g->stand = GRID_LAST;
}

void screen_log(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    struct grid g;
    bool any = tables_open(&g, m, v, r), standing = v->tables[SCREEN_LOG].chosen != 0;
    struct pen p = pen_at(c, r, 0);
    pen_text(&p, STYLE_TITLE, "LOG ");
    pen_printf(&p, STYLE_NORMAL, "%zu of the last %zu events", g.count, v->log.count);
    if (any && g.only)
        pen_printf(&p, STYLE_WARN, " of %s alone", g.only);
    grid_note(&p, &g);
    pen_text(&p, standing ? STYLE_WARN : STYLE_DIM, standing ? "  standing" : "  following");
    const char *follow = standing ? view_key(v, "last") : NULL;
    if (follow)
        pen_printf(&p, STYLE_WARN, ": %s follows again", follow);
    if (any)
        grid_draw(c, &g, &v->seen);
    tables_close(&g);
}
