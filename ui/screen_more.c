/* 2 Tables, 5 Targets, 6 Plans, 7 Clients: the modest ones. */
#include "config.h"
#include "ui/view.h"
#include "base/units.h"
#include "ui/widgets.h"

#include <string.h>

static void mark_selected(struct canvas *c, struct rect list, int row)
{
    if (row < 0 || row >= list.height)
        return;
    canvas_restyle(c, rect_rows(list, row, 1), STYLE_SELECTED);
    c->cursor_x = list.x;
    c->cursor_y = list.y + row;
}

static int clamp_selected(int selected, size_t count)
{
    if (selected >= (int)count)
        selected = (int)count - 1;
    return selected > 0 ? selected : 0;
}

/* ---- 2 Tables ---- */

static bool is_postgresql(const struct model_target *t)
{
    return !t->engine || strcmp(t->engine, "postgresql") == 0;
}

static void add_figure(struct paper *p, const char *label, int64_t value, char kind)
{
    char a[WORD_TEXT];
    paper_pair(p, 2, 18, label, value == UNKNOWN ? STYLE_DIM : STYLE_NORMAL,
               kind == 'b'   ? word_size(a, value)
               : kind == 'p' ? word_percent(a, value)
                             : word_count(a, value));
}

static void table_figures(struct paper *p, const struct model_target *t)
{
    bool pg = is_postgresql(t);
    add_figure(p, pg ? "heap" : "rows and key", t->heap, 'b');
    add_figure(p, pg ? "indexes" : "other indexes", t->indexes, 'b');
    add_figure(p, "rows estimated", t->rows_estimate, 'n');
    if (!pg)
        return;
    add_figure(p, "live rows", t->live, 'n');
    add_figure(p, "dead rows", t->dead, 'n');
    add_figure(p, "updates", t->updates, 'n');
    add_figure(p, "of these HOT", t->hot_updates, 'n');
    add_figure(p, "HOT share", t->hot_ppm, 'p');
}

static void cleaning_of_postgresql(struct paper *p, const struct model_target *t)
{
    char a[WORD_TEXT];
    if (t->live > 0 && t->dead >= 0) {
        double all = (double)t->live + (double)t->dead;
        int64_t share = (int64_t)((double)t->dead / all * 1e6);
        paper_pair(p, 2, 18, "dead share", share > 200000 ? STYLE_WARN : STYLE_NORMAL,
                   word_percent(a, share));
    }
    if (t->rows_done > 0 && t->wal_done > 0)
        paper_pair(p, 2, 18, "WAL per row", STYLE_NORMAL, word_size(a, t->wal_done / t->rows_done));
    paper_pair(p, 2, 18, "autovacuum", STYLE_NORMAL,
               t->autovacuum && *t->autovacuum ? t->autovacuum : "not running here");
    paper_pair(p, 2, 18, "xmin age", STYLE_NORMAL,
               t->xmin_age == UNKNOWN ? "unknown" : word_count(a, t->xmin_age));
}

/* A rate as "12.5MB/s". */
static void add_rate(struct paper *p, const char *label, int64_t rate)
{
    char a[WORD_TEXT];
    if (rate == UNKNOWN)
        paper_pair(p, 2, 18, label, STYLE_DIM, "unknown");
    else {
        char text[WORD_TEXT + 2];
        (void)snprintf(text, sizeof text, "%s/s", word_size(a, rate));
        paper_pair(p, 2, 18, label, STYLE_NORMAL, text);
    }
}

static void cleaning_of_innodb(struct paper *p, const struct model_target *t)
{
    add_figure(p, "history list", t->history, 'n');
    add_figure(p, "buffer pool", t->pool_bytes, 'b');
    add_figure(p, "of it dirty", t->pool_dirty_bytes, 'b');
    add_rate(p, "redo", t->wal_rate);
    add_rate(p, "binary log", t->binlog_rate);
}

void screen_tables(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    const struct model_target *t = view_target(v, m);
    if (!t)
        return;
    struct paper paper = {.width = r.width};
    paper_addf(&paper, STYLE_TITLE, 0, "TABLE %s on %s", m->table ? m->table : "?",
               t->name ? t->name : "?");
    table_figures(&paper, t);
    if (is_postgresql(t))
        cleaning_of_postgresql(&paper, t);
    else
        cleaning_of_innodb(&paper, t);
    paper_pair(&paper, 2, 18, "held back by", STYLE_WARN, t->xmin_holder);
    if (!t->reachable && t->server_at_us > 0)
        paper_pair(&paper, 2, 18, "server", STYLE_BAD,
                   t->server_error ? t->server_error : "cannot be asked");
    paper_draw(&paper, c, r, v->scroll);
}

/* ---- 5 Targets ---- */

