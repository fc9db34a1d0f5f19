#include "config.h"
#include "engine/backfill.h"

#include "base/clock.h"
#include "dialect/batch.h"
#include "dialect/state.h"
#include "dialect/watch.h"
#include "engine/lane.h"
#include "engine/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LANES_MAX 64

static enum db_engine engine_of(const struct run *r)
{
    return r->engine;
}

/* ---- ranges --------------------------------------------------------------- */

struct bounds {
    char **upper;
    size_t count;
    char *least; /* where the first range begins; NULL: nobody knows */
    char *shape;
    int64_t blocks;
};

static void bounds_free(struct bounds *b)
{
    for (size_t i = 0; i < b->count; i++)
        free(b->upper[i]);
    free(b->upper);
    free(b->least);
    free(b->shape);
}

static void add_bound(struct bounds *b, char *upper)
{
    *VEC_PUSH(b->upper, b->count) = upper;
}

static bool ask_extent(struct run *r, struct db *db, struct bounds *b, struct error *e)
{
    char *sql = batch_words(engine_of(r))->extent(&r->words);
    struct db_rows *rows;
    enum db_fault fault = db_query(db, &rows, e, sql, 0, NULL);
    free(sql);
    if (fault != DB_OK)
        return false;
    b->blocks = db_int(rows, 0, 0, 0);
    b->shape = mem_dup(db_value(rows, 0, 1));
    db_rows_free(rows);
    return true;
}

static bool block_bounds(struct run *r, struct db *db, struct bounds *b, struct error *e)
{
    if (!ask_extent(r, db, b, e))
        return false;
    int64_t parts = r->plan.range_count < 1 ? 1 : r->plan.range_count;
    if (parts > b->blocks)
        parts = b->blocks;
    for (int64_t i = 1; i <= parts; i++)
        add_bound(b, mem_printf("%" PRId64, b->blocks * i / parts));
    return true;
}

/* Ranges of keys end at the greatest key there is now: rows written later are not ours. */
static bool key_bounds(struct run *r, struct db *db, struct bounds *b, struct error *e)
{
    b->shape = mem_dup("keys");
    const struct batch_words *words = batch_words(engine_of(r));
    struct db_rows *rows;
    char *sql = words->end_keys(&r->walk);
    bool ok = db_query(db, &rows, e, sql, 0, NULL) == DB_OK;
    free(sql);
    if (!ok)
        return false;
    b->least = mem_dup(db_value(rows, 0, 0));
    char *last = mem_dup(db_value(rows, 0, 1));
    db_rows_free(rows);
    if (last && r->plan.range_count > 1) {
        sql = words->key_bounds(&r->walk, r->plan.range_count, r->facts.rows_estimate);
        ok = db_query(db, &rows, e, sql, 0, NULL) == DB_OK;
        free(sql);
        for (int i = 0; ok && i < db_row_count(rows); i++)
            add_bound(b, mem_dup(db_value(rows, i, 0)));
        if (ok)
            db_rows_free(rows);
    }
    if (ok && last)
        add_bound(b, mem_dup(last));
    free(last);
    return ok;
}

static bool save_ranges(struct run *r, struct db *db, const struct bounds *b, struct error *e)
{
    const struct state_words *words = state_words(engine_of(r));
    if (db_exec(db, watch_words(engine_of(r))->begin, e) != DB_OK)
        return false;
    bool ok = state_hold(r, db, e) == DB_OK; /* under our lease, or not at all */
    bool by_blocks = r->plan.order == WALK_BLOCKS;
    for (size_t i = 0; ok && i < b->count; i++) {
        char number[24], cursor[WINDOW_CURSOR];
        (void)snprintf(number, sizeof number, "%zu", i);
        const char *lower = i ? b->upper[i - 1] : by_blocks ? "0" : b->least;
        struct window w;
        window_start(&w, by_blocks ? atoll(lower) : 0, 0);
        window_text(&w, cursor);
        const char *params[] = {r->migration->id, number, lower, b->upper[i],
                                by_blocks ? cursor : i ? lower : "", b->shape};
        ok = db_query(db, NULL, e, words->add_range, 6, params) == DB_OK;
    }
    if (ok)
        return db_exec(db, watch_words(engine_of(r))->commit, e) == DB_OK;
    struct error ignored; /* the first error is the one that counts */
    if (db_alive(db))
        IGNORE(db_exec(db, watch_words(engine_of(r))->rollback, &ignored));
    return false;
}

static bool cut_ranges(struct run *r, struct db *db, struct error *e)
{
    struct bounds b = {0};
    bool ok = r->plan.order == WALK_BLOCKS ? block_bounds(r, db, &b, e)
                                           : key_bounds(r, db, &b, e);
    ok = ok && save_ranges(r, db, &b, e);
    bounds_free(&b);
    return ok;
}

bool backfill_again(struct run *r, struct db *db, struct error *e)
{
    const char *params[] = {r->migration->id};
    return db_query(db, NULL, e, state_words(engine_of(r))->forget_ranges, 1, params) == DB_OK;
}

/* Places in the heap mean nothing any more after the table was rewritten. */
bool backfill_rewritten(struct run *r, struct db *db, const char *shape, bool *rewritten,
                        struct error *e)
{
    *rewritten = false;
    if (r->plan.order == WALK_KEYS)
        return true;
    struct bounds now = {0};
    if (!ask_extent(r, db, &now, e))
        return false;
    *rewritten = !now.shape || strcmp(shape, now.shape) != 0;
    bounds_free(&now);
    return true;
}

