#include "config.h"
#include "engine/stairs.h"

#include "base/clock.h"
#include "dialect/state.h"
#include "dialect/watch.h"
#include "engine/approval.h"
#include "engine/backfill.h"
#include "engine/clients.h"
#include "engine/ddl.h"
#include "engine/evidence.h"
#include "engine/observe.h"
#include "engine/preflight.h"
#include "engine/state.h"
#include "engine/verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What a look at the table, and any other statement of the climb, waits for a lock at most. */
#define LOOK_US (2 * US_PER_S)
#define LOCK_US (30 * US_PER_S)

struct stairs {
    struct run *run;
    struct db *db;
    struct observers *observers;
    struct state before; /* what the target said when we came */
    bool leased;
};

/* ---- telling -------------------------------------------------------------- */

static void record_plan(struct run *r, const struct phase_plan *p)
{
    json_t *event = run_event(r, EVENT_PLAN), *steps = json_array();
    json_set_text(event, "of", "phase");
    json_set_text(event, "phase", phase_name(p->phase));
    json_set_text(event, "question", p->question);
    json_set_text(event, "estimate", p->estimate);
    for (size_t i = 0; i < p->step_count; i++) {
        json_t *step = json_object();
        json_set_text(step, "name", p->steps[i].name);
        json_set_text(step, "sql", p->steps[i].sql);
        json_set_text(step, "lock", p->steps[i].lock);
        json_set_text(step, "blocks", p->steps[i].blocks);
        json_set_text(step, "undo", p->steps[i].undo);
        json_push(steps, step);
    }
    json_set(event, "steps", steps);
    run_record(r, event);
}

/* ---- the phases ----------------------------------------------------------- */

static bool verify(struct stairs *s, enum phase phase, struct error *e)
{
    struct run *r = s->run;
    struct verdict v;
    if (!verify_count(r, s->db, &v, e))
        return false;
    if (v.left) {
        error_set(e, ERROR_PHASE, "%" PRId64 " rows are left without their value", v.left);
        error_why(e, "counted on %s; for one, %s", v.where, v.example);
        error_todo(e, "step %s again: it passes the table once more for them and counts anew",
                   phase_name(phase));
        /* what it passes again are places; rows that have their value are left alone */
        struct error ignored;
        IGNORE(backfill_again(r, s->db, &ignored));
        return false;
    }
    char *detail = mem_printf("no row is left without its value (counted on %s)", v.where);
    bool ok = run_enter(r, phase, STATE_RUNNING, detail, NULL);
    free(detail);
    return ok || error_set(e, ERROR_STOPPED, "%s was stopped", phase_name(phase));
}

static bool run_steps(struct stairs *s, enum phase phase, struct error *e)
{
    const struct phase_plan *p = &s->run->plan.phases[phase];
    for (size_t i = 0; i < p->step_count; i++)
        if (p->steps[i].kind != STEP_ENGINE &&
            !ddl_run(s->run, &s->db, phase, &p->steps[i], false, e))
            return false;
    return true;
}

/* Nothing of the server validates the rows that are there when new NULLs are refused. */
static bool counts_again(const struct run *r)
{
    return r->engine != DB_POSTGRESQL && r->migration->not_null;
}

/* A connection that is lost on the way is no reason for a phase to fail. */
static bool look_at_plans(struct stairs *s, enum phase phase, struct error *e)
{
    for (;;) {
        *e = (struct error){0};
        bool ok = phase == PHASE_BASELINE ? evidence_baseline(s->run, s->db, e)
                                          : evidence_compare(s->run, s->db, phase, e);
        if (ok || db_alive(s->db))
            return ok;
        s->db = run_reconnect(s->run, s->db, "main", e);
        if (!s->db)
            return error_set(e, ERROR_STOPPED, "%s was stopped", phase_name(phase));
    }
}

