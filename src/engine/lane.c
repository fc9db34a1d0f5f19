#include "config.h"
#include "engine/lane.h"

#include "base/clock.h"
#include "dialect/batch.h"
#include "dialect/state.h"
#include "dialect/watch.h"
#include "engine/backfill.h"
#include "engine/blame.h"
#include "engine/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Timeouts in a row after which a batch is said to wait. */
#define WAITS_AFTER 1
/* So few are written at once: passes would cost more than the room that they find. */
#define SMALL_BLOCKS 16

/* What a lane keeps while it walks one range. */
struct walk {
    struct lane *lane;
    struct run *run;
    struct range *range;
    struct db *db;
    char role[32];
    struct window window; /* by blocks */
    double rows_per_block;
    int64_t window_rows; /* written in the present window */
    int64_t window_blocks;
    int64_t retries; /* in a row */
    bool waits;      /* counted in backfill.waiting */
};

/* One batch as it was sent and what came of it. */
struct batch {
    int64_t aimed, updated, us;
    int64_t wal;  /* of the server: so far, then since the batch before; UNKNOWN */
    char *cursor; /* after it */
    bool range_done;
};

/* The first column of a key as a number, for the progress. */
static bool key_number(const char *json, double *out)
{
    const char *values[BATCH_KEY_COLUMNS];
    size_t count;
    json_t *key = batch_key_values(json, values, &count);
    char *end = NULL;
    if (count && values[0])
        *out = strtod(values[0], &end);
    bool whole = end && end != values[0] && *end == '\0';
    json_decref(key);
    return whole;
}

/* Where it begins, stands and ends as numbers: blocks, or the key's first column where it is one.
 */
static void locate(const struct run *r, struct range *range)
{
    if (r->plan.order == WALK_BLOCKS) {
        struct window w;
        range->begin = range->lower ? (double)atoll(range->lower) : 0;
        range->end = range->upper ? (double)atoll(range->upper) : 0;
        range->measured = range->upper && window_parse(&w, range->cursor, atoll(range->upper));
        if (range->measured)
            range->position = window_position(&w);
        return;
    }
    range->measured =
        key_number(range->lower, &range->begin) && key_number(range->upper, &range->end);
    if (!range->measured || !key_number(range->cursor, &range->position))
        range->position = range->begin;
}

enum db_fault lane_read_ranges(const struct backfill *b, struct db *db, struct range **ranges,
                               size_t *count, struct error *e)
{
    struct run *r = b->run;
    *ranges = NULL;
    *count = 0;
    const char *params[] = {r->migration->id};
    struct db_rows *rows;
    const struct state_words *words = state_words(r->engine);
    enum db_fault fault = db_query(db, &rows, e, words->ranges, 1, params);
    if (fault != DB_OK)
        return fault;
    for (int i = 0; i < db_row_count(rows); i++) {
        struct range *range = VEC_PUSH(*ranges, *count);
        range->lane = db_int(rows, i, 0, 0);
        range->lower = mem_dup(db_value(rows, i, 1));
        range->upper = mem_dup(db_value(rows, i, 2));
        range->cursor = mem_dup(db_value(rows, i, 3));
        range->shape = mem_dup(db_value(rows, i, 4));
        range->rows = db_int(rows, i, 5, 0);
        range->batches = db_int(rows, i, 6, 0);
        range->place = place_of(b->places, b->place_count, range->shape);
        range->done = db_bool(rows, i, 7) || !range->place;
        locate(r, range);
    }
    db_rows_free(rows);
    return DB_OK;
}

void lane_free_ranges(struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(ranges[i].lower);
        free(ranges[i].upper);
        free(ranges[i].cursor);
        free(ranges[i].shape);
    }
    free(ranges);
}

