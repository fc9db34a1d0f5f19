#include "config.h"
#include "ui/input.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "ui/keys.h"
#include "ui/widgets.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SEEK_US (10 * US_PER_S)
#define INPUT_MAX 512

static const struct effect nothing;

/* ---- requests ---- */

static struct effect request(const struct view *v, const char *verb, const char *target)
{
    json_t *r = json_object();
    json_set_text(r, "do", verb);
    json_set_text(r, "operator", v->operator_name);
    json_set_text(r, "target", target);
    return (struct effect){.kind = EFFECT_SEND, .request = r};
}

static struct effect request_value(const struct view *v, const char *verb, const char *target,
                                   const char *value)
{
    struct effect e = request(v, verb, target);
    json_set_text(e.request, "value", value);
    return e;
}

/* ---- moving ---- */

static void select_lock(struct view *v, const struct model_target *t, int at)
{
    free(v->lock_start);
    v->lock_start = NULL;
    v->lock_pid = 0;
    if (!t || !t->lock_count)
        return;
    if (at >= (int)t->lock_count)
        at = (int)t->lock_count - 1;
    if (at < 0)
        at = 0;
    v->lock_pid = t->locks[at].pid;
    v->lock_start = mem_dup(t->locks[at].start);
    v->selected[SCREEN_LOCKS] = at;
}

static void move_lock(struct view *v, const struct model *m, int by)
{
    const struct model_target *t = view_target(v, m);
    if (!t)
        return;
    int at = view_lock(v, t);
    /* the row is gone: its place is where one goes on, and the first key only finds it */
    select_lock(v, t, at >= 0 ? at + by : v->selected[SCREEN_LOCKS]);
}

static void move_log(struct view *v, int by)
{
    /* a walk over the matching entries from the selected one (the newest when following) */
    size_t n = v->log.count, at = n;
    for (size_t i = 0; i < n; i++)
        if (log_matches(log_at(&v->log, i), v->filter) &&
            (!v->log_seq || log_at(&v->log, i)->seq <= v->log_seq))
            at = i;
    if (at == n) {
        v->log_seq = 0;
        return;
    }
    int64_t seq = log_at(&v->log, at)->seq;
    while (by < 0 && at-- > 0)
        if (log_matches(log_at(&v->log, at), v->filter)) {
            seq = log_at(&v->log, at)->seq;
            by++;
        }
    while (by > 0 && ++at < n)
        if (log_matches(log_at(&v->log, at), v->filter)) {
            seq = log_at(&v->log, at)->seq;
            by--;
        }
    v->log_seq = seq;
}

static int limited(int64_t n, size_t count)
{
    if (n >= (int64_t)count)
        n = (int64_t)count - 1;
    return n > 0 ? (int)n : 0;
}

static void move(struct view *v, const struct model *m, int by)
{
    const struct model_target *t = view_target(v, m);
    if (v->page == PAGE_LIMITS) {
        v->limit_selected = limited((int64_t)v->limit_selected + by, t ? t->limit_count : 0);
        return;
    }
    if (v->page != PAGE_NONE) {
        v->scroll += by; /* the console cuts it to what there is */
        return;
    }
    switch (v->screen) {
    case SCREEN_LOCKS:
        move_lock(v, m, by);
        return;
    case SCREEN_LOG:
        move_log(v, by);
        return;
    case SCREEN_REPLICAS:
    case SCREEN_TARGETS:
    case SCREEN_PLANS:
    case SCREEN_CLIENTS: {
        size_t count = v->screen == SCREEN_TARGETS   ? m->target_count
                       : !t                          ? 0
                       : v->screen == SCREEN_PLANS   ? t->query_count
                       : v->screen == SCREEN_CLIENTS ? t->client_count
                                                     : t->replica_count;
        v->selected[v->screen] = limited((int64_t)v->selected[v->screen] + by, count);
        return;
    }
    default:
        v->scroll += by;
    }
}

