#include "config.h"
#include "ui/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Rows of a table that is about nothing: a name, a figure, a depth. */
struct thing {
    const char *name;
    int64_t figure, depth;
};

enum { NAME, FIGURE, EXTRA, REST };
static const struct grid_column columns[] = {
    [NAME] = {"NAME", 10, 20, 0, 0},
    [FIGURE] = {"FIGURE", 8, 8, 0, GRID_RIGHT | GRID_NUMBER | GRID_WATCH},
    [EXTRA] = {"EXTRA", 12, 16, 1, 0},
    [REST] = {"REST", 10, 10, 0, GRID_REST},
};

static const struct thing *thing_of(const struct grid *g, size_t row)
{
    return &((const struct thing *)g->of)[row];
}

static size_t cells_asked;

static void fill_cell(const struct grid *g, size_t row, size_t column, struct grid_cell *out)
{
    cells_asked++;
    switch (column) {
    case NAME:
        grid_text(out, thing_of(g, row)->name);
        return;
    case FIGURE:
        grid_count(out, thing_of(g, row)->figure);
        return;
    case EXTRA:
        grid_text(out, "extra");
        return;
    default:
        grid_text(out, "0123456789ABCDEF");
    }
}

static uint64_t identity(const struct grid *g, size_t row)
{
    return grid_identity(GRID_IDENTITY, thing_of(g, row)->name);
}

static int64_t depth(const struct grid *g, size_t row)
{
    return thing_of(g, row)->depth;
}

static struct grid grid_of(const struct thing *things, size_t count, const struct grid_state *state)
{
    return (struct grid){
        .columns = columns,
        .column_count = COUNT_OF(columns),
        .row_count = count,
        .of = things,
        .cell = fill_cell,
        .identity = identity,
        .state = state,
    };
}

static const struct rect page = {0, 0, 80, 10};

/* The names, in the order in which they are shown. */
static void assert_order(const struct thing *things, size_t count, bool tree,
                         const struct grid_state *state, const char *expected)
{
    struct grid g = grid_of(things, count, state);
    g.depth = tree ? depth : NULL;
    struct str names = {0};
    grid_arrange(&g);
    for (size_t i = 0; i < g.count; i++)
        str_addf(&names, "%s%s", i ? " " : "", things[g.order[i]].name);
    assert_string_equal(str_text(&names), expected);
    str_free(&names);
    grid_free(&g);
}

static void rows_are_sorted_by_any_column_and_the_other_way_round(void **state)
{
    (void)state;
    static const struct thing things[] = {
        {"o-10", 5, 0}, {"o-2", 70, 0}, {"o-1", 600, 0}, {"o-3", 70, 0}};
    struct grid_state s = {0};
    assert_order(things, 4, false, &s, "o-10 o-2 o-1 o-3");
    s.sort = NAME + 1;
    assert_order(things, 4, false, &s, "o-1 o-2 o-3 o-10"); /* as people count */
    s.reverse = true;
    assert_order(things, 4, false, &s, "o-10 o-3 o-2 o-1");
    s.sort = FIGURE + 1;
    s.reverse = false;
    assert_order(things, 4, false, &s, "o-1 o-2 o-3 o-10"); /* the largest first; ties stay */
    s.reverse = true;
    assert_order(things, 4, false, &s, "o-10 o-2 o-3 o-1");
    s.sort = 99; /* no such column: as they come */
    assert_order(things, 4, false, &s, "o-10 o-2 o-1 o-3");
}

static void what_is_unknown_comes_last_whichever_way(void **state)
{
    (void)state;
    static const struct thing things[] = {
        {"a", UNKNOWN, 0}, {"b", 0, 0}, {"c", UNKNOWN, 0}, {"d", 9, 0}, {"", 1, 0}};
    struct grid_state s = {.sort = FIGURE + 1};
    assert_order(things, 4, false, &s, "d b a c");
    s.reverse = true;
    assert_order(things, 4, false, &s, "b d a c");
    s.sort = NAME + 1;
    assert_order(things, 5, false, &s, "d c b a ");
}

