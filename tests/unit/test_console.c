#include "config.h"
#include "base/wire.h"
#include "ui/console.h"
#include "ui/keys.h"
#include "ui/question.h"
#include "ui/remote.h"
#include "ui/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/console_world.h"

/* ---- a recording of ten minutes, an event a second ---- */

#define SECOND INT64_C(1000000)
#define SECONDS 600

static char recording[] = "/tmp/newel-console-XXXXXX";

static void add_line(FILE *f, json_t *event, int64_t *seq, int64_t at, char hash[65])
{
    char previous[65];
    memcpy(previous, hash, sizeof previous);
    char *line = event_seal(event, ++*seq, at, previous, hash);
    assert_true(fprintf(f, "%s\n", line) > 0);
    free(line);
    json_decref(event);
}

static json_t *event_of(const char *text)
{
    json_t *event = json_loads(text, 0, NULL);
    assert_non_null(event);
    return event;
}

static int record(void **state)
{
    (void)state;
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    int fd = mkstemp(recording);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "w");
    assert_non_null(f);
    char hash[65] = "";
    int64_t seq = 0;
    add_line(
        f,
        event_of("{\"event\":\"session\",\"format\":1,\"migration\":{\"id\":\"x\",\"table\":"
                 "\"public.orders\",\"column\":\"region\",\"type\":\"text\",\"not_null\":true},"
                 "\"targets\":[{\"name\":\"o1\",\"engine\":\"postgresql\",\"canary\":false,"
                 "\"replicas\":[]}],\"batch\":{},\"limits\":[]}"),
        &seq, T0, hash);
    add_line(f,
             event_of("{\"event\":\"phase\",\"target\":\"o1\",\"phase\":\"preflight\","
                      "\"state\":\"running\"}"),
             &seq, T0, hash);
    for (int i = 1; i <= SECONDS; i++) {
        json_t *event =
            i % 200 == 100 ? event_of("{\"event\":\"alarm\",\"target\":\"o1\",\"level\":\"warn\","
                                      "\"code\":\"c\",\"text\":\"watch out\"}")
            : i == 350 ? event_of("{\"event\":\"command\",\"target\":\"o1\",\"operator\":\"ann\","
                                  "\"do\":\"pause\",\"accepted\":true}")
                       : event_of("{\"event\":\"sample\",\"target\":\"o1\",\"of\":\"server\","
                                  "\"server\":\"o1\",\"reachable\":true,\"running\":1}");
        add_line(f, event, &seq, T0 + i * SECOND, hash);
    }
    return fclose(f);
}

static int forget(void **state)
{
    (void)state;
    return unlink(recording);
}

static void a_recording_is_moved_about_in(void **state)
{
    (void)state;
    struct source s = {0};
    struct model m;
    struct view v;
    struct error e = {0};
    model_init(&m);
    view_init(&v);
    v.review = true;
    assert_true(source_open(&s, recording, &m, &v, 0, &e));
    assert_int_equal(v.now_us, T0);
    assert_int_equal(v.timeline.last_us, T0 + SECONDS * SECOND);

    assert_true(source_seek(&s, &m, &v, T0 + 250 * SECOND, &e));
    assert_int_equal(m.time_us, T0 + 250 * SECOND);
    assert_int_equal(v.log.count, 3); /* session, phase, one alarm: samples are not kept */
    assert_true(source_seek_mark(&s, &m, &v, HISTORY_ALARM, 1));
    assert_int_equal(v.now_us, T0 + 300 * SECOND);
    assert_true(source_seek_mark(&s, &m, &v, HISTORY_ALARM, 1));
    assert_int_equal(v.now_us, T0 + 500 * SECOND);
    assert_false(source_seek_mark(&s, &m, &v, HISTORY_ALARM, 1));
    assert_true(source_seek_mark(&s, &m, &v, HISTORY_ALARM, -1));
    assert_int_equal(v.now_us, T0 + 300 * SECOND);

    v.playing = true;
    v.speed = 10;
    assert_true(source_play(&s, &m, &v, 2 * SECOND));
    assert_int_equal(m.time_us, T0 + 320 * SECOND);
    v.speed = 1000;
    assert_true(source_play(&s, &m, &v, SECOND)); /* past the end: it stops there */
    assert_int_equal(v.now_us, T0 + SECONDS * SECOND);
    assert_false(v.playing);

    assert_true(source_seek(&s, &m, &v, INT64_MAX, &e));
    assert_true(source_seek(&s, &m, &v, 0, &e));
    assert_int_equal(v.now_us, T0);

    while (!v.timeline.whole)
        (void)source_scan(&s, &v, 100);
    assert_int_equal(v.timeline.marks[TIMELINE_CELLS / 6 - 1] | v.timeline.marks[170], MARK_ALARM);
    size_t marked = 0;
    for (size_t i = 0; i < TIMELINE_CELLS; i++)
        marked += v.timeline.marks[i] != 0;
    assert_int_equal(marked, 5);     /* a phase, three alarms, a command */
    assert_int_equal(m.time_us, T0); /* looking ahead did not move what is shown */
    source_close(&s);
    view_free(&v);
    model_free(&m);
}

