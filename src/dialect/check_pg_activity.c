#include "config.h"
#include "dialect/check_pg.h"

/* Locks of the table that are held by others; the tables of every database have oids of their own.
 */
#define LOCKS                                                                                      \
    "pg_locks l WHERE l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_database "      \
    "WHERE datname = current_database()) AND l.relation = $1::oid AND l.granted"

static const struct check_query queries[] = {
    {
        .name = "under way",
        .stops = true,
        .of_table = true,
        /* an autovacuum gives way to our ALTER, unless it must prevent wraparound */
        .sql = "SELECT format('pid %s (%s) holds %s on it: %s', l.pid, " CHECK_PG_WHO(
            "a") ", "
                 "l.mode, CASE WHEN i.pid IS NOT NULL THEN format('%s of index %s, %s', i.command, "
                 "i.index_relid::regclass, i.phase) WHEN k.pid IS NOT NULL THEN format('%s, %s', "
                 "k.command, k.phase) ELSE coalesce(nullif(left(regexp_replace(a.query, '\\s+', ' "
                 "', 'g'), 80), ''), 'not told what "
                 "for') END), format('wait for it, or SELECT pg_cancel_backend(%s)', l.pid) "
                 "FROM (SELECT pid, max(mode) AS mode FROM " LOCKS " AND pid <> pg_backend_pid() "
                 "AND mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', "
                 "'ExclusiveLock', 'AccessExclusiveLock') GROUP BY pid) l "
                 "JOIN pg_stat_activity a USING (pid) "
                 "LEFT JOIN pg_stat_progress_create_index i ON i.pid = l.pid AND i.relid = $1::oid "
                 "LEFT JOIN pg_stat_progress_cluster k ON k.pid = l.pid AND k.relid = $1::oid "
                 "WHERE a.backend_type IS DISTINCT FROM 'autovacuum worker' "
                 "OR a.query LIKE '%to prevent wraparound%'",
        .passed = "nobody alters, indexes or vacuums it by hand",
    },
    {
        .name = "other migrations",
        .of_table = true,
        .takes = "m",
        .of_home = true,
        .sql =
            "SELECT format('migration %s has the table in hand: %s, %s%s', id, phase, state, "
            "CASE WHEN live THEN format(', driven by %s', lease_holder) ELSE ', nobody drives "
            "it' END), format(CASE WHEN live THEN 'let it come to its end: newel attach %s' ELSE "
            "'take it to its end or back first: newel status %s' END, id), CASE WHEN live THEN "
            "'stop' ELSE 'warn' END FROM (SELECT *, coalesce(lease_renewed > clock_timestamp() "
            "- interval '15 s', false) AS live FROM newel.migration) m "
            "WHERE to_regclass(table_name) = $1::oid AND id <> $2 AND state <> 'undone' "
            "AND phase NOT IN ('preflight', 'baseline') AND (phase, state) <> ('finish', "
            "'done')",
        .passed = "no other migration of newel is amid it",
    },
    {
        .name = "other tools",
        .of_table = true,
        .sql =
            "SELECT format('pg_repack works on it (trigger %I)', tgname), format('let it end; "
            "where it has crashed: DROP TRIGGER %I ON %s; DROP TABLE IF EXISTS repack.log_%s', "
            "tgname, tgrelid::regclass, tgrelid), 'stop' FROM pg_trigger "
            "WHERE tgrelid = $1::oid AND tgname IN ('repack_trigger', 'z_repack_trigger') "
            "UNION ALL SELECT format('pgroll has a migration open on it (column %I)', attname), "
            "'pgroll complete, or pgroll rollback', 'stop' FROM pg_attribute "
            "WHERE attrelid = $1::oid AND NOT attisdropped AND attname LIKE '\\_pgroll\\_%' "
            "UNION ALL SELECT format('reshape has a migration open on it (column %I)', attname), "
            "'reshape migration complete, or reshape migration abort', 'stop' FROM pg_attribute "
            "WHERE attrelid = $1::oid AND NOT attisdropped AND attname LIKE "
            "'\\_\\_reshape\\_%' "
            "UNION ALL SELECT format('pg-osc copies it (table %s)', c.oid::regclass), "
            "format('let it end; where it has crashed: DROP TABLE %s', c.oid::regclass), 'stop' "
            "FROM pg_class c JOIN pg_class t ON t.oid = $1::oid AND t.relnamespace = "
            "c.relnamespace WHERE c.relname LIKE 'pgosc\\_%' AND strpos(c.relname, t.relname) "
            "> 0 AND c.relkind = 'r' "
            "UNION ALL SELECT format('pid %s is pg_squeeze at work, perhaps on this table', pid), "
            "'let it end: SELECT * FROM squeeze.get_active_workers()', 'warn' "
            "FROM pg_stat_activity WHERE datname = current_database() AND backend_type LIKE "
            "'squeeze worker%' "
            "UNION ALL SELECT 'pgroll keeps versions of this database''s schema: its views do "
            "not gain the column', 'pgroll status; make the change known to it afterwards', "
            "'warn' FROM pg_namespace WHERE nspname = 'pgroll'",
        .passed = "no other tool that changes tables is seen on it",
    },
    {
        .name = "long transactions",
        .of_table = true,
        .sql =
            "SELECT DISTINCT format('pid %s (%s, %s) holds the table in a transaction for %s s', "
            "a.pid, coalesce(nullif(a.application_name, ''), a.usename, '?'), a.state, "
            "extract(epoch FROM clock_timestamp() - a.xact_start)::int), "
            "format('wait for it, or SELECT pg_terminate_backend(%s)', a.pid) "
            "FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'relation' "
            "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND l.relation = $1::oid AND l.granted AND a.pid <> pg_backend_pid() "
            "AND a.xact_start < clock_timestamp() - interval '10 s'",
        .passed = "no transaction has held the table for 10 s",
    },
    {
        .name = "idle transactions",
        .sql = "SELECT format('pid %s (%s) is idle in a transaction for %s s: it holds vacuum and "
               "pruning back', pid, coalesce(nullif(application_name, ''), usename, '?'), "
               "extract(epoch FROM clock_timestamp() - xact_start)::int), "
               "format('end it: SELECT pg_terminate_backend(%s)', pid) FROM pg_stat_activity "
               "WHERE state LIKE 'idle in transaction%' AND datname = current_database() "
               "AND xact_start < clock_timestamp() - interval '10 s'",
        .passed = "no session has been idle in a transaction for 10 s",
    },
    {
        .name = "old snapshots",
        .sql =
            "SELECT format('pid %s (%s) has looked at the database as it was for %s s: what dies "
            "meanwhile cannot be cleared away', pid, " CHECK_PG_WHO("a") ", " CHECK_PG_SINCE(
                "xact_start") "), format('let it end, or SELECT "
                              "pg_cancel_backend(%s)', pid) FROM pg_stat_activity a WHERE state = "
                              "'active' "
                              "AND backend_xmin IS NOT NULL AND datname = current_database() "
                              "AND pid <> pg_backend_pid() AND query !~* "
                              "'^\\s*(vacuum|analyze|create index)' "
                              "AND xact_start < clock_timestamp() - interval '10 s' "
                              "UNION ALL SELECT format('vacuum_defer_cleanup_age is %s: the "
                              "backfill''s stripes "
                              "find no room', setting), 'ALTER SYSTEM SET vacuum_defer_cleanup_age "
                              "= 0; SELECT "
                              "pg_reload_conf()' FROM pg_settings WHERE name = "
                              "'vacuum_defer_cleanup_age' "
                              "AND setting <> '0'",
        .passed = "no statement has run for 10 s",
    },
    {
        .name = "prepared transactions",
        .of_table = true,
        .sql = "SELECT format('prepared transaction %L of %s has been open for %s s: it holds %s, "
               "and vacuum, until it is ended', gid, owner, " CHECK_PG_SINCE(
                   "prepared") ", "
                               "CASE WHEN mine THEN 'locks of the table' ELSE 'its locks' END), "
                               "format('COMMIT PREPARED %L or ROLLBACK PREPARED %L', gid, gid), "
                               "CASE WHEN mine THEN 'stop' ELSE 'warn' END FROM (SELECT *, EXISTS "
                               "(SELECT FROM " LOCKS " AND l.pid IS NULL AND l.virtualtransaction "
                               "IN (SELECT virtualtransaction FROM "
                               "pg_locks k WHERE k.pid IS NULL AND k.transactionid = "
                               "x.transaction)) AS mine "
                               "FROM pg_prepared_xacts x WHERE database = current_database()) p "
                               "ORDER BY prepared",
        .passed = "none is open",
    },
};

const struct check_set check_pg_activity = {queries, COUNT_OF(queries)};
