/* 2 Tables: what the table weighs on each target, and what cleans up behind the migration. */
#include "config.h"
#include "ui/page.h"
#include "ui/tables.h"

#include <string.h>

#define DEAD_MANY 200000 /* ppm: what a vacuum would long have taken away */

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

static int64_t dead_share(const struct model_target *t)
{
    if (t->live <= 0 || t->dead < 0)
        return UNKNOWN;
    return (int64_t)((double)t->dead / ((double)t->live + (double)t->dead) * 1e6);
}

static void cleaning_of_postgresql(struct paper *p, const struct model_target *t)
{
    char a[WORD_TEXT];
    int64_t share = dead_share(t);
    if (share != UNKNOWN)
        paper_pair(p, 2, 18, "dead share", share > DEAD_MANY ? STYLE_WARN : STYLE_NORMAL,
                   word_percent(a, share));
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

void page_table(struct paper *p, const struct model *m, const struct model_target *t)
{
    paper_addf(p, STYLE_TITLE, 0, "TABLE %s on %s", m->table ? m->table : "?",
               t->name ? t->name : "?");
    table_figures(p, t);
    if (is_postgresql(t))
        cleaning_of_postgresql(p, t);
    else
        cleaning_of_innodb(p, t);
    paper_pair(p, 2, 18, "held back by", STYLE_WARN, t->xmin_holder);
    if (!t->reachable && t->server_at_us > 0)
        paper_pair(p, 2, 18, "server", STYLE_BAD,
                   t->server_error ? t->server_error : "cannot be asked");
}

/* ---- several targets: a row each ---- */

enum {
    TARGET,
    ROWS,
    HEAP,
    INDEXES,
    LIVE,
    DEAD,
    DEAD_SHARE,
    HOT,
    ROW_LOG,
    HISTORY,
    POOL,
    DIRTY,
    LOG_RATE,
    BINLOG_RATE,
    XMIN_AGE,
    VACUUM,
};
static const struct grid_column columns[] = {
    [TARGET] = {"TARGET", 16, 32, 0, 0},
    [ROWS] = {"ROWS", 7, 8, 2, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [HEAP] = {"HEAP", 8, 9, 1, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [INDEXES] = {"INDEXES", 8, 9, 3, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [LIVE] = {"LIVE", 7, 8, 5, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [DEAD] = {"DEAD", 7, 8, 1, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [DEAD_SHARE] = {"DEAD%", 7, 7, 1, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [HOT] = {"HOT%", 7, 7, 1, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [ROW_LOG] = {"LOG/ROW", 8, 8, 2, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [HISTORY] = {"HISTORY", 9, 10, 1, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [POOL] = {"POOL", 8, 8, 4, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [DIRTY] = {"DIRTY", 8, 8, 1, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [LOG_RATE] = {"LOG RATE", 10, 10, 4, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [BINLOG_RATE] = {"BINLOG", 10, 10, 2, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [XMIN_AGE] = {"XMIN AGE", 9, 10, 6, GRID_RIGHT | GRID_NUMBER},
    [VACUUM] = {"AUTOVACUUM", 11, 30, 1, GRID_REST},
};

static const struct model_target *target_of(const struct grid *g, size_t row)
{
    return &((const struct model *)g->of)->targets[row];
}

static uint64_t identity(const struct grid *g, size_t row)
{
    return grid_identity(GRID_IDENTITY, target_of(g, row)->name);
}

static void fill_postgresql(const struct model_target *t, size_t column, struct grid_cell *out)
{
    int64_t share = dead_share(t);
    switch (column) {
    case LIVE:
        grid_short(out, t->live);
        return;
    case DEAD:
        grid_short(out, t->dead);
        return;
    case DEAD_SHARE:
        grid_percent(out, share);
        out->style = share > DEAD_MANY ? STYLE_WARN : out->style;
        return;
    case HOT:
        grid_percent(out, t->hot_ppm);
        return;
    case XMIN_AGE:
        grid_short(out, t->xmin_age);
        out->style = t->xmin_holder ? STYLE_WARN : out->style;
        return;
    case VACUUM:
        grid_text(out, t->autovacuum && *t->autovacuum ? t->autovacuum : "-");
        return;
    default:
        return;
    }
}

static void fill_innodb(const struct model_target *t, size_t column, struct grid_cell *out)
{
    switch (column) {
    case HISTORY:
        grid_count(out, t->history);
        return;
    case POOL:
        grid_size(out, t->pool_bytes);
        return;
    case DIRTY:
        grid_size(out, t->pool_dirty_bytes);
        return;
    case BINLOG_RATE:
        grid_rate(out, t->binlog_rate);
        return;
    default:
        return;
    }
}

static void fill_cell(const struct grid *g, size_t row, size_t column, struct grid_cell *out)
{
    const struct model_target *t = target_of(g, row);
    switch (column) {
    case TARGET:
        grid_text(out, t->name ? t->name : "?");
        return;
    case ROWS:
        grid_short(out, t->rows_estimate);
        return;
    case HEAP:
        grid_size(out, t->heap);
        return;
    case INDEXES:
        grid_size(out, t->indexes);
        return;
    case ROW_LOG:
        grid_size(out, t->rows_done > 0 && t->wal_done > 0 ? t->wal_done / t->rows_done : UNKNOWN);
        return;
    case LOG_RATE:
        grid_rate(out, t->wal_rate);
        return;
    default:
        if (is_postgresql(t))
            fill_postgresql(t, column, out);
        else
            fill_innodb(t, column, out);
    }
}

void tables_rows(const struct model_target *t, const struct model *m, const struct view *v,
                 struct grid *g)
{
    static const unsigned of_postgresql =
        1u << LIVE | 1u << DEAD | 1u << DEAD_SHARE | 1u << HOT | 1u << XMIN_AGE | 1u << VACUUM;
    static const unsigned of_innodb = 1u << HISTORY | 1u << POOL | 1u << DIRTY | 1u << BINLOG_RATE;
    (void)t;
    if (m->target_count < 2)
        return; /* its details are the screen */
    bool postgresql = false, innodb = false;
    for (size_t i = 0; i < m->target_count; i++) {
        postgresql |= is_postgresql(&m->targets[i]);
        innodb |= !is_postgresql(&m->targets[i]);
    }
    g->columns = columns;
    g->column_count = COUNT_OF(columns);
    g->hidden = (postgresql ? 0 : of_postgresql) | (innodb ? 0 : of_innodb);
    g->row_count = m->target_count;
    g->of = m;
    g->home = v->target > 0 ? (size_t)v->target : 0; /* chosen with Tab */
    g->cell = fill_cell;
    g->identity = identity;
}

void screen_tables(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    struct grid g;
    if (tables_open(&g, m, v, r)) {
        struct pen p = pen_at(c, r, 0);
        pen_printf(&p, STYLE_TITLE, "TABLE %s", m->table ? m->table : "?");
        pen_printf(&p, STYLE_NORMAL, " on %zu targets", m->target_count);
        grid_note(&p, &g);
        grid_draw(c, &g, &v->seen);
    } else if (view_target(v, m)) {
        struct paper paper = {.width = r.width};
        page_table(&paper, m, view_target(v, m));
        paper_draw(&paper, c, r, v->scroll);
    }
    tables_close(&g);
}