static void a_filter_keeps_what_holds_its_text_in_any_column(void **state)
{
    (void)state;
    static const struct thing things[] = {
        {"Alpha", 1234, 0}, {"beta", 5, 0}, {"gamma", 1234, 0}, {"alphabet", 7, 0}};
    struct grid_state s = {.filter = (char *)"ALPHA"};
    assert_order(things, 4, false, &s, "Alpha alphabet");
    s.filter = (char *)"1,234"; /* as it is shown */
    assert_order(things, 4, false, &s, "Alpha gamma");
    s.sort = NAME + 1;
    s.reverse = true;
    assert_order(things, 4, false, &s, "gamma Alpha");
    s.filter = (char *)"nothing like it";
    assert_order(things, 4, false, &s, "");
    s.filter = (char *)"extra"; /* also what has fallen away for want of room */
    s.sort = 0;
    assert_order(things, 4, false, &s, "Alpha beta gamma alphabet");
}

static const struct thing forest[] = {
    {"root1", 5, 0}, {"leaf1", 900, 1},     {"root2", 50, 0}, {"leaf2", 1, 1},
    {"leaf3", 2, 2}, {"root3", UNKNOWN, 0}, {"leaf4", 20, 1}, {"root4", UNKNOWN, 0},
};

static void a_tree_is_sorted_by_its_roots_and_its_branches_stay_whole(void **state)
{
    (void)state;
    struct grid_state s = {.sort = FIGURE + 1};
    /* root3 has no figure of its own, and stands for the 20 behind it */
    assert_order(forest, 8, true, &s, "root2 leaf2 leaf3 root3 leaf4 root1 leaf1 root4");
    s.reverse = true;
    assert_order(forest, 8, true, &s, "root1 leaf1 root3 leaf4 root2 leaf2 leaf3 root4");
    s = (struct grid_state){.filter = (char *)"leaf3"};
    assert_order(forest, 8, true, &s, "root2 leaf2 leaf3");
    s.filter = (char *)"root1";
    assert_order(forest, 8, true, &s, "root1 leaf1");
}

/* ---- where one stands ---- */

static struct grid arranged(const struct thing *things, size_t count, const struct grid_state *s,
                            enum grid_stand stand)
{
    struct grid g = grid_of(things, count, s);
    g.stand = stand;
    grid_arrange(&g);
    grid_fit(&g, page);
    return g;
}

static void the_row_one_stands_on_is_followed_by_what_it_is(void **state)
{
    (void)state;
    static const struct thing before[] = {{"a", 1, 0}, {"b", 2, 0}, {"c", 3, 0}};
    static const struct thing after[] = {{"x", 9, 0}, {"y", 8, 0}, {"b", 7, 0}, {"a", 1, 0}};
    struct grid_state s = {.chosen = grid_identity(GRID_IDENTITY, "b"), .place = 1};
    struct grid g = arranged(before, 3, &s, GRID_FIRST);
    assert_int_equal(g.selected, 1);
    grid_free(&g);
    g = arranged(after, 4, &s, GRID_FIRST);
    assert_int_equal(g.selected, 2);
    grid_free(&g);
    s.sort = FIGURE + 1;
    s.reverse = true;
    g = arranged(after, 4, &s, GRID_FIRST);
    assert_int_equal(g.selected, 1);
    grid_free(&g);
}

static void rows_that_look_alike_can_be_walked_over(void **state)
{
    (void)state;
    static const struct thing things[] = {{"a", 1, 0}, {"twin", 2, 0}, {"twin", 2, 0}, {"b", 3, 0}};
    struct grid_state s = {.chosen = grid_identity(GRID_IDENTITY, "twin"), .place = 2};
    struct grid g = arranged(things, 4, &s, GRID_FIRST);
    assert_int_equal(g.selected, 2);
    grid_free(&g);
}

