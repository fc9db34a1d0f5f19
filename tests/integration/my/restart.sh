# The primary goes away in the middle of the backfill: restarted in order, killed with -9 while a batch
# is open, away for a while, its sessions ended one by one. newel says so, comes back by itself and goes
# on behind the last committed batch: each row is written exactly once.
# shellcheck shell=sh disable=SC2119
set -u
# shellcheck source=tests/integration/my/lib.sh
. "$SRCDIR/tests/integration/my/lib.sh"
house_begin "$FLAVOUR" primary
numbers

sql_p "CREATE TABLE items (id bigint PRIMARY KEY, pad text);
    INSERT INTO items SELECT n, REPEAT('x', 200) FROM numbers WHERE n BETWEEN 1 AND 24000;
    ANALYZE TABLE items" >/dev/null
migration extra items <<'INI'
[column]
name = extra
type = bigint
not_null = yes
[backfill]
value = id * 3 + 1
[batch]
rows = 20
min = 20
max = 20
pause = 100ms
lanes = 2
[throttle]
max_running = 0
INI
run extra --until sync
is $? 0 'ready for the backfill' || show extra
count_writes items
agrees() {
    is "$(sql_p "SELECT (SELECT SUM(\`rows\`) FROM newel.checkpoint) - count(extra),
            (SELECT count(*) FROM written) - count(extra), SUM(extra IS NULL) > 0 FROM items")" '0	0	1' \
        "$1: rows, writes and counters agree, and work is left"
}
# what says that a session was lost: an engine that was at rest just then has no more to tell than
# that its next batch was tried again
lost_and_found='reconnected|connection-lost|batch-retry'
alarms() {
    grep -Ec "\"code\":\"($1)\"" "$(journal extra)"
}
more_alarms() {
    [ "$(alarms "$1")" -gt "$2" ]
}
at_work() {
    ok "$1" goes extra 20 || show extra
}

engine extra
at_work 'it is at work'

# ---- restarted in order

before=$(alarms "$lost_and_found")
my_primary_restart
ok 'the server was restarted: newel is connected again' wait_for 20 more_alarms "$lost_and_found" "$before" || {
    show extra 60
    diag "$(sql_p 'SHOW GLOBAL STATUS LIKE "Uptime"') of $(grep -c . "$(journal extra)") events"
}
at_work 'and goes on'
ok 'it is the same engine' alive "$engine"
ok 'its journal tells of the loss' test "$(alarms "$lost_and_found")" -gt 0
agrees 'restarted'

# ---- killed, with a batch open

locked=$(sql_p "SELECT id FROM items WHERE extra IS NULL ORDER BY id LIMIT 1 OFFSET 60")
hold locker "UPDATE items SET pad = 'y' WHERE id = $locked"
batch_waits() {
    between "SELECT count(*) FROM information_schema.innodb_trx
        WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE 'UPDATE%items%'" 1 2
}
ok 'a batch waits for a row' wait_for 20 batch_waits || show extra
my_primary_stop kill
release locker
lost() {
    newel status extra >"$work/status.out"
    [ $? -eq 3 ]
}
ok 'the server is killed' lost
like "$(newel attach --dump 120x40 extra)" 'errno 20|lost|unreachable|refused|again' 'its console tells of it'
before=$(alarms "$lost_and_found")
my_up primary
ok 'back again, newel connects by itself' wait_for 20 more_alarms "$lost_and_found" "$before" || show extra
at_work 'and goes on'
agrees 'killed'

# ---- its sessions ended one by one

for session in $(sql_p "SELECT id FROM information_schema.processlist WHERE user = 'newel'"); do
    sql_p "KILL $session" 2>/dev/null
done
at_work 'all its sessions were ended: it goes on'
agrees 'ended'

# ---- to the end

takes extra rest 0ms
wait "$engine"
is $? 0 'the same engine comes to the end of the stairs' || show extra
is "$(sql_p 'SELECT SUM(extra <=> id * 3 + 1), count(*) FROM items')" '24000	24000' 'every row has its value'
is "$(sql_p 'SELECT count(*), count(DISTINCT id), SUM(old IS NOT NULL) FROM written WHERE old IS NULL OR new <> old')" \
    '24000	24000	0' 'each was written exactly once'
is "$(written_rows extra)" 24000 'as the counters say'
is "$(our_triggers items)" 0 'no trigger is left'
is "$(ask extra "SELECT SUM($(field updated)) <= 24000, MAX($(field rows_done) + 0) FROM j
    WHERE event = 'batch'")" '1	24000' 'and the journal'
is "$(chains extra)" 0 'which holds'
done_testing
