#include "config.h"
#include "ui/input.h"
#include "ui/keymap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/unit/console_world.h"

/* Reads "command=keys" lines, numbered from 1; the findings as "line rule;". */
static char *read_lines(struct keymap *map, const char *const *lines, struct findings *findings)
{
    struct ini_entry entries[8] = {0};
    size_t n = 0;
    for (; lines[n]; n++) {
        size_t at = strcspn(lines[n], "=");
        entries[n].key = mem_dup_n(lines[n], at);
        entries[n].value = mem_dup(lines[n] + at + 1);
        entries[n].line = (int)n + 1;
    }
    keymap_read(map, entries, n, findings);
    struct str found = {0};
    for (size_t i = 0; i < findings->count; i++)
        str_addf(&found, "%d %s;", findings->items[i].line, findings->items[i].rule);
    for (size_t i = 0; i < n; i++) {
        free(entries[i].key);
        free(entries[i].value);
    }
    return str_take(&found);
}

#define LINES(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static void remap(struct world *w, const char *const *lines)
{
    struct findings findings = {0};
    keymap_free(&w->v.keys);
    char *found = read_lines(&w->v.keys, lines, &findings);
    if (findings.count)
        fail_msg("%s: %s", found, findings.items[0].text);
    free(found);
}

static void without_lines_the_keys_are_those_of_the_table(void **state)
{
    (void)state;
    struct keymap map = {0};
    size_t n, m;
    assert_ptr_equal(keymap_rows(&map, &n), keys_table(&m));
    assert_int_equal(n, m);
    assert_string_equal(keymap_label(&map, "pause", MODE_LIVE), "space");
    assert_null(keymap_label(&map, "pause", MODE_REVIEW));
    assert_null(keymap_label(&map, "nosuch", MODE_BOTH));
}

static void keys_have_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t key;
    } good[] = {
        {"p", 'p'},        {"P", 'P'},
        {";", ';'},        {"=", '='},
        {"\u00e9", 0xE9},  {"\u6f22", 0x6F22},
        {"space", ' '},    {"SPACE", ' '},
        {"comma", ','},    {"Ctrl-D", 4},
        {"ctrl-d", 4},     {"F1", KEYS_F1},
        {"F12", KEYS_F12}, {"PgUp", KEYS_PAGE_UP},
        {"esc", KEYS_ESC}, {"Shift-Tab", KEYS_BACK_TAB},
    };
    static const char *const bad[] = {
        "",   "pp",     "F0",     "F13",    "F1x",    "Ctrl-",  "Ctrl-1",
        "\n", "Ctrl-C", "Ctrl-Z", "Ctrl-I", "Ctrl-M", "Ctrl-S", "Ctrl-DD",
        " ",  "Alt-x",  "\x1b",   "\xff",   "\u0301", "\u202e", "no",
    };
    uint32_t key;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        if (!keymap_parse(good[i].name, &key) || key != good[i].key)
            fail_msg("%s is not the key it should be", good[i].name);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (keymap_parse(bad[i], &key))
            fail_msg("\"%s\" was taken for a key", bad[i]);
}

static void every_label_of_the_table_is_a_keys_name(void **state)
{
    (void)state;
    size_t n;
    const struct key *t = keys_table(&n);
    for (size_t i = 0; i < n; i++) {
        uint32_t key;
        if (!keymap_parse(t[i].label, &key) || key != t[i].key)
            fail_msg("%s", t[i].label);
    }
}

static void what_is_wrong_is_told_all_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *lines[5], *found, *says;
    } cases[] = {
        {{"pause=P", "play=P"}, "", NULL}, /* never in one console */
        {{"paus=p"}, "1 unknown-command;", "allowed: help, quit, back"},
        {{"pause=Crtl-P"}, "1 unknown-key;", "'Crtl-P' is no key; allowed: a character, F1"},
        {{"pause="}, "1 empty-value;", "none"},
        {{"pause=n"}, "1 key-taken;", "pause: n is the key of step already"},
        {{"pause=n", "step=e"}, "", NULL},
        {{"pause=n", "step=none"}, "", NULL},
        {{"pause=x", "note=x"}, "2 key-taken;", "note: x is the key of pause already"},
        {{"first=Home"}, "", NULL},
        {{"first=g"}, "", NULL},
        {{"left=Left x"}, "", NULL},
        {{"left=Right"}, "1 key-taken;1 key-taken;", "Right is the key of right"},
        {{"pause=P P, P"}, "", NULL},
        {{"pause=n", "nosuch=x", "lanes=Ctrl-C, ?"},
         "1 key-taken;2 unknown-command;3 key-taken;3 unknown-key;",
         NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct keymap map;
        struct findings findings = {0};
        char *found = read_lines(&map, cases[i].lines, &findings);
        if (strcmp(found, cases[i].found) != 0)
            fail_msg("%s ...: %s, not %s", cases[i].lines[0], found, cases[i].found);
        if (cases[i].says)
            assert_shown(findings.items[0].text, cases[i].says);
        free(found);
        findings_free(&findings);
        keymap_free(&map);
    }
}

