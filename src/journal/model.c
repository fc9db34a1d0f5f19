#include "config.h"
#include "journal/model.h"

#include "journal/event.h"
#include "journal/model_fold.h"
#include "journal/model_shape.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- words and small things ----------------------------------------------- */

static const char *const states[] = {
    [STATE_TODO] = "todo",       [STATE_ASKING] = "asking",   [STATE_RUNNING] = "running",
    [STATE_WAITING] = "waiting", [STATE_PAUSED] = "paused",   [STATE_FAILED] = "failed",
    [STATE_DONE] = "done",       [STATE_UNDOING] = "undoing", [STATE_UNDONE] = "undone",
};

const char *phase_state_name(enum phase_state state)
{
    return (unsigned)state < COUNT_OF(states) ? states[state] : "todo";
}

enum phase_state phase_state_from_name(const char *name)
{
    for (unsigned i = 0; i < COUNT_OF(states); i++)
        if (strcmp(states[i], name) == 0)
            return (enum phase_state)i;
    return STATE_TODO;
}

bool fold_text_is(const char *a, const char *b)
{
    return a && strcmp(a, b) == 0;
}

void fold_set_text(char **place, const char *text)
{
    char *copy = mem_dup(text);
    free(*place);
    *place = copy;
}

/* A member that a number must come from, but never a negative one. */
int64_t fold_known(const json_t *event, const char *key)
{
    int64_t value = json_get_int(event, key, UNKNOWN);
    return value < 0 ? UNKNOWN : value;
}

void series_add(struct series *s, int64_t at, int64_t value)
{
    if (s->count == SERIES_MAX) {
        memmove(s->points, s->points + 1, (SERIES_MAX - 1) * sizeof s->points[0]);
        s->count--;
    }
    s->points[s->count++] = (struct point){.at = at, .value = value};
}

const struct model_target *model_find_target(const struct model *m, const char *name)
{
    for (size_t i = 0; i < m->target_count; i++)
        if (fold_text_is(m->targets[i].name, name))
            return &m->targets[i];
    return NULL;
}

bool model_needs_second(const struct model *m, const char *what)
{
    size_t n = strlen(what);
    for (const char *at = m->approve; at && (at = strstr(at, what)); at += n)
        if ((at == m->approve || at[-1] == ' ') && (!at[n] || at[n] == ' '))
            return true;
    return false;
}

/* How long the bare name is, before where its bearer came from. */
static size_t name_length(const char *name)
{
    return name ? strcspn(name, " \t\r\n") : 0;
}

bool model_known_operator(const char *name)
{
    static const char unknown[] = "unknown";
    size_t n = name_length(name);
    return n && !(n == sizeof unknown - 1 && strncmp(name, unknown, n) == 0);
}

bool model_same_operator(const char *a, const char *b)
{
    size_t n = name_length(a);
    return n && name_length(b) == n && strncmp(a, b, n) == 0;
}

bool model_goes_down(const struct model_target *t)
{
    if (t->phase >= PHASE_COUNT)
        return false;
    const struct model_phase *p = &t->phases[t->phase];
    return p->state == STATE_FAILED && fold_text_is(p->detail, "rollback");
}

static struct model_target *target_named(struct model *m, const char *name)
{
    for (size_t i = 0; i < m->target_count; i++)
        if (fold_text_is(m->targets[i].name, name))
            return &m->targets[i];
    if (m->target_count >= SHAPE_LIST_MAX)
        return NULL;
    (void)VEC_PUSH(m->targets, m->target_count);
    struct model_target *t = &m->targets[m->target_count - 1];
    shape_init(&model_target_shape, t);
    t->name = mem_dup(name);
    return t;
}

struct model_replica *fold_replica(struct model_target *t, const char *name)
{
    for (size_t i = 0; i < t->replica_count; i++)
        if (fold_text_is(t->replicas[i].name, name))
            return &t->replicas[i];
    if (t->replica_count >= SHAPE_LIST_MAX)
        return NULL;
    (void)VEC_PUSH(t->replicas, t->replica_count);
    struct model_replica *r = &t->replicas[t->replica_count - 1];
    shape_init(&model_replica_shape, r);
    r->name = mem_dup(name);
    return r;
}

