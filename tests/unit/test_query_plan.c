#include "config.h"

#include "engine/query_plan.h"
#include "query_plans.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *json, double cost, double rows)
{
    struct query_plan p;
    assert_true(query_plan_parse(json, &p));
    assert_float_equal(p.cost, cost, 1e-9);
    assert_float_equal(p.rows, rows, 1e-9);
    query_plan_free(&p);
}

static void each_server_is_understood(void **state)
{
    (void)state;
    expect(pg_seq, 497, 20);
    expect(mysql_index, 3.5, 10);
    expect("{\"query_block\": {\"cost_info\": {\"query_cost\": \"40.20\"}, \"table\": "
           "{\"access_type\": \"ref\", \"rows_examined_per_scan\": 160, \"filtered\": \"50.00\"}}}",
           40.2, 80);
    expect("{\"query_block\": {\"cost\": 0.25, \"nested_loop\": [{\"table\": {\"access_type\": "
           "\"ALL\", \"rows\": 10, \"filtered\": 100}}]}}",
           0.25, 10);
}

static void without_a_cost_the_rows_looked_at_are_it(void **state)
{
    (void)state;
    expect(mariadb_seq, 9838, 9838);
    expect("{\"query_block\": {\"nested_loop\": [{\"table\": {\"access_type\": \"ALL\", \"rows\": "
           "100, \"filtered\": 100}}, {\"table\": {\"access_type\": \"ref\", \"rows\": 3, "
           "\"filtered\": 50}}]}}",
           103, 1.5);
}

static void sorting_above_has_the_figures_of_what_it_sorts(void **state)
{
    (void)state;
    struct query_plan p;
    assert_true(query_plan_parse(mysql_join, &p));
    assert_float_equal(p.cost, 84.84, 0.01);
    query_plan_free(&p);
}

static void what_is_no_plan_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        NULL,
        "",
        "x",
        "[]",
        "{}",
        "[{\"Plan\": 5}]",
        "{\"query_block\": 1}",
        "{\"query_plan\": []}",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct query_plan p;
        assert_false(query_plan_parse(texts[i], &p));
        assert_int_equal(p.count, 0);
        query_plan_free(&p);
    }
}