static bool run_phase(struct stairs *s, enum phase phase, bool again, struct error *e)
{
    struct run *r = s->run;
    switch (phase) {
    case PHASE_PREFLIGHT:
        return preflight(r, s->db, e);
    case PHASE_BASELINE:
        return look_at_plans(s, phase, e) && clients_look(r, s->db, e);
    case PHASE_BACKFILL:
        return backfill_run(r, &s->db, e);
    case PHASE_VERIFY:
        return (!again || backfill_run(r, &s->db, e)) && verify(s, phase, e);
    case PHASE_COMPARE:
        return look_at_plans(s, phase, e) && clients_look(r, s->db, e);
    case PHASE_CONSTRAIN:
        return counts_again(r) ? (!again || backfill_run(r, &s->db, e)) && run_steps(s, phase, e) &&
                                     verify(s, phase, e)
                               : run_steps(s, phase, e);
    case PHASE_ENFORCE:
        return clients_settle(r, &s->db, phase, e) && run_steps(s, phase, e) &&
               look_at_plans(s, phase, e);
    case PHASE_EXPAND:
    case PHASE_FINISH:
        return run_steps(s, phase, e) && look_at_plans(s, phase, e);
    case PHASE_SYNC:
    case PHASE_COUNT:
        break;
    }
    return run_steps(s, phase, e);
}

/* ---- the lease around them ------------------------------------------------ */

/* Our own state is there only after preflight has found that it may be. */
static bool take_lease(struct stairs *s, struct error *e)
{
    struct run *r = s->run;
    if (s->leased)
        return true;
    if (!state_take(r, s->db, &s->before, e))
        return false;
    s->leased = true;
    return true;
}

static void watch(struct stairs *s)
{
    if (s->leased && !s->observers)
        s->observers = observe_start(s->run);
}

static bool set_state(struct stairs *s, enum phase phase, enum phase_state state, struct error *e)
{
    while (!run_stopping(s->run)) {
        enum db_fault fault = state_set(s->run, s->db, phase, state, e);
        if (fault == DB_OK)
            return true;
        if (fault == DB_FENCED || db_alive(s->db))
            return false;
        s->db = run_reconnect(s->run, s->db, "main", e);
        if (!s->db)
            return false;
    }
    return error_set(e, ERROR_STOPPED, "%s was stopped", phase_name(phase));
}

static bool climb_one(struct stairs *s, enum phase phase, bool again, struct error *e)
{
    struct run *r = s->run;
    if (!run_enter(r, phase, STATE_RUNNING, NULL, NULL))
        return error_set(e, ERROR_STOPPED, "%s was stopped", phase_name(phase));
    bool mine = s->leased;
    if (mine && !set_state(s, phase, STATE_RUNNING, e))
        return false;
    if (!run_phase(s, phase, again, e))
        return false;
    if (!mine && !take_lease(s, e))
        return false;
    watch(s);
    if (!set_state(s, phase, STATE_DONE, e))
        return false;
    return run_enter(r, phase, STATE_DONE, NULL, NULL) ||
           error_set(e, ERROR_STOPPED, "%s was stopped", phase_name(phase));
}

/* ---- the way back --------------------------------------------------------- */

static bool forget_backfill(struct stairs *s, struct error *e)
{
    const char *params[] = {s->run->migration->id};
    return db_query(s->db, NULL, e, state_words(s->run->engine)->forget_backfill, 1, params) ==
           DB_OK;
}

static bool roll_back(struct stairs *s, enum phase from, struct error *e)
{
    struct run *r = s->run;
    run_alarm(r, "warn", "rollback", "rolling back from %s", phase_name(from));
    for (int phase = (int)from; phase >= PHASE_EXPAND; phase--) {
        const struct phase_plan *p = &r->plan.phases[phase];
        if (!set_state(s, p->phase, STATE_UNDOING, e) ||
            !run_enter(r, p->phase, STATE_UNDOING, NULL, NULL))
            return false;
        for (size_t i = p->step_count; i-- > 0;)
            if (p->steps[i].undo && p->steps[i].kind != STEP_ENGINE &&
                !ddl_run(r, &s->db, p->phase, &p->steps[i], true, e))
                return false;
        if (phase == PHASE_BACKFILL && !forget_backfill(s, e))
            return false;
        if (!run_enter(r, p->phase, STATE_UNDONE, NULL, NULL))
            return false;
    }
    return set_state(s, PHASE_EXPAND, STATE_UNDONE, e);
}

