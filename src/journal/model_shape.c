#include "config.h"
#include "journal/model_shape.h"

#include "journal/model.h"

#include <stddef.h>

/*
 * The names are those of the events' members wherever an event carries the
 * same struct, so that one table reads both.
 */
#define FIELD(s, member_, name_, kind_, ...)                                                       \
    {                                                                                              \
        .name = (name_), .kind = (kind_), .at = offsetof(struct s, member_), __VA_ARGS__           \
    }
#define TEXT_AS(s, m, n) FIELD(s, m, n, SHAPE_TEXT, .otherwise = 0)
#define TEXT(s, m) TEXT_AS(s, m, #m)
#define INT_AS(s, m, n, d) FIELD(s, m, n, SHAPE_INT, .otherwise = (d))
#define INT(s, m, d) INT_AS(s, m, #m, d)
#define BOOL(s, m) FIELD(s, m, #m, SHAPE_BOOL, .otherwise = 0)
#define REAL(s, m) FIELD(s, m, #m, SHAPE_REAL, .otherwise = UNKNOWN)
#define SERIES(s, m, n) FIELD(s, m, n, SHAPE_SERIES, .otherwise = 0)
#define RECORD(s, m, o) FIELD(s, m, #m, SHAPE_RECORD, .of = &(o))
#define LIST(s, m, n, o) FIELD(s, m, #m, SHAPE_LIST, .of = &(o), .count_at = offsetof(struct s, n))
#define SHAPE(s, f)                                                                                \
    {                                                                                              \
        .size = sizeof(struct s), .fields = (f), .count = COUNT_OF(f)                              \
    }

static const struct shape_field error_fields[] = {
    TEXT(model_error, sqlstate), INT(model_error, number, 0), TEXT(model_error, what),
    TEXT(model_error, why),      TEXT(model_error, todo),
};
const struct shape model_error_shape = SHAPE(model_error, error_fields);

static const struct shape_field step_fields[] = {
    TEXT(model_step, name),   TEXT(model_step, sql),  TEXT(model_step, lock),
    TEXT(model_step, blocks), TEXT(model_step, undo), TEXT(model_step, state),
};
static const struct shape step_shape = SHAPE(model_step, step_fields);

static const struct shape_field phase_fields[] = {
    FIELD(model_phase, state, "state", SHAPE_STATE, .otherwise = STATE_TODO),
    INT(model_phase, started_us, UNKNOWN),
    INT(model_phase, ended_us, UNKNOWN),
    TEXT(model_phase, detail),
    TEXT(model_phase, question),
    TEXT(model_phase, estimate),
    TEXT(model_phase, asked_by),
    TEXT(model_phase, approved_by),
    LIST(model_phase, steps, step_count, step_shape),
};
const struct shape model_phase_shape = SHAPE(model_phase, phase_fields);

static const struct shape_field blocker_fields[] = {
    INT(model_blocker, pid, UNKNOWN),     TEXT(model_blocker, user), TEXT(model_blocker, app),
    TEXT(model_blocker, state),           TEXT(model_blocker, mode), TEXT(model_blocker, query),
    INT(model_blocker, xact_us, UNKNOWN),
};
static const struct shape blocker_shape = SHAPE(model_blocker, blocker_fields);

static const struct shape_field statement_fields[] = {
    FIELD(model_statement, phase, "phase", SHAPE_PHASE, .otherwise = PHASE_COUNT),
    TEXT(model_statement, step),
    TEXT(model_statement, sql),
    TEXT(model_statement, state),
    TEXT(model_statement, lock),
    TEXT(model_statement, blocks),
    INT(model_statement, attempt, 0),
    INT(model_statement, tries, 0),
    INT(model_statement, timeout_us, UNKNOWN),
    INT(model_statement, us, UNKNOWN),
    INT(model_statement, at_us, UNKNOWN),
    INT(model_statement, queue, 0),
    RECORD(model_statement, error, model_error_shape),
    LIST(model_statement, blockers, blocker_count, blocker_shape),
};
const struct shape model_statement_shape = SHAPE(model_statement, statement_fields);

static const struct shape_field reason_fields[] = {
    TEXT(model_reason, signal),
    TEXT(model_reason, server),
    TEXT(model_reason, observed),
    TEXT(model_reason, limit),
    TEXT(model_reason, text),
    BOOL(model_reason, unknown),
    INT_AS(model_reason, since_us, "since", UNKNOWN),
};
static const struct shape reason_shape = SHAPE(model_reason, reason_fields);

static const struct shape_field limit_fields[] = {
    TEXT(model_limit, signal),
    TEXT(model_limit, limit),
    TEXT(model_limit, text),
    TEXT(model_limit, note),
    TEXT_AS(model_limit, operator_name, "operator"),
    INT_AS(model_limit, until_us, "until", UNKNOWN),
};
const struct shape model_limit_shape = SHAPE(model_limit, limit_fields);

