#include "config.h"
#include "plan/checker.h"

#include "dialect/grants_my.h"
#include "plan/estimate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* False when nothing else is worth asking. */
static bool check_storage(struct checker *c)
{
    const char *engine = c->f->storage ? c->f->storage : "?";
    if (strcasecmp(engine, "InnoDB") == 0) {
        checker_add(c, "storage", CHECK_PASS, NULL, "InnoDB");
        return true;
    }
    checker_add(c, "storage", CHECK_STOP, "turn it into InnoDB first (ENGINE = InnoDB)",
                "the table is of %s, which has no transactions: a batch and its checkpoint could "
                "not be one",
                engine);
    return false;
}

/* ---- what DDL costs ------------------------------------------------------- */

static const char *agreement(enum ddl_algorithm by)
{
    return by == DDL_COPY ? "[ddl] algorithm = copy would agree to it"
                          : "[ddl] algorithm = inplace would agree to it";
}

static void check_algorithm(struct checker *c)
{
    const struct facts *f = c->f;
    if (f->add_by == DDL_INSTANT) {
        checker_add(c, "algorithm", CHECK_PASS, NULL,
                    "the column can be added at once (ALGORITHM=INSTANT)%s",
                    f->drop_by == DDL_INSTANT ? "" : "; to take it back, the table is built anew");
        return;
    }
    bool fine = f->add_by <= plan_agreed(c->m);
    char *cost = estimate_rebuild_cost(f, f->add_by);
    checker_add(c, "algorithm", fine ? CHECK_WARN : CHECK_STOP,
                fine ? "[ddl] algorithm agrees to it" : agreement(f->add_by),
                "%s; the column can only be added by %s: %s", f->add_by_why,
                plan_algorithm_name(f->add_by), cost);
    free(cost);
}

#define REBUILD_IS_SMALL (INT64_C(1) << 30)

/*
 * The rebuild in the end is what the file asks for unless it says otherwise; but
 * whoever starts should know, and writes that wait need a word of their own.
 */
static void check_not_null(struct checker *c)
{
    static const char by_triggers[] = "[ddl] not_null = trigger keeps NULL out without building "
                                      "the table anew";
    const struct facts *f = c->f;
    if (!c->m->not_null)
        return;
    if (c->m->not_null_by == NOT_NULL_TRIGGER) {
        checker_add(c, "not null", CHECK_PASS, NULL,
                    "triggers will refuse NULL; the column itself stays nullable");
        return;
    }
    bool waits = f->enforce_by > DDL_INPLACE, agreed = f->enforce_by <= plan_agreed(c->m);
    bool small = f->heap_bytes + f->index_bytes < REBUILD_IS_SMALL && f->cluster_nodes == 0;
    char *cost = estimate_rebuild_cost(f, f->enforce_by);
    char *remedy = mem_printf("%s%s%s", by_triggers, waits && !agreed ? "; " : "",
                              waits && !agreed ? agreement(f->enforce_by) : "");
    enum check_verdict verdict = waits && !agreed  ? CHECK_STOP
                                 : waits || !small ? CHECK_WARN
                                                   : CHECK_PASS;
    checker_add(c, "not null", verdict, verdict == CHECK_PASS ? NULL : remedy,
                "in the end NOT NULL comes by %s: %s", plan_algorithm_name(f->enforce_by), cost);
    free(remedy);
    free(cost);
}

static void check_cluster(struct checker *c)
{
    const struct facts *f = c->f;
    if (f->cluster_nodes == 0)
        return;
    if (f->cluster_method && strcasecmp(f->cluster_method, "TOI") != 0)
        checker_add(c, "cluster", CHECK_STOP, "SET GLOBAL wsrep_OSU_method = TOI",
                    "wsrep_OSU_method is %s: DDL would run on this node of %" PRId64
                    " alone, and the others could not apply the rows",
                    f->cluster_method, f->cluster_nodes);
    else
        checker_add(c, "cluster", CHECK_WARN,
                    "add columns at once (ALGORITHM=INSTANT) alone, and keep NULL out by triggers "
                    "where the table is large; name the other nodes as replicas, so that they are "
                    "watched",
                    "this is a node of a Galera cluster of %" PRId64
                    ": DDL runs on all nodes at once (TOI) and stops every write of the cluster "
                    "while it runs; batches that fail certification are tried again",
                    f->cluster_nodes);
}

/* ---- what the value is made of -------------------------------------------- */

static bool is_read(const struct checker *c, const char *column)
{
    return words_mention(c->m->value_sql, column) || words_mention(c->m->where_sql, column);
}

