#include "config.h"
#include "dialect/check.h"

#include <stdlib.h>

static const struct check_query queries[] = {
    {
        .name = "primary",
        .stops = true,
        .sql = "SELECT 'this server is a standby', 'let the target''s dsn name the primary' "
               "WHERE pg_is_in_recovery()",
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
        .name = "monitoring",
        .privilege = true,
        .sql = "SELECT format('role %I does not see other sessions, locks and replicas: who blocks "
               "whom and how far replicas lag stay unknown', current_user), "
               "format('GRANT pg_monitor TO %I', current_user) "
               "WHERE NOT pg_has_role(current_user, 'pg_monitor', 'USAGE')",
        .passed = "we see other sessions, locks and replicas",
    },
    {
        .name = "inheritance",
        .stops = true,
        .of_table = true,
        .sql = "SELECT format('it is a child of %s', inhparent::regclass), 'add the column to the "
               "parent; newel does not walk trees of tables yet' FROM pg_inherits "
               "WHERE inhrelid = $1::oid UNION ALL SELECT format('%s is its child', "
               "inhrelid::regclass), 'newel does not walk trees of tables yet' FROM pg_inherits "
               "WHERE inhparent = $1::oid",
        .passed = "the table stands alone",
    },
    {
        .name = "rules",
        .stops = true,
        .of_table = true,
        .sql = "SELECT format('rule %I rewrites writes of the table', rulename), "
               "'drop the rule; a trigger can do what it does' FROM pg_rewrite "
               "WHERE ev_class = $1::oid AND ev_type IN ('2', '3') AND ev_enabled <> 'D'",
        .passed = "no rule rewrites what is written",
    },
    {
        .name = "row security",
        .stops = true,
        .of_table = true,
        .sql = "SELECT format('row security is forced on the table: role %I would pass rows over "
               "that it cannot see', current_user), format('ALTER ROLE %I BYPASSRLS, or ALTER "
               "TABLE %s NO FORCE ROW LEVEL SECURITY', current_user, oid::regclass) FROM pg_class "
               "WHERE oid = $1::oid AND row_security_active(oid)",
        .passed = "every row can be seen",
    },
    {
        .name = "room for columns",
        .stops = true,
        .of_table = true,
        .sql = "SELECT format('%s of 1600 columns are used up, dropped ones included', count(*)), "
               "'a dropped column gives its place back only when the table is made anew' "
               "FROM pg_attribute WHERE attrelid = $1::oid AND attnum > 0 HAVING count(*) >= 1600",
        .passed = "there is room for one more column",
    },
    {
        .name = "long transactions",
        .of_table = true,
        .sql =
            "SELECT DISTINCT format('pid %s (%s, %s) holds the table in a transaction for %s s', "
            "a.pid, coalesce(nullif(a.application_name, ''), a.usename, '?'), a.state, "
            "extract(epoch FROM clock_timestamp() - a.xact_start)::int), "
            "format('wait for it, or SELECT pg_terminate_backend(%s)', a.pid) "
            "FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'relation' "
            "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND l.relation = $1::oid AND l.granted AND a.pid <> pg_backend_pid() "
            "AND a.xact_start < clock_timestamp() - interval '60 s'",
        .passed = "no transaction has held the table for a minute",
    },
    {
        .name = "idle transactions",
        .sql = "SELECT format('pid %s (%s) is idle in a transaction for %s s: it holds vacuum and "
               "pruning back', pid, coalesce(nullif(application_name, ''), usename, '?'), "
               "extract(epoch FROM clock_timestamp() - xact_start)::int), "
               "format('end it: SELECT pg_terminate_backend(%s)', pid) FROM pg_stat_activity "
               "WHERE state LIKE 'idle in transaction%' AND datname = current_database() "
               "AND xact_start < clock_timestamp() - interval '60 s'",
        .passed = "no session has been idle in a transaction for a minute",
    },
    {
        .name = "prepared transactions",
        .sql = "SELECT format('prepared transaction %L has been open for %s s: it holds its locks, "
               "and vacuum, until it is ended', gid, "
               "extract(epoch FROM clock_timestamp() - prepared)::int), "
               "format('COMMIT PREPARED %L or ROLLBACK PREPARED %L', gid, gid) "
               "FROM pg_prepared_xacts WHERE database = current_database()",
        .passed = "none is open",
    },
    {
        .name = "triggers",
        .of_table = true,
        .sql = "SELECT format('trigger %I fires %s', tgname, CASE WHEN tgtype & 16 <> 0 THEN "
               "'on update, so for each row of the backfill too' ELSE 'on insert or delete' END), "
               "CASE WHEN tgtype & 16 <> 0 THEN 'be sure that it may run once for every row' END "
               "FROM pg_trigger WHERE tgrelid = $1::oid AND NOT tgisinternal AND tgenabled <> 'D' "
               "AND tgname NOT LIKE 'zzz\\_newel\\_%' ORDER BY tgtype & 16 DESC, tgname",
        .passed = "the table has none",
    },
    {
        .name = "views",
        .of_table = true,
        .sql = "SELECT DISTINCT format('%s selects from it and will not gain the column', "
               "c.oid::regclass), 'make it anew after the migration, where it shall show the "
               "column' FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = "
               "'pg_rewrite'::regclass JOIN pg_class c ON c.oid = r.ev_class "
               "WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = $1::oid "
               "AND c.oid <> $1::oid",
        .passed = "no view selects from it",
    },
    {
        .name = "column grants",
        .of_table = true,
        .sql = "SELECT format('column %I has grants of its own: such grants do not cover the new "
               "column', attname), 'GRANT on the new column to those roles after expand' "
               "FROM pg_attribute WHERE attrelid = $1::oid AND attacl IS NOT NULL "
               "AND NOT attisdropped",
        .passed = "grants are on the whole table",
    },
    {
        .name = "publications",
        .of_table = true,
        .sql = "SELECT format('publication %I sends the table to subscribers; one that lacks the "
               "column stops at the first write', p.pubname), 'add the column on the subscribers "
               "first' FROM pg_publication_tables p JOIN pg_namespace n ON n.nspname = "
               "p.schemaname JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename "
               "WHERE c.oid = $1::oid",
        .passed = "the table is not published",
    },
    {
        .name = "subscriptions",
        .of_table = true,
        .sql = "SELECT 'a subscription writes the table; the apply worker fires only triggers that "
               "are ENABLE ALWAYS', 'migrate here first, then the publisher; after sync ALTER "
               "TABLE ... ENABLE ALWAYS TRIGGER for both zzz_newel triggers' "
               "FROM pg_subscription_rel WHERE srrelid = $1::oid LIMIT 1",
        .passed = "no subscription writes it",
    },
    {
        .name = "slots",
        .sql = "SELECT format('slot %I is not in use and keeps %s of WAL', slot_name, "
               "pg_size_pretty(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN "
               "pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn))), "
               "format('bring its reader back, or SELECT pg_drop_replication_slot(%L)', slot_name) "
               "FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL",
        .passed = "each slot has its reader",
    },
    {
        .name = "wraparound",
        .sql = "SELECT format('the oldest transaction id of database %I is %s old', datname, "
               "age(datfrozenxid)), 'let VACUUM FREEZE finish first' FROM pg_database "
               "WHERE datname = current_database() AND age(datfrozenxid) > 1500000000",
        .passed = "transaction ids are far from wrapping around",
    },
    {
        .name = "connections",
        .sql = "SELECT format('%s of %s connections are taken', count(*), "
               "current_setting('max_connections')), 'raise max_connections, or lower lanes' "
               "FROM pg_stat_activity WHERE backend_type = 'client backend' HAVING count(*) + 12 > "
               "current_setting('max_connections')::int - "
               "current_setting('superuser_reserved_connections')::int - "
               "coalesce(current_setting('reserved_connections', true), '0')::int",
        .passed = "there are enough for our sessions",
    },
};

