#include "config.h"
#include "ui/input.h"
#include "ui/keys.h"
#include "ui/plot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/unit/console_world.h"

static struct effect press(struct world *w, uint32_t key)
{
    return input_key(&w->v, &w->m, key);
}

static void assert_asks(struct world *w, uint32_t key, const char *typed, const char *verb,
                        const char *value)
{
    assert_int_equal(press(w, key).kind, EFFECT_NONE);
    for (const char *c = typed; *c; c++)
        (void)press(w, (uint32_t)*c);
    struct effect e = press(w, KEYS_ENTER);
    assert_int_equal(e.kind, EFFECT_SEND);
    assert_string_equal(json_get_text(e.request, "do", ""), verb);
    assert_string_equal(json_get_text(e.request, "value", ""), value);
    assert_string_equal(json_get_text(e.request, "target", ""), "o1");
    json_decref(e.request);
}

static void size_aim_rest_and_lanes_are_asked_for_by_a_key_each(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    assert_asks(&w, 'b', "2000", "batch", "2000");
    assert_asks(&w, 'd', "400ms", "time", "400ms");
    assert_asks(&w, 'w', "50ms", "rest", "50ms");
    assert_asks(&w, 'L', "4", "lanes", "4");
    (void)press(&w, 'd');
    char *text = picture(&w, 80, 24);
    assert_shown(text, "Time for one batch (now 250ms):");
    free(text);
    world_close(&w);
}

static void the_page_shows_each_measurement_with_its_limit(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    (void)press(&w, 'p');
    char *text = picture(&w, 80, 24);
    assert_shown(text, "ROWS/S ");
    assert_shown(text, "BATCH 231ms aim 250ms");
    assert_shown(text, "WORST LAG unknown of 2.0s"); /* r2 cannot be asked: it may be the worst */
    assert_shown(text, "WAITERS");
    assert_shown(text, ", 5m\n");
    assert_shown(text, "\xE2\xA3\xBF"); /* dots, all eight of them */
    assert_shown(text, "\xE2\x94\x88"); /* the limit's line */
    free(text);
    text = picture(&w, 200, 50);
    assert_shown(text, "backfill: running");
    free(text);
    (void)press(&w, KEYS_ESC);
    assert_int_equal(w.v.page, PAGE_NONE);
    world_close(&w);
}

static void ascii_has_plots_too(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    w.v.ascii = true;
    (void)press(&w, 'p');
    char *text = picture(&w, 80, 24);
    for (const char *c = text; *c; c++)
        assert_true((unsigned char)*c < 0x80);
    assert_shown(text, "##");
    assert_shown(text, "--");
    free(text);
    world_close(&w);
}

static void what_was_done_stands_in_the_plot_and_below_it(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    tell(&w, 5000,
         "{\"event\":\"command\",\"target\":\"o1\",\"do\":\"batch\",\"value\":\"4000\","
         "\"operator\":\"ann\",\"accepted\":true}");
    tell(&w, 5000, "{\"event\":\"note\",\"operator\":\"bob\",\"text\":\"watch r2\"}");
    (void)press(&w, 'p');
    char *text = picture(&w, 120, 40);
    assert_shown(text, "b ");
    assert_shown(text, "ann: batch 4000");
    assert_shown(text, "watch r2");
    free(text);
    world_close(&w);
}

static void the_span_goes_from_a_minute_to_a_day_and_no_further(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    static const char *const longer[] = {"15m", "1h", "4h", "24h", "24h"};
    char span[WORD_TEXT];
    for (size_t i = 0; i < COUNT_OF(longer); i++) {
        (void)press(&w, 'z');
        assert_string_equal(plot_span(span, &w.v), longer[i]);
    }
    for (int i = 0; i < 8; i++)
        (void)press(&w, 'Z');
    assert_string_equal(plot_span(span, &w.v), "1m");
    world_close(&w);
}

/* A picture that moved with each second would be sent anew with each second. */
static void a_plot_stands_still_until_a_cell_is_full(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    (void)press(&w, 'p');
    w.v.span_us = 3600 * INT64_C(1000000);
    w.v.now_us = w.v.now_us / 100000000 * 100000000 + 10000000;
    char *before = picture(&w, 80, 24);
    w.v.now_us += 1000000;
    char *after = picture(&w, 80, 24);
    /* the clock at the right end of the axis aside */
    assert_int_equal(strncmp(strstr(before, "ROWS/S"), strstr(after, "ROWS/S"), 400), 0);
    free(before);
    free(after);
    world_close(&w);
}

