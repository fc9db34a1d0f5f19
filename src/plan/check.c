#include "config.h"
#include "plan/checker.h"

#include "dialect/watch.h"
#include "plan/estimate.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 3      /* findings of one check that are spelled out */
#define PARAMS_MAX 8 /* of one question */

const char *check_verdict_name(enum check_verdict verdict)
{
    static const char *const names[] = {"pass", "warn", "stop", "skipped"};
    return names[verdict];
}

void check_list_free(struct check_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].evidence);
        free(list->items[i].remedy);
    }
    free(list->items);
    *list = (struct check_list){0};
}

size_t check_count(const struct check_list *list, enum check_verdict verdict)
{
    size_t n = 0;
    for (size_t i = 0; i < list->count; i++)
        n += list->items[i].verdict == verdict;
    return n;
}

struct check_result *checker_add(struct checker *c, const char *name, enum check_verdict verdict,
                                 const char *remedy, const char *evidence, ...)
{
    struct str text = {0};
    va_list args;
    va_start(args, evidence);
    str_vaddf(&text, evidence, args);
    va_end(args);
    struct check_result *r = VEC_PUSH(c->list->items, c->list->count);
    r->name = name;
    r->verdict = verdict;
    r->evidence = str_take(&text);
    r->remedy = mem_dup(remedy ? remedy : "");
    return r;
}

bool checker_is_gone(enum db_fault fault)
{
    return fault == DB_LOST || fault == DB_STOPPED;
}

/* ---- what the facts say --------------------------------------------------- */

static void check_version(struct checker *c)
{
    int version = c->f->version;
    const char *name = db_engine_name(c->f->engine);
    if (version < c->words->oldest) {
        char *remedy = mem_printf("newel needs %s or later", c->words->needs);
        checker_add(c, "server version", CHECK_STOP, remedy, "%s %s", name, c->f->version_text);
        free(remedy);
    } else if (version >= c->words->newest + 10000) {
        checker_add(c, "server version", CHECK_WARN, "try it on a copy first",
                    "%s %s is newer than any that newel knows", name, c->f->version_text);
    } else {
        checker_add(c, "server version", CHECK_PASS, NULL, "%s %s", name, c->f->version_text);
    }
}

/* One that keeps sessions apart; of the other kind we would not have come here. */
static void check_pooler(struct checker *c)
{
    if (db_is_relayed(c->db))
        checker_add(c, "pooler", CHECK_WARN, "let the dsn name the server itself, past the pooler",
                    "a pooler or proxy stands between us and the server: something else than our "
                    "session, %" PRId64 ", has greeted us; it may end idle sessions, and has a "
                    "limit of its own on their number",
                    db_backend_pid(c->db));
    else
        checker_add(c, "pooler", CHECK_PASS, NULL, "we speak to the server itself");
}

static const char *kind_name(char relkind)
{
    switch (relkind) {
    case 'p':
        return "a partitioned table";
    case 'v':
        return "a view";
    case 'm':
        return "a materialized view";
    case 'f':
        return "a foreign table";
    case 'S':
        return "a sequence";
    default:
        return "no ordinary table";
    }
}

/* Each partition is walked by itself; the statements go to the table, and from it to all of them.
 */
static bool check_partitions(struct checker *c)
{
    const struct facts *f = c->f;
    for (size_t i = 0; i < f->leaf_count; i++)
        if (f->leaves[i].relkind != 'r') {
            checker_add(c, "table", CHECK_STOP,
                        "detach it, or add the column on its own server first",
                        "partition %s of %s is %s", f->leaves[i].qualified, f->qualified,
                        kind_name(f->leaves[i].relkind));
            return false;
        }
    checker_add(c, "table", CHECK_PASS, NULL,
                "%s is partitioned: %zu partition%s, about %" PRId64 " rows", f->qualified,
                f->leaf_count, f->leaf_count == 1 ? "" : "s", f->rows_estimate);
    return true;
}

/* Whose tables a schema holds, where they are nobody's to change. */
static const char *owner_of(const struct facts *f)
{
    static const char *const postgresql[] = {"pg_catalog", "pg_toast", "information_schema", NULL};
    static const char *const mysql[] = {"mysql", "sys", "performance_schema", "information_schema",
                                        NULL};
    if (strcmp(f->schema, "newel") == 0)
        return "newel";
    for (const char *const *name = f->engine == DB_POSTGRESQL ? postgresql : mysql; *name; name++)
        if (strcmp(f->schema, *name) == 0)
            return "the server";
    return NULL;
}

