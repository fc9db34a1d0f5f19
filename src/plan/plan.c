#include "config.h"
#include "plan/plan.h"

#include "base/clock.h"
#include "base/units.h"
#include "dialect/batch.h"
#include "dialect/state.h"
#include "dialect/statements.h"
#include "dialect/watch.h"
#include "plan/estimate.h"
#include "plan/subject.h"
#include "plan/walk.h"

#include <stdlib.h>
#include <string.h>

/* The sweet spot that was measured: 4 gives less HOT, 32 is slower. */
#define STRIPES 8
#define BLOCKS_SMALL 64
#define BLOCKS_LARGE 10000
/* What the builders of the phases share. */
struct draft {
    const struct migration *m;
    const struct facts *f;
    struct plan *plan;
    struct ddl_subject subject;
    const struct ddl_words *ddl;
    char *column, *table; /* quoted */
    char timeout[UNITS_TEXT];
};

static const char *table_of(const struct draft *d)
{
    return d->subject.words.qualified;
}

static bool fills_rows(const struct migration *m)
{
    return m->value_sql || m->default_sql;
}

/* ---- steps ---------------------------------------------------------------- */

/* Who waits, by the mode of the lock. */
static char *blocks_text(const struct draft *d, const char *lock, enum step_kind kind)
{
    if (strcmp(lock, "none") == 0)
        return mem_dup("nobody");
    if (strcmp(lock, "ACCESS EXCLUSIVE") == 0)
        return mem_printf("reads and writes of %s queue behind it for at most lock_timeout (%s) "
                          "a try",
                          table_of(d), d->timeout);
    if (strcmp(lock, "exclusive metadata lock") == 0)
        return mem_printf("reads and writes of %s queue behind it for at most lock_timeout (%s) "
                          "a try%s",
                          table_of(d), d->timeout,
                          kind == STEP_LONG ? ", at its beginning and at its end; in between they "
                                              "go on"
                                            : "");
    if (strcmp(lock, "exclusive, then shared lock") == 0)
        return mem_printf("writes of %s, as long as it takes; reads queue behind it for at most "
                          "lock_timeout (%s) a try, at its beginning and at its end",
                          table_of(d), d->timeout);
    if (strcmp(lock, "shared metadata lock") == 0)
        return mem_printf("no read and no write of %s; other DDL on it waits until it is done",
                          table_of(d));
    if (strcmp(lock, "SHARE ROW EXCLUSIVE") == 0)
        return mem_printf("writes of %s queue behind it for at most lock_timeout (%s) a try; "
                          "reads go on",
                          table_of(d), d->timeout);
    return mem_printf("no read and no write of %s; other DDL and vacuum on it wait%s", table_of(d),
                      kind == STEP_LONG ? " until it is done" : "");
}

static char *lock_text(const struct draft *d, const char *lock)
{
    return strcmp(lock, "none") == 0 ? mem_dup(lock) : mem_printf("%s on %s", lock, table_of(d));
}

static struct step *add_step(struct draft *d, enum phase phase, enum step_kind kind,
                             const char *name, const char *lock)
{
    struct phase_plan *p = &d->plan->phases[phase];
    struct step *s = VEC_PUSH(p->steps, p->step_count);
    s->kind = kind;
    s->name = mem_dup(name);
    s->blocks = blocks_text(d, lock, kind);
    s->lock = lock_text(d, lock);
    return s;
}

static void add_engine(struct draft *d, enum phase phase, const char *name, char *sql)
{
    add_step(d, phase, STEP_ENGINE, name, "none")->sql = sql;
}

static void add_ddl(struct draft *d, enum phase phase, enum step_kind kind, const char *name,
                    void (*build)(const struct ddl_subject *, struct ddl_text *))
{
    struct ddl_text text = {0};
    if (!build)
        return; /* this server has no need of it */
    build(&d->subject, &text);
    struct step *s = add_step(d, phase, kind, name, text.lock);
    s->exclusive = text.exclusive;
    s->sql = text.sql;
    s->undo = text.undo;
    if (text.undo) {
        const char *lock = text.undo_lock ? text.undo_lock : text.lock;
        s->undo_lock = lock_text(d, lock);
        s->undo_blocks = blocks_text(d, lock, kind);
    }
    s->done = text.done;
    s->undone = text.undone;
}

