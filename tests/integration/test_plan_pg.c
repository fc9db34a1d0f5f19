/*
 * Plans against a server: every statement runs, every step is idempotent by its
 * probes, every way back leads back, and the triggers keep their promises.
 * NEWEL_TEST_PG holds a conninfo of a superuser on a server for tests.
 */
#include "config.h"

#include "plan/check.h"
#include "plan/plan.h"
#include "dialect/batch.h"
#include "dialect/state.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct db *db;
    struct migration m;
    struct facts f;
    struct plan plan;
};

static struct db_address server = {.engine = DB_POSTGRESQL, .name = "test"};

/* ---- helpers -------------------------------------------------------------- */

static void must(struct db *db, const char *sql)
{
    struct error e;
    if (db_exec(db, sql, &e) != DB_OK) {
        struct str text = {0};
        error_text(&e, &text);
        fail_msg("%s\n%s", sql, str_text(&text));
    }
}

static char *ask(struct db *db, const char *sql)
{
    struct error e;
    struct db_rows *rows;
    if (db_query(db, &rows, &e, sql, 0, NULL) != DB_OK)
        fail_msg("%s\n%s", sql, e.why);
    char *value = mem_dup(db_row_count(rows) ? db_value(rows, 0, 0) : "no row");
    db_rows_free(rows);
    return value;
}

static void assert_sql(struct db *db, const char *sql, const char *wanted)
{
    char *value = ask(db, sql);
    if ((wanted == NULL) != (value == NULL) || (wanted && strcmp(value, wanted) != 0))
        fail_msg("%s\nis %s, not %s", sql, value ? value : "NULL", wanted ? wanted : "NULL");
    free(value);
}

static struct db *connect_db(const char *role)
{
    struct error e;
    struct db *db = db_open(&server, role, &e);
    if (!db)
        fail_msg("%s: %s", e.what, e.why);
    return db;
}

static int setup(void **state)
{
    struct fixture *x = mem_alloc(sizeof *x);
    server.conninfo = getenv("NEWEL_TEST_PG");
    x->db = connect_db("newel test");
    must(x->db, "DROP SCHEMA IF EXISTS newel CASCADE; DROP SCHEMA IF EXISTS shop CASCADE; "
                "CREATE SCHEMA shop");
    must(x->db, state_words(DB_POSTGRESQL)->schema);
    *state = x;
    return 0;
}

static void forget(struct fixture *x)
{
    plan_free(&x->plan);
    facts_free(&x->f);
    migration_free(&x->m);
}

static int teardown(void **state)
{
    struct fixture *x = *state;
    forget(x);
    db_close(x->db);
    free(x);
    return 0;
}

static void make(struct fixture *x, const char *body)
{
    struct findings findings = {0};
    struct error e;
    forget(x);
    migration_parse("test.ini", body, &x->m, &findings);
    for (size_t i = 0; i < findings.count; i++)
        fail_msg("%s", findings.items[i].text);
    findings_free(&findings);
    if (!facts_read(x->db, &x->m, &x->f, &e))
        fail_msg("%s", e.why);
    plan_make(&x->m, &x->f, &x->plan);
}

static bool probe(struct fixture *x, const char *sql)
{
    char *value = ask(x->db, sql);
    bool yes = strcmp(value, "t") == 0;
    assert_true(yes || strcmp(value, "f") == 0);
    free(value);
    return yes;
}

static void climb(struct fixture *x, enum phase phase)
{
    struct phase_plan *p = &x->plan.phases[phase];
    for (size_t i = 0; i < p->step_count; i++) {
        struct step *s = &p->steps[i];
        if (s->kind == STEP_ENGINE)
            continue;
        if (s->done && probe(x, s->done))
            fail_msg("%s: done before it ran", s->name);
        char *sql = mem_printf("BEGIN; SET LOCAL lock_timeout = '1s'");
        must(x->db, sql);
        must(x->db, s->sql);
        must(x->db, "COMMIT");
        free(sql);
        if (s->done && !probe(x, s->done))
            fail_msg("%s: not done after it ran\n%s", s->name, s->done);
        if (s->undone && probe(x, s->undone))
            fail_msg("%s: undone after it ran", s->name);
    }
}

static void descend(struct fixture *x, enum phase phase)
{
    struct phase_plan *p = &x->plan.phases[phase];
    for (size_t i = p->step_count; i-- > 0;) {
        struct step *s = &p->steps[i];
        if (!s->undo)
            continue;
        must(x->db, s->undo);
        if (s->undone ? !probe(x, s->undone) : probe(x, s->done))
            fail_msg("%s: not undone after its way back", s->name);
    }
}

