#include "config.h"
#include "engine/evidence.h"

#include "base/clock.h"
#include "dialect/statement_text.h"
#include "dialect/statements.h"
#include "engine/approval.h"
#include "engine/baseline.h"
#include "engine/clients.h"
#include "engine/query_plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A mean of fewer calls is chance. */
#define CALLS_LEAST 20

/* ---- what the server counts ----------------------------------------------- */

/* The same text may be counted more than once: a star is another query with a new column. */
static bool count_of(const struct statement_list *list, const char *fingerprint, int64_t *calls,
                     double *total_us)
{
    *calls = 0;
    *total_us = 0;
    if (!fingerprint || !list->source)
        return false;
    for (size_t i = 0; i < list->count; i++) {
        char *other = statement_fingerprint(list->items[i].text);
        if (strcmp(other, fingerprint) == 0) {
            *calls += list->items[i].calls;
            *total_us += list->items[i].total_us;
        }
        free(other);
    }
    return *calls > 0;
}

static void take_counts(struct baseline_query *q, const struct statement_list *list)
{
    if (!count_of(list, q->fingerprint, &q->calls, &q->total_us))
        q->calls = UNKNOWN;
}

/* ---- one plan ------------------------------------------------------------- */

static enum db_fault capture(struct db *db, const char *sql, char **plan, char **why)
{
    struct error e = {0};
    *plan = *why = NULL;
    if (!statement_has_plan(sql)) {
        *why = mem_dup("it is not one whole statement that EXPLAIN takes");
        return DB_OK;
    }
    enum db_fault fault = statement_explain(db, sql, statement_parameters(sql), plan, &e);
    if (fault == DB_OK)
        return DB_OK;
    *why = mem_dup(e.why[0] ? e.why : e.what);
    return db_alive(db) ? DB_OK : fault;
}

/* ---- the baseline --------------------------------------------------------- */

static void add_watched(struct run *r, struct baseline *b)
{
    for (size_t i = 0; i < r->migration->query_count; i++) {
        struct baseline_query *q = VEC_PUSH(b->queries, b->query_count);
        q->name = mem_dup(r->migration->queries[i].name);
        q->sql = mem_dup(r->migration->queries[i].sql);
        q->fingerprint = statement_fingerprint(q->sql);
    }
}

static bool is_known(const struct baseline *b, const char *fingerprint)
{
    for (size_t i = 0; i < b->query_count; i++)
        if (strcmp(b->queries[i].fingerprint, fingerprint) == 0)
            return true;
    return false;
}

static void add_top(struct run *r, struct baseline *b, const struct statement_list *list)
{
    int64_t left = r->migration->top_queries;
    for (size_t i = 0; i < list->count && left > 0; i++) {
        const struct statement *s = &list->items[i];
        char *fingerprint = statement_fingerprint(s->text);
        /* the server has left the constants out: whether it has a plan is seen without them */
        if (statement_has_plan(fingerprint) && statement_names(s->text, r->facts.table) &&
            !statement_is_ours(s->text) && !is_known(b, fingerprint)) {
            struct baseline_query *q = VEC_PUSH(b->queries, b->query_count);
            q->name = mem_printf("top-%" PRId64, r->migration->top_queries - left-- + 1);
            q->fingerprint = mem_dup(fingerprint);
            q->sql = mem_dup(
                s->sample || r->engine == DB_POSTGRESQL ? (s->sample ? s->sample : s->text) : NULL);
            q->top = true;
            if (!q->sql)
                q->why = mem_printf("%s keeps no call of it with its constants: %s", list->source,
                                    s->text);
        }
        free(fingerprint);
    }
}

static json_t *plan_event(const struct run *r, const struct baseline_query *q, const char *when)
{
    json_t *event = run_event(r, EVENT_PLAN);
    json_set_text(event, "of", "query");
    json_set_text(event, "query", q->name);
    json_set_text(event, "when", when);
    json_set_text(event, "sql", q->sql ? q->sql : q->fingerprint);
    json_set_bool(event, "top", q->top);
    return event;
}

static void set_plan(json_t *event, const char *plan, const char *why)
{
    struct query_plan p;
    if (query_plan_parse(plan, &p)) {
        json_set_real(event, "cost", p.cost);
        json_set_real(event, "rows", p.rows);
    }
    query_plan_free(&p);
    json_set_text(event, "text", plan);
    json_set_text(event, "error", why);
}

static void record_before(struct run *r, const struct baseline_query *q)
{
    json_t *event = plan_event(r, q, "before");
    set_plan(event, q->plan, q->why);
    if (q->calls > 0) {
        json_set_int(event, "calls", q->calls);
        json_set_real(event, "mean_us", q->total_us / (double)q->calls);
    }
    run_record(r, event);
}

static void alarm_unknown(struct run *r, const struct baseline_query *q, const char *why)
{
    run_alarm(r, q->top ? "info" : "warn", "plan-unknown", "query %s could not be planned: %s",
              q->name, why);
}

