# What preflight finds on MariaDB and MySQL, each on a server in that very state: told with its
# evidence, with what helps, and before anything was changed.
# shellcheck shell=sh
set -u
# shellcheck source=tests/integration/my/lib.sh
. "$SRCDIR/tests/integration/my/lib.sh"
house_begin "$FLAVOUR" primary

# try ID TABLE VALUE [COLUMN LINES [OTHER LINES]]: a run; its status is $tried
try() {
    {
        printf '[column]\nname = extra\ntype = varchar(60)\n'
        printf '%b' "${4:-}"
        printf '[backfill]\nvalue = %s\n' "$3"
        [ -z "${5:-}" ] || printf '%b' "$5"
    } | migration "$1" "$2"
    run "$1"
    tried=$?
}
# stops ID TABLE VALUE PATTERN REMEDY [COLUMN LINES [OTHER LINES]]
stops() {
    stops_columns=$(columns "$2")
    try "$1" "$2" "$3" "${6:-}" "${7:-}"
    is "$tried" 4 "$1: it stops" || show "$1"
    like "$(cat "$work/$1.out")" "$4" "$1: with what it has found"
    like "$(cat "$work/$1.out")" "$5" "$1: and what helps"
    is "$(columns "$2") $(our_triggers "$2")" "$stops_columns 0" "$1: before anything was changed"
}
# check ID NAME: what preflight said of it, "verdict: evidence"
check() {
    ask "$1" "SELECT CONCAT($(field verdict), ': ', $(field evidence)) FROM j
        WHERE event = 'check' AND $(field check) = '$2'"
}
# planned TABLE VALUE [COLUMN LINES [OTHER LINES]]: newel plan, which changes nothing
planned() {
    printf '[column]\nname = extra\ntype = varchar(60)\n%b[backfill]\nvalue = %s\n%b' "${3:-}" "$2" \
        "${4:-}" | migration planned "$1"
    newel plan "$work/planned.ini" >"$work/plan.out" 2>&1
    # as one line, however it was broken
    tr -s ' \n' '  ' <"$work/plan.out" >"$work/plan.line"
}

sql_p "CREATE TABLE good (id int PRIMARY KEY, v varchar(20));
INSERT INTO good VALUES (1, 'a'), (2, 'b');
CREATE TABLE plain (id int PRIMARY KEY, v varchar(20));
CREATE TABLE old (id int PRIMARY KEY, v varchar(20)) ENGINE = MyISAM;
CREATE TABLE keyless (id int, v varchar(20));
CREATE TABLE counted (id int AUTO_INCREMENT PRIMARY KEY, v varchar(20));
CREATE TABLE derived (id int PRIMARY KEY, v varchar(20), w varchar(30) AS (CONCAT(v, '!')) STORED);
CREATE TABLE searched (id int PRIMARY KEY, v varchar(20), FULLTEXT (v));
CREATE TABLE packed (id int PRIMARY KEY, v varchar(20)) ROW_FORMAT = COMPRESSED;
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id int PRIMARY KEY, v int, FOREIGN KEY (v) REFERENCES parent (id) ON DELETE SET NULL);
SET sql_mode = '';
CREATE TABLE zero (id int PRIMARY KEY, v datetime NOT NULL DEFAULT '0000-00-00 00:00:00');
INSERT INTO zero VALUES (1, '0000-00-00'), (2, '2026-11-23 01:02:03');
CREATE VIEW good_view AS SELECT * FROM good"

# ---- tables

stops myisam old 'upper(v)' 'the table is of MyISAM, which has no transactions' 'ENGINE = InnoDB'
stops keyless keyless 'upper(v)' 'there is none, and the backfill has to walk along it' 'add one'
stops counted counted 'concat(id, v)' 'id, which is AUTO_INCREMENT: a trigger before an INSERT sees 0' \
    'new_rows = application'
