/* Full pages over a screen, and the question box. */
#include "config.h"
#include "ui/page.h"
#include "base/text.h"
#include "ui/paper_phase.h"
#include "ui/plot.h"
#include "ui/tables.h"

#include <stdlib.h>
#include <string.h>

/* Whether the lock would be got if the answer were yes now. */
static void who_blocks(struct paper *p, const struct model_target *t, const struct model_phase *ph,
                       int64_t now_us)
{
    char a[WORD_TEXT], who[WHO_TEXT];
    bool locks = false;
    for (size_t i = 0; i < ph->step_count; i++)
        locks = locks || (ph->steps[i].lock && strstr(ph->steps[i].lock, "EXCLUSIVE"));
    if (!locks)
        return;
    if (t->locks_at_us <= 0) {
        paper_add(p, STYLE_DIM, 0, "Who would block it now is not known yet.");
        paper_blank(p);
        return;
    }
    struct sessions s = view_sessions(t);
    const char *seen = word_rough(a, now_us - t->locks_at_us);
    if (!s.holding)
        paper_addf(p, STYLE_GOOD, 0,
                   "Nobody would block it now: no transaction older than 1s held the table %s ago.",
                   seen);
    else
        paper_addf(p, STYLE_BAD, 0,
                   "WOULD BLOCK IT NOW (seen %s ago): it waits, and does not queue, while they "
                   "hold the table",
                   seen);
    for (size_t i = 0; i < t->lock_count; i++) {
        const struct model_lock *k = &t->locks[i];
        if (k->holds)
            paper_addf(p, STYLE_WARN, 2, "pid %lld %s, %s, transaction %s: %s", (long long)k->pid,
                       word_who(who, k->app, k->user), k->state ? k->state : "?",
                       word_duration(a, k->xact_us), k->query ? k->query : "");
    }
    paper_blank(p);
}

/* What a yes here comes to, where one is not enough. */
static void who_approves(struct paper *p, const struct model *m, const struct model_target *t,
                         const struct view *v, const char *what)
{
    char since[WORD_TEXT];
    switch (view_second(v, m, t, what)) {
    case SECOND_NEEDLESS:
        return;
    case SECOND_ASK:
        paper_add(p, STYLE_WARN, 0,
                  strcmp(m->approve_by ? m->approve_by : "", "any") == 0
                      ? "It takes two: your yes asks for it, a second one begins it."
                      : "It needs a second operator: your yes asks for it, another's begins it.");
        if (t->asked_by)
            paper_addf(p, STYLE_WARN, 0, "It ends what %s asked for.", t->asked_by);
        break;
    case SECOND_GIVE:
        paper_addf(p, STYLE_WARN, 0, "%s asked for it %s ago: your yes begins it.", t->asked_by,
                   word_rough(since, v->now_us - t->asked_us));
        break;
    case SECOND_AWAIT:
        paper_addf(p, STYLE_WARN, 0, "You asked for it %s ago: another operator has to approve it.",
                   word_rough(since, v->now_us - t->asked_us));
        break;
    case SECOND_NAMELESS:
        paper_add(p, STYLE_WARN, 0,
                  "It needs a second operator, and nobody knows who you are: the engine refuses.");
        break;
    }
    paper_blank(p);
}

static void step_page(struct paper *p, const struct model *m, const struct model_target *t,
                      const struct view *v, enum phase phase)
{
    const struct model_phase *ph = &t->phases[phase];
    bool again = ph->state == STATE_FAILED;
    paper_addf(p, STYLE_WARN, 0, "%s %d %s on %s, table %s", again ? "TRY AGAIN" : "START",
               (int)phase + 1, phase_name(phase), t->name ? t->name : "?",
               m->table ? m->table : "?");
    paper_blank(p);
    if (again) {
        paper_error(p, &t->error);
        paper_blank(p);
    }
    if (ph->question) {
        paper_add(p, STYLE_BOLD, 0, ph->question);
        paper_blank(p);
    }
    who_approves(p, m, t, v, view_step_word(t, phase));
    who_blocks(p, t, ph, v->now_us);
    paper_phase(p, t, phase);
}

