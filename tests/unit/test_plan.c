/* Plans without a server: definition and facts in, statements out. */
#include "config.h"

#include "db/fault_pg.h"
#include "plan/plan.h"
#include "plan/subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct migration m;
    struct facts f;
    struct key_column key;
    struct plan plan;
};

static struct fixture fixture_of(int version)
{
    return (struct fixture){
        .m = {.id = "m",
              .table = "orders",
              .column = "region",
              .type = "text",
              .value_sql = "upper(country)",
              .rows = 1000,
              .lanes = 1,
              .lock_timeout_us = 300000},
        .f = {.version = version,
              .version_text = "15.20",
              .database = "shop",
              .user = "ann",
              .search_path = "public",
              .table_exists = true,
              .schema = "public",
              .table = "orders",
              .qualified = "public.orders",
              .relkind = 'r',
              .persistence = 'p',
              .blocks = 20000,
              .heap_bytes = 20000 * 8192,
              .rows_estimate = 2000000,
              .tuple_bytes = 80,
              .indexes = 1,
              .key_count = 1},
        .key = {.name = "id", .type = "bigint"},
    };
}

static void make(struct fixture *x)
{
    x->f.key = &x->key;
    plan_make(&x->m, &x->f, &x->plan);
}

static const struct step *step_of(const struct fixture *x, enum phase phase, size_t i)
{
    assert_true(i < x->plan.phases[phase].step_count);
    return &x->plan.phases[phase].steps[i];
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("\"%s\" is in:\n%s", part, text);
}

/* ---- steps ---------------------------------------------------------------- */

static void expand_adds_a_bare_nullable_column(void **state)
{
    (void)state;
    struct fixture x = fixture_of(150000);
    x.m.not_null = true;
    x.m.default_sql = "'unknown'";
    make(&x);
    const struct step *s = step_of(&x, PHASE_EXPAND, 0);
    assert_int_equal(s->kind, STEP_DDL);
    assert_string_equal(s->sql, "ALTER TABLE public.orders ADD COLUMN \"region\" text");
    assert_string_equal(s->undo, "ALTER TABLE public.orders DROP COLUMN IF EXISTS \"region\"");
    assert_string_equal(s->lock, "ACCESS EXCLUSIVE on public.orders");
    assert_string_equal(s->blocks, "reads and writes of public.orders queue behind it for at most "
                                   "lock_timeout (300ms) a try");
    assert_true(x.plan.phases[PHASE_EXPAND].destructive_undo);
    plan_free(&x.plan);
}

static void every_phase_asks_and_every_step_is_whole(void **state)
{
    (void)state;
    const enum new_rows hows[] = {NEW_ROWS_TRIGGER, NEW_ROWS_DEFAULT, NEW_ROWS_APPLICATION};
    const int versions[] = {130000, 150000, 180000};
    for (size_t i = 0; i < COUNT_OF(hows) * COUNT_OF(versions) * 8; i++) {
        struct fixture x = fixture_of(versions[i % 3]);
        x.m.new_rows = hows[i / 3 % 3];
        x.m.not_null = i / 9 & 1;
        x.m.default_sql = i / 9 & 2 ? "'x'" : NULL;
        x.m.value_sql = i / 9 & 4 ? NULL : "upper(country)";
        make(&x);
        for (int p = 0; p < PHASE_COUNT; p++) {
            const struct phase_plan *phase = &x.plan.phases[p];
            assert_int_equal(phase->phase, p);
            assert_non_null(phase->estimate);
            assert_true(phase->question && phase->question[strlen(phase->question) - 1] != ' ');
            for (size_t j = 0; j < phase->step_count; j++) {
                const struct step *s = &phase->steps[j];
                assert_true(s->name && s->sql && s->lock && s->blocks);
                /* what can be taken back must be known to be there */
                assert_true(!s->undo || (s->done && s->undone));
            }
        }
        plan_free(&x.plan);
    }
}

