/* 1 Overview: what happens, what waits on what, and what the next step will do. */
#include "config.h"
#include "ui/view.h"
#include "base/clock.h"
#include "base/units.h"
#include "ui/paper_phase.h"
#include "ui/plot.h"
#include "ui/widgets.h"

#include <string.h>

#define LADDER_ROWS (PHASE_COUNT + 1)
#define WIDE 150
#define NARROW 100
#define TALL 34
#define OLD_SAMPLE_US (5 * US_PER_S) /* a figure that old is not what is */

/* A cursor over the rows of a rectangle: blocks take what they need from the top. */
struct stack {
    struct canvas *canvas;
    struct rect r;
    int row;
};

static struct pen next_line(struct stack *s)
{
    return pen_at(s->canvas, s->r, s->row++);
}

static int rows_left(const struct stack *s)
{
    return s->r.height > s->row ? s->r.height - s->row : 0;
}

static int64_t phase_took(const struct model_phase *p, int64_t now_us)
{
    if (p->started_us <= 0)
        return UNKNOWN;
    int64_t end = p->ended_us > 0 ? p->ended_us : now_us;
    return end > p->started_us ? end - p->started_us : 0;
}

static const char *phase_mark(enum phase_state state)
{
    switch (state) {
    case STATE_DONE:
        return "+";
    case STATE_FAILED:
        return "!";
    case STATE_ASKING:
        return "?";
    case STATE_RUNNING:
    case STATE_WAITING:
    case STATE_PAUSED:
    case STATE_UNDOING:
        return ">";
    case STATE_TODO:
    case STATE_UNDONE:
        break;
    }
    return " ";
}

static void draw_ladder(struct canvas *c, struct rect r, const struct model_target *t,
                        const struct view *v)
{
    widget_heading(c, r, 0, "PHASES");
    for (int i = 0; i < PHASE_COUNT; i++) {
        const struct model_phase *p = &t->phases[i];
        enum style style = word_phase_style(p->state);
        struct pen pen = pen_at(c, r, i + 1);
        char took[WORD_TEXT];
        pen_printf(&pen, style, "%s%2d %-9s ", phase_mark(p->state), i + 1,
                   phase_name((enum phase)i));
        pen_field(&pen, style, 8, false, phase_state_name(p->state));
        int64_t us = phase_took(p, v->now_us);
        pen_field(&pen, STYLE_DIM, 7, true,
                  us == UNKNOWN || p->state == STATE_TODO || p->state == STATE_ASKING
                      ? ""
                      : units_duration(took, us));
        pen_text(&pen, STYLE_NORMAL, " ");
        if (pen_left(&pen) >= 8)
            pen_text(&pen, STYLE_DIM, p->detail);
    }
}

/* ---- the phase that runs ---- */

static void label(struct pen *p, const char *text)
{
    pen_field(p, STYLE_DIM, 8, false, text);
}

static void draw_progress(struct stack *s, const struct model_target *t, const struct view *v)
{
    char a[WORD_TEXT], b[WORD_TEXT];
    bool done = t->phases[PHASE_BACKFILL].state == STATE_DONE;
    struct pen p = next_line(s);
    int tail = 12;
    widget_bar(&p, STYLE_ACCENT, s->r.width - tail > 10 ? s->r.width - tail : 10,
               done ? 1000000 : t->fraction_ppm);
    pen_printf(&p, STYLE_BOLD, " %s%s", done ? "100%" : word_percent(a, t->fraction_ppm),
               done || t->fraction_ppm < 0 ? "" : " est.");

    p = next_line(s);
    label(&p, "rows");
    pen_printf(&p, STYLE_BOLD, "%s", word_count(a, t->rows_done));
    pen_printf(&p, STYLE_NORMAL, " of about %s", word_count(b, t->rows_total));
    if (t->part)
        pen_printf(&p, STYLE_DIM, ", %lld of %lld partitions, now %s", (long long)t->parts_done,
                   (long long)t->parts, t->part);

    struct model_eta eta = model_eta(t, v->now_us);
    p = next_line(s);
    label(&p, "rate");
    if (eta.rows_per_s == UNKNOWN)
        pen_text(&p, STYLE_DIM, "unknown ");
    else
        pen_printf(&p, STYLE_BOLD, "%s rows/s ", units_short(a, (double)eta.rows_per_s));
    widget_spark(&p, &t->rate, pen_left(&p), 0);

    p = next_line(s);
    label(&p, "left");
    if (done)
        pen_text(&p, STYLE_GOOD, "nothing");
    else
        pen_printf(&p, eta.absurd ? STYLE_BAD : STYLE_BOLD, "%s", word_eta(a, t, v->now_us));
    if (!done && eta.low_us != UNKNOWN && !eta.absurd)
        pen_text(&p, STYLE_DIM, " of work (est.)");

    char worked[WORD_TEXT], throttled[WORD_TEXT], paused[WORD_TEXT];
    p = next_line(s);
    label(&p, "time");
    pen_printf(&p, STYLE_NORMAL, "work %s ", word_rough(worked, t->time.worked_us));
    pen_printf(&p, t->time.throttled_us > 0 ? STYLE_WARN : STYLE_DIM, "throttle %s ",
               word_rough(throttled, t->time.throttled_us));
    pen_printf(&p, t->time.paused_us > 0 ? STYLE_WARN : STYLE_DIM, "pause %s",
               word_rough(paused, t->time.paused_us));
}

