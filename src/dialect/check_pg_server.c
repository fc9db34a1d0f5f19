#include "config.h"
#include "dialect/check_pg.h"

static const struct check_query queries[] = {
    {
        .name = "replication role",
        .sql = "SELECT format('sessions of %s begin with session_replication_role = replica: the "
               "sync trigger does not fire for what they write', CASE WHEN r.rolname IS NULL THEN "
               "format('database %I', d.datname) ELSE format('role %I', r.rolname) END), "
               "CASE WHEN r.rolname IS NULL THEN format('ALTER DATABASE %I RESET "
               "session_replication_role', d.datname) ELSE format('ALTER ROLE %I%s RESET "
               "session_replication_role', r.rolname, CASE WHEN d.datname IS NULL THEN '' ELSE "
               "format(' IN DATABASE %I', d.datname) END) END "
               "FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole "
               "LEFT JOIN pg_database d ON d.oid = s.setdatabase "
               "WHERE 'session_replication_role=replica' = ANY (setconfig) "
               "AND (s.setdatabase = 0 OR d.datname = current_database()) ORDER BY 1",
        .passed = "triggers fire for everybody's writes",
    },
    {
        .name = "connections",
        .sql =
            "SELECT format('%s of %s connections are taken', count(*), "
            "current_setting('max_connections')), 'ALTER SYSTEM SET max_connections = ... and "
            "restart, or lower lanes' "
            "FROM pg_stat_activity WHERE backend_type = 'client backend' HAVING count(*) + 12 > "
            "current_setting('max_connections')::int - "
            "current_setting('superuser_reserved_connections')::int - "
            "coalesce(current_setting('reserved_connections', true), '0')::int "
            "UNION ALL SELECT format('role %I may have %s connections, and %s are taken', "
            "rolname, rolconnlimit, n), format('ALTER ROLE %I CONNECTION LIMIT -1', rolname) "
            "FROM pg_roles, (SELECT count(*) AS n FROM pg_stat_activity WHERE usename = "
            "current_user) a WHERE rolname = current_user AND NOT rolsuper AND rolconnlimit >= 0 "
            "AND n + 12 > rolconnlimit "
            "UNION ALL SELECT format('database %I may have %s connections, and %s are taken', "
            "d.datname, datconnlimit, n), format('ALTER DATABASE %I CONNECTION LIMIT -1', "
            "d.datname) FROM pg_database d, (SELECT count(*) AS n FROM pg_stat_activity "
            "WHERE datname = current_database()) a WHERE d.datname = current_database() "
            "AND datconnlimit >= 0 AND n + 12 > datconnlimit",
        .passed = "there are enough for our sessions",
    },
};

const struct check_set check_pg_server = {queries, COUNT_OF(queries)};
