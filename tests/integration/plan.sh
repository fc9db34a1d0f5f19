#!/bin/sh
# newel plan: every phase with its SQL and its way back, nothing changed; and what
# it prints is what the server then runs.
set -u
. "$SRCDIR/tests/integration/house.sh"
house_begin primary

psql_p "CREATE TABLE orders (id bigint PRIMARY KEY, country_code text);
    INSERT INTO orders SELECT i, 'c' || i % 40 FROM generate_series(1, 5000) i;
    ANALYZE orders"
migration region public.orders <<'INI'
[column]
name = region
type = text
default = 'unknown'
not_null = yes
[backfill]
value = upper(country_code)
[query checkout]
sql = SELECT * FROM orders WHERE id = 42
INI
schema() {
    "$PG_BIN/pg_dump" --schema-only -d "$PRIMARY_DSN" | grep -v restrict
}
# what has been written to any table, and how often
writes() {
    psql_p "SELECT pg_stat_force_next_flush()" >/dev/null 2>&1
    psql_p "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"
    psql_p "SELECT pg_current_xact_id_if_assigned() IS NULL, txid_current_snapshot()::text"
    psql_p "SELECT md5(string_agg(oid || ' ' || relname || ' ' || relfilenode, ',' ORDER BY oid))
        FROM pg_class"
}

# ---- it prints

psql_p 'SELECT pg_stat_clear_snapshot()' >/dev/null
# until 14 a server counts some time after the fact
wait_for 10 between "SELECT sum(n_tup_ins) FROM pg_stat_user_tables" 5000 5000
schema >"$work/schema.before"
writes >"$work/writes.before"
newel plan "$work/region.ini" >"$work/plan.out" 2>"$work/plan.err"
is $? 0 'plan finds nothing in the way' || diag "$(cat "$work/plan.err")"
for phase in preflight baseline expand sync backfill verify constrain enforce compare finish; do
    like "$(cat "$work/plan.out")" "(^| )$phase" "it tells of $phase"
done
# a constraint that 18 has validated is the column's NOT NULL
enforced='SET NOT NULL' unenforced='DROP NOT NULL ' locked=5
if [ "$(version)" -ge 180000 ]; then
    enforced='ADD CONSTRAINT "orders_region_not_null" NOT NULL' unenforced='' locked=4
fi
for words in 'ALTER TABLE public.orders ADD COLUMN "region" text' \
    'ALTER TABLE public.orders DROP COLUMN IF EXISTS "region"' 'ACCESS EXCLUSIVE on public.orders' \
    'CREATE TRIGGER' 'SHARE ROW EXCLUSIVE on public.orders' 'UPDATE public.orders SET "region"' \
    'NOT VALID' 'VALIDATE CONSTRAINT' "$enforced" "SET DEFAULT 'unknown'" 'DROP TRIGGER' \
    'EXPLAIN' 'lock_timeout \(300ms\)' 'estimate: '; do
    like "$(cat "$work/plan.out")" "$words" "... and says: $words"
done

# ---- it changes nothing

schema >"$work/schema.after"
writes >"$work/writes.after"
ok 'the schema is the same' cmp -s "$work/schema.before" "$work/schema.after"
ok 'no table was written, no transaction had an id' cmp -s "$work/writes.before" "$work/writes.after" ||
    diag "$(diff "$work/writes.before" "$work/writes.after")"
ok 'no file of newel was made' test ! -e "$work/state"
newel plan --rollback "$work/region.ini" >"$work/plan.back" 2>&1
is $? 0 'the way back is rehearsed'
# the statements, in their order: what was done last goes first
is "$(grep -oE 'DROP NOT NULL|DROP DEFAULT|DROP CONSTRAINT|DROP TRIGGER|DROP FUNCTION|DROP COLUMN' \
    "$work/plan.back" | uniq | tr '\n' ' ')" \
    "DROP DEFAULT ${unenforced}DROP CONSTRAINT DROP TRIGGER DROP FUNCTION DROP COLUMN " \
    'last things first'
is "$(grep -c 'lock  *ACCESS EXCLUSIVE on public.orders' "$work/plan.back")" "$locked" 'each with its lock'
like "$(cat "$work/plan.back")" 'loses +the column and all that was written to it' \
    'and with what is lost'
newel plan -v "$work/region.ini" >"$work/plan.more" 2>&1
is $? 0 'plan -v'
like "$(cat "$work/plan.more")" 'stops over +max_lag [0-9]' 'shows the limits too'
like "$(cat "$work/plan.more")" 'lock_timeout [0-9]+ms, at most' 'and the timeouts'
newel plan "$work/region.ini" >"$work/plan.again" 2>&1
# what is free on the disk is others' doing, and what a row costs as well
is "$(grep -v 'free at\|a row' "$work/plan.again")" "$(grep -v 'free at\|a row' "$work/plan.out")" \
    'it says the same again'

# ---- what it prints is what runs

psql_p "ALTER SYSTEM SET log_statement = 'ddl'"
psql_p "ALTER SYSTEM SET log_min_messages = 'log'"
psql_p 'SELECT pg_reload_conf()' >/dev/null
wait_for 5 between "SELECT (current_setting('log_statement') = 'ddl')::int" 1 1
: >"$work/mark"
lines=$(wc -l <"$PG_DIR/primary.log")
run region
is $? 0 'it runs' || show region
# The log has statements of several lines with a tab before each further one. What
# counts is the words: one blank between any two.
words() {
    tr -s ' \t\n' ' '
}
plan_words=$(words <"$work/plan.out")
tail -n "+$((lines + 1))" "$PG_DIR/primary.log" |
    awk '/^\t/ { if (on) text = text " " $0; next }
        { if (on) print text; on = 0 }
        /LOG:  statement: / { sub(/.*LOG:  statement: /, ""); text = $0; on = 1 }
        END { if (on) print text }' >"$work/ran"
count=0
missing=0
while read -r line; do
    # preflight tries the type on a temporary copy, and rolls that back
    case $line in
    "CREATE TEMP "* | "ALTER TABLE pg_temp."*) continue ;;
    esac
    count=$((count + 1))
    statement=$(printf '%s' "$line" | words)
    case $plan_words in
    *"$statement"*) ;;
    *)
        missing=$((missing + 1))
        diag "not in the plan: $statement"
        ;;
    esac
done <"$work/ran"
is "$missing" 0 "every DDL that the server has logged was in the plan ($count statements)"
ok 'there were enough of them' test "$count" -ge 8
is "$(ask region "SELECT count(*) FROM j WHERE event = 'statement' AND e->>'state' = 'done'")" \
    "$(ask region "SELECT count(DISTINCT e->>'sql') FROM j WHERE event = 'statement'
        AND e->>'state' = 'done'")" 'each ran once'

# ---- when it may not

migration taken public.orders <<'INI'
[column]
name = country_code
type = text
[backfill]
value = 'x'
INI
newel plan "$work/taken.ini" >"$work/plan.out" 2>&1
is $? 1 'a check that would stop it: exit 1'
like "$(cat "$work/plan.out")" 'already has a column country_code' 'and the plan says which'
done_testing