static void say(struct draft *d, enum phase phase, char *question, char *estimate)
{
    d->plan->phases[phase].question = question;
    d->plan->phases[phase].estimate = estimate;
}

/* ---- the order of the backfill -------------------------------------------- */

enum walk_order plan_order(const struct migration *m, const struct facts *f, const char **why)
{
    const char *ignored;
    if (!why)
        why = &ignored;
    *why = "by primary key, range by range: InnoDB keeps its rows in that order";
    if (f->engine != DB_POSTGRESQL)
        return WALK_KEYS;
    *why = "by primary key: before PostgreSQL 14 a range of blocks cannot be read by itself";
    if (f->version < 140000)
        return WALK_KEYS;
    *why = "by primary key: without a trigger, a row that the application moves to another block "
           "could be passed over";
    if (m->new_rows != NEW_ROWS_TRIGGER)
        return WALK_KEYS;
    *why = "by primary key: not an ordinary table";
    if (f->table_exists && f->relkind != 'r' && f->relkind != 'p')
        return WALK_KEYS;
    *why = "by blocks of the table, each window passed in 8 stripes: later passes reuse the room "
           "that earlier ones free; rows that move meanwhile are the trigger's";
    return WALK_BLOCKS;
}

int64_t plan_stripes(enum walk_order order)
{
    return order == WALK_BLOCKS ? STRIPES : 1;
}

static void choose_order(struct draft *d)
{
    struct plan *p = d->plan;
    const struct facts *f = d->f;
    const char *why;
    p->order = plan_order(d->m, f, &why);
    p->order_why = mem_dup(why);
    p->stripes = plan_stripes(p->order);
    p->range_count = f->blocks < BLOCKS_SMALL ? 1 : f->blocks <= BLOCKS_LARGE ? 4 : 16;
    if (p->range_count > 1 && p->range_count < d->m->lanes)
        p->range_count = d->m->lanes;
}

/* ---- words for DDL ------------------------------------------------------- */

const char *plan_algorithm_name(enum ddl_algorithm by)
{
    static const char *const names[] = {"INSTANT", "INPLACE", "INPLACE with LOCK=SHARED", "COPY"};
    return names[by];
}

enum ddl_algorithm plan_agreed(const struct migration *m)
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

/* ---- the phases ----------------------------------------------------------- */

static void plan_preflight(struct draft *d)
{
    add_engine(d, PHASE_PREFLIGHT, "checks",
               mem_dup(d->f->engine == DB_POSTGRESQL
                           ? "-- server, privileges, table and column, value and default, long "
                             "transactions, triggers, views, grants, publications, slots, "
                             "wraparound"
                           : "-- server, privileges, table and column, value and default on a copy "
                             "without rows, long transactions, triggers, foreign keys, views, "
                             "grants, binary log, sql_mode, cluster"));
    struct step *s = add_step(d, PHASE_PREFLIGHT, STEP_STATE, "our schema newel", "none");
    s->sql = mem_dup(state_words(d->f->engine)->schema);
    s->done = mem_dup(state_words(d->f->engine)->schema_there);
    say(d, PHASE_PREFLIGHT, mem_printf("Check %s, and make newel's own tables there?", table_of(d)),
        mem_dup("estimate: seconds; nothing of the application is written"));
}

/* What the engine does behind a phase that can change plans. */
static void look_again(struct draft *d, enum phase phase)
{
    if (d->m->query_count || d->m->top_queries)
        add_engine(d, phase, "plans again",
                   mem_dup("-- EXPLAIN of what baseline has noted, and its mean time since"));
}

static void await_clients(struct draft *d)
{
    if (d->m->require == REQUIRE_NONE)
        add_engine(d, PHASE_ENFORCE, "wait for old clients",
                   mem_dup("-- until no session is left that began before the column was there"));
}

