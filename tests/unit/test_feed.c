#include "config.h"
#include "journal_world.h"

#include "journal/feed.h"

static struct feed *opened(const struct world *w)
{
    struct error e;
    struct feed *f = feed_open(w->path, &e);
    if (!f)
        fail_msg("%s: %s", e.what, e.why);
    return f;
}

static void assert_next(struct feed *f, const char *text)
{
    json_t *event = feed_next(f);
    if (!text) {
        assert_null(event);
        return;
    }
    assert_non_null(event);
    assert_string_equal(json_get_text(event, "text", ""), text);
    json_decref(event);
}

static void write_line(const struct world *w, const char *line)
{
    world_write(w, line, strlen(line), O_APPEND);
}

/* ---- following ------------------------------------------------------------ */

static void events_come_in_order_and_then_none(void **state)
{
    struct world *w = *state;
    world_notes(w, 3);
    struct feed *f = opened(w);
    assert_next(f, "note 1");
    assert_next(f, "note 2");
    assert_next(f, "note 3");
    assert_next(f, NULL);
    assert_next(f, NULL);
    assert_int_equal(feed_gaps(f), 0);
    feed_close(f);
}

static void a_half_written_line_is_delivered_once_it_is_finished(void **state)
{
    struct world *w = *state;
    world_notes(w, 1);
    struct feed *f = opened(w);
    assert_next(f, "note 1");
    int64_t place = feed_offset(f);
    write_line(w, "{\"seq\":2,\"time\":9,\"event\":");
    assert_next(f, NULL);
    write_line(w, "\"note\",\"text\":\"late\"}");
    assert_next(f, NULL);
    assert_int_equal(feed_offset(f), place);
    write_line(w, "\n");
    assert_next(f, "late");
    assert_next(f, NULL);
    assert_int_equal(feed_gaps(f), 0);
    feed_close(f);
}

static void a_line_taken_back_and_written_anew_is_read_anew(void **state)
{
    struct world *w = *state;
    world_notes(w, 1);
    struct feed *f = opened(w);
    assert_next(f, "note 1");
    write_line(w, "{\"seq\":2,\"time\":9,\"event\":\"note\",\"text\":\"torn and mu");
    assert_next(f, NULL);
    assert_int_equal(truncate(w->path, feed_offset(f)), 0);
    write_line(w, "{\"seq\":2,\"time\":9,\"event\":\"note\",\"text\":\"whole\"}\n");
    assert_next(f, "whole");
    assert_int_equal(feed_gaps(f), 0);
    feed_close(f);
}

static void a_broken_line_is_a_gap_and_reading_goes_on(void **state)
{
    struct world *w = *state;
    world_notes(w, 2);
    write_line(w, "this is no event\n\n");
    write_line(w, "{\"seq\":5,\"time\":9,\"event\":\"note\",\"text\":\"after\"}\n");
    struct feed *f = opened(w);
    struct model m;
    model_init(&m);
    assert_int_equal(feed_advance(f, &m, 0, 0, NULL, NULL), 3);
    assert_int_equal(feed_gaps(f), 2);
    assert_int_equal(m.gaps, 2);
    assert_int_equal(m.seq, 5);
    model_free(&m);
    feed_close(f);
}

static void a_line_of_megabytes_is_read_and_one_beyond_all_bounds_is_a_gap(void **state)
{
    struct world *w = *state;
    static const size_t sizes[] = {(size_t)5 << 20, (size_t)70 << 20};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char *filler = mem_alloc(sizes[i]);
        memset(filler, 'x', sizes[i]);
        write_line(w, "{\"seq\":1,\"time\":9,\"event\":\"note\",\"text\":\"");
        world_write(w, filler, sizes[i], O_APPEND);
        write_line(w, "\"}\n");
        free(filler);
    }
    write_line(w, "{\"seq\":3,\"time\":9,\"event\":\"note\",\"text\":\"after\"}\n");
    struct feed *f = opened(w);
    json_t *event = feed_next(f);
    assert_int_equal(strlen(json_get_text(event, "text", "")), sizes[0]);
    json_decref(event);
    assert_next(f, "after");
    assert_int_equal(feed_gaps(f), 1);
    feed_close(f);
}

struct sight {
    int count;
    int64_t offset;
};

static void saw(void *context, const json_t *event, int64_t offset)
{
    struct sight *s = context;
    (void)event;
    s->count++;
    s->offset = offset;
}

