#include "config.h"
#include "plan/checker.h"

#include "base/clock.h"
#include "base/units.h"
#include "plan/walk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE_ROWS 1000
#define NOTEWORTHY_US 100 /* of a row: less is not told, for it is no more than noise */
#define SLOW_US 1000      /* of a row: a batch of 1000 then takes a second */
#define COSTLY 100.0      /* of a scan for each row, in the server's units */

struct sample {
    struct checker *c;
    struct batch_subject walk;
    int64_t bare_us, us; /* reading the rows, and computing their values, too */
};

/* In a transaction that can write nothing: a value may call anything. `sql` is taken over. */
static enum db_fault look(struct checker *c, char *sql, int count, const char *const *params,
                          struct db_rows **rows, int64_t *us)
{
    struct error ignored;
    enum db_fault fault = db_exec(c->db, c->words->look, c->e);
    if (fault == DB_OK) {
        int64_t before = clock_mono_us();
        fault = db_query(c->db, rows, c->e, sql, count, params);
        *us = clock_mono_us() - before;
        if (db_alive(c->db) && db_exec(c->db, c->words->rollback, &ignored) != DB_OK)
            *us = UNKNOWN; /* the next question will find out why */
    }
    free(sql);
    return fault;
}

/* ---- a row that fails ----------------------------------------------------- */

/* "{(0,1),(0,2)}" quoted, of rows low to high */
static char *places(const struct db_rows *list, int low, int high)
{
    struct str s = {0};
    for (int i = low; i < high; i++)
        str_addf(&s, "%s\"%s\"", i > low ? "," : "{", db_value(list, i, 0));
    str_add(&s, "}");
    return str_take(&s);
}

/* Halves the rows until one is left; -1: none of them fails alone. */
static int find_row(struct sample *s, const struct db_rows *list)
{
    int low = 0, high = db_row_count(list);
    struct checker *c = s->c;
    struct error first = *c->e;
    while (high > low) {
        int middle = high - low > 1 ? low + (high - low) / 2 : high;
        char *array = places(list, low, middle);
        const char *params[] = {array};
        int64_t us;
        enum db_fault fault = look(c, c->words->try_places(&s->walk), 1, params, NULL, &us);
        free(array);
        if (checker_is_gone(fault))
            return -1;
        if (fault != DB_OK && high - low == 1)
            return low;
        if (fault != DB_OK)
            high = middle;
        else
            low = middle;
    }
    *c->e = first;
    return -1;
}

/* False when the server is gone. */
static bool blame(struct sample *s)
{
    struct checker *c = s->c;
    struct db_rows *list;
    struct error of_value = *c->e;
    int64_t us;
    char *sql = c->words->list_sample(&s->walk, c->f->rows_estimate, SAMPLE_ROWS);
    enum db_fault fault = look(c, sql, 0, NULL, &list, &us);
    const char *key = NULL;
    *c->e = of_value;
    if (fault == DB_OK) {
        int row = find_row(s, list);
        key = row >= 0 ? db_value(list, row, 1) : NULL;
    }
    checker_add(c, "sample", CHECK_STOP,
                "correct that row, or let value or where pass it over (CASE, NULLIF)",
                "the value fails on %s%s: %s (SQLSTATE %s)", key ? "the row with " : "some row",
                key ? key : "", c->e->why, c->e->sqlstate);
    if (fault == DB_OK)
        db_rows_free(list);
    return db_alive(c->db);
}

/* ---- what the rows say ---------------------------------------------------- */

static void judge_values(struct checker *c, const struct db_rows *rows)
{
    int64_t count = db_int(rows, 0, 0, 0), nulls = count - db_int(rows, 0, 1, 0);
    int64_t cut = db_int(rows, 0, 3, 0);
    if (cut)
        checker_add(c, "sample", CHECK_STOP, "a longer type, or left(value, n)",
                    "the value of %" PRId64 " of %" PRId64 " rows is too long for %s; for one, %s",
                    cut, count, c->m->type, db_value(rows, 0, 4));
    else if (nulls && c->m->not_null)
        checker_add(c, "sample", CHECK_WARN,
                    "coalesce(value, ...) in [backfill] value, or verify will stop at those rows",
                    "the value of %" PRId64 " of %" PRId64 " rows is NULL, and the column shall be "
                    "NOT NULL; for one, %s",
                    nulls, count, db_value(rows, 0, 2));
    else if (count)
        checker_add(c, "sample", CHECK_PASS, NULL,
                    "computed for %" PRId64 " rows from all over the table: %" PRId64 " are NULL",
                    count, nulls);
    else
        checker_add(c, "sample", CHECK_PASS, NULL, "no row was there to compute it for");
}

