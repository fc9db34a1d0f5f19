# Two engines and one migration, as ../../fault/two_engines.sh has it: the second one is refused; and
# when the first one freezes for longer than its lease, the other takes over and the first one, awake
# again, writes nothing any more, nor does a statement that it has left behind.
# shellcheck shell=sh
set -u
# shellcheck source=tests/integration/my/lib.sh
. "$SRCDIR/tests/integration/my/lib.sh"
house_begin "$FLAVOUR" primary
numbers

sql_p "CREATE TABLE items (id bigint PRIMARY KEY, pad text);
    INSERT INTO items SELECT n, REPEAT('x', 200) FROM numbers WHERE n BETWEEN 1 AND 12000;
    ANALYZE TABLE items" >/dev/null
migration extra items <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = id * 3 + 1
[batch]
rows = 20
min = 20
max = 20
pause = 20ms
lanes = 2
[throttle]
max_running = 0
INI
run extra --until sync
is $? 0 'ready for the backfill' || show extra
count_writes items
sed "s|^state_dir.*|state_dir = $work/elsewhere|" "$work/newel.ini" >"$work/other.ini"
other() {
    "$NEWEL" run -c "$work/other.ini" --headless --yes "$@" "$work/extra.ini" >"$work/out" 2>&1
}
writes() {
    sql_p 'SELECT count(*), count(DISTINCT id) FROM written'
}
at_work() {
    between 'SELECT count(*) FROM written' $((mark + 200)) 11000
}
lease() {
    sql_p "SELECT $1 FROM newel.migration WHERE id = 'extra'"
}

engine extra
mark=0
ok 'the first engine is at work' wait_for 20 at_work || show extra
first_journal=$(journal extra)

# ---- refused

newel run --headless --yes "$work/extra.ini" >"$work/out" 2>&1
is $? 4 'a second one in the same state_dir is refused'
like "$(cat "$work/out")" 'newel: .*(engine|drive|answers)' 'because an engine is there'
is "$(journal extra)" "$first_journal" 'and it leaves no journal'
other
is $? 4 'one with another state_dir is refused by the lease'
like "$(cat "$work/out")" "another engine drives it: .*pid $engine, last heard of" \
    'which names the holder and when it was heard of'
ok 'the first one is still at work' alive "$engine"

# ---- taken over, but not yet gone on: its epoch alone must hold the first one back

kill -s STOP "$engine"
sql_p "START TRANSACTION;
    UPDATE newel.migration SET epoch = epoch + 1, lease_holder = 'another', lease_pid = CONNECTION_ID(),
        lease_renewed = UTC_TIMESTAMP(6) WHERE id = 'extra';
    UPDATE newel.checkpoint SET epoch = epoch + 1 WHERE migration = 'extra';
    COMMIT"
before=$(writes)
ok 'not all rows are written yet' test "${before%	*}" -lt 11500
kill -s CONT "$engine"
ok 'awake under an epoch that is no longer its own, the first one ends' wait_for 20 gone "$engine"
wait "$engine"
is $? 4 'with a failure'
like "$(cat "$work/extra.out")" 'another engine has taken over' 'saying why'
is "$(writes)" "$before" 'and has written nothing more'
engine extra
mark=${before%	*}
ok 'the next engine goes on at once, for the other one has no session' wait_for 20 at_work || show extra
first_journal=$(journal extra)

# ---- frozen for long, in the middle of a batch

# which waits for a row that another session has locked, far ahead of it
furthest=$(sql_p "SELECT id FROM items WHERE extra IS NULL ORDER BY id LIMIT 1 OFFSET 300")
hold locker "UPDATE items SET pad = 'y' WHERE id = $furthest"
batch_waits() {
    between "SELECT count(*) FROM information_schema.innodb_trx
        WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE 'UPDATE%items%'" 1 2
}
ok 'a batch waits for a row' wait_for 20 batch_waits || show extra
kill -s STOP "$engine"
release locker
left_behind() {
    [ "$(sql_p "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'RUNNING'
        AND trx_rows_modified > 0")" -ge 1 ]
}
ok 'and has written without committing when the engine freezes' wait_for 20 left_behind
frozen_at=$(written_rows extra)
other
is $? 4 'frozen for less than its lease, it is still respected'
# the test need not wait for all of it
sql_p "UPDATE newel.migration SET lease_renewed = lease_renewed - INTERVAL 10 SECOND"
lease_over() {
    [ "$(lease 'lease_renewed < UTC_TIMESTAMP(6) - INTERVAL 15 SECOND')" = 1 ]
}
ok 'its lease ends' wait_for 20 lease_over
other --until backfill
is $? 0 'then another one takes over, though the batch of the first one was still open' ||
    diag "$(tail -n 5 "$work/out")"
is "$(sql_p 'SELECT SUM(NOT done) FROM newel.checkpoint')" 0 'every range is done'
ok 'it went on from where the first one stood' test "$frozen_at" -gt "$mark"
is "$(writes)" '12000	12000' 'each row was written once by the two together'

# ---- awake

epoch=$(lease epoch)
kill -s CONT "$engine"
ok 'the first one wakes up and ends' wait_for 20 gone "$engine"
wait "$engine"
is $? 4 'with a failure'
like "$(cat "$work/extra.out")" 'another engine has taken (over|the lease)' 'saying why'
is "$(writes)" '12000	12000' 'it has written nothing more'
is "$(lease "CONCAT_WS(' ', phase, state, epoch)")" "backfill done $epoch" \
    'nor moved the phase or the lease'
is "$(sql_p "SELECT count(*) FROM items WHERE NOT extra <=> id * 3 + 1")" 0 'every row has its value'
ok 'its journal tells that it was fenced' grep -q '"code":"fenced"' "$first_journal"
is "$(chains extra) $(chains ../elsewhere/extra)" '0 0' 'every journal of all of them holds'
run extra
is $? 0 'whoever comes next finishes it' || show extra
done_testing
