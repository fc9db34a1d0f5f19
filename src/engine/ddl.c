#include "config.h"
#include "engine/ddl.h"

#include "base/clock.h"
#include "dialect/watch.h"
#include "engine/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_FIRST_US (500 * US_PER_MS)
#define BACKOFF_MOST_US (30 * US_PER_S)
/* A transaction that has been open so long will not be gone within one lock timeout. */
#define HOLD_BACK_XACT_US US_PER_S
#define WATCH_EVERY_US (40 * US_PER_MS)

/* What the second connection sees while the first one waits for its lock. */
struct lock_watch {
    struct run *run;
    struct db *waiter; /* cancelled when the queue behind it grows too long */
    bool only_acquire; /* the statement goes on long after it got its lock */
    int64_t timeout_us;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool over;
    json_t *blockers; /* as last seen; NULL: nobody */
    int64_t queue;
    bool gave_up;          /* the queue was too long */
    int64_t waiting_since; /* where newel itself keeps the timeout; 0: it does not wait */
    bool timed_out;
};

int64_t ddl_backoff_us(int64_t attempt, double random)
{
    double pause = (double)BACKOFF_FIRST_US;
    for (int64_t i = 1; i < attempt && pause < (double)BACKOFF_MOST_US; i++)
        pause *= 1.5;
    if (pause > (double)BACKOFF_MOST_US)
        pause = (double)BACKOFF_MOST_US;
    return (int64_t)(pause * (0.5 + random / 2));
}

/* Sessions as the journal has them. */
static json_t *sessions(const struct db_rows *rows)
{
    json_t *list = json_array();
    for (int i = 0; i < db_row_count(rows); i++) {
        json_t *one = json_object();
        json_set_int(one, "pid", db_int(rows, i, 0, 0));
        json_set_text(one, "user", db_value(rows, i, 1));
        json_set_text(one, "app", db_value(rows, i, 2));
        json_set_text(one, "state", db_value(rows, i, 3));
        json_set_int(one, "xact_us", db_int(rows, i, 4, 0));
        json_set_text(one, "mode", db_value(rows, i, 5));
        json_set_text(one, "query", db_value(rows, i, 6));
        json_push(list, one);
    }
    return list;
}

/* NULL: the server cannot tell. `ask`: of whom `of` stands for. */
static json_t *ask_sessions(struct run *r, struct db *db,
                            enum db_fault (*ask)(struct db *, const char *, const char *,
                                                 struct db_rows **, struct error *),
                            const char *of)
{
    char *pids = run_pids(r);
    struct db_rows *rows;
    struct error e;
    json_t *list = NULL;
    if (ask(db, of, pids, &rows, &e) == DB_OK) {
        list = sessions(rows);
        db_rows_free(rows);
    }
    free(pids);
    return list;
}

static int64_t ask_queue(struct run *r, struct db *db, const char *pid)
{
    const char *params[] = {pid};
    struct db_rows *rows;
    struct error e;
    if (db_query(db, &rows, &e, watch_words(r->engine)->queue, 1, params) != DB_OK)
        return UNKNOWN;
    int64_t count = db_int(rows, 0, 0, UNKNOWN);
    db_rows_free(rows);
    return count;
}

/* How long the statement has waited for its lock, as far as newel has to know: else 0. */
static int64_t ask_waited(struct lock_watch *w, struct db *db, const char *pid)
{
    const char *sql = watch_words(w->run->engine)->waits_for_table;
    const char *params[] = {pid};
    struct db_rows *rows;
    struct error e;
    if (!sql || db_query(db, &rows, &e, sql, 1, params) != DB_OK)
        return 0;
    bool waits = db_bool(rows, 0, 0);
    db_rows_free(rows);
    int64_t now = clock_mono_us();
    if (!waits)
        w->waiting_since = 0;
    else if (!w->waiting_since)
        w->waiting_since = now;
    return waits ? now - w->waiting_since : 0;
}

