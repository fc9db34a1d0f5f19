#include "config.h"

#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/path.h"
#include "journal/event.h"
#include "journal/model.h"

#include <stdlib.h>
#include <string.h>

#define T0 INT64_C(1792000000000000)

static void fold_line(struct model *m, const char *line, size_t length)
{
    struct error e;
    json_t *event = event_parse(line, length, &e);
    if (!event)
        fail_msg("%.*s: %s: %s", (int)length, line, e.what, e.why);
    model_fold(m, event);
    json_decref(event);
}

/* Folds `{"seq":..,"time":..,"event":TYPE,"target":"t", REST}` at `ms` after T0. */
static void fold(struct model *m, int64_t ms, const char *type, const char *rest)
{
    char *line = mem_printf("{\"seq\":%lld,\"time\":%lld,\"event\":\"%s\",\"target\":\"t\"%s%s}",
                            (long long)m->seq + 1, (long long)(T0 + ms * US_PER_MS), type,
                            rest[0] ? "," : "", rest);
    fold_line(m, line, strlen(line));
    free(line);
}

static void fold_batch(struct model *m, int64_t ms, int64_t rows_done, int64_t ppm)
{
    char *rest = mem_printf("\"rows\":1000,\"updated\":1000,\"us\":200000,\"rows_done\":%lld,"
                            "\"rows_total\":100000,\"fraction_ppm\":%lld,\"batches\":%lld",
                            (long long)rows_done, (long long)ppm, (long long)(rows_done / 1000));
    fold(m, ms, "batch", rest);
    free(rest);
}

static void begin_backfill(struct model *m)
{
    model_init(m);
    fold(m, 0, "phase", "\"phase\":\"backfill\",\"state\":\"running\"");
}

static const struct model_target *target(const struct model *m)
{
    return model_find_target(m, "t");
}

/* ---- the rich journal: every event of the catalogue ----------------------- */

static char *rich(void)
{
    const char *top = getenv("SRCDIR");
    char *path = path_join(top ? top : ".", "tests/fuzz/journal/rich.jsonl");
    struct str text = {0};
    struct error e;
    if (!path_read(path, 1 << 20, &text, &e))
        fail_msg("%s: %s", e.what, e.why);
    free(path);
    return str_take(&text);
}

/* Folds lines until `count` of them were (0: all); returns what is left. */
static const char *fold_text(struct model *m, const char *text, int count)
{
    for (int i = 0; *text && (!count || i < count); i++) {
        size_t length = strcspn(text, "\n");
        fold_line(m, text, length);
        text += length + 1;
    }
    return text;
}

static void assert_same(const struct model *a, const struct model *b, int line)
{
    json_t *x = model_to_json(a), *y = model_to_json(b);
    if (!json_equal(x, y))
        fail_msg("after line %d:\n%s\n%s", line, json_line(x), json_line(y));
    json_decref(x);
    json_decref(y);
}

/* As a keyframe travels: through text, not only through values. */
static void through_json(const struct model *from, struct model *to)
{
    json_t *json = model_to_json(from);
    char *line = json_line(json);
    json_t *back = json_loads(line, 0, NULL);
    model_init(to);
    model_from_json(to, back);
    json_decref(back);
    json_decref(json);
    free(line);
}

static void to_json_and_from_json_are_inverses_after_every_event(void **state)
{
    (void)state;
    char *text = rich();
    struct model m, copy;
    model_init(&m);
    int line = 0;
    for (const char *rest = text; *rest;) {
        rest = fold_text(&m, rest, 1);
        through_json(&m, &copy);
        assert_same(&m, &copy, ++line);
        model_free(&copy);
    }
    assert_true(line > 80);
    model_free(&m);
    free(text);
}

static void folding_goes_on_the_same_from_a_keyframe_at_any_place(void **state)
{
    (void)state;
    char *text = rich();
    struct model whole;
    model_init(&whole);
    (void)fold_text(&whole, text, 0);
    for (int cut = 1; cut < 89; cut++) {
        struct model first, second;
        model_init(&first);
        const char *rest = fold_text(&first, text, cut);
        through_json(&first, &second);
        (void)fold_text(&second, rest, 0);
        assert_same(&whole, &second, cut);
        model_free(&first);
        model_free(&second);
    }
    model_free(&whole);
    free(text);
}

