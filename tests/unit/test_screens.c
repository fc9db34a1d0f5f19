#include "config.h"
#include "base/path.h"
#include "base/text.h"
#include "ui/input.h"
#include "ui/keys.h"
#include "ui/tables.h"
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

/* Two queries, one that got worse and one that has no plan; two kinds of clients. */
static void world_evidence(struct world *w)
{
    tell(w, 10,
         "{\"event\":\"plan\",\"target\":\"o1\",\"of\":\"query\",\"query\":\"checkout\",\"when\":"
         "\"before\",\"sql\":\"SELECT * FROM orders WHERE id = 42\",\"cost\":8.3,\"rows\":1,"
         "\"text\":\"one\\nIndex Scan using i\\nend\",\"calls\":1200,\"mean_us\":480.2}");
    tell(
        w, 10,
        "{\"event\":\"plan\",\"target\":\"o1\",\"of\":\"query\",\"query\":\"checkout\",\"when\":"
        "\"after\",\"sql\":\"SELECT * FROM orders WHERE id = 42\",\"cost\":1200,\"rows\":1,"
        "\"phase\":\"expand\",\"verdict\":\"worse\",\"change\":\"orders: Index Scan using i -> Seq "
        "Scan; cost 8.3 -> 1200 (145x)\",\"text\":\"one\\nSeq Scan\\nend\",\"calls\":31,"
        "\"mean_us\":9100,\"slower\":true}");
    tell(w, 10,
         "{\"event\":\"plan\",\"target\":\"o1\",\"of\":\"query\",\"query\":\"top-1\",\"top\":true,"
         "\"when\":\"before\",\"sql\":\"SELECT ?\",\"error\":\"no constants are kept\"}");
    tell(w, 10,
         "{\"event\":\"clients\",\"target\":\"o1\",\"rows\":[{\"app\":\"shop\",\"user\":\"web\","
         "\"host\":"
         "\"10.0.0.7\",\"sessions\":12,\"stale\":3,\"prepared\":2}],\"statements\":[{\"why\":"
         "\"SELECT *\",\"text\":\"SELECT * FROM orders WHERE id = $1\",\"source\":"
         "\"pg_stat_statements\",\"calls\":1200,\"since\":34}]}");
}

