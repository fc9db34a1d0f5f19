# Every kind of primary key, walked along, and names that need quotes: row by row, every value is
# right and was written once.
# shellcheck shell=sh
set -u
# shellcheck source=tests/integration/my/lib.sh
. "$SRCDIR/tests/integration/my/lib.sh"
house_begin "$FLAVOUR" primary
numbers

# walk ID TABLE: the rest of the migration on standard input
walk() {
    {
        cat <<'INI'
[batch]
rows = 100
min = 20
max = 200
lanes = 3
INI
        cat
    } | migration "$1" "$2"
    run "$1"
    is $? 0 "$1: it ends well" || show "$1"
}
# right ID TABLE EXPRESSION: each row has what the expression gives
right() {
    is "$(sql_p "SET NAMES utf8mb4; SELECT SUM(extra <=> ($3)), count(*) > 1000 FROM $2")" \
        "$(sql_p "SET NAMES utf8mb4; SELECT count(*), 1 FROM $2")" "$1: every row is right"
    is "$(written_rows "$1")" "$(sql_p "SET NAMES utf8mb4; SELECT count(*) FROM $2")" \
        "$1: and was written once"
}

# ---- keys of every kind, walked along

sql_p "SET NAMES utf8mb4;
CREATE TABLE k_bigint (id bigint PRIMARY KEY, v int);
INSERT INTO k_bigint SELECT n, n % 7 FROM numbers WHERE n BETWEEN 1 AND 3000;
CREATE TABLE k_great (id bigint unsigned PRIMARY KEY, v int);
INSERT INTO k_great SELECT 18446744073709551615 - n, n % 7 FROM numbers WHERE n < 2000;
INSERT INTO k_great SELECT CAST(9223372036854775807 AS UNSIGNED) + n, n % 7 FROM numbers WHERE n < 1000;
INSERT INTO k_great VALUES (0, 1), (1, 2);
CREATE TABLE k_sparse (id bigint PRIMARY KEY, v int);
INSERT INTO k_sparse SELECT (CAST(n AS SIGNED) - 1500) * 6148914691236, n % 7
    FROM numbers WHERE n BETWEEN 1 AND 3000;
INSERT INTO k_sparse VALUES (-9223372036854775808, 1), (9223372036854775807, 2),
    (9223372036854775806, 3), (-9223372036854775807, 4);
CREATE TABLE k_binary (id binary(16) PRIMARY KEY, v int);
INSERT INTO k_binary SELECT UNHEX(LEFT(SHA2(n, 256), 32)), n % 7 FROM numbers WHERE n < 3000;
INSERT INTO k_binary VALUES (x'00', 1), (x'ff', 2), (REPEAT(x'ff', 16), 3), (x'2700', 4), (x'5c27', 5);
CREATE TABLE k_varbinary (id varbinary(20) PRIMARY KEY, v int);
INSERT INTO k_varbinary SELECT SUBSTR(UNHEX(SHA2(n, 256)), 1, 8 + n % 8), n % 7 FROM numbers WHERE n < 3000;
INSERT INTO k_varbinary VALUES (x'', 1), (x'00', 2), (x'0000', 3), (x'20', 4), (x'2020', 5);
CREATE TABLE k_uuid (id char(36) CHARACTER SET ascii PRIMARY KEY, v int);
INSERT INTO k_uuid SELECT CONCAT_WS('-', SUBSTR(SHA2(n, 256), 1, 8), SUBSTR(SHA2(n, 256), 9, 4),
    SUBSTR(SHA2(n, 256), 13, 4), SUBSTR(SHA2(n, 256), 17, 4), SUBSTR(SHA2(n, 256), 21, 12)), n % 7 FROM numbers WHERE n < 3000;
