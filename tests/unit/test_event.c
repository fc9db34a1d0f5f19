#include "config.h"
#include "journal_world.h"

#include "base/digest.h"
#include "base/text.h"

static const char zero[] = "";

static json_t *parsed(const char *line)
{
    struct error e;
    json_t *event = event_parse(line, strlen(line), &e);
    if (!event)
        fail_msg("%s: %s: %s", line, e.what, e.why);
    return event;
}

static void assert_headline(const char *line, const char *expected)
{
    json_t *event = parsed(line);
    struct str text = {0};
    event_headline(event, &text);
    assert_string_equal(str_text(&text), expected);
    str_free(&text);
    json_decref(event);
}

static void a_sealed_line_has_seq_and_time_first_and_hash_last(void **state)
{
    (void)state;
    json_t *event = event_new(EVENT_NOTE, "orders-01");
    json_set_text(event, "text", "hello");
    char hash[65];
    char *line = event_seal(event, 3, 1700000000000001, zero, hash);
    char *expected = mem_printf("{\"seq\":3,\"time\":1700000000000001,\"event\":\"note\","
                                "\"target\":\"orders-01\",\"text\":\"hello\",\"hash\":\"%s\"}",
                                hash);
    assert_string_equal(line, expected);
    assert_int_equal(strlen(hash), 64);
    free(expected);
    free(line);
    json_decref(event);
}

static void the_hash_is_that_of_the_hash_before_and_the_line_without_it(void **state)
{
    (void)state;
    json_t *event = event_new(EVENT_NOTE, NULL);
    char first[65], second[65], expected[65];
    free(event_seal(event, 1, 5, zero, first));
    static const char bare[] = "{\"seq\":1,\"time\":5,\"event\":\"note\"}";
    digest_hex("", 0, bare, strlen(bare), expected);
    assert_string_equal(first, expected);
    free(event_seal(event, 2, 6, first, second));
    static const char next[] = "{\"seq\":2,\"time\":6,\"event\":\"note\"}";
    digest_hex(first, 64, next, strlen(next), expected);
    assert_string_equal(second, expected);
    json_decref(event);
}

static void an_event_sealed_again_gets_new_seals_in_their_places(void **state)
{
    (void)state;
    json_t *event = event_new(EVENT_NOTE, NULL);
    char hash[65], again[65];
    free(event_seal(event, 1, 5, zero, hash));
    json_set_int(event, "seq", 99);
    json_set_int(event, "time", 98);
    json_set_text(event, "hash", "no");
    free(event_seal(event, 1, 5, zero, again));
    assert_string_equal(again, hash);
    json_decref(event);
}

static void a_chain_holds_only_with_the_right_hash_before_it(void **state)
{
    (void)state;
    json_t *event = event_new(EVENT_NOTE, NULL);
    char hash[65], carried[65];
    char *line = event_seal(event, 1, 5, "abc", hash);
    assert_true(event_chain_holds(line, strlen(line), "abc", carried));
    assert_string_equal(carried, hash);
    assert_false(event_chain_holds(line, strlen(line), "abd", carried));
    assert_false(event_chain_holds(line, strlen(line) - 1, "abc", carried));
    line[8]++;
    assert_false(event_chain_holds(line, strlen(line), "abc", carried));
    assert_false(event_chain_holds("{}", 2, "abc", carried));
    assert_string_equal(carried, "");
    free(line);
    json_decref(event);
}

static void what_is_no_event_is_refused_with_a_reason(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "x",
        "{",
        "[]",
        "1",
        "{}",
        "{\"seq\":1,\"time\":2}",
        "{\"seq\":1,\"event\":\"note\"}",
        "{\"seq\":\"1\",\"time\":2,\"event\":\"note\"}",
        "{\"seq\":0,\"time\":2,\"event\":\"note\"}",
        "{\"seq\":1,\"time\":-2,\"event\":\"note\"}",
        "{\"seq\":1,\"time\":2,\"event\":7}",
        "{\"seq\":1,\"time\":2,\"event\":\"note\",\"text\":\"\xff\"}",
        "{\"seq\":1,\"time\":2,\"event\":\"note\",\"event\":\"end\"}",
        "{\"seq\":1,\"time\":2,\"event\":\"note\"} x",
    };
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct error e = {0};
        json_t *event = event_parse(lines[i], strlen(lines[i]), &e);
        if (event)
            fail_msg("taken: %s", lines[i]);
        assert_int_not_equal(e.why[0], 0);
    }
}

