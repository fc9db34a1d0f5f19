#include "config.h"
#include "engine/throttle.h"

#include "base/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000000)

static struct signal lag(const char *server, int64_t value, int64_t at_us)
{
    struct signal s = {.kind = SIGNAL_LAG, .known = true, .value = value, .at_us = at_us};
    strncpy(s.server, server, sizeof s.server - 1);
    return s;
}

static struct signal waiters(int64_t value, int64_t at_us)
{
    return (struct signal){.kind = SIGNAL_WAITERS, .known = true, .value = value, .at_us = at_us};
}

static struct throttle_input input(const struct signal *signals, size_t count, int64_t now_us)
{
    struct throttle_input in = {
        .signals = signals, .signal_count = count, .now_us = now_us, .stale_us = 5 * S};
    in.limits[SIGNAL_LAG] = (struct signal_limit){.limit = 2 * S, .usual = 2 * S};
    in.limits[SIGNAL_WAITERS] = (struct signal_limit){.limit = 3, .usual = 3};
    return in;
}

/* One lag on r2, seen at `now`. */
static bool decide_lag(struct throttle *t, int64_t value, int64_t now_us)
{
    struct signal s = lag("r2", value, now_us);
    struct throttle_input in = input(&s, 1, now_us);
    return throttle_decide(t, &in);
}

static void growing_lag_slows_then_stops_and_goes_on_only_under_80_percent(void **state)
{
    (void)state;
    struct throttle t = {0};
    assert_false(decide_lag(&t, 0, 1 * S));
    assert_int_equal(t.slow_ppm, 1000000);
    assert_false(decide_lag(&t, 1600000, 2 * S));
    assert_int_equal(t.slow_ppm, 1000000);
    assert_true(decide_lag(&t, 1800000, 3 * S));
    assert_int_equal(t.slow_ppm, 550000);
    assert_false(t.stopped);
    assert_true(decide_lag(&t, 2000000, 4 * S)); /* at the limit is not over it */
    assert_int_equal(t.slow_ppm, 100000);
    assert_false(t.stopped);
    assert_true(decide_lag(&t, 2400000, 5 * S));
    assert_true(t.stopped);
    assert_int_equal(t.slow_ppm, 0);
    assert_int_equal(t.reason_count, 1);
    assert_string_equal(t.reasons[0].text, "lag on r2: 2.4s > 2.0s");
    assert_int_equal(t.reasons[0].since_us, 5 * S);

    assert_false(decide_lag(&t, 1900000, 6 * S));
    assert_true(t.stopped);
    assert_string_equal(t.reasons[0].text, "lag on r2: 1.9s, must fall under 1.6s (80 % of 2.0s)");
    assert_false(decide_lag(&t, 1600000, 7 * S));
    assert_true(t.stopped);
    assert_int_equal(t.reasons[0].since_us, 5 * S);
    assert_true(decide_lag(&t, 1599999, 8 * S));
    assert_false(t.stopped);
    assert_int_equal(t.reason_count, 0);
    assert_int_equal(t.slow_ppm, 1000000);
}

static void flapping_around_the_limit_is_one_stop(void **state)
{
    (void)state;
    struct throttle t = {0};
    int changes = 0;
    for (int i = 0; i < 100; i++)
        changes += decide_lag(&t, i % 2 ? 1900000 : 2100000, (10 + i) * S);
    assert_int_equal(changes, 1);
    assert_true(t.stopped);
    assert_int_equal(t.reasons[0].since_us, 10 * S);
}

static void a_replica_that_vanishes_stops_the_work_until_it_answers(void **state)
{
    (void)state;
    struct throttle t = {0};
    struct signal s[2] = {lag("r1", 0, 10 * S), lag("r2", 0, 10 * S)};
    struct throttle_input in = input(s, 2, 10 * S);
    assert_false(throttle_decide(&t, &in));
    s[1].known = false;
    strcpy(s[1].error, "connection refused");
    assert_true(throttle_decide(&t, &in));
    assert_true(t.stopped);
    assert_int_equal(t.reason_count, 1);
    assert_true(t.reasons[0].unknown);
    in.now_us = 12 * S;
    assert_false(throttle_decide(&t, &in));
    in.now_us = 14 * S;
    s[0].at_us = 14 * S;
    assert_false(throttle_decide(&t, &in));
    assert_string_equal(t.reasons[0].text, "lag on r2: unknown (connection refused), for 4.0s");
    assert_int_equal(t.reasons[0].since_us, 10 * S);
    strcpy(s[1].error, "the server is starting up");
    assert_true(throttle_decide(&t, &in)); /* another cause is news, of the same trouble */
    assert_int_equal(t.reasons[0].since_us, 10 * S);
    s[1] = lag("r2", 1900000, 14 * S); /* never seen over its limit: it may go on, slowly */
    assert_true(throttle_decide(&t, &in));
    assert_false(t.stopped);
    assert_in_range(t.slow_ppm, 100000, 400000);
}