static void odd_members_do_no_harm(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[{\"Plan\": {\"Plans\": [1, {}, [], null, {\"Plans\": 7}], \"Node Type\": 3}}]",
        "{\"query_plan\": {\"inputs\": [[], 1, {\"operation\": 5}], \"access_type\": 1}}",
        "{\"query_block\": {\"table\": {\"access_type\": \"\", \"rows\": \"x\"}, \"filesort\": 1}}",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct query_plan p;
        assert_true(query_plan_parse(texts[i], &p));
        struct plan_change c = query_plan_compare(&p, &p, 2);
        assert_false(c.shape || c.worse || c.words);
        query_plan_free(&p);
    }
}

/* What is said of the step from one plan to the other; NULL: nothing. */
static void step(const char *before, const char *after, double most, bool shape, bool worse,
                 const char *words)
{
    struct query_plan a, b;
    assert_true(query_plan_parse(before, &a));
    assert_true(query_plan_parse(after, &b));
    struct plan_change c = query_plan_compare(&a, &b, most);
    assert_int_equal(c.shape, shape);
    assert_int_equal(c.worse, worse);
    if (words)
        assert_string_equal(c.words, words);
    else
        assert_null(c.words);
    free(c.words);
    query_plan_free(&a);
    query_plan_free(&b);
}

static void a_plan_is_the_same_as_itself(void **state)
{
    (void)state;
    static const char *const plans[] = {pg_index,     pg_range,    pg_join,       pg_join_seq,
                                        mysql_index,  mysql_range, mysql_join,    mysql_join_seq,
                                        mariadb_join, mariadb_seq, mariadb_range, mariadb_index};
    for (size_t i = 0; i < COUNT_OF(plans); i++)
        step(plans[i], plans[i], 1, false, false, NULL);
}

static void a_table_read_whole_is_worse_and_said_in_words(void **state)
{
    (void)state;
    step(pg_index, pg_seq, 0, true, true,
         "orders: Bitmap Heap Scan using orders_customer -> Seq Scan; cost 67.6 -> 497 (7.35x)");
    step(pg_range, pg_seq, 0, true, true,
         "orders: Index Scan using orders_pkey -> Seq Scan; cost 11 -> 497 (45.1x); rows 86 -> 20");
    step(mysql_index, mysql_seq, 0, true, true,
         "orders: Index lookup using orders_customer -> Table scan; cost 3.5 -> 1271 (363x); "
         "rows 10 -> 1215");
    step(mariadb_index, mariadb_seq, 0, true, true,
         "orders: ref using orders_customer -> full scan (ALL); cost 10 -> 9838 (984x); "
         "rows 10 -> 9838");
}

static void the_way_back_is_a_change_and_no_regression(void **state)
{
    (void)state;
    step(pg_seq, pg_index, 2, true, false,
         "orders: Seq Scan -> Bitmap Heap Scan using orders_customer; cost 497 -> 67.6 (0.136x)");
    step(mariadb_seq, mariadb_index, 2, true, false,
         "orders: full scan (ALL) -> ref using orders_customer; cost 9838 -> 10 (0.00102x); "
         "rows 9838 -> 10");
}

static void a_join_tells_its_tables_and_their_order(void **state)
{
    (void)state;
    step(pg_join, pg_join_seq, 0, true, true,
         "o: Bitmap Heap Scan using orders_customer -> Seq Scan; cost 311 -> 540 (1.73x)");
    step(mysql_join, mysql_join_seq, 0, true, true,
         "c: Index range scan using PRIMARY -> Single-row index lookup using PRIMARY; "
         "o: Index lookup using orders_customer -> Table scan; join order c, o -> o, c; "
         "cost 84.8 -> 2688 (31.7x); rows 231 -> 4049");
    step(mariadb_join, mariadb_join_seq, 0, true, true,
         "c: range using PRIMARY -> eq_ref using PRIMARY; "
         "o: ref using orders_customer -> full scan (ALL); join order c, o -> o, c; "
         "cost 23 -> 9839 (428x); rows 4 -> 1");
}

#define PG(node, cost)                                                                             \
    "[{\"Plan\": {\"Node Type\": \"" node "\", \"Relation Name\": \"t\", \"Total Cost\": " cost    \
    ", \"Plan Rows\": 1}}]"

static void cost_alone_is_judged_by_the_ratio(void **state)
{
    (void)state;
    step(PG("Seq Scan", "8"), PG("Seq Scan", "15"), 2, false, false, NULL);
    step(PG("Seq Scan", "8"), PG("Seq Scan", "17"), 2, false, true, "cost 8 -> 17 (2.12x)");
    step(PG("Seq Scan", "8"), PG("Seq Scan", "1200"), 0, false, false, NULL);
}

static void a_cheaper_scan_of_a_small_table_is_no_regression(void **state)
{
    (void)state;
    step(PG("Index Scan", "8"), PG("Seq Scan", "2"), 2, true, false,
         "t: Index Scan -> Seq Scan; cost 8 -> 2 (0.25x)");
}

static void what_lies_around_the_tables_is_compared_too(void **state)
{
    (void)state;
    step(PG("Seq Scan", "8"),
         "[{\"Plan\": {\"Node Type\": \"Sort\", \"Total Cost\": 9, \"Plan Rows\": 1, \"Plans\": ["
         "{\"Node Type\": \"Seq Scan\", \"Relation Name\": \"t\"}]}}]",
         2, true, false, "around the tables nothing -> Sort; cost 8 -> 9 (1.12x)");
}

static void a_row_that_mysql_fetched_beforehand_is_matched_by_its_place(void **state)
{
    (void)state;
    step(
        "{\"query_plan\": {\"operation\": \"Rows fetched before execution\", \"access_type\": "
        "\"rows_fetched_before_execution\", \"estimated_total_cost\": 0.0, \"estimated_rows\": 1}}",
        mysql_seq, 2, true, true,
        "orders: Rows fetched before execution -> Table scan; cost 0 -> 1271; rows 1 -> 1215");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_server_is_understood),
        cmocka_unit_test(without_a_cost_the_rows_looked_at_are_it),
        cmocka_unit_test(sorting_above_has_the_figures_of_what_it_sorts),
        cmocka_unit_test(what_is_no_plan_is_refused),
        cmocka_unit_test(odd_members_do_no_harm),
        cmocka_unit_test(a_plan_is_the_same_as_itself),
        cmocka_unit_test(a_table_read_whole_is_worse_and_said_in_words),
        cmocka_unit_test(the_way_back_is_a_change_and_no_regression),
        cmocka_unit_test(a_join_tells_its_tables_and_their_order),
        cmocka_unit_test(cost_alone_is_judged_by_the_ratio),
        cmocka_unit_test(a_cheaper_scan_of_a_small_table_is_no_regression),
        cmocka_unit_test(what_lies_around_the_tables_is_compared_too),
        cmocka_unit_test(a_row_that_mysql_fetched_beforehand_is_matched_by_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
