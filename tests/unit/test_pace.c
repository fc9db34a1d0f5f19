#include "config.h"
#include "engine/pace.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A server: what a batch of so many rows takes, in µs, at its `i`th call. */
typedef double server_fn(int64_t rows, int i);

static uint32_t seed;

static double noise(double amplitude)
{
    seed = seed * 1664525u + 1013904223u;
    return 1 + amplitude * ((double)(seed >> 8) / (double)(1u << 23) - 1);
}

static double fast(int64_t rows, int i)
{
    (void)i;
    return 2000 + 10 * (double)rows; /* 100 k rows/s but for a round trip */
}

/* Best at 1500 rows: below it the round trip costs, beyond it the index's pages fall out of cache.
 */
static double humped(int64_t rows, int i)
{
    (void)i;
    double us = 4000 + 10 * (double)rows;
    return rows > 1500 ? us * pow((double)rows / 1500, 0.8) : us;
}

static double noisy_humped(int64_t rows, int i)
{
    return humped(rows, i) * noise(0.25);
}

static double noisy_slow(int64_t rows, int i)
{
    (void)i;
    return (5000 + 100 * (double)rows) * noise(0.25);
}

/* 10 µs a row, whatever the size: only a rest behind each batch makes size matter. */
static double even(int64_t rows, int i)
{
    (void)i;
    return 10 * (double)rows;
}

static struct pace start(int64_t rows)
{
    struct pace p;
    pace_init(&p, rows, 100, 50000, 250000, 0, 1);
    return p;
}

struct span {
    int64_t low, high;
    int changes;
    double rows, us; /* all of them, for the mean rate */
};

static struct span drive(struct pace *p, server_fn *server, int batches)
{
    struct span s = {.low = INT64_MAX};
    for (int i = 0; i < batches; i++) {
        int64_t rows = p->rows, us = (int64_t)server(rows, i);
        s.rows += (double)rows;
        s.us += (double)us;
        bool changed = pace_batch(p, rows, rows, us);
        assert_int_equal(changed, p->rows != rows);
        assert_in_range(p->rows, p->min, p->max);
        if (p->rows > rows)
            assert_true((double)p->rows <= (double)rows * 1.5 + 1);
        s.changes += changed;
        s.low = p->rows < s.low ? p->rows : s.low;
        s.high = p->rows > s.high ? p->rows : s.high;
    }
    return s;
}

static void a_fast_server_is_climbed_to_its_best_and_held_there(void **state)
{
    (void)state;
    struct pace p = start(100);
    (void)drive(&p, fast, 400);
    /* beyond 2000 rows another half brings less than 3 % */
    assert_in_range(p.rows, 1500, 25000);
    struct span s = drive(&p, fast, 3000);
    assert_true((double)s.high <= (double)s.low * 1.5 * 1.5 + 1);
    assert_true(s.changes < 100);
    assert_true(s.rows / s.us * 1e6 > 85000);
    assert_true(fast(p.rows, 0) <= 250000);
}

static void growing_waits_for_five_batches_and_takes_at_most_half(void **state)
{
    (void)state;
    struct pace p = start(1000);
    for (int i = 0; i < 4; i++)
        assert_false(pace_batch(&p, 1000, 1000, 12000));
    assert_true(pace_batch(&p, 1000, 1000, 12000));
    assert_int_equal(p.rows, 1500);
    assert_string_equal(p.why, "p90 12ms of 250ms: growing");
}

static void the_aim_in_time_is_not_overrun(void **state)
{
    (void)state;
    struct pace p;
    /* 1 ms a row and a long round trip: bigger stays faster, time is the bound */
    pace_init(&p, 20, 1, 50000, 250000, 0, 1);
    for (int i = 0; i < 600; i++)
        (void)pace_batch(&p, p.rows, p.rows, 100000 + p.rows * 1000);
    assert_in_range(p.rows, 110, 165);
    assert_true(100000 + p.rows * 1000 <= 275000);
}

static void a_rest_behind_each_batch_makes_larger_ones_the_faster(void **state)
{
    (void)state;
    struct pace p;
    pace_init(&p, 1000, 100, 50000, 250000, 60000, 1);
    (void)drive(&p, even, 300);
    struct span s = drive(&p, even, 300);
    assert_true(s.rows / 300 > 15000); /* of the 25,000 that the aim allows */
    pace_init(&p, 1000, 100, 50000, 250000, 0, 1);
    (void)drive(&p, even, 300);
    s = drive(&p, even, 300);
    assert_true(s.rows / 300 < 15000); /* without one there is nothing to gain */
}

