# A world for tests of a whole newel on MariaDB and MySQL, as house.sh is on PostgreSQL.
# Sourced, not run; sources tap.sh, my.sh and house_common.sh, which has the rest. POSIX sh.
#
#   house_begin mariadb|mysql|galera [pair|primary]
#                                servers, and newel.ini with them as target t1: over TCP, or
#                                over the socket when HOUSE_VIA=socket; galera has three nodes
#   ask ID SQL                   asks a journal: table j (seq, time, event, target, e json), which
#                                MySQL knows once in a statement; JSON_VALUE(e, '$.key') is for
#                                both. Columns are apart by tabs; what has no value shows as NULL.
#   version                      the server's number, e.g. 101119 or 90704
# shellcheck shell=sh

# shellcheck source=tests/integration/house_common.sh
. "$SRCDIR/tests/integration/house_common.sh"
# shellcheck source=tests/servers/my.sh
. "$SRCDIR/tests/servers/my.sh"

house_begin() {
    if [ "$1" = galera ]; then
        galera_find || plan_skip "$MY_WHY"
        house_open galera_start
    else
        my_find "$1" || plan_skip "$MY_WHY"
        house_open "my_${2:-pair}_start" "$1"
    fi
}

house_stop() {
    my_stop_all
}

house_sql() {
    sql_p "$1"
}

house_target() {
    echo 'engine = mysql'
    echo "defaults_file = $MY_OPTION_FILE"
    if [ "${HOUSE_VIA:-tcp}" = socket ]; then
        echo "socket = $MY_PRIMARY_SOCKET"
    else
        echo 'host = 127.0.0.1'
        echo "port = $MY_PRIMARY_PORT"
    fi
    echo 'database = shop'
    [ -z "${MY_REPLICA_PORT:-}" ] || echo "replica = host=127.0.0.1 port=$MY_REPLICA_PORT"
}

# As the database reads it, without the line that an engine is about to end.
ask() {
    "$MY_CLIENT" --no-defaults -u root -S "$MY_PRIMARY_SOCKET" -N -B -r --local-infile -D shop -e "
        CREATE TEMPORARY TABLE raw (e longtext CHARACTER SET utf8mb4);
        LOAD DATA LOCAL INFILE '$(journal "$1")' INTO TABLE raw CHARACTER SET utf8mb4
            FIELDS TERMINATED BY x'02' ESCAPED BY '' LINES TERMINATED BY x'0a' (e);
        CREATE TEMPORARY TABLE j (seq bigint, time bigint, event text, target text, e json)
            AS SELECT JSON_VALUE(e, '$.seq') seq, JSON_VALUE(e, '$.time') time,
                JSON_VALUE(e, '$.event') event, JSON_VALUE(e, '$.target') target, e
            FROM raw WHERE JSON_VALID(e);
        $2"
}

version() {
    sql_p 'SELECT VERSION()' | sed 's/[^0-9.].*//' | awk -F. '{ print $1 * 10000 + $2 * 100 + $3 }'
}
