#include "config.h"
#include "dialect/watch.h"

#include <string.h>

#define US(interval) "(extract(epoch FROM " interval ") * 1000000)::bigint"

/*
 * pg_blocking_pids() knows the order of the queue, which a join of granted with
 * ungranted locks does not: a waiting ALTER holds nothing and yet stops every
 * reader behind it. It is asked for waiting sessions only, since it takes the
 * lock manager's own locks for a moment.
 */
#define LOCK_TREE(wait_start)                                                                      \
    "WITH RECURSIVE w AS MATERIALIZED (SELECT a.pid, pg_blocking_pids(a.pid) AS bl "               \
    "FROM pg_stat_activity a WHERE a.wait_event_type = 'Lock' AND a.pid <> pg_backend_pid()), "    \
    "edge AS (SELECT DISTINCT w.pid, u.b FROM w, unnest(w.bl) u(b)), "                             \
    "t AS (SELECT DISTINCT e.b AS pid, NULL::int AS parent, 0 AS depth, ARRAY[e.b] AS path "       \
    "FROM edge e WHERE e.b NOT IN (SELECT pid FROM w) "                                            \
    "UNION ALL SELECT e.pid, e.b, t.depth + 1, t.path || e.pid FROM edge e "                       \
    "JOIN t ON t.pid = e.b WHERE e.pid <> ALL (t.path) AND t.depth < 10) "                         \
    "SELECT t.pid, t.parent, t.depth, a.usename, a.application_name, "                             \
    "coalesce(host(a.client_addr), 'local'), a.state, a.wait_event, "                              \
    "coalesce(l.mode, h.mode), "                                                                   \
    "coalesce(l.relation::regclass::text, l.locktype, h.relation::regclass::text), "               \
    US("clock_timestamp() - " wait_start) ", " US("clock_timestamp() - a.xact_start") ", "         \
    US("clock_timestamp() - a.state_change") ", left(a.query, 500), "                              \
    "t.pid = ANY ($1::int[]), a.backend_start::text "                                              \
    "FROM t LEFT JOIN pg_stat_activity a USING (pid) "                                             \
    "LEFT JOIN LATERAL (SELECT * FROM pg_locks k WHERE k.pid = t.pid AND NOT k.granted LIMIT 1) "  \
    "l ON true LEFT JOIN LATERAL (SELECT mode, relation FROM pg_locks k WHERE k.pid = t.pid "      \
    "AND k.granted AND k.locktype = 'relation' AND k.relation IN (SELECT relation FROM pg_locks "  \
    "WHERE NOT granted) LIMIT 1) h ON true ORDER BY t.path LIMIT 500"

#define REPLICA(beat)                                                                              \
    "SELECT " beat ", pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint, "                  \
    "pg_is_in_recovery(), CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END, "      \
    "(SELECT count(*) FROM pg_stat_wal_receiver), "                                                \
    "(SELECT extract(epoch FROM clock_timestamp() - last_msg_receipt_time) "                       \
    "FROM pg_stat_wal_receiver)"

static const char replica_sql[] =
    REPLICA("(SELECT beat FROM newel.heartbeat WHERE migration = $1)");
/* before the first migration there is no such table, and a replica may see it late */
static const char replica_before_sql[] = REPLICA("NULLIF($1::text, $1)");
#define UNDEFINED_TABLE "42P01"

static enum db_fault ask_replica(struct db *db, const char *migration, struct replica_view *out,
                                 struct error *e)
{
    const char *params[] = {migration};
    struct db_rows *rows;
    enum db_fault fault = db_query(db, &rows, e, replica_sql, 1, params);
    if (fault != DB_OK && strcmp(e->sqlstate, UNDEFINED_TABLE) == 0)
        fault = db_query(db, &rows, e, replica_before_sql, 1, params);
    if (fault != DB_OK)
        return fault;
    double age = db_real(rows, 0, 5, -1);
    *out = (struct replica_view){
        .beat = db_int(rows, 0, 0, UNKNOWN),
        .replayed = db_int(rows, 0, 1, UNKNOWN),
        .reply_age_us = age < 0 ? UNKNOWN : (int64_t)(age * 1e6),
        .queue = UNKNOWN,
        .held_ns = UNKNOWN,
        .is_replica = db_bool(rows, 0, 2),
        .paused = db_bool(rows, 0, 3),
        .streaming = db_int(rows, 0, 4, 0) > 0,
    };
    db_rows_free(rows);
    (void)snprintf(out->state, sizeof out->state, "%s",
                   out->streaming ? "streaming" : "not streaming");
    if (!out->is_replica)
        (void)snprintf(out->trouble, sizeof out->trouble, "it is no replica (promoted?)");
    return DB_OK;
}