/* ---- the socket ---- */

static json_t *heard(struct wire_reader *r, int fd)
{
    (void)wire_fill(r, fd);
    return wire_take(r);
}

static void say(int fd, const char *line)
{
    assert_int_equal(write(fd, line, strlen(line)), (ssize_t)strlen(line));
}

static void answers_are_shown_in_their_order(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    struct remote r;
    struct view v;
    struct wire_reader engine = {0};
    view_init(&v);
    v.operator_name = mem_dup("ann");
    remote_open(&r, fds[0], &v);
    json_t *hello = heard(&engine, fds[1]);
    assert_string_equal(json_get_text(hello, "do", ""), "attach");
    assert_string_equal(json_get_text(hello, "operator", ""), "ann");
    assert_false(json_get_bool(hello, "read_only", true));
    json_decref(hello);

    remote_send(&r, &v, request_value(&v, "batch", "o1", "900").request, false);
    remote_send(&r, &v, request_new(&v, "pause", "o1").request, false);
    assert_string_equal(v.message, "pause: sent");
    say(fds[1], "{\"accepted\":true}\n{\"accepted\":false,\"rea");
    assert_true(remote_read(&r, &v));
    assert_string_equal(v.message, "pause: sent"); /* an accepted attach is no news */
    say(fds[1], "son\":\"too small\"}\n{\"accepted\":true,\"text\":\"soon\"}\n");
    assert_true(remote_read(&r, &v));
    assert_string_equal(v.message, "accepted pause: soon");
    assert_int_equal(r.count, 0);

    remote_send(&r, &v, request_new(&v, "stop", NULL).request, false);
    say(fds[1], "{\"accepted\":false,\"reason\":\"not now\"}\n");
    assert_true(remote_read(&r, &v));
    assert_string_equal(v.message, "REFUSED stop: not now");

    remote_send(&r, &v, request_new(&v, "resume", "o1").request, false);
    assert_int_equal(close(fds[1]), 0);
    assert_true(remote_read(&r, &v));
    assert_int_equal(v.link, LINK_GONE);
    assert_non_null(strstr(v.message, "resume"));
    remote_send(&r, &v, request_new(&v, "resume", "o1").request, false);
    assert_non_null(strstr(v.message, "not sent"));
    remote_close(&r);
    str_free(&engine.buffer);
    view_free(&v);
    (void)close(fds[0]);
}