/* ---- the session ---------------------------------------------------------- */

/* Limits come as text (events) or as a number with its text (session). */
static void take_limit(struct model_target *t, const json_t *event)
{
    const char *signal = json_get_text(event, "signal", NULL);
    struct model_limit *limit = NULL;
    if (!signal)
        return;
    for (size_t i = 0; i < t->limit_count && !limit; i++)
        if (fold_text_is(t->limits[i].signal, signal))
            limit = &t->limits[i];
    if (!limit) {
        if (t->limit_count >= SHAPE_LIST_MAX)
            return;
        (void)VEC_PUSH(t->limits, t->limit_count);
        limit = &t->limits[t->limit_count - 1];
    }
    shape_free(&model_limit_shape, limit);
    shape_read(&model_limit_shape, limit, event);
    const json_t *value = json_object_get(event, "limit");
    if (json_is_integer(value))
        limit->limit = mem_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (limit->limit)
        fold_set_text(&limit->text, limit->limit);
}

static void begin_target(struct model *m, const json_t *json, const json_t *session)
{
    const char *name = json_get_text(json, "name", NULL);
    struct model_target *t = name ? target_named(m, name) : NULL;
    if (!t)
        return;
    fold_set_text(&t->engine, json_get_text(json, "engine", NULL));
    t->canary = json_get_bool(json, "canary", false);
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(json, "replicas"), i, one)
    {
        const char *replica = json_string_value(one);
        if (replica)
            (void)fold_replica(t, replica);
    }
    json_array_foreach(json_object_get(session, "limits"), i, one) take_limit(t, one);
    const json_t *batch = json_object_get(session, "batch");
    t->pace_rows = fold_known(batch, "rows");
    t->pace_min = fold_known(batch, "min");
    t->pace_max = fold_known(batch, "max");
    t->pace_time_us = fold_known(batch, "time_us");
    t->pace_pause_us = fold_known(batch, "pause_us");
    t->lanes = fold_known(batch, "lanes");
}

static void fold_session(struct model *m, const json_t *event)
{
    const json_t *migration = json_object_get(event, "migration");
    m->format = json_get_int(event, "format", 0);
    m->pid = fold_known(event, "pid");
    m->started_us = fold_known(event, "time");
    m->yes = json_get_bool(event, "yes", false);
    fold_set_text(&m->version, json_get_text(event, "version", NULL));
    fold_set_text(&m->host, json_get_text(event, "host", NULL));
    fold_set_text(&m->operator_name, json_get_text(event, "operator", NULL));
    fold_set_text(&m->file, json_get_text(event, "file", NULL));
    fold_set_text(&m->digest, json_get_text(event, "digest", NULL));
    fold_set_text(&m->until, json_get_text(event, "until", NULL));
    fold_set_text(&m->on_disconnect, json_get_text(event, "on_disconnect", NULL));
    fold_set_text(&m->id, json_get_text(migration, "id", NULL));
    fold_set_text(&m->approve, json_get_text(migration, "approve", NULL));
    fold_set_text(&m->approve_by, json_get_text(migration, "approve_by", NULL));
    fold_set_text(&m->table, json_get_text(migration, "table", NULL));
    fold_set_text(&m->column, json_get_text(migration, "column", NULL));
    fold_set_text(&m->type, json_get_text(migration, "type", NULL));
    fold_set_text(&m->default_sql, json_get_text(migration, "default", NULL));
    fold_set_text(&m->value_sql, json_get_text(migration, "value", NULL));
    fold_set_text(&m->where_sql, json_get_text(migration, "where", NULL));
    fold_set_text(&m->new_rows, json_get_text(migration, "new_rows", NULL));
    m->not_null = json_get_bool(migration, "not_null", false);
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(event, "targets"), i, one) begin_target(m, one, event);
}

static void forget_console(struct model *m, int64_t client)
{
    for (size_t i = 0; i < m->console_count; i++) {
        if (m->consoles[i].client != client)
            continue;
        shape_free(&model_console_shape, &m->consoles[i]);
        m->console_count--;
        memmove(&m->consoles[i], &m->consoles[i + 1],
                (m->console_count - i) * sizeof m->consoles[0]);
        return;
    }
}