static void look_at_queue(struct lock_watch *w, struct db *db, const char *pid, int64_t elapsed)
{
    struct run *r = w->run;
    int64_t queue = ask_queue(r, db, pid);
    int64_t waited = ask_waited(w, db, pid);
    bool late = waited >= w->timeout_us;
    run_lock(r);
    int64_t most = r->limits[SIGNAL_WAITERS].limit;
    run_unlock(r);
    bool too_long = most > 0 && queue > most;
    /* who blocks is asked late, just before the timeout, or when we leave early */
    json_t *blockers = NULL;
    if (too_long || late || elapsed > w->timeout_us / 3)
        blockers = ask_sessions(r, db, watch_blockers, pid);

    (void)pthread_mutex_lock(&w->lock);
    if (queue > w->queue)
        w->queue = queue;
    if (blockers && json_array_size(blockers)) {
        json_decref(w->blockers);
        w->blockers = blockers;
    } else {
        json_decref(blockers);
    }
    bool leave = (too_long || late) && !w->over && !w->gave_up && !w->timed_out;
    if (leave && too_long)
        w->gave_up = true;
    else if (leave)
        w->timed_out = true;
    (void)pthread_mutex_unlock(&w->lock);
    struct error e;
    if (leave && !db_cancel(w->waiter, &e))
        run_alarm(r, "warn", "cancel", "the waiting DDL could not be cancelled: %s", e.why);
}

static void *watch_lock(void *context)
{
    struct lock_watch *w = context;
    struct error e;
    struct db *db = run_connect(w->run, "lock watch", &e);
    if (!db)
        return NULL;
    char pid[24];
    (void)snprintf(pid, sizeof pid, "%" PRId64, db_backend_pid(w->waiter));
    int64_t began = clock_mono_us();
    /* where the server keeps the timeout, a long statement has its lock when that is over */
    bool until_lock = w->only_acquire && !watch_words(w->run->engine)->waits_for_table;
    (void)pthread_mutex_lock(&w->lock);
    while (!w->over) {
        int64_t wake = clock_mono_us() + WATCH_EVERY_US;
        struct timespec t = {.tv_sec = wake / US_PER_S, .tv_nsec = wake % US_PER_S * 1000};
        (void)pthread_cond_timedwait(&w->changed, &w->lock, &t);
        int64_t elapsed = clock_mono_us() - began;
        if (w->over || (until_lock && elapsed > 2 * w->timeout_us))
            break;
        (void)pthread_mutex_unlock(&w->lock);
        look_at_queue(w, db, pid, elapsed);
        (void)pthread_mutex_lock(&w->lock);
    }
    (void)pthread_mutex_unlock(&w->lock);
    run_disconnect(w->run, db);
    return NULL;
}

struct attempt {
    enum phase phase;
    const struct step *step;
    const char *sql;
    int64_t number, tries, timeout_us;
};

static json_t *statement_event(const struct run *r, const struct attempt *a, const char *state)
{
    json_t *event = run_event(r, EVENT_STATEMENT);
    json_set_text(event, "phase", phase_name(a->phase));
    json_set_text(event, "step", a->step->name);
    json_set_text(event, "state", state);
    json_set_text(event, "sql", a->sql);
    json_set_text(event, "lock", a->step->lock);
    json_set_text(event, "blocks", a->step->blocks);
    json_set_int(event, "attempt", a->number);
    json_set_int(event, "tries", a->tries);
    json_set_int(event, "timeout_us", a->timeout_us);
    return event;
}