static void a_deaf_engine_does_not_hold_up_the_console(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    struct remote r;
    struct view v;
    view_init(&v);
    remote_open(&r, fds[0], &v);
    for (int i = 0; i < 2 * REMOTE_PENDING; i++)
        remote_send(&r, &v, request_new(&v, "pause", NULL).request, false);
    assert_int_equal(r.count, REMOTE_PENDING);
    assert_non_null(strstr(v.message, "has not answered"));
    remote_close(&r);
    view_free(&v);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

/* ---- the terminal ---- */

static void the_terminal_gets_what_the_canvas_holds(void **state)
{
    (void)state;
    assert_int_equal(setenv("TERM", "xterm-256color", 1), 0);
    assert_int_equal(setenv("COLUMNS", "40", 1), 0);
    assert_int_equal(setenv("LINES", "5", 1), 0);
    FILE *out = fopen("/dev/null", "w"), *in = fopen("/dev/null", "r");
    struct terminal *t = terminal_open(out, in);
    assert_non_null(t);
    int width, height;
    terminal_size(t, &width, &height);
    assert_int_equal(width, 40);
    assert_int_equal(height, 5);
    struct canvas c;
    canvas_init(&c, width, height, false);
    struct pen p = pen_at(&c, canvas_rect(&c), 2);
    pen_text(&p, STYLE_BAD, "FAILED");
    canvas_put(&c, 39, 4, STYLE_NORMAL, 'Z');
    c.cursor_x = 3;
    c.cursor_y = 2;
    for (int again = 0; again < 2; again++) {
        terminal_show(t, &c, again);
        char text[8];
        assert_int_equal(mvinnstr(2, 0, text, 6), 6);
        assert_memory_equal(text, "FAILED", 6);
        assert_int_equal(mvinch(4, 39) & A_CHARTEXT, 'Z');
        assert_true(mvinch(2, 0) & A_BOLD);
    }
    canvas_clear(&c);
    terminal_show(t, &c, false);
    assert_int_equal(mvinch(2, 0) & A_CHARTEXT, ' ');
    canvas_free(&c);
    terminal_close(t);
    (void)fclose(out);
    (void)fclose(in);
    assert_int_equal(unsetenv("COLUMNS"), 0);
    assert_int_equal(unsetenv("LINES"), 0);
}

static void a_dump_needs_no_terminal(void **state)
{
    (void)state;
    struct console_options o = {
        .journal_path = recording, .control_fd = -1, .review = true, .at_us = T0 + 120 * SECOND};
    struct error e = {0};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_true(console_dump(&o, 80, 24, "log", out, &e));
    assert_int_equal(fclose(out), 0);
    assert_shown(text, "o1/orders.region");
    assert_shown(text, "REPLAY 16:02:00");
    assert_shown(text, "watch out");
    free(text);
    assert_false(console_dump(&o, 80, 24, "nosuch", stderr, &e));
    assert_int_equal(error_exit_status(&e), EXIT_USAGE);
    o.journal_path = "/nonexistent/j.jsonl";
    assert_false(console_dump(&o, 80, 24, NULL, stderr, &e));
}

/* A console on a pseudo-terminal of its own. */
static pid_t start_console(int *terminal)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    pid_t pid = forkpty(terminal, NULL, NULL, &size);
    assert_true(pid >= 0);
    if (pid == 0) {
        struct console_options o = {.journal_path = recording, .control_fd = -1, .review = true};
        struct error e = {0};
        (void)setenv("TERM", "xterm", 1);
        _exit(console_run(&o, &e));
    }
    return pid;
}

/* Reads until `wanted` has come, for 10 s at most. */
static bool comes(int terminal, const char *wanted, struct str *seen)
{
    for (int i = 0; i < 100; i++) {
        struct pollfd p = {.fd = terminal, .events = POLLIN};
        char chunk[4096];
        if (poll(&p, 1, 100) > 0) {
            ssize_t n = read(terminal, chunk, sizeof chunk);
            if (n <= 0)
                return strstr(str_text(seen), wanted) != NULL;
            str_add_n(seen, chunk, (size_t)n);
        }
        if (strstr(str_text(seen), wanted))
            return true;
    }
    return false;
}

static int status_of(pid_t pid)
{
    int status;
    for (int i = 0; i < 100; i++) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
        (void)poll(NULL, 0, 100);
    }
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
    return -1;
}

#define LEFT_ALTERNATE_SCREEN "\033[?1049l"

