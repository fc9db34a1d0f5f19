#include "config.h"
#include "dialect/ddl.h"

#include "base/digest.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- names ---------------------------------------------------------------- */

#define NAME_BYTES 63 /* the server silently cuts longer ones, and could make two alike */

/* Tells migrations apart that work on the same table, or on tables of one name. */
static void short_hash(const struct ddl_subject *s, char out[11])
{
    char hex[DIGEST_HEX];
    digest_hex(s->words.id, strlen(s->words.id), s->words.qualified, strlen(s->words.qualified),
               hex);
    (void)snprintf(out, 11, "%.10s", hex);
}

/* prefix + middle + suffix, the middle cut between two characters where it must be. */
static char *fit_name(const char *prefix, const char *middle, const char *suffix, const char *hash)
{
    size_t room = NAME_BYTES - strlen(prefix) - strlen(suffix), n = strlen(middle);
    char *name;
    if (n <= room) {
        name = mem_printf("%s%s%s", prefix, middle, suffix);
    } else {
        room -= strlen(hash) + 1;
        size_t cut = 0;
        for (size_t step = 0; cut + step <= room;
             step = text_decode(middle + cut, n - cut, &(uint32_t){0}))
            cut += step;
        name = mem_printf("%s%.*s_%s%s", prefix, (int)cut, middle, hash, suffix);
    }
    return name;
}

/* A check goes again; the NOT NULL constraint of 18 stays, so it is called as the server would. */
static char *bare_not_null_name(const struct ddl_subject *s)
{
    char hash[11];
    short_hash(s, hash);
    if (s->version < 180000)
        return fit_name("newel_", s->column, "_not_null", hash);
    char *both = mem_printf("%s_%s", s->table, s->column);
    char *name = fit_name("", both, "_not_null", hash);
    free(both);
    return name;
}

static char *not_null_name(const struct ddl_subject *s)
{
    char *bare = bare_not_null_name(s), *quoted = db_quote_name(DB_POSTGRESQL, bare);
    free(bare);
    return quoted;
}

/* ---- probes --------------------------------------------------------------- */

/* "SELECT [NOT ]EXISTS (...)" over the column's pg_attribute row `a`. */
static char *probe_column(const struct ddl_subject *s, bool wanted, const char *more)
{
    char *table = db_quote_text(DB_POSTGRESQL, s->words.qualified), *column = db_quote_text(DB_POSTGRESQL, s->column);
    char *sql = mem_printf("SELECT %sEXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = "
                           "to_regclass(%s) AND a.attname = %s AND NOT a.attisdropped%s)",
                           wanted ? "" : "NOT ", table, column, more);
    free(table);
    free(column);
    return sql;
}

/* ---- expand --------------------------------------------------------------- */

static void add_column(const struct ddl_subject *s, struct ddl_text *out)
{
    const struct words *w = &s->words;
    out->sql = mem_printf("ALTER TABLE %s ADD COLUMN %s %s", w->qualified, w->column, w->type);
    out->undo = mem_printf("ALTER TABLE %s DROP COLUMN IF EXISTS %s", w->qualified, w->column);
    out->done = probe_column(s, true, "");
    out->undone = probe_column(s, false, "");
    out->lock = "ACCESS EXCLUSIVE";
    out->exclusive = true;
}

/* ---- sync ----------------------------------------------------------------- */

/* Types whose values can be compared as they are; any other is compared as text. */
static bool is_comparable(const char *type)
{
    static const char *const known[] = {
        "text",   "varchar", "char",   "character", "smallint",  "int",         "integer",
        "bigint", "int2",    "int4",   "int8",      "numeric",   "decimal",     "real",
        "double", "float4",  "float8", "bool",      "boolean",   "date",        "time",
        "timetz", "uuid",    "jsonb",  "bytea",     "timestamp", "timestamptz", "interval",
    };
    size_t n = strcspn(type, " (");
    if (strchr(type, '['))
        return false;
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strlen(known[i]) == n && strncmp(type, known[i], n) == 0)
            return true;
    return false;
}

