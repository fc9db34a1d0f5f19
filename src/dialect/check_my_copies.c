#include "config.h"
#include "dialect/check_my.h"

/* clang-format off */

/* Text that names the table, and gives or takes columns without naming them. */
#define BLIND(text) \
    "LOCATE(LOWER($2), LOWER(" text ")) > 0 AND LOWER(" text ") REGEXP '(insert|replace)" \
    "([[:space:]]+ignore)?([[:space:]]+into)?[[:space:]]+[^[:space:](]+[[:space:]]+" \
    "(values?|select)|select[[:space:]]+([^[:space:],]+\\\\.)?[*]'"
#define FOUND(kind, schema, name) \
    "SELECT CONCAT('" kind " ', " schema ", '.', " name ", ' names it beside an INSERT without " \
    "columns or a SELECT *'), 'name the columns there before expand, if it is this table that it " \
    "means' "

static const char routines[] =
    FOUND("routine", "routine_schema", "routine_name") "FROM information_schema.routines "
    "WHERE routine_schema NOT IN ('sys', 'mysql') AND " BLIND("routine_definition")
    " UNION ALL " FOUND("event", "event_schema", "event_name") "FROM information_schema.events "
    "WHERE " BLIND("event_definition")
    " UNION ALL " FOUND("trigger", "trigger_schema", "trigger_name")
    "FROM information_schema.triggers WHERE trigger_schema <> 'sys' AND NOT "
    "(event_object_schema = $1 AND event_object_table = $2) AND " BLIND("action_statement");

/* 0 is for ever. Of small tables it is not worth a word. */
#define LOG_EXPIRY(days, setting) \
    "SELECT 'the binary log is never purged by itself: what the backfill writes stays on the " \
    "disk', 'SET GLOBAL " setting "; else watch the disk' FROM information_schema.tables " \
    "WHERE table_schema = $1 AND table_name = $2 AND data_length > 16777216 " \
    "AND @@global.log_bin AND @@global." days " = 0"

/* Each commit would wait out its whole timeout. */
#define SEMI_SYNC(schema, clients, states) \
    "SELECT 'commits wait for a replica (semi-sync), and none is there: each batch would wait, " \
    "too', 'let a replica catch up, or turn semi-sync off until then' FROM " schema \
    ".global_status s JOIN " schema ".global_status c ON c.variable_name = " clients " " \
    "WHERE s.variable_name IN (" states ") AND s.variable_value = 'ON' AND c.variable_value = '0'"

#define QUESTIONS(expiry, waits) { \
    {.name = "routines", .of_table = true, .sql = routines, \
     .passed = "no routine, event or trigger that we may read relies on the number of its columns"}, \
    {.name = "log expiry", .of_table = true, .sql = expiry, \
     .passed = "the binary log is off, is purged in time, or will not grow much"}, \
    {.name = "semi-sync", .sql = waits, \
     .passed = "no commit waits for a replica that is not there"}, \
}

static const struct check_query mysql[] = QUESTIONS(
    LOG_EXPIRY("binlog_expire_logs_seconds", "binlog_expire_logs_seconds = 2592000"),
    SEMI_SYNC("performance_schema", "REPLACE(s.variable_name, '_status', '_clients')",
              "'Rpl_semi_sync_source_status', 'Rpl_semi_sync_master_status'"));

static const struct check_query mariadb[] = QUESTIONS(
    LOG_EXPIRY("expire_logs_days", "expire_logs_days = 30"),
    SEMI_SYNC("information_schema", "'RPL_SEMI_SYNC_MASTER_CLIENTS'",
              "'RPL_SEMI_SYNC_MASTER_STATUS'"));

/* clang-format on */

const struct check_set check_mysql_copies = {mysql, COUNT_OF(mysql)};
const struct check_set check_mariadb_copies = {mariadb, COUNT_OF(mariadb)};
