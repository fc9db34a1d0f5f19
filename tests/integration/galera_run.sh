#!/bin/sh
# A whole migration through one node of a Galera cluster, while the application writes the same rows
# through the other two: what certification refuses is tried again, a node that does not keep up holds
# the work before flow control holds the cluster, and in the end every row is right on every node.
# shellcheck shell=sh
set -u
# shellcheck disable=SC2034
FLAVOUR=galera
# shellcheck source=tests/integration/my/lib.sh
. "$SRCDIR/tests/integration/my/lib.sh"
house_begin galera
# shellcheck disable=SC2154
{
    echo "replica = host=127.0.0.1 port=$GALERA_2_PORT"
    echo "replica = host=127.0.0.1 port=$GALERA_3_PORT"
} >>"$work/newel.ini"

numbers
sql_p "CREATE TABLE items (id bigint PRIMARY KEY, v int NOT NULL, own bigint, pad varchar(20));
    INSERT INTO items SELECT n, n % 7, NULL, 'x' FROM numbers WHERE n BETWEEN 1 AND 60000"
migration extra items <<'INI'
[column]
name = extra
type = bigint
not_null = yes
[backfill]
value = v * 10
[batch]
rows = 300
min = 100
max = 300
pause = 50ms
lanes = 2
[throttle]
max_running = 0
max_waiters = 0
max_lag = 2s
max_queue = 20
[ddl]
not_null = trigger
INI
check() {
    ask extra "SELECT CONCAT($(field verdict), ': ', $(field evidence)) FROM j
        WHERE event = 'check' AND $(field check) = '$1'"
}
in_step() {
    for n in 2 3; do
        sql_n "$n" 'SET SESSION wsrep_sync_wait = 15; SELECT COUNT(*) FROM items' >/dev/null || return 1
    done
}
# blow N: the application on node N writes any rows, and some of its own
blow() {
    : >"$work/blow$1"
    chunk=$1
    while [ -e "$work/blow$1" ]; do
        chunk=$((chunk + 2))
        awk -v chunk="$chunk" '
            function any() { return 1 + int(rand() * 60000) }
            BEGIN {
                srand(chunk)
                new = 1000000 + chunk * 1000
                for (i = 0; i < 20; i++) {
                    for (k = 1; k <= 4; k++)
                        print "UPDATE items SET v = v + 1 WHERE id = " any() ";"
                    print "UPDATE items SET own = -5, extra = -5 WHERE id = " any() ";"
                    print "DELETE FROM items WHERE id = " any() ";"
                    print "INSERT INTO items (id, v) VALUES (" ++new ", 3);"
                    print "DO SLEEP(0.002);"
                }
            }'
    done | "$MY_CLIENT" --no-defaults -u root -S "$MY_DIR/node$1.sock" -D shop --force >"$work/client$1" 2>&1 &
    eval "blower$1=$!"
    background="$background $!"
}
calm() {
    rm -f "$work/blow$1"
    eval "wait \$blower$1"
}
paused_ns() {
    galera_status "$1" wsrep_flow_control_paused_ns
}
throttle() {
    grep '^{"seq":[0-9]*,"time":[0-9]*,"event":"throttle"' "$(journal extra)" | tail -n 1
}
throttle_is() {
    throttle | grep -Eq "$1"
}

# ---- preflight, and the column

run extra --until sync
is $? 0 'ready for the backfill' || show extra
like "$(check cluster)" '^warn: this is a node of a Galera cluster of 3: DDL runs on all nodes at once \(TOI\)' \
    'preflight tells the cluster, and what DDL does there'
like "$(check cluster)" 'fail certification are tried again' 'and what becomes of batches'
ok 'all nodes are in step' in_step
is "$(for n in 1 2 3; do sql_n $n "SELECT CONCAT(COUNT(*), ' ', (SELECT COUNT(*) FROM information_schema.triggers
        WHERE event_object_table = 'items' AND trigger_name LIKE 'newel%'))
    FROM information_schema.columns WHERE table_schema = 'shop' AND table_name = 'items'"; done | sort -u)" \
    '5 2' 'column and triggers are on every node'

# ---- writers on the other nodes

blow 2
blow 3
detached extra --yes
is $? 0 'the engine starts' || show extra
ok 'batches come' goes extra 30 || diag "$(throttle)"
beaten() {
    [ "$(galera_status 1 wsrep_local_bf_aborts)" -gt 0 ] ||
        [ "$(galera_status 1 wsrep_local_cert_failures)" -gt 0 ]
}
ok 'batches of newel lose against other writers' wait_for 40 beaten
ok 'and are tried again' wait_for 20 said extra '"code":"batch-retry".*errno 1213'

# ---- a node that does not keep up

mkfifo "$work/lock.in"
"$MY_CLIENT" --no-defaults -u root -S "$GALERA_3_SOCKET" -D shop <"$work/lock.in" >"$work/lock.out" 2>&1 &
locker=$!
background="$background $!"
exec 7>"$work/lock.in"
calm 3
before=$(paused_ns 2)
echo 'FLUSH TABLES WITH READ LOCK;' >&7
ok 'a node whose receive queue grows holds the backfill' wait_for 30 throttle_is \
    '"on":true.*receive queue on t1/r2: [0-9]+ > 20' || diag "$(throttle)"
ok 'no batch comes' wait_for 20 stands extra
like "$(newel attach --dump 160x40 extra)" 'THROTTLED.*receive queue on t1/r2' 'the console names it'
calm 2
exec 7>&-
wait "$locker"
ok 'when it is back the work goes on' goes extra 30 || diag "$(throttle)"
ok 'the backfill did not make flow control hold the other nodes' between \
    "SELECT ($(paused_ns 2) - $before) DIV 1000000" 0 500

# ---- a node that does not answer

galera_freeze 3
ok 'a node that does not answer holds it, too' wait_for 30 throttle_is \
    '"on":true.*"server":"t1/r2"[^}]*("unknown":true|t1/r2: [0-9.]+m?s > )' || diag "$(throttle)"
members() {
    [ "$(galera_size 1)" = "$1" ] && [ "$(galera_status 1 wsrep_ready)" = ON ]
}
ok 'the cluster gives it up' wait_for 30 members 2
ok 'which does not let the work go on' stands extra
galera_thaw 3
# as it comes back the cluster stands for a while, and answers nobody: errno 1047
ok 'it comes back' wait_for 60 members 3
ok 'and gets in step' wait_for 60 galera_is_synced 3
ok 'the work goes on' goes extra 60 || diag "$(throttle)"
newel ctl extra rest 0ms >"$work/ctl.out" 2>&1
ok 'it comes to its end' wait_for 60 gone "$engine" || show extra
is "$(ask extra "SELECT $(field status) FROM j WHERE event = 'end'")" 0 'which is a good one'

# ---- what is there

in_step
for n in 1 2 3; do
    is "$(sql_n $n 'SELECT COUNT(*) FROM items WHERE NOT extra <=> IF(own IS NULL, v * 10, own)')" 0 \
        "node $n: every row is right"
done
is "$(for n in 1 2 3; do sql_n $n 'CHECKSUM TABLE items'; done | sort -u | wc -l)" 1 'all nodes have the same'
ok 'the writers wrote on both nodes' between 'SELECT COUNT(*) FROM items WHERE id > 1000000' 100 1000000
is "$(cat "$work"/client[23] | grep ERROR | grep -vc ' 1213 ')" 0 \
    'the application has seen no errors but those of certification' || diag "$(head -n 3 "$work"/client[23])"
is "$(chains extra)" 0 'the journals hold'
done_testing
