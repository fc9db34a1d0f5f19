#include "config.h"
#include "dialect/check_my.h"

#include "dialect/sync_my.h"

#include <inttypes.h>
#include <stdlib.h>

#define GRANTEE                                                                                    \
    "CONCAT('''', SUBSTRING_INDEX(CURRENT_USER(), '@', 1), '''@''', "                              \
    "SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')"

#define PRIMARY_QUERY                                                                              \
    {                                                                                              \
        .name = "primary", .stops = true,                                                          \
        .sql = "SELECT 'this server has read_only on: it is a replica, or was fenced off', "       \
               "'let the target name the primary' FROM (SELECT 1) one "                            \
               "WHERE @@global.read_only <> 0",                                                    \
        .passed = "it takes writes",                                                               \
    }

#define BINLOG_QUERY                                                                               \
    {                                                                                              \
        .name = "binary log",                                                                      \
        .sql =                                                                                     \
            "SELECT CONCAT('binlog_format is ', @@binlog_format, ': replicas evaluate the "        \
            "value themselves, and batches run at REPEATABLE READ, which locks more'), "           \
            "'SET GLOBAL binlog_format = ROW; else be sure that the value is the same wherever "   \
            "it is evaluated' FROM (SELECT 1) one "                                                \
            "WHERE @@global.log_bin AND @@binlog_format <> 'ROW'",                                 \
        .passed = "it has rows, or is off",                                                        \
    }

#define ROW_IMAGE_QUERY                                                                            \
    {                                                                                              \
        .name = "row image", .of_table = true,                                                     \
        .sql = "SELECT CONCAT('binlog_row_image is ', @@binlog_row_image, ': each row is logged "  \
               "twice in whole, about ', ROUND(2 * data_length / 1048576), ' MB in all, and "      \
               "replicas fetch all of it'), 'binlog_row_image = MINIMAL logs the key and the "     \
               "column alone; else see that there is room' FROM information_schema.tables "        \
               "WHERE table_schema = $1 AND table_name = $2 AND @@global.log_bin "                 \
               "AND @@binlog_row_image = 'FULL' AND data_length > 536870912",                      \
        .passed = "what the binary log will take is small",                                        \
    }

#define SQL_MODE_QUERY                                                                             \
    {                                                                                              \
        .name = "sql_mode",                                                                        \
        .sql =                                                                                     \
            "SELECT 'it is not strict: what the application writes into the column may be cut "    \
            "to fit; newel''s own sessions are strict, and batches stop at what does not fit', "   \
            "'add STRICT_TRANS_TABLES to it, or see that the type has room' "                      \
            "FROM (SELECT 1) one WHERE @@global.sql_mode NOT LIKE '%STRICT_%' "                    \
            "UNION ALL SELECT 'it has NO_BACKSLASH_ESCAPES, which newel''s sessions and the "      \
            "triggers do without', 'write no backslash in value, where and default' "              \
            "FROM (SELECT 1) one WHERE @@global.sql_mode LIKE '%NO_BACKSLASH_ESCAPES%'",           \
        .passed = "it is strict",                                                                  \
    }

#define ZERO_DATES_QUERY                                                                           \
    {                                                                                              \
        .name = "zero dates", .of_table = true,                                                    \
        .sql =                                                                                     \
            "SELECT CONCAT('column ', column_name, ' has the default ', column_default, ': its "   \
            "rows may hold dates that are none'), 'newel''s own sessions let them through; see "   \
            "what value and where make of them' FROM information_schema.columns "                  \
            "WHERE table_schema = $1 AND table_name = $2 AND column_default LIKE '%0000-00-00%'",  \
        .passed = "no column has such a default",                                                  \
    }

#define TRIGGERS_QUERY                                                                             \
    {                                                                                              \
        .name = "triggers", .of_table = true,                                                      \
        .sql = "SELECT CONCAT('trigger ', trigger_name, ' fires ', action_timing, ' ', "           \
               "event_manipulation), 'newel''s own fire after those that are there; each batch "   \
               "fires them for its rows' FROM information_schema.triggers "                        \
               "WHERE event_object_schema = $1 AND event_object_table = $2 "                       \
               "AND trigger_name NOT LIKE 'newel\\_%'",                                            \
        .passed = "the table has none",                                                            \
    }

#define CASCADES_QUERY                                                                             \
    {                                                                                              \
        .name = "cascades", .of_table = true,                                                      \
        .sql =                                                                                     \
            "SELECT CONCAT('foreign key ', constraint_name, ' changes rows of the table (ON "      \
            "UPDATE ', update_rule, ', ON DELETE ', delete_rule, ') without firing a trigger'), "  \
            "'be sure that the value does not read those columns' "                                \
            "FROM information_schema.referential_constraints WHERE constraint_schema = $1 "        \
            "AND table_name = $2 AND (update_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT') "      \
            "OR delete_rule IN ('SET NULL', 'SET DEFAULT'))",                                      \
        .passed = "no foreign key changes rows behind the triggers",                               \
    }

