#include "config.h"
#include "dialect/watch_my.h"

#include "dialect/lock_tree.h"

#include <stdlib.h>
#include <string.h>

/*
 * Sessions: id, user, program, host, command and state in words, wait state,
 * statement, age of the transaction, of the present state. Whoever has neither a
 * transaction nor a statement cannot be in anybody's way for long.
 */
#define SESSIONS                                                                                   \
    "SELECT p.id, p.user, (SELECT attr_value FROM performance_schema.session_connect_attrs a "     \
    "WHERE a.processlist_id = p.id AND a.attr_name = 'program_name'), "                            \
    "SUBSTRING_INDEX(p.host, ':', 1), "                                                            \
    "IF(p.command = 'Sleep', IF(t.trx_id IS NULL, 'idle', 'idle in transaction'), 'active'), "     \
    "IF(p.command = 'Sleep', NULL, p.state), LEFT(p.info, 500), "                                  \
    "TIMESTAMPDIFF(MICROSECOND, t.trx_started, NOW(6)), p.time * 1000000, "                        \
    "FIND_IN_SET(p.id, REPLACE(REPLACE($1, '{', ''), '}', '')) > 0 "                               \
    "FROM information_schema.processlist p "                                                       \
    "LEFT JOIN information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id"

/* Edges: who waits, for whom, mode, object, since when. */
static const char mysql_rows[] =
    "SELECT r.trx_mysql_thread_id, b.trx_mysql_thread_id, l.lock_mode, "
    "CONCAT(l.object_schema, '.', l.object_name), "
    "TIMESTAMPDIFF(MICROSECOND, r.trx_wait_started, NOW(6)) "
    "FROM performance_schema.data_lock_waits w "
    "JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_engine_transaction_id "
    "JOIN information_schema.innodb_trx b ON b.trx_id = w.blocking_engine_transaction_id "
    "JOIN performance_schema.data_locks l ON l.engine_lock_id = w.requesting_engine_lock_id";

static const char mariadb_rows[] =
    "SELECT r.trx_mysql_thread_id, b.trx_mysql_thread_id, l.lock_mode, REPLACE(l.lock_table, '`', "
    "''), "
    "TIMESTAMPDIFF(MICROSECOND, r.trx_wait_started, NOW(6)) "
    "FROM information_schema.innodb_lock_waits w "
    "JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_trx_id "
    "JOIN information_schema.innodb_trx b ON b.trx_id = w.blocking_trx_id "
    "JOIN information_schema.innodb_locks l ON l.lock_id = w.requested_lock_id";

/*
 * Shared metadata locks let each other pass: a reader waits for whoever has, or
 * waits for, the exclusive one; that one waits for everybody who has any.
 */
static const char tables[] =
    "SELECT w.processlist_id, b.processlist_id, p.lock_type, "
    "CONCAT(p.object_schema, '.', p.object_name), w.processlist_time * 1000000 "
    "FROM performance_schema.metadata_locks p "
    "JOIN performance_schema.threads w ON w.thread_id = p.owner_thread_id "
    "JOIN performance_schema.metadata_locks g ON g.object_type = p.object_type "
    "AND g.object_schema = p.object_schema AND g.object_name = p.object_name "
    "AND g.owner_thread_id <> p.owner_thread_id "
    "JOIN performance_schema.threads b ON b.thread_id = g.owner_thread_id "
    "WHERE p.object_type = 'TABLE' AND p.lock_status = 'PENDING' "
    "AND (p.lock_type IN ('EXCLUSIVE', 'SHARED_NO_READ_WRITE') AND g.lock_status = 'GRANTED' "
    "OR p.lock_type NOT IN ('EXCLUSIVE', 'SHARED_NO_READ_WRITE') "
    "AND g.lock_type IN ('EXCLUSIVE', 'SHARED_NO_READ_WRITE'))";

/*
 * MariaDB tells all that with performance_schema on alone. Without it, it tells who
 * waits for a table, but not for whom.
 */
#define WAITS(p) p ".state LIKE 'Waiting for table metadata lock%'"
#define WANTS_ALL(p)                                                                               \
    p ".info REGEXP '^[[:space:]]*(alter|create|drop|rename|truncate|optimize|lock)'"

/* With metadata_lock_info it tells who has the table that a statement wants for itself. */
static const char mariadb_tables[] =
    "SELECT w.id, m.thread_id, 'metadata lock', CONCAT(m.table_schema, '.', m.table_name), "
    "w.time_ms * 1000 FROM information_schema.processlist w "
    "JOIN information_schema.metadata_lock_info m ON m.thread_id <> w.id "
    "AND LOCATE(m.table_name, w.info) > 0 "
    "JOIN information_schema.processlist b ON b.id = m.thread_id "
    "WHERE " WAITS("w") " AND " WANTS_ALL("w") " AND m.lock_type = 'Table metadata lock' "
                                               "AND NOT " WAITS("b");

