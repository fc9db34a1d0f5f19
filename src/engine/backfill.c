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

static bool ask_extent(struct run *r, struct db *db, const struct place *p, struct bounds *b,
                       struct error *e)
{
    char *sql = batch_words(engine_of(r))->extent(&p->words);
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

/* How many ranges a table is cut into: a partition gets its share of them. */
static int64_t parts_of(const struct run *r, const struct place *p)
{
    double parts = (double)r->plan.range_count;
    if (p->part)
        parts *= r->facts.blocks > 0 ? (double)p->blocks / (double)r->facts.blocks : 0;
    return parts < 1 ? 1 : (int64_t)parts;
}

static bool block_bounds(struct run *r, struct db *db, const struct place *p, struct bounds *b,
                         struct error *e)
{
    if (!ask_extent(r, db, p, b, e))
        return false;
    int64_t parts = parts_of(r, p);
    if (parts > b->blocks)
        parts = b->blocks;
    for (int64_t i = 1; i <= parts; i++)
        add_bound(b, mem_printf("%" PRId64, b->blocks * i / parts));
    return true;
}

/* Ranges of keys end at the greatest key there is now: rows written later are not ours. */
static bool key_bounds(struct run *r, struct db *db, const struct place *p, struct bounds *b,
                       struct error *e)
{
    b->shape = p->part ? mem_printf("%s:keys", p->part) : mem_dup("keys");
    const struct batch_words *words = batch_words(engine_of(r));
    int64_t parts = parts_of(r, p);
    struct db_rows *rows;
    char *sql = words->end_keys(&p->walk);
    bool ok = db_query(db, &rows, e, sql, 0, NULL) == DB_OK;
    free(sql);
    if (!ok)
        return false;
    b->least = mem_dup(db_value(rows, 0, 0));
    char *last = mem_dup(db_value(rows, 0, 1));
    db_rows_free(rows);
    if (last && parts > 1) {
        sql = words->key_bounds(&p->walk, parts, p->rows);
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

/* `first`: the number of its first range. */
static bool save_bounds(struct run *r, struct db *db, const struct bounds *b, size_t first,
                        struct error *e)
{
    const struct state_words *words = state_words(engine_of(r));
    bool ok = true, by_blocks = r->plan.order == WALK_BLOCKS;
    for (size_t i = 0; ok && i < b->count; i++) {
        char number[24], cursor[WINDOW_CURSOR];
        (void)snprintf(number, sizeof number, "%zu", first + i);
        const char *lower = i ? b->upper[i - 1] : by_blocks ? "0" : b->least;
        struct window w;
        window_start(&w, by_blocks ? atoll(lower) : 0, 0);
        window_text(&w, cursor);
        const char *params[] = {
            r->migration->id, number, lower, b->upper[i], by_blocks ? cursor : i ? lower : "",
            b->shape};
        ok = db_query(db, NULL, e, words->add_range, 6, params) == DB_OK;
    }
    return ok;
}

/* The tables that have no range yet: all of them at first, later partitions that have come. */
static bool cut_places(const struct backfill *b, struct db *db, size_t *cut, struct error *e)
{
    struct run *r = b->run;
    bool ok = state_hold(r, db, e) == DB_OK; /* under our lease, or not at all */
    size_t number = 0;
    for (size_t i = 0; i < b->range_count; i++)
        if ((size_t)b->ranges[i].lane >= number)
            number = (size_t)b->ranges[i].lane + 1;
    for (size_t i = 0; ok && i < b->place_count; i++) {
        if (b->places[i].ranged)
            continue;
        struct bounds bounds = {0};
        ok = r->plan.order == WALK_BLOCKS ? block_bounds(r, db, &b->places[i], &bounds, e)
                                          : key_bounds(r, db, &b->places[i], &bounds, e);
        ok = ok && save_bounds(r, db, &bounds, number, e);
        number += bounds.count;
        *cut += bounds.count;
        bounds_free(&bounds);
    }
    return ok;
}

/* `cut`: how many have come of it. */
static bool cut_ranges(const struct backfill *b, struct db *db, size_t *cut, struct error *e)
{
    *cut = 0;
    const struct watch_words *words = watch_words(engine_of(b->run));
    if (db_exec(db, words->begin, e) != DB_OK)
        return false;
    if (cut_places(b, db, cut, e))
        return db_exec(db, words->commit, e) == DB_OK;
    struct error ignored; /* the first error is the one that counts */
    if (db_alive(db))
        IGNORE(db_exec(db, words->rollback, &ignored));
    return false;
}

bool backfill_again(struct run *r, struct db *db, struct error *e)
{
    const char *params[] = {r->migration->id};
    return db_query(db, NULL, e, state_words(engine_of(r))->forget_ranges, 1, params) == DB_OK;
}

/* Places in the heap mean nothing any more after the table was rewritten. */
bool backfill_rewritten(struct run *r, struct db *db, const struct range *range, bool *rewritten,
                        struct error *e)
{
    *rewritten = false;
    if (r->plan.order == WALK_KEYS || !range->place)
        return true;
    struct bounds now = {0};
    if (!ask_extent(r, db, range->place, &now, e))
        return false;
    *rewritten = !now.shape || strcmp(range->shape, now.shape) != 0;
    bounds_free(&now);
    return true;
}

/* One question a table, of its first range that is still to be walked. */
static bool any_rewritten(const struct backfill *b, struct db *db, bool *rewritten, struct error *e)
{
    const struct place *asked = NULL;
    *rewritten = false;
    for (size_t i = 0; i < b->range_count && !*rewritten; i++) {
        const struct range *range = &b->ranges[i];
        if (range->done || range->place == asked)
            continue;
        asked = range->place;
        if (!backfill_rewritten(b->run, db, range, rewritten, e))
            return false;
    }
    return true;
}

/* Ranges point into the places, so that both are read together. */
static bool read_ranges(struct backfill *b, struct db *db, struct error *e)
{
    lane_free_ranges(b->ranges, b->range_count);
    places_free(b->places, b->place_count);
    b->ranges = NULL;
    b->range_count = 0;
    if (!places_read(b->run, db, &b->places, &b->place_count, e) ||
        lane_read_ranges(b, db, &b->ranges, &b->range_count, e) != DB_OK)
        return false;
    for (size_t i = 0; i < b->range_count; i++)
        if (b->ranges[i].place)
            b->ranges[i].place->ranged = true;
    return true;
}

static bool load_ranges(struct run *r, struct db *db, struct backfill *b, struct error *e)
{
    for (size_t cut = 1; cut;) {
        bool rewritten = false;
        if (!read_ranges(b, db, e) || !any_rewritten(b, db, &rewritten, e))
            return false;
        if (rewritten) {
            run_alarm(r, "warn", "rewritten",
                      "the table was rewritten meanwhile: walking it again from its beginning; "
                      "rows that have their value are passed over");
            if (!backfill_again(r, db, e))
                return false;
            continue;
        }
        if (!cut_ranges(b, db, &cut, e))
            return false;
    }
    return true;
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
            return error_set(e, ERROR_STOPPED,
                             stopped ? "backfill was stopped by the operator"
                                     : "backfill was interrupted");
    return true;
}

static bool rollback_waits(struct run *r)
{
    run_lock(r);
    bool waits = r->wish == WISH_ROLLBACK;
    run_unlock(r);
    return waits;
}

bool backfill_run(struct run *r, struct db **db, struct error *e)
{
    if (!r->words.value && !r->words.otherwise)
        return true; /* no row needs anything */
    struct backfill b = {.run = r};
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
        if (ok && work_left(&b))
            supervise(&b);
        else
            break;
        /* a partition that was attached meanwhile has rows of its own */
    } while (!run_stopping(r) && !b.failed && (b.replan || r->facts.relkind == 'p') &&
             !rollback_waits(r));
    ok = ok && finish(&b, e);
    if (!ok && run_stopping(r) && e->kind == ERROR_NONE)
        error_set(e, ERROR_STOPPED, "backfill was stopped");
    lane_free_ranges(b.ranges, b.range_count);
    places_free(b.places, b.place_count);
    return ok;
}