/* False when there is nothing to look at any further. */
static bool check_table(struct checker *c)
{
    const struct facts *f = c->f;
    if (!f->table_exists) {
        if (f->engine == DB_POSTGRESQL)
            checker_add(c, "table", CHECK_STOP,
                        "check its name, its schema and the database of the dsn",
                        "there is no table %s in database %s (schemas looked through: %s)",
                        c->m->table, f->database, f->search_path);
        else
            checker_add(c, "table", CHECK_STOP, "check its name and the target's database",
                        "there is no table %s in database %s", c->m->table, f->database);
        return false;
    }
    const char *owner = owner_of(f);
    if (owner) {
        checker_add(c, "table", CHECK_STOP, "name a table of the application",
                    "%s belongs to %s itself, which relies on its shape", f->qualified, owner);
        return false;
    }
    if (f->relkind == 'p')
        return check_partitions(c);
    if (f->relkind != 'r') {
        checker_add(c, "table", CHECK_STOP, "newel changes ordinary and partitioned tables only",
                    "%s is %s", f->qualified, kind_name(f->relkind));
        return false;
    }
    if (f->persistence == 't') {
        checker_add(c, "table", CHECK_STOP, "name the permanent table", "%s is a temporary table",
                    f->qualified);
        return false;
    }
    checker_add(c, "table", CHECK_PASS, NULL, "%s is an ordinary table, about %" PRId64 " rows",
                f->qualified, f->rows_estimate);
    return true;
}

static void check_key(struct checker *c, enum walk_order order)
{
    struct str key = {0};
    for (size_t i = 0; i < c->f->key_count; i++)
        str_addf(&key, "%s%s %s", i ? ", " : "", c->f->key[i].name, c->f->key[i].type);
    if (key.len)
        checker_add(c, "primary key", CHECK_PASS, NULL, "%s", str_text(&key));
    else if (order == WALK_KEYS)
        checker_add(
            c, "primary key", CHECK_STOP,
            "add one, or use new_rows = trigger on PostgreSQL 14 or later, which needs none",
            "there is none, and the backfill has to walk along it");
    else
        checker_add(c, "primary key", CHECK_WARN,
                    "nothing to do; rows are named by their place in messages, not by a key",
                    "there is none: the backfill goes by blocks");
    str_free(&key);
}

/* ---- questions ------------------------------------------------------------ */

static enum check_verdict verdict_of(const struct check_query *q, const struct db_rows *rows,
                                     int row)
{
    const char *said = db_column_count(rows) > 2 ? db_value(rows, row, 2) : NULL;
    for (enum check_verdict v = CHECK_PASS; said && v <= CHECK_STOP; v++)
        if (strcmp(said, check_verdict_name(v)) == 0)
            return v;
    return q->stops ? CHECK_STOP : CHECK_WARN;
}

/* The findings of the worst verdict alone: what is well beside them is no news. */
static void add_findings(struct checker *c, const struct check_query *q, const struct db_rows *rows)
{
    struct str evidence = {0}, remedy = {0};
    enum check_verdict worst = CHECK_PASS;
    int count = db_row_count(rows), found = 0;
    for (int i = 0; i < count; i++)
        if (verdict_of(q, rows, i) > worst)
            worst = verdict_of(q, rows, i);
    for (int i = 0; i < count; i++) {
        if (verdict_of(q, rows, i) != worst || found++ >= SHOWN)
            continue;
        const char *what = db_value(rows, i, 0), *todo = db_value(rows, i, 1);
        str_addf(&evidence, "%s%s", found > 1 ? "; " : "", what ? what : "");
        if (worst > CHECK_PASS && todo && !(remedy.len && strstr(str_text(&remedy), todo)))
            str_addf(&remedy, "%s%s", remedy.len ? "; " : "", todo);
    }
    if (found > SHOWN)
        str_addf(&evidence, "; and %d more", found - SHOWN);
    struct check_result *r =
        checker_add(c, q->name, worst, str_text(&remedy), "%s", str_text(&evidence));
    r->privilege = q->privilege;
    str_free(&evidence);
    str_free(&remedy);
}

