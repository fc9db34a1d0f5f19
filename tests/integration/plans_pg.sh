#!/bin/sh
# Plans before and after, and who still knows the old shape, on PostgreSQL with
# pg_stat_statements: what is noted, compared and measured; what a regression does; and
# enforce, which waits until the last session from before the column has left.
set -u
. "$SRCDIR/tests/integration/house.sh"
pg_find || plan_skip 'no PostgreSQL server is installed'
[ -e "$PG_BIN/../lib/pg_stat_statements.so" ] ||
    [ -e "$PG_BIN/../lib/postgresql/pg_stat_statements.so" ] ||
    plan_skip 'pg_stat_statements is not installed'
PG_EXTRA_CONF=$(mktemp /tmp/ni.XXXXXX)
echo 'shared_preload_libraries = pg_stat_statements' >"$PG_EXTRA_CONF"
house_begin primary
rm -f "$PG_EXTRA_CONF"

psql_p "CREATE EXTENSION pg_stat_statements;
    CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL, note text);
    INSERT INTO orders SELECT i, i % 2000, repeat('x', 40) FROM generate_series(1, 20000) i;
    CREATE INDEX orders_customer ON orders (customer_id);
    CREATE TABLE other (id int);
    CREATE FUNCTION pace() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
    ANALYZE;
    SELECT pg_stat_statements_reset()" >/dev/null
# calls N SQL: so many of it, in one session
calls() {
    calls_left=$1
    while [ "$calls_left" -gt 0 ]; do
        echo "$2;"
        calls_left=$((calls_left - 1))
    done | "$PG_BIN/psql" -XAtq -d "$PRIMARY_DSN application_name=shop" >/dev/null
}
calls 30 'SELECT * FROM orders WHERE customer_id = 7'
calls 25 "SELECT count(*) FROM orders o WHERE note > 'y' OR id = 3"
calls 3 'UPDATE orders SET note = note WHERE id = 5 RETURNING *'
calls 2 'INSERT INTO orders SELECT 900001, 1 WHERE false'
calls 5 'SELECT id FROM other'
calls 25 'SELECT id FROM orders WHERE id = 9 AND pace() > 0'

# A column on `orders` with the rest of the file from standard input.
file() {
    {
        printf '[column]\nname = %s\ntype = text\n[backfill]\nvalue = note\n' "$1"
        printf '[query customer]\nsql = SELECT * FROM orders WHERE customer_id = 42\n'
        cat
    } | migration "$1" public.orders
}
plans() {
    ask "$1" "SELECT $2 FROM j WHERE event = 'plan' AND e->>'of' = 'query' AND ($3)"
}

# ---- all is well

# before 14 the backfill leaves the table twice as long, and the planner sees that
file region <<'INI'
[health]
max_plan_cost_ratio = 5
on_regression = stop
INI
run region
is $? 0 'a migration that changes no plan goes to its end, with on_regression = stop' || show region
is "$(plans region "string_agg(e->>'when' || ' ' || coalesce(e->>'phase', '') || ' ' ||
        coalesce(e->>'verdict', ''), ',' ORDER BY seq)" "e->>'query' = 'customer'")" \
    'before  ,after expand same,after enforce same,after compare same,after finish same' \
    'the plan of the watched query is captured before, and behind four phases'
is "$(plans region "(e->>'calls') || ' ' || ((e->>'mean_us')::float > 0)" \
    "e->>'when' = 'before' AND e->>'query' = 'customer'")" '30 true' \
    'its calls are found, though the server keeps them without their constants'
like "$(plans region "string_agg(e->>'sql', '; ')" "e->>'when' = 'before' AND (e->>'top')::bool")" \
    'note > .1 OR id = .2' 'the dearest statements of the table are captured, too'
is "$(plans region "count(*)" "(e->>'top')::bool AND (e->>'sql' ~ 'other|newel' OR
    NOT coalesce(e->>'text', '') ~ 'Plan')")" 0 'of no other table, none of newel, each with a plan'
is "$(ask region "SELECT count(*) FROM j WHERE e->>'code' IN ('plan-regression',
    'latency-regression', 'plan-unknown')")" 0 'and nothing is said to have got worse'
is "$(ask region "SELECT string_agg(DISTINCT s->>'why', ', ' ORDER BY s->>'why') FROM j,
    jsonb_array_elements(e->'statements') s WHERE event = 'clients'")" \
    'INSERT without columns, RETURNING *, SELECT *' 'statements that notice the column are named'
is "$(ask region "SELECT DISTINCT s->>'calls' FROM j, jsonb_array_elements(e->'statements') s
    WHERE event = 'clients' AND s->>'text' LIKE 'SELECT *%customer_id%'")" 30 'with how often'

# ---- a plan that got worse

# broken ID ACTION: begins ID, and takes the index away behind its baseline
broken() {
    file "$1" <<INI
[health]
max_plan_cost_ratio = 2
on_regression = $2
INI
    run "$1" --until baseline
    is $? 0 "$1: noted" || show "$1"
    psql_p 'DROP INDEX orders_customer'
}
mended() {
    psql_p 'CREATE INDEX orders_customer ON orders (customer_id); ANALYZE orders'
}
has() {
    psql_p "SELECT count(*) FROM pg_attribute WHERE attrelid = 'orders'::regclass
        AND attname = '$1' AND NOT attisdropped"
}
standing() {
    psql_p "SELECT phase || ' ' || state FROM newel.migration WHERE id = '$1'"
}