static char *same(const struct ddl_subject *s, const char *a, const char *b, const char *is)
{
    const char *cast = is_comparable(s->words.type) ? "" : "::text";
    return mem_printf("%s%s %s DISTINCT FROM %s%s", a, cast, is, b, cast);
}

/* The value of a row under the names that the expression knows, into a variable. */
static void add_value(struct str *body, const struct ddl_subject *s, const char *variable,
                      const char *row)
{
    char *value = words_value(&s->words);
    const char *rows = words_rows(&s->words);
    str_addf(body, "SELECT (%s) INTO %s FROM (SELECT (%s).*) AS %s", value ? value : "NULL",
             variable, row, s->words.table);
    if (rows)
        str_addf(body, " WHERE (%s)", rows);
    str_add(body, ";\n");
    free(value);
}

/*
 * A value is the application's own when it differs from what the expression gives
 * for the row as it was; that one is left alone. Whatever goes wrong in the
 * expression must not break the application's write. A derived value that could
 * not be computed anew goes, so that verify finds the row; not so under NOT NULL,
 * where taking it away would break the write.
 */
static char *sync_body(const struct ddl_subject *s)
{
    struct str b = {0};
    const char *column = s->words.column, *type = s->words.type;
    char *stored = mem_printf("OLD.%s", column);
    char *own = same(s, "newel_was", stored, "IS");
    str_addf(&b,
             "\n#variable_conflict use_column\nDECLARE\n  newel_was %s;\n  newel_now %s;\n"
             "  newel_derived boolean := false;\nBEGIN\n  IF NEW.%s IS NOT NULL THEN\n    ",
             type, type, column);
    add_value(&b, s, "newel_was", "OLD");
    str_addf(&b,
             "    IF %s THEN\n      RETURN NEW; -- the application's own\n    END IF;\n"
             "    newel_derived := true;\n  END IF;\n  ",
             own);
    add_value(&b, s, "newel_now", "NEW");
    if (words_rows(&s->words))
        str_add(&b, "  IF NOT FOUND THEN RETURN NEW; END IF;\n");
    if (s->words.not_null)
        str_addf(&b, "  NEW.%s := coalesce(newel_now, NEW.%s);\n", column, column);
    else
        str_addf(&b, "  NEW.%s := newel_now;\n", column);
    str_add(&b, "  RETURN NEW;\n"
                "EXCEPTION WHEN data_exception OR cardinality_violation OR plpgsql_error\n"
                "    OR integrity_constraint_violation OR sql_routine_exception\n"
                "    OR external_routine_exception OR external_routine_invocation_exception\n"
                "    OR syntax_error_or_access_rule_violation OR feature_not_supported THEN\n");
    if (!s->words.not_null)
        str_addf(&b, "  IF newel_derived THEN NEW.%s := NULL; END IF;\n", column);
    str_add(&b, "  RETURN NEW; -- the write goes through; verify finds the row\nEND\n");
    free(stored);
    free(own);
    return str_take(&b);
}

/* A dollar quote that does not occur in `text`. */
static char *dollar_tag(const char *text)
{
    char *tag = mem_dup("$newel$");
    for (int i = 1; strstr(text, tag); i++) {
        free(tag);
        tag = mem_printf("$newel%d$", i);
    }
    return tag;
}

static char *function_name(const struct ddl_subject *s)
{
    char hash[11];
    short_hash(s, hash);
    return mem_printf("newel.sync_%s()", hash);
}

static char *function_gone(const char *name)
{
    return mem_printf("SELECT to_regprocedure('%s') IS NULL", name);
}

