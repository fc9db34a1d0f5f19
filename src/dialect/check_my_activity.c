#include "config.h"
#include "dialect/check_my.h"

/* clang-format off */

#define QUOTED(name) "CONCAT('`', REPLACE(" name ", '`', '``'), '`')"

/* What a statement that changes a table begins with. */
#define CHANGES \
    "'^[[:space:]]*(alter|rename|truncate|optimize|repair|lock|" \
    "create[[:space:]]+(unique |fulltext |spatial )?[[:space:]]*index|drop[[:space:]]+index)'"

/* A lock alone tells of LOCK TABLES, whose session may sleep. */
static const char mysql_under_way[] =
    "SELECT DISTINCT CONCAT('connection ', t.processlist_id, ' (', "
    "COALESCE(t.processlist_user, '?'), ') has ', l.lock_type, ' on it: ', "
    "COALESCE(LEFT(REGEXP_REPLACE(t.processlist_info, '[[:space:]]+', ' '), 80), "
    "'not told what for')), CONCAT('wait for it, or KILL ', t.processlist_id) "
    "FROM performance_schema.metadata_locks l JOIN performance_schema.threads t "
    "ON t.thread_id = l.owner_thread_id WHERE l.object_type = 'TABLE' "
    "AND l.object_schema = $1 AND l.object_name = $2 AND l.lock_status = 'GRANTED' "
    "AND t.processlist_id <> CONNECTION_ID() AND (l.lock_type IN ('SHARED_NO_WRITE', "
    "'SHARED_NO_READ_WRITE', 'EXCLUSIVE', 'SHARED_READ_ONLY') "
    "OR l.lock_type = 'SHARED_UPGRADABLE' AND LOWER(t.processlist_info) REGEXP " CHANGES ")";

static const char mariadb_under_way[] =
    "SELECT CONCAT('connection ', id, ' (', user, ') runs: ', LEFT(info, 80)), "
    "CONCAT('wait for it, or KILL ', id) FROM information_schema.processlist "
    "WHERE id <> CONNECTION_ID() AND LOWER(info) REGEXP " CHANGES
    " AND LOCATE(LOWER($2), LOWER(info)) > 0";

static const char other_migrations[] =
    "SELECT CONCAT('migration ', id, ' has the table in hand: ', phase, ', ', state, "
    "IF(live, CONCAT(', driven by ', lease_holder), ', nobody drives it')), "
    "IF(live, CONCAT('let it come to its end: newel attach ', id), "
    "CONCAT('take it to its end or back first: newel status ', id)), IF(live, 'stop', 'warn') "
    "FROM (SELECT *, COALESCE(lease_renewed > UTC_TIMESTAMP(6) - INTERVAL 15 SECOND, FALSE) AS "
    "live FROM newel.migration) m WHERE id <> $3 "
    "AND REPLACE(table_name, '`', '') IN ($2, CONCAT($1, '.', $2)) AND state <> 'undone' "
    "AND phase NOT IN ('preflight', 'baseline') AND (phase, state) <> ('finish', 'done')";

#define TABLES_NAMED(names) \
    " FROM information_schema.tables WHERE table_schema = $1 AND table_name IN (" names ")"
#define DROP_IT "CONCAT('DROP TABLE ', " QUOTED("table_schema") ", '.', " QUOTED("table_name") ")"
#define LET_IT_END "CONCAT('let it end; where it has crashed: ', " DROP_IT ")"

static const char other_tools[] =
    "SELECT CONCAT('gh-ost copies it (table ', table_name, ')'), " LET_IT_END ", 'stop'"
    TABLES_NAMED("CONCAT('_', $2, '_gho'), CONCAT('_', $2, '_ghc')")
    " UNION ALL SELECT CONCAT('spirit copies it (table ', table_name, ')'), " LET_IT_END ", 'stop'"
    TABLES_NAMED("CONCAT('_', $2, '_chkpnt')")
    " UNION ALL SELECT CONCAT('OnlineSchemaChange copies it (table ', table_name, ')'), "
    LET_IT_END ", 'stop'" TABLES_NAMED("CONCAT('__osc_new_', $2), CONCAT('__osc_chg_', $2)")
    " UNION ALL SELECT CONCAT(IF(trigger_name LIKE 'pt\\_osc\\_%', 'pt-online-schema-change', "
    "'lhm'), ' copies it (trigger ', trigger_name, ')'), CONCAT('let it end; where it has "
    "crashed: DROP TRIGGER ', " QUOTED("trigger_schema") ", '.', " QUOTED("trigger_name") "), "
    "'stop' FROM information_schema.triggers WHERE event_object_schema = $1 AND "
    "event_object_table = $2 AND (trigger_name LIKE 'pt\\_osc\\_%' OR trigger_name LIKE 'lhmt\\_%')"
    " UNION ALL SELECT CONCAT('table ', table_name, ' looks left behind by a tool that copies "
    "tables'), CONCAT('where nobody needs it: ', " DROP_IT "), 'warn'"
    TABLES_NAMED("CONCAT('_', $2, '_del'), CONCAT('_', $2, '_old'), CONCAT('_', $2, '_new'), "
                 "CONCAT('__osc_old_', $2)");

static const char long_transactions[] =
    "SELECT CONCAT('connection ', t.trx_mysql_thread_id, ' (', COALESCE(p.user, '?'), ') has had "
    "a transaction open for ', TIMESTAMPDIFF(SECOND, t.trx_started, NOW()), ' s: it may hold the "
    "table, and keeps purge back'), CONCAT('wait for it, or KILL ', t.trx_mysql_thread_id) "
    "FROM information_schema.innodb_trx t LEFT JOIN information_schema.processlist p "
    "ON p.id = t.trx_mysql_thread_id WHERE t.trx_started < NOW() - INTERVAL 60 SECOND "
    "AND t.trx_mysql_thread_id NOT IN (0, CONNECTION_ID())";

#define QUESTIONS(way) { \
    {.name = "under way", .stops = true, .of_table = true, .sql = way, \
     .passed = "nobody alters, indexes or locks it by hand"}, \
    {.name = "other migrations", .of_table = true, .takes = "m", .of_home = true, \
     .sql = other_migrations, .passed = "no other migration of newel is amid it"}, \
    {.name = "other tools", .of_table = true, .sql = other_tools, \
     .passed = "no other tool that changes tables is seen on it"}, \
    {.name = "long transactions", .sql = long_transactions, \
     .passed = "no transaction has been open for a minute"}, \
}

/* clang-format on */

static const struct check_query mysql[] = QUESTIONS(mysql_under_way);
static const struct check_query mariadb[] = QUESTIONS(mariadb_under_way);

const struct check_set check_mysql_activity = {mysql, COUNT_OF(mysql)};
const struct check_set check_mariadb_activity = {mariadb, COUNT_OF(mariadb)};
