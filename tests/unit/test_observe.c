/* Lag from beats, and the pauses between tries for a lock. */
#include "config.h"
#include "engine/ddl.h"
#include "engine/observe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define FIRST 1700000000000
#define BEAT 200000

static int64_t beats[RUN_BEATS];

/* A beat each 200 ms, beginning at one second. */
static void beat_until(int64_t last)
{
    int64_t from = last - RUN_BEATS + 1 > FIRST ? last - RUN_BEATS + 1 : FIRST;
    for (int64_t b = from; b <= last; b++)
        beats[b % RUN_BEATS] = 1000000 + (b - FIRST) * BEAT;
}

static void a_replica_that_saw_the_last_beat_does_not_lag(void **state)
{
    (void)state;
    beat_until(FIRST + 10);
    assert_int_equal(observe_lag_us(beats, FIRST, FIRST + 10, FIRST + 10, 99000000), 0);
    assert_int_equal(observe_lag_us(beats, FIRST, FIRST + 10, FIRST + 11, 99000000), 0);
}

static void lag_is_the_age_of_the_first_beat_not_seen(void **state)
{
    (void)state;
    beat_until(FIRST + 10);
    int64_t now = 1000000 + 10 * BEAT + 50000;
    assert_int_equal(observe_lag_us(beats, FIRST, FIRST + 10, FIRST + 9, now), 50000);
    assert_int_equal(observe_lag_us(beats, FIRST, FIRST + 10, FIRST + 4, now), 5 * BEAT + 50000);
}

static void a_beat_of_an_earlier_run_is_old(void **state)
{
    (void)state;
    beat_until(FIRST + 3);
    int64_t now = 1000000 + 3 * BEAT;
    assert_int_equal(observe_lag_us(beats, FIRST, FIRST + 3, FIRST - 5000, now), 3 * BEAT);
    assert_int_equal(observe_lag_us(beats, FIRST, FIRST + 3, UNKNOWN, now), 3 * BEAT);
}

static void beats_beyond_memory_count_as_the_oldest_known(void **state)
{
    (void)state;
    int64_t last = FIRST + 3 * RUN_BEATS;
    beat_until(last);
    int64_t now = 1000000 + (last - FIRST) * BEAT;
    assert_int_equal(observe_lag_us(beats, FIRST, last, FIRST, now),
                     (int64_t)(RUN_BEATS - 1) * BEAT);
}

static void before_the_first_beat_there_is_no_lag(void **state)
{
    (void)state;
    assert_int_equal(observe_lag_us(beats, FIRST, FIRST - 1, UNKNOWN, 5000000), 0);
}

static void the_pauses_grow_and_stay_bounded(void **state)
{
    (void)state;
    int64_t last = 0;
    for (int64_t attempt = 1; attempt < 12; attempt++) {
        int64_t pause = ddl_backoff_us(attempt, 1);
        assert_true(pause >= last);
        last = pause;
    }
    assert_int_equal(ddl_backoff_us(1, 1), 500000);
    assert_int_equal(ddl_backoff_us(1, 0), 250000);
    assert_int_equal(ddl_backoff_us(100, 1), 30000000);
    assert_int_equal(ddl_backoff_us(INT64_MAX, 0), 15000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replica_that_saw_the_last_beat_does_not_lag),
        cmocka_unit_test(lag_is_the_age_of_the_first_beat_not_seen),
        cmocka_unit_test(a_beat_of_an_earlier_run_is_old),
        cmocka_unit_test(beats_beyond_memory_count_as_the_oldest_known),
        cmocka_unit_test(before_the_first_beat_there_is_no_lag),
        cmocka_unit_test(the_pauses_grow_and_stay_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