int64_t lane_fraction_ppm(const struct backfill *b)
{
    double done = 0, total = 0;
    bool all = true, measured = true;
    for (size_t i = 0; i < b->range_count; i++) {
        const struct range *range = &b->ranges[i];
        all &= range->done;
        measured &= range->measured;
        total += range->end - range->begin;
        done += (range->done ? range->end : range->position) - range->begin;
    }
    if (all)
        return 1000000;
    if (!measured) {
        done = (double)b->run->rows_done;
        total = (double)b->run->facts.rows_estimate;
    }
    if (total <= 0)
        return 0;
    double fraction = done / total;
    return (int64_t)((fraction > 0.999 ? 0.999 : fraction) * 1e6);
}

/* Takes the first range that nobody walks; NULL when there is none. Under the lock. */
static struct range *take_range(struct backfill *b)
{
    for (size_t i = 0; i < b->range_count; i++) {
        struct range *range = &b->ranges[i];
        if (!range->done && !range->taken) {
            range->taken = true;
            return range;
        }
    }
    return NULL;
}

static void fail(struct backfill *b, const struct error *e)
{
    run_lock(b->run);
    if (!b->failed) {
        b->failed = true;
        b->error = *e;
    }
    run_wake(b->run);
    run_unlock(b->run);
}

/* ---- one batch ------------------------------------------------------------ */

static enum db_fault send_blocks(struct walk *w, struct batch *batch, struct error *e)
{
    struct run *r = w->run;
    struct window after = w->window;
    window_advance(&after);
    char epoch[24], number[24], low[32], high[32], mask[24], pass[24], cursor[WINDOW_CURSOR];
    (void)snprintf(epoch, sizeof epoch, "%" PRId64, r->epoch);
    (void)snprintf(number, sizeof number, "%" PRId64, w->range->lane);
    (void)snprintf(low, sizeof low, "(%" PRId64 ",0)", w->window.low);
    (void)snprintf(high, sizeof high, "(%" PRId64 ",0)", w->window.high);
    (void)snprintf(mask, sizeof mask, "%" PRId64, w->window.stripes - 1);
    (void)snprintf(pass, sizeof pass, "%" PRId64, w->window.pass);
    window_text(&after, cursor);
    batch->range_done = window_done(&after);
    const char *params[] = {r->migration->id,
                            epoch,
                            number,
                            w->range->cursor,
                            cursor,
                            low,
                            high,
                            mask,
                            pass,
                            batch->range_done ? "t" : "f"};
    struct db_rows *rows;
    enum db_fault fault = db_query(w->db, &rows, e, w->range->place->by_blocks, 10, params);
    if (fault != DB_OK)
        return fault;
    batch->updated = db_int(rows, 0, 0, 0);
    batch->wal = db_int(rows, 0, 1, UNKNOWN);
    batch->cursor = mem_dup(cursor);
    db_rows_free(rows);
    w->window = after;
    return DB_OK;
}

static enum db_fault send_keys(struct walk *w, struct batch *batch, struct error *e)
{
    struct run *r = w->run;
    struct batch_call call = {
        .id = r->migration->id,
        .epoch = r->epoch,
        .lane = w->range->lane,
        .cursor = w->range->cursor,
        .upper = w->range->upper,
        .rows = batch->aimed,
    };
    struct batch_answer answer;
    enum db_fault fault =
        batch_words(r->engine)->by_keys(w->db, &w->range->place->walk, &call, &answer, e);
    if (fault != DB_OK)
        return fault;
    batch->updated = answer.written;
    batch->wal = answer.wal;
    batch->range_done = answer.done;
    batch->cursor = answer.cursor ? answer.cursor : mem_dup(w->range->cursor);
    return DB_OK;
}

/* How many rows a block really holds shows when a window is done. */
static void learn_density(struct walk *w, const struct window *before, int64_t updated)
{
    if (before->pass == 0) {
        w->window_rows = 0;
        w->window_blocks = before->high - before->low;
    }
    w->window_rows += updated;
    if (w->window.pass != 0 || w->window_blocks == 0)
        return;
    double seen = (double)w->window_rows / (double)w->window_blocks;
    /* sparse stretches must not let the next window grow without bound */
    if (seen < w->rows_per_block / 2)
        seen = w->rows_per_block / 2;
    w->rows_per_block = seen < 0.5 ? 0.5 : seen;
}

