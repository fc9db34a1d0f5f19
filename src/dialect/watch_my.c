#include "config.h"
#include "dialect/watch.h"

#include "dialect/watch_my.h"

/* Connection ids come as "{1,2,3}". */
#define IN(id, pids) "FIND_IN_SET(" id ", REPLACE(REPLACE(" pids ", '{', ''), '}', ''))"

/* Figures of the server have a table of their own in each family. */
#define OF_MYSQL(name)                                                                             \
    "(SELECT variable_value FROM performance_schema.global_status WHERE variable_name = '" name "')"
#define OF_MARIADB(name)                                                                           \
    "(SELECT variable_value FROM information_schema.global_status WHERE variable_name = '" name "')"

#define MYSQL_WAITS                                                                                \
    "(SELECT COUNT(DISTINCT w.requesting_engine_transaction_id) "                                  \
    "FROM performance_schema.data_lock_waits w "                                                   \
    "JOIN information_schema.innodb_trx b ON b.trx_id = w.blocking_engine_transaction_id "         \
    "JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_engine_transaction_id "       \
    "WHERE " IN("b.trx_mysql_thread_id", "$1") " AND NOT " IN("r.trx_mysql_thread_id", "$1") ")"
#define MARIADB_WAITS                                                                              \
    "(SELECT COUNT(DISTINCT w.requesting_trx_id) FROM information_schema.innodb_lock_waits w "     \
    "JOIN information_schema.innodb_trx b ON b.trx_id = w.blocking_trx_id "                        \
    "JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_trx_id "                      \
    "WHERE " IN("b.trx_mysql_thread_id", "$1") " AND NOT " IN("r.trx_mysql_thread_id", "$1") ")"

/* The history list is what purge has not removed yet: the oldest transaction holds it back. */
#define SERVER(waits, status, binlog)                                                              \
    "SELECT (SELECT COUNT(*) FROM information_schema.processlist WHERE command = 'Query' "         \
    "AND id <> CONNECTION_ID() AND NOT " IN(                                                       \
        "id",                                                                                      \
        "$1") "), " waits                                                                          \
              ", " status("Threads_connected") ", " status(                                        \
                  "Innodb_os_log_written") ", "                                                    \
                                           "(SELECT `count` FROM "                                 \
                                           "information_schema.innodb_metrics WHERE name = "       \
                                           "'trx_rseg_history_len'), "                             \
                                           "(SELECT CONCAT('connection ', t.trx_mysql_thread_id, " \
                                           "' (', COALESCE(p.user, '?'), '), ', "                  \
                                           "TIMESTAMPDIFF(SECOND, t.trx_started, NOW()), ' s "     \
                                           "old') FROM information_schema.innodb_trx t "           \
                                           "LEFT JOIN information_schema.processlist p ON p.id = " \
                                           "t.trx_mysql_thread_id "                                \
                                           "WHERE NOT " IN(                                        \
                                               "t.trx_mysql_thread_id",                            \
                                               "$1") " AND t.trx_started < NOW() - "               \
                                                     "INTERVAL 5 SECOND "                          \
                                                     "ORDER BY t.trx_started LIMIT "               \
                                                     "1), "                                        \
                                                     "@@global.read_only, " status(                \
                                                         "Innodb_buffer_pool_bytes_"               \
                                                         "data") ", " status("Innodb_"             \
                                                                             "buffer_"             \
                                                                             "pool_"               \
                                                                             "bytes_"              \
                                                                             "dirty") ", " binlog

/* Of "`shop`.`orders`". */
#define SCHEMA_OF(name) "REPLACE(SUBSTRING(SUBSTRING_INDEX(" name ", '`.`', 1), 2), '``', '`')"
#define TABLE_OF(name)                                                                             \
    "REPLACE(TRIM(TRAILING '`' FROM SUBSTRING_INDEX(" name ", '`.`', -1)), '``', '`')"