static void the_reason_quotes_no_control_characters(void **state)
{
    (void)state;
    struct error e;
    static const char line[] = "{\"seq\": \033[2J\302\233}";
    assert_null(event_parse(line, sizeof line - 1, &e));
    assert_null(strchr(e.why, '\033'));
    static const char word[] = "{\"seq\": 1 \xe2\x80\xae}";
    assert_null(event_parse(word, sizeof word - 1, &e));
    assert_null(strstr(e.why, "\xe2\x80\xae"));
}

static void an_unknown_event_parses_and_is_known_as_unknown(void **state)
{
    (void)state;
    json_t *event = parsed("{\"seq\":1,\"time\":2,\"event\":\"dance\"}");
    assert_int_equal(event_type_of(event), EVENT_UNKNOWN);
    json_decref(event);
    for (unsigned i = 0; i < EVENT_UNKNOWN; i++) {
        event = event_new((enum event_type)i, NULL);
        assert_int_equal(event_type_of(event), i);
        json_decref(event);
    }
}

static void eight_bit_garbage_is_cleaned_on_its_way_in(void **state)
{
    (void)state;
    json_t *event = event_new(EVENT_NOTE, "t\xfe");
    json_set_text(event, "text", "caf\xe9 \x80\xff ok");
    struct error broken = {.what = "bad \xe9 text"};
    event_set_error(event, &broken);
    char hash[65];
    char *line = event_seal(event, 1, 5, zero, hash);
    json_t *back = parsed(line);
    assert_string_equal(json_get_text(back, "text", ""),
                        "caf\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd ok");
    assert_string_equal(json_get_text(json_object_get(back, "error"), "what", ""),
                        "bad \xef\xbf\xbd text");
    json_decref(back);
    free(line);
    json_decref(event);
}

#define E "{\"seq\":1,\"time\":1000000,\"event\":"

