#include "config.h"
#include "engine/observe.h"

#include "base/clock.h"
#include "dialect/watch.h"
#include "engine/clients.h"
#include "engine/locks.h"
#include "engine/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BEAT_EVERY_US (200 * US_PER_MS)
#define LOAD_EVERY_US US_PER_S
#define TABLE_EVERY_US (2 * US_PER_S)
#define RENEW_EVERY_US (3 * US_PER_S)
/* Lag is measured at every beat, but drawn, and so recorded, less often. */
#define RECORD_EVERY_US US_PER_S
/* Flow control comes in bursts of milliseconds: look at its share of a while. */
#define FLOW_EVERY_US (500 * US_PER_MS)
/* The sizes of a table cannot be read while somebody waits to lock it: look elsewhere then. */
#define LOCK_TIMEOUT_US (50 * US_PER_MS)
/* The stripes pay when pruning can reuse room; below this share of HOT updates they do not. */
#define HOT_LEAST_PPM 200000
#define HOT_EVIDENCE 50000

struct observer {
    struct run *run;
    const struct db_address *where;
    bool primary;
    pthread_t thread;
    bool started;
    struct db *db;
};

struct observers {
    struct observer *items;
    size_t count;
};

int64_t observe_lag_us(const int64_t *beats, int64_t first, int64_t last, int64_t seen,
                       int64_t now_us)
{
    if (last < first)
        return 0; /* no beat yet */
    if (seen >= last)
        return 0;
    int64_t missing = seen < first ? first : seen + 1;
    if (last - missing >= RUN_BEATS)
        missing = last - RUN_BEATS + 1;
    int64_t lag = now_us - beats[missing % RUN_BEATS];
    return lag > 0 ? lag : 0;
}

static const struct watch_words *words_of(const struct observer *o)
{
    return watch_words(db_engine_of(o->db));
}

static bool observing(struct run *r)
{
    run_lock(r);
    bool yes = r->observing;
    run_unlock(r);
    return yes;
}

static void rest_until(struct run *r, int64_t when)
{
    run_lock(r);
    for (int64_t left = when - clock_mono_us(); left > 0 && r->observing;
         left = when - clock_mono_us())
        run_wait(r, left);
    run_unlock(r);
}

/* ---- the primary ---------------------------------------------------------- */

static void unknown_load(struct run *r, const char *why)
{
    const char *name = r->target->name;
    run_signal(r, SIGNAL_WAITERS, name, 0, why);
    run_signal(r, SIGNAL_RUNNING, name, 0, why);
    run_signal(r, SIGNAL_WAL, name, 0, why);
}

static enum db_fault beat(struct observer *o, struct error *e)
{
    struct run *r = o->run;
    char number[24];
    run_lock(r);
    int64_t next = r->beat + 1;
    run_unlock(r);
    (void)snprintf(number, sizeof number, "%" PRId64, next);
    const char *params[] = {r->migration->id, number};
    enum db_fault fault = db_query(o->db, NULL, e, words_of(o)->beat, 2, params);
    if (fault != DB_OK)
        return fault;
    run_lock(r);
    r->beat = next;
    r->beat_at[next % RUN_BEATS] = clock_mono_us();
    run_unlock(r);
    return DB_OK;
}

/* Of the samples before, for the rates. */
struct load {
    int64_t wal, at_us;
};
struct flow {
    int64_t held_ns, at_us;
};

static void set_known(json_t *event, const char *key, int64_t value)
{
    if (value != UNKNOWN)
        json_set_int(event, key, value);
}

/* What a node of a cluster says of itself and of its cluster; any other server says nothing. */
static void publish_cluster(struct run *r, const char *name, const struct replica_view *v,
                            struct flow *before)
{
    int64_t now = clock_mono_us();
    if (v->queue == UNKNOWN)
        return;
    run_signal(r, SIGNAL_QUEUE, name, v->queue, NULL);
    if (v->held_ns == UNKNOWN || now - before->at_us < FLOW_EVERY_US)
        return;
    if (before->at_us && v->held_ns >= before->held_ns)
        run_signal(r, SIGNAL_FLOW, name,
                   (v->held_ns - before->held_ns) / (now - before->at_us) / 10,
                   NULL); /* ns of µs, in percent */
    *before = (struct flow){.held_ns = v->held_ns, .at_us = now};
}

static enum db_fault sample_cluster(struct observer *o, struct flow *before, struct error *e)
{
    const struct watch_words *words = words_of(o);
    struct replica_view v = REPLICA_UNKNOWN;
    if (!words->cluster || o->run->facts.cluster_nodes == 0)
        return DB_OK;
    enum db_fault fault = words->cluster(o->db, &v, e);
    if (fault == DB_OK)
        publish_cluster(o->run, o->run->target->name, &v, before);
    return fault;
}