/* Runs the plan's own batch statement over the whole table in one go. */
static void backfill(struct fixture *x)
{
    must(x->db, "INSERT INTO newel.migration (id, table_name, column_name, digest, epoch) VALUES "
                "('m', 't', 'c', '', 1) ON CONFLICT DO NOTHING; DELETE FROM newel.checkpoint");
    char *table = db_quote_text(DB_POSTGRESQL, x->f.qualified);
    char *sql = mem_printf("INSERT INTO newel.checkpoint (migration, lane, cursor, shape) VALUES "
                           "('m', 0, '0', pg_relation_filenode(%s))",
                           table);
    must(x->db, sql);
    free(sql);
    free(table);
    const char *const blocks[] = {"m", "1", "0", "0", "1", "(0,0)", "(100000,0)", "0", "0", "t"};
    const char *const keys[] = {"m", "1", "0", "0", "100000", "100000", "-1"};
    bool by_blocks = x->plan.order == WALK_BLOCKS;
    assert_int_equal(by_blocks, x->f.version >= 140000);
    struct error e;
    const char *batch = x->plan.phases[PHASE_BACKFILL].steps[0].sql;
    if (db_query(x->db, NULL, &e, batch, by_blocks ? 10 : 7, by_blocks ? blocks : keys) != DB_OK)
        fail_msg("%s\n%s", e.why, batch);
}

#define HEAD "[migration]\nid = m\ntable = "

static const char orders[] = HEAD "shop.orders\n[column]\nname = region\ntype = text\n"
                                  "default = 'unknown'\nnot_null = yes\n"
                                  "[backfill]\nvalue = upper(country)\n"
                                  "where = country IS NOT NULL\n";

static void make_orders(struct fixture *x)
{
    must(x->db, "CREATE TABLE shop.orders (id bigint PRIMARY KEY, country text, n int); "
                "INSERT INTO shop.orders SELECT i, CASE WHEN i % 3 > 0 THEN 'de' END, i "
                "FROM generate_series(1, 100) i; ANALYZE shop.orders");
}

/* ---- the staircase -------------------------------------------------------- */

static void facts_tell_the_table(void **state)
{
    struct fixture *x = *state;
    make_orders(x);
    make(x, orders);
    assert_true(x->f.table_exists);
    assert_string_equal(x->f.qualified, "shop.orders");
    assert_int_equal(x->f.relkind, 'r');
    assert_int_equal(x->f.persistence, 'p');
    assert_int_equal(x->f.rows_estimate, 100);
    assert_int_equal(x->f.fillfactor, 100);
    assert_int_equal(x->f.indexes, 1);
    assert_int_equal(x->f.blocks, 1);
    assert_int_equal(x->f.key_count, 1);
    assert_string_equal(x->f.key[0].name, "id");
    assert_string_equal(x->f.key[0].type, "bigint");
    assert_true(x->f.key_correlation > 0.9);
    assert_false(x->f.column_exists);
    assert_true(x->f.newel_schema);
    assert_in_range(x->f.tuple_bytes, 30, 60);
    assert_string_equal(x->f.search_path, "public");
}

static void a_table_that_is_not_there_is_no_error(void **state)
{
    struct fixture *x = *state;
    make(x, orders);
    assert_false(x->f.table_exists);
    assert_null(x->f.qualified);
}

static void every_phase_runs_and_its_probes_agree(void **state)
{
    struct fixture *x = *state;
    make_orders(x);
    make(x, orders);
    climb(x, PHASE_EXPAND);
    climb(x, PHASE_SYNC);
    backfill(x);
    assert_sql(x->db, "SELECT count(*) FROM shop.orders WHERE region = 'DE'", "67");
    assert_sql(x->db, "SELECT count(*) FROM shop.orders WHERE region = 'unknown'", "33");
    climb(x, PHASE_CONSTRAIN);
    climb(x, PHASE_ENFORCE);
    climb(x, PHASE_FINISH);
    assert_sql(x->db,
               "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'shop.orders'::regclass "
               "AND attname = 'region'",
               "t");
    assert_sql(x->db, "INSERT INTO shop.orders (id) VALUES (1000) RETURNING region", "unknown");
    assert_sql(x->db, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'shop.orders'::regclass",
               "0");
    assert_sql(x->db,
               "SELECT count(*) FROM pg_proc WHERE pronamespace = 'newel'::regnamespace "
               "AND proname LIKE 'sync%'",
               "0");
}

static void a_finished_plan_has_nothing_left_to_do(void **state)
{
    struct fixture *x = *state;
    make_orders(x);
    make(x, orders);
    for (enum phase p = PHASE_EXPAND; p < PHASE_FINISH; p++) {
        climb(x, p);
        if (p == PHASE_BACKFILL)
            backfill(x);
    }
    const enum phase all[] = {PHASE_EXPAND, PHASE_SYNC, PHASE_CONSTRAIN, PHASE_ENFORCE};
    for (size_t p = 0; p < COUNT_OF(all); p++)
        for (size_t i = 0; i < x->plan.phases[all[p]].step_count; i++)
            if (x->plan.phases[all[p]].steps[i].kind != STEP_ENGINE)
                assert_true(probe(x, x->plan.phases[all[p]].steps[i].done));
}

