#include "config.h"
#include "plan/checker.h"

#include "base/clock.h"
#include "base/units.h"
#include "dialect/batch.h"
#include "dialect/watch.h"
#include "plan/walk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE_ROWS 1000
#define SAMPLE_BYTES (16 * 1024 * 1024) /* of rows, which go into the binary log, too */
#define FIRST_ROWS 10
#define SLOW_US 1000      /* of a row: a batch of 1000 then takes a second */
#define TOO_SLOW_US 5000  /* of the first rows: the others are left out */
#define TELLING_US 20000  /* of all rows: a few that take less may have met a busy moment */
#define NOTEWORTHY_US 500 /* of a row, its writing included: less is no more than noise */

struct sample {
    struct checker *c;
    struct words words; /* the copy's, under the table's name */
    struct batch_subject walk;
    int64_t copied;   /* rows */
    int64_t tried;    /* of these, at most */
    int64_t us, left; /* of trying; rows that have no value then */
    char example[256];
};

static int64_t rows_wanted(const struct facts *f)
{
    int64_t fit = f->tuple_bytes > 0 ? SAMPLE_BYTES / f->tuple_bytes : SAMPLE_ROWS;
    return fit < FIRST_ROWS ? FIRST_ROWS : fit < SAMPLE_ROWS ? fit : SAMPLE_ROWS;
}

/* "`id`, `cc`": what an INSERT may give. The caller frees it. */
static char *plain_columns(const struct facts *f)
{
    struct str s = {0};
    for (size_t i = 0; i < f->column_count; i++) {
        bool computed = false;
        for (size_t k = 0; k < f->generated_count; k++)
            computed |= strcmp(f->columns[i], f->generated[k]) == 0;
        if (computed)
            continue;
        char *name = db_quote_name(f->engine, f->columns[i]);
        str_addf(&s, "%s%s", s.len ? ", " : "", name);
        free(name);
    }
    return str_take(&s);
}

static enum db_fault fill(struct sample *s)
{
    struct checker *c = s->c;
    struct batch_subject walk = walk_subject(&c->subject.words, c->f);
    char *columns = plain_columns(c->f);
    struct db_rows *rows;
    enum db_fault fault =
        checker_run(c, c->words->fill_clone(&c->subject, &walk, columns, rows_wanted(c->f)), &rows);
    free(columns);
    walk_subject_free(&walk);
    if (fault != DB_OK)
        return fault;
    s->copied = db_affected(rows);
    db_rows_free(rows);
    return DB_OK;
}

static enum db_fault try_rows(struct sample *s, int64_t most)
{
    int64_t before = clock_mono_us();
    enum db_fault fault = checker_run(s->c, s->c->words->write_sample(&s->walk, most), NULL);
    s->us += clock_mono_us() - before;
    s->tried += most;
    return fault;
}

/* Whatever a function of the value may write, too, is taken back with it. */
static enum db_fault try_all(struct sample *s)
{
    struct checker *c = s->c;
    const struct watch_words *words = watch_words(c->f->engine);
    enum db_fault fault = db_exec(c->db, words->begin, c->e);
    if (fault != DB_OK)
        return fault;
    int64_t first = s->copied < FIRST_ROWS ? s->copied : FIRST_ROWS;
    fault = try_rows(s, first);
    if (fault == DB_OK && s->copied > first && s->us / first < TOO_SLOW_US)
        fault = try_rows(s, s->copied - first);
    if (fault == DB_OK && s->tried == s->copied) {
        struct batch_left left;
        fault = batch_words(c->f->engine)->left(c->db, &s->walk, "", &left, c->e);
        if (fault == DB_OK) {
            s->left = left.count;
            (void)snprintf(s->example, sizeof s->example, "%s", left.example);
            free(left.cursor);
        }
    }
    struct error ignored; /* the first one counts */
    if (db_alive(c->db))
        IGNORE(db_exec(c->db, words->rollback, &ignored));
    return fault;
}

static bool never(void *context)
{
    (void)context;
    return false;
}

static void blame(struct sample *s)
{
    struct checker *c = s->c;
    struct error of_value = *c->e;
    struct batch_place place = {.cursor = "", .upper = "", .rows = s->copied};
    struct str key = {0};
    bool found =
        batch_words(c->f->engine)->blame(c->db, &s->walk, &place, never, NULL, &key, c->e) ==
        DB_DATA;
    if (!found)
        *c->e = of_value;
    checker_add(c, "sample", CHECK_STOP,
                "correct that row, or let value or where pass it over (CASE, NULLIF)",
                "the value fails on %s%s: %s (errno %d)", found ? "the row with " : "some row",
                str_text(&key), c->e->why, c->e->number);
    str_free(&key);
}

static void judge_cost(struct sample *s)
{
    struct checker *c = s->c;
    char each[UNITS_TEXT], all[UNITS_TEXT], whole[UNITS_TEXT];
    int64_t us = s->us / s->tried;
    units_duration(all, s->us);
    if (us < NOTEWORTHY_US || s->us < TELLING_US) {
        checker_add(c, "value cost", CHECK_PASS, NULL, "%" PRId64 " rows took %s on a copy",
                    s->tried, all);
        return;
    }
    units_duration(whole, us * c->f->rows_estimate);
    checker_add(
        c, "value cost", us >= SLOW_US ? CHECK_WARN : CHECK_PASS,
        us >= SLOW_US ? "make the value cheaper (an index on what its subquery looks for, a "
                        "join table made beforehand), or begin with [batch] rows and min small"
                      : NULL,
        "%s a row: %" PRId64 " rows took %s on a copy; that is %s for all of them in one lane",
        units_duration(each, us), s->tried, all, whole);
}

static void judge(struct sample *s)
{
    struct checker *c = s->c;
    if (s->left && c->m->not_null)
        checker_add(c, "sample", CHECK_WARN,
                    "coalesce(value, ...) in [backfill] value, or verify will stop at those rows",
                    "the value of %" PRId64 " of %" PRId64 " rows is NULL, and the column shall be "
                    "NOT NULL; for one, %s",
                    s->left, s->tried, s->example);
    else
        checker_add(c, "sample", CHECK_PASS, NULL,
                    "computed for %" PRId64 " rows from both ends of the key, on a copy", s->tried);
    judge_cost(s);
}

enum db_fault check_my_sample(struct checker *c)
{
    /* along the key, for its ends are cheap to read */
    if (!c->computes || c->f->key_count == 0)
        return DB_OK;
    char *copy = c->words->clone_as(&c->subject);
    struct sample s = {.c = c, .words = c->subject.words};
    s.words.qualified = copy;
    s.walk = walk_subject(&s.words, c->f);
    enum db_fault fault = fill(&s);
    if (fault == DB_OK && s.copied)
        fault = try_all(&s);
    if (fault == DB_DATA)
        blame(&s);
    else if (fault != DB_OK && !checker_is_gone(fault))
        checker_add(c, "sample", CHECK_WARN, c->e->todo, "could not be computed: %s", c->e->why);
    else if (fault == DB_OK && s.copied)
        judge(&s);
    else if (fault == DB_OK)
        checker_add(c, "sample", CHECK_PASS, NULL, "no row was there to compute it for");
    walk_subject_free(&s.walk);
    free(copy);
    return checker_is_gone(fault) ? fault : DB_OK;
}
