#include "config.h"
#include "engine/run.h"

#include "engine/approval.h"

#include "base/clock.h"
#include "dialect/watch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A signal not heard of for so long is unknown. */
#define SIGNAL_STALE_US (5 * US_PER_S)

void run_init(struct run *r, const struct migration *m, const struct target *t,
              struct recorder *recorder)
{
    *r = (struct run){.migration = m, .target = t, .recorder = recorder, .until = PHASE_FINISH};
    (void)pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&r->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    r->wal_bytes = r->updates = r->hot_updates = r->xmin_age = UNKNOWN;
    r->throttle.slow_ppm = 1000000;
    pace_init(&r->pace, m->rows, m->rows_min, m->rows_max, m->batch_time_us, m->batch_pause_us,
              m->lanes);
    const struct limits *l = &m->limits;
    /* a replica of MySQL or MariaDB does not tell how much it has still to replay */
    bool tells_bytes = t->primary.engine == DB_POSTGRESQL;
    const int64_t usual[SIGNAL_KINDS] = {
        [SIGNAL_LAG] = l->max_lag_us,
        [SIGNAL_LAG_BYTES] = tells_bytes ? l->max_lag_bytes : 0,
        [SIGNAL_WAITERS] = l->max_waiters,
        [SIGNAL_RUNNING] = l->max_running,
        [SIGNAL_WAL] = l->max_wal_per_s,
        [SIGNAL_QUERY] = l->query ? (int64_t)(l->query_max * 1000) : 0,
        [SIGNAL_QUEUE] = l->max_queue,
        [SIGNAL_FLOW] = l->max_flow_control,
    };
    for (int i = 0; i < SIGNAL_KINDS; i++)
        r->limits[i] = (struct signal_limit){.limit = usual[i], .usual = usual[i]};
}

void run_free(struct run *r)
{
    free(r->signals);
    free(r->paused_by);
    free(r->asked_by);
    free(r->released_by);
    free(r->quoted_column);
    free(r->quoted_table);
    walk_subject_free(&r->walk);
    facts_free(&r->facts);
    plan_free(&r->plan);
    (void)pthread_cond_destroy(&r->changed);
    (void)pthread_mutex_destroy(&r->lock);
}

void run_lock(struct run *r)
{
    (void)pthread_mutex_lock(&r->lock);
}

void run_unlock(struct run *r)
{
    (void)pthread_mutex_unlock(&r->lock);
}

void run_wait(struct run *r, int64_t us)
{
    int64_t until = clock_mono_us() + us;
    struct timespec t = {.tv_sec = until / US_PER_S, .tv_nsec = until % US_PER_S * 1000};
    (void)pthread_cond_timedwait(&r->changed, &r->lock, &t);
}

void run_wake(struct run *r)
{
    (void)pthread_cond_broadcast(&r->changed);
}

bool run_stopping(struct run *r)
{
    run_lock(r);
    bool stopping = r->stop || r->fenced;
    run_unlock(r);
    return stopping;
}

void run_sleep(struct run *r, int64_t us)
{
    int64_t until = clock_mono_us() + us;
    run_lock(r);
    for (int64_t left = us; left > 0 && !r->stop && !r->fenced; left = until - clock_mono_us())
        run_wait(r, left);
    run_unlock(r);
}

struct db *run_connect(struct run *r, const char *role, struct error *e)
{
    char *name = mem_printf("newel %s %s", r->migration->id, role);
    struct db *db = db_open(&r->target->primary, name, e);
    free(name);
    if (!db)
        return NULL;
    if (!db_is_ours(db, e) || db_exec(db, watch_words(db_engine_of(db))->session, e) != DB_OK) {
        db_close(db);
        return NULL;
    }
    run_lock(r);
    if (r->pid_count < RUN_PIDS)
        r->pids[r->pid_count++] = db_backend_pid(db);
    run_unlock(r);
    return db;
}

