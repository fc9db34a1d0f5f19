#!/bin/sh
# A backfill beside its standby: it stops when nothing is known of it, when it
# lags, and goes on by itself; and it outlives a primary that goes down hard.
set -u
. "$SRCDIR/tests/integration/house.sh"
house_begin pair

psql_p "CREATE TABLE items (id bigint PRIMARY KEY, pad text);
    INSERT INTO items SELECT i, repeat('x', 200) FROM generate_series(1, 60000) i;
    ANALYZE items;
    CREATE TABLE written (id bigint);
    CREATE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
        INSERT INTO written VALUES (NEW.id); RETURN NULL; END \$\$"
migration extra items <<'INI'
[column]
name = extra
type = bigint
not_null = yes
[backfill]
value = id * 3 + 1
[batch]
rows = 50
min = 50
max = 50
pause = 40ms
[throttle]
max_lag = 1s
max_running = 0
INI
run extra --until sync
is $? 0 'ready for the backfill' || show extra
ok 'preflight asked the standby, which had no heartbeat yet' \
    said extra '"check":"replicas","verdict":"pass"'
psql_p "CREATE TRIGGER counting AFTER UPDATE ON items FOR EACH ROW EXECUTE FUNCTION count_write()"
detached extra --yes
is $? 0 'the engine starts' || show extra

batches() {
    psql_p "SELECT coalesce(sum(batches), 0) FROM newel.checkpoint"
}
moved() {
    [ "$(batches)" -gt "$mark" ]
}
# goes: another batch after now    stands: none within 0.7 s
goes() {
    mark=$(batches)
    wait_for "$1" moved
}
stands() {
    mark=$(batches)
    sleep 0.7
    [ "$(batches)" = "$mark" ]
}
# the last throttle event
throttle() {
    grep '^{"seq":[0-9]*,"time":[0-9]*,"event":"throttle"' "$(journal extra)" | tail -n 1
}
throttle_is() {
    throttle | grep -Eq "$1"
}
ok 'batches come' goes 20 || diag "$(throttle)"

# ---- the standby goes away

pg_standby_stop immediate
ok 'with the standby gone it is throttled' wait_for 20 throttle_is \
    '"on":true.*"signal":"max_lag","server":"t1/r1".*"unknown":true'
like "$(throttle)" 'lag on t1/r1: unknown \(' 'and says that the lag is unknown, and why'
ok 'no batch comes' wait_for 10 stands
like "$(newel attach --dump 100x30 extra)" 'THROTTLED.*unknown' 'the console shows it'
ok 'none at all' stands
pg_standby_start || bail_out 'the standby did not come back'
ok 'with the standby back it goes on by itself' goes 30 || diag "$(throttle)"

# ---- the standby lags

psql_s 'SELECT pg_wal_replay_pause()' >/dev/null
ok 'with its replay paused it is throttled' wait_for 20 throttle_is \
    '"on":true.*lag on t1/r1: [0-9.]+m?s > 1'
ok 'no batch comes' wait_for 10 stands
unlike "$(throttle)" '"signal":"max_lag","server":"t1/r1".*"unknown":true' \
    'a lag that is known is not called unknown'
newel ctl extra override max_lag for 1m only what is unknown >"$work/ctl.out" 2>&1
ok 'an override lets pass what is unknown, not what is known to be too much' stands
newel ctl extra limit max_lag 1h for 3s 'the standby is being rebuilt' >"$work/ctl.out" 2>&1
is $? 0 'a limit is raised for a while' || diag "$(cat "$work/ctl.out")"
ok 'it goes on' goes 10 || diag "$(throttle)"
again() {
    throttle_is '"on":true.*lag on t1/r1: [0-9.]+m?s > 1' && stands
}
ok 'and stops again when that has ended' wait_for 20 again || diag "$(throttle)"
psql_s 'SELECT pg_wal_replay_resume()' >/dev/null
ok 'with its replay resumed it goes on' goes 30 || diag "$(throttle)"

# ---- the standby is gone for long: an operator takes the word

pg_standby_stop fast
ok 'with the standby gone it stops' wait_for 20 throttle_is '"on":true.*"unknown":true'
newel ctl extra override max_lag t1/r1 for 4s 'r1 is being rebuilt' >"$work/ctl.out" 2>&1
is $? 0 'an override of one signal is accepted' || diag "$(cat "$work/ctl.out")"
newel ctl extra override max_lag_bytes for 4s 'r1 is being rebuilt' >"$work/ctl.out" 2>&1
is $? 0 'of the other, too' || diag "$(cat "$work/ctl.out")"
ok 'it goes on without it' goes 10 || diag "$(throttle)"
ok 'until the override ends' wait_for 20 stands || diag "$(throttle)"
ok 'for the reason that it had' throttle_is '"on":true.*"unknown":true' || diag "$(throttle)"
pg_standby_start || bail_out 'the standby did not come back'
ok 'the standby is back' goes 30 || diag "$(throttle)"

# ---- the primary goes down hard

rows_before=$(psql_p 'SELECT sum(rows) FROM newel.checkpoint')
pg_primary_stop immediate
# whoever notices it first: the lane loses its batch, or the observer its sample
ok 'the primary is gone: the journal says so' wait_for 20 said extra \
    '"code":"connection-lost"|"of":"server","server":"t1","reachable":false'
ok 'the engine lives' alive "$engine"
down=$(date +%s)
pg_primary_up || bail_out 'the primary did not come back'
watched_again() {
    [ "$(ask extra "SELECT count(*) FROM j WHERE event = 'sample' AND e->>'of' = 'server'
        AND e->>'reachable' = 'true' AND time > ${down}000000")" -gt 0 ]
}
ok 'it is watched again' wait_for 20 watched_again
ok 'and goes on' goes 30 || diag "$(throttle)"
ok 'it has not begun anew' test "$(psql_p 'SELECT sum(rows) FROM newel.checkpoint')" -ge "$rows_before"
newel ctl extra rest 0ms >"$work/ctl.out" 2>&1
ok 'it comes to its end' wait_for 60 gone "$engine" || diag "$(throttle)"
is "$(ask extra "SELECT e->>'status' FROM j WHERE event = 'end'")" 0 'which is a good one'
is "$(psql_p "SELECT count(*) FROM items WHERE extra IS DISTINCT FROM id * 3 + 1")" 0 \
    'every row has its value'
is "$(psql_p "SELECT count(*) || ' ' || count(DISTINCT id) FROM written")" '60000 60000' \
    'each was written exactly once'
is "$(psql_p "SELECT sum(rows) FROM newel.checkpoint")" 60000 'the counters say so'
"$NEWEL" verify "$(journal extra)" >"$work/verify.out" 2>&1
is $? 0 'the journal holds'
is "$(ask extra "SELECT sum((e->>'updated')::bigint) BETWEEN 59900 AND 60000 FROM j
    WHERE event = 'batch'")" t 'and has the batches but for those whose answer was lost'
done_testing
