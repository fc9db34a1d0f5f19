#include "config.h"
#include "base/wire.h"

#include "base/clock.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/newel-wire-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    struct error e;
    (void)state;
    return path_remove_tree(folder, &e) ? 0 : -1;
}

static void pair(int fds[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
}

static void put(int fd, const char *bytes)
{
    assert_int_equal(send(fd, bytes, strlen(bytes), MSG_NOSIGNAL), strlen(bytes));
}

static void expect_verb(struct wire_reader *r, const char *verb)
{
    json_t *line = wire_take(r);
    assert_non_null(line);
    assert_string_equal(json_get_text(line, "do", "(none)"), verb);
    json_decref(line);
}

static void expect_null(struct wire_reader *r)
{
    json_t *line = wire_take(r);
    assert_non_null(line);
    assert_true(json_is_null(line));
    json_decref(line);
}

static void half_a_line_waits_for_its_other_half(void **state)
{
    (void)state;
    int fds[2];
    pair(fds);
    struct wire_reader r = {0};
    assert_int_equal(wire_fill(&r, fds[0]), 1); /* nothing there: does not wait */
    assert_null(wire_take(&r));
    put(fds[1], "{\"do\":\"pa");
    assert_int_equal(wire_fill(&r, fds[0]), 1);
    assert_null(wire_take(&r));
    put(fds[1], "use\"}\n");
    assert_int_equal(wire_fill(&r, fds[0]), 1);
    expect_verb(&r, "pause");
    assert_null(wire_take(&r));
    close(fds[1]);
    assert_int_equal(wire_fill(&r, fds[0]), 0);
    close(fds[0]);
    str_free(&r.buffer);
}

static void two_lines_in_one_read_are_two(void **state)
{
    (void)state;
    int fds[2];
    pair(fds);
    struct wire_reader r = {0};
    put(fds[1], "{\"do\":\"pause\"}\n{\"do\":\"resume\"}\n{\"do\":");
    close(fds[1]);
    assert_int_equal(wire_fill(&r, fds[0]), 1);
    expect_verb(&r, "pause");
    expect_verb(&r, "resume");
    assert_null(wire_take(&r)); /* what has no end is no line */
    assert_int_equal(wire_fill(&r, fds[0]), 0);
    close(fds[0]);
    str_free(&r.buffer);
}

static void what_is_no_json_object_gives_null_and_the_next_line_is_read(void **state)
{
    (void)state;
    int fds[2];
    pair(fds);
    struct wire_reader r = {0};
    put(fds[1], "garbage\n\n[1]\n{\"do\":1}{}\n{\"a\":1,\"a\":2}\n{\"do\":\"\xff\"}\n"
                "{\"do\":\"quit\"}\r\n");
    assert_int_equal(send(fds[1], "{\"do\":\"\0\"}\n", 11, 0), 11);
    assert_int_equal(wire_fill(&r, fds[0]), 1);
    for (int i = 0; i < 6; i++)
        expect_null(&r);
    expect_verb(&r, "quit");
    expect_null(&r);
    close(fds[0]);
    close(fds[1]);
    str_free(&r.buffer);
}

/* Fills until -1, or `reads` times. */
static int fill_all(struct wire_reader *r, int fd, int reads)
{
    int status = 1;
    while (reads-- > 0 && status == 1)
        status = wire_fill(r, fd);
    return status;
}

static void a_line_of_the_greatest_length_passes_and_one_more_byte_does_not(void **state)
{
    (void)state;
    for (int more = 0; more < 2; more++) {
        int fds[2];
        pair(fds);
        size_t length = (size_t)(WIRE_LINE_MAX + more);
        char *line = mem_alloc(length + 2);
        memset(line, ' ', length);
        memcpy(line, "{\"do\":\"pause\"}", 14);
        line[length] = '\n';
        put(fds[1], line);
        struct wire_reader r = {0};
        assert_int_equal(fill_all(&r, fds[0], 20), more ? -1 : 1);
        if (!more)
            expect_verb(&r, "pause");
        free(line);
        close(fds[0]);
        close(fds[1]);
        str_free(&r.buffer);
    }
}

static void a_line_without_an_end_is_refused_behind_good_ones_too(void **state)
{
    (void)state;
    int fds[2];
    pair(fds);
    put(fds[1], "{\"do\":\"pause\"}\n");
    char *line = mem_alloc(WIRE_LINE_MAX + 2);
    memset(line, 'x', WIRE_LINE_MAX + 1);
    put(fds[1], line);
    struct wire_reader r = {0};
    assert_int_equal(fill_all(&r, fds[0], 20), -1);
    assert_true(r.buffer.len <= WIRE_LINE_MAX + 15);
    expect_verb(&r, "pause");
    free(line);
    close(fds[0]);
    close(fds[1]);
    str_free(&r.buffer);
}

static void sending_to_the_dead_fails_without_a_signal(void **state)
{
    (void)state;
    int fds[2];
    pair(fds);
    close(fds[1]);
    json_t *message = json_object();
    assert_false(wire_send(fds[0], message, 1000));
    assert_int_equal(errno, EPIPE);
    struct error e;
    assert_null(wire_request(fds[0], message, 1000, &e));
    json_decref(message);
    close(fds[0]);
}

static void sending_to_one_who_does_not_read_ends_at_the_deadline(void **state)
{
    (void)state;
    int fds[2];
    pair(fds);
    char *text = mem_alloc(60001);
    memset(text, 'x', 60000);
    json_t *message = json_object();
    json_set_text(message, "text", text);
    int64_t begun = clock_mono_us();
    int sent = 0;
    while (sent < 1000 && wire_send(fds[0], message, 50))
        sent++;
    assert_true(sent < 1000);
    assert_int_equal(errno, ETIMEDOUT);
    assert_true(clock_mono_us() - begun >= 49000);
    json_set_text(message, "more", text);
    assert_false(wire_send(fds[0], message, 50));
    assert_int_equal(errno, EMSGSIZE);
    json_decref(message);
    free(text);
    close(fds[0]);
    close(fds[1]);
}

static void a_request_without_an_answer_ends_at_the_deadline(void **state)
{
    (void)state;
    int fds[2];
    pair(fds);
    json_t *message = json_object();
    struct error e;
    assert_null(wire_request(fds[0], message, 30, &e));
    assert_int_equal(e.number, ETIMEDOUT);
    put(fds[1], "{\"ok\":"); /* half an answer is none */
    close(fds[1]);
    assert_null(wire_request(fds[0], message, 30, &e));
    json_decref(message);
    close(fds[0]);
}

/* Answers one request of one client. */
static void *serve(void *arg)
{
    int listener = *(int *)arg, fd = -1;
    for (int i = 0; i < 2000 && fd < 0; i++, clock_sleep_us(1000))
        fd = wire_accept(listener);
    struct wire_reader r = {0};
    json_t *request = NULL;
    for (int i = 0; i < 2000 && !request; i++, clock_sleep_us(1000)) {
        if (wire_fill(&r, fd) != 1)
            break;
        request = wire_take(&r);
    }
    json_t *answer = json_object();
    json_set_text(answer, "did", json_get_text(request, "do", "nothing"));
    bool sent = wire_send(fd, answer, 1000);
    json_decref(answer);
    json_decref(request);
    str_free(&r.buffer);
    close(fd);
    return sent ? arg : NULL;
}

static void a_command_is_answered_over_a_socket_of_mode_0600(void **state)
{
    (void)state;
    struct error e;
    char *path = path_join(folder, "a.sock");
    int listener = wire_listen(path, &e);
    assert_true(listener >= 0);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(fcntl(listener, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(wire_accept(listener), -1); /* nobody yet: does not wait */

    pthread_t server;
    assert_int_equal(pthread_create(&server, NULL, serve, &listener), 0);
    int fd = wire_connect(path, &e);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    json_t *message = json_object();
    json_set_text(message, "do", "pause");
    json_t *answer = wire_request(fd, message, 5000, &e);
    assert_non_null(answer);
    assert_string_equal(json_get_text(answer, "did", ""), "pause");
    void *served;
    assert_int_equal(pthread_join(server, &served), 0);
    assert_non_null(served);
    json_decref(answer);
    json_decref(message);
    close(fd);
    close(listener);
    free(path);
}

static void accepted_descriptors_do_not_block_and_do_not_leak_into_children(void **state)
{
    (void)state;
    struct error e;
    char *path = path_join(folder, "flags.sock");
    int listener = wire_listen(path, &e);
    int client = wire_connect(path, &e);
    int fd = wire_accept(listener);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    close(fd);
    close(client);
    close(listener);
    free(path);
}

static void a_live_socket_is_refused_and_a_stale_one_replaced(void **state)
{
    (void)state;
    struct error e;
    char *path = path_join(folder, "b.sock");
    int first = wire_listen(path, &e);
    assert_true(first >= 0);
    assert_int_equal(wire_listen(path, &e), -1);
    assert_int_equal(e.kind, ERROR_NO);
    char *what = mem_printf("an engine already answers on %s", path);
    assert_string_equal(e.what, what);
    int client = wire_connect(path, &e); /* and it is still reached */
    assert_true(client >= 0);
    close(client);

    close(first); /* as after kill -9: the file stays */
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(wire_connect(path, &e), -1);
    assert_int_equal(e.number, ECONNREFUSED);
    int second = wire_listen(path, &e);
    assert_true(second >= 0);
    client = wire_connect(path, &e);
    assert_true(client >= 0);
    close(client);
    close(second);
    free(what);
    free(path);
}

static void a_live_engine_that_does_not_accept_is_not_taken_for_a_dead_one(void **state)
{
    (void)state;
    struct error e;
    char *path = path_join(folder, "busy.sock");
    int listener = wire_listen(path, &e);
    int clients[17]; /* fills the backlog */
    for (size_t i = 0; i < COUNT_OF(clients); i++)
        assert_true((clients[i] = wire_connect(path, &e)) >= 0);
    assert_int_equal(wire_listen(path, &e), -1);
    assert_int_equal(e.kind, ERROR_NO);
    for (size_t i = 0; i < COUNT_OF(clients); i++)
        close(clients[i]);
    close(listener);
    free(path);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
    (void)state;
    struct error e;
    char *path = path_join(folder, "file");
    assert_true(path_write_new(path, "precious", 0600, &e));
    assert_int_equal(wire_listen(path, &e), -1);
    assert_int_equal(e.kind, ERROR_SYSTEM);
    struct str text = {0};
    assert_true(path_read(path, 100, &text, &e));
    assert_string_equal(str_text(&text), "precious");
    str_free(&text);
    free(path);
}

static void a_path_that_is_too_long_is_named_as_the_reason(void **state)
{
    (void)state;
    struct error e;
    char path[200];
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    assert_int_equal(wire_listen(path, &e), -1);
    assert_non_null(strstr(e.why, "199 bytes"));
    assert_int_equal(wire_connect(path, &e), -1);
    assert_non_null(strstr(e.why, "1 to 107"));
    assert_int_equal(wire_listen("/nonexistent/newel/x.sock", &e), -1);
    assert_int_equal(e.number, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_a_line_waits_for_its_other_half),
        cmocka_unit_test(two_lines_in_one_read_are_two),
        cmocka_unit_test(what_is_no_json_object_gives_null_and_the_next_line_is_read),
        cmocka_unit_test(a_line_of_the_greatest_length_passes_and_one_more_byte_does_not),
        cmocka_unit_test(a_line_without_an_end_is_refused_behind_good_ones_too),
        cmocka_unit_test(sending_to_the_dead_fails_without_a_signal),
        cmocka_unit_test(sending_to_one_who_does_not_read_ends_at_the_deadline),
        cmocka_unit_test(a_request_without_an_answer_ends_at_the_deadline),
        cmocka_unit_test(a_command_is_answered_over_a_socket_of_mode_0600),
        cmocka_unit_test(accepted_descriptors_do_not_block_and_do_not_leak_into_children),
        cmocka_unit_test(a_live_socket_is_refused_and_a_stale_one_replaced),
        cmocka_unit_test(a_live_engine_that_does_not_accept_is_not_taken_for_a_dead_one),
        cmocka_unit_test(a_file_that_is_no_socket_is_left_alone),
        cmocka_unit_test(a_path_that_is_too_long_is_named_as_the_reason),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
