/*
 * The state of a session as the journal tells it: a pure fold over events.
 * The console draws nothing else; the engine folds the same events to write
 * keyframes. model_to_json() and model_from_json() are exact inverses.
 *
 * All text in the model is valid UTF-8 but not yet cleaned for a terminal.
 * Unknown numbers are -1 (UNKNOWN), drawn as unknown and never as zero.
 */
#ifndef NEWEL_JOURNAL_MODEL_H
#define NEWEL_JOURNAL_MODEL_H

#include "base/json.h"
#include "base/phase.h"
#include "base/units.h"

#include <stdint.h>

/* A window of measurements for plots; `at` in µs of wall time, oldest first. */
#define SERIES_MAX 240
struct series {
    size_t count;
    struct point {
        int64_t at, value;
    } points[SERIES_MAX];
};

enum phase_state {
    STATE_TODO,
    STATE_ASKING, /* stands before it until the operator says yes */
    STATE_RUNNING,
    STATE_WAITING, /* for a lock, between tries */
    STATE_PAUSED,
    STATE_FAILED,
    STATE_DONE,
    STATE_UNDOING,
    STATE_UNDONE,
};
const char *phase_state_name(enum phase_state state);
enum phase_state phase_state_from_name(const char *name); /* STATE_TODO when unknown */

struct model_error {
    char *sqlstate, *what, *why, *todo; /* any may be NULL; all NULL: no error */
    int64_t number;
};

struct model_step {
    char *name, *sql, *lock, *blocks, *undo;
    char *state; /* of its last statement event, or NULL */
};

struct model_phase {
    enum phase_state state;
    int64_t started_us, ended_us; /* wall; UNKNOWN */
    char *detail;
    char *question, *estimate;
    char *asked_by, *approved_by; /* of its last start, where it took two; else NULL */
    struct model_step *steps;
    size_t step_count;
};

struct model_blocker {
    int64_t pid, xact_us;
    char *user, *app, *state, *mode, *query;
};

/* The statement under way, or the last one. */
struct model_statement {
    enum phase phase;
    char *step, *sql, *state, *lock, *blocks;
    int64_t attempt, tries, timeout_us, us, at_us, queue;
    struct model_error error;
    struct model_blocker *blockers;
    size_t blocker_count;
};

struct model_reason {
    char *signal, *server, *observed, *limit, *text;
    bool unknown;
    int64_t since_us;
};

struct model_limit {
    char *signal;
    char *limit; /* as the event gives it */
    char *text;  /* for people: "2s", "off" */
    char *note, *operator_name;
    int64_t until_us; /* UNKNOWN: for good */
};

struct model_replica {
    char *name;
    bool reachable, paused; /* paused: its replay */
    char *state, *sync, *error;
    int64_t lag_us, lag_bytes, reply_age_us, at_us;
    struct series lag; /* µs */
    struct series bytes;
};

struct model_lock {
    int64_t pid, parent, depth; /* parent UNKNOWN at a root */
    char *user, *app, *client, *state, *wait_event, *mode, *object, *query, *start;
    int64_t wait_us, xact_us, state_us;
    bool ours; /* one of newel's own sessions */
    bool holds; /* holds the table that newel wants to lock, or is about to */
};

struct model_check {
    char *check, *verdict, *evidence, *remedy;
};

struct model_query {
    char *query, *sql;
    char *before, *after; /* plan texts */
    double cost_before, cost_after, rows_before, rows_after; /* -1: not captured */
    bool top;                  /* not of the file: among the dearest of the table */
    char *verdict, *change;    /* of the last capture against the baseline, in words */
    char *error;               /* why there is no plan */
    char *phase;               /* behind which it was captured last */
    double mean_before, mean_after; /* µs; -1: not measured */
    int64_t calls_before, calls_after; /* UNKNOWN; after: since the baseline */
    bool slower;               /* by more than the file allows */
};

struct model_clients {
    char *app, *user, *host;
    int64_t sessions, stale, prepared;
};

/* A statement that notices a new column. */
struct model_reader {
    char *why, *text, *source;
    int64_t calls, since; /* since the baseline */
};

/* Time that a backfill spent, by kind. */
struct model_time {
    int64_t worked_us, throttled_us, paused_us;
};

struct model_target {
    char *name, *engine, *version;
    bool canary;
    struct model_phase phases[PHASE_COUNT];
    enum phase phase;  /* where it stands; PHASE_COUNT before anything began */
    char *paused_by;   /* NULL: not paused */
    /* what waits for a second operator: "step" or "rollback"; NULL: nothing */
    char *asked_for, *asked_by;
    int64_t asked_us;
    struct model_error error;
    struct model_statement statement;

    /* backfill */
    int64_t rows_done, rows_total, batches, retries, fraction_ppm;
    int64_t wal_done, wal_rows; /* what this session's batches wrote, and of how many rows */
    int64_t batch_aim, batch_updated, batch_us; /* of the last batch */
    char *part; /* the partition that it was of; NULL: the table has none */
    int64_t parts, parts_done;
    struct model_time time;
    int64_t backfill_mark_us; /* up to where `time` has been counted; UNKNOWN */
    int64_t pace_rows, pace_min, pace_max, pace_time_us, pace_pause_us, lanes;
    char *pace_mode, *pace_why;