/* Of a partitioned table: which partition it is of, and how many have all their rows. */
static void set_parts(json_t *event, const struct walk *w)
{
    const struct backfill *b = w->lane->backfill;
    if (!w->range->place->part)
        return;
    int64_t begun = 0, done = 0;
    for (size_t i = 0; i < b->range_count;) {
        const struct place *place = b->ranges[i].place;
        bool all = true;
        for (; i < b->range_count && b->ranges[i].place == place; i++)
            all &= b->ranges[i].done;
        begun++;
        done += all;
    }
    json_set_text(event, "part", w->range->place->name);
    json_set_int(event, "parts", begun);
    json_set_int(event, "parts_done", done);
}

static void record_batch(struct walk *w, const struct batch *batch)
{
    struct run *r = w->run;
    json_t *event = run_event(r, EVENT_BATCH);
    run_lock(r);
    json_set_int(event, "lane", w->range->lane);
    json_set_int(event, "n", w->range->batches);
    json_set_int(event, "rows", batch->aimed);
    json_set_int(event, "updated", batch->updated);
    json_set_int(event, "us", batch->us);
    json_set_int(event, "retries", r->retries);
    json_set_text(event, "cursor", batch->cursor);
    set_parts(event, w);
    json_set_int(event, "fraction_ppm", lane_fraction_ppm(w->lane->backfill));
    json_set_int(event, "rows_done", r->rows_done);
    json_set_int(event, "rows_total", r->facts.rows_estimate);
    json_set_int(event, "batches", r->batches);
    if (batch->wal != UNKNOWN)
        json_set_int(event, "wal", batch->wal);
    run_unlock(r);
    run_record(r, event);
}

/* The batch is committed: counts, journal, pace. Returns the rest before the next. */
static int64_t account(struct walk *w, struct batch *batch)
{
    struct run *r = w->run;
    run_lock(r);
    int64_t wal = batch->wal;
    batch->wal =
        wal == UNKNOWN || r->wal_mark == UNKNOWN || wal < r->wal_mark ? UNKNOWN : wal - r->wal_mark;
    if (wal > r->wal_mark)
        r->wal_mark = wal;
    free(w->range->cursor);
    w->range->cursor = mem_dup(batch->cursor);
    w->range->rows += batch->updated;
    w->range->batches++;
    w->range->done = batch->range_done;
    locate(r, w->range);
    r->rows_done += batch->updated;
    r->batches++;
    bool changed = pace_batch(&r->pace, batch->aimed, batch->updated, batch->us);
    int64_t rest = pace_rest_us(&r->pace, batch->us, r->throttle.slow_ppm);
    run_unlock(r);
    record_batch(w, batch);
    if (changed)
        run_record_pace(r);
    return rest;
}

/* ---- when a batch fails --------------------------------------------------- */

static bool open_connection(struct walk *w, struct error *e)
{
    w->db = run_reconnect(w->run, w->db, w->role, e);
    if (!w->db)
        return false;
    /* a batch that waits for a row holds others: better to let go and try again */
    enum db_fault fault = run_lock_timeout(w->db, w->run->migration->lock_timeout_us, e);
    return fault == DB_OK || !db_alive(w->db);
}

/* Where the range stands in the target, which alone knows what was committed. */
static bool reread(struct walk *w, struct error *e)
{
    struct run *r = w->run;
    struct range *ranges;
    size_t count;
    if (lane_read_ranges(w->lane->backfill, w->db, &ranges, &count, e) != DB_OK)
        return false;
    bool found = false;
    run_lock(r);
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].lane != w->range->lane)
            continue;
        found = true;
        int64_t rows = ranges[i].rows - w->range->rows;
        r->rows_done += rows;
        r->batches += ranges[i].batches - w->range->batches;
        w->range->rows = ranges[i].rows;
        w->range->batches = ranges[i].batches;
        w->range->done = ranges[i].done;
        w->range->position = ranges[i].position;
        char *old = w->range->cursor;
        w->range->cursor = mem_dup(ranges[i].cursor);
        free(old);
    }
    run_unlock(r);
    lane_free_ranges(ranges, count);
    if (!found)
        return error_set(e, ERROR_PHASE, "the checkpoint of range %" PRId64 " is gone",
                         w->range->lane);
    if (r->plan.order == WALK_BLOCKS &&
        !window_parse(&w->window, w->range->cursor, atoll(w->range->upper)))
        return error_set(e, ERROR_PHASE, "the checkpoint \"%s\" of range %" PRId64 " is no place",
                         w->range->cursor, w->range->lane);
    return true;
}

