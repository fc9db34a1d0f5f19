# Plans before and after, and who still knows the old shape, as ../plans_pg.sh has it: what is
# noted, compared and measured; what a regression does; and enforce, which waits until the last
# session from before the column has left.
# shellcheck shell=sh
set -u
MY_EXTRA_CNF=$(mktemp /tmp/ni.XXXXXX)
# MariaDB leaves it off unless asked
printf 'performance_schema = ON\nperformance-schema-instrument = "statement/%%=ON"\n' >"$MY_EXTRA_CNF"
# shellcheck source=tests/integration/my/lib.sh
. "$SRCDIR/tests/integration/my/lib.sh"
house_begin "$FLAVOUR" primary
rm -f "$MY_EXTRA_CNF"

numbers
sql_p "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL, note varchar(60),
        KEY orders_customer (customer_id));
    INSERT INTO orders SELECT n, n % 2000, REPEAT('x', 40) FROM numbers WHERE n < 20000;
    CREATE TABLE other (id int);
    CREATE FUNCTION pace() RETURNS int NOT DETERMINISTIC READS SQL DATA RETURN 1;
    ANALYZE TABLE orders;
    TRUNCATE performance_schema.events_statements_summary_by_digest" >/dev/null
# calls N SQL: so many of it, in one session
calls() {
    calls_left=$1
    while [ "$calls_left" -gt 0 ]; do
        echo "$2;"
        calls_left=$((calls_left - 1))
    done | "$MY_CLIENT" --no-defaults -u root -S "$MY_PRIMARY_SOCKET" -N -B -D shop >/dev/null
}
calls 30 'SELECT * FROM orders WHERE customer_id = 7'
calls 25 "SELECT count(*) FROM orders o WHERE note > 'y' OR id = 3"
calls 2 "INSERT IGNORE INTO orders VALUES (5, 5, 'there')"
calls 25 'SELECT id FROM orders WHERE id = 9 AND pace() > 0'
calls 5 'SELECT id FROM other'

file() {
    {
        printf '[column]\nname = %s\ntype = varchar(60)\n[backfill]\nvalue = note\n' "$1"
        printf '[query customer]\nsql = SELECT * FROM orders WHERE customer_id = 42\n'
        cat
    } | migration "$1" orders
}
# plans ID SQL CONDITION: of the watched queries and the others
plans() {
    ask "$1" "SELECT $2 FROM j WHERE event = 'plan' AND $(field of) = 'query' AND ($3)"
}
customer="$(field query) = 'customer'"

# ---- all is well

file region <<'INI'
[health]
max_plan_cost_ratio = 3
on_regression = stop
INI
run region
is $? 0 'a migration that changes no plan goes to its end, with on_regression = stop' || show region
is "$(plans region "GROUP_CONCAT(CONCAT_WS(' ', $(field when), $(field phase), $(field verdict))
        ORDER BY seq)" "$customer")" \
    'before,after expand same,after enforce same,after compare same,after finish same' \
    'the plan of the watched query is captured before, and behind four phases'
is "$(plans region "$(field calls), $(field mean_us) > 0" "$customer AND $(field when) = 'before'")" \
    '30	1' 'its calls are found, though the server keeps them without their constants'
tops="$(field top) = 'true' AND $(field when) = 'before'"
if [ "$FLAVOUR" = mysql ]; then
    like "$(plans region "$(field text)" "$tops AND $(field sql) LIKE '%note > ''y''%'")" \
        'query_(plan|block)' 'the dearest statements are planned as they were called last'
else
    like "$(plans region "$(field error)" "$tops AND $(field sql) LIKE '%note%'" | tail -n 1)" \
        'keeps no call of it with its constants' \
        'the dearest statements have no plan where the server keeps no constants, and that is said'
fi
is "$(plans region "count(*)" "$(field top) = 'true' AND $(field sql) REGEXP 'other|newel'")" 0 \
    'of no other table, and none of newel'
is "$(ask region "SELECT count(*) FROM j WHERE $(field code) IN ('plan-regression',
    'latency-regression')")" 0 'and nothing is said to have got worse'
