#include "config.h"
#include "ui/view.h"
#include "base/clock.h"
#include "base/text.h"
#include "ui/keys.h"
#include "ui/tables.h"
#include "ui/widgets.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Below this only the essentials are drawn, one under the other. */
#define SMALL_WIDTH 60
#define SMALL_HEIGHT 16

/* Older than this, a live picture is called stale. */
#define STALE_US (3 * US_PER_S)

static const char *const titles[SCREEN_COUNT] = {
    "Overview", "Tables", "Locks", "Replicas", "Targets", "Plans", "Clients", "Log", "SQL", "Help",
};

const char *screen_title(enum screen_id screen)
{
    return (unsigned)screen < SCREEN_COUNT ? titles[screen] : "";
}

static const char *const tab_commands[SCREEN_HELP] = {
    "screen-overview", "screen-tables",  "screen-locks", "screen-replicas", "screen-targets",
    "screen-plans",    "screen-clients", "screen-log",   "screen-sql",
};

enum screen_id screen_from_name(const char *name)
{
    if (name[0] >= '1' && name[0] <= '9' && !name[1])
        return (enum screen_id)(name[0] - '1');
    for (unsigned i = 0; i < SCREEN_COUNT; i++)
        if (strcasecmp(titles[i], name) == 0)
            return (enum screen_id)i;
    return SCREEN_COUNT;
}

void view_init(struct view *v)
{
    *v = (struct view){.target = -1, .followed = -1, .speed = 1, .frame_us = VIEW_FRAME_US};
}

void view_close_ask(struct view *v)
{
    free(v->ask.target);
    free(v->ask.start);
    free(v->ask.about);
    free(v->ask.signal);
    str_free(&v->ask.input);
    v->ask = (struct ask){0};
}

void view_open(struct view *v, enum page page)
{
    v->page = page;
    v->scroll = 0;
}

void view_free(struct view *v)
{
    view_close_ask(v);
    log_clear(&v->log);
    history_free(&v->history);
    free(v->lock_start);
    for (size_t i = 0; i < SCREEN_COUNT; i++)
        free(v->tables[i].filter);
    grid_forget(&v->seen);
    free(v->message);
    free(v->call);
    free(v->operator_name);
    keymap_free(&v->keys);
    view_init(v);
}

void view_say(struct view *v, enum style style, const char *format, ...)
{
    struct str text = {0};
    if (v->keeps_messages && v->message)
        str_addf(&text, "%s\n", v->message);
    va_list args;
    va_start(args, format);
    str_vaddf(&text, format, args);
    va_end(args);
    free(v->message);
    v->message = str_take(&text);
    v->message_style = style;
}

void view_call(struct view *v, const char *from, int64_t at_us, const char *text)
{
    char clock[WORD_TEXT];
    struct str s = {0};
    v->calls++;
    if (v->keeps_messages)
        str_addf(&s, "%s%smessage from ", v->call ? v->call : "", v->call ? "\n" : "");
    else if (v->calls > 1)
        str_addf(&s, "%zu messages, the last: ", v->calls);
    text_add_line(&s, from);
    str_addf(&s, ", %s: ", word_clock(clock, at_us));
    text_add_line(&s, text);
    free(v->call);
    v->call = str_take(&s);
    if (v->keeps_messages)
        return;
    free(v->message); /* it has had its time */
    v->message = NULL;
}

enum key_mode view_mode(const struct view *v)
{
    return v->review ? MODE_REVIEW : MODE_LIVE;
}

const char *view_key(const struct view *v, const char *command)
{
    return keymap_label(&v->keys, command, view_mode(v));
}

const char *view_place(char out[PLACE_TEXT], const struct view *v, enum screen_id screen)
{
    const char *key = (unsigned)screen < SCREEN_HELP ? view_key(v, tab_commands[screen]) : NULL;
    (void)snprintf(out, PLACE_TEXT, "%s%s%s", key ? key : "", key ? " " : "", screen_title(screen));
    return out;
}