static void judge_cost(struct sample *s, int64_t count)
{
    struct checker *c = s->c;
    char each[UNITS_TEXT], bare[UNITS_TEXT], all[UNITS_TEXT], whole[UNITS_TEXT];
    int64_t us = (s->us > s->bare_us ? s->us - s->bare_us : 0) / count;
    if (us < NOTEWORTHY_US) {
        checker_add(c, "value cost", CHECK_PASS, NULL,
                    "less than 0.1ms a row more than reading it (%" PRId64 " rows)", count);
        return;
    }
    units_duration(whole, us * c->f->rows_estimate);
    checker_add(c, "value cost", us >= SLOW_US ? CHECK_WARN : CHECK_PASS,
                us >= SLOW_US
                    ? "make the value cheaper (an index, a join table made beforehand), or "
                      "begin with [batch] rows and min small"
                    : NULL,
                "%s a row: %" PRId64 " rows took %s, and %s to read them alone; that is %s for all "
                "of them in one lane",
                units_duration(each, us), count, units_duration(all, s->us),
                units_duration(bare, s->bare_us), whole);
}

/* Too slow for its timeout, or busy: a finding of its own, not a refusal of the value. */
static void not_computed(struct checker *c, enum db_fault fault, bool was_read)
{
    if (fault == DB_CANCELLED && was_read)
        checker_add(c, "value cost", CHECK_WARN,
                    "make the value cheaper, or begin with [batch] rows and min small",
                    "computing it for %d rows took longer than 5 s", SAMPLE_ROWS);
    else if (fault == DB_READ_ONLY)
        checker_add(c, "sample", CHECK_WARN,
                    "be sure that this is meant: it happens once for each row, and again where a "
                    "batch is tried again",
                    "the value writes: %s", c->e->why);
    else
        checker_add(c, "sample", CHECK_WARN, c->e->todo, "could not be computed: %s", c->e->why);
}

static bool try_rows(struct sample *s)
{
    struct checker *c = s->c;
    struct db_rows *rows;
    int64_t about = c->f->rows_estimate;
    bool was_read = false;
    enum db_fault fault =
        look(c, c->words->read_sample(&s->walk, about, SAMPLE_ROWS), 0, NULL, NULL, &s->bare_us);
    if (fault == DB_OK) {
        was_read = true;
        fault = look(c, c->words->try_sample(&s->walk, about, SAMPLE_ROWS), 0, NULL, &rows, &s->us);
    }
    if (checker_is_gone(fault))
        return false;
    if (fault == DB_CANCELLED || fault == DB_READ_ONLY || fault == DB_LOCK_TIMEOUT) {
        not_computed(c, fault, was_read);
        return true;
    }
    if (fault != DB_OK)
        return blame(s);
    judge_values(c, rows);
    if (db_int(rows, 0, 0, 0))
        judge_cost(s, db_int(rows, 0, 0, 1));
    db_rows_free(rows);
    return true;
}

/* ---- its plan ------------------------------------------------------------- */

struct scan {
    const char *relation;
    double cost;
};

/* The dearest scan of a whole table below `node` that is done again for each row. */
static void find_scan(const json_t *node, const char *plan, bool repeated, struct scan *worst)
{
    const char *how = json_get_text(node, "Parent Relationship", ""),
               *name = json_get_text(node, "Subplan Name", NULL);
    if (strcmp(how, "SubPlan") == 0 && name) {
        char *hashed = mem_printf("hashed %s", name);
        repeated = !strstr(plan, hashed); /* that one is built once and then looked up */
        free(hashed);
    }
    double cost = json_get_real(node, "Total Cost", 0);
    if (repeated && strcmp(json_get_text(node, "Node Type", ""), "Seq Scan") == 0 &&
        cost > worst->cost)
        *worst = (struct scan){json_get_text(node, "Relation Name", "?"), cost};
    size_t i;
    const json_t *child;
    json_array_foreach(json_object_get(node, "Plans"), i, child)
        find_scan(child, plan, repeated, worst);
}

static bool check_plan(struct checker *c)
{
    struct db_rows *rows;
    enum db_fault fault = checker_run(c, c->words->explain_value(&c->subject), &rows);
    if (fault != DB_OK)
        return !checker_is_gone(fault); /* the same words were told of the value itself */
    const char *text = db_value(rows, 0, 0);
    json_t *plan = json_loads(text ? text : "", 0, NULL);
    struct scan worst = {NULL, COSTLY};
    find_scan(json_object_get(json_array_get(plan, 0), "Plan"), text ? text : "", false, &worst);
    if (worst.relation)
        checker_add(c, "value plan", CHECK_WARN,
                    "an index on what that subquery looks for (CREATE INDEX CONCURRENTLY)",
                    "for each row the value reads all of table %s (cost %.0f)", worst.relation,
                    worst.cost);
    else
        checker_add(c, "value plan", CHECK_PASS, NULL, "no other table is read whole for each row");
    json_decref(plan);
    db_rows_free(rows);
    return true;
}

bool check_pg_sample(struct checker *c)
{
    if (!c->computes)
        return true;
    struct sample s = {.c = c, .walk = walk_subject(&c->subject.words, c->f)};
    bool ok = check_plan(c) && try_rows(&s);
    walk_subject_free(&s.walk);
    return ok;
}
