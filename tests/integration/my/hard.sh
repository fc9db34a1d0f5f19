# Tables at their worst, as ../hard.sh has it: names of newlines and quotes, keywords, unique
# indexes that hold NULLs, values that read other tables or fail on one row, tables that are full of
# columns, and those that are refused. What keys.sh has is not repeated here.
# shellcheck shell=sh disable=SC2016
set -u
# shellcheck source=tests/integration/my/lib.sh
. "$SRCDIR/tests/integration/my/lib.sh"
house_begin "$FLAVOUR" primary
numbers

sql() {
    sql_p "SET NAMES utf8mb4; $1"
}
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
    is "$(sql "SELECT CONCAT(SUM(COALESCE($3, 0)), ' of ', count(*)) FROM $2")" \
        "$(sql "SELECT CONCAT(count(*), ' of ', NULLIF(count(*), 0)) FROM $2")" "$1: every row is right" ||
        diag "$(sql "SELECT * FROM $2 WHERE ($3) IS NOT TRUE LIMIT 3")"
}
lf='
'

# ---- names: letters beyond the first 65,536 are no part of names here

sql "CREATE DATABASE \`neu${lf}es Haus\` CHARACTER SET utf8mb4;
CREATE TABLE \`neu${lf}es Haus\`.\`a${lf}'b' \"c\" d \\\\ %s \$1 -- /* ☃\` (
    \`select\` bigint PRIMARY KEY, \`v${lf}\"☃\` int);
INSERT INTO \`neu${lf}es Haus\`.\`a${lf}'b' \"c\" d \\\\ %s \$1 -- /* ☃\` SELECT n, n % 7 FROM numbers
    WHERE n BETWEEN 1 AND 3000;
CREATE TABLE \`table\` (\`user\` bigint PRIMARY KEY, \`order\` int);
INSERT INTO \`table\` SELECT n, n % 7 FROM numbers WHERE n BETWEEN 1 AND 3000" ||
    bail_out 'the tables could not be made'
wild="\`neu${lf}es Haus\`.\`a${lf}'b' \"c\" d \\\\ %s \$1 -- /* ☃\`"
# a value of several lines is continued by an indent
indented() {
    printf '%s' "$1" | sed '2,$s/^/    /'
}
wild_file() {
    cat <<INI
[column]
name = "group$lf    by ☃ ""x"" 'y' \\ %d"
type = varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci
default = 'it''s ☃'
[backfill]
value = concat('w', \`v$lf    "☃\`)
where = \`v$lf    "☃\` > 2
new_rows = $1
INI
}
wild_column="\`group${lf}by ☃ \"x\" 'y' \\ %d\`"
for new_rows in trigger application; do
    wild_file "$new_rows" >"$work/wild"
    walk "wild_$new_rows" "$(indented "$wild")" <"$work/wild"
    every "wild_$new_rows" "$wild" "$wild_column = CASE WHEN \`v${lf}\"☃\` > 2 THEN CONCAT('w', \`v${lf}\"☃\`)
        ELSE 'it''s ☃' END"
    newel verify "$(journal "wild_$new_rows")" >"$work/verified"
    is $? 0 "wild_$new_rows: its journal is whole"
    sql "ALTER TABLE $wild DROP COLUMN $wild_column"
done
is "$(sql "SELECT count(*) FROM information_schema.triggers WHERE trigger_name LIKE 'newel%'")" 0 \
    'wild: no trigger is left'
for new_rows in trigger application; do
    walk "keyword_$new_rows" table <<INI
[column]
name = group_$new_rows
type = bigint
[backfill]
value = \`order\` * 10
new_rows = $new_rows
INI
    every "keyword_$new_rows" '`table`' "group_$new_rows = \`order\` * 10"
done
walk keyword '`table`' <<'INI'
[column]
name = select
type = bigint
[backfill]
value = `order`
INI
every keyword '`table`' '`select` = `order`'

# ---- keys

sql "CREATE TABLE nulls (id bigint UNIQUE, v int);
INSERT INTO nulls SELECT CASE n % 4 WHEN 0 THEN NULL ELSE n END, n % 7 FROM numbers WHERE n < 3000;
CREATE TABLE gaps (id bigint PRIMARY KEY, v int);
INSERT INTO gaps SELECT CAST(n AS SIGNED) * 1000000000000 * (CAST(n % 2 AS SIGNED) * 2 - 1), n % 7
    FROM numbers WHERE n < 3000" || bail_out 'the tables with keys could not be made'
printf '[column]\nname = extra\ntype = bigint\n[backfill]\nvalue = v * 10\n' | migration nulls nulls
run nulls
is $? 4 'nulls: a unique index with NULLs is no key to walk along'
like "$(cat "$work/nulls.out")" 'primary key|key: there is none' 'nulls: saying so'
walk gaps gaps <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = v * 10
INI
every gaps gaps 'extra = v * 10'
ok 'gaps: passed in batches of rows, however far apart they are' between \
    "SELECT sum(batches) FROM newel.checkpoint WHERE migration = 'gaps'" 15 200

# ---- values

sql "CREATE TABLE country (code int PRIMARY KEY, region varchar(20));
INSERT INTO country SELECT n, CONCAT('region ', n) FROM numbers WHERE n < 7;
CREATE TABLE customers (id bigint PRIMARY KEY, code int);
INSERT INTO customers SELECT n, n % 8 FROM numbers WHERE n < 3000;
CREATE TABLE fails (id bigint PRIMARY KEY, v varchar(20));
INSERT INTO fails SELECT n, n FROM numbers WHERE n BETWEEN 1 AND 3000;
UPDATE fails SET v = 'drei' WHERE id = 2500;
CREATE TABLE twice (id bigint PRIMARY KEY, code int);
INSERT INTO twice SELECT n, n % 7 FROM numbers WHERE n BETWEEN 1 AND 3000;
CREATE TABLE region (code int, name varchar(20));
INSERT INTO region SELECT code, region FROM country;
SET GLOBAL log_bin_trust_function_creators = ON" || bail_out 'the tables for values could not be made'
printf '%s\n' 'DELIMITER //' 'CREATE FUNCTION as_number(t varchar(20)) RETURNS bigint DETERMINISTIC' \
    "BEGIN IF t NOT REGEXP '^[0-9]+\$' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no number here';" \
    'END IF; RETURN CAST(t AS SIGNED); END //' | "$MY_CLIENT" --no-defaults -u root -S "$MY_PRIMARY_SOCKET" -D shop ||
    bail_out 'the function could not be made'
walk subquery customers <<'INI'
[column]
name = region
type = varchar(20)
not_null = yes
default = 'none'
[backfill]
value = (SELECT c.region FROM country c WHERE c.code = customers.code)
where = EXISTS (SELECT 1 FROM country c WHERE c.code = customers.code)
INI
every subquery customers "region = CASE code WHEN 7 THEN 'none' ELSE CONCAT('region ', code) END"
# fails_on_one ID TABLE VALUE WORDS NUMBER MEND
fails_on_one() {
    printf '[column]\nname = extra\ntype = varchar(30)\n[backfill]\nvalue = %s\nnew_rows = application\n[batch]\nrows = 100\nmin = 20\nmax = 200\n' \
        "$3" | migration "$1" "$2"
    run "$1"
    is $? 4 "$1: a row that has no value stops it"
    like "$(cat "$work/$1.out")" "$4" "$1: with the server's words"
    like "$(cat "$work/$1.out")" "errno $5" "$1: and number"
    like "$(cat "$work/$1.out")" 'fails on the row with .*2500' "$1: and the row" || show "$1"
    sql "$6"
    run "$1"
    is $? 0 "$1: with the row mended it goes on" || show "$1"
}
fails_on_one fails fails 'as_number(v)' 'no number here' 1644 "UPDATE fails SET v = '3' WHERE id = 2500"
every fails fails 'extra = as_number(v)'
sql "UPDATE twice SET code = 99 WHERE id = 2500; INSERT INTO region VALUES (99, 'a'), (99, 'b')"
fails_on_one twice twice '(SELECT r.name FROM region r WHERE r.code = twice.code)' 'more than 1 row' 1242 \
    "DELETE FROM region WHERE name = 'b'"
every twice twice "extra = IF(id = 2500, 'a', CONCAT('region ', code))"

# ---- tables that are full, or none of ours

for columns in 1016 1017; do
    sql "CREATE TABLE full_$columns (id int PRIMARY KEY$(seq -f ', c%g tinyint' 2 "$columns" | tr -d '\n'));
        INSERT INTO full_$columns (id) SELECT n FROM numbers WHERE n < 500"
done
sql "CREATE VIEW a_view AS SELECT * FROM country"
printf '[column]\nname = extra\ntype = int\n[backfill]\nvalue = id\n' >"$work/plain"
walk full full_1016 <"$work/plain"
every full full_1016 'extra = id'

# refused ID TABLE WHY
refused() {
    migration "$1" "$2" <"$work/plain"
    run "$1"
    is $? 4 "$1: it is refused" || show "$1"
    like "$(tr -s ' \n' '  ' <"$work/$1.out")" "$3" "$1: saying why"
    is "$(sql "SELECT count(*) FROM newel.migration WHERE id = '$1' AND phase NOT IN ('preflight', 'baseline')")" \
        0 "$1: before anything was begun"
}
refused full_up full_1017 'Too many columns'
refused view a_view 'view'
refused catalog mysql.user 'belongs to the server itself'
refused schema information_schema.tables 'belongs to the server itself|there is no table'
refused performance performance_schema.threads 'belongs to the server itself'
refused temp mine 'no table mine'
refused own newel.migration 'belongs to newel itself'
if [ "$FLAVOUR" = mariadb ]; then
    sql "CREATE SEQUENCE counter"
    refused sequence counter 'sequence'
fi
done_testing