static json_t *tree_row(const struct db_rows *rows, int i)
{
    static const char *const texts[] = {"user",       "app",  "client", "state",
                                        "wait_event", "mode", "object"};
    json_t *row = json_object();
    json_set_int(row, "pid", db_int(rows, i, 0, 0));
    json_set_int(row, "parent", db_int(rows, i, 1, UNKNOWN));
    json_set_int(row, "depth", db_int(rows, i, 2, 0));
    for (size_t k = 0; k < COUNT_OF(texts); k++)
        json_set_text(row, texts[k], db_value(rows, i, 3 + (int)k));
    json_set_int(row, "wait_us", db_int(rows, i, 10, UNKNOWN));
    json_set_int(row, "xact_us", db_int(rows, i, 11, UNKNOWN));
    json_set_int(row, "state_us", db_int(rows, i, 12, UNKNOWN));
    json_set_text(row, "query", db_value(rows, i, 13));
    json_set_bool(row, "ours", db_bool(rows, i, 14));
    json_set_text(row, "start", db_value(rows, i, 15));
    return row;
}

static enum db_fault lock_tree(struct db *db, const char *pids, json_t *list, struct error *e)
{
    static const char tree[] = LOCK_TREE("l.waitstart");
    /* without waitstart, before 14 */
    static const char old[] = LOCK_TREE("CASE WHEN l.pid IS NOT NULL THEN a.state_change END");
    const char *params[] = {pids};
    struct db_rows *rows;
    enum db_fault fault =
        db_query(db, &rows, e, db_server_version(db) >= 140000 ? tree : old, 1, params);
    if (fault != DB_OK)
        return fault;
    for (int i = 0; i < db_row_count(rows); i++)
        json_push(list, tree_row(rows, i));
    db_rows_free(rows);
    return DB_OK;
}