static void move_to_end(struct view *v, const struct model *m, bool last)
{
    if (v->screen == SCREEN_LOG && v->page == PAGE_NONE && last)
        v->log_seq = 0;
    else if (v->screen == SCREEN_LOG && v->page == PAGE_NONE)
        move(v, m, -LOG_MAX);
    else if (v->page != PAGE_NONE && v->page != PAGE_LIMITS)
        v->scroll = last ? 1 << 20 : 0;
    else
        move(v, m, last ? 1 << 20 : -(1 << 20));
}

static void go_screen(struct view *v, enum screen screen)
{
    if (screen == SCREEN_HELP && v->screen != SCREEN_HELP)
        v->before_help = v->screen;
    v->screen = screen;
    v->page = PAGE_NONE;
    v->scroll = 0;
    v->shift = 0;
}

static void open_page(struct view *v, enum page page)
{
    v->page = page;
    v->scroll = 0;
}

static void go_target(struct view *v, const struct model *m, int by)
{
    if (m->target_count < 2)
        return;
    const struct model_target *t = view_target(v, m);
    int count = (int)m->target_count;
    v->target = ((int)(t - m->targets) + by + count) % count;
    select_lock(v, NULL, 0);
    v->scroll = 0;
    v->batch_sent_us = 0;
}

static void back(struct view *v)
{
    if (v->page != PAGE_NONE)
        v->page = PAGE_NONE;
    else if (v->screen == SCREEN_HELP)
        go_screen(v, v->before_help);
    else if (v->screen == SCREEN_LOG && v->filter) {
        free(v->filter);
        v->filter = NULL;
    } else
        return;
    v->scroll = 0;
}

static void open_selected(struct view *v, const struct model *m)
{
    const struct model_target *t = view_target(v, m);
    switch (v->screen) {
    case SCREEN_LOCKS:
        if (!t || !t->lock_count)
            return;
        if (!v->lock_pid)
            select_lock(v, t, 0);
        open_page(v, PAGE_LOCK);
        return;
    case SCREEN_LOG:
        if (!v->log.count)
            return;
        move_log(v, 0);
        open_page(v, PAGE_EVENT);
        return;
    case SCREEN_PLANS:
        if (t && t->query_count)
            open_page(v, PAGE_PLAN);
        return;
    case SCREEN_TARGETS:
        v->target = v->selected[SCREEN_TARGETS];
        go_screen(v, SCREEN_OVERVIEW);
        return;
    default:
        return;
    }
}

/* ---- questions ---- */

static struct ask *put_question(struct view *v, enum ask_kind kind, const char *target,
                                const char *about)
{
    view_close_ask(v);
    v->ask.kind = kind;
    v->ask.target = mem_dup(target);
    v->ask.about = mem_dup(about);
    return &v->ask;
}

static void ask_step(struct view *v, const struct model_target *t)
{
    enum phase phase = view_next_phase(t);
    if (phase >= PHASE_COUNT) {
        if (t->phase < PHASE_COUNT && t->phases[t->phase].state != STATE_DONE)
            view_say(v, STYLE_WARN, "%s is %s: there is nothing to start now", phase_name(t->phase),
                     phase_state_name(t->phases[t->phase].state));
        else
            view_say(v, STYLE_GOOD, "all phases are done");
        return;
    }
    char *about =
        mem_printf("%s %s? y/N", t->phases[phase].state == STATE_FAILED ? "Try again:" : "Start",
                   phase_name(phase));
    put_question(v, ASK_STEP, t->name, about)->phase = phase;
    free(about);
    open_page(v, PAGE_STEP);
}

static void ask_rollback(struct view *v, const struct model_target *t)
{
    if (t->phase >= PHASE_COUNT) {
        view_say(v, STYLE_WARN, "nothing was done yet: nothing to roll back");
        return;
    }
    put_question(v, ASK_ROLLBACK, t->name, "Column to take back:")->phase = t->phase;
    open_page(v, PAGE_ROLLBACK);
}