static bool load_ranges(struct run *r, struct db *db, struct backfill *b, struct error *e)
{
    for (;;) {
        lane_free_ranges(b->ranges, b->range_count);
        if (lane_read_ranges(r, db, &b->ranges, &b->range_count, e) != DB_OK)
            return false;
        bool rewritten = false;
        if (b->range_count &&
            !backfill_rewritten(r, db, b->ranges[0].shape, &rewritten, e))
            return false;
        if (b->range_count && !rewritten)
            return true;
        if (b->range_count) {
            run_alarm(r, "warn", "rewritten",
                      "the table was rewritten meanwhile: walking it again from its beginning; "
                      "rows that have their value are passed over");
            if (!backfill_again(r, db, e))
                return false;
        }
        if (!cut_ranges(r, db, e))
            return false;
        struct range *fresh;
        size_t count;
        if (lane_read_ranges(r, db, &fresh, &count, e) != DB_OK)
            return false;
        lane_free_ranges(fresh, count);
        if (count == 0)
            return true; /* an empty table */
    }
}

static bool load_counts(struct run *r, struct db *db, struct error *e)
{
    const char *params[] = {r->migration->id};
    struct db_rows *rows;
    if (db_query(db, &rows, e, state_words(engine_of(r))->counted, 1, params) != DB_OK)
        return false;
    run_lock(r);
    r->rows_done = db_int(rows, 0, 0, 0);
    r->batches = db_int(rows, 0, 1, 0);
    run_unlock(r);
    db_rows_free(rows);
    if (db_query(db, &rows, e, watch_words(engine_of(r))->wal, 0, NULL) != DB_OK)
        return false;
    run_lock(r);
    r->wal_mark = db_int(rows, 0, 0, UNKNOWN);
    run_unlock(r);
    db_rows_free(rows);
    return true;
}

/* ---- lanes ---------------------------------------------------------------- */

static bool work_left(const struct backfill *b)
{
    for (size_t i = 0; i < b->range_count; i++)
        if (!b->ranges[i].done && !b->ranges[i].taken)
            return true;
    return false;
}

static void join_finished(struct run *r, struct lane *lanes, bool *alive)
{
    for (int i = 0; i < LANES_MAX; i++) {
        run_lock(r);
        bool over = alive[i] && lanes[i].over;
        run_unlock(r);
        if (over) {
            (void)pthread_join(lanes[i].thread, NULL);
            alive[i] = false;
        }
    }
}

static void start_missing(struct backfill *b, struct lane *lanes, bool *alive)
{
    struct run *r = b->run;
    run_lock(r);
    for (int i = 0; i < LANES_MAX && i < r->pace.lanes; i++) {
        if (alive[i] || !work_left(b))
            continue;
        lanes[i] = (struct lane){.backfill = b, .number = i};
        if (pthread_create(&lanes[i].thread, NULL, lane_main, &lanes[i]) != 0)
            break; /* no thread to be had now: the others go on, the next round tries again */
        alive[i] = true;
        b->active++;
    }
    run_unlock(r);
}

/* Keeps the wanted number of lanes at work until nothing is left or something stops them. */
static void supervise(struct backfill *b)
{
    struct run *r = b->run;
    struct lane *lanes = mem_alloc(LANES_MAX * sizeof *lanes);
    bool alive[LANES_MAX] = {false};
    for (;;) {
        join_finished(r, lanes, alive);
        run_lock(r);
        bool halt = r->stop || r->fenced || b->failed || b->replan || r->wish == WISH_ROLLBACK;
        bool idle = b->active == 0;
        bool left = work_left(b);
        run_unlock(r);
        if (idle && (halt || !left))
            break;
        if (!halt)
            start_missing(b, lanes, alive);
        run_lock(r);
        run_wait(r, 100 * US_PER_MS);
        run_unlock(r);
    }
    for (int i = 0; i < LANES_MAX; i++)
        if (alive[i])
            (void)pthread_join(lanes[i].thread, NULL);
    free(lanes);
}

static bool finish(struct backfill *b, struct error *e)
{
    struct run *r = b->run;
    run_lock(r);
    bool fenced = r->fenced, stopped = r->stop || r->wish == WISH_ROLLBACK, failed = b->failed;
    run_unlock(r);
    if (failed) {
        *e = b->error;
        return false;
    }
    if (fenced) {
        error_set(e, ERROR_PHASE, "backfill on %s", r->target->name);
        return error_why(e, "another engine has taken over");
    }
    for (size_t i = 0; i < b->range_count; i++)
        if (!b->ranges[i].done)
            return error_set(e, ERROR_STOPPED, stopped ? "backfill was stopped by the operator"
                                                       : "backfill was interrupted");
    return true;
}

bool backfill_run(struct run *r, struct db **db, struct error *e)
{
    if (!r->words.value && !r->words.otherwise)
        return true; /* no row needs anything */
    struct backfill b = {.run = r};
    if (r->plan.order == WALK_BLOCKS)
        b.by_blocks = batch_words(engine_of(r))->blocks(&r->words);
    bool ok;
    do {
        b.replan = false;
        ok = false;
        while (!run_stopping(r) && !(ok = load_ranges(r, *db, &b, e) && load_counts(r, *db, e))) {
            if (db_alive(*db))
                break;
            *db = run_reconnect(r, *db, "main", e);
            if (!*db)
                break;
        }
        if (ok)
            supervise(&b);
    } while (ok && b.replan && !run_stopping(r));
    ok = ok && finish(&b, e);
    if (!ok && run_stopping(r) && e->kind == ERROR_NONE)
        error_set(e, ERROR_STOPPED, "backfill was stopped");
    lane_free_ranges(b.ranges, b.range_count);
    free(b.by_blocks);
    return ok;
}
