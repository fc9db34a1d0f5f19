#include "config.h"

#include "db/fault_mysql.h"
#include "db/text_mysql.h"
#include "dialect/grants_my.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- cutting a text into statements ---------------------------------------- */

/* The statements, each in brackets. */
static char *cut(const char *text)
{
    struct str s = {0};
    const char *statement;
    size_t n;
    while ((n = text_mysql_next(&text, &statement)) > 0) {
        str_add_char(&s, '[');
        str_add_n(&s, statement, n);
        str_add_char(&s, ']');
    }
    return s.len ? str_take(&s) : mem_dup("");
}

static void statements_end_at_semicolons_outside_quotes_and_comments(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {" ;; ; ", ""},
        {"A", "[A]"},
        {"A; B;\nC", "[A][B][C]"},
        {"A ';' ; B \";\" ; C `;`", "[A ';'][B \";\"][C `;`]"},
        {"A 'it''s;' ; B", "[A 'it''s;'][B]"},
        {"A 'x\\';' ; B", "[A 'x\\';'][B]"},
        {"A `x\\` ; B", "[A `x\\`][B]"},
        {"A -- ;\n; B # ;\n; C /* ; */; D", "[A -- ;][B # ;][C /* ; */][D]"},
        {"A --; B", "[A --][B]"},
        {"KILL $#1; SELECT 1", "[KILL $#1][SELECT 1]"},
        {"A 'not closed; B", "[A 'not closed; B]"},
        {"A /* not closed; B", "[A /* not closed; B]"},
        {"A\n;;\nBEGIN x; y; END\n;;\n", "[A][BEGIN x; y; END]"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *got = cut(cases[i][0]);
        assert_string_equal(got, cases[i][1]);
        free(got);
    }
}

/* ---- putting parameters in -------------------------------------------------- */

static void fills(const char *sql, int count, const char *const *params, const char *wanted)
{
    struct str s = {0};
    int bad = 0;
    assert_true(text_mysql_fill(sql, strlen(sql), count, params, &s, &bad));
    assert_string_equal(str_text(&s), wanted);
    str_free(&s);
}

static void parameters_are_quoted_or_whole_numbers(void **state)
{
    (void)state;
    const char *params[] = {"it's \\ 5", "-42", NULL};
    fills("a = $1 AND b = $#2 OR c = $3 OR d = $1", 3, params,
          "a = 'it''s \\\\ 5' AND b = -42 OR c = NULL OR d = 'it''s \\\\ 5'");
}

static void marks_inside_quotes_and_comments_are_text(void **state)
{
    (void)state;
    const char *params[] = {"x"};
    fills("'$1' \"$1\" `$1` /* $1 */ -- $1\n$1", 1, params,
          "'$1' \"$1\" `$1` /* $1 */ -- $1\n'x'");
    fills("$ $x $1", 1, params, "$ $x 'x'");
}

static void without_parameters_nothing_is_one(void **state)
{
    (void)state;
    fills("SELECT '$1', $1", 0, NULL, "SELECT '$1', $1");
}

static void a_mistake_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"$2", "$0", "$#1", "LIMIT $#1"};
    const char *params[] = {"1; DROP TABLE x"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct str s = {0};
        int bad = 0;
        assert_false(text_mysql_fill(texts[i], strlen(texts[i]), 1, params, &s, &bad));
        str_free(&s);
    }
}

/* ---- what a failure means --------------------------------------------------- */