static void ask_kill(struct view *v, const struct model *m, bool session)
{
    const struct model_target *t = view_target(v, m);
    int at = t ? view_lock(v, t) : -1;
    if (v->screen != SCREEN_LOCKS || !t) {
        view_say(v, STYLE_WARN, "choose a session on 3 Locks first");
        return;
    }
    if (at < 0) {
        view_say(v, STYLE_WARN,
                 v->lock_pid ? "that session is gone: nothing was sent"
                             : "choose a session with the arrows first");
        return;
    }
    const struct model_lock *k = &t->locks[at];
    if (k->ours) {
        view_say(v, STYLE_WARN, "pid %" PRId64 " is newel's own: pause (space) instead", k->pid);
        return;
    }
    char state[WORD_TEXT], xact[WORD_TEXT];
    char *about = mem_printf(
        "%s on %s?\n\npid         %" PRId64 "\napplication %s\nuser        %s\nstate       %s, "
        "for %s\ntransaction %s\nquery       %s\n\n%s\ny yes    any other key: no",
        session ? "TERMINATE the session" : "CANCEL the statement", t->name ? t->name : "?", k->pid,
        k->app && *k->app ? k->app : "-", k->user ? k->user : "?", k->state ? k->state : "?",
        word_duration(state, k->state_us), word_duration(xact, k->xact_us),
        k->query ? k->query : "-",
        session ? "Its transaction is rolled back and its connection closed."
                : "A session that is idle in a transaction has no statement to cancel.");
    struct ask *ask = put_question(v, ASK_KILL, t->name, about);
    ask->verb = session ? "terminate" : "cancel";
    ask->pid = k->pid;
    ask->start = mem_dup(k->start);
    free(about);
}

static void ask_quit(struct view *v)
{
    put_question(v, ASK_QUIT, NULL,
                 "Leave this console?\n\nd   detach: the engine goes on\np   pause the engine and "
                 "leave\ns   stop the engine at a batch boundary (it can be resumed)\nEsc stay");
}

/* ---- answers ---- */

static struct effect answer_step(struct view *v, const struct model *m, uint32_t key)
{
    const struct model_target *t =
        v->ask.target ? model_find_target(m, v->ask.target) : view_target(v, m);
    enum phase phase = v->ask.phase;
    struct effect e = nothing;
    if (key != 'y' && key != 'Y')
        view_say(v, STYLE_NORMAL, "%s was not started", phase_name(phase));
    else if (!t || view_next_phase(t) != phase)
        view_say(v, STYLE_WARN, "the engine has moved on: nothing was sent");
    else {
        e = request(v, "step", t->name);
        json_set_text(e.request, "expect_phase", phase_name(phase));
    }
    v->page = PAGE_NONE;
    view_close_ask(v);
    return e;
}

static struct effect answer_kill(struct view *v, const struct model *m, uint32_t key)
{
    const struct model_target *t =
        v->ask.target ? model_find_target(m, v->ask.target) : view_target(v, m);
    struct effect e = nothing;
    bool there = false;
    for (size_t i = 0; t && i < t->lock_count; i++)
        there = there ||
                (t->locks[i].pid == v->ask.pid && strcmp(t->locks[i].start ? t->locks[i].start : "",
                                                         v->ask.start ? v->ask.start : "") == 0);
    if (key != 'y' && key != 'Y')
        view_say(v, STYLE_NORMAL, "nothing was sent");
    else if (!there)
        view_say(v, STYLE_WARN, "session %" PRId64 " is gone from the lock tree: nothing was sent",
                 v->ask.pid);
    else {
        e = request(v, v->ask.verb, t->name);
        json_set_int(e.request, "pid", v->ask.pid);
        json_set_text(e.request, "start", v->ask.start);
    }
    view_close_ask(v);
    return e;
}

static struct effect answer_quit(struct view *v, uint32_t key)
{
    const char *value = key == 'd' ? "continue" : key == 'p' ? "pause" : key == 's' ? "stop" : NULL;
    /* an unknown key leaves the question open: leaving by a slip would be worse */
    if (!value && key != KEYS_ESC && key != 'q' && key != 'n' && key != 'N')
        return nothing;
    view_close_ask(v);
    if (!value)
        return nothing;
    struct effect e = request_value(v, "detach", NULL, value);
    e.kind = EFFECT_SEND_LEAVE;
    return e;
}

