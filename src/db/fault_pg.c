#include "config.h"
#include "db/fault_pg.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static bool is_state(const char *state, const char *wanted)
{
    return strcmp(state, wanted) == 0;
}

static bool is_class(const char *state, const char *wanted)
{
    return strncmp(state, wanted, 2) == 0;
}

static bool is_one_of(const char *state, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_state(state, list[i]))
            return true;
    return false;
}

/* What a value's expression can meet on one row and not on another: data, a subquery of two rows,
 * constraints, functions of SQL, C and PL/pgSQL. */
static bool is_of_row(const char *state)
{
    static const char *const classes[] = {"21", "22", "23", "2F", "38", "39", "P0"};
    for (size_t i = 0; i < COUNT_OF(classes); i++)
        if (is_class(state, classes[i]))
            return true;
    return false;
}

static enum db_fault classify(const struct pg_fault *f)
{
    static const char *const exists[] = {"42701", "42P07", "42710", "42P06", "42723"};
    static const char *const missing[] = {"42703", "42P01", "42704", "42883", "3F000"};
    static const char *const stopped[] = {"57P01", "57P02", "57P03", "57P04", "57P05"};
    static const struct {
        const char *state;
        enum db_fault fault;
    } single[] = {
        {"42501", DB_PRIVILEGE},     {"55P03", DB_LOCK_TIMEOUT}, {"40P01", DB_DEADLOCK},
        {"40001", DB_SERIALIZATION}, {"57014", DB_CANCELLED},    {"25006", DB_READ_ONLY},
        {"3D000", DB_REFUSED},
    };
    const char *state = f->sqlstate ? f->sqlstate : "";
    if (is_state(state, "22P02") && strstr(f->message, "newel_fenced"))
        return DB_FENCED;
    for (size_t i = 0; i < COUNT_OF(single); i++)
        if (is_state(state, single[i].state))
            return single[i].fault;
    if (is_one_of(state, stopped, COUNT_OF(stopped)))
        return DB_STOPPED;
    if (f->lost || is_class(state, "08"))
        return DB_LOST;
    if (is_one_of(state, exists, COUNT_OF(exists)))
        return DB_EXISTS;
    if (is_one_of(state, missing, COUNT_OF(missing)))
        return DB_MISSING;
    if (is_class(state, "28"))
        return DB_REFUSED;
    if (is_of_row(state))
        return DB_DATA;
    return DB_OTHER;
}

/* Lines of a message become one, without the blanks that ended them. */
static void add_words(struct str *s, const char *text)
{
    size_t n = strlen(text);
    while (n && strchr(" \n", text[n - 1]))
        n--;
    for (size_t i = 0; i < n; i++)
        if (text[i] != '\n')
            str_add_char(s, text[i]);
        else if (s->len && s->data[s->len - 1] != ' ')
            str_add_char(s, ' ');
}

/* The piece of the statement where the server lost the thread. */
static void add_fragment(struct str *s, const struct pg_fault *f)
{
    int64_t at = f->position ? strtoll(f->position, NULL, 10) : 0;
    if (at < 1 || !f->sql)
        return;
    const char *from = f->sql;
    for (int64_t i = 1; i < at && *from; i++)
        from += text_decode(from, strlen(from), &(uint32_t){0});
    const char *to = from;
    for (int i = 0; i < 30 && *to && *to != '\n'; i++)
        to += text_decode(to, strlen(to), &(uint32_t){0});
    if (to > from)
        str_addf(s, ", at: %.*s%s", (int)(to - from), from, *to ? "..." : "");
}

/* message; DETAIL; HINT */
static void say_why(const struct pg_fault *f, struct error *e)
{
    struct str s = {0};
    add_words(&s, f->message);
    add_fragment(&s, f);
    const char *more[] = {f->detail, f->hint};
    for (size_t i = 0; i < COUNT_OF(more); i++) {
        if (!more[i])
            continue;
        str_add(&s, "; ");
        add_words(&s, more[i]);
    }
    /* an error inside a function says nothing without where it was raised */
    if (f->context && strstr(f->context, "PL/pgSQL")) {
        str_add(&s, "; in ");
        str_add_n(&s, f->context, strcspn(f->context, "\n"));
    }
    error_why(e, "%s", str_text(&s));
    str_free(&s);
}

/*
 * The GRANT that would help: the server names the object in its (English)
 * message only. False when the message is of another form.
 */