/* Which phases did something that can be taken back, newest first. */
static void rollback_page(struct paper *p, const struct model *m, const struct model_target *t,
                          const struct view *v)
{
    paper_addf(p, STYLE_BAD, 0, "ROLL BACK on %s: column %s of %s", t->name ? t->name : "?",
               m->column ? m->column : "?", m->table ? m->table : "?");
    who_approves(p, m, t, v, "rollback");
    paper_addf(p, STYLE_NORMAL, 0, "It stands at %d %s. This is taken back, in this order:",
               t->phase < PHASE_COUNT ? (int)t->phase + 1 : 0, phase_name(t->phase));
    size_t found = 0;
    for (int i = PHASE_COUNT - 1; i >= 0; i--) {
        const struct model_phase *ph = &t->phases[i];
        if (ph->state == STATE_TODO || ph->state == STATE_ASKING || ph->state == STATE_UNDONE)
            continue;
        for (size_t k = ph->step_count; k-- > 0;) {
            if (!ph->steps[k].undo || !*ph->steps[k].undo)
                continue;
            paper_blank(p);
            paper_addf(p, STYLE_TITLE, 2, "%d %s: %s", i + 1, phase_name((enum phase)i),
                       ph->steps[k].name ? ph->steps[k].name : "");
            paper_add(p, STYLE_ACCENT, 4, ph->steps[k].undo);
            found++;
        }
    }
    paper_blank(p);
    if (!found)
        paper_add(p, STYLE_NORMAL, 2, "nothing of what was done has a way back that is known here");
    if (t->rows_done > 0) {
        char rows[WORD_TEXT];
        paper_addf(p, STYLE_BAD, 0,
                   "%s rows have been filled; dropping the column throws their values away.",
                   word_count(rows, t->rows_done));
    }
    paper_addf(p, STYLE_BOLD, 0, "Type the column's name (%s) to do it.",
               m->column ? m->column : "?");
}

static void lock_page(struct paper *p, const struct model_target *t, const struct view *v)
{
    int at = view_lock(v, t);
    if (at < 0) {
        paper_addf(p, STYLE_WARN, 0, "session %lld is no longer in the lock tree",
                   (long long)v->lock_pid);
        return;
    }
    const struct model_lock *k = &t->locks[at];
    char a[WORD_TEXT];
    paper_addf(p, k->ours ? STYLE_ACCENT : STYLE_TITLE, 0, "SESSION %lld%s", (long long)k->pid,
               k->ours ? " (newel's own)" : "");
    paper_pair(p, 2, 14, "application", STYLE_NORMAL, k->app);
    paper_pair(p, 2, 14, "user", STYLE_NORMAL, k->user);
    paper_pair(p, 2, 14, "client", STYLE_NORMAL, k->client);
    paper_pair(p, 2, 14, "state", STYLE_NORMAL, k->state);
    paper_pair(p, 2, 14, "waits on", STYLE_NORMAL, k->wait_event);
    paper_pair(p, 2, 14, "mode", STYLE_NORMAL, k->mode);
    paper_pair(p, 2, 14, k->holds ? "holds" : "object", STYLE_NORMAL, k->object);
    paper_pair(p, 2, 14, "waiting for", STYLE_NORMAL, word_duration(a, k->wait_us));
    paper_pair(p, 2, 14, "transaction", STYLE_NORMAL, word_duration(a, k->xact_us));
    paper_pair(p, 2, 14, "in this state", STYLE_NORMAL, word_duration(a, k->state_us));
    paper_pair(p, 2, 14, "connected", STYLE_NORMAL, k->start);
    if (k->parent != UNKNOWN)
        paper_addf(p, STYLE_WARN, 2, "waits behind session %lld", (long long)k->parent);
    size_t behind = 0;
    for (size_t i = 0; i < t->lock_count; i++)
        behind += t->locks[i].parent == k->pid;
    if (behind)
        paper_addf(p, STYLE_WARN, 2, "%zu sessions wait directly behind it", behind);
    paper_blank(p);
    paper_add(p, STYLE_ACCENT, 2, k->query);
}

