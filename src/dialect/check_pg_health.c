#include "config.h"
#include "dialect/check_pg.h"

/* A storage parameter of the table as `c` has it. */
#define OPTION(name)                                                                               \
    "(SELECT option_value FROM pg_options_to_table(c.reloptions) WHERE option_name = '" name "')"
#define FREEZE_AGE                                                                                 \
    "least(coalesce(" OPTION(                                                                      \
        "autovacuum_freeze_max_age") "::bigint, 2000000000), "                                     \
                                     "current_setting('autovacuum_freeze_max_age')::bigint)"

static const struct check_query queries[] = {
    {
        .name = "autovacuum",
        .of_table = true,
        .sql =
            "SELECT 'it is off on this table: the dead rows of the backfill stay', format('ALTER "
            "TABLE %s RESET (autovacuum_enabled)', c.oid::regclass), 'warn' FROM pg_class c "
            "WHERE c.oid = $1::oid AND NOT coalesce(" OPTION(
                "autovacuum_enabled") "::boolean, true) UNION ALL SELECT format('%s is off on this "
                                      "server: the dead rows "
                                      "of the backfill stay', name), format('ALTER SYSTEM SET %s = "
                                      "on; SELECT "
                                      "pg_reload_conf()', name), 'warn' FROM pg_settings "
                                      "WHERE name IN ('autovacuum', 'track_counts') AND setting = "
                                      "'off' "
                                      "UNION ALL SELECT format('on; it has vacuumed the table %s "
                                      "times', "
                                      "autovacuum_count), NULL, 'pass' FROM pg_stat_all_tables "
                                      "WHERE relid = $1::oid",
        .passed = "on",
    },
    {
        .name = "dead rows",
        .of_table = true,
        .sql = "SELECT format('%s of %s rows are dead (%s %%)', n_dead_tup, n_live_tup + "
               "n_dead_tup, n_dead_tup * 100 / greatest(n_live_tup + n_dead_tup, 1)), "
               "format('VACUUM %s, so that the backfill finds room in the table''s pages', "
               "relid::regclass), CASE WHEN n_dead_tup >= 1000 AND n_dead_tup * 5 > n_live_tup + "
               "n_dead_tup THEN 'warn' ELSE 'pass' END FROM pg_stat_all_tables "
               "WHERE relid = $1::oid",
        .passed = "not counted",
    },
    {
        .name = "statistics",
        .of_table = true,
        .sql = "SELECT CASE WHEN reltuples <= 0 THEN format('the table has %s and was never "
               "analyzed: sizes and times of the plan are guesses', "
               "pg_size_pretty(pg_relation_size(c.oid))) ELSE format('%s of about %s rows changed "
               "since it was analyzed', n_mod_since_analyze, reltuples::bigint) END, "
               "format('ANALYZE %s', c.oid::regclass), CASE WHEN (reltuples <= 0 AND "
               "pg_relation_size(c.oid) > 0) OR (n_mod_since_analyze > 1000 AND "
               "n_mod_since_analyze * 2 > reltuples) THEN 'warn' ELSE 'pass' END "
               "FROM pg_class c LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid "
               "WHERE c.oid = $1::oid AND pg_relation_size(c.oid) > 0",
        .passed = "the table is empty",
    },
    {
        .name = "invalid indexes",
        .of_table = true,
        .sql = "SELECT format('index %s is invalid, and yet each write keeps it: it is left over "
               "from a build that failed, or is still being built', indexrelid::regclass), "
               "format('DROP INDEX CONCURRENTLY %s, or REINDEX INDEX CONCURRENTLY %s', "
               "indexrelid::regclass, indexrelid::regclass) FROM pg_index "
               "WHERE indrelid = $1::oid AND NOT (indisvalid AND indisready AND indislive) "
               "ORDER BY 1",
        .passed = "there are none",
    },
    {
        .name = "wraparound",
        .of_table = true,
        .sql = "SELECT format('the oldest transaction id of database %I is %s old', datname, "
               "age(datfrozenxid)), 'VACUUM (FREEZE), and what holds it back: SELECT * FROM "
               "pg_stat_activity ORDER BY age(backend_xmin) DESC', CASE WHEN age(datfrozenxid) > "
               "2000000000 THEN 'stop' ELSE 'warn' END FROM pg_database "
               "WHERE datname = current_database() AND age(datfrozenxid) > 1500000000 "
               "UNION ALL SELECT format('the oldest transaction id of the table is %s old, and "
               "from %s on autovacuum freezes it, which does not give way to our DDL', "
               "age(relfrozenxid), " FREEZE_AGE "), format('VACUUM (FREEZE) %s', c.oid::regclass), "
               "'warn' FROM pg_class c WHERE c.oid IN (SELECT $1::oid UNION SELECT relid FROM "
               "pg_partition_tree($1::oid)) AND relfrozenxid <> '0' AND age(relfrozenxid) > "
               FREEZE_AGE
               " UNION ALL SELECT format('the oldest multixact of the table is %s old', "
               "mxid_age(relminmxid)), format('VACUUM (FREEZE) %s', c.oid::regclass), 'warn' "
               "FROM pg_class c WHERE c.oid = $1::oid AND relminmxid <> '0' AND "
               "mxid_age(relminmxid) > current_setting('autovacuum_multixact_freeze_max_age')::int "
               "UNION ALL SELECT format('transaction ids of the table are %s old, of %s at which "
               "it is frozen', age(relfrozenxid), " FREEZE_AGE "), NULL, 'pass' FROM pg_class c "
               "WHERE c.oid = $1::oid AND relfrozenxid <> '0'",
        .passed = "",
    },
};

const struct check_set check_pg_health = {queries, COUNT_OF(queries)};
