#include "config.h"
#include "engine/command.h"

#include "base/clock.h"
#include "base/units.h"
#include "engine/approval.h"
#include "engine/errand.h"
#include "journal/command.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define OVERRIDE_MOST_US (24 * 3600 * US_PER_S)

/* A command as it is looked at: `refusal` stays empty when it may be done. */
struct order {
    struct controlled *what;
    struct run *run;
    const json_t *request;
    const struct speaker *speaker;
    enum verb verb;
    const char *value;
    bool doing;         /* false: only looked at */
    bool asks;          /* does nothing yet: it asks for a second operator's yes */
    struct str refusal;
    struct str answer;
    json_t *more;       /* an event that tells the effect; NULL: none */
    /* what a look has found for the doing */
    int64_t number;
    enum signal_kind signal;
    enum waiver waiver;
    char server[64], start[64];
    bool chosen; /* the session stands in the lock tree */
    int64_t span_us;
    const char *note;
};

static void refuse(struct order *o, const char *format, ...) PRINTF_LIKE(2, 3);
static void refuse(struct order *o, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    str_vaddf(&o->refusal, format, args);
    va_end(args);
}

struct run *command_run(struct controlled *what, const json_t *request)
{
    const char *name = json_get_text(request, "target", NULL);
    if (!name)
        return &what->runs[what->current];
    for (size_t i = 0; i < what->run_count; i++)
        if (strcmp(what->runs[i].target->name, name) == 0)
            return &what->runs[i];
    return NULL;
}

static void set_why(struct run *r, const char *why)
{
    (void)snprintf(r->pace.why, sizeof r->pace.why, "%s", why);
}

/* ---- one function a verb; each is called twice: to look, then to do -------- */

static void order_pause(struct order *o)
{
    if (!o->doing) {
        if (o->run->paused_by)
            refuse(o, "already paused by %s", o->run->paused_by);
        return;
    }
    o->run->paused_by = mem_dup(o->speaker->name ? o->speaker->name : "unknown");
    str_add(&o->answer, "paused at the next batch boundary");
}

static void order_resume(struct order *o)
{
    if (!o->doing) {
        if (!o->run->paused_by)
            refuse(o, "it is not paused");
        return;
    }
    free(o->run->paused_by);
    o->run->paused_by = NULL;
    str_add(&o->answer, "going on");
}

static bool expected_phase(struct order *o)
{
    const char *expected = json_get_text(o->request, "expect_phase", "");
    const char *now = phase_name(o->run->phase);
    if (strcmp(expected, now) == 0)
        return true;
    refuse(o, "it stands at %s, not at \"%s\": look again", now, expected);
    return false;
}

/* Is this a yes that counts, as far as a second operator is needed for it? */
static void look_at_approval(struct order *o, enum run_wish wish, const char *what)
{
    switch (approval_of(o->run, wish, o->speaker->name)) {
    case APPROVAL_NAMELESS:
        refuse(o, "%s needs a second operator, and nobody knows who you are", what);
        return;
    case APPROVAL_OWN:
        refuse(o, "you asked for %s: another operator has to approve it", what);
        return;
    case APPROVAL_ASK:
        o->asks = true;
        return;
    case APPROVAL_NEEDLESS:
    case APPROVAL_GIVEN:
        return;
    }
}

/* False: it was only asked for. */
static bool released(struct order *o, enum run_wish wish, const char *what)
{
    const char *name = o->speaker->name;
    if (!o->asks) {
        approval_release(o->run, wish, name);
        return true;
    }
    approval_ask(o->run, wish, name);
    str_addf(&o->answer, "asked for %s: %s", what,
             o->run->migration->approve.by_other ? "another operator has to approve it"
                                                 : "it takes a second yes");
    return false;
}

/* A rollback that failed is stepped again, too, and then needs what a rollback needs. */
static enum run_wish step_wish(const struct run *r, const char **what)
{
    *what = r->going_down ? "the rollback" : phase_name(r->phase);
    return r->going_down ? WISH_ROLLBACK : WISH_STEP;
}

static void order_withdraw(struct order *o)
{
    struct run *r = o->run;
    if (!o->doing) {
        if (!r->asked_by)
            refuse(o, "nothing waits for a second operator");
        return;
    }
    approval_withdraw(r, o->speaker->name);
    str_add(&o->answer, "taken back");
}

