#include "config.h"
#include "base/path.h"
#include "base/text.h"
#include "ui/input.h"
#include "ui/keys.h"
#include "ui/widgets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/unit/console_world.h"

static const struct {
    int width, height;
} sizes[] = {{80, 24}, {120, 40}, {200, 50}, {40, 10}, {60, 16}, {59, 15}, {10, 3}, {1, 1}, {0, 0}};

/* No line is wider than the canvas, none holds a control character, and there are as many as rows.
 */
static void assert_fits(const char *text, int width, int height)
{
    int lines = 0;
    while (*text) {
        size_t n = strcspn(text, "\n");
        char *line = mem_dup_n(text, n);
        if (text_width(line) > width)
            fail_msg("wider than %d: %s", width, line);
        for (size_t at = 0, left = n; left;) {
            uint32_t c;
            size_t used = text_decode(line + at, left, &c);
            assert_false(text_is_control(c));
            at += used;
            left -= used;
        }
        free(line);
        text += n + (text[n] == '\n');
        lines++;
    }
    assert_int_equal(lines, height);
}

static void every_screen_fits_every_size(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    world_lock(&w);
    for (int ascii = 0; ascii < 2; ascii++)
        for (int review = 0; review < 2; review++)
            for (size_t i = 0; i < COUNT_OF(sizes); i++)
                for (int s = 0; s < SCREEN_COUNT; s++) {
                    w.v.ascii = ascii;
                    w.v.review = review;
                    w.v.screen = (enum screen_id)s;
                    char *text = picture(&w, sizes[i].width, sizes[i].height);
                    assert_fits(text, sizes[i].width, sizes[i].height);
                    for (const char *c = text; ascii && *c; c++)
                        assert_true((unsigned char)*c < 0x7F);
                    free(text);
                }
    world_close(&w);
}

static void an_empty_model_is_drawn_too(void **state)
{
    (void)state;
    struct world w = {0};
    model_init(&w.m);
    view_init(&w.v);
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        for (int s = 0; s < SCREEN_COUNT; s++) {
            w.v.screen = (enum screen_id)s;
            char *text = picture(&w, sizes[i].width, sizes[i].height);
            assert_fits(text, sizes[i].width, sizes[i].height);
            free(text);
        }
    world_close(&w);
}