try counted_by_app counted 'concat(id, v)' '' 'new_rows = application\n'
is "$tried" 0 'counted: where the application fills new rows, it goes'
stops derived derived 'upper(w)' 'w, which the server computes from other columns after the trigger' \
    'leave that column out'
stops missing nowhere 'v' 'there is no table nowhere in database shop' 'check its name'
stops broken good 'upper(nothing)' "Unknown column '(good\.)?nothing'" 'check \[backfill\] value'
stops aggregate good 'sum(id)' 'refuses it' 'check \[backfill\]'

# ---- the value, computed for rows of a copy

sql_p "CREATE TABLE sampled (id int, k int, v varchar(20), w varchar(30) AS (CONCAT(v, '!')) STORED,
    PRIMARY KEY (id, k)); INSERT INTO sampled (id, k, v) VALUES (1, 1, '10'), (1, 2, '20'), (2, 1, 'x')"
stops sample_row sampled "if(sampled.v = 'x', cast(v as date), v)" \
    'sample: the value fails on the row with `id`=2, `k`=1: Incorrect datetime value|Invalid|.*`id`=2, `k`=1' \
    'let value or where pass it over'
stops sample_long sampled "repeat(v, 31)" 'fails on the row with `id`=1, `k`=1: .*Data too long' 'CASE, NULLIF'
planned sampled 'upper(v)'
like "$(cat "$work/plan.line")" 'what the value gives shows on a copy' 'sample: a plan cannot make the copy'
try sampled sampled "nullif(v, 'x')" "not_null = yes\n" '[batch]\nrows = 100\n'
is "$tried" 4 'sample: NULL is told, and verify stops at it'
like "$(check sampled sample)" '^warn: the value of 1 of 3 rows is NULL.*`id`=2, `k`=1' 'sample: beforehand' ||
    show sampled
sql_p "CREATE TABLE slow (id int PRIMARY KEY, v varchar(20)); INSERT INTO slow
    SELECT a.id * 10 + b.id, 'a' FROM good a, good b UNION SELECT id, v FROM good"
try slow slow 'concat(v, sleep(0.006))' '' 'new_rows = application\n'
like "$(check slow 'value cost')" '^warn: 1[0-9.]*ms a row: 6 rows took' 'value cost: a slow one is told'
try quick plain "upper(v)"
like "$(check quick sample)" '^pass: no row was there' 'sample: an empty table has none'
sql_p "ALTER TABLE plain DROP COLUMN extra"
is "$(sql_p "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'newel' AND table_name LIKE '%probe%'")" \
    0 'sample: no copy is left'

# ---- what DDL costs there

stops fulltext searched 'upper(v)' 'FULLTEXT index cannot do it at once' \
    "algorithm = $([ "$FLAVOUR" = mariadb ] && echo inplace || echo copy) would agree"
try fulltext_agreed searched 'upper(v)' 'not_null = yes\n' '[ddl]\nalgorithm = copy\n'
is "$tried" 0 'fulltext: agreed to, it goes' || show fulltext_agreed
is "$(filled searched extra) $(columns searched)" '0 3' 'fulltext: and has the column'
stops compressed packed 'upper(v)' 'ROW_FORMAT=COMPRESSED cannot do it at once' \
    'algorithm = inplace would agree'
planned searched 'upper(v)' 'not_null = yes\n' '[ddl]\nalgorithm = copy\n'
like "$(cat "$work/plan.line")" 'NOT NULL, which (copies|builds) the table.* while its writes wait' \
    'fulltext: NOT NULL is said to hold up writes'
planned good 'upper(v)' 'not_null = yes\n'
like "$(cat "$work/plan.line")" 'pass not null: in the end NOT NULL comes by INPLACE: .* every replica lags for that long again' \
    'not null: its cost is told beforehand'
