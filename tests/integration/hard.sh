#!/bin/sh
# Tables at their worst: names of newlines, quotes and emoji, keywords, keys of five columns,
# indexes that hold NULLs, values that read other tables or fail on one row, tables that are full
# of columns, and those that are refused. What keys.sh has is not repeated here.
set -u
. "$SRCDIR/tests/integration/house.sh"
house_begin primary

# walk ID TABLE: the rest of the migration on standard input
walk() {
    {
        cat
        printf '[batch]\nrows = 100\nmin = 20\nmax = 200\nlanes = 2\n'
    } | migration "$1" "$2"
    run "$1"
    is $? 0 "$1: it ends well" || show "$1"
}
# every ID TABLE CONDITION: it holds for each row, and there are rows
every() {
    is "$(psql_p "SELECT count(*) FILTER (WHERE $3) || ' of ' || count(*) FROM $2")" \
        "$(psql_p "SELECT count(*) || ' of ' || nullif(count(*), 0) FROM $2")" \
        "$1: every row is right" || diag "$(psql_p "SELECT * FROM $2 WHERE ($3) IS NOT TRUE LIMIT 3")"
}
left_behind() {
    psql_p "SELECT count(*) FROM pg_trigger WHERE tgrelid = '$1'::regclass AND NOT tgisinternal"
}
lf='
'

# ---- names