static void sync_function(const struct ddl_subject *s, struct ddl_text *out)
{
    char *name = function_name(s), *body = sync_body(s), *tag = dollar_tag(body);
    char *quoted = db_quote_text(DB_POSTGRESQL, body);
    struct str sql = {0};
    str_addf(&sql, "CREATE OR REPLACE FUNCTION %s RETURNS trigger LANGUAGE plpgsql", name);
    if (s->search_path)
        str_addf(&sql, "\n  SET search_path = %s%spg_temp", s->search_path,
                 *s->search_path ? ", " : "");
    str_addf(&sql, " AS %s%s%s", tag, body, tag);
    out->sql = str_take(&sql);
    out->undo = mem_printf("DROP FUNCTION IF EXISTS %s", name);
    out->done = mem_printf("SELECT EXISTS (SELECT FROM pg_proc WHERE oid = to_regprocedure('%s') "
                           "AND prosrc = %s)",
                           name, quoted);
    out->undone = function_gone(name);
    out->lock = "none";
    free(name);
    free(body);
    free(tag);
    free(quoted);
}

/* BEFORE triggers fire by name: ours come last and see what the application's have done. */
static char *trigger_name(const struct ddl_subject *s, const char *when)
{
    char hash[11];
    short_hash(s, hash);
    return mem_printf("zzz_newel_sync_%s_%s", when, hash);
}

static char *count_triggers(const struct ddl_subject *s, const char *is)
{
    char *insert = trigger_name(s, "ins"), *update = trigger_name(s, "upd");
    char *table = db_quote_text(DB_POSTGRESQL, s->words.qualified);
    char *sql = mem_printf("SELECT count(*) %s FROM pg_trigger WHERE tgrelid = to_regclass(%s) "
                           "AND tgname IN ('%s', '%s')",
                           is, table, insert, update);
    free(insert);
    free(update);
    free(table);
    return sql;
}

static char *triggers_dropped(const struct ddl_subject *s)
{
    char *insert = trigger_name(s, "ins"), *update = trigger_name(s, "upd");
    char *sql = mem_printf("DROP TRIGGER IF EXISTS %s ON %s;\nDROP TRIGGER IF EXISTS %s ON %s",
                           insert, s->words.qualified, update, s->words.qualified);
    free(insert);
    free(update);
    return sql;
}

static void sync_triggers(const struct ddl_subject *s, struct ddl_text *out)
{
    const char *q = s->words.qualified, *column = s->words.column;
    char *insert = trigger_name(s, "ins"), *update = trigger_name(s, "upd");
    char *function = function_name(s);
    char *new_column = mem_printf("NEW.%s", column), *old_column = mem_printf("OLD.%s", column);
    char *unchanged = same(s, new_column, old_column, "IS NOT");
    out->sql = mem_printf("DROP TRIGGER IF EXISTS %s ON %s;\nDROP TRIGGER IF EXISTS %s ON %s;\n"
                          "CREATE TRIGGER %s BEFORE INSERT ON %s FOR EACH ROW\n"
                          "  WHEN (%s IS NULL) EXECUTE FUNCTION %s;\n"
                          "CREATE TRIGGER %s BEFORE UPDATE ON %s FOR EACH ROW\n"
                          "  WHEN (%s) EXECUTE FUNCTION %s",
                          insert, q, update, q, insert, q, new_column, function, update, q,
                          unchanged, function);
    /* dropping what is not there takes no lock: only a half of the pair is ever dropped here */
    out->undo = triggers_dropped(s);
    out->done = count_triggers(s, "= 2");
    out->undone = count_triggers(s, "= 0");
    out->lock = "SHARE ROW EXCLUSIVE";
    out->undo_lock = "ACCESS EXCLUSIVE"; /* to drop a trigger takes more than to make one */
    free(insert);
    free(update);
    free(function);
    free(new_column);
    free(old_column);
    free(unchanged);
}

static void set_default(const struct ddl_subject *s, struct ddl_text *out)
{
    const struct words *w = &s->words;
    out->sql = mem_printf("ALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s", w->qualified, w->column,
                          w->otherwise ? w->otherwise : "NULL");
    out->undo = mem_printf("ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT", w->qualified, w->column);
    out->done = probe_column(s, true, " AND a.atthasdef");
    out->undone = probe_column(s, false, " AND a.atthasdef");
    out->lock = "ACCESS EXCLUSIVE";
    out->exclusive = true;
}

/* ---- constrain and enforce ------------------------------------------------ */

static bool validate_is_enough(int version)
{
    return version >= 180000;
}