static void order_step(struct order *o)
{
    struct run *r = o->run;
    const char *what;
    enum run_wish wish = step_wish(r, &what);
    if (!o->doing) {
        if (!expected_phase(o))
            return;
        if (r->state != STATE_ASKING && r->state != STATE_FAILED)
            refuse(o, "%s is %s, not waiting for a yes", phase_name(r->phase),
                   phase_state_name(r->state));
        else
            look_at_approval(o, wish, what);
        return;
    }
    if (!released(o, wish, what))
        return;
    r->wish = WISH_STEP;
    r->wish_phase = r->phase;
    /* a yes to this phase is a yes to going on */
    free(r->paused_by);
    r->paused_by = NULL;
    str_addf(&o->answer, "starting %s", what);
}

static void order_rollback(struct order *o)
{
    struct run *r = o->run;
    const char *column = json_get_text(o->request, "column", "");
    if (!o->doing) {
        if (!expected_phase(o))
            return;
        if (strcmp(column, o->what->column) != 0)
            refuse(o, "type the column's name, %s, to take it back; \"%s\" is another",
                   o->what->column, column);
        else if (r->phase == PHASE_FINISH && r->state == STATE_DONE)
            refuse(o, "it is finished: taking the column back is a migration of its own");
        else if (r->state == STATE_UNDOING || r->wish == WISH_ROLLBACK)
            refuse(o, "it is being taken back already");
        else if (r->phase < PHASE_EXPAND)
            refuse(o, "nothing was changed yet");
        else
            look_at_approval(o, WISH_ROLLBACK, "the rollback");
        return;
    }
    if (!released(o, WISH_ROLLBACK, "the rollback"))
        return;
    r->wish = WISH_ROLLBACK;
    r->wish_phase = PHASE_EXPAND;
    free(r->paused_by);
    r->paused_by = NULL;
    str_addf(&o->answer, "rolling back from %s", phase_name(r->phase));
}

static void order_batch(struct order *o)
{
    bool automatic = strcmp(o->value, "auto") == 0;
    if (!o->doing) {
        if (automatic)
            return;
        if (!units_parse_int(o->value, &o->number) || o->number < 1)
            refuse(o, "\"%s\" is no number of rows (or auto)", o->value);
        else if (o->number < o->run->pace.min || o->number > o->run->pace.max)
            refuse(o, "%s is outside of min..max, %" PRId64 "..%" PRId64, o->value,
                   o->run->pace.min, o->run->pace.max);
        return;
    }
    if (automatic)
        pace_auto(&o->run->pace);
    else
        pace_set_rows(&o->run->pace, o->number);
    o->more = run_pace_event(o->run);
    str_addf(&o->answer, "batch %" PRId64 " rows, %s", o->run->pace.rows,
             o->run->pace.by_hand ? "by hand" : "automatic");
}

static bool duration_of(struct order *o, int64_t least, int64_t most)
{
    char low[UNITS_TEXT], high[UNITS_TEXT];
    if (units_parse_duration(o->value, &o->number) && o->number >= least && o->number <= most)
        return true;
    refuse(o, "\"%s\" is no duration from %s to %s", o->value, units_duration(low, least),
           units_duration(high, most));
    return false;
}

static void order_time(struct order *o)
{
    if (!o->doing) {
        (void)duration_of(o, US_PER_MS, 60 * US_PER_S);
        return;
    }
    pace_set_time(&o->run->pace, o->number);
    o->more = run_pace_event(o->run);
    str_addf(&o->answer, "aiming at %s a batch", o->value);
}

static void order_rest(struct order *o)
{
    if (!o->doing) {
        (void)duration_of(o, 0, 60 * US_PER_S);
        return;
    }
    o->run->pace.pause_us = o->number;
    set_why(o->run, "rest set by hand");
    o->more = run_pace_event(o->run);
    str_addf(&o->answer, "resting %s between batches", o->value);
}

static void order_lanes(struct order *o)
{
    if (!o->doing) {
        if (!units_parse_int(o->value, &o->number) || o->number < 1 || o->number > 16)
            refuse(o, "\"%s\" is no number of lanes from 1 to 16", o->value);
        return;
    }
    o->run->pace.lanes = o->number;
    set_why(o->run, "lanes set by hand");
    o->more = run_pace_event(o->run);
    str_addf(&o->answer, "%" PRId64 " lanes", o->number);
}