wild='"neu'$lf'es Haus".'
# shellcheck disable=SC1003,SC2016
wild=$wild'"a'$lf''\''b'\'' ""c"" `d` \e %s $1 -- /* 🧱"'
wild_sql=$(printf '%s' "$wild" | sed "s/'/''/g")
psql_p "CREATE SCHEMA \"neu${lf}es Haus\";
CREATE TABLE $wild (\"select\" bigint PRIMARY KEY, \"v${lf}\"\"🏗\" int);
INSERT INTO $wild SELECT i, i % 7 FROM generate_series(1, 3000) i;
CREATE TABLE \"table\" (\"user\" bigint PRIMARY KEY, \"order\" int, \"Order\" int);
INSERT INTO \"table\" SELECT i, i % 7, i FROM generate_series(1, 3000) i;
ANALYZE" || bail_out 'the tables could not be made'

# a value of several lines is continued by an indent
indented() {
    printf '%s' "$1" | sed '2,$s/^/    /'
}
wild_file() {
    cat <<INI
[column]
name = "group$lf    by 😀 ""x"" 'y' \\ %d"
type = text
not_null = yes
default = 'it''s\\n 🧱$lf    done'
[backfill]
value = 'w' || "v$lf    ""🏗"
where = "v$lf    ""🏗" > 2
new_rows = $1
INI
}
wild_column="\"group${lf}by 😀 \"\"x\"\" 'y' \\ %d\""
wild_file trigger >"$work/wild"
walk wild "$(indented "$wild")" <"$work/wild"
every wild "$wild" "$wild_column = CASE WHEN \"v${lf}\"\"🏗\" > 2 THEN 'w' || \"v${lf}\"\"🏗\"
    ELSE E'it''s\\\\n 🧱\\ndone' END"
is "$(left_behind "$wild_sql")" 0 'wild: no trigger is left'
newel verify "$(journal wild)" >"$work/verified"
is $? 0 'wild: its journal is whole'
like "$(newel review --dump 120x40 "$(journal wild)")" "column +group by 😀 \"x\" 'y' .* text NOT NULL" \
    'wild: a screen shows its name on one line'
psql_p "ALTER TABLE $wild DROP COLUMN $wild_column"
wild_file application >"$work/wild"
walk wild_keys "$(indented "$wild")" <"$work/wild"
is "$(psql_p "SELECT bool_and(cursor ~ '^\[') FROM newel.checkpoint WHERE migration = 'wild_keys'")" t \
    'wild_keys: along the key'
psql_p "ALTER TABLE $wild DROP COLUMN $wild_column"
wild_file trigger | migration wild_back "$(indented "$wild")"
run wild_back --until verify
detached wild_back
wait_for 20 said wild_back '"phase":"constrain","state":"asking"' || show wild_back
ok 'wild_back: its way back is confirmed by its name' newel ctl wild_back rollback constrain "$(psql_p \
    "SELECT attname FROM pg_attribute WHERE attrelid = '$wild_sql'::regclass AND attname LIKE 'group%'")"
ok 'wild_back: and gone' wait_for 20 gone "$engine" || show wild_back
is "$(psql_p "SELECT count(*) FROM pg_attribute WHERE attrelid = '$wild_sql'::regclass AND attname LIKE 'group%'") \
$(left_behind "$wild_sql")" '0 0' 'wild_back: nothing is left'

for new_rows in trigger application; do
    walk "keyword_$new_rows" '"table"' <<INI
[column]
name = select_$new_rows
type = bigint
[backfill]
value = "order" * 10 + "Order"
new_rows = $new_rows
INI
    every "keyword_$new_rows" '"table"' "select_$new_rows = \"order\" * 10 + \"Order\""
done
walk keyword table <<'INI'
[column]
name = select
type = bigint
[backfill]
value = "order"
INI
every keyword '"table"' '"select" = "order"'

# ---- keys

psql_p "CREATE TYPE mood AS ENUM ('zornig', 'froh', 'Ärger');
CREATE TABLE five (a numeric, b timestamptz, c bytea, d mood, e inet, v int, PRIMARY KEY (d, a, b, e, c));
INSERT INTO five SELECT (ARRAY['NaN', '-0.5', '1e20', '7', '-1e-9'])[1 + i % 5]::numeric,
    (ARRAY['-infinity', 'infinity', '2026-03-29 01:59:59.999999+01'])[1 + i % 3]::timestamptz,
    decode(lpad(to_hex(i), 8, '0'), 'hex'), (enum_range(NULL::mood))[1 + i % 3],
    ('10.0.' || i % 200 || '.0/24')::inet, i % 7 FROM generate_series(1, 3000) i;
CREATE TABLE uuid4 (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), v int);
INSERT INTO uuid4 (v) SELECT i % 7 FROM generate_series(1, 3000) i;
CREATE TABLE gaps (id bigint PRIMARY KEY, v int);
INSERT INTO gaps SELECT i * 1000000000000 * (i % 2 * 2 - 1), i % 7 FROM generate_series(1, 3000) i;
CREATE TABLE nulls (id bigint UNIQUE, v int);
INSERT INTO nulls SELECT CASE i % 4 WHEN 0 THEN NULL ELSE i END, i % 7 FROM generate_series(1, 3000) i;
CREATE TABLE reversed (id bigint, v int, PRIMARY KEY (id) INCLUDE (v));
INSERT INTO reversed SELECT -i, i % 7 FROM generate_series(1, 3000) i;
ANALYZE" || bail_out 'the tables with keys could not be made'
for table in five uuid4 gaps reversed; do
    walk "$table" "$table" <<'INI'
[column]
name = extra
type = bigint
not_null = yes
[backfill]
value = v * 10
new_rows = application
INI
    every "$table" "$table" 'extra = v * 10'
    is "$(psql_p "SELECT bool_and(cursor ~ '^\[') FROM newel.checkpoint WHERE migration = '$table'")" t \
        "$table: along the key"
done
ok 'gaps: passed in batches of rows, however far apart they are' between \
    "SELECT sum(batches) FROM newel.checkpoint WHERE migration = 'gaps'" 15 200
printf '[column]\nname = extra\ntype = bigint\n[backfill]\nvalue = v * 10\nnew_rows = application\n' |
    migration nulls nulls
run nulls
is $? 4 'nulls: a unique index with NULLs is no key to walk along'
like "$(cat "$work/nulls.out")" 'primary key' 'nulls: saying so'
if [ "$(version)" -ge 140000 ]; then
    walk nulls_blocks nulls <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = v * 10
INI
    every nulls_blocks nulls 'extra = v * 10'
fi

# ---- values

psql_p "CREATE TABLE country (code int PRIMARY KEY, region text);
INSERT INTO country SELECT i, 'region ' || i FROM generate_series(0, 6) i;
CREATE TABLE customers (id bigint PRIMARY KEY, code int);
INSERT INTO customers SELECT i, i % 8 FROM generate_series(1, 3000) i;
CREATE TABLE fails (id bigint PRIMARY KEY, v text);
INSERT INTO fails SELECT i, i::text FROM generate_series(1, 3000) i;
UPDATE fails SET v = 'drei' WHERE id = 2500;
CREATE FUNCTION as_number(t text) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS
    'BEGIN RETURN t::bigint; EXCEPTION WHEN OTHERS THEN RAISE EXCEPTION ''no number: %'', t; END';
ANALYZE" || bail_out 'the tables for values could not be made'

walk subquery customers <<'INI'
[column]
name = region
type = text
not_null = yes
default = 'none'
[backfill]
value = (SELECT c.region FROM country c WHERE c.code = customers.code)
where = EXISTS (SELECT FROM country c WHERE c.code = customers.code)
INI
every subquery customers "region = CASE code WHEN 7 THEN 'none' ELSE 'region ' || code END"
printf '[column]\nname = n\ntype = bigint\nnot_null = yes\n[backfill]\nvalue = as_number(v)\n[batch]\nrows = 100\nmin = 20\nmax = 200\n' |
    migration fails fails
run fails
is $? 4 'fails: a row that has no value stops it'
like "$(cat "$work/fails.out")" 'no number: drei' 'fails: with the words of the function'
like "$(cat "$work/fails.out")" 'P0001' 'fails: and its code'
like "$(cat "$work/fails.out")" '"id"=2500|id = 2500|\(2500\)' 'fails: and the row' || show fails 40
psql_p "UPDATE fails SET v = '3' WHERE id = 2500"
run fails
is $? 0 'fails: with the row mended it goes on' || show fails
every fails fails 'n = as_number(v)'

# what the value does on a row must never keep the application from writing it
psql_p "CREATE TABLE region (code int, name text);
CREATE TABLE written (id bigint PRIMARY KEY, code int, v text);
CREATE FUNCTION refuses(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
    'BEGIN ASSERT t <> ''bad'', ''not this one''; RETURN upper(t); END';
INSERT INTO region SELECT i, 'r' || i FROM generate_series(0, 6) i;
INSERT INTO written SELECT i, i % 7, 'ok' FROM generate_series(1, 500) i" || bail_out 'written could not be made'
migration written written <<'INI'
[column]
name = extra
type = text
not_null = yes
[backfill]
value = (SELECT r.name FROM region r WHERE r.code = written.code) || refuses(v)
INI
run written --until backfill
is $? 0 'written: as far as the backfill' || show written
psql_p "INSERT INTO region VALUES (99, 'a'), (99, 'b')"
is "$(psql_p "INSERT INTO written VALUES (501, 99, 'ok'), (502, 1, 'bad'), (503, 1, 'fine')
    RETURNING id || coalesce(extra, ' none')" 2>&1 | tr '\n' ' ')" '501 none 502 none 503r1FINE ' \
    'written: rows whose value fails are written without it'
is "$(psql_p "UPDATE written SET code = 99 WHERE id = 7 RETURNING id" 2>&1)" 7 'written: and so are updates'
run written
is $? 4 'written: verify stops at them'
like "$(cat "$work/written.out")" '[0-9] rows are left without their value' 'written: and counts them' || show written

# ---- tables that are full, or none of ours

psql_p "DO \$\$ BEGIN
    EXECUTE (SELECT 'CREATE TABLE full_1598 (id int PRIMARY KEY, ' || string_agg('c' || i || ' bool', ', ')
        || ')' FROM generate_series(2, 1598) i);
    EXECUTE (SELECT 'CREATE TABLE full_1600 (id int PRIMARY KEY, ' || string_agg('c' || i || ' bool', ', ')
        || ')' FROM generate_series(2, 1600) i);
END \$\$;
INSERT INTO full_1598 (id) SELECT generate_series(1, 500);
CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY);
CREATE VIEW a_view AS SELECT * FROM country;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM country;
CREATE SEQUENCE counter;
CREATE TYPE pair AS (a int, b int)" || bail_out 'the tables of all kinds could not be made'
printf '[column]\nname = extra\ntype = int\n[backfill]\nvalue = id\n' >"$work/plain"
walk full full_1598 <"$work/plain"
every full full_1598 'extra = id'

# refused ID TABLE WHY
refused() {
    migration "$1" "$2" <"$work/plain"
    run "$1"
    is $? 4 "$1: it is refused" || show "$1"
    like "$(tr -s ' \n' '  ' <"$work/$1.out")" "$3" "$1: saying why"
    is "$(psql_p "SELECT count(*) FROM newel.migration WHERE id = '$1' AND phase NOT IN ('preflight', 'baseline')")" 0 \
        "$1: before anything was begun"
}
refused full_up full_1600 '1600 of 1600 columns'
refused unlogged unlogged 'a crash empties it'
refused view a_view 'view'
refused matview kept 'materialized view'
refused sequence counter 'sequence'
refused type pair 'type'
refused catalog pg_catalog.pg_class 'belongs to the server itself'
refused schema information_schema.sql_features 'belongs to the server itself|there is no table'
refused toast "pg_toast.$(psql_p "SELECT reltoastrelid::regclass FROM pg_class WHERE relname = 'customers'" | sed 's/.*\.//')" 'belongs to the server itself'
refused temp pg_temp.mine 'no table|temporary'
refused own newel.migration 'belongs to newel itself'
done_testing
