#include "config.h"
#include "ui/input.h"
#include "ui/when.h"
#include "ui/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/unit/console_world.h"

static void no_two_keys_collide_in_one_mode(void **state)
{
    (void)state;
    size_t n;
    const struct key *t = keys_table(&n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++)
            if (t[i].key == t[k].key && (t[i].modes & t[k].modes))
                fail_msg("%s means %s and %s", t[i].label, t[i].command, t[k].command);
}

static void nothing_that_changes_exists_in_review(void **state)
{
    (void)state;
    size_t n;
    const struct key *t = keys_table(&n);
    for (size_t i = 0; i < n; i++)
        if (t[i].changes)
            assert_int_equal(t[i].modes, MODE_LIVE);
}

static void j_and_k_only_move(void **state)
{
    (void)state;
    for (int mode = MODE_LIVE; mode <= MODE_REVIEW; mode++) {
        assert_int_equal(keys_find('j', (enum key_mode)mode)->action, ACTION_DOWN);
        assert_int_equal(keys_find('k', (enum key_mode)mode)->action, ACTION_UP);
    }
}

static void every_key_is_in_the_help_of_each_mode(void **state)
{
    (void)state;
    for (int review = 0; review < 2; review++) {
        struct world w;
        world_open(&w);
        w.v.review = review;
        w.v.screen = SCREEN_HELP;
        char *text = picture(&w, 120, 200);
        size_t n;
        const struct key *t = keys_table(&n);
        for (size_t i = 0; i < n; i++) {
            char *line = mem_printf("  %-10s%s\n", t[i].label, t[i].help);
            assert_shown(text, line);
            free(line);
        }
        free(text);
        world_close(&w);
    }
}

/* ---- what keys do ---- */

static struct effect press(struct world *w, uint32_t key)
{
    return input_key(&w->v, &w->m, key);
}

static struct effect type(struct world *w, const char *text)
{
    struct effect e = {0};
    for (; *text; text++)
        e = press(w, (unsigned char)*text == '\n' ? KEYS_ENTER : (unsigned char)*text);
    return e;
}