static void a_row_that_is_gone_leaves_one_at_its_place(void **state)
{
    (void)state;
    static const struct thing things[] = {{"a", 1, 0}, {"c", 3, 0}};
    struct grid_state s = {.chosen = grid_identity(GRID_IDENTITY, "b"), .place = 5};
    struct grid g = arranged(things, 2, &s, GRID_FIRST);
    assert_int_equal(g.selected, 1);
    grid_free(&g);
    g = arranged(things, 2, &s, GRID_NOBODY); /* but where a key could hit the wrong one */
    assert_int_equal(g.selected, -1);
    grid_free(&g);
    g = arranged(things, 0, &s, GRID_FIRST);
    assert_int_equal(g.selected, -1);
    grid_free(&g);
    s.chosen = 0;
    g = arranged(things, 2, &s, GRID_LAST);
    assert_int_equal(g.selected, 1);
    assert_true(g.follows);
    grid_free(&g);
}

/* ---- drawing ---- */

static char *drawn(const struct grid *g, const struct grid_memory *memory, int width, int height)
{
    struct canvas c;
    struct str out = {0};
    canvas_init(&c, width, height, true);
    grid_draw(&c, g, memory);
    canvas_dump(&c, &out);
    canvas_free(&c);
    return str_take(&out);
}

static void assert_line(const char *text, int line, const char *expected)
{
    for (; line > 0; line--)
        text += strcspn(text, "\n") + 1;
    char *got = mem_dup_n(text, strcspn(text, "\n"));
    assert_string_equal(got, expected);
    free(got);
}

static void columns_fall_away_by_importance_and_grow_where_there_is_room(void **state)
{
    (void)state;
    static const struct thing things[] = {{"a", 1234, 0}};
    static const struct {
        int width, name, figure, extra, rest;
    } expected[] = {
        {30, 10, 8, 0, 10},  {31, 11, 8, 0, 10},   {42, 20, 8, 0, 12}, {43, 10, 8, 12, 10},
        {54, 20, 8, 13, 10}, {120, 20, 8, 16, 73}, {25, 10, 8, 0, 5},  {5, 10, 0, 0, 0},
    };
    struct grid_state s = {0};
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        struct grid g = grid_of(things, 1, &s);
        grid_arrange(&g);
        grid_fit(&g, (struct rect){0, 0, expected[i].width, 4});
        assert_int_equal(g.width[NAME], expected[i].name);
        assert_int_equal(g.width[FIGURE], expected[i].figure);
        assert_int_equal(g.width[EXTRA], expected[i].extra);
        assert_int_equal(g.width[REST], expected[i].rest);
        free(drawn(&g, NULL, expected[i].width, 4));
        grid_free(&g);
    }
    /* what it is sorted by is never out of sight */
    s.sort = EXTRA + 1;
    struct grid g = grid_of(things, 1, &s);
    grid_arrange(&g);
    grid_fit(&g, (struct rect){0, 0, 42, 4});
    assert_int_equal(g.width[EXTRA], 12);
    assert_int_equal(g.width[REST], 9);
    grid_free(&g);
    /* nor is it when it takes the place of another */
    g = grid_of(things, 1, &s);
    grid_arrange(&g);
    grid_fit(&g, (struct rect){0, 0, 26, 4});
    assert_int_equal(g.width[FIGURE], 0);
    assert_int_equal(g.width[EXTRA], 12);
    assert_int_equal(g.width[REST], 2);
    grid_free(&g);
    s.sort = 0;
    g = grid_of(things, 1, &s);
    g.hidden = 1u << EXTRA;
    grid_arrange(&g);
    grid_fit(&g, (struct rect){0, 0, 120, 4});
    assert_int_equal(g.width[EXTRA], 0);
    assert_false(grid_sorts(&g, EXTRA));
    assert_true(grid_sorts(&g, NAME));
    assert_false(grid_sorts(&g, COUNT_OF(columns)));
    grid_free(&g);
}