/* Returns how many of `params` it has filled; `oid` and `log` are room for two of them. */
static int add_params(const struct checker *c, const struct check_query *q, char oid[24],
                      char log[24], const char **params)
{
    int count = q->of_table ? facts_ref(c->f, oid, params) : 0;
    for (const char *at = q->takes; at && *at; at++)
        switch (*at) {
        case 'm':
            params[count++] = c->m->id;
            break;
        case 'c':
            params[count++] = c->m->column;
            break;
        case 't':
            params[count++] = c->m->type;
            break;
        case 'l':
            (void)snprintf(log, 24, "%" PRId64, estimate_log_bytes(c->f, c->stripes));
            params[count++] = log;
            break;
        }
    return count;
}

bool checker_ask(struct checker *c, const struct check_query *q)
{
    int version = c->f->version;
    if (version < q->from || (q->below && version >= q->below))
        return true;
    if (q->of_home && !c->f->newel_schema) {
        checker_add(c, q->name, CHECK_PASS, NULL, "%s", q->passed);
        return true;
    }
    char oid[24], log[24];
    const char *params[PARAMS_MAX];
    int count = add_params(c, q, oid, log, params);
    struct db_rows *rows;
    enum db_fault fault = db_query(c->db, &rows, c->e, q->sql, count, params);
    if (checker_is_gone(fault))
        return false;
    if (fault != DB_OK) {
        checker_add(c, q->name, CHECK_WARN, c->e->todo, "could not be asked: %s", c->e->why);
        return true;
    }
    if (db_row_count(rows))
        add_findings(c, q, rows);
    else
        checker_add(c, q->name, CHECK_PASS, NULL, "%s", q->passed);
    db_rows_free(rows);
    return true;
}

/* ---- the column ----------------------------------------------------------- */

/* Whether an earlier run of this migration has added it; false when the server is gone. */
static bool ask_ours(struct checker *c, bool *ours)
{
    *ours = false;
    if (!c->f->newel_schema)
        return true;
    const char *params[] = {c->m->id, c->m->column};
    struct db_rows *rows;
    enum db_fault fault = db_query(c->db, &rows, c->e, c->words->is_ours, 2, params);
    if (fault == DB_OK) {
        *ours = db_bool(rows, 0, 0);
        db_rows_free(rows);
    }
    return !checker_is_gone(fault);
}

static bool check_column(struct checker *c)
{
    bool ours;
    if (!c->f->column_exists) {
        checker_add(c, "column", CHECK_PASS, NULL, "%s is not there yet", c->m->column);
        return true;
    }
    if (!ask_ours(c, &ours))
        return false;
    if (ours)
        checker_add(c, "column", CHECK_PASS, NULL,
                    "%s %s is there from an earlier run of this migration", c->m->column,
                    c->f->column_type);
    else
        checker_add(c, "column", CHECK_STOP,
                    "choose another name, or drop that column if it is a leftover",
                    "%s already has a column %s %s, which this migration has not made",
                    c->f->qualified, c->m->column, c->f->column_type);
    return true;
}

enum db_fault checker_run(struct checker *c, char *sql, struct db_rows **rows)
{
    enum db_fault fault = db_query(c->db, rows, c->e, sql, 0, NULL);
    free(sql);
    return fault;
}

/* Who waits too long for a lock, or for an answer, has learnt nothing. */
void checker_refuse(struct checker *c, const char *name, const char *remedy)
{
    if (db_is_lock_timeout(c->e) || strcmp(c->e->sqlstate, "57014") == 0)
        checker_add(c, name, CHECK_WARN, c->e->todo, "could not be tried: %s", c->e->why);
    else
        checker_add(c, name, CHECK_STOP, remedy, "the server refuses it: %s", c->e->why);
}

/* ---- expressions ---------------------------------------------------------- */

