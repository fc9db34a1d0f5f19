#include "config.h"
#include "dialect/ddl.h"

#include "base/digest.h"
#include "dialect/sync_my.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *lock_of(enum ddl_algorithm by)
{
    return by < DDL_INPLACE_SHARED ? "exclusive metadata lock" : "exclusive, then shared lock";
}

static void takes_table(struct ddl_text *out, enum ddl_algorithm by)
{
    out->lock = lock_of(by);
    out->exclusive = true;
}

/* Always said: without it a server that cannot do it the cheap way silently takes the dear one. */
static const char *algorithm(enum ddl_algorithm by)
{
    switch (by) {
    case DDL_INSTANT:
        break;
    case DDL_INPLACE:
        return "ALGORITHM=INPLACE, LOCK=NONE";
    case DDL_INPLACE_SHARED:
        return "ALGORITHM=INPLACE, LOCK=SHARED";
    case DDL_COPY:
        return "ALGORITHM=COPY, LOCK=SHARED";
    }
    return "ALGORITHM=INSTANT";
}

/* ---- probes --------------------------------------------------------------- */

/* "SELECT COUNT(*) = `wanted` FROM information_schema.`of` WHERE <the table> AND `more`" */
static char *probe(const struct ddl_subject *s, const char *of, const char *schema_column,
                   const char *table_column, int wanted, const char *more)
{
    char *schema = db_quote_text(DB_MYSQL, s->schema), *table = db_quote_text(DB_MYSQL, s->table);
    char *sql = mem_printf("SELECT COUNT(*) = %d FROM information_schema.%s WHERE %s = %s AND "
                           "%s = %s AND %s",
                           wanted, of, schema_column, schema, table_column, table, more);
    free(schema);
    free(table);
    return sql;
}

static char *probe_column(const struct ddl_subject *s, bool wanted, const char *more)
{
    char *column = db_quote_text(DB_MYSQL, s->column);
    char *both = mem_printf("column_name = %s%s", column, more);
    char *sql = probe(s, "columns", "table_schema", "table_name", wanted, both);
    free(column);
    free(both);
    return sql;
}

static char *probe_triggers(const struct ddl_subject *s, const char *what, int wanted)
{
    char *insert = sync_my_name(s, what, "ins"), *update = sync_my_name(s, what, "upd");
    char *both = mem_printf("trigger_name IN ('%s', '%s')", insert, update);
    char *sql = probe(s, "triggers", "event_object_schema", "event_object_table", wanted, both);
    free(insert);
    free(update);
    free(both);
    return sql;
}

/* Both are there, and of the present words. */
static char *probe_present(const struct ddl_subject *s, const char *what)
{
    char *insert = sync_my_name(s, what, "ins"), *update = sync_my_name(s, what, "upd");
    char *mark = sync_my_mark(s);
    char *both = mem_printf("trigger_name IN ('%s', '%s') AND LOCATE('%s', action_statement) > 0",
                            insert, update, mark);
    char *sql = probe(s, "triggers", "event_object_schema", "event_object_table", 2, both);
    free(insert);
    free(update);
    free(mark);
    free(both);
    return sql;
}

/* ---- expand --------------------------------------------------------------- */

static void add_column(const struct ddl_subject *s, struct ddl_text *out)
{
    const struct words *w = &s->words;
    out->sql = mem_printf("ALTER TABLE %s ADD COLUMN %s %s NULL, %s", w->qualified, w->column,
                          w->type, algorithm(s->add_by));
    out->undo_lock = lock_of(s->drop_by);
    out->undo = mem_printf("ALTER TABLE %s DROP COLUMN %s, %s", w->qualified, w->column,
                           algorithm(s->drop_by));
    out->done = probe_column(s, true, "");
    out->undone = probe_column(s, false, "");
    takes_table(out, s->add_by);
}

/* ---- sync ----------------------------------------------------------------- */

static void sync_triggers(const struct ddl_subject *s, struct ddl_text *out)
{
    char *insert = sync_my_insert(s), *update = sync_my_update(s);
    out->sql = mem_printf("%s%s", insert, update);
    out->undo = sync_my_drop(s, "sync");
    out->done = probe_present(s, "sync");
    out->undone = probe_triggers(s, "sync", 0);
    takes_table(out, DDL_INSTANT);
    free(insert);
    free(update);
}