static void a_key_that_was_moved_works_and_the_old_one_does_not(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    remap(&w, LINES("pause=P Ctrl-P", "screen-locks=F3", "help=F2", "rollback=none"));
    struct effect e = input_key(&w.v, &w.m, ' ');
    assert_int_equal(e.kind, EFFECT_NONE);
    static const uint32_t keys[] = {'P', 16};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        e = input_key(&w.v, &w.m, keys[i]);
        assert_int_equal(e.kind, EFFECT_SEND);
        assert_string_equal(json_get_text(e.request, "do", ""), "pause");
        json_decref(e.request);
    }
    (void)input_key(&w.v, &w.m, KEYS_F1 + 2);
    assert_int_equal(w.v.screen, SCREEN_LOCKS);
    (void)input_key(&w.v, &w.m, '1');
    assert_int_equal(w.v.screen, SCREEN_OVERVIEW);
    (void)input_key(&w.v, &w.m, '3');
    assert_int_equal(w.v.screen, SCREEN_OVERVIEW);
    (void)input_key(&w.v, &w.m, 'R');
    assert_int_equal(w.v.ask.kind, ASK_NONE);
    /* in review the space is still what plays */
    w.v.review = true;
    (void)input_key(&w.v, &w.m, ' ');
    assert_true(w.v.playing);
    (void)input_key(&w.v, &w.m, 'P');
    assert_shown(w.v.message, "pause is off: this is a recording");
    world_close(&w);
}

static void what_is_shown_names_the_keys_as_they_are(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_lock(&w);
    remap(&w, LINES("step=F5", "pause=Ctrl-P", "screen-locks=F3", "help=none", "open=o",
                    "terminate=X"));
    char *text = picture(&w, 120, 40);
    assert_shown(text, "ASKING expand? press F5");
    assert_shown(text, "F3!Locks");
    assert_shown(text, "Ctrl-P pause");
    assert_not_shown(text, "? help");
    assert_not_shown(text, "press n");
    free(text);
    w.v.screen = SCREEN_LOCKS;
    text = picture(&w, 120, 40);
    assert_shown(text, "X terminate");
    free(text);
    w.v.screen = SCREEN_TARGETS;
    text = picture(&w, 120, 40);
    assert_shown(text, "o: all screens show that target");
    free(text);
    w.v.screen = SCREEN_HELP;
    text = picture(&w, 100, 100);
    assert_shown(text, "  Ctrl-P    pause or resume, at once\n");
    assert_not_shown(text, "this help");
    free(text);
    w.v.screen = SCREEN_OVERVIEW;
    (void)input_key(&w.v, &w.m, 'X');
    assert_shown(w.v.message, "choose a session on F3 Locks first");
    world_close(&w);
}

static void help_begins_with_the_screen_it_was_asked_on(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    w.v.screen = SCREEN_LOCKS;
    (void)input_key(&w.v, &w.m, '?');
    char *text = picture(&w, 80, 24);
    assert_shown(text, "\nLocks\n  Who waits on whom");
    const char *own = strstr(text, "on Locks: cancel"), *general = strstr(text, "General");
    assert_true(own && general && own < general);
    free(text);
    text = picture(&w, 40, 10); /* keys first where there is hardly any room */
    assert_shown(text, "Locks\n  Enter");
    free(text);
    text = picture(&w, 300, 100); /* and all at once where there is plenty */
    assert_shown(text, "play slower");
    free(text);
    world_close(&w);
}

/* ---- the mouse ---- */

static struct effect click_on(struct world *w, const char *text, enum mouse_kind kind)
{
    struct canvas c;
    canvas_init(&c, 100, 30, true);
    view_draw(&c, &w->m, &w->v);
    struct str all = {0};
    canvas_dump(&c, &all);
    const char *at = strstr(str_text(&all), text);
    if (!at)
        fail_msg("%s is not there:\n%s", text, str_text(&all));
    struct mouse mouse = {.kind = kind};
    for (const char *s = str_text(&all); s < at; s++) {
        mouse.x = *s == '\n' ? 0 : mouse.x + 1;
        mouse.y += *s == '\n';
    }
    struct effect e = input_mouse(&w->v, &w->m, &c, mouse);
    str_free(&all);
    canvas_free(&c);
    return e;
}

