# A partitioned table: one column for all of it, walked partition by partition, each with its own
# checkpoints; partitions come and go meanwhile.
# shellcheck shell=sh disable=SC2016,SC2119
set -u
# shellcheck source=tests/integration/my/lib.sh
. "$SRCDIR/tests/integration/my/lib.sh"
house_begin "$FLAVOUR" primary
numbers

# table NAME ROWS: by ranges of id, the last of them parted again, one of a name that needs quotes
table() {
    sql_p "CREATE TABLE $1 (id bigint, k int, cc varchar(20), PRIMARY KEY (id, k))
        PARTITION BY RANGE (id) SUBPARTITION BY HASH (k) SUBPARTITIONS 2 (
            PARTITION p1 VALUES LESS THAN (1000) (SUBPARTITION p1a, SUBPARTITION \`p1:b \"\`\`x\`),
            PARTITION p2 VALUES LESS THAN (2000) (SUBPARTITION p2a, SUBPARTITION p2b));
        INSERT INTO $1 SELECT n, n % 5, CONCAT('c', n % 7) FROM numbers WHERE n < 2000;
        CREATE TABLE $1_written (id bigint);
        CREATE TRIGGER $1_counts AFTER UPDATE ON $1 FOR EACH ROW INSERT INTO $1_written VALUES (NEW.id);
        ANALYZE TABLE $1" >/dev/null
}
# ranges NAME ROWS: ten partitions by ranges of id
ranges() {
    sql_p "CREATE TABLE $1 (id bigint PRIMARY KEY, cc varchar(20)) PARTITION BY RANGE (id) (
            $(for i in 1 2 3 4 5 6 7 8 9; do echo "PARTITION p$i VALUES LESS THAN (${i}000),"; done)
            PARTITION p10 VALUES LESS THAN (10000));
        INSERT INTO $1 SELECT n, CONCAT('c', n % 7) FROM numbers WHERE n < $2;
        CREATE TABLE $1_written (id bigint);
        CREATE TRIGGER $1_counts AFTER UPDATE ON $1 FOR EACH ROW INSERT INTO $1_written VALUES (NEW.id);
        ANALYZE TABLE $1" >/dev/null
}
file() { # file ID: a migration of the table of that name; standard input is added
    {
        printf '[column]\nname = region\ntype = varchar(20)\n'
        printf '[backfill]\nvalue = upper(%s.cc)\n' "$1"
        cat
    } | migration "$1" "$1"
}
right() { # right ID ROWS
    is "$(sql_p "SELECT count(*), SUM(region <=> upper(cc)) FROM $1")" "$2	$2" "$1: every row has its value"
}

# ---- from end to end

table ev
file ev </dev/null
newel plan "$work/ev.ini" >"$work/plan" 2>&1
like "$(cat "$work/plan")" 'ev` is partitioned: 4 partitions, about [0-9]+ rows' 'the plan knows the partitions'
run ev
is $? 0 'ev: it comes to its end' || show ev
right ev 2000
is "$(sql_p 'SELECT count(*), count(DISTINCT id) FROM ev_written')" '2000	2000' 'ev: each row once'
is "$(sql_p "SELECT GROUP_CONCAT(DISTINCT SUBSTRING_INDEX(shape, ':keys', 1) ORDER BY shape SEPARATOR ' '),
    MIN(done), SUM(\`rows\`) FROM newel.checkpoint WHERE lane >= 0 AND migration = 'ev'")" \
    'p1:b "`x p1a p2a p2b	1	2000' 'ev: each subpartition has checkpoints of its own'
is "$(ask ev "SELECT count(DISTINCT $(field part)), max(0 + $(field parts)), max(0 + $(field parts_done))
    FROM j WHERE event = 'batch'")" '4	4	4' 'ev: as the journal tells'
is "$(our_triggers ev)" 0 'ev: no trigger of ours is left'

# ---- interrupted, while partitions come and go

ranges go 9000
file go <<'INI'
[batch]
rows = 100
min = 100
max = 100
pause = 20ms
INI
engine go
ok 'go: it is at work' wait_for 30 between "SELECT COALESCE(SUM(batches), 0) FROM newel.checkpoint
    WHERE migration = 'go'" 12 100000 || show go
kill -s KILL "$engine"
wait "$engine" 2>/dev/null
is "$(ask go "SELECT GROUP_CONCAT(part ORDER BY first) FROM (SELECT $(field part) AS part, MIN(seq) AS first
    FROM j WHERE event = 'batch' GROUP BY 1 ORDER BY 2 LIMIT 2) parts")" 'p1,p2' \
    'go: in the order of their names' || show go
sql_p "ALTER TABLE go REORGANIZE PARTITION p10 INTO (PARTITION p10a VALUES LESS THAN (9500),
        PARTITION p10b VALUES LESS THAN (10000));
    INSERT INTO go (id, cc) SELECT n, 'new' FROM numbers WHERE n BETWEEN 9200 AND 9700"
engine go
ok 'go: it goes on' wait_for 40 said go '"event":"batch"' || show go
sql_p "SET lock_wait_timeout = 20; ALTER TABLE go DROP PARTITION p8"
wait "$engine"
is $? 0 'go: with partitions gone, cut and new it comes to its end' || show go
right go "$(sql_p 'SELECT count(*) FROM go')"
is "$(sql_p 'SELECT count(*) - count(DISTINCT id) FROM go_written')" 0 'go: no row was written twice'
is "$(sql_p "SELECT count(DISTINCT shape) FROM newel.checkpoint WHERE migration = 'go'
    AND shape IN ('p10a:keys', 'p10b:keys')")" 2 'go: the new ones were walked, too'

# ---- a value that fails; the way back

ranges bad 3000
sql_p "UPDATE bad SET cc = '0' WHERE id = 1711"
migration bad bad <<'INI'
[column]
name = region
type = int
[backfill]
value = length(bad.cc) / if(bad.cc = '0', cast('x' as signed), 1)
new_rows = application
INI
run bad
is $? 4 'bad: a row that cannot be computed stops it'
like "$(cat "$work/bad.out")" '`id`=1711' 'bad: and is named' || show bad
sql_p "UPDATE bad SET cc = 'x' WHERE id = 1711"
detached bad
wait_for 20 said bad '"state":"asking"'
newel ctl bad rollback backfill region >"$work/out" 2>&1
ok 'bad: it can be taken back' wait_for 20 said bad '"event":"end"' || diag "$(cat "$work/out")"
is "$(columns bad)" 2 'bad: to what it was'
done_testing