static void draw_pace(struct stack *s, const struct model_target *t)
{
    char a[WORD_TEXT], b[WORD_TEXT];
    struct pen p = next_line(s);
    label(&p, "batch");
    bool hand = t->pace_mode && strcmp(t->pace_mode, "hand") == 0;
    pen_printf(&p, STYLE_BOLD, "%s rows", word_count(a, t->pace_rows));
    pen_printf(&p, hand ? STYLE_WARN : STYLE_DIM, " %s", hand ? "by hand" : "auto");
    if (t->lanes > 1)
        pen_printf(&p, STYLE_NORMAL, " x%lld lanes", (long long)t->lanes);
    if (t->slow_ppm > 0 && t->slow_ppm < 1000000)
        pen_printf(&p, STYLE_WARN, "  slowed to %d%%", (int)(t->slow_ppm / 10000));

    p = next_line(s);
    label(&p, "last");
    if (t->batch_us == UNKNOWN) {
        pen_text(&p, STYLE_DIM, "no batch yet");
        return;
    }
    bool slow = t->pace_time_us > 0 && t->batch_us > 2 * t->pace_time_us;
    pen_printf(&p, slow ? STYLE_WARN : STYLE_BOLD, "%s", word_duration(a, t->batch_us));
    if (t->pace_time_us > 0)
        pen_printf(&p, STYLE_DIM, " aim %s", word_duration(b, t->pace_time_us));
    pen_printf(&p, STYLE_NORMAL, ", %s rows ", word_count(a, t->batch_updated));
    widget_spark(&p, &t->batch, pen_left(&p), 0);

    p = next_line(s);
    label(&p, "total");
    pen_printf(&p, STYLE_NORMAL, "%s batches", word_count(a, t->batches));
    if (t->retries > 0)
        pen_printf(&p, STYLE_WARN, ", %s retried", word_count(a, t->retries));
    if (t->wal_done > 0)
        pen_printf(&p, STYLE_NORMAL, ", %s %s", word_log(t), word_size(a, t->wal_done));
    if (t->pace_pause_us > 0)
        pen_printf(&p, STYLE_DIM, ", rest %s", word_duration(a, t->pace_pause_us));
}

static bool statement_open(const struct model_target *t)
{
    const char *state = t->statement.state;
    return state && (strcmp(state, "begin") == 0 || strcmp(state, "retry") == 0);
}

