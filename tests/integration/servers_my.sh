#!/bin/sh
# The servers that tests of MariaDB and MySQL stand on: each comes up, replicates, takes a stop and
# a kill, and is gone with its test. Without one of the three: its reason, and the others are tested.
set -u
# shellcheck source=tests/servers/tap.sh
. "$SRCDIR/tests/servers/tap.sh"
# shellcheck source=tests/servers/my.sh
. "$SRCDIR/tests/servers/my.sh"

# as_newel PORT SQL: as the account that newel is given, over TCP
as_newel() {
    "$MY_CLIENT" --defaults-file="$MY_OPTION_FILE" -h 127.0.0.1 -P "$1" -N -B -D shop -e "$2"
}

pids() {
    for name in $MY_NAMES; do my_pid "$name"; done
}
all_dead() {
    for pid in $1; do ! kill -0 "$pid" 2>/dev/null || return 1; done
}
dead() {
    ! kill -0 "$1" 2>/dev/null
}
absent() {
    [ ! -e "$1" ]
}

# ends FLAVOUR: what the test has started is not there any more
ends() {
    running=$(pids)
    folder=$MY_DIR
    ok "$1: there are servers to stop" test -n "$running"
    my_stop_all
    ok "$1: its servers are gone" all_dead "$running"
    ok "$1: and so is its folder" absent "$folder"
}

pair() {
    my_pair_start "$1" || bail_out "no pair of $1"
    is "$(sql_r 'SELECT @@global.read_only')" 1 "$1: the replica is read only"
    is "$(sql_p 'SELECT @@global.binlog_format')" ROW "$1: the binary log has rows"
    is "$(stat -c %a "$MY_OPTION_FILE")" 600 "$1: the password is for its owner alone"
    as_newel "$MY_PRIMARY_PORT" "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)"
    ok "$1: the replica gets there" my_wait_replica
    is "$(as_newel "$MY_REPLICA_PORT" 'SELECT count(*) FROM t')" 1 "$1: and has what was written"

    my_replica_stop
    sql_p 'INSERT INTO t VALUES (2)'
    ok "$1: a replica that is stopped does not answer" dead_name replica
    my_replica_start || bail_out "the replica of $1 did not come back"
    ok "$1: it replicates when it is back" my_wait_replica
    is "$(sql_r 'SELECT count(*) FROM t')" 2 "$1: and has what it missed"

    my_primary_restart kill || bail_out "the primary of $1 did not come back"
    is "$(sql_p 'SELECT count(*) FROM t')" 2 "$1: a kill of the primary loses nothing"
    my_primary_restart || bail_out "the primary of $1 did not come back"
    sql_p 'INSERT INTO t VALUES (3)'
    ok "$1: its replica finds it again" my_wait_replica 20
    is "$(sql_r 'SELECT count(*) FROM t')" 3 "$1: with all it has"
    ends "$1"
}
dead_name() {
    ! my_query "$1" 'SELECT 1' >/dev/null 2>&1
}

sees() {
    [ "$(galera_size "$1" 2>/dev/null)" = "$2" ]
}
has_rows() {
    [ "$(sql_n "$1" 'SELECT count(*) FROM t' 2>/dev/null)" = "$2" ]
}

cluster() {
    galera_start || bail_out 'no cluster'
    for n in 1 2 3; do ok "galera: node $n sees all three" sees "$n" 3; done
    as_newel "$GALERA_1_PORT" "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)"
    ok 'galera: what the first writes the third has' wait_for 10 has_rows 3 1
    galera_node_stop 3
    sql_p 'INSERT INTO t VALUES (2)'
    galera_node_start 3 || bail_out 'the third node did not come back'
    is "$(sql_n 3 'SELECT count(*) FROM t')" 2 'galera: a node gets what it missed'
    galera_freeze 2
    ok 'galera: a frozen node is given up' wait_for 20 sees 1 2
    sql_p 'INSERT INTO t VALUES (3)'
    galera_thaw 2
    ok 'galera: and comes back when it thaws' wait_for 30 has_rows 2 3
    ends galera
}

# A test that is killed leaves no server behind.
orphan() {
    (
        trap - EXIT
        # shellcheck disable=SC2016
        exec sh -c '. "$SRCDIR/tests/servers/my.sh"; my_primary_start mariadb "$1" && sleep 60' \
            sh "$1" 2>/dev/null
    ) &
    test_pid=$!
    wait_for 20 test -S "$1/primary.sock" || bail_out 'no server for the test to be killed'
    server=$(cat "$1/primary.pid")
    ok 'orphan: there is a server' kill -0 "$server"
    kill -s KILL "$test_pid"
    wait "$test_pid" 2>/dev/null
    ok 'orphan: it dies with its test, even by kill -9' wait_for 5 dead "$server"
    rm -rf "$1"
}

missing=
lacks() {
    missing="$missing${missing:+; }$MY_WHY"
}
if my_find mariadb; then
    pair mariadb
    orphan "$(mktemp -d /tmp/nm.XXXXXX)"
    if galera_find; then cluster; else lacks; fi
else
    lacks
fi
if my_find mysql; then pair mysql; else lacks; fi
[ "$tap_count" -gt 0 ] || plan_skip "$missing"
[ -z "$missing" ] || tap_skip 'the servers that are not here' "$missing"
done_testing