planned good 'upper(v)' 'not_null = yes\n' '[ddl]\nnot_null = trigger\n'
like "$(cat "$work/plan.line")" 'pass not null: triggers will refuse NULL' 'not null: so is the other way'
if [ "$FLAVOUR" = mysql ]; then
    sql_p "SET NAMES utf8mb4; CREATE TABLE odd (id int PRIMARY KEY, \`a\`\`☃\` int)"
    # shellcheck disable=SC2016
    stops unkept odd '`a``☃`' 'Failed to update triggers dictionary object' 'new_rows = application'
    sql_p "CREATE TABLE spent (id int PRIMARY KEY, v varchar(20))"
    yes 'ALTER TABLE spent ADD COLUMN x int, ALGORITHM=INSTANT;
        ALTER TABLE spent DROP COLUMN x, ALGORITHM=INSTANT;' 2>/dev/null | head -n 256 | "$MY_CLIENT" --no-defaults -u root -S "$MY_PRIMARY_SOCKET" -D shop -f \
        >"$work/spent.out" 2>&1
    stops spent spent 'upper(v)' 'added and dropped at once as often as a table can bear' \
        'algorithm = inplace would agree'
else
    sql_p "SET GLOBAL innodb_instant_alter_column_allowed = never"
    stops never good 'upper(v)' 'innodb_instant_alter_column_allowed is never' 'algorithm = inplace'
    sql_p "SET GLOBAL innodb_instant_alter_column_allowed = DEFAULT"
fi

# ---- names, dates, modes

try good good 'upper(v)' 'not_null = yes\n'
is "$tried" 0 'good: where nothing is wrong it goes' || show good
is "$(ask good "SELECT count(*) FROM j WHERE event = 'check' AND $(field verdict) = 'stop'")" 0 \
    'good: and nothing stops'
like "$(check good sample)" '^pass: computed for 2 rows' 'good: the value is computed for some rows'
like "$(check good 'value cost')" '^(pass|warn): .*2 rows took' 'good: and the time that it took is told'
like "$(check good views)" '^warn: view shop.good_view reads the table' 'good: the view is told'
like "$(check good 'log filters')" '^pass' 'good: nothing is left out of the binary log'
try zero zero 'date_format(v, "%Y")' "not_null = yes\ndefault = 'none'\n"
is "$tried" 0 'zero dates: they do not stop it' || show zero
like "$(check zero 'zero dates')" '^warn: column v has the default .?0000-00-00' 'zero dates: they are told'
try cascades child 'v * 2'
like "$(check cascades cascades)" '^warn: foreign key .* without firing a trigger' 'cascades: they are told'
sql_p "SET GLOBAL sql_mode = ''"
planned plain 'upper(v)'
like "$(cat "$work/plan.line")" 'WARN sql_mode: it is not strict' 'sql_mode: a lenient one is told'
sql_p "SET GLOBAL sql_mode = DEFAULT"

# ---- the binary log, and who may write

sql_p "SET GLOBAL binlog_format = STATEMENT"
stops random plain 'concat(v, uuid())' 'binlog_format is STATEMENT, and replicas would compute other values' \
    'binlog_format = ROW'
sql_p "CREATE TABLE stated (id int PRIMARY KEY, v varchar(20)); INSERT INTO stated SELECT * FROM good_view"
try stated stated 'upper(v)'
is "$tried" 0 'statements: a value that is the same everywhere goes' || show stated
like "$(check stated deterministic)" '^pass' 'statements: and is seen to be so'
like "$(check stated 'binary log')" '^warn: binlog_format is STATEMENT' 'statements: the format is told'
sql_p "SET GLOBAL binlog_format = DEFAULT"
sql_p "CREATE TABLE fenced (id int PRIMARY KEY, v varchar(20))"
sql_p "SET GLOBAL read_only = ON"
stops read_only fenced 'upper(v)' 'this server has read_only on' 'let the target name the primary'
sql_p "SET GLOBAL read_only = OFF"
done_testing
