#include "config.h"
#include "db/driver.h"
#include "db/fault_pg.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

struct pg {
    struct db base;
    PGconn *conn;
    PGcancel *cancel; /* made once, so that another thread may use it at any time */
    char *where;      /* "orders-01 (10.0.0.7:5432)" */
};

struct pg_rows {
    struct db_rows base;
    PGresult *result;
};

/* A server's NOTICE must not reach the terminal that a console draws on. */
static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

/*
 * libpq quotes the whole string in some of its complaints, and a password may
 * stand in it: only the name of an unknown option is passed on.
 */
static bool check_conninfo(const struct db_address *where, struct error *e)
{
    const char *text = where->conninfo ? where->conninfo : "";
    if (!strchr(text, '=') && !strstr(text, "://"))
        return true; /* a bare database name */
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(text, &why);
    if (options) {
        PQconninfoFree(options);
        return true;
    }
    static const char safe[] = "invalid connection option";
    error_set(e, ERROR_USAGE, "%s: its connection string cannot be read", where->name);
    if (why && strncmp(why, safe, sizeof safe - 1) == 0)
        error_why(e, "%.*s", (int)strcspn(why, "\n"), why);
    error_todo(e, "write it as keyword=value pairs, e.g. service=orders01");
    PQfreemem(why);
    return false;
}

#define OPTIONS_MAX 12

struct options {
    const char *keys[OPTIONS_MAX + 1];
    const char *values[OPTIONS_MAX + 1];
    int count;
};

static void add_option(struct options *o, const char *key, const char *value)
{
    o->keys[o->count] = key;
    o->values[o->count++] = value;
}

/* What stands behind the connection string overrides it; what stands before is a default. */
static PGconn *connect_to(const struct db_address *where, const char *role)
{
    struct options o = {.count = 0};
    if (!getenv("PGCONNECT_TIMEOUT"))
        add_option(&o, "connect_timeout", "5");
    add_option(&o, "keepalives_idle", "10");
    add_option(&o, "keepalives_interval", "5");
    add_option(&o, "keepalives_count", "3");
    add_option(&o, "tcp_user_timeout", "15000");
    add_option(&o, "dbname", where->conninfo ? where->conninfo : "");
    add_option(&o, "client_encoding", "UTF8");
    add_option(&o, "application_name", role);
    return PQconnectdbParams(o.keys, o.values, 1);
}

static char *place(const char *name, const PGconn *conn)
{
    const char *host = PQhost(conn), *port = PQport(conn);
    if (!host || !*host)
        return mem_dup(name);
    return mem_printf("%s (%s:%s)", name, host, port ? port : "");
}

static void pg_close(struct db *db)
{
    struct pg *pg = (struct pg *)db;
    PQfreeCancel(pg->cancel);
    PQfinish(pg->conn);
    free(pg->where);
    free(pg);
}

static bool pg_alive(const struct db *db)
{
    return PQstatus(((const struct pg *)db)->conn) == CONNECTION_OK;
}

/* "15.20" of "15.20 (Debian 15.20-0+deb12u1)" */
static void read_version(struct pg *pg)
{
    pg->base.version = PQserverVersion(pg->conn);
    const char *text = PQparameterStatus(pg->conn, "server_version");
    size_t n = text ? strcspn(text, " (") : 0;
    if (n >= sizeof pg->base.version_text)
        n = sizeof pg->base.version_text - 1;
    memcpy(pg->base.version_text, text ? text : "", n);
}

/*
 * A failure that the server did not name is libpq's own, and most often a server
 * that is gone. When writing to it failed, libpq may not have read as far as the
 * end of the connection yet and still calls it good.
 */
static bool is_lost(struct pg *pg, const char *sqlstate)
{
    for (int i = 0; i < 3 && !sqlstate && PQstatus(pg->conn) == CONNECTION_OK; i++)
        if (!PQconsumeInput(pg->conn))
            break;
    return PQstatus(pg->conn) != CONNECTION_OK;
}

static enum db_fault read_fault(struct pg *pg, const char *sql, const PGresult *result,
                                struct error *e)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    struct pg_fault f = {
        .where = pg->where,
        .user = PQuser(pg->conn),
        .sql = sql,
        .sqlstate = state,
        .message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY),
        .detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL),
        .hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT),
        .context = PQresultErrorField(result, PG_DIAG_CONTEXT),
        .position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION),
    };
    if (!f.message)
        f.message = PQresultErrorMessage(result);
    f.lost = is_lost(pg, state);
    return fault_pg_statement(&f, e);
}