const struct watch_words watch_pg = {
    .beat = "INSERT INTO newel.heartbeat (migration, beat, at) "
            "VALUES ($1, $2::bigint, clock_timestamp()) ON CONFLICT (migration) "
            "DO UPDATE SET beat = excluded.beat, at = excluded.at",
    .replica = ask_replica,
    .server =
        "SELECT (SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
        "AND backend_type = 'client backend' AND pid <> ALL ($1::int[])), "
        "(SELECT count(*) FROM (SELECT pg_blocking_pids(pid) AS bl FROM pg_stat_activity "
        "WHERE wait_event_type = 'Lock' AND pid <> ALL ($1::int[])) w WHERE bl && $1::int[]), "
        "(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), "
        "CASE WHEN NOT pg_is_in_recovery() THEN "
        "pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint END, "
        "h.age, h.who, pg_is_in_recovery() FROM (SELECT 1) one LEFT JOIN LATERAL ("
        "SELECT age(xmin) AS age, who FROM (SELECT backend_xmin AS xmin, 'pid ' || pid || ' (' || "
        "coalesce(nullif(application_name, ''), usename, backend_type) || ')' AS who "
        "FROM pg_stat_activity "
        "WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid() AND pid <> ALL ($1::int[]) "
        "UNION ALL SELECT xmin, 'slot ' || slot_name FROM pg_replication_slots "
        "WHERE xmin IS NOT NULL "
        "UNION ALL SELECT transaction, 'prepared transaction ' || gid FROM pg_prepared_xacts "
        "UNION ALL SELECT backend_xmin, 'standby ' || application_name FROM pg_stat_replication "
        "WHERE backend_xmin IS NOT NULL) x ORDER BY 1 DESC LIMIT 1) h ON true",
    /* of a partitioned table: of all its partitions together */
    .table = "SELECT sum(s.n_live_tup)::bigint, sum(s.n_dead_tup)::bigint, "
             "sum(pg_relation_size(c.oid))::bigint, sum(pg_indexes_size(c.oid))::bigint, "
             "sum(pg_total_relation_size(c.oid))::bigint, sum(s.n_tup_upd)::bigint, "
             "sum(s.n_tup_hot_upd)::bigint, max(v.phase), sum(c.reltuples)::bigint "
             "FROM (SELECT to_regclass($1) AS oid WHERE to_regclass($1) IS NOT NULL UNION SELECT "
             "relid FROM pg_partition_tree(to_regclass($1)) WHERE isleaf) p "
             "JOIN pg_class c ON c.oid = p.oid AND c.relkind <> 'p' "
             "LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid "
             "LEFT JOIN pg_stat_progress_vacuum v ON v.relid = c.oid HAVING count(*) > 0",
    .lock_tree = lock_tree,
    .holders =
        "SELECT a.pid, a.usename, a.application_name, a.state, " US(
            "clock_timestamp() - a.xact_start") ", max(l.mode), left(a.query, 300), "
        "a.backend_start::text FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
        "WHERE l.locktype = 'relation' AND l.granted AND (l.relation = to_regclass($1) "
        "OR l.relation IN (SELECT relid FROM pg_partition_tree(to_regclass($1)))) "
        "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        "AND a.pid <> ALL ($2::int[]) GROUP BY 1, 2, 3, 4, 5, 7, 8 ORDER BY 5 DESC NULLS LAST "
        "LIMIT 10",
    .blockers =
        "SELECT a.pid, a.usename, a.application_name, a.state, " US(
            "clock_timestamp() - a.xact_start") ", (SELECT max(mode) FROM pg_locks l WHERE "
        "l.pid = a.pid AND l.granted AND l.locktype = 'relation' AND l.relation IN "
        "(SELECT relation FROM pg_locks WHERE pid = $1::int AND NOT granted)), left(a.query, 300) "
        "FROM (SELECT DISTINCT unnest(pg_blocking_pids($1::int)) AS pid) b "
        "JOIN pg_stat_activity a USING (pid) WHERE a.pid <> ALL ($2::int[]) "
        "ORDER BY 5 DESC NULLS LAST LIMIT 10",
    .queue = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
             "AND $1::int = ANY (pg_blocking_pids(pid))",
    .cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity "
              "WHERE pid = $1::int AND backend_start = $2::timestamptz",
    .terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                 "WHERE pid = $1::int AND backend_start = $2::timestamptz",
    .done_at = "SELECT (extract(epoch FROM max(at)) * 1000000)::bigint FROM newel.audit "
               "WHERE migration = $1 AND what = $2 AND at > coalesce((SELECT max(at) "
               "FROM newel.audit WHERE migration = $1 AND what = 'undo'), '-infinity')",
    /* of others' sessions who may not see them learns the name alone */
    .clients =
        "SELECT application_name, usename, coalesce(host(client_addr), 'local'), count(*), "
        "count(*) FILTER (WHERE backend_start < to_timestamp($1::bigint / 1000000.0)), "
        "count(*) FILTER (WHERE backend_start IS NULL) "
        "FROM pg_stat_activity WHERE coalesce(backend_type, 'client backend') = 'client backend' "
        "AND usename IS NOT NULL AND datname = current_database() AND pid <> ALL ($2::int[]) "
        "AND application_name NOT LIKE 'newel %' GROUP BY 1, 2, 3 ORDER BY 5 DESC, 4 DESC LIMIT 50",
    .now = "SELECT " US("clock_timestamp() - 'epoch'::timestamptz"),
    .wal = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint",
    .ddl_begin = "BEGIN; SET LOCAL lock_timeout = '%lldms'; SET LOCAL statement_timeout = 0",
    .begin = "BEGIN",
    .commit = "COMMIT",
    .lock_timeout = "SET lock_timeout = '%lldms'",
    .session = "SET datestyle = 'ISO'; SET statement_timeout = 0; "
               "SET idle_in_transaction_session_timeout = 0; "
               "SET default_transaction_isolation = 'read committed'; "
               /* asked for by name: 14 brought the one, 17 the other */
               "SELECT set_config(name, '0', false) FROM pg_settings "
               "WHERE name IN ('idle_session_timeout', 'transaction_timeout')",
    .read_only_begin = "BEGIN READ ONLY",
    .rollback = "ROLLBACK",
};