static bool check_value(struct checker *c)
{
    bool trigger = c->m->new_rows == NEW_ROWS_TRIGGER;
    if (!c->m->value_sql && !c->m->default_sql) {
        checker_add(c, "value", CHECK_WARN,
                    "give [backfill] value or [column] default if rows need one",
                    "there is none: no row gets anything");
        return true;
    }
    enum db_fault fault = checker_run(c, c->words->evaluate(&c->subject, false), NULL);
    if (fault == DB_OK && trigger) {
        fault = checker_run(c, c->words->evaluate(&c->subject, true), NULL);
        if (fault != DB_OK) {
            checker_refuse(c, "value",
                           "a trigger knows the row's columns alone, not its place (ctid) and "
                           "not its table");
            return !checker_is_gone(fault);
        }
    }
    if (fault != DB_OK)
        checker_refuse(c, "value", "check [backfill] value and where");
    else
        checker_add(c, "value", CHECK_PASS, NULL, "the server can compute it");
    c->computes = fault == DB_OK;
    return !checker_is_gone(fault);
}

static bool check_default(struct checker *c)
{
    if (!c->m->default_sql)
        return true;
    enum db_fault fault = checker_run(c, c->words->evaluate_default(&c->subject), NULL);
    if (fault != DB_OK)
        checker_refuse(c, "default", "check [column] default");
    else
        checker_add(c, "default", CHECK_PASS, NULL, "the server can compute it");
    return !checker_is_gone(fault);
}

static void check_reach(struct checker *c)
{
    const struct migration *m = c->m;
    if (m->not_null && m->value_sql && m->where_sql && !m->default_sql)
        checker_add(c, "not null", CHECK_STOP, "give [column] default, which those rows get",
                    "rows outside [backfill] where would stay NULL");
}

/* ---- all of it ------------------------------------------------------------ */

static bool ask_all(struct checker *c)
{
    for (size_t i = 0; c->words->sets[i]; i++)
        for (size_t k = 0; k < c->words->sets[i]->count; k++)
            if (!checker_ask(c, &c->words->sets[i]->queries[k]))
                return false;
    return true;
}

static bool run_all(struct checker *c, enum walk_order order)
{
    bool pg = c->f->engine == DB_POSTGRESQL;
    check_version(c);
    check_pooler(c);
    if (!check_table(c))
        return true;
    check_key(c, order);
    check_reach(c);
    return check_column(c) && check_value(c) && check_default(c) &&
           (pg ? check_pg_shape(c) && check_pg_sample(c) : check_my_shape(c)) && check_room(c) &&
           ask_all(c);
}

/* Of a session that nothing else is asked of: false when it is gone. */
static bool set(struct checker *c, const char *sql)
{
    return !sql || !checker_is_gone(db_exec(c->db, sql, c->e));
}

/* Even the size of a table cannot be read while somebody has it to himself. */
static void name_holder(struct db *db, const struct migration *m, struct error *e)
{
    struct db_rows *rows;
    struct error ignored;
    if (!db_is_lock_timeout(e) || watch_holders(db, m->table, "{}", &rows, &ignored) != DB_OK)
        return;
    if (db_row_count(rows)) {
        const char *pid = db_value(rows, 0, 0), *app = db_value(rows, 0, 2),
                   *mode = db_value(rows, 0, 5);
        char *end = check_words(db_engine_of(db))->end_session(pid ? pid : "?");
        error_todo(e, "session %s (%s) has %s on %s: wait for it, or %s", pid ? pid : "?",
                   app ? app : "?", mode ? mode : "a lock", m->table, end);
        free(end);
    }
    db_rows_free(rows);
}

bool check_look(struct db *db, const struct migration *m, struct facts *f, struct error *e)
{
    const struct check_words *words = check_words(db_engine_of(db));
    if (words->guard && db_exec(db, words->guard, e) != DB_OK)
        return false;
    bool ok = facts_read(db, m, f, e);
    if (!ok && words->guard)
        name_holder(db, m, e);
    return ok;
}

bool check_run(struct db *db, const struct migration *m, const struct facts *f, bool may_write,
               struct check_list *out, struct error *e)
{
    char *column = db_quote_name(f->engine, m->column),
         *table = db_quote_name(f->engine, f->table ? f->table : m->table);
    enum walk_order order = plan_order(m, f, NULL);
    struct checker c = {
        .db = db,
        .m = m,
        .f = f,
        .words = check_words(f->engine),
        .list = out,
        .subject = plan_subject(m, f, column, table),
        .stripes = plan_stripes(order),
        .may_write = may_write,
        .e = e,
    };
    *out = (struct check_list){0};
    bool ok = set(&c, c.words->guard) && run_all(&c, order) && set(&c, c.words->unguard);
    free(column);
    free(table);
    return ok;
}
