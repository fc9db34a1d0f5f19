#!/bin/sh
# One column up the whole staircase, on a primary with a standby: what is there
# in the end, what the journal tells, and what the commands around it answer.
set -u
. "$SRCDIR/tests/integration/house.sh"
house_begin pair

psql_p "CREATE TABLE orders (id bigint PRIMARY KEY, country_code text, total numeric NOT NULL);
    INSERT INTO orders SELECT i, CASE WHEN i % 5 > 0 THEN 'c' || i % 40 END, i / 3.0
        FROM generate_series(1, 30000) i;
    ANALYZE orders"
migration region public.orders <<'INI'
[column]
name = region
type = text
default = 'unknown'
not_null = yes
[backfill]
value = upper(country_code)
where = country_code IS NOT NULL
[batch]
rows = 2000
INI
before=$(psql_p "SELECT md5(string_agg(o::text, ',' ORDER BY id)) FROM orders o")

gate() {
    newel gate region "$1" >"$work/gate.out" 2>&1
    echo $?
}
shape() {
    psql_p "SELECT a.attnotnull || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), 'none')
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = 'orders'::regclass AND a.attname = 'region' AND NOT a.attisdropped"
}

# ---- up to expand, and no further

is "$(gate expand)" 1 'before it has begun, a gate is closed'
newel gate --timeout 1s region expand >"$work/gate.out" 2>&1
is $? 1 'after a while it still is'
newel gate --timeout soon region expand >"$work/gate.out" 2>&1
is $? 2 'soon is no duration'
newel gate --timeout 60s --json region expand >"$work/waited.json" 2>&1 &
waiting=$!
run region --until expand
is $? 0 'it runs until expand' || show region
is "$(shape)" 'false none' 'the column is there, nullable and without a default'
is "$(filled orders region)" 0 'no row has a value yet'
is "$(gate expand)" 0 'the gate of expand is open'
wait "$waiting"
is $? 0 'who waited for it is let through'
like "$(cat "$work/waited.json")" '"gate":"open"' 'and told so'
is "$(gate sync)" 1 'the gate of sync is closed'
like "$(cat "$work/gate.out")" 't1: stands at expand, done' 'and says where it stands'
like "$(newel status region)" '^t1 .*public\.orders\.region +3/10 expand done' 'status tells the same'
first=$(journal region)

# ---- the rest

run region
is $? 0 'a second run takes it to the end' || show region
ok 'in a journal of its own' test "$first" != "$(journal region)"
is "$(psql_p "SELECT count(*) FROM orders WHERE region IS DISTINCT FROM
    CASE WHEN country_code IS NULL THEN 'unknown' ELSE upper(country_code) END")" 0 \
    'every row has its value, inside where and outside'
is "$(shape)" "true 'unknown'::text" 'NOT NULL and the default are there'
is "$(psql_p "SELECT md5(string_agg(md5((id, country_code, total)::text), ',' ORDER BY id)) =
    (SELECT md5(string_agg(md5((i, CASE WHEN i % 5 > 0 THEN 'c' || i % 40 END, i / 3.0)::text), ','
        ORDER BY i)) FROM generate_series(1::bigint, 30000) i) FROM orders")" t \
    'nothing else in the table has changed'
is "$(psql_p "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'orders'::regclass")" 0 \
    'no trigger is left'
is "$(psql_p "SELECT string_agg(proname, ' ') FROM pg_proc
    WHERE pronamespace = 'newel'::regnamespace")" ready 'no function but ready() is left'
is "$(psql_p "SELECT string_agg(conname, ' ') FROM pg_constraint
    WHERE conrelid = 'orders'::regclass AND contype <> 'n'")" orders_pkey 'no constraint is left'
psql_p "INSERT INTO orders (id, country_code, total) VALUES (30001, 'zz', 1)"
is "$(psql_p "SELECT region FROM orders WHERE id = 30001")" unknown \
    'afterwards a new row gets the default'
ok 'the standby has all of it' wait_for 10 pg_standby_caught_up
is "$(psql_s "SELECT count(*) FROM orders WHERE region IS NULL")" 0 'with every value'

# ---- the journal

for one in "$first" "$(journal region)"; do
    "$NEWEL" verify "$one" >"$work/verify.out" 2>&1
    is $? 0 "its chain holds: $(basename "$one")"
