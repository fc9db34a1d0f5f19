#include "config.h"
#include "dialect/check_pg.h"

#include <stdlib.h>

/* ---- probes --------------------------------------------------------------- */

static char *clone(const struct ddl_subject *s)
{
    return mem_printf("CREATE TEMP TABLE newel_probe (LIKE %s);\n"
                      "CREATE TEMP TABLE newel_probe_was AS "
                      "SELECT pg_relation_filenode('pg_temp.newel_probe') AS node",
                      s->words.qualified);
}

static char *add_to_clone(const struct ddl_subject *s)
{
    return mem_printf("ALTER TABLE pg_temp.newel_probe ADD COLUMN %s %s", s->words.column,
                      s->words.type);
}

static const char look_at_clone[] =
    "SELECT pg_relation_filenode('pg_temp.newel_probe') <> (SELECT node FROM "
    "pg_temp.newel_probe_was), format_type(atttypid, atttypmod), atthasdef OR attnotnull "
    "OR attidentity <> '' OR EXISTS (SELECT FROM pg_index WHERE indrelid = attrelid) "
    "OR EXISTS (SELECT FROM pg_constraint WHERE conrelid = attrelid AND attnum = ANY (conkey)) "
    "FROM pg_attribute WHERE attrelid = 'pg_temp.newel_probe'::regclass AND NOT attisdropped "
    "ORDER BY attnum DESC LIMIT 1";

static void add_rows(struct str *sql, const struct ddl_subject *s, const char *glue)
{
    const char *rows = words_rows(&s->words);
    if (rows)
        str_addf(sql, " %s (%s)", glue, rows);
}

static char *assign(const struct ddl_subject *s, bool to_clone)
{
    struct str sql = {0};
    char *value = words_value(&s->words);
    str_addf(&sql, "EXPLAIN UPDATE %s AS %s SET %s = %s",
             to_clone ? "pg_temp.newel_probe" : s->words.qualified, s->words.table, s->words.column,
             value ? value : "NULL");
    add_rows(&sql, s, "WHERE");
    free(value);
    return str_take(&sql);
}

/* In a WHERE, because aggregates are refused there as they are in an UPDATE. */
static char *evaluate(const struct ddl_subject *s, bool by_trigger)
{
    struct str sql = {0};
    char *value = words_value(&s->words);
    if (by_trigger)
        str_addf(&sql, "EXPLAIN SELECT FROM (SELECT t.* FROM %s t) AS %s", s->words.qualified,
                 s->words.table);
    else
        str_addf(&sql, "EXPLAIN SELECT FROM %s AS %s", s->words.qualified, s->words.table);
    str_addf(&sql, " WHERE CAST((%s) AS %s) IS NULL", value ? value : "NULL", s->words.type);
    add_rows(&sql, s, "AND");
    free(value);
    return str_take(&sql);
}

/* Without a FROM there is no row to refer to, as a DEFAULT has none. */
static char *evaluate_default(const struct ddl_subject *s)
{
    return mem_printf("EXPLAIN SELECT CAST((%s) AS %s)", s->words.otherwise, s->words.type);
}

static char *make_view(const struct ddl_subject *s)
{
    char *value = words_value(&s->words);
    char *sql = mem_printf("CREATE TEMP VIEW newel_probe_view AS SELECT (%s) AS value, (%s) AS "
                           "otherwise FROM %s AS %s",
                           value ? value : "NULL", s->words.otherwise ? s->words.otherwise : "NULL",
                           s->words.qualified, s->words.table);
    free(value);
    return sql;
}

/* Built-in functions are pinned and leave no dependency: the stored tree names them all. */
static const char look_at_view[] =
    "SELECT (SELECT string_agg(DISTINCT p.proname || '()', ', ') FROM pg_rewrite r, "
    "regexp_matches(r.ev_action::text, ':(?:funcid|opfuncid|resultfuncid|infuncid|outfuncid) "
    "(\\d+)', 'g') m JOIN pg_proc p ON p.oid = m[1]::oid "
    "WHERE r.ev_class = 'pg_temp.newel_probe_view'::regclass AND p.provolatile = 'v'), "
    "(SELECT string_agg(DISTINCT quote_ident(a.attname), ', ') FROM pg_rewrite r "
    "JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid "
    "AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 "
    "JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid "
    "WHERE r.ev_class = 'pg_temp.newel_probe_view'::regclass AND a.attgenerated <> '')";

static char *loosen(const struct ddl_subject *s)
{
    const char *table = s->words.qualified;
    return mem_printf("new_rows = trigger goes by stripes on PostgreSQL 14 or later; or ALTER "
                      "TABLE %s SET (fillfactor = 85) and VACUUM FULL in a quiet hour; or VACUUM "
                      "%s between batches",
                      table, table);
}

static const struct check_set *const sets[] = {
    &check_pg_rights,
    &check_pg_table,
    &check_pg_health,
    &check_pg_activity,
    &check_pg_copies,
    &check_pg_server,
    NULL,
};

static char *end_session(const char *pid)
{
    return mem_printf("SELECT pg_terminate_backend(%s)", pid);
}

const struct check_words check_pg = {
    .needs = "PostgreSQL 13",
    .sets = sets,
    .of_replica = &check_pg_replica,
    .oldest = 130000,
    .newest = 180000,
    .is_ours = "SELECT EXISTS (SELECT FROM newel.migration WHERE id = $1 AND column_name = $2 "
               "AND phase NOT IN ('preflight', 'baseline') AND state <> 'undone')",
    .end_session = end_session,
    .guard = "SET lock_timeout = '1s'; SET statement_timeout = '10s'",
    .unguard = "RESET lock_timeout; SET statement_timeout = 0",
    .begin = "BEGIN",
    .look = "BEGIN READ ONLY; SET LOCAL statement_timeout = '5s'",
    .rollback = "ROLLBACK",
    .clone = clone,
    .add_to_clone = add_to_clone,
    .look_at_clone = look_at_clone,
    .assign = assign,
    .evaluate = evaluate,
    .evaluate_default = evaluate_default,
    .make_view = make_view,
    .look_at_view = look_at_view,
    .read_sample = check_pg_read_sample,
    .try_sample = check_pg_try_sample,
    .list_sample = check_pg_list_sample,
    .try_places = check_pg_try_places,
    .explain_value = check_pg_explain_value,
    .loosen = loosen,
    .place =
        "SELECT coalesce(nullif(pg_tablespace_location(coalesce(nullif(c.reltablespace, 0), "
        "d.dattablespace)), ''), f.folder), f.folder || '/pg_wal', inet_server_addr() IS NULL "
        "FROM pg_class c, pg_database d, (SELECT (SELECT setting FROM pg_settings WHERE name = "
        "'data_directory') AS folder) f "
        "WHERE c.oid = $1::oid AND d.datname = current_database()",
};
