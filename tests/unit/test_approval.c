#include "config.h"
#include "ui/input.h"
#include "ui/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/unit/console_world.h"

/* ann's console before expand, which needs a second operator. */
static void open_world(struct world *w)
{
    world_open(w);
    w->m.approve = mem_dup("expand finish rollback");
}

static void approval(struct world *w, const char *of, const char *state, const char *by)
{
    char *text = mem_printf("{\"event\":\"approval\",\"target\":\"o1\",\"phase\":\"expand\","
                            "\"of\":\"%s\",\"state\":\"%s\",\"operator\":\"%s\"}",
                            of, state, by);
    tell(w, 1000, text);
    free(text);
}

static void assert_sends(struct effect e, const char *verb)
{
    assert_int_equal(e.kind, EFFECT_SEND);
    assert_string_equal(json_get_text(e.request, "do", ""), verb);
    json_decref(e.request);
}

static void assert_page(struct world *w, const char *about, const char *line)
{
    char *text = picture(w, 100, 30);
    assert_shown(text, about);
    assert_shown(text, line);
    free(text);
}

static void names_are_those_before_where_they_came_from(void **state)
{
    (void)state;
    assert_true(model_same_operator("ann", "ann"));
    assert_true(model_same_operator("ann (sudo to root) from 10.0.0.1", "ann from 10.0.0.2"));
    assert_false(model_same_operator("ann", "anna"));
    assert_false(model_same_operator("ann", NULL));
    assert_false(model_same_operator("", ""));
    struct model m;
    model_init(&m);
    assert_false(model_needs_second(&m, "enforce"));
    m.approve = mem_dup("enforce finish");
    assert_true(model_needs_second(&m, "enforce"));
    assert_true(model_needs_second(&m, "finish"));
    assert_false(model_needs_second(&m, "rollback"));
    assert_false(model_needs_second(&m, "fin"));
    model_free(&m);
}

static void the_first_yes_asks(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    (void)input_key(&w.v, &w.m, 'n');
    assert_page(&w, "Ask for a second yes to expand? y/N", "your yes asks for it");
    assert_sends(input_key(&w.v, &w.m, 'y'), "step");
    world_close(&w);
}

static void who_asked_can_only_take_it_back(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    approval(&w, "step", "asked", "ann from 10.0.0.7");
    char *text = picture(&w, 120, 30);
    assert_shown(text, "ASKING expand? 2nd operator (ann asked) ");
    assert_not_shown(text, "press n "); /* it could only take it back */
    assert_shown(text, "ASKED ann asked for expand 0s ago: another operator has to "
                       "approve it  n takes it back");
    free(text);
    (void)input_key(&w.v, &w.m, 'n');
    assert_page(&w, "You asked for expand. Take that back? y/N", "another operator has to approve");
    assert_int_equal(input_key(&w.v, &w.m, 'x').kind, EFFECT_NONE);
    (void)input_key(&w.v, &w.m, 'n');
    assert_sends(input_key(&w.v, &w.m, 'y'), "withdraw");
    approval(&w, "step", "withdrawn", "ann");
    assert_null(w.m.targets[0].asked_by);
    world_close(&w);
}

static void the_other_one_s_yes_begins_it(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    approval(&w, "step", "asked", "bob");
    (void)input_key(&w.v, &w.m, 'n');
    assert_page(&w, "Approve expand, which bob asked for? y/N",
                "bob asked for it 0s ago: your yes");
    assert_sends(input_key(&w.v, &w.m, 'y'), "step");
    phase(&w, "expand", "running");
    assert_null(w.m.targets[0].asked_by);
    world_close(&w);
}