const struct model_target *view_target(const struct view *v, const struct model *m)
{
    if (!m->target_count)
        return NULL;
    size_t i = v->target >= 0     ? (size_t)v->target
               : v->followed >= 0 ? (size_t)v->followed
                                  : m->focus;
    return &m->targets[i < m->target_count ? i : 0];
}

void timeline_mark(struct timeline *t, int64_t at_us, enum history_mark_kind kind)
{
    static const uint8_t marks[] = {[HISTORY_COMMAND] = MARK_COMMAND,
                                    [HISTORY_PHASE] = MARK_PHASE,
                                    [HISTORY_THROTTLE] = 0,
                                    [HISTORY_ALARM] = MARK_ALARM};
    int64_t span = t->last_us - t->first_us, into = at_us - t->first_us;
    if (span <= 0 || into < 0 || into > span)
        return;
    /* in floating point: µs of a long session times the cells could overflow */
    size_t cell = (size_t)((double)into / (double)span * (TIMELINE_CELLS - 1));
    t->marks[cell] = (uint8_t)(t->marks[cell] | marks[kind]);
}

bool view_concerns(const struct view *v, const struct model *m, const char *target)
{
    const struct model_target *t = v->only && target ? view_target(v, m) : NULL;
    return !t || !t->name || strcmp(t->name, target) == 0;
}

void view_follow(struct view *v, const struct model *m)
{
    bool held = v->followed >= 0 && (size_t)v->followed < m->target_count;
    enum model_doing doing = held ? model_doing(&m->targets[v->followed]) : DOING_IDLE;
    bool moves_on = doing == DOING_IDLE || doing == DOING_DONE;
    if (!held || (moves_on && v->ask.kind == ASK_NONE && v->page == PAGE_NONE))
        v->followed = m->focus < m->target_count ? (int)m->focus : -1;
}

int view_lock(const struct view *v, const struct model_target *t)
{
    if (!v->lock_pid)
        return -1;
    for (size_t i = 0; i < t->lock_count; i++)
        if (t->locks[i].pid == v->lock_pid && strcmp(t->locks[i].start ? t->locks[i].start : "",
                                                     v->lock_start ? v->lock_start : "") == 0)
            return (int)i;
    return -1;
}

/* NULL: nothing is asked for; else "rollback", or the phase's name. */
static const char *asked_word(const struct model_target *t)
{
    if (!t->asked_by || !t->asked_for)
        return NULL;
    return strcmp(t->asked_for, "rollback") == 0 ? t->asked_for : phase_name(t->phase);
}

static bool by_any(const struct model *m)
{
    return m->approve_by && strcmp(m->approve_by, "any") == 0;
}

const char *view_step_word(const struct model_target *t, enum phase phase)
{
    return model_goes_down(t) ? "rollback" : phase_name(phase);
}

enum second view_second(const struct view *v, const struct model *m, const struct model_target *t,
                        const char *what)
{
    const char *asked = asked_word(t);
    if (!model_needs_second(m, what))
        return SECOND_NEEDLESS;
    if (!by_any(m) && !model_known_operator(v->operator_name))
        return SECOND_NAMELESS;
    if (!asked || strcmp(asked, what) != 0)
        return SECOND_ASK;
    return !by_any(m) && model_same_operator(t->asked_by, v->operator_name) ? SECOND_AWAIT
                                                                            : SECOND_GIVE;
}

struct sessions view_sessions(const struct model_target *t)
{
    struct sessions s = {0};
    for (size_t i = 0; i < t->lock_count; i++) {
        const struct model_lock *k = &t->locks[i];
        bool root = k->parent == UNKNOWN;
        s.waiting += !root;
        s.roots += root && !k->holds;
        s.holding += root && k->holds;
    }
    return s;
}