CREATE TABLE k_ci (id varchar(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY, v int);
INSERT INTO k_ci SELECT CONCAT(CHAR(65 + n % 26 + 32 * (n % 2)), REPEAT('ä', n % 3), n,
    ELT(1 + n % 10, '''', '\"', '\\\\', '_', '\$1', '[', '\\n', 'ß', '%', '🐦')), n % 7
    FROM numbers WHERE n BETWEEN 1 AND 3000;
INSERT INTO k_ci VALUES ('', 1), ('NULL', 2), ('Zürich', 4), ('zürich, aber nicht so', 5),
    ('🐦🐦', 6), ('\\'', 1), ('\\\\', 2), ('\"]', 3);
CREATE TABLE k_bin (id varchar(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, v int);
INSERT INTO k_bin SELECT * FROM k_ci;
INSERT INTO k_bin VALUES ('null', 3), ('zürich', 5), ('A', 1), ('a', 2), ('\\t', 3), (' x', 4);
CREATE TABLE k_latin (id varchar(60) CHARACTER SET latin1 COLLATE latin1_swedish_ci PRIMARY KEY, v int);
INSERT INTO k_latin SELECT CONCAT(CHAR(65 + n % 26 + 32 * (n % 2)), REPEAT('ä', n % 3), n,
    ELT(1 + n % 7, 'é', '\"', '\\\\', ' x', '''', 'ß', '%')), n % 7 FROM numbers WHERE n < 3000;
INSERT INTO k_latin VALUES ('Zürich', 1), ('öl', 2), ('', 3);
CREATE TABLE k_decimal (id decimal(30, 10) PRIMARY KEY, v int);
INSERT INTO k_decimal SELECT (CAST(n AS SIGNED) - 1500) * 1.0000000001, n % 7 FROM numbers WHERE n < 3000;
INSERT INTO k_decimal VALUES (99999999999999999999.9999999999, 1), (99999999999999999999.9999999998, 2),
    (-99999999999999999999.9999999999, 3);
CREATE TABLE k_date (id date PRIMARY KEY, v int);
INSERT INTO k_date SELECT DATE '2001-01-01' + INTERVAL n DAY, n % 7 FROM numbers WHERE n < 3000;
CREATE TABLE k_datetime (id datetime(6) PRIMARY KEY, v int);
INSERT INTO k_datetime SELECT TIMESTAMP '2020-02-28 23:59:59.999000' + INTERVAL n MICROSECOND, n % 7
    FROM numbers WHERE n < 3000;
CREATE TABLE k_enum (id enum('z', 'a', 'm') NOT NULL, n int, v int, PRIMARY KEY (id, n));
INSERT INTO k_enum SELECT 1 + n % 3, n, n % 7 FROM numbers WHERE n < 3000;
CREATE TABLE k_three (a int, b varchar(20), c date, v int, PRIMARY KEY (c, a, b));
INSERT INTO k_three SELECT CAST(n AS SIGNED) % 5 - 2, CONCAT('b', n), DATE '2020-01-01' + INTERVAL n % 10 DAY,
    n % 7 FROM numbers WHERE n < 3000;
CREATE TABLE k_five (a tinyint, b bigint unsigned, c varchar(9), d datetime, e binary(2), v int,
    PRIMARY KEY (a, b, c, d, e));
INSERT INTO k_five SELECT n % 3, 18446744073709551615 - n % 4, CONCAT('c', n % 5),
    TIMESTAMP '2020-01-01 00:00:00' + INTERVAL n % 6 SECOND, UNHEX(LPAD(HEX(n), 4, '0')), n % 7
    FROM numbers WHERE n < 3000;
CREATE TABLE k_none (a bigint, v int);
INSERT INTO k_none SELECT n, n % 7 FROM numbers WHERE n < 3000;
CREATE TABLE \`Ein \"Haus\" \`\`1\`\`\` (\`der Schlüssel\` bigint PRIMARY KEY, \`Wert; -- '\` int);
INSERT INTO \`Ein \"Haus\" \`\`1\`\`\` SELECT n, n % 7 FROM numbers WHERE n < 3000" ||
    bail_out 'the tables could not be made'

for kind in bigint great sparse binary varbinary uuid ci bin latin decimal date datetime five; do
    walk "$kind" "k_$kind" <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = v * 10
new_rows = application
INI
    right "$kind" "k_$kind" 'v * 10'
done
walk three k_three <<'INI'
[column]
name = extra
type = varchar(60)
not_null = yes
[backfill]
value = concat(a, b, c)
new_rows = application
INI
right three k_three 'CONCAT(a, b, c)'
is "$(sql_p "SELECT MIN(JSON_LENGTH(\`cursor\`)) FROM newel.checkpoint WHERE migration = 'three'")" 3 \
    'three: along all three columns'
migration no_key k_none <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = v * 10
INI
run no_key
is $? 4 'no key: refused'
like "$(cat "$work/no_key.out")" 'primary key' 'no key: saying so'
is "$(columns k_none)" 2 'no key: and nothing is begun'
sed 's/^id = .*/id = enum/; s/^table = .*/table = k_enum/' "$work/no_key.ini" >"$work/enum.ini"
run enum
is $? 4 'enum: refused'
like "$(cat "$work/enum.out")" "column id of the primary key is enum" 'enum: saying so'

# names that need quotes, in the file as they are written in SQL; MySQL 9.7 takes no trigger that
# names something with both a backtick and a letter beyond ASCII (error 3507)
# shellcheck disable=SC2016
walk quoted '`Ein "Haus" ``1```' <<'INI'
[column]
name = die "neue" Spalte ☂
type = varchar(40)
not_null = yes
default = 'it''s "none"'
[backfill]
value = concat('w', `Wert; -- '`)
where = `Wert; -- '` > 2
INI
is "$(sql_p "SET NAMES utf8mb4; SELECT count(*) FROM \`Ein \"Haus\" \`\`1\`\`\`
    WHERE \`die \"neue\" Spalte ☂\` =
    IF(\`Wert; -- '\` > 2, CONCAT('w', \`Wert; -- '\`), 'it''s \"none\"')")" 3000 \
    'quoted: every row is right'
is "$(sql_p "SELECT count(*) FROM information_schema.triggers WHERE event_object_schema = 'shop'")" 0 \
    'quoted: no trigger is left'
done_testing