/* The statement itself, between its timeouts. */
static enum db_fault execute(struct run *r, struct db *db, const struct attempt *a,
                             struct error *e)
{
    const struct watch_words *words = watch_words(r->engine);
    struct str begin = {0};
    const char *mark = strstr(words->ddl_begin, "%lld");
    str_add_n(&begin, words->ddl_begin, (size_t)(mark - words->ddl_begin));
    str_addf(&begin, "%" PRId64 "%s", a->timeout_us / US_PER_MS, mark + strlen("%lld"));
    enum db_fault fault = db_exec(db, str_text(&begin), e);
    str_free(&begin);
    /* one that woke up late must not change a table that another engine drives by now */
    if (fault == DB_OK)
        fault = state_claim(r, db, e);
    if (fault == DB_OK)
        fault = state_hold(r, db, e);
    if (fault == DB_OK)
        fault = db_exec(db, a->sql, e);
    if (fault == DB_OK)
        fault = db_exec(db, words->commit, e);
    if (fault != DB_OK && db_alive(db)) {
        struct error ignored; /* the first error is the one that counts */
        IGNORE(db_exec(db, words->rollback, &ignored));
    }
    return fault;
}

/* One try under watch. `w` keeps what was seen for the event. */
static enum db_fault try_once(struct run *r, struct db *db, const struct attempt *a,
                              struct lock_watch *w, struct error *e)
{
    *w = (struct lock_watch){
        .run = r,
        .waiter = db,
        .timeout_us = a->timeout_us,
        .only_acquire = a->step->kind == STEP_LONG,
    };
    (void)pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    pthread_t watcher;
    bool watched = a->step->kind != STEP_STATE &&
                   pthread_create(&watcher, NULL, watch_lock, w) == 0;
    enum db_fault fault = execute(r, db, a, e);
    if (watched) {
        (void)pthread_mutex_lock(&w->lock);
        w->over = true;
        (void)pthread_cond_signal(&w->changed);
        (void)pthread_mutex_unlock(&w->lock);
        (void)pthread_join(watcher, NULL);
    }
    (void)pthread_cond_destroy(&w->changed);
    (void)pthread_mutex_destroy(&w->lock);
    if (fault == DB_CANCELLED && w->gave_up) {
        error_set(e, ERROR_DATABASE, "%s", a->step->name);
        error_why(e, "%" PRId64 " sessions queued behind it: given up before its timeout",
                  w->queue);
        fault = DB_LOCK_TIMEOUT;
    } else if (fault == DB_CANCELLED && w->timed_out) {
        error_set(e, ERROR_DATABASE, "%s", a->step->name);
        error_why(e, "it did not get the lock of the table in %" PRId64 " ms",
                  a->timeout_us / US_PER_MS);
        fault = DB_LOCK_TIMEOUT;
    }
    return fault;
}

/*
 * Whoever holds the table in a long transaction would make the try a certain
 * stall for everybody else, for nothing: name them and do not queue at all.
 */
static json_t *certain_blockers(struct run *r, struct db *db, const struct step *step)
{
    if (step->kind != STEP_DDL || !step->exclusive)
        return NULL;
    json_t *holders = ask_sessions(r, db, watch_holders, r->facts.qualified);
    bool certain = false;
    size_t i;
    json_t *one;
    json_array_foreach(holders, i, one)
        certain |= json_get_int(one, "xact_us", 0) > HOLD_BACK_XACT_US;
    if (certain)
        return holders;
    json_decref(holders);
    return NULL;
}

enum outcome { OUTCOME_DONE, OUTCOME_RETRY, OUTCOME_FAILED, OUTCOME_LOST };