static void a_keyframe_event_replaces_the_whole_model(void **state)
{
    (void)state;
    char *text = rich();
    struct model m, other;
    model_init(&m);
    (void)fold_text(&m, text, 60);
    json_t *keyframe = event_new(EVENT_KEYFRAME, NULL);
    json_set(keyframe, "model", model_to_json(&m));
    json_set_int(keyframe, "seq", m.seq + 1);
    json_set_int(keyframe, "time", m.time_us + 5);
    begin_backfill(&other);
    model_fold(&other, keyframe);
    m.seq++;
    m.time_us += 5;
    assert_same(&m, &other, 60);
    json_decref(keyframe);
    model_free(&other);
    model_free(&m);
    free(text);
}

static void the_rich_journal_folds_to_what_it_tells(void **state)
{
    (void)state;
    char *text = rich();
    struct model m;
    model_init(&m);
    (void)fold_text(&m, text, 0);
    assert_string_equal(m.id, "orders-region");
    assert_string_equal(m.column, "region");
    assert_string_equal(m.default_sql, "'unknown'");
    assert_true(m.yes && m.not_null && m.ended);
    assert_int_equal(m.end_status, 4);
    assert_int_equal(m.alarms, 1);
    assert_int_equal(m.console_count, 1);
    assert_int_equal(m.target_count, 3);
    assert_string_equal(m.targets[m.focus].name, "orders-03");
    const struct model_target *t = model_find_target(&m, "orders-01");
    assert_true(t->canary);
    assert_int_equal(t->replica_count, 3);
    assert_false(t->replicas[2].reachable);
    assert_int_equal(t->replicas[2].lag_us, UNKNOWN);
    assert_int_equal(t->replicas[1].lag.count, 1);
    assert_true(t->replicas[1].paused);
    assert_int_equal(t->check_count, 2);
    assert_string_equal(t->checks[1].verdict, "pass");
    assert_string_equal(t->phases[PHASE_EXPAND].steps[0].state, "done");
    assert_int_equal(t->phases[PHASE_EXPAND].state, STATE_DONE);
    assert_int_equal(t->statement.attempt, 4);
    assert_int_equal(t->statement.blocker_count, 0);
    assert_string_equal(t->error.sqlstate, "53100");
    assert_int_equal(t->rows_done, 50000);
    assert_int_equal(t->batches, 40);
    assert_int_equal(t->fraction_ppm, 500000);
    assert_int_equal(t->batch.count, 40);
    assert_int_equal(t->pace_rows, 2000);
    assert_string_equal(t->pace_mode, "hand");
    assert_int_equal(t->hot_ppm, 900000);
    assert_true(t->wal_rate > 1900000 && t->wal_rate < 2000000);
    assert_int_equal(t->lock_count, 2);
    assert_int_equal(t->locks[1].parent, 10);
    assert_true(t->locks[1].ours);
    assert_int_equal(t->limit_count, 2);
    assert_string_equal(t->limits[0].text, "10s");
    assert_string_equal(t->limits[0].note, "r2 rebuilding");
    assert_string_equal(t->limits[1].text, "3");
    assert_true(t->queries[0].cost_before < t->queries[0].cost_after);
    assert_int_equal(t->clients[0].stale, 3);
    assert_null(t->paused_by);
    assert_false(t->throttled);
    assert_int_equal(model_doing(t), DOING_FAILED);
    model_free(&m);
    free(text);
}

/* ---- phases --------------------------------------------------------------- */

