#include "config.h"
#include "dialect/state.h"

#include "dialect/watch_my.h"

/*
 * Each checkpoint has the epoch of the lease, beside the migration: taking the
 * lease changes them all, which waits for the batches in flight and fences those
 * that come later. So a batch needs no lock on the migration's own row, which the
 * renewals write.
 */
#define TEXT "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"

static const char schema[] =
    "CREATE DATABASE IF NOT EXISTS newel;\n"
    "CREATE TABLE IF NOT EXISTS newel.migration (\n"
    "  id varchar(100) " TEXT " NOT NULL PRIMARY KEY,\n"
    "  table_name varchar(300) " TEXT " NOT NULL,\n"
    "  column_name varchar(100) " TEXT " NOT NULL,\n"
    "  phase varchar(20) NOT NULL DEFAULT 'preflight',\n"
    "  state varchar(20) NOT NULL DEFAULT 'todo',\n"
    "  digest varchar(100) NOT NULL,\n"
    "  epoch bigint NOT NULL DEFAULT 0,\n"
    "  lease_holder varchar(300) " TEXT ",\n"
    "  lease_pid bigint unsigned,\n"
    "  lease_renewed datetime(6),\n"
    "  operator varchar(200) " TEXT ",\n"
    "  created_at datetime(6) NOT NULL,\n"
    "  updated_at datetime(6) NOT NULL) ENGINE = InnoDB;\n"
    "CREATE TABLE IF NOT EXISTS newel.checkpoint (\n"
    "  migration varchar(100) " TEXT " NOT NULL,\n"
    "  lane integer NOT NULL,\n"
    "  lower_bound longtext " TEXT ",\n"
    "  upper_bound longtext " TEXT ",\n"
    "  `cursor` longtext " TEXT " NOT NULL,\n"
    "  shape varchar(100) NOT NULL,\n"
    "  `rows` bigint NOT NULL DEFAULT 0,\n"
    "  batches bigint NOT NULL DEFAULT 0,\n"
    "  done boolean NOT NULL DEFAULT 0,\n"
    "  epoch bigint NOT NULL DEFAULT 0,\n"
    "  updated_at datetime(6) NOT NULL,\n"
    "  PRIMARY KEY (migration, lane)) ENGINE = InnoDB;\n"
    "CREATE TABLE IF NOT EXISTS newel.heartbeat (\n"
    "  migration varchar(100) " TEXT " NOT NULL PRIMARY KEY,\n"
    "  beat bigint NOT NULL,\n"
    "  at datetime(6) NOT NULL) ENGINE = InnoDB;\n"
    "CREATE TABLE IF NOT EXISTS newel.audit (\n"
    "  number bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,\n"
    "  at datetime(6) NOT NULL,\n"
    "  migration varchar(100) " TEXT " NOT NULL,\n"
    "  operator varchar(200) " TEXT ",\n"
    "  what varchar(200) " TEXT " NOT NULL,\n"
    "  statement longtext " TEXT ",\n"
    "  connection bigint unsigned) ENGINE = InnoDB;\n"
    "CREATE TABLE IF NOT EXISTS newel.source (\n"
    "  migration varchar(100) " TEXT " NOT NULL PRIMARY KEY,\n"
    "  at datetime(6) NOT NULL,\n"
    "  file longtext " TEXT " NOT NULL) ENGINE = InnoDB;\n"
    "CREATE TABLE IF NOT EXISTS newel.baseline (\n"
    "  migration varchar(100) " TEXT " NOT NULL PRIMARY KEY,\n"
    "  at datetime(6) NOT NULL,\n"
    "  data longtext " TEXT " NOT NULL) ENGINE = InnoDB";

#define NOW "UTC_TIMESTAMP(6)"
#define OURS "WHERE id = $1 AND epoch = $#2"
/* The name under which one session alone may change the table's shape. */
#define CLAIM "CONCAT('newel:', SHA2($1, 224))"