static void the_way_back_leads_to_where_it_began(void **state)
{
    struct fixture *x = *state;
    make_orders(x);
    make(x, orders);
    climb(x, PHASE_EXPAND);
    climb(x, PHASE_SYNC);
    backfill(x);
    climb(x, PHASE_CONSTRAIN);
    climb(x, PHASE_ENFORCE);
    for (int p = PHASE_FINISH; p >= PHASE_EXPAND; p--)
        descend(x, (enum phase)p);
    /* a second time, as after a failure halfway: every probe says that there is nothing to undo */
    for (int p = PHASE_FINISH; p >= PHASE_EXPAND; p--)
        for (size_t i = 0; i < x->plan.phases[p].step_count; i++)
            if (x->plan.phases[p].steps[i].undone)
                assert_true(probe(x, x->plan.phases[p].steps[i].undone));
    facts_free(&x->f);
    struct error e;
    assert_true(facts_read(x->db, &x->m, &x->f, &e));
    assert_false(x->f.column_exists);
    assert_sql(x->db,
               "SELECT count(*) FROM pg_constraint WHERE conrelid = "
               "'shop.orders'::regclass AND contype = 'c'",
               "0");
}

static void set_not_null_does_not_scan(void **state)
{
    struct fixture *x = *state;
    make_orders(x);
    make(x, orders);
    climb(x, PHASE_EXPAND);
    climb(x, PHASE_SYNC);
    backfill(x);
    climb(x, PHASE_CONSTRAIN);
    const char scans[] = "SELECT pg_stat_get_xact_numscans('shop.orders'::regclass)";
    must(x->db, "BEGIN");
    char *before = ask(x->db, scans);
    must(x->db, x->plan.phases[PHASE_ENFORCE].steps[0].sql);
    assert_sql(x->db, scans, before);
    free(before);
    must(x->db, "ROLLBACK");
}

static void odd_names_survive(void **state)
{
    struct fixture *x = *state;
    must(x->db, "CREATE TABLE shop.\"Or\"\"der; $newel$'s\" (\"select\" int PRIMARY KEY, "
                "\"new\" text, \"tg_op\" text, \"found\" text); INSERT INTO "
                "shop.\"Or\"\"der; $newel$'s\" VALUES (1, 'a', 'b', 'c')");
    make(x, HEAD "shop.\"Or\"\"der; $newel$'s\"\n[column]\nname = a \"column\" with 'quotes' and a "
                 "name of 63\ntype = text\nnot_null = yes\n[backfill]\nvalue = \"new\" || tg_op || "
                 "found || \"Or\"\"der; $newel$'s\".\"select\"\n");
    climb(x, PHASE_EXPAND);
    climb(x, PHASE_SYNC);
    backfill(x);
    must(x->db, "INSERT INTO shop.\"Or\"\"der; $newel$'s\" VALUES (2, 'x', 'y', 'z')");
    climb(x, PHASE_CONSTRAIN);
    climb(x, PHASE_ENFORCE);
    assert_sql(x->db,
               "SELECT string_agg(\"a \"\"column\"\" with 'quotes' and a name of 63\", ',' "
               "ORDER BY 1) FROM shop.\"Or\"\"der; $newel$'s\"",
               "abc1,xyz2");
    climb(x, PHASE_FINISH);
}

static void two_long_columns_that_begin_alike_get_constraints_of_their_own(void **state)
{
    struct fixture *x = *state;
    must(x->db, "CREATE TABLE shop.t (id int PRIMARY KEY)");
    for (int i = 0; i < 2; i++) {
        char *body = mem_printf("[migration]\nid = long%d\ntable = shop.t\n[column]\nname = "
                                "überlanger_name_der_bis_an_die_grenze_geht_und_dort_endet_%d\n"
                                "type = int\nnot_null = yes\n[backfill]\nvalue = id\n",
                                i, i);
        make(x, body);
        free(body);
        climb(x, PHASE_EXPAND);
        climb(x, PHASE_SYNC);
        climb(x, PHASE_CONSTRAIN);
    }
    assert_sql(x->db,
               "SELECT count(DISTINCT conname) FROM pg_constraint WHERE conrelid = "
               "'shop.t'::regclass AND contype IN ('c', 'n') AND conname LIKE '%not_null' "
               "AND conname LIKE '%berlanger%'",
               "2");
}

static void a_default_for_new_rows_needs_no_trigger(void **state)
{
    struct fixture *x = *state;
    make_orders(x);
    make(x, HEAD "shop.orders\n[column]\nname = region\ntype = text\ndefault = 'x'\n"
                 "not_null = yes\n[backfill]\nnew_rows = default\n");
    assert_int_equal(x->plan.order, WALK_KEYS);
    climb(x, PHASE_EXPAND);
    climb(x, PHASE_SYNC);
    assert_sql(x->db, "INSERT INTO shop.orders (id) VALUES (1000) RETURNING region", "x");
    must(x->db, "UPDATE shop.orders SET region = 'x'");
    climb(x, PHASE_CONSTRAIN);
    climb(x, PHASE_ENFORCE);
    climb(x, PHASE_FINISH);
}

/* ---- the triggers --------------------------------------------------------- */

/* The row that every test below writes: country and n decide the value. */
static void with_trigger(struct fixture *x, const char *type, const char *more)
{
    make_orders(x);
    char *body = mem_printf(HEAD "shop.orders\n[column]\nname = c\ntype = %s\n%s\n", type, more);
    make(x, body);
    free(body);
    climb(x, PHASE_EXPAND);
    climb(x, PHASE_SYNC);
}

#define VALUE "[backfill]\nvalue = upper(country) || n"