/* ---- the operator --------------------------------------------------------- */

/* What the operator wants next; WISH_NONE: the run is to end. */
static enum run_wish wait_for_wish(struct run *r, enum phase phase)
{
    run_lock(r);
    for (;;) {
        if (r->stop || r->fenced) {
            run_unlock(r);
            return WISH_NONE;
        }
        enum run_wish wish = r->wish;
        if (wish == WISH_ROLLBACK || (wish == WISH_STEP && r->wish_phase == phase)) {
            r->wish = WISH_NONE;
            run_unlock(r);
            return wish;
        }
        run_wait(r, US_PER_S);
    }
}

static bool rollback_wished(struct run *r)
{
    run_lock(r);
    bool yes = r->wish == WISH_ROLLBACK;
    if (yes)
        r->wish = WISH_NONE;
    run_unlock(r);
    return yes;
}

/* Rolls back until it is done or the run is to end; each failure is told and asked about. */
static void go_down(struct stairs *s, enum phase from, struct error *e)
{
    struct run *r = s->run;
    run_lock(r);
    r->going_down = true;
    run_unlock(r);
    while (!roll_back(s, from, e)) {
        if (run_stopping(r))
            return;
        bool told = run_enter(r, from, STATE_FAILED, "rollback", e);
        if (!told || r->end_on_failure || wait_for_wish(r, from) == WISH_NONE)
            return;
    }
    bool by_itself = r->rollback_why[0];
    error_set(e, by_itself ? ERROR_PHASE : ERROR_STOPPED, "%s on %s was rolled back",
              r->migration->id, r->target->name);
    if (by_itself)
        error_why(e, "%s", r->rollback_why);
}

/* A phase failed: tell, and wait for what the operator wants. False: the run is to end. */
static bool stand_still(struct stairs *s, enum phase phase, struct error *e, bool *back)
{
    struct run *r = s->run;
    struct error ignored;
    if (s->leased && s->db && db_alive(s->db))
        IGNORE(state_set(r, s->db, phase, STATE_FAILED, &ignored));
    if (!run_enter(r, phase, STATE_FAILED, NULL, e) || r->end_on_failure)
        return false;
    enum run_wish wish = wait_for_wish(r, phase);
    *back = wish == WISH_ROLLBACK;
    return wish != WISH_NONE;
}

/*
 * Who started the engine with --yes has said it to this, too; it takes another. Of somebody
 * unknown nobody could tell whether the other one is another.
 */
static void ask_second(struct run *r)
{
    run_lock(r);
    if (approval_of(r, WISH_STEP, r->operator_name) == APPROVAL_ASK)
        approval_ask(r, WISH_STEP, r->operator_name);
    run_unlock(r);
}

/* Without a question it is begun in the name of who started the engine. */
static bool goes_on(struct run *r)
{
    run_lock(r);
    free(r->released_by);
    r->released_by = NULL;
    run_unlock(r);
    return !run_stopping(r);
}

static bool ask(struct run *r, enum phase phase, bool *back)
{
    bool second = r->migration->approve.phases[phase];
    if (r->yes && !second)
        return goes_on(r);
    if (!run_enter(r, phase, STATE_ASKING, r->plan.phases[phase].question, NULL))
        return false;
    if (r->yes)
        ask_second(r);
    enum run_wish wish = wait_for_wish(r, phase);
    *back = wish == WISH_ROLLBACK;
    return wish != WISH_NONE;
}

/* ---- the climb ------------------------------------------------------------ */