static void numbers_are_faults(void **state)
{
    (void)state;
    static const struct {
        int number;
        const char *sqlstate;
        enum db_fault fault;
    } cases[] = {
        {1205, "HY000", DB_LOCK_TIMEOUT}, {1213, "40001", DB_DEADLOCK},
        {1020, "HY000", DB_SERIALIZATION}, {1317, "70100", DB_CANCELLED},
        {1969, "70100", DB_CANCELLED},    {1290, "HY000", DB_READ_ONLY},
        {1836, "HY000", DB_READ_ONLY},    {1142, "42000", DB_PRIVILEGE},
        {1845, "0A000", DB_ALGORITHM},    {1846, "0A000", DB_ALGORITHM},
        {4092, "HY000", DB_ALGORITHM},    {1060, "42S21", DB_EXISTS},
        {1054, "42S22", DB_MISSING},      {1146, "42S02", DB_MISSING},
        {1264, "22003", DB_DATA},         {1048, "23000", DB_DATA},
        {1644, "45000", DB_DATA},         {1053, "08S01", DB_STOPPED},
        {1242, "21000", DB_DATA},         {3140, "22032", DB_DATA},
        {1047, "08S01", DB_STOPPED},      {2013, "HY000", DB_LOST},
        {2006, "HY000", DB_LOST},         {1927, "70100", DB_LOST},
        {1064, "42000", DB_OTHER},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct error e;
        struct mysql_fault f = {"t1 (h:3306)", "newel", cases[i].number, cases[i].sqlstate, "words", NULL};
        assert_int_equal(fault_mysql_statement(&f, &e), cases[i].fault);
        assert_int_equal(e.number, cases[i].number);
        assert_string_equal(e.sqlstate, cases[i].sqlstate);
        assert_string_equal(e.why, "words");
        assert_string_equal(e.what, "t1 (h:3306)");
    }
}

static void a_missing_privilege_is_named_as_its_grant(void **state)
{
    (void)state;
    struct error e;
    struct mysql_fault f = {
        .where = "t1",
        .number = 1142,
        .sqlstate = "42000",
        .message = "UPDATE command denied to user 'newel'@'localhost' for table `shop`.`orders`",
    };
    assert_int_equal(fault_mysql_statement(&f, &e), DB_PRIVILEGE);
    assert_string_equal(e.todo, "GRANT UPDATE ON `shop`.`orders` TO 'newel'@'localhost'");
    f.message = "UPDATE command denied to user 'newel'@'10.0.0.7' for table 'orders'";
    f.user = "'newel'@'%'";
    f.sql = "UPDATE `old`.`orders_2`, `shop`.`orders` SET x.orders_3 = 1";
    assert_int_equal(fault_mysql_statement(&f, &e), DB_PRIVILEGE);
    assert_string_equal(e.todo, "GRANT UPDATE ON `shop`.`orders` TO 'newel'@'%'");
    f.sql = "SELECT 1 FROM shop.orders_2 JOIN shop.orders";
    assert_int_equal(fault_mysql_statement(&f, &e), DB_PRIVILEGE);
    assert_string_equal(e.todo, "GRANT UPDATE ON shop.orders TO 'newel'@'%'");
    f.sql = NULL;
    assert_int_equal(fault_mysql_statement(&f, &e), DB_PRIVILEGE);
    assert_string_equal(e.todo, "");
    f.message = "for table command denied to user ";
    assert_int_equal(fault_mysql_statement(&f, &e), DB_PRIVILEGE);
    assert_string_equal(e.todo, "");
}

static void a_connection_that_was_refused_is_told_from_one_that_was_lost(void **state)
{
    (void)state;
    struct error e;
    struct mysql_fault refused = {"t1", NULL, 1045, "28000", "Access denied for user 'x'@'y'", NULL};
    assert_int_equal(fault_mysql_connect(&refused, &e), DB_REFUSED);
    assert_non_null(strstr(e.todo, "option file"));
    struct mysql_fault lost = {"t1", NULL, 2003, "HY000", "Can't connect", NULL};
    assert_int_equal(fault_mysql_connect(&lost, &e), DB_LOST);
    struct mysql_fault tls = {"t1", NULL, 2026, "HY000", "TLS/SSL error: ...", NULL};
    assert_int_equal(fault_mysql_connect(&tls, &e), DB_REFUSED);
    assert_non_null(strstr(e.todo, "ssl_mode"));
    assert_int_equal(fault_mysql_statement(&tls, &e), DB_LOST);
    assert_string_equal(e.todo, "");
    struct mysql_fault unknown = {"t1", NULL, 1049, "42000", "Unknown database 'x'", NULL};
    assert_int_equal(fault_mysql_connect(&unknown, &e), DB_REFUSED);
    assert_non_null(strstr(e.todo, "database"));
    struct mysql_fault clear = {"t1", NULL, 3159, "HY000", "... insecure transport ...", NULL};
    assert_int_equal(fault_mysql_connect(&clear, &e), DB_REFUSED);
    assert_non_null(strstr(e.todo, "ssl_mode"));
}