    bool throttled;
    int64_t slow_ppm;
    struct model_reason *reasons;
    size_t reason_count;
    struct model_limit *limits;
    size_t limit_count;

    /* the primary, as last sampled */
    bool reachable;
    char *server_error;
    int64_t server_at_us, running, waiters, connections, wal_bytes, wal_rate;
    int64_t xmin_age;                                /* PostgreSQL */
    int64_t history, pool_bytes, pool_dirty_bytes;   /* MySQL and MariaDB */
    int64_t binlog_bytes, binlog_rate;
    char *xmin_holder;
    int64_t live, dead, heap, indexes, updates, hot_updates, hot_ppm, rows_estimate;
    char *autovacuum;

    struct series rate;     /* rows/s, one point a second of worked time at most */
    struct series batch;    /* µs */
    struct series wal;      /* bytes/s */
    /* fraction_ppm, for the ETA; here `at` is worked_us, so that no rest counts as work */
    struct series progress;
    /* where the last point of `rate` was taken; UNKNOWN before the first batch */
    int64_t rate_worked_us, rate_rows;
    /* the table's counters when the backfill began, for hot_ppm; UNKNOWN */
    int64_t updates_mark, hot_mark;

    struct model_replica *replicas;
    size_t replica_count;
    struct model_lock *locks;
    size_t lock_count;
    int64_t locks_at_us;
    struct model_check *checks;
    size_t check_count;
    struct model_query *queries;
    size_t query_count;
    struct model_clients *clients;
    size_t client_count;
    int64_t clients_at_us;
    struct series stale; /* sessions from before the column */
    struct model_reader *readers;
    size_t reader_count;
};

struct model_console {
    int64_t client;
    char *operator_name;
    bool read_only;
    int64_t since_us;
};

/* The newest lines worth a human's glance, oldest first. */
#define HEADLINES_MAX 64
struct model_headline {
    int64_t seq, time_us;
    char *event, *target, *text;
    int level; /* 0 plain, 1 warn, 2 crit */
};

struct model {
    int64_t seq, time_us; /* of the last event folded; 0 before the first */
    int64_t gaps;
    int64_t alarms; /* warn and crit */

    /* the session */
    int64_t format, pid, started_us;
    char *version, *host, *operator_name, *file, *digest, *until, *on_disconnect;
    bool yes;
    char *approve; /* "enforce finish rollback": what needs a second operator; NULL: nothing */
    char *approve_by; /* "other", or "any": who may be the second one */
    char *id, *table, *column, *type, *default_sql, *value_sql, *where_sql, *new_rows;
    bool not_null;

    struct model_target *targets;
    size_t target_count;
    size_t focus; /* the target last worked on */

    struct model_console *consoles;
    size_t console_count;
    struct model_headline headlines[HEADLINES_MAX];
    size_t headline_count;

    bool ended;
    int64_t end_status;
    char *end_why;
};

void model_init(struct model *m);
void model_free(struct model *m);

/*
 * Folds one event, which carries seq and time. A keyframe replaces the whole model.
 * Unknown events only move seq and time; what is missing or mistyped is unknown.
 */
void model_fold(struct model *m, const json_t *event);
void model_gap(struct model *m); /* a broken line lay here */

json_t *model_to_json(const struct model *m); /* the caller owns it */
/* `m` is an initialised model; what it held is freed. */
void model_from_json(struct model *m, const json_t *json);

/* Does `what` (a phase's name, or "rollback") need a second operator? */
bool model_needs_second(const struct model *m, const char *what);
/* The same operator, from wherever: "ann (sudo to root) from 10.0.0.1" is ann. */
bool model_same_operator(const char *a, const char *b);
/* False of nobody, and of who is called unknown: they can be nobody's second operator. */
bool model_known_operator(const char *name);
/* A rollback has failed: what is stepped again is the rollback, not the phase. */
bool model_goes_down(const struct model_target *t);

/* NULL when there is none of that name. */
const struct model_target *model_find_target(const struct model *m, const char *name);

/*
 * What is left of a target's backfill, in µs of working time, from windows of
 * worked time. `low` and `high` span a range; both UNKNOWN before there is
 * evidence (less than 10 s or 0.5 % of worked progress). `absurd` when progress
 * runs past 100 %: an alarm, not a number.
 */
struct model_eta {
    int64_t low_us, high_us;
    int64_t rows_per_s; /* over the last windows; UNKNOWN */
    bool absurd;
};
struct model_eta model_eta(const struct model_target *t, int64_t now_us);

/*
 * What the present pace comes to by the clock: the work that is left, stretched by what
 * throttling has taken so far. False while there is no estimate.
 */
struct model_outlook {
    int64_t low_us, high_us; /* wall time of its end */
    int64_t share_ppm;       /* of the time that it was at work, pauses aside */
    int64_t log_bytes;       /* of WAL still to come; UNKNOWN */
};
bool model_outlook(const struct model_target *t, int64_t now_us, struct model_outlook *out);

/* The word for the top line: what the target is doing now. */
enum model_doing {
    DOING_IDLE,
    DOING_ASKING,
    DOING_RUNNING,
    DOING_WAITING, /* for a lock */
    DOING_THROTTLED,
    DOING_PAUSED,
    DOING_FAILED,
    DOING_UNDOING,
    DOING_DONE,
};
enum model_doing model_doing(const struct model_target *t);

void series_add(struct series *s, int64_t at, int64_t value);

#endif