/* The statement under way: how long it may still wait, and for whom. */
static void draw_statement(struct stack *s, const struct model_target *t, const struct view *v)
{
    const struct model_statement *st = &t->statement;
    if (!statement_open(t) || rows_left(s) < 2)
        return;
    char a[WORD_TEXT], b[WORD_TEXT], who[WHO_TEXT], place[PLACE_TEXT];
    struct pen p = next_line(s);
    bool waits = strcmp(st->state, "retry") == 0 || st->blocker_count;
    pen_text(&p, waits ? STYLE_WARN : STYLE_ACCENT,
             model_doing(t) == DOING_FAILED    ? "LAST  "
             : strcmp(st->state, "retry") == 0 ? "WAITS "
                                               : "NOW   ");
    pen_text(&p, STYLE_BOLD, st->step ? st->step : phase_name(st->phase));
    if (st->attempt > 0)
        pen_printf(&p, STYLE_NORMAL, "  try %lld", (long long)st->attempt);
    if (st->attempt > 0 && st->tries > 0)
        pen_printf(&p, STYLE_NORMAL, " of %lld", (long long)st->tries);
    if (st->timeout_us > 0) {
        int64_t left = st->at_us + st->timeout_us - v->now_us;
        if (strcmp(st->state, "begin") == 0 && left > 0)
            pen_printf(&p, STYLE_WARN, "  gives up in %s of %s", word_duration(a, left),
                       word_duration(b, st->timeout_us));
        else
            pen_printf(&p, STYLE_DIM, "  lock_timeout %s", word_duration(a, st->timeout_us));
    }
    if (st->queue > 0)
        pen_printf(&p, STYLE_BAD, "  %lld sessions wait behind it", (long long)st->queue);
    p = next_line(s);
    pen_to(&p, 6);
    pen_text(&p, STYLE_NORMAL, st->sql);
    for (size_t i = 0; i < st->blocker_count && rows_left(s) > 1; i++) {
        const struct model_blocker *k = &st->blockers[i];
        if (i == 2 && st->blocker_count > 3) {
            p = next_line(s);
            pen_to(&p, 6);
            pen_printf(&p, STYLE_WARN, "and %zu more: %s", st->blocker_count - 2,
                       view_place(place, v, SCREEN_LOCKS));
            break;
        }
        p = next_line(s);
        pen_to(&p, 6);
        pen_printf(&p, STYLE_WARN, "held by pid %lld %s %s, transaction %s: ", (long long)k->pid,
                   word_who(who, k->app, k->user), k->state ? k->state : "",
                   word_duration(a, k->xact_us));
        pen_text(&p, STYLE_NORMAL, k->query);
    }
}

static void draw_error(struct stack *s, const struct model_target *t)
{
    const struct model_error *e = &t->error;
    if (!e->what && !e->why)
        return;
    struct paper paper = {.width = s->r.width};
    paper_addf(&paper, STYLE_BAD, 0, "FAILED %s%s%s", e->what ? e->what : "", e->why ? ": " : "",
               e->why ? e->why : "");
    if (e->todo)
        paper_addf(&paper, STYLE_BOLD, 2, "do: %s", e->todo);
    int rows = (int)paper.count < rows_left(s) ? (int)paper.count : rows_left(s);
    paper_draw(&paper, s->canvas, rect_rows(s->r, s->row, rows), 0);
    s->row += rows;
}

static void draw_reasons(struct stack *s, const struct model_target *t, const struct view *v)
{
    for (size_t i = 0; i < t->reason_count && rows_left(s) > 1; i++) {
        const struct model_reason *reason = &t->reasons[i];
        struct pen p = next_line(s);
        char age[WORD_TEXT];
        pen_text(&p, t->throttled ? STYLE_BAD : STYLE_WARN, t->throttled ? "STOPS " : "SLOWS ");
        if (reason->text && *reason->text)
            pen_text(&p, STYLE_BOLD, reason->text);
        else
            pen_printf(&p, STYLE_BOLD, "%s on %s: %s >= %s", reason->signal ? reason->signal : "?",
                       reason->server ? reason->server : "?",
                       reason->unknown    ? "unknown"
                       : reason->observed ? reason->observed
                                          : "?",
                       reason->limit ? reason->limit : "?");
        int64_t since = v->now_us - reason->since_us;
        if (reason->since_us > 0 && since >= 0 && since < 7 * 86400 * US_PER_S)
            pen_printf(&p, STYLE_DIM, ", for %s", word_rough(age, since));
    }
}

