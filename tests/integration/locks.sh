#!/bin/sh
# Whoever holds the table: expand waits without making others wait, names the
# blocker and goes on when it is gone. And an operator's commands, accepted and
# refused, up to the way back.
set -u
. "$SRCDIR/tests/integration/house.sh"
house_begin primary

psql_p "CREATE TABLE items (id bigint PRIMARY KEY, pad text);
    INSERT INTO items SELECT i, repeat('x', 200) FROM generate_series(1, 60000) i;
    CREATE TABLE calm (id bigint PRIMARY KEY);
    INSERT INTO calm SELECT generate_series(1, 100);
    ANALYZE"

# hold NAME SQL: a session that runs SQL in a transaction and stays there until released
hold() {
    mkfifo "$work/$1.in"
    PGAPPNAME=$1 "$PG_BIN/psql" -Xq -d "$PRIMARY_DSN" <"$work/$1.in" >"$work/$1.held" 2>&1 &
    background="$background $!"
    # the shell keeps the other end open, so that the session stays
    eval "exec $3>\"$work/$1.in\""
    printf 'BEGIN; %s;\n\\echo here\n' "$2" >&"$3"
    holds() {
        grep -q here "$work/$1.held"
    }
    wait_for 10 holds "$1"
}
now_ms() {
    echo $(($(date +%s%N) / 1000000))
}
ctl() {
    newel ctl "$@" >"$work/ctl.out" 2>&1
}
# takes ID VERB...: accepted    refuses PATTERN ID VERB...: refused with that reason
takes() {
    ctl "$@"
    is $? 0 "accepted: $*" || diag "$(cat "$work/ctl.out")"
}
refuses() {
    wanted=$1
    shift
    ctl "$@"
    is $? 1 "refused: $*"
    like "$(cat "$work/ctl.out")" "^newel: refused: .*$wanted" "... because: $wanted"
}
state_is() {
    newel status "$1" | grep -q " $2\$\| $2 "
}

# ---- a long transaction holds the table

hold sleeper 'SELECT count(*) FROM items' 7
sleep 1.2 # longer than a transaction that is worth queueing behind
migration extra items <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = id * 3 + 1
[batch]
rows = 50
min = 50
max = 100
pause = 40ms
[throttle]
max_lag = 5s
max_running = 0
[ddl]
lock_timeout = 300ms
INI
detached extra
is $? 0 'the engine starts' || show extra
asks() {
    said extra "\"phase\":\"$1\",\"state\":\"asking\""
}
ok 'it asks before baseline' wait_for 20 asks baseline
refuses 'it stands at baseline' extra step expand
takes extra step baseline
ok 'it asks before expand' wait_for 20 asks expand
takes extra step expand
waits() {
    said extra '"event":"statement".*"step":"add column","state":"retry"'
}
ok 'expand waits' wait_for 20 waits
is "$(ask extra "SELECT DISTINCT b->>'app' || ': ' || (b->>'state')
    FROM j, jsonb_array_elements(e->'blockers') b
    WHERE event = 'statement' AND e->>'state' = 'retry'")" 'sleeper: idle in transaction' \
    'the journal names who is in its way'
worst=0
for i in 1 2 3 4 5 6 7 8 9 10; do
    began=$(now_ms)
    psql_p 'SELECT count(*) FROM items WHERE id < 10' >/dev/null
    took=$(($(now_ms) - began))
    [ "$took" -le "$worst" ] || worst=$took
    sleep 0.1
done
ok "meanwhile nobody waits for long (worst: $worst ms)" test "$worst" -lt 2000
refuses 'no such|not in the lock tree' extra terminate 999999
printf 'COMMIT;\n' >&7
ok 'with the holder gone it goes on' wait_for 40 asks sync
exec 7>&-

takes extra step sync
ok 'it asks before backfill' wait_for 20 asks backfill

# ---- commands during the backfill