static void the_heading_says_by_what_and_which_way(void **state)
{
    (void)state;
    static const struct thing things[] = {{"a", 1234, 0}, {"b", 5, 0}};
    struct grid_state s = {.sort = FIGURE + 1};
    struct grid g = arranged(things, 2, &s, GRID_FIRST);
    char *text = drawn(&g, NULL, 80, 4);
    assert_line(text, 0, "NAME                  FIGUREv EXTRA            REST");
    assert_line(text, 1, "a                       1,234 extra            0123456789ABCDEF");
    free(text);
    grid_free(&g);
    s.reverse = true;
    g = arranged(things, 2, &s, GRID_FIRST);
    text = drawn(&g, NULL, 80, 4);
    assert_line(text, 0, "NAME                  FIGURE^ EXTRA            REST");
    assert_line(text, 1, "b                           5 extra            0123456789ABCDEF");
    free(text);
    grid_free(&g);
    s = (struct grid_state){.sort = NAME + 1};
    g = arranged(things, 2, &s, GRID_FIRST);
    text = drawn(&g, NULL, 80, 4);
    assert_line(text, 0, "NAME^                  FIGURE EXTRA            REST");
    free(text);
    assert_string_equal(grid_direction(&g), "A first");
    grid_free(&g);
    s.reverse = true;
    g = arranged(things, 2, &s, GRID_FIRST);
    assert_string_equal(grid_direction(&g), "Z first");
    grid_free(&g);
}

static void a_long_text_is_moved_to_the_left(void **state)
{
    (void)state;
    static const struct thing things[] = {{"a", 1, 0}};
    struct grid_state s = {0};
    struct grid g = arranged(things, 1, &s, GRID_FIRST);
    g.shift = 8;
    char *text = drawn(&g, NULL, 80, 4);
    assert_line(text, 1, "a                           1 extra            89ABCDEF");
    free(text);
    g.shift = 4096;
    text = drawn(&g, NULL, 80, 4);
    assert_line(text, 1, "a                           1 extra");
    free(text);
    grid_free(&g);
}

static void an_empty_answer_says_what_was_looked_for(void **state)
{
    (void)state;
    static const struct thing things[] = {{"a", 1, 0}, {"b", 1, 0}};
    struct grid_state s = {.filter = (char *)"zz"};
    struct grid g = arranged(things, 2, &s, GRID_FIRST);
    char *text = drawn(&g, NULL, 80, 4);
    assert_line(text, 1, "none of 2 has /zz in it: Esc shows all");
    free(text);
    grid_free(&g);
}

/* ---- what has changed ---- */

#define SECOND INT64_C(1000000)

static bool watch(struct grid_memory *memory, const struct thing *things, size_t count,
                  const struct grid_state *s, int64_t now, const char *line1, const char *line2)
{
    struct grid g = arranged(things, count, s, GRID_FIRST);
    bool marked = grid_watch(memory, &g, 1, now);
    char *text = drawn(&g, memory, 80, 10);
    assert_line(text, 1, line1);
    assert_line(text, 2, line2);
    free(text);
    grid_free(&g);
    return marked;
}

#define ROW(name, figure, mark)                                                                    \
    name "                     " figure mark "extra            0123456789ABCDEF"

static void what_changed_is_marked_for_a_second_wherever_it_has_moved(void **state)
{
    (void)state;
    struct thing things[] = {{"a", 500, 0}, {"b", 100, 0}, {"c", 1, 0}};
    struct grid_state s = {.sort = FIGURE + 1};
    struct grid_memory memory = {0};
    int64_t t = 50 * SECOND;
    assert_false(
        watch(&memory, things, 2, &s, t, ROW("a", "    500", " "), ROW("b", "    100", " ")));
    things[1].figure = 900;
    assert_true(
        watch(&memory, things, 2, &s, t + 1, ROW("b", "    900", "*"), ROW("a", "    500", " ")));
    assert_true(watch(&memory, things, 2, &s, t + SECOND, ROW("b", "    900", "*"),
                      ROW("a", "    500", " ")));
    assert_false(watch(&memory, things, 2, &s, t + SECOND + 1, ROW("b", "    900", " "),
                       ROW("a", "    500", " ")));
    /* a row that has come is no change of one that was there */
    things[2].figure = 700;
    assert_false(watch(&memory, things, 3, &s, t + SECOND + 2, ROW("b", "    900", " "),
                       ROW("c", "    700", " ")));
    /* another table has nothing to do with what was seen of this one */
    things[2].figure = 701;
    struct grid g = arranged(things, 3, &s, GRID_FIRST);
    assert_false(grid_watch(&memory, &g, 2, t + SECOND + 3));
    assert_false(grid_watch(&memory, NULL, 2, t + SECOND + 3));
    grid_free(&g);
    grid_forget(&memory);
}