static enum db_fault pg_query(struct db *db, struct db_rows **rows, struct error *e,
                              const char *sql, int count, const char *const *params)
{
    struct pg *pg = (struct pg *)db;
    /* without parameters the simple protocol: it takes several statements */
    PGresult *result = count ? PQexecParams(pg->conn, sql, count, NULL, params, NULL, NULL, 0)
                             : PQexec(pg->conn, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) {
        struct pg_rows *answer = mem_alloc(sizeof *answer);
        answer->base.driver = &db_pg;
        answer->base.rows = PQntuples(result);
        answer->base.columns = PQnfields(result);
        answer->base.affected = strtoll(PQcmdTuples(result), NULL, 10);
        answer->result = result;
        *rows = &answer->base;
        return DB_OK;
    }
    enum db_fault fault;
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
        fault = read_fault(pg, sql, result, e);
    } else {
        error_set(e, ERROR_DATABASE, "%s", pg->where);
        error_why(e, "an answer that no statement of newel has: %s", PQresStatus(status));
        fault = DB_OTHER;
    }
    PQclear(result);
    return fault;
}

/* The process that answers; 0 where it cannot be told. */
static int64_t ask_pid(PGconn *conn)
{
    PGresult *result = PQexec(conn, "SELECT pg_backend_pid()");
    int64_t pid =
        PQresultStatus(result) == PGRES_TUPLES_OK ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
    PQclear(result);
    return pid;
}

#define ROUNDS 4

/*
 * A pooler greets with a process of its own. Where it hands out sessions by the
 * transaction, the next who comes gets the one that we had, or we get another.
 */
static bool is_handed_round(struct pg *pg, const struct db_address *where, const char *role)
{
    PGconn *rival = connect_to(where, role);
    bool shared = false;
    for (int i = 0; i < ROUNDS && !shared && PQstatus(rival) == CONNECTION_OK; i++) {
        int64_t ours = ask_pid(pg->conn), theirs = ask_pid(rival);
        shared = ours && theirs && (ours == theirs || ours != pg->base.pid);
    }
    PQfinish(rival);
    return shared;
}

/* What is set in a session that others get, too, would be set for them. */
static bool set_up(struct pg *pg, const struct db_address *where, const char *role, struct error *e)
{
    if (db_exec(&pg->base, "SET standard_conforming_strings = on", e) != DB_OK)
        return false;
    int64_t pid = ask_pid(pg->conn);
    if (pid && pid != pg->base.pid) {
        pg->base.relayed = true;
        pg->base.pid = pid; /* the one that holds our locks */
        pg->base.shared = is_handed_round(pg, where, role);
    }
    struct error ignored; /* not every platform can do it; a nicety there */
    if (pg->base.version >= 140000 && !pg->base.shared)
        (void)!db_exec(&pg->base, "SET client_connection_check_interval = '1s'", &ignored);
    return true;
}

static struct db *pg_open(const struct db_address *where, const char *role, struct error *e)
{
    if (!check_conninfo(where, e))
        return NULL;
    struct pg *pg = mem_alloc(sizeof *pg);
    pg->base.driver = &db_pg;
    pg->base.engine = DB_POSTGRESQL;
    pg->conn = connect_to(where, role);
    pg->where = place(where->name, pg->conn);
    if (PQstatus(pg->conn) != CONNECTION_OK) {
        struct pg_fault f = {
            .where = pg->where,
            .user = PQuser(pg->conn),
            .message = PQerrorMessage(pg->conn),
            .needs_password = PQconnectionNeedsPassword(pg->conn),
        };
        (void)fault_pg_connect(&f, e);
        pg_close(&pg->base);
        return NULL;
    }
    (void)PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
    pg->cancel = PQgetCancel(pg->conn);
    pg->base.pid = PQbackendPID(pg->conn);
    read_version(pg);
    if (!set_up(pg, where, role, e)) {
        pg_close(&pg->base);
        return NULL;
    }
    return &pg->base;
}

static bool pg_cancel(struct db *db, struct error *e)
{
    struct pg *pg = (struct pg *)db;
    char why[256] = "";
    if (pg->cancel && PQcancel(pg->cancel, why, sizeof why))
        return true;
    error_set(e, ERROR_DATABASE, "%s: the statement could not be cancelled", pg->where);
    return error_why(e, "%.*s", (int)strcspn(why, "\n"), why);
}

static bool pg_set_read_only(struct db *db, struct error *e)
{
    return db_exec(db, "SET default_transaction_read_only = on", e) == DB_OK;
}

static const char *pg_value(const struct db_rows *rows, int row, int column)
{
    const PGresult *result = ((const struct pg_rows *)rows)->result;
    return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

static const char *pg_column_name(const struct db_rows *rows, int column)
{
    return PQfname(((const struct pg_rows *)rows)->result, column);
}

static void pg_rows_free(struct db_rows *rows)
{
    PQclear(((struct pg_rows *)rows)->result);
    free(rows);
}

const struct db_driver db_pg = {
    .open = pg_open,
    .close = pg_close,
    .alive = pg_alive,
    .query = pg_query,
    .cancel = pg_cancel,
    .set_read_only = pg_set_read_only,
    .value = pg_value,
    .column_name = pg_column_name,
    .rows_free = pg_rows_free,
};