static void draw_lag(struct stack *s, const struct model_target *t, const struct view *v)
{
    int64_t limit;
    const char *limit_text = word_limit(t, "max_lag", &limit);
    for (size_t i = 0; i < t->replica_count && rows_left(s) > 0; i++) {
        if (i >= 3 && t->replica_count > 4 && rows_left(s) < 12) {
            struct pen more = next_line(s);
            pen_printf(&more, STYLE_DIM, "      and %zu more: 4 Replicas", t->replica_count - i);
            return;
        }
        const struct model_replica *r = &t->replicas[i];
        struct pen p = next_line(s);
        char lag[WORD_TEXT];
        bool over = limit > 0 && r->lag_us > limit;
        pen_text(&p, STYLE_DIM, "lag   ");
        pen_field(&p, STYLE_NORMAL, 12, false, r->name);
        pen_text(&p, STYLE_NORMAL, " ");
        if (!r->reachable || r->lag_us == UNKNOWN)
            pen_field(&p, STYLE_BAD, 8, true, "unknown");
        else
            pen_field(&p, over ? STYLE_BAD : STYLE_BOLD, 8, true, units_duration(lag, r->lag_us));
        char limit_word[WORD_TEXT];
        (void)snprintf(limit_word, sizeof limit_word, " %s %.30s", over ? "OVER" : "of",
                       limit_text ? limit_text : "no limit");
        pen_field(&p, over ? STYLE_BAD : STYLE_DIM, 12, false, limit_word);
        int64_t age = v->now_us - r->at_us;
        if (!r->reachable && r->error)
            pen_text(&p, STYLE_BAD, r->error);
        else if (r->at_us > 0 && age > OLD_SAMPLE_US)
            pen_printf(&p, STYLE_BAD, "seen %s ago", word_rough(lag, age));
        else
            widget_spark(&p, &r->lag, pen_left(&p) < 80 ? pen_left(&p) : 80, limit);
    }
}

static void draw_server(struct stack *s, const struct model_target *t, const struct view *v)
{
    if (rows_left(s) < 1)
        return;
    struct pen p = next_line(s);
    char a[WORD_TEXT], place[PLACE_TEXT];
    pen_text(&p, STYLE_DIM, "server ");
    if (!t->reachable && t->server_at_us > 0) {
        pen_printf(&p, STYLE_BAD, "cannot be asked: %s", t->server_error ? t->server_error : "?");
        return;
    }
    if (t->server_at_us <= 0) {
        pen_text(&p, STYLE_DIM, "not sampled yet");
        return;
    }
    pen_printf(&p, STYLE_NORMAL, "%s running, ", word_count(a, t->running));
    pen_printf(&p, t->waiters > 0 ? STYLE_WARN : STYLE_NORMAL, "%s wait for us",
               word_count(a, t->waiters));
    if (t->wal_rate != UNKNOWN)
        pen_printf(&p, STYLE_NORMAL, ", %s %s/s", word_log(t), word_size(a, t->wal_rate));
    if (t->hot_ppm != UNKNOWN)
        pen_printf(&p, STYLE_NORMAL, ", HOT %s", word_percent(a, t->hot_ppm));
    struct sessions held = view_sessions(t);
    if (held.waiting)
        pen_printf(&p, STYLE_WARN, ", %zu in lock waits: %s", held.waiting + held.roots,
                   view_place(place, v, SCREEN_LOCKS));
    else if (held.holding)
        pen_printf(&p, STYLE_WARN, ", %zu hold%s the table: %s", held.holding,
                   held.holding == 1 ? "s" : "", view_place(place, v, SCREEN_LOCKS));
}

/* Who else is here: a key that is pressed now may meet another's. */
static void draw_people(struct stack *s, const struct model *m)
{
    if (!m->console_count || rows_left(s) < (m->console_count > 1 ? 2 : 10))
        return;
    struct pen p = next_line(s);
    char since[WORD_TEXT];
    pen_text(&p, STYLE_DIM, "here  ");
    for (size_t i = 0; i < m->console_count; i++) {
        const struct model_console *k = &m->consoles[i];
        const char *name = k->operator_name ? k->operator_name : "unknown";
        /* where there is no room for it, where they came from is on the log */
        int most = (int)(s->r.width < NARROW ? strcspn(name, " ") : strlen(name));
        pen_printf(&p, STYLE_NORMAL, "%s%.*s", i ? ", " : "", most, name);
        pen_printf(&p, STYLE_DIM, "%s since %s", k->read_only ? " looks on" : "",
                   word_clock(since, k->since_us));
    }
}

