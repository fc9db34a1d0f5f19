#include "config.h"
#include "plan/checker.h"

#include "base/units.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void check_storage(struct checker *c)
{
    const char *engine = c->f->storage ? c->f->storage : "?";
    if (strcasecmp(engine, "InnoDB") == 0)
        checker_add(c, "storage", CHECK_PASS, NULL, "InnoDB");
    else
        checker_add(c, "storage", CHECK_STOP, "turn it into InnoDB first (ENGINE = InnoDB)",
                    "the table is of %s, which has no transactions: a batch and its checkpoint "
                    "could not be one",
                    engine);
}

/* The dearest way that the file agrees to. */
static enum ddl_algorithm agreed(const struct migration *m)
{
    switch (m->algorithm) {
    case AGREED_INSTANT:
        break;
    case AGREED_INPLACE:
        return DDL_INPLACE_SHARED;
    case AGREED_COPY:
        return DDL_COPY;
    }
    return DDL_INSTANT;
}

static void check_algorithm(struct checker *c)
{
    static const char *const how[] = {
        "at once (ALGORITHM=INSTANT)",
        "by building the table anew (INPLACE), while reads and writes go on",
        "by building the table anew (INPLACE, LOCK=SHARED), while writes wait",
        "by copying the table (COPY), while writes wait",
    };
    const struct facts *f = c->f;
    char size[UNITS_TEXT];
    units_size(size, f->heap_bytes + f->index_bytes);
    if (f->add_by == DDL_INSTANT) {
        checker_add(c, "algorithm", CHECK_PASS, NULL, "the column can be added %s", how[0]);
        return;
    }
    bool fine = f->add_by <= agreed(c->m);
    checker_add(c, "algorithm", fine ? CHECK_WARN : CHECK_STOP,
                fine                    ? "[ddl] algorithm agrees to it"
                : f->add_by == DDL_COPY ? "[ddl] algorithm = copy would agree to it"
                                        : "[ddl] algorithm = inplace would agree to it",
                "%s; the column can only be added %s: %s to go through, and replicas lag as long "
                "again",
                f->add_by_why, how[f->add_by], size);
}

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$';
}

/* Whether the expression reads a column, as far as its text tells. */
static bool reads(const char *sql, const char *column)
{
    size_t n = strlen(column);
    for (const char *at = sql; at && *at; at++)
        if (strncasecmp(at, column, n) == 0 && (at == sql || !is_word_char(at[-1])) &&
            !is_word_char(at[n]))
            return true;
    return false;
}

static void check_auto_increment(struct checker *c)
{
    const char *column = c->f->auto_increment;
    const struct migration *m = c->m;
    if (!column || m->new_rows != NEW_ROWS_TRIGGER)
        return;
    if (reads(m->value_sql, column) || reads(m->where_sql, column))
        checker_add(c, "made of", CHECK_STOP,
                    "leave that column out of value and where, or let the application fill new "
                    "rows (new_rows = application)",
                    "the value reads %s, which is AUTO_INCREMENT: a trigger before an INSERT sees "
                    "0 in its place",
                    column);
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

static void refuse_with_grant(struct checker *c, enum db_fault fault, const char *name)
{
    checker_add(c, name, CHECK_STOP, c->e->todo, "the server refuses it: %s", c->e->why)
        ->privilege = fault == DB_PRIVILEGE;
}

static enum db_fault try_triggers(struct checker *c)
{
    if (c->m->new_rows != NEW_ROWS_TRIGGER || !(c->m->value_sql || c->m->default_sql))
        return DB_OK;
    enum db_fault fault = checker_run(c, c->words->try_triggers(&c->subject), NULL);
    if (fault == DB_OK)
        checker_add(c, "sync triggers", CHECK_PASS, NULL, "the server takes them");
    else
        refuse_with_grant(c, fault, "sync triggers");
    return fault;
}

/* On an empty copy in our own database: the column, the value, and the triggers. */
static enum db_fault try_copy(struct checker *c)
{
    enum db_fault fault = checker_run(c, c->words->clone(&c->subject), NULL);
    if (fault != DB_OK) {
        refuse_with_grant(c, fault, "copy to try on");
        return fault;
    }
    fault = checker_run(c, c->words->add_to_clone(&c->subject), NULL);
    if (fault != DB_OK) {
        checker_refuse(c, "type",
                       fault == DB_ALGORITHM ? "[ddl] algorithm agrees to a dearer way"
                                             : "check [column] type");
        return fault;
    }
    checker_add(c, "type", CHECK_PASS, NULL, "%s, added to an empty copy of the table", c->m->type);
    fault = checker_run(c, c->words->assign(&c->subject, true), NULL);
    if (fault != DB_OK) {
        checker_refuse(c, "assignment", "check [backfill] value and where, and the column's type");
        return fault;
    }
    checker_add(c, "assignment", CHECK_PASS, NULL, "the server takes it");
    return try_triggers(c);
}

static bool probe(struct checker *c)
{
    enum db_fault fault = db_exec(c->db, c->words->make_home, c->e);
    if (fault != DB_OK) {
        refuse_with_grant(c, fault, "database newel");
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
    check_storage(c);
    check_key_types(c);
    check_auto_increment(c);
    if (c->f->column_exists)
        return true;
    check_algorithm(c);
    if (c->may_write)
        return probe(c);
    checker_add(c, "type", CHECK_SKIPPED, "newel run tries it before anything else",
                "whether the server adds %s as planned shows on a copy of the table, which a "
                "read-only session cannot make",
                c->m->type);
    return true;
}