static void an_optimum_in_the_middle_is_found_from_below_and_from_above(void **state)
{
    (void)state;
    const int64_t starts[] = {100, 400, 1000, 1300, 1500, 2000, 5000, 9000};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        struct pace p = start(starts[i]);
        (void)drive(&p, humped, 500);
        assert_in_range(p.best_rows, 1200, 1800);
        struct span s = drive(&p, humped, 2000);
        assert_true(s.rows / s.us > 0.93 * 1500 / humped(1500, 0));
    }
}

static void what_is_no_faster_is_given_up(void **state)
{
    (void)state;
    struct pace p = start(2000);
    for (int i = 0; i < 5; i++)
        (void)pace_batch(&p, 2000, 2000, 40000);
    assert_int_equal(p.rows, 3000);
    int batches = 0;
    while (p.rows == 3000 && batches++ < 50)
        (void)pace_batch(&p, 3000, 3000, 60000);
    assert_int_equal(batches, PACE_WINDOW);
    assert_int_equal(p.rows, 2000);
    assert_string_equal(p.why, "no faster at 3000: back to 2000");
}

static void one_batch_forty_times_as_long_shrinks_at_once_and_the_size_comes_back(void **state)
{
    (void)state;
    struct pace p = start(2000);
    (void)drive(&p, fast, 400);
    int64_t settled = p.best_rows;
    (void)drive(&p, fast, 3);
    int64_t before = p.rows;
    assert_true(pace_batch(&p, p.rows, p.rows, 10000000));
    assert_int_equal(p.rows, before / 10 > 100 ? before / 10 : 100);
    assert_string_equal(p.why, "batch took 10.0s, 40x the aim of 250ms: shrunk");
    (void)drive(&p, fast, 200);
    assert_true(p.rows * 3 >= settled * 2);
}

static void a_batch_three_times_as_long_shrinks_in_proportion(void **state)
{
    (void)state;
    struct pace p = start(3000);
    assert_true(pace_batch(&p, 3000, 3000, 750000));
    assert_int_equal(p.rows, 1000);
    assert_false(pace_batch(&p, 1000, 1000, 450000)); /* once, and under 2x: watched */
    assert_int_equal(p.rows, 1000);
}

static void lanes_that_began_before_the_shrink_do_not_shrink_it_again(void **state)
{
    (void)state;
    struct pace p = start(3000);
    assert_true(pace_batch(&p, 3000, 3000, 750000));
    for (int i = 0; i < 3; i++)
        assert_false(pace_batch(&p, 3000, 3000, 750000));
    assert_int_equal(p.rows, 1000);
    assert_int_equal(p.recent_count, 0);
}

static void a_slow_drift_is_followed_down_and_up_again(void **state)
{
    (void)state;
    struct pace p = start(2000);
    (void)drive(&p, fast, 300);
    int over = 0;
    for (int i = 0; i < 3000; i++) { /* up to 60 times slower */
        int64_t us = (int64_t)(fast(p.rows, 0) * (1 + i * 0.02));
        over += us > 500000;
        (void)pace_batch(&p, p.rows, p.rows, us);
    }
    assert_true(over < 3);
    assert_true(fast(p.rows, 0) * 61 <= 250000 * 1.11);
    int64_t low = p.rows;
    for (int i = 0; i < 6000; i++)
        (void)pace_batch(&p, p.rows, p.rows, (int64_t)fast(p.rows, 0));
    assert_true(p.rows >= low * 3);
}

static double flapping_each(int64_t rows, int i)
{
    return (double)rows * (i % 2 ? 100 : 180);
}

static double flapping_long(int64_t rows, int i)
{
    return (double)rows * (i / 30 % 2 ? 100 : 145);
}

static void flapping_latencies_do_not_swing_the_size_by_more_than_half(void **state)
{
    (void)state;
    server_fn *servers[] = {flapping_each, flapping_long};
    for (size_t i = 0; i < 2; i++) {
        struct pace p = start(1700);
        (void)drive(&p, servers[i], 500);
        struct span s = drive(&p, servers[i], 3000);
        print_message("# flapping %zu: %lld..%lld, %d changes\n", i, (long long)s.low,
                      (long long)s.high, s.changes);
        assert_true((double)s.high <= (double)s.low * 1.5 + 1);
    }
}

