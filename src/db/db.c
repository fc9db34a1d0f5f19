#include "config.h"
#include "db/driver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool db_fault_passes(enum db_fault fault)
{
    switch (fault) {
    case DB_LOST:
    case DB_LOCK_TIMEOUT:
    case DB_DEADLOCK:
    case DB_SERIALIZATION:
    case DB_READ_ONLY:
    case DB_STOPPED:
        return true;
    case DB_OK:
    case DB_REFUSED:
    case DB_PRIVILEGE:
    case DB_CANCELLED:
    case DB_EXISTS:
    case DB_MISSING:
    case DB_DATA:
    case DB_ALGORITHM:
    case DB_FENCED:
    case DB_OTHER:
        break;
    }
    return false;
}

bool db_is_lock_timeout(const struct error *e)
{
    return strcmp(e->sqlstate, "55P03") == 0 || e->number == 1205;
}

struct db *db_open(const struct db_address *where, const char *role, struct error *e)
{
    if (where->engine == DB_POSTGRESQL)
        return db_pg.open(where, role, e);
#ifdef HAVE_MYSQL
    return db_mysql.open(where, role, e);
#else
    error_set(e, ERROR_USAGE, "%s", where->name);
    error_why(e, "this newel was built without a client library for MySQL or MariaDB");
    error_todo(e, "install libmysqlclient's or MariaDB Connector/C's development files, then "
                  "configure and build again");
    return NULL;
#endif
}

void db_close(struct db *db)
{
    if (db)
        db->driver->close(db);
}

bool db_alive(const struct db *db)
{
    return db->driver->alive(db);
}

const char *db_engine_word(enum db_engine engine)
{
    return engine == DB_POSTGRESQL ? "postgresql" : engine == DB_MARIADB ? "mariadb" : "mysql";
}

const char *db_engine_name(enum db_engine engine)
{
    static const char *const names[] = {"PostgreSQL", "MySQL", "MariaDB"};
    return names[engine];
}

enum db_engine db_engine_of(const struct db *db)
{
    return db->engine;
}

int db_server_version(const struct db *db)
{
    return db->version;
}

const char *db_server_version_text(const struct db *db)
{
    return db->version_text;
}

int64_t db_backend_pid(const struct db *db)
{
    return db->pid;
}

bool db_is_relayed(const struct db *db)
{
    return db->relayed;
}

bool db_is_ours(const struct db *db, struct error *e)
{
    if (!db->shared)
        return true;
    error_set(e, ERROR_DATABASE, "newel cannot work through this pooler");
    error_why(e, "it gives each transaction another session of the server, so that newel's "
                 "settings, locks and lease would be those of others");
    return error_todo(e, "let the dsn name the server itself, past the pooler; or a pool with "
                         "pool_mode = session");
}

enum db_fault db_query(struct db *db, struct db_rows **rows, struct error *e, const char *sql,
                       int count, const char *const *params)
{
    struct db_rows *answer = NULL;
    enum db_fault fault = db->driver->query(db, &answer, e, sql, count, params);
    if (rows)
        *rows = answer;
    else
        db_rows_free(answer);
    return fault;
}

enum db_fault db_exec(struct db *db, const char *sql, struct error *e)
{
    return db_query(db, NULL, e, sql, 0, NULL);
}

bool db_cancel(struct db *db, struct error *e)
{
    return db->driver->cancel(db, e);
}

bool db_set_read_only(struct db *db, struct error *e)
{
    return db->driver->set_read_only(db, e);
}

int db_row_count(const struct db_rows *rows)
{
    return rows->rows;
}

int db_column_count(const struct db_rows *rows)
{
    return rows->columns;
}

int db_column_find(const struct db_rows *rows, const char *name)
{
    for (int i = 0; i < rows->columns; i++)
        if (strcasecmp(rows->driver->column_name(rows, i), name) == 0)
            return i;
    return -1;
}

int64_t db_affected(const struct db_rows *rows)
{
    return rows->affected;
}

const char *db_value(const struct db_rows *rows, int row, int column)
{
    if (row < 0 || row >= rows->rows || column < 0 || column >= rows->columns)
        return NULL;
    return rows->driver->value(rows, row, column);
}

int64_t db_int(const struct db_rows *rows, int row, int column, int64_t otherwise)
{
    const char *text = db_value(rows, row, column);
    if (!text || !*text)
        return otherwise;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text)
        return otherwise;
    if (*end == '\0')
        return value;
    /* a numeric such as 12.75, cut to whole units */
    double real = db_real(rows, row, column, (double)otherwise);
    return real > -9e18 && real < 9e18 ? (int64_t)real : otherwise;
}

double db_real(const struct db_rows *rows, int row, int column, double otherwise)
{
    const char *text = db_value(rows, row, column);
    if (!text || !*text)
        return otherwise;
    char *end;
    double value = strtod(text, &end);
    return *end == '\0' ? value : otherwise;
}

bool db_bool(const struct db_rows *rows, int row, int column)
{
    const char *text = db_value(rows, row, column);
    return text && (text[0] == 't' || text[0] == '1');
}

void db_rows_free(struct db_rows *rows)
{
    if (rows)
        rows->driver->rows_free(rows);
}

static char *quote(const char *text, char mark, bool escapes)
{
    struct str s = {0};
    str_add_char(&s, mark);
    for (; *text; text++) {
        if (*text == mark || (escapes && *text == '\\'))
            str_add_char(&s, *text);
        str_add_char(&s, *text);
    }
    str_add_char(&s, mark);
    return str_take(&s);
}

char *db_quote_name(enum db_engine engine, const char *name)
{
    return quote(name, engine == DB_POSTGRESQL ? '"' : '`', false);
}

/*
 * Sessions run with standard_conforming_strings on, and without
 * NO_BACKSLASH_ESCAPES: what a backslash means is known.
 */
char *db_quote_text(enum db_engine engine, const char *text)
{
    return quote(text, '\'', engine != DB_POSTGRESQL);
}