static enum outcome attempt_once(struct run *r, struct db *db, const struct attempt *a,
                                 struct error *e)
{
    json_t *certain = certain_blockers(r, db, a->step);
    if (certain) {
        error_set(e, ERROR_PHASE, "%s", a->step->name);
        error_why(e, "not tried: a long transaction holds the table");
        json_t *event = statement_event(r, a, "retry");
        event_set_error(event, e);
        json_set(event, "blockers", certain);
        json_set_int(event, "queue", 0);
        run_record(r, event);
        return OUTCOME_RETRY;
    }
    if (!run_decide(r, statement_event(r, a, "begin")))
        return OUTCOME_FAILED;
    struct lock_watch w;
    int64_t began = clock_mono_us();
    enum db_fault fault = try_once(r, db, a, &w, e);
    bool again = fault == DB_LOCK_TIMEOUT || fault == DB_DEADLOCK || fault == DB_SERIALIZATION;
    bool lost = fault == DB_LOST || fault == DB_STOPPED;
    json_t *event = statement_event(r, a,
                                    fault == DB_OK    ? "done"
                                    : (again || lost) ? "retry"
                                                      : "failed");
    json_set_int(event, "us", clock_mono_us() - began);
    if (fault != DB_OK)
        event_set_error(event, e);
    json_set_int(event, "queue", w.queue);
    if (w.blockers)
        json_set(event, "blockers", w.blockers);
    run_record(r, event);
    return fault == DB_OK ? OUTCOME_DONE
           : lost         ? OUTCOME_LOST
           : again        ? OUTCOME_RETRY
                          : OUTCOME_FAILED;
}

/* -1 the question could not be asked, else 0 or 1. */
static int ask_done(struct db *db, const struct step *step, bool undo, struct error *e)
{
    const char *sql = undo && step->undone ? step->undone : step->done;
    if (!sql)
        return 0;
    struct db_rows *rows;
    if (db_query(db, &rows, e, sql, 0, NULL) != DB_OK)
        return -1;
    bool yes = db_bool(rows, 0, 0);
    db_rows_free(rows);
    return undo && !step->undone ? !yes : yes;
}

bool ddl_is_done(struct db *db, const struct step *step)
{
    struct error ignored;
    return ask_done(db, step, false, &ignored) == 1;
}

static void record_skipped(struct run *r, const struct attempt *a)
{
    run_record(r, statement_event(r, a, "skipped"));
}

bool ddl_run(struct run *r, struct db **db, enum phase phase, const struct step *step, bool undo,
             struct error *e)
{
    struct attempt a = {
        .phase = phase,
        .step = step,
        .sql = undo ? step->undo : step->sql,
        .tries = r->migration->lock_retries,
        .timeout_us = r->migration->lock_timeout_us,
    };
    unsigned seed = (unsigned)clock_mono_us();
    for (a.number = 1; a.number <= a.tries; a.number++) {
        if (run_stopping(r))
            return error_set(e, ERROR_STOPPED, "%s was stopped before it ran", step->name);
        int done = ask_done(*db, step, undo, e);
        enum outcome outcome = done < 0 && db_alive(*db) ? OUTCOME_FAILED : OUTCOME_LOST;
        if (done == 1) {
            record_skipped(r, &a);
            return true;
        }
        if (done == 0)
            outcome = attempt_once(r, *db, &a, e);
        if (outcome == OUTCOME_DONE) {
            state_audit(r, *db, undo ? "undo" : step->name, a.sql);
            return true;
        }
        if (outcome == OUTCOME_FAILED)
            return false;
        if (outcome == OUTCOME_LOST) {
            *db = run_reconnect(r, *db, "ddl", e);
            if (!*db)
                return error_set(e, ERROR_STOPPED, "%s was stopped", step->name);
            continue;
        }
        if (!undo && !run_enter(r, phase, STATE_WAITING, step->name, e))
            return error_set(e, ERROR_STOPPED, "%s was stopped", step->name);
        run_sleep(r, ddl_backoff_us(a.number, (double)rand_r(&seed) / RAND_MAX));
        if (!run_may_go_on(r, false))
            return error_set(e, ERROR_STOPPED, "%s was stopped before it got its lock",
                             step->name);
        if (!undo && !run_enter(r, phase, STATE_RUNNING, NULL, NULL))
            return error_set(e, ERROR_STOPPED, "%s was stopped", step->name);
    }
    struct error last = *e;
    error_set(e, ERROR_PHASE, "%s did not get its lock in %" PRId64 " tries", step->name, a.tries);
    error_why(e, "%s", last.why);
    return error_todo(e, "see who holds the table (Locks), end them or wait, then step again");
}