/* What one operator has asked for, and another may begin. */
static void draw_request(struct stack *s, const struct model *m, const struct model_target *t,
                         const struct view *v)
{
    if (!t->asked_by || !t->asked_for || m->ended || rows_left(s) < 1)
        return;
    bool back = strcmp(t->asked_for, "rollback") == 0;
    const char *what = back ? t->asked_for : phase_name(t->phase);
    char ago[WORD_TEXT];
    struct pen p = next_line(s);
    pen_text(&p, STYLE_WARN, "ASKED ");
    pen_printf(&p, STYLE_BOLD, "%.*s asked for %s", (int)strcspn(t->asked_by, " "), t->asked_by,
               what);
    pen_printf(&p, STYLE_NORMAL, " %s ago: ", word_rough(ago, v->now_us - t->asked_us));
    const char *key = v->review || v->read_only ? NULL : view_key(v, back ? "rollback" : "step");
    bool mine = view_second(v, m, t, what) == SECOND_AWAIT;
    pen_text(&p, STYLE_WARN,
             mine ? "another operator has to approve it" : "a second yes begins it");
    if (key)
        pen_printf(&p, STYLE_KEY, mine ? "  %s takes it back" : "  press %s", key);
}

/* What the present pace comes to, in the terms in which people decide. */
static void draw_outlook(struct stack *s, const struct model_target *t, const struct view *v)
{
    struct model_outlook o;
    if (rows_left(s) < 3 || !model_outlook(t, v->now_us, &o))
        return;
    char low[WORD_TEXT], high[WORD_TEXT], log[WORD_TEXT];
    struct pen p = next_line(s);
    pen_text(&p, STYLE_DIM, "AT THIS PACE ");
    pen_printf(&p, STYLE_BOLD, "done %s", word_moment(low, o.low_us, v->now_us));
    if (strcmp(word_moment(high, o.high_us, v->now_us), low) != 0)
        pen_printf(&p, STYLE_BOLD, " - %s", high);
    if (o.share_ppm < 950000)
        pen_printf(&p, STYLE_NORMAL, ", at work %s of the time", word_percent(log, o.share_ppm));
    if (o.log_bytes != UNKNOWN)
        pen_printf(&p, STYLE_NORMAL, ", %s %s more", word_size(log, o.log_bytes), word_log(t));
    if (t->paused_by)
        pen_text(&p, STYLE_WARN, ", if it went on now");
    if (view_key(v, "plots") && pen_left(&p) > 12)
        pen_printf(&p, STYLE_KEY, "  %s plots", view_key(v, "plots"));
}

/* What `n` would do, or what comes after what runs now. */
static void draw_next(struct stack *s, const struct model_target *t, const struct view *v)
{
    if (rows_left(s) < 1)
        return;
    enum phase next = view_next_phase(t);
    bool now = next < PHASE_COUNT;
    if (!now)
        next = t->phase < PHASE_COUNT ? (enum phase)(t->phase + 1) : PHASE_COUNT;
    struct pen p = next_line(s);
    if (next >= PHASE_COUNT) {
        pen_text(&p, STYLE_DIM, "NEXT  nothing: this is the last phase");
        return;
    }
    const struct model_phase *ph = &t->phases[next];
    bool again = ph->state == STATE_FAILED;
    pen_printf(&p, now ? STYLE_WARN : STYLE_TITLE, "%s %d %s", again ? "AGAIN" : "NEXT ", next + 1,
               phase_name(next));
    const char *key = now && !v->review && !v->read_only ? view_key(v, "step") : NULL;
    if (key && !t->asked_by)
        pen_printf(&p, STYLE_KEY, "  press %s", key);
    if (ph->estimate)
        pen_printf(&p, STYLE_DIM, "  %s", ph->estimate);
    for (size_t i = 0; i < ph->step_count && i < 2 && rows_left(s) > 0; i++) {
        const struct model_step *step = &ph->steps[i];
        p = next_line(s);
        pen_to(&p, 6);
        pen_text(&p, STYLE_NORMAL, step->sql ? step->sql : step->name);
        if (step->lock && rows_left(s) > 0) {
            p = next_line(s);
            pen_to(&p, 6);
            pen_printf(&p, STYLE_DIM, "lock %s; blocks %s", step->lock,
                       step->blocks ? step->blocks : "nothing");
        }
    }
}