/* A constant; anything else has to stand in parentheses as a default. */
static bool is_constant(const char *sql)
{
    size_t n = strlen(sql);
    if (n > 1 && sql[0] == '\'' && sql[n - 1] == '\'')
        return !memchr(sql + 1, '\'', n - 2);
    if (strcasecmp(sql, "NULL") == 0 || strcasecmp(sql, "TRUE") == 0 ||
        strcasecmp(sql, "FALSE") == 0)
        return true;
    return n && strspn(sql, "-.0123456789") == n;
}

/* Texts without a bound, JSON and places take expressions alone on MySQL. */
static bool wants_expression(const struct ddl_subject *s)
{
    static const char *const types[] = {"tinytext", "text",     "mediumtext", "longtext",
                                        "tinyblob", "blob",     "mediumblob", "longblob",
                                        "json",     "geometry", "point"};
    size_t n = strcspn(s->words.type, " (");
    for (size_t i = 0; s->engine == DB_MYSQL && i < COUNT_OF(types); i++)
        if (strlen(types[i]) == n && strncasecmp(s->words.type, types[i], n) == 0)
            return true;
    return false;
}

static char *default_text(const struct ddl_subject *s)
{
    const char *sql = s->words.otherwise;
    if (!sql)
        return mem_dup("NULL");
    return is_constant(sql) && !wants_expression(s) ? mem_dup(sql) : mem_printf("(%s)", sql);
}

static void set_default(const struct ddl_subject *s, struct ddl_text *out)
{
    const struct words *w = &s->words;
    char *value = default_text(s);
    out->sql = mem_printf("ALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s, ALGORITHM=INSTANT",
                          w->qualified, w->column, value);
    out->undo = mem_printf("ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT, ALGORITHM=INSTANT",
                           w->qualified, w->column);
    /* MariaDB writes a nullable column's missing default as NULL in words */
    out->done =
        probe_column(s, true, " AND column_default IS NOT NULL AND column_default <> 'NULL'");
    out->undone =
        probe_column(s, false, " AND column_default IS NOT NULL AND column_default <> 'NULL'");
    takes_table(out, DDL_INSTANT);
    free(value);
}

/* ---- constrain and enforce ------------------------------------------------ */

/* No server of the family checks new rows alone: triggers that refuse NULL do. */
static void add_not_null(const struct ddl_subject *s, struct ddl_text *out)
{
    char *insert = sync_my_refuse(s, true), *update = sync_my_refuse(s, false);
    out->sql = mem_printf("%s%s", insert, update);
    out->undo = sync_my_drop(s, "null");
    /* enforce drops them: NOT NULL then says the same */
    char *triggers = probe_present(s, "null");
    char *column = probe_column(s, true, " AND is_nullable = 'NO'");
    out->done = mem_printf("SELECT (%s) OR (%s)", triggers, column);
    out->undone = probe_triggers(s, "null", 0);
    takes_table(out, DDL_INSTANT);
    free(triggers);
    free(column);
    free(insert);
    free(update);
}

/* The session is strict, as the driver makes it: else NULLs would silently become zeros. */
static void set_not_null(const struct ddl_subject *s, struct ddl_text *out)
{
    const struct words *w = &s->words;
    char *value = w->otherwise ? default_text(s) : NULL;
    out->sql =
        mem_printf("ALTER TABLE %s MODIFY COLUMN %s %s NOT NULL%s%s, %s", w->qualified, w->column,
                   w->type, value ? " DEFAULT " : "", value ? value : "", algorithm(s->enforce_by));
    out->undo = mem_printf("ALTER TABLE %s MODIFY COLUMN %s %s NULL, %s", w->qualified, w->column,
                           w->type, algorithm(s->enforce_by));
    out->done = probe_column(s, true, " AND is_nullable = 'NO'");
    out->undone = probe_column(s, false, " AND is_nullable = 'NO'");
    takes_table(out, s->enforce_by);
    free(value);
}

static void drop_check(const struct ddl_subject *s, struct ddl_text *out)
{
    out->sql = sync_my_drop(s, "null");
    out->done = probe_triggers(s, "null", 0);
    takes_table(out, DDL_INSTANT);
}

/* ---- finish --------------------------------------------------------------- */

static void drop_triggers(const struct ddl_subject *s, struct ddl_text *out)
{
    out->sql = sync_my_drop(s, "sync");
    out->done = probe_triggers(s, "sync", 0);
    takes_table(out, DDL_INSTANT);
}

static void analyze(const struct ddl_subject *s, struct ddl_text *out)
{
    out->sql = mem_printf("ANALYZE TABLE %s", s->words.qualified);
    out->lock = "shared metadata lock";
}

static bool validate_is_enough(int version)
{
    (void)version;
    return false;
}

/* ---- facts ---------------------------------------------------------------- */