/* The next word of `*text` into `word`; moves behind it and its blanks. */
static bool take_word(const char **text, char *word, size_t size)
{
    const char *p = *text;
    while (isspace((unsigned char)*p))
        p++;
    size_t n = 0;
    while (*p && !isspace((unsigned char)*p)) {
        if (n + 1 < size)
            word[n++] = *p;
        p++;
    }
    word[n] = '\0';
    while (isspace((unsigned char)*p))
        p++;
    *text = p;
    return n > 0;
}

/* "for 30m" at `*text`; span_us stays 0 when it is not there. */
static bool take_span(struct order *o, const char **text)
{
    char word[32];
    const char *rest = *text;
    if (!take_word(&rest, word, sizeof word) || strcmp(word, "for") != 0)
        return true;
    if (!take_word(&rest, word, sizeof word) || !units_parse_duration(word, &o->span_us) ||
        o->span_us <= 0) {
        refuse(o, "\"%s\" is no duration", word);
        return false;
    }
    *text = rest;
    return true;
}

static json_t *limit_event(struct order *o, const struct signal_limit *limit)
{
    char text[UNITS_TEXT];
    json_t *event = run_event(o->run, EVENT_LIMIT);
    json_set_text(event, "signal", signal_name(o->signal));
    json_set_text(event, "limit", limit->limit ? signal_value_text(o->signal, limit->limit, text)
                                               : "off");
    json_set_text(event, "text", o->value);
    if (o->span_us)
        json_set_int(event, "until", clock_wall_us() + o->span_us);
    json_set_text(event, "note", o->note);
    json_set_text(event, "operator", o->speaker->name);
    return event;
}

static void refuse_signal(struct order *o, const char *word)
{
    struct str names = {0};
    for (int i = 0; i < SIGNAL_KINDS; i++)
        str_addf(&names, "%s%s", i ? ", " : "", signal_name((enum signal_kind)i));
    refuse(o, "\"%s\" is no signal (%s)", word, str_text(&names));
    str_free(&names);
}

static void order_limit(struct order *o)
{
    if (!o->doing) {
        char word[64];
        const char *rest = o->value;
        (void)take_word(&rest, word, sizeof word);
        o->signal = signal_from_name(word);
        if (o->signal == SIGNAL_KINDS) {
            refuse_signal(o, word);
            return;
        }
        (void)take_word(&rest, word, sizeof word);
        o->number = o->run->limits[o->signal].usual;
        if (strcmp(word, "usual") != 0 &&
            (!signal_parse_value(o->signal, word, &o->number) || o->number <= 0)) {
            refuse(o, "\"%s\" is no limit for %s", word, signal_name(o->signal));
            return;
        }
        if (take_span(o, &rest))
            o->note = rest;
        return;
    }
    struct signal_limit *limit = &o->run->limits[o->signal];
    limit->limit = o->number;
    limit->until_us = o->span_us ? clock_mono_us() + o->span_us : 0;
    o->more = limit_event(o, limit);
    str_addf(&o->answer, "%s is now %s", signal_name(o->signal),
             json_get_text(o->more, "limit", "?"));
}

static enum waiver waiver_from_name(const char *name)
{
    unsigned i = 0;
    while (i < WAIVERS && strcmp(waiver_name((enum waiver)i), name) != 0)
        i++;
    return (enum waiver)i;
}

static void do_waive(struct order *o)
{
    char span[UNITS_TEXT];
    o->run->waived_until[o->waiver] = clock_mono_us() + o->span_us;
    str_addf(&o->answer, "%s are let pass for %s",
             o->waiver == WAIVE_PLANS ? "queries that got worse"
                                      : "sessions from before the column",
             units_duration(span, o->span_us));
}