const struct state_words state_my = {
    .schema = schema,
    .schema_there = "SELECT COUNT(*) = 6 FROM information_schema.tables "
                    "WHERE table_schema = 'newel' "
                    "AND table_name IN ('migration', 'checkpoint', 'heartbeat', 'audit', "
                    "'source', 'baseline')",
    .enter = "INSERT IGNORE INTO newel.migration "
             "(id, table_name, column_name, digest, operator, created_at, updated_at) "
             "VALUES ($1, $2, $3, $4, $5, " NOW ", " NOW ")",
    .read = "SELECT phase, state, digest, epoch, lease_holder, "
            "TIMESTAMPDIFF(MICROSECOND, lease_renewed, " NOW ") / 1e6, table_name, column_name "
            "FROM newel.migration WHERE id = $1",
    .list = "SELECT id FROM newel.migration ORDER BY created_at, id",
    /* who lives is asked first: replicas that replay statements must not ask it of themselves */
    .take_lease =
        "SET @newel_alive = (SELECT COUNT(*) FROM information_schema.processlist p "
        "JOIN newel.migration m ON p.id = m.lease_pid WHERE m.id = $1);\n"
        MY_BEGIN ";\n"
        "UPDATE newel.migration SET epoch = epoch + 1, lease_holder = $2, "
        "lease_pid = CONNECTION_ID(), lease_renewed = " NOW ", operator = $3, updated_at = " NOW " "
        "WHERE id = $1 AND (lease_renewed IS NULL OR @newel_alive = 0 "
        "OR lease_renewed < " NOW " - INTERVAL 15 SECOND);\n"
        "UPDATE newel.checkpoint c JOIN newel.migration m ON m.id = c.migration "
        "SET c.epoch = m.epoch WHERE m.id = $1 AND m.lease_pid = CONNECTION_ID();\n"
        MY_COMMIT ";\n"
        "SELECT epoch FROM newel.migration WHERE id = $1 AND lease_pid = CONNECTION_ID() "
        "AND lease_holder = $2",
    .renew_lease = "UPDATE newel.migration SET lease_renewed = " NOW
                   ", lease_pid = CONNECTION_ID() " OURS,
    .hold_lease = "SELECT epoch FROM newel.migration " OURS " LOCK IN SHARE MODE",
    .claim = "SELECT GET_LOCK(" CLAIM ", 0)",
    .evict = "SET @newel_other = COALESCE(IS_USED_LOCK(" CLAIM "), CONNECTION_ID());\n"
             "SET @newel_evict = IF(@newel_other = CONNECTION_ID(), 'DO 0', "
             "CONCAT('KILL ', @newel_other));\n"
             "PREPARE newel_evict FROM @newel_evict;\n"
             "EXECUTE newel_evict;\n"
             "DEALLOCATE PREPARE newel_evict;\n"
             "DO GET_LOCK(" CLAIM ", 10)",
    .drop_lease = "UPDATE newel.migration SET lease_renewed = NULL, lease_pid = NULL " OURS,
    .set_phase = "UPDATE newel.migration SET phase = $3, state = $4, updated_at = " NOW " " OURS,
    .set_digest = "UPDATE newel.migration SET digest = $3, updated_at = " NOW " " OURS,
    .audit = "INSERT INTO newel.audit (at, migration, operator, what, statement, connection) "
             /* the newest session there is: whoever is older knows the old shape */
             "VALUES (" NOW ", $1, $2, $3, $4, "
             "(SELECT MAX(id) FROM information_schema.processlist))",
    .keep_source = "INSERT INTO newel.source (migration, at, file) "
                   "SELECT id, " NOW ", $3 FROM newel.migration WHERE id = $1 AND epoch = $#2 "
                   "ON DUPLICATE KEY UPDATE at = " NOW ", file = $3",
    .source = "SELECT file FROM newel.source WHERE migration = $1",
    .keep_baseline = "INSERT INTO newel.baseline (migration, at, data) "
                     "SELECT id, " NOW ", $3 FROM newel.migration WHERE id = $1 AND epoch = $#2 "
                     "ON DUPLICATE KEY UPDATE at = " NOW ", data = $3",
    .baseline = "SELECT data FROM newel.baseline WHERE migration = $1",
    .ranges = "SELECT lane, lower_bound, upper_bound, `cursor`, shape, `rows`, batches, done "
              "FROM newel.checkpoint WHERE migration = $1 AND lane >= 0 ORDER BY lane",
    .add_range = "INSERT INTO newel.checkpoint "
                 "(migration, lane, lower_bound, upper_bound, `cursor`, shape, epoch, updated_at) "
                 "SELECT id, $#2, $3, $4, $5, $6, epoch, " NOW " FROM newel.migration "
                 "WHERE id = $1",
    .forget_ranges =
        MY_BEGIN ";\n"
        "INSERT IGNORE INTO newel.checkpoint (migration, lane, `cursor`, shape, done, updated_at) "
        "VALUES ($1, -1, '', '', 1, " NOW ");\n"
        "UPDATE newel.checkpoint c JOIN (SELECT COALESCE(SUM(`rows`), 0) AS r, "
        "COALESCE(SUM(batches), 0) AS b FROM newel.checkpoint "
        "WHERE migration = $1 AND lane >= 0) gone "
        "SET c.`rows` = c.`rows` + gone.r, c.batches = c.batches + gone.b "
        "WHERE c.migration = $1 AND c.lane = -1;\n"
        "DELETE FROM newel.checkpoint WHERE migration = $1 AND lane >= 0;\n"
        MY_COMMIT,
    .forget_backfill = "DELETE FROM newel.checkpoint WHERE migration = $1",
    .counted = "SELECT COALESCE(SUM(`rows`), 0), COALESCE(SUM(batches), 0) "
               "FROM newel.checkpoint WHERE migration = $1",
};