enum db_fault run_lock_timeout(struct db *db, int64_t us, struct error *e)
{
    const char *words = watch_words(db_engine_of(db))->lock_timeout;
    const char *mark = strstr(words, "%lld");
    struct str sql = {0};
    str_add_n(&sql, words, (size_t)(mark - words));
    str_addf(&sql, "%" PRId64 "%s", us / US_PER_MS, mark + strlen("%lld"));
    enum db_fault fault = db_exec(db, str_text(&sql), e);
    str_free(&sql);
    return fault;
}

void run_disconnect(struct run *r, struct db *db)
{
    if (!db)
        return;
    run_lock(r);
    for (size_t i = 0; i < r->pid_count; i++)
        if (r->pids[i] == db_backend_pid(db)) {
            r->pids[i] = r->pids[--r->pid_count];
            break;
        }
    run_unlock(r);
    db_close(db);
}

struct db *run_reconnect(struct run *r, struct db *old, const char *role, struct error *e)
{
    run_disconnect(r, old);
    int64_t pause = 100 * US_PER_MS;
    bool told = false;
    while (!run_stopping(r)) {
        struct db *db = run_connect(r, role, e);
        if (db) {
            if (told)
                run_alarm(r, "info", "reconnected", "%s: connected to %s again", role,
                          r->target->name);
            return db;
        }
        if (!told) {
            struct str text = {0};
            error_text(e, &text);
            run_alarm(r, "warn", "connection-lost", "%s: %s; trying again", role,
                      str_text(&text));
            str_free(&text);
            told = true;
        }
        run_sleep(r, pause);
        pause = pause < 2 * US_PER_S ? pause * 2 : pause;
    }
    return NULL;
}

char *run_pids(struct run *r)
{
    struct str s = {0};
    str_add_char(&s, '{');
    run_lock(r);
    for (size_t i = 0; i < r->pid_count; i++)
        str_addf(&s, "%s%" PRId64, i ? "," : "", r->pids[i]);
    run_unlock(r);
    str_add_char(&s, '}');
    return str_take(&s);
}

json_t *run_event(const struct run *r, enum event_type type)
{
    return event_new(type, r->target->name);
}

void run_record(struct run *r, json_t *event)
{
    (void)recorder_add(r->recorder, event); /* what could not be written waits in the recorder */
}

bool run_decide(struct run *r, json_t *event)
{
    if (recorder_decide(r->recorder, event))
        return true;
    while (!run_stopping(r)) {
        if (!recorder_broken(r->recorder))
            return true;
        run_sleep(r, 200 * US_PER_MS);
    }
    return false;
}

void run_alarm(struct run *r, const char *level, const char *code, const char *text, ...)
{
    struct str s = {0};
    va_list args;
    va_start(args, text);
    str_vaddf(&s, text, args);
    va_end(args);
    json_t *event = run_event(r, EVENT_ALARM);
    json_set_text(event, "level", level);
    json_set_text(event, "code", code);
    json_set_text(event, "text", str_text(&s));
    str_free(&s);
    run_record(r, event);
}

bool run_enter(struct run *r, enum phase phase, enum phase_state state, const char *detail,
               const struct error *e)
{
    run_lock(r);
    /* a rollback is asked for of the phase, whether it waits or runs; all else of its state */
    if (r->asked_for != WISH_ROLLBACK || phase != r->phase || state == STATE_UNDOING)
        approval_lapse(r);
    /* a second yes that came while the first one was taken is no yes to trying again */
    if (r->wish == WISH_STEP && state != STATE_ASKING && state != STATE_FAILED)
        r->wish = WISH_NONE;
    r->phase = phase;
    r->state = state;
    run_wake(r);
    run_unlock(r);
    json_t *event = run_event(r, EVENT_PHASE);
    json_set_text(event, "phase", phase_name(phase));
    json_set_text(event, "state", phase_state_name(state));
    json_set_text(event, "detail", detail);
    if (e)
        event_set_error(event, e);
    return run_decide(r, event);
}

