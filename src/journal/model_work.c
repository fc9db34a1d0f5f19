#include "config.h"
#include "journal/model_fold.h"

#include "base/clock.h"
#include "journal/model_shape.h"

#include <stdlib.h>
#include <string.h>

/* ---- time ----------------------------------------------------------------- */

static bool is_active(enum phase_state state)
{
    return state == STATE_RUNNING || state == STATE_WAITING || state == STATE_PAUSED;
}

static int64_t add_capped(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* How long it is from `from` to `to`; 0 when it cannot be told. */
static int64_t between(int64_t from, int64_t to)
{
    int64_t span;
    return __builtin_sub_overflow(to, from, &span) || span < 0 ? 0 : span;
}

void fold_pass_time(struct model_target *t, int64_t now_us)
{
    if (t->backfill_mark_us == UNKNOWN)
        return;
    int64_t span = between(t->backfill_mark_us, now_us);
    enum phase_state state = t->phases[PHASE_BACKFILL].state;
    if (span > 0)
        t->backfill_mark_us = now_us;
    if (t->paused_by || state == STATE_PAUSED)
        t->time.paused_us = add_capped(t->time.paused_us, span);
    else if (t->throttled || state == STATE_WAITING)
        t->time.throttled_us = add_capped(t->time.throttled_us, span);
    else if (state == STATE_RUNNING)
        t->time.worked_us = add_capped(t->time.worked_us, span);
}

/* ---- commands and phases -------------------------------------------------- */

void fold_obey(struct model_target *t, const json_t *command)
{
    const char *verb = json_get_text(command, "do", "");
    if (json_get_bool(command, "asks", false))
        return; /* a second operator's yes will do it */
    bool detach_pauses = fold_text_is(verb, "detach") &&
                         fold_text_is(json_get_text(command, "value", NULL), "pause") &&
                         !t->paused_by;
    if (fold_text_is(verb, "pause") || detach_pauses)
        fold_set_text(&t->paused_by, json_get_text(command, "operator", "unknown"));
    else if (fold_text_is(verb, "resume") || fold_text_is(verb, "rollback") ||
             fold_text_is(verb, "step"))
        fold_set_text(&t->paused_by, NULL);
}

static void read_error(struct model_error *error, const json_t *json)
{
    shape_free(&model_error_shape, error);
    shape_read(&model_error_shape, error, json);
}

/* A backfill that begins: its table's counters and its rate are measured from here. */
static void begin_backfill(struct model_target *t)
{
    t->updates_mark = t->updates;
    t->hot_mark = t->hot_updates;
    t->hot_ppm = UNKNOWN;
    t->rate_worked_us = t->time.worked_us;
    t->rate_rows = UNKNOWN;
}

static void forget_backfill(struct model_target *t)
{
    t->rows_done = t->batches = 0;
    t->fraction_ppm = UNKNOWN;
    t->rate.count = t->batch.count = t->progress.count = 0;
    begin_backfill(t);
}

static void enter_state(struct model_target *t, enum phase phase, enum phase_state state,
                        int64_t now_us)
{
    struct model_phase *p = &t->phases[phase];
    bool was_active = is_active(p->state);
    if (state == STATE_RUNNING && !was_active) {
        p->started_us = now_us;
        p->ended_us = UNKNOWN;
        fold_set_text(&p->detail, NULL);
        if (phase == PHASE_BACKFILL)
            begin_backfill(t);
    }
    /* one that never ran here ended at a time that this journal cannot know */
    if ((state == STATE_DONE || state == STATE_FAILED || state == STATE_UNDONE) &&
        p->started_us != UNKNOWN)
        p->ended_us = now_us;
    p->state = state;
    if (phase != PHASE_BACKFILL)
        return;
    if (state == STATE_UNDONE)
        forget_backfill(t);
    if (!is_active(state))
        t->backfill_mark_us = UNKNOWN;
    else if (t->backfill_mark_us == UNKNOWN)
        t->backfill_mark_us = now_us;
}

void fold_target_phase(struct model_target *t, const json_t *event, int64_t now_us)
{
    enum phase phase = phase_from_name(json_get_text(event, "phase", ""));
    if (phase == PHASE_COUNT)
        return;
    enum phase_state state = phase_state_from_name(json_get_text(event, "state", ""));
    enter_state(t, phase, state, now_us);
    const char *detail = json_get_text(event, "detail", NULL);
    if (detail)
        fold_set_text(&t->phases[phase].detail, detail);
    if (state == STATE_TODO)
        return;
    t->phase = phase;
    if (state == STATE_FAILED)
        read_error(&t->error, json_object_get(event, "error"));
    else if (state == STATE_RUNNING || state == STATE_DONE)
        read_error(&t->error, NULL);
}

void fold_target_statement(struct model_target *t, const json_t *event, int64_t now_us)
{
    struct model_statement *s = &t->statement;
    shape_free(&model_statement_shape, s);
    shape_read(&model_statement_shape, s, event);
    s->at_us = now_us;
    if (s->phase >= PHASE_COUNT || !s->step)
        return;
    struct model_phase *p = &t->phases[s->phase];
    for (size_t i = 0; i < p->step_count; i++)
        if (fold_text_is(p->steps[i].name, s->step))
            fold_set_text(&p->steps[i].state, s->state);
}

/* ---- batches -------------------------------------------------------------- */

/* One point a second of worked time at most; lanes are merged, for rows_done is of all. */
static void take_rate(struct model_target *t, int64_t updated, int64_t now_us)
{
    int64_t worked = t->time.worked_us;
    if (t->rate_rows == UNKNOWN && t->rate_worked_us != UNKNOWN && updated != UNKNOWN) {
        /* the first batch since the backfill began */
        t->rate_rows = t->rows_done - updated;
    } else if (t->rate_rows == UNKNOWN || t->rows_done < t->rate_rows) {
        t->rate_worked_us = worked;
        t->rate_rows = t->rows_done;
    }
    int64_t span = between(t->rate_worked_us, worked);
    if (span < US_PER_S)
        return;
    double rows = (double)t->rows_done - (double)t->rate_rows;
    series_add(&t->rate, now_us, (int64_t)(rows * (double)US_PER_S / (double)span));
    t->rate_worked_us = worked;
    t->rate_rows = t->rows_done;
}

static void take_progress(struct model_target *t)
{
    struct series *s = &t->progress;
    int64_t worked = t->time.worked_us;
    if (t->fraction_ppm == UNKNOWN)
        return;
    if (s->count && between(s->points[s->count - 1].at, worked) < US_PER_S)
        return;
    series_add(s, worked, t->fraction_ppm);
}

static void take(int64_t *place, int64_t value)
{
    if (value != UNKNOWN)
        *place = value;
}

void fold_target_batch(struct model_target *t, const json_t *event, int64_t now_us)
{
    t->batch_aim = fold_known(event, "rows");
    t->batch_updated = fold_known(event, "updated");
    t->batch_us = fold_known(event, "us");
    fold_set_text(&t->part, json_get_text(event, "part", NULL));
    t->parts = fold_known(event, "parts");
    t->parts_done = fold_known(event, "parts_done");
    take(&t->retries, fold_known(event, "retries"));
    take(&t->fraction_ppm, fold_known(event, "fraction_ppm"));
    take(&t->rows_done, fold_known(event, "rows_done"));
    take(&t->rows_total, fold_known(event, "rows_total"));
    take(&t->batches, fold_known(event, "batches"));
    int64_t wal = fold_known(event, "wal");
    if (wal != UNKNOWN) {
        t->wal_done = add_capped(t->wal_done == UNKNOWN ? 0 : t->wal_done, wal);
        t->wal_rows = add_capped(t->wal_rows, t->batch_updated == UNKNOWN ? 0 : t->batch_updated);
    }
    if (t->batch_us != UNKNOWN)
        series_add(&t->batch, now_us, t->batch_us);
    take_rate(t, t->batch_updated, now_us);
    take_progress(t);
}

void fold_target_pace(struct model_target *t, const json_t *event)
{
    take(&t->pace_rows, fold_known(event, "rows"));
    take(&t->pace_min, fold_known(event, "min"));
    take(&t->pace_max, fold_known(event, "max"));
    take(&t->pace_time_us, fold_known(event, "time_us"));
    take(&t->pace_pause_us, fold_known(event, "pause_us"));
    take(&t->lanes, fold_known(event, "lanes"));
    fold_set_text(&t->pace_mode, json_get_text(event, "mode", NULL));
    fold_set_text(&t->pace_why, json_get_text(event, "why", NULL));
}

int64_t fold_slow_ppm(const json_t *throttle)
{
    int64_t slow = fold_known(throttle, "slow_ppm");
    if (slow != UNKNOWN)
        return slow;
    return json_get_bool(throttle, "on", false) ? 0 : 1000000;
}

void fold_target_throttle(struct model_target *t, const json_t *event)
{
    t->throttled = json_get_bool(event, "on", false);
    t->slow_ppm = fold_slow_ppm(event);
    shape_read_list(&model_target_shape, t, "reasons", json_object_get(event, "reasons"));
}