static struct effect send_rollback(struct view *v, const struct model *m, const char *typed)
{
    const struct model_target *t =
        v->ask.target ? model_find_target(m, v->ask.target) : view_target(v, m);
    if (!m->column || strcmp(typed, m->column) != 0) {
        view_say(v, STYLE_WARN, "\"%s\" is not the column's name: nothing was sent", typed);
        return nothing;
    }
    if (!t || t->phase != v->ask.phase) {
        view_say(v, STYLE_WARN, "the engine has moved on: nothing was sent");
        return nothing;
    }
    struct effect e = request(v, "rollback", t->name);
    json_set_text(e.request, "expect_phase", phase_name(v->ask.phase));
    json_set_text(e.request, "column", typed);
    return e;
}

static struct effect send_limit(struct view *v, const char *typed)
{
    char *value = mem_printf("%s %s", v->ask.signal ? v->ask.signal : "", typed);
    struct effect e = request_value(v, "limit", v->ask.target, value);
    free(value);
    return e;
}

static struct effect send_input(struct view *v, const struct model *m, const char *typed)
{
    int64_t at;
    switch (v->ask.kind) {
    case ASK_ROLLBACK: {
        struct effect e = send_rollback(v, m, typed);
        v->page = PAGE_NONE;
        return e;
    }
    case ASK_BATCH:
        return request_value(v, "batch", v->ask.target, typed);
    case ASK_LANES:
        return request_value(v, "lanes", v->ask.target, typed);
    case ASK_LIMIT:
        return send_limit(v, typed);
    case ASK_NOTE:
        return request_value(v, "note", v->ask.target, typed);
    case ASK_TIME:
        if (input_parse_time(typed, v->timeline.first_us, &at))
            return (struct effect){.kind = EFFECT_SEEK, .time_us = at};
        view_say(v, STYLE_WARN, "\"%s\" is no time: HH:MM[:SS], +90s or 2026-11-23T14:03:11",
                 typed);
        return nothing;
    default:
        return nothing;
    }
}

static void erase_last(struct str *s)
{
    while (s->len && ((unsigned char)s->data[s->len - 1] & 0xC0) == 0x80)
        s->len--;
    if (s->len)
        s->len--;
    if (s->data)
        s->data[s->len] = '\0';
}

static struct effect type_key(struct view *v, const struct model *m, uint32_t key)
{
    struct str *input = &v->ask.input;
    switch (key) {
    case KEYS_ESC:
        if (v->ask.kind == ASK_ROLLBACK)
            v->page = PAGE_NONE;
        view_close_ask(v);
        return nothing;
    case KEYS_ERASE:
        erase_last(input);
        return nothing;
    case KEYS_KILL_LINE:
        str_clear(input);
        return nothing;
    case KEYS_PAGE_UP:
    case KEYS_UP:
        v->scroll -= key == KEYS_UP ? 1 : v->page_rows;
        return nothing;
    case KEYS_PAGE_DOWN:
    case KEYS_DOWN:
        v->scroll += key == KEYS_DOWN ? 1 : v->page_rows;
        return nothing;
    case KEYS_ENTER:
    case '\n':
        break;
    default:
        if (key >= ' ' && key < 0x110000 && !text_is_control(key) && input->len < INPUT_MAX) {
            char bytes[4];
            str_add_n(input, bytes, text_encode(key, bytes));
        }
        return nothing;
    }
    char *typed = mem_dup(str_text(input));
    struct effect e = nothing;
    if (v->ask.kind == ASK_FILTER) {
        free(v->filter);
        v->filter = *typed ? mem_dup(typed) : NULL;
        v->log_seq = 0;
    } else if (*typed) {
        e = send_input(v, m, typed);
    } else if (v->ask.kind == ASK_ROLLBACK) {
        view_say(v, STYLE_NORMAL, "nothing was sent");
        v->page = PAGE_NONE;
    }
    free(typed);
    view_close_ask(v);
    return e;
}

