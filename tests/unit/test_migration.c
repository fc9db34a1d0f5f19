#include "config.h"
#include "plan/migration.h"
#include "plan/spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* The least that is a migration; a row of the table adds to it. */
#define HEAD "[migration]\nid = m1\ntable = t\n"
#define COLUMN "[column]\nname = c\ntype = int\n"
#define LEAST HEAD COLUMN

struct row {
    const char *title;
    const char *text;
    const char *found; /* "line rule;..." */
    const char *says;  /* a part of the findings' text, or NULL */
};

static const struct row rows[] = {
    {"the least", LEAST, "", NULL},
    {"nothing at all", "", "0 missing-section;0 missing-section;", "[column]"},
    {"empty sections", "[migration]\n[column]\n",
     "1 missing-key;1 missing-key;2 missing-key;2 missing-key;", "needs table"},

    {"unknown section", LEAST "[bacth]\nrows = 1\n", "7 unknown-section;", "did you mean 'batch'?"},
    {"a section that does not exist yet", LEAST "[waves]\n", "7 unknown-section;", NULL},
    {"what cannot wait for a second yes", LEAST "[approve]\nphases = preflight\n", "8 bad-value;",
     "allowed: baseline to finish, and rollback"},
    {"who is neither other nor any", LEAST "[approve]\nphases = finish\nby = me\n",
     "9 bad-value;", NULL},
    {"unknown key", LEAST "[batch]\nrow = 1\n", "8 unknown-key;", "did you mean 'rows'?"},
    {"unknown key in capitals", LEAST "[batch]\nROWS = 1\n", "8 unknown-key;",
     "did you mean 'rows'?"},
    {"unknown key unlike any", LEAST "[batch]\nzebra = 1\n", "8 unknown-key;",
     "allowed: rows, min, max, time, pause, lanes"},
    {"key of another section", LEAST "[batch]\nlock_timeout = 1s\n", "8 unknown-key;", NULL},
    {"key twice", LEAST "[batch]\nrows = 200\n\nrows = 300\n", "10 duplicate-key;",
     "first in line 8"},
    {"section twice", LEAST "[ddl]\n[ddl]\n", "8 duplicate-section;", "first in line 7"},
    {"a password is just unknown", LEAST "[batch]\npassword = x\n", "8 unknown-key;", NULL},

    {"id with a slash", "[migration]\nid = a/b\ntable = t\n" COLUMN, "2 bad-value;", "'a/b'"},
    {"id that climbs", "[migration]\nid = ..\ntable = t\n" COLUMN, "2 bad-value;", NULL},
    {"id with a hyphen first", "[migration]\nid = -rf\ntable = t\n" COLUMN, "2 bad-value;", NULL},
    {"id in umlauts", "[migration]\nid = \xC3\xBC\ntable = t\n" COLUMN, "2 bad-value;", NULL},
    {"id empty", "[migration]\nid =\ntable = t\n" COLUMN, "2 empty-value;", NULL},
    {"table quoted", "[migration]\nid = a\ntable = \"a.b\".\"c \"\"d\"\n" COLUMN, "", NULL},
    {"table in three parts", "[migration]\nid = a\ntable = a.b.c\n" COLUMN, "3 bad-value;", NULL},
    {"table with an open quote", "[migration]\nid = a\ntable = \"a\n" COLUMN, "3 bad-value;", NULL},
    {"table with more behind", "[migration]\nid = a\ntable = a; DROP TABLE b\n" COLUMN,
     "3 bad-value;", NULL},
    {"table ends in a dot", "[migration]\nid = a\ntable = a.\n" COLUMN, "3 bad-value;", NULL},
    {"targets without a pattern", "[migration]\nid = a\ntable = t\ntargets = , ,\n" COLUMN,
     "4 bad-value;", NULL},
    {"column of 64 bytes",
     HEAD "[column]\ntype = int\n"
          "name = a123456789b123456789c123456789d123456789e123456789f123456789g123\n",
     "6 bad-value;", "64 bytes"},
    {"column of nothing in quotes", HEAD "[column]\nname = \"\"\ntype = int\n", "5 bad-value;",
     NULL},
    {"column over two lines", HEAD "[column]\nname = a\n  b\ntype = int\n", "5 bad-value;",
     "with the indented lines"},

    {"rows of nothing", LEAST "[batch]\nrows = 0\n", "8 out-of-range;", "from 1 to 10000000"},
    {"rows in words", LEAST "[batch]\nrows = many\n", "8 bad-value;", "whole number"},
    {"rows with a comment", LEAST "[batch]\nrows = 1000 # quick\n", "8 bad-value;", "quick"},
    {"rows under the default min", LEAST "[batch]\nrows = 50\n", "8 out-of-range;",
     "min (100, its default)"},
    {"rows over max", LEAST "[batch]\nrows = 300\nmax = 200\n", "8 out-of-range;", "max (200)"},
    {"min over max", LEAST "[batch]\nmin = 300\nmax = 200\n", "8 out-of-range;",
     "min <= rows <= max"},
    {"rows at both ends", LEAST "[batch]\nrows = 7\nmin = 7\nmax = 7\n", "", NULL},
    {"time without a unit", LEAST "[batch]\ntime = 250\n", "8 bad-value;", "a duration"},
    {"time of nothing", LEAST "[batch]\ntime = 0\n", "8 out-of-range;", NULL},
    {"pause of nothing", LEAST "[batch]\npause = 0\n", "", NULL},
    {"lanes", LEAST "[batch]\nlanes = 17\n", "8 out-of-range;", "from 1 to 16"},
    {"negative lag", LEAST "[throttle]\nmax_lag = -1s\n", "8 out-of-range;", NULL},
    {"no watching", LEAST "[throttle]\nmax_lag = 0\nmax_lag_bytes = 0\nmax_wal = 0\n", "", NULL},
    {"a size for a rate", LEAST "[throttle]\nmax_wal = 40MB\n", "8 bad-value;", "40MB/s"},
    {"query without a limit", LEAST "[throttle]\nquery = SELECT 1\n", "8 missing-key;",
     "query_max"},
    {"limit without a query", LEAST "[throttle]\nquery_max = 1\n", "8 missing-key;", NULL},
    {"lock_timeout of nothing", LEAST "[ddl]\nlock_timeout = 0\n", "8 out-of-range;",
     "from 1ms to 10s"},
    {"lock_timeout of 11 s", LEAST "[ddl]\nlock_timeout = 11s\n", "8 out-of-range;", NULL},
    {"no retries", LEAST "[ddl]\nretries = 0\n", "8 out-of-range;", NULL},
    {"a ratio that all break", LEAST "[health]\nmax_p99_ratio = 0.5\n", "8 out-of-range;", NULL},
    {"a ratio that is no number", LEAST "[health]\nmax_p99_ratio = nan\n", "8 bad-value;", NULL},

    {"not null from nothing", LEAST "not_null = yes\n", "7 no-value;", NULL},
    {"not null from a default", LEAST "not_null = yes\ndefault = 1\n", "", NULL},
    {"not null from a value", LEAST "not_null = yes\n[backfill]\nvalue = 1\n", "", NULL},
    {"true is not yes", LEAST "not_null = true\n", "7 bad-value;", "yes or no"},
    {"where without a value", LEAST "default = 1\n[backfill]\nwhere = a > 1\n", "9 no-value;",
     NULL},
    {"new_rows without a default", LEAST "[backfill]\nnew_rows = default\nvalue = 1\n",
     "8 no-default;", NULL},
    {"new_rows with value and default",
     LEAST "default = 1\n[backfill]\nnew_rows = default\nvalue = 2\n", "", NULL},
    {"new_rows unknown", LEAST "[backfill]\nnew_rows = triggers\n", "8 bad-value;",
     "one of: trigger, default, application"},
    {"empty value", LEAST "[backfill]\nvalue =\n", "8 empty-value;", "leave the key out"},

    {"query without a name", LEAST "[query]\nsql = SELECT 1\n", "7 section-name;", NULL},
    {"query without its text", LEAST "[query a]\n", "7 missing-key;", "needs sql"},
    {"query twice", LEAST "[query a]\nsql = SELECT 1\n[query a]\n", "9 duplicate-section;", NULL},

    {"all at once",
     "[migration]\nid = a b\n[column]\nname = c\n[batch]\nrows = x\ntime = 9h\nnonsense\n[x]\n",
     "1 missing-key;2 bad-value;3 missing-key;6 bad-value;7 out-of-range;8 malformed;"
     "9 unknown-section;",
     NULL},
};

