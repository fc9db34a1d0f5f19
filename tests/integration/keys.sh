#!/bin/sh
# Every kind of primary key, every kind of new_rows, by blocks and by keys, with an
# application that writes meanwhile: row by row, every value is right, and none
# of the application's own is overwritten.
set -u
. "$SRCDIR/tests/integration/house.sh"
house_begin primary

# walk ID TABLE: the rest of the migration on standard input
walk() {
    {
        cat <<'INI'
[batch]
rows = 100
min = 20
max = 200
lanes = 2
INI
        cat
    } | migration "$1" "$2"
    run "$1"
    is $? 0 "$1: it ends well" || show "$1"
}
# right ID TABLE EXPRESSION: each row has what the expression gives
right() {
    is "$(psql_p "SELECT count(*) FILTER (WHERE extra IS NOT DISTINCT FROM ($3)) || ' of ' ||
            count(*) FROM $2")" "$(psql_p "SELECT count(*) || ' of ' || count(*) FROM $2")" \
        "$1: every row is right"
    is "$(psql_p "SELECT sum(rows) FROM newel.checkpoint WHERE migration = '$1'")" \
        "$(psql_p "SELECT count(*) FROM $2")" "$1: and was written once"
}
order() {
    psql_p "SELECT cursor ~ '^\[' FROM newel.checkpoint WHERE migration = '$1' ORDER BY lane LIMIT 1"
}

# ---- keys, walked along: application and default

psql_p "
CREATE TABLE k_bigint (id bigint PRIMARY KEY, v int);
INSERT INTO k_bigint SELECT i, i % 7 FROM generate_series(1, 3000) i;
CREATE TABLE k_sparse (id bigint PRIMARY KEY, v int);
INSERT INTO k_sparse SELECT (i - 1500) * 6148914691236, i % 7 FROM generate_series(1, 3000) i;
INSERT INTO k_sparse VALUES (-9223372036854775808, 1), (9223372036854775807, 2), (0, 3)
    ON CONFLICT DO NOTHING;
