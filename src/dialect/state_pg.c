#include "config.h"
#include "dialect/state.h"

/*
 * UNIQUE (id, epoch) makes a change of the epoch a change of a key: it conflicts
 * with the FOR KEY SHARE that every batch takes on the row, while renewing the
 * lease, which changes no key, does not.
 */
static const char schema[] =
    "CREATE SCHEMA IF NOT EXISTS newel;\n"
    "CREATE TABLE IF NOT EXISTS newel.migration (\n"
    "  id text PRIMARY KEY,\n"
    "  table_name text NOT NULL,\n"
    "  column_name text NOT NULL,\n"
    "  phase text NOT NULL DEFAULT 'preflight',\n"
    "  state text NOT NULL DEFAULT 'todo',\n"
    "  digest text NOT NULL,\n"
    "  epoch bigint NOT NULL DEFAULT 0,\n"
    "  lease_holder text,\n"
    "  lease_pid integer,\n"
    "  lease_renewed timestamptz,\n"
    "  operator text,\n"
    "  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),\n"
    "  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),\n"
    "  UNIQUE (id, epoch));\n"
    "CREATE TABLE IF NOT EXISTS newel.checkpoint (\n"
    "  migration text NOT NULL REFERENCES newel.migration ON DELETE CASCADE,\n"
    "  lane integer NOT NULL,\n"
    "  lower_bound text,\n"
    "  upper_bound text,\n"
    "  cursor text NOT NULL,\n"
    "  shape text NOT NULL,\n"
    "  rows bigint NOT NULL DEFAULT 0,\n"
    "  batches bigint NOT NULL DEFAULT 0,\n"
    "  done boolean NOT NULL DEFAULT false,\n"
    "  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),\n"
    "  PRIMARY KEY (migration, lane)) WITH (fillfactor = 50);\n"
    "CREATE TABLE IF NOT EXISTS newel.heartbeat (\n"
    "  migration text PRIMARY KEY,\n"
    "  beat bigint NOT NULL,\n"
    "  at timestamptz NOT NULL) WITH (fillfactor = 50);\n"
    "CREATE TABLE IF NOT EXISTS newel.audit (\n"
    "  at timestamptz NOT NULL DEFAULT clock_timestamp(),\n"
    "  migration text NOT NULL,\n"
    "  operator text,\n"
    "  what text NOT NULL,\n"
    "  statement text);\n"
    "CREATE TABLE IF NOT EXISTS newel.source (\n"
    "  migration text PRIMARY KEY,\n"
    "  at timestamptz NOT NULL,\n"
    "  file text NOT NULL);\n"
    "CREATE TABLE IF NOT EXISTS newel.baseline (\n"
    "  migration text PRIMARY KEY,\n"
    "  at timestamptz NOT NULL,\n"
    "  data text NOT NULL);\n"
    "CREATE OR REPLACE FUNCTION newel.ready(id text, phase text) RETURNS boolean\n"
    "  LANGUAGE sql STABLE AS $newel$\n"
    "  SELECT coalesce((SELECT array_position(p.names, m.phase) + (m.state = 'done')::int\n"
    "                          > array_position(p.names, $2)\n"
    "    FROM newel.migration m, (SELECT ARRAY['preflight', 'baseline', 'expand', 'sync',\n"
    "      'backfill', 'verify', 'constrain', 'enforce', 'compare', 'finish'] AS names) p\n"
    "    WHERE m.id = $1), false) $newel$;";

