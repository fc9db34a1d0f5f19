#include "config.h"
#include "ui/canvas.h"
#include "base/text.h"
#include "ui/theme.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void assert_dump(const struct canvas *c, const char *expected)
{
    struct str out = {0};
    canvas_dump(c, &out);
    assert_string_equal(str_text(&out), expected);
    str_free(&out);
}

static void text_that_does_not_fit_ends_in_an_ellipsis(void **state)
{
    (void)state;
    struct canvas c;
    canvas_init(&c, 6, 2, false);
    struct pen p = pen_at(&c, canvas_rect(&c), 0);
    pen_text(&p, STYLE_NORMAL, "abcdef");
    p = pen_at(&c, canvas_rect(&c), 1);
    pen_text(&p, STYLE_NORMAL, "abcdefg");
    assert_dump(&c, "abcdef\nabcde\u2026\n");
    assert_int_equal(pen_left(&p), 0);
    canvas_free(&c);
}

static void controls_and_bidi_are_made_harmless(void **state)
{
    (void)state;
    struct canvas c;
    canvas_init(&c, 40, 1, false);
    struct pen p = pen_at(&c, canvas_rect(&c), 0);
    pen_text(&p, STYLE_NORMAL, "a\x1b[31mb\u202Ec\td\ne\xff");
    assert_dump(&c, "a^[[31mb<U+202E>c d e\uFFFD\n");
    canvas_free(&c);
}

static void wide_glyphs_take_two_cells_and_are_never_cut_in_half(void **state)
{
    (void)state;
    struct canvas c;
    canvas_init(&c, 5, 1, false);
    struct pen p = pen_at(&c, canvas_rect(&c), 0);
    pen_text(&p, STYLE_NORMAL, "a\u6CE8\u6587");
    assert_dump(&c, "a\u6CE8\u6587\n");
    canvas_clear(&c);
    p = pen_at(&c, canvas_rect(&c), 0);
    pen_text(&p, STYLE_NORMAL, "ab\u6CE8\u6587");
    assert_dump(&c, "ab\u6CE8\u2026\n");
    /* what is put upon one half takes the other with it */
    canvas_put(&c, 3, 0, STYLE_NORMAL, 'x');
    assert_dump(&c, "ab x\u2026\n");
    canvas_free(&c);
}

static void combining_marks_stay_on_their_letter(void **state)
{
    (void)state;
    struct canvas c;
    canvas_init(&c, 3, 1, false);
    struct pen p = pen_at(&c, canvas_rect(&c), 0);
    pen_text(&p, STYLE_NORMAL, "e\u0301a\u0308\u0301\u0301z");
    assert_dump(&c, "e\u0301a\u0308\u0301z\n");
    canvas_free(&c);
}

static void an_ascii_canvas_holds_nothing_but_ascii(void **state)
{
    (void)state;
    struct canvas c;
    canvas_init(&c, 20, 1, true);
    struct pen p = pen_at(&c, canvas_rect(&c), 0);
    pen_text(&p, STYLE_NORMAL, "\u2500\u2588\u00e9\u6CE8e\u0301 and much more text");
    struct str out = {0};
    canvas_dump(&c, &out);
    assert_string_equal(str_text(&out), "-#???e and much mor~\n");
    str_free(&out);
    canvas_free(&c);
}

static void fields_cut_pad_and_align(void **state)
{
    (void)state;
    struct canvas c;
    canvas_init(&c, 20, 1, false);
    struct pen p = pen_at(&c, canvas_rect(&c), 0);
    pen_field(&p, STYLE_NORMAL, 4, false, "ab");
    pen_field(&p, STYLE_NORMAL, 4, true, "12");
    pen_field(&p, STYLE_NORMAL, 3, true, "12345");
    pen_text(&p, STYLE_NORMAL, "|");
    pen_to(&p, 15);
    pen_text(&p, STYLE_NORMAL, "z");
    assert_dump(&c, "ab    1212\u2026|   z\n");
    canvas_free(&c);
}

static void drawing_outside_draws_nothing(void **state)
{
    (void)state;
    struct canvas c;
    canvas_init(&c, 3, 2, false);
    struct pen p = pen_at(&c, (struct rect){-2, -1, 9, 9}, 0);
    pen_text(&p, STYLE_NORMAL, "abcdefgh");
    p = pen_at(&c, (struct rect){-2, 1, 9, 1}, 0);
    pen_text(&p, STYLE_NORMAL, "abcdefgh");
    canvas_fill(&c, (struct rect){5, 5, 4, 4}, STYLE_BAD, '#');
    canvas_restyle(&c, (struct rect){-5, -5, 50, 2}, STYLE_BAD);
    assert_dump(&c, "\ncde\n");
    canvas_free(&c);
    canvas_init(&c, 0, 0, false);
    p = pen_at(&c, canvas_rect(&c), 0);
    pen_text(&p, STYLE_NORMAL, "x");
    assert_dump(&c, "");
    canvas_free(&c);
}

