#include "config.h"
#include "ui/tables.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    table_rows *rows;
    bool of_target;
    table_room *room; /* NULL: all of it */
} tables[SCREEN_COUNT] = {
    [SCREEN_TABLES] = {tables_rows, false, NULL},
    [SCREEN_LOCKS] = {locks_rows, true, locks_room},
    [SCREEN_REPLICAS] = {replicas_rows, true, replicas_room},
    [SCREEN_TARGETS] = {targets_rows, false, NULL},
    [SCREEN_PLANS] = {plans_rows, true, NULL},
    [SCREEN_CLIENTS] = {clients_rows, true, clients_room},
    [SCREEN_LOG] = {log_rows, false, NULL},
};

static bool fill(struct grid *g, const struct model *m, const struct view *v)
{
    *g = (struct grid){.state = &v->tables[v->screen], .now_us = v->now_us, .shift = v->shift};
    const struct model_target *t = view_target(v, m);
    if (!tables[v->screen].rows || (!t && v->screen != SCREEN_LOG))
        return false;
    tables[v->screen].rows(t, m, v, g);
    return g->row_count > 0;
}

bool tables_here(const struct model *m, const struct view *v)
{
    struct grid g;
    (void)fill(&g, m, v);
    return g.columns;
}

bool tables_open(struct grid *g, const struct model *m, const struct view *v, struct rect r)
{
    if (!fill(g, m, v))
        return false;
    grid_arrange(g);
    struct rect room = rect_below(r, 1);
    grid_fit(g, tables[v->screen].room ? tables[v->screen].room(g, room) : room);
    return true;
}

void tables_close(struct grid *g)
{
    grid_free(g);
}

int tables_chosen(const struct model *m, const struct view *v)
{
    struct grid g;
    uint64_t chosen = v->tables[v->screen].chosen;
    if (!chosen || !fill(&g, m, v))
        return -1;
    for (size_t i = 0; i < g.row_count; i++)
        if (g.identity(&g, i) == chosen)
            return (int)i;
    return -1;
}

/* ---- standing on a row ---- */

static void forget_lock(struct view *v)
{
    free(v->lock_start);
    v->lock_start = NULL;
    v->lock_pid = 0;
}

static void stand(struct view *v, const struct model *m, const struct grid *g, int64_t place)
{
    struct grid_state *s = &v->tables[v->screen];
    if (place >= (int64_t)g->count)
        place = (int64_t)g->count - 1;
    if (place < 0)
        place = 0;
    if (!g->count)
        return;
    size_t row = g->order[place];
    s->place = (int)place;
    s->chosen = g->identity(g, row);
    if (v->screen != SCREEN_LOCKS)
        return;
    /* whom a key would hit is kept as it is, not as a digest of it */
    const struct model_lock *k = &view_target(v, m)->locks[row];
    forget_lock(v);
    v->lock_pid = k->pid;
    v->lock_start = mem_dup(k->start);
}

void tables_move(struct view *v, const struct model *m, int by)
{
    struct grid g;
    if (tables_open(&g, m, v, (struct rect){0})) {
        /* the row is gone: its place is where one goes on, and the first key only finds it */
        if (g.selected < 0)
            stand(v, m, &g, v->tables[v->screen].place);
        else
            stand(v, m, &g, (int64_t)g.selected + by);
    }
    tables_close(&g);
}

bool tables_choose(struct view *v, const struct model *m)
{
    struct grid g;
    bool any = tables_open(&g, m, v, (struct rect){0}) && g.count;
    if (any)
        stand(v, m, &g, g.selected >= 0 ? g.selected : v->tables[v->screen].place);
    tables_close(&g);
    return any;
}

void tables_choose_row(struct view *v, const struct model *m, size_t row)
{
    struct grid g;
    if (tables_open(&g, m, v, (struct rect){0}))
        for (size_t place = 0; place < g.count; place++)
            if (g.order[place] == row) {
                stand(v, m, &g, (int64_t)place);
                break;
            }
    tables_close(&g);
}