/* The first line of the picture. */
static char *top_line(struct world *w, int width)
{
    char *text = picture(w, width, 24);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static void the_top_line_says_where_what_and_how_old(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    char *top = top_line(&w, 80);
    assert_shown(top, "o1/orders.region");
    assert_shown(top, "3/10 expand");
    assert_shown(top, "ASKING expand? press n");
    assert_shown(top, "live 0.0s");
    free(top);
    world_fill(&w);
    w.v.now_us += 2400000;
    top = top_line(&w, 80);
    assert_shown(top, "5/10 backfill");
    assert_shown(top, "RUNNING");
    assert_shown(top, "live 2.4s");
    free(top);
    w.v.now_us += 8000000;
    top = top_line(&w, 80);
    assert_shown(top, "STALE 10s");
    free(top);
    w.v.link = LINK_GONE;
    top = top_line(&w, 40);
    assert_shown(top, "ENGINE GONE");
    free(top);
    w.v.review = true;
    w.v.playing = true;
    w.v.speed = 4;
    w.v.now_us = T0 + 60000000;
    top = top_line(&w, 60);
    assert_shown(top, "REPLAY 16:01:00 x4");
    free(top);
    world_close(&w);
}

static void a_throttle_names_its_reasons(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    tell(&w, 10,
         "{\"event\":\"throttle\",\"target\":\"o1\",\"on\":true,\"slow_ppm\":0,\"reasons\":["
         "{\"signal\":\"max_lag\",\"server\":\"r1\",\"observed\":\"2.4s\",\"limit\":\"2.0s\","
         "\"unknown\":false,\"text\":\"lag on r1: 2.4s >= 2.0s\"},"
         "{\"signal\":\"max_lag\",\"server\":\"r2\",\"unknown\":true,\"limit\":\"2.0s\","
         "\"text\":\"lag on r2: unknown (connection refused)\"}]}");
    char *text = picture(&w, 80, 24);
    assert_shown(text, "THROTTLED lag on r1: 2.4s");
    assert_shown(text, "STOPS lag on r1: 2.4s >= 2.0s");
    assert_shown(text, "STOPS lag on r2: unknown (connection refused)");
    free(text);
    text = picture(&w, 40, 10);
    assert_shown(text, "THROTTLED");
    assert_shown(text, "STOPS lag on r2: unknown");
    free(text);
    world_close(&w);
}

static void an_unreachable_replica_is_unknown_and_never_zero(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    char *text = picture(&w, 80, 24);
    assert_shown(text, "lag   r2            unknown of 2.0s");
    assert_shown(text, "4!Replicas");
    free(text);
    w.v.screen = SCREEN_REPLICAS;
    text = picture(&w, 80, 24);
    assert_shown(text, "r2  UNREACHABLE");
    assert_shown(text, "connection refused");
    assert_shown(text, "unknown of 2.0s");
    assert_not_shown(text, " 0us");
    assert_not_shown(text, " 0B");
    free(text);
    world_close(&w);
}

static void a_lag_that_was_seen_long_ago_says_so(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    char *text = picture(&w, 120, 40);
    assert_null(strstr(text, "seen "));
    free(text);
    w.v.now_us += 12 * 1000000;
    text = picture(&w, 120, 40);
    assert_non_null(strstr(text, "seen 12s ago"));
    free(text);
    world_close(&w);
}

static void progress_is_marked_as_an_estimate(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    char *text = picture(&w, 80, 24);
    assert_shown(text, "49.9% est.");
    assert_shown(text, "60,000 of about 120,000");
    assert_shown(text, "1,000 rows auto");
    assert_shown(text, "231ms aim 250ms");
    free(text);
    phase(&w, "backfill", "done");
    text = picture(&w, 80, 24);
    assert_shown(text, "100%");
    assert_not_shown(text, "est.");
    free(text);
    world_close(&w);
}

static void no_percentage_is_rounded_up_to_the_end(void **state)
{
    (void)state;
    char word[WORD_TEXT];
    assert_string_equal(word_percent(word, 999999), "99.9%");
    assert_string_equal(word_percent(word, 1000000), "100.0%");
    assert_string_equal(word_percent(word, UNKNOWN), "unknown");
    assert_string_equal(word_rough(word, INT64_C(89) * 1000000), "89s");
    assert_string_equal(word_rough(word, INT64_C(720) * 1000000), "12m");
    assert_string_equal(word_rough(word, INT64_C(12000) * 1000000), "3h20m");
}

static void a_lock_wait_names_try_timeout_and_blockers(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    phase(&w, "expand", "running");
    tell(&w, 10,
         "{\"event\":\"statement\",\"target\":\"o1\",\"phase\":\"expand\",\"step\":\"add column\","
         "\"sql\":\"ALTER TABLE orders ADD COLUMN region text\",\"state\":\"begin\","
         "\"attempt\":4,\"tries\":100,\"timeout_us\":300000}");
    w.v.now_us += 100000;
    char *text = picture(&w, 80, 24);
    assert_shown(text, "NOW   add column  try 4 of 100  gives up in 200ms of 300ms");
    free(text);
    tell(&w, 300,
         "{\"event\":\"statement\",\"target\":\"o1\",\"phase\":\"expand\",\"step\":\"add column\","
         "\"sql\":\"ALTER TABLE orders ADD COLUMN region text\",\"state\":\"retry\","
         "\"attempt\":4,\"tries\":100,\"timeout_us\":300000,\"queue\":2,\"blockers\":[{"
         "\"pid\":4711,\"user\":\"bill\",\"app\":\"billing\",\"state\":\"idle in transaction\","
         "\"xact_us\":2520000000,\"mode\":\"AccessShareLock\",\"query\":\"SELECT 1\"}]}");
    text = picture(&w, 100, 30);
    assert_shown(text, "WAITS add column  try 4 of 100");
    assert_shown(text, "2 sessions wait behind it");
    assert_shown(text, "held by pid 4711 billing/bill idle in transaction, transaction 42m00s");
    free(text);
    world_close(&w);
}

static void the_lock_tree_marks_blockers_and_ours(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_lock(&w);
    w.v.screen = SCREEN_LOCKS;
    char *text = picture(&w, 80, 24);
    assert_shown(text, "3!Locks");
    assert_shown(text, "B  4711         billing        idle in txn");
    assert_shown(text, "N  `-9001       newel (ours)   active");
    assert_shown(text, "QUERY of pid 4711");
    free(text);
    world_close(&w);
}

static void a_failure_says_what_to_do(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    tell(&w, 10,
         "{\"event\":\"phase\",\"target\":\"o1\",\"phase\":\"expand\",\"state\":\"failed\","
         "\"error\":{\"what\":\"add column\",\"why\":\"permission denied\","
         "\"todo\":\"grant ownership to newel\"}}");
    char *text = picture(&w, 80, 24);
    assert_shown(text, "FAILED add column");
    assert_shown(text, "permission denied");
    assert_shown(text, "do: grant ownership to newel");
    assert_shown(text, "AGAIN 3 expand  press n");
    free(text);
    world_close(&w);
}

static void text_from_outside_cannot_command_the_terminal(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    tell(&w, 10,
         "{\"event\":\"sample\",\"target\":\"o1\",\"of\":\"locks\",\"server\":\"o1\",\"rows\":["
         "{\"pid\":1,\"depth\":0,\"app\":\"\\u001b]0;x\\u0007\\u009b31m\\u202e\",\"user\":\"u\","
         "\"state\":\"active\",\"query\":\"a\\r\\n\\u001b[2Jb\",\"start\":\"s\"}]}");
    tell(&w, 10, "{\"event\":\"note\",\"operator\":\"a\\u001b[1m\",\"text\":\"\\u001b[2J\"}");
    for (int s = 0; s < SCREEN_COUNT; s++) {
        w.v.screen = (enum screen_id)s;
        char *text = picture(&w, 120, 40);
        assert_fits(text, 120, 40);
        free(text);
    }
    (void)input_key(&w.v, &w.m, '8');
    (void)input_key(&w.v, &w.m, KEYS_ENTER);
    char *text = picture(&w, 120, 40);
    assert_fits(text, 120, 40);
    free(text);
    world_close(&w);
}

/* A broken or forged journal: no figure may stop the console (the sanitizers watch). */
static void absurd_figures_are_drawn_too(void **state)
{
    (void)state;
    static const char *const figures[] = {"9223372036854775807", "-9223372036854775808",
                                          "4611686018427387904", "0"};
    for (size_t i = 0; i < COUNT_OF(figures); i++) {
        struct world w;
        const char *n = figures[i];
        world_open(&w);
        world_fill(&w);
        char *text = mem_printf(
            "{\"event\":\"sample\",\"target\":\"o1\",\"of\":\"table\",\"heap\":%s,\"live\":%s,"
            "\"dead\":%s,\"updates\":%s,\"hot_updates\":%s}",
            n, n, n, n, n);
        tell(&w, 10, text);
        free(text);
        text = mem_printf("{\"event\":\"pace\",\"target\":\"o1\",\"rows\":%s,\"min\":%s,\"max\":%s,"
                          "\"time_us\":%s,\"pause_us\":%s,\"slow_ppm\":%s}",
                          n, n, n, n, n, n);
        tell(&w, 10, text);
        free(text);
        text = mem_printf("{\"event\":\"statement\",\"target\":\"o1\",\"phase\":\"expand\","
                          "\"state\":\"begin\",\"attempt\":%s,\"timeout_us\":%s,\"queue\":%s}",
                          n, n, n);
        tell(&w, 10, text);
        free(text);
        for (unsigned screen = 0; screen < SCREEN_COUNT; screen++) {
            w.v.screen = (enum screen_id)screen;
            free(picture(&w, 120, 40));
        }
        world_close(&w);
    }
}

static void the_log_filters_and_opens(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    tell(&w, 10, "{\"event\":\"note\",\"operator\":\"ann\",\"text\":\"Needle here\"}");
    phase(&w, "expand", "running");
    for (const char *k = "/needle\r"; *k; k++)
        (void)input_key(&w.v, &w.m, (unsigned char)*k);
    char *text = picture(&w, 80, 24);
    assert_shown(text, "/needle");
    assert_shown(text, "Needle here");
    assert_not_shown(text, "baseline: done");
    free(text);
    (void)input_key(&w.v, &w.m, KEYS_ENTER);
    text = picture(&w, 80, 24);
    assert_shown(text, "\"text\": \"Needle here\"");
    free(text);
    (void)input_key(&w.v, &w.m, KEYS_ESC);
    (void)input_key(&w.v, &w.m, KEYS_ESC);
    assert_null(w.v.filter);
    world_close(&w);
}

static void a_recording_shows_its_timeline(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    w.v.review = true;
    w.v.timeline = (struct timeline){.first_us = T0, .last_us = T0 + 600000000, .whole = true};
    w.v.timeline.marks[TIMELINE_CELLS / 2] = MARK_ALARM;
    w.v.timeline.marks[TIMELINE_CELLS / 4] = MARK_COMMAND;
    w.v.now_us = T0;
    char *text = picture(&w, 80, 24);
    assert_shown(text, "16:00:00 @");
    assert_shown(text, "!");
    assert_shown(text, "*");
    assert_shown(text, "16:10:00");
    free(text);
    world_close(&w);
}

/* The whole picture, compared with a file; NEWEL_GOLDEN=write makes it anew. */
static void assert_golden(struct world *w, const char *name, int width, int height)
{
    const char *top = getenv("SRCDIR");
    char *path = mem_printf("%s/tests/golden/%s-%dx%d.txt", top ? top : ".", name, width, height);
    char *text = picture(w, width, height);
    const char *mode = getenv("NEWEL_GOLDEN");
    if (mode && strcmp(mode, "write") == 0) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
    } else {
        struct str golden = {0};
        struct error e;
        if (!path_read(path, 1 << 20, &golden, &e))
            fail_msg("%s: %s", e.what, e.why);
        if (strcmp(str_text(&golden), text) != 0)
            fail_msg("%s differs; now it is:\n%s", path, text);
        str_free(&golden);
    }
    free(text);
    free(path);
}