static void an_inserted_row_gets_its_value(void **state)
{
    struct fixture *x = *state;
    with_trigger(x, "text", VALUE);
    assert_sql(x->db, "INSERT INTO shop.orders VALUES (900, 'fr', 5) RETURNING c", "FR5");
}

static void what_the_application_inserts_stays(void **state)
{
    struct fixture *x = *state;
    with_trigger(x, "text", VALUE);
    assert_sql(x->db, "INSERT INTO shop.orders VALUES (900, 'fr', 5, 'own') RETURNING c", "own");
}

static void an_old_row_gets_its_value_with_its_first_change(void **state)
{
    struct fixture *x = *state;
    with_trigger(x, "text", VALUE);
    assert_sql(x->db, "UPDATE shop.orders SET n = 7 WHERE id = 1 RETURNING c", "DE7");
}

static void a_derived_value_follows_its_row(void **state)
{
    struct fixture *x = *state;
    with_trigger(x, "text", VALUE);
    backfill(x);
    assert_sql(x->db, "UPDATE shop.orders SET country = 'it' WHERE id = 1 RETURNING c", "IT1");
    assert_sql(x->db, "UPDATE shop.orders SET n = 9 WHERE id = 1 RETURNING c", "IT9");
}

static void the_applications_own_value_is_left_alone(void **state)
{
    struct fixture *x = *state;
    with_trigger(x, "text", VALUE);
    assert_sql(x->db, "UPDATE shop.orders SET c = 'own' WHERE id = 1 RETURNING c", "own");
    assert_sql(x->db, "UPDATE shop.orders SET n = 9 WHERE id = 1 RETURNING c", "own");
    backfill(x);
    assert_sql(x->db, "SELECT c FROM shop.orders WHERE id = 1", "own");
}

static void a_value_written_together_with_its_row_stays(void **state)
{
    struct fixture *x = *state;
    with_trigger(x, "text", VALUE);
    backfill(x);
    assert_sql(x->db, "UPDATE shop.orders SET n = 9, c = 'own' WHERE id = 1 RETURNING c", "own");
}

static void the_batch_does_not_call_the_trigger(void **state)
{
    struct fixture *x = *state;
    with_trigger(x, "text", VALUE);
    must(x->db, "DELETE FROM shop.orders WHERE country IS NULL; SET track_functions = 'all'");
    must(x->db, "BEGIN");
    backfill(x);
    assert_sql(x->db, "SELECT count(*) FROM pg_stat_xact_user_functions WHERE schemaname = 'newel'",
               "0");
    must(x->db, "COMMIT");
}

static void an_expression_that_fails_does_not_break_the_application(void **state)
{
    struct fixture *x = *state;
    with_trigger(x, "int", "[backfill]\nvalue = 100 / n");
    assert_sql(x->db, "INSERT INTO shop.orders VALUES (900, 'fr', 0) RETURNING c", NULL);
    assert_sql(x->db, "UPDATE shop.orders SET n = 0 WHERE id = 900 RETURNING c", NULL);
    assert_sql(x->db, "UPDATE shop.orders SET n = 4 WHERE id = 900 RETURNING c", "25");
    /* what is stored no longer belongs to the row: it goes, so that verify finds the row */
    assert_sql(x->db, "UPDATE shop.orders SET n = 0 WHERE id = 900 RETURNING c", NULL);
}

static void a_right_that_the_application_lacks_does_not_break_it(void **state)
{
    struct fixture *x = *state;
    must(x->db, "CREATE FUNCTION shop.f(int) RETURNS int LANGUAGE sql AS 'SELECT $1 + 1'; "
                "REVOKE ALL ON FUNCTION shop.f(int) FROM PUBLIC");
    with_trigger(x, "int", "[backfill]\nvalue = shop.f(n)");
    must(x->db, "DROP ROLE IF EXISTS newel_app");
    must(x->db, "CREATE ROLE newel_app; GRANT USAGE ON SCHEMA shop TO newel_app; "
                "GRANT ALL ON shop.orders TO newel_app; SET ROLE newel_app");
    assert_sql(x->db, "INSERT INTO shop.orders VALUES (900, 'fr', 1) RETURNING c", NULL);
    must(x->db, "RESET ROLE");
    assert_sql(x->db, "INSERT INTO shop.orders VALUES (901, 'fr', 1) RETURNING c", "2");
    must(x->db, "DROP OWNED BY newel_app; DROP ROLE newel_app");
}

static void rows_outside_where_get_nothing(void **state)
{
    struct fixture *x = *state;
    with_trigger(x, "text", VALUE "\nwhere = n > 10");
    assert_sql(x->db, "INSERT INTO shop.orders VALUES (900, 'fr', 5) RETURNING c", NULL);
    assert_sql(x->db, "UPDATE shop.orders SET n = 50 WHERE id = 900 RETURNING c", "FR50");
    assert_sql(x->db, "UPDATE shop.orders SET n = 60 WHERE id = 900 RETURNING c", "FR60");
    assert_sql(x->db, "UPDATE shop.orders SET n = 5 WHERE id = 900 RETURNING c", "FR60");
}