/* Is our constraint there (and validated), or the column NOT NULL without its help? */
static char *probe_not_null(const struct ddl_subject *s, bool wanted, bool validated)
{
    if (validate_is_enough(s->version)) {
        char *more = mem_printf(" AND EXISTS (SELECT FROM pg_constraint c WHERE c.conrelid = "
                                "a.attrelid AND c.contype = 'n' AND c.conkey = ARRAY[a.attnum]%s)",
                                validated ? " AND c.convalidated" : "");
        char *sql = probe_column(s, wanted, more);
        free(more);
        return sql;
    }
    char *name = bare_not_null_name(s), *text = db_quote_text(DB_POSTGRESQL, name);
    char *more =
        mem_printf(" AND (%sEXISTS (SELECT FROM pg_constraint c WHERE c.conrelid = "
                   "a.attrelid AND c.contype = 'c' AND c.conname = %s%s))",
                   wanted ? "a.attnotnull OR " : "", text, validated ? " AND c.convalidated" : "");
    char *sql = probe_column(s, wanted, more);
    free(name);
    free(text);
    free(more);
    return sql;
}

static void add_not_null(const struct ddl_subject *s, struct ddl_text *out)
{
    const struct words *w = &s->words;
    char *name = not_null_name(s);
    bool direct = validate_is_enough(s->version);
    out->sql = direct ? mem_printf("ALTER TABLE %s ADD CONSTRAINT %s NOT NULL %s NOT VALID",
                                   w->qualified, name, w->column)
                      : mem_printf("ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s IS NOT NULL) "
                                   "NOT VALID",
                                   w->qualified, name, w->column);
    out->undo = mem_printf("ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s", w->qualified, name);
    out->done = probe_not_null(s, true, false);
    out->undone = probe_not_null(s, false, false);
    out->lock = "ACCESS EXCLUSIVE";
    out->exclusive = true;
    free(name);
}

static void validate_not_null(const struct ddl_subject *s, struct ddl_text *out)
{
    char *name = not_null_name(s);
    out->sql = mem_printf("ALTER TABLE %s VALIDATE CONSTRAINT %s", s->words.qualified, name);
    out->done = probe_not_null(s, true, true);
    out->lock = "SHARE UPDATE EXCLUSIVE";
    free(name);
}

static void set_not_null(const struct ddl_subject *s, struct ddl_text *out)
{
    const struct words *w = &s->words;
    out->sql = mem_printf("ALTER TABLE %s ALTER COLUMN %s SET NOT NULL", w->qualified, w->column);
    out->undo = mem_printf("ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL", w->qualified, w->column);
    out->done = probe_column(s, true, " AND a.attnotnull");
    out->undone = probe_column(s, false, " AND a.attnotnull");
    out->lock = "ACCESS EXCLUSIVE";
    out->exclusive = true;
}

static void drop_check(const struct ddl_subject *s, struct ddl_text *out)
{
    char *name = not_null_name(s);
    out->sql = mem_printf("ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s", s->words.qualified, name);
    out->done = probe_not_null(s, false, false);
    out->lock = "ACCESS EXCLUSIVE";
    out->exclusive = true;
    free(name);
}

/* ---- finish --------------------------------------------------------------- */

static void drop_triggers(const struct ddl_subject *s, struct ddl_text *out)
{
    out->sql = triggers_dropped(s);
    out->done = count_triggers(s, "= 0");
    out->lock = "ACCESS EXCLUSIVE";
    out->exclusive = true;
}

static void drop_function(const struct ddl_subject *s, struct ddl_text *out)
{
    char *name = function_name(s);
    out->sql = mem_printf("DROP FUNCTION IF EXISTS %s", name);
    out->done = function_gone(name);
    out->lock = "none";
    free(name);
}

static void analyze(const struct ddl_subject *s, struct ddl_text *out)
{
    out->sql = mem_printf("ANALYZE %s", s->words.qualified);
    out->lock = "SHARE UPDATE EXCLUSIVE";
}

/* ---- facts ---------------------------------------------------------------- */