static void plan_baseline(struct draft *d)
{
    for (size_t i = 0; i < d->m->query_count; i++) {
        char *name = mem_printf("plan of query %s", d->m->queries[i].name);
        add_engine(d, PHASE_BASELINE, name,
                   statement_explain_form(d->f->engine, d->m->queries[i].sql));
        free(name);
    }
    if (d->m->top_queries)
        add_engine(d, PHASE_BASELINE, "the table's dearest statements",
                   mem_printf("-- EXPLAIN of the %lld statements of %s that took most time, by %s",
                              (long long)d->m->top_queries, table_of(d),
                              d->f->engine == DB_POSTGRESQL
                                  ? "pg_stat_statements"
                                  : "performance_schema, where it is on"));
    say(d, PHASE_BASELINE,
        mem_dup("Note the plans of the watched queries and who is connected, to compare later?"),
        mem_dup("estimate: seconds; only reads"));
}

static void plan_expand(struct draft *d)
{
    bool instant = d->f->add_by == DDL_INSTANT;
    add_ddl(d, PHASE_EXPAND, instant ? STEP_DDL : STEP_LONG, "add column", d->ddl->add_column);
    d->plan->phases[PHASE_EXPAND].destructive_undo = true;
    say(d, PHASE_EXPAND,
        mem_printf("Add column %s to %s, nullable and without a default%s%s%s?", d->m->column,
                   table_of(d), instant ? "" : ", by ",
                   instant ? "" : plan_algorithm_name(d->f->add_by),
                   instant ? "" : ", which goes through the whole table"),
        instant ? estimate_instant(d->f) : estimate_rebuild(d->f, d->f->add_by));
}

static void plan_sync(struct draft *d)
{
    const char *column = d->m->column;
    if (!fills_rows(d->m)) {
        say(d, PHASE_SYNC,
            mem_dup("Nothing to keep in step: there is neither a value nor a "
                    "default. Go on?"),
            mem_dup("nothing runs"));
        return;
    }
    switch (d->m->new_rows) {
    case NEW_ROWS_TRIGGER:
        add_ddl(d, PHASE_SYNC, STEP_STATE, "trigger function", d->ddl->sync_function);
        add_ddl(d, PHASE_SYNC, STEP_DDL, "triggers", d->ddl->sync_triggers);
        say(d, PHASE_SYNC,
            mem_printf("Let a trigger fill %s in rows that are written from now on, where the "
                       "application does not?",
                       column),
            mem_dup("estimate: a few milliseconds; afterwards each write of a row costs some "
                    "microseconds more"));
        break;
    case NEW_ROWS_DEFAULT:
        add_ddl(d, PHASE_SYNC, STEP_DDL, "set default", d->ddl->set_default);
        say(d, PHASE_SYNC,
            mem_printf("Give %s its default for rows that are inserted from now on? Rows that are "
                       "changed after their batch keep the value they got.",
                       column),
            estimate_instant(d->f));
        break;
    case NEW_ROWS_APPLICATION:
        say(d, PHASE_SYNC,
            mem_printf("Does every version of the application that runs now fill %s, on insert and "
                       "on update? newel does nothing for new rows.",
                       column),
            mem_dup("nothing runs"));
        break;
    }
}

/* One batch as the engine sends it. */
static char *batch_form(const struct draft *d)
{
    const struct batch_words *words = batch_words(d->f->engine);
    const struct facts *f = d->f;
    if (d->plan->order == WALK_BLOCKS)
        return words->blocks(&d->subject.words);
    if (f->key_count == 0)
        return mem_dup("-- impossible: there is no primary key to walk along");
    struct batch_subject walk = walk_subject(&d->subject.words, f);
    char *sql = words->keys(&walk);
    walk_subject_free(&walk);
    return sql;
}

static void plan_backfill(struct draft *d)
{
    if (!fills_rows(d->m)) {
        say(d, PHASE_BACKFILL, mem_dup("No row needs a value. Go on?"), mem_dup("nothing runs"));
        return;
    }
    const char *lock = d->f->engine == DB_POSTGRESQL ? "ROW EXCLUSIVE" : "row locks";
    struct step *s = add_step(d, PHASE_BACKFILL, STEP_ENGINE, "batches", lock);
    s->sql = batch_form(d);
    free(s->blocks);
    s->blocks = mem_printf("whoever writes a row of the batch in flight, until it commits");
    char rows[UNITS_TEXT];
    say(d, PHASE_BACKFILL,
        mem_printf("Fill %s in about %s rows of %s, batch by batch?", d->m->column,
                   units_count(rows, d->f->rows_estimate), table_of(d)),
        estimate_backfill(d->m, d->f, d->plan->stripes));
}