void tables_unchoose(struct view *v)
{
    for (size_t i = 0; i < SCREEN_COUNT; i++) {
        v->tables[i].chosen = 0;
        v->tables[i].place = 0;
    }
    forget_lock(v);
}

/* ---- sort and filter ---- */

static bool is_sortable(struct view *v, const struct model *m, struct grid *g)
{
    (void)fill(g, m, v);
    if (v->page == PAGE_NONE && g->columns)
        return true;
    view_say(v, STYLE_DIM, "there is no table here to sort");
    return false;
}

static void say_sort(struct view *v, const struct grid *g)
{
    const struct grid_state *s = g->state;
    if (s->sort)
        view_say(v, STYLE_NORMAL, "by %s, %s", g->columns[s->sort - 1].title, grid_direction(g));
    else
        view_say(v, STYLE_NORMAL, "rows as they come");
}

void tables_sort(struct view *v, const struct model *m, int by)
{
    struct grid g;
    if (!is_sortable(v, m, &g))
        return;
    struct grid_state *s = &v->tables[v->screen];
    int count = (int)g.column_count + 1;
    do
        s->sort = (s->sort + by + count) % count;
    while (s->sort && !grid_sorts(&g, (size_t)s->sort - 1));
    s->reverse = false;
    say_sort(v, &g);
}

void tables_reverse(struct view *v, const struct model *m)
{
    struct grid g;
    if (!is_sortable(v, m, &g))
        return;
    struct grid_state *s = &v->tables[v->screen];
    if (!s->sort) {
        view_say(v, STYLE_DIM, "choose a column with s first");
        return;
    }
    s->reverse = !s->reverse;
    say_sort(v, &g);
}

void tables_filter(struct view *v, const struct model *m, const char *text)
{
    struct grid_state *s = &v->tables[v->screen];
    free(s->filter);
    s->filter = text && *text ? mem_dup(text) : NULL;
    struct grid g;
    bool any = tables_open(&g, m, v, (struct rect){0});
    bool seen = any && g.selected >= 0 && g.identity(&g, g.order[g.selected]) == s->chosen;
    if (!seen || v->screen == SCREEN_LOG) {
        /* one begins at the first row (the log's newest); and no key may hit whom one sees not */
        s->chosen = 0;
        s->place = 0;
        forget_lock(v);
    }
    tables_close(&g);
}

/* ---- the mouse ---- */

struct grid_hit tables_hit(const struct model *m, const struct view *v, int width, int height,
                           int x, int y)
{
    struct grid_hit hit = {.spot = GRID_NOWHERE};
    struct grid g;
    if (v->page != PAGE_NONE || v->ask.kind != ASK_NONE)
        return hit;
    if (tables_open(&g, m, v, view_body(v, width, height)))
        hit = grid_hit(&g, x, y);
    tables_close(&g);
    return hit;
}

bool tables_click(struct view *v, const struct model *m, struct grid_hit hit)
{
    struct grid_state *s = &v->tables[v->screen];
    struct grid g;
    bool again = false;
    if (hit.spot == GRID_ROW) {
        if (tables_open(&g, m, v, (struct rect){0})) {
            again = !g.follows && g.selected == (int)hit.place;
            stand(v, m, &g, (int64_t)hit.place);
        }
        tables_close(&g);
    } else if (hit.spot == GRID_HEADING && fill(&g, m, v) && grid_sorts(&g, hit.column)) {
        s->reverse = s->sort == (int)hit.column + 1 && !s->reverse;
        s->sort = (int)hit.column + 1;
        say_sort(v, &g);
    }
    return again;
}

/* ---- what has changed ---- */

bool tables_watch(struct view *v, const struct model *m, int width, int height, int64_t mono_us)
{
    struct grid g;
    const struct model_target *t = view_target(v, m);
    uint64_t of = GRID_IDENTITY + v->screen;
    if (t && tables[v->screen].of_target)
        of = grid_identity(of, t->name);
    bool shown = v->page == PAGE_NONE && tables_open(&g, m, v, view_body(v, width, height));
    bool marked = grid_watch(&v->seen, shown ? &g : NULL, of, mono_us);
    if (shown)
        tables_close(&g);
    return marked;
}
