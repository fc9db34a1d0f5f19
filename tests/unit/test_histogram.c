#include "config.h"
#include "base/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void nothing_recorded_has_no_percentile(void **state)
{
    (void)state;
    struct histogram h = {0};
    assert_int_equal(histogram_percentile(&h, 0.5), -1);
    assert_int_equal(histogram_percentile(&h, 1), -1);
}

static void small_values_are_exact(void **state)
{
    (void)state;
    struct histogram h = {0};
    for (int64_t v = 1; v <= 60; v++)
        histogram_record(&h, v);
    for (int64_t v = 1; v <= 60; v++)
        assert_int_equal(histogram_percentile(&h, ((double)v - 0.5) / 60), v);
    assert_int_equal(histogram_percentile(&h, 0), 1);
}

static void large_values_are_off_by_three_percent_at_most(void **state)
{
    (void)state;
    for (int64_t v = 1; v > 0 && v < INT64_MAX / 3; v = v * 2 + v / 3 + 1) {
        struct histogram h = {0};
        histogram_record(&h, v);
        histogram_record(&h, INT64_MAX);
        int64_t p = histogram_percentile(&h, 0.5);
        assert_true(p >= v);
        assert_true((double)(p - v) <= 0.032 * (double)v);
    }
}

static void every_boundary_of_a_slot_falls_into_the_right_slot(void **state)
{
    (void)state;
    for (int bit = 0; bit < 63; bit++) {
        for (int64_t off = -1; off <= 1; off++) {
            int64_t v = (INT64_C(1) << bit) + off;
            struct histogram h = {0};
            histogram_record(&h, v);
            assert_int_equal(histogram_percentile(&h, 0.5), v); /* never above the largest */
            histogram_record(&h, INT64_MAX);
            assert_true(histogram_percentile(&h, 0.5) >= v);
        }
    }
}

static void the_extremes_fit(void **state)
{
    (void)state;
    struct histogram h = {0};
    histogram_record(&h, INT64_MAX);
    assert_int_equal(histogram_percentile(&h, 1), INT64_MAX);
    histogram_record(&h, -5);
    assert_int_equal(histogram_percentile(&h, 0.5), 0);
    histogram_record(&h, INT64_MIN);
    assert_int_equal(h.count, 3);
    assert_int_equal(h.max, INT64_MAX);
}

static void a_percentile_rounds_up_to_a_value_that_was_seen(void **state)
{
    (void)state;
    struct histogram h = {0};
    for (int i = 0; i < 99; i++)
        histogram_record(&h, 10);
    histogram_record(&h, 50000);
    assert_int_equal(histogram_percentile(&h, 0.99), 10);
    assert_int_equal(histogram_percentile(&h, 0.991), 50000);
    assert_int_equal(histogram_percentile(&h, 1), 50000);
}

static void merging_is_the_same_as_recording_into_one(void **state)
{
    (void)state;
    struct histogram a = {0}, b = {0}, both = {0};
    uint64_t x = 88172645463325252u;
    for (int i = 0; i < 5000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        int64_t v = (int64_t)(x >> (x % 60 + 1));
        histogram_record(i % 3 ? &a : &b, v);
        histogram_record(&both, v);
    }
    histogram_merge(&a, &b);
    assert_memory_equal(&a, &both, sizeof a);
}

static void percentiles_never_fall(void **state)
{
    (void)state;
    struct histogram h = {0};
    uint64_t x = 1234567;
    for (int i = 0; i < 2000; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        histogram_record(&h, (int64_t)(x >> 40));
    }
    int64_t last = 0;
    for (int i = 0; i <= 1000; i++) {
        int64_t p = histogram_percentile(&h, i / 1000.0);
        assert_true(p >= last);
        last = p;
    }
    assert_int_equal(last, h.max);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_recorded_has_no_percentile),
        cmocka_unit_test(small_values_are_exact),
        cmocka_unit_test(large_values_are_off_by_three_percent_at_most),
        cmocka_unit_test(every_boundary_of_a_slot_falls_into_the_right_slot),
        cmocka_unit_test(the_extremes_fit),
        cmocka_unit_test(a_percentile_rounds_up_to_a_value_that_was_seen),
        cmocka_unit_test(merging_is_the_same_as_recording_into_one),
        cmocka_unit_test(percentiles_never_fall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