#define WAITS_FOR_METADATA "state LIKE 'Waiting for table metadata lock%'"

/* A transaction's age; a statement's where there is none. */
#define AGE(trx, p)                                                                                \
    "COALESCE(TIMESTAMPDIFF(MICROSECOND, " trx ".trx_started, NOW(6)), " p ".time * 1000000)"
#define STATE(trx, p)                                                                              \
    "IF(" p ".command = 'Sleep', IF(" trx                                                          \
    ".trx_id IS NULL, 'idle', 'idle in transaction'), 'active')"

#define HOLDERS(wanted)                                                                            \
    "SELECT p.id, p.user, (SELECT attr_value FROM performance_schema.session_connect_attrs a "     \
    "WHERE a.processlist_id = p.id AND a.attr_name = 'program_name'), " STATE("t", "p") ", " AGE(  \
        "t",                                                                                       \
        "p") ", MAX(m.lock_type), LEFT(p.info, 300), '' "                                          \
             "FROM performance_schema.metadata_locks m "                                           \
             "JOIN performance_schema.threads h ON h.thread_id = m.owner_thread_id "               \
             "JOIN information_schema.processlist p ON p.id = h.processlist_id "                   \
             "LEFT JOIN information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id "          \
             "WHERE m.object_type = 'TABLE' AND m.lock_status = 'GRANTED' AND " wanted             \
             " AND NOT " IN("p.id",                                                                \
                            "$2") " GROUP BY p.id, p.user, p.command, p.time, p.info, t.trx_id, "  \
                                  "t.trx_started ORDER BY 5 DESC LIMIT 10"

#define CLIENTS                                                                                    \
    "SELECT COALESCE(a.attr_value, ''), p.user, SUBSTRING_INDEX(p.host, ':', 1), COUNT(*), "       \
    "SUM(p.id <= COALESCE(d.connection, p.id)), 0 FROM information_schema.processlist p "          \
    "LEFT JOIN performance_schema.session_connect_attrs a ON a.processlist_id = p.id "             \
    "AND a.attr_name = 'program_name' "                                                            \
    "LEFT JOIN (SELECT MAX(connection) AS connection FROM newel.audit WHERE what = 'add column' "  \
    "AND TIMESTAMPDIFF(MICROSECOND, '1970-01-01', at) = $#1) d ON TRUE "                           \
    "WHERE p.db = DATABASE() AND NOT " IN(                                                         \
        "p.id", "$2") " AND p.command NOT LIKE 'Binlog Dump%' "                                    \
                      "AND COALESCE(a.attr_value, '') NOT LIKE 'newel %' "                         \
                      "GROUP BY 1, 2, 3 ORDER BY 5 DESC, 4 DESC LIMIT 50"

/* Whole seconds are all that these can count. */
#define SECONDS "CAST(GREATEST(1, CEIL(%lld / 1000)) AS SIGNED)"

