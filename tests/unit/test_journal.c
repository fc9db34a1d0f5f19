#include "config.h"
#include "journal_world.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static struct journal_verdict verdict_on(const struct world *w)
{
    struct journal_verdict v;
    struct error e;
    if (!journal_verify(w->path, &v, &e))
        fail_msg("%s: %s", e.what, e.why);
    return v;
}

static void a_journal_is_private_new_and_verifies(void **state)
{
    struct world *w = *state;
    world_notes(w, 20);
    struct stat status;
    assert_int_equal(stat(w->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    struct journal_verdict v = verdict_on(w);
    assert_int_equal(v.events, 20);
    assert_int_equal(v.broken_line, 0);
    assert_int_equal(v.bytes, status.st_size);
    assert_int_equal(strlen(v.last_hash), 64);
    assert_true(v.first_time_us > 0 && v.first_time_us <= v.last_time_us);
    assert_false(v.unfinished_tail);
    struct error e;
    assert_null(journal_create(w->path, &e));
    assert_int_equal(e.number, EEXIST);
}

static void seq_and_time_are_told_and_size_grows(void **state)
{
    struct world *w = *state;
    struct error e;
    struct journal *j = journal_create(w->path, &e);
    json_t *note = world_note("x");
    int64_t seq, time_us, last = 0;
    for (int i = 1; i <= 50; i++) {
        int64_t before = journal_size(j);
        assert_true(journal_append(j, note, i % 10 == 0, &seq, &time_us, &e));
        assert_int_equal(seq, i);
        assert_true(time_us >= last);
        assert_true(journal_size(j) > before);
        last = time_us;
    }
    assert_false(json_has(note, "seq"));
    json_decref(note);
    journal_close(j);
}

static void an_edited_byte_is_found_in_its_line(void **state)
{
    struct world *w = *state;
    world_notes(w, 9);
    char *text = world_read(w);
    char *hit = strstr(world_line(text, 5), "note 5");
    hit[5] = '6';
    world_write(w, text, strlen(text), O_TRUNC);
    free(text);
    struct journal_verdict v = verdict_on(w);
    assert_int_equal(v.broken_line, 5);
    assert_int_equal(v.events, 4);
    assert_non_null(strstr(v.broken_why, "hash"));
}

static void a_resealed_line_breaks_the_chain_behind_it(void **state)
{
    struct world *w = *state;
    world_notes(w, 3);
    char *text = world_read(w);
    struct journal_verdict v = verdict_on(w);
    struct error e;
    char *second = world_line(text, 2), *third = world_line(text, 3);
    json_t *event = event_parse(second, (size_t)(third - second - 1), &e);
    char first_hash[65], hash[65];
    assert_true(event_chain_holds(text, (size_t)(second - text - 1), "", first_hash));
    json_set_text(event, "text", "forged");
    char *forged = event_seal(event, 2, json_get_int(event, "time", 0), first_hash, hash);
    char *all = mem_printf("%.*s%s\n%s", (int)(second - text), text, forged, third);
    world_write(w, all, strlen(all), O_TRUNC);
    v = verdict_on(w);
    assert_int_equal(v.broken_line, 3);
    free(all);
    free(forged);
    json_decref(event);
    free(text);
}

static void a_line_taken_out_is_found(void **state)
{
    struct world *w = *state;
    world_notes(w, 9);
    char *text = world_read(w);
    char *four = world_line(text, 4), *five = world_line(text, 5);
    memmove(four, five, strlen(five) + 1);
    world_write(w, text, strlen(text), O_TRUNC);
    free(text);
    struct journal_verdict v = verdict_on(w);
    assert_int_equal(v.broken_line, 4);
    assert_non_null(strstr(v.broken_why, "missing"));
}

static void a_head_that_was_cut_off_is_found(void **state)
{
    struct world *w = *state;
    world_notes(w, 3);
    char *text = world_read(w);
    char *two = world_line(text, 2);
    world_write(w, two, strlen(two), O_TRUNC);
    free(text);
    assert_int_equal(verdict_on(w).broken_line, 1);
}

static void two_swapped_lines_are_found(void **state)
{
    struct world *w = *state;
    world_notes(w, 9);
    char *text = world_read(w);
    char *four = world_line(text, 4), *five = world_line(text, 5), *six = world_line(text, 6);
    char *all = mem_printf("%.*s%.*s%.*s%s", (int)(four - text), text, (int)(six - five), five,
                           (int)(five - four), four, six);
    world_write(w, all, strlen(all), O_TRUNC);
    struct journal_verdict v = verdict_on(w);
    assert_int_equal(v.broken_line, 4);
    free(all);
    free(text);
}

static void an_unfinished_tail_is_told_apart_from_a_break(void **state)
{
    struct world *w = *state;
    world_notes(w, 4);
    world_write(w, "{\"seq\":5,\"ti", 12, O_APPEND);
    struct journal_verdict v = verdict_on(w);
    assert_int_equal(v.broken_line, 0);
    assert_int_equal(v.events, 4);
    assert_true(v.unfinished_tail);
}

static void garbage_and_emptiness_are_no_journal(void **state)
{
    struct world *w = *state;
    world_write(w, "", 0, 0);
    assert_int_equal(verdict_on(w).events, 0);
    world_write(w, "hello\n\n", 7, O_TRUNC);
    assert_int_equal(verdict_on(w).broken_line, 1);
    struct journal_verdict v;
    struct error e;
    assert_false(journal_verify(w->folder, &v, &e));
    assert_false(journal_verify("/nonexistent", &v, &e));
}

/* A limit on the file's size stands for a full disk: write(2) is cut short, then fails. */
static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_leaves_whole_lines_and_the_event_can_be_tried_again(void **state)
{
    struct world *w = *state;
    struct error e;
    (void)signal(SIGXFSZ, SIG_IGN);
    struct journal *j = journal_create(w->path, &e);
    for (int i = 0; i < 3; i++)
        world_append(j, world_note("fits"), false);
    int64_t size = journal_size(j), seq;
    limit_file_size((rlim_t)size + 50);
    json_t *note = world_note("does not fit in what is left of the disk");
    bool first = journal_append(j, note, false, &seq, NULL, &e);
    bool second = journal_append(j, note, true, &seq, NULL, &e);
    struct journal_verdict full = verdict_on(w);
    limit_file_size(RLIM_INFINITY);
    assert_false(first);
    assert_false(second);
    assert_int_equal(e.kind, ERROR_SYSTEM);
    assert_int_equal(full.events, 3);
    assert_int_equal(full.bytes, size);
    assert_int_equal(full.broken_line, 0);
    assert_false(full.unfinished_tail);
    assert_int_equal(journal_size(j), size);
    assert_true(journal_append(j, note, true, &seq, NULL, &e));
    assert_int_equal(seq, 4);
    json_decref(note);
    journal_close(j);
    struct journal_verdict v = verdict_on(w);
    assert_int_equal(v.events, 4);
    assert_int_equal(v.broken_line, 0);
}

static void a_retried_event_keeps_the_time_it_was_first_tried_at(void **state)
{
    struct world *w = *state;
    struct error e;
    (void)signal(SIGXFSZ, SIG_IGN);
    struct journal *j = journal_create(w->path, &e);
    world_append(j, world_note("fits"), false);
    limit_file_size((rlim_t)journal_size(j));
    json_t *note = world_note("later");
    int64_t before = clock_wall_us(), time_us;
    bool ok = journal_append(j, note, false, NULL, NULL, &e);
    int64_t after = clock_wall_us();
    limit_file_size(RLIM_INFINITY);
    assert_false(ok);
    clock_sleep_us(20000);
    assert_true(journal_append(j, note, false, NULL, &time_us, &e));
    assert_in_range(time_us, before, after);
    json_decref(note);
    journal_close(j);
}

static void the_newest_journal_of_a_folder_is_found(void **state)
{
    struct world *w = *state;
    assert_null(journal_newest(w->folder));
    static const char *const names[] = {"20260102T000000Z.jsonl", "20251231T235959Z.jsonl",
                                        "20270101T000000Z.txt", ".20280101T000000Z.jsonl"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct error e;
        char *path = path_join(w->folder, names[i]);
        assert_true(path_write_new(path, "x", 0600, &e));
        free(path);
    }
    char *newest = journal_newest(w->folder);
    assert_non_null(strstr(newest, "/20260102T000000Z.jsonl"));
    free(newest);
    assert_null(journal_newest("/nonexistent"));
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_journal_is_private_new_and_verifies),
        IN_WORLD(seq_and_time_are_told_and_size_grows),
        IN_WORLD(an_edited_byte_is_found_in_its_line),
        IN_WORLD(a_resealed_line_breaks_the_chain_behind_it),
        IN_WORLD(a_line_taken_out_is_found),
        IN_WORLD(a_head_that_was_cut_off_is_found),
        IN_WORLD(two_swapped_lines_are_found),
        IN_WORLD(an_unfinished_tail_is_told_apart_from_a_break),
        IN_WORLD(garbage_and_emptiness_are_no_journal),
        IN_WORLD(a_full_disk_leaves_whole_lines_and_the_event_can_be_tried_again),
        IN_WORLD(a_retried_event_keeps_the_time_it_was_first_tried_at),
        IN_WORLD(the_newest_journal_of_a_folder_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