static void a_phase_keeps_its_start_through_waits_and_its_error_until_it_runs_again(void **state)
{
    (void)state;
    struct model m;
    model_init(&m);
    fold(&m, 0, "phase", "\"phase\":\"expand\",\"state\":\"asking\",\"detail\":\"now?\"");
    assert_int_equal(model_doing(target(&m)), DOING_ASKING);
    assert_int_equal(target(&m)->phase, PHASE_EXPAND);
    fold(&m, 10, "phase", "\"phase\":\"expand\",\"state\":\"running\"");
    fold(&m, 20, "phase", "\"phase\":\"expand\",\"state\":\"waiting\"");
    assert_int_equal(model_doing(target(&m)), DOING_WAITING);
    fold(&m, 30, "phase", "\"phase\":\"expand\",\"state\":\"running\"");
    const struct model_phase *p = &target(&m)->phases[PHASE_EXPAND];
    assert_int_equal(p->started_us, T0 + 10 * US_PER_MS);
    assert_null(p->detail);
    fold(&m, 40, "phase", "\"phase\":\"expand\",\"state\":\"failed\",\"error\":{\"what\":\"no\"}");
    assert_int_equal(p->ended_us, T0 + 40 * US_PER_MS);
    assert_string_equal(target(&m)->error.what, "no");
    fold(&m, 50, "phase", "\"phase\":\"expand\",\"state\":\"running\"");
    assert_int_equal(p->started_us, T0 + 50 * US_PER_MS);
    assert_int_equal(p->ended_us, UNKNOWN);
    assert_null(target(&m)->error.what);
    fold(&m, 60, "phase", "\"phase\":\"expand\",\"state\":\"done\"");
    assert_int_equal(model_doing(target(&m)), DOING_IDLE);
    fold(&m, 70, "phase", "\"phase\":\"finish\",\"state\":\"done\"");
    assert_int_equal(model_doing(target(&m)), DOING_DONE);
    model_free(&m);
}

static void a_rollback_forgets_the_backfill_and_who_paused_it(void **state)
{
    (void)state;
    struct model m;
    begin_backfill(&m);
    fold_batch(&m, 200, 1000, 10000);
    fold(&m, 300, "command", "\"do\":\"pause\",\"operator\":\"ann\",\"accepted\":true");
    assert_string_equal(target(&m)->paused_by, "ann");
    assert_int_equal(model_doing(target(&m)), DOING_PAUSED);
    fold(&m, 310, "command", "\"do\":\"resume\",\"operator\":\"bob\",\"accepted\":false");
    assert_string_equal(target(&m)->paused_by, "ann");
    fold(&m, 400, "command", "\"do\":\"rollback\",\"operator\":\"ann\",\"accepted\":true");
    assert_null(target(&m)->paused_by);
    fold(&m, 500, "phase", "\"phase\":\"backfill\",\"state\":\"undoing\"");
    assert_int_equal(model_doing(target(&m)), DOING_UNDOING);
    fold(&m, 600, "phase", "\"phase\":\"backfill\",\"state\":\"undone\"");
    assert_int_equal(target(&m)->rows_done, 0);
    assert_int_equal(target(&m)->fraction_ppm, UNKNOWN);
    assert_int_equal(target(&m)->backfill_mark_us, UNKNOWN);
    model_free(&m);
}

static void a_pause_without_a_target_is_for_all(void **state)
{
    (void)state;
    struct model m;
    begin_backfill(&m);
    static const char pause[] = "{\"seq\":9,\"time\":9,\"event\":\"command\",\"do\":\"pause\","
                                "\"operator\":\"on_disconnect\",\"accepted\":true}";
    fold_line(&m, pause, strlen(pause));
    assert_string_equal(target(&m)->paused_by, "on_disconnect");
    model_free(&m);
}

/* ---- time, rate, estimate ------------------------------------------------- */

static void time_is_counted_as_work_throttle_or_pause(void **state)
{
    (void)state;
    struct model m;
    begin_backfill(&m);
    fold_batch(&m, 1000, 1000, 10000);
    fold(&m, 2000, "throttle", "\"on\":true,\"slow_ppm\":0,\"reasons\":[{\"text\":\"lag\"}]");
    assert_int_equal(model_doing(target(&m)), DOING_THROTTLED);
    fold(&m, 3000, "sample", "\"of\":\"locks\",\"rows\":[]");
    fold(&m, 5000, "throttle", "\"on\":false,\"slow_ppm\":1000000,\"reasons\":[]");
    fold_batch(&m, 6000, 2000, 20000);
    fold(&m, 6500, "command", "\"do\":\"pause\",\"operator\":\"ann\",\"accepted\":true");
    fold(&m, 9500, "command", "\"do\":\"resume\",\"operator\":\"ann\",\"accepted\":true");
    fold(&m, 10000, "phase", "\"phase\":\"backfill\",\"state\":\"done\"");
    fold(&m, 90000, "note", "\"text\":\"x\"");
    const struct model_time *t = &target(&m)->time;
    assert_int_equal(t->worked_us, 4000 * US_PER_MS);
    assert_int_equal(t->throttled_us, 3000 * US_PER_MS);
    assert_int_equal(t->paused_us, 3000 * US_PER_MS);
    model_free(&m);
}

