/* 5 Targets, 7 Clients. */
#include "config.h"
#include "ui/page.h"
#include "ui/tables.h"

#include <string.h>

/* ---- 5 Targets ---- */

enum {
    TARGET_CANARY,
    TARGET_NAME,
    TARGET_SERVER,
    TARGET_PHASE,
    TARGET_STATE,
    TARGET_DONE,
    TARGET_LEFT,
    TARGET_RATE,
    TARGET_LAG,
    TARGET_NOTE,
};
static const struct grid_column target_columns[] = {
    [TARGET_CANARY] = {"", 1, 1, 0, 0},
    [TARGET_NAME] = {"TARGET", 20, 32, 0, 0},
    [TARGET_SERVER] = {"SERVER", 16, 24, 3, 0},
    [TARGET_PHASE] = {"PHASE", 15, 15, 0, GRID_NUMBER | GRID_WATCH},
    [TARGET_STATE] = {"STATE", 10, 10, 0, GRID_WATCH},
    [TARGET_DONE] = {"DONE", 7, 7, 0, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [TARGET_LEFT] = {"LEFT", 11, 14, 0, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [TARGET_RATE] = {"ROWS/S", 8, 8, 1, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [TARGET_LAG] = {"LAG", 8, 8, 2, GRID_RIGHT | GRID_NUMBER},
    [TARGET_NOTE] = {"NOTE", 30, 40, 0, GRID_REST},
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

static const struct model_target *target_of(const struct grid *g, size_t row)
{
    return &((const struct model *)g->of)->targets[row];
}

static uint64_t target_identity(const struct grid *g, size_t row)
{
    return grid_identity(GRID_IDENTITY, target_of(g, row)->name);
}

/* The worst of its replicas; one that cannot be asked is worse than any figure. */
static void fill_lag(const struct model_target *t, struct grid_cell *out)
{
    int64_t worst = UNKNOWN;
    for (size_t i = 0; i < t->replica_count; i++) {
        const struct model_replica *k = &t->replicas[i];
        if (k->at_us > 0 && (!k->reachable || k->lag_us == UNKNOWN)) {
            grid_number(out, "unknown", (double)INT64_MAX);
            out->style = STYLE_WARN;
            return;
        }
        worst = k->at_us > 0 && k->lag_us > worst ? k->lag_us : worst;
    }
    grid_duration(out, worst);
}

static void fill_filling(const struct grid *g, const struct model_target *t, size_t column,
                         struct grid_cell *out)
{
    if (t->phase != PHASE_BACKFILL || model_doing(t) == DOING_DONE)
        return;
    struct model_eta eta;
    switch (column) {
    case TARGET_DONE:
        grid_percent(out, t->fraction_ppm);
        return;
    case TARGET_LEFT:
        eta = model_eta(t, g->now_us);
        grid_number(out, word_eta_of(out->buffer, &eta),
                    eta.high_us == UNKNOWN ? GRID_UNKNOWN : (double)eta.high_us);
        return;
    default:
        eta = model_eta(t, g->now_us);
        grid_short(out, eta.rows_per_s);
    }
}

static void fill_target(const struct grid *g, size_t row, size_t column, struct grid_cell *out)
{
    const struct model_target *t = target_of(g, row);
    enum model_doing doing;
    switch (column) {
    case TARGET_CANARY:
        grid_text(out, t->canary ? "K" : "");
        return;
    case TARGET_NAME:
        grid_text(out, t->name ? t->name : "?");
        return;
    case TARGET_SERVER:
        (void)snprintf(out->buffer, sizeof out->buffer, "%s %s", t->engine ? t->engine : "?",
                       t->version ? t->version : "");
        grid_text(out, out->buffer);
        return;
    case TARGET_PHASE:
        (void)snprintf(out->buffer, sizeof out->buffer, "%d/%d %s",
                       t->phase < PHASE_COUNT ? (int)t->phase + 1 : 0, PHASE_COUNT,
                       t->phase < PHASE_COUNT ? phase_name(t->phase) : "not begun");
        grid_number(out, out->buffer, t->phase < PHASE_COUNT ? (double)t->phase : -1);
        return;
    case TARGET_STATE:
        doing = model_doing(t);
        grid_text(out, doing_word(doing));
        out->style = doing_style(doing);
        return;
    case TARGET_LAG:
        fill_lag(t, out);
        return;
    case TARGET_NOTE:
        grid_text(out, target_note(t));
        return;
    default:
        fill_filling(g, t, column, out);
    }
}

void targets_rows(const struct model_target *t, const struct model *m, const struct view *v,
                  struct grid *g)
{
    (void)t;
    g->columns = target_columns;
    g->column_count = COUNT_OF(target_columns);
    g->row_count = m->target_count;
    g->of = m;
    g->home = v->target > 0 ? (size_t)v->target : 0; /* chosen with Tab */
    g->cell = fill_target;
    g->identity = target_identity;
}

void screen_targets(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    size_t done = 0, failed = 0;
    for (size_t i = 0; i < m->target_count; i++) {
        done += model_doing(&m->targets[i]) == DOING_DONE;
        failed += model_doing(&m->targets[i]) == DOING_FAILED;
    }
    struct grid g;
    bool any = tables_open(&g, m, v, r);
    struct pen p = pen_at(c, r, 0);
    pen_text(&p, STYLE_TITLE, "TARGETS ");
    pen_printf(&p, STYLE_NORMAL, "%zu of %zu done", done, m->target_count);
    if (failed)
        pen_printf(&p, STYLE_BAD, ", %zu FAILED", failed);
    grid_note(&p, &g);
    pen_text(&p, STYLE_DIM, "   K: canary");
    if (view_key(v, "open"))
        pen_printf(&p, STYLE_DIM, "; %s: all screens show that target", view_key(v, "open"));
    if (any)
        grid_draw(c, &g, &v->seen);
    tables_close(&g);
}

/* ---- 7 Clients ---- */

enum {
    CLIENT_APPLICATION,
    CLIENT_USER,
    CLIENT_HOST,
    CLIENT_SESSIONS,
    CLIENT_STALE,
    CLIENT_PREPARED,
};
static const struct grid_column client_columns[] = {
    [CLIENT_APPLICATION] = {"APPLICATION", 24, 48, 0, 0},
    [CLIENT_USER] = {"USER", 14, 24, 0, 0},
    [CLIENT_HOST] = {"HOST", 16, 40, 0, 0},
    [CLIENT_SESSIONS] = {"SESSIONS", 9, 9, 0, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [CLIENT_STALE] = {"OLD SHAPE", 10, 10, 0, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [CLIENT_PREPARED] = {"PREPARED", 9, 9, 1, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
};

#define READERS_SHOWN 12

static const struct model_clients *clients_of(const struct grid *g, size_t row)
{
    return &((const struct model_target *)g->of)->clients[row];
}

static uint64_t clients_identity(const struct grid *g, size_t row)
{
    const struct model_clients *k = clients_of(g, row);
    uint64_t app = grid_identity(GRID_IDENTITY, k->app);
    return grid_identity(grid_identity(app, k->user), k->host);
}

static void fill_clients(const struct grid *g, size_t row, size_t column, struct grid_cell *out)
{
    const struct model_clients *k = clients_of(g, row);
    switch (column) {
    case CLIENT_APPLICATION:
        grid_text(out, k->app && *k->app ? k->app : "(no name)");
        return;
    case CLIENT_USER:
        grid_text(out, k->user ? k->user : "?");
        return;
    case CLIENT_HOST:
        grid_text(out, k->host && *k->host ? k->host : "local");
        return;
    case CLIENT_SESSIONS:
        grid_count(out, k->sessions);
        return;
    case CLIENT_STALE:
        grid_count(out, k->stale);
        if (k->stale == UNKNOWN)
            grid_number(out, "unknown", GRID_UNKNOWN);
        if (k->stale != 0)
            out->style = STYLE_WARN;
        return;
    default:
        grid_count(out, k->prepared);
    }
}

void clients_rows(const struct model_target *t, const struct model *m, const struct view *v,
                  struct grid *g)
{
    (void)m;
    (void)v;
    g->columns = client_columns;
    g->column_count = COUNT_OF(client_columns);
    g->row_count = t->client_count;
    g->of = t;
    g->cell = fill_clients;
    g->identity = clients_identity;
}

/* Statements that notice the column, below the sessions. */
static int readers_height(const struct model_target *t, int height)
{
    int wanted = t->reader_count ? (int)t->reader_count + 2 : 0;
    if (wanted > READERS_SHOWN + 2)
        wanted = READERS_SHOWN + 2;
    return wanted < height / 2 ? wanted : height / 2;
}

struct rect clients_room(const struct grid *g, struct rect r)
{
    return rect_rows(r, 0, r.height - readers_height(g->of, r.height));
}

static void draw_readers(struct canvas *c, const struct model_target *t, struct rect r)
{
    static const struct column columns[] = {
        {"NOTICES IT BY", 23, false, 0},
        {"CALLS", 9, true, 0},
        {"SINCE", 9, true, 0},
        {"STATEMENT", 0, false, 0},
    };
    char calls[WORD_TEXT], since[WORD_TEXT];
    if (r.height < 2)
        return;
    widget_titles(c, r, 1, columns, COUNT_OF(columns));
    for (size_t i = 0; i < t->reader_count && (int)i + 2 < r.height; i++) {
        const struct model_reader *k = &t->readers[i];
        struct pen p = pen_at(c, r, (int)i + 2);
        const char *cells[] = {
            k->why,
            k->calls == UNKNOWN ? "-" : word_count(calls, k->calls),
            k->since == UNKNOWN ? "-" : word_count(since, k->since),
            k->text,
        };
        enum style style = k->since == 0 ? STYLE_DIM : STYLE_WARN;
        for (size_t j = 0; j < COUNT_OF(columns); j++)
            widget_cell(&p, &columns[j], r.width, style, cells[j]);
    }
}

static void say_stale(struct pen *p, const struct model_target *t)
{
    int64_t left = 0;
    for (size_t i = 0; i < t->client_count && left != UNKNOWN; i++) {
        int64_t one = t->clients[i].stale;
        left = one < 0 ? UNKNOWN : one < INT32_MAX ? left + one : left;
    }
    if (left == UNKNOWN)
        pen_text(p, STYLE_WARN, "  unknown how many on the old shape ");
    else
        pen_printf(p, left ? STYLE_WARN : STYLE_GOOD, "  %lld on the old shape ", (long long)left);
    if (pen_left(p) > 40)
        widget_spark(p, &t->stale, 24, 0);
}

void screen_clients(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    struct grid g;
    const struct model_target *t = view_target(v, m);
    bool any = tables_open(&g, m, v, r);
    struct pen p = pen_at(c, r, 0);
    if (t) {
        pen_text(&p, STYLE_TITLE, "CLIENTS");
        grid_note(&p, &g);
        if (any)
            say_stale(&p, t);
        else
            pen_text(&p, STYLE_DIM,
                     t->clients_at_us == UNKNOWN
                         ? "  not counted yet: from baseline on they are"
                         : "  nobody is connected to this database but newel");
    }
    if (any) {
        int below = readers_height(t, r.height - 1);
        grid_draw(c, &g, &v->seen);
        draw_readers(c, t, rect_rows(r, r.height - below, below));
    }
    tables_close(&g);
}

void page_readers(struct paper *p, const struct model_target *t)
{
    for (size_t i = 0; i < t->reader_count; i++) {
        const struct model_reader *k = &t->readers[i];
        char calls[WORD_TEXT], since[WORD_TEXT];
        paper_blank(p);
        paper_addf(p, STYLE_WARN, 0,
                   "%s notices the new column: %s calls, %s of them since the "
                   "baseline (%s)",
                   k->why ? k->why : "a statement",
                   k->calls == UNKNOWN ? "unknown" : word_count(calls, k->calls),
                   k->since == UNKNOWN ? "unknown" : word_count(since, k->since),
                   k->source ? k->source : "?");
        paper_add(p, STYLE_ACCENT, 2, k->text);
    }
}