static void rows_outside_where_get_the_default(void **state)
{
    struct fixture *x = *state;
    with_trigger(x, "text", "default = 'small'\n" VALUE "\nwhere = n > 10");
    assert_sql(x->db, "INSERT INTO shop.orders VALUES (900, 'fr', 5) RETURNING c", "small");
    assert_sql(x->db, "UPDATE shop.orders SET n = 50 WHERE id = 900 RETURNING c", "FR50");
    assert_sql(x->db, "UPDATE shop.orders SET n = 5 WHERE id = 900 RETURNING c", "small");
}

static void types_without_equality_work(void **state)
{
    struct fixture *x = *state;
    with_trigger(x, "json", "[backfill]\nvalue = json_build_object('n', n)");
    assert_sql(x->db, "INSERT INTO shop.orders VALUES (900, 'fr', 5) RETURNING c", "{\"n\" : 5}");
    assert_sql(x->db, "UPDATE shop.orders SET n = 6 WHERE id = 900 RETURNING c", "{\"n\" : 6}");
    assert_sql(x->db, "UPDATE shop.orders SET c = '{}' WHERE id = 900 RETURNING c", "{}");
    assert_sql(x->db, "UPDATE shop.orders SET n = 7 WHERE id = 900 RETURNING c", "{}");
}

static void a_value_that_is_rounded_when_stored_is_still_known_as_derived(void **state)
{
    struct fixture *x = *state;
    with_trigger(x, "numeric(6,1)", "[backfill]\nvalue = n / 3.0");
    assert_sql(x->db, "INSERT INTO shop.orders VALUES (900, 'fr', 5) RETURNING c", "1.7");
    assert_sql(x->db, "UPDATE shop.orders SET n = 7 WHERE id = 900 RETURNING c", "2.3");
}

static void not_null_is_never_broken_by_the_trigger(void **state)
{
    struct fixture *x = *state;
    with_trigger(x, "text", "not_null = yes\n" VALUE);
    must(x->db, "DELETE FROM shop.orders WHERE country IS NULL");
    backfill(x);
    climb(x, PHASE_CONSTRAIN);
    assert_sql(x->db, "UPDATE shop.orders SET country = NULL WHERE id = 1 RETURNING c", "DE1");
}

static void the_trigger_sees_what_the_applications_triggers_did(void **state)
{
    struct fixture *x = *state;
    make_orders(x);
    must(x->db, "CREATE FUNCTION shop.g() RETURNS trigger LANGUAGE plpgsql AS "
                "'BEGIN NEW.n := NEW.n * 10; RETURN NEW; END'; CREATE TRIGGER zz BEFORE INSERT OR "
                "UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.g()");
    make(x, HEAD "shop.orders\n[column]\nname = c\ntype = text\n" VALUE "\n");
    climb(x, PHASE_EXPAND);
    climb(x, PHASE_SYNC);
    assert_sql(x->db, "INSERT INTO shop.orders VALUES (900, 'fr', 5) RETURNING c", "FR50");
    assert_sql(x->db, "UPDATE shop.orders SET n = 6 WHERE id = 900 RETURNING c", "FR60");
}

static void the_trigger_finds_its_functions_whatever_the_callers_path(void **state)
{
    struct fixture *x = *state;
    must(x->db, "SET search_path = shop, public");
    must(x->db, "CREATE FUNCTION shop.f(int) RETURNS int LANGUAGE sql AS 'SELECT $1 + 1'");
    with_trigger(x, "int", "[backfill]\nvalue = f(n)");
    must(x->db, "SET search_path = pg_catalog");
    assert_sql(x->db, "INSERT INTO shop.orders VALUES (900, 'fr', 1) RETURNING c", "2");
}

/* ---- the checks ----------------------------------------------------------- */

static const struct check_result *find(const struct check_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return &list->items[i];
    fail_msg("no check %s", name);
    return NULL;
}

static void check(struct fixture *x, struct check_list *list, bool may_write)
{
    struct error e;
    if (!check_run(x->db, &x->m, &x->f, may_write, list, &e))
        fail_msg("%s: %s", e.what, e.why);
    for (size_t i = 0; i < list->count; i++)
        if (strstr(list->items[i].evidence, "could not be asked") &&
            !strstr(list->items[i].evidence, "denied for schema newel"))
            fail_msg("%s: %s", list->items[i].name, list->items[i].evidence);
}

static void expect(struct fixture *x, const char *body, const char *name,
                   enum check_verdict verdict, const char *words)
{
    struct check_list list;
    make(x, body);
    check(x, &list, true);
    const struct check_result *r = find(&list, name);
    if (r->verdict != verdict || !strstr(r->evidence, words))
        fail_msg("%s is %s: %s", name, check_verdict_name(r->verdict), r->evidence);
    if (verdict == CHECK_STOP)
        assert_true(r->remedy[0]);
    check_list_free(&list);
}

static void a_sound_migration_passes_every_check(void **state)
{
    struct fixture *x = *state;
    struct check_list list;
    make_orders(x);
    make(x, orders);
    check(x, &list, true);
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i].verdict != CHECK_PASS)
            fail_msg("%s: %s", list.items[i].name, list.items[i].evidence);
    assert_true(list.count > 20);
    check_list_free(&list);
    assert_sql(x->db, "SELECT count(*) FROM pg_class WHERE relname LIKE 'newel_probe%'", "0");
}