static void
a_replica_that_was_over_its_limit_when_it_vanished_must_come_back_well_under(void **state)
{
    (void)state;
    struct throttle t = {0};
    assert_true(decide_lag(&t, 3 * S, 10 * S));
    struct signal s = {.kind = SIGNAL_LAG, .server = "r2", .known = false};
    struct throttle_input in = input(&s, 1, 11 * S);
    assert_true(throttle_decide(&t, &in)); /* known to unknown: another reason */
    assert_int_equal(t.reasons[0].since_us, 11 * S);
    assert_string_equal(t.reasons[0].text, "lag on r2: unknown (it does not answer), for 0us");
    assert_true(decide_lag(&t, 1900000, 12 * S));
    assert_true(t.stopped);
    assert_false(t.reasons[0].unknown);
    assert_true(decide_lag(&t, 1000000, 13 * S));
    assert_false(t.stopped);
}

static void an_old_observation_is_unknown_and_not_good(void **state)
{
    (void)state;
    struct throttle t = {0};
    struct signal s = lag("r2", 0, 10 * S);
    struct throttle_input in = input(&s, 1, 15 * S);
    assert_false(throttle_decide(&t, &in));
    in.now_us = 17 * S;
    assert_true(throttle_decide(&t, &in));
    assert_true(t.stopped);
    assert_true(t.reasons[0].unknown);
    assert_string_equal(t.reasons[0].text, "lag on r2: unknown (last seen 7.0s ago), for 0us");
    in.stale_us = 0; /* not watched for age */
    assert_true(throttle_decide(&t, &in));
    assert_false(t.stopped);
}

static void all_reasons_are_given_and_clearing_one_does_not_set_free(void **state)
{
    (void)state;
    struct throttle t = {0};
    struct signal s[3] = {lag("r1", 5 * S, 10 * S), waiters(5, 10 * S), lag("r2", 4 * S, 10 * S)};
    struct throttle_input in = input(s, 3, 10 * S);
    assert_true(throttle_decide(&t, &in));
    assert_int_equal(t.reason_count, 3);
    assert_string_equal(t.reasons[1].text, "waiters: 5 > 3");
    s[0].value = 0;
    in.now_us = 12 * S;
    assert_true(throttle_decide(&t, &in));
    assert_true(t.stopped);
    assert_int_equal(t.reason_count, 2);
    assert_int_equal(t.reasons[0].since_us, 10 * S);
    s[0].value = 5 * S; /* a new reason has its own beginning */
    in.now_us = 13 * S;
    assert_true(throttle_decide(&t, &in));
    assert_int_equal(t.reasons[0].since_us, 13 * S);
    assert_int_equal(t.reasons[1].since_us, 10 * S);
    s[0].value = s[1].value = s[2].value = 0;
    assert_true(throttle_decide(&t, &in));
    assert_false(t.stopped);
}

static void the_order_of_the_signals_is_no_change(void **state)
{
    (void)state;
    struct throttle t = {0};
    struct signal s[2] = {lag("r1", 5 * S, 10 * S), waiters(5, 10 * S)};
    struct throttle_input in = input(s, 2, 10 * S);
    assert_true(throttle_decide(&t, &in));
    struct signal first = s[0];
    s[0] = s[1];
    s[1] = first;
    assert_false(throttle_decide(&t, &in));
}

