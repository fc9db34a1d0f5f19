#!/bin/sh
# What only some versions of a server have, and what newel makes of it: limits on a
# session's time (14, 17), seats that are reserved (16), columns that are generated when
# they are read (18), and a NOT NULL that is a constraint with a name (18).
set -u
. "$SRCDIR/tests/integration/house.sh"
house_begin primary
major=$(($(version) / 10000))
diag "PostgreSQL $major"

psql_p "CREATE TABLE items (id bigint PRIMARY KEY, v int);
    INSERT INTO items SELECT i, i % 7 FROM generate_series(1, 60) i;
    ANALYZE items;
    CREATE FUNCTION slow(bigint) RETURNS bigint STABLE LANGUAGE plpgsql
        AS 'BEGIN PERFORM pg_sleep(0.05); RETURN \$1; END';
    ALTER ROLE postgres SET statement_timeout = '400ms';
    ALTER ROLE postgres SET idle_in_transaction_session_timeout = '400ms'" ||
    bail_out 'the table could not be made'
[ "$major" -lt 14 ] || psql_p "ALTER ROLE postgres SET idle_session_timeout = '400ms'"
[ "$major" -lt 17 ] || psql_p "ALTER ROLE postgres SET transaction_timeout = '400ms'"

# ---- limits made for applications do not end a migration

migration slow items <<'INI'
[column]
name = extra
type = bigint
not_null = yes
[backfill]
value = slow(id)
[batch]
rows = 30
min = 10
pause = 900ms
INI
engine slow
wait_for 60 gone "$engine" || kill -s KILL "$engine"
wait "$engine"
is $? 0 'it runs to its end under limits on time' || show slow
is "$(filled items extra)" 60 'every row has its value'
ok 'no session was lost on the way' test "$(ask slow "SELECT count(*) FROM j
    WHERE e->>'code' IN ('connection-lost', 'reconnected')")" = 0
for limit in statement_timeout idle_in_transaction_session_timeout idle_session_timeout \
    transaction_timeout; do
    psql_p "ALTER ROLE postgres RESET $limit" >/dev/null 2>&1
done

# ---- NOT NULL

is "$(psql_p "SELECT attnotnull FROM pg_attribute
    WHERE attrelid = 'items'::regclass AND attname = 'extra'")" t 'the column is NOT NULL'
not_null="SELECT string_agg(contype::text || ' ' || conname || ' ' || convalidated, ', ')
    FROM pg_constraint WHERE conrelid = 'items'::regclass
    AND conkey = (SELECT ARRAY[attnum] FROM pg_attribute
        WHERE attrelid = 'items'::regclass AND attname = 'extra')"
if [ "$major" -ge 18 ]; then
    is "$(psql_p "$not_null")" 'n items_extra_not_null true' \
        'by one constraint, validated, called as the server would call it'
else
    is "$(psql_p "$not_null")" '' 'by itself: no constraint is left'
fi

# ---- what may be in an expression

if [ "$major" -ge 18 ]; then
    psql_p 'ALTER TABLE items ADD COLUMN seen int GENERATED ALWAYS AS (v * 2) VIRTUAL'
else
    psql_p 'ALTER TABLE items ADD COLUMN seen int GENERATED ALWAYS AS (v * 2) STORED'
fi
migration reads items <<'INI'
[column]
name = more
type = int
[backfill]
value = seen + 1
INI
run reads
is $? 4 'a generated column in the value is refused: the trigger would not see it'
like "$(cat "$work/reads.out")" 'reads seen, which is generated' 'saying so'
migration beside items <<'INI'
[column]
name = beside
type = int
not_null = yes
[backfill]
value = v + 1
INI
run beside
is $? 0 'one beside it does not matter' || show beside
is "$(psql_p 'SELECT count(*) FROM items WHERE beside = v + 1')" 60 'every row is right'

# ---- seats

if [ "$major" -ge 16 ]; then
    psql_p 'ALTER SYSTEM SET reserved_connections = 50'
    pg_primary_restart || bail_out 'the server did not come back'
    migration seats items <<'INI'
[column]
name = seats
type = int
[backfill]
value = v
INI
    newel plan "$work/seats.ini" >"$work/plan.out" 2>&1
    like "$(grep connections "$work/plan.out")" 'of 60 connections are taken' 'reserved seats are not free'
fi
done_testing