static void a_rollback_is_asked_for_of_a_phase_and_not_of_its_state(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    approval(&w, "rollback", "asked", "bob");
    (void)input_key(&w.v, &w.m, 'R');
    assert_page(&w, "Approves the rollback; column to take back:", "bob asked for it");
    (void)input_key(&w.v, &w.m, KEYS_ESC);
    phase(&w, "expand", "running");
    phase(&w, "expand", "waiting");
    assert_string_equal(w.m.targets[0].asked_by, "bob");
    phase(&w, "sync", "asking");
    assert_null(w.m.targets[0].asked_by);
    world_close(&w);
}

static void a_request_survives_a_keyframe(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    approval(&w, "step", "asked", "bob");
    json_t *json = model_to_json(&w.m);
    struct model again;
    model_init(&again);
    model_from_json(&again, json);
    assert_string_equal(again.approve, "expand finish rollback");
    assert_string_equal(again.targets[0].asked_by, "bob");
    assert_string_equal(again.targets[0].asked_for, "step");
    json_decref(json);
    model_free(&again);
    world_close(&w);
}

static void the_top_line_says_what_it_takes(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    char *text = picture(&w, 80, 24);
    assert_shown(text, "ASKING expand? takes 2 operators press n ");
    free(text);
    approval(&w, "rollback", "asked", "bob");
    text = picture(&w, 120, 30);
    assert_shown(text, "ASKING expand? takes 2 operators, rollback? (bob asked)");
    assert_shown(text, "bob asked for rollback 0s ago: a second yes begins it  press R");
    free(text);
    phase(&w, "expand", "running");
    text = picture(&w, 80, 24);
    assert_shown(text, "RUNNING, rollback? (bob asked)");
    free(text);
    approval(&w, "rollback", "lapsed", "");
    text = picture(&w, 80, 24);
    assert_not_shown(text, "rollback?");
    free(text);
    world_close(&w);
}

static void with_by_any_the_same_operator_s_yes_begins_it(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    w.m.approve_by = mem_dup("any");
    approval(&w, "step", "asked", "ann");
    (void)input_key(&w.v, &w.m, 'n');
    assert_page(&w, "Approve expand, which ann asked for? y/N", "your yes begins it");
    assert_sends(input_key(&w.v, &w.m, 'y'), "step");
    world_close(&w);
}

static void nobody_known_is_no_second_operator(void **state)
{
    (void)state;
    static const char *const names[] = {NULL, "", " ann", "unknown", "unknown from 10.0.0.9"};
    struct world w;
    open_world(&w);
    approval(&w, "step", "asked", "bob");
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_false(model_known_operator(names[i]));
        free(w.v.operator_name);
        w.v.operator_name = mem_dup(names[i]);
        (void)input_key(&w.v, &w.m, 'n');
        assert_page(&w, "START 3 expand", "nobody knows who you are");
        (void)input_key(&w.v, &w.m, 'x');
    }
    assert_true(model_known_operator("unknownson"));
    world_close(&w);
}

static void a_yes_does_no_more_than_it_was_asked_for(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    (void)input_key(&w.v, &w.m, 'n'); /* to ask for it */
    approval(&w, "step", "asked", "bob");
    assert_int_equal(input_key(&w.v, &w.m, 'y').kind, EFFECT_NONE);
    assert_non_null(strstr(w.v.message, "bob has asked"));
    (void)input_key(&w.v, &w.m, 'n'); /* to approve it */
    approval(&w, "step", "withdrawn", "bob");
    assert_int_equal(input_key(&w.v, &w.m, 'y').kind, EFFECT_NONE);
    approval(&w, "step", "asked", "ann");
    (void)input_key(&w.v, &w.m, 'n'); /* to take it back */
    approval(&w, "rollback", "asked", "bob");
    assert_int_equal(input_key(&w.v, &w.m, 'y').kind, EFFECT_NONE);
    world_close(&w);
}