static char *left_form(const struct draft *d)
{
    struct batch_subject walk = walk_subject(&d->subject.words, d->f);
    char *sql = batch_words(d->f->engine)->left_form(&walk);
    walk_subject_free(&walk);
    return sql;
}

static void plan_verify(struct draft *d)
{
    if (!fills_rows(d->m)) {
        say(d, PHASE_VERIFY, mem_dup("No row needs a value, so none is looked for. Go on?"),
            mem_dup("nothing runs"));
        return;
    }
    add_engine(d, PHASE_VERIFY, "count rows left without their value", left_form(d));
    say(d, PHASE_VERIFY,
        mem_printf("Count the rows that are still without %s, on a replica where there is one?",
                   d->m->column),
        estimate_scan(d->f));
}

static void plan_constrain(struct draft *d)
{
    if (!d->m->not_null) {
        say(d, PHASE_CONSTRAIN,
            mem_printf("%s stays nullable, so nothing is constrained. Go on?", d->m->column),
            mem_dup("nothing runs"));
        return;
    }
    add_ddl(d, PHASE_CONSTRAIN, STEP_DDL, "refuse NULL in new rows", d->ddl->add_not_null);
    if (d->ddl->validate_not_null)
        add_ddl(d, PHASE_CONSTRAIN, STEP_LONG, "validate all rows", d->ddl->validate_not_null);
    else
        add_engine(d, PHASE_CONSTRAIN, "count rows that are NULL", left_form(d));
    say(d, PHASE_CONSTRAIN,
        mem_printf("Refuse NULL in %s from now on, then check all rows while work goes on?",
                   d->m->column),
        estimate_scan(d->f));
}

static const char *rebuild_words(enum ddl_algorithm by)
{
    return by == DDL_COPY ? "NOT NULL, which copies the table while its writes wait"
           : by == DDL_INPLACE_SHARED
               ? "NOT NULL, which builds the table anew in place while its writes wait"
               : "NOT NULL, which builds the table anew in place while reads and writes go on";
}

static void plan_enforce(struct draft *d)
{
    const struct migration *m = d->m;
    bool scans = d->f->engine != DB_POSTGRESQL;
    bool triggers = scans && m->not_null && m->not_null_by == NOT_NULL_TRIGGER;
    bool set = m->not_null && !triggers && !d->ddl->validate_is_enough(d->f->version);
    bool give = m->default_sql && m->new_rows != NEW_ROWS_DEFAULT;
    if (set)
        add_ddl(d, PHASE_ENFORCE, scans ? STEP_LONG : STEP_DDL, "set not null",
                d->ddl->set_not_null);
    if (give)
        add_ddl(d, PHASE_ENFORCE, STEP_DDL, "set default", d->ddl->set_default);
    if (set)
        add_ddl(d, PHASE_ENFORCE, STEP_DDL,
                scans ? "drop the triggers that are needless now"
                      : "drop the check that is needless now",
                d->ddl->drop_check);
    if (triggers) {
        say(d, PHASE_ENFORCE,
            mem_printf("Leave %s nullable, with NULL kept out by the triggers newel_null_*, which "
                       "stay for good%s?",
                       m->column, give ? ", and give it its default" : ""),
            estimate_instant(d->f));
        return;
    }
    if (!set && !give) {
        say(d, PHASE_ENFORCE,
            m->not_null ? mem_printf("%s is NOT NULL since it was validated: nothing more to do. "
                                     "Go on?",
                                     m->column)
                        : mem_dup("Neither NOT NULL nor a default is asked for. Go on?"),
            mem_dup("nothing runs"));
        return;
    }
    say(d, PHASE_ENFORCE,
        mem_printf("Make %s %s%s%s?", m->column,
                   !set    ? ""
                   : scans ? rebuild_words(d->f->enforce_by)
                           : "NOT NULL (no scan: the check proves it)",
                   set && give ? ", and " : "", give ? "give it its default" : ""),
        set && scans ? estimate_rebuild(d->f, d->f->enforce_by) : estimate_instant(d->f));
}