static void before_18_not_null_goes_through_a_check(void **state)
{
    (void)state;
    struct fixture x = fixture_of(170000);
    x.m.not_null = true;
    make(&x);
    assert_string_equal(step_of(&x, PHASE_CONSTRAIN, 0)->sql,
                        "ALTER TABLE public.orders ADD CONSTRAINT \"newel_region_not_null\" CHECK "
                        "(\"region\" IS NOT NULL) NOT VALID");
    assert_int_equal(step_of(&x, PHASE_CONSTRAIN, 1)->kind, STEP_LONG);
    assert_string_equal(step_of(&x, PHASE_CONSTRAIN, 1)->sql,
                        "ALTER TABLE public.orders VALIDATE CONSTRAINT \"newel_region_not_null\"");
    assert_has(step_of(&x, PHASE_CONSTRAIN, 1)->lock, "SHARE UPDATE EXCLUSIVE");
    assert_int_equal(x.plan.phases[PHASE_ENFORCE].step_count, 2);
    assert_has(step_of(&x, PHASE_ENFORCE, 0)->sql, "SET NOT NULL");
    assert_has(step_of(&x, PHASE_ENFORCE, 1)->sql, "DROP CONSTRAINT");
    plan_free(&x.plan);
}

static void from_18_on_the_constraint_itself_is_not_null(void **state)
{
    (void)state;
    struct fixture x = fixture_of(180000);
    x.m.not_null = true;
    make(&x);
    assert_string_equal(step_of(&x, PHASE_CONSTRAIN, 0)->sql,
                        "ALTER TABLE public.orders ADD CONSTRAINT \"orders_region_not_null\" NOT "
                        "NULL \"region\" NOT VALID");
    assert_int_equal(x.plan.phases[PHASE_ENFORCE].step_count, 0);
    assert_has(x.plan.phases[PHASE_ENFORCE].question, "nothing more to do");
    plan_free(&x.plan);
}

static void a_nullable_column_is_not_constrained(void **state)
{
    (void)state;
    struct fixture x = fixture_of(150000);
    make(&x);
    assert_int_equal(x.plan.phases[PHASE_CONSTRAIN].step_count, 0);
    assert_int_equal(x.plan.phases[PHASE_ENFORCE].step_count, 0);
    plan_free(&x.plan);
}

static void the_default_comes_last_unless_new_rows_need_it(void **state)
{
    (void)state;
    struct fixture x = fixture_of(150000);
    x.m.default_sql = "'x'";
    make(&x);
    assert_has(step_of(&x, PHASE_ENFORCE, 0)->sql, "SET DEFAULT 'x'");
    plan_free(&x.plan);

    x.m.new_rows = NEW_ROWS_DEFAULT;
    make(&x);
    assert_string_equal(step_of(&x, PHASE_SYNC, 0)->sql,
                        "ALTER TABLE public.orders ALTER COLUMN \"region\" SET DEFAULT 'x'");
    assert_has(step_of(&x, PHASE_SYNC, 0)->undo, "DROP DEFAULT");
    assert_int_equal(x.plan.phases[PHASE_ENFORCE].step_count, 0);
    assert_int_equal(x.plan.phases[PHASE_FINISH].step_count, 1);
    plan_free(&x.plan);
}

static void the_application_is_asked_about_and_left_alone(void **state)
{
    (void)state;
    struct fixture x = fixture_of(150000);
    x.m.new_rows = NEW_ROWS_APPLICATION;
    make(&x);
    assert_int_equal(x.plan.phases[PHASE_SYNC].step_count, 0);
    assert_has(x.plan.phases[PHASE_SYNC].question, "Does every version of the application");
    plan_free(&x.plan);
}

/* ---- the trigger ---------------------------------------------------------- */

static void the_trigger_function_never_meets_its_own_quotes(void **state)
{
    (void)state;
    struct fixture x = fixture_of(150000);
    x.m.value_sql = "$newel$x$newel$ || $newel1$y$newel1$";
    make(&x);
    assert_has(step_of(&x, PHASE_SYNC, 0)->sql, " AS $newel2$");
    plan_free(&x.plan);
}

static void the_trigger_keeps_to_the_planners_schemas(void **state)
{
    (void)state;
    struct fixture x = fixture_of(150000);
    x.f.search_path = "\"My schema\", public";
    make(&x);
    assert_has(step_of(&x, PHASE_SYNC, 0)->sql, "SET search_path = \"My schema\", public, pg_temp");
    plan_free(&x.plan);
    x.f.search_path = "";
    make(&x);
    assert_has(step_of(&x, PHASE_SYNC, 0)->sql, "SET search_path = pg_temp");
    plan_free(&x.plan);
}