static const char server[] =
    "SELECT NULL, @@version, DATABASE(), CURRENT_USER(), '', "
    "(SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'newel')";

#define QUOTED(name) "CONCAT('`', REPLACE(" name ", '`', '``'), '`')"

#define TABLE_QUOTED QUOTED("table_schema") ", '.', " QUOTED("table_name")
#define KIND                                                                                       \
    "CASE WHEN t.create_options LIKE '%partitioned%' THEN 'p' "                                    \
    "WHEN t.table_type = 'BASE TABLE' THEN 'r' WHEN t.table_type LIKE '%VIEW' THEN 'v' "           \
    "WHEN t.table_type = 'SEQUENCE' THEN 'S' ELSE 'x' END"

static const char table[] =
    "SELECT t.table_schema, t.table_name, CONCAT(" TABLE_QUOTED "), 0, " KIND ", 'p', "
    "CAST(COALESCE(t.data_length, 0) / 16384 AS SIGNED), COALESCE(t.data_length, 0), "
    "COALESCE(t.index_length, 0), COALESCE(t.table_rows, 0), 100, "
    "(SELECT COUNT(DISTINCT s.index_name) FROM information_schema.statistics s "
    "WHERE s.table_schema = t.table_schema AND s.table_name = t.table_name), "
    "COALESCE(t.avg_row_length, 0) FROM information_schema.tables t "
    "WHERE t.table_schema = COALESCE($1, DATABASE()) AND t.table_name = $2";

#define PART "COALESCE(subpartition_name, partition_name)"
#define PART_QUOTED QUOTED(PART)

static const char leaves[] =
    "SELECT " PART ", CONCAT(" TABLE_QUOTED ", ' PARTITION (', " PART_QUOTED ", ')'), " PART
    ", 'r', "
    "CAST(COALESCE(data_length, 0) / 16384 AS SIGNED), COALESCE(data_length, 0), "
    "COALESCE(index_length, 0), COALESCE(table_rows, 0) FROM information_schema.partitions "
    "WHERE table_schema = $1 AND table_name = $2 AND partition_name IS NOT NULL";

static const char column[] =
    "SELECT column_type, is_nullable = 'NO' FROM information_schema.columns "
    "WHERE table_schema = $1 AND table_name = $2 AND column_name = $3";

static const char key[] =
    "SELECT c.column_name, c.column_type, NULL FROM information_schema.statistics s "
    "JOIN information_schema.columns c ON c.table_schema = s.table_schema "
    "AND c.table_name = s.table_name AND c.column_name = s.column_name "
    "WHERE s.table_schema = $1 AND s.table_name = $2 AND s.index_name = 'PRIMARY' "
    "ORDER BY s.seq_in_index";

static const char columns[] =
    "SELECT column_name, extra LIKE '%auto_increment%', COALESCE(generation_expression, '') <> '' "
    "FROM information_schema.columns "
    "WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position";

static const char storage[] =
    "SELECT engine, row_format, (SELECT COUNT(DISTINCT s.index_name) "
    "FROM information_schema.statistics s WHERE s.table_schema = t.table_schema "
    "AND s.table_name = t.table_name AND s.index_type = 'FULLTEXT') "
    "FROM information_schema.tables t WHERE table_schema = $1 AND table_name = $2";

static const char variables[] =
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin', 'binlog_format', "
    "'binlog_row_image', 'read_only', 'wsrep_on', "
    "'wsrep_osu_method', 'innodb_instant_alter_column_allowed', "
    "'innodb_online_alter_log_max_size')";

/* Partitions have a row each; all of them count alike. */
static const char versions[] =
    "SELECT MAX(total_row_versions) FROM information_schema.innodb_tables "
    "WHERE name = CONCAT($1, '/', $2) OR name LIKE CONCAT($1, '/', $2, '#p#%')";

#define FAMILY                                                                                     \
    .add_column = add_column, .sync_triggers = sync_triggers, .set_default = set_default,          \
    .add_not_null = add_not_null, .set_not_null = set_not_null, .drop_check = drop_check,          \
    .drop_triggers = drop_triggers, .analyze = analyze, .validate_is_enough = validate_is_enough,  \
    .server = server, .table = table, .leaves = leaves, .column = column, .key = key,              \
    .columns = columns, .storage = storage, .variables = variables,                                \
    .cluster = "SHOW GLOBAL STATUS LIKE 'wsrep_cluster_size'"

const struct ddl_words ddl_mysql = {FAMILY, .row_versions = versions};
const struct ddl_words ddl_mariadb = {FAMILY};