CREATE TABLE k_uuid (id uuid PRIMARY KEY, v int);
INSERT INTO k_uuid SELECT md5(i::text)::uuid, i % 7 FROM generate_series(1, 3000) i;
CREATE TABLE k_text (id text PRIMARY KEY, v int);
INSERT INTO k_text SELECT chr(65 + i % 26 + 32 * (i % 2)) || repeat('ä', i % 3) || i ||
    (ARRAY['''', '\"', E'\\\\', ' ', '\$1', '[', E'\\n', 'ß'])[1 + i % 8], i % 7
    FROM generate_series(1, 3000) i;
INSERT INTO k_text VALUES ('', 1), ('NULL', 2), ('null', 3), ('Zürich', 4), ('zürich', 5);
CREATE TABLE k_collated (id text COLLATE \"en-x-icu\" PRIMARY KEY, v int);
INSERT INTO k_collated SELECT * FROM k_text;
CREATE TABLE k_three (a int, b text, c date, v int, PRIMARY KEY (c, a, b));
INSERT INTO k_three SELECT i % 5 - 2, 'b' || i, date '2020-01-01' + i % 10, i % 7
    FROM generate_series(1, 3000) i;
CREATE SCHEMA \"Ein Haus\";
CREATE TABLE \"Ein Haus\".\"Zeile \"\"1\"\"\" (\"der Schlüssel\" bigint PRIMARY KEY, \"Wert; --\" int);
INSERT INTO \"Ein Haus\".\"Zeile \"\"1\"\"\" SELECT i, i % 7 FROM generate_series(1, 3000) i;
CREATE TABLE k_none (a bigint, v int);
INSERT INTO k_none SELECT i / 2, i % 7 FROM generate_series(1, 3000) i;
ANALYZE" || bail_out 'the tables could not be made'
is "$(psql_p "SELECT (SELECT array_agg(id ORDER BY id) FROM k_text) <>
    (SELECT array_agg(id ORDER BY id) FROM k_collated)")" t 'the collation orders keys differently'

for kind in bigint sparse uuid text collated; do
    walk "$kind" "k_$kind" <<'INI'
[column]
name = extra
type = bigint
not_null = yes
[backfill]
value = v * 10
new_rows = application
INI
    right "$kind" "k_$kind" 'v * 10'
    is "$(order "$kind")" t "$kind: along the key"
done
walk three k_three <<'INI'
[column]
name = extra
type = text
[backfill]
value = a || b || c
new_rows = application
INI
right three k_three 'a || b || c'
is "$(psql_p "SELECT bool_and(jsonb_array_length(cursor::jsonb) = 3) FROM newel.checkpoint
    WHERE migration = 'three'")" t 'three: along all three columns'
migration no_key k_none <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = v * 10
new_rows = application
INI
run no_key
is $? 4 'no key: refused where there is one needed'
like "$(cat "$work/no_key.out")" 'primary key' 'no key: saying so'
is "$(psql_p "SELECT count(*) FROM pg_attribute WHERE attrelid = 'k_none'::regclass
    AND attname = 'extra'")" 0 'no key: nothing is begun that has to walk along it'

# ---- blocks, with a trigger: no key, and names that need quotes

by_block() {
    "$1" by_block k_none <<'INI'
[column]
name = extra
type = bigint
not_null = yes
[backfill]
value = v * 10
INI
}
if [ "$(version)" -lt 140000 ]; then
    by_block migration
    run by_block
    is $? 4 'by_block: refused where a server cannot walk along the blocks'
    like "$(cat "$work/by_block.out")" 'on PostgreSQL 14 or later' 'by_block: saying so'
else
    by_block walk
    right by_block k_none 'v * 10'
    is "$(order by_block)" f 'by_block: along the blocks'
fi
walk quoted '"Ein Haus"."Zeile ""1"""' <<'INI'
[column]
name = die "neue" Spalte
type = text
not_null = yes
default = 'it''s "none"'
[backfill]
value = 'w' || "Wert; --"
where = "Wert; --" > 2
INI
is "$(psql_p "SELECT count(*) FROM \"Ein Haus\".\"Zeile \"\"1\"\"\" WHERE \"die \"\"neue\"\" Spalte\" =
    CASE WHEN \"Wert; --\" > 2 THEN 'w' || \"Wert; --\" ELSE 'it''s \"none\"' END")" 3000 \
    'quoted: every row is right'
is "$(psql_p "SELECT count(*) FROM pg_trigger WHERE tgrelid = '\"Ein Haus\".\"Zeile \"\"1\"\"\"'::regclass")" \
    0 'quoted: no trigger is left'

# ---- an application that writes meanwhile

# Rows with v < 0 carry a value of the application's own. Keys are changed too.
storm() {
    psql_p "CREATE TABLE $1 (id bigint PRIMARY KEY, v int NOT NULL, own bigint, pad text);
        CREATE SEQUENCE $1_next START 100001;
        INSERT INTO $1 SELECT i, i % 7, NULL, repeat('x', 100) FROM generate_series(1, 12000) i;
        ANALYZE $1"
}
# blow TABLE NAME VALUE SET MOVE: what it writes into the column; MOVE: rows get new keys
blow() {
    cat >"$work/$1.sql" <<SQL
INSERT INTO $1 (id, v$2) SELECT nextval('$1_next'), i$3 FROM generate_series(1, 3) i;
UPDATE $1 SET v = v + 1$4 WHERE id IN (SELECT 1 + (random() * 12000)::int FROM generate_series(1, 3));
UPDATE $1 SET own = -id, extra = -id WHERE id = 1 + (random() * 12000)::int;
UPDATE $1 SET own = -5, extra = -5, v = v + 1 WHERE id = 1 + (random() * 12000)::int;
DELETE FROM $1 WHERE id = 1 + (random() * 12000)::int;
${5:+UPDATE $1 SET id = nextval('$1_next') WHERE id = 1 + (random() * 12000)::int;}
SQL
    : >"$work/$1.blow"
    while [ -e "$work/$1.blow" ]; do
        for i in 1 2 3 4 5 6 7 8 9 10; do cat "$work/$1.sql"; done
    done | "$PG_BIN/psql" -Xq -d "$PRIMARY_DSN" >"$work/$1.psql" 2>&1 &
    storm_pid=$!
}
calm() {
    rm "$work/$1.blow"
    wait "$storm_pid"
    is "$(grep -c ERROR "$work/$1.psql")" 0 "$1: the application has seen no error" ||
        diag "$(head -n 5 "$work/$1.psql")"
}
batch_of_storm='[batch]
rows = 100
min = 100
max = 100
pause = 5ms
lanes = 2
[throttle]
max_running = 0
max_waiters = 0'

storm s_trigger
migration s_trigger s_trigger <<INI
[column]
name = extra
type = bigint
not_null = yes
[backfill]
value = v * 10
$batch_of_storm
INI
run s_trigger --until sync
is $? 0 's_trigger: ready' || show s_trigger
blow s_trigger '' '' '' move
run s_trigger --until compare
is $? 0 's_trigger: it ends well under load' || show s_trigger
# without its trigger there is only what the application itself writes
calm s_trigger
run s_trigger
is $? 0 's_trigger: and is finished' || show s_trigger
is "$(psql_p "SELECT count(*) FROM s_trigger WHERE own IS NULL AND extra IS DISTINCT FROM v * 10")" 0 \
    's_trigger: every row that newel filled fits the row as it is now' ||
    diag "$(psql_p "SELECT id, v, own, extra FROM s_trigger WHERE own IS NULL
        AND extra IS DISTINCT FROM v * 10 LIMIT 5")"
is "$(psql_p "SELECT count(*) FROM s_trigger WHERE own IS NOT NULL AND extra IS DISTINCT FROM own")" 0 \
    's_trigger: no value of the application was overwritten'
ok 's_trigger: there was a storm' between \
    "SELECT least(count(*) FILTER (WHERE own IS NOT NULL), count(*) FILTER (WHERE id > 100000))
        FROM s_trigger" 20 1000000

storm s_default
migration s_default s_default <<INI
[column]
name = extra
type = bigint
default = 7
not_null = yes
[backfill]
new_rows = default
$batch_of_storm
INI
run s_default --until sync
is $? 0 's_default: ready' || show s_default
blow s_default '' '' '' move
run s_default
is $? 4 's_default: rows that have moved behind the end are missing' || show s_default
like "$(cat "$work/s_default.out")" \
    'verify: failed: [0-9]+ rows are left without their value: .*"id"=1[0-9]{5}' \
    's_default: verify finds them and names one'
run s_default
is $? 0 's_default: the next run passes the table again for them and ends well' || show s_default
calm s_default
is "$(psql_p "SELECT count(*) FROM s_default WHERE extra IS DISTINCT FROM coalesce(own, 7)")" 0 \
    's_default: every row has the default, or what the application gave it'

storm s_application
migration s_application s_application <<INI
[column]
name = extra
type = bigint
not_null = yes
[backfill]
value = v * 10
new_rows = application
$batch_of_storm
INI
run s_application --until sync
is $? 0 's_application: ready' || show s_application
blow s_application ', extra' ', i * 10' ', extra = CASE WHEN own IS NULL THEN (v + 1) * 10 ELSE own END'
run s_application
is $? 0 's_application: it ends well under load' || show s_application
calm s_application
is "$(psql_p "SELECT count(*) FROM s_application
    WHERE extra IS DISTINCT FROM coalesce(own, v * 10)")" 0 \
    's_application: every row is right'
done_testing