static const struct shape_field replica_fields[] = {
    TEXT(model_replica, name),
    BOOL(model_replica, reachable),
    BOOL(model_replica, paused),
    TEXT(model_replica, state),
    TEXT(model_replica, sync),
    TEXT(model_replica, error),
    INT(model_replica, lag_us, UNKNOWN),
    INT(model_replica, lag_bytes, UNKNOWN),
    INT(model_replica, reply_age_us, UNKNOWN),
    INT(model_replica, at_us, UNKNOWN),
    SERIES(model_replica, lag, "lag_series"),
    SERIES(model_replica, bytes, "bytes_series"),
};
const struct shape model_replica_shape = SHAPE(model_replica, replica_fields);

static const struct shape_field lock_fields[] = {
    INT(model_lock, pid, UNKNOWN),
    INT(model_lock, parent, UNKNOWN),
    INT(model_lock, depth, 0),
    TEXT(model_lock, user),
    TEXT(model_lock, app),
    TEXT(model_lock, client),
    TEXT(model_lock, state),
    TEXT(model_lock, wait_event),
    TEXT(model_lock, mode),
    TEXT(model_lock, object),
    TEXT(model_lock, query),
    TEXT(model_lock, start),
    INT(model_lock, wait_us, UNKNOWN),
    INT(model_lock, xact_us, UNKNOWN),
    INT(model_lock, state_us, UNKNOWN),
    BOOL(model_lock, ours),
    BOOL(model_lock, holds),
};
static const struct shape lock_shape = SHAPE(model_lock, lock_fields);

static const struct shape_field check_fields[] = {
    TEXT(model_check, check),
    TEXT(model_check, verdict),
    TEXT(model_check, evidence),
    TEXT(model_check, remedy),
};
const struct shape model_check_shape = SHAPE(model_check, check_fields);

static const struct shape_field query_fields[] = {
    TEXT(model_query, query),       TEXT(model_query, sql),         TEXT(model_query, before),
    TEXT(model_query, after),       REAL(model_query, cost_before), REAL(model_query, cost_after),
    REAL(model_query, rows_before), REAL(model_query, rows_after),
    BOOL(model_query, top),         TEXT(model_query, verdict),
    TEXT(model_query, change),      TEXT(model_query, error),
    TEXT(model_query, phase),       BOOL(model_query, slower),
    REAL(model_query, mean_before), REAL(model_query, mean_after),
    INT(model_query, calls_before, UNKNOWN),
    INT(model_query, calls_after, UNKNOWN),
};
const struct shape model_query_shape = SHAPE(model_query, query_fields);

static const struct shape_field clients_fields[] = {
    TEXT(model_clients, app),           TEXT(model_clients, user),
    TEXT(model_clients, host),          INT(model_clients, sessions, UNKNOWN),
    INT(model_clients, stale, UNKNOWN), INT(model_clients, prepared, UNKNOWN),
};
static const struct shape clients_shape = SHAPE(model_clients, clients_fields);

static const struct shape_field reader_fields[] = {
    TEXT(model_reader, why),           TEXT(model_reader, text),
    TEXT(model_reader, source),        INT(model_reader, calls, UNKNOWN),
    INT(model_reader, since, UNKNOWN),
};
static const struct shape reader_shape = SHAPE(model_reader, reader_fields);

static const struct shape_field time_fields[] = {
    INT(model_time, worked_us, 0),
    INT(model_time, throttled_us, 0),
    INT(model_time, paused_us, 0),
};
static const struct shape time_shape = SHAPE(model_time, time_fields);

