#include "config.h"
#include "ui/history.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/unit/console_world.h"

#define S INT64_C(1000000)

static void add(struct history *h, int64_t at, const char *text)
{
    json_t *event = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(event);
    json_set_int(event, "time", at);
    history_add(h, event);
    json_decref(event);
}

static void add_lag(struct history *h, int64_t at, const char *server, int64_t us)
{
    char *text = mem_printf("{\"event\":\"sample\",\"target\":\"o1\",\"of\":\"replica\","
                            "\"server\":\"%s\",\"reachable\":true,\"lag_us\":%lld}",
                            server, (long long)us);
    add(h, at, text);
    free(text);
}

static void add_batch(struct history *h, int64_t at, int64_t rows, int64_t us)
{
    char *text = mem_printf("{\"event\":\"batch\",\"target\":\"o1\",\"updated\":%lld,\"us\":%lld}",
                            (long long)rows, (long long)us);
    add(h, at, text);
    free(text);
}

static void assert_near(double value, double wanted)
{
    if (isnan(value) || fabs(value - wanted) > fabs(wanted) / 100)
        fail_msg("%f is not %f", value, wanted);
}

static double read_o1(const struct history *h, enum history_of of, int64_t from, int64_t to)
{
    return history_read(history_find(h, "o1", of, NULL), from, to);
}

static void rows_are_a_mean_and_all_else_the_worst(void **state)
{
    (void)state;
    struct history h = {0};
    for (int i = 0; i < 10; i++)
        add_batch(&h, T0 + i * S, 1000 + i, 200000 + i * 1000);
    assert_near(read_o1(&h, HISTORY_ROWS, T0, T0 + 10 * S), 1004.5);
    assert_near(read_o1(&h, HISTORY_BATCH, T0, T0 + 10 * S), 209000);
    assert_near(read_o1(&h, HISTORY_BATCH, T0 + 2 * S, T0 + 3 * S), 202000);
    history_free(&h);
}

static void the_worst_replica_counts_and_each_has_its_own(void **state)
{
    (void)state;
    struct history h = {0};
    add_lag(&h, T0, "r1", 1000);
    add_lag(&h, T0 + 1, "r2", 900000);
    assert_near(read_o1(&h, HISTORY_LAG, T0, T0 + S), 900000);
    assert_near(history_read(history_find(&h, "o1", HISTORY_LAG, "r1"), T0, T0 + S), 1000);
    assert_null(history_find(&h, "o2", HISTORY_LAG, NULL));
    assert_true(isnan(history_read(NULL, T0, T0 + S)));
    history_free(&h);
}

static void what_was_not_measured_is_unknown_and_not_zero(void **state)
{
    (void)state;
    struct history h = {0};
    add_lag(&h, T0, "r1", 5000);
    add_lag(&h, T0 + 4 * S, "r1", 6000);
    add_lag(&h, T0 + 60 * S, "r1", 7000);
    assert_near(read_o1(&h, HISTORY_LAG, T0 + 2 * S, T0 + 3 * S), 5000); /* still speaks */
    assert_true(isnan(read_o1(&h, HISTORY_LAG, T0 + 20 * S, T0 + 30 * S)));
    assert_true(isnan(read_o1(&h, HISTORY_LAG, T0 - 20 * S, T0 - 10 * S)));
    assert_true(isnan(read_o1(&h, HISTORY_LAG, T0 + 70 * S, T0 + 80 * S)));
    add(&h, T0 + 61 * S,
        "{\"event\":\"sample\",\"target\":\"o1\",\"of\":\"replica\",\"server\":\"r1\","
        "\"reachable\":false,\"error\":\"gone\"}");
    assert_int_equal(history_find(&h, "o1", HISTORY_LAG, "r1")->count, 3);
    history_free(&h);
}

static void no_batch_while_the_server_answers_means_no_rows(void **state)
{
    (void)state;
    struct history h = {0};
    add_batch(&h, T0, 500, 1000);
    for (int i = 1; i < 10; i++)
        add(&h, T0 + i * S,
            "{\"event\":\"sample\",\"target\":\"o1\",\"of\":\"server\",\"waiters\":2,"
            "\"wal_bytes\":1000}");
    assert_near(read_o1(&h, HISTORY_ROWS, T0, T0 + S), 500);
    assert_true(read_o1(&h, HISTORY_ROWS, T0 + 5 * S, T0 + 6 * S) == 0);
    assert_near(read_o1(&h, HISTORY_WAITERS, T0 + 5 * S, T0 + 6 * S), 2);
    history_free(&h);
}

static void add_place(struct history *h, int64_t at, int64_t bytes)
{
    char *text = mem_printf("{\"event\":\"sample\",\"target\":\"o1\",\"of\":\"server\","
                            "\"wal_bytes\":%lld}",
                            (long long)bytes);
    add(h, at, text);
    free(text);
}