batches() {
    psql_p "SELECT coalesce(sum(batches), 0) FROM newel.checkpoint WHERE migration = 'extra'"
}
moved() {
    [ "$(batches)" -gt "$mark" ]
}
stands() {
    mark=$(batches)
    sleep 0.5
    [ "$(batches)" = "$mark" ]
}
refuses 'it stands at backfill, not at \"sync\"' extra step sync
takes extra step backfill
mark=0
ok 'batches come' wait_for 20 moved
refuses 'not waiting for a yes' extra step backfill
refuses 'not paused' extra resume
takes extra pause
ok 'paused, it stands still' wait_for 10 stands
refuses 'already paused' extra pause
takes extra resume
mark=$(batches)
ok 'resumed, it goes on' wait_for 10 moved
takes extra batch 77
sized() {
    said extra '"event":"batch".*"rows":77,'
}
ok 'batches are as large as was said' wait_for 10 sized
refuses 'outside of min..max, 50..100' extra batch 49
refuses 'outside of min..max' extra batch 101
refuses 'is no number of rows' extra batch many
refuses 'takes a value' extra batch
takes extra batch auto
takes extra lanes 3
lanes() {
    [ "$(psql_p "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'newel extra lane%'")" = "$1" ]
}
ok 'three lanes work' wait_for 10 lanes 3
takes extra lanes 1
ok 'and then one' wait_for 10 lanes 1
refuses 'no number of lanes' extra lanes 0
refuses 'no number of lanes' extra lanes 17
takes extra limit max_lag 10s for 30m rebuilding r2
refuses 'is no limit for max_lag' extra limit max_lag soon
refuses 'is no limit for max_lag' extra limit max_lag 5
refuses 'is no signal' extra limit max_speed 5
refuses 'is no limit|no duration' extra limit max_lag 5s for ever
takes extra limit max_lag usual
takes extra override max_lag for 1m nothing is known of it
refuses 'needs an end and a reason' extra override max_lag for 1m
refuses 'needs an end and a reason' extra override max_lag
refuses 'needs an end and a reason' extra override max_lag for 30d forever
takes extra time 100ms
refuses 'no duration from' extra time 5h
takes extra rest 50ms
refuses 'no duration from' extra rest 5h
takes extra note we go on at three
refuses 'takes a value' extra note
newel ctl extra explode >"$work/ctl.out" 2>&1
is $? 2 'a verb that is none is a mistake in the command'
newel ctl other pause >"$work/ctl.out" 2>&1
ok 'nobody answers for another id' test $? -ne 0
newel ctl --target nowhere extra pause >"$work/ctl.out" 2>&1
is $? 1 'a target that is none is refused'
newel ctl --json extra note seen >"$work/ctl.out" 2>&1
like "$(cat "$work/ctl.out")" '^\{"accepted":true,"text":"noted"\}$' '--json gives the answer as it came'
is "$(ask extra "SELECT count(*) FROM j WHERE event = 'command' AND (e->>'operator' IS NULL
        OR e->>'accepted' IS NULL)")" 0 'every command is in the journal with who gave it'
is "$(ask extra "SELECT e->>'text' FROM j WHERE event = 'note' ORDER BY seq LIMIT 1")" \
    'we go on at three' 'so is the note'
is "$(ask extra "SELECT (e->>'limit') || ' ' || (e->>'note') || ' ' || ((e->>'until')::bigint - time
        BETWEEN 1700000000 AND 1800000000)
    FROM j WHERE event = 'limit' AND e->>'signal' = 'max_lag' ORDER BY seq LIMIT 1")" \
    '10.0s rebuilding r2 true' 'and the limit, with its end and its note'

# ---- the way back, from the middle

refuses "type the column's name" extra rollback backfill extr
refuses 'it stands at backfill' extra rollback expand extra
newel ctl extra rollback backfill >"$work/ctl.out" 2>&1
is $? 2 'rollback takes the column, too'
refuses 'it stands at backfill, not at ""' extra rollback '' extra
is "$(psql_p "SELECT count(*) FILTER (WHERE NOT done) > 0 AND sum(rows) > 0 FROM newel.checkpoint
    WHERE migration = 'extra'")" t 'it is in the middle of the backfill'
takes extra rollback backfill extra
ok 'the engine takes it back and ends' wait_for 30 gone "$engine" || diag "$(tail -n 3 "$(journal extra)")"
is "$(psql_p "SELECT count(*) FROM pg_attribute WHERE attrelid = 'items'::regclass
    AND attnum > 0 AND NOT attisdropped")" 2 'the column is gone'
is "$(psql_p "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'items'::regclass")" 0 \
    'the triggers are gone'
is "$(psql_p "SELECT count(*) FROM pg_proc WHERE pronamespace = 'newel'::regnamespace
    AND proname <> 'ready'")" 0 'the function is gone'
is "$(psql_p "SELECT count(*) FROM newel.checkpoint")" 0 'the checkpoints are gone'
is "$(psql_p "SELECT phase || ' ' || state FROM newel.migration WHERE id = 'extra'")" 'expand undone' \
    'the target knows that it was undone'
is "$(ask extra "SELECT e->>'status' FROM j WHERE event = 'end'")" 5 'the journal ends as stopped'
newel gate extra expand >"$work/gate.out" 2>&1
is $? 1 'the gate is closed again'
sed -i 's/^rows.*/rows = 5000/; s/^max = .*/max = 5000/; s/^pause.*/pause = 0ms/' "$work/extra.ini"
run extra
is $? 0 'and all of it can be done again' || show extra
is "$(psql_p "SELECT count(*) FROM items WHERE extra IS DISTINCT FROM id * 3 + 1")" 0 \
    'with every value'

# ---- ending a blocker