/* ---- probes --------------------------------------------------------------- */

static char *clone(const struct ddl_subject *s)
{
    return mem_printf("CREATE TEMP TABLE newel_probe (LIKE %s);\n"
                      "CREATE TEMP TABLE newel_probe_was AS "
                      "SELECT pg_relation_filenode('pg_temp.newel_probe') AS node",
                      s->words.qualified);
}

static char *add_to_clone(const struct ddl_subject *s)
{
    return mem_printf("ALTER TABLE pg_temp.newel_probe ADD COLUMN %s %s", s->words.column,
                      s->words.type);
}

static const char look_at_clone[] =
    "SELECT pg_relation_filenode('pg_temp.newel_probe') <> (SELECT node FROM "
    "pg_temp.newel_probe_was), format_type(atttypid, atttypmod), atthasdef OR attnotnull "
    "OR attidentity <> '' OR EXISTS (SELECT FROM pg_index WHERE indrelid = attrelid) "
    "OR EXISTS (SELECT FROM pg_constraint WHERE conrelid = attrelid AND attnum = ANY (conkey)) "
    "FROM pg_attribute WHERE attrelid = 'pg_temp.newel_probe'::regclass AND NOT attisdropped "
    "ORDER BY attnum DESC LIMIT 1";

static void add_rows(struct str *sql, const struct ddl_subject *s, const char *glue)
{
    const char *rows = words_rows(&s->words);
    if (rows)
        str_addf(sql, " %s (%s)", glue, rows);
}

