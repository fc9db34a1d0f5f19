#include "config.h"
#include "engine/locks.h"

#include "base/clock.h"
#include "dialect/watch.h"

#include <stdlib.h>

/* Whoever holds the table for less is gone before anybody could ask. */
#define HOLDER_XACT_US US_PER_S

/* That nobody waits is said again so often, for a screen to know that it was looked at. */
#define QUIET_EVERY_US (5 * US_PER_S)

static bool has_pid(const json_t *list, int64_t pid)
{
    size_t i;
    json_t *row;
    json_array_foreach(list, i, row) if (json_get_int(row, "pid", 0) == pid) return true;
    return false;
}

static json_t *holder_row(const struct run *r, const struct db_rows *rows, int i)
{
    json_t *row = json_object();
    json_set_int(row, "pid", db_int(rows, i, 0, 0));
    json_set_int(row, "parent", UNKNOWN);
    json_set_int(row, "depth", 0);
    json_set_text(row, "user", db_value(rows, i, 1));
    json_set_text(row, "app", db_value(rows, i, 2));
    json_set_text(row, "state", db_value(rows, i, 3));
    json_set_int(row, "xact_us", db_int(rows, i, 4, UNKNOWN));
    json_set_text(row, "mode", db_value(rows, i, 5));
    json_set_text(row, "object", r->facts.qualified);
    json_set_text(row, "query", db_value(rows, i, 6));
    json_set_text(row, "start", db_value(rows, i, 7));
    json_set_bool(row, "holds", true);
    return row;
}

static enum db_fault add_holders(struct run *r, struct db *db, const char *pids, int64_t least_us,
                                 json_t *list, struct error *e)
{
    struct db_rows *rows;
    enum db_fault fault = watch_holders(db, r->facts.qualified, pids, &rows, e);
    if (fault != DB_OK) /* a server that cannot tell is no server that is down */
        return db_alive(db) ? DB_OK : fault;
    for (int i = 0; i < db_row_count(rows); i++)
        if (!has_pid(list, db_int(rows, i, 0, 0)) && db_int(rows, i, 4, 0) >= least_us)
            json_push(list, holder_row(r, rows, i));
    db_rows_free(rows);
    return DB_OK;
}

/* Shall who holds the table be told, and from which age of a transaction on? UNKNOWN: no. */
static int64_t holders_wanted(struct run *r)
{
    run_lock(r);
    bool held_back = r->state == STATE_WAITING;
    bool may_begin = r->state == STATE_ASKING || r->state == STATE_FAILED;
    const struct phase_plan *p = r->phase < PHASE_COUNT ? &r->plan.phases[r->phase] : NULL;
    bool locks = false;
    for (size_t i = 0; p && i < p->step_count; i++)
        locks |= p->steps[i].kind == STEP_DDL && p->steps[i].exclusive;
    run_unlock(r);
    return held_back ? 0 : may_begin && locks ? HOLDER_XACT_US : UNKNOWN;
}

static enum db_fault ask_tree(struct run *r, struct db *db, json_t *list, struct error *e)
{
    char *pids = run_pids(r);
    enum db_fault fault = watch_words(r->engine)->lock_tree(db, pids, list, e);
    int64_t least_us = holders_wanted(r);
    if (fault == DB_OK && least_us != UNKNOWN)
        fault = add_holders(r, db, pids, least_us, list, e);
    free(pids);
    return fault;
}

enum db_fault locks_sample(struct run *r, struct db *db, struct lock_news *news, struct error *e)
{
    json_t *list = json_array();
    enum db_fault fault = ask_tree(r, db, list, e);
    bool some = json_array_size(list) > 0;
    int64_t now = clock_mono_us();
    if (fault != DB_OK || (!some && !news->had_some && now - news->told_us < QUIET_EVERY_US)) {
        json_decref(list);
        return fault;
    }
    *news = (struct lock_news){.had_some = some, .told_us = now};
    json_t *event = run_event(r, EVENT_SAMPLE);
    json_set_text(event, "of", "locks");
    json_set_text(event, "server", r->target->name);
    json_set(event, "rows", list);
    run_record(r, event);
    return DB_OK;
}