static void a_read_only_session_can_check(void **state)
{
    struct fixture *x = *state;
    struct check_list list;
    struct error e;
    make_orders(x);
    make(x, orders);
    assert_true(db_set_read_only(x->db, &e));
    check(x, &list, false);
    assert_int_equal(check_count(&list, CHECK_STOP), 0);
    assert_int_equal(check_count(&list, CHECK_SKIPPED), 1);
    check_list_free(&list);
    must(x->db, "SET default_transaction_read_only = off");
}

#define COLUMN(type) HEAD "shop.orders\n[column]\nname = c\ntype = " type "\n[backfill]\nvalue = "

static void types_that_rewrite_are_stopped(void **state)
{
    struct fixture *x = *state;
    make_orders(x);
    must(x->db, "CREATE DOMAIN shop.d AS int CHECK (value > 0)");
    expect(x, COLUMN("bigserial") "n\n", "type", CHECK_STOP, "rewrite");
    expect(x, COLUMN("shop.d") "n\n", "type", CHECK_STOP, "rewrite");
    expect(x, COLUMN("int UNIQUE") "n\n", "type", CHECK_STOP, "along");
    expect(x, COLUMN("int DEFAULT 5") "n\n", "type", CHECK_STOP, "along");
    expect(x, COLUMN("nosuchtype") "n\n", "type", CHECK_STOP, "does not exist");
    expect(x, COLUMN("varchar(10)") "country\n", "type", CHECK_PASS, "character varying(10)");
}

static void expressions_that_cannot_be_are_stopped(void **state)
{
    struct fixture *x = *state;
    make_orders(x);
    expect(x, COLUMN("text") "upper(contry)\n", "value", CHECK_STOP, "contry");
    expect(x, COLUMN("text") "max(country)\n", "value", CHECK_STOP, "aggregate");
    expect(x, COLUMN("text") "ctid::text\n", "value", CHECK_STOP, "ctid");
    expect(x, COLUMN("text") "generate_series(1, n)\n", "value", CHECK_STOP, "set-returning");
    expect(x, COLUMN("int") "country\n", "assignment", CHECK_STOP, "type");
    expect(x, HEAD "shop.orders\n[column]\nname = c\ntype = int\ndefault = n\n", "default",
           CHECK_STOP, "n");
}

static void a_volatile_value_is_warned_of(void **state)
{
    struct fixture *x = *state;
    make_orders(x);
    expect(x, COLUMN("uuid") "gen_random_uuid()\n", "made of", CHECK_WARN, "volatile");
    expect(x, COLUMN("text") "upper(country) || now()\n", "made of", CHECK_PASS, "");
}

static void a_generated_column_in_the_value_is_stopped(void **state)
{
    struct fixture *x = *state;
    make_orders(x);
    must(x->db, "ALTER TABLE shop.orders ADD twice int GENERATED ALWAYS AS (n * 2) STORED");
    expect(x, COLUMN("int") "twice + 1\n", "made of", CHECK_STOP, "twice");
    expect(x, COLUMN("int") "n + 1\n", "made of", CHECK_PASS, "");
}

static void tables_of_another_kind_are_stopped(void **state)
{
    struct fixture *x = *state;
    must(x->db, "CREATE VIEW shop.orders AS SELECT 1 AS n");
    expect(x, COLUMN("int") "n\n", "table", CHECK_STOP, "a view");
    must(x->db, "DROP VIEW shop.orders; CREATE TABLE shop.orders (n int) PARTITION BY LIST (n)");
    must(x->db, "CREATE TABLE shop.near PARTITION OF shop.orders FOR VALUES IN (1)");
    expect(x, COLUMN("int") "n\n", "table", CHECK_PASS, "1 partition,");
    must(x->db,
         "CREATE FOREIGN DATA WRAPPER apart; CREATE SERVER apart FOREIGN DATA WRAPPER apart; "
         "CREATE FOREIGN TABLE shop.far PARTITION OF shop.orders FOR VALUES IN (2) "
         "SERVER apart");
    expect(x, COLUMN("int") "n\n", "table", CHECK_STOP, "shop.far of shop.orders is a foreign");
    must(x->db, "DROP FOREIGN DATA WRAPPER apart CASCADE");
    must(x->db, "DROP TABLE shop.orders; CREATE TABLE shop.orders (n int); CREATE TABLE shop.kid "
                "() INHERITS (shop.orders)");
    expect(x, COLUMN("int") "n\n", "inheritance", CHECK_STOP, "shop.kid");
    must(x->db, "DROP TABLE shop.orders CASCADE");
    expect(x, COLUMN("int") "n\n", "table", CHECK_STOP, "no table shop.orders");
}

static void a_foreign_column_of_that_name_is_stopped(void **state)
{
    struct fixture *x = *state;
    make_orders(x);
    must(x->db, "ALTER TABLE shop.orders ADD c int");
    expect(x, COLUMN("int") "n\n", "column", CHECK_STOP, "already");
    must(x->db, "INSERT INTO newel.migration (id, table_name, column_name, digest, phase) VALUES "
                "('m', 'shop.orders', 'c', '', 'backfill')");
    expect(x, COLUMN("int") "n\n", "column", CHECK_PASS, "earlier run");
}