/* A row may go while its page is open. */
static void gone_page(struct paper *p, const char *what)
{
    paper_addf(p, STYLE_WARN, 0, "that %s is no longer there: Esc goes back", what);
}

static void event_page(struct paper *p, const struct view *v, int at)
{
    if (at < 0) {
        paper_add(p, STYLE_WARN, 0, "that event is no longer among the last ones kept");
        return;
    }
    const struct log_entry *e = log_at(&v->log, (size_t)at);
    char *text = json_dumps(e->event, JSON_INDENT(2));
    paper_addf(p, STYLE_TITLE, 0, "EVENT %lld", (long long)e->seq);
    paper_add(p, STYLE_NORMAL, 0, text);
    free(text);
}

static void client_page(struct paper *p, const struct model *m, const struct view *v, int at)
{
    struct grid g;
    if (at >= 0 && tables_open(&g, m, v, (struct rect){0})) {
        paper_add(p, STYLE_TITLE, 0, "CLIENT");
        grid_paper(p, &g, (size_t)at);
        page_readers(p, view_target(v, m));
        tables_close(&g);
    } else {
        gone_page(p, "client");
    }
}

static void limits_page(struct canvas *c, struct rect r, const struct model_target *t,
                        const struct view *v)
{
    static const struct column columns[] = {
        {"", 1, false, 0},       {"LIMIT", 16, false, 0}, {"VALUE", 14, false, 0},
        {"UNTIL", 10, false, 0}, {"NOTE", 0, false, 0},
    };
    struct pen p = pen_at(c, r, 0);
    pen_printf(&p, STYLE_TITLE, "LIMITS on %s", t->name ? t->name : "?");
    if (!t->limit_count) {
        p = pen_at(c, r, 2);
        pen_text(&p, STYLE_DIM, "no limit is known");
        return;
    }
    widget_titles(c, r, 1, columns, COUNT_OF(columns));
    struct rect list = rect_below(r, 2);
    int selected = v->limit_selected;
    for (size_t i = 0; i < t->limit_count; i++) {
        const struct model_limit *k = &t->limits[i];
        char until[WORD_TEXT];
        bool hand = k->until_us > 0;
        p = pen_at(c, list, (int)i);
        const char *cells[] = {
            selected == (int)i ? ">" : "",
            k->signal,
            k->text ? k->text : k->limit,
            hand ? word_clock(until, k->until_us) : "for good",
            k->note,
        };
        for (size_t j = 0; j < COUNT_OF(columns); j++)
            widget_cell(&p, &columns[j], r.width, hand ? STYLE_WARN : STYLE_NORMAL, cells[j]);
        canvas_spot(c, rect_rows(list, (int)i, 1), SPOT_ROW, NULL, (int64_t)i);
        if (selected == (int)i && (int)i < list.height) {
            canvas_restyle(c, rect_rows(list, (int)i, 1), STYLE_SELECTED);
            c->cursor_x = list.x;
            c->cursor_y = list.y + (int)i;
        }
    }
    p = pen_at(c, list, (int)t->limit_count + 1);
    if (view_key(v, "open"))
        pen_printf(&p, STYLE_DIM, "%s, then for example: 10s for 30m replica r2 rebuilding",
                   view_key(v, "open"));
    p = pen_at(c, list, (int)t->limit_count + 2);
    pen_text(&p, STYLE_DIM, "\"usual\" gives back the value of the migration's file.");
    c->rows = (int)t->limit_count;
    c->rows_shown = list.height;
}

static const struct model_target *page_target(const struct model *m, const struct view *v)
{
    const struct model_target *asked = v->ask.target ? model_find_target(m, v->ask.target) : NULL;
    return asked ? asked : view_target(v, m);
}