static void sparse_batches_teach_no_speed_but_their_slowness_counts(void **state)
{
    (void)state;
    struct pace p = start(1000);
    for (int i = 0; i < PACE_WINDOW; i++)
        assert_false(pace_batch(&p, 1000, 10, 1000));
    assert_int_equal(p.recent_count, 0);
    assert_true(pace_batch(&p, 1000, 10, 2000000));
    assert_int_equal(p.rows, 100);
}

static void a_table_that_is_sparse_all_along_is_learned_after_a_window(void **state)
{
    (void)state;
    struct pace p = start(1000);
    for (int i = 0; i < 30; i++)
        (void)pace_batch(&p, p.rows, p.rows / 4, 2000 + p.rows * 3);
    assert_true(p.rows > 1000);
    for (int i = 0; i < 1000; i++) /* nothing left to do is no speed at all */
        assert_false(pace_batch(&p, p.rows, 0, 500));
}

static void a_batch_the_throttle_made_small_says_nothing_of_the_size(void **state)
{
    (void)state;
    struct pace p = start(1000);
    for (int i = 0; i < 100; i++)
        assert_false(pace_batch(&p, 300, 300, 1000));
    assert_true(pace_batch(&p, 300, 300, 750000));
    assert_int_equal(p.rows, 100);
}

static void equal_bounds_never_change(void **state)
{
    (void)state;
    struct pace p;
    pace_init(&p, 777, 500, 500, 250000, 0, 1);
    assert_int_equal(p.rows, 500);
    for (int i = 0; i < 500; i++) {
        assert_false(pace_batch(&p, 500, 500, i % 7 ? 10000 : 5000000));
        assert_false(pace_failed(&p));
    }
    for (int i = 0; i < 5000; i++)
        assert_false(pace_batch(&p, 500, 500, 10000));
}

static void a_size_of_one_row_can_grow(void **state)
{
    (void)state;
    struct pace p;
    pace_init(&p, 1, 1, 1000, 250000, 0, 1);
    for (int i = 0; i < 400; i++)
        (void)pace_batch(&p, p.rows, p.rows, 2000 + p.rows * 10);
    assert_true(p.rows > 300);
}

static void by_hand_it_stays_until_it_is_given_back(void **state)
{
    (void)state;
    struct pace p = start(1000);
    pace_set_rows(&p, 2500);
    assert_true(p.by_hand);
    for (int i = 0; i < 100; i++)
        assert_false(pace_batch(&p, 2500, 2500, i % 2 ? 1000 : 20000000));
    assert_false(pace_failed(&p));
    assert_int_equal(p.rows, 2500);
    pace_set_rows(&p, 1);
    assert_int_equal(p.rows, 100);
    pace_set_rows(&p, 1000000);
    assert_int_equal(p.rows, 50000);
    pace_set_rows(&p, 200);
    pace_auto(&p);
    assert_false(p.by_hand);
    assert_int_equal(p.rows, 200);
    (void)drive(&p, fast, 200);
    assert_true(p.rows > 1000);
}

static void a_failed_batch_halves_and_the_size_comes_back(void **state)
{
    (void)state;
    struct pace p = start(1000);
    assert_true(pace_failed(&p));
    assert_int_equal(p.rows, 500);
    for (int i = 0; i < 20; i++)
        (void)pace_failed(&p);
    assert_int_equal(p.rows, 100);
    assert_false(pace_failed(&p));
    (void)drive(&p, fast, 200);
    assert_true(p.rows >= 1000);
}

static void a_new_aim_is_followed(void **state)
{
    (void)state;
    struct pace p = start(1000);
    (void)drive(&p, noisy_slow, 300);
    pace_set_time(&p, 100000);
    (void)drive(&p, noisy_slow, 300);
    assert_true(5000 + 100 * p.rows <= 110000);
    assert_in_range(p.rows, 400, 1050);
}