/* A trigger before the write sees neither. */
static void check_made_of(struct checker *c)
{
    static const char remedy[] = "leave that column out of value and where, or let the application "
                                 "fill new rows (new_rows = application)";
    const char *number = c->f->auto_increment;
    if (c->m->new_rows != NEW_ROWS_TRIGGER)
        return;
    if (number && is_read(c, number))
        checker_add(c, "made of", CHECK_STOP, remedy,
                    "the value reads %s, which is AUTO_INCREMENT: a trigger before an INSERT sees "
                    "0 in its place",
                    number);
    for (size_t i = 0; i < c->f->generated_count; i++)
        if (is_read(c, c->f->generated[i]))
            checker_add(c, "made of", CHECK_STOP, remedy,
                        "the value reads %s, which the server computes from other columns after "
                        "the trigger has run",
                        c->f->generated[i]);
}

static void check_key_types(struct checker *c)
{
    static const char *const odd[] = {"enum", "set", "float", "double", "json", "geometry"};
    for (size_t i = 0; i < c->f->key_count; i++)
        for (size_t k = 0; k < COUNT_OF(odd); k++)
            if (strncasecmp(c->f->key[i].type, odd[k], strlen(odd[k])) == 0)
                checker_add(c, "key types", CHECK_STOP, "a key of integers, texts, bytes or dates",
                            "column %s of the primary key is %s: a range of it cannot be named by "
                            "its values",
                            c->f->key[i].name, c->f->key[i].type);
}

#define UNSAFE_STATEMENT "1592" /* ER_BINLOG_UNSAFE_STATEMENT */

/* A GRANT helps where one is missing, else `remedy` does (NULL: what the error says). */
static void refuse(struct checker *c, enum db_fault fault, const char *name, const char *remedy)
{
    bool privilege = fault == DB_PRIVILEGE;
    checker_add(c, name, CHECK_STOP, privilege || !remedy ? c->e->todo : remedy,
                "the server refuses it: %s", c->e->why)
        ->privilege = privilege;
}

/* MySQL cannot keep a trigger that names something with both a backtick and a letter beyond ASCII.
 */
#define TRIGGER_NOT_KEPT 3507

static enum db_fault try_triggers(struct checker *c)
{
    if (c->m->new_rows != NEW_ROWS_TRIGGER || !(c->m->value_sql || c->m->default_sql))
        return DB_OK;
    enum db_fault fault = checker_run(c, c->words->try_triggers(&c->subject), NULL);
    if (fault == DB_OK)
        checker_add(c, "sync triggers", CHECK_PASS, NULL, "the server takes them");
    else if (c->e->number == TRIGGER_NOT_KEPT)
        checker_refuse(c, "sync triggers",
                       "a name with both a backtick and a letter beyond ASCII is more than MySQL's "
                       "triggers can hold: let the application fill new rows (new_rows = "
                       "application)");
    else
        refuse(c, fault, "sync triggers", NULL);
    return fault;
}

/*
 * With a binary log of statements the replicas compute the value by themselves:
 * the server warns of what would come out differently there.
 */
static enum db_fault check_unsafe(struct checker *c)
{
    struct db_rows *rows;
    const char *format = c->f->binlog_format;
    if (!format || strcasecmp(format, "STATEMENT") != 0)
        return DB_OK;
    enum db_fault fault = db_query(c->db, &rows, c->e, c->words->warnings, 0, NULL);
    if (fault != DB_OK)
        return fault;
    bool found = false;
    for (int i = 0; i < db_row_count(rows); i++) {
        const char *number = db_value(rows, i, 1), *text = db_value(rows, i, 2);
        if (!number || strcmp(number, UNSAFE_STATEMENT) != 0)
            continue;
        checker_add(c, "deterministic", CHECK_STOP,
                    "SET GLOBAL binlog_format = ROW, or a value that is the same wherever it is "
                    "computed",
                    "binlog_format is STATEMENT, and replicas would compute other values: %s",
                    text ? text : "");
        found = true;
        break;
    }
    if (!found)
        checker_add(c, "deterministic", CHECK_PASS, NULL,
                    "binlog_format is STATEMENT, and the server holds the value for the same "
                    "everywhere");
    db_rows_free(rows);
    return DB_OK;
}