#define VIEWS_QUERY                                                                                \
    {                                                                                              \
        .name = "views", .of_table = true,                                                         \
        .sql = "SELECT CONCAT('view ', table_schema, '.', table_name, ' reads the table: it will " \
               "not show the column, even where it was made with *'), 'CREATE OR REPLACE it "      \
               "afterwards if it should' FROM information_schema.views WHERE table_schema = $1 "   \
               "AND LOCATE(CONCAT('`', $2, '`'), view_definition) > 0",                            \
        .passed = "no view in its database reads it",                                              \
    }

#define CONNECTIONS_QUERY                                                                          \
    {                                                                                              \
        .name = "connections", .stops = true,                                                      \
        .sql = "SELECT CONCAT('only ', @@max_connections - COUNT(*), ' of ', @@max_connections, "  \
               "' connections are free'), 'newel needs about 6: raise max_connections or close "   \
               "some' FROM information_schema.processlist "                                        \
               "HAVING @@max_connections - COUNT(*) < 8",                                          \
        .passed = "there is room for newel's own",                                                 \
    }

#define COMMON_QUERIES                                                                             \
    PRIMARY_QUERY, BINLOG_QUERY, ROW_IMAGE_QUERY, SQL_MODE_QUERY, ZERO_DATES_QUERY,                \
        TRIGGERS_QUERY, CASCADES_QUERY, VIEWS_QUERY, CONNECTIONS_QUERY

static const struct check_query mysql_queries[] = {COMMON_QUERIES};

static const struct check_query mariadb_queries[] = {
    COMMON_QUERIES,
    {
        .name = "metadata locks",
        .sql = "SELECT 'it does not tell who holds a table: newel shows whoever has a transaction "
               "open, as a guess', 'INSTALL SONAME ''metadata_lock_info'', or start it with "
               "performance_schema = ON and the instrument wait/lock/metadata/sql/mdl' "
               "FROM (SELECT 1) one WHERE NOT EXISTS (SELECT 1 FROM information_schema.plugins "
               "WHERE plugin_name = 'METADATA_LOCK_INFO' AND plugin_status = 'ACTIVE') "
               "AND NOT EXISTS (SELECT 1 FROM performance_schema.setup_instruments "
               "WHERE name = 'wait/lock/metadata/sql/mdl' AND enabled = 'YES')",
        .passed = "the server tells who holds a table",
    },
};

/* ---- probes --------------------------------------------------------------- */

/* The copy: "newel.`newel_probe_t_0123456789`", and the subject as if it were the table. */
struct probe {
    char *bare, *qualified;
    struct ddl_subject subject;
};

static struct probe make_probe(const struct ddl_subject *s)
{
    char *name = sync_my_name(s, "probe", "t");
    struct probe p = {.bare = name, .qualified = mem_printf("newel.`%s`", name), .subject = *s};
    p.subject.words.qualified = p.qualified;
    p.subject.schema = "newel";
    p.subject.table = p.bare;
    return p;
}

static void probe_free(struct probe *p)
{
    free(p->bare);
    free(p->qualified);
}

static char *clone(const struct ddl_subject *s)
{
    struct probe p = make_probe(s);
    char *sql = mem_printf("DROP TABLE IF EXISTS %s; CREATE TABLE %s LIKE %s", p.qualified,
                           p.qualified, s->words.qualified);
    probe_free(&p);
    return sql;
}

/* What a builder of the real statement makes of the copy. */
static char *on_copy(const struct ddl_subject *s,
                     void (*build)(const struct ddl_subject *, struct ddl_text *))
{
    struct probe p = make_probe(s);
    struct ddl_text text = {0};
    build(&p.subject, &text);
    free(text.undo);
    free(text.done);
    free(text.undone);
    probe_free(&p);
    return text.sql;
}

static char *add_to_clone(const struct ddl_subject *s)
{
    return on_copy(s, ddl_words(s->engine)->add_column);
}

static char *try_triggers(const struct ddl_subject *s)
{
    return on_copy(s, ddl_words(s->engine)->sync_triggers);
}

static char *drop_clone(const struct ddl_subject *s)
{
    struct probe p = make_probe(s);
    char *sql = mem_printf("DROP TABLE IF EXISTS %s", p.qualified);
    probe_free(&p);
    return sql;
}

