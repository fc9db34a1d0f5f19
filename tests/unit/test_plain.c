#include "config.h"
#include "ui/plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/unit/console_world.h"

struct ear {
    struct world w;
    struct plain p;
    struct str heard;
};

static void ear_open(struct ear *a)
{
    *a = (struct ear){0};
    world_open(&a->w);
    a->w.v.keeps_messages = true;
    plain_open(&a->p, &a->w.v, &a->w.m, &a->heard);
}

static void ear_close(struct ear *a)
{
    plain_free(&a->p);
    str_free(&a->heard);
    world_close(&a->w);
}

/* What is said from now on, up to the next call. */
static struct effect type(struct ear *a, const char *text)
{
    struct effect e = {0};
    str_clear(&a->heard);
    plain_type(&a->p, text, strlen(text));
    for (char *line; (line = plain_take(&a->p)) != NULL; free(line)) {
        e = plain_obey(&a->p, &a->w.v, &a->w.m, line, &a->heard);
        plain_lines(&a->p, &a->w.v, &a->w.m, &a->heard);
    }
    return e;
}

static const char *hear(struct ear *a)
{
    str_clear(&a->heard);
    plain_lines(&a->p, &a->w.v, &a->w.m, &a->heard);
    return str_text(&a->heard);
}

static void assert_request(struct effect e, const char *expected)
{
    assert_int_equal(e.kind, EFFECT_SEND);
    char *line = json_dumps(e.request, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(line, expected);
    free(line);
    json_decref(e.request);
}

static void it_begins_with_where_things_stand(void **state)
{
    (void)state;
    struct ear a;
    ear_open(&a);
    assert_shown(str_text(&a.heard),
                 "o1: column region of public.orders, phase 3 of 10 expand, ASKING expand?\n");
    assert_shown(str_text(&a.heard), "next: 3 expand; step shows what it does, and asks\n");
    assert_shown(str_text(&a.heard), "help tells the words");
    ear_close(&a);
}

static void each_thing_is_said_once(void **state)
{
    (void)state;
    struct ear a;
    ear_open(&a);
    assert_string_equal(hear(&a), "");
    phase(&a.w, "expand", "running");
    assert_shown(hear(&a), "  o1  expand: running\n");
    assert_string_equal(hear(&a), "");
    phase(&a.w, "expand", "done");
    phase(&a.w, "sync", "running");
    hear(&a);
    assert_shown(str_text(&a.heard), "expand: done\n");
    assert_shown(str_text(&a.heard), "sync: running\n");
    phase(&a.w, "sync", "done");
    phase(&a.w, "backfill", "asking");
    assert_shown(hear(&a), "\nstep shows what backfill does, and asks\n");
    assert_string_equal(hear(&a), "");
    phase(&a.w, "backfill", "running"); /* however much happens between two looks */
    phase(&a.w, "backfill", "done");
    phase(&a.w, "verify", "asking");
    assert_shown(hear(&a), "\nstep shows what verify does, and asks\n");
    view_say(&a.w.v, STYLE_GOOD, "accepted batch 20");
    view_say(&a.w.v, STYLE_GOOD, "accepted note");
    assert_string_equal(hear(&a), "accepted batch 20\naccepted note\n");
    ear_close(&a);
}

static void who_asked_who_is_here_and_what_they_say(void **state)
{
    (void)state;
    struct ear a;
    ear_open(&a);
    free(a.w.v.operator_name);
    a.w.v.operator_name = mem_dup("ann");
    a.w.m.approve = mem_dup("expand");
    tell(&a.w, 1, "{\"event\":\"attach\",\"client\":1,\"operator\":\"ann\"}");
    tell(&a.w, 1, "{\"event\":\"attach\",\"client\":2,\"operator\":\"bob\",\"read_only\":true}");
    tell(&a.w, 1,
         "{\"event\":\"approval\",\"target\":\"o1\",\"phase\":\"expand\",\"of\":\"step\","
         "\"state\":\"asked\",\"operator\":\"bob\",\"by\":\"other\"}");
    assert_shown(hear(&a), "bob asks for expand: another operator has to approve it\n");
    (void)type(&a, "status\n");
    assert_shown(str_text(&a.heard), "ASKING expand? 2nd operator (bob asked)\n");
    assert_shown(str_text(&a.heard),
                 "bob asked for expand 0s ago: a second yes begins it; say step\n");
    assert_shown(str_text(&a.heard),
                 "here: ann since 16:00:00\nhere: bob, read-only, since 16:00:00\n");
    (void)type(&a, "step\n");
    assert_shown(str_text(&a.heard), "Approve expand, which bob asked for?");
    assert_request(type(&a, "y\n"), "{\"do\":\"step\",\"expect_phase\":\"expand\","
                                    "\"operator\":\"ann\",\"target\":\"o1\"}");
    /* a message is said as one, and not as one thing that happened among others */
    tell(&a.w, 1, "{\"event\":\"note\",\"target\":\"o1\",\"operator\":\"bob\",\"text\":\"wait\"}");
    view_call(&a.w.v, "bob", a.w.now, "wait");
    view_call(&a.w.v, "carl", a.w.now, "go on");
    assert_string_equal(hear(&a), "message from bob, 16:00:00: wait\n"
                                  "message from carl, 16:00:00: go on\n");
    assert_string_equal(hear(&a), "");
    ear_close(&a);
}

static void progress_comes_once_in_ten_seconds(void **state)
{
    (void)state;
    struct ear a;
    ear_open(&a);
    world_fill(&a.w); /* a minute */
    (void)hear(&a);
    size_t lines = 0;
    for (int i = 61; i <= 100; i++) {
        char *text = mem_printf(
            "{\"event\":\"batch\",\"target\":\"o1\",\"lane\":0,\"n\":%d,\"rows\":1000,"
            "\"updated\":998,\"us\":231000,\"retries\":0,\"cursor\":\"%d\",\"fraction_ppm\":%d,"
            "\"rows_done\":%d,\"rows_total\":120000,\"batches\":%d}",
            i, i, i * 8333, i * 1000, i);
        tell(&a.w, 1000, text);
        free(text);
        hear(&a);
        lines += strstr(str_text(&a.heard), "backfill RUNNING") != NULL;
    }
    assert_int_equal(lines, 4);
    (void)type(&a, "status\n"); /* asked for, it comes at once, and has no bar to be read out */
    assert_shown(str_text(&a.heard), "backfill RUNNING");
    assert_not_shown(str_text(&a.heard), "###");
    ear_close(&a);
}

static void nothing_moves_a_cursor(void **state)
{
    (void)state;
    struct ear a;
    ear_open(&a);
    world_fill(&a.w);
    world_lock(&a.w);
    tell(&a.w, 1,
         "{\"event\":\"command\",\"target\":\"o1\",\"operator\":\"\\u001b[2Jann\",\"do\":\"note\","
         "\"value\":\"\\u001b]0;x\\u0007\\r\",\"accepted\":true}");
    (void)type(&a, "status\nlocks\nlimits\nsql\nlog\ntargets\nhelp\nnosuch\x1b[A\nstep\nn\n");
    for (const char *s = str_text(&a.heard); *s; s++)
        if ((unsigned char)*s < ' ' && *s != '\n')
            fail_msg("a control character: %s", s);
    ear_close(&a);
}

static void words_are_commands(void **state)
{
    (void)state;
    struct ear a;
    ear_open(&a);
    assert_request(type(&a, "pause\n"),
                   "{\"do\":\"pause\",\"operator\":\"ann\",\"target\":\"o1\"}");
    assert_request(type(&a, "resume\n"),
                   "{\"do\":\"resume\",\"operator\":\"ann\",\"target\":\"o1\"}");
    assert_request(type(&a, "  batch   2000 \r\n"), "{\"do\":\"batch\",\"operator\":\"ann\","
                                                    "\"target\":\"o1\",\"value\":\"2000\"}");
    assert_request(type(&a, "limit max_lag 10s for 30m r2 slow\n"),
                   "{\"do\":\"limit\",\"operator\":\"ann\",\"target\":\"o1\","
                   "\"value\":\"max_lag 10s for 30m r2 slow\"}");
    assert_request(type(&a, "stop\n"), "{\"do\":\"stop\",\"operator\":\"ann\"}");
    assert_int_equal(type(&a, "batch\n").kind, EFFECT_NONE);
    assert_shown(str_text(&a.heard), "batch takes ROWS|auto\n");
    assert_int_equal(type(&a, "screen-locks\n").kind, EFFECT_NONE);
    assert_shown(str_text(&a.heard), "\"screen-locks\" is no word here");
    assert_int_equal(type(&a, "attach\n").kind, EFFECT_NONE);
    (void)type(&a, "target o2\n");
    assert_request(type(&a, "pause\n"),
                   "{\"do\":\"pause\",\"operator\":\"ann\",\"target\":\"o2\"}");
    (void)type(&a, "target o9\n");
    assert_shown(str_text(&a.heard), "there is no target \"o9\"");
    ear_close(&a);
}

static void a_line_may_come_in_pieces(void **state)
{
    (void)state;
    struct ear a;
    ear_open(&a);
    assert_int_equal(type(&a, "pau").kind, EFFECT_NONE);
    assert_request(type(&a, "se\n"), "{\"do\":\"pause\",\"operator\":\"ann\",\"target\":\"o1\"}");
    char *long_text = mem_alloc(10001);
    memset(long_text, 'x', 10000);
    (void)type(&a, long_text); /* without an end, it is not kept for ever */
    assert_true(a.p.typed.len < 10000);
    free(long_text);
    ear_close(&a);
}

static void a_step_is_read_out_and_asked_for(void **state)
{
    (void)state;
    struct ear a;
    ear_open(&a);
    assert_int_equal(type(&a, "step\n").kind, EFFECT_NONE);
    assert_shown(str_text(&a.heard), "START 3 expand on o1, table public.orders\n");
    assert_shown(str_text(&a.heard), "\nALTER TABLE public.orders ADD COLUMN region text\n");
    assert_shown(str_text(&a.heard), "\nlock: ACCESS EXCLUSIVE on public.orders\n");
    assert_shown(str_text(&a.heard), "\nway back: ALTER TABLE public.orders DROP COLUMN region\n");
    assert_shown(str_text(&a.heard), "Start expand? y/N\n");
    assert_string_equal(hear(&a), ""); /* once */
    assert_request(type(&a, "y\n"), "{\"do\":\"step\",\"expect_phase\":\"expand\","
                                    "\"operator\":\"ann\",\"target\":\"o1\"}");
    static const char *const noes[] = {"\n", "n\n", "yup\n", "pause\n"};
    for (size_t i = 0; i < COUNT_OF(noes); i++) {
        (void)type(&a, "step\n");
        assert_int_equal(type(&a, noes[i]).kind, EFFECT_NONE);
        assert_shown(str_text(&a.heard), "expand was not started");
    }
    ear_close(&a);
}

static void a_rollback_wants_the_columns_name(void **state)
{
    (void)state;
    struct ear a;
    ear_open(&a);
    world_fill(&a.w);
    (void)type(&a, "rollback\n");
    assert_shown(str_text(&a.heard), "60,000 rows have been filled");
    assert_shown(str_text(&a.heard), "Column to take back:\n");
    assert_int_equal(type(&a, "y\n").kind, EFFECT_NONE);
    assert_shown(str_text(&a.heard), "not the column's name");
    (void)type(&a, "rollback\n");
    assert_request(type(&a, "region\n"),
                   "{\"column\":\"region\",\"do\":\"rollback\",\"expect_phase\":\"backfill\","
                   "\"operator\":\"ann\",\"target\":\"o1\"}");
    ear_close(&a);
}

static void a_blocker_is_ended_by_its_pid(void **state)
{
    (void)state;
    struct ear a;
    ear_open(&a);
    world_lock(&a.w);
    (void)type(&a, "locks\n");
    assert_shown(str_text(&a.heard), "pid 4711, billing/bill, idle in transaction, transaction "
                                     "42m00s: SELECT 1\n");
    assert_shown(str_text(&a.heard), "behind pid 4711, AccessExclusiveLock on public.orders");
    (void)type(&a, "terminate 1\n");
    assert_shown(str_text(&a.heard), "locks names them");
    (void)type(&a, "terminate 9001\n");
    assert_shown(str_text(&a.heard), "newel's own");
    (void)type(&a, "terminate 4711\n");
    assert_shown(str_text(&a.heard), "TERMINATE the session on o1?\n");
    assert_request(type(&a, "yes\n"), "{\"do\":\"terminate\",\"operator\":\"ann\",\"pid\":4711,"
                                      "\"start\":\"2026-11-24 15:18:00\",\"target\":\"o1\"}");
    ear_close(&a);
}

static void leaving_asks_and_only_whole_words_answer(void **state)
{
    (void)state;
    struct ear a;
    ear_open(&a);
    static const char *const stays[] = {"\n", "stay\n", "dont\n", "x\n"};
    for (size_t i = 0; i < COUNT_OF(stays); i++) {
        (void)type(&a, "quit\n");
        assert_shown(str_text(&a.heard), "Leave? d: detach");
        assert_int_equal(type(&a, stays[i]).kind, EFFECT_NONE);
        assert_int_equal(a.w.v.ask.kind, ASK_NONE);
    }
    (void)type(&a, "quit\n");
    struct effect e = type(&a, "detach\n");
    assert_int_equal(e.kind, EFFECT_SEND_LEAVE);
    assert_string_equal(json_get_text(e.request, "value", ""), "continue");
    json_decref(e.request);
    ear_close(&a);
}

static void readers_and_recordings_change_nothing(void **state)
{
    (void)state;
    struct ear a;
    ear_open(&a);
    a.w.v.read_only = true;
    static const char *const words[] = {"pause\n", "step\n",     "batch 5\n", "terminate 4711\n",
                                        "stop\n",  "rollback\n", "auto\n",    "batch-more\n"};
    for (int review = 0; review < 2; review++) {
        a.w.v.review = review;
        for (size_t i = 0; i < COUNT_OF(words); i++) {
            struct effect e = type(&a, words[i]);
            assert_int_equal(e.kind, EFFECT_NONE);
            assert_int_equal(a.w.v.ask.kind, ASK_NONE);
        }
    }
    assert_int_equal(type(&a, "quit\n").kind, EFFECT_LEAVE);
    (void)type(&a, "play\n");
    assert_true(a.w.v.playing);
    assert_int_equal(type(&a, "goto +10s\n").kind, EFFECT_SEEK);
    assert_int_equal(type(&a, "alarm-next\n").kind, EFFECT_SEEK_MARK);
    (void)type(&a, "help\n");
    assert_shown(str_text(&a.heard), "goto: go to a time");
    assert_not_shown(str_text(&a.heard), "rollback");
    ear_close(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_with_where_things_stand),
        cmocka_unit_test(each_thing_is_said_once),
        cmocka_unit_test(who_asked_who_is_here_and_what_they_say),
        cmocka_unit_test(progress_comes_once_in_ten_seconds),
        cmocka_unit_test(nothing_moves_a_cursor),
        cmocka_unit_test(words_are_commands),
        cmocka_unit_test(a_line_may_come_in_pieces),
        cmocka_unit_test(a_step_is_read_out_and_asked_for),
        cmocka_unit_test(a_rollback_wants_the_columns_name),
        cmocka_unit_test(a_blocker_is_ended_by_its_pid),
        cmocka_unit_test(leaving_asks_and_only_whole_words_answer),
        cmocka_unit_test(readers_and_recordings_change_nothing),
    };
    return cmocka_run_group_tests_name("plain", tests, NULL, NULL);
}