static bool say_grant(const struct pg_fault *f, struct error *e)
{
    static const struct {
        const char *prefix, *grant;
    } forms[] = {
        {"permission denied for table ", "GRANT SELECT, UPDATE ON"},
        {"permission denied for view ", "GRANT SELECT ON"},
        {"permission denied for schema ", "GRANT USAGE ON SCHEMA"},
        {"permission denied for database ", "GRANT CREATE ON DATABASE"},
        {"permission denied for sequence ", "GRANT USAGE ON SEQUENCE"},
        {"permission denied for function ", "GRANT EXECUTE ON FUNCTION"},
        {"permission denied for type ", "GRANT USAGE ON TYPE"},
    };
    char *user = db_quote_name(DB_POSTGRESQL, f->user ? f->user : "");
    bool said = false;
    for (size_t i = 0; i < COUNT_OF(forms) && !said; i++) {
        size_t n = strlen(forms[i].prefix);
        if (strncmp(f->message, forms[i].prefix, n) == 0) {
            error_todo(e, "%s %s TO %s", forms[i].grant, f->message + n, user);
            said = true;
        }
    }
    if (!said && strncmp(f->message, "must be owner of ", 17) == 0) {
        error_todo(e, "GRANT the role that owns %s TO %s", f->message + 17, user);
        said = true;
    }
    free(user);
    return said;
}

static void say_todo(const struct pg_fault *f, enum db_fault fault, struct error *e)
{
    switch (fault) {
    case DB_PRIVILEGE:
        if (!say_grant(f, e))
            error_todo(e, "GRANT the missing privilege to role \"%s\"", f->user ? f->user : "");
        break;
    case DB_LOCK_TIMEOUT:
        error_todo(e, "another session held the lock longer than lock_timeout");
        break;
    case DB_READ_ONLY:
        error_todo(e, "this server is a standby or read-only now; point the target at the primary");
        break;
    case DB_LOST:
        error_todo(e, "is the server up, and the network between?");
        break;
    case DB_STOPPED:
        error_todo(e, "the server ended the session; it is tried again when it is back");
        break;
    default:
        break;
    }
}

static void set_state(struct error *e, const char *state)
{
    (void)snprintf(e->sqlstate, sizeof e->sqlstate, "%.5s", state);
}

enum db_fault fault_pg_statement(const struct pg_fault *f, struct error *e)
{
    enum db_fault fault = classify(f);
    error_set(e, ERROR_DATABASE, "%s", f->where);
    if (f->sqlstate)
        set_state(e, f->sqlstate);
    say_why(f, e);
    say_todo(f, fault, e);
    return fault;
}

/*
 * libpq gives no SQLSTATE for a connection that was never made, so the
 * frequent causes are known by their words. An unknown one, or one in another
 * language, still shows the server's text.
 */
enum db_fault fault_pg_connect(const struct pg_fault *f, struct error *e)
{
    static const struct {
        const char *words, *state, *todo;
        enum db_fault fault;
    } known[] = {
        {"password authentication failed", "28P01",
         "check the role's password in the passfile (~/.pgpass, mode 0600) or service file",
         DB_REFUSED},
        {"no password supplied", "28P01",
         "put the password into a passfile (~/.pgpass, mode 0600); newel never asks for one",
         DB_REFUSED},
        {"no pg_hba.conf entry", "28000",
         "add a line for this role, database and host to the "
         "server's pg_hba.conf and reload it",
         DB_REFUSED},
        {"authentication failed", "28000",
         "check the role, and the method that the server's pg_hba.conf asks of it", DB_REFUSED},
        {"too many clients", "53300",
         "the server has no free connection; end some, or raise "
         "max_connections",
         DB_LOST},
        {"remaining connection slots", "53300",
         "the server has no free connection; end some, or "
         "raise max_connections",
         DB_LOST},
        {"the database system is", "57P03", "the server is starting or stopping; try again",
         DB_STOPPED},
        {"definition of service", "",
         "name a service that stands in ~/.pg_service.conf or "
         "PGSERVICEFILE",
         DB_REFUSED},
        {"could not translate host name", "", "check the host's name in the dsn", DB_LOST},
        {"Connection refused", "", "is the server up, and does it listen at that host and port?",
         DB_LOST},
        {"No such file or directory", "", "is the server up, and is that its socket folder?",
         DB_LOST},
        {"timeout expired", "", "is the host up and reachable? a firewall may drop the packets",
         DB_LOST},
    };
    error_set(e, ERROR_DATABASE, "cannot connect to %s", f->where);
    say_why(f, e);
    if (f->needs_password) {
        set_state(e, "28P01");
        error_todo(e, "put the password into a passfile (~/.pgpass, mode 0600); "
                      "newel never asks for one");
        return DB_REFUSED;
    }
    /* before "does not exist": a missing role is told like a missing database */
    if (strstr(f->message, "database \"") && strstr(f->message, "does not exist")) {
        set_state(e, "3D000");
        error_todo(e, "check dbname in the dsn; psql -l lists the server's databases");
        return DB_REFUSED;
    }
    if (strstr(f->message, "role \"") && strstr(f->message, "does not exist")) {
        set_state(e, "28000");
        error_todo(e, "check user in the dsn, or CREATE ROLE it with LOGIN");
        return DB_REFUSED;
    }
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strstr(f->message, known[i].words)) {
            set_state(e, known[i].state);
            error_todo(e, "%s", known[i].todo);
            return known[i].fault;
        }
    error_todo(e, "is the server up, and the dsn right?");
    return DB_LOST;
}