static void a_click_on_a_tab_opens_its_screen(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    (void)click_on(&w, "Replicas", MOUSE_CLICK);
    assert_int_equal(w.v.screen, SCREEN_REPLICAS);
    (void)click_on(&w, "8 Log", MOUSE_CLICK);
    assert_int_equal(w.v.screen, SCREEN_LOG);
    (void)click_on(&w, "8 Log", MOUSE_WHEEL_UP);
    assert_int_equal(w.v.screen, SCREEN_LOG);
    world_close(&w);
}

static void a_click_chooses_a_row_and_another_opens_it(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_lock(&w);
    w.v.screen = SCREEN_LOCKS;
    (void)click_on(&w, "9001", MOUSE_CLICK);
    assert_int_equal(w.v.lock_pid, 9001);
    assert_int_equal(w.v.page, PAGE_NONE);
    (void)click_on(&w, "4711", MOUSE_CLICK);
    assert_int_equal(w.v.lock_pid, 4711);
    (void)click_on(&w, "4711", MOUSE_CLICK);
    assert_int_equal(w.v.page, PAGE_LOCK);
    (void)click_on(&w, "Esc back", MOUSE_CLICK);
    assert_int_equal(w.v.page, PAGE_NONE);
    w.v.screen = SCREEN_LOG;
    (void)click_on(&w, "preflight: done", MOUSE_CLICK);
    uint64_t chosen = w.v.tables[SCREEN_LOG].chosen;
    assert_true(chosen > 0);
    (void)click_on(&w, "baseline: done", MOUSE_WHEEL_UP); /* the wheel does not care where */
    assert_true(w.v.tables[SCREEN_LOG].chosen < chosen);
    (void)click_on(&w, "preflight: done", MOUSE_CLICK);
    (void)click_on(&w, "preflight: done", MOUSE_CLICK);
    assert_int_equal(w.v.page, PAGE_EVENT);
    w.v.page = PAGE_NONE;
    w.v.screen = SCREEN_TARGETS;
    (void)click_on(&w, "o2", MOUSE_CLICK);
    assert_int_equal(w.v.screen, SCREEN_TARGETS);
    (void)click_on(&w, "o2", MOUSE_CLICK);
    assert_string_equal(view_target(&w.v, &w.m)->name, "o2");
    world_close(&w);
}

static void a_click_on_a_word_does_what_its_key_does(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    struct effect e = click_on(&w, "pause", MOUSE_CLICK);
    assert_int_equal(e.kind, EFFECT_SEND);
    assert_string_equal(json_get_text(e.request, "do", ""), "pause");
    json_decref(e.request);
    (void)click_on(&w, "next phase", MOUSE_CLICK);
    assert_int_equal(w.v.ask.kind, ASK_STEP);
    (void)click_on(&w, "Tables", MOUSE_CLICK); /* a question is not walked away from */
    (void)click_on(&w, "START 3", MOUSE_WHEEL_DOWN);
    assert_int_equal(w.v.ask.kind, ASK_STEP);
    assert_int_equal(w.v.screen, SCREEN_OVERVIEW);
    e = click_on(&w, "y start it", MOUSE_CLICK);
    assert_int_equal(e.kind, EFFECT_SEND);
    assert_string_equal(json_get_text(e.request, "do", ""), "step");
    json_decref(e.request);
    (void)click_on(&w, "quit", MOUSE_CLICK);
    assert_int_equal(w.v.ask.kind, ASK_QUIT);
    e = click_on(&w, "d detach", MOUSE_CLICK);
    assert_int_equal(e.kind, EFFECT_SEND_LEAVE);
    json_decref(e.request);
    assert_int_equal(w.v.ask.kind, ASK_NONE);
    (void)input_key(&w.v, &w.m, 'M');
    assert_true(w.v.mouse);
    (void)input_key(&w.v, &w.m, 'M');
    assert_false(w.v.mouse);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_lines_the_keys_are_those_of_the_table),
        cmocka_unit_test(keys_have_names),
        cmocka_unit_test(every_label_of_the_table_is_a_keys_name),
        cmocka_unit_test(what_is_wrong_is_told_all_at_once),
        cmocka_unit_test(a_key_that_was_moved_works_and_the_old_one_does_not),
        cmocka_unit_test(what_is_shown_names_the_keys_as_they_are),
        cmocka_unit_test(help_begins_with_the_screen_it_was_asked_on),
        cmocka_unit_test(a_click_on_a_tab_opens_its_screen),
        cmocka_unit_test(a_click_chooses_a_row_and_another_opens_it),
        cmocka_unit_test(a_click_on_a_word_does_what_its_key_does),
    };
    return cmocka_run_group_tests_name("keymap", tests, NULL, NULL);
}
