/* Walking blocks in windows and stripes: nothing is left out, nothing is passed twice. */
#include "config.h"
#include "engine/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BLOCKS 1000
#define STRIPES 8

/* One bit for each stripe of each block; a stripe of K = 1 covers them all. */
static unsigned char seen[BLOCKS];

static void visit(const struct window *w)
{
    for (int64_t b = w->low; b < w->high; b++)
        for (int64_t s = 0; s < STRIPES; s++)
            if ((s & (w->stripes - 1)) == w->pass)
                seen[b] |= (unsigned char)(1 << s);
}

static void assert_all_seen(int64_t begin, int64_t end)
{
    for (int64_t b = 0; b < BLOCKS; b++)
        assert_int_equal(seen[b], b >= begin && b < end ? 0xFF : 0);
}

static void every_stripe_of_every_block_is_passed(void **state)
{
    (void)state;
    memset(seen, 0, sizeof seen);
    struct window w;
    window_start(&w, 100, 777);
    int batches = 0;
    while (window_next(&w, 500, 60, STRIPES)) {
        visit(&w);
        window_advance(&w);
        batches++;
        assert_true(batches < 10000);
    }
    assert_true(window_done(&w));
    assert_all_seen(100, 777);
    /* 500 rows in 8 stripes at 60 a block: 66 blocks a window, 11 windows of 8 batches */
    assert_int_equal(batches, 88);
}

static void a_change_of_form_between_windows_leaves_nothing_out(void **state)
{
    (void)state;
    memset(seen, 0, sizeof seen);
    struct window w;
    window_start(&w, 0, BLOCKS);
    for (int i = 0; window_next(&w, 100 + 37 * (i % 7), 20, i % 3 ? STRIPES : 1); i++) {
        visit(&w);
        window_advance(&w);
    }
    assert_all_seen(0, BLOCKS);
}

static void a_window_is_cut_anew_when_the_size_falls(void **state)
{
    (void)state;
    struct window w;
    window_start(&w, 0, BLOCKS);
    assert_true(window_next(&w, 1000, 10, STRIPES));
    assert_int_equal(w.high, 800);
    window_advance(&w);
    assert_true(window_next(&w, 900, 10, STRIPES));
    assert_int_equal(w.high, 800); /* a little smaller: kept */
    assert_int_equal(w.pass, 1);
    assert_true(window_next(&w, 100, 10, STRIPES));
    assert_int_equal(w.low, 0);
    assert_int_equal(w.high, 80);
    assert_int_equal(w.pass, 0); /* from its beginning, for the stripes that were not passed yet */
}

static void the_cursor_survives_as_text(void **state)
{
    (void)state;
    struct window w, back;
    char text[WINDOW_CURSOR];
    window_start(&w, 5, BLOCKS);
    assert_true(window_next(&w, 64, 8, STRIPES));
    window_advance(&w);
    window_text(&w, text);
    assert_string_equal(text, "5 69 8 1");
    assert_true(window_parse(&back, text, BLOCKS));
    assert_memory_equal(&w, &back, sizeof w);
}

static void what_is_no_cursor_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "5", "5 69 8", "5 69 8 8", "69 5 8 1", "5 69 0 0", "-1 69 8 1", "5 69 8 1 x", "a b c d",
        "[\"5\"]",
    };
    struct window w;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(window_parse(&w, bad[i], BLOCKS));
}

static void the_position_never_goes_back_and_ends_at_the_end(void **state)
{
    (void)state;
    struct window w;
    double last = 0;
    window_start(&w, 0, 333);
    while (window_next(&w, 200, 12.5, STRIPES)) {
        assert_true(window_position(&w) >= last);
        last = window_position(&w);
        window_advance(&w);
    }
    assert_true(window_position(&w) == 333);
}

static void an_absurd_density_still_moves(void **state)
{
    (void)state;
    struct window w;
    window_start(&w, 0, 3);
    int batches = 0;
    while (window_next(&w, 1, 1e9, 1)) {
        window_advance(&w);
        batches++;
    }
    assert_int_equal(batches, 3);
    window_start(&w, 0, 1000000);
    assert_true(window_next(&w, 50000, 0, 8));
    assert_int_equal(w.high, 1000000);
    window_start(&w, 0, 0);
    assert_false(window_next(&w, 10, 10, 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stripe_of_every_block_is_passed),
        cmocka_unit_test(a_change_of_form_between_windows_leaves_nothing_out),
        cmocka_unit_test(a_window_is_cut_anew_when_the_size_falls),
        cmocka_unit_test(the_cursor_survives_as_text),
        cmocka_unit_test(what_is_no_cursor_is_refused),
        cmocka_unit_test(the_position_never_goes_back_and_ends_at_the_end),
        cmocka_unit_test(an_absurd_density_still_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
