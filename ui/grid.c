#include "config.h"
#include "ui/grid.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void fill_cell(const struct grid *g, size_t row, size_t column, struct grid_cell *out)
{
    *out = (struct grid_cell){.style = STYLE_NORMAL, .number = GRID_UNKNOWN};
    g->cell(g, row, column, out);
}

/* ---- filter and order ---- */

/* What stays together: a tree's root with all behind it, or one row. */
struct branch {
    const struct grid *grid;
    size_t first, length;
    struct grid_cell cell; /* sorted by it; moves no more once it is filled */
};

static bool is_hidden(const struct grid *g, size_t column)
{
    return g->hidden >> column & 1;
}

static bool row_matches(const struct grid *g, size_t row, const char *filter)
{
    if (g->matches)
        return g->matches(g, row, filter);
    for (size_t i = 0; i < g->column_count; i++) {
        struct grid_cell cell;
        if (is_hidden(g, i))
            continue;
        fill_cell(g, row, i, &cell);
        if (cell.text && strcasestr(cell.text, filter))
            return true;
    }
    return false;
}

static bool branch_matches(const struct grid *g, size_t first, size_t length)
{
    const char *filter = g->state->filter;
    for (size_t i = 0; i < length; i++)
        if ((!filter || row_matches(g, first + i, filter)) &&
            (!g->only || !g->concerns || g->concerns(g, first + i)))
            return true;
    return false;
}

static size_t branch_length(const struct grid *g, size_t first)
{
    size_t n = 1;
    while (g->depth && first + n < g->row_count && g->depth(g, first + n) > 0)
        n++;
    return n;
}

static const struct grid_column *sorted_by(const struct grid *g)
{
    int n = g->state->sort;
    return n > 0 && (size_t)n <= g->column_count ? &g->columns[n - 1] : NULL;
}

/* A root that has no figure of its own (it waits for nobody) stands for the largest behind it. */
static void fill_branch(struct branch *b, size_t column)
{
    fill_cell(b->grid, b->first, column, &b->cell);
    if (!isinf(b->cell.number))
        return;
    for (size_t i = 1; i < b->length; i++) {
        struct grid_cell cell;
        fill_cell(b->grid, b->first + i, column, &cell);
        if (!isinf(cell.number) && (isinf(b->cell.number) || cell.number > b->cell.number))
            b->cell.number = cell.number;
    }
}

static int compare_numbers(double a, double b)
{
    return a < b ? 1 : a > b ? -1 : 0;
}

/* Rows without a figure or a text come last, whichever way it is sorted. */
static int compare_branches(const void *x, const void *y)
{
    const struct branch *a = *(struct branch *const *)x, *b = *(struct branch *const *)y;
    const struct grid *g = a->grid;
    const char *s = a->cell.text ? a->cell.text : "", *t = b->cell.text ? b->cell.text : "";
    bool number = sorted_by(g)->flags & GRID_NUMBER;
    bool none_a = number ? isinf(a->cell.number) : !*s;
    bool none_b = number ? isinf(b->cell.number) : !*t;
    if (none_a != none_b)
        return none_a ? 1 : -1;
    int order = none_a   ? 0
                : number ? compare_numbers(a->cell.number, b->cell.number)
                         : strverscmp(s, t); /* orders-2 comes before orders-10 */
    if (g->state->reverse)
        order = -order;
    /* rows that are alike keep the order in which they came */
    return order ? order : a->first < b->first ? -1 : 1;
}

static void order_rows(struct grid *g)
{
    struct branch *branches = mem_alloc((g->row_count + 1) * sizeof *branches);
    struct branch **sorted = mem_alloc((g->row_count + 1) * sizeof *sorted);
    const struct grid_column *by = sorted_by(g);
    size_t n = 0;
    for (size_t row = 0, length; row < g->row_count; row += length) {
        length = branch_length(g, row);
        if (!branch_matches(g, row, length))
            continue;
        struct branch *b = &branches[n];
        *b = (struct branch){.grid = g, .first = row, .length = length};
        if (by)
            fill_branch(b, (size_t)(by - g->columns));
        sorted[n++] = b;
    }
    if (by)
        qsort(sorted, n, sizeof *sorted, compare_branches);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < sorted[i]->length; k++)
            g->order[g->count++] = sorted[i]->first + k;
    free(branches);
    free(sorted);
}