static char *assign(const struct ddl_subject *s, bool to_clone)
{
    struct str sql = {0};
    char *value = words_value(&s->words);
    str_addf(&sql, "EXPLAIN UPDATE %s AS %s SET %s = %s",
             to_clone ? "pg_temp.newel_probe" : s->words.qualified, s->words.table, s->words.column,
             value ? value : "NULL");
    add_rows(&sql, s, "WHERE");
    free(value);
    return str_take(&sql);
}

/* In a WHERE, because aggregates are refused there as they are in an UPDATE. */
static char *evaluate(const struct ddl_subject *s, bool by_trigger)
{
    struct str sql = {0};
    char *value = words_value(&s->words);
    if (by_trigger)
        str_addf(&sql, "EXPLAIN SELECT FROM (SELECT t.* FROM %s t) AS %s", s->words.qualified,
                 s->words.table);
    else
        str_addf(&sql, "EXPLAIN SELECT FROM %s AS %s", s->words.qualified, s->words.table);
    str_addf(&sql, " WHERE CAST((%s) AS %s) IS NULL", value ? value : "NULL", s->words.type);
    add_rows(&sql, s, "AND");
    free(value);
    return str_take(&sql);
}

/* Without a FROM there is no row to refer to, as a DEFAULT has none. */
static char *evaluate_default(const struct ddl_subject *s)
{
    return mem_printf("EXPLAIN SELECT CAST((%s) AS %s)", s->words.otherwise, s->words.type);
}

static char *make_view(const struct ddl_subject *s)
{
    char *value = words_value(&s->words);
    char *sql =
        mem_printf("CREATE TEMP VIEW newel_probe_view AS SELECT (%s) AS value FROM %s AS %s",
                   value ? value : "NULL", s->words.qualified, s->words.table);
    free(value);
    return sql;
}

/* Built-in functions are pinned and leave no dependency: the stored tree names them all. */
static const char look_at_view[] =
    "SELECT coalesce((SELECT bool_or(p.provolatile = 'v') FROM pg_rewrite r, "
    "regexp_matches(r.ev_action::text, ':(?:funcid|opfuncid|resultfuncid|infuncid|outfuncid) "
    "(\\d+)', 'g') m JOIN pg_proc p ON p.oid = m[1]::oid "
    "WHERE r.ev_class = 'pg_temp.newel_probe_view'::regclass), false), "
    "(SELECT string_agg(DISTINCT quote_ident(a.attname), ', ') FROM pg_rewrite r "
    "JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid "
    "AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 "
    "JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid "
    "WHERE r.ev_class = 'pg_temp.newel_probe_view'::regclass AND a.attgenerated <> '')";

const struct check_words check_pg = {
    .needs = "PostgreSQL 13",
    .queries = queries,
    .query_count = COUNT_OF(queries),
    .oldest = 130000,
    .newest = 180000,
    .is_ours = "SELECT EXISTS (SELECT FROM newel.migration WHERE id = $1 AND column_name = $2 "
               "AND phase NOT IN ('preflight', 'baseline') AND state <> 'undone')",
    .begin = "BEGIN; SET LOCAL lock_timeout = '2s'",
    .rollback = "ROLLBACK",
    .clone = clone,
    .add_to_clone = add_to_clone,
    .look_at_clone = look_at_clone,
    .assign = assign,
    .evaluate = evaluate,
    .evaluate_default = evaluate_default,
    .make_view = make_view,
    .look_at_view = look_at_view,
};