enum phase view_next_phase(const struct model_target *t)
{
    if (t->phase >= PHASE_COUNT)
        return PHASE_PREFLIGHT;
    switch (t->phases[t->phase].state) {
    case STATE_DONE:
        return (enum phase)(t->phase + 1); /* PHASE_COUNT after the last */
    case STATE_TODO:
    case STATE_ASKING:
    case STATE_FAILED:
    case STATE_UNDONE:
        return t->phase;
    case STATE_RUNNING:
    case STATE_WAITING:
    case STATE_PAUSED:
    case STATE_UNDOING:
        break;
    }
    return PHASE_COUNT;
}

/* ---- the top line ---- */

/* Between two tries of a statement; else it waits for what the phase's detail says. */
static bool waits_for_lock(const struct model_target *t)
{
    return t->statement.phase == t->phase && t->statement.state &&
           strcmp(t->statement.state, "retry") == 0;
}

/* In a try that is not the first: whether it has its lock by now, nobody knows. */
static bool tries_again(const struct model_target *t)
{
    return t->statement.phase == t->phase && t->statement.attempt > 1 && t->statement.state &&
           strcmp(t->statement.state, "begin") == 0;
}

static void add_try(struct str *out, const struct model_target *t)
{
    str_addf(out, ", try %lld", (long long)t->statement.attempt);
    if (t->statement.tries > 0)
        str_addf(out, " of %lld", (long long)t->statement.tries);
}

/* Whose yes is there, and whose is missing: to the phase that is asked for, or to something else.
 */
static void add_second(struct str *out, const struct model *m, const struct model_target *t,
                       const char *here)
{
    const char *asked = asked_word(t), *other = by_any(m) ? "2nd yes" : "2nd operator";
    if (here && model_needs_second(m, here) && (!asked || strcmp(asked, here) != 0))
        str_addf(out, " %s", by_any(m) ? "takes 2 yes" : "takes 2 operators");
    if (!asked)
        return;
    if (here && strcmp(asked, here) == 0)
        str_addf(out, " %s", other);
    else
        str_addf(out, ", %s?", asked);
    str_addf(out, " (%.*s asked)", (int)strcspn(t->asked_by, " "), t->asked_by);
}

void view_state(struct str *out, enum style *style, const struct model *m,
                const struct model_target *t)
{
    bool asks = model_doing(t) == DOING_ASKING || model_doing(t) == DOING_FAILED;
    *style = STYLE_BADGE_WARN;
    switch (model_doing(t)) {
    case DOING_IDLE:
        *style = STYLE_BADGE;
        str_add(out, "IDLE");
        break;
    case DOING_ASKING:
        str_addf(out, "ASKING %s?", phase_name(view_next_phase(t)));
        break;
    case DOING_RUNNING:
        *style = STYLE_BADGE;
        str_add(out, "RUNNING");
        if (t->slow_ppm > 0 && t->slow_ppm < 1000000)
            str_addf(out, " slowed to %d%%", (int)(t->slow_ppm / 10000));
        if (tries_again(t))
            add_try(out, t);
        break;
    case DOING_WAITING:
        if (t->phase == PHASE_BACKFILL) {
            str_add(out, "WAITING for a locked row");
            break;
        }
        if (!waits_for_lock(t)) {
            const char *detail = t->phases[t->phase].detail;
            bool says = detail && strncmp(detail, "waits ", 6) == 0;
            str_addf(out, "WAITING %s", !detail ? "" : says ? detail + 6 : detail);
            break;
        }
        str_add(out, "WAITING for a lock");
        add_try(out, t);
        break;
    case DOING_THROTTLED:
        str_add(out, "THROTTLED");
        if (t->reason_count && t->reasons[0].text)
            str_addf(out, " %s", t->reasons[0].text);
        if (t->reason_count > 1)
            str_addf(out, " +%zu more", t->reason_count - 1);
        break;
    case DOING_PAUSED:
        str_addf(out, "PAUSED by %s", t->paused_by ? t->paused_by : "the engine");
        break;
    case DOING_FAILED:
        *style = STYLE_BADGE_BAD;
        str_addf(out, "FAILED %s", t->error.what ? t->error.what : "");
        break;
    case DOING_UNDOING:
        str_add(out, "ROLLING BACK");
        break;
    case DOING_DONE:
        *style = STYLE_BADGE;
        str_add(out, "DONE");
        break;
    }
    add_second(out, m, t, asks ? view_step_word(t, t->phase) : NULL);
    if (t->asked_by && *style == STYLE_BADGE)
        *style = STYLE_BADGE_WARN;
    if (m->ended && model_doing(t) != DOING_DONE && model_doing(t) != DOING_FAILED) {
        str_clear(out);
        str_addf(out, "ENDED %s", m->end_why ? m->end_why : "");
        *style = m->end_status ? STYLE_BADGE_WARN : STYLE_BADGE;
    }
}

