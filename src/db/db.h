/*
 * A connection to one server, whichever kind: blocking calls, one thread at a
 * time. Values travel as text. The one call that another thread may make is
 * db_cancel().
 */
#ifndef NEWEL_DB_DB_H
#define NEWEL_DB_DB_H

#include "base/error.h"

#include <stdint.h>

/*
 * A file names one of the first two, and DB_MYSQL there stands for MariaDB too;
 * a connection knows which it really is.
 */
enum db_engine {
    DB_POSTGRESQL,
    DB_MYSQL,
    DB_MARIADB,
};

/* What an error means for whoever asked; the text is in struct error. */
enum db_fault {
    DB_OK,
    DB_LOST,          /* the connection is gone or could not be made: reconnect */
    DB_REFUSED,       /* authentication, database unknown, no pg_hba line */
    DB_PRIVILEGE,     /* a GRANT is missing */
    DB_LOCK_TIMEOUT,  /* 55P03; 1205 */
    DB_DEADLOCK,      /* 40P01; 1213, which Galera's certification gives too */
    DB_SERIALIZATION, /* 40001; 1020 */
    DB_CANCELLED,     /* 57014; 1317, 1969, 3024 */
    DB_READ_ONLY,     /* 25006; 1290, 1836: a failover left us on a standby */
    DB_EXISTS,        /* 42701, 42P07, 42710; 1060, 1050, 1359 */
    DB_MISSING,       /* 42703, 42P01, 42704, 42883; 1054, 1146, 1049, 1360 */
    DB_DATA,          /* of one row: class 22, 23, P0 and such; 1242, 1264, 1644 */
    DB_ALGORITHM,     /* 1845, 1846, 4092: not in the way the statement asks for */
    DB_STOPPED,       /* 57P01..03; 1053: the server shuts down, starts, or ended our session */
    DB_FENCED,        /* the batch's own check: another engine drives, or the cursor moved */
    DB_OTHER,
};
/* Worth another try after a pause, without an operator. */
bool db_fault_passes(enum db_fault fault);
/* Of an error that db_query() has set. */
bool db_is_lock_timeout(const struct error *e);

/*
 * Where a server is. `conninfo` holds no secret that newel put there; the
 * libraries take passwords from their own files and environment.
 */
struct db_address {
    enum db_engine engine;
    char *name;     /* as the operator calls it: "orders-01", "orders-01/r1" */
    char *conninfo; /* libpq conninfo; for MySQL the keys of newel.ini(5) in the same form */
};

struct db;
struct db_rows;

/* `role`: shown as application_name ("newel 2026-11-orders-region lane 1"). */
struct db *db_open(const struct db_address *where, const char *role, struct error *e);
void db_close(struct db *db); /* NULL is fine */
bool db_alive(const struct db *db);
const char *db_engine_name(enum db_engine engine);       /* "PostgreSQL" */
const char *db_engine_word(enum db_engine engine);       /* "postgresql", in files and options */
enum db_engine db_engine_of(const struct db *db);        /* what the server says it is */
int db_server_version(const struct db *db);              /* 150020; 90704; 101119 */
const char *db_server_version_text(const struct db *db); /* "15.20" */
int64_t db_backend_pid(const struct db *db);
/* Does a pooler stand between us and the server? */
bool db_is_relayed(const struct db *db);
/*
 * False with `e` where a pooler gives each transaction another session of the
 * server: what is set there, and locked, would be set and locked for others. To be
 * asked before anything is set.
 */
bool db_is_ours(const struct db *db, struct error *e) MUST_CHECK;

/*
 * One statement, or several separated by semicolons when there are no
 * parameters. Parameters are text; NULL is SQL NULL. On failure the answer is
 * not DB_OK, `e` is set (kind ERROR_DATABASE) and `*rows` is NULL. `rows` may be
 * NULL when no answer is wanted. After DB_LOST the connection must be reopened.
 *
 * On MySQL and MariaDB several statements may have parameters too: $1 is quoted
 * text wherever it stands outside quotes, $#1 a whole number (for LIMIT), each
 * as often as wanted. The statements go one by one; the answer is the last
 * one's. Where one of several fails, the rest is not sent and the transaction
 * is rolled back. Bodies of triggers have semicolons of their own: in a text with
 * such a body each statement ends with a line of ";;" alone.
 */
enum db_fault db_query(struct db *db, struct db_rows **rows, struct error *e, const char *sql,
                       int count, const char *const *params) MUST_CHECK;
/* The same without parameters. */
enum db_fault db_exec(struct db *db, const char *sql, struct error *e) MUST_CHECK;
/* From now on this session can write nothing. */
bool db_set_read_only(struct db *db, struct error *e) MUST_CHECK;

int db_row_count(const struct db_rows *rows);
int db_column_count(const struct db_rows *rows);
/* The place of a column by its name in any case; -1: there is none. */
int db_column_find(const struct db_rows *rows, const char *name);
/* Rows that the statement has written, or given. */
int64_t db_affected(const struct db_rows *rows);
/* NULL for SQL NULL; lives as long as `rows`. */
const char *db_value(const struct db_rows *rows, int row, int column);
int64_t db_int(const struct db_rows *rows, int row, int column, int64_t otherwise);
double db_real(const struct db_rows *rows, int row, int column, double otherwise);
bool db_bool(const struct db_rows *rows, int row, int column); /* NULL: false */
void db_rows_free(struct db_rows *rows);

/* Quoted for use in SQL; the caller frees it. */
char *db_quote_name(enum db_engine engine, const char *name); /* "name"; `name` */
char *db_quote_text(enum db_engine engine, const char *text); /* 'text' */

/*
 * Asks the server to end what `db` is doing. From any thread, while `db` is
 * open; opens a connection of its own. True when the request was delivered.
 */
bool db_cancel(struct db *db, struct error *e) MUST_CHECK;

#endif