/* Where there is room: the whole of what was just named. */
static void draw_next_in_full(struct canvas *c, struct rect r, const struct model_target *t)
{
    enum phase next = view_next_phase(t);
    if (next >= PHASE_COUNT && t->phase + 1 < PHASE_COUNT)
        next = (enum phase)(t->phase + 1);
    if (next >= PHASE_COUNT)
        return;
    struct paper paper = {.width = r.width};
    widget_heading(c, r, 0, "WHAT COMES NEXT");
    paper_phase(&paper, t, next);
    paper_draw(&paper, c, rect_below(r, 1), 0);
}

static void draw_headline(struct canvas *c, struct rect r, int row, const struct model *m,
                          const struct model_headline *h)
{
    struct pen p = pen_at(c, r, row);
    char clock[WORD_TEXT];
    pen_printf(&p, STYLE_DIM, "%s ", word_clock(clock, h->time_us));
    if (m->target_count > 1 && h->target)
        pen_printf(&p, STYLE_DIM, "%s ", h->target);
    pen_printf(&p,
               h->level > 1   ? STYLE_BAD
               : h->level > 0 ? STYLE_WARN
                              : STYLE_NORMAL,
               "%s%s",
               h->level > 1   ? "!! "
               : h->level > 0 ? "! "
                              : "",
               h->text ? h->text : "");
}

static void draw_headlines(struct canvas *c, struct rect r, const struct model *m,
                           const struct view *v)
{
    if (r.height < 2)
        return;
    widget_heading(c, r, 0, "LAST EVENTS");
    int row = 1;
    for (size_t i = m->headline_count; i-- > 0 && row < r.height;)
        if (view_concerns(v, m, m->headlines[i].target))
            draw_headline(c, r, row++, m, &m->headlines[i]);
}

/* What matters most of the plots, beside each other. */
static void draw_plots(struct canvas *c, struct rect r, const struct model_target *t,
                       const struct view *v)
{
    struct plot plots[PLOT_PLOTS_MAX];
    int count = (int)plots_of(t, v, plots), fit = r.width / 45;
    if (count > fit)
        count = fit > 0 ? fit : 1;
    int width = r.width / count;
    for (int i = 0; i < count; i++)
        plot_draw(c, rect_columns(r, i * width, i + 1 < count ? (i + 1) * width - 1 : r.width),
                  &plots[i], v, t);
}

static bool backfill_begun(const struct model_target *t)
{
    return t->phases[PHASE_BACKFILL].state != STATE_TODO &&
           t->phases[PHASE_BACKFILL].state != STATE_ASKING;
}

static void draw_checks(struct stack *s, const struct model_target *t)
{
    size_t pass = 0, warn = 0, stop = 0;
    for (size_t i = 0; i < t->check_count; i++) {
        const char *verdict = t->checks[i].verdict ? t->checks[i].verdict : "";
        if (strcmp(verdict, "stop") == 0)
            stop++;
        else if (strcmp(verdict, "warn") == 0)
            warn++;
        else
            pass++;
    }
    struct pen p = next_line(s);
    pen_printf(&p,
               stop   ? STYLE_BAD
               : warn ? STYLE_WARN
                      : STYLE_NORMAL,
               "%zu checks passed, %zu warn, %zu stop", pass, warn, stop);
    for (int level = 2; level > 0; level--)
        for (size_t i = 0; i < t->check_count && rows_left(s) > 0; i++) {
            const struct model_check *k = &t->checks[i];
            if (strcmp(k->verdict ? k->verdict : "", level == 2 ? "stop" : "warn") != 0)
                continue;
            p = next_line(s);
            pen_printf(&p, level == 2 ? STYLE_BAD : STYLE_WARN,
                       "%s %s: ", level == 2 ? "STOP" : "warn", k->check ? k->check : "?");
            pen_text(&p, STYLE_NORMAL, k->evidence);
        }
}