done
is "$(ask region "SELECT string_agg(DISTINCT e->>'phase', ' ') FROM j
        WHERE event = 'phase' AND e->>'state' = 'done' AND e->>'detail' IS NULL")" \
    'backfill compare constrain enforce finish sync verify' 'the second journal did the other seven'
is "$(ask region "SELECT string_agg(e->>'phase', ' ' ORDER BY seq) FROM j
        WHERE event = 'phase' AND e->>'state' = 'done'")" \
    'preflight baseline expand sync backfill verify constrain enforce compare finish' \
    'it tells all ten, in order'
is "$(ask region "SELECT sum((e->>'updated')::bigint) = max((e->>'rows_done')::bigint) AND
        max((e->>'fraction_ppm')::bigint) = 1000000 FROM j WHERE event = 'batch'")" t \
    'its batches add up to what it says is done'
is "$(ask region "SELECT sum((e->>'updated')::bigint) FROM j WHERE event = 'batch'")" 30000 \
    'each row was written once'
is "$(ask region "SELECT count(*) FROM j s WHERE event = 'statement' AND e->>'state' = 'done' AND
        NOT EXISTS (SELECT FROM j b WHERE b.seq < s.seq AND b.e->>'state' = 'begin' AND
        b.e->>'sql' = s.e->>'sql')")" 0 'every statement was in it before it ran'
is "$(ask region "SELECT e->>'detail' FROM j WHERE event = 'phase' AND e->>'phase' = 'verify' AND
    e->>'state' = 'running' AND e->>'detail' IS NOT NULL")" \
    "no row is left without its value (counted on t1/r1)" 'the standby counted what is left'
is "$(ask region "SELECT e->>'status' || ' ' || (e->>'why') FROM j WHERE event = 'end'")" '0 done' \
    'its end says done'
is "$(stat -c %a "$work/state" "$work/state/region" "$first" | tr '\n' ' ')" '700 700 600 ' \
    'folders 0700, journal 0600'

# ---- once more

checkpoint=$(psql_p "SELECT md5(string_agg(c::text, ',' ORDER BY lane)) FROM newel.checkpoint c")
values=$(psql_p "SELECT md5(string_agg(xmin || ' ' || ctid, ',' ORDER BY id)) FROM orders")
run region
is $? 0 'a third run has nothing to do'
like "$(cat "$work/region.out")" 'done' 'and says so'
is "$(psql_p "SELECT md5(string_agg(c::text, ',' ORDER BY lane)) FROM newel.checkpoint c")" \
    "$checkpoint" 'its checkpoints are as they were'
is "$(psql_p "SELECT md5(string_agg(xmin || ' ' || ctid, ',' ORDER BY id)) FROM orders")" "$values" \
    'and no row was touched'
ok 'it ran no statement' test "$(ask region "SELECT count(*) FROM j WHERE event = 'statement'")" = 0

# ---- who asks

is "$(gate finish)" 0 'the last gate is open'
is "$(psql_p "SELECT newel.ready('region', 'finish') AND newel.ready('region', 'backfill')")" t \
    'ready() in SQL agrees'
is "$(psql_p "SELECT newel.ready('other', 'preflight') OR newel.ready('region', 'nonsense')")" f \
    'and knows of no other'
newel status --json >"$work/status.json"
is "$(psql_p "SELECT s->0->>'target' || ' ' || (s->0->'migrations'->0->>'phase') || ' ' ||
        (s->0->'migrations'->0->>'state') || ' ' || (s->0->'migrations'->0->>'rows') || ' ' ||
        jsonb_array_length(s->0->'migrations'->0->'completed')
    FROM (SELECT '$(cat "$work/status.json")'::jsonb AS s) x")" 't1 finish done 30000 10' \
    'status --json counts rows and phases'
newel gate --json region finish >"$work/gate.json"
is "$(psql_p "SELECT '$(cat "$work/gate.json")'::jsonb->>'gate'")" open 'gate --json says open'
is "$(psql_p "SELECT count(*) > 5 AND bool_and(operator <> '') FROM newel.audit
    WHERE migration = 'region'")" t 'the audit trail names who did it'
pg_primary_stop immediate
is "$(gate finish)" 3 'when the server is down the gate cannot tell'
newel status region >"$work/status.out"
is $? 3 'nor can status'
like "$(cat "$work/status.out")" 'unreachable' 'which says so'
done_testing