static const char server[] =
    "SELECT current_setting('server_version_num'), current_setting('server_version'), "
    "current_database(), current_user, "
    /* resolved here: "$user" would mean somebody else inside the trigger */
    "coalesce((SELECT string_agg(quote_ident(s), ', ' ORDER BY n) "
    "FROM unnest(current_schemas(false)) WITH ORDINALITY u(s, n) "
    "WHERE s NOT LIKE 'pg\\_temp%' AND s NOT LIKE 'pg\\_toast%'), ''), "
    "EXISTS (SELECT FROM pg_namespace WHERE nspname = 'newel')";

/*
 * Rows as the planner reckons them: the density at the last ANALYZE times the
 * size now; without one, from the widths of the columns.
 */
static const char table[] =
    "WITH t AS (SELECT c.*, n.nspname, pg_relation_size(c.oid) AS heap, "
    "current_setting('block_size')::bigint AS page, "
    "(SELECT 28 + coalesce(sum(coalesce(s.avg_width, CASE WHEN a.attlen > 0 THEN a.attlen "
    "ELSE 32 END)), 0) FROM pg_attribute a LEFT JOIN pg_stats s ON s.schemaname = n.nspname "
    "AND s.tablename = c.relname AND s.attname = a.attname AND NOT s.inherited "
    "WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS width "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1)) "
    "SELECT nspname, relname, quote_ident(nspname) || '.' || quote_ident(relname), oid::bigint, "
    "relkind, relpersistence, heap / page, heap, pg_indexes_size(oid), "
    "CASE WHEN reltuples > 0 AND relpages > 0 THEN (reltuples / relpages * (heap / page))::bigint "
    "ELSE (heap / width)::bigint END, "
    "coalesce((SELECT option_value::bigint FROM pg_options_to_table(reloptions) "
    "WHERE option_name = 'fillfactor'), 100), "
    "(SELECT count(*) FROM pg_index WHERE indrelid = oid), width::bigint FROM t";

static const char leaves[] =
    "SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname), "
    "quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relkind, "
    "s.heap / current_setting('block_size')::bigint, s.heap, pg_indexes_size(c.oid), CASE WHEN c.reltuples > 0 AND c.relpages > 0 THEN "
    "(c.reltuples / c.relpages * (s.heap / current_setting('block_size')::bigint))::bigint "
    "ELSE s.heap / 100 END FROM pg_partition_tree($1::oid) t JOIN pg_class c ON c.oid = t.relid "
    "JOIN pg_namespace n ON n.oid = c.relnamespace, "
    "LATERAL (SELECT pg_relation_size(c.oid) AS heap) s "
    "WHERE t.isleaf AND c.relkind <> 'p'";

static const char column[] =
    "SELECT format_type(atttypid, atttypmod), attnotnull FROM pg_attribute "
    "WHERE attrelid = $1::oid AND attname = $2 AND attnum > 0 AND NOT attisdropped";

static const char key[] =
    "SELECT a.attname, format_type(a.atttypid, a.atttypmod), "
    "(SELECT s.correlation FROM pg_stats s JOIN pg_class c ON c.oid = a.attrelid "
    "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE s.schemaname = n.nspname "
    "AND s.tablename = c.relname AND s.attname = a.attname AND NOT s.inherited) "
    "FROM pg_index i CROSS JOIN unnest(i.indkey) WITH ORDINALITY k(attnum, place) "
    "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
    "WHERE i.indrelid = $1::oid AND i.indisprimary AND k.place <= i.indnkeyatts "
    "ORDER BY k.place";

const struct ddl_words ddl_pg = {
    .add_column = add_column,
    .sync_function = sync_function,
    .sync_triggers = sync_triggers,
    .set_default = set_default,
    .add_not_null = add_not_null,
    .validate_not_null = validate_not_null,
    .set_not_null = set_not_null,
    .drop_check = drop_check,
    .drop_triggers = drop_triggers,
    .drop_function = drop_function,
    .analyze = analyze,
    .validate_is_enough = validate_is_enough,
    .server = server,
    .table = table,
    .leaves = leaves,
    .column = column,
    .key = key,
};
