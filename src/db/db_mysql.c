#include "config.h"
#include "db/driver.h"

#include "base/conninfo.h"
#include "db/fault_mysql.h"
#include "db/text_mysql.h"

#include <errno.h>
#include <mysql.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define CONNECT_TIMEOUT_S 5U

/* MariaDB's library has no modes of TLS but switches. */
enum tls { TLS_DISABLED, TLS_PREFERRED, TLS_REQUIRED, TLS_VERIFY_CA, TLS_VERIFY_IDENTITY };

struct my {
    struct db base;
    MYSQL *conn;
    char *where; /* "orders-01 (10.0.0.7:3306)" */
    char *user;  /* the account, as GRANT takes it; until the login the target's, or NULL */
    char *role;
    struct db_address address; /* a copy, for the connection that cancels */
    bool lost;
};

struct my_rows {
    struct db_rows base;
    MYSQL_RES *result;
    int at; /* the row that `row` holds */
    MYSQL_ROW row;
};

/* ---- the library ---------------------------------------------------------- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_key;
static bool library_ready;

static void end_thread(void *ignored)
{
    (void)ignored;
    mysql_thread_end();
}

static void start_library(void)
{
    library_ready =
        mysql_library_init(0, NULL, NULL) == 0 && pthread_key_create(&thread_key, end_thread) == 0;
}

/* Each thread that calls the library has something of it to be freed when it ends. */
static bool enter_library(struct error *e)
{
    (void)pthread_once(&once, start_library);
    if (!library_ready)
        return error_set(e, ERROR_SYSTEM, "the client library of MySQL could not be started");
    if (!pthread_getspecific(thread_key)) {
        (void)mysql_thread_init();
        (void)pthread_setspecific(thread_key, &library_ready);
    }
    return true;
}

/* ---- connecting ----------------------------------------------------------- */

static bool read_tls(const char *word, const char *name, enum tls *out, struct error *e)
{
    static const char *const words[] = {"disabled", "preferred", "required", "verify_ca",
                                        "verify_identity"};
    *out = TLS_PREFERRED;
    for (size_t i = 0; word && i < COUNT_OF(words); i++)
        if (strcasecmp(word, words[i]) == 0) {
            *out = (enum tls)i;
            return true;
        }
    if (!word)
        return true;
    error_set(e, ERROR_USAGE, "%s: ssl_mode = %s", name, word);
    return error_todo(e, "one of: disabled, preferred, required, verify_ca, verify_identity");
}