static void advance_stops_at_its_bounds_and_leaves_the_rest(void **state)
{
    struct world *w = *state;
    for (int i = 1; i <= 9; i++) {
        char *line = mem_printf("{\"seq\":%d,\"time\":%d,\"event\":\"note\",\"text\":\"%d\"}\n", i,
                                i * 100, i);
        write_line(w, line);
        free(line);
    }
    struct feed *f = opened(w);
    struct model m;
    struct sight sight = {0};
    model_init(&m);
    assert_int_equal(feed_advance(f, &m, 350, 0, saw, &sight), 3);
    assert_int_equal(sight.count, 3);
    assert_int_equal(m.time_us, 300);
    assert_int_equal(feed_advance(f, &m, 0, 2, saw, &sight), 2);
    int64_t place = feed_offset(f);
    assert_true(sight.offset < place);
    assert_int_equal(feed_back(f, place, 1), sight.offset);
    assert_int_equal(feed_back(f, place, 0), place);
    assert_int_equal(feed_back(f, place, 1 << 20), 0);
    assert_next(f, "6");
    feed_set_offset(f, place);
    assert_next(f, "6");
    model_free(&m);
    feed_close(f);
}

/* ---- seeking -------------------------------------------------------------- */

#define BIG 50000
#define STEP_US 1000

static json_t *event_number(int i)
{
    if (i == 1) {
        json_t *session = event_new(EVENT_SESSION, NULL), *targets = json_array();
        json_push(targets, json_pack("{s:s}", "name", "t"));
        json_set(session, "targets", targets);
        return session;
    }
    json_t *event;
    if (i == 2) {
        event = event_new(EVENT_PHASE, "t");
        json_set_text(event, "phase", "backfill");
        json_set_text(event, "state", "running");
    } else if (i % 500 == 0) {
        event = event_new(EVENT_ALARM, "t");
        json_set_text(event, "level", "warn");
        json_set_int(event, "number", i);
    } else {
        event = event_new(EVENT_BATCH, "t");
        json_set_int(event, "updated", 10);
        json_set_int(event, "us", 100 + i % 7);
        json_set_int(event, "rows_done", i * 10);
        json_set_int(event, "fraction_ppm", i * 20);
    }
    return event;
}

/* Events a STEP_US apart; every `keyframes`th is a keyframe (0: none). Unsealed: nobody asks. */
static void write_big(const struct world *w, int count, int keyframes)
{
    FILE *out = fopen(w->path, "w");
    assert_non_null(out);
    struct model m;
    model_init(&m);
    for (int i = 1; i <= count; i++) {
        json_t *event;
        if (keyframes && i % keyframes == 0) {
            event = event_new(EVENT_KEYFRAME, NULL);
            json_set(event, "model", model_to_json(&m));
        } else {
            event = event_number(i);
        }
        char hash[65];
        char *line = event_seal(event, i, (int64_t)i * STEP_US, "", hash);
        assert_true(fprintf(out, "%s\n", line) > 0);
        json_set_int(event, "seq", i);
        json_set_int(event, "time", (int64_t)i * STEP_US);
        model_fold(&m, event);
        free(line);
        json_decref(event);
    }
    model_free(&m);
    assert_int_equal(fclose(out), 0);
}

static void assert_same_model(const struct model *a, const struct model *b, const char *when)
{
    json_t *x = model_to_json(a), *y = model_to_json(b);
    if (!json_equal(x, y)) {
        char *p = json_line(x), *q = json_line(y);
        fail_msg("%s:\n%s\n%s", when, p, q);
    }
    json_decref(x);
    json_decref(y);
}

static void seek_everywhere(const struct world *w, const int *places, size_t count)
{
    struct feed *seeking = opened(w), *walking = opened(w);
    struct model sought, walked;
    struct error e;
    model_init(&sought);
    model_init(&walked);
    for (size_t i = 0; i < count; i++) {
        int64_t at = (int64_t)places[i] * STEP_US + STEP_US / 2;
        assert_true(feed_seek_time(seeking, &sought, at, &e));
        (void)feed_advance(walking, &walked, at, 0, NULL, NULL);
        char when[32];
        (void)snprintf(when, sizeof when, "at event %d", places[i]);
        assert_int_equal(sought.seq, places[i]);
        assert_int_equal(feed_offset(seeking), feed_offset(walking));
        assert_same_model(&sought, &walked, when);
    }
    model_free(&sought);
    model_free(&walked);
    feed_close(seeking);
    feed_close(walking);
}

static void seeking_equals_folding_from_the_start(void **state)
{
    static const int places[] = {1,     2,     3,     999,   1000,  1001, 9500,
                                 25000, 25001, 33333, 49998, 49999, 50000};
    write_big(*state, BIG, 1000);
    seek_everywhere(*state, places, COUNT_OF(places));
}