static struct effect answer(struct view *v, const struct model *m, uint32_t key)
{
    bool reads = key == KEYS_PAGE_DOWN || key == KEYS_PAGE_UP || key == KEYS_DOWN ||
                 key == KEYS_UP || key == KEYS_HOME || key == KEYS_END;
    switch (v->ask.kind) {
    case ASK_STEP:
        /* reading the page is no answer */
        if (!reads && key != 'j' && key != 'k' && key != ' ')
            return answer_step(v, m, key);
        v->scroll += key == KEYS_PAGE_DOWN || key == ' ' ? v->page_rows
                     : key == KEYS_PAGE_UP               ? -v->page_rows
                     : key == KEYS_DOWN || key == 'j'    ? 1
                     : key == KEYS_UP || key == 'k'      ? -1
                     : key == KEYS_END                   ? 1 << 20
                                                         : -(1 << 20);
        return nothing;
    case ASK_KILL:
        return answer_kill(v, m, key);
    case ASK_QUIT:
        return answer_quit(v, key);
    default:
        return type_key(v, m, key);
    }
}

/* ---- the engine's keys ---- */

static struct effect change_batch(struct view *v, const struct model_target *t, bool more)
{
    int64_t rows = t->pace_rows;
    /* a second press must build on the first, also before the engine has answered */
    if (v->batch_sent_us && v->now_us - v->batch_sent_us < 2 * US_PER_S)
        rows = v->batch_sent;
    if (rows <= 0) {
        view_say(v, STYLE_WARN, "the batch size is not known yet");
        return nothing;
    }
    int64_t wanted = more ? rows + (rows + 3) / 4 : rows - (rows + 4) / 5;
    if (t->pace_max > 0 && wanted > t->pace_max)
        wanted = t->pace_max;
    if (t->pace_min > 0 && wanted < t->pace_min)
        wanted = t->pace_min;
    if (wanted < 1)
        wanted = 1;
    v->batch_sent = wanted;
    v->batch_sent_us = v->now_us;
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, wanted);
    return request_value(v, "batch", t->name, text);
}

static struct effect engine_key(struct view *v, const struct model *m, enum action action)
{
    const struct model_target *t = view_target(v, m);
    if (!t) {
        view_say(v, STYLE_WARN, "there is no target yet");
        return nothing;
    }
    char *about;
    switch (action) {
    case ACTION_PAUSE:
        return request(v, t->paused_by ? "resume" : "pause", t->name);
    case ACTION_BATCH_MORE:
    case ACTION_BATCH_LESS:
        return change_batch(v, t, action == ACTION_BATCH_MORE);
    case ACTION_AUTO:
        v->batch_sent_us = 0;
        return request_value(v, "batch", t->name, "auto");
    case ACTION_BATCH:
        about = mem_printf("Rows of a batch (now %" PRId64 "), or auto:", t->pace_rows);
        (void)put_question(v, ASK_BATCH, t->name, about);
        free(about);
        return nothing;
    case ACTION_LANES:
        about = mem_printf("Lanes in parallel (now %" PRId64 "):", t->lanes);
        (void)put_question(v, ASK_LANES, t->name, about);
        free(about);
        return nothing;
    case ACTION_LIMITS:
        open_page(v, PAGE_LIMITS);
        v->limit_selected = 0;
        return nothing;
    case ACTION_STEP:
        ask_step(v, t);
        return nothing;
    case ACTION_ROLLBACK:
        ask_rollback(v, t);
        return nothing;
    case ACTION_CANCEL:
    case ACTION_TERMINATE:
        ask_kill(v, m, action == ACTION_TERMINATE);
        return nothing;
    case ACTION_NOTE:
        (void)put_question(v, ASK_NOTE, t->name, "Note:");
        return nothing;
    default:
        return nothing;
    }
}