static void every_screen_fits_every_size(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    world_lock(&w);
    world_evidence(&w);
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
    assert_null(w.v.tables[SCREEN_LOG].filter);
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

/* ---- tables: sort, filter, follow ---- */

static void press(struct world *w, const char *keys)
{
    for (; *keys; keys++)
        (void)input_key(&w->v, &w->m, (unsigned char)*keys);
}

/* Where a text begins; both must be there. */
static size_t place_of(const char *text, const char *part)
{
    const char *at = strstr(text, part);
    if (!at)
        fail_msg("\"%s\" is not on the screen:\n%s", part, text);
    return (size_t)(at - text);
}

static void assert_above(const char *text, const char *first, const char *second)
{
    if (place_of(text, first) >= place_of(text, second))
        fail_msg("\"%s\" does not come before \"%s\":\n%s", first, second, text);
}

/* The line of the picture that holds a text. */
static void assert_line_has(const char *text, const char *part, const char *other)
{
    const char *at = text + place_of(text, part);
    at += *at == '\n';
    while (at > text && at[-1] != '\n')
        at--;
    char *line = mem_dup_n(at, strcspn(at, "\n"));
    assert_shown(line, other);
    free(line);
}

/* A session on many targets, which all fill; each is further than the one before. */
static void world_many(struct world *w, int count)
{
    *w = (struct world){.now = T0};
    model_init(&w->m);
    view_init(&w->v);
    w->v.link = LINK_UP;
    struct str text = {0};
    str_add(&text, "{\"event\":\"session\",\"format\":1,\"migration\":{\"id\":\"id1\","
                   "\"table\":\"public.orders\",\"column\":\"region\",\"type\":\"text\"},"
                   "\"targets\":[");
    for (int i = 1; i <= count; i++)
        str_addf(&text,
                 "%s{\"name\":\"orders-%d\",\"engine\":\"postgresql\",\"canary\":%s,"
                 "\"replicas\":[]}",
                 i > 1 ? "," : "", i, i == 1 ? "true" : "false");
    str_add(&text, "]}");
    tell(w, 0, str_text(&text));
    for (int i = 1; i <= count; i++) {
        str_clear(&text);
        str_addf(&text,
                 "{\"event\":\"phase\",\"target\":\"orders-%d\",\"phase\":\"backfill\","
                 "\"state\":\"running\"}",
                 i);
        tell(w, 0, str_text(&text));
        str_clear(&text);
        str_addf(&text,
                 "{\"event\":\"batch\",\"target\":\"orders-%d\",\"rows\":10,\"updated\":10,"
                 "\"us\":1000,\"fraction_ppm\":%d,\"rows_done\":%d,\"rows_total\":1000000,"
                 "\"batches\":1}",
                 i, i * 900, i * 10);
        tell(w, 0, str_text(&text));
    }
    str_free(&text);
}

static void a_thousand_targets_are_scrolled_sorted_and_found(void **state)
{
    (void)state;
    struct world w;
    world_many(&w, 1000);
    press(&w, "5");
    char *text = picture(&w, 80, 24);
    assert_shown(text, "0 of 1000 done");
    assert_shown(text, "orders-1 ");
    free(text);
    (void)input_key(&w.v, &w.m, KEYS_END);
    text = picture(&w, 80, 24);
    assert_shown(text, "orders-1000");
    assert_not_shown(text, "orders-900");
    free(text);
    (void)input_key(&w.v, &w.m, KEYS_HOME);
    w.v.tables[SCREEN_TARGETS].chosen = 0;
    press(&w, "ssss"); /* by target, server, phase, state */
    press(&w, ">");    /* by what is done */
    text = picture(&w, 80, 24);
    assert_shown(text, "by DONE, largest first");
    assert_shown(text, "DONE\u2193");
    assert_above(text, "orders-1000", "orders-999");
    assert_above(text, "orders-999", "orders-998");
    free(text);
    press(&w, "S");
    text = picture(&w, 80, 24);
    assert_shown(text, "DONE\u2191");
    assert_above(text, "orders-1 ", "orders-2 ");
    free(text);
    press(&w, "<<<"); /* by server: all alike, so as they come */
    press(&w, "/orders-77\r");
    text = picture(&w, 80, 24);
    assert_shown(text, "/orders-77: 11 of 1,000");
    assert_above(text, "orders-77 ", "orders-770");
    assert_not_shown(text, "orders-78 ");
    free(text);
    press(&w, "jj\r");
    assert_string_equal(view_target(&w.v, &w.m)->name, "orders-771");
    assert_int_equal(w.v.screen, SCREEN_OVERVIEW);
    press(&w, "5");
    (void)input_key(&w.v, &w.m, KEYS_END);
    press(&w, "/orders-88\r\r"); /* what was chosen is out of sight: the first one is it */
    assert_string_equal(view_target(&w.v, &w.m)->name, "orders-88");
    press(&w, "5/orders-771\r\r5\033");
    assert_null(w.v.tables[SCREEN_TARGETS].filter);
    text = picture(&w, 200, 50); /* the row that was chosen is still the one */
    assert_shown(text, "orders-771");
    assert_shown(text, "ROWS/S");
    assert_shown(text, "LAG");
    free(text);
    world_close(&w);
}

static void the_row_on_which_one_stands_moves_with_its_figures(void **state)
{
    (void)state;
    struct world w;
    world_many(&w, 40);
    press(&w, "5sssssj"); /* the second by what is done */
    struct canvas c;
    for (int turn = 0; turn < 2; turn++) {
        canvas_init(&c, 80, 24, false);
        view_draw(&c, &w.m, &w.v);
        struct str out = {0};
        canvas_dump(&c, &out);
        const char *line = str_text(&out);
        for (int y = 0; y < c.cursor_y; y++)
            line += strcspn(line, "\n") + 1;
        char *row = mem_dup_n(line, strcspn(line, "\n"));
        assert_shown(row, "orders-39 ");
        assert_int_equal(canvas_cell(&c, 0, c.cursor_y)->style, STYLE_SELECTED);
        assert_int_equal(c.cursor_y, turn ? 9 : 5);
        free(row);
        str_free(&out);
        canvas_free(&c);
        for (int i = 1; i <= 4; i++) { /* four others pass it */
            char *text = mem_printf("{\"event\":\"batch\",\"target\":\"orders-%d\","
                                    "\"fraction_ppm\":%d,\"rows\":1}",
                                    i, 900000 + i);
            tell(&w, 1, text);
            free(text);
        }
    }
    world_close(&w);
}

static void a_change_is_marked_by_more_than_its_colour(void **state)
{
    (void)state;
    struct world w;
    world_many(&w, 3);
    press(&w, "5");
    assert_false(tables_watch(&w.v, &w.m, 80, 24, T0));
    tell(&w, 1, "{\"event\":\"batch\",\"target\":\"orders-2\",\"fraction_ppm\":500000,\"rows\":1}");
    assert_true(tables_watch(&w.v, &w.m, 80, 24, T0 + 1000));
    char *text = picture(&w, 80, 24);
    assert_line_has(text, "\n  orders-2", "50.0%*");
    assert_line_has(text, "\n  orders-3", "0.2% ");
    free(text);
    assert_false(tables_watch(&w.v, &w.m, 80, 24, T0 + 2000000));
    text = picture(&w, 80, 24);
    assert_not_shown(text, "50.0%*");
    free(text);
    world_close(&w);
}

static void several_targets_have_a_row_for_each_table(void **state)
{
    (void)state;
    struct world w;
    world_many(&w, 3);
    for (int i = 1; i <= 3; i++) {
        char *text = mem_printf(
            "{\"event\":\"sample\",\"target\":\"orders-%d\",\"of\":\"table\",\"heap\":%d,"
            "\"live\":1000000,\"dead\":%d,\"hot_ppm\":870000}",
            i, i * 1048576, i == 2 ? 900000 : 1000);
        tell(&w, 1, text);
        free(text);
    }
    press(&w, "2");
    char *text = picture(&w, 80, 24);
    assert_shown(text, "TABLE public.orders on 3 targets");
    assert_line_has(text, "\norders-2", "47.3%");
    assert_line_has(text, "\norders-3", "3.0MB");
    assert_not_shown(text, "HISTORY"); /* of MySQL */
    free(text);
    press(&w, "ss");
    while (!w.v.message || !strstr(w.v.message, "by DEAD,"))
        press(&w, ">");
    text = picture(&w, 80, 24);
    assert_above(text, "orders-2", "orders-1");
    free(text);
    press(&w, "\r");
    text = picture(&w, 80, 24);
    assert_shown(text, "TABLE public.orders on orders-2");
    assert_shown(text, "dead rows         900,000");
    free(text);
    press(&w, "\033");
    assert_int_equal(w.v.page, PAGE_NONE);
    world_close(&w);
}

static void a_mysql_target_has_its_own_columns(void **state)
{
    (void)state;
    struct world w;
    world_many(&w, 2);
    for (size_t i = 0; i < 2; i++) {
        free(w.m.targets[i].engine);
        w.m.targets[i].engine = mem_dup("mariadb");
        w.m.targets[i].history = 1234;
    }
    press(&w, "2");
    char *text = picture(&w, 80, 24);
    assert_shown(text, "HISTORY");
    assert_shown(text, "1,234");
    assert_not_shown(text, "AUTOVACUUM");
    free(text);
    world_close(&w);
}

/* Two trees: 10 with one behind it, 20 with two; 20 has been open for less long. */
static void world_trees(struct world *w)
{
    tell(w, 1,
         "{\"event\":\"sample\",\"target\":\"o1\",\"of\":\"locks\",\"server\":\"o1\",\"rows\":["
         "{\"pid\":20,\"depth\":0,\"app\":\"report\",\"xact_us\":5000000,\"start\":\"a\"},"
         "{\"pid\":21,\"parent\":20,\"depth\":1,\"app\":\"shop\",\"wait_us\":1000,"
         "\"start\":\"b\"},"
         "{\"pid\":22,\"parent\":21,\"depth\":2,\"app\":\"shop\",\"wait_us\":900,"
         "\"query\":\"UPDATE needle\",\"start\":\"c\"},"
         "{\"pid\":10,\"depth\":0,\"app\":\"billing\",\"xact_us\":90000000,\"start\":\"d\"},"
         "{\"pid\":11,\"parent\":10,\"depth\":1,\"app\":\"shop\",\"wait_us\":60000000,"
         "\"start\":\"e\"}]}");
}

static void sort_locks(struct world *w, const char *by)
{
    do
        press(w, ">");
    while (!strstr(w->v.message, by));
}

static void the_lock_tree_is_sorted_by_its_roots(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_trees(&w);
    press(&w, "3");
    char *text = picture(&w, 80, 24);
    assert_above(text, "B  20", "B  10");
    free(text);
    sort_locks(&w, "by XACT");
    text = picture(&w, 80, 24);
    assert_above(text, "B  10", "   `-11");
    assert_above(text, "   `-11", "B  20");
    free(text);
    sort_locks(&w, "by BEHIND");
    text = picture(&w, 80, 24); /* too narrow for it, but one looks at it */
    assert_shown(text, "BEHIND\u2193");
    assert_above(text, "     `-22", "B  10");
    free(text);
    sort_locks(&w, "by WAITS"); /* a root waits for nobody: the longest wait behind it counts */
    text = picture(&w, 80, 24);
    assert_above(text, "B  10", "B  20");
    free(text);
    world_close(&w);
}

static void a_filter_on_locks_keeps_whole_branches_and_hits_nobody_unseen(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_trees(&w);
    press(&w, "3j");
    assert_int_equal(w.v.lock_pid, 20);
    press(&w, "/NEEDLE\r");
    assert_int_equal(w.v.lock_pid, 20); /* still in sight */
    char *text = picture(&w, 80, 24);
    assert_shown(text, "B  20");
    assert_shown(text, "`-21");
    assert_shown(text, "UPDATE needle");
    assert_not_shown(text, "billing");
    free(text);
    press(&w, "/billing\r");
    assert_int_equal(w.v.lock_pid, 0);
    press(&w, "T");
    assert_int_equal(w.v.ask.kind, ASK_NONE);
    press(&w, "jj");
    assert_int_equal(w.v.lock_pid, 11);
    press(&w, "\033");
    assert_int_equal(w.v.lock_pid, 11);
    world_close(&w);
}

static void several_replicas_are_a_list_with_the_charts_below(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_fill(&w);
    press(&w, "4");
    char *text = picture(&w, 80, 24);
    assert_shown(text, "REPLICAS 2, 1 UNREACHABLE");
    assert_above(text, "r1  reachable", "r2  UNREACHABLE");
    free(text);
    sort_locks(&w, "by LAG"); /* one that cannot be asked lags most */
    text = picture(&w, 80, 24);
    assert_above(text, "r2           ", "r1           ");
    free(text);
    press(&w, "j\r");
    text = picture(&w, 80, 24);
    assert_shown(text, "r1  reachable");
    assert_not_shown(text, "r2");
    free(text);
    world_close(&w);
}

static void a_filter_is_of_the_screen_one_is_on(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_lock(&w);
    press(&w, "3/x\r");
    assert_int_equal(w.v.screen, SCREEN_LOCKS);
    press(&w, "8");
    char *text = picture(&w, 80, 24);
    assert_not_shown(text, "/x");
    free(text);
    press(&w, "1/y\r"); /* what is no table filters the log */
    assert_int_equal(w.v.screen, SCREEN_LOG);
    assert_string_equal(w.v.tables[SCREEN_LOG].filter, "y");
    assert_string_equal(w.v.tables[SCREEN_LOCKS].filter, "x");
    world_close(&w);
}

static void in_review_the_speed_keeps_its_keys(void **state)
{
    (void)state;
    struct world w;
    world_many(&w, 3);
    w.v.review = true;
    press(&w, "5>>");
    assert_int_equal(w.v.tables[SCREEN_TARGETS].sort, 0);
    assert_int_equal(w.v.speed, 4);
    press(&w, "s");
    assert_true(w.v.tables[SCREEN_TARGETS].sort > 0);
    press(&w, "S");
    assert_true(w.v.tables[SCREEN_TARGETS].reverse);
    world_close(&w);
}

static void the_interval_goes_round(void **state)
{
    (void)state;
    static const int64_t expected[] = {500000, 1000000, 2000000, 5000000, 100000, 200000};
    struct world w;
    world_open(&w);
    assert_int_equal(w.v.frame_us, VIEW_FRAME_US);
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        press(&w, "i");
        assert_int_equal(w.v.frame_us, expected[i]);
        char *text = picture(&w, 80, 24);
        assert_shown(text, "drawn every ");
        free(text);
    }
    world_close(&w);
}

