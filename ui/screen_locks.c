/* 3 Locks: the tree of who waits on whom. */
#include "config.h"
#include "ui/view.h"
#include "base/text.h"
#include "ui/widgets.h"

#include <inttypes.h>
#include <string.h>

static const struct column columns[] = {
    {"", 2, false, 0},       {"PID", 12, false, 0},    {"APPLICATION", 14, false, 0},
    {"USER", 10, false, 96}, {"STATE", 11, false, 0},  {"WAITS", 7, true, 0},
    {"XACT", 7, true, 0},    {"MODE", 20, false, 120}, {"OBJECT", 22, false, 140},
    {"QUERY", 0, false, 0},
};

static const char *short_state(const char *state)
{
    if (!state)
        return "?";
    if (strncmp(state, "idle in transaction", 19) == 0)
        return state[19] ? "idle aborted" : "idle in txn";
    return state;
}

static const char *age(char out[WORD_TEXT], int64_t us)
{
    return us == UNKNOWN ? "-" : word_duration(out, us);
}

static void draw_row(struct canvas *c, struct rect r, int row, const struct model_lock *k,
                     int shift)
{
    struct pen p = pen_at(c, r, row);
    char wait[WORD_TEXT], xact[WORD_TEXT];
    struct str pid = {0};
    for (int64_t i = 0; i < k->depth && i < 4; i++)
        str_add(&pid, i + 1 == (k->depth < 4 ? k->depth : 4) ? "`-" : "  ");
    str_addf(&pid, "%" PRId64, k->pid);
    bool root = k->parent == UNKNOWN;
    enum style style = k->ours ? STYLE_ACCENT : root ? STYLE_WARN : STYLE_NORMAL;
    /* a query that is shifted out of sight is an empty one */
    const char *query = text_from_column(k->query ? k->query : "", shift);
    const char *cells[] = {
        k->ours ? "N"
        : root  ? "B"
                : "",
        str_text(&pid),
        k->ours             ? "newel (ours)"
        : k->app && *k->app ? k->app
                            : "-",
        k->user ? k->user : "?",
        short_state(k->state),
        age(wait, k->wait_us),
        age(xact, k->xact_us),
        k->mode ? k->mode : "",
        k->object ? k->object : "",
        query,
    };
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        widget_cell(&p, &columns[i], r.width, style, cells[i]);
    str_free(&pid);
}

static const struct model_lock *most_wanted(const struct view *v, const struct model_target *t)
{
    int selected = view_lock(v, t);
    if (selected >= 0)
        return &t->locks[selected];
    for (size_t i = 0; i < t->lock_count; i++)
        if (t->locks[i].parent == UNKNOWN)
            return &t->locks[i];
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
        if (ours)
            pen_printf(&p, STYLE_ACCENT, ", %zu of newel's own (N)", ours);
        pen_printf(&p, STYLE_DIM, ", seen %s ago", word_rough(old, v->now_us - t->locks_at_us));
    }
    if (!t->lock_count) {
        draw_nobody(c, r, t);
        return;
    }
    widget_titles(c, r, 1, columns, COUNT_OF(columns));
    struct rect list = rect_below(r, 2);
    /* what remains below the tree shows the selected session's query, else the first blocker's */
    int spare = list.height - (int)t->lock_count - 1;
    if (spare > 12)
        spare = 12;
    if (spare >= 4) {
        draw_query(c, rect_rows(list, list.height - spare, spare), most_wanted(v, t));
        list.height -= spare + 1;
    }
    int selected = view_lock(v, t);
    int around = selected >= 0 ? selected : v->selected[SCREEN_LOCKS];
    int first = widget_window(around, (int)t->lock_count, list.height);
    for (int i = 0; i < list.height && first + i < (int)t->lock_count; i++) {
        draw_row(c, list, i, &t->locks[first + i], v->shift);
        canvas_spot(c, rect_rows(list, i, 1), SPOT_ROW, NULL, t->locks[first + i].pid);
        if (first + i == selected) {
            canvas_restyle(c, rect_rows(list, i, 1), STYLE_SELECTED);
            c->cursor_x = list.x;
            c->cursor_y = list.y + i;
        }
    }
    c->rows = (int)t->lock_count;
    c->rows_shown = list.height;
}
