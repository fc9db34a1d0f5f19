#include "config.h"
#include "dialect/check_pg.h"

static const struct check_query queries[] = {
    {
        .name = "primary",
        .stops = true,
        .sql = "SELECT 'this server is a standby', 'let the target''s dsn name the primary' "
               "WHERE pg_is_in_recovery() UNION ALL SELECT format('sessions of role %I begin "
               "read-only', current_user), format('ALTER ROLE %I SET default_transaction_read_only "
               "= off', current_user) FROM pg_settings "
               "WHERE name = 'default_transaction_read_only' AND reset_val = 'on'",
        .passed = "it takes writes",
    },
    {
        .name = "owner",
        .stops = true,
        .privilege = true,
        .of_table = true,
        .sql = "SELECT format('%s belongs to role %I, whose rights %I has not', oid::regclass, "
               "pg_get_userbyid(relowner), current_user), format('GRANT %I TO %I', "
               "pg_get_userbyid(relowner), current_user) FROM pg_class "
               "WHERE oid = $1::oid AND NOT pg_has_role(current_user, relowner, 'USAGE')",
        .passed = "we may alter the table",
    },
    {
        .name = "table rights",
        .stops = true,
        .privilege = true,
        .of_table = true,
        .sql = "SELECT format('role %I lacks %s on %s', current_user, string_agg(p, ', '), "
               "$1::oid::regclass), format('GRANT %s ON %s TO %I', string_agg(p, ', '), "
               "$1::oid::regclass, current_user) FROM unnest(ARRAY['SELECT', 'UPDATE', 'TRIGGER']) "
               "p WHERE NOT has_table_privilege($1::oid, p) HAVING count(*) > 0",
        .passed = "we may read, update and watch it: SELECT, UPDATE, TRIGGER",
    },
    {
        .name = "schema newel",
        .stops = true,
        .privilege = true,
        .sql = "SELECT CASE WHEN n.oid IS NULL THEN format('schema newel is not there, and role "
               "%I may not create one in database %I', current_user, current_database()) "
               "ELSE format('role %I may not use and create in schema newel', current_user) END, "
               "CASE WHEN n.oid IS NULL THEN format('GRANT CREATE ON DATABASE %I TO %I; or CREATE "
               "SCHEMA newel AUTHORIZATION %I', current_database(), current_user, current_user) "
               "ELSE format('GRANT USAGE, CREATE ON SCHEMA newel TO %I', current_user) END "
               "FROM (SELECT) one LEFT JOIN pg_namespace n ON nspname = 'newel' "
               "WHERE CASE WHEN n.oid IS NULL THEN NOT has_database_privilege(current_database(), "
               "'CREATE') ELSE NOT (has_schema_privilege(n.oid, 'USAGE') AND "
               "has_schema_privilege(n.oid, 'CREATE')) END",
        .passed = "newel's own tables can be kept there",
    },
    {
        .name = "our tables",
        .stops = true,
        .privilege = true,
        .sql = "SELECT format('role %I may not write %s', current_user, c.oid::regclass), "
               "format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %I', c.oid::regclass, "
               "current_user) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
               "WHERE n.nspname = 'newel' AND c.relkind = 'r' AND NOT (has_table_privilege(c.oid, "
               "'SELECT') AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, "
               "'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))",
        .passed = "they can be written, or are not there yet",
    },
    {
        .name = "temporary tables",
        .stops = true,
        .privilege = true,
        .sql = "SELECT format('role %I may make no temporary table in database %I: the column "
               "cannot be tried on a copy', current_user, current_database()), format('GRANT "
               "TEMPORARY ON DATABASE %I TO %I', current_database(), current_user) "
               "WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')",
        .passed = "we may make them",
    },
    {
        .name = "monitoring",
        .privilege = true,
        .sql = "SELECT format('role %I does not see other sessions, locks and replicas: who blocks "
               "whom and how far replicas lag stay unknown', current_user), "
               "format('GRANT pg_monitor TO %I', current_user) "
               "WHERE NOT pg_has_role(current_user, 'pg_monitor', 'USAGE') "
               "UNION ALL SELECT 'track_activities is off: nobody''s statements and states are "
               "seen', 'ALTER SYSTEM SET track_activities = on; SELECT pg_reload_conf()' "
               "FROM pg_settings WHERE name = 'track_activities' AND reset_val = 'off'",
        .passed = "we see other sessions, locks and replicas",
    },
    {
        .name = "signals",
        .privilege = true,
        .sql = "SELECT format('role %I cannot cancel or terminate the sessions of others that "
               "block a step', current_user), format('GRANT pg_signal_backend TO %I', "
               "current_user) WHERE NOT pg_has_role(current_user, 'pg_signal_backend', 'USAGE')",
        .passed = "we may cancel or terminate who blocks a step",
    },
};

const struct check_set check_pg_rights = {queries, COUNT_OF(queries)};