static char *fill_clone(const struct ddl_subject *s, const struct batch_subject *walk,
                        const char *columns, int64_t most)
{
    struct probe p = make_probe(s);
    struct str up = {0}, down = {0};
    for (size_t i = 0; i < walk->key_count; i++) {
        str_addf(&up, "%s%s", i ? ", " : "", walk->keys[i].name);
        str_addf(&down, "%s%s DESC", i ? ", " : "", walk->keys[i].name);
    }
    /* the ends may overlap */
    char *sql = mem_printf("INSERT IGNORE INTO %s (%s)\n"
                           "(SELECT %s FROM %s ORDER BY %s LIMIT %" PRId64 ")\nUNION ALL\n"
                           "(SELECT %s FROM %s ORDER BY %s LIMIT %" PRId64 ")",
                           p.qualified, columns, columns, s->words.qualified, str_text(&up),
                           (most + 1) / 2, columns, s->words.qualified, str_text(&down), most / 2);
    str_free(&up);
    str_free(&down);
    probe_free(&p);
    return sql;
}

static char *clone_as(const struct ddl_subject *s)
{
    struct probe p = make_probe(s);
    char *text = mem_printf("%s AS %s", p.qualified, s->words.table);
    probe_free(&p);
    return text;
}

/* To the copy, which has no row; or only planned, for the table itself. */
static char *assign(const struct ddl_subject *s, bool to_clone)
{
    struct probe p = make_probe(s);
    char *value = words_value(&s->words);
    char *sql = mem_printf("%sUPDATE %s AS %s SET %s = (%s)", to_clone ? "" : "EXPLAIN ",
                           to_clone ? p.qualified : s->words.qualified, s->words.table,
                           s->words.column, value ? value : "NULL");
    free(value);
    probe_free(&p);
    return sql;
}

/* Planned, not run. */
static char *evaluate(const struct ddl_subject *s, bool by_trigger)
{
    if (by_trigger) {
        char *select = sync_my_select(s), *sql = mem_printf("EXPLAIN %s", select);
        free(select);
        return sql;
    }
    char *value = words_value(&s->words);
    const char *rows = words_rows(&s->words);
    char *sql = mem_printf("EXPLAIN SELECT (%s) FROM %s AS %s%s%s%s", value ? value : "NULL",
                           s->words.qualified, s->words.table, rows ? " WHERE (" : "",
                           rows ? rows : "", rows ? ")" : "");
    free(value);
    return sql;
}

static char *evaluate_default(const struct ddl_subject *s)
{
    return mem_printf("EXPLAIN SELECT (%s)", s->words.otherwise);
}

static char *end_session(const char *pid)
{
    return mem_printf("KILL %s", pid);
}

static const char *log_status(enum db_engine engine, int version)
{
    return engine == DB_MYSQL && version >= 80200 ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS";
}

#define FAMILY                                                                                     \
    .is_ours = "SELECT COUNT(*) > 0 FROM newel.migration WHERE id = $1 AND column_name = $2 "      \
               "AND phase NOT IN ('preflight', 'baseline') AND state <> 'undone'",                 \
    .place = "SELECT @@global.datadir, NULL, SUBSTRING_INDEX(host, ':', 1) IN ('localhost', "      \
             "'127.0.0.1', '::1') FROM information_schema.processlist WHERE id = CONNECTION_ID()", \
    .end_session = end_session, .guard = "SET SESSION lock_wait_timeout = 1",                      \
    .unguard = "SET SESSION lock_wait_timeout = DEFAULT",                                          \
    .make_home = "CREATE DATABASE IF NOT EXISTS newel", .clone = clone,                            \
    .add_to_clone = add_to_clone, .try_triggers = try_triggers, .drop_clone = drop_clone,          \
    .fill_clone = fill_clone, .clone_as = clone_as, .write_sample = batch_my_write,                \
    .account = "SELECT " GRANTEE, .grants = "SHOW GRANTS", .assign = assign,                       \
    .warnings = "SHOW WARNINGS", .prepared = "XA RECOVER", .log_status = log_status,               \
    .evaluate = evaluate, .evaluate_default = evaluate_default

#define METADATA_LOCKS                                                                             \
    "performance_schema.metadata_locks, performance_schema.threads, "                              \
    "performance_schema.session_connect_attrs WHERE FALSE"

static const struct check_set mysql_set = {mysql_queries, COUNT_OF(mysql_queries)};
static const struct check_set *const mysql_sets[] = {&mysql_set, &check_mysql_activity,
                                                     &check_mysql_copies, NULL};
static const struct check_set mariadb_set = {mariadb_queries, COUNT_OF(mariadb_queries)};
static const struct check_set *const mariadb_sets[] = {&mariadb_set, &check_mariadb_activity,
                                                       &check_mariadb_copies, NULL};

const struct check_words check_mysql = {
    .sets = mysql_sets,
    .oldest = 80000,
    .newest = 90700,
    .needs = "MySQL 8.0",
    .instruments = "SELECT 1 FROM performance_schema.data_lock_waits, "
                   "performance_schema.data_locks, " METADATA_LOCKS,
    FAMILY,
};

const struct check_words check_mariadb = {
    .sets = mariadb_sets,
    .oldest = 100600,
    .newest = 110800,
    .needs = "MariaDB 10.6",
    .instruments = "SELECT 1 FROM " METADATA_LOCKS,
    FAMILY,
};
