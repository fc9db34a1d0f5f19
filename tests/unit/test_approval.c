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
    assert_page(&w, "Ask another operator for expand? y/N", "your yes asks for it");
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
    assert_shown(text, "ASKING expand? ann asked, needs another operator");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_before_where_they_came_from),
        cmocka_unit_test(the_first_yes_asks),
        cmocka_unit_test(who_asked_can_only_take_it_back),
        cmocka_unit_test(the_other_one_s_yes_begins_it),
        cmocka_unit_test(a_rollback_is_asked_for_of_a_phase_and_not_of_its_state),
        cmocka_unit_test(a_request_survives_a_keyframe),
        cmocka_unit_test(who_is_here_stands_on_the_overview),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