/* On an empty copy in our own database: the column, the value, and the triggers. */
static enum db_fault try_copy(struct checker *c)
{
    enum db_fault fault = checker_run(c, c->words->clone(&c->subject), NULL);
    if (fault != DB_OK) {
        refuse(c, fault, "copy to try on", NULL);
        return fault;
    }
    fault = checker_run(c, c->words->add_to_clone(&c->subject), NULL);
    if (fault != DB_OK) {
        refuse(c, fault, "type",
               fault == DB_ALGORITHM ? "[ddl] algorithm agrees to a dearer way"
                                     : "check [column] type");
        return fault;
    }
    checker_add(c, "type", CHECK_PASS, NULL, "%s, added to an empty copy of the table", c->m->type);
    fault = checker_run(c, c->words->assign(&c->subject, true), NULL);
    if (fault != DB_OK) {
        refuse(c, fault, "assignment", "check [backfill] value and where, and the column's type");
        return fault;
    }
    checker_add(c, "assignment", CHECK_PASS, NULL, "the server takes it");
    fault = check_unsafe(c);
    if (fault == DB_OK)
        fault = check_my_sample(c);
    return fault == DB_OK ? try_triggers(c) : fault;
}

/* ---- privileges ----------------------------------------------------------- */

/* "'newel'@'%'"; the caller frees it. */
static char *account(struct checker *c)
{
    struct db_rows *rows;
    struct error ignored;
    if (db_query(c->db, &rows, &ignored, c->words->account, 0, NULL) != DB_OK)
        return mem_dup("the account");
    char *name = mem_dup(db_value(rows, 0, 0));
    db_rows_free(rows);
    return name;
}

static bool is_granted(const struct checker *c, const struct db_rows *rows, const char *privilege)
{
    for (int i = 0; i < db_row_count(rows); i++)
        if (grants_my_cover(db_value(rows, i, 0), privilege, c->f->schema, c->f->table))
            return true;
    return false;
}

/* `vague`: a role may give what is not seen here. */
static void lacks(struct checker *c, const char *name, const char *privileges, const char *object,
                  bool vague)
{
    char *who = account(c), *remedy = mem_printf("GRANT %s ON %s TO %s", privileges, object, who);
    checker_add(c, name, vague ? CHECK_WARN : CHECK_STOP, remedy, "%s lacks %s on %s%s", who,
                privileges, object, vague ? ", unless a role gives it" : "")
        ->privilege = true;
    free(remedy);
    free(who);
}

static bool check_grants(struct checker *c)
{
    static const char *const needed[] = {"SELECT", "INSERT", "UPDATE", "ALTER", "TRIGGER"};
    bool triggers = c->m->new_rows == NEW_ROWS_TRIGGER || c->m->not_null, vague = false;
    struct db_rows *rows;
    enum db_fault fault = db_query(c->db, &rows, c->e, c->words->grants, 0, NULL);
    if (fault != DB_OK)
        return !checker_is_gone(fault);
    struct str missing = {0};
    for (int i = 0; i < db_row_count(rows); i++)
        vague |= grants_my_vague(db_value(rows, i, 0));
    for (size_t i = 0; i < COUNT_OF(needed) - !triggers; i++)
        if (!is_granted(c, rows, needed[i]))
            str_addf(&missing, "%s%s", missing.len ? ", " : "", needed[i]);
    bool sees_sessions = is_granted(c, rows, "PROCESS");
    db_rows_free(rows);
    if (missing.len)
        lacks(c, "privileges", str_text(&missing), c->f->qualified, vague);
    else
        checker_add(c, "privileges", CHECK_PASS, NULL, "all that are needed on the table");
    if (sees_sessions)
        checker_add(c, "monitoring", CHECK_PASS, NULL, "we see other sessions");
    else
        lacks(c, "monitoring", "PROCESS", "*.*", vague);
    str_free(&missing);
    return true;
}

/* What cannot be watched counts as over its limit: without this nothing would ever run. */
static bool check_instruments(struct checker *c)
{
    struct db_rows *rows;
    enum db_fault fault = db_query(c->db, &rows, c->e, c->words->instruments, 0, NULL);
    if (fault == DB_OK) {
        db_rows_free(rows);
        checker_add(c, "lock waits", CHECK_PASS, NULL, "we see who waits on whom");
        return true;
    }
    if (checker_is_gone(fault))
        return false;
    char *who = account(c);
    char *remedy = mem_printf("GRANT SELECT ON performance_schema.* TO %s", who);
    checker_add(c, "lock waits", CHECK_STOP, fault == DB_PRIVILEGE ? remedy : c->e->todo,
                "who waits for newel's locks cannot be seen: %s", c->e->why)
        ->privilege = fault == DB_PRIVILEGE;
    free(remedy);
    free(who);
    return true;
}

/* ---- prepared transactions ------------------------------------------------ */

/* How MySQL says that XA_RECOVER_ADMIN is missing. */
#define XA_REFUSED 1401