static enum db_fault sample_load(struct observer *o, struct load *before, struct error *e)
{
    struct run *r = o->run;
    char *pids = run_pids(r);
    const char *params[] = {pids};
    struct db_rows *rows;
    enum db_fault fault = db_query(o->db, &rows, e, words_of(o)->server, 1, params);
    free(pids);
    if (fault != DB_OK)
        return fault;
    const char *name = r->target->name;
    int64_t running = db_int(rows, 0, 0, 0), waiters = db_int(rows, 0, 1, 0);
    int64_t wal = db_int(rows, 0, 3, UNKNOWN), now = clock_mono_us();
    run_signal(r, SIGNAL_RUNNING, name, running, NULL);
    run_signal(r, SIGNAL_WAITERS, name, waiters, NULL);
    if (wal == UNKNOWN)
        run_signal(r, SIGNAL_WAL, name, 0, "the server is in recovery");
    else if (before->at_us && now > before->at_us)
        run_signal(r, SIGNAL_WAL, name,
                   (int64_t)((double)(wal - before->wal) * 1e6 / (double)(now - before->at_us)),
                   NULL);
    *before = (struct load){.wal = wal, .at_us = now};
    const char *holder = db_value(rows, 0, 5);
    run_lock(r);
    r->wal_bytes = wal;
    r->xmin_age = db_int(rows, 0, 4, UNKNOWN);
    (void)snprintf(r->xmin_holder, sizeof r->xmin_holder, "%s", holder ? holder : "");
    run_unlock(r);

    json_t *event = run_event(r, EVENT_SAMPLE);
    json_set_text(event, "of", "server");
    json_set_text(event, "server", name);
    json_set_bool(event, "reachable", true);
    json_set_text(event, "engine", db_engine_word(r->engine));
    json_set_text(event, "version", db_server_version_text(o->db));
    json_set_int(event, "running", running);
    json_set_int(event, "waiters", waiters);
    json_set_int(event, "connections", db_int(rows, 0, 2, UNKNOWN));
    if (wal != UNKNOWN)
        json_set_int(event, "wal_bytes", wal);
    /* what an old transaction keeps from being cleaned away */
    json_set_int(event, r->engine == DB_POSTGRESQL ? "xmin_age" : "history",
                 db_int(rows, 0, 4, UNKNOWN));
    json_set_text(event, "xmin_holder", holder);
    set_known(event, "pool_bytes", db_int(rows, 0, 7, UNKNOWN));
    set_known(event, "pool_dirty_bytes", db_int(rows, 0, 8, UNKNOWN));
    set_known(event, "binlog_bytes", db_int(rows, 0, 9, UNKNOWN));
    db_rows_free(rows);
    run_record(r, event);
    return DB_OK;
}

static enum db_fault sample_query(struct observer *o, struct error *e)
{
    struct run *r = o->run;
    if (!r->migration->limits.query)
        return DB_OK;
    struct db_rows *rows;
    enum db_fault fault = db_query(o->db, &rows, e, r->migration->limits.query, 0, NULL);
    if (fault == DB_OK) {
        double value = db_row_count(rows) ? db_real(rows, 0, 0, -1) : -1;
        if (value < 0)
            run_signal(r, SIGNAL_QUERY, r->target->name, 0, "it gave no number");
        else
            run_signal(r, SIGNAL_QUERY, r->target->name, (int64_t)(value * 1000), NULL);
        db_rows_free(rows);
    } else if (db_alive(o->db)) {
        run_signal(r, SIGNAL_QUERY, r->target->name, 0, e->why);
        return DB_OK; /* the operator's query is at fault, not the server */
    }
    return fault;
}

/*
 * Stripes need a free xmin horizon. When most updates are not HOT although many
 * were made, the plain form is the faster one, until the holder is gone.
 */
static void judge_stripes(struct run *r, int64_t updates, int64_t hot, int64_t *mark_updates,
                          int64_t *mark_hot)
{
    run_lock(r);
    bool at_work =
        r->phase == PHASE_BACKFILL && r->plan.order == WALK_BLOCKS && r->plan.stripes > 1;
    bool plain = r->plain, held = r->xmin_age > 1000;
    char holder[sizeof r->xmin_holder];
    memcpy(holder, r->xmin_holder, sizeof holder);
    run_unlock(r);
    if (!at_work || *mark_updates == UNKNOWN || updates < *mark_updates) {
        *mark_updates = updates;
        *mark_hot = hot;
        return;
    }
    int64_t made = updates - *mark_updates;
    if (plain ? held : made < HOT_EVIDENCE)
        return;
    int64_t share = made > 0 ? (hot - *mark_hot) * 1000000 / made : 0;
    *mark_updates = updates;
    *mark_hot = hot;
    bool now_plain = !plain && share < HOT_LEAST_PPM && held;
    if (now_plain == plain)
        return;
    run_lock(r);
    r->plain = now_plain;
    run_unlock(r);
    if (now_plain)
        run_alarm(r, "warn", "horizon-held",
                  "only %" PRId64 " %% of updates are HOT: the xmin horizon is held by %s; "
                  "walking in the plain form until it is free",
                  share / 10000, holder);
    else
        run_alarm(r, "info", "horizon-free", "the xmin horizon is free: walking in stripes again");
}