static const struct column target_columns[] = {
    {"", 1, false, 0},       {"TARGET", 20, false, 0}, {"SERVER", 16, false, 100},
    {"PHASE", 15, false, 0}, {"STATE", 10, false, 0},  {"DONE", 7, true, 0},
    {"LEFT", 11, true, 0},   {"", 0, false, 0},
};

static const char *doing_word(enum model_doing doing)
{
    static const char *const words[] = {
        [DOING_IDLE] = "idle",       [DOING_ASKING] = "asking",       [DOING_RUNNING] = "running",
        [DOING_WAITING] = "waiting", [DOING_THROTTLED] = "throttled", [DOING_PAUSED] = "paused",
        [DOING_FAILED] = "FAILED",   [DOING_UNDOING] = "undoing",     [DOING_DONE] = "done",
    };
    return words[doing];
}

static enum style doing_style(enum model_doing doing)
{
    switch (doing) {
    case DOING_FAILED:
        return STYLE_BAD;
    case DOING_DONE:
        return STYLE_GOOD;
    case DOING_IDLE:
        return STYLE_DIM;
    case DOING_RUNNING:
        return STYLE_ACCENT;
    default:
        return STYLE_WARN;
    }
}

static const char *target_note(const struct model_target *t)
{
    if (t->error.what)
        return t->error.why ? t->error.why : t->error.what;
    if (t->throttled && t->reason_count)
        return t->reasons[0].text;
    if (t->paused_by)
        return t->paused_by;
    return t->phase < PHASE_COUNT ? t->phases[t->phase].detail : NULL;
}

void screen_targets(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    size_t done = 0, failed = 0;
    for (size_t i = 0; i < m->target_count; i++) {
        done += model_doing(&m->targets[i]) == DOING_DONE;
        failed += model_doing(&m->targets[i]) == DOING_FAILED;
    }
    struct pen p = pen_at(c, r, 0);
    pen_text(&p, STYLE_TITLE, "TARGETS ");
    pen_printf(&p, STYLE_NORMAL, "%zu of %zu done", done, m->target_count);
    if (failed)
        pen_printf(&p, STYLE_BAD, ", %zu FAILED", failed);
    pen_text(&p, STYLE_DIM, "   K: canary");
    if (view_key(v, "open"))
        pen_printf(&p, STYLE_DIM, "; %s: all screens show that target", view_key(v, "open"));
    widget_titles(c, r, 1, target_columns, COUNT_OF(target_columns));
    struct rect list = rect_below(r, 2);
    int selected = clamp_selected(v->selected[SCREEN_TARGETS], m->target_count);
    int first = widget_window(selected, (int)m->target_count, list.height);
    for (int i = 0; i < list.height && first + i < (int)m->target_count; i++) {
        const struct model_target *t = &m->targets[first + i];
        enum model_doing doing = model_doing(t);
        char share[WORD_TEXT], left[WORD_TEXT], phase[WORD_TEXT], server[WORD_TEXT];
        (void)snprintf(phase, sizeof phase, "%d/%d %s",
                       t->phase < PHASE_COUNT ? (int)t->phase + 1 : 0, PHASE_COUNT,
                       t->phase < PHASE_COUNT ? phase_name(t->phase) : "not begun");
        (void)snprintf(server, sizeof server, "%s %s", t->engine ? t->engine : "?",
                       t->version ? t->version : "");
        bool fills = t->phase == PHASE_BACKFILL && doing != DOING_DONE;
        p = pen_at(c, list, i);
        canvas_spot(c, rect_rows(list, i, 1), SPOT_ROW, NULL, first + i);
        const char *cells[] = {
            t->canary ? "K" : "",
            t->name ? t->name : "?",
            server,
            phase,
            doing_word(doing),
            fills ? word_percent(share, t->fraction_ppm) : "",
            fills ? word_eta(left, t, v->now_us) : "",
            target_note(t),
        };
        for (size_t k = 0; k < COUNT_OF(target_columns); k++)
            widget_cell(&p, &target_columns[k], r.width, k == 4 ? doing_style(doing) : STYLE_NORMAL,
                        cells[k]);
    }
    if (m->target_count)
        mark_selected(c, list, selected - first);
    c->rows = (int)m->target_count;
    c->rows_shown = list.height;
}

/* ---- 6 Plans ---- */

static const struct column plan_columns[] = {
    {"QUERY", 18, false, 0}, {"PLAN", 12, false, 0},        {"COST BEFORE", 12, true, 0},
    {"AFTER", 12, true, 0},  {"ROWS BEFORE", 12, true, 90}, {"AFTER", 10, true, 90},
    {"SQL", 0, false, 0},
};

static const char *number(char out[WORD_TEXT], double value)
{
    if (value < 0)
        return "-";
    (void)snprintf(out, WORD_TEXT, "%.1f", value);
    return out;
}

/* A line like `"Plan Width": 73,`: a name, and nothing but a number. */
static bool is_figure(const char *line, size_t length)
{
    const char *value = memchr(line, ':', length);
    return value && strspn(value, ": \"0123456789.,") >= (size_t)(line + length - value);
}

