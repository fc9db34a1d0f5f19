#include "config.h"
#include "dialect/check_pg.h"

static const struct check_query queries[] = {
    {
        .name = "unlogged table",
        .stops = true,
        .of_table = true,
        .sql = "SELECT 'a crash empties it while newel''s checkpoints stay, and replicas have "
               "nothing of it', format('ALTER TABLE %s SET LOGGED, which writes it anew', "
               "oid::regclass) FROM pg_class WHERE oid = $1::oid AND relpersistence = 'u'",
        .passed = "it survives a crash",
    },
    {
        .name = "typed table",
        .stops = true,
        .of_table = true,
        .sql = "SELECT format('it is of type %s, and a column cannot be added to a typed table', "
               "reloftype::regtype), format('ALTER TABLE %s NOT OF, or ALTER TYPE %s ADD ATTRIBUTE "
               "... CASCADE by hand', oid::regclass, reloftype::regtype) "
               "FROM pg_class WHERE oid = $1::oid AND reloftype <> 0",
        .passed = "its columns are its own",
    },
    {
        .name = "inheritance",
        .stops = true,
        .of_table = true,
        .sql = "SELECT format('it is a child of %s', inhparent::regclass), 'add the column to the "
               "parent; newel does not walk trees of tables yet' FROM pg_inherits "
               "WHERE inhrelid = $1::oid UNION ALL SELECT format('%s is its child', "
               "inhrelid::regclass), 'newel does not walk trees of tables yet' FROM pg_inherits "
               "JOIN pg_class p ON p.oid = inhparent WHERE inhparent = $1::oid "
               "AND p.relkind <> 'p'",
        .passed = "the table stands alone",
    },
    {
        /* told by the triggers that these layers put on their tables: their catalogs may not be there */
        .name = "distributed",
        .stops = true,
        .of_table = true,
        .sql = "SELECT DISTINCT format('%s keeps its rows elsewhere (trigger %I)', CASE p.proname "
               "WHEN 'citus_truncate_trigger' THEN 'Citus' ELSE 'TimescaleDB' END, t.tgname), "
               "'newel would change the shell of it alone: add the column by the means of that "
               "layer' FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = "
               "$1::oid AND p.proname IN ('citus_truncate_trigger', 'insert_blocker')",
        .passed = "its rows are here",
    },
    {
        .name = "locks of partitions",
        .stops = true,
        .of_table = true,
        .sql = "SELECT format('one statement locks the table, its %s partitions and their %s "
               "indexes at once; the server has room for %s locks', n.tables, n.indexes, n.room), "
               "format('ALTER SYSTEM SET max_locks_per_transaction = %s, and restart', "
               "2 * (n.tables + n.indexes) / n.sessions + 64) FROM (SELECT count(*) AS tables, "
               "coalesce(sum((SELECT count(*) FROM pg_index i WHERE i.indrelid = t.relid)), 0) AS "
               "indexes, s.sessions, s.sessions * current_setting('max_locks_per_transaction')"
               "::bigint AS room FROM pg_partition_tree($1::oid) t, (SELECT current_setting("
               "'max_connections')::bigint + current_setting('max_prepared_transactions')::bigint "
               "AS sessions) s GROUP BY s.sessions) n WHERE n.tables + n.indexes > n.room",
        .passed = "the server has room for the locks of all of it",
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
        .name = "row type",
        .of_table = true,
        /* a column of the row type, of an array, a range or a domain of it, at any depth */
        .sql = "WITH RECURSIVE u(oid) AS (SELECT reltype FROM pg_class WHERE oid = $1::oid "
               "UNION SELECT t.oid FROM u JOIN pg_type t ON t.typelem = u.oid OR t.typbasetype = "
               "u.oid OR EXISTS (SELECT FROM pg_range r WHERE r.rngtypid = t.oid "
               "AND r.rngsubtype = u.oid)) "
               "SELECT format('column %s.%I holds rows of it: they gain the column too, and a row "
               "written as text has a value too few', a.attrelid::regclass, a.attname), "
               "format('see what writes it: SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef "
               "WHERE adrelid = %L::regclass; ROW(...)::%s must name every value', "
               "a.attrelid::regclass, $1::oid::regclass) "
               "FROM u JOIN pg_attribute a ON a.atttypid = u.oid JOIN pg_class c "
               "ON c.oid = a.attrelid WHERE NOT a.attisdropped AND c.relkind IN ('r', 'm', 'p', "
               "'f') ORDER BY 1",
        .passed = "no column of another table holds rows of it",
    },
    {
        .name = "functions",
        .of_table = true,
        .sql = "SELECT CASE WHEN t.typrelid IS NOT NULL THEN format('function %s takes or returns "
               "rows of it, which gain the column', p.oid::regprocedure) ELSE format('function %s "
               "selects * from it into columns of its own: it fails from expand on', "
               "p.oid::regprocedure) END, format('name the columns there: SELECT "
               "pg_get_functiondef(%L::regprocedure)', p.oid::regprocedure) "
               "FROM pg_proc p LEFT JOIN (SELECT oid, typrelid, typarray FROM pg_type "
               "WHERE typrelid = $1::oid) t ON t.oid = p.prorettype OR t.typarray = p.prorettype "
               "OR t.oid = ANY (p.proargtypes) OR t.typarray = ANY (p.proargtypes) "
               "JOIN pg_class c ON c.oid = $1::oid "
               "WHERE t.typrelid IS NOT NULL OR (p.proargmodes && ARRAY['t', 'o']::\"char\"[] "
               "AND p.prosrc ~* '(select|returning)\\s+(\\w+\\.)?\\*' "
               "AND p.prosrc ~* ('\\m' || regexp_replace(c.relname, '\\W', '.', 'g') || "
               "'\\M')) ORDER BY 1",
        .passed = "none takes, returns or selects whole rows of it",
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
        .name = "event triggers",
        .sql = "SELECT format('event trigger %I runs %s at each DDL statement (%s)', evtname, "
               "evtfoid::regprocedure, evtevent), format('be sure that it lets ALTER TABLE and "
               "CREATE TRIGGER pass; else ALTER EVENT TRIGGER %I DISABLE while newel runs', "
               "evtname) FROM pg_event_trigger WHERE evtenabled <> 'D' AND evtevent <> 'sql_drop' "
               "ORDER BY evtname",
        .passed = "none looks at our DDL",
    },
    {
        .name = "views",
        .of_table = true,
        .sql = "SELECT DISTINCT format(CASE c.relkind WHEN 'm' THEN 'materialized view %s reads it "
               "and gains the column only when it is made anew' ELSE '%s selects from it and will "
               "not gain the column' END, c.oid::regclass), format(CASE c.relkind WHEN 'm' THEN "
               "'where it shall: SELECT pg_get_viewdef(%L), DROP MATERIALIZED VIEW and CREATE it "
               "after expand' ELSE 'where it shall: SELECT pg_get_viewdef(%L), and CREATE OR "
               "REPLACE VIEW with the column last after expand' END, c.oid::regclass) "
               "FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = "
               "'pg_rewrite'::regclass JOIN pg_class c ON c.oid = r.ev_class "
               "WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = $1::oid "
               "AND c.oid <> $1::oid ORDER BY 1",
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
        .name = "extension",
        .of_table = true,
        .sql = "SELECT format('it belongs to extension %I, whose updates may not know the column, "
               "and pg_dump leaves it out', extname), format('ALTER EXTENSION %I DROP TABLE %s, if "
               "it shall be the application''s', extname, $1::oid::regclass) FROM pg_depend d "
               "JOIN pg_extension e ON e.oid = d.refobjid WHERE d.classid = 'pg_class'::regclass "
               "AND d.objid = $1::oid AND d.refclassid = 'pg_extension'::regclass "
               "AND d.deptype = 'e'",
        .passed = "it belongs to none",
    },
};

const struct check_set check_pg_table = {queries, COUNT_OF(queries)};
