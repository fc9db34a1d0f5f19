#include "config.h"

#include "base/mem.h"
#include "dialect/statement_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void same(const char *a, const char *b)
{
    char *one = statement_fingerprint(a), *other = statement_fingerprint(b);
    assert_string_equal(one, other);
    free(one);
    free(other);
}

static void differ(const char *a, const char *b)
{
    char *one = statement_fingerprint(a), *other = statement_fingerprint(b);
    assert_string_not_equal(one, other);
    free(one);
    free(other);
}

static void a_statement_is_found_without_its_constants(void **state)
{
    (void)state;
    same("SELECT * FROM orders WHERE id = 42", "select * from orders where id=$1");
    same("SELECT * FROM orders WHERE id = 42", "SELECT * FROM `orders` WHERE `id` = ?");
    same("SELECT * FROM orders WHERE id = 42;",
         "SELECT *\n  FROM \"orders\" -- by key\nWHERE id = -7");
    same("SELECT 1 FROM t WHERE n = 'it''s' AND m = E'a\\'b'",
         "select $1 from t where n=$2 and m=$3");
    same("SELECT 1 FROM t WHERE a = $tag$ 'x' $$ $tag$", "SELECT $1 FROM t WHERE a = $2");
    same("SELECT a FROM t /* why */ LIMIT 20", "SELECT a FROM t LIMIT ?");
}

static void a_list_of_constants_is_one_whatever_its_length(void **state)
{
    (void)state;
    same("SELECT a FROM t WHERE id IN (1, 2, 3)", "SELECT `a` FROM `t` WHERE `id` IN (...)");
    same("SELECT a FROM t WHERE id IN ($1,$2,$3)", "SELECT a FROM t WHERE id IN ($1,$2)");
    same("SELECT a FROM t WHERE id IN (1, 2)", "SELECT a FROM t WHERE id IN ($1 /*, ... */)");
    same("INSERT INTO t VALUES (1, 'b', -3)", "INSERT INTO `t` VALUES (...)");
    differ("SELECT a FROM t WHERE id IN (1)", "SELECT a FROM t WHERE id IN (b, 1)");
}

static void other_statements_are_other_ones(void **state)
{
    (void)state;
    differ("SELECT a FROM t WHERE id = 1", "SELECT a FROM t WHERE id < 1");
    differ("SELECT a FROM t WHERE b - 1 = 2", "SELECT a FROM t WHERE b = 2");
    differ("SELECT a FROM t", "SELECT b FROM t");
}

static void tables_are_found_by_whole_words(void **state)
{
    (void)state;
    assert_true(statement_names("SELECT 1 FROM public.Orders o", "orders"));
    assert_true(statement_names("SELECT 1 FROM `orders`", "Orders"));
    assert_false(statement_names("SELECT 1 FROM orders_old", "orders"));
    assert_false(statement_names("SELECT 'orders' -- orders\n FROM x /* orders */", "orders"));
}

static void newel_knows_its_own(void **state)
{
    (void)state;
    assert_true(statement_is_ours("UPDATE newel.heartbeat SET beat = $1"));
    assert_true(statement_is_ours("SELECT count(*), min(newel_key) FROM orders"));
    assert_true(
        statement_is_ours("UPDATE `t` FORCE INDEX ( PRIMARY ) SET `a` = `b` WHERE `a` IS NULL"));
    assert_false(statement_is_ours("SELECT newels FROM stairs WHERE kind = 'newel'"));
}

static void use(const char *sql, enum statement_use wanted)
{
    if (statement_use(sql, "orders") != wanted)
        fail_msg("%s: %s", sql, statement_use_name(statement_use(sql, "orders")));
}

static void a_star_notices_a_new_column(void **state)
{
    (void)state;
    use("SELECT * FROM orders", USE_STAR);
    use("select distinct * from public.orders where id = $1", USE_STAR);
    use("SELECT o.* FROM orders AS o JOIN customers c ON c.id = o.customer_id", USE_STAR);
    use("SELECT c.name, o.* FROM orders o, customers c", USE_STAR);
    use("SELECT `orders` . * FROM `orders`", USE_STAR);
    use("SELECT SQL_NO_CACHE * FROM orders", USE_STAR);
    use("SELECT id, * FROM orders", USE_STAR);
    use("UPDATE orders SET a = 1 WHERE id = $1 RETURNING *", USE_RETURNING);
    use("DELETE FROM orders WHERE id = $1 RETURNING id, *", USE_RETURNING);
}