/* The batch's own check refused it: why? True when the walk can go on. */
static bool after_fence(struct walk *w, struct error *e)
{
    if (state_hold(w->run, w->db, e) != DB_OK)
        return false;
    bool rewritten;
    if (!backfill_rewritten(w->run, w->db, w->range, &rewritten, e))
        return false;
    if (rewritten) {
        run_lock(w->run);
        w->lane->backfill->replan = true;
        run_wake(w->run);
        run_unlock(w->run);
        return false;
    }
    return reread(w, e);
}

/*
 * A single timeout passes by itself. When every lane has met one again and again,
 * nothing moves, and the operator is told what it is that the backfill waits for.
 */
static void tell_waiting(struct walk *w, bool waits)
{
    struct run *r = w->run;
    struct backfill *b = w->lane->backfill;
    run_lock(r);
    if (w->waits != waits)
        b->waiting += waits ? 1 : -1;
    w->waits = waits;
    enum phase_state state = b->waiting && b->waiting == b->active ? STATE_WAITING : STATE_RUNNING;
    bool news = r->phase == PHASE_BACKFILL && r->state != state &&
                (r->state == STATE_WAITING || r->state == STATE_RUNNING);
    run_unlock(r);
    if (news)
        (void)run_enter(r, PHASE_BACKFILL, state,
                        state == STATE_WAITING ? "for a row that another session has locked" : NULL,
                        NULL);
}

/* A partition was dropped or detached while it was walked: the others are read anew. */
static bool is_gone(struct walk *w)
{
    struct facts *f = &w->run->facts;
    struct leaf *leaves;
    size_t count;
    struct error ignored;
    if (!db_alive(w->db) || !facts_leaves(w->db, f, &leaves, &count, &ignored))
        return false;
    bool there = false;
    for (size_t i = 0; i < count; i++)
        there |= strcmp(leaves[i].part, w->range->place->part) == 0;
    leaves_free(leaves, count);
    if (there)
        return false;
    run_lock(w->run);
    w->lane->backfill->replan = true;
    run_wake(w->run);
    run_unlock(w->run);
    return true;
}

/* True when the walk can go on. */
static bool after_fault(struct walk *w, enum db_fault fault, const struct batch *batch,
                        struct error *e)
{
    struct run *r = w->run;
    if (fault == DB_FENCED) {
        if (after_fence(w, e))
            return true;
        if (db_alive(w->db)) {
            run_lock(r);
            bool known = r->stop || r->fenced || w->lane->backfill->replan;
            run_unlock(r);
            if (!known)
                fail(w->lane->backfill, e);
            return false;
        }
    } else if (w->range->place->part && is_gone(w)) {
        return false;
    } else if (!db_fault_passes(fault)) {
        if (fault == DB_DATA)
            blame_row(r, w->db, w->range, &w->window, e);
        e->kind = ERROR_PHASE;
        fail(w->lane->backfill, e);
        return false;
    }
    w->retries++;
    run_lock(r);
    r->retries++;
    bool changed = (fault == DB_LOCK_TIMEOUT || fault == DB_CANCELLED) && pace_failed(&r->pace);
    run_unlock(r);
    if (changed)
        run_record_pace(r);
    if (fault == DB_LOCK_TIMEOUT && w->retries > WAITS_AFTER)
        tell_waiting(w, true);
    struct str text = {0};
    error_text(e, &text);
    run_alarm(r, "info", "batch-retry", "batch of %" PRId64 " rows tried again (%" PRId64 "): %s",
              batch->aimed, w->retries, str_text(&text));
    str_free(&text);
    int64_t pause = (w->retries < 6 ? 50 << w->retries : 2000) * US_PER_MS;
    run_sleep(r, pause);
    while (!run_stopping(r)) {
        /* the answer may have been lost after the commit: ask where we stand */
        if ((db_alive(w->db) || open_connection(w, e)) && reread(w, e))
            return true;
        if (w->db && db_alive(w->db)) {
            fail(w->lane->backfill, e);
            return false;
        }
    }
    return false;
}