static void the_key_is_missed_only_where_it_is_needed(void **state)
{
    struct fixture *x = *state;
    must(x->db, "CREATE TABLE shop.orders (n int)");
    if (db_server_version(x->db) >= 140000)
        expect(x, COLUMN("int") "n\n", "primary key", CHECK_WARN, "by blocks");
    expect(x,
           HEAD "shop.orders\n[column]\nname = c\ntype = int\ndefault = 1\n[backfill]\n"
                "new_rows = default\n",
           "primary key", CHECK_STOP, "walk along");
}

static void what_hangs_on_the_table_is_named(void **state)
{
    struct fixture *x = *state;
    make_orders(x);
    must(x->db, "CREATE VIEW shop.v AS SELECT * FROM shop.orders; "
                "CREATE FUNCTION shop.g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; "
                "END'; CREATE TRIGGER tr AFTER UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION "
                "shop.g(); GRANT SELECT (n) ON shop.orders TO PUBLIC; DROP PUBLICATION IF EXISTS "
                "newel_pub; CREATE PUBLICATION newel_pub FOR TABLE shop.orders");
    expect(x, COLUMN("int") "n\n", "views", CHECK_WARN, "shop.v");
    expect(x, COLUMN("int") "n\n", "triggers", CHECK_WARN, "tr fires on update");
    expect(x, COLUMN("int") "n\n", "column grants", CHECK_WARN, "column n");
    expect(x, COLUMN("int") "n\n", "publications", CHECK_WARN, "newel_pub");
    must(x->db, "DROP PUBLICATION newel_pub; CREATE RULE r AS ON UPDATE TO shop.orders DO ALSO "
                "SELECT 1");
    expect(x, COLUMN("int") "n\n", "rules", CHECK_STOP, "rule r");
}

static void a_role_without_rights_is_told_the_grants(void **state)
{
    struct fixture *x = *state;
    struct check_list list;
    make_orders(x);
    must(x->db, "DROP ROLE IF EXISTS newel_plain");
    must(x->db, "CREATE ROLE newel_plain; GRANT USAGE ON SCHEMA shop TO newel_plain; GRANT SELECT "
                "ON shop.orders TO newel_plain");
    make(x, COLUMN("int") "n\n");
    must(x->db, "SET ROLE newel_plain");
    check(x, &list, true);
    must(x->db, "RESET ROLE");
    const struct check_result *r = find(&list, "owner");
    assert_int_equal(r->verdict, CHECK_STOP);
    assert_true(r->privilege);
    assert_string_equal(r->remedy, "GRANT postgres TO newel_plain");
    r = find(&list, "schema newel");
    assert_string_equal(r->remedy, "GRANT USAGE, CREATE ON SCHEMA newel TO newel_plain");
    assert_int_equal(find(&list, "monitoring")->verdict, CHECK_WARN);
    assert_string_equal(find(&list, "monitoring")->remedy, "GRANT pg_monitor TO newel_plain");
    assert_int_equal(find(&list, "our tables")->verdict, CHECK_STOP);
    check_list_free(&list);
    must(x->db, "DROP OWNED BY newel_plain; DROP ROLE newel_plain");
}

/* ---- the connection ------------------------------------------------------- */

static void a_server_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct error e;
    struct db_address nowhere = {
        .name = "orders-01",
        .conninfo = "host=127.0.0.1 port=1 user=u dbname=d password=hunter2",
    };
    assert_null(db_open(&nowhere, "newel test", &e));
    struct str text = {0};
    error_text(&e, &text);
    assert_int_equal(e.kind, ERROR_DATABASE);
    assert_non_null(strstr(str_text(&text), "orders-01 (127.0.0.1:1)"));
    assert_non_null(strstr(e.todo, "is the server up"));
    assert_null(strstr(str_text(&text), "hunter2"));
    str_free(&text);
}

static void a_broken_conninfo_never_shows_its_password(void **state)
{
    (void)state;
    const char *broken[] = {"host=h password=hun ter2", "postgresql://u:hunter2@[h/db",
                            "password=hunter2 hunter2"};
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        struct error e;
        struct db_address a = {.name = "x", .conninfo = (char *)(uintptr_t)broken[i]};
        assert_null(db_open(&a, "newel test", &e));
        struct str text = {0};
        error_text(&e, &text);
        assert_null(strstr(str_text(&text), "ter2"));
        assert_int_equal(e.kind, ERROR_USAGE);
        str_free(&text);
    }
}