static void set_tls(MYSQL *conn, enum tls tls, const struct conninfo *c)
{
    const char *ca = conninfo_get(c, "ssl_ca"), *cert = conninfo_get(c, "ssl_cert"),
               *key = conninfo_get(c, "ssl_key");
    if (ca)
        (void)mysql_options(conn, MYSQL_OPT_SSL_CA, ca);
    if (cert)
        (void)mysql_options(conn, MYSQL_OPT_SSL_CERT, cert);
    if (key)
        (void)mysql_options(conn, MYSQL_OPT_SSL_KEY, key);
#ifdef MARIADB_BASE_VERSION
    my_bool enforce = tls >= TLS_PREFERRED, verify = tls >= TLS_VERIFY_CA;
    (void)mysql_options(conn, MYSQL_OPT_SSL_ENFORCE, &enforce);
    (void)mysql_options(conn, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
#else
    static const unsigned modes[] = {SSL_MODE_DISABLED, SSL_MODE_PREFERRED, SSL_MODE_REQUIRED,
                                     SSL_MODE_VERIFY_CA, SSL_MODE_VERIFY_IDENTITY};
    unsigned mode = modes[tls];
    (void)mysql_options(conn, MYSQL_OPT_SSL_MODE, &mode);
#endif
}

static MYSQL *prepare(const struct conninfo *c, const char *role, enum tls tls)
{
    MYSQL *conn = mysql_init(NULL);
    if (!conn)
        return NULL;
    const char *file = conninfo_get(c, "defaults_file"), *group = conninfo_get(c, "defaults_group");
    const char *plugins = conninfo_get(c, "plugin_dir");
    unsigned timeout = CONNECT_TIMEOUT_S, tcp = MYSQL_PROTOCOL_TCP;
    if (file)
        (void)mysql_options(conn, MYSQL_READ_DEFAULT_FILE, file);
    (void)mysql_options(conn, MYSQL_READ_DEFAULT_GROUP, group ? group : "newel");
    if (plugins)
        (void)mysql_options(conn, MYSQL_PLUGIN_DIR, plugins);
    /* else "localhost" is the library's own socket, whatever server that leads to */
    if (conninfo_get(c, "port") && !conninfo_get(c, "socket"))
        (void)mysql_options(conn, MYSQL_OPT_PROTOCOL, &tcp);
    (void)mysql_options(conn, MYSQL_OPT_CONNECT_TIMEOUT, &timeout);
    (void)mysql_options(conn, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    (void)mysql_options4(conn, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", role);
    set_tls(conn, tls, c);
    return conn;
}

static bool connect_once(struct my *my, const struct conninfo *c, enum tls tls)
{
    const char *port = conninfo_get(c, "port");
    if (my->conn)
        mysql_close(my->conn);
    my->conn = prepare(c, my->role, tls);
    /* a flag would be needed for several statements in one packet: newel never wants that */
    return my->conn &&
           mysql_real_connect(my->conn, conninfo_get(c, "host"), conninfo_get(c, "user"), NULL,
                              conninfo_get(c, "database"),
                              port ? (unsigned)strtoul(port, NULL, 10) : 0,
                              conninfo_get(c, "socket"), 0) != NULL;
}

/* MariaDB's library knows no "preferred": TLS is tried, and only where the server has none, not. */
static bool connect_to(struct my *my, const struct conninfo *c, enum tls tls)
{
    if (connect_once(my, c, tls))
        return true;
#ifdef MARIADB_BASE_VERSION
    if (tls == TLS_PREFERRED && my->conn && mysql_errno(my->conn) == 2026)
        return connect_once(my, c, TLS_DISABLED);
#endif
    return false;
}

/* The libraries pass such a file over with a line on stderr, right across the console. */
static bool check_file(const struct db_address *where, const char *path, struct error *e)
{
    struct stat st;
    if (!path)
        return true;
    if (stat(path, &st) != 0) {
        (void)error_errno(e, errno, "%s: defaults_file %s", where->name, path);
        e->kind = ERROR_USAGE;
        return false;
    }
    if (!(st.st_mode & S_IWOTH))
        return true;
    error_set(e, ERROR_USAGE, "%s: defaults_file %s", where->name, path);
    error_why(e, "everybody may write it, so the client library would not read it");
    return error_todo(e, "chmod 600 %s", path);
}

static char *place(const char *name, const struct conninfo *c)
{
    const char *socket = conninfo_get(c, "socket"), *host = conninfo_get(c, "host");
    const char *port = conninfo_get(c, "port");
    if (socket)
        return mem_printf("%s (%s)", name, socket);
    if (host && !port && strcasecmp(host, "localhost") == 0)
        return mem_printf("%s (%s)", name, host);
    return host ? mem_printf("%s (%s:%s)", name, host, port ? port : "3306") : mem_dup(name);
}

static struct mysql_fault said(const struct my *my, const char *sql)
{
    return (struct mysql_fault){
        .where = my->where,
        .user = my->user,
        .number = my->conn ? (int)mysql_errno(my->conn) : 2008,
        .sqlstate = my->conn ? mysql_sqlstate(my->conn) : NULL,
        .message = my->conn ? mysql_error(my->conn) : "out of memory",
        .sql = sql,
    };
}

static void my_close(struct db *db)
{
    struct my *my = (struct my *)db;
    if (my->conn)
        mysql_close(my->conn);
    free(my->where);
    free(my->user);
    free(my->role);
    free(my->address.name);
    free(my->address.conninfo);
    free(my);
}

/*
 * What the texts of the dialect rely on: strict, and backslashes that escape. The names are
 * told once more: MariaDB does not know the collation that Oracle's library greets with, and
 * would take its own character set for the client's.
 * Zero dates are let through: those that are in the table already must not stop
 * its rows from being filled, nor the table from being built anew.
 */
#define WITHOUT(mode, from) "REPLACE(" from ", '" mode "', '')"
/* clang-format off */
static const char session[] =
    "SET NAMES utf8mb4, SESSION sql_mode = CONCAT("
    WITHOUT("NO_ZERO_IN_DATE", WITHOUT("NO_ZERO_DATE", WITHOUT("TRADITIONAL",
    WITHOUT("NO_BACKSLASH_ESCAPES", "@@sql_mode"))))
    ", ',STRICT_ALL_TABLES'), autocommit = 1, wait_timeout = 28800";
/* clang-format on */

/* Locks that stay with their rows; refused where the binary log has statements. */
static const char isolation[] = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";

static void read_version(struct my *my)
{
    const char *text = mysql_get_server_info(my->conn);
    static const char disguise[] = "5.5.5-"; /* MariaDB's, for replicas of old */
    if (text && strncmp(text, disguise, sizeof disguise - 1) == 0)
        text += sizeof disguise - 1;
    int major = 0, minor = 0, patch = 0;
    (void)!sscanf(text ? text : "", "%d.%d.%d", &major, &minor, &patch);
    my->base.engine = text && strstr(text, "MariaDB") ? DB_MARIADB : DB_MYSQL;
    my->base.version = major * 10000 + minor * 100 + patch;
    (void)snprintf(my->base.version_text, sizeof my->base.version_text, "%d.%d.%d", major, minor,
                   patch);
}

static bool logs_statements(struct my *my, bool *out, struct error *e)
{
    struct db_rows *rows;
    if (db_query(&my->base, &rows, e, "SHOW VARIABLES LIKE 'binlog_format'", 0, NULL) != DB_OK)
        return false;
    const char *format = db_value(rows, 0, 1);
    *out = format && strcmp(format, "STATEMENT") == 0;
    db_rows_free(rows);
    return true;
}

/* Times that the server is asked who answers, where that is not who greeted us. */
#define ROUNDS 5

/*
 * Who we are there, and which session answers: a proxy greets with a number of its
 * own, and answers a bare question for it itself. A node of a cluster that is not
 * ready does not say either, and tells so when it is asked for more.
 */
static int64_t read_account(struct my *my)
{
    static const char sql[] = "SELECT CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), ''''), "
                              "CONNECTION_ID() + 0";
    struct db_rows *rows;
    struct error ignored;
    if (db_query(&my->base, &rows, &ignored, sql, 0, NULL) != DB_OK)
        return my->base.pid;
    free(my->user);
    my->user = mem_dup(db_value(rows, 0, 0));
    int64_t id = db_int(rows, 0, 1, my->base.pid);
    db_rows_free(rows);
    return id;
}

static void look_behind(struct my *my)
{
    int64_t id = read_account(my);
    my->base.relayed = id != my->base.pid;
    my->base.pid = id; /* the one that holds our locks */
    for (int i = 0; my->base.relayed && i < ROUNDS && !my->base.shared; i++)
        my->base.shared = read_account(my) != id;
}

static bool set_up(struct my *my, struct error *e)
{
    bool statements;
    read_version(my);
    my->base.pid = (int64_t)mysql_thread_id(my->conn);
    look_behind(my);
    return db_exec(&my->base, session, e) == DB_OK && logs_statements(my, &statements, e) &&
           (statements || db_exec(&my->base, isolation, e) == DB_OK);
}

/*
 * MariaDB's library goes on in the clear where a server has no TLS, although it was
 * told to enforce it. A unix socket needs none.
 */
static bool is_as_safe_as_wanted(struct my *my, const struct conninfo *c, enum tls tls,
                                 struct error *e)
{
    if (tls < TLS_REQUIRED || conninfo_get(c, "socket") || mysql_get_ssl_cipher(my->conn))
        return true;
    struct mysql_fault f = {
        .where = my->where,
        .user = my->user,
        .number = 2026,
        .sqlstate = "HY000",
        .message = "the server has no TLS, and ssl_mode wants it",
    };
    (void)fault_mysql_connect(&f, e);
    return false;
}

static struct db *my_open(const struct db_address *where, const char *role, struct error *e)
{
    struct conninfo c;
    enum tls tls;
    if (!enter_library(e))
        return NULL;
    bool whole = conninfo_parse(where->conninfo ? where->conninfo : "", &c);
    if (!whole)
        error_set(e, ERROR_USAGE, "%s: its connection parameters cannot be read", where->name);
    if (!whole || !read_tls(conninfo_get(&c, "ssl_mode"), where->name, &tls, e) ||
        !check_file(where, conninfo_get(&c, "defaults_file"), e)) {
        conninfo_free(&c);
        return NULL;
    }
    struct my *my = mem_alloc(sizeof *my);
    my->base.driver = &db_mysql;
    my->where = place(where->name, &c);
    my->user = mem_dup(conninfo_get(&c, "user"));
    my->role = mem_dup(role);
    my->address =
        (struct db_address){where->engine, mem_dup(where->name), mem_dup(where->conninfo)};
    bool open = connect_to(my, &c, tls), safe = open && is_as_safe_as_wanted(my, &c, tls, e);
    conninfo_free(&c);
    if (!open) {
        struct mysql_fault f = said(my, NULL);
        (void)fault_mysql_connect(&f, e);
    }
    if (!safe || !set_up(my, e)) {
        my_close(&my->base);
        return NULL;
    }
    return &my->base;
}

static bool my_alive(const struct db *db)
{
    return !((const struct my *)db)->lost;
}

/* ---- asking --------------------------------------------------------------- */

static enum db_fault failed(struct my *my, const char *sql, struct error *e)
{
    struct mysql_fault f = said(my, sql);
    enum db_fault fault = fault_mysql_statement(&f, e);
    my->lost |= fault == DB_LOST || f.number == 1053;
    return fault;
}

static enum db_fault send_one(struct my *my, const struct str *sql, struct db_rows **rows,
                              struct error *e)
{
    if (mysql_real_query(my->conn, str_text(sql), sql->len) != 0)
        return failed(my, str_text(sql), e);
    MYSQL_RES *result = mysql_store_result(my->conn);
    if (!result && mysql_field_count(my->conn) > 0)
        return failed(my, str_text(sql), e);
    struct my_rows *answer = mem_alloc(sizeof *answer);
    answer->base.driver = &db_mysql;
    answer->base.rows = result ? (int)mysql_num_rows(result) : 0;
    answer->base.columns = result ? (int)mysql_num_fields(result) : 0;
    answer->base.affected = (int64_t)mysql_affected_rows(my->conn);
    answer->result = result;
    answer->at = -1;
    db_rows_free(*rows);
    *rows = &answer->base;
    return DB_OK;
}

static enum db_fault fill_and_send(struct my *my, const char *statement, size_t n, int count,
                                   const char *const *params, struct db_rows **rows,
                                   struct error *e)
{
    struct str sql = {0};
    int bad = 0;
    enum db_fault fault = DB_OTHER;
    if (text_mysql_fill(statement, n, count, params, &sql, &bad)) {
        fault = send_one(my, &sql, rows, e);
    } else {
        error_set(e, ERROR_DATABASE, "%s", my->where);
        error_why(e, "parameter %d of a statement is missing, or is no whole number", bad);
    }
    str_free(&sql);
    return fault;
}

static enum db_fault my_query(struct db *db, struct db_rows **rows, struct error *e,
                              const char *sql, int count, const char *const *params)
{
    struct my *my = (struct my *)db;
    enum db_fault fault = DB_OK;
    const char *statement;
    size_t n;
    int sent = 0;
    if (!enter_library(e))
        return DB_OTHER;
    for (; fault == DB_OK && (n = text_mysql_next(&sql, &statement)) > 0; sent++)
        fault = fill_and_send(my, statement, n, count, params, rows, e);
    if (fault == DB_OK)
        return DB_OK;
    db_rows_free(*rows);
    *rows = NULL;
    if (sent > 1 && !my->lost)
        (void)!mysql_query(my->conn, "ROLLBACK"); /* the first error is the one that counts */
    return fault;
}

static bool my_cancel(struct db *db, struct error *e)
{
    struct my *my = (struct my *)db;
    struct db *other = my_open(&my->address, "newel cancel", e);
    if (!other)
        return false;
    char *sql = mem_printf("KILL QUERY %lld", (long long)db->pid);
    struct db_rows *rows = NULL;
    enum db_fault fault = my_query(other, &rows, e, sql, 0, NULL);
    db_rows_free(rows);
    free(sql);
    my_close(other);
    return fault == DB_OK;
}

static bool my_set_read_only(struct db *db, struct error *e)
{
    return db_exec(db, "SET SESSION TRANSACTION READ ONLY", e) == DB_OK;
}

/* ---- answers -------------------------------------------------------------- */

static const char *my_value(const struct db_rows *rows, int row, int column)
{
    struct my_rows *my = (struct my_rows *)rows;
    if (row != my->at) {
        mysql_data_seek(my->result, (my_ulonglong)row);
        my->row = mysql_fetch_row(my->result);
        my->at = row;
    }
    return my->row ? my->row[column] : NULL;
}

static const char *my_column_name(const struct db_rows *rows, int column)
{
    return mysql_fetch_field_direct(((const struct my_rows *)rows)->result, (unsigned)column)->name;
}

static void my_rows_free(struct db_rows *rows)
{
    struct my_rows *my = (struct my_rows *)rows;
    if (my->result)
        mysql_free_result(my->result);
    free(my);
}

const struct db_driver db_mysql = {
    .open = my_open,
    .close = my_close,
    .alive = my_alive,
    .query = my_query,
    .cancel = my_cancel,
    .set_read_only = my_set_read_only,
    .value = my_value,
    .column_name = my_column_name,
    .rows_free = my_rows_free,
};