/* ---- the walk ------------------------------------------------------------- */

static bool wanted(struct walk *w)
{
    struct run *r = w->run;
    run_lock(r);
    bool yes =
        w->lane->number < r->pace.lanes && !w->lane->backfill->failed && !w->lane->backfill->replan;
    run_unlock(r);
    return yes;
}

static bool cut_batch(struct walk *w, struct batch *batch)
{
    struct run *r = w->run;
    run_lock(r);
    batch->aimed = pace_rows_now(&r->pace, r->throttle.slow_ppm);
    bool small = w->range->place->blocks < SMALL_BLOCKS;
    int64_t stripes = r->plain || small ? 1 : r->plan.stripes;
    run_unlock(r);
    return r->plan.order == WALK_KEYS ||
           window_next(&w->window, batch->aimed, w->rows_per_block, stripes);
}

static void walk_range(struct walk *w)
{
    struct run *r = w->run;
    struct error e;
    while (!w->range->done && run_may_go_on(r, true) && wanted(w)) {
        struct batch batch = {0};
        if (!cut_batch(w, &batch))
            break;
        struct window before = w->window;
        int64_t began = clock_mono_us();
        enum db_fault fault =
            r->plan.order == WALK_BLOCKS ? send_blocks(w, &batch, &e) : send_keys(w, &batch, &e);
        batch.us = clock_mono_us() - began;
        if (fault != DB_OK) {
            if (!after_fault(w, fault, &batch, &e))
                return;
            continue;
        }
        w->retries = 0;
        if (w->waits)
            tell_waiting(w, false);
        if (r->plan.order == WALK_BLOCKS)
            learn_density(w, &before, batch.updated);
        int64_t rest = account(w, &batch);
        free(batch.cursor);
        if (rest > 0)
            run_sleep(r, rest);
    }
}

static double density(const struct facts *f)
{
    if (f->rows_estimate > 0 && f->blocks > 0)
        return (double)f->rows_estimate / (double)f->blocks;
    return f->tuple_bytes > 0 ? 8000.0 / (double)f->tuple_bytes : 50;
}

void *lane_main(void *context)
{
    struct lane *lane = context;
    struct backfill *b = lane->backfill;
    struct run *r = b->run;
    struct walk w = {.lane = lane, .run = r, .rows_per_block = density(&r->facts)};
    (void)snprintf(w.role, sizeof w.role, "lane %d", lane->number + 1);
    struct error e;
    bool open = open_connection(&w, &e);
    if (!open && !run_stopping(r))
        fail(b, &e);
    while (open && wanted(&w) && !run_stopping(r)) {
        run_lock(r);
        w.range = take_range(b);
        run_unlock(r);
        if (!w.range)
            break;
        if (r->plan.order == WALK_BLOCKS &&
            !window_parse(&w.window, w.range->cursor, atoll(w.range->upper))) {
            error_set(&e, ERROR_PHASE, "the checkpoint \"%s\" is no place", w.range->cursor);
            fail(b, &e);
        } else {
            walk_range(&w);
        }
        run_lock(r);
        w.range->taken = false;
        bool waits = r->wish == WISH_ROLLBACK;
        run_unlock(r);
        if (waits)
            break;
    }
    run_disconnect(r, w.db);
    if (w.waits)
        tell_waiting(&w, false);
    run_lock(r);
    b->active--;
    lane->over = true;
    run_wake(r);
    run_unlock(r);
    return NULL;
}