static void rows_outside_where_are_left_or_get_the_default(void **state)
{
    (void)state;
    struct fixture x = fixture_of(150000);
    x.m.where_sql = "n > 1";
    make(&x);
    assert_has(step_of(&x, PHASE_SYNC, 0)->sql, "WHERE (n > 1)");
    assert_has(step_of(&x, PHASE_BACKFILL, 0)->sql, "AND (n > 1)");
    plan_free(&x.plan);
    x.m.default_sql = "'x'";
    make(&x);
    assert_has(step_of(&x, PHASE_SYNC, 0)->sql, "CASE WHEN (n > 1) THEN (upper(country)) ELSE");
    assert_has_not(step_of(&x, PHASE_SYNC, 0)->sql, "WHERE (n > 1)");
    plan_free(&x.plan);
}

static void a_type_without_equality_is_compared_as_text(void **state)
{
    (void)state;
    static const struct {
        char *type;
        bool cast;
    } rows[] = {
        {"json", true},
        {"jsonb", false},
        {"text[]", true},
        {"varchar(10)", false},
        {"my.type", true},
        {"xml", true},
        {"timestamp with time zone", false},
        {"numeric(6,2)", false},
        {"point", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture x = fixture_of(150000);
        x.m.type = rows[i].type;
        make(&x);
        const char *sql = step_of(&x, PHASE_SYNC, 1)->sql;
        if (rows[i].cast)
            assert_has(sql, "NEW.\"region\"::text IS NOT DISTINCT FROM OLD.\"region\"::text");
        else
            assert_has(sql, "NEW.\"region\" IS NOT DISTINCT FROM OLD.\"region\"");
        plan_free(&x.plan);
    }
}

static void two_migrations_of_one_table_have_triggers_of_their_own(void **state)
{
    (void)state;
    struct fixture x = fixture_of(150000), y = fixture_of(150000);
    y.m.id = "other";
    make(&x);
    make(&y);
    assert_string_not_equal(step_of(&x, PHASE_SYNC, 1)->undo, step_of(&y, PHASE_SYNC, 1)->undo);
    plan_free(&x.plan);
    plan_free(&y.plan);
}

/* ---- names ---------------------------------------------------------------- */

static void names_are_quoted_everywhere(void **state)
{
    (void)state;
    struct fixture x = fixture_of(150000);
    x.m.column = "a\"b'c";
    x.m.not_null = true;
    make(&x);
    assert_has(step_of(&x, PHASE_EXPAND, 0)->sql, "ADD COLUMN \"a\"\"b'c\" text");
    assert_has(step_of(&x, PHASE_EXPAND, 0)->done, "a.attname = 'a\"b''c'");
    assert_has(step_of(&x, PHASE_CONSTRAIN, 0)->sql, "\"newel_a\"\"b'c_not_null\"");
    assert_has(step_of(&x, PHASE_CONSTRAIN, 0)->done, "c.conname = 'newel_a\"b''c_not_null'");
    plan_free(&x.plan);
}

static size_t constraint_length(const char *sql, char out[128])
{
    const char *from = strchr(sql, '"') + 1;
    size_t n = strcspn(from, "\"");
    assert_true(n < 128);
    memcpy(out, from, n);
    out[n] = '\0';
    return n;
}

static void a_long_name_is_cut_between_characters_and_stays_unique(void **state)
{
    (void)state;
    char first[128] = "", second[128] = "";
    for (int i = 0; i < 2; i++) {
        struct fixture x = fixture_of(150000);
        x.m.id = i ? "one" : "two";
        x.m.not_null = true;
        x.m.column = "üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü";
        make(&x);
        size_t n = constraint_length(step_of(&x, PHASE_CONSTRAIN, 0)->sql, i ? second : first);
        assert_in_range(n, 60, 63);
        plan_free(&x.plan);
    }
    assert_string_not_equal(first, second);
    assert_has(first, "ü_");
}

/* ---- the order ------------------------------------------------------------ */

static void the_order_follows_version_trigger_and_kind(void **state)
{
    (void)state;
    static const struct {
        int version;
        enum new_rows how;
        char relkind;
        enum walk_order order;
        int64_t stripes;
    } rows[] = {
        {140000, NEW_ROWS_TRIGGER, 'r', WALK_BLOCKS, 8},
        {130000, NEW_ROWS_TRIGGER, 'r', WALK_KEYS, 1},
        {150000, NEW_ROWS_DEFAULT, 'r', WALK_KEYS, 1},
        {150000, NEW_ROWS_APPLICATION, 'r', WALK_KEYS, 1},
        {150000, NEW_ROWS_TRIGGER, 'p', WALK_BLOCKS, 8},
        {150000, NEW_ROWS_TRIGGER, 'f', WALK_KEYS, 1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture x = fixture_of(rows[i].version);
        x.m.new_rows = rows[i].how;
        x.m.default_sql = "'x'";
        x.f.relkind = rows[i].relkind;
        make(&x);
        assert_int_equal(x.plan.order, rows[i].order);
        assert_int_equal(x.plan.stripes, rows[i].stripes);
        assert_has(step_of(&x, PHASE_BACKFILL, 0)->sql,
                   rows[i].order == WALK_BLOCKS ? "ctid >= $6::tid" : "LIMIT $5");
        plan_free(&x.plan);
    }
}

static void small_tables_are_not_cut_up(void **state)
{
    (void)state;
    static const struct {
        int64_t blocks, lanes, ranges;
    } rows[] = {
        {0, 1, 1}, {63, 8, 1}, {64, 1, 4}, {10000, 1, 4}, {10001, 1, 16}, {10001, 32, 32},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture x = fixture_of(150000);
        x.f.blocks = rows[i].blocks;
        x.m.lanes = rows[i].lanes;
        make(&x);
        assert_int_equal(x.plan.range_count, rows[i].ranges);
        plan_free(&x.plan);
    }
}

static void without_a_key_a_walk_by_keys_says_so(void **state)
{
    (void)state;
    struct fixture x = fixture_of(130000);
    x.f.key_count = 0;
    make(&x);
    assert_has(step_of(&x, PHASE_BACKFILL, 0)->sql, "no primary key");
    plan_free(&x.plan);
}

static void a_table_that_is_not_there_can_still_be_planned(void **state)
{
    (void)state;
    struct fixture x = fixture_of(150000);
    x.f = (struct facts){.version = 150000};
    plan_make(&x.m, &x.f, &x.plan);
    assert_has(step_of(&x, PHASE_EXPAND, 0)->sql, "ALTER TABLE orders ADD COLUMN");
    struct str out = {0};
    plan_print(&x.plan, &x.m, &x.f, "t", &out);
    assert_has(str_text(&out), "10 finish");
    str_free(&out);
    plan_free(&x.plan);
}

static void estimates_say_that_they_are_estimates(void **state)
{
    (void)state;
    struct fixture x = fixture_of(150000);
    make(&x);
    const char *text = x.plan.phases[PHASE_BACKFILL].estimate;
    assert_has(text, "estimate: 2,000,000 rows, 2,000 batches of 1,000; 20.0s to 40.0s");
    assert_has(text, "an assumption");
    assert_has(text, "of WAL");
    plan_free(&x.plan);
}

/* ---- printing ------------------------------------------------------------- */

static void a_printed_plan_fits_a_hundred_columns(void **state)
{
    (void)state;
    struct fixture x = fixture_of(150000);
    x.m.not_null = true;
    x.m.default_sql = "'unknown'";
    make(&x);
    struct str out = {0};
    plan_print(&x.plan, &x.m, &x.f, "orders-01", &out);
    char *rest = NULL;
    for (char *line = strtok_r(out.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (strlen(line) > 100)
            fail_msg("%zu columns: %s", strlen(line), line);
        assert_true(line[strlen(line) - 1] != ' ');
    }
    str_free(&out);
    plan_free(&x.plan);
}

static void what_a_plan_prints_is_harmless_to_a_terminal(void **state)
{
    (void)state;
    struct fixture x = fixture_of(150000);
    x.m.value_sql = "'\x1b[2J'";
    make(&x);
    struct str out = {0};
    plan_print(&x.plan, &x.m, &x.f, "orders-01", &out);
    assert_null(strchr(str_text(&out), '\x1b'));
    str_free(&out);
    plan_free(&x.plan);
}

/* ---- errors of the server ------------------------------------------------- */

static void sqlstates_become_faults(void **state)
{
    (void)state;
    static const struct {
        const char *state, *message;
        enum db_fault fault;
    } rows[] = {
        {"42501", "permission denied for table t", DB_PRIVILEGE},
        {"55P03", "lock timeout", DB_LOCK_TIMEOUT},
        {"40P01", "deadlock", DB_DEADLOCK},
        {"40001", "serialize", DB_SERIALIZATION},
        {"57014", "cancelled", DB_CANCELLED},
        {"57P01", "shutdown", DB_STOPPED},
        {"25006", "read-only", DB_READ_ONLY},
        {"42701", "exists", DB_EXISTS},
        {"42P01", "missing", DB_MISSING},
        {"23514", "check", DB_DATA},
        {"21000", "more than one row returned by a subquery", DB_DATA},
        {"P0001", "no number: drei", DB_DATA},
        {"38000", "external routine", DB_DATA},
        {"22P02", "invalid input syntax: \"x\"", DB_DATA},
        {"22P02", "invalid input syntax: \"newel_fenced:0\"", DB_FENCED},
        {"28P01", "password", DB_REFUSED},
        {"08006", "gone", DB_LOST},
        {"XX000", "internal", DB_OTHER},
        {NULL, "server closed the connection", DB_OTHER},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error e;
        struct pg_fault f = {.where = "w", .sqlstate = rows[i].state, .message = rows[i].message};
        assert_int_equal(fault_pg_statement(&f, &e), rows[i].fault);
        assert_string_equal(e.sqlstate, rows[i].state ? rows[i].state : "");
        assert_int_equal(e.kind, ERROR_DATABASE);
    }
    struct error e;
    struct pg_fault lost = {.where = "w", .message = "server closed", .lost = true};
    assert_int_equal(fault_pg_statement(&lost, &e), DB_LOST);
}

static void an_error_keeps_the_servers_words_and_points_into_the_statement(void **state)
{
    (void)state;
    struct error e;
    struct pg_fault f = {
        .where = "orders-01 (db:5432)",
        .user = "ann",
        .sql = "SELECT 'ü', nope FROM t",
        .sqlstate = "42703",
        .message = "column \"nope\" does not exist",
        .detail = "Some\ndetail.",
        .hint = "Some hint.",
        .position = "13",
    };
    (void)fault_pg_statement(&f, &e);
    assert_string_equal(e.what, "orders-01 (db:5432)");
    assert_string_equal(e.why, "column \"nope\" does not exist, at: nope FROM t; Some detail.; "
                               "Some hint.");
}

static void a_missing_privilege_names_its_grant(void **state)
{
    (void)state;
    struct error e;
    struct pg_fault f = {.where = "w",
                         .user = "ann",
                         .sqlstate = "42501",
                         .message = "permission denied for schema newel"};
    (void)fault_pg_statement(&f, &e);
    assert_string_equal(e.todo, "GRANT USAGE ON SCHEMA newel TO \"ann\"");
    f.message = "Zugriff verweigert";
    (void)fault_pg_statement(&f, &e);
    assert_has(e.todo, "\"ann\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expand_adds_a_bare_nullable_column),
        cmocka_unit_test(every_phase_asks_and_every_step_is_whole),
        cmocka_unit_test(before_18_not_null_goes_through_a_check),
        cmocka_unit_test(from_18_on_the_constraint_itself_is_not_null),
        cmocka_unit_test(a_nullable_column_is_not_constrained),
        cmocka_unit_test(the_default_comes_last_unless_new_rows_need_it),
        cmocka_unit_test(the_application_is_asked_about_and_left_alone),
        cmocka_unit_test(the_trigger_function_never_meets_its_own_quotes),
        cmocka_unit_test(the_trigger_keeps_to_the_planners_schemas),
        cmocka_unit_test(rows_outside_where_are_left_or_get_the_default),
        cmocka_unit_test(a_type_without_equality_is_compared_as_text),
        cmocka_unit_test(two_migrations_of_one_table_have_triggers_of_their_own),
        cmocka_unit_test(names_are_quoted_everywhere),
        cmocka_unit_test(a_long_name_is_cut_between_characters_and_stays_unique),
        cmocka_unit_test(the_order_follows_version_trigger_and_kind),
        cmocka_unit_test(small_tables_are_not_cut_up),
        cmocka_unit_test(without_a_key_a_walk_by_keys_says_so),
        cmocka_unit_test(a_table_that_is_not_there_can_still_be_planned),
        cmocka_unit_test(estimates_say_that_they_are_estimates),
        cmocka_unit_test(a_printed_plan_fits_a_hundred_columns),
        cmocka_unit_test(what_a_plan_prints_is_harmless_to_a_terminal),
        cmocka_unit_test(sqlstates_become_faults),
        cmocka_unit_test(an_error_keeps_the_servers_words_and_points_into_the_statement),
        cmocka_unit_test(a_missing_privilege_names_its_grant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