#define COMMON                                                                                     \
    .beat = "INSERT INTO newel.heartbeat (migration, beat, at) "                                   \
            "VALUES ($1, $#2, UTC_TIMESTAMP(6)) "                                                  \
            "ON DUPLICATE KEY UPDATE beat = $#2, at = UTC_TIMESTAMP(6)",                           \
    .replica = watch_my_replica,                                                                   \
    .table = "SELECT table_rows, NULL, data_length, index_length, data_length + index_length, "    \
             "NULL, NULL, NULL, table_rows FROM information_schema.tables "                        \
             "WHERE table_schema = " SCHEMA_OF("$1") " AND table_name = " TABLE_OF("$1"),          \
    .queue = "SELECT COUNT(*) FROM information_schema.processlist w "                              \
             "JOIN information_schema.processlist us ON us.id = $#1 "                              \
             "WHERE w." WAITS_FOR_METADATA " AND us." WAITS_FOR_METADATA " AND w.id <> us.id",     \
    .waits_for_table = "SELECT COUNT(*) FROM information_schema.processlist "                      \
                       "WHERE id = $#1 AND " WAITS_FOR_METADATA,                                   \
    .cancel = "KILL QUERY $#1; SELECT 1", .terminate = "KILL $#1; SELECT 1",                       \
    .done_at = "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', MAX(at)) FROM newel.audit "        \
               "WHERE migration = $1 AND what = $2 AND at > COALESCE((SELECT MAX(at) "             \
               "FROM newel.audit WHERE migration = $1 AND what = 'undo'), '1970-01-01')",          \
    .clients = CLIENTS,                                                                            \
    .now = "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",                    \
    .ddl_begin = "SET SESSION lock_wait_timeout = " SECONDS, .begin = MY_BEGIN,                    \
    .commit = MY_COMMIT, .rollback = MY_ROLLBACK,                                                  \
    .lock_timeout = "SET @newel_seconds = " SECONDS "; SET SESSION innodb_lock_wait_timeout = "    \
                    "@newel_seconds, lock_wait_timeout = @newel_seconds",                          \
    .read_only_begin = "START TRANSACTION READ ONLY",                                              \
    .holders =                                                                                     \
        HOLDERS("m.object_schema = " SCHEMA_OF("$1") " AND m.object_name = " TABLE_OF("$1")),      \
    .blockers = HOLDERS("(m.object_schema, m.object_name) IN (SELECT w.object_schema, "            \
                        "w.object_name FROM performance_schema.metadata_locks w "                  \
                        "JOIN performance_schema.threads x ON x.thread_id = w.owner_thread_id "    \
                        "WHERE x.processlist_id = $#1 AND w.lock_status = 'PENDING' "              \
                        "AND w.object_type = 'TABLE')")

const struct watch_words watch_mysql = {
    COMMON,
    .server = SERVER(MYSQL_WAITS, OF_MYSQL, "NULL"),
    .wal = "SELECT " OF_MYSQL("Innodb_os_log_written"),
    .lock_tree = watch_mysql_locks,
    .session = "SET SESSION max_execution_time = 0, information_schema_stats_expiry = 0",
};

/*
 * MariaDB's performance_schema is off, and empty, unless somebody turned it on;
 * without it the plugin metadata_lock_info tells who holds a table, if it is there.
 */
const struct watch_words watch_mariadb = {
    COMMON,
    .server = SERVER(MARIADB_WAITS, OF_MARIADB, OF_MARIADB("Binlog_bytes_written")),
    .wal = "SELECT " OF_MARIADB("Innodb_os_log_written"),
    .lock_tree = watch_mariadb_locks,
    .cluster = watch_my_cluster,
    .holders_else = "SELECT p.id, p.user, '', " STATE("t", "p") ", " AGE(
        "t", "p") ", MAX(m.lock_mode), LEFT(p.info, 300), '' "
                  "FROM information_schema.metadata_lock_info m "
                  "JOIN information_schema.processlist p ON p.id = m.thread_id "
                  "LEFT JOIN information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id "
                  "WHERE m.table_schema = " SCHEMA_OF("$1") " AND m.table_name = " TABLE_OF(
                      "$1") " AND NOT " IN("p.id", "$2") " GROUP BY p.id, p.user, p.command, "
                                                         "p.time, p.info, t.trx_id, t.trx_started "
                                                         "ORDER BY 5 DESC LIMIT 10",
    /* whoever had a transaction open when the statement began to wait may be the one */
    .blockers_else = "SELECT p.id, p.user, '', " STATE("t", "p") ", " AGE(
        "t", "p") ", 'open transaction (a guess)', LEFT(p.info, 300), '' "
                  "FROM information_schema.innodb_trx t "
                  "JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id "
                  "WHERE NOT " IN("p.id", "$2") " AND p.id <> $#1 AND NOT p." WAITS_FOR_METADATA
                                                " ORDER BY 5 DESC LIMIT 10",
    .session = "SET SESSION max_statement_time = 0",
};
