#!/bin/sh
# newel does not queue behind a long transaction that holds the table. Whoever it
# is stands in the lock tree all the same, so that an operator can end it.
set -u
. "$SRCDIR/tests/integration/house.sh"
house_begin primary

psql_p "CREATE TABLE items (id bigint PRIMARY KEY);
    INSERT INTO items SELECT generate_series(1, 1000); ANALYZE items"
migration extra items <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = id
INI
psql -Xq "$PRIMARY_DSN application_name=report" \
    -c 'BEGIN; SELECT count(*) FROM items; SELECT pg_sleep(120)' >"$work/report" 2>&1 &
background="$background $!"
holder() {
    psql_p "SELECT pid FROM pg_stat_activity WHERE application_name = 'report' AND xact_start IS NOT NULL
        AND query LIKE '%pg_sleep%' AND clock_timestamp() - xact_start > interval '1 s'"
}
holds() {
    [ -n "$(holder)" ]
}
wait_for 10 holds
pid=$(holder)
engine extra
in_tree() {
    said extra "\"of\":\"locks\".*\"pid\":$pid,.*\"app\":\"report\""
}
ok 'the holder of the table stands in the lock tree' wait_for 20 in_tree
is "$(psql_p "SELECT count(*) FROM pg_locks WHERE NOT granted")" 0 'though nobody queues behind it'
newel attach --dump 100x20 --screen locks extra >"$work/screen" 2>&1
like "$(cat "$work/screen")" "$pid +report" 'the console shows it'
newel ctl extra terminate 1 >"$work/answer" 2>&1
is $? 1 'who is not in the tree cannot be chosen'
ok 'the holder can be ended' newel ctl extra terminate "$pid"
wait "$engine"
is $? 0 'and the migration goes on to its end'
like "$(cat "$work/report")" 'terminat' 'the holder was told'

# ---- the first row, which somebody holds, so that no smaller batch comes past: the backfill says that it waits, and for whom

sed 's/^id = .*/id = second/; s/^name = .*/name = second/' "$work/extra.ini" >"$work/second.ini"
run second --until sync
is $? 0 'ready for another backfill' || show second
psql -Xq "$PRIMARY_DSN application_name=clerk" \
    -c 'BEGIN; SELECT * FROM items WHERE id = 1 FOR UPDATE; SELECT pg_sleep(120)' >"$work/clerk" 2>&1 &
background="$background $!"
holder() {
    psql_p "SELECT pid FROM pg_stat_activity WHERE application_name = 'clerk' AND query LIKE '%pg_sleep%'"
}
wait_for 10 holds
pid=$(holder)
engine second
waits() {
    said second '"phase":"backfill","state":"waiting"'
}
ok 'the backfill says that it waits' wait_for 30 waits
tree_has_clerk() {
    said second "\"of\":\"locks\".*\"pid\":$pid,.*\"app\":\"clerk\""
}
ok 'the holder of the row stands in the lock tree' wait_for 30 tree_has_clerk
newel attach --dump 120x20 second >"$work/screen" 2>&1
like "$(cat "$work/screen")" 'WAITING for a locked row' 'the top line says so'
ok 'the holder can be ended' newel ctl second terminate "$pid"
wait "$engine"
is $? 0 'and the migration goes on to its end' || show second
is "$(psql_p 'SELECT count(*) FROM items WHERE second IS DISTINCT FROM id')" 0 'with every value'
done_testing