static void climb(struct stairs *s, enum phase first, bool released, struct error *e)
{
    struct run *r = s->run;
    for (enum phase phase = first; phase <= r->until && phase < PHASE_COUNT; phase++) {
        bool back = false;
        bool again = phase == first && s->before.exists && s->before.state == STATE_FAILED;
        /* starting newel releases preflight, and what was under way when it was interrupted */
        bool free_to_go = phase == PHASE_PREFLIGHT || (phase == first && released);
        if (!free_to_go && !ask(r, phase, &back)) {
            error_set(e, ERROR_STOPPED, "stopped before %s", phase_name(phase));
            return;
        }
        while (!back && !climb_one(s, phase, again, e)) {
            if (rollback_wished(r)) {
                back = true;
                break;
            }
            if (run_stopping(r) || (e->kind == ERROR_STOPPED && r->stop))
                return;
            if (!stand_still(s, phase, e, &back))
                return;
            again = true;
            *e = (struct error){0};
        }
        if (back) {
            go_down(s, phase, e);
            return;
        }
    }
    *e = (struct error){0};
}

/* "pid 123 (reports), pid 124 (psql)": who holds the table, as far as can be told. */
static char *holders_text(struct stairs *s)
{
    struct str text = {0};
    struct db_rows *rows;
    struct error ignored;
    const char *qualified = s->run->facts.qualified;
    if (watch_holders(s->db, qualified ? qualified : s->run->migration->table, "{}", &rows,
                      &ignored) == DB_OK) {
        for (int i = 0; i < db_row_count(rows); i++) {
            const char *app = db_value(rows, i, 2), *user = db_value(rows, i, 1);
            str_addf(&text, "%spid %" PRId64 " (%s)", i ? ", " : "", db_int(rows, i, 0, 0),
                     app && *app ? app
                     : user      ? user
                                 : "no name");
        }
        db_rows_free(rows);
    }
    if (!text.len)
        str_add(&text, "a session that newel may not see");
    return str_take(&text);
}

/*
 * Whoever holds the table exclusively, or waits to, keeps even its sizes from being read. Names
 * the holders and waits. False when that is not what went wrong, or the run is to end.
 */
static bool wait_for_table(struct stairs *s, bool *told, const struct error *e)
{
    struct run *r = s->run;
    if (!db_is_lock_timeout(e) || run_stopping(r))
        return false;
    if (!*told) {
        char *holders = holders_text(s);
        run_alarm(
            r, "warn", "table-locked",
            "newel cannot even look at %s and waits: it is locked, or about to be; held by %s",
            r->migration->table, holders);
        free(holders);
    }
    *told = true;
    run_sleep(r, US_PER_S);
    struct error fenced;
    /* nobody else keeps it yet */
    if (s->leased && state_renew(r, s->db, &fenced) == DB_FENCED)
        return false;
    return !run_stopping(r);
}

/* MySQL tells the facts of a table that nobody can read: ask for its lock as well. */
static bool look_at_table(struct stairs *s, struct error *e)
{
    struct run *r = s->run;
    if (!facts_read(s->db, r->migration, &r->facts, e))
        return false;
    if (r->engine == DB_POSTGRESQL || !r->facts.qualified)
        return true;
    enum db_fault fault = watch_look(s->db, r->facts.qualified, e);
    return fault != DB_LOCK_TIMEOUT && db_alive(s->db);
}

static bool read_facts(struct stairs *s, struct error *e)
{
    struct run *r = s->run;
    bool told = false;
    if (run_lock_timeout(s->db, LOOK_US, e) != DB_OK)
        return false;
    while (!look_at_table(s, e)) {
        bool again = wait_for_table(s, &told, e);
        facts_free(&r->facts);
        if (!again)
            return false;
    }
    return run_lock_timeout(s->db, LOCK_US, e) == DB_OK;
}

/* Where an earlier run has left it. */
static bool look_back(struct stairs *s, struct error *e)
{
    struct run *r = s->run;
    s->db = run_connect(r, "main", e);
    if (!s->db)
        return false;
    r->engine = db_engine_of(s->db);
    return state_read(s->db, r->migration->id, &s->before, e) == DB_OK;
}