static bool text_says(const struct findings *f, const char *part)
{
    for (size_t i = 0; i < f->count; i++)
        if (strstr(f->items[i].text, part))
            return true;
    return false;
}

static void every_rule_names_its_line_and_what_is_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct migration m;
        struct findings f = {0};
        migration_parse("m.ini", rows[i].text, &m, &f);
        struct str found = {0}, text = {0};
        for (size_t k = 0; k < f.count; k++) {
            str_addf(&found, "%d %s;", f.items[k].line, f.items[k].rule);
            str_addf(&text, "%s\n", f.items[k].text);
        }
        if (strcmp(str_text(&found), rows[i].found) != 0 ||
            (rows[i].says && !text_says(&f, rows[i].says)))
            fail_msg("%s: <%s> %s", rows[i].title, str_text(&found), str_text(&text));
        str_free(&found);
        str_free(&text);
        migration_free(&m);
        findings_free(&f);
    }
}

static void what_the_file_leaves_out_has_its_default(void **state)
{
    (void)state;
    struct migration m;
    struct findings f = {0};
    migration_parse("m.ini", LEAST, &m, &f);
    assert_int_equal(f.count, 0);
    assert_string_equal(m.path, "m.ini");
    assert_int_equal(m.target_count, 1);
    assert_string_equal(m.targets[0], "*");
    assert_false(m.not_null);
    assert_null(m.default_sql);
    assert_null(m.value_sql);
    assert_null(m.where_sql);
    assert_int_equal(m.new_rows, NEW_ROWS_TRIGGER);
    assert_int_equal(m.rows, 1000);
    assert_int_equal(m.rows_min, 100);
    assert_int_equal(m.rows_max, 50000);
    assert_int_equal(m.batch_time_us, 250000);
    assert_int_equal(m.batch_pause_us, 0);
    assert_int_equal(m.lanes, 1);
    assert_int_equal(m.limits.max_lag_us, 2000000);
    assert_int_equal(m.limits.max_lag_bytes, 64 << 20);
    assert_int_equal(m.limits.max_waiters, 3);
    assert_int_equal(m.limits.max_running, 50);
    assert_int_equal(m.limits.max_wal_per_s, 0);
    assert_null(m.limits.query);
    assert_int_equal(m.lock_timeout_us, 300000);
    assert_int_equal(m.lock_retries, 100);
    assert_true(m.max_p99_ratio <= 0 && m.max_plan_cost_ratio <= 0);
    assert_int_equal(m.on_regression, REGRESSION_WARN);
    assert_int_equal(m.top_queries, 10);
    assert_int_equal(m.require, REQUIRE_ANY);
    migration_free(&m);
    findings_free(&f);
}