static size_t next_of_shape(const char **at)
{
    for (;;) {
        size_t length = strcspn(*at, "\n");
        if (!**at || !is_figure(*at, length))
            return length;
        *at += length + ((*at)[length] == '\n');
    }
}

/* Figures move with every ANALYZE, and with the width of the new column: the shape is the plan. */
static bool same_shape(const char *a, const char *b)
{
    for (;;) {
        size_t m = next_of_shape(&a), n = next_of_shape(&b);
        if (m != n || memcmp(a, b, m) != 0)
            return false;
        if (!a[m] || !b[n])
            return a[m] == b[n];
        a += m + 1;
        b += n + 1;
    }
}

static const char *plan_verdict(const struct model_query *q, enum style *style)
{
    *style = STYLE_DIM;
    if (!q->before)
        return "no baseline";
    if (!q->after)
        return "before only";
    if (same_shape(q->before, q->after)) {
        *style = STYLE_GOOD;
        return "same";
    }
    *style = STYLE_WARN;
    return "CHANGED";
}

void screen_plans(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    const struct model_target *t = view_target(v, m);
    if (!t)
        return;
    struct pen p = pen_at(c, r, 0);
    pen_text(&p, STYLE_TITLE, "PLANS ");
    if (!t->query_count) {
        pen_text(&p, STYLE_DIM,
                 "no watched query: a [query NAME] section of the migration adds one");
        return;
    }
    if (view_key(v, "open"))
        pen_printf(&p, STYLE_DIM, "%s shows both side by side", view_key(v, "open"));
    widget_titles(c, r, 1, plan_columns, COUNT_OF(plan_columns));
    struct rect list = rect_below(r, 2);
    int selected = clamp_selected(v->selected[SCREEN_PLANS], t->query_count);
    int first = widget_window(selected, (int)t->query_count, list.height);
    for (int i = 0; i < list.height && first + i < (int)t->query_count; i++) {
        const struct model_query *q = &t->queries[first + i];
        char n[4][WORD_TEXT];
        enum style style;
        const char *verdict = plan_verdict(q, &style);
        const char *cells[] = {
            q->query ? q->query : "?",
            verdict,
            number(n[0], q->cost_before),
            number(n[1], q->cost_after),
            number(n[2], q->rows_before),
            number(n[3], q->rows_after),
            q->sql,
        };
        p = pen_at(c, list, i);
        canvas_spot(c, rect_rows(list, i, 1), SPOT_ROW, NULL, first + i);
        for (size_t k = 0; k < COUNT_OF(plan_columns); k++)
            widget_cell(&p, &plan_columns[k], r.width, k == 1 ? style : STYLE_NORMAL, cells[k]);
    }
    mark_selected(c, list, selected - first);
    c->rows = (int)t->query_count;
    c->rows_shown = list.height;
}

/* ---- 7 Clients ---- */

static const struct column client_columns[] = {
    {"APPLICATION", 24, false, 0}, {"USER", 14, false, 0},     {"HOST", 16, false, 0},
    {"SESSIONS", 9, true, 0},      {"OLD SHAPE", 10, true, 0}, {"PREPARED", 9, true, 90},
};

void screen_clients(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    const struct model_target *t = view_target(v, m);
    if (!t)
        return;
    struct pen p = pen_at(c, r, 0);
    pen_text(&p, STYLE_TITLE, "CLIENTS ");
    pen_text(&p, STYLE_DIM,
             t->client_count ? "sessions older than the new column may still hold the old shape"
                             : "no session is known; baseline and compare count them");
    if (!t->client_count)
        return;
    widget_titles(c, r, 1, client_columns, COUNT_OF(client_columns));
    struct rect list = rect_below(r, 2);
    int selected = clamp_selected(v->selected[SCREEN_CLIENTS], t->client_count);
    int first = widget_window(selected, (int)t->client_count, list.height);
    for (int i = 0; i < list.height && first + i < (int)t->client_count; i++) {
        const struct model_clients *k = &t->clients[first + i];
        char n[3][WORD_TEXT];
        const char *cells[] = {
            k->app && *k->app ? k->app : "(no name)",
            k->user ? k->user : "?",
            k->host && *k->host ? k->host : "local",
            word_count(n[0], k->sessions),
            word_count(n[1], k->stale),
            word_count(n[2], k->prepared),
        };
        p = pen_at(c, list, i);
        canvas_spot(c, rect_rows(list, i, 1), SPOT_ROW, NULL, first + i);
        for (size_t j = 0; j < COUNT_OF(client_columns); j++)
            widget_cell(&p, &client_columns[j], r.width,
                        j == 4 && k->stale > 0 ? STYLE_WARN : STYLE_NORMAL, cells[j]);
    }
    mark_selected(c, list, selected - first);
    c->rows = (int)t->client_count;
    c->rows_shown = list.height;
}