/* ---- size ---- */

static void a_large_table_is_asked_for_what_is_in_sight(void **state)
{
    (void)state;
    static struct thing many[1000];
    static char names[1000][8];
    for (size_t i = 0; i < 1000; i++) {
        (void)snprintf(names[i], sizeof names[i], "n%zu", i);
        many[i] = (struct thing){names[i], (int64_t)(i * 7919 % 1000), 0};
    }
    struct grid_state s = {0};
    struct grid_memory memory = {0};
    cells_asked = 0;
    struct grid g = arranged(many, 1000, &s, GRID_FIRST);
    (void)grid_watch(&memory, &g, 1, SECOND);
    free(drawn(&g, &memory, 80, 10));
    assert_in_range(cells_asked, 36, 9 * 4 * 2);
    grid_free(&g);
    s.sort = FIGURE + 1;
    cells_asked = 0;
    g = arranged(many, 1000, &s, GRID_FIRST);
    free(drawn(&g, &memory, 80, 10));
    assert_in_range(cells_asked, 1000, 1000 + 9 * 4 * 2); /* each row's key once */
    for (size_t i = 1; i < g.count; i++)
        assert_true(many[g.order[i - 1]].figure >= many[g.order[i]].figure);
    grid_free(&g);
    grid_forget(&memory);
}

/* ---- the mouse ---- */

static void a_click_finds_its_heading_or_row(void **state)
{
    (void)state;
    static const struct thing things[] = {{"a", 1, 0}, {"b", 5, 0}, {"c", 3, 0}};
    struct grid_state s = {.sort = FIGURE + 1};
    struct grid g = grid_of(things, 3, &s);
    grid_arrange(&g);
    grid_fit(&g, (struct rect){2, 4, 70, 3}); /* titles at 4, rows at 5 and 6 */
    assert_int_equal(grid_hit(&g, 2, 4).spot, GRID_HEADING);
    assert_int_equal(grid_hit(&g, 2, 4).column, NAME);
    assert_int_equal(grid_hit(&g, g.x[FIGURE], 4).column, FIGURE);
    assert_int_equal(grid_hit(&g, g.x[REST] + 1, 4).column, REST);
    struct grid_hit hit = grid_hit(&g, 40, 6);
    assert_int_equal(hit.spot, GRID_ROW);
    assert_string_equal(things[g.order[hit.place]].name, "c");
    static const int nowhere[][2] = {{1, 5}, {72, 5}, {40, 3}, {40, 7}, {-1, -1}, {40, 4000}};
    for (size_t i = 0; i < COUNT_OF(nowhere); i++)
        assert_int_equal(grid_hit(&g, nowhere[i][0], nowhere[i][1]).spot, GRID_NOWHERE);
    grid_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_sorted_by_any_column_and_the_other_way_round),
        cmocka_unit_test(what_is_unknown_comes_last_whichever_way),
        cmocka_unit_test(a_filter_keeps_what_holds_its_text_in_any_column),
        cmocka_unit_test(a_tree_is_sorted_by_its_roots_and_its_branches_stay_whole),
        cmocka_unit_test(the_row_one_stands_on_is_followed_by_what_it_is),
        cmocka_unit_test(rows_that_look_alike_can_be_walked_over),
        cmocka_unit_test(a_row_that_is_gone_leaves_one_at_its_place),
        cmocka_unit_test(columns_fall_away_by_importance_and_grow_where_there_is_room),
        cmocka_unit_test(the_heading_says_by_what_and_which_way),
        cmocka_unit_test(a_long_text_is_moved_to_the_left),
        cmocka_unit_test(an_empty_answer_says_what_was_looked_for),
        cmocka_unit_test(what_changed_is_marked_for_a_second_wherever_it_has_moved),
        cmocka_unit_test(a_large_table_is_asked_for_what_is_in_sight),
        cmocka_unit_test(a_click_finds_its_heading_or_row),
    };
    return cmocka_run_group_tests_name("grid", tests, NULL, NULL);
}
