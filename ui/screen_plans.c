/* 6 Plans: each query before and after, what has changed, and how long it takes. */
#include "config.h"
#include "base/units.h"
#include "ui/page.h"
#include "ui/tables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUERY,
    VERDICT,
    COST_BEFORE,
    COST_AFTER,
    MEAN_BEFORE,
    MEAN_AFTER,
    CALLS,
    ROWS_BEFORE,
    ROWS_AFTER,
    CHANGE,
};
static const struct grid_column columns[] = {
    [QUERY] = {"QUERY", 14, 28, 0, 0},
    [VERDICT] = {"PLAN", 11, 11, 0, GRID_WATCH},
    [COST_BEFORE] = {"COST BEFORE", 11, 12, 0, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [COST_AFTER] = {"COST AFTER", 10, 12, 0, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [MEAN_BEFORE] = {"MEAN BEFORE", 11, 11, 2, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [MEAN_AFTER] = {"MEAN AFTER", 10, 10, 1, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [CALLS] = {"CALLS", 7, 9, 3, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [ROWS_BEFORE] = {"ROWS BEFORE", 11, 11, 5, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [ROWS_AFTER] = {"ROWS AFTER", 10, 10, 4, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [CHANGE] = {"WHAT CHANGED, OR SQL", 44, 90, 0, GRID_REST},
};

static void fill_figure(struct grid_cell *out, double value)
{
    if (value < 0) {
        grid_text(out, "-");
        return;
    }
    (void)snprintf(out->buffer, sizeof out->buffer, "%.1f", value);
    grid_number(out, out->buffer, value);
}

/* A mean in microseconds, which may be less than one. */
static const char *mean_text(char out[WORD_TEXT], double us)
{
    if (us >= 0 && us < 1e15)
        return word_duration(out, us < 1 ? 1 : (int64_t)(us + 0.5));
    return "-";
}

static const char *verdict_word(const struct model_query *q, enum style *style)
{
    *style = STYLE_DIM;
    if (q->verdict && strcmp(q->verdict, "worse") == 0) {
        *style = STYLE_BAD;
        return "WORSE";
    }
    if (q->verdict && strcmp(q->verdict, "changed") == 0) {
        *style = STYLE_WARN;
        return "CHANGED";
    }
    if (q->verdict && strcmp(q->verdict, "same") == 0) {
        *style = q->slower ? STYLE_BAD : STYLE_GOOD;
        return q->slower ? "SLOWER" : "same";
    }
    if (q->slower) {
        *style = STYLE_BAD;
        return "SLOWER";
    }
    if (q->error)
        return "no plan";
    return !q->before ? "no baseline" : !q->after ? "before only" : "not judged";
}

static const struct model_query *query_of(const struct grid *g, size_t row)
{
    return &((const struct model_target *)g->of)->queries[row];
}

static uint64_t identity(const struct grid *g, size_t row)
{
    return grid_identity(GRID_IDENTITY, query_of(g, row)->query);
}

static void fill_mean(struct grid_cell *out, double us)
{
    if (us < 0)
        grid_text(out, "-");
    else
        grid_number(out, mean_text(out->buffer, us), us);
}

static void fill_cell(const struct grid *g, size_t row, size_t column, struct grid_cell *out)
{
    const struct model_query *q = query_of(g, row);
    switch (column) {
    case QUERY:
        grid_text(out, q->query ? q->query : "?");
        return;
    case VERDICT:
        grid_text(out, verdict_word(q, &out->style));
        return;
    case COST_BEFORE:
        fill_figure(out, q->cost_before);
        return;
    case COST_AFTER:
        fill_figure(out, q->cost_after);
        return;
    case MEAN_BEFORE:
        fill_mean(out, q->mean_before);
        return;
    case MEAN_AFTER:
        fill_mean(out, q->mean_after);
        out->style = q->slower ? STYLE_BAD : out->style;
        return;
    case CALLS:
        grid_short(out, q->calls_after);
        return;
    case ROWS_BEFORE:
        fill_figure(out, q->rows_before);
        return;
    case ROWS_AFTER:
        fill_figure(out, q->rows_after);
        return;
    default:
        grid_text(out, q->change ? q->change : q->sql);
        if (q->change)
            out->style = STYLE_WARN;
    }
}

void plans_rows(const struct model_target *t, const struct model *m, const struct view *v,
                struct grid *g)
{
    (void)m;
    (void)v;
    g->columns = columns;
    g->column_count = COUNT_OF(columns);
    g->row_count = t->query_count;
    g->of = t;
    g->cell = fill_cell;
    g->identity = identity;
}

/* Behind which phase the last of them was looked at. */
static const char *captured(const struct model_target *t)
{
    const char *phase = NULL;
    for (size_t i = 0; i < t->query_count; i++)
        if (t->queries[i].phase)
            phase = t->queries[i].phase;
    return phase;
}

void screen_plans(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    struct grid g;
    const struct model_target *t = view_target(v, m);
    bool any = tables_open(&g, m, v, r);
    struct pen p = pen_at(c, r, 0);
    if (t) {
        pen_text(&p, STYLE_TITLE, "PLANS ");
        if (!any)
            pen_text(&p, STYLE_DIM,
                     "no watched query: a [query NAME] section of the migration adds one");
        else if (captured(t))
            pen_printf(&p, STYLE_NORMAL, "before, and after %s  ", captured(t));
        if (any && view_key(v, "open"))
            pen_printf(&p, STYLE_DIM, "%s shows both side by side", view_key(v, "open"));
        grid_note(&p, &g);
    }
    if (any)
        grid_draw(c, &g, &v->seen);
    tables_close(&g);
}

/* ---- one query in full ---- */

/* The figures of a query as lines: verdict, what has changed, how long it takes. */
static void add_summary(struct paper *p, const struct model_query *q)
{
    char a[WORD_TEXT], b[WORD_TEXT];
    enum style style;
    const char *verdict = verdict_word(q, &style);
    char *label = q->phase ? mem_printf("after %s", q->phase) : mem_dup("plan");
    paper_pair(p, 0, 16, label, style, verdict);
    free(label);
    paper_pair(p, 0, 16, "what changed", STYLE_WARN, q->change);
    paper_pair(p, 0, 16, "no plan", STYLE_WARN, q->error);
    if (q->mean_before < 0 && q->mean_after < 0)
        return;
    struct str times = {0};
    if (q->mean_before >= 0)
        str_addf(&times, "%s before (%s calls)", mean_text(a, q->mean_before),
                 word_count(b, q->calls_before));
    if (q->mean_after >= 0)
        str_addf(&times, "%s%s since the baseline (%s calls)", times.len ? ", " : "",
                 mean_text(a, q->mean_after), word_count(b, q->calls_after));
    paper_pair(p, 0, 16, "mean time", q->slower ? STYLE_BAD : STYLE_NORMAL, str_text(&times));
    str_free(&times);
}

void page_plan(struct paper *p, const struct model_query *q)
{
    paper_addf(p, STYLE_TITLE, 0, "QUERY %s", q->query ? q->query : "?");
    paper_add(p, STYLE_ACCENT, 2, q->sql);
    add_summary(p, q);
    paper_blank(p);
    paper_add(p, STYLE_TITLE, 0, "BEFORE");
    paper_add(p, STYLE_NORMAL, 2, q->before ? q->before : "not captured");
    paper_blank(p);
    paper_add(p, STYLE_TITLE, 0, "AFTER");
    paper_add(p, STYLE_NORMAL, 2, q->after ? q->after : "not captured");
}

/* The next line of `*text`; NULL: there is none. It is the caller's. */
static char *take_line(const char **text)
{
    if (!*text || !**text)
        return NULL;
    size_t n = strcspn(*text, "\n");
    char *line = mem_dup_n(*text, n);
    *text += n + ((*text)[n] == '\n');
    return line;
}

static void draw_half(struct canvas *c, struct rect r, int row, bool differs, const char *line)
{
    struct pen p = pen_at(c, r, row);
    pen_text(&p, STYLE_WARN, line && differs ? "> " : "  ");
    pen_text(&p, differs ? STYLE_WARN : STYLE_NORMAL, line);
}

static int count_lines(const char *text)
{
    int n = 0;
    for (; text && *text; n++)
        text += strcspn(text, "\n") + (text[strcspn(text, "\n")] == '\n');
    return n;
}

void page_plan_draw(struct canvas *c, struct rect r, const struct model_query *q, int scroll)
{
    const char *before = q->before, *after = q->after;
    int half = r.width / 2, row = 0;
    int n = count_lines(before), rows = count_lines(after) > n ? count_lines(after) : n;
    struct paper top = {.width = r.width};
    paper_addf(&top, STYLE_ACCENT, 0, "%s: %s", q->query ? q->query : "?", q->sql ? q->sql : "");
    add_summary(&top, q);
    int head = (int)top.count < r.height / 2 ? (int)top.count : r.height / 2;
    paper_draw(&top, c, rect_rows(r, 0, head), 0);
    struct rect body = rect_below(r, head);
    struct rect left = rect_columns(body, 0, half - 1), right = rect_columns(body, half, half - 1);
    widget_heading(c, left, 0, "BEFORE");
    widget_heading(c, right, 0, "AFTER");
    if (scroll > rows - (body.height - 1))
        scroll = rows - (body.height - 1);
    for (int i = 0; i < rows; i++) {
        char *a = take_line(&before), *b = take_line(&after);
        bool differs = !a || !b || strcmp(a, b) != 0;
        if (i >= scroll && ++row < body.height) {
            draw_half(c, left, row, differs, a);
            draw_half(c, right, row, differs, b);
        }
        free(a);
        free(b);
    }
    c->rows = rows;
    c->rows_shown = body.height - 1;
}