/* Without it: whoever had a transaction open before the wait began may be the one. */
static const char mariadb_guess[] =
    "SELECT w.id, b.trx_mysql_thread_id, 'metadata lock (a guess)', '', w.time_ms * 1000 "
    "FROM information_schema.processlist w "
    "JOIN information_schema.innodb_trx b ON b.trx_mysql_thread_id <> w.id "
    "AND b.trx_started <= NOW(6) - INTERVAL w.time_ms * 1000 MICROSECOND "
    "JOIN information_schema.processlist p ON p.id = b.trx_mysql_thread_id "
    "WHERE " WAITS("w") " AND " WANTS_ALL("w") " AND NOT " WAITS("p");

/* Everybody else waits behind such a statement. */
static const char mariadb_queue[] =
    "SELECT w.id, x.id, 'metadata lock', '', w.time_ms * 1000 "
    "FROM information_schema.processlist w JOIN information_schema.processlist x ON x.id <> w.id "
    "WHERE " WAITS("w") " AND NOT " WANTS_ALL("w") " AND " WAITS("x") " AND " WANTS_ALL("x");

static enum db_fault ask_edges(struct db *db, const char *sql, struct lock_graph *g,
                               struct error *e)
{
    struct db_rows *rows;
    enum db_fault fault = db_query(db, &rows, e, sql, 0, NULL);
    if (fault != DB_OK)
        return fault;
    for (int i = 0; i < db_row_count(rows); i++)
        lock_graph_edge(g, db_int(rows, i, 0, 0), db_int(rows, i, 1, 0), db_value(rows, i, 2),
                        db_value(rows, i, 3), db_int(rows, i, 4, UNKNOWN));
    db_rows_free(rows);
    return DB_OK;
}

static enum db_fault add_sessions(struct db *db, const char *pids, struct lock_graph *g,
                                  struct error *e)
{
    const char *params[] = {pids};
    struct db_rows *rows;
    enum db_fault fault = db_query(db, &rows, e, SESSIONS, 1, params);
    if (fault != DB_OK)
        return fault;
    static const char *const texts[] = {"user", "app", "client", "state", "wait_event", "query"};
    for (int i = 0; i < db_row_count(rows); i++) {
        json_t *session = json_object();
        json_set_int(session, "pid", db_int(rows, i, 0, 0));
        for (size_t k = 0; k < COUNT_OF(texts); k++)
            json_set_text(session, texts[k], db_value(rows, i, 1 + (int)k));
        json_set_int(session, "xact_us", db_int(rows, i, 7, UNKNOWN));
        json_set_int(session, "state_us", db_int(rows, i, 8, UNKNOWN));
        json_set_bool(session, "ours", db_bool(rows, i, 9));
        lock_graph_session(g, session);
    }
    db_rows_free(rows);
    return DB_OK;
}

enum db_fault watch_mysql_locks(struct db *db, const char *pids, json_t *list, struct error *e)
{
    struct lock_graph g = {0};
    enum db_fault fault = ask_edges(db, mysql_rows, &g, e);
    if (fault == DB_OK)
        fault = ask_edges(db, tables, &g, e);
    if (fault == DB_OK && g.edge_count)
        fault = add_sessions(db, pids, &g, e);
    if (fault == DB_OK)
        lock_graph_tree(&g, list);
    lock_graph_free(&g);
    return fault;
}

enum db_fault watch_mariadb_locks(struct db *db, const char *pids, json_t *list, struct error *e)
{
    struct lock_graph g = {0};
    enum db_fault fault = ask_edges(db, mariadb_rows, &g, e);
    size_t of_rows = g.edge_count;
    if (fault == DB_OK)
        fault = ask_edges(db, tables, &g, e);
    if (fault == DB_OK && g.edge_count == of_rows) {
        struct error ignored; /* the plugin is not there */
        fault = ask_edges(db, mariadb_tables, &g, &ignored);
        if (fault != DB_OK)
            fault = db_alive(db) ? ask_edges(db, mariadb_guess, &g, e) : fault;
    }
    if (fault == DB_OK)
        fault = ask_edges(db, mariadb_queue, &g, e);
    if (fault == DB_OK && g.edge_count)
        fault = add_sessions(db, pids, &g, e);
    if (fault == DB_OK)
        lock_graph_tree(&g, list);
    lock_graph_free(&g);
    return fault;
}