static void a_plugin_that_the_client_lacks_is_no_wrong_password(void **state)
{
    (void)state;
    struct error e;
    struct mysql_fault oracle = {"t1", NULL, 2059, "HY000", "Authentication plugin ...", NULL};
    assert_int_equal(fault_mysql_connect(&oracle, &e), DB_REFUSED);
    assert_non_null(strstr(e.todo, "plugin_dir"));
    struct mysql_fault mariadb = {
        "t1", NULL, 1045, "28000", "Plugin caching_sha2_password could not be loaded: ...", NULL};
    assert_int_equal(fault_mysql_connect(&mariadb, &e), DB_REFUSED);
    assert_non_null(strstr(e.todo, "plugin_dir"));
    assert_null(strstr(e.todo, "password"));
}

static void a_grant_covers_what_it_names(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool covers;
    } cases[] = {
        {"GRANT SELECT, ALTER ON `shop`.`orders` TO `newel`@`%`", true},
        {"GRANT ALTER ON `shop`.* TO `newel`@`%`", true},
        {"GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION", true},
        {"GRANT ALL ON TABLE `sh%`.* TO x", true},
        {"GRANT alter ON `sho_`.* TO x", true},
        {"GRANT ALTER ON `sho\\_`.* TO x", false},
        {"GRANT SELECT, INSERT ON `shop`.* TO x", false},
        {"GRANT ALTER ROUTINE ON `shop`.* TO x", false},
        {"GRANT INSERT (a, ALTER), SELECT ON `shop`.`orders` TO x", false},
        {"GRANT INSERT (` ON `), ALTER ON `shop`.`orders` TO x", true},
        {"GRANT ALTER ON `shop`.`order` TO x", false},
        {"GRANT ALTER ON `shop2`.* TO x", false},
        {"GRANT `ALTER`@`%` TO x", false},
        {"REVOKE ALTER ON `shop`.* FROM x", false},
        {"GRANT ALTER ON `shop`", false},
        {"GRANT ALTER ON ", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (grants_my_cover(cases[i].line, "ALTER", "shop", "orders") != cases[i].covers)
            fail_msg("%s", cases[i].line);
    assert_true(grants_my_cover("GRANT SELECT ON `a``b`.`c``d` TO x", "SELECT", "a`b", "c`d"));
    assert_true(grants_my_vague("GRANT `r`@`%` TO `x`@`%`"));
    assert_true(grants_my_vague("REVOKE SELECT ON `shop`.* FROM x"));
    assert_false(grants_my_vague("GRANT USAGE ON *.* TO x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_end_at_semicolons_outside_quotes_and_comments),
        cmocka_unit_test(parameters_are_quoted_or_whole_numbers),
        cmocka_unit_test(marks_inside_quotes_and_comments_are_text),
        cmocka_unit_test(without_parameters_nothing_is_one),
        cmocka_unit_test(a_mistake_is_refused),
        cmocka_unit_test(numbers_are_faults),
        cmocka_unit_test(a_missing_privilege_is_named_as_its_grant),
        cmocka_unit_test(a_plugin_that_the_client_lacks_is_no_wrong_password),
        cmocka_unit_test(a_grant_covers_what_it_names),
        cmocka_unit_test(a_connection_that_was_refused_is_told_from_one_that_was_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
