#include "config.h"
#include "plan/checker.h"

#include <stdlib.h>

static bool end_probe(struct checker *c)
{
    struct error ignored; /* what went wrong before is what counts */
    return db_alive(c->db) && db_exec(c->db, c->words->rollback, &ignored) == DB_OK;
}

static void judge_clone(struct checker *c, const struct db_rows *rows)
{
    const char *type = db_value(rows, 0, 1);
    if (db_bool(rows, 0, 0))
        checker_add(
            c, "type", CHECK_STOP,
            "use a type without a default, a sequence, an identity, a generated value or a "
            "domain's "
            "constraint",
            "adding a column of type %s would rewrite the whole table under ACCESS EXCLUSIVE",
            c->m->type);
    else if (db_bool(rows, 0, 2))
        checker_add(
            c, "type", CHECK_STOP,
            "give the type alone; default, not_null and what follows have their own keys and "
            "phases",
            "type %s brings a default, a constraint or an index along", c->m->type);
    else
        checker_add(c, "type", CHECK_PASS, NULL, "%s: adding it writes the catalog alone", type);
}

/* The column on an empty copy of the table, and its value assigned there. */
static bool probe_clone(struct checker *c)
{
    struct db_rows *rows;
    if (db_exec(c->db, c->words->begin, c->e) != DB_OK)
        return false;
    enum db_fault fault = checker_run(c, c->words->clone(&c->subject), NULL);
    if (fault != DB_OK) {
        if (checker_is_gone(fault))
            return false;
        struct check_result *r =
            checker_add(c, "type", CHECK_STOP, c->e->todo,
                        "no temporary copy of the table could be made to try it: %s", c->e->why);
        r->privilege = fault == DB_PRIVILEGE;
        return end_probe(c);
    }
    fault = checker_run(c, c->words->add_to_clone(&c->subject), NULL);
    if (fault == DB_OK)
        fault = db_query(c->db, &rows, c->e, c->words->look_at_clone, 0, NULL);
    if (fault != DB_OK) {
        checker_refuse(c, "type", "check [column] type");
        return end_probe(c);
    }
    judge_clone(c, rows);
    db_rows_free(rows);
    fault = checker_run(c, c->words->assign(&c->subject, true), NULL);
    if (fault != DB_OK)
        checker_refuse(c, "assignment", "check [backfill] value and where, and the column's type");
    else
        checker_add(c, "assignment", CHECK_PASS, NULL, "the value fits the column's type");
    return end_probe(c);
}

static void judge_view(struct checker *c, const struct db_rows *rows)
{
    const char *restless = db_value(rows, 0, 0), *generated = db_value(rows, 0, 1);
    bool trigger = c->m->new_rows == NEW_ROWS_TRIGGER;
    if (generated && trigger)
        checker_add(
            c, "made of", CHECK_STOP,
            "write the expression of the generated column in its place, or use another new_rows",
            "the value reads %s, which is generated after the trigger has run", generated);
    else if (restless)
        checker_add(c, "made of", CHECK_WARN, "be sure that this is meant",
                    "value or default is volatile (%s): each row gets one of its own, and a "
                    "changed row keeps it; nothing is rewritten, for the column is added without",
                    restless);
    else
        checker_add(c, "made of", CHECK_PASS, NULL, "the row alone decides the value");
}

static bool probe_view(struct checker *c)
{
    struct db_rows *rows;
    if (db_exec(c->db, c->words->begin, c->e) != DB_OK)
        return false;
    enum db_fault fault = checker_run(c, c->words->make_view(&c->subject), NULL);
    if (fault == DB_OK)
        fault = db_query(c->db, &rows, c->e, c->words->look_at_view, 0, NULL);
    if (fault == DB_OK) {
        judge_view(c, rows);
        db_rows_free(rows);
    } else if (!checker_is_gone(fault)) {
        checker_add(c, "made of", CHECK_WARN, "be sure that the value is what you mean",
                    "what the value is made of could not be found out: %s", c->e->why);
    }
    return end_probe(c);
}

bool check_pg_shape(struct checker *c)
{
    if (c->f->column_exists) {
        enum db_fault fault = checker_run(c, c->words->assign(&c->subject, false), NULL);
        if (fault != DB_OK)
            checker_refuse(c, "assignment",
                           "check [backfill] value and where, and the column's type");
        else
            checker_add(c, "assignment", CHECK_PASS, NULL, "the value fits the column's type");
        return !checker_is_gone(fault);
    }
    if (c->may_write)
        return probe_clone(c) && probe_view(c);
    checker_add(
        c, "type", CHECK_SKIPPED, "newel run tries it before anything else",
        "whether adding %s rewrites the table shows on a temporary copy, which a read-only session "
        "cannot make",
        c->m->type);
    return true;
}