static void values_come_back_as_they_are(void **state)
{
    struct fixture *x = *state;
    struct error e;
    struct db_rows *rows;
    const char *params[] = {"it's", NULL};
    assert_int_equal(
        db_query(x->db, &rows, &e, "SELECT $1::text, $2::text, true, 12.75, 7", 2, params), DB_OK);
    assert_string_equal(db_value(rows, 0, 0), "it's");
    assert_null(db_value(rows, 0, 1));
    assert_null(db_value(rows, 1, 0));
    assert_true(db_bool(rows, 0, 2));
    assert_int_equal(db_int(rows, 0, 3, -1), 12);
    assert_int_equal(db_int(rows, 0, 4, -1), 7);
    assert_int_equal(db_int(rows, 0, 0, -1), -1);
    assert_int_equal(db_int(rows, 0, 1, -1), -1);
    assert_true(db_real(rows, 0, 3, 0) > 12.7);
    db_rows_free(rows);
}

static void faults_are_told_apart(void **state)
{
    struct fixture *x = *state;
    struct error e;
    assert_int_equal(db_exec(x->db, "SELEC 1", &e), DB_OTHER);
    assert_string_equal(e.sqlstate, "42601");
    assert_non_null(strstr(e.why, "at: SELEC 1"));
    assert_int_equal(db_exec(x->db, "SELECT * FROM shop.nowhere", &e), DB_MISSING);
    assert_int_equal(db_exec(x->db, "CREATE TABLE shop.a (i int); CREATE TABLE shop.a (i int)", &e),
                     DB_EXISTS);
    assert_int_equal(db_exec(x->db, "SELECT 1 / 0", &e), DB_DATA);
    assert_int_equal(db_exec(x->db, "SELECT ('newel_fenced:' || 0)::int", &e), DB_FENCED);
    assert_int_equal(db_exec(x->db, "SET statement_timeout = 10; SELECT pg_sleep(2)", &e),
                     DB_CANCELLED);
    must(x->db, "SET statement_timeout = 0; SET default_transaction_read_only = on");
    assert_int_equal(db_exec(x->db, "CREATE TABLE shop.b (i int)", &e), DB_READ_ONLY);
    must(x->db, "SET default_transaction_read_only = off");
    assert_true(db_alive(x->db));
}

static void a_session_that_is_ended_is_lost(void **state)
{
    struct fixture *x = *state;
    struct error e;
    struct db *other = connect_db("newel other");
    char *sql = mem_printf("SELECT pg_terminate_backend(%" PRId64 ")", db_backend_pid(other));
    must(x->db, sql);
    free(sql);
    enum db_fault fault = db_exec(other, "SELECT 1", &e);
    assert_true(fault == DB_STOPPED || fault == DB_LOST);
    assert_true(db_fault_passes(fault));
    assert_false(db_alive(other));
    assert_int_equal(db_exec(other, "SELECT 1", &e), DB_LOST);
    db_close(other);
}

static void a_copy_is_refused_and_the_session_stays(void **state)
{
    struct fixture *x = *state;
    struct error e;
    assert_int_equal(db_exec(x->db, "COPY (SELECT 1) TO STDOUT", &e), DB_OTHER);
    assert_sql(x->db, "SELECT 1", "1");
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(facts_tell_the_table),
        EACH(a_table_that_is_not_there_is_no_error),
        EACH(every_phase_runs_and_its_probes_agree),
        EACH(a_finished_plan_has_nothing_left_to_do),
        EACH(the_way_back_leads_to_where_it_began),
        EACH(set_not_null_does_not_scan),
        EACH(odd_names_survive),
        EACH(two_long_columns_that_begin_alike_get_constraints_of_their_own),
        EACH(a_default_for_new_rows_needs_no_trigger),
        EACH(an_inserted_row_gets_its_value),
        EACH(what_the_application_inserts_stays),
        EACH(an_old_row_gets_its_value_with_its_first_change),
        EACH(a_derived_value_follows_its_row),
        EACH(the_applications_own_value_is_left_alone),
        EACH(a_value_written_together_with_its_row_stays),
        EACH(the_batch_does_not_call_the_trigger),
        EACH(an_expression_that_fails_does_not_break_the_application),
        EACH(a_right_that_the_application_lacks_does_not_break_it),
        EACH(rows_outside_where_get_nothing),
        EACH(rows_outside_where_get_the_default),
        EACH(types_without_equality_work),
        EACH(a_value_that_is_rounded_when_stored_is_still_known_as_derived),
        EACH(not_null_is_never_broken_by_the_trigger),
        EACH(the_trigger_sees_what_the_applications_triggers_did),
        EACH(the_trigger_finds_its_functions_whatever_the_callers_path),
        EACH(a_sound_migration_passes_every_check),
        EACH(a_read_only_session_can_check),
        EACH(types_that_rewrite_are_stopped),
        EACH(expressions_that_cannot_be_are_stopped),
        EACH(a_volatile_value_is_warned_of),
        EACH(a_generated_column_in_the_value_is_stopped),
        EACH(tables_of_another_kind_are_stopped),
        EACH(a_foreign_column_of_that_name_is_stopped),
        EACH(the_key_is_missed_only_where_it_is_needed),
        EACH(what_hangs_on_the_table_is_named),
        EACH(a_role_without_rights_is_told_the_grants),
        EACH(a_server_that_is_not_there_is_named),
        EACH(a_broken_conninfo_never_shows_its_password),
        EACH(values_come_back_as_they_are),
        EACH(faults_are_told_apart),
        EACH(a_session_that_is_ended_is_lost),
        EACH(a_copy_is_refused_and_the_session_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
