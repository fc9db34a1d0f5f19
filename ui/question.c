#include "config.h"
#include "ui/question.h"
#include "base/text.h"
#include "ui/keys.h"
#include "ui/tables.h"
#include "ui/when.h"
#include "ui/widgets.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 512

static const struct effect nothing;

/* ---- requests ---- */

struct effect request_new(const struct view *v, const char *verb, const char *target)
{
    json_t *r = json_object();
    json_set_text(r, "do", verb);
    json_set_text(r, "operator", v->operator_name);
    json_set_text(r, "target", target);
    return (struct effect){.kind = EFFECT_SEND, .request = r};
}

struct effect request_value(const struct view *v, const char *verb, const char *target,
                            const char *value)
{
    struct effect e = request_new(v, verb, target);
    json_set_text(e.request, "value", value);
    return e;
}

/* ---- questions ---- */

struct ask *question_put(struct view *v, enum ask_kind kind, const char *target, const char *about)
{
    view_close_ask(v);
    v->ask.kind = kind;
    v->ask.target = mem_dup(target);
    v->ask.about = mem_dup(about);
    return &v->ask;
}

static char *step_about(const struct model_target *t, enum phase phase, enum second second)
{
    const char *name = view_step_word(t, phase);
    switch (second) {
    case SECOND_ASK:
        return mem_printf("Ask for a second yes to %s? y/N", name);
    case SECOND_GIVE:
        return mem_printf("Approve %s, which %s asked for? y/N", name, t->asked_by);
    case SECOND_AWAIT:
        return mem_printf("You asked for %s. Take that back? y/N", name);
    case SECOND_NEEDLESS:
    case SECOND_NAMELESS:
        break;
    }
    return mem_printf("%s %s? y/N", t->phases[phase].state == STATE_FAILED ? "Try again:" : "Start",
                      name);
}

void question_step(struct view *v, const struct model *m, const struct model_target *t)
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
    enum second second = view_second(v, m, t, view_step_word(t, phase));
    char *about = step_about(t, phase, second);
    struct ask *ask =
        question_put(v, second == SECOND_AWAIT ? ASK_WITHDRAW : ASK_STEP, t->name, about);
    ask->phase = phase;
    ask->second = second;
    free(about);
    view_open(v, PAGE_STEP);
}

void question_rollback(struct view *v, const struct model *m, const struct model_target *t)
{
    if (t->phase >= PHASE_COUNT) {
        view_say(v, STYLE_WARN, "nothing was done yet: nothing to roll back");
        return;
    }
    enum second second = view_second(v, m, t, "rollback");
    struct ask *ask =
        question_put(v, second == SECOND_AWAIT ? ASK_WITHDRAW : ASK_ROLLBACK, t->name,
                     second == SECOND_AWAIT  ? "You asked for the rollback. Take that back? y/N"
                     : second == SECOND_ASK  ? "Asks for a second yes; column to take back:"
                     : second == SECOND_GIVE ? "Approves the rollback; column to take back:"
                                             : "Column to take back:");
    ask->phase = t->phase;
    ask->second = second;
    view_open(v, PAGE_ROLLBACK);
}

void question_kill(struct view *v, const struct model *m, bool session)
{
    const struct model_target *t = view_target(v, m);
    int at = t ? view_lock(v, t) : -1;
    if (v->screen != SCREEN_LOCKS || !t) {
        char place[PLACE_TEXT];
        view_say(v, STYLE_WARN, "choose a session on %s first", view_place(place, v, SCREEN_LOCKS));
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
        const char *key = view_key(v, "pause");
        view_say(v, STYLE_WARN, "pid %" PRId64 " is newel's own: pause%s%s%s instead", k->pid,
                 key ? " (" : "", key ? key : "", key ? ")" : "");
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
    struct ask *ask = question_put(v, ASK_KILL, t->name, about);
    ask->verb = session ? "terminate" : "cancel";
    ask->pid = k->pid;
    ask->start = mem_dup(k->start);
    free(about);
}

void question_quit(struct view *v)
{
    question_put(v, ASK_QUIT, NULL,
                 "Leave this console?\n\nd   detach: the engine goes on\np   pause the engine and "
                 "leave\ns   stop the engine at a batch boundary (it can be resumed)\nEsc stay");
}

/* ---- answers ---- */

/* A yes must not begin what it was only to ask for, nor take back another's request. */
static bool still_stands(struct view *v, const struct model *m, const struct model_target *t)
{
    const char *what = v->page == PAGE_ROLLBACK ? "rollback" : view_step_word(t, v->ask.phase);
    if (view_second(v, m, t, what) == v->ask.second)
        return true;
    view_say(v, STYLE_WARN, "%s%swhat is asked for has changed: nothing was sent, look again",
             t->asked_by ? t->asked_by : "", t->asked_by ? " has asked: " : "");
    return false;
}

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
    else if (still_stands(v, m, t)) {
        e = request_new(v, "step", t->name);
        json_set_text(e.request, "expect_phase", phase_name(phase));
    }
    v->page = PAGE_NONE;
    view_close_ask(v);
    return e;
}

static struct effect answer_withdraw(struct view *v, const struct model *m, uint32_t key)
{
    const struct model_target *t = v->ask.target ? model_find_target(m, v->ask.target) : NULL;
    struct effect e = nothing;
    if (key != 'y' && key != 'Y')
        view_say(v, STYLE_NORMAL, "it still waits for another operator");
    else if (!t || !t->asked_by)
        view_say(v, STYLE_WARN, "it is asked for no longer: nothing was sent");
    else if (still_stands(v, m, t))
        e = request_new(v, "withdraw", t->name);
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
        e = request_new(v, v->ask.verb, t->name);
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
    if (!still_stands(v, m, t))
        return nothing;
    struct effect e = request_new(v, "rollback", t->name);
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
    case ASK_VALUE:
        return request_value(v, v->ask.verb, v->ask.target, typed);
    case ASK_LIMIT:
        return send_limit(v, typed);
    case ASK_NOTE:
        return request_value(v, "note", v->ask.target, typed);
    case ASK_TIME:
        if (when_parse(typed, v->timeline.first_us, &at))
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
        tables_filter(v, m, typed);
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

struct effect question_answer(struct view *v, const struct model *m, uint32_t key)
{
    bool reads = key == KEYS_PAGE_DOWN || key == KEYS_PAGE_UP || key == KEYS_DOWN ||
                 key == KEYS_UP || key == KEYS_HOME || key == KEYS_END;
    switch (v->ask.kind) {
    case ASK_STEP:
    case ASK_WITHDRAW:
        /* reading the page is no answer */
        if (!reads && key != 'j' && key != 'k' && key != ' ')
            return v->ask.kind == ASK_STEP ? answer_step(v, m, key) : answer_withdraw(v, m, key);
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

void question_limit(struct view *v, const struct model *m)
{
    const struct model_target *t = view_target(v, m);
    if (!t || v->limit_selected >= (int)t->limit_count)
        return;
    const struct model_limit *k = &t->limits[v->limit_selected];
    char *about = mem_printf("%s (now %s), VALUE [for DURATION] [NOTE]:", k->signal,
                             k->text    ? k->text
                             : k->limit ? k->limit
                                        : "?");
    question_put(v, ASK_LIMIT, t->name, about)->signal = mem_dup(k->signal);
    free(about);
}