static enum db_fault sample_table(struct observer *o, int64_t *mark_updates, int64_t *mark_hot,
                                  struct error *e)
{
    struct run *r = o->run;
    const char *params[] = {r->facts.qualified};
    struct db_rows *rows;
    enum db_fault fault = db_query(o->db, &rows, e, words_of(o)->table, 1, params);
    if (fault == DB_LOCK_TIMEOUT)
        return DB_OK;
    if (fault != DB_OK)
        return fault;
    if (db_row_count(rows) == 1) {
        static const char *const numbers[] = {"live",  "dead",    "heap",       "indexes",
                                              "total", "updates", "hot_updates"};
        json_t *event = run_event(r, EVENT_SAMPLE);
        json_set_text(event, "of", "table");
        json_set_text(event, "server", r->target->name);
        for (size_t i = 0; i < COUNT_OF(numbers); i++)
            json_set_int(event, numbers[i], db_int(rows, 0, (int)i, UNKNOWN));
        json_set_text(event, "autovacuum", db_value(rows, 0, 7));
        json_set_int(event, "rows_estimate", db_int(rows, 0, 8, UNKNOWN));
        run_record(r, event);
        judge_stripes(r, db_int(rows, 0, 5, 0), db_int(rows, 0, 6, 0), mark_updates, mark_hot);
    }
    db_rows_free(rows);
    return DB_OK;
}

static void record_unreachable(struct observer *o, const char *of, const char *role,
                               const struct error *e)
{
    json_t *event = run_event(o->run, EVENT_SAMPLE);
    json_set_text(event, "of", of);
    json_set_text(event, "server", o->where->name);
    json_set_text(event, "role", role);
    json_set_bool(event, "reachable", false);
    json_set_text(event, "error", e->why[0] ? e->why : e->what);
    run_record(o->run, event);
}

static void observe_primary(struct observer *o)
{
    struct run *r = o->run;
    struct error e;
    struct load before = {0};
    struct flow flow = {0};
    struct lock_news locks = {.had_some = true};
    struct clients_news clients = {0};
    int64_t load_at = 0, table_at = 0, renew_at = 0, mark_updates = UNKNOWN, mark_hot = UNKNOWN;
    while (observing(r)) {
        int64_t round = clock_mono_us();
        enum db_fault fault = DB_OK;
        if (!o->db || !db_alive(o->db)) {
            run_disconnect(r, o->db);
            o->db = run_connect(r, "watch", &e);
            fault = o->db ? run_lock_timeout(o->db, LOCK_TIMEOUT_US, &e) : DB_LOST;
        }
        if (fault == DB_OK)
            fault = beat(o, &e);
        if (fault == DB_OK)
            fault = sample_cluster(o, &flow, &e);
        if (fault == DB_OK && round >= renew_at) {
            renew_at = round + RENEW_EVERY_US;
            fault = state_renew(r, o->db, &e);
            if (fault == DB_FENCED)
                break;
        }
        if (fault == DB_OK && round >= load_at) {
            load_at = round + LOAD_EVERY_US;
            fault = sample_load(o, &before, &e);
            if (fault == DB_OK)
                fault = locks_sample(r, o->db, &locks, &e);
            if (fault == DB_OK)
                fault = sample_query(o, &e);
        }
        if (fault == DB_OK && round >= table_at) {
            table_at = round + TABLE_EVERY_US;
            fault = sample_table(o, &mark_updates, &mark_hot, &e);
        }
        if (fault == DB_OK)
            fault = clients_sample(r, o->db, &clients, &e);
        if (fault != DB_OK) {
            unknown_load(r, e.why[0] ? e.why : e.what);
            record_unreachable(o, "server", NULL, &e);
            before = (struct load){0};
        }
        run_throttle(r);
        rest_until(r, round + (fault == DB_OK ? BEAT_EVERY_US : US_PER_S));
    }
    clients_news_free(&clients);
}

/* ---- a replica ------------------------------------------------------------ */

/* How far the replica is behind; UNKNOWN where it cannot be told. */
static void measure(struct run *r, const struct replica_view *v, int64_t *lag_us,
                    int64_t *lag_bytes)
{
    run_lock(r);
    *lag_us = observe_lag_us(r->beat_at, r->first_beat, r->beat, v->beat, clock_mono_us());
    *lag_bytes = r->wal_bytes == UNKNOWN || v->replayed == UNKNOWN ? UNKNOWN
                 : r->wal_bytes > v->replayed                      ? r->wal_bytes - v->replayed
                                                                   : 0;
    run_unlock(r);
}