static void what_needs_a_second_operator_is_what_is_named(void **state)
{
    (void)state;
    struct migration m;
    struct findings f = {0};
    migration_parse("m.ini", LEAST "[approve]\nphases = enforce,finish\trollback\nby = any\n", &m,
                    &f);
    assert_int_equal(f.count, 0);
    for (int i = 0; i < PHASE_COUNT; i++)
        assert_int_equal(m.approve.phases[i], i == PHASE_ENFORCE || i == PHASE_FINISH);
    assert_true(m.approve.rollback);
    assert_false(m.approve.by_other);
    migration_free(&m);
    migration_parse("m.ini", LEAST, &m, &f);
    for (int i = 0; i < PHASE_COUNT; i++)
        assert_false(m.approve.phases[i]);
    assert_false(m.approve.rollback);
    assert_true(m.approve.by_other);
    migration_free(&m);
    findings_free(&f);
}

static void what_the_file_says_is_kept_as_it_stands(void **state)
{
    (void)state;
    static const char text[] = "[migration]\n"
                               "id = 2026-11-x.y_z\n"
                               "table = public.\"Orders\"\n"
                               "targets = orders-*, eu-?\tus-1\n"
                               "[column]\n"
                               "name = \"wei\"\"rd \xC3\xA9; name\"\n"
                               "type = numeric(12, 2)\n"
                               "default = '#;' || 'x'\n"
                               "not_null = yes\n"
                               "[backfill]\n"
                               "value = CASE WHEN a # b = 1\n"
                               "        THEN 'x' -- why not\n"
                               "        ; END\n"
                               "where = a = 1\n"
                               "new_rows = application\n"
                               "[throttle]\n"
                               "max_wal = 40MB/s\n"
                               "query = SELECT 1\n"
                               "query_max = 1000.5\n"
                               "[query one]\n"
                               "sql = SELECT 1\n"
                               "[query two]\n"
                               "sql = SELECT\n"
                               "  2\n"
                               "[health]\n"
                               "max_p99_ratio = 1.5\n";
    struct migration m;
    struct findings f = {0};
    migration_parse("m.ini", text, &m, &f);
    if (f.count)
        fail_msg("%s", f.items[0].text);
    assert_string_equal(m.id, "2026-11-x.y_z");
    assert_string_equal(m.table, "public.\"Orders\"");
    assert_int_equal(m.target_count, 3);
    assert_string_equal(m.targets[0], "orders-*");
    assert_string_equal(m.targets[1], "eu-?");
    assert_string_equal(m.targets[2], "us-1");
    assert_string_equal(m.column, "wei\"rd \xC3\xA9; name");
    assert_string_equal(m.type, "numeric(12, 2)");
    assert_string_equal(m.default_sql, "'#;' || 'x'");
    assert_true(m.not_null);
    assert_string_equal(m.value_sql, "CASE WHEN a # b = 1\nTHEN 'x' -- why not\n; END");
    assert_string_equal(m.where_sql, "a = 1");
    assert_int_equal(m.new_rows, NEW_ROWS_APPLICATION);
    assert_int_equal(m.limits.max_wal_per_s, 40 << 20);
    assert_true(m.limits.query_max > 1000.4 && m.limits.query_max < 1000.6);
    assert_int_equal(m.query_count, 2);
    assert_string_equal(m.queries[1].name, "two");
    assert_string_equal(m.queries[1].sql, "SELECT\n2");
    assert_true(m.max_p99_ratio > 1.4 && m.max_p99_ratio < 1.6);
    char digest[DIGEST_HEX];
    digest_hex(text, sizeof text - 1, "", 0, digest);
    assert_string_equal(m.digest, digest);
    migration_free(&m);
    findings_free(&f);
}

