#include "config.h"
#include "ui/canvas.h"
#include "base/text.h"

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
    };
    return cmocka_run_group_tests_name("canvas", tests, NULL, NULL);
}