static void order_override(struct order *o)
{
    if (!o->doing) {
        char word[64];
        const char *rest = o->value;
        (void)take_word(&rest, word, sizeof word);
        o->signal = signal_from_name(word);
        o->waiver = waiver_from_name(word);
        if (o->signal == SIGNAL_KINDS && o->waiver == WAIVERS) {
            refuse(o, "\"%s\" is no signal, nor plans or clients", word);
            return;
        }
        const char *behind = rest;
        (void)take_word(&behind, word, sizeof word);
        if (strcmp(word, "for") != 0 && o->waiver == WAIVERS) {
            (void)snprintf(o->server, sizeof o->server, "%s", word);
            rest = behind;
        }
        if (!take_span(o, &rest))
            return;
        if (o->span_us <= 0 || o->span_us > OVERRIDE_MOST_US || !*rest)
            refuse(o, "an override needs an end and a reason: SIGNAL [SERVER] for 10m REASON");
        else if (o->waiver == WAIVERS && o->run->override_count == RUN_OVERRIDES)
            refuse(o, "there are %d overrides already", RUN_OVERRIDES);
        o->note = rest;
        return;
    }
    if (o->waiver != WAIVERS) {
        do_waive(o);
        return;
    }
    struct signal_override *v = &o->run->overrides[o->run->override_count++];
    *v = (struct signal_override){.kind = o->signal, .until_us = clock_mono_us() + o->span_us};
    (void)snprintf(v->server, sizeof v->server, "%s", o->server);
    char span[UNITS_TEXT];
    str_addf(&o->answer, "an unknown %s%s%s is let pass for %s", signal_name(o->signal),
             o->server[0] ? " on " : "", o->server, units_duration(span, o->span_us));
}

/* ---- a blocker --------------------------------------------------------------- */

static void find_start(void *context, const struct model *m)
{
    struct order *o = context;
    const struct model_target *t = model_find_target(m, o->run->target->name);
    for (size_t i = 0; t && i < t->lock_count; i++)
        if (t->locks[i].pid == o->number) {
            const char *start = t->locks[i].start; /* none where a pid is given only once */
            o->chosen = true;
            (void)snprintf(o->start, sizeof o->start, "%s", start ? start : "");
        }
}

static void order_signal(struct order *o)
{
    struct run *r = o->run;
    if (!o->doing) {
        if (!units_parse_int(o->value ? o->value : "", &o->number))
            o->number = json_get_int(o->request, "pid", 0);
        (void)snprintf(o->start, sizeof o->start, "%s", json_get_text(o->request, "start", ""));
        o->chosen = o->start[0] != '\0';
        if (!o->chosen)
            recorder_look(r->recorder, find_start, o);
        if (o->number <= 0 || !o->chosen)
            refuse(o, "pid %" PRId64 " is not in the lock tree: only who waits or blocks there "
                      "can be chosen", o->number);
        for (size_t i = 0; i < r->pid_count; i++)
            if (r->pids[i] == o->number)
                refuse(o, "pid %" PRId64 " is newel's own session; use pause or stop", o->number);
        return;
    }
    if (!errand_send(r, o->verb == VERB_TERMINATE, o->number, o->start, o->speaker->name)) {
        str_add(&o->answer, "no thread to do it; try again");
        return;
    }
    str_addf(&o->answer, "%s is on its way to pid %" PRId64, verb_words(o->verb)->name, o->number);
}

static void order_note(struct order *o)
{
    if (!o->doing) {
        if (!*o->value)
            refuse(o, "an empty note");
        return;
    }
    o->more = event_new(EVENT_NOTE, o->run->target->name);
    if (o->speaker->client)
        json_set_int(o->more, "client", o->speaker->client);
    json_set_text(o->more, "operator", o->speaker->name);
    json_set_text(o->more, "text", o->value);
    str_add(&o->answer, "noted");
}

static void stop_all(struct order *o)
{
    for (size_t i = 0; i < o->what->run_count; i++) {
        struct run *r = &o->what->runs[i];
        if (r != o->run)
            run_lock(r);
        r->stop = true;
        run_wake(r);
        if (r != o->run)
            run_unlock(r);
    }
}

static void order_stop(struct order *o)
{
    if (!o->doing)
        return;
    stop_all(o);
    str_add(&o->answer, "the engine ends at the next batch boundary");
}

static void order_detach(struct order *o)
{
    const char *value = o->value ? o->value : "continue";
    if (!o->doing) {
        if (strcmp(value, "continue") != 0 && strcmp(value, "pause") != 0 &&
            strcmp(value, "stop") != 0)
            refuse(o, "detach takes continue, pause or stop");
        else if (o->speaker->read_only && strcmp(value, "continue") != 0)
            refuse(o, "this console is read-only");
        return;
    }
    if (strcmp(value, "stop") == 0)
        stop_all(o);
    else if (strcmp(value, "pause") == 0 && !o->run->paused_by)
        o->run->paused_by = mem_dup(o->speaker->name ? o->speaker->name : "unknown");
    str_addf(&o->answer, "detached: %s", value);
}