static void noise_of_a_quarter_does_not_keep_it_from_the_aim(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= 20; i++) {
        seed = i * 7919;
        struct pace p = start(100);
        (void)drive(&p, noisy_slow, 300);
        struct span s = drive(&p, noisy_slow, 2000);
        double mean = s.rows / 2000;
        assert_true(5000 + 100 * mean < 250000 * 1.05);
        /* a round trip of 5 ms costs little from some 300 rows on */
        assert_true(s.rows / s.us * 1e6 > 0.82 * 10000);
    }
}

static void noise_of_a_quarter_does_not_hide_an_optimum(void **state)
{
    (void)state;
    double worst = 1;
    for (uint32_t i = 1; i <= 20; i++) {
        seed = i * 104729;
        struct pace p = start(i % 2 ? 200 : 8000);
        (void)drive(&p, noisy_humped, 500);
        struct span s = drive(&p, noisy_humped, 3000);
        double share = s.rows / s.us / (1500 / humped(1500, 0));
        worst = share < worst ? share : worst;
    }
    print_message("# worst share of the best rate: %.3f\n", worst);
    assert_true(worst > 0.85);
}

static void under_a_throttle_it_slows_by_the_share_and_not_by_its_square(void **state)
{
    (void)state;
    struct pace p = start(1000);
    p.pause_us = 7000;
    assert_int_equal(pace_rows_now(&p, 1000000), 1000);
    assert_int_equal(pace_rows_now(&p, 500000), 500);
    assert_int_equal(pace_rows_now(&p, 10000), 100);
    assert_int_equal(pace_rows_now(&p, 0), 100);
    assert_int_equal(pace_rest_us(&p, 40000, 1000000), 7000);
    assert_int_equal(pace_rest_us(&p, 40000, 500000), 47000);
    assert_int_equal(pace_rest_us(&p, 40000, 250000), 127000);
    assert_int_equal(pace_rest_us(&p, 40000, 0), 5007000);
    assert_int_equal(pace_rest_us(&p, INT64_MAX, 1), 5007000);

    p.pause_us = 0;
    double full = 1000 / 100e3; /* 100 µs a row */
    int64_t rows = pace_rows_now(&p, 300000);
    double slow = (double)rows / (double)(rows * 100 + pace_rest_us(&p, rows * 100, 300000));
    assert_true(fabs(slow / full - 0.3) < 0.01);

    p.rows = 50; /* under the least size, as one lowered by hand in the file */
    assert_int_equal(pace_rows_now(&p, 100000), 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fast_server_is_climbed_to_its_best_and_held_there),
        cmocka_unit_test(growing_waits_for_five_batches_and_takes_at_most_half),
        cmocka_unit_test(the_aim_in_time_is_not_overrun),
        cmocka_unit_test(a_rest_behind_each_batch_makes_larger_ones_the_faster),
        cmocka_unit_test(an_optimum_in_the_middle_is_found_from_below_and_from_above),
        cmocka_unit_test(what_is_no_faster_is_given_up),
        cmocka_unit_test(one_batch_forty_times_as_long_shrinks_at_once_and_the_size_comes_back),
        cmocka_unit_test(a_batch_three_times_as_long_shrinks_in_proportion),
        cmocka_unit_test(lanes_that_began_before_the_shrink_do_not_shrink_it_again),
        cmocka_unit_test(a_slow_drift_is_followed_down_and_up_again),
        cmocka_unit_test(flapping_latencies_do_not_swing_the_size_by_more_than_half),
        cmocka_unit_test(sparse_batches_teach_no_speed_but_their_slowness_counts),
        cmocka_unit_test(a_table_that_is_sparse_all_along_is_learned_after_a_window),
        cmocka_unit_test(a_batch_the_throttle_made_small_says_nothing_of_the_size),
        cmocka_unit_test(equal_bounds_never_change),
        cmocka_unit_test(a_size_of_one_row_can_grow),
        cmocka_unit_test(by_hand_it_stays_until_it_is_given_back),
        cmocka_unit_test(a_failed_batch_halves_and_the_size_comes_back),
        cmocka_unit_test(a_new_aim_is_followed),
        cmocka_unit_test(noise_of_a_quarter_does_not_keep_it_from_the_aim),
        cmocka_unit_test(noise_of_a_quarter_does_not_hide_an_optimum),
        cmocka_unit_test(under_a_throttle_it_slows_by_the_share_and_not_by_its_square),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