static void a_click_sorts_or_chooses(void **state)
{
    (void)state;
    struct world w;
    world_many(&w, 30);
    press(&w, "5");
    char *text = picture(&w, 80, 24);
    const char *line = strstr(text, "TARGET  ");
    assert_non_null(line);
    int x = (int)(strstr(line, "DONE") - line) + 2; /* one column before TARGET, one into DONE */
    free(text);
    struct grid_hit hit = tables_hit(&w.m, &w.v, 80, 24, x, 3);
    assert_int_equal(hit.spot, GRID_HEADING);
    tables_click(&w.v, &w.m, hit);
    text = picture(&w, 80, 24);
    assert_above(text, "orders-30", "orders-29");
    free(text);
    hit = tables_hit(&w.m, &w.v, 80, 24, 10, 6); /* the third */
    assert_int_equal(hit.spot, GRID_ROW);
    tables_click(&w.v, &w.m, hit);
    assert_string_equal(w.m.targets[tables_chosen(&w.m, &w.v)].name, "orders-28");
    tables_click(&w.v, &w.m, tables_hit(&w.m, &w.v, 80, 24, x, 3)); /* again: the other way */
    text = picture(&w, 80, 24);
    assert_shown(text, "by DONE, smallest first");
    free(text);
    assert_int_equal(tables_hit(&w.m, &w.v, 80, 24, 10, 0).spot, GRID_NOWHERE);
    press(&w, "?");
    assert_int_equal(tables_hit(&w.m, &w.v, 80, 24, 10, 6).spot, GRID_NOWHERE);
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
    w.v.screen = SCREEN_OVERVIEW;
    w.v.page = PAGE_PLOTS;
    assert_golden(&w, "plots", 80, 24);
    assert_golden(&w, "plots", 120, 40);
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
        if (i == 3000)
            world_evidence(&w);
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

static void a_plan_that_got_worse_stands_beside_the_old_one(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    world_evidence(&w);
    w.v.screen = SCREEN_PLANS;
    char *text = picture(&w, 80, 24);
    assert_shown(text, "before, and after expand");
    assert_shown(text, "checkout       WORSE");
    assert_shown(text, "orders: Index Scan using i");
    assert_shown(text, "top-1          no plan");
    free(text);
    text = picture(&w, 170, 24);
    assert_shown(text, "480us");
    assert_shown(text, "-> Seq Scan; cost 8.3 -> 1200");
    free(text);
    (void)input_key(&w.v, &w.m, KEYS_ENTER);
    text = picture(&w, 120, 40);
    assert_shown(text, "after expand    WORSE");
    assert_shown(text, "480us before (1,200 calls), 9ms since the baseline (31 calls)");
    assert_shown(text, "> Index Scan using i");
    assert_shown(text, "> Seq Scan");
    assert_shown(text, "  end");
    free(text);
    text = picture(&w, 80, 24);
    assert_shown(text, "orders: Index Scan using i -> Seq Scan; cost 8.3 -> 1200 (145x)");
    assert_shown(text, "AFTER");
    free(text);
    world_close(&w);
}

static void clients_are_counted_and_statements_named(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    w.v.screen = SCREEN_CLIENTS;
    char *text = picture(&w, 80, 24);
    assert_shown(text, "not counted yet");
    free(text);
    world_evidence(&w);
    text = picture(&w, 80, 24);
    assert_shown(text, "3 on the old shape");
    assert_shown(text, "NOTICES IT BY");
    assert_shown(text,
                 "SELECT *                    1,200        34 SELECT * FROM orders WHERE id = $1");
    free(text);
    (void)input_key(&w.v, &w.m, KEYS_ENTER);
    text = picture(&w, 80, 24);
    assert_shown(text, "SELECT * notices the new column: 1,200 calls, 34 of them since");
    free(text);
    (void)input_key(&w.v, &w.m, KEYS_ESC);
    /* what may not be seen is unknown and never zero */
    tell(&w, 10,
         "{\"event\":\"clients\",\"target\":\"o1\",\"rows\":[{\"app\":\"shop\",\"sessions\":12}]}");
    text = picture(&w, 80, 24);
    assert_shown(text, "12    unknown");
    assert_shown(text, "unknown how many on the old shape");
    assert_shown(text, "NOTICES IT BY");
    free(text);
    world_close(&w);
}

static void waiting_for_old_sessions_says_for_whom(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    tell(&w, 10,
         "{\"event\":\"phase\",\"target\":\"o1\",\"phase\":\"enforce\",\"state\":\"waiting\","
         "\"detail\":\"waits for 2 sessions from before the column: shop (web@10.0.0.7) 2\"}");
    char *text = picture(&w, 120, 24);
    assert_shown(text, "WAITING for 2 sessions from before the column");
    free(text);
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
        cmocka_unit_test(a_thousand_targets_are_scrolled_sorted_and_found),
        cmocka_unit_test(the_row_on_which_one_stands_moves_with_its_figures),
        cmocka_unit_test(a_change_is_marked_by_more_than_its_colour),
        cmocka_unit_test(several_targets_have_a_row_for_each_table),
        cmocka_unit_test(a_mysql_target_has_its_own_columns),
        cmocka_unit_test(the_lock_tree_is_sorted_by_its_roots),
        cmocka_unit_test(a_filter_on_locks_keeps_whole_branches_and_hits_nobody_unseen),
        cmocka_unit_test(several_replicas_are_a_list_with_the_charts_below),
        cmocka_unit_test(a_filter_is_of_the_screen_one_is_on),
        cmocka_unit_test(in_review_the_speed_keeps_its_keys),
        cmocka_unit_test(the_interval_goes_round),
        cmocka_unit_test(a_plan_that_got_worse_stands_beside_the_old_one),
        cmocka_unit_test(clients_are_counted_and_statements_named),
        cmocka_unit_test(waiting_for_old_sessions_says_for_whom),
        cmocka_unit_test(a_click_sorts_or_chooses),
        cmocka_unit_test(the_screens_look_as_agreed),
        cmocka_unit_test(random_keys_and_sizes_do_no_harm),
    };
    return cmocka_run_group_tests_name("screens", tests, in_utc, NULL);
}