static int place_of_row(const struct grid *g, size_t row)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->order[i] == row)
            return (int)i;
    return 0;
}

static int within(int place, size_t count)
{
    if (place >= (int)count)
        place = (int)count - 1;
    return place > 0 ? place : 0;
}

/* Rows that look alike are one to us: then the one at the place where one stood. */
static int find_chosen(const struct grid *g)
{
    const struct grid_state *s = g->state;
    if (!s->chosen || !g->count)
        return -1;
    int place = within(s->place, g->count);
    if (g->identity(g, g->order[place]) == s->chosen)
        return place;
    for (size_t i = 0; i < g->count; i++)
        if (g->identity(g, g->order[i]) == s->chosen)
            return (int)i;
    return -1;
}

static void find_selected(struct grid *g)
{
    const struct grid_state *s = g->state;
    g->selected = find_chosen(g);
    if (g->selected >= 0)
        return;
    if (g->stand == GRID_NOBODY || !g->count)
        return;
    g->follows = g->stand == GRID_LAST && !s->chosen;
    if (g->follows)
        g->selected = (int)g->count - 1;
    else if (s->chosen)
        g->selected = within(s->place, g->count);
    else /* whoever sorts looks for the first ones */
        g->selected = sorted_by(g) ? 0 : place_of_row(g, g->home);
}

void grid_arrange(struct grid *g)
{
    g->order = mem_alloc((g->row_count + 1) * sizeof *g->order);
    g->count = 0;
    order_rows(g);
    find_selected(g);
}

void grid_free(struct grid *g)
{
    free(g->order);
    *g = (struct grid){0};
}

/* ---- room ---- */

bool grid_sorts(const struct grid *g, size_t column)
{
    return column < g->column_count && *g->columns[column].title && !is_hidden(g, column);
}

static int rank_of(const struct grid *g, size_t column)
{
    /* what one sorts by is what one looks at */
    return &g->columns[column] == sorted_by(g) ? 0 : g->columns[column].rank;
}

/* Takes columns in, the most important first, until one does not fit. What is left over. */
static int take_columns(struct grid *g, int room)
{
    int most = 0;
    for (size_t i = 0; i < g->column_count; i++)
        most = g->columns[i].rank > most ? g->columns[i].rank : most;
    room++; /* there is no gap behind the last */
    for (int rank = 0; rank <= most; rank++)
        for (size_t i = 0; i < g->column_count; i++) {
            if (rank_of(g, i) != rank || is_hidden(g, i))
                continue;
            if (rank && g->columns[i].least + 1 > room)
                return room;
            g->width[i] = g->columns[i].least;
            room -= g->columns[i].least + 1;
        }
    return room;
}

/*
 * What always is there may still be too much, above all when it is sorted by a
 * column beyond it: a column falls away whole, rather than be cut by the edge.
 */
static int drop_columns(struct grid *g, int room)
{
    int give = 0; /* what the column can give that takes the rest */
    for (size_t i = 0; i < g->column_count; i++)
        give += g->columns[i].flags & GRID_REST ? g->width[i] : 0;
    for (size_t i = g->column_count; room + give < 0 && i-- > 1;) {
        if (!g->width[i] || g->columns[i].flags & GRID_REST || &g->columns[i] == sorted_by(g))
            continue;
        room += g->width[i] + 1;
        g->width[i] = 0;
    }
    return room;
}

static int widen_column(struct grid *g, size_t column, int room)
{
    int more = g->columns[column].most - g->width[column];
    more = more < room ? more : room;
    if (!g->width[column] || more <= 0)
        return 0;
    g->width[column] += more;
    return more;
}