static void assert_request(struct effect e, const char *expected)
{
    assert_int_equal(e.kind, EFFECT_SEND);
    char *line = json_dumps(e.request, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(line, expected);
    free(line);
    json_decref(e.request);
}

static void a_phase_starts_only_after_its_page_and_a_yes(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    assert_int_equal(press(&w, 'n').kind, EFFECT_NONE);
    char *text = picture(&w, 80, 24);
    assert_shown(text, "START 3 expand");
    assert_shown(text, "Shall the column be added?");
    assert_shown(text, "ALTER TABLE public.orders ADD COLUMN region text");
    assert_shown(text, "ACCESS EXCLUSIVE");
    assert_shown(text, "every read and write");
    assert_shown(text, "DROP COLUMN region");
    assert_shown(text, "Start expand? y/N");
    free(text);
    assert_int_equal(press(&w, KEYS_PAGE_DOWN).kind, EFFECT_NONE); /* reading answers nothing */
    assert_int_equal(w.v.ask.kind, ASK_STEP);
    assert_int_equal(press(&w, KEYS_ENTER).kind, EFFECT_NONE); /* Enter is no yes */
    assert_int_equal(w.v.ask.kind, ASK_NONE);
    (void)press(&w, 'n');
    assert_request(press(&w, 'y'), "{\"do\":\"step\",\"expect_phase\":\"expand\","
                                   "\"operator\":\"ann\",\"target\":\"o1\"}");
    world_close(&w);
}

static void a_question_that_stood_open_too_long_hits_nothing(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    (void)press(&w, 'n');
    phase(&w, "expand", "running"); /* another console said yes */
    assert_int_equal(press(&w, 'y').kind, EFFECT_NONE);
    assert_non_null(strstr(w.v.message, "moved on"));
    world_close(&w);
}

static void a_failed_phase_is_tried_again_and_its_error_shown(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    tell(&w, 10,
         "{\"event\":\"phase\",\"target\":\"o1\",\"phase\":\"expand\",\"state\":\"failed\","
         "\"error\":{\"sqlstate\":\"55P03\",\"what\":\"add column\",\"why\":\"lock timeout\","
         "\"todo\":\"end pid 4711\"}}");
    (void)press(&w, 'n');
    char *text = picture(&w, 80, 24);
    assert_shown(text, "TRY AGAIN 3 expand");
    assert_shown(text, "lock timeout");
    assert_shown(text, "end pid 4711");
    assert_shown(text, "55P03");
    free(text);
    assert_request(press(&w, 'y'), "{\"do\":\"step\",\"expect_phase\":\"expand\","
                                   "\"operator\":\"ann\",\"target\":\"o1\"}");
    world_close(&w);
}

static void a_rollback_wants_the_columns_name(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    (void)press(&w, 'R');
    char *text = picture(&w, 80, 24);
    assert_shown(text, "ALTER TABLE public.orders DROP COLUMN region");
    assert_shown(text, "60,000 rows have been filled");
    free(text);
    assert_int_equal(type(&w, "orders\n").kind, EFFECT_NONE);
    assert_non_null(strstr(w.v.message, "not the column's name"));
    (void)press(&w, 'R');
    assert_request(type(&w, "region\n"),
                   "{\"column\":\"region\",\"do\":\"rollback\",\"expect_phase\":\"backfill\","
                   "\"operator\":\"ann\",\"target\":\"o1\"}");
    (void)press(&w, 'R');
    phase(&w, "verify", "running");
    assert_int_equal(type(&w, "region\n").kind, EFFECT_NONE);
    world_close(&w);
}

static void a_blocker_is_hit_only_while_it_is_the_same_session(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_lock(&w);
    assert_int_equal(press(&w, 'C').kind, EFFECT_NONE); /* not on another screen */
    assert_int_equal(w.v.ask.kind, ASK_NONE);
    (void)press(&w, '3');
    (void)press(&w, 'T'); /* nobody is chosen beforehand */
    assert_int_equal(w.v.ask.kind, ASK_NONE);
    (void)press(&w, 'j');
    (void)press(&w, 'T');
    char *text = picture(&w, 80, 24);
    assert_shown(text, "TERMINATE");
    assert_shown(text, "4711");
    assert_shown(text, "billing");
    assert_shown(text, "idle in transaction");
    assert_shown(text, "42m00s");
    free(text);
    assert_int_equal(press(&w, KEYS_ENTER).kind, EFFECT_NONE); /* default: no */
    (void)press(&w, 'T');
    assert_request(press(&w, 'y'), "{\"do\":\"terminate\",\"operator\":\"ann\",\"pid\":4711,"
                                   "\"start\":\"2026-11-24 15:18:00\",\"target\":\"o1\"}");
    /* the pid is another's by now */
    (void)press(&w, 'C');
    tell(&w, 1,
         "{\"event\":\"sample\",\"target\":\"o1\",\"of\":\"locks\",\"server\":\"o1\",\"rows\":["
         "{\"pid\":4711,\"depth\":0,\"user\":\"u\",\"app\":\"shop\",\"state\":\"active\","
         "\"start\":\"2026-11-24 17:00:00\"}]}");
    assert_int_equal(press(&w, 'y').kind, EFFECT_NONE);
    assert_non_null(strstr(w.v.message, "nothing was sent"));
    world_close(&w);
}

static void our_own_session_is_not_killed(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_lock(&w);
    (void)type(&w, "3jj");
    assert_int_equal(w.v.lock_pid, 9001);
    (void)press(&w, 'T');
    assert_int_equal(w.v.ask.kind, ASK_NONE);
    assert_non_null(strstr(w.v.message, "newel's own"));
    world_close(&w);
}

static void quick_presses_of_plus_build_on_each_other(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    assert_request(press(&w, '+'), "{\"do\":\"batch\",\"operator\":\"ann\",\"target\":\"o1\","
                                   "\"value\":\"1250\"}");
    assert_request(press(&w, '+'), "{\"do\":\"batch\",\"operator\":\"ann\",\"target\":\"o1\","
                                   "\"value\":\"1563\"}");
    assert_request(press(&w, '-'), "{\"do\":\"batch\",\"operator\":\"ann\",\"target\":\"o1\","
                                   "\"value\":\"1250\"}");
    w.v.now_us += 10 * 1000000; /* long after, what the engine says counts again */
    assert_request(press(&w, '-'), "{\"do\":\"batch\",\"operator\":\"ann\",\"target\":\"o1\","
                                   "\"value\":\"800\"}");
    assert_request(press(&w, 'a'), "{\"do\":\"batch\",\"operator\":\"ann\",\"target\":\"o1\","
                                   "\"value\":\"auto\"}");
    world_close(&w);
}

static void space_pauses_and_resumes_at_once(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    assert_request(press(&w, ' '), "{\"do\":\"pause\",\"operator\":\"ann\",\"target\":\"o1\"}");
    tell(&w, 10,
         "{\"event\":\"command\",\"target\":\"o1\",\"operator\":\"bob\",\"do\":\"pause\","
         "\"accepted\":true}");
    phase(&w, "backfill", "paused");
    free(w.m.targets[0].paused_by);
    w.m.targets[0].paused_by = mem_dup("bob");
    assert_request(press(&w, ' '), "{\"do\":\"resume\",\"operator\":\"ann\",\"target\":\"o1\"}");
    char *text = picture(&w, 80, 24);
    assert_shown(text, "PAUSED by bob");
    free(text);
    world_close(&w);
}

static void limits_are_changed_with_a_note(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    (void)press(&w, 't');
    (void)press(&w, KEYS_ENTER);
    assert_request(type(&w, "10s for 30m r2 slow\n"),
                   "{\"do\":\"limit\",\"operator\":\"ann\",\"target\":\"o1\","
                   "\"value\":\"max_lag 10s for 30m r2 slow\"}");
    world_close(&w);
}

static void leaving_asks_and_a_slip_does_not_leave(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    assert_int_equal(press(&w, 'q').kind, EFFECT_NONE);
    assert_int_equal(w.v.ask.kind, ASK_QUIT);
    assert_int_equal(press(&w, 'x').kind, EFFECT_NONE);
    assert_int_equal(w.v.ask.kind, ASK_QUIT);
    assert_int_equal(press(&w, KEYS_ESC).kind, EFFECT_NONE);
    assert_int_equal(w.v.ask.kind, ASK_NONE);
    (void)press(&w, 'q');
    struct effect e = press(&w, 'p');
    assert_int_equal(e.kind, EFFECT_SEND_LEAVE);
    assert_string_equal(json_get_text(e.request, "do", ""), "detach");
    assert_string_equal(json_get_text(e.request, "value", ""), "pause");
    json_decref(e.request);
    world_close(&w);
}

static void a_reader_and_a_recording_change_nothing(void **state)
{
    (void)state;
    size_t n;
    const struct key *t = keys_table(&n);
    for (int review = 0; review < 2; review++)
        for (size_t i = 0; i < n; i++) {
            if (!t[i].changes)
                continue;
            struct world w;
            world_open(&w);
            world_lock(&w);
            w.v.read_only = true;
            w.v.review = review;
            w.v.screen = SCREEN_LOCKS;
            (void)press(&w, 'j');
            struct effect e = press(&w, t[i].key);
            assert_true(e.kind != EFFECT_SEND && !e.request);
            assert_int_equal(w.v.ask.kind, ASK_NONE);
            world_close(&w);
        }
}

static void the_selection_follows_its_session(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_lock(&w);
    (void)type(&w, "3jj");
    tell(&w, 1,
         "{\"event\":\"sample\",\"target\":\"o1\",\"of\":\"locks\",\"server\":\"o1\",\"rows\":["
         "{\"pid\":1,\"depth\":0,\"start\":\"a\"},{\"pid\":2,\"depth\":0,\"start\":\"b\"},"
         "{\"pid\":9001,\"parent\":2,\"depth\":1,\"ours\":true,"
         "\"start\":\"2026-11-24 16:00:00\"}]}");
    assert_int_equal(view_lock(&w.v, &w.m.targets[0]), 2);
    (void)press(&w, 'k');
    assert_int_equal(w.v.lock_pid, 2);
    world_close(&w);
}

static void what_is_shown_stays_with_a_target_at_work(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    view_follow(&w.v, &w.m);
    assert_string_equal(view_target(&w.v, &w.m)->name, "o1");
    tell(&w, 10,
         "{\"event\":\"phase\",\"target\":\"o2\",\"phase\":\"preflight\",\"state\":\"failed\","
         "\"error\":{\"what\":\"w\",\"why\":\"y\"}}");
    view_follow(&w.v, &w.m);
    assert_string_equal(view_target(&w.v, &w.m)->name, "o1");
    char *text = picture(&w, 80, 24);
    assert_shown(text, "5!Targets"); /* but it is not hidden that the other one failed */
    free(text);
    (void)press(&w, KEYS_TAB);
    assert_string_equal(view_target(&w.v, &w.m)->name, "o2");
    assert_request(press(&w, ' '), "{\"do\":\"pause\",\"operator\":\"ann\",\"target\":\"o2\"}");
    world_close(&w);
}

static void times_are_read_in_three_forms(void **state)
{
    (void)state;
    int64_t at;
    assert_true(when_parse("+90s", T0, &at));
    assert_int_equal(at, T0 + 90000000);
    assert_true(when_parse("2025-11-24T16:00:00Z", T0, &at));
    assert_int_equal(at, T0);
    assert_true(when_parse("2025-11-24T17:00:00.5+01:00", T0, &at));
    assert_int_equal(at, T0 + 500000);
    assert_true(when_parse("2025-11-24T21:30:00+0530", T0, &at));
    assert_int_equal(at, T0);
    assert_true(when_parse("2025-11-24T11:00:00-05", T0, &at));
    assert_int_equal(at, T0);
    assert_true(when_parse("2025-11-24 16:00", T0, &at));
    assert_int_equal(at, T0);
    assert_true(when_parse("16:05:07", T0, &at));
    assert_int_equal(at, T0 + 307000000);
    /* an hour before the start is the next day's: it ran past midnight */
    assert_true(when_parse("01:00", T0, &at));
    assert_int_equal(at, T0 + INT64_C(9) * 3600 * 1000000);
    static const char *const wrong[] = {"",
                                        "now",
                                        "25:00",
                                        "12:60",
                                        "12",
                                        "+",
                                        "+-",
                                        "12:30:99",
                                        "2025-11-24",
                                        "12:30 x",
                                        "+90 q",
                                        "1:2:3:4",
                                        "2025-11-24T16:00:00X",
                                        "2025-11-24T16:00:00+01:00 x",
                                        "2025-11-24T16:00:00.5e9"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        if (when_parse(wrong[i], T0, &at))
            fail_msg("\"%s\" was read as a time", wrong[i]);
}

static int in_utc(void **state)
{
    (void)state;
    return setenv("TZ", "UTC", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_two_keys_collide_in_one_mode),
        cmocka_unit_test(nothing_that_changes_exists_in_review),
        cmocka_unit_test(j_and_k_only_move),
        cmocka_unit_test(every_key_is_in_the_help_of_each_mode),
        cmocka_unit_test(a_phase_starts_only_after_its_page_and_a_yes),
        cmocka_unit_test(a_question_that_stood_open_too_long_hits_nothing),
        cmocka_unit_test(a_failed_phase_is_tried_again_and_its_error_shown),
        cmocka_unit_test(a_rollback_wants_the_columns_name),
        cmocka_unit_test(a_blocker_is_hit_only_while_it_is_the_same_session),
        cmocka_unit_test(our_own_session_is_not_killed),
        cmocka_unit_test(quick_presses_of_plus_build_on_each_other),
        cmocka_unit_test(space_pauses_and_resumes_at_once),
        cmocka_unit_test(limits_are_changed_with_a_note),
        cmocka_unit_test(leaving_asks_and_a_slip_does_not_leave),
        cmocka_unit_test(a_reader_and_a_recording_change_nothing),
        cmocka_unit_test(the_selection_follows_its_session),
        cmocka_unit_test(what_is_shown_stays_with_a_target_at_work),
        cmocka_unit_test(times_are_read_in_three_forms),
    };
    return cmocka_run_group_tests_name("keys", tests, in_utc, NULL);
}