static void rectangles_are_never_of_negative_size(void **state)
{
    (void)state;
    struct rect r = {1, 2, 10, 5};
    for (int first = -3; first < 20; first++)
        for (int n = -3; n < 20; n++) {
            struct rect rows = rect_rows(r, first, n), columns = rect_columns(r, first, n);
            assert_true(rows.height >= 0 && rows.y >= 2 && rows.y + rows.height <= 7);
            assert_true(columns.width >= 0 && columns.x >= 1 && columns.x + columns.width <= 11);
        }
}

/* Without its colours; what red and green would make alike to some eyes is told apart so. */
static unsigned shape_of(enum style style, int colours)
{
    struct theme_look look = theme_look(style, colours);
    return (unsigned)look.bold | (unsigned)look.dim << 1 | (unsigned)look.reverse << 2 |
           (unsigned)look.underline << 3;
}

static void no_meaning_hangs_on_red_or_green(void **state)
{
    (void)state;
    static const int colours[] = {0, 8, 16, 256};
    for (size_t i = 0; i < COUNT_OF(colours); i++)
        for (int style = 0; style < STYLE_COUNT; style++) {
            struct theme_look look = theme_look((enum style)style, colours[i]);
            assert_true(look.colour != 2 && look.background != 2); /* no green at all */
            if (!colours[i])
                assert_true(look.colour < 0 && look.background < 0);
            bool red = look.colour == 1 || look.background == 1;
            if (red)
                assert_true(look.bold && look.underline);
        }
    for (int n = 0; n <= 8; n += 8) {
        assert_int_not_equal(shape_of(STYLE_BAD, n), shape_of(STYLE_GOOD, n));
        assert_int_not_equal(shape_of(STYLE_BAD, n), shape_of(STYLE_WARN, n));
        assert_int_not_equal(shape_of(STYLE_WARN, n), shape_of(STYLE_GOOD, n));
    }
}

static void long_lines_begin_at_a_column_not_at_a_byte(void **state)
{
    (void)state;
    assert_string_equal(text_from_column("abc", 0), "abc");
    assert_string_equal(text_from_column("abc", 2), "c");
    assert_string_equal(text_from_column("abc", 9), "");
    assert_string_equal(text_from_column("\u6f22\u5b57x", 2), "\u5b57x");
    assert_string_equal(text_from_column("\u6f22\u5b57x", 3), "\u5b57x"); /* never half of one */
    assert_string_equal(text_from_column("e\u0301x", 1), "x"); /* its mark went with the letter */
}

static void a_click_finds_what_was_drawn_last(void **state)
{
    (void)state;
    struct canvas c;
    canvas_init(&c, 20, 5, false);
    canvas_spot(&c, (struct rect){0, 1, 20, 1}, SPOT_ROW, NULL, 7);
    canvas_spot(&c, (struct rect){4, 1, 3, 1}, SPOT_COMMAND, "pause", 0);
    canvas_spot(&c, (struct rect){4, 2, 0, 1}, SPOT_ROW, NULL, 8);
    assert_int_equal(canvas_spot_at(&c, 3, 1)->value, 7);
    assert_string_equal(canvas_spot_at(&c, 6, 1)->command, "pause");
    assert_int_equal(canvas_spot_at(&c, 7, 1)->value, 7);
    assert_null(canvas_spot_at(&c, 4, 2));
    assert_null(canvas_spot_at(&c, -1, 1));
    canvas_clear(&c);
    assert_null(canvas_spot_at(&c, 3, 1));
    canvas_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_that_does_not_fit_ends_in_an_ellipsis),
        cmocka_unit_test(controls_and_bidi_are_made_harmless),
        cmocka_unit_test(wide_glyphs_take_two_cells_and_are_never_cut_in_half),
        cmocka_unit_test(combining_marks_stay_on_their_letter),
        cmocka_unit_test(an_ascii_canvas_holds_nothing_but_ascii),
        cmocka_unit_test(fields_cut_pad_and_align),
        cmocka_unit_test(drawing_outside_draws_nothing),
        cmocka_unit_test(rectangles_are_never_of_negative_size),
        cmocka_unit_test(no_meaning_hangs_on_red_or_green),
        cmocka_unit_test(long_lines_begin_at_a_column_not_at_a_byte),
        cmocka_unit_test(a_click_finds_what_was_drawn_last),
    };
    return cmocka_run_group_tests_name("canvas", tests, NULL, NULL);
}
