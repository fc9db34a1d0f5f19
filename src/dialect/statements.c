#include "config.h"
#include "dialect/statements.h"

#include <stdlib.h>

/* No plan takes that long to make: whoever holds the catalog's lock is waited for no longer. */
#define PATIENCE "5s"

/* ---- how often, and how long ---------------------------------------------- */

/* Where the extension is, if it is; before its version 1.8 the time had another name. */
static const char pg_where[] =
    "SELECT quote_ident(n.nspname) || '.pg_stat_statements' FROM pg_extension x "
    "JOIN pg_namespace n ON n.oid = x.extnamespace WHERE x.extname = 'pg_stat_statements'";
#define PG_TIME "coalesce(to_jsonb(s)->>'total_exec_time', to_jsonb(s)->>'total_time')::float8"
#define PG_COUNTED                                                                                 \
    "SELECT query, sum(calls)::bigint, sum(" PG_TIME ") * 1000, NULL FROM %s s "                   \
    "WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) "               \
    "AND position(lower($1) IN lower(query)) > 0 "                                                 \
    "AND query !~* '^\\s*(explain|prepare|deallocate|create|alter|analyze|copy)\\M' "              \
    "GROUP BY query ORDER BY 3 DESC LIMIT 300"
#define PG_SESSIONS                                                                                \
    "SELECT query, count(*), 0, NULL FROM pg_stat_activity "                                       \
    "WHERE datname = current_database() AND backend_type = 'client backend' "                      \
    "AND pid <> ALL ($2::int[]) AND application_name NOT LIKE 'newel %' "                          \
    "AND position(lower($1) IN lower(query)) > 0 GROUP BY query ORDER BY 2 DESC LIMIT 100"

#define MY_COUNTS                                                                                  \
    "SELECT @@performance_schema AND COALESCE((SELECT MAX(enabled) = 'YES' FROM "                  \
    "performance_schema.setup_consumers WHERE name = 'statements_digest'), 0)"
#define MY_COUNTED(sample)                                                                         \
    "SELECT digest_text, SUM(count_star), SUM(sum_timer_wait) / 1000000, " sample                  \
    " FROM performance_schema.events_statements_summary_by_digest "                                \
    "WHERE schema_name = DATABASE() AND LOCATE(LOWER($1), LOWER(digest_text)) "                    \
    "GROUP BY digest_text ORDER BY 3 DESC LIMIT 300"
#define MY_SESSIONS                                                                                \
    "SELECT info, COUNT(*), 0, NULL FROM information_schema.processlist p WHERE p.db = "           \
    "DATABASE() "                                                                                  \
    "AND NOT FIND_IN_SET(p.id, REPLACE(REPLACE($2, '{', ''), '}', '')) "                           \
    "AND LOCATE(LOWER($1), LOWER(info)) AND id <> CONNECTION_ID() "                                \
    "GROUP BY info ORDER BY 2 DESC LIMIT 100"

static void take_rows(struct db_rows *rows, struct statement_list *out)
{
    for (int i = 0; i < db_row_count(rows); i++) {
        struct statement *s = VEC_PUSH(out->items, out->count);
        const char *text = db_value(rows, i, 0);
        s->text = mem_dup(text ? text : "");
        s->calls = db_int(rows, i, 1, 0);
        s->total_us = db_real(rows, i, 2, 0);
        s->sample = mem_dup(db_value(rows, i, 3));
    }
    db_rows_free(rows);
}

/* What the server does not tell, or not to us, is no failure of anything. */
static enum db_fault unless_lost(struct db *db, enum db_fault fault, struct statement_list *out,
                                 const struct error *e)
{
    if (fault == DB_OK || !db_alive(db))
        return fault;
    out->why = mem_dup(e->why[0] ? e->why : e->what);
    return DB_OK;
}

static enum db_fault pg_read(struct db *db, const char *table, struct statement_list *out,
                             struct error *e)
{
    struct db_rows *rows;
    enum db_fault fault = db_query(db, &rows, e, pg_where, 0, NULL);
    if (fault != DB_OK)
        return fault;
    char *sql = db_row_count(rows) ? mem_printf(PG_COUNTED, db_value(rows, 0, 0)) : NULL;
    db_rows_free(rows);
    if (!sql) {
        out->why = mem_dup("the extension pg_stat_statements is not in this database");
        return DB_OK;
    }
    fault = db_query(db, &rows, e, sql, 1, &table);
    free(sql);
    if (fault == DB_OK) {
        take_rows(rows, out);
        out->source = mem_dup("pg_stat_statements");
    }
    return unless_lost(db, fault, out, e);
}

static enum db_fault my_read(struct db *db, const char *table, struct statement_list *out,
                             struct error *e)
{
    struct db_rows *rows;
    enum db_fault fault = db_query(db, &rows, e, MY_COUNTS, 0, NULL);
    if (fault != DB_OK)
        return unless_lost(db, fault, out, e);
    bool counts = db_bool(rows, 0, 0);
    db_rows_free(rows);
    if (!counts) {
        out->why = mem_dup("performance_schema, or its consumer statements_digest, is off");
        return DB_OK;
    }
    /* MariaDB keeps no sample */
    fault = db_query(db, &rows, e,
                     db_engine_of(db) == DB_MYSQL ? MY_COUNTED("MAX(query_sample_text)")
                                                  : MY_COUNTED("NULL"),
                     1, &table);
    if (fault == DB_OK) {
        take_rows(rows, out);
        out->source = mem_dup("performance_schema");
    }
    return unless_lost(db, fault, out, e);
}

enum db_fault statements_read(struct db *db, const char *table, struct statement_list *out,
                              struct error *e)
{
    *out = (struct statement_list){0};
    return db_engine_of(db) == DB_POSTGRESQL ? pg_read(db, table, out, e)
                                             : my_read(db, table, out, e);
}