broken halted stop
run halted
is $? 4 'with on_regression = stop the phase fails' || show halted
like "$(cat "$work/halted.out")" 'orders: (Bitmap Heap|Index) Scan using orders_customer -> Seq Scan; .*cost [0-9.]+ -> [0-9]+ ' \
    'and says what changed, in words'
is "$(standing halted)" 'expand failed' 'it stands at the phase that was to blame'
is "$(plans halted "e->>'verdict'" "e->>'when' = 'after' AND e->>'query' = 'customer'")" worse \
    'the journal has the verdict'
like "$("$NEWEL" review "$(journal halted)" --at +1h --dump 120x30 --screen plans)" 'customer +WORSE' \
    'and so has the screen'
mended
run halted
is $? 0 'with the index back it goes on, to the end' || show halted
is "$(plans halted "count(*)" "e->>'when' = 'before' AND e->>'query' = 'customer'")" 1 \
    'the next journal has the baseline, too'

broken back rollback
run back
is $? 4 'with on_regression = rollback it ends as a failed phase does' || show back
like "$(cat "$work/back.out")" 'was rolled back: customer: orders: ' 'and says why'
is "$(has back) $(standing back)" '0 expand undone' 'the column is gone again'

file waved <<'INI'
[health]
on_regression = stop
INI
mended
run waved --until baseline
psql_p 'DROP INDEX orders_customer'
detached waved --yes
failed() { [ "$(standing "$1")" = 'expand failed' ]; }
ok 'an engine that somebody can attend to stands still' wait_for 20 failed waved
ok 'an operator lets it pass, with a reason' \
    newel ctl waved override 'plans for 1h the index is being built anew'
ok 'and tries again' newel ctl waved step expand
ok 'it goes on to its end' wait_for 30 gone "$engine"
is "$(has waved) $(standing waved)" '1 finish done' 'with the column'
ok 'and a word in the journal' said waved plans-waived
mended

# ---- time that got longer

file slow <<'INI'
[query paced]
sql = SELECT id FROM orders WHERE id = 1 AND pace() > 0
[health]
max_p99_ratio = 5
INI
run slow --until baseline
psql_p "CREATE OR REPLACE FUNCTION pace() RETURNS int LANGUAGE plpgsql STABLE
    AS 'BEGIN PERFORM pg_sleep(0.01); RETURN 1; END'"
calls 22 'SELECT id FROM orders WHERE id = 9 AND pace() > 0'
run slow
is $? 0 'a query that takes longer is an alarm and no more, unless asked for' || show slow
like "$(ask slow "SELECT e->>'text' FROM j WHERE e->>'code' = 'latency-regression' LIMIT 1")" \
    'query paced takes longer: mean .* ms -> 1[0-9.]* ms \(.*x, limit 5x\) over 22 calls since the baseline' \
    'which says by how much'

# ---- sessions from before the column

# stays NAME: a session that is there until its file is gone
stays() {
    mkfifo "$work/$1.in"
    "$PG_BIN/psql" -XAtq -d "$PRIMARY_DSN application_name=$1" <"$work/$1.in" >"$work/$1.out" 2>&1 &
    background="$background $!"
    {
        # shellcheck disable=SC2016
        echo 'PREPARE mine AS SELECT * FROM orders WHERE id = $1; EXECUTE mine(1);'
        while [ ! -e "$work/$1.go" ]; do sleep 0.05; done
        echo 'EXECUTE mine(1);'
    } >"$work/$1.in" &
    background="$background $!"
    wait_for 10 test -s "$work/$1.out"
}
stays oldapp
file settled <<'INI'
[clients]
require = none
INI
detached settled --yes
waits() { said "$1" '"phase":"enforce","state":"waiting","detail":"waits for .*1 session from before the column: oldapp'; }
ok 'with require = none enforce waits for the last old session, and names it' wait_for 30 waits settled
newel attach --dump 120x30 --screen overview settled >"$work/screen" 2>&1
like "$(cat "$work/screen")" 'WAITING for 1 session from before the column: oldapp' 'the console says so'
ok 'it is counted meanwhile' said settled '"app":"oldapp",.*"stale":1'
touch "$work/oldapp.go"
ok 'when the session has left it goes on, to its end' wait_for 30 gone "$engine"
is "$(standing settled)" 'finish done' 'all of it'
like "$(cat "$work/oldapp.out")" 'cached plan must not change result type' \
    'the old session was one of those that it warned of'
is "$(ask settled "SELECT sum((c->>'stale')::int) FROM (SELECT e FROM j WHERE event = 'clients'
    ORDER BY seq DESC LIMIT 1) l, jsonb_array_elements(l.e->'rows') c" | sed 's/^$/0/')" 0 \
    'the last count is none'

stays lateapp
file waived <<'INI'
[clients]
require = none
INI
detached waived --yes
late() { said waived '"state":"waiting","detail":"waits for .*lateapp'; }
ok 'another one waits' wait_for 30 late
ok 'until the operator lets the session pass' \
    newel ctl waived override 'clients for 1h a psql that somebody forgot'
ok 'then it goes on' wait_for 30 gone "$engine"
ok 'and warns of whom it left behind' said waived '"code":"clients-stale".*lateapp'
touch "$work/lateapp.go"
done_testing