static void add_state(struct str *out, enum style *style, const struct model *m,
                      const struct model_target *t, const struct view *v)
{
    view_state(out, style, m, t);
    bool asks =
        !m->ended && model_doing(t) == DOING_ASKING && !v->review && !v->read_only && !t->asked_by;
    if (asks && view_key(v, "step"))
        str_addf(out, " press %s", view_key(v, "step"));
}

/* How old the picture is, which no other text may push away. */
static void add_age(struct str *out, enum style *style, const struct model *m, const struct view *v)
{
    char clock[WORD_TEXT], age[WORD_TEXT];
    *style = STYLE_BAR;
    int64_t old = v->now_us > m->time_us ? v->now_us - m->time_us : 0;
    if (v->review) {
        *style = STYLE_BADGE_WARN;
        str_addf(out, "REPLAY %s", word_clock(clock, v->now_us));
        if (v->playing)
            str_addf(out, " x%lld", (long long)v->speed);
        else
            str_add(out, " still");
    } else if (m->ended) {
        str_addf(out, "ended %s", word_clock(clock, m->time_us));
    } else if (v->link == LINK_GONE) {
        *style = STYLE_BADGE_BAD;
        str_addf(out, "ENGINE GONE %s", word_rough(age, old));
    } else if (m->time_us == 0) {
        str_add(out, "no events yet");
    } else if (old > STALE_US) {
        *style = STYLE_BADGE_BAD;
        str_addf(out, "STALE %s", word_rough(age, old));
    } else {
        str_addf(out, "live %d.%ds", (int)(old / US_PER_S), (int)(old % US_PER_S / 100000));
    }
    if (v->read_only && !v->review)
        str_add(out, " [RO]");
}

/* `room` columns: where not all of it fits, what tells one session from another remains. */
static void add_place(struct str *out, const struct model *m, const struct model_target *t,
                      int room)
{
    if (t && t->name)
        str_addf(out, "%s/", t->name);
    const char *table = m->table ? m->table : "?";
    /* the schema is the first to go: the top line has no room for it */
    const char *dot = strrchr(table, '.');
    str_addf(out, "%s.%s", dot ? dot + 1 : table, m->column ? m->column : "?");
    if (text_width(str_text(out)) <= room || !t || !t->name)
        return;
    str_clear(out);
    if (m->target_count > 1)
        str_add(out, t->name);
    else
        str_addf(out, "%s.%s", dot ? dot + 1 : table, m->column ? m->column : "?");
}

static const char *engine_short(const char *engine)
{
    if (!engine || strcmp(engine, "postgresql") == 0)
        return "PG";
    return strcmp(engine, "mariadb") == 0 ? "MariaDB" : "MySQL";
}

/*
 * Target and column, version, phase. The state's first words come before all of
 * it, then the phase, then the place, then the version, then our own name.
 */