static void the_log_s_rate_comes_of_its_places_and_never_runs_back(void **state)
{
    (void)state;
    struct history h = {0};
    add_place(&h, T0, 1000);
    add_place(&h, T0 + 2 * S, 5000);
    add_place(&h, T0 + 4 * S, 100); /* another server */
    add_place(&h, T0 + 6 * S, 700);
    const struct history_track *t = history_find(&h, "o1", HISTORY_LOG, NULL);
    assert_int_equal(t->count, 2);
    assert_near(history_read(t, T0 + 2 * S, T0 + 3 * S), 2000);
    assert_near(history_read(t, T0 + 6 * S, T0 + 7 * S), 300);
    history_free(&h);
}

/* A day of batches: bounded in memory, the newest to the second, the oldest still right. */
static void a_day_is_kept_in_few_points(void **state)
{
    (void)state;
    struct history h = {0};
    const int64_t day = 24 * 3600;
    for (int64_t i = 0; i < day; i++)
        add_batch(&h, T0 + i * S, i < day / 2 ? 100 : 300, 1000);
    const struct history_track *t = history_find(&h, "o1", HISTORY_ROWS, NULL);
    assert_true(t->count <= 8192);
    assert_near(history_read(t, T0, T0 + day / 2 * S), 100);
    assert_near(history_read(t, T0 + (day / 2 + 3600) * S, T0 + day * S), 300);
    assert_near(history_read(t, T0, T0 + day * S), 200);
    for (size_t i = 0; i < t->count; i++) /* fine enough for a plot of the whole day */
        assert_true(t->points[i].seconds < day / 400);
    assert_int_equal(t->points[t->count - 1].seconds, 1);
    history_free(&h);
}

static void gaps_alone_do_not_make_it_grow(void **state)
{
    (void)state;
    struct history h = {0};
    for (int64_t i = 0; i < 20000; i++)
        add_lag(&h, T0 + i * 100 * S, "r1", i);
    assert_true(history_find(&h, "o1", HISTORY_LAG, "r1")->count <= 8192);
    assert_near(read_o1(&h, HISTORY_LAG, T0 + 1999900 * S, T0 + 1999901 * S), 19999);
    history_free(&h);
}

static void a_clock_that_was_set_back_does_no_harm(void **state)
{
    (void)state;
    struct history h = {0};
    add_lag(&h, T0 + 100 * S, "r1", 10);
    add_lag(&h, T0, "r1", 20);
    const struct history_track *t = history_find(&h, "o1", HISTORY_LAG, "r1");
    assert_true(t->count >= 1);
    for (size_t i = 1; i < t->count; i++)
        assert_true(t->points[i].at >= t->points[i - 1].at + t->points[i - 1].seconds);
    history_free(&h);
}

static void what_was_done_is_marked(void **state)
{
    (void)state;
    struct history h = {0};
    add(&h, T0, "{\"event\":\"command\",\"target\":\"o1\",\"do\":\"pause\",\"operator\":\"ann\"}");
    add(&h, T0 + 1,
        "{\"event\":\"command\",\"target\":\"o1\",\"do\":\"batch\",\"accepted\":false}");
    add(&h, T0 + 2, "{\"event\":\"command\",\"do\":\"attach\"}");
    add(&h, T0 + 3,
        "{\"event\":\"phase\",\"target\":\"o1\",\"phase\":\"backfill\",\"state\":\"running\"}");
    add(&h, T0 + 4, "{\"event\":\"throttle\",\"target\":\"o1\",\"on\":true}");
    add(&h, T0 + 5, "{\"event\":\"alarm\",\"target\":\"o1\",\"level\":\"warn\",\"text\":\"t\"}");
    add(&h, T0 + 6, "{\"event\":\"note\",\"operator\":\"bob\",\"text\":\"hello\"}");
    char letters[8] = "";
    for (size_t i = 0; i < h.mark_count; i++)
        letters[i] = h.marks[i].letter;
    assert_string_equal(letters, "p|x!m");
    assert_non_null(strstr(h.marks[0].text, "ann"));
    assert_null(h.marks[4].target);
    history_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_a_mean_and_all_else_the_worst),
        cmocka_unit_test(the_worst_replica_counts_and_each_has_its_own),
        cmocka_unit_test(what_was_not_measured_is_unknown_and_not_zero),
        cmocka_unit_test(no_batch_while_the_server_answers_means_no_rows),
        cmocka_unit_test(the_log_s_rate_comes_of_its_places_and_never_runs_back),
        cmocka_unit_test(a_day_is_kept_in_few_points),
        cmocka_unit_test(gaps_alone_do_not_make_it_grow),
        cmocka_unit_test(a_clock_that_was_set_back_does_no_harm),
        cmocka_unit_test(what_was_done_is_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
