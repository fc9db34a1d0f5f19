#include "config.h"
#include "engine/preflight.h"

#include "dialect/watch.h"
#include "plan/check.h"

#include <stdlib.h>
#include <string.h>

static void record_check(struct run *r, const struct check_result *c)
{
    json_t *event = run_event(r, EVENT_CHECK);
    json_set_text(event, "check", c->name);
    json_set_text(event, "verdict", check_verdict_name(c->verdict));
    json_set_text(event, "evidence", c->evidence);
    json_set_text(event, "remedy", c->remedy);
    run_record(r, event);
}

/* ---- replicas ------------------------------------------------------------- */

static void record_settings(struct run *r, const struct db_address *where)
{
    struct check_list list = {0};
    check_replica(where, &list);
    for (size_t i = 0; i < list.count; i++)
        record_check(r, &list.items[i]);
    check_list_free(&list);
}

/* What speaks against a replica, or "" and how it stands. */
static void look_at_replica(struct run *r, const struct db_address *where, struct str *bad,
                            struct str *good)
{
    struct error e;
    struct replica_view v;
    struct db *db = db_open(where, "newel preflight", &e);
    bool ok = db && watch_words(db_engine_of(db))->replica(db, r->migration->id, &v, &e) == DB_OK;
    db_close(db);
    if (ok)
        record_settings(r, where);
    if (!ok)
        str_addf(bad, "%s%s cannot be asked: %s", bad->len ? "; " : "", where->name, e.why);
    else if (v.trouble[0] || v.paused || !v.is_replica || v.filtered)
        str_addf(bad, "%s%s: %s", bad->len ? "; " : "", where->name,
                 v.trouble[0] && !v.filtered ? v.trouble : v.state);
    else
        str_addf(good, "%s%s: %s", good->len ? "; " : "", where->name, v.state);
}

/* A replica that stands or is gone stops no preflight: the backfill waits for it. */
static void record_replicas(struct run *r)
{
    struct str bad = {0}, good = {0};
    for (size_t i = 0; i < r->target->replica_count; i++)
        look_at_replica(r, &r->target->replicas[i], &bad, &good);
    static const char remedy[] = "the backfill will wait while their lag cannot be told; a replica "
                                 "that filters has not all of the rows, and verify does not count "
                                 "there";
    struct check_result c = {.name = "replicas", .verdict = bad.len ? CHECK_WARN : CHECK_PASS};
    c.evidence = mem_dup(bad.len ? str_text(&bad) : str_text(&good));
    c.remedy = mem_dup(bad.len ? remedy : "");
    if (r->target->replica_count)
        record_check(r, &c);
    free(c.evidence);
    free(c.remedy);
    str_free(&bad);
    str_free(&good);
}

/* ---- all of it ------------------------------------------------------------ */

bool preflight(struct run *r, struct db *db, struct error *e)
{
    struct check_list list = {0};
    if (!check_run(db, r->migration, &r->facts, true, &list, e))
        return false;
    record_replicas(r);
    bool stop = false, privilege = false;
    struct str why = {0}, todo = {0};
    for (size_t i = 0; i < list.count; i++) {
        const struct check_result *c = &list.items[i];
        record_check(r, c);
        if (c->verdict != CHECK_STOP)
            continue;
        stop = true;
        privilege |= c->privilege;
        str_addf(&why, "%s%s: %s", why.len ? "; " : "", c->name, c->evidence);
        if (c->remedy && c->remedy[0])
            str_addf(&todo, "%s%s", todo.len ? "; " : "", c->remedy);
    }
    if (stop) {
        /* a missing GRANT is a server that would not be asked; the rest is a phase that failed */
        error_set(e, privilege ? ERROR_DATABASE : ERROR_PHASE, "preflight of %s on %s stops it",
                  r->migration->id, r->target->name);
        error_why(e, "%s", str_text(&why));
        error_todo(e, "%s", str_text(&todo));
    }
    str_free(&why);
    str_free(&todo);
    char *detail = mem_printf("%zu checks passed, %zu warn", check_count(&list, CHECK_PASS),
                              check_count(&list, CHECK_WARN));
    check_list_free(&list);
    bool told = stop || run_enter(r, PHASE_PREFLIGHT, STATE_RUNNING, detail, NULL);
    free(detail);
    return !stop && (told || error_set(e, ERROR_STOPPED, "preflight was stopped"));
}