static void open_limit(struct view *v, const struct model *m)
{
    const struct model_target *t = view_target(v, m);
    if (!t || v->limit_selected >= (int)t->limit_count)
        return;
    const struct model_limit *k = &t->limits[v->limit_selected];
    char *about = mem_printf("%s (now %s), VALUE [for DURATION] [NOTE]:", k->signal,
                             k->text    ? k->text
                             : k->limit ? k->limit
                                        : "?");
    put_question(v, ASK_LIMIT, t->name, about)->signal = mem_dup(k->signal);
    free(about);
}

static struct effect quit(struct view *v, const struct model *m)
{
    if (v->page != PAGE_NONE || v->screen == SCREEN_HELP) {
        back(v); /* q closes what lies on top first, as in every pager */
        return nothing;
    }
    if (v->review || v->link != LINK_UP || m->ended || v->read_only)
        return (struct effect){.kind = EFFECT_LEAVE};
    ask_quit(v);
    return nothing;
}

static void change_speed(struct view *v, bool faster)
{
    static const int64_t speeds[] = {1, 2, 4, 10, 30, 60, 100, 300, 1000};
    size_t at = 0;
    while (at + 1 < COUNT_OF(speeds) && speeds[at] < v->speed)
        at++;
    if (faster && at + 1 < COUNT_OF(speeds))
        at++;
    else if (!faster && at > 0)
        at--;
    v->speed = speeds[at];
}

static struct effect seek(int64_t time_us)
{
    return (struct effect){.kind = EFFECT_SEEK, .time_us = time_us};
}

static struct effect review_key(struct view *v, enum action action)
{
    switch (action) {
    case ACTION_PLAY:
        v->playing = !v->playing;
        return nothing;
    case ACTION_SEEK_BACK:
        return seek(v->now_us - SEEK_US);
    case ACTION_SEEK_ON:
        return seek(v->now_us + SEEK_US);
    case ACTION_START:
        return seek(v->timeline.first_us);
    case ACTION_END:
        return seek(INT64_MAX);
    case ACTION_ALARM_BACK:
    case ACTION_ALARM_ON:
        return (struct effect){.kind = EFFECT_SEEK_ALARM,
                               .step = action == ACTION_ALARM_ON ? 1 : -1};
    case ACTION_SLOWER:
    case ACTION_FASTER:
        change_speed(v, action == ACTION_FASTER);
        return nothing;
    case ACTION_GOTO:
        (void)put_question(v, ASK_TIME, NULL, "Go to:");
        return nothing;
    default:
        return nothing;
    }
}

struct effect input_key(struct view *v, const struct model *m, uint32_t key)
{
    if (key == KEYS_RESIZE)
        return nothing;
    free(v->message);
    v->message = NULL;
    if (v->ask.kind != ASK_NONE)
        return answer(v, m, key);
    if (key == KEYS_ERASE)
        key = KEYS_UP; /* what less does; and Ctrl-H on old terminals */
    const struct key *k = keys_find(key, v->review ? MODE_REVIEW : MODE_LIVE);
    if (!k) {
        const struct key *live = keys_find(key, MODE_BOTH);
        if (live && live->changes)
            view_say(v, STYLE_WARN, "%s is off: this is a recording", live->command);
        return nothing;
    }
    if (k->changes && (v->read_only || v->link != LINK_UP || m->ended)) {
        view_say(v, STYLE_WARN, "%s is off: %s", k->command,
                 m->ended       ? "the session has ended"
                 : v->read_only ? "this console is read-only"
                                : "no engine is connected");
        return nothing;
    }
    if (k->changes)
        return engine_key(v, m, k->action);
    switch (k->action) {
    case ACTION_HELP:
        go_screen(v, v->screen == SCREEN_HELP ? v->before_help : SCREEN_HELP);
        return nothing;
    case ACTION_QUIT:
        return quit(v, m);
    case ACTION_BACK:
        back(v);
        return nothing;
    case ACTION_OPEN:
        if (v->page == PAGE_LIMITS)
            open_limit(v, m);
        else if (v->page == PAGE_NONE)
            open_selected(v, m);
        return nothing;
    case ACTION_SEARCH:
        go_screen(v, SCREEN_LOG);
        (void)put_question(v, ASK_FILTER, NULL, "Filter:");
        return nothing;
    case ACTION_SCREEN:
        go_screen(v, (enum screen)(key - '1'));
        return nothing;
    case ACTION_UP:
        move(v, m, -1);
        return nothing;
    case ACTION_DOWN:
        move(v, m, 1);
        return nothing;
    case ACTION_PAGE_UP:
        move(v, m, -(v->page_rows > 1 ? v->page_rows - 1 : 1));
        return nothing;
    case ACTION_PAGE_DOWN:
        move(v, m, v->page_rows > 1 ? v->page_rows - 1 : 1);
        return nothing;
    case ACTION_LEFT:
        v->shift = v->shift > 8 ? v->shift - 8 : 0;
        return nothing;
    case ACTION_RIGHT:
        v->shift += v->shift < 4096 ? 8 : 0;
        return nothing;
    case ACTION_FIRST:
    case ACTION_LAST:
        move_to_end(v, m, k->action == ACTION_LAST);
        return nothing;
    case ACTION_TARGET_NEXT:
    case ACTION_TARGET_BACK:
        go_target(v, m, k->action == ACTION_TARGET_NEXT ? 1 : -1);
        return nothing;
    case ACTION_REDRAW:
        return (struct effect){.kind = EFFECT_REDRAW};
    default:
        return review_key(v, k->action);
    }
}