static void fold_attach(struct model *m, const json_t *event)
{
    int64_t client = json_get_int(event, "client", 0);
    forget_console(m, client);
    if (m->console_count >= SHAPE_LIST_MAX)
        return;
    (void)VEC_PUSH(m->consoles, m->console_count);
    struct model_console *c = &m->consoles[m->console_count - 1];
    shape_read(&model_console_shape, c, event);
    c->client = client;
    c->since_us = m->time_us;
}

static void fold_end(struct model *m, const json_t *event)
{
    m->ended = true;
    m->end_status = json_get_int(event, "status", UNKNOWN);
    fold_set_text(&m->end_why, json_get_text(event, "why", NULL));
}

/* ---- headlines ------------------------------------------------------------ */

static int headline_level(enum event_type type, const json_t *event)
{
    const char *level = json_get_text(event, "level", ""),
               *state = json_get_text(event, "state", "");
    const char *verdict = json_get_text(event, "verdict", "");
    switch (type) {
    case EVENT_ALARM:
        return fold_text_is(level, "crit") ? 2 : fold_text_is(level, "warn") ? 1 : 0;
    case EVENT_CHECK:
        return fold_text_is(verdict, "stop") ? 2 : fold_text_is(verdict, "warn") ? 1 : 0;
    case EVENT_PHASE:
    case EVENT_STATEMENT:
        return fold_text_is(state, "failed") ? 2 : fold_text_is(state, "retry") ? 1 : 0;
    case EVENT_COMMAND:
        return json_get_bool(event, "accepted", true) ? 0 : 1;
    case EVENT_THROTTLE:
        return json_get_bool(event, "on", false) ? 1 : 0;
    default:
        return 0;
    }
}

/* Asked before the event is folded: a throttle is news when it stops, slows or lets go. */
static bool is_news(enum event_type type, const struct model_target *t, const json_t *event)
{
    switch (type) {
    case EVENT_BATCH:
    case EVENT_SAMPLE:
    case EVENT_KEYFRAME:
    case EVENT_UNKNOWN:
        return false;
    case EVENT_CHECK:
        return !fold_text_is(json_get_text(event, "verdict", NULL), "pass");
    case EVENT_PACE:
        return fold_text_is(json_get_text(event, "mode", NULL), "hand");
    case EVENT_PLAN:
        return fold_text_is(json_get_text(event, "of", NULL), "query") &&
               !json_get_bool(event, "top", false);
    case EVENT_CLIENTS:
        /* looked at every few seconds */
        return !t || !t->stale.count ||
               t->stale.points[t->stale.count - 1].value != fold_stale(event);
    case EVENT_THROTTLE: {
        bool on = json_get_bool(event, "on", false);
        bool slow = fold_slow_ppm(event) < 1000000;
        return !t || t->throttled != on || (t->slow_ppm < 1000000) != slow;
    }
    default:
        return true;
    }
}

static void add_headline(struct model *m, enum event_type type, const json_t *event)
{
    if (m->headline_count == HEADLINES_MAX) {
        shape_free(&model_headline_shape, &m->headlines[0]);
        m->headline_count--;
        memmove(m->headlines, m->headlines + 1, m->headline_count * sizeof m->headlines[0]);
    }
    struct str text = {0};
    event_headline(event, &text);
    m->headlines[m->headline_count++] = (struct model_headline){
        .seq = m->seq,
        .time_us = m->time_us,
        .event = mem_dup(event_type_name(type)),
        .target = mem_dup(json_get_text(event, "target", NULL)),
        .text = str_take(&text),
        .level = headline_level(type, event),
    };
}

/* ---- the fold ------------------------------------------------------------- */

void model_gap(struct model *m)
{
    m->gaps++;
}

static void fold_command(struct model *m, struct model_target *t, const json_t *event)
{
    if (!json_get_bool(event, "accepted", false))
        return;
    /* without a target it is meant for all of them */
    size_t count = t ? 1 : m->target_count;
    for (size_t i = 0; i < count; i++)
        fold_obey(t ? t : &m->targets[i], event);
}