static void draw_where(struct pen *p, const struct model *m, const struct model_target *t,
                       int state_width)
{
    struct str place = {0}, version = {0}, phase = {0};
    if (t && t->version)
        str_addf(&version, "%s %s  ", engine_short(t->engine), t->version);
    if (t && t->phase < PHASE_COUNT)
        str_addf(&phase, "%d/%d %s  ", (int)t->phase + 1, PHASE_COUNT, phase_name(t->phase));
    /* whose yes is missing must be read on any terminal */
    bool two = t && (t->asked_by || (model_doing(t) == DOING_ASKING &&
                                     model_needs_second(m, phase_name(t->phase))));
    int least = two ? 42 : 24;
    int room = pen_left(p) - (state_width < least ? state_width : least) - 2;
    int phase_width = text_width(str_text(&phase));
    bool with_phase = room >= phase_width;
    room -= with_phase ? phase_width : 0;
    add_place(&place, m, t, room - 2);
    int place_width = text_width(str_text(&place)) + 2;
    int place_room = room < place_width ? room : place_width;
    bool with_place = place_room >= 8;
    room -= with_place ? place_room : 0;
    bool with_version = room >= text_width(str_text(&version));
    room -= with_version ? text_width(str_text(&version)) : 0;
    if (room >= 7)
        pen_text(p, STYLE_BAR, "newel  ");
    if (with_place) {
        pen_field(p, STYLE_BAR, place_room - 2, false, str_text(&place));
        pen_text(p, STYLE_BAR, "  ");
    }
    if (with_version)
        pen_text(p, STYLE_BAR, str_text(&version));
    if (with_phase)
        pen_text(p, STYLE_BAR, str_text(&phase));
    str_free(&place);
    str_free(&version);
    str_free(&phase);
}

static void draw_top(struct canvas *c, const struct model *m, const struct view *v)
{
    const struct model_target *t = view_target(v, m);
    struct rect line = rect_rows(canvas_rect(c), 0, 1);
    canvas_fill(c, line, STYLE_BAR, ' ');

    struct str age = {0}, state = {0};
    enum style age_style, state_style = STYLE_BADGE;
    add_age(&age, &age_style, m, v);
    if (t)
        add_state(&state, &state_style, m, t, v);
    else
        str_add(&state, m->ended ? "ENDED" : "STARTING");

    int age_width = text_width(str_text(&age)) + 1;
    if (age_width > line.width)
        age_width = line.width;
    struct pen right = pen_at(c, rect_columns(line, line.width - age_width, age_width), 0);
    pen_text(&right, age_style, str_text(&age));

    struct pen p = pen_at(c, rect_columns(line, 0, line.width - age_width - 1), 0);
    draw_where(&p, m, t, text_width(str_text(&state)));
    pen_printf(&p, state_style, " %s ", str_text(&state));
    str_free(&age);
    str_free(&state);
}

/* ---- tabs, message, keys ---- */

/* A mark, not only a colour, where a screen has something to say. */
static bool tab_calls(enum screen_id s, const struct model *m, const struct model_target *t)
{
    if (!t)
        return false;
    if (s == SCREEN_TARGETS)
        for (size_t i = 0; i < m->target_count; i++)
            if (&m->targets[i] != t && model_doing(&m->targets[i]) == DOING_FAILED)
                return true;
    if (s == SCREEN_LOCKS)
        return view_sessions(t).waiting > 0;
    if (s == SCREEN_REPLICAS)
        for (size_t i = 0; i < t->replica_count; i++)
            if (t->replicas[i].at_us > 0 && !t->replicas[i].reachable)
                return true;
    return false;
}