static void an_override_lets_an_unknown_signal_pass_until_it_expires(void **state)
{
    (void)state;
    struct throttle t = {0};
    struct signal s[2] = {{.kind = SIGNAL_LAG, .server = "r1"},
                          {.kind = SIGNAL_LAG, .server = "r2"}};
    struct signal_override o = {.kind = SIGNAL_LAG, .server = "r2", .until_us = 20 * S};
    struct throttle_input in = input(s, 2, 10 * S);
    in.overrides = &o;
    in.override_count = 1;
    assert_true(throttle_decide(&t, &in));
    assert_int_equal(t.reason_count, 1);
    assert_string_equal(t.reasons[0].server, "r1");
    o.server[0] = '\0'; /* every server */
    assert_true(throttle_decide(&t, &in));
    assert_false(t.stopped);
    assert_int_equal(t.slow_ppm, 1000000);
    o.kind = SIGNAL_WAITERS; /* of another kind: none */
    assert_true(throttle_decide(&t, &in));
    o.kind = SIGNAL_LAG;
    assert_true(throttle_decide(&t, &in));
    in.now_us = 20 * S;
    assert_true(throttle_decide(&t, &in));
    assert_true(t.stopped);
    assert_int_equal(t.reason_count, 2);
}

static void an_override_does_not_excuse_a_known_excess(void **state)
{
    (void)state;
    struct throttle t = {0};
    struct signal s = lag("r2", 3 * S, 10 * S);
    struct signal_override o = {.kind = SIGNAL_LAG, .until_us = 20 * S};
    struct throttle_input in = input(&s, 1, 10 * S);
    in.overrides = &o;
    in.override_count = 1;
    assert_true(throttle_decide(&t, &in));
    assert_true(t.stopped);
}

static void a_limit_raised_by_hand_sets_free_and_falls_back_when_it_expires(void **state)
{
    (void)state;
    struct throttle t = {0};
    struct signal s = lag("r2", 9 * S, 10 * S);
    struct throttle_input in = input(&s, 1, 10 * S);
    assert_true(throttle_decide(&t, &in));
    assert_true(t.stopped);
    in.limits[SIGNAL_LAG] =
        (struct signal_limit){.limit = 10 * S, .until_us = 60 * S, .usual = 2 * S};
    assert_true(throttle_decide(&t, &in));
    assert_false(t.stopped); /* 9 s is over 80 % of 10 s, but it was never over 10 s */
    assert_int_equal(t.slow_ppm, 550000);
    in.now_us = s.at_us = 60 * S;
    assert_true(throttle_decide(&t, &in));
    assert_true(t.stopped);
    assert_string_equal(t.reasons[0].text, "lag on r2: 9.0s > 2.0s");
    assert_int_equal(t.reasons[0].limit, 2 * S);
}

static void what_has_no_limit_is_not_watched(void **state)
{
    (void)state;
    struct throttle t = {0};
    struct signal s[2] = {{.kind = SIGNAL_RUNNING, .known = true, .value = 100000, .at_us = 10 * S},
                          {.kind = SIGNAL_WAL}};
    struct throttle_input in = input(s, 2, 10 * S);
    assert_false(throttle_decide(&t, &in));
    assert_false(t.stopped);
    /* by hand to none, for a while */
    struct signal l = lag("r2", 3 * S, 10 * S);
    in.signals = &l;
    in.signal_count = 1;
    in.limits[SIGNAL_LAG] = (struct signal_limit){.until_us = 60 * S, .usual = 2 * S};
    assert_false(throttle_decide(&t, &in));
    in.now_us = l.at_us = 61 * S;
    assert_true(throttle_decide(&t, &in));
}

static void the_worst_signal_sets_the_speed_and_small_steps_add_up(void **state)
{
    (void)state;
    struct throttle t = {0};
    struct signal s[2] = {lag("r1", 1700000, 10 * S), lag("r2", 1900000, 10 * S)};
    struct throttle_input in = input(s, 2, 10 * S);
    assert_true(throttle_decide(&t, &in));
    assert_int_equal(t.slow_ppm, 325000);
    s[1].value = 1880000; /* 370000: less than a tenth */
    assert_false(throttle_decide(&t, &in));
    s[1].value = 1860000;
    assert_false(throttle_decide(&t, &in));
    s[1].value = 1850000; /* 437500: a tenth since it was told last */
    assert_true(throttle_decide(&t, &in));
    s[0].value = s[1].value = 0;
    assert_true(throttle_decide(&t, &in));
    assert_int_equal(t.slow_ppm, 1000000);
    assert_false(throttle_decide(&t, &in));
}