static void fold_of_session(struct model *m, enum event_type type, struct model_target *t,
                            const json_t *event)
{
    switch (type) {
    case EVENT_SESSION:
        fold_session(m, event);
        break;
    case EVENT_ATTACH:
        fold_attach(m, event);
        break;
    case EVENT_DETACH:
        forget_console(m, json_get_int(event, "client", 0));
        break;
    case EVENT_COMMAND:
        fold_command(m, t, event);
        break;
    case EVENT_ALARM:
        m->alarms += headline_level(type, event) > 0;
        break;
    case EVENT_END:
        fold_end(m, event);
        break;
    default:
        break;
    }
}

static void forget_approval(struct model_target *t)
{
    fold_set_text(&t->asked_for, NULL);
    fold_set_text(&t->asked_by, NULL);
    t->asked_us = UNKNOWN;
}

static void fold_approval(struct model_target *t, const json_t *event, int64_t now_us)
{
    const char *of = json_get_text(event, "of", "step"),
               *state = json_get_text(event, "state", NULL);
    enum phase phase = phase_from_name(json_get_text(event, "phase", ""));
    forget_approval(t);
    if (fold_text_is(of, "step") && phase < PHASE_COUNT) {
        bool approved = fold_text_is(state, "approved");
        struct model_phase *p = &t->phases[phase];
        fold_set_text(&p->asked_by, approved ? json_get_text(event, "asked_by", NULL) : NULL);
        fold_set_text(&p->approved_by, approved ? json_get_text(event, "operator", NULL) : NULL);
    }
    if (!fold_text_is(state, "asked"))
        return;
    fold_set_text(&t->asked_for, of);
    fold_set_text(&t->asked_by, json_get_text(event, "operator", "unknown"));
    t->asked_us = now_us;
}

/* A rollback is asked for of the phase, whether it waits or runs; all else of its state. */
static bool lapses(const struct model_target *t, const json_t *event)
{
    return !t->asked_for || !fold_text_is(t->asked_for, "rollback") ||
           phase_from_name(json_get_text(event, "phase", "")) != t->phase ||
           fold_text_is(json_get_text(event, "state", NULL), "undoing");
}

static void fold_of_target(struct model *m, enum event_type type, struct model_target *t,
                           const json_t *event)
{
    switch (type) {
    case EVENT_PHASE:
        if (lapses(t, event))
            forget_approval(t);
        fold_target_phase(t, event, m->time_us);
        m->focus = (size_t)(t - m->targets);
        break;
    case EVENT_STATEMENT:
        fold_target_statement(t, event, m->time_us);
        break;
    case EVENT_BATCH:
        fold_target_batch(t, event, m->time_us);
        break;
    case EVENT_PACE:
        fold_target_pace(t, event);
        break;
    case EVENT_THROTTLE:
        fold_target_throttle(t, event);
        break;
    case EVENT_LIMIT:
        take_limit(t, event);
        break;
    case EVENT_SAMPLE:
        fold_target_sample(t, event, m->time_us);
        break;
    case EVENT_CHECK:
        fold_target_check(t, event);
        break;
    case EVENT_PLAN:
        fold_target_plan(t, event);
        break;
    case EVENT_APPROVAL:
        fold_approval(t, event, m->time_us);
        break;
    case EVENT_CLIENTS:
        fold_target_clients(t, event, m->time_us);
        break;
    default:
        break;
    }
}

void model_fold(struct model *m, const json_t *event)
{
    enum event_type type = event_type_of(event);
    if (type == EVENT_KEYFRAME && json_is_object(json_object_get(event, "model")))
        model_from_json(m, json_object_get(event, "model"));
    m->seq = json_get_int(event, "seq", m->seq);
    m->time_us = json_get_int(event, "time", m->time_us);
    if (type == EVENT_KEYFRAME || type == EVENT_UNKNOWN)
        return;
    const char *name = json_get_text(event, "target", NULL);
    struct model_target *t = name ? target_named(m, name) : NULL;
    if (t)
        fold_pass_time(t, m->time_us);
    bool news = is_news(type, t, event);
    fold_of_session(m, type, t, event);
    if (t)
        fold_of_target(m, type, t, event);
    if (news)
        add_headline(m, type, event);
}