static void the_rate_is_of_worked_time_over_all_lanes_once_a_second(void **state)
{
    (void)state;
    struct model m;
    begin_backfill(&m);
    for (int i = 1; i <= 40; i++) /* two lanes, 1000 rows every 250 ms: 4000 rows/s */
        fold_batch(&m, i * 250, i * 1000, i * 1000);
    const struct series *rate = &target(&m)->rate;
    assert_int_equal(rate->count, 10);
    for (size_t i = 0; i < rate->count; i++)
        assert_int_equal(rate->points[i].value, 4000);
    fold(&m, 10000, "throttle", "\"on\":true");
    fold(&m, 60000, "throttle", "\"on\":false,\"slow_ppm\":1000000");
    for (int i = 41; i <= 48; i++)
        fold_batch(&m, 50000 + i * 250, i * 1000, i * 1000);
    assert_int_equal(rate->count, 12);
    assert_int_equal(rate->points[11].value, 4000);
    model_free(&m);
}

static void there_is_no_estimate_before_there_is_evidence(void **state)
{
    (void)state;
    struct model m;
    begin_backfill(&m);
    struct model_eta eta = model_eta(target(&m), T0);
    assert_int_equal(eta.low_us, UNKNOWN);
    assert_int_equal(eta.rows_per_s, UNKNOWN);
    for (int i = 1; i <= 9; i++)
        fold_batch(&m, i * 1000, i * 1000, i * 10000);
    assert_int_equal(model_eta(target(&m), m.time_us).low_us, UNKNOWN); /* under 10 s */
    model_free(&m);
    begin_backfill(&m);
    for (int i = 1; i <= 60; i++)
        fold_batch(&m, i * 1000, i, i * 80);
    assert_int_equal(model_eta(target(&m), m.time_us).low_us, UNKNOWN); /* under 0.5 % */
    assert_int_equal(model_eta(target(&m), m.time_us).high_us, UNKNOWN);
    model_free(&m);
}

static void an_even_backfill_is_estimated_well_however_long_it_was_held_up(void **state)
{
    (void)state;
    struct model m;
    begin_backfill(&m);
    int64_t ms = 0;
    for (int i = 1; i <= 200; i++) { /* 0.1 % a second of work: 1000 s in all */
        fold_batch(&m, ms += 1000, i * 1000, i * 1000);
        if (i % 3 == 0) {
            fold(&m, ms, "throttle", "\"on\":true");
            fold(&m, ms += 2000, "throttle", "\"on\":false,\"slow_ppm\":1000000");
        }
    }
    struct model_eta eta = model_eta(target(&m), m.time_us);
    assert_in_range(eta.low_us / US_PER_S, 790, 801);
    assert_in_range(eta.high_us / US_PER_S, 799, 810);
    assert_in_range(eta.rows_per_s, 990, 1010);
    assert_false(eta.absurd);
    model_free(&m);
}

static void an_uneven_backfill_gets_a_range(void **state)
{
    (void)state;
    struct model m;
    begin_backfill(&m);
    int64_t ppm = 0;
    for (int i = 1; i <= 200; i++)
        fold_batch(&m, i * 1000, i * 1000, ppm += i / 20 % 2 ? 500 : 2000);
    struct model_eta eta = model_eta(target(&m), m.time_us);
    int64_t left = 1000000 - ppm;
    assert_in_range(eta.low_us / US_PER_S, left / 2100, left / 1900);
    assert_in_range(eta.high_us / US_PER_S, left / 550, left / 450);
    model_free(&m);
}

static void a_pass_begun_anew_counts_from_its_own_beginning(void **state)
{
    (void)state;
    struct model m;
    begin_backfill(&m);
    for (int i = 1; i <= 50; i++)
        fold_batch(&m, i * 1000, i * 1000, i * 20000);
    for (int i = 1; i <= 50; i++)
        fold_batch(&m, 50000 + i * 1000, i * 100, i * 1000);
    struct model_eta eta = model_eta(target(&m), m.time_us);
    assert_in_range(eta.low_us / US_PER_S, 940, 960);
    assert_in_range(eta.rows_per_s, 99, 101);
    model_free(&m);
}