static enum db_fault read_statements(struct run *r, struct db *db, struct statement_list *list,
                                     bool tell, struct error *e)
{
    enum db_fault fault =
        statements_read(db, r->facts.table ? r->facts.table : r->migration->table, list, e);
    if (fault == DB_OK && !list->source && tell)
        run_alarm(r, "info", "statements-unknown",
                  "%s does not tell which statements run and how long they take: %s",
                  r->target->name, list->why);
    return fault;
}

bool evidence_baseline(struct run *r, struct db *db, struct error *e)
{
    struct baseline b = {.exists = true, .at_us = clock_wall_us()};
    struct statement_list list;
    enum db_fault fault = read_statements(r, db, &list, true, e);
    if (fault == DB_OK) {
        add_watched(r, &b);
        add_top(r, &b, &list);
        clients_note(r, &list, &b);
    }
    for (size_t i = 0; i < b.query_count && fault == DB_OK; i++) {
        struct baseline_query *q = &b.queries[i];
        take_counts(q, &list);
        if (q->sql)
            fault = capture(db, q->sql, &q->plan, &q->why);
        if (fault == DB_OK && q->why)
            alarm_unknown(r, q, q->why);
        record_before(r, q);
    }
    if (fault == DB_OK)
        fault = baseline_keep(r, db, &b, e);
    else if (!e->what[0])
        error_set(e, ERROR_DATABASE, "the plans on %s could not be captured", r->target->name);
    statement_list_free(&list);
    baseline_free(&b);
    return fault == DB_OK;
}

void evidence_recall(struct run *r, struct db *db)
{
    struct baseline b;
    struct error e;
    if (baseline_load(r, db, &b, &e) == DB_OK)
        for (size_t i = 0; i < b.query_count; i++)
            record_before(r, &b.queries[i]);
    baseline_free(&b);
}

/* ---- compared with it ----------------------------------------------------- */

/* One query as it is now, beside how it was. */
struct capture {
    const struct baseline_query *before; /* NULL: it is new */
    char *plan, *why;
    struct plan_change change;
    int64_t calls; /* since the baseline; UNKNOWN */
    double mean_us;
    bool slower; /* by more than the file allows */
};

static void measure(struct run *r, struct capture *c, const struct statement_list *list)
{
    const struct baseline_query *q = c->before;
    int64_t calls;
    double total;
    c->calls = UNKNOWN;
    if (!count_of(list, q->fingerprint, &calls, &total))
        return;
    /* counters that went back were begun anew; one that is new began with nothing */
    int64_t old = q->calls == UNKNOWN ? 0 : q->calls;
    double old_total = q->calls == UNKNOWN ? 0 : q->total_us;
    if (calls < old)
        return;
    c->calls = calls - old;
    if (c->calls == 0)
        return;
    /* what was kept as text may be off by its last digit */
    c->mean_us = total > old_total ? (total - old_total) / (double)c->calls : 0;
    double most = r->migration->max_p99_ratio;
    if (most > 0 && old >= CALLS_LEAST && c->calls >= CALLS_LEAST)
        c->slower = c->mean_us > old_total / (double)old * most;
}

static void compare(struct run *r, struct capture *c)
{
    struct query_plan before, after;
    bool both = query_plan_parse(c->before->plan, &before);
    both &= query_plan_parse(c->plan, &after);
    if (both)
        c->change = query_plan_compare(&before, &after, r->migration->max_plan_cost_ratio);
    query_plan_free(&before);
    query_plan_free(&after);
}

static const char *verdict_of(const struct capture *c)
{
    if (!c->plan)
        return NULL;
    if (!c->before->plan)
        return "no baseline";
    return c->change.worse ? "worse" : c->change.shape ? "changed" : "same";
}

static void record_after(struct run *r, const struct capture *c, enum phase phase)
{
    json_t *event = plan_event(r, c->before, "after");
    set_plan(event, c->plan, c->why);
    json_set_text(event, "phase", phase_name(phase));
    json_set_text(event, "verdict", verdict_of(c));
    json_set_text(event, "change", c->change.words);
    if (c->calls != UNKNOWN)
        json_set_int(event, "calls", c->calls);
    if (c->calls > 0)
        json_set_real(event, "mean_us", c->mean_us);
    if (c->slower)
        json_set_bool(event, "slower", true);
    run_record(r, event);
}

static void part(struct str *out)
{
    if (out->len)
        str_add(out, "; ");
}

