#include "config.h"
#include "base/error.h"
#include "base/path.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

static void an_error_is_one_line_whatever_the_server_said(void **state)
{
    (void)state;
    struct error e;
    assert_false(error_set(&e, ERROR_DATABASE, "cannot alter %s", "t"));
    (void)error_why(&e, "ERROR: no\nDETAIL: \033[31mred");
    (void)error_todo(&e, "look");
    strcpy(e.sqlstate, "55P03");
    struct str line = {0};
    error_text(&e, &line);
    assert_string_equal(str_text(&line),
                        "cannot alter t: ERROR: no DETAIL: ^[[31mred [SQLSTATE 55P03] (look)");
    str_free(&line);
}

static void an_error_may_be_made_from_its_own_words(void **state)
{
    (void)state;
    struct error e;
    (void)error_set(&e, ERROR_SYSTEM, "cause");
    (void)error_set(&e, ERROR_PHASE, "phase expand: %s", e.what);
    assert_string_equal(e.what, "phase expand: cause");
    (void)error_why(&e, "because");
    (void)error_why(&e, "%s, twice", e.why);
    assert_string_equal(e.why, "because, twice");
    (void)error_errno(&e, ENOENT, "%s, again", e.what);
    assert_string_equal(e.what, "phase expand: cause, again");
    assert_int_equal(e.number, ENOENT);
}

static void a_folder_without_a_name_is_an_error(void **state)
{
    (void)state;
    struct error e;
    assert_false(path_make_private("", &e));
    assert_true(path_make_private("/", &e));
}

static void what_could_not_be_written_whole_is_not_left_behind(void **state)
{
    (void)state;
    char folder[] = "/tmp/newel-path-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *path = path_join(folder, "file");
    struct error e;
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 3;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bool written = path_write_new(path, "too long", 0600, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_false(written);
    assert_int_equal(e.number, EFBIG);
    assert_int_equal(access(path, F_OK), -1);
    assert_true(path_write_new(path, "now", 0600, &e));
    assert_false(path_write_new(path, "again", 0600, &e));
    assert_int_equal(e.number, EEXIST);
    assert_int_equal(access(path, F_OK), 0);
    assert_true(path_remove_tree(folder, &e));
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_is_one_line_whatever_the_server_said),
        cmocka_unit_test(an_error_may_be_made_from_its_own_words),
        cmocka_unit_test(a_folder_without_a_name_is_an_error),
        cmocka_unit_test(what_could_not_be_written_whole_is_not_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