static void the_screens_look_as_agreed(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    world_lock(&w);
    assert_golden(&w, "overview", 80, 24);
    assert_golden(&w, "overview", 120, 40);
    assert_golden(&w, "overview", 200, 50);
    assert_golden(&w, "overview", 40, 10);
    w.v.screen = SCREEN_LOCKS;
    assert_golden(&w, "locks", 80, 24);
    w.v.screen = SCREEN_REPLICAS;
    assert_golden(&w, "replicas", 80, 24);
    w.v.screen = SCREEN_HELP;
    assert_golden(&w, "help", 80, 24);
    w.v.screen = SCREEN_SQL;
    assert_golden(&w, "sql", 80, 24);
    world_close(&w);
}

/* Whatever is pressed at whatever size: nothing overflows, nothing crashes, no request is empty. */
static void random_keys_and_sizes_do_no_harm(void **state)
{
    (void)state;
    static const uint32_t special[] = {KEYS_UP,       KEYS_DOWN,      KEYS_LEFT, KEYS_RIGHT,
                                       KEYS_PAGE_UP,  KEYS_PAGE_DOWN, KEYS_HOME, KEYS_END,
                                       KEYS_BACK_TAB, KEYS_ENTER,     KEYS_ESC,  KEYS_TAB,
                                       KEYS_ERASE,    KEYS_KILL_LINE, 0x6CE8,    0x202E};
    struct world w;
    world_open(&w);
    unsigned seed = 20261123;
    for (int i = 0; i < 6000; i++) {
        seed = seed * 1103515245u + 12345u;
        unsigned r = seed >> 8;
        if (i == 1500)
            world_fill(&w);
        if (i == 2500)
            world_lock(&w);
        if (i % 700 == 0)
            w.v.review = !w.v.review;
        uint32_t key = r % 3 == 0 ? special[r / 3 % COUNT_OF(special)] : ' ' + r / 3 % 95;
        struct effect e = input_key(&w.v, &w.m, key);
        if (e.kind == EFFECT_SEND || e.kind == EFFECT_SEND_LEAVE)
            assert_true(strlen(json_get_text(e.request, "do", "")) > 0);
        json_decref(e.request);
        int width = (int)(r / 7 % 130), height = (int)(r / 11 % 45);
        struct canvas c;
        canvas_init(&c, width, height, r % 2);
        view_draw(&c, &w.m, &w.v);
        assert_true(c.cursor_x < (width ? width : 1) && c.cursor_y < (height ? height : 1));
        w.v.scroll = w.v.scroll > 500 ? 500 : w.v.scroll < 0 ? 0 : w.v.scroll;
        w.v.page_rows = c.rows_shown;
        struct str out = {0};
        canvas_dump(&c, &out);
        if (i % 16 == 0)
            assert_fits(str_text(&out), width, height);
        str_free(&out);
        canvas_free(&c);
    }
    world_close(&w);
}