static void (*const orders[VERB_COUNT])(struct order *) = {
    [VERB_DETACH] = order_detach,   [VERB_PAUSE] = order_pause,
    [VERB_RESUME] = order_resume,   [VERB_STEP] = order_step,
    [VERB_ROLLBACK] = order_rollback, [VERB_WITHDRAW] = order_withdraw,
    [VERB_BATCH] = order_batch,
    [VERB_TIME] = order_time,       [VERB_REST] = order_rest,
    [VERB_LANES] = order_lanes,     [VERB_LIMIT] = order_limit,
    [VERB_OVERRIDE] = order_override, [VERB_CANCEL] = order_signal,
    [VERB_TERMINATE] = order_signal, [VERB_NOTE] = order_note,
    [VERB_STOP] = order_stop,
};

/* ---- the one place that every command passes ------------------------------ */

static void look(struct order *o, const char *name)
{
    if (o->verb == VERB_COUNT || !orders[o->verb])
        refuse(o, "\"%s\" is no command", name);
    else if (!o->run)
        refuse(o, "no such target");
    else if (o->speaker->read_only && verb_words(o->verb)->changes)
        refuse(o, "this console is read-only");
    else if (!o->value && (o->verb == VERB_BATCH || o->verb == VERB_TIME || o->verb == VERB_REST ||
                           o->verb == VERB_LANES || o->verb == VERB_LIMIT ||
                           o->verb == VERB_OVERRIDE || o->verb == VERB_NOTE))
        refuse(o, "%s takes a value: %s", name, verb_words(o->verb)->value);
    else
        orders[o->verb](o);
}

static json_t *command_event(const struct order *o, const char *name)
{
    json_t *event = event_new(EVENT_COMMAND, o->run ? o->run->target->name : NULL);
    if (o->speaker->client)
        json_set_int(event, "client", o->speaker->client);
    json_set_text(event, "operator", o->speaker->name);
    json_set_text(event, "do", name);
    json_set_text(event, "value", o->value);
    static const char *const members[] = {"expect_phase", "column", "start"};
    for (size_t i = 0; i < COUNT_OF(members); i++)
        json_set_text(event, members[i], json_get_text(o->request, members[i], NULL));
    if (json_has(o->request, "pid"))
        json_set_int(event, "pid", json_get_int(o->request, "pid", 0));
    if (o->asks)
        json_set_bool(event, "asks", true);
    json_set_bool(event, "accepted", o->refusal.len == 0);
    if (o->refusal.len)
        json_set_text(event, "reason", str_text(&o->refusal));
    return event;
}

json_t *command_obey(struct controlled *what, struct run *r, const json_t *request,
                     const struct speaker *speaker)
{
    const char *name = json_get_text(request, "do", "");
    struct order o = {
        .what = what,
        .run = r,
        .request = request,
        .speaker = speaker,
        .verb = verb_from_name(name),
        .value = json_get_text(request, "value", NULL),
    };
    /* what was looked at must still hold when it is done, so the run stands still meanwhile */
    if (r)
        run_lock(r);
    look(&o, name);
    bool recorded = recorder_decide(what->recorder, command_event(&o, name));
    /* an unwritable journal must not keep anybody from stopping the work */
    bool urgent = o.verb == VERB_PAUSE || o.verb == VERB_STOP || o.verb == VERB_DETACH;
    if (!o.refusal.len && !recorded && !urgent)
        refuse(&o, "the journal cannot be written at present");
    if (!o.refusal.len) {
        o.doing = true;
        orders[o.verb](&o);
        run_wake(r);
    }
    if (r)
        run_unlock(r);
    if (o.more)
        (void)recorder_add(what->recorder, o.more);
    json_t *answer = json_object();
    json_set_bool(answer, "accepted", o.refusal.len == 0);
    json_set_text(answer, o.refusal.len ? "reason" : "text",
                  str_text(o.refusal.len ? &o.refusal : &o.answer));
    str_free(&o.refusal);
    str_free(&o.answer);
    return answer;
}