static void leaving_gives_the_terminal_back(void **state)
{
    (void)state;
    int terminal;
    struct str seen = {0};
    pid_t pid = start_console(&terminal);
    assert_true(comes(terminal, "REPLAY 16:00:00", &seen));
    assert_int_equal(write(terminal, "q", 1), 1);
    assert_true(comes(terminal, LEFT_ALTERNATE_SCREEN, &seen));
    assert_int_equal(status_of(pid), 0);
    str_free(&seen);
    (void)close(terminal);
}

static void a_signal_gives_the_terminal_back(void **state)
{
    (void)state;
    int terminal;
    struct str seen = {0};
    pid_t pid = start_console(&terminal);
    assert_true(comes(terminal, "REPLAY 16:00:00", &seen));
    assert_int_equal(kill(pid, SIGTERM), 0);
    assert_true(comes(terminal, LEFT_ALTERNATE_SCREEN, &seen));
    assert_int_equal(status_of(pid), 128 + SIGTERM);
    str_free(&seen);
    (void)close(terminal);
}

static void a_crash_gives_the_terminal_back(void **state)
{
    (void)state;
    int terminal;
    struct str seen = {0};
    pid_t pid = start_console(&terminal);
    assert_true(comes(terminal, "REPLAY 16:00:00", &seen));
    assert_int_equal(kill(pid, SIGABRT), 0);
    assert_true(comes(terminal, LEFT_ALTERNATE_SCREEN, &seen));
    assert_int_not_equal(status_of(pid), 0);
    str_free(&seen);
    (void)close(terminal);
}

static void a_lost_terminal_ends_the_console(void **state)
{
    (void)state;
    int terminal;
    struct str seen = {0};
    pid_t pid = start_console(&terminal);
    assert_true(comes(terminal, "REPLAY 16:00:00", &seen));
    (void)close(terminal);
    assert_int_equal(status_of(pid), 128 + SIGHUP);
    str_free(&seen);
}

static void a_resize_is_drawn(void **state)
{
    (void)state;
    int terminal;
    struct str seen = {0};
    pid_t pid = start_console(&terminal);
    assert_true(comes(terminal, "REPLAY 16:00:00", &seen));
    struct winsize size = {.ws_row = 40, .ws_col = 160};
    assert_int_equal(ioctl(terminal, TIOCSWINSZ, &size), 0);
    assert_int_equal(write(terminal, "?", 1), 1);
    assert_true(comes(terminal, "\033[40", &seen)); /* the keys' line is the fortieth now */
    assert_int_equal(write(terminal, "qq", 2), 2);
    assert_int_equal(status_of(pid), 0);
    str_free(&seen);
    (void)close(terminal);
}

static void without_a_terminal_it_says_what_to_use(void **state)
{
    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct console_options o = {.journal_path = recording, .control_fd = -1, .review = true};
        struct error e = {0};
        FILE *nothing_in = freopen("/dev/null", "r", stdin);
        int status = console_run(&o, &e);
        bool helps = nothing_in && strstr(e.todo, "newel status") && strstr(e.todo, "--dump");
        _exit(helps ? status : 99);
    }
    assert_int_equal(status_of(pid), EXIT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recording_is_moved_about_in),
        cmocka_unit_test(answers_are_shown_in_their_order),
        cmocka_unit_test(a_deaf_engine_does_not_hold_up_the_console),
        cmocka_unit_test(the_terminal_gets_what_the_canvas_holds),
        cmocka_unit_test(a_dump_needs_no_terminal),
        cmocka_unit_test(leaving_gives_the_terminal_back),
        cmocka_unit_test(a_signal_gives_the_terminal_back),
        cmocka_unit_test(a_crash_gives_the_terminal_back),
        cmocka_unit_test(a_lost_terminal_ends_the_console),
        cmocka_unit_test(a_resize_is_drawn),
        cmocka_unit_test(without_a_terminal_it_says_what_to_use),
    };
    return cmocka_run_group_tests_name("console", tests, record, forget);
}
