#include "config.h"

#include "dialect/lock_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* "1 .2 ..3": the pids with a dot for each step down */
static char *drawn(const struct lock_graph *g)
{
    json_t *list = json_array();
    lock_graph_tree(g, list);
    struct str s = {0};
    size_t i;
    json_t *row;
    json_array_foreach(list, i, row)
    {
        if (i)
            str_add_char(&s, ' ');
        for (int64_t d = json_get_int(row, "depth", 0); d > 0; d--)
            str_add_char(&s, '.');
        str_addf(&s, "%d", (int)json_get_int(row, "pid", 0));
    }
    json_decref(list);
    return str_take(&s);
}

static void expect(const int (*edges)[2], size_t count, const char *wanted)
{
    struct lock_graph g = {0};
    for (size_t i = 0; i < count; i++)
        lock_graph_edge(&g, edges[i][0], edges[i][1], "X", "t", 5);
    char *got = drawn(&g);
    assert_string_equal(got ? got : "", wanted);
    free(got);
    lock_graph_free(&g);
}

static void waiters_stand_below_whom_they_wait_for(void **state)
{
    (void)state;
    expect((const int[][2]){{2, 1}, {3, 2}, {4, 1}}, 3, "1 .2 ..3 .4");
}

static void two_roots_stand_beside_each_other(void **state)
{
    (void)state;
    expect((const int[][2]){{2, 1}, {4, 3}}, 2, "1 .2 3 .4");
}

static void whoever_waits_for_several_stands_below_each(void **state)
{
    (void)state;
    expect((const int[][2]){{3, 1}, {3, 2}}, 2, "1 .3 2 .3");
}

static void the_same_edge_counts_once(void **state)
{
    (void)state;
    expect((const int[][2]){{2, 1}, {2, 1}}, 2, "1 .2");
}

static void a_circle_ends(void **state)
{
    (void)state;
    expect((const int[][2]){{1, 2}, {2, 1}}, 2, "2 .1");
    expect((const int[][2]){{1, 2}, {2, 3}, {3, 1}, {4, 1}}, 4, "2 .1 ..3 ..4");
    expect((const int[][2]){{1, 1}}, 1, "1");
}

static void nothing_makes_nothing(void **state)
{
    (void)state;
    expect(NULL, 0, "");
}

static void what_is_known_of_a_session_is_in_its_row(void **state)
{
    (void)state;
    struct lock_graph g = {0};
    lock_graph_edge(&g, 2, 1, "EXCLUSIVE", "shop.orders", 1500);
    json_t *session = json_object();
    json_set_int(session, "pid", 1);
    json_set_text(session, "user", "ann");
    lock_graph_session(&g, session);
    json_t *list = json_array();
    lock_graph_tree(&g, list);
    const json_t *root = json_array_get(list, 0), *leaf = json_array_get(list, 1);
    assert_string_equal(json_get_text(root, "user", ""), "ann");
    assert_int_equal(json_get_int(root, "parent", 0), UNKNOWN);
    assert_int_equal(json_get_int(root, "wait_us", 0), UNKNOWN);
    assert_int_equal(json_get_int(leaf, "parent", 0), 1);
    assert_int_equal(json_get_int(leaf, "wait_us", 0), 1500);
    assert_string_equal(json_get_text(leaf, "mode", ""), "EXCLUSIVE");
    assert_string_equal(json_get_text(leaf, "object", ""), "shop.orders");
    json_decref(list);
    lock_graph_free(&g);
}

static void a_thousand_waiters_are_cut_at_what_a_screen_can_use(void **state)
{
    (void)state;
    struct lock_graph g = {0};
    for (int i = 2; i <= 1001; i++)
        lock_graph_edge(&g, i, 1, "X", "t", 5);
    json_t *list = json_array();
    lock_graph_tree(&g, list);
    assert_int_equal(json_array_size(list), 500);
    json_decref(list);
    lock_graph_free(&g);
}

static void a_long_chain_is_cut_at_its_tenth_step(void **state)
{
    (void)state;
    struct lock_graph g = {0};
    for (int i = 1; i <= 30; i++)
        lock_graph_edge(&g, i + 1, i, "X", "t", 5);
    json_t *list = json_array();
    lock_graph_tree(&g, list);
    size_t i;
    json_t *row;
    json_array_foreach(list, i, row) assert_true(json_get_int(row, "depth", 0) <= 10);
    assert_true(json_array_size(list) >= 11);
    json_decref(list);
    lock_graph_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiters_stand_below_whom_they_wait_for),
        cmocka_unit_test(two_roots_stand_beside_each_other),
        cmocka_unit_test(whoever_waits_for_several_stands_below_each),
        cmocka_unit_test(the_same_edge_counts_once),
        cmocka_unit_test(a_circle_ends),
        cmocka_unit_test(nothing_makes_nothing),
        cmocka_unit_test(what_is_known_of_a_session_is_in_its_row),
        cmocka_unit_test(a_thousand_waiters_are_cut_at_what_a_screen_can_use),
        cmocka_unit_test(a_long_chain_is_cut_at_its_tenth_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