/* By importance again; among its like, the column that takes the rest comes first. */
static void widen_columns(struct grid *g, int room)
{
    for (int turn = 0; room > 0 && turn < 2 * GRID_COLUMNS; turn++)
        for (size_t i = 0; i < g->column_count; i++)
            if (rank_of(g, i) == turn / 2 && (g->columns[i].flags & GRID_REST ? 0 : 1) == turn % 2)
                room -= widen_column(g, i, room);
    for (size_t i = 0; i < g->column_count; i++)
        if (g->width[i] && (g->columns[i].flags & GRID_REST)) {
            g->width[i] += room; /* which may be a lack of it */
            g->width[i] = g->width[i] > 0 ? g->width[i] : 0;
            return;
        }
}

void grid_fit(struct grid *g, struct rect r)
{
    g->titles = rect_rows(r, 0, 1);
    g->list = rect_below(r, 1);
    memset(g->width, 0, sizeof g->width);
    widen_columns(g, drop_columns(g, take_columns(g, r.width)));
    int x = r.x;
    for (size_t i = 0; i < g->column_count; i++) {
        g->x[i] = x;
        x += g->width[i] ? g->width[i] + 1 : 0;
    }
    int around = g->selected >= 0 ? g->selected : within(g->state->place, g->count);
    g->first = widget_window(around, (int)g->count, g->list.height);
}

static size_t shown_rows(const struct grid *g)
{
    size_t height = g->list.height > 0 ? (size_t)g->list.height : 0;
    size_t left = g->count - (size_t)g->first;
    return height < left ? height : left;
}

/* ---- what has changed ---- */

static struct grid_seen *find_seen(const struct grid_memory *memory, uint64_t row)
{
    for (size_t i = 0; i < memory->count; i++)
        if (memory->rows[i].row == row)
            return &memory->rows[i];
    return NULL;
}

static bool watch_row(struct grid_seen *now, const struct grid_seen *before, const struct grid *g,
                      size_t row, int64_t now_us)
{
    bool marked = false;
    for (size_t i = 0; i < g->column_count; i++) {
        if (!g->width[i] || !(g->columns[i].flags & GRID_WATCH))
            continue;
        struct grid_cell cell;
        fill_cell(g, row, i, &cell);
        now->hash[i] = grid_identity(GRID_IDENTITY, cell.text);
        if (before && before->hash[i])
            now->until_us[i] =
                before->hash[i] == now->hash[i] ? before->until_us[i] : now_us + GRID_MARK_US;
        marked |= now->until_us[i] > now_us;
    }
    return marked;
}

bool grid_watch(struct grid_memory *memory, const struct grid *g, uint64_t of, int64_t now_us)
{
    if (!g || memory->of != of)
        grid_forget(memory);
    memory->of = of;
    memory->now_us = now_us;
    if (!g)
        return false;
    size_t n = shown_rows(g);
    struct grid_seen *rows = mem_alloc((n + 1) * sizeof *rows);
    bool marked = false;
    for (size_t i = 0; i < n; i++) {
        size_t row = g->order[(size_t)g->first + i];
        rows[i].row = g->identity(g, row);
        marked |= watch_row(&rows[i], find_seen(memory, rows[i].row), g, row, now_us);
    }
    free(memory->rows);
    memory->rows = rows;
    memory->count = n;
    return marked;
}

void grid_forget(struct grid_memory *memory)
{
    free(memory->rows);
    *memory = (struct grid_memory){0};
}

/* ---- drawing ---- */

static void draw_titles(struct canvas *c, const struct grid *g)
{
    const struct grid_column *by = sorted_by(g);
    for (size_t i = 0; i < g->column_count; i++) {
        const struct grid_column *k = &g->columns[i];
        if (!g->width[i])
            continue;
        struct pen p = pen_at(c, g->titles, 0);
        pen_to(&p, g->x[i] - g->titles.x);
        char title[WORD_TEXT];
        bool down = !(k->flags & GRID_NUMBER) == g->state->reverse;
        (void)snprintf(title, sizeof title, "%s%s", k->title,
                       k != by ? ""
                       : down  ? "\u2193"
                               : "\u2191");
        pen_field(&p, k == by ? STYLE_BOLD : STYLE_TITLE, g->width[i], k->flags & GRID_RIGHT,
                  title);
    }
}