/* The pages of a row of the screen's table, which may go while its page is open. */
static void row_page(struct paper *paper, const struct model *m, const struct view *v,
                     const struct model_target *t)
{
    int at = tables_chosen(m, v);
    switch (v->page) {
    case PAGE_EVENT:
        event_page(paper, v, at);
        break;
    case PAGE_PLAN:
        if (t && at >= 0)
            page_plan(paper, &t->queries[at]);
        else
            gone_page(paper, "query");
        break;
    case PAGE_TABLE:
        if (at >= 0)
            page_table(paper, m, &m->targets[at]);
        else
            gone_page(paper, "target");
        break;
    case PAGE_REPLICA:
        if (at < 0)
            gone_page(paper, "replica");
        break;
    case PAGE_CLIENT:
        client_page(paper, m, v, at);
        break;
    default:
        break;
    }
}

/* The pages that are texts; the others leave the paper empty. */
static void page_paper(struct paper *paper, const struct model *m, const struct view *v)
{
    const struct model_target *t = page_target(m, v);
    if (!t && v->page != PAGE_EVENT)
        return;
    if (v->page == PAGE_STEP && v->ask.phase < PHASE_COUNT)
        step_page(paper, m, t, v, v->ask.phase);
    else if (v->page == PAGE_ROLLBACK)
        rollback_page(paper, m, t, v);
    else if (v->page == PAGE_PLOTS)
        page_plots_say(paper, t, v);
    else if (v->page == PAGE_LOCK)
        lock_page(paper, t, v);
    else
        row_page(paper, m, v, t);
}

void page_draw(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    const struct model_target *t = page_target(m, v);
    int at = tables_chosen(m, v);
    if (v->page == PAGE_LIMITS && t) {
        limits_page(c, r, t, v);
    } else if (v->page == PAGE_PLOTS && t) {
        page_plots(c, r, t, v);
    } else if (v->page == PAGE_PLAN && t && at >= 0 && r.width >= 100) {
        page_plan_draw(c, r, &t->queries[at], v->scroll);
    } else if (v->page == PAGE_REPLICA && t && at >= 0) {
        page_replica(c, r, t, &t->replicas[at], v);
    } else {
        struct paper paper = {.width = r.width};
        page_paper(&paper, m, v);
        paper_draw(&paper, c, r, v->scroll);
    }
}

void page_say(const struct model *m, const struct view *v, struct str *out)
{
    struct paper paper = {.width = 100000}; /* readers break lines as they like */
    page_paper(&paper, m, v);
    paper_say(&paper, out);
}

static void draw_frame(struct canvas *c, struct rect r)
{
    canvas_fill(c, r, STYLE_NORMAL, ' ');
    for (int x = r.x; x < r.x + r.width; x++) {
        canvas_put(c, x, r.y, STYLE_WARN, 0x2500);
        canvas_put(c, x, r.y + r.height - 1, STYLE_WARN, 0x2500);
    }
    for (int y = r.y; y < r.y + r.height; y++) {
        canvas_put(c, r.x, y, STYLE_WARN, 0x2502);
        canvas_put(c, r.x + r.width - 1, y, STYLE_WARN, 0x2502);
    }
    canvas_put(c, r.x, r.y, STYLE_WARN, 0x250C);
    canvas_put(c, r.x + r.width - 1, r.y, STYLE_WARN, 0x2510);
    canvas_put(c, r.x, r.y + r.height - 1, STYLE_WARN, 0x2514);
    canvas_put(c, r.x + r.width - 1, r.y + r.height - 1, STYLE_WARN, 0x2518);
}

void ask_draw(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    (void)m;
    int width = r.width - 4 < 72 ? r.width - 4 : 72;
    struct paper paper = {.width = width > 4 ? width - 4 : 1};
    paper_add(&paper, STYLE_NORMAL, 0, v->ask.about);
    int height = (int)paper.count + 2;
    if (height > r.height)
        height = r.height;
    struct rect box =
        rect_rows(rect_columns(r, (r.width - width) / 2, width), (r.height - height) / 2, height);
    if (box.width >= 3 && box.height >= 3)
        draw_frame(c, box);
    struct rect inside = rect_rows(rect_columns(box, 2, box.width - 4), 1, box.height - 2);
    paper_draw(&paper, c, inside, 0);
    c->cursor_x = inside.x;
    c->cursor_y = inside.y + inside.height - 1;
}