static void a_star_that_is_none_does_not(void **state)
{
    (void)state;
    use("SELECT count(*) FROM orders", USE_NAMED);
    use("SELECT count(o.*) FROM orders o", USE_NAMED);
    use("SELECT price * amount FROM orders", USE_NAMED);
    use("SELECT 2 * amount, ? * price FROM orders", USE_NAMED);
    use("SELECT id FROM customers c WHERE EXISTS (SELECT * FROM orders o WHERE o.c = c.id)",
        USE_NAMED);
    use("SELECT c.*, o.id FROM orders o JOIN customers c ON true", USE_NAMED);
    use("SELECT * FROM customers", USE_NAMED);
    use("SELECT '*' FROM orders", USE_NAMED);
}

static void an_insert_without_columns_notices_it(void **state)
{
    (void)state;
    use("INSERT INTO orders VALUES (1, 2)", USE_INSERT);
    use("INSERT INTO shop.orders SELECT a, b FROM other", USE_INSERT);
    use("INSERT IGNORE INTO `shop` . `orders` VALUES (...)", USE_INSERT);
    use("REPLACE orders VALUES (1)", USE_INSERT);
    use("INSERT INTO orders (SELECT a FROM other)", USE_INSERT);
    use("WITH x AS (SELECT 1) INSERT INTO orders AS o SELECT * FROM x", USE_INSERT);
    use("INSERT INTO orders (id, total) VALUES (1, 2)", USE_NAMED);
    use("INSERT INTO orders AS o (id) SELECT 1", USE_NAMED);
    use("INSERT INTO orders DEFAULT VALUES", USE_NAMED);
    use("INSERT INTO orders SET id = 1", USE_NAMED);
    use("INSERT INTO other SELECT id FROM orders", USE_NAMED);
    use("SELECT replace(note, 'a', 'b') FROM orders", USE_NAMED);
}

static void only_one_whole_statement_has_a_plan(void **state)
{
    (void)state;
    assert_true(statement_has_plan("SELECT 1"));
    assert_true(statement_has_plan(" (select 1) union (select 2);"));
    assert_true(statement_has_plan("WITH x AS (SELECT 1) SELECT * FROM x"));
    assert_true(statement_has_plan("UPDATE t SET a = ';'"));
    assert_false(statement_has_plan("SELECT 1; DROP TABLE t"));
    assert_false(statement_has_plan("EXPLAIN SELECT 1"));
    assert_false(statement_has_plan("EXECUTE SELECT * FROM t"));
    assert_false(statement_has_plan("VACUUM t"));
    assert_false(statement_has_plan("SELECT a FROM t WHERE b = ..."));
    assert_false(statement_has_plan(""));
}

static void parameters_are_counted_by_the_highest(void **state)
{
    (void)state;
    assert_int_equal(statement_parameters("SELECT $2, $10, $2"), 10);
    assert_int_equal(statement_parameters("SELECT '$3', $x$ $4 $x$, \"$5\" -- $6"), 0);
}

static void texts_that_end_too_early_are_read_to_their_end(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "'",  "\"", "`a", "$",           "$a$ x",   "/*",  "--", "E'\\",
        "1e", "a.", "(",  "INSERT INTO", "REPLACE", ". *", "*",  "insert orders"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        free(statement_fingerprint(texts[i]));
        use(texts[i], USE_NAMED);
        (void)statement_has_plan(texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_statement_is_found_without_its_constants),
        cmocka_unit_test(a_list_of_constants_is_one_whatever_its_length),
        cmocka_unit_test(other_statements_are_other_ones),
        cmocka_unit_test(tables_are_found_by_whole_words),
        cmocka_unit_test(newel_knows_its_own),
        cmocka_unit_test(a_star_notices_a_new_column),
        cmocka_unit_test(a_star_that_is_none_does_not),
        cmocka_unit_test(an_insert_without_columns_notices_it),
        cmocka_unit_test(only_one_whole_statement_has_a_plan),
        cmocka_unit_test(parameters_are_counted_by_the_highest),
        cmocka_unit_test(texts_that_end_too_early_are_read_to_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