static void seeking_works_without_any_keyframe(void **state)
{
    static const int places[] = {1, 2, 777, 5000};
    write_big(*state, 5000, 0);
    seek_everywhere(*state, places, COUNT_OF(places));
}

static void a_time_outside_the_file_is_its_first_or_last_event(void **state)
{
    struct world *w = *state;
    write_big(w, 5000, 1000);
    struct feed *f = opened(w);
    struct model m;
    struct error e;
    model_init(&m);
    assert_true(feed_seek_time(f, &m, 0, &e));
    assert_int_equal(m.seq, 1);
    assert_true(feed_seek_time(f, &m, INT64_MAX, &e));
    assert_int_equal(m.seq, 5000);
    assert_null(feed_next(f));
    model_free(&m);
    feed_close(f);
}

static void text_that_looks_like_a_keyframe_is_none(void **state)
{
    struct world *w = *state;
    world_notes(w, 1);
    write_line(w, "{\"seq\":2,\"time\":9223372036854,\"event\":\"note\","
                  "\"text\":\"\\\"event\\\":\\\"keyframe\\\"\"}\n");
    write_line(w, "x\"event\":\"keyframe\"\n");
    struct feed *f = opened(w);
    struct model m;
    struct error e;
    model_init(&m);
    assert_true(feed_seek_time(f, &m, INT64_MAX, &e));
    assert_int_equal(m.seq, 2);
    assert_int_equal(m.headline_count, 2);
    model_free(&m);
    feed_close(f);
}

static void the_span_is_that_of_whole_lines(void **state)
{
    struct world *w = *state;
    int64_t first, last;
    world_write(w, "", 0, 0);
    struct feed *f = opened(w);
    assert_false(feed_span(f, &first, &last));
    feed_close(f);
    write_big(w, 3000, 1000);
    write_line(w, "broken\n{\"seq\":3001,\"time\":99");
    f = opened(w);
    assert_true(feed_span(f, &first, &last));
    assert_int_equal(first, STEP_US);
    assert_int_equal(last, 3000 * STEP_US);
    feed_close(f);
}

static bool is_alarm(void *context, const json_t *event)
{
    (void)context;
    return event_type_of(event) == EVENT_ALARM;
}

static void alarms_are_found_forwards_and_backwards(void **state)
{
    struct world *w = *state;
    write_big(w, 20000, 1000);
    struct feed *f = opened(w);
    int64_t us = STEP_US;
    assert_int_equal(feed_find(f, 0, 1, is_alarm, NULL), 500 * us);
    assert_int_equal(feed_find(f, 500 * us, 1, is_alarm, NULL), 1500 * us);
    assert_int_equal(feed_find(f, 1499 * us, 1, is_alarm, NULL), 1500 * us);
    assert_int_equal(feed_find(f, 19999 * us, 1, is_alarm, NULL), -1);
    assert_int_equal(feed_find(f, 19999 * us, -1, is_alarm, NULL), 19500 * us);
    assert_int_equal(feed_find(f, 19500 * us, -1, is_alarm, NULL), 18500 * us);
    assert_int_equal(feed_find(f, 500 * us, -1, is_alarm, NULL), -1);
    assert_int_equal(feed_offset(f), 0);
    feed_close(f);
}

static void what_is_no_file_is_refused(void **state)
{
    struct world *w = *state;
    struct error e;
    assert_null(feed_open(w->path, &e));
    assert_null(feed_open(w->folder, &e));
    assert_int_not_equal(e.why[0], 0);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(events_come_in_order_and_then_none),
        IN_WORLD(a_half_written_line_is_delivered_once_it_is_finished),
        IN_WORLD(a_line_taken_back_and_written_anew_is_read_anew),
        IN_WORLD(a_broken_line_is_a_gap_and_reading_goes_on),
        IN_WORLD(a_line_of_megabytes_is_read_and_one_beyond_all_bounds_is_a_gap),
        IN_WORLD(advance_stops_at_its_bounds_and_leaves_the_rest),
        IN_WORLD(seeking_equals_folding_from_the_start),
        IN_WORLD(seeking_works_without_any_keyframe),
        IN_WORLD(a_time_outside_the_file_is_its_first_or_last_event),
        IN_WORLD(text_that_looks_like_a_keyframe_is_none),
        IN_WORLD(the_span_is_that_of_whole_lines),
        IN_WORLD(alarms_are_found_forwards_and_backwards),
        IN_WORLD(what_is_no_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