enum db_fault statements_of_sessions(struct db *db, const char *table, const char *pids,
                                     struct statement_list *out, struct error *e)
{
    const char *params[] = {table, pids};
    struct db_rows *rows;
    *out = (struct statement_list){0};
    enum db_fault fault = db_query(
        db, &rows, e, db_engine_of(db) == DB_POSTGRESQL ? PG_SESSIONS : MY_SESSIONS, 2, params);
    if (fault != DB_OK)
        return fault;
    take_rows(rows, out);
    out->source = mem_dup(db_engine_of(db) == DB_POSTGRESQL ? "pg_stat_activity" : "processlist");
    return DB_OK;
}

void statement_list_free(struct statement_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].text);
        free(list->items[i].sample);
    }
    free(list->items);
    free(list->source);
    free(list->why);
    *list = (struct statement_list){0};
}

/* ---- prepared ------------------------------------------------------------- */

enum db_fault statements_prepared(struct db *db, const char *table, struct db_rows **rows,
                                  struct error *e)
{
    static const char sql[] =
        "SELECT COALESCE(a.attr_value, ''), p.user, SUBSTRING_INDEX(p.host, ':', 1), s.sql_text "
        "FROM performance_schema.prepared_statements_instances s "
        "JOIN performance_schema.threads t ON t.thread_id = s.owner_thread_id "
        "JOIN information_schema.processlist p ON p.id = t.processlist_id "
        "LEFT JOIN performance_schema.session_connect_attrs a ON a.processlist_id = p.id "
        "AND a.attr_name = 'program_name' "
        "WHERE p.db = DATABASE() AND LOCATE(LOWER($1), LOWER(s.sql_text)) LIMIT 10000";
    static const char on[] = "SELECT @@performance_schema";
    *rows = NULL;
    if (db_engine_of(db) == DB_POSTGRESQL)
        return DB_OK;
    enum db_fault fault = db_query(db, rows, e, on, 0, NULL);
    bool there = fault == DB_OK && db_bool(*rows, 0, 0);
    if (fault == DB_OK)
        db_rows_free(*rows);
    *rows = NULL;
    if (there)
        fault = db_query(db, rows, e, sql, 1, &table);
    return db_alive(db) ? DB_OK : fault;
}

/* ---- plans ---------------------------------------------------------------- */

char *statement_explain_form(enum db_engine engine, const char *sql)
{
    return mem_printf(
        engine == DB_POSTGRESQL ? "EXPLAIN (FORMAT JSON) %s" : "EXPLAIN FORMAT=JSON %s", sql);
}

static enum db_fault take_plan(struct db *db, const char *sql, char **json, struct error *e)
{
    struct db_rows *rows;
    enum db_fault fault = db_query(db, &rows, e, sql, 0, NULL);
    if (fault != DB_OK)
        return fault;
    *json = mem_dup(db_value(rows, 0, 0));
    db_rows_free(rows);
    return DB_OK;
}

/* Before 16 a plan for any value is that of a prepared statement. */
static enum db_fault pg_prepared_plan(struct db *db, const char *sql, int parameters, char **json,
                                      struct error *e)
{
    struct str prepare = {0}, explain = {0};
    str_add(&prepare, "SET LOCAL plan_cache_mode = force_generic_plan; PREPARE newel_plan (");
    str_add(&explain, "EXPLAIN (FORMAT JSON) EXECUTE newel_plan (");
    for (int i = 0; i < parameters; i++) {
        str_addf(&prepare, "%sunknown", i ? ", " : "");
        str_addf(&explain, "%sNULL", i ? ", " : "");
    }
    str_addf(&prepare, ") AS %s", sql);
    str_add(&explain, ")");
    enum db_fault fault = db_exec(db, str_text(&prepare), e);
    if (fault == DB_OK) {
        struct error ignored;
        fault = take_plan(db, str_text(&explain), json, e);
        if (fault == DB_OK)
            IGNORE(db_exec(db, "DEALLOCATE newel_plan", &ignored));
    }
    str_free(&prepare);
    str_free(&explain);
    return fault;
}

/*
 * In a transaction that can write nothing: whatever a text turns out to be, it changes nothing,
 * and the locks of planning go with it.
 */
static enum db_fault pg_explain(struct db *db, const char *sql, int parameters, char **json,
                                struct error *e)
{
    struct error ignored;
    enum db_fault fault =
        db_exec(db, "BEGIN READ ONLY; SET LOCAL statement_timeout = '" PATIENCE "'", e);
    if (fault != DB_OK)
        return fault;
    if (parameters && db_server_version(db) < 160000) {
        fault = pg_prepared_plan(db, sql, parameters, json, e);
    } else {
        char *explain =
            mem_printf("EXPLAIN (%sFORMAT JSON) %s", parameters ? "GENERIC_PLAN, " : "", sql);
        fault = take_plan(db, explain, json, e);
        free(explain);
    }
    IGNORE(db_exec(db, "ROLLBACK", &ignored));
    if (fault != DB_OK && parameters && db_alive(db) && db_server_version(db) < 160000)
        /* what was prepared outlives the transaction */
        IGNORE(db_exec(db, "DEALLOCATE ALL", &ignored));
    return fault;
}

enum db_fault statement_explain(struct db *db, const char *sql, int parameters, char **json,
                                struct error *e)
{
    *json = NULL;
    if (db_engine_of(db) == DB_POSTGRESQL)
        return pg_explain(db, sql, parameters, json, e);
    char *explain = statement_explain_form(db_engine_of(db), sql);
    enum db_fault fault = take_plan(db, explain, json, e);
    free(explain);
    return fault;
}