static void draw_right(struct canvas *c, struct rect r, const struct model *m,
                       const struct model_target *t, const struct view *v)
{
    struct stack s = {c, r, 1};
    if (backfill_begun(t)) {
        widget_heading(c, r, 0, "BACKFILL");
        draw_progress(&s, t, v);
        draw_pace(&s, t);
    } else {
        widget_heading(c, r, 0, t->check_count ? "CHECKS" : "MIGRATION");
        if (t->check_count)
            draw_checks(&s, t);
    }
    if (rows_left(&s) > 0) {
        struct pen p = next_line(&s);
        label(&p, "column");
        pen_printf(&p, STYLE_NORMAL, "%s %s%s", m->column ? m->column : "?", m->type ? m->type : "",
                   m->not_null ? " NOT NULL" : "");
        if (m->default_sql)
            pen_printf(&p, STYLE_NORMAL, " DEFAULT %s", m->default_sql);
    }
    if (rows_left(&s) > 0 && m->value_sql) {
        struct pen p = next_line(&s);
        label(&p, "value");
        pen_text(&p, STYLE_NORMAL, m->value_sql);
    }
}

void screen_overview(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    const struct model_target *t = view_target(v, m);
    if (!t) {
        struct pen p = pen_at(c, r, 0);
        pen_text(&p, STYLE_DIM, "no target yet: the session is just starting");
        draw_headlines(c, rect_below(r, 2), m, v);
        return;
    }
    if (r.width >= WIDE) {
        draw_headlines(c, rect_columns(r, r.width * 2 / 3, r.width), m, v);
        r.width = r.width * 2 / 3 - 2;
    }
    int left = r.width >= 110 ? 46 : r.width >= 90 ? 38 : 31;
    draw_ladder(c, rect_rows(rect_columns(r, 0, left), 0, LADDER_ROWS), t, v);
    draw_right(c, rect_rows(rect_columns(r, left + 2, r.width), 0, LADDER_ROWS), m, t, v);
    struct stack s = {c, rect_below(r, LADDER_ROWS), 0};
    draw_error(&s, t);
    draw_reasons(&s, t, v);
    draw_statement(&s, t, v);
    draw_outlook(&s, t, v);
    draw_lag(&s, t, v);
    draw_server(&s, t, v);
    draw_people(&s, m);
    draw_request(&s, m, t, v);
    draw_next(&s, t, v);
    if (r.height >= TALL && backfill_begun(t) && rows_left(&s) > 12) {
        int rows = rows_left(&s) / 3;
        draw_plots(c, rect_rows(s.r, s.row + 1, rows - 1), t, v);
        s.row += rows + 1;
    }
    if (c->width >= WIDE && rows_left(&s) > 4)
        draw_next_in_full(c, rect_below(s.r, s.row), t);
    if (c->width < WIDE)
        draw_headlines(c, rect_below(s.r, s.row), m, v);
}

/* When there is hardly any room: the essentials, one under the other. */
void screen_minimal(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    const struct model_target *t = view_target(v, m);
    if (!t)
        return;
    struct stack s = {c, r, 0};
    char a[WORD_TEXT];
    struct pen p = next_line(&s);
    enum phase_state state = t->phase < PHASE_COUNT ? t->phases[t->phase].state : STATE_TODO;
    pen_printf(&p, word_phase_style(state), "%d/%d %s %s",
               t->phase < PHASE_COUNT ? (int)t->phase + 1 : 0, PHASE_COUNT, phase_name(t->phase),
               phase_state_name(state));
    draw_error(&s, t);
    if (backfill_begun(t)) {
        p = next_line(&s);
        pen_printf(&p, STYLE_BOLD, "%s est. ", word_percent(a, t->fraction_ppm));
        pen_printf(&p, STYLE_NORMAL, "left %s", word_eta(a, t, v->now_us));
    }
    draw_reasons(&s, t, v);
    draw_statement(&s, t, v);
    draw_lag(&s, t, v);
    draw_request(&s, m, t, v);
    draw_next(&s, t, v);
    draw_headlines(c, rect_below(s.r, s.row), m, v);
}