hold holder 'LOCK TABLE calm IN ACCESS SHARE MODE' 8
migration second calm <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = id
[ddl]
lock_timeout = 300ms
INI
detached second --yes
is $? 0 'a second engine starts' || show second
holding_back() {
    said second '"phase":"expand","state":"waiting"'
}
ok 'and waits for a holder' wait_for 30 holding_back
# newel does not queue behind a long transaction: somebody else who does makes a tree
PGAPPNAME=writer "$PG_BIN/psql" -Xq -d "$PRIMARY_DSN" \
    -c "BEGIN; SET LOCAL lock_timeout = '60s'; LOCK TABLE calm IN ACCESS EXCLUSIVE MODE; COMMIT" >/dev/null 2>&1 &
background="$background $!"
pid=$(psql_p "SELECT pid FROM pg_stat_activity WHERE application_name = 'holder'")
seen() {
    said second "\"of\":\"locks\".*\"pid\":$pid,"
}
ok 'the lock tree shows the holder' wait_for 20 seen
takes second terminate "$pid"
ended() {
    [ "$(psql_p "SELECT count(*) FROM pg_stat_activity WHERE pid = $pid")" = 0 ]
}
ok 'it is terminated' wait_for 10 ended
ended || printf 'ROLLBACK;\n' >&8
ok 'and the engine comes to its end' wait_for 40 gone "$engine"
is "$(psql_p "SELECT newel.ready('second', 'finish')")" t 'all phases are done'
is "$(ask second "SELECT (e->>'do') || ' ' || (e->>'accepted') FROM j WHERE event = 'command'")" \
    'terminate true' 'the journal says who was ended'
exec 8>&-

# ---- a lock queue that was there before newel: it cannot even look at the table

psql_p 'CREATE TABLE shut (id bigint PRIMARY KEY)'
hold reader 'LOCK TABLE shut IN ACCESS SHARE MODE' 8
PGAPPNAME=writer "$PG_BIN/psql" -Xq -d "$PRIMARY_DSN" \
    -c "BEGIN; SET LOCAL lock_timeout = '60s'; LOCK TABLE shut IN ACCESS EXCLUSIVE MODE; COMMIT" >/dev/null 2>&1 &
background="$background $!"
queued() {
    [ "$(psql_p "SELECT count(*) FROM pg_locks WHERE relation = 'shut'::regclass AND NOT granted")" = 1 ]
}
ok 'somebody waits to lock the table' wait_for 10 queued
migration early shut <<'INI'
[column]
name = extra
type = bigint
INI
detached early --yes
is $? 0 'an engine that starts behind it starts' || show early
told() {
    said early '"code":"table-locked".*\(reader\)'
}
ok 'and says who holds the table' wait_for 20 told
printf 'ROLLBACK;\n' >&8
exec 8>&-
ok 'when they are gone it goes through' wait_for 40 gone "$engine"
is "$(psql_p "SELECT newel.ready('early', 'finish')")" t 'to its end'

# ---- short transactions all the time: it has to queue, and leaves when the queue grows

# feed NAME SQL: a session that runs SQL again and again
feed() {
    yes "$2" | PGAPPNAME=$1 "$PG_BIN/psql" -Xq -d "$PRIMARY_DSN" -c '\timing on' -f - \
        >"$work/$1.fed" 2>&1 &
    feeders="$feeders $!"
    background="$background $!"
}
feeders=
for i in 1 2 3; do
    feed "holder$i" 'BEGIN; SELECT count(*) FROM calm; SELECT pg_sleep(0.9); COMMIT;'
    sleep 0.3
done
readers='1 2 3 4 5 6'
for i in $readers; do
    feed "reader$i" 'SELECT count(*) FROM calm; SELECT pg_sleep(0.02);'
done
sed 's/^id = .*/id = third/; s/^name = .*/name = third/; s/^lock_timeout.*/lock_timeout = 8s/' \
    "$work/second.ini" >"$work/third.ini"
printf '[throttle]\nmax_waiters = 2\n' >>"$work/third.ini"
engine third
gave_up() {
    said third '"event":"statement".*"state":"retry".*sessions queued behind it: given up before'
}
ok 'it gives up when more than max_waiters wait behind it' wait_for 20 gave_up || show third
like "$(ask third "SELECT (e->>'queue')::int > 2 AND (e->>'us')::bigint < 2000000 AND
        jsonb_array_length(e->'blockers') > 0 FROM j WHERE event = 'statement' AND
        e->>'state' = 'retry' ORDER BY seq LIMIT 1")" t \
    'long before its lock_timeout, and tells how many and behind whom'
for pid in $feeders; do
    kill "$pid"
done
wait "$engine"
is $? 0 'when they are gone it gets through' || show third
worst=$(for i in $readers; do cat "$work/reader$i.fed"; done |
    awk '/^Time: / && $2 > worst { worst = $2 } END { print int(worst) }')
ok "no reader has waited for long (worst: $worst ms)" test "$worst" -lt 2000
done_testing