static void more_reasons_than_fit_still_stop(void **state)
{
    (void)state;
    struct throttle t = {0};
    struct signal s[40];
    for (size_t i = 0; i < 40; i++) {
        s[i] = lag("", 3 * S, 10 * S);
        s[i].server[0] = (char)('A' + i);
        memset(s[i].error, 'x', sizeof s[i].error - 1);
        memset(s[i].server + 1, 'y', sizeof s[i].server - 2);
        s[i].error[sizeof s[i].error - 1] = s[i].server[sizeof s[i].server - 1] = '\0';
        s[i].known = i % 2;
    }
    struct throttle_input in = input(s, 40, 10 * S);
    assert_true(throttle_decide(&t, &in));
    assert_true(t.stopped);
    assert_int_equal(t.reason_count, THROTTLE_REASONS);
    assert_non_null(strstr(t.reasons[0].text, ", for 0us"));
    assert_false(throttle_decide(&t, &in));
}

static void signals_are_named_as_in_files_and_as_people_type_them(void **state)
{
    (void)state;
    for (int i = 0; i < SIGNAL_KINDS; i++)
        assert_int_equal(signal_from_name(signal_name((enum signal_kind)i)), i);
    assert_string_equal(signal_name(SIGNAL_QUERY), "query_max");
    assert_int_equal(signal_from_name("max-lag"), SIGNAL_LAG);
    assert_int_equal(signal_from_name("lag-bytes"), SIGNAL_LAG_BYTES);
    assert_int_equal(signal_from_name("wal"), SIGNAL_WAL);
    assert_int_equal(signal_from_name("max-flow-control"), SIGNAL_FLOW);
    assert_int_equal(signal_from_name("max_la"), SIGNAL_KINDS);
    assert_int_equal(signal_from_name("max_lagg"), SIGNAL_KINDS);
    assert_int_equal(signal_from_name(""), SIGNAL_KINDS);
}

static void values_are_read_and_written_in_their_unit(void **state)
{
    (void)state;
    static const struct {
        enum signal_kind kind;
        const char *text;
        int64_t value;
    } cases[] = {
        {SIGNAL_LAG, "2.4s", 2400000},      {SIGNAL_LAG_BYTES, "64.0MB", 64 << 20},
        {SIGNAL_WAITERS, "3", 3},           {SIGNAL_RUNNING, "50", 50},
        {SIGNAL_WAL, "40.0MB/s", 40 << 20}, {SIGNAL_QUERY, "1000", 1000000},
        {SIGNAL_QUERY, "12.5", 12500},      {SIGNAL_QUEUE, "10", 10},
        {SIGNAL_FLOW, "5%", 5},
    };
    char out[UNITS_TEXT];
    int64_t value;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(signal_value_text(cases[i].kind, cases[i].value, out), cases[i].text);
        assert_true(signal_parse_value(cases[i].kind, cases[i].text, &value));
        assert_int_equal(value, cases[i].value);
    }
    value = 42;
    assert_false(signal_parse_value(SIGNAL_LAG, "2", &value));
    assert_false(signal_parse_value(SIGNAL_WAITERS, "-3", &value));
    assert_false(signal_parse_value(SIGNAL_WAITERS, "3s", &value));
    assert_false(signal_parse_value(SIGNAL_QUERY, "1e300", &value));
    assert_false(signal_parse_value(SIGNAL_FLOW, "101", &value));
    assert_false(signal_parse_value(SIGNAL_FLOW, "%", &value));
    assert_false(signal_parse_value(SIGNAL_KINDS, "3", &value));
    assert_int_equal(value, 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(growing_lag_slows_then_stops_and_goes_on_only_under_80_percent),
        cmocka_unit_test(flapping_around_the_limit_is_one_stop),
        cmocka_unit_test(a_replica_that_vanishes_stops_the_work_until_it_answers),
        cmocka_unit_test(
            a_replica_that_was_over_its_limit_when_it_vanished_must_come_back_well_under),
        cmocka_unit_test(an_old_observation_is_unknown_and_not_good),
        cmocka_unit_test(all_reasons_are_given_and_clearing_one_does_not_set_free),
        cmocka_unit_test(the_order_of_the_signals_is_no_change),
        cmocka_unit_test(an_override_lets_an_unknown_signal_pass_until_it_expires),
        cmocka_unit_test(an_override_does_not_excuse_a_known_excess),
        cmocka_unit_test(a_limit_raised_by_hand_sets_free_and_falls_back_when_it_expires),
        cmocka_unit_test(what_has_no_limit_is_not_watched),
        cmocka_unit_test(the_worst_signal_sets_the_speed_and_small_steps_add_up),
        cmocka_unit_test(more_reasons_than_fit_still_stop),
        cmocka_unit_test(signals_are_named_as_in_files_and_as_people_type_them),
        cmocka_unit_test(values_are_read_and_written_in_their_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