const struct state_words state_pg = {
    .schema = schema,
    .schema_there = "SELECT to_regclass('newel.migration') IS NOT NULL AND "
                    "to_regclass('newel.checkpoint') IS NOT NULL AND "
                    "to_regclass('newel.heartbeat') IS NOT NULL AND "
                    "to_regclass('newel.audit') IS NOT NULL AND "
                    "to_regclass('newel.source') IS NOT NULL AND "
                    "to_regclass('newel.baseline') IS NOT NULL AND "
                    "to_regprocedure('newel.ready(text, text)') IS NOT NULL",
    .enter = "INSERT INTO newel.migration (id, table_name, column_name, digest, operator) "
             "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING",
    .read = "SELECT phase, state, digest, epoch, lease_holder, "
            "extract(epoch FROM clock_timestamp() - lease_renewed), table_name, column_name "
            "FROM newel.migration WHERE id = $1",
    .list = "SELECT id FROM newel.migration ORDER BY created_at, id",
    .take_lease =
        "UPDATE newel.migration m SET epoch = epoch + 1, lease_holder = $2, "
        "lease_pid = pg_backend_pid(), lease_renewed = clock_timestamp(), operator = $3, "
        "updated_at = clock_timestamp() WHERE id = $1 AND (lease_renewed IS NULL OR "
        "lease_renewed < clock_timestamp() - interval '15 seconds' OR NOT EXISTS "
        "(SELECT FROM pg_stat_activity a WHERE a.pid = m.lease_pid)) RETURNING epoch",
    .renew_lease = "UPDATE newel.migration SET lease_renewed = clock_timestamp(), "
                   "lease_pid = pg_backend_pid() "
                   "WHERE id = $1 AND epoch = $2::bigint RETURNING epoch",
    .hold_lease = "SELECT epoch FROM newel.migration "
                  "WHERE id = $1 AND epoch = $2::bigint FOR KEY SHARE",
    .drop_lease = "UPDATE newel.migration SET lease_renewed = NULL, lease_pid = NULL "
                  "WHERE id = $1 AND epoch = $2::bigint",
    .set_phase = "UPDATE newel.migration SET phase = $3, state = $4, "
                 "updated_at = clock_timestamp() WHERE id = $1 AND epoch = $2::bigint "
                 "RETURNING epoch",
    .set_digest = "UPDATE newel.migration SET digest = $3, updated_at = clock_timestamp() "
                  "WHERE id = $1 AND epoch = $2::bigint",
    .audit = "INSERT INTO newel.audit (migration, operator, what, statement) "
             "VALUES ($1, $2, $3, $4)",
    .keep_source = "INSERT INTO newel.source (migration, at, file) "
                   "SELECT id, clock_timestamp(), $3 FROM newel.migration "
                   "WHERE id = $1 AND epoch = $2::bigint "
                   "ON CONFLICT (migration) DO UPDATE SET at = excluded.at, file = excluded.file",
    .source = "SELECT file FROM newel.source WHERE migration = $1",
    .keep_baseline = "INSERT INTO newel.baseline (migration, at, data) "
                     "SELECT id, clock_timestamp(), $3 FROM newel.migration "
                     "WHERE id = $1 AND epoch = $2::bigint "
                     "ON CONFLICT (migration) DO UPDATE SET at = excluded.at, data = excluded.data",
    .baseline = "SELECT data FROM newel.baseline WHERE migration = $1",
    .ranges = "SELECT lane, lower_bound, upper_bound, cursor, shape, rows, batches, done "
              "FROM newel.checkpoint WHERE migration = $1 AND lane >= 0 ORDER BY lane",
    .add_range = "INSERT INTO newel.checkpoint "
                 "(migration, lane, lower_bound, upper_bound, cursor, shape) "
                 "VALUES ($1, $2::int, $3, $4, $5, $6)",
    .forget_ranges =
        "WITH gone AS (DELETE FROM newel.checkpoint WHERE migration = $1 AND lane >= 0 "
        "RETURNING rows, batches) "
        "INSERT INTO newel.checkpoint AS c (migration, lane, cursor, shape, rows, batches, done) "
        "SELECT $1, -1, '', '', coalesce(sum(rows), 0), coalesce(sum(batches), 0), true FROM gone "
        "ON CONFLICT (migration, lane) DO UPDATE SET rows = c.rows + excluded.rows, "
        "batches = c.batches + excluded.batches",
    .forget_backfill = "DELETE FROM newel.checkpoint WHERE migration = $1",
    .counted = "SELECT coalesce(sum(rows), 0), coalesce(sum(batches), 0) "
               "FROM newel.checkpoint WHERE migration = $1",
};
