#include "config.h"
#include "plan/check.h"

#include "dialect/check.h"
#include "plan/subject.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 3 /* findings of one check that are spelled out */

struct checker {
    struct db *db;
    const struct migration *m;
    const struct facts *f;
    const struct check_words *words;
    struct check_list *list;
    struct ddl_subject subject;
    char oid[24];
    bool may_write;
    struct error *e;
};

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

static struct check_result *add(struct checker *c, const char *name, enum check_verdict verdict,
                                const char *remedy, const char *evidence, ...) PRINTF_LIKE(5, 6);

static struct check_result *add(struct checker *c, const char *name, enum check_verdict verdict,
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

static bool is_gone(enum db_fault fault)
{
    return fault == DB_LOST || fault == DB_STOPPED;
}

/* ---- what the facts say --------------------------------------------------- */

static void check_version(struct checker *c)
{
    int version = c->f->version;
    if (version < c->words->oldest)
        add(c, "server version", CHECK_STOP, "newel needs PostgreSQL 13 or later", "PostgreSQL %s",
            c->f->version_text);
    else if (version >= c->words->newest + 10000)
        add(c, "server version", CHECK_WARN, "try it on a copy first",
            "PostgreSQL %s is newer than any that newel knows", c->f->version_text);
    else
        add(c, "server version", CHECK_PASS, NULL, "PostgreSQL %s", c->f->version_text);
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

/* False when there is nothing to look at any further. */
static bool check_table(struct checker *c)
{
    const struct facts *f = c->f;
    if (!f->table_exists) {
        add(c, "table", CHECK_STOP, "check its name, its schema and the database of the dsn",
            "there is no table %s in database %s (schemas looked through: %s)", c->m->table,
            f->database, f->search_path);
        return false;
    }
    if (f->relkind != 'r') {
        add(c, "table", CHECK_STOP, "newel changes ordinary tables only", "%s is %s", f->qualified,
            kind_name(f->relkind));
        return false;
    }
    if (f->persistence == 't') {
        add(c, "table", CHECK_STOP, "name the permanent table", "%s is a temporary table",
            f->qualified);
        return false;
    }
    add(c, "table", CHECK_PASS, NULL, "%s is an ordinary table%s, about %" PRId64 " rows",
        f->qualified, f->persistence == 'u' ? " (unlogged: replicas do not have it)" : "",
        f->rows_estimate);
    return true;
}

static void check_key(struct checker *c, enum walk_order order)
{
    if (c->f->key_count)
        add(c, "primary key", CHECK_PASS, NULL, "%zu column%s", c->f->key_count,
            c->f->key_count == 1 ? "" : "s");
    else if (order == WALK_KEYS)
        add(c, "primary key", CHECK_STOP,
            "add one, or use new_rows = trigger on PostgreSQL 14 or later, which needs none",
            "there is none, and the backfill has to walk along it");
    else
        add(c, "primary key", CHECK_WARN,
            "nothing to do; rows are named by their place in messages, not by a key",
            "there is none: the backfill goes by blocks");
}

/* ---- questions ------------------------------------------------------------ */

static void add_findings(struct checker *c, const struct check_query *q, const struct db_rows *rows)
{
    struct str evidence = {0}, remedy = {0};
    int count = db_row_count(rows);
    for (int i = 0; i < count && i < SHOWN; i++) {
        const char *what = db_value(rows, i, 0), *todo = db_value(rows, i, 1);
        str_addf(&evidence, "%s%s", i ? "; " : "", what ? what : "");
        if (todo && !(remedy.len && strstr(str_text(&remedy), todo)))
            str_addf(&remedy, "%s%s", remedy.len ? "; " : "", todo);
    }
    if (count > SHOWN)
        str_addf(&evidence, "; and %d more", count - SHOWN);
    struct check_result *r = add(c, q->name, q->stops ? CHECK_STOP : CHECK_WARN, str_text(&remedy),
                                 "%s", str_text(&evidence));
    r->privilege = q->privilege;
    str_free(&evidence);
    str_free(&remedy);
}

static bool ask(struct checker *c, const struct check_query *q)
{
    const char *params[] = {c->oid};
    struct db_rows *rows;
    enum db_fault fault = db_query(c->db, &rows, c->e, q->sql, q->of_table ? 1 : 0, params);
    if (is_gone(fault))
        return false;
    if (fault != DB_OK) {
        add(c, q->name, CHECK_WARN, c->e->todo, "could not be asked: %s", c->e->why);
        return true;
    }
    if (db_row_count(rows))
        add_findings(c, q, rows);
    else
        add(c, q->name, CHECK_PASS, NULL, "%s", q->passed);
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
    return !is_gone(fault);
}

static bool check_column(struct checker *c)
{
    bool ours;
    if (!c->f->column_exists) {
        add(c, "column", CHECK_PASS, NULL, "%s is not there yet", c->m->column);
        return true;
    }
    if (!ask_ours(c, &ours))
        return false;
    if (ours)
        add(c, "column", CHECK_PASS, NULL, "%s %s is there from an earlier run of this migration",
            c->m->column, c->f->column_type);
    else
        add(c, "column", CHECK_STOP, "choose another name, or drop that column if it is a leftover",
            "%s already has a column %s %s, which this migration has not made", c->f->qualified,
            c->m->column, c->f->column_type);
    return true;
}

/* ---- probes --------------------------------------------------------------- */

/* Runs `sql` (taken over) and tells whether it worked; the answer's rows are left to `rows`. */
static enum db_fault run(struct checker *c, char *sql, struct db_rows **rows)
{
    enum db_fault fault = db_query(c->db, rows, c->e, sql, 0, NULL);
    free(sql);
    return fault;
}

static bool end_probe(struct checker *c)
{
    struct error ignored; /* what went wrong before is what counts */
    return db_alive(c->db) && db_exec(c->db, c->words->rollback, &ignored) == DB_OK;
}

static void refuse(struct checker *c, const char *name, const char *remedy)
{
    add(c, name, CHECK_STOP, remedy, "the server refuses it: %s", c->e->why);
}

static void judge_clone(struct checker *c, const struct db_rows *rows)
{
    const char *type = db_value(rows, 0, 1);
    if (db_bool(rows, 0, 0))
        add(c, "type", CHECK_STOP,
            "use a type without a default, a sequence, an identity, a generated value or a "
            "domain's "
            "constraint",
            "adding a column of type %s would rewrite the whole table under ACCESS EXCLUSIVE",
            c->m->type);
    else if (db_bool(rows, 0, 2))
        add(c, "type", CHECK_STOP,
            "give the type alone; default, not_null and what follows have their own keys and "
            "phases",
            "type %s brings a default, a constraint or an index along", c->m->type);
    else
        add(c, "type", CHECK_PASS, NULL, "%s: adding it writes the catalog alone", type);
}

/* The column on an empty copy of the table, and its value assigned there. */
static bool probe_clone(struct checker *c)
{
    struct db_rows *rows;
    if (db_exec(c->db, c->words->begin, c->e) != DB_OK)
        return false;
    enum db_fault fault = run(c, c->words->clone(&c->subject), NULL);
    if (fault != DB_OK) {
        if (is_gone(fault))
            return false;
        struct check_result *r =
            add(c, "type", CHECK_STOP, c->e->todo,
                "no temporary copy of the table could be made to try it: %s", c->e->why);
        r->privilege = fault == DB_PRIVILEGE;
        return end_probe(c);
    }
    fault = run(c, c->words->add_to_clone(&c->subject), NULL);
    if (fault == DB_OK)
        fault = db_query(c->db, &rows, c->e, c->words->look_at_clone, 0, NULL);
    if (fault != DB_OK) {
        refuse(c, "type", "check [column] type");
        return end_probe(c);
    }
    judge_clone(c, rows);
    db_rows_free(rows);
    fault = run(c, c->words->assign(&c->subject, true), NULL);
    if (fault != DB_OK)
        refuse(c, "assignment", "check [backfill] value and where, and the column's type");
    else
        add(c, "assignment", CHECK_PASS, NULL, "the value fits the column's type");
    return end_probe(c);
}

static void judge_view(struct checker *c, const struct db_rows *rows)
{
    const char *generated = db_value(rows, 0, 1);
    bool trigger = c->m->new_rows == NEW_ROWS_TRIGGER;
    if (generated && trigger)
        add(c, "made of", CHECK_STOP,
            "write the expression of the generated column in its place, or use another new_rows",
            "the value reads %s, which is generated after the trigger has run", generated);
    else if (db_bool(rows, 0, 0))
        add(c, "made of", CHECK_WARN, "be sure that this is meant",
            "the value is volatile: each row gets one of its own, and a changed row keeps it");
    else
        add(c, "made of", CHECK_PASS, NULL, "the row alone decides the value");
}

static bool probe_view(struct checker *c)
{
    struct db_rows *rows;
    if (db_exec(c->db, c->words->begin, c->e) != DB_OK)
        return false;
    enum db_fault fault = run(c, c->words->make_view(&c->subject), NULL);
    if (fault == DB_OK)
        fault = db_query(c->db, &rows, c->e, c->words->look_at_view, 0, NULL);
    if (fault == DB_OK) {
        judge_view(c, rows);
        db_rows_free(rows);
    } else if (!is_gone(fault)) {
        add(c, "made of", CHECK_WARN, "be sure that the value is what you mean",
            "what the value is made of could not be found out: %s", c->e->why);
    }
    return end_probe(c);
}

static bool check_shape(struct checker *c)
{
    if (c->f->column_exists) {
        enum db_fault fault = run(c, c->words->assign(&c->subject, false), NULL);
        if (fault != DB_OK)
            refuse(c, "assignment", "check [backfill] value and where, and the column's type");
        else
            add(c, "assignment", CHECK_PASS, NULL, "the value fits the column's type");
        return !is_gone(fault);
    }
    if (c->may_write)
        return probe_clone(c) && probe_view(c);
    add(c, "type", CHECK_SKIPPED, "newel run tries it before anything else",
        "whether adding %s rewrites the table shows on a temporary copy, which a read-only session "
        "cannot make",
        c->m->type);
    return true;
}

/* ---- expressions ---------------------------------------------------------- */

static bool check_value(struct checker *c)
{
    bool trigger = c->m->new_rows == NEW_ROWS_TRIGGER;
    if (!c->m->value_sql && !c->m->default_sql) {
        add(c, "value", CHECK_WARN, "give [backfill] value or [column] default if rows need one",
            "there is none: no row gets anything");
        return true;
    }
    enum db_fault fault = run(c, c->words->evaluate(&c->subject, false), NULL);
    if (fault == DB_OK && trigger) {
        fault = run(c, c->words->evaluate(&c->subject, true), NULL);
        if (fault != DB_OK) {
            refuse(c, "value",
                   "a trigger knows the row's columns alone, not its place (ctid) and "
                   "not its table");
            return !is_gone(fault);
        }
    }
    if (fault != DB_OK)
        refuse(c, "value", "check [backfill] value and where");
    else
        add(c, "value", CHECK_PASS, NULL, "the server can compute it");
    return !is_gone(fault);
}

static bool check_default(struct checker *c)
{
    if (!c->m->default_sql)
        return true;
    enum db_fault fault = run(c, c->words->evaluate_default(&c->subject), NULL);
    if (fault != DB_OK)
        refuse(c, "default", "check [column] default");
    else
        add(c, "default", CHECK_PASS, NULL, "the server can compute it");
    return !is_gone(fault);
}

static void check_reach(struct checker *c)
{
    const struct migration *m = c->m;
    if (m->not_null && m->value_sql && m->where_sql && !m->default_sql)
        add(c, "not null", CHECK_STOP, "give [column] default, which those rows get",
            "rows outside [backfill] where would stay NULL");
}

/* ---- all of it ------------------------------------------------------------ */

static bool ask_all(struct checker *c)
{
    for (size_t i = 0; i < c->words->query_count; i++)
        if (!ask(c, &c->words->queries[i]))
            return false;
    return true;
}

bool check_run(struct db *db, const struct migration *m, const struct facts *f, bool may_write,
               struct check_list *out, struct error *e)
{
    char *column = db_quote_name(f->engine, m->column), *table = db_quote_name(f->engine, f->table ? f->table : m->table);
    struct checker c = {
        .db = db,
        .m = m,
        .f = f,
        .words = check_words(f->engine),
        .list = out,
        .subject = plan_subject(m, f, column, table),
        .may_write = may_write,
        .e = e,
    };
    (void)snprintf(c.oid, sizeof c.oid, "%" PRId64, f->oid);
    *out = (struct check_list){0};
    check_version(&c);
    bool ok = true;
    if (check_table(&c)) {
        check_key(&c, plan_order(m, f, NULL));
        check_reach(&c);
        ok = check_column(&c) && check_value(&c) && check_default(&c) && check_shape(&c) &&
             ask_all(&c);
    }
    free(column);
    free(table);
    return ok;
}