#define T model_target
static const struct shape_field target_fields[] = {
    TEXT(T, name),
    TEXT(T, engine),
    TEXT(T, version),
    BOOL(T, canary),
    FIELD(T, phases, "phases", SHAPE_ALL, .of = &model_phase_shape, .most = PHASE_COUNT),
    FIELD(T, phase, "phase", SHAPE_PHASE, .otherwise = PHASE_COUNT),
    TEXT(T, paused_by),
    TEXT(T, asked_for),
    TEXT(T, asked_by),
    INT(T, asked_us, UNKNOWN),
    RECORD(T, error, model_error_shape),
    RECORD(T, statement, model_statement_shape),
    INT(T, rows_done, 0),
    INT(T, rows_total, UNKNOWN),
    INT(T, batches, 0),
    INT(T, retries, 0),
    INT(T, fraction_ppm, UNKNOWN),
    INT(T, wal_done, UNKNOWN),
    INT(T, wal_rows, 0),
    INT(T, batch_aim, UNKNOWN),
    INT(T, batch_updated, UNKNOWN),
    INT(T, batch_us, UNKNOWN),
    TEXT(T, part),
    INT(T, parts, UNKNOWN),
    INT(T, parts_done, UNKNOWN),
    RECORD(T, time, time_shape),
    INT(T, backfill_mark_us, UNKNOWN),
    INT(T, pace_rows, UNKNOWN),
    INT(T, pace_min, UNKNOWN),
    INT(T, pace_max, UNKNOWN),
    INT(T, pace_time_us, UNKNOWN),
    INT(T, pace_pause_us, UNKNOWN),
    INT(T, lanes, UNKNOWN),
    TEXT(T, pace_mode),
    TEXT(T, pace_why),
    BOOL(T, throttled),
    INT(T, slow_ppm, 1000000),
    LIST(T, reasons, reason_count, reason_shape),
    LIST(T, limits, limit_count, model_limit_shape),
    BOOL(T, reachable),
    TEXT(T, server_error),
    INT(T, server_at_us, UNKNOWN),
    INT(T, running, UNKNOWN),
    INT(T, waiters, UNKNOWN),
    INT(T, connections, UNKNOWN),
    INT(T, wal_bytes, UNKNOWN),
    INT(T, wal_rate, UNKNOWN),
    INT(T, xmin_age, UNKNOWN),
    INT(T, history, UNKNOWN),
    INT(T, pool_bytes, UNKNOWN),
    INT(T, pool_dirty_bytes, UNKNOWN),
    INT(T, binlog_bytes, UNKNOWN),
    INT(T, binlog_rate, UNKNOWN),
    TEXT(T, xmin_holder),
    INT(T, live, UNKNOWN),
    INT(T, dead, UNKNOWN),
    INT(T, heap, UNKNOWN),
    INT(T, indexes, UNKNOWN),
    INT(T, updates, UNKNOWN),
    INT(T, hot_updates, UNKNOWN),
    INT(T, hot_ppm, UNKNOWN),
    INT(T, rows_estimate, UNKNOWN),
    TEXT(T, autovacuum),
    SERIES(T, rate, "rate_series"),
    SERIES(T, batch, "batch_series"),
    SERIES(T, wal, "wal_series"),
    SERIES(T, progress, "progress_series"),
    INT(T, rate_worked_us, UNKNOWN),
    INT(T, rate_rows, UNKNOWN),
    INT(T, updates_mark, UNKNOWN),
    INT(T, hot_mark, UNKNOWN),
    LIST(T, replicas, replica_count, model_replica_shape),
    LIST(T, locks, lock_count, lock_shape),
    INT(T, locks_at_us, UNKNOWN),
    LIST(T, checks, check_count, model_check_shape),
    LIST(T, queries, query_count, model_query_shape),
    LIST(T, clients, client_count, clients_shape),
    INT(T, clients_at_us, UNKNOWN),
    SERIES(T, stale, "stale_series"),
    LIST(T, readers, reader_count, reader_shape),
};
const struct shape model_target_shape = SHAPE(model_target, target_fields);
#undef T

static const struct shape_field console_fields[] = {
    INT(model_console, client, 0),
    TEXT_AS(model_console, operator_name, "operator"),
    BOOL(model_console, read_only),
    INT_AS(model_console, since_us, "since", UNKNOWN),
};
const struct shape model_console_shape = SHAPE(model_console, console_fields);

static const struct shape_field headline_fields[] = {
    INT(model_headline, seq, 0), INT_AS(model_headline, time_us, "time", 0),
    TEXT(model_headline, event), TEXT(model_headline, target),
    TEXT(model_headline, text),  FIELD(model_headline, level, "level", SHAPE_SMALL, .otherwise = 0),
};
const struct shape model_headline_shape = SHAPE(model_headline, headline_fields);

static const struct shape_field model_fields[] = {
    INT(model, seq, 0),
    INT_AS(model, time_us, "time", 0),
    INT(model, gaps, 0),
    INT(model, alarms, 0),
    INT(model, format, 0),
    INT(model, pid, UNKNOWN),
    INT_AS(model, started_us, "started", UNKNOWN),
    TEXT(model, version),
    TEXT(model, host),
    TEXT_AS(model, operator_name, "operator"),
    TEXT(model, file),
    TEXT(model, digest),
    TEXT(model, until),
    TEXT(model, on_disconnect),
    BOOL(model, yes),
    TEXT(model, approve),
    TEXT(model, approve_by),
    TEXT(model, id),
    TEXT(model, table),
    TEXT(model, column),
    TEXT(model, type),
    TEXT_AS(model, default_sql, "default"),
    TEXT_AS(model, value_sql, "value"),
    TEXT_AS(model, where_sql, "where"),
    TEXT(model, new_rows),
    BOOL(model, not_null),
    LIST(model, targets, target_count, model_target_shape),
    FIELD(model, focus, "focus", SHAPE_SIZE, .otherwise = 0),
    LIST(model, consoles, console_count, model_console_shape),
    FIELD(model, headlines, "headlines", SHAPE_ARRAY, .of = &model_headline_shape,
          .count_at = offsetof(struct model, headline_count), .most = HEADLINES_MAX),
    BOOL(model, ended),
    INT(model, end_status, UNKNOWN),
    TEXT(model, end_why),
};
const struct shape model_shape = SHAPE(model, model_fields);

void model_init(struct model *m)
{
    shape_init(&model_shape, m);
}

void model_free(struct model *m)
{
    shape_free(&model_shape, m);
    /* freeing twice, or drawing a freed model, finds an empty one */
    model_init(m);
}

json_t *model_to_json(const struct model *m)
{
    return shape_write(&model_shape, m);
}

void model_from_json(struct model *m, const json_t *json)
{
    model_free(m);
    shape_read(&model_shape, m, json);
    if (m->focus >= m->target_count)
        m->focus = 0;
}
