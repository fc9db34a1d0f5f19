#include "config.h"
#include "plan/migration_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define BEFORE "[migration]\nid = a\n[batch]\nrows = 1000\n[backfill]\nvalue = x +\n  1\n"

static void assert_diff(const char *after, const char *wanted)
{
    struct str out = {0};
    migration_diff(BEFORE, after, &out);
    assert_string_equal(str_text(&out), wanted);
    str_free(&out);
}

static void what_says_the_same_differs_in_nothing(void **state)
{
    (void)state;
    assert_diff(BEFORE, "");
    assert_diff("# why\n[backfill]\nvalue = x +\n  1\n\n[batch]\nrows=1000\n[migration]\nid = a\n",
                "");
}

static void each_key_is_told_as_it_was_and_is(void **state)
{
    (void)state;
    assert_diff("[migration]\nid = a\n[batch]\nrows = 2000\n[backfill]\nvalue = x +\n  1\n",
                "[batch] rows: 1000 -> 2000");
    assert_diff("[migration]\nid = a\n[backfill]\nvalue = x + 2\n[throttle]\nmax_lag = 3s\n",
                "[backfill] value: x + 1 -> x + 2; [throttle] max_lag: 3s is new; "
                "[batch] rows: 1000 is gone");
}

static void a_long_value_is_cut_between_characters(void **state)
{
    (void)state;
    struct str long_text = {0}, out = {0};
    str_add(&long_text, "[migration]\nid = b");
    for (int i = 0; i < 300; i++)
        str_add(&long_text, "\xC3\xA4");
    str_add(&long_text, "\n[batch]\nrows = 1000\n[backfill]\nvalue = x +\n  1\n");
    migration_diff(BEFORE, str_text(&long_text), &out);
    assert_true(out.len < 300);
    assert_non_null(strstr(str_text(&out), "\xC3\xA4..."));
    str_free(&long_text);
    str_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_says_the_same_differs_in_nothing),
        cmocka_unit_test(each_key_is_told_as_it_was_and_is),
        cmocka_unit_test(a_long_value_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