/* What each holds cannot be told: nobody's session has it any more. */
static bool check_prepared(struct checker *c)
{
    struct db_rows *rows;
    enum db_fault fault = db_query(c->db, &rows, c->e, c->words->prepared, 0, NULL);
    if (fault == DB_PRIVILEGE || (fault != DB_OK && c->e->number == XA_REFUSED)) {
        char *who = account(c), *remedy = mem_printf("GRANT XA_RECOVER_ADMIN ON *.* TO %s", who);
        checker_add(c, "prepared transactions", CHECK_SKIPPED, remedy,
                    "%s may not ask which there are (XA RECOVER)", who)
            ->privilege = true;
        free(remedy);
        free(who);
        return true;
    }
    if (fault != DB_OK) {
        checker_add(c, "prepared transactions", CHECK_WARN, c->e->todo, "could not be asked: %s",
                    c->e->why);
        return !checker_is_gone(fault);
    }
    int count = db_row_count(rows);
    const char *first = count ? db_value(rows, 0, db_column_count(rows) - 1) : NULL;
    if (count)
        checker_add(c, "prepared transactions", CHECK_WARN,
                    "XA COMMIT or XA ROLLBACK what nobody will end",
                    "%d %s open, such as %s: each holds its rows and tables until it is ended, and "
                    "an ALTER waits for it",
                    count, count == 1 ? "is" : "are", first ? first : "?");
    else
        checker_add(c, "prepared transactions", CHECK_PASS, NULL, "none is open");
    db_rows_free(rows);
    return true;
}

/* ---- what replicas will not get ------------------------------------------- */

static bool is_listed(const char *list, const char *database)
{
    size_t n = strlen(database);
    for (const char *at = list; at && *at; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == n && strncmp(at, database, n) == 0)
            return true;
    return false;
}

/* The database whose changes the binary log leaves out; NULL: of `names`, none. */
static const char *unlogged(const struct db_rows *rows, const char *const *names, size_t count)
{
    const char *only = db_value(rows, 0, db_column_find(rows, "Binlog_Do_DB"));
    const char *ignored = db_value(rows, 0, db_column_find(rows, "Binlog_Ignore_DB"));
    for (size_t i = 0; i < count; i++)
        if (is_listed(ignored, names[i]) || (only && *only && !is_listed(only, names[i])))
            return names[i];
    return NULL;
}

static bool check_log_filters(struct checker *c)
{
    const char *names[] = {c->f->schema, "newel"};
    struct db_rows *rows;
    if (!c->f->binlog_format)
        return true;
    enum db_fault fault =
        db_query(c->db, &rows, c->e, c->words->log_status(c->f->engine, c->f->version), 0, NULL);
    if (fault != DB_OK) {
        checker_add(c, "log filters", CHECK_WARN, c->e->todo, "could not be asked: %s", c->e->why);
        return !checker_is_gone(fault);
    }
    const char *lost = db_row_count(rows) ? unlogged(rows, names, COUNT_OF(names)) : NULL;
    if (lost)
        checker_add(c, "log filters", CHECK_STOP,
                    "take it out of binlog_ignore_db, or into binlog_do_db, and restart",
                    "the binary log leaves out database %s: no replica would follow", lost);
    else
        checker_add(c, "log filters", CHECK_PASS, NULL, "the binary log leaves none of it out");
    db_rows_free(rows);
    return true;
}

static bool probe(struct checker *c)
{
    enum db_fault fault = db_exec(c->db, c->words->make_home, c->e);
    if (fault != DB_OK) {
        refuse(c, fault, "database newel", NULL);
        return !checker_is_gone(fault);
    }
    fault = try_copy(c);
    if (checker_is_gone(fault))
        return false;
    struct error of_probe = *c->e;
    fault = checker_run(c, c->words->drop_clone(&c->subject), NULL);
    *c->e = of_probe;
    return !checker_is_gone(fault);
}

bool check_my_shape(struct checker *c)
{
    if (!check_storage(c))
        return true;
    if (!check_grants(c) || !check_instruments(c))
        return false;
    check_key_types(c);
    check_made_of(c);
    check_cluster(c);
    check_not_null(c);
    if (!check_log_filters(c) || !check_prepared(c))
        return false;
    if (c->f->column_exists)
        return true;
    check_algorithm(c);
    /* a server that takes no writes cannot be tried on: what it says of itself comes next */
    if (c->may_write && !c->f->read_only)
        return probe(c);
    checker_add(c, "type", CHECK_SKIPPED, "newel run tries it before anything else",
                "whether the server adds %s as planned and what the value gives shows on a copy of "
                "the table, which a read-only session cannot make",
                c->m->type);
    return true;
}