static void publish_replica(struct observer *o, const struct replica_view *v, bool record)
{
    struct run *r = o->run;
    const char *name = o->where->name, *odd = v->trouble[0] ? v->trouble : NULL;
    int64_t lag_us, lag_bytes;
    measure(r, v, &lag_us, &lag_bytes);
    run_signal(r, SIGNAL_LAG, name, lag_us, odd);
    run_signal(r, SIGNAL_LAG_BYTES, name, lag_bytes,
               odd                    ? odd
               : lag_bytes == UNKNOWN ? "how much it still has to replay could not be read"
                                      : NULL);
    if (!record)
        return;
    json_t *event = run_event(r, EVENT_SAMPLE);
    json_set_text(event, "of", "replica");
    json_set_text(event, "server", name);
    json_set_text(event, "role", v->is_replica ? "replica" : "primary");
    json_set_bool(event, "reachable", true);
    json_set_int(event, "lag_us", lag_us);
    if (lag_bytes != UNKNOWN)
        json_set_int(event, "lag_bytes", lag_bytes);
    json_set_text(event, "state", v->state);
    set_known(event, "queue", v->queue);
    if (v->reply_age_us != UNKNOWN)
        json_set_int(event, "reply_age_us", v->reply_age_us);
    json_set_bool(event, "paused", v->paused);
    if (odd)
        json_set_text(event, "error", odd);
    run_record(r, event);
}

static void observe_replica(struct observer *o)
{
    struct run *r = o->run;
    struct error e;
    struct flow flow = {0};
    int64_t record_at = 0;
    while (observing(r)) {
        int64_t round = clock_mono_us();
        enum db_fault fault = DB_OK;
        if (!o->db || !db_alive(o->db)) {
            db_close(o->db);
            o->db = db_open(o->where, "newel watch", &e);
            fault = o->db ? DB_OK : DB_LOST;
        }
        struct replica_view v;
        if (fault == DB_OK)
            fault = words_of(o)->replica(o->db, r->migration->id, &v, &e);
        if (fault == DB_OK) {
            publish_replica(o, &v, round >= record_at);
            publish_cluster(r, o->where->name, &v, &flow);
            if (round >= record_at)
                record_at = round + RECORD_EVERY_US;
        } else {
            const char *why = e.why[0] ? e.why : e.what;
            run_signal(r, SIGNAL_LAG, o->where->name, 0, why);
            run_signal(r, SIGNAL_LAG_BYTES, o->where->name, 0, why);
            record_unreachable(o, "replica", "replica", &e);
        }
        rest_until(r, round + (fault == DB_OK ? BEAT_EVERY_US : US_PER_S));
    }
}

/* ---- all of them ---------------------------------------------------------- */

static void *observer_main(void *context)
{
    struct observer *o = context;
    if (o->primary) {
        observe_primary(o);
        run_disconnect(o->run, o->db);
    } else {
        observe_replica(o);
        db_close(o->db);
    }
    return NULL;
}

struct observers *observe_start(struct run *r)
{
    struct observers *o = mem_alloc(sizeof *o);
    o->count = 1 + r->target->replica_count;
    o->items = mem_alloc(o->count * sizeof *o->items);
    /* beats of one run follow those of the last: a replica's old beat must look old */
    run_lock(r);
    r->first_beat = clock_wall_us() / US_PER_MS;
    r->beat = r->first_beat - 1;
    r->observing = true;
    run_unlock(r);
    /* until the first answer nobody can tell, and that stops the work */
    for (size_t i = 0; i < r->target->replica_count; i++) {
        run_signal(r, SIGNAL_LAG, r->target->replicas[i].name, 0, "not asked yet");
        run_signal(r, SIGNAL_LAG_BYTES, r->target->replicas[i].name, 0, "not asked yet");
    }
    for (size_t i = 0; i < o->count; i++) {
        struct observer *one = &o->items[i];
        one->run = r;
        one->primary = i == 0;
        one->where = i == 0 ? &r->target->primary : &r->target->replicas[i - 1];
        one->started = pthread_create(&one->thread, NULL, observer_main, one) == 0;
        if (!one->started)
            run_alarm(r, "crit", "no-thread", "no thread to watch %s: its signals stay unknown",
                      one->where->name);
    }
    return o;
}

void observe_stop(struct observers *o)
{
    if (!o)
        return;
    struct run *r = o->items[0].run;
    run_lock(r);
    r->observing = false;
    run_wake(r);
    run_unlock(r);
    for (size_t i = 0; i < o->count; i++)
        if (o->items[i].started)
            (void)pthread_join(o->items[i].thread, NULL);
    free(o->items);
    free(o);
}
