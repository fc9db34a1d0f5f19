#!/bin/sh
# Two engines and one migration: the second one is refused; and when the first
# one freezes for longer than its lease, the other takes over and the first one,
# awake again, writes nothing any more.
set -u
. "$SRCDIR/tests/integration/house.sh"
house_begin primary

psql_p "CREATE TABLE items (id bigint PRIMARY KEY, pad text);
    INSERT INTO items SELECT i, repeat('x', 200) FROM generate_series(1, 12000) i;
    ANALYZE items;
    CREATE TABLE written (id bigint, epoch bigint);
    CREATE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
        INSERT INTO written SELECT NEW.id, epoch FROM newel.migration; RETURN NULL;
    END \$\$"
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
psql_p "CREATE TRIGGER counting AFTER UPDATE ON items FOR EACH ROW EXECUTE FUNCTION count_write()"

engine extra
first=$engine
first_out=$work/first.out
cp "$work/newel.ini" "$work/other.ini"
sed -i "s|^state_dir.*|state_dir = $work/elsewhere|" "$work/other.ini"
at_work() {
    between "SELECT coalesce(sum(rows), 0) FROM newel.checkpoint" 200 12000
}
ok 'the first engine is at work' wait_for 20 at_work || show extra
first_journal=$(journal extra)

# ---- refused

"$NEWEL" run -c "$work/newel.ini" --headless --yes "$work/extra.ini" >"$work/out" 2>&1
is $? 4 'a second one in the same state_dir is refused'
like "$(cat "$work/out")" 'newel: .*(engine|drive|answers)' 'because an engine is there'
is "$(journal extra)" "$first_journal" 'and it leaves no journal'
"$NEWEL" run -c "$work/other.ini" --headless --yes "$work/extra.ini" >"$work/out" 2>&1
is $? 4 'one with another state_dir is refused by the lease'
like "$(cat "$work/out")" "another engine drives it: .*pid $first, last heard of" \
    'which names the holder and when it was heard of'
ok 'the first one is still at work' alive "$first"

# ---- taken over, but not yet gone on: its epoch alone must hold the first one back

kill -s STOP "$first"
psql_p "UPDATE newel.migration SET epoch = epoch + 1, lease_holder = 'another',
    lease_pid = pg_backend_pid(), lease_renewed = clock_timestamp()"
writes=$(psql_p 'SELECT count(*) FROM written')
ok 'half of the rows are not written yet' test "$writes" -lt 11000
kill -s CONT "$first"
ok 'awake under an epoch that is no longer its own, the first one ends' wait_for 20 gone "$first"
wait "$first"
is $? 4 'with a failure'
like "$(cat "$work/extra.out")" 'another engine has taken over' 'saying why'
is "$(psql_p 'SELECT count(*) FROM written')" "$writes" 'and has written nothing more'
engine extra
first=$engine
at_work_again() {
    between 'SELECT count(*) FROM written' $((writes + 200)) 12000
}
ok 'the next engine goes on at once, for the other one has no session' wait_for 20 at_work_again
first_journal=$(journal extra)

# ---- frozen for long

# a session that hangs without an engine behind it: the lease alone decides
kill -s STOP "$first"
cp "$work/extra.out" "$first_out"
frozen_at=$(psql_p "SELECT sum(rows) FROM newel.checkpoint")
"$NEWEL" run -c "$work/other.ini" --headless --yes "$work/extra.ini" >"$work/out" 2>&1
is $? 4 'frozen for less than its lease, it is still respected'
took_over() {
    "$NEWEL" run -c "$work/other.ini" --headless --yes --until backfill "$work/extra.ini" \
        >"$work/out" 2>&1
}
began=$(date +%s)
ok 'then another one takes over' wait_for 40 took_over || diag "$(tail -n 5 "$work/out")"
waited=$(($(date +%s) - began))
ok "and finishes the backfill ($waited s in all)" between \
    "SELECT count(*) FROM newel.checkpoint WHERE NOT done" 0 0
ok 'it went on from where the first one stood' test "$frozen_at" -gt 0
writes=$(psql_p "SELECT count(*) || ' of ' || count(DISTINCT id) FROM written")
is "$writes" '12000 of 12000' 'each row was written once by the two together'

# ---- awake

epoch=$(psql_p "SELECT epoch FROM newel.migration")
kill -s CONT "$first"
ok 'the first one wakes up and ends' wait_for 20 gone "$first"
wait "$first"
is $? 4 'with a failure'
like "$(cat "$work/extra.out")" 'another engine has taken (over|the lease)' 'saying why'
is "$(psql_p "SELECT count(*) || ' of ' || count(DISTINCT id) FROM written")" "$writes" \
    'it has written nothing more'
is "$(psql_p "SELECT phase || ' ' || state || ' ' || epoch FROM newel.migration")" \
    "backfill done $epoch" 'nor moved the phase or the lease'
is "$(psql_p "SELECT count(*) FROM items WHERE extra IS DISTINCT FROM id * 3 + 1")" 0 \
    'every row has its value'
ok 'its journal tells that it was fenced' grep -q '"code":"fenced"' "$first_journal"
broken=0
for one in "$first_journal" "$work"/elsewhere/extra/*.jsonl; do
    "$NEWEL" verify "$one" >"$work/verify.out" 2>&1 || broken=$((broken + 1))
done
is "$broken" 0 'every journal of all of them holds'
run extra
is $? 0 'whoever comes next finishes it' || show extra
done_testing
