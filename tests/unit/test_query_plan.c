#include "config.h"

#include "engine/query_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void expect(const char *json, double cost, double rows)
{
    double got_cost, got_rows;
    assert_true(query_plan_read(json, &got_cost, &got_rows));
    assert_float_equal(got_cost, cost, 1e-9);
    assert_float_equal(got_rows, rows, 1e-9);
}

static void each_server_is_understood(void **state)
{
    (void)state;
    expect("[{\"Plan\": {\"Node Type\": \"Seq Scan\", \"Total Cost\": 12.5, \"Plan Rows\": 7}}]", 12.5, 7);
    expect("{\"query_plan\": {\"estimated_total_cost\": 5.5, \"estimated_rows\": 53, \"inputs\": []}}",
           5.5, 53);
    expect("{\"query_block\": {\"cost_info\": {\"query_cost\": \"40.20\"}, \"table\": {\"access_type\": "
           "\"ref\", \"rows_examined_per_scan\": 160, \"filtered\": \"50.00\"}}}",
           40.2, 80);
    expect("{\"query_block\": {\"cost\": 0.25, \"nested_loop\": [{\"table\": {\"access_type\": \"ALL\", "
           "\"rows\": 10, \"filtered\": 100}}]}}",
           0.25, 10);
}

static void without_a_cost_the_rows_looked_at_are_it(void **state)
{
    (void)state;
    expect("{\"query_block\": {\"nested_loop\": [{\"table\": {\"access_type\": \"ALL\", \"rows\": 100, "
           "\"filtered\": 100}}, {\"table\": {\"access_type\": \"ref\", \"rows\": 3, \"filtered\": 50}}]}}",
           103, 1.5);
}

static void what_is_no_plan_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "x", "[]", "{}", "[{\"Plan\": 5}]", "{\"query_block\": 1}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        double cost, rows;
        assert_false(query_plan_read(texts[i], &cost, &rows));
    }
    double cost, rows;
    assert_false(query_plan_read(NULL, &cost, &rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_server_is_understood),
        cmocka_unit_test(without_a_cost_the_rows_looked_at_are_it),
        cmocka_unit_test(what_is_no_plan_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