static void draw_row(struct canvas *c, const struct grid *g, int line, size_t row,
                     const struct grid_memory *memory)
{
    const struct grid_seen *seen =
        memory && memory->count ? find_seen(memory, g->identity(g, row)) : NULL;
    for (size_t i = 0; i < g->column_count; i++) {
        const struct grid_column *k = &g->columns[i];
        if (!g->width[i])
            continue;
        struct grid_cell cell;
        fill_cell(g, row, i, &cell);
        bool marked = seen && seen->until_us[i] > memory->now_us;
        struct pen p = pen_at(c, g->list, line);
        pen_to(&p, g->x[i] - g->list.x);
        pen_field(&p, marked && cell.style == STYLE_NORMAL ? STYLE_BOLD : cell.style, g->width[i],
                  k->flags & GRID_RIGHT,
                  k->flags & GRID_REST && cell.text ? text_from_column(cell.text, g->shift)
                                                    : cell.text);
        if (marked) /* in the gap behind it: no colour needed, and no room */
            pen_text(&p, STYLE_BOLD, "*");
    }
}

void grid_draw(struct canvas *c, const struct grid *g, const struct grid_memory *memory)
{
    draw_titles(c, g);
    if (!g->count && g->row_count) {
        struct pen p = pen_at(c, g->list, 0);
        pen_printf(&p, STYLE_WARN, "none of %zu has /%s in it: Esc shows all", g->row_count,
                   g->state->filter ? g->state->filter : "");
    }
    size_t n = shown_rows(g);
    for (size_t i = 0; i < n; i++) {
        draw_row(c, g, (int)i, g->order[(size_t)g->first + i], memory);
        if (g->first + (int)i != g->selected)
            continue;
        if (!g->follows)
            canvas_restyle(c, rect_rows(g->list, (int)i, 1), STYLE_SELECTED);
        c->cursor_x = g->list.x;
        c->cursor_y = g->list.y + (int)i;
    }
    c->rows = (int)g->count;
    c->rows_shown = g->list.height;
}

const char *grid_direction(const struct grid *g)
{
    const struct grid_column *by = sorted_by(g);
    if (by && by->flags & GRID_NUMBER)
        return g->state->reverse ? "smallest first" : "largest first";
    return g->state->reverse ? "Z first" : "A first";
}

void grid_note(struct pen *p, const struct grid *g)
{
    const struct grid_column *by = sorted_by(g);
    if (by)
        pen_printf(p, STYLE_ACCENT, "  by %s, %s", by->title, grid_direction(g));
    if (!g->state->filter)
        return;
    char shown[WORD_TEXT], all[WORD_TEXT];
    pen_printf(p, STYLE_WARN, "  /%s: %s of %s", g->state->filter,
               word_count(shown, (int64_t)g->count), word_count(all, (int64_t)g->row_count));
}

void grid_paper(struct paper *p, const struct grid *g, size_t row)
{
    for (size_t i = 0; i < g->column_count; i++) {
        struct grid_cell cell;
        fill_cell(g, row, i, &cell);
        if (*g->columns[i].title && cell.text && *cell.text)
            paper_pair(p, 2, 18, g->columns[i].title, cell.style, cell.text);
    }
}

/* ---- the mouse ---- */

static bool holds(struct rect r, int x, int y)
{
    return x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height;
}

struct grid_hit grid_hit(const struct grid *g, int x, int y)
{
    size_t line = (size_t)(y - g->list.y);
    if (holds(g->list, x, y) && line < shown_rows(g))
        return (struct grid_hit){.spot = GRID_ROW, .place = (size_t)g->first + line};
    for (size_t i = 0; holds(g->titles, x, y) && i < g->column_count; i++)
        if (g->width[i] && x >= g->x[i] && x <= g->x[i] + g->width[i])
            return (struct grid_hit){.spot = GRID_HEADING, .column = i};
    return (struct grid_hit){.spot = GRID_NOWHERE};
}