/* Alarms, and what they say once more, for whoever must decide. */
static void judge(struct run *r, const struct capture *c, struct str *out)
{
    const struct baseline_query *q = c->before;
    if (c->why && q->plan)
        alarm_unknown(r, q, c->why);
    if (c->change.worse) {
        run_alarm(r, "warn", "plan-regression", "query %s: its plan got worse: %s", q->name,
                  c->change.words);
        part(out);
        str_addf(out, "%s: %s", q->name, c->change.words);
    } else if (c->change.shape) {
        run_alarm(r, "info", "plan-change", "query %s: its plan has changed: %s", q->name,
                  c->change.words);
    }
    if (!c->slower)
        return;
    double before = q->total_us / (double)q->calls;
    struct str text = {0};
    str_addf(&text, "mean %.3g ms -> %.3g ms (%.3gx, limit %.3gx)", before / 1e3, c->mean_us / 1e3,
             c->mean_us / before, r->migration->max_p99_ratio);
    run_alarm(r, "warn", "latency-regression",
              "query %s takes longer: %s over %" PRId64 " calls since the baseline", q->name,
              str_text(&text), c->calls);
    part(out);
    str_addf(out, "%s: %s", q->name, str_text(&text));
    str_free(&text);
}

static enum db_fault look_again(struct run *r, struct db *db, const struct baseline_query *q,
                                const struct statement_list *list, enum phase phase,
                                struct str *worse)
{
    struct capture c = {.before = q};
    /* what could not be planned as the server has kept it will not be now */
    bool plans = q->sql && (q->plan || !q->top);
    enum db_fault fault = plans ? capture(db, q->sql, &c.plan, &c.why) : DB_OK;
    if (fault == DB_OK) {
        if (!plans)
            c.why = mem_dup(q->why);
        compare(r, &c);
        measure(r, &c, list);
        /* of what the server could neither plan nor has seen since there is nothing to tell */
        if (plans || c.calls > 0)
            record_after(r, &c, phase);
        judge(r, &c, worse);
    }
    free(c.plan);
    free(c.why);
    free(c.change.words);
    return fault;
}

/* A query that came into the file later has nothing that it could be compared with. */
static void add_newcomers(struct run *r, struct baseline *b)
{
    for (size_t i = 0; i < r->migration->query_count; i++) {
        const struct watched_query *w = &r->migration->queries[i];
        const struct baseline_query *known = baseline_query(b, w->name);
        if (known && known->sql && strcmp(known->sql, w->sql) == 0)
            continue;
        struct baseline_query *q =
            known ? &b->queries[known - b->queries] : VEC_PUSH(b->queries, b->query_count);
        free(q->sql);
        free(q->fingerprint);
        free(q->plan);
        free(q->why);
        if (!known)
            q->name = mem_dup(w->name);
        q->sql = mem_dup(w->sql);
        q->fingerprint = statement_fingerprint(w->sql);
        q->plan = q->why = NULL;
        q->calls = UNKNOWN;
    }
}

/* What the file wants done about it. */
static bool act(struct run *r, enum phase phase, const char *worse, struct error *e)
{
    enum on_regression wanted = r->migration->on_regression;
    if (wanted == REGRESSION_WARN)
        return true;
    if (run_waived(r, WAIVE_PLANS)) {
        run_alarm(r, "warn", "plans-waived", "going on all the same, as the operator wants: %s",
                  worse);
        return true;
    }
    error_set(e, ERROR_PHASE, "queries got worse with %s", phase_name(phase));
    error_why(e, "%s", worse);
    /* where the way back needs a second operator, it is none's to begin alone */
    if (wanted == REGRESSION_ROLLBACK && phase < PHASE_FINISH &&
        !approval_needed(r, WISH_ROLLBACK)) {
        run_alarm(r, "crit", "regression-rollback", "taking it back, as the file wants: %s", worse);
        run_lock(r);
        r->wish = WISH_ROLLBACK;
        r->wish_phase = PHASE_EXPAND;
        (void)snprintf(r->rollback_why, sizeof r->rollback_why, "%s", worse);
        run_unlock(r);
        return false;
    }
    return error_todo(e,
                      "see both plans (Plans); mend it and step %s again, take it for good with "
                      "override plans for 1h REASON, or roll back",
                      phase_name(phase));
}

bool evidence_compare(struct run *r, struct db *db, enum phase phase, struct error *e)
{
    struct baseline b = {0};
    struct statement_list list = {0};
    struct str worse = {0};
    enum db_fault fault = baseline_load(r, db, &b, e);
    if (fault == DB_OK)
        fault = read_statements(r, db, &list, false, e);
    if (fault == DB_OK)
        add_newcomers(r, &b);
    for (size_t i = 0; i < b.query_count && fault == DB_OK; i++)
        fault = look_again(r, db, &b.queries[i], &list, phase, &worse);
    if (fault != DB_OK && !e->what[0])
        error_set(e, ERROR_DATABASE, "the plans on %s could not be captured", r->target->name);
    bool ok = fault == DB_OK && (!worse.len || act(r, phase, str_text(&worse), e));
    str_free(&worse);
    statement_list_free(&list);
    baseline_free(&b);
    return ok;
}
