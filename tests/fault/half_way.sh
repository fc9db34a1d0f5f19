#!/bin/sh
# Killed while it waits for a lock, on the way up and on the way down; and the
# table rewritten in the middle of the backfill: the next run carries on.
set -u
. "$SRCDIR/tests/integration/house.sh"
house_begin primary

psql_p "CREATE TABLE items (id bigint PRIMARY KEY, pad text);
    INSERT INTO items SELECT i, repeat('x', 200) FROM generate_series(1, 12000) i;
    ANALYZE items;
    CREATE TABLE written (id bigint);
    CREATE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
        INSERT INTO written VALUES (NEW.id); RETURN NULL; END \$\$"
migration extra items <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = id * 3 + 1
[batch]
rows = 50
min = 50
max = 50
pause = 20ms
lanes = 2
[throttle]
max_running = 0
INI
mkfifo "$work/in"
"$PG_BIN/psql" -Xq -d "$PRIMARY_DSN" <"$work/in" >"$work/holder.out" 2>&1 &
background=$!
exec 7>"$work/in"
hold() {
    printf 'BEGIN; SELECT 1 FROM items LIMIT 1; SELECT pg_sleep(1.1);\n\\echo %s\n' "$1" >&7
    wait_for 10 grep -q "$1" "$work/holder.out"
}
release() {
    printf 'COMMIT;\n' >&7
}
waits_for() {
    said extra "\"event\":\"statement\",\"target\":\"t1\",\"phase\":\"expand\".*\"state\":\"retry\".*\"sql\":\"ALTER TABLE public.items $1"
}
columns() {
    psql_p "SELECT count(*) FROM pg_attribute WHERE attrelid = 'items'::regclass
        AND attnum > 0 AND NOT attisdropped"
}
die() {
    kill -s KILL "$engine"
    wait "$engine" 2>/dev/null
    [ $? -eq 137 ]
}

# ---- killed on the way up, while expand waits

hold one
engine extra --until sync
ok 'expand waits for the table' wait_for 20 waits_for ADD || show extra
ok 'the engine is killed' die
is "$(columns)" 2 'nothing is half there'
release
run extra --until sync
is $? 0 'the next run carries on' || show extra
is "$(columns)" 3 'and adds the column'

# ---- the table rewritten in the middle

psql_p "CREATE TRIGGER counting AFTER UPDATE ON items FOR EACH ROW EXECUTE FUNCTION count_write()"
at_work() {
    between 'SELECT count(*) FROM written' "$1" 12000
}
engine extra --until backfill
ok 'it is at work' wait_for 20 at_work 1000 || show extra
psql_p 'VACUUM FULL items'
ok 'the table was rewritten in the middle' between 'SELECT count(*) FROM written' 1000 11000
wait "$engine"
is $? 0 'it comes to the end of the backfill' || show extra
if [ "$(version)" -ge 140000 ]; then # before, it goes along keys, which stay what they are
    ok 'having said that places no longer hold' said extra '"code":"rewritten"'
fi
is "$(psql_p "SELECT count(*) || ' ' || count(DISTINCT id) FROM written")" '12000 12000' \
    'each row was written once'
is "$(psql_p "SELECT sum(rows) FROM newel.checkpoint")" 12000 'the counters know of both passes'
is "$(psql_p "SELECT count(*) FROM items WHERE extra IS DISTINCT FROM id * 3 + 1")" 0 \
    'every row has its value'

# ---- killed on the way down, while the column's drop waits

detached extra
asks() {
    said extra '"phase":"verify","state":"asking"'
}
ok 'it asks before verify' wait_for 20 asks
hold two
newel ctl extra rollback verify extra >"$work/ctl.out" 2>&1
is $? 0 'it is told to go back' || diag "$(cat "$work/ctl.out")"
undoes() {
    said extra '"event":"statement".*"state":"retry"'
}
ok 'the way back waits for the table' wait_for 20 undoes
kill -s KILL "$engine"
ok 'the engine is killed' wait_for 5 gone "$engine"
like "$(newel status extra)" 'undoing' 'the target knows that it was on its way back'
release
run extra
is $? 5 'the next run goes on down and ends as stopped' || show extra
is "$(columns)" 2 'the column is gone'
is "$(psql_p "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'items'::regclass
    AND tgname LIKE '%newel%'")" 0 'the triggers are gone'
is "$(psql_p "SELECT count(*) FROM pg_proc WHERE pronamespace = 'newel'::regnamespace
    AND proname <> 'ready'")" 0 'the function is gone'
is "$(psql_p "SELECT count(*) FROM newel.checkpoint")" 0 'the checkpoints are gone'
psql_p 'TRUNCATE written'
sed -i 's/^pause.*/pause = 0ms/' "$work/extra.ini"
run extra
is $? 0 'and a last run climbs all of it' || show extra
is "$(psql_p "SELECT count(*) || ' ' || count(DISTINCT id) FROM written")" '12000 12000' \
    'each row was written once'
done_testing
