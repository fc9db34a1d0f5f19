/* 3 Locks: the tree of who waits on whom. */
#include "config.h"
#include "ui/tables.h"

#include <inttypes.h>
#include <string.h>

enum { MARK, PID, APPLICATION, USER, STATE, WAITS, XACT, BEHIND, MODE, OBJECT, QUERY };
static const struct grid_column columns[] = {
    [MARK] = {"", 2, 2, 0, 0},
    [PID] = {"PID", 12, 12, 0, GRID_NUMBER},
    [APPLICATION] = {"APPLICATION", 14, 24, 0, 0},
    [USER] = {"USER", 10, 16, 3, 0},
    [STATE] = {"STATE", 11, 13, 0, GRID_WATCH},
    [WAITS] = {"WAITS", 7, 8, 0, GRID_RIGHT | GRID_NUMBER},
    [XACT] = {"XACT", 7, 8, 0, GRID_RIGHT | GRID_NUMBER},
    [BEHIND] = {"BEHIND", 7, 7, 2, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [MODE] = {"MODE", 20, 24, 4, 0},
    [OBJECT] = {"OBJECT", 22, 40, 5, 0},
    [QUERY] = {"QUERY", 20, 30, 0, GRID_REST},
};

static const char *short_state(const char *state)
{
    if (!state)
        return "?";
    if (strncmp(state, "idle in transaction", 19) == 0)
        return state[19] ? "idle aborted" : "idle in txn";
    return state;
}

static const struct model_lock *lock_of(const struct grid *g, size_t row)
{
    return &((const struct model_target *)g->of)->locks[row];
}

static uint64_t identity(const struct grid *g, size_t row)
{
    const struct model_lock *k = lock_of(g, row);
    return grid_identity(GRID_IDENTITY ^ (uint64_t)k->pid, k->start);
}

static int64_t depth(const struct grid *g, size_t row)
{
    return lock_of(g, row)->depth;
}

/* How many wait behind it, directly or behind others. */
static int64_t behind(const struct grid *g, size_t row)
{
    int64_t n = 0;
    while (row + 1 + (size_t)n < g->row_count && depth(g, row + 1 + (size_t)n) > depth(g, row))
        n++;
    return n;
}

static void fill_pid(const struct model_lock *k, struct grid_cell *out)
{
    int indent = k->depth < 1 ? 0 : k->depth < 4 ? (int)k->depth : 4;
    (void)snprintf(out->buffer, sizeof out->buffer, "%*s%s%" PRId64, indent ? indent * 2 - 2 : 0,
                   "", indent ? "`-" : "", k->pid);
    grid_number(out, out->buffer, (double)k->pid);
}

static void fill_cell(const struct grid *g, size_t row, size_t column, struct grid_cell *out)
{
    const struct model_lock *k = lock_of(g, row);
    bool root = k->parent == UNKNOWN;
    switch (column) {
    case MARK:
        grid_text(out, k->ours ? "N" : root ? "B" : "");
        break;
    case PID:
        fill_pid(k, out);
        break;
    case APPLICATION:
        grid_text(out, k->ours ? "newel (ours)" : k->app && *k->app ? k->app : "-");
        break;
    case USER:
        grid_text(out, k->user ? k->user : "?");
        break;
    case STATE:
        grid_text(out, short_state(k->state));
        break;
    case WAITS:
        grid_duration(out, k->wait_us);
        break;
    case XACT:
        grid_duration(out, k->xact_us);
        break;
    case BEHIND:
        grid_count(out, behind(g, row));
        break;
    case MODE:
        grid_text(out, k->mode);
        break;
    case OBJECT:
        grid_text(out, k->object);
        break;
    default:
        grid_text(out, k->query);
    }
    out->style = k->ours ? STYLE_ACCENT : root ? STYLE_WARN : STYLE_NORMAL;
}

void locks_rows(const struct model_target *t, const struct model *m, const struct view *v,
                struct grid *g)
{
    (void)m;
    (void)v;
    g->columns = columns;
    g->column_count = COUNT_OF(columns);
    g->row_count = t->lock_count;
    g->of = t;
    g->cell = fill_cell;
    g->identity = identity;
    g->depth = depth;
    g->stand = GRID_NOBODY;
}

/* Where there is room below the tree, a query is shown in full. */
static int query_rows(const struct grid *g, struct rect r)
{
    int spare = r.height - 1 - (int)g->count - 1;
    return spare > 12 ? 12 : spare >= 4 ? spare : 0;
}

struct rect locks_room(const struct grid *g, struct rect r)
{
    int spare = query_rows(g, r);
    return rect_rows(r, 0, r.height - (spare ? spare + 1 : 0));
}

static const struct model_lock *most_wanted(const struct grid *g, const struct model_target *t)
{
    if (g->selected >= 0)
        return lock_of(g, g->order[g->selected]);
    for (size_t i = 0; i < g->count; i++)
        if (lock_of(g, g->order[i])->parent == UNKNOWN)
            return lock_of(g, g->order[i]);
    return &t->locks[0];
}

static void draw_query(struct canvas *c, struct rect r, const struct model_lock *k)
{
    char title[64];
    (void)snprintf(title, sizeof title, "QUERY of pid %" PRId64, k->pid);
    widget_heading(c, r, 0, title);
    struct paper paper = {.width = r.width};
    paper_add(&paper, STYLE_NORMAL, 2, k->query ? k->query : "none");
    paper_draw(&paper, c, rect_below(r, 1), 0);
}

/*
 * An empty tree is no all-clear: newel does not queue behind a long transaction,
 * it waits beside, and the sessions that it waits for block nobody yet.
 */
static void draw_nobody(struct canvas *c, struct rect r, const struct model_target *t)
{
    const struct model_statement *st = &t->statement;
    struct pen p = pen_at(c, r, 2);
    if (!st->state || strcmp(st->state, "retry") != 0 || !st->blocker_count) {
        if (t->locks_at_us > 0)
            pen_text(&p, STYLE_GOOD, "nobody waits for a lock");
        return;
    }
    struct paper paper = {.width = r.width};
    char xact[WORD_TEXT], who[WHO_TEXT];
    paper_addf(&paper, STYLE_WARN, 0,
               "Nobody queues, but %s waits for these to end, as last tried:",
               st->step ? st->step : phase_name(st->phase));
    for (size_t i = 0; i < st->blocker_count; i++) {
        const struct model_blocker *k = &st->blockers[i];
        paper_blank(&paper);
        paper_addf(&paper, STYLE_WARN, 0, "pid %" PRId64 "  %s  %s, transaction %s  %s", k->pid,
                   word_who(who, k->app, k->user), short_state(k->state),
                   word_duration(xact, k->xact_us), k->mode ? k->mode : "");
        paper_add(&paper, STYLE_NORMAL, 2, k->query ? k->query : "none");
    }
    paper_draw(&paper, c, rect_below(r, 2), 0);
}

void screen_locks(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    const struct model_target *t = view_target(v, m);
    struct pen p = pen_at(c, r, 0);
    if (!t)
        return;
    struct grid g;
    bool any = tables_open(&g, m, v, r);
    char old[WORD_TEXT];
    size_t blockers = 0, ours = 0;
    for (size_t i = 0; i < t->lock_count; i++) {
        blockers += t->locks[i].parent == UNKNOWN;
        ours += t->locks[i].ours;
    }
    pen_text(&p, STYLE_TITLE, "LOCKS ");
    if (t->locks_at_us <= 0) {
        pen_text(&p, STYLE_DIM, "not sampled yet");
    } else {
        pen_printf(&p, STYLE_NORMAL, "%zu session%s, %zu at a root", t->lock_count,
                   t->lock_count == 1 ? "" : "s", blockers);
        size_t holding = view_sessions(t).holding;
        if (holding)
            pen_printf(&p, STYLE_WARN, ", %zu hold%s the table that newel wants", holding,
                       holding == 1 ? "s" : "");
        grid_note(&p, &g);
        if (ours)
            pen_printf(&p, STYLE_ACCENT, ", %zu of newel's own (N)", ours);
        pen_printf(&p, STYLE_DIM, ", seen %s ago", word_rough(old, v->now_us - t->locks_at_us));
    }
    if (!any) {
        tables_close(&g);
        draw_nobody(c, r, t);
        return;
    }
    /* what remains below the tree shows the selected session's query, else the first blocker's */
    struct rect below = rect_below(r, 1);
    int spare = query_rows(&g, below);
    if (spare)
        draw_query(c, rect_rows(below, below.height - spare, spare), most_wanted(&g, t));
    grid_draw(c, &g, &v->seen);
    tables_close(&g);
}