alarm=$(ask region "SELECT $(field text) FROM j WHERE $(field code) = 'column-noticed'")
like "$alarm" 'SELECT \* FROM .*\(30 calls\)' 'statements that notice the column are named, with how often'
like "$alarm" 'INSERT .*INTO .*\(2 calls\).*1136' 'an INSERT without columns would fail, and is one of them'

# ---- a plan that got worse

broken() {
    file "$1" <<INI
[health]
max_plan_cost_ratio = 3
on_regression = $2
INI
    run "$1" --until baseline
    is $? 0 "$1: noted" || show "$1"
    sql_p 'ALTER TABLE orders DROP KEY orders_customer'
}
mended() {
    sql_p 'ALTER TABLE orders ADD KEY orders_customer (customer_id); ANALYZE TABLE orders' >/dev/null
}
standing() {
    sql_p "SELECT CONCAT(phase, ' ', state) FROM newel.migration WHERE id = '$1'"
}

broken halted stop
run halted
is $? 4 'with on_regression = stop the phase fails' || show halted
like "$(cat "$work/halted.out")" \
    'orders: (Index lookup|ref) using orders_customer -> (Table scan|full scan .ALL.); .*cost [0-9.]+ -> [0-9]+ ' \
    'and says what changed, in words'
is "$(standing halted)" 'expand failed' 'it stands at the phase that was to blame'
is "$(plans halted "$(field verdict)" "$customer AND $(field when) = 'after'")" worse \
    'the journal has the verdict'
mended
run halted
is $? 0 'with the index back it goes on, to the end' || show halted

broken back rollback
run back
is $? 4 'with on_regression = rollback it ends as a failed phase does' || show back
like "$(cat "$work/back.out")" 'was rolled back: customer: ' 'and says why'
is "$(sql_p "SELECT count(*) FROM information_schema.columns WHERE table_name = 'orders'
    AND column_name = 'back'") $(standing back)" '0 expand undone' 'the column is gone again'
mended

# ---- time that got longer

file slow <<'INI'
[query paced]
sql = SELECT id FROM orders WHERE id = 1 AND pace() > 0
[health]
max_p99_ratio = 5
INI
run slow --until baseline
sql_p 'DROP FUNCTION pace;
    CREATE FUNCTION pace() RETURNS int NOT DETERMINISTIC READS SQL DATA RETURN 1 + SLEEP(0.02)'
calls 22 'SELECT id FROM orders WHERE id = 9 AND pace() > 0'
run slow
is $? 0 'a query that takes longer is an alarm and no more, unless asked for' || show slow
like "$(ask slow "SELECT $(field text) FROM j WHERE $(field code) = 'latency-regression' LIMIT 1")" \
    'query paced takes longer: mean .* ms -> 2[0-9.]* ms .*over 22 calls since the baseline' \
    'which says by how much'

# ---- sessions from before the column

hold oldapp 'SELECT 1; COMMIT; PREPARE mine FROM "SELECT * FROM orders WHERE id = ?"'
file settled <<'INI'
[clients]
require = none
INI
detached settled --yes
waits() { said "$1" '"phase":"enforce","state":"waiting","detail":"waits for 1 session from before the column: '; }
ok 'with require = none enforce waits for the last old session' wait_for 30 waits settled
newel attach --dump 120x30 --screen overview settled >"$work/screen" 2>&1
like "$(cat "$work/screen")" 'WAITING for 1 session from before the column' 'the console says so'
ok 'it is counted, with what it has prepared' said settled '"stale":1,"prepared":1'
release oldapp
ok 'when the session has left it goes on, to its end' wait_for 30 gone "$engine"
is "$(standing settled)" 'finish done' 'all of it'

hold late 'SELECT 1; COMMIT'
file waived <<'INI'
[clients]
require = none
INI
detached waived --yes
ok 'another one waits' wait_for 30 waits waived
ok 'until the operator lets the session pass' \
    newel ctl waived override 'clients for 1h a client that somebody forgot'
ok 'then it goes on' wait_for 30 gone "$engine"
ok 'and warns of whom it left behind' said waived '"code":"clients-stale"'
release late
done_testing
