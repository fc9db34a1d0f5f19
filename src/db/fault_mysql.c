#include "config.h"
#include "db/fault_mysql.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Of a longer text. */
struct part {
    const char *text;
    size_t n;
};

/* The numbers themselves: the two families' headers do not name all of them. */
static enum db_fault classify(int number, const char *sqlstate)
{
    static const struct {
        int number;
        enum db_fault fault;
    } known[] = {
        {1205, DB_LOCK_TIMEOUT},  {3572, DB_LOCK_TIMEOUT}, /* NOWAIT */
        {1213, DB_DEADLOCK}, /* and what Galera's certification refuses */
        {1020, DB_SERIALIZATION}, {1180, DB_SERIALIZATION}, /* Galera, at COMMIT */
        {1317, DB_CANCELLED},     {1969, DB_CANCELLED},     {3024, DB_CANCELLED},
        {1290, DB_READ_ONLY},     {1792, DB_READ_ONLY},     {1836, DB_READ_ONLY},
        {1044, DB_PRIVILEGE},     {1095, DB_PRIVILEGE},     {1142, DB_PRIVILEGE},
        {1143, DB_PRIVILEGE},     {1227, DB_PRIVILEGE},     {1370, DB_PRIVILEGE},
        {1419, DB_PRIVILEGE},     {1045, DB_REFUSED},       {1698, DB_REFUSED},
        {1845, DB_ALGORITHM},     {1846, DB_ALGORITHM},     {4092, DB_ALGORITHM},
        {1007, DB_EXISTS},        {1050, DB_EXISTS},        {1060, DB_EXISTS},
        {1061, DB_EXISTS},        {1359, DB_EXISTS},        {1049, DB_MISSING},
        {1051, DB_MISSING},       {1054, DB_MISSING},       {1091, DB_MISSING},
        {1146, DB_MISSING},       {1305, DB_MISSING},       {1360, DB_MISSING},
        {1138, DB_DATA},          {1265, DB_DATA},          {1366, DB_DATA},
        {1406, DB_DATA},          {1644, DB_DATA},    /* SIGNAL */
        {3819, DB_DATA},                              /* CHECK, MySQL */
        {4025, DB_DATA},                              /* CHECK, MariaDB */
        {1053, DB_STOPPED},       {1047, DB_STOPPED}, /* a node of Galera that is not ready */
        {1927, DB_LOST},          {3169, DB_LOST},    /* the session was killed */
        {4031, DB_LOST},                              /* idle for too long */
        {2002, DB_LOST},          {2003, DB_LOST},          {2006, DB_LOST},
        {2012, DB_LOST},          {2013, DB_LOST},          {2026, DB_REFUSED},
        {2055, DB_LOST},          {2058, DB_REFUSED},       {2059, DB_REFUSED},
        {2061, DB_REFUSED},
    };
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (known[i].number == number)
            return known[i].fault;
    /* 21: a subquery of two rows, among others */
    static const char *const of_row[] = {"21", "22", "23", "45"};
    for (size_t i = 0; i < COUNT_OF(of_row); i++)
        if (strncmp(sqlstate, of_row[i], 2) == 0)
            return DB_DATA;
    return DB_OTHER;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* "`shop`.`orders`" of a statement that says so; empty when it does not. */
static struct part qualified(const char *sql, struct part name)
{
    for (const char *dot = sql ? strchr(sql, '.') : NULL; dot; dot = strchr(dot + 1, '.')) {
        size_t quoted = dot[1] == '`';
        if (strncmp(dot + 1 + quoted, name.text, name.n) != 0)
            continue;
        const char *begin = dot, *end = dot + 1 + quoted + name.n;
        if (quoted ? *end != '`' : is_word(*end))
            continue;
        if (dot > sql && dot[-1] == '`')
            begin--;
        while (begin > sql && (dot[-1] == '`' ? begin[-1] != '`' : is_word(begin[-1])))
            begin--;
        if (begin > sql && dot[-1] == '`')
            begin--;
        return (struct part){begin, (size_t)(end - begin) + quoted};
    }
    return (struct part){"", 0};
}

/*
 * As in: UPDATE command denied to user 'newel'@'10.0.0.7' for table `shop`.`orders`
 * MySQL says 'orders' alone. The user there has the client's host, which need not be the account's.
 */
static bool say_grant(const struct mysql_fault *f, struct error *e)
{
    const char *message = f->message;
    const char *user = strstr(message, " denied to user "), *on = strstr(message, " for table ");
    const char *command = strstr(message, " command");
    if (!user || !on || on < user || !command || command > user)
        return false;
    user += strlen(" denied to user ");
    struct part account = {user, (size_t)(on - user)};
    if (f->user)
        account = (struct part){f->user, strlen(f->user)};
    on += strlen(" for table ");
    struct part table = {on, strlen(on)};
    if (*on == '\'' && table.n > 2)
        table = qualified(f->sql, (struct part){on + 1, table.n - 2});
    return table.n && !error_todo(e, "GRANT %.*s ON %.*s TO %.*s", (int)(command - message),
                                  message, (int)table.n, table.text, (int)account.n, account.text);
}

/* The client's own plugin: MariaDB's library says it with the number of a wrong password. */
static bool lacks_plugin(const struct mysql_fault *f)
{
    return f->number == 2059 || (f->number == 1045 && strstr(f->message, "could not be loaded"));
}

static void say_todo(const struct mysql_fault *f, enum db_fault fault, struct error *e)
{
    if (f->number == 1227) {
        /* "Access denied; you need (at least one of) the SUPER privilege(s) for this operation" */
        error_todo(e, "grant %s what the message names, or leave it out", f->user ? f->user : "us");
    } else if (f->number == 1419) {
        error_todo(e, "SET GLOBAL log_bin_trust_function_creators = 1, or grant SUPER: a trigger "
                      "needs it while the binary log is on");
    } else if (f->number == 1044 && strstr(f->message, "to database 'newel'")) {
        error_todo(e, "GRANT ALL ON newel.* TO %s", f->user ? f->user : "the account");
    } else if (fault == DB_PRIVILEGE) {
        (void)!say_grant(f, e);
    } else if (lacks_plugin(f)) {
        error_todo(e, "install that plugin of the client library, or name the folder that has it "
                      "as the target's plugin_dir");
    } else if (f->number == 2061 || f->number == 3159) {
        error_todo(e, "use TLS (ssl_mode = required) or the unix socket");
    } else if (f->number == 2026 && fault != DB_LOST) {
        error_todo(e, "check ssl_mode, ssl_ca, and that the server's certificate is for the "
                      "host as it is named here");
    } else if (fault == DB_READ_ONLY) {
        error_todo(e, "the target must name the primary, where writes are let in");
    }
}

static void fill(const struct mysql_fault *f, struct error *e)
{
    struct str why = {0};
    text_add_line(&why, f->message ? f->message : "");
    error_why(e, "%s", str_text(&why));
    str_free(&why);
    e->number = f->number;
    (void)snprintf(e->sqlstate, sizeof e->sqlstate, "%s", f->sqlstate ? f->sqlstate : "");
}

enum db_fault fault_mysql_statement(const struct mysql_fault *f, struct error *e)
{
    enum db_fault fault = classify(f->number, f->sqlstate ? f->sqlstate : "");
    /* where TLS stood already, its error is that of a connection that broke */
    if (f->number == 2026)
        fault = DB_LOST;
    error_set(e, ERROR_DATABASE, "%s", f->where);
    fill(f, e);
    say_todo(f, fault, e);
    return fault;
}

enum db_fault fault_mysql_connect(const struct mysql_fault *f, struct error *e)
{
    enum db_fault fault = classify(f->number, f->sqlstate ? f->sqlstate : "");
    error_set(e, ERROR_DATABASE, "%s: no connection", f->where);
    fill(f, e);
    if ((f->number == 1045 || f->number == 1698) && !lacks_plugin(f))
        error_todo(e, "check user and password where they stand: the option file that "
                      "defaults_file names, ~/.my.cnf, or a login path; and ssl_mode and ssl_cert, "
                      "if the account asks for TLS or a certificate");
    else if (fault == DB_MISSING || f->number == 1044)
        error_todo(e, "check the target's database, and that the account may use it");
    else
        say_todo(f, fault, e);
    return fault == DB_LOST || fault == DB_STOPPED ? fault : DB_REFUSED;
}