static void a_request_does_not_end_a_pause(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    w.m.targets[0].paused_by = mem_dup("bob");
    tell(&w, 1,
         "{\"event\":\"command\",\"target\":\"o1\",\"operator\":\"ann\",\"do\":\"step\","
         "\"expect_phase\":\"expand\",\"asks\":true,\"accepted\":true}");
    assert_string_equal(w.m.targets[0].paused_by, "bob");
    tell(&w, 1,
         "{\"event\":\"command\",\"target\":\"o1\",\"operator\":\"ann\",\"do\":\"step\","
         "\"expect_phase\":\"expand\",\"accepted\":true}");
    assert_null(w.m.targets[0].paused_by);
    world_close(&w);
}

static void who_began_a_phase_stands_with_its_sql(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    approval(&w, "step", "asked", "ann");
    tell(&w, 1,
         "{\"event\":\"approval\",\"target\":\"o1\",\"phase\":\"expand\",\"of\":\"step\","
         "\"state\":\"approved\",\"operator\":\"bob\",\"asked_by\":\"ann\"}");
    phase(&w, "expand", "running");
    w.v.screen = SCREEN_SQL;
    char *text = picture(&w, 100, 30);
    assert_shown(text, "asked for by ann, approved by bob");
    free(text);
    world_close(&w);
}

static void who_is_here_stands_on_the_overview(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    tell(&w, 1, "{\"event\":\"attach\",\"client\":1,\"operator\":\"ann\"}");
    tell(&w, 1, "{\"event\":\"attach\",\"client\":2,\"operator\":\"bob\",\"read_only\":true}");
    char *text = picture(&w, 80, 24);
    assert_shown(text, "here  ann since 16:00:00, bob looks on since 16:00:00");
    free(text);
    world_close(&w);
}

static void a_message_to_all_stays_until_it_was_seen(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    view_say(&w.v, STYLE_GOOD, "accepted batch 20");
    view_call(&w.v, "bob", w.now, "look at r1");
    char *text = picture(&w, 80, 24);
    assert_shown(text, "\nbob, 16:00:00: look at r1");
    assert_not_shown(text, "accepted batch 20"); /* that was seen before */
    free(text);
    view_say(&w.v, STYLE_BAD, "REFUSED step expand"); /* this one comes behind it */
    (void)input_key(&w.v, &w.m, KEYS_ESC);
    text = picture(&w, 80, 24);
    assert_not_shown(text, "look at r1");
    assert_shown(text, "REFUSED step expand");
    free(text);
    (void)input_key(&w.v, &w.m, 'b'); /* a question takes the line */
    view_call(&w.v, "bob", w.now, "stop it");
    view_call(&w.v, "carl", w.now, "no, do not");
    (void)input_key(&w.v, &w.m, '2');
    (void)input_key(&w.v, &w.m, KEYS_ESC);
    text = picture(&w, 80, 24);
    assert_shown(text, "\n2 messages, the last: carl, 16:00:00: no, do not");
    free(text);
    (void)input_key(&w.v, &w.m, '1');
    assert_null(w.v.call);
    view_call(&w.v, "bob", w.now, "well");
    text = picture(&w, 80, 24);
    assert_shown(text, "\nbob, 16:00:00: well");
    free(text);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_before_where_they_came_from),
        cmocka_unit_test(the_first_yes_asks),
        cmocka_unit_test(who_asked_can_only_take_it_back),
        cmocka_unit_test(the_other_one_s_yes_begins_it),
        cmocka_unit_test(a_rollback_is_asked_for_of_a_phase_and_not_of_its_state),
        cmocka_unit_test(a_request_survives_a_keyframe),
        cmocka_unit_test(the_top_line_says_what_it_takes),
        cmocka_unit_test(with_by_any_the_same_operator_s_yes_begins_it),
        cmocka_unit_test(nobody_known_is_no_second_operator),
        cmocka_unit_test(a_yes_does_no_more_than_it_was_asked_for),
        cmocka_unit_test(a_request_does_not_end_a_pause),
        cmocka_unit_test(who_began_a_phase_stands_with_its_sql),
        cmocka_unit_test(a_message_to_all_stays_until_it_was_seen),
        cmocka_unit_test(who_is_here_stands_on_the_overview),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