static void in_words_there_is_least_mean_and_most(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    w.v.page = PAGE_PLOTS;
    struct str out = {0};
    page_say(&w.m, &w.v, &out);
    assert_shown(str_text(&out),
                 "BATCH: now 231ms, least 231ms, mean 231ms, most 231ms, aim 250ms");
    assert_shown(str_text(&out), "WORST LAG: now unknown, least 250ms");
    assert_shown(str_text(&out), "backfill: running");
    str_free(&out);
    world_close(&w);
}

static void before_a_lock_is_taken_its_holders_are_named(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    (void)press(&w, 'n');
    char *text = picture(&w, 100, 30);
    assert_shown(text, "Who would block it now is not known yet.");
    free(text);
    tell(&w, 100, "{\"event\":\"sample\",\"target\":\"o1\",\"of\":\"locks\",\"rows\":[]}");
    text = picture(&w, 100, 30);
    assert_shown(text, "Nobody would block it now");
    free(text);
    tell(&w, 100,
         "{\"event\":\"sample\",\"target\":\"o1\",\"of\":\"locks\",\"rows\":[{\"pid\":4711,"
         "\"user\":\"bill\",\"app\":\"reports\",\"state\":\"idle in transaction\","
         "\"xact_us\":95000000,\"query\":\"SELECT 7\",\"holds\":true,\"parent\":-1}]}");
    text = picture(&w, 100, 30);
    assert_shown(text, "WOULD BLOCK IT NOW (seen 0s ago)");
    assert_shown(text, "pid 4711 reports/bill, idle in transaction, transaction 1m35s: SELECT 7");
    free(text);
    (void)press(&w, KEYS_ESC);
    text = picture(&w, 100, 30);
    assert_shown(text, "3 Locks"); /* nobody waits: no call for help */
    assert_not_shown(text, "in lock waits");
    free(text);
    world_close(&w);
}

static void the_outlook_tells_the_hour_and_what_it_costs(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    struct model_outlook o;
    struct model_target *t = &w.m.targets[0];
    t->wal_done = 600000;
    t->wal_rows = 60000;
    assert_true(model_outlook(t, w.v.now_us, &o));
    assert_true(o.low_us > w.v.now_us && o.high_us >= o.low_us);
    assert_int_equal(o.log_bytes, 600000); /* as many rows again */
    int64_t alone = o.high_us - w.v.now_us;
    t->time.throttled_us = t->time.worked_us; /* half of the time it was held back */
    assert_true(model_outlook(t, w.v.now_us, &o));
    assert_true(o.high_us - w.v.now_us > 19 * alone / 10);
    char *text = picture(&w, 120, 40);
    assert_shown(text, "AT THIS PACE done ");
    assert_shown(text, "at work 50.0% of the time");
    assert_shown(text, "585.9kB WAL more");
    free(text);
    world_close(&w);
}

static void events_of_other_targets_can_be_left_away(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    tell(&w, 1, "{\"event\":\"alarm\",\"target\":\"o2\",\"level\":\"warn\",\"text\":\"of o2\"}");
    tell(&w, 1, "{\"event\":\"alarm\",\"target\":\"o1\",\"level\":\"warn\",\"text\":\"of o1\"}");
    w.v.target = 0;
    (void)press(&w, 'f');
    for (int screen = 0; screen < 2; screen++) {
        w.v.screen = screen ? SCREEN_LOG : SCREEN_OVERVIEW;
        char *text = picture(&w, 120, 40);
        assert_shown(text, "of o1");
        assert_not_shown(text, "of o2");
        free(text);
    }
    (void)press(&w, 'f');
    char *text = picture(&w, 120, 40);
    assert_shown(text, "of o2");
    free(text);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(size_aim_rest_and_lanes_are_asked_for_by_a_key_each),
        cmocka_unit_test(the_page_shows_each_measurement_with_its_limit),
        cmocka_unit_test(ascii_has_plots_too),
        cmocka_unit_test(what_was_done_stands_in_the_plot_and_below_it),
        cmocka_unit_test(the_span_goes_from_a_minute_to_a_day_and_no_further),
        cmocka_unit_test(a_plot_stands_still_until_a_cell_is_full),
        cmocka_unit_test(in_words_there_is_least_mean_and_most),
        cmocka_unit_test(before_a_lock_is_taken_its_holders_are_named),
        cmocka_unit_test(the_outlook_tells_the_hour_and_what_it_costs),
        cmocka_unit_test(events_of_other_targets_can_be_left_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
