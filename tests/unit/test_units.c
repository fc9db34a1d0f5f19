#include "config.h"
#include "base/units.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define BAD INT64_MIN

struct reading {
    const char *text;
    int64_t value; /* BAD: refused */
};

static void check(bool (*parse)(const char *, int64_t *), const struct reading *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t out = 77;
        bool ok = parse(rows[i].text, &out);
        if (ok != (rows[i].value != BAD) || (ok && out != rows[i].value))
            fail_msg("'%s': %s %lld", rows[i].text, ok ? "read" : "refused", (long long)out);
    }
}

static void whole_numbers_are_read_whole_or_refused(void **state)
{
    (void)state;
    static const struct reading rows[] = {
        {"0", 0},
        {"42", 42},
        {" 42 ", 42},
        {"-7", -7},
        {"9223372036854775807", INT64_MAX},
        {"9223372036854775808", BAD},
        {"", BAD},
        {" ", BAD},
        {"4 2", BAD},
        {"42x", BAD},
        {"0x10", BAD},
        {"1.5", BAD},
        {"1e3", BAD},
        {"1,000", BAD},
        {"1000\nmin = 3", BAD},
    };
    check(units_parse_int, rows, COUNT_OF(rows));
}

static void durations_are_read_in_microseconds(void **state)
{
    (void)state;
    static const struct reading rows[] = {
        {"250ms", 250000},
        {"250 ms", 250000},
        {"2s", 2000000},
        {"1.5s", 1500000},
        {"10m", 600000000},
        {"1h", INT64_C(3600000000)},
        {"2d", INT64_C(172800000000)},
        {"0", 0},
        {"0ms", 0},
        {"10", BAD},
        {"ms", BAD},
        {"", BAD},
        {"2S", BAD},
        {"2s3", BAD},
        {"1m30s", BAD},
        {"nan s", BAD},
        {"infs", BAD},
        {"0x1s", BAD},
        {"1e300h", BAD},
        {"9e18h", BAD},
    };
    check(units_parse_duration, rows, COUNT_OF(rows));
}

static void sizes_are_read_in_steps_of_1024(void **state)
{
    (void)state;
    static const struct reading rows[] = {
        {"100B", 100},
        {"8kB", 8192},
        {"8KB", 8192},
        {"64MB", 67108864},
        {"1.5GB", INT64_C(1610612736)},
        {"1TB", INT64_C(1099511627776)},
        {"0", 0},
        {"0B", 0},
        {"64", BAD},
        {"64M", BAD},
        {"64mb", BAD},
        {"64MB/s", BAD},
        {"99999999TB", BAD},
    };
    check(units_parse_size, rows, COUNT_OF(rows));
}

static void rates_are_sizes_a_second(void **state)
{
    (void)state;
    static const struct reading rows[] = {
        {"40MB/s", 41943040}, {"40MB/s ", 41943040}, {"0", 0},      {"0B/s", 0},     {"40MB", BAD},
        {"40", BAD},          {"/s", BAD},           {"40/s", BAD}, {"40MB/m", BAD},
    };
    check(units_parse_rate, rows, COUNT_OF(rows));
}

static void numbers_are_finite_and_decimal(void **state)
{
    (void)state;
    double out = 0;
    assert_true(units_parse_number("1.5", &out));
    assert_true(out > 1.49 && out < 1.51);
    assert_true(units_parse_number("-2", &out));
    assert_true(units_parse_number(" .5 ", &out));
    static const char *const bad[] = {"", "nan", "inf", "-inf", "0x1p3", "1.5x", "1 2", "1e999"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (units_parse_number(bad[i], &out))
            fail_msg("'%s' was read", bad[i]);
}

static void what_is_written_fits_and_is_short(void **state)
{
    (void)state;
    char out[UNITS_TEXT];
    assert_string_equal(units_duration(out, 250), "250us");
    assert_string_equal(units_duration(out, 250000), "250ms");
    assert_string_equal(units_duration(out, 2400000), "2.4s");
    assert_string_equal(units_duration(out, 59999999), "59.9s");
    assert_string_equal(units_duration(out, INT64_C(192000000)), "3m12s");
    assert_string_equal(units_duration(out, -2400000), "-2.4s");
    assert_string_equal(units_duration(out, INT64_C(14700000000)), "4h05m");
    assert_string_equal(units_size(out, 512), "512B");
    assert_string_equal(units_size(out, 67108864), "64.0MB");
    assert_string_equal(units_count(out, 1234567), "1,234,567");
    assert_string_equal(units_count(out, -1234), "-1,234");
    assert_string_equal(units_count(out, 999), "999");
    assert_string_equal(units_count(out, INT64_MIN), "-9,223,372,036,854,775,808");
    assert_string_equal(units_short(out, 987), "987");
    assert_true(strlen(units_duration(out, INT64_MIN)) < UNITS_TEXT);
    assert_true(strlen(units_duration(out, INT64_MAX)) < UNITS_TEXT);
    assert_true(strlen(units_size(out, INT64_MIN)) < UNITS_TEXT);
    assert_true(strlen(units_rate(out, INT64_MAX)) < UNITS_TEXT);
    assert_true(strlen(units_short(out, 1e300)) < UNITS_TEXT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_read_whole_or_refused),
        cmocka_unit_test(durations_are_read_in_microseconds),
        cmocka_unit_test(sizes_are_read_in_steps_of_1024),
        cmocka_unit_test(rates_are_sizes_a_second),
        cmocka_unit_test(numbers_are_finite_and_decimal),
        cmocka_unit_test(what_is_written_fits_and_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