static bool prepare(struct stairs *s, struct error *e)
{
    struct run *r = s->run;
    if (!read_facts(s, e))
        return false;
    plan_make(r->migration, &r->facts, &r->plan);
    r->quoted_column = db_quote_name(r->facts.engine, r->migration->column);
    const struct migration *m = r->migration;
    r->quoted_table = db_quote_name(r->facts.engine, r->facts.table ? r->facts.table : m->table);
    r->words = (struct words){
        .id = m->id,
        .qualified = r->facts.qualified ? r->facts.qualified : m->table,
        .table = r->quoted_table,
        .column = r->quoted_column,
        .type = m->type,
        .value = m->value_sql,
        .where = m->where_sql,
        .otherwise = m->default_sql,
        .not_null = m->not_null,
        .untyped = r->engine != DB_POSTGRESQL,
    };
    r->walk = walk_subject(&r->words, &r->facts);
    for (int i = 0; i < PHASE_COUNT; i++)
        record_plan(r, &r->plan.phases[i]);
    run_record_pace(r);
    return true;
}

/*
 * The file may say other words than those that the triggers were made of, since it
 * was corrected: rows that are written from now on must get what the others get.
 */
static bool renew_sync(struct stairs *s, enum phase first, struct error *e)
{
    const struct phase_plan *sync = &s->run->plan.phases[PHASE_SYNC];
    if (first <= PHASE_SYNC || first >= PHASE_FINISH)
        return true;
    for (size_t i = 0; i < sync->step_count; i++) {
        const struct step *step = &sync->steps[i];
        if (step->kind != STEP_ENGINE && !ddl_is_done(s->db, step) &&
            !ddl_run(s->run, &s->db, PHASE_SYNC, step, false, e))
            return false;
    }
    return true;
}

static void walk(struct stairs *s, struct error *e)
{
    struct run *r = s->run;
    if (!look_back(s, e)) {
        (void)run_enter(r, PHASE_PREFLIGHT, STATE_FAILED, NULL, e);
        return;
    }
    enum phase first = state_next(&s->before);
    /* before anything is asked of the table: what a dead engine has left waiting for it ends here
     */
    if (first > PHASE_PREFLIGHT && !take_lease(s, e)) {
        (void)run_enter(r, first < PHASE_COUNT ? first : PHASE_FINISH, STATE_FAILED, NULL, e);
        return;
    }
    first = state_next(&s->before); /* what was in flight when we came is final now */
    if (!prepare(s, e)) {
        (void)run_enter(r, first < PHASE_COUNT ? first : PHASE_FINISH, STATE_FAILED, NULL, e);
        return;
    }
    watch(s);
    for (enum phase done = PHASE_PREFLIGHT; done < first; done++)
        if (!run_enter(r, done, STATE_DONE, "before this session", NULL))
            return;
    if (first > PHASE_BASELINE)
        evidence_recall(r, s->db);
    if (s->before.exists && s->before.state == STATE_UNDOING) {
        go_down(s, s->before.phase, e);
        return;
    }
    if (!renew_sync(s, first, e)) {
        (void)run_enter(r, first, STATE_FAILED, NULL, e);
        return;
    }
    climb(s, first, s->before.exists && s->before.state == STATE_RUNNING, e);
}

void *stairs_main(void *context)
{
    struct run *r = context;
    struct stairs s = {.run = r};
    struct error e = {0};
    walk(&s, &e);
    observe_stop(s.observers);
    if (s.leased && s.db && db_alive(s.db))
        state_drop(r, s.db);
    run_disconnect(r, s.db);
    run_lock(r);
    approval_lapse(r);
    if (r->fenced && e.kind != ERROR_PHASE) {
        error_set(&e, ERROR_PHASE, "%s on %s", r->migration->id, r->target->name);
        error_why(&e, "another engine has taken over");
    }
    r->error = e;
    r->finished = true;
    run_wake(r);
    run_unlock(r);
    return NULL;
}