static void headlines_say_what_people_want_to_know(void **state)
{
    (void)state;
    assert_headline(
        E "\"statement\",\"phase\":\"expand\",\"sql\":\"ALTER TABLE t ADD c int\","
          "\"state\":\"retry\",\"attempt\":3,\"tries\":100,\"timeout_us\":300000,"
          "\"error\":{\"sqlstate\":\"55P03\",\"why\":\"canceling\"},\"blockers\":[{\"pid\":4711,"
          "\"app\":\"pgbench\",\"state\":\"idle in transaction\",\"xact_us\":12300000}],"
          "\"queue\":2}",
        "expand: ALTER TABLE t ADD c int waits: lock timeout after 300ms, try 3 of 100, "
        "blocked by pid 4711 (app pgbench, idle in transaction 12.3s), 2 queued behind");
    assert_headline(E "\"command\",\"operator\":\"ann\",\"do\":\"batch\",\"value\":\"2000\","
                      "\"accepted\":true}",
                    "ann: batch 2000");
    assert_headline(E "\"command\",\"operator\":\"bob\",\"do\":\"pause\",\"accepted\":false,"
                      "\"reason\":\"read-only\"}",
                    "bob: pause refused: read-only");
    assert_headline(E "\"throttle\",\"on\":true,\"reasons\":[{\"text\":\"lag on r2: 2.4s >= "
                      "2.0s\"},{\"signal\":\"lag\",\"server\":\"r3\",\"unknown\":true}]}",
                    "throttled: lag on r2: 2.4s >= 2.0s; lag on r3 is unknown");
    assert_headline(E "\"phase\",\"phase\":\"verify\",\"state\":\"failed\",\"error\":{\"what\":\"3 "
                      "rows\",\"todo\":\"step verify\"}}",
                    "verify: failed: 3 rows (step verify)");
    assert_headline(E "\"limit\",\"operator\":\"ann\",\"signal\":\"max_lag\",\"limit\":\"10s\","
                      "\"until\":61000000,\"note\":\"r2\"}",
                    "ann sets max_lag to 10s for 1m00s: r2");
    assert_headline(E "\"plan\",\"of\":\"query\",\"query\":\"q\",\"when\":\"after\",\"phase\":"
                      "\"expand\",\"cost\":12,\"verdict\":\"worse\",\"change\":\"t: a -> b\"}",
                    "plan of q after expand: cost 12.0, worse: t: a -> b");
    assert_headline(E "\"clients\",\"rows\":[{\"sessions\":3,\"stale\":1},{\"sessions\":2}]}",
                    "clients: 5 sessions of 2 applications, 1 on the old shape, 1 hidden "
                    "from newel");
#define APPROVAL(of, rest)                                                                         \
    E "\"approval\",\"phase\":\"enforce\",\"of\":\"" of "\",\"state\":" rest "}"
    assert_headline(APPROVAL("step", "\"asked\",\"operator\":\"ann\",\"by\":\"other\""),
                    "ann asks for enforce: another operator has to approve it");
    assert_headline(APPROVAL("step", "\"asked\",\"operator\":\"ann\",\"by\":\"any\""),
                    "ann asks for enforce: it takes a second yes");
    assert_headline(
        APPROVAL("rollback", "\"approved\",\"operator\":\"bob\",\"asked_by\":\"ann\""),
        "bob approved rollback, which ann had asked for");
    assert_headline(APPROVAL("step", "\"withdrawn\",\"operator\":\"bob\""),
                    "bob took back that enforce was asked for");
    assert_headline(APPROVAL("step", "\"lapsed\",\"asked_by\":\"ann\""),
                    "enforce is asked for no longer: what ann asked for has lapsed");
    assert_headline(E "\"alarm\",\"level\":\"crit\",\"code\":\"x\",\"text\":\"lost\"}",
                    "crit: lost");
}

static void a_headline_is_one_harmless_line_of_bounded_length(void **state)
{
    (void)state;
    assert_headline(E "\"note\",\"operator\":\"a\",\"text\":\"x\\u001b[2Jy\\nz\\u202e\"}",
                    "a notes: x^[[2Jy z<U+202E>");
    struct str line = {0}, text = {0};
    str_add(&line, E "\"note\",\"text\":\"");
    for (int i = 0; i < 5000; i++)
        str_add(&line, "\xc3\xa9");
    str_add(&line, "\"}");
    json_t *event = parsed(str_text(&line));
    event_headline(event, &text);
    assert_in_range(text_width(str_text(&text)), 100, 403);
    assert_string_equal(text.data + text.len - 4, "\xa9...");
    str_free(&line);
    str_free(&text);
    json_decref(event);
}

static void every_event_has_a_headline_even_when_all_is_missing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < EVENT_UNKNOWN; i++) {
        json_t *event = event_new((enum event_type)i, NULL);
        struct str text = {0};
        event_headline(event, &text);
        assert_non_null(text.data);
        assert_null(strstr(text.data, "(null)"));
        str_free(&text);
        json_decref(event);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sealed_line_has_seq_and_time_first_and_hash_last),
        cmocka_unit_test(the_hash_is_that_of_the_hash_before_and_the_line_without_it),
        cmocka_unit_test(an_event_sealed_again_gets_new_seals_in_their_places),
        cmocka_unit_test(a_chain_holds_only_with_the_right_hash_before_it),
        cmocka_unit_test(what_is_no_event_is_refused_with_a_reason),
        cmocka_unit_test(the_reason_quotes_no_control_characters),
        cmocka_unit_test(an_unknown_event_parses_and_is_known_as_unknown),
        cmocka_unit_test(eight_bit_garbage_is_cleaned_on_its_way_in),
        cmocka_unit_test(headlines_say_what_people_want_to_know),
        cmocka_unit_test(a_headline_is_one_harmless_line_of_bounded_length),
        cmocka_unit_test(every_event_has_a_headline_even_when_all_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