static void progress_past_the_whole_is_absurd_and_a_silence_is_no_speed(void **state)
{
    (void)state;
    struct model m;
    begin_backfill(&m);
    for (int i = 1; i <= 30; i++)
        fold_batch(&m, i * 1000, i * 1000, i * 33000);
    assert_false(model_eta(target(&m), m.time_us).absurd);
    assert_int_equal(model_eta(target(&m), m.time_us + 120 * US_PER_S).rows_per_s, 0);
    fold_batch(&m, 31000, 31000, 1000001);
    assert_true(model_eta(target(&m), m.time_us).absurd);
    assert_int_equal(model_eta(target(&m), m.time_us).low_us, UNKNOWN);
    model_free(&m);
}

/* ---- what must not harm --------------------------------------------------- */

static void unknown_events_only_move_seq_and_time(void **state)
{
    (void)state;
    struct model m, before;
    begin_backfill(&m);
    through_json(&m, &before);
    fold(&m, 77, "dance", "\"phase\":\"expand\",\"state\":\"failed\"");
    assert_int_equal(m.time_us, T0 + 77 * US_PER_MS);
    assert_int_equal(m.seq, before.seq + 1);
    before.seq = m.seq;
    before.time_us = m.time_us;
    assert_same(&m, &before, 0);
    model_free(&before);
    model_free(&m);
}

static void captures_and_counts_replace_what_was_there(void **state)
{
    (void)state;
    struct model m;
    begin_backfill(&m);
    fold(&m, 1, "plan",
         "\"of\":\"query\",\"query\":\"q\",\"when\":\"before\",\"cost\":2,\"text\":\"x\","
         "\"calls\":30,\"mean_us\":12.5");
    fold(&m, 2, "plan",
         "\"of\":\"query\",\"query\":\"q\",\"when\":\"after\",\"phase\":\"expand\",\"cost\":9,"
         "\"text\":\"y\",\"verdict\":\"worse\",\"change\":\"c\",\"slower\":true,\"calls\":7,"
         "\"mean_us\":99");
    const struct model_query *q = &m.targets[0].queries[m.targets[0].query_count - 1];
    assert_string_equal(q->verdict, "worse");
    assert_string_equal(q->phase, "expand");
    assert_true(q->slower && q->mean_after > 98 && q->mean_before < 13);
    assert_int_equal(q->calls_before, 30);
    fold(&m, 3, "plan",
         "\"of\":\"query\",\"query\":\"q\",\"when\":\"after\",\"phase\":\"enforce\",\"cost\":2,"
         "\"text\":\"x\",\"verdict\":\"same\"");
    assert_string_equal(q->verdict, "same");
    assert_null(q->change);
    assert_false(q->slower);
    assert_true(q->mean_after < 0);
    assert_int_equal(q->calls_after, UNKNOWN);

    struct model_target *t = &m.targets[0];
    size_t before = t->stale.count;
    fold(&m, 4, "clients",
         "\"rows\":[{\"app\":\"a\",\"sessions\":2,\"stale\":2}],\"statements\":[{\"why\":\"SELECT "
         "*\","
         "\"text\":\"t\",\"calls\":5,\"since\":1}]");
    size_t headlines = m.headline_count;
    fold(&m, 5, "clients", "\"rows\":[{\"app\":\"a\",\"sessions\":3,\"stale\":2}]");
    assert_int_equal(m.headline_count, headlines); /* none the fewer on the old shape: no news */
    assert_int_equal(t->reader_count, 1);          /* not looked for this time */
    assert_int_equal(t->readers[0].since, 1);
    fold(&m, 6, "clients", "\"rows\":[{\"app\":\"a\",\"sessions\":3}]");
    assert_int_equal(t->clients[0].stale, UNKNOWN);
    fold(&m, 7, "clients", "\"rows\":[],\"statements\":[]");
    assert_int_equal(t->reader_count, 0);
    assert_int_equal(t->stale.count, before + 3); /* what is unknown is no point */
    assert_int_equal(t->stale.points[before + 2].value, 0);
    model_free(&m);
}