static void plan_compare(struct draft *d)
{
    say(d, PHASE_COMPARE,
        mem_dup("Compare the plans of the watched queries with those noted before, and look for "
                "sessions that know the old shape?"),
        mem_dup("estimate: seconds; only reads"));
}

static void plan_finish(struct draft *d)
{
    bool trigger = fills_rows(d->m) && d->m->new_rows == NEW_ROWS_TRIGGER;
    if (trigger) {
        add_ddl(d, PHASE_FINISH, STEP_DDL, "drop the triggers", d->ddl->drop_triggers);
        if (d->ddl->drop_function)
            add_ddl(d, PHASE_FINISH, STEP_STATE, "drop the trigger function",
                    d->ddl->drop_function);
    }
    add_ddl(d, PHASE_FINISH, STEP_LONG, "analyze", d->ddl->analyze);
    bool stay =
        d->f->engine != DB_POSTGRESQL && d->m->not_null && d->m->not_null_by == NOT_NULL_TRIGGER;
    say(d, PHASE_FINISH,
        trigger ? mem_printf("Drop the triggers%s and end? From then on only the application%s "
                             "fills %s: be sure that every writer does.",
                             stay ? " that fill it (those that refuse NULL stay)" : "",
                             d->m->default_sql ? " or the default" : "", d->m->column)
                : mem_printf("Analyze %s and end?", table_of(d)),
        mem_dup("estimate: milliseconds for the triggers, seconds for ANALYZE, which samples"));
}

/* ---- all of it ------------------------------------------------------------ */

struct ddl_subject plan_subject(const struct migration *m, const struct facts *f,
                                const char *column, const char *table)
{
    return (struct ddl_subject){
        .words =
            {
                .id = m->id,
                .qualified = f->qualified ? f->qualified : m->table,
                .table = table,
                .column = column,
                .type = m->type,
                .value = m->value_sql,
                .where = m->where_sql,
                .otherwise = m->default_sql,
                .not_null = m->not_null,
                .untyped = f->engine != DB_POSTGRESQL,
            },
        .engine = f->engine,
        .column = m->column,
        .table = f->table ? f->table : m->table,
        .schema = f->schema ? f->schema : "",
        .columns = f->columns,
        .column_count = f->column_count,
        .add_by = f->add_by,
        .drop_by = f->drop_by,
        .enforce_by = f->enforce_by,
        .search_path = f->search_path,
        .version = f->version,
    };
}

void plan_make(const struct migration *m, const struct facts *f, struct plan *out)
{
    *out = (struct plan){0};
    for (int i = 0; i < PHASE_COUNT; i++)
        out->phases[i].phase = (enum phase)i;
    struct draft d = {
        .m = m,
        .f = f,
        .plan = out,
        .ddl = ddl_words(f->engine),
        .column = db_quote_name(f->engine, m->column),
        .table = db_quote_name(f->engine, f->table ? f->table : m->table),
    };
    d.subject = plan_subject(m, f, d.column, d.table);
    units_duration(d.timeout, m->lock_timeout_us);
    choose_order(&d);
    plan_preflight(&d);
    plan_baseline(&d);
    plan_expand(&d);
    look_again(&d, PHASE_EXPAND);
    plan_sync(&d);
    plan_backfill(&d);
    plan_verify(&d);
    plan_constrain(&d);
    await_clients(&d);
    plan_enforce(&d);
    look_again(&d, PHASE_ENFORCE);
    plan_compare(&d);
    look_again(&d, PHASE_COMPARE);
    plan_finish(&d);
    look_again(&d, PHASE_FINISH);
    free(d.column);
    free(d.table);
}

void plan_free(struct plan *p)
{
    for (int i = 0; i < PHASE_COUNT; i++) {
        struct phase_plan *phase = &p->phases[i];
        for (size_t j = 0; j < phase->step_count; j++) {
            struct step *s = &phase->steps[j];
            free(s->name);
            free(s->sql);
            free(s->lock);
            free(s->blocks);
            free(s->undo);
            free(s->undo_lock);
            free(s->undo_blocks);
            free(s->done);
            free(s->undone);
        }
        free(phase->steps);
        free(phase->estimate);
        free(phase->question);
    }
    free(p->order_why);
    *p = (struct plan){0};
}
