#!/bin/sh
# The way back, interrupted: the engine is killed while it takes a phase back, and the next one goes on
# down from where it stood. Nobody waits long for it, and afterwards nothing is left.
set -u
. "$SRCDIR/tests/integration/house.sh"
house_begin primary
psql_p "CREATE TABLE orders (id bigint PRIMARY KEY, cc text);
    INSERT INTO orders SELECT i, 'c' || i % 9 FROM generate_series(1, 20000) i; ANALYZE orders"
before=$(psql_p "SELECT md5(string_agg(o::text, ',' ORDER BY id)) FROM orders o")
migration extra orders <<'INI'
[column]
name = extra
type = text
default = 'none'
not_null = yes
[backfill]
value = upper(cc)
[ddl]
lock_timeout = 200ms
INI
hold() {
    PGAPPNAME=holder "$PG_BIN/psql" -Xq -d "$PRIMARY_DSN" -c 'BEGIN; LOCK TABLE orders IN ROW SHARE MODE' \
        -c 'SELECT pg_sleep(120)' >/dev/null 2>&1 &
    background="$background $!"
    wait_for 10 between "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'holder'
        AND wait_event = 'PgSleep'" 1 1
}
release() {
    psql_p "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'" \
        >/dev/null
}
stands() {
    psql_p "SELECT phase || ' ' || state FROM newel.migration WHERE id = 'extra'"
}
left() {
    psql_p "SELECT (SELECT count(*) FROM pg_attribute WHERE attrelid = 'orders'::regclass
            AND attname = 'extra' AND NOT attisdropped)
        + (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'orders'::regclass)
        + (SELECT count(*) FROM pg_constraint WHERE conrelid = 'orders'::regclass
            AND conname NOT IN ('orders_pkey', 'orders_id_not_null'))
        + (SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
            WHERE nspname = 'newel' AND proname LIKE 'sync%')"
}

run extra --until enforce
is $? 0 'it stands at enforce' || show extra
# dies TITLE: the engine, while the way down waits for a holder of the table
dies() {
    ok "$1: it waits for the table" wait_for 30 said extra '"event":"statement".*"state":"retry"' ||
        show extra
    is "$(psql_p "SET lock_timeout = '1s'; SELECT count(*) FROM orders WHERE id = 7")" 1 \
        "$1: and readers do not wait for it"
    kill -s KILL "$engine"
    wait_for 10 gone "$engine"
    like "$(stands)" ' undoing$' "$1: killed in the middle, it is known to be on its way down"
    release
}

hold
detached extra
ok 'an engine stands by' wait_for 20 said extra '"phase":"compare","state":"asking"' || show extra
newel ctl extra rollback compare extra >"$work/ctl.out" 2>&1
is $? 0 'the rollback is begun' || diag "$(cat "$work/ctl.out")"
dies 'once'
hold
detached extra
dies 'again, without a word from anybody'
newel run --headless "$work/extra.ini" >"$work/extra.out" 2>&1
is $? 5 'the next engine goes on down, and ends as stopped' || show extra
is "$(stands)" 'expand undone' 'to the foot of the stairs'
is "$(left)" 0 'nothing is left of it'
is "$(psql_p "SELECT md5(string_agg(o::text, ',' ORDER BY id)) FROM orders o")" "$before" \
    'and the table is as it was'
is "$(psql_p 'SELECT count(*) FROM newel.checkpoint WHERE migration = '"'extra'")" 0 \
    'its checkpoints are forgotten'
run extra
is $? 0 'it can be climbed again' || show extra
is "$(psql_p 'SELECT count(*) FROM orders WHERE extra = upper(cc)')" 20000 'to its end'
done_testing