json_t *run_pace_event(const struct run *r)
{
    json_t *event = run_event(r, EVENT_PACE);
    json_set_int(event, "rows", r->pace.rows);
    json_set_text(event, "mode", r->pace.by_hand ? "hand" : "auto");
    json_set_text(event, "why", r->pace.why);
    json_set_int(event, "lanes", r->pace.lanes);
    json_set_int(event, "pause_us", r->pace.pause_us);
    json_set_int(event, "time_us", r->pace.time_us);
    json_set_int(event, "min", r->pace.min);
    json_set_int(event, "max", r->pace.max);
    return event;
}

void run_record_pace(struct run *r)
{
    run_lock(r);
    json_t *event = run_pace_event(r);
    run_unlock(r);
    run_record(r, event);
}

static json_t *throttle_event(const struct run *r, const struct throttle *t, int64_t now)
{
    json_t *event = run_event(r, EVENT_THROTTLE), *reasons = json_array();
    json_set_bool(event, "on", t->stopped);
    json_set_int(event, "slow_ppm", t->slow_ppm);
    for (size_t i = 0; i < t->reason_count; i++) {
        const struct throttle_reason *reason = &t->reasons[i];
        json_t *one = json_object();
        char text[32];
        json_set_text(one, "signal", signal_name(reason->kind));
        json_set_text(one, "server", reason->server);
        if (!reason->unknown)
            json_set_text(one, "observed",
                          signal_value_text(reason->kind, reason->observed, text));
        json_set_text(one, "limit", signal_value_text(reason->kind, reason->limit, text));
        json_set_bool(one, "unknown", reason->unknown);
        json_set_int(one, "since", clock_wall_us() - (now - reason->since_us));
        json_set_text(one, "text", reason->text);
        json_push(reasons, one);
    }
    json_set(event, "reasons", reasons);
    return event;
}

void run_throttle(struct run *r)
{
    json_t *event = NULL;
    run_lock(r);
    if (r->phase != PHASE_BACKFILL && r->phase != PHASE_VERIFY) {
        run_unlock(r); /* there is nothing to hold back */
        return;
    }
    struct throttle_input in = {
        .signals = r->signals,
        .signal_count = r->signal_count,
        .overrides = r->overrides,
        .override_count = r->override_count,
        .now_us = clock_mono_us(),
        .stale_us = SIGNAL_STALE_US,
    };
    memcpy(in.limits, r->limits, sizeof in.limits);
    if (throttle_decide(&r->throttle, &in)) {
        event = throttle_event(r, &r->throttle, in.now_us);
        run_wake(r);
    }
    run_unlock(r);
    if (event)
        run_record(r, event);
}

void run_signal(struct run *r, enum signal_kind kind, const char *server, int64_t value,
                const char *error)
{
    run_lock(r);
    struct signal *s = NULL;
    for (size_t i = 0; i < r->signal_count && !s; i++)
        if (r->signals[i].kind == kind && strcmp(r->signals[i].server, server) == 0)
            s = &r->signals[i];
    if (!s) {
        s = VEC_PUSH(r->signals, r->signal_count);
        s->kind = kind;
        (void)snprintf(s->server, sizeof s->server, "%s", server);
    }
    s->known = error == NULL;
    s->value = value;
    s->at_us = clock_mono_us();
    (void)snprintf(s->error, sizeof s->error, "%s", error ? error : "");
    run_unlock(r);
}

bool run_may_go_on(struct run *r, bool throttled)
{
    for (;;) {
        if (throttled)
            run_throttle(r);
        bool broken = recorder_broken(r->recorder);
        run_lock(r);
        if (r->stop || r->fenced || r->wish == WISH_ROLLBACK) {
            run_unlock(r);
            return false;
        }
        if (!r->paused_by && !broken && !(throttled && r->throttle.stopped)) {
            run_unlock(r);
            return true;
        }
        run_wait(r, 100 * US_PER_MS);
        run_unlock(r);
    }
}

const char *waiver_name(enum waiver what)
{
    static const char *const names[] = {[WAIVE_PLANS] = "plans", [WAIVE_CLIENTS] = "clients"};
    return names[what];
}

bool run_waived(struct run *r, enum waiver what)
{
    run_lock(r);
    bool yes = r->waived_until[what] > clock_mono_us();
    run_unlock(r);
    return yes;
}
