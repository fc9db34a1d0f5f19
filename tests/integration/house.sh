# A world for tests of a whole newel on PostgreSQL: servers, newel.ini, migrations, engines.
# Sourced, not run; sources tap.sh, pg.sh and house_common.sh, which has the rest. POSIX sh.
#
#   house_begin pair|primary     servers, and newel.ini with them as target t1
#   ask ID SQL                   asks a journal: table j (seq, time, event, target, e jsonb)
#   version                      the server's number, e.g. 150018
# shellcheck shell=sh

# shellcheck source=tests/integration/house_common.sh
. "$SRCDIR/tests/integration/house_common.sh"
# shellcheck source=tests/servers/pg.sh
. "$SRCDIR/tests/servers/pg.sh"

house_begin() {
    pg_find || plan_skip 'no PostgreSQL server is installed'
    if [ "$1" = pair ]; then house_open pg_pair_start; else house_open pg_primary_start; fi
}

house_stop() {
    pg_stop_all
}

house_sql() {
    psql_p "$1"
}

house_target() {
    echo 'engine = postgresql'
    echo "dsn = $PRIMARY_DSN"
    [ -z "${STANDBY_DSN:-}" ] || echo "replica = $STANDBY_DSN"
}

# The database reads the journal better than any tool that may not be there.
ask() {
    "$PG_BIN/psql" -XAtq -v ON_ERROR_STOP=1 -d "$PRIMARY_DSN" \
        -c "CREATE TEMP TABLE raw (e jsonb)" \
        -c "\\copy raw FROM '$(journal "$1")' WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')" \
        -c "CREATE TEMP VIEW j AS SELECT (e->>'seq')::bigint seq, (e->>'time')::bigint AS time,
            e->>'event' AS event, e->>'target' AS target, e FROM raw" \
        -c "$2"
}

version() {
    psql_p 'SHOW server_version_num'
}