static void draw_tabs(struct canvas *c, const struct model *m, const struct view *v,
                      struct rect line)
{
    const struct model_target *t = view_target(v, m);
    struct pen p = pen_at(c, line, 0);
    bool roomy = line.width >= 78;
    for (unsigned i = 0; i < SCREEN_HELP; i++) {
        bool here = v->screen == i && v->page != PAGE_PLOTS;
        bool calls = tab_calls((enum screen_id)i, m, t);
        enum style style = here ? STYLE_SELECTED : calls ? STYLE_WARN : STYLE_DIM;
        const char *label = view_key(v, tab_commands[i]);
        int from = p.x;
        pen_printf(&p, style, "%s%s%s", label ? label : "", calls ? "!" : " ",
                   roomy || here ? titles[i] : "");
        canvas_spot(c, (struct rect){from, p.y, p.x - from, 1}, SPOT_COMMAND, tab_commands[i], 0);
        pen_text(&p, STYLE_NORMAL, " ");
    }
    const char *plots = view_key(v, "plots");
    if (v->screen == SCREEN_HELP) {
        pen_text(&p, STYLE_SELECTED, view_key(v, "help"));
    } else if (plots && pen_left(&p) >= text_width(plots) + 6) {
        int from = p.x;
        pen_printf(&p, v->page == PAGE_PLOTS ? STYLE_SELECTED : STYLE_DIM, "%s Plots", plots);
        canvas_spot(c, (struct rect){from, p.y, p.x - from, 1}, SPOT_COMMAND, "plots", 0);
    }
}

bool view_asks_by_prompt(const struct view *v)
{
    return v->ask.kind != ASK_NONE && v->ask.kind != ASK_KILL && v->ask.kind != ASK_QUIT;
}

static bool asks_yes_or_no(enum ask_kind kind)
{
    return kind == ASK_STEP || kind == ASK_WITHDRAW;
}

static void draw_prompt(struct canvas *c, const struct view *v, struct rect line)
{
    struct pen p = pen_at(c, line, 0);
    pen_text(&p, STYLE_WARN, v->ask.about);
    pen_text(&p, STYLE_NORMAL, " ");
    if (view_asks_by_prompt(v) && !asks_yes_or_no(v->ask.kind)) {
        /* the end of what is typed is what one looks at */
        const char *typed = str_text(&v->ask.input);
        int over = text_width(typed) - (pen_left(&p) - 1);
        while (over > 0 && *typed) {
            uint32_t glyph;
            size_t n = text_decode(typed, strlen(typed), &glyph);
            typed += n;
            over -= text_char_width(glyph);
        }
        pen_text(&p, STYLE_BOLD, typed);
    }
    c->cursor_x = p.x < c->width ? p.x : c->width - 1;
    c->cursor_y = p.y;
}

static void draw_message(struct canvas *c, const struct model *m, const struct view *v,
                         struct rect line)
{
    /* a box needs room; without it the question stands here */
    if (view_asks_by_prompt(v) || (v->ask.kind != ASK_NONE && c->height < 8)) {
        draw_prompt(c, v, line);
        return;
    }
    struct pen p = pen_at(c, line, 0);
    if (v->call) {
        canvas_fill(c, line, STYLE_BADGE_WARN, ' ');
        pen_text(&p, STYLE_BADGE_WARN, v->call);
    } else if (v->message) {
        pen_text(&p, v->message_style, v->message);
    } else if (m->gaps || v->file_gaps) {
        pen_printf(&p, STYLE_BAD, "%lld broken lines in the journal: newel verify tells where",
                   (long long)(m->gaps > v->file_gaps ? m->gaps : v->file_gaps));
    } else if (m->headline_count && v->screen != SCREEN_OVERVIEW) {
        const struct model_headline *h = &m->headlines[m->headline_count - 1];
        char clock[WORD_TEXT];
        pen_printf(&p, h->level ? STYLE_WARN : STYLE_DIM, "%s %s", word_clock(clock, h->time_us),
                   h->text ? h->text : "");
    }
}

/* ---- review: the recording as a whole ---- */

/* The marks of one target alone, as far as they are kept. */
static void mark_only(struct timeline *t, const struct model *m, const struct view *v)
{
    memset(t->marks, 0, sizeof t->marks);
    for (size_t i = 0; i < v->history.mark_count; i++) {
        const struct history_mark *mark = &v->history.marks[i];
        if (view_concerns(v, m, mark->target))
            timeline_mark(t, mark->at_us, mark->kind);
    }
}