static void members_of_the_wrong_type_are_unknown(void **state)
{
    (void)state;
    static const char *const types[] = {"session",   "attach",   "detach", "command",  "phase",
                                        "statement", "batch",    "pace",   "throttle", "limit",
                                        "sample",    "check",    "plan",   "clients",  "alarm",
                                        "note",      "keyframe", "end"};
    static const char *const rests[] = {
        "",
        "\"phase\":7,\"state\":[],\"of\":{},\"rows\":\"x\",\"reasons\":3,\"model\":[],\"do\":1",
        "\"rows\":[1,null,{},[],{\"pid\":\"x\"}],\"of\":\"locks\",\"targets\":[1,{\"name\":2}],"
        "\"phase\":\"nowhere\",\"state\":\"odd\"",
        "\"us\":-5,\"rows_done\":1e9,\"fraction_ppm\":-1,\"of\":\"replica\",\"server\":9,"
        "\"wal_bytes\":9223372036854775807,\"error\":\"no object\",\"model\":{\"targets\":[3],"
        "\"focus\":99,\"headlines\":{}}",
    };
    struct model m;
    begin_backfill(&m);
    for (size_t i = 0; i < COUNT_OF(types); i++)
        for (size_t k = 0; k < COUNT_OF(rests); k++)
            fold(&m, (int64_t)i, types[i], rests[k]);
    assert_int_equal(m.format, 0);
    assert_true(m.focus < m.target_count || !m.target_count);
    model_free(&m);
    model_free(&m); /* twice is harmless */
}

static void headlines_leave_out_the_noise_and_keep_the_newest(void **state)
{
    (void)state;
    struct model m;
    begin_backfill(&m);
    size_t before = m.headline_count;
    fold_batch(&m, 1, 1, 1);
    fold(&m, 2, "sample", "\"of\":\"locks\"");
    fold(&m, 3, "pace", "\"mode\":\"auto\"");
    fold(&m, 4, "plan", "\"of\":\"phase\",\"phase\":\"sync\"");
    fold(&m, 5, "throttle", "\"on\":false,\"slow_ppm\":1000000");
    assert_int_equal(m.headline_count, before);
    fold(&m, 6, "throttle", "\"on\":true");
    fold(&m, 7, "throttle", "\"on\":true");
    fold(&m, 8, "pace", "\"mode\":\"hand\",\"rows\":5");
    assert_int_equal(m.headline_count, before + 2);
    assert_int_equal(m.headlines[m.headline_count - 2].level, 1);
    for (int i = 0; i < 200; i++) {
        char *rest = mem_printf("\"operator\":\"a\",\"text\":\"%d\"", i);
        fold(&m, 10 + i, "note", rest);
        free(rest);
    }
    assert_int_equal(m.headline_count, HEADLINES_MAX);
    assert_string_equal(m.headlines[HEADLINES_MAX - 1].text, "a notes: 199");
    model_free(&m);
}

static void a_series_keeps_the_newest_points(void **state)
{
    (void)state;
    struct series s = {0};
    for (int i = 0; i < SERIES_MAX + 10; i++)
        series_add(&s, i, -i);
    assert_int_equal(s.count, SERIES_MAX);
    assert_int_equal(s.points[0].at, 10);
    assert_int_equal(s.points[SERIES_MAX - 1].value, -(SERIES_MAX + 9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_json_and_from_json_are_inverses_after_every_event),
        cmocka_unit_test(folding_goes_on_the_same_from_a_keyframe_at_any_place),
        cmocka_unit_test(a_keyframe_event_replaces_the_whole_model),
        cmocka_unit_test(the_rich_journal_folds_to_what_it_tells),
        cmocka_unit_test(a_phase_keeps_its_start_through_waits_and_its_error_until_it_runs_again),
        cmocka_unit_test(a_rollback_forgets_the_backfill_and_who_paused_it),
        cmocka_unit_test(a_pause_without_a_target_is_for_all),
        cmocka_unit_test(time_is_counted_as_work_throttle_or_pause),
        cmocka_unit_test(the_rate_is_of_worked_time_over_all_lanes_once_a_second),
        cmocka_unit_test(there_is_no_estimate_before_there_is_evidence),
        cmocka_unit_test(an_even_backfill_is_estimated_well_however_long_it_was_held_up),
        cmocka_unit_test(an_uneven_backfill_gets_a_range),
        cmocka_unit_test(a_pass_begun_anew_counts_from_its_own_beginning),
        cmocka_unit_test(progress_past_the_whole_is_absurd_and_a_silence_is_no_speed),
        cmocka_unit_test(unknown_events_only_move_seq_and_time),
        cmocka_unit_test(captures_and_counts_replace_what_was_there),
        cmocka_unit_test(members_of_the_wrong_type_are_unknown),
        cmocka_unit_test(headlines_leave_out_the_noise_and_keep_the_newest),
        cmocka_unit_test(a_series_keeps_the_newest_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
