-- What newel needs on a PostgreSQL target, and nothing more. Run it as a
-- superuser, or as the owner of database and table, connected to the target's
-- database:
--
--   psql -v role=newel -v owner=orders_owner -v database=orders -f grants-postgresql.sql
--
-- role:     the account that newel connects as; it must exist:
--             CREATE ROLE newel LOGIN;
--           Its password, if it has one, goes into ~/.pgpass of whoever runs
--           newel, never into newel.ini.
-- owner:    the role that owns the table.
-- database: the database that you are connected to.
\set ON_ERROR_STOP on

BEGIN;

-- ALTER TABLE, CREATE TRIGGER and ANALYZE belong to the table's owner: no GRANT
-- gives them singly, so newel becomes a member of the owning role. Revoke it
-- when the migrations are done:  REVOKE :"owner" FROM :"role";
GRANT :"owner" TO :"role";

-- newel keeps its state (lease, checkpoints, heartbeat, audit, baseline) in a schema of
-- its own, which it makes when it is first used. To make it yourself instead of
-- granting CREATE:  CREATE SCHEMA newel AUTHORIZATION :"role";
GRANT CONNECT, CREATE ON DATABASE :"database" TO :"role";

-- Work tables of a session.
GRANT TEMPORARY ON DATABASE :"database" TO :"role";

-- Sees the queries of other sessions, replication lag, WAL and sizes. Without
-- it blockers have no names and lag is unknown, and what is unknown stops the
-- work.
GRANT pg_monitor TO :"role";

-- Optional: lets the console cancel or terminate a session that blocks a step,
-- after it has asked. Sessions of superusers are out of its reach all the same.
-- GRANT pg_signal_backend TO :"role";

COMMIT;