static void draw_timeline(struct canvas *c, const struct model *m, const struct view *v,
                          struct rect line)
{
    struct timeline only = v->timeline;
    if (v->only)
        mark_only(&only, m, v);
    const struct timeline *t = &only;
    char first[WORD_TEXT], last[WORD_TEXT];
    struct pen p = pen_at(c, line, 0);
    pen_printf(&p, STYLE_DIM, "%s ", word_clock(first, t->first_us));
    int width = line.width - 18;
    int64_t span = t->last_us - t->first_us;
    int here = -1;
    if (width > 0 && span > 0) {
        int64_t into = v->now_us - t->first_us;
        here = into <= 0 ? 0 : into >= span ? width - 1 : (int)(into * (width - 1) / span);
    }
    for (int i = 0; i < width; i++) {
        unsigned marks = 0;
        size_t from = (size_t)i * TIMELINE_CELLS / (size_t)width;
        size_t to = (size_t)(i + 1) * TIMELINE_CELLS / (size_t)width;
        for (size_t at = from; at < (to > from ? to : from + 1) && at < TIMELINE_CELLS; at++)
            marks |= t->marks[at];
        uint32_t glyph = marks & MARK_ALARM     ? '!'
                         : marks & MARK_COMMAND ? '*'
                         : marks & MARK_PHASE   ? '|'
                                                : 0x2500;
        enum style style = marks & MARK_ALARM ? STYLE_BAD : marks ? STYLE_ACCENT : STYLE_DIM;
        if (i == here) {
            style = STYLE_SELECTED;
            if (!marks)
                glyph = '@';
        }
        canvas_put(c, p.x + i, p.y, style, glyph);
    }
    if (width > 0)
        p.x += width;
    pen_printf(&p, STYLE_DIM, " %s%s", word_clock(last, t->last_us), t->whole ? "" : "...");
}

static bool is_small(int width, int height)
{
    return width < SMALL_WIDTH || height < SMALL_HEIGHT;
}

static int rows_below(const struct view *v, int height)
{
    return height >= 6 ? (v->review ? 3 : 2) : height >= 3 ? 1 : 0;
}

struct rect view_body(const struct view *v, int width, int height)
{
    struct rect all = {0, 0, width > 0 ? width : 0, height > 0 ? height : 0};
    int above = is_small(width, height) ? 1 : 2;
    return rect_rows(all, above, height - above - rows_below(v, height));
}

void view_draw(struct canvas *c, const struct model *m, const struct view *v)
{
    static screen_draw *const screens[SCREEN_COUNT] = {
        screen_overview, screen_tables,  screen_locks, screen_replicas, screen_targets,
        screen_plans,    screen_clients, screen_log,   screen_sql,      screen_help,
    };
    canvas_clear(c);
    draw_top(c, m, v);
    struct rect all = canvas_rect(c), body = view_body(v, c->width, c->height);
    bool small = is_small(c->width, c->height);
    int below = rows_below(v, c->height);
    if (!small)
        draw_tabs(c, m, v, rect_rows(all, 1, 1));
    if (v->page != PAGE_NONE)
        page_draw(c, m, v, body);
    else if (small && v->screen == SCREEN_OVERVIEW)
        screen_minimal(c, m, v, body);
    else
        screens[v->screen](c, m, v, body);
    if (below >= 3)
        draw_timeline(c, m, v, rect_rows(all, c->height - 3, 1));
    if (below >= 2)
        footer_draw(c, m, v, rect_rows(all, c->height - 1, 1));
    if (below >= 1)
        draw_message(c, m, v, rect_rows(all, c->height - (below >= 2 ? 2 : 1), 1));
    if (v->ask.kind == ASK_KILL || v->ask.kind == ASK_QUIT)
        ask_draw(c, m, v, body);
}