static int in_utc(void **state)
{
    (void)state;
    return setenv("TZ", "UTC", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_screen_fits_every_size),
        cmocka_unit_test(an_empty_model_is_drawn_too),
        cmocka_unit_test(the_top_line_says_where_what_and_how_old),
        cmocka_unit_test(a_throttle_names_its_reasons),
        cmocka_unit_test(an_unreachable_replica_is_unknown_and_never_zero),
        cmocka_unit_test(a_lag_that_was_seen_long_ago_says_so),
        cmocka_unit_test(progress_is_marked_as_an_estimate),
        cmocka_unit_test(no_percentage_is_rounded_up_to_the_end),
        cmocka_unit_test(a_lock_wait_names_try_timeout_and_blockers),
        cmocka_unit_test(the_lock_tree_marks_blockers_and_ours),
        cmocka_unit_test(a_failure_says_what_to_do),
        cmocka_unit_test(text_from_outside_cannot_command_the_terminal),
        cmocka_unit_test(absurd_figures_are_drawn_too),
        cmocka_unit_test(the_log_filters_and_opens),
        cmocka_unit_test(a_recording_shows_its_timeline),
        cmocka_unit_test(the_screens_look_as_agreed),
        cmocka_unit_test(random_keys_and_sizes_do_no_harm),
    };
    return cmocka_run_group_tests_name("screens", tests, in_utc, NULL);
}