static void an_id_may_have_100_characters_and_no_more(void **state)
{
    (void)state;
    for (size_t n = 100; n <= 101; n++) {
        char *id = mem_alloc(n + 1);
        memset(id, 'x', n);
        char *text = mem_printf("[migration]\nid = %s\ntable = t\n" COLUMN, id);
        struct migration m;
        struct findings f = {0};
        migration_parse("m.ini", text, &m, &f);
        assert_int_equal(f.count, n == 100 ? 0 : 1);
        migration_free(&m);
        findings_free(&f);
        free(text);
        free(id);
    }
}

static void a_value_of_64_kilobytes_comes_whole(void **state)
{
    (void)state;
    size_t n = 65536;
    char *value = mem_alloc(n + 1);
    memset(value, 'x', n);
    char *text = mem_printf(LEAST "[backfill]\nvalue = %s\n", value);
    struct migration m;
    struct findings f = {0};
    migration_parse("m.ini", text, &m, &f);
    assert_int_equal(f.count, 0);
    assert_string_equal(m.value_sql, value);
    migration_free(&m);
    findings_free(&f);
    free(text);
    free(value);
}

static void a_file_that_cannot_be_read_is_a_finding(void **state)
{
    (void)state;
    struct migration m;
    struct findings f = {0};
    assert_false(migration_load("/nonexistent/m.ini", &m, &f));
    assert_int_equal(f.count, 1);
    assert_string_equal(f.items[0].rule, "unreadable");
    assert_string_equal(f.path, "/nonexistent/m.ini");
    migration_free(&m);
    findings_free(&f);
}

static void the_example_is_clean_and_shows_every_default(void **state)
{
    (void)state;
    const char *top = getenv("SRCDIR");
    assert_non_null(top);
    char *path = mem_printf("%s/config/example-migration.ini", top);
    struct migration m, least;
    struct findings f = {0};
    if (!migration_load(path, &m, &f))
        fail_msg("%s", f.items[0].text);
    migration_parse("m.ini", LEAST, &least, &f);
    assert_int_equal(m.rows, least.rows);
    assert_int_equal(m.rows_min, least.rows_min);
    assert_int_equal(m.rows_max, least.rows_max);
    assert_int_equal(m.batch_time_us, least.batch_time_us);
    assert_int_equal(m.batch_pause_us, least.batch_pause_us);
    assert_int_equal(m.lanes, least.lanes);
    assert_int_equal(m.limits.max_lag_us, least.limits.max_lag_us);
    assert_int_equal(m.limits.max_lag_bytes, least.limits.max_lag_bytes);
    assert_int_equal(m.limits.max_waiters, least.limits.max_waiters);
    assert_int_equal(m.limits.max_running, least.limits.max_running);
    assert_int_equal(m.lock_timeout_us, least.lock_timeout_us);
    assert_int_equal(m.lock_retries, least.lock_retries);
    migration_free(&m);
    migration_free(&least);
    findings_free(&f);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_names_its_line_and_what_is_allowed),
        cmocka_unit_test(what_the_file_leaves_out_has_its_default),
        cmocka_unit_test(what_needs_a_second_operator_is_what_is_named),
        cmocka_unit_test(what_the_file_says_is_kept_as_it_stands),
        cmocka_unit_test(an_id_may_have_100_characters_and_no_more),
        cmocka_unit_test(a_value_of_64_kilobytes_comes_whole),
        cmocka_unit_test(a_file_that_cannot_be_read_is_a_finding),
        cmocka_unit_test(the_example_is_clean_and_shows_every_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