/* ---- times ---- */

static bool parse_clock(const char *text, int64_t first_us, int64_t *out)
{
    int hour, minute, second = 0, used = 0;
    if (sscanf(text, "%2d:%2d%n", &hour, &minute, &used) != 2)
        return false;
    if (text[used] == ':') {
        int more = 0;
        if (sscanf(text + used, ":%2d%n", &second, &more) != 1)
            return false;
        used += more;
    }
    if (text[used] || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 60)
        return false;
    time_t day = (time_t)(first_us / US_PER_S);
    struct tm tm;
    if (!localtime_r(&day, &tm))
        return false;
    tm.tm_hour = hour;
    tm.tm_min = minute;
    tm.tm_sec = second;
    tm.tm_isdst = -1;
    int64_t at = (int64_t)mktime(&tm) * US_PER_S;
    /* a session that ran past midnight: an hour well before its start is the next day's */
    if (at + 60 * US_PER_S < first_us) {
        tm.tm_mday++;
        tm.tm_isdst = -1;
        at = (int64_t)mktime(&tm) * US_PER_S;
    }
    *out = at;
    return true;
}

static bool parse_iso(const char *text, int64_t *out)
{
    struct tm tm = {.tm_isdst = -1};
    const char *rest = strptime(text, "%Y-%m-%d", &tm);
    if (!rest || (*rest != 'T' && *rest != ' '))
        return false;
    const char *after = strptime(rest + 1, "%H:%M:%S", &tm);
    if (!after)
        after = strptime(rest + 1, "%H:%M", &tm);
    if (!after)
        return false;
    double fraction = 0;
    if (*after == '.') {
        char *end;
        fraction = strtod(after, &end);
        after = end;
    }
    int64_t seconds;
    if (strcmp(after, "Z") == 0) {
        seconds = timegm(&tm);
    } else if (*after == '+' || *after == '-') {
        int hours, minutes = 0;
        if (sscanf(after + 1, "%2d:%2d", &hours, &minutes) < 1)
            return false;
        int offset = hours * 3600 + minutes * 60;
        seconds = (int64_t)timegm(&tm) - (*after == '-' ? -offset : offset);
    } else if (!*after) {
        seconds = mktime(&tm);
    } else {
        return false;
    }
    *out = seconds * US_PER_S + (int64_t)(fraction * 1e6);
    return true;
}

bool input_parse_time(const char *text, int64_t first_us, int64_t *out)
{
    int64_t after;
    if (text[0] == '+' && units_parse_duration(text + 1, &after)) {
        *out = first_us + after;
        return true;
    }
    return parse_clock(text, first_us, out) || parse_iso(text, out);
}
