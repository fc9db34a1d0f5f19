# The engine is killed with -9 at random instants of the backfill, and while it changes the table's
# shape, and started again until it is done: each row is written exactly once, and the counters say
# so. FAULT_KILLS: how many times in all (20); FAULT_SEED: which instants (1).
# shellcheck shell=sh
set -u
# shellcheck source=tests/integration/my/lib.sh
. "$SRCDIR/tests/integration/my/lib.sh"
kills=${FAULT_KILLS:-20}
seed=${FAULT_SEED:-1}
house_begin "$FLAVOUR" primary
numbers

# random LOW HIGH: the next number of the seeded row
drawn=0
random() {
    drawn=$((drawn + 1))
    awk -v seed=$((seed * 100003 + drawn)) -v low="$1" -v high="$2" \
        'BEGIN { srand(seed); rand(); print int(low + rand() * (high - low)) }'
}
die() {
    kill -s KILL "$engine" 2>/dev/null
    wait "$engine" 2>/dev/null
    [ $? -eq 137 ]
}
# The server has seen that the session of the lease is gone; a batch may still be under way.
lease_free() {
    [ "$(sql_p "SELECT count(*) FROM newel.migration m JOIN information_schema.processlist p
        ON p.id = m.lease_pid WHERE m.id = '$1'")" = 0 ]
}
# Asked in one statement, which sees one state of the tables
agrees() {
    [ "$(sql_p "SELECT (SELECT COALESCE(SUM(\`rows\`), 0) FROM newel.checkpoint WHERE migration = '$1')
            - count(extra), (SELECT count(*) FROM written WHERE what = '$1') - count(extra)
        FROM $1")" = '0	0' ]
}

# exact NAME ROWS: what the table, its writes and the checkpoints say
exact() {
    is "$(sql_p "SELECT SUM(extra <=> id * 3 + 1), count(*) FROM $1")" "$2	$2" \
        "$1: every row has its value"
    is "$(sql_p "SELECT CONCAT(count(*), ' writes of ', count(DISTINCT id), ' rows, ', SUM(old IS NOT NULL),
            ' again') FROM written WHERE what = '$1'")" \
        "$2 writes of $2 rows, 0 again" "$1: each was written exactly once"
    is "$(sql_p "SELECT SUM(\`rows\`), MIN(done) FROM newel.checkpoint WHERE migration = '$1'")" "$2	1" \
        "$1: the counters in the target are right"
}

# torture NAME NEW_ROWS LANES KILLS
torture() {
    name=$1 left=$4 killed=0 amid=0 torn=0
    rows=$((2000 + 700 * $3 * $4))
    sql_p "CREATE TABLE $name (id bigint PRIMARY KEY, pad text);
        INSERT INTO $name SELECT n + 100000 * d, REPEAT('x', 200) FROM numbers, digits
            WHERE d <= $rows DIV 100000 AND n + 100000 * d BETWEEN 1 AND $rows;
        ANALYZE TABLE $name" >/dev/null
    migration "$name" "$name" <<INI
[column]
name = extra
type = bigint
default = 0
[backfill]
value = id * 3 + 1
new_rows = $2
[batch]
rows = 20
min = 20
max = 20
pause = 10ms
lanes = $3
[throttle]
max_running = 0
INI
    run "$name" --until sync
    is $? 0 "$name: ready for the backfill" || show "$name"
    count_writes "$name"
    while [ "$left" -gt 0 ]; do
        had=$(batches "$name")
        old=$(journal "$name")
        engine "$name" --until backfill
        # most lives do something: the instant is counted from the first batch on
        begun() {
            gone "$engine" || { [ "$old" != "$(journal "$name")" ] && said "$name" '"event":"batch"'; }
        }
        [ $((left % 5)) -eq 0 ] || wait_for 20 begun || { diag 'no batch in 20 s'; show "$name"; break; }
        sleep "0.$(printf '%03d' "$(random 20 300)")"
        die || { diag 'it ended by itself'; show "$name"; break; }
        agrees "$name" || torn=$((torn + 1))
        left=$((left - 1)) killed=$((killed + 1))
        [ "$(batches "$name")" = "$had" ] || amid=$((amid + 1))
        wait_for 10 lease_free "$name" || { diag 'its session stays'; break; }
    done
    is "$killed" "$4" "$name: killed $killed times"
    is "$torn" 0 "$name: after each of them rows, writes and counters agreed"
    ok "$name: at least half the kills came while it was at work ($amid of $killed)" \
        test "$amid" -ge $(($4 / 2))
    sed -i '/^pause/d' "$work/$name.ini"
    run "$name" --until backfill --accept-change
    is $? 0 "$name: the last life ends well" || show "$name"
    exact "$name" "$rows"
    run "$name"
    is $? 0 "$name: and the rest of the stairs follows" || show "$name"
    is "$(chains "$name")" 0 "$name: no journal that a kill has cut is broken"
}

torture one_lane trigger 1 $(((kills + 1) / 2))
torture three_lanes default 3 $((kills / 2))

# ---- killed while it changes the table's shape

sql_p "CREATE TABLE shaped (id bigint PRIMARY KEY, pad varchar(600));
    INSERT INTO shaped SELECT n, REPEAT('x', 600) FROM numbers WHERE n BETWEEN 1 AND 60000;
    ANALYZE TABLE shaped" >/dev/null
migration shaped shaped <<'INI'
[column]
name = extra
type = bigint
not_null = yes
[backfill]
value = id * 3 + 1
[batch]
rows = 20000
max = 20000
[ddl]
lock_timeout = 10s
algorithm = inplace
INI
began() {
    said shaped "\"event\":\"statement\",\"target\":\"t1\",\"phase\":\"$1\".*\"state\":\"begin\""
}
# The session whose ALTER waits for the table
waiting() {
    sql_p "SELECT GROUP_CONCAT(id) FROM information_schema.processlist
        WHERE state = 'Waiting for table metadata lock' AND info LIKE 'ALTER%'"
}
waits() {
    [ "$(waiting)" != NULL ]
}

asks() {
    said shaped '"phase":"expand","state":"asking"'
}
# else the lease itself would last as long as that statement
renewed_by_another() {
    [ "$(sql_p "SELECT lease_pid FROM newel.migration WHERE id = 'shaped'")" != "$(waiting)" ]
}

run shaped --until baseline
is $? 0 'shaped: ready for expand' || show shaped
detached shaped
ok 'it asks before expand' wait_for 20 asks || show shaped
# nobody queues behind one who has held the table for more than a second
hold reader 'SELECT 1 FROM shaped LIMIT 1'
takes shaped step expand
ok 'expand waits for the table' wait_for 20 waits || diag "$(tail -n 3 "$(journal shaped)")"
first=$(waiting)
ok 'while the lease is renewed' wait_for 9 renewed_by_another
ok 'the engine is killed' kill -s KILL "$engine"
is "$(columns shaped)" 2 'nothing is half there'
wait_for 20 lease_free shaped
killed=$(journal shaped)
engine shaped --until sync
ok 'the next engine ends it' wait_for 5 disconnected "$first" || show shaped
waits_too() {
    [ "$killed" != "$(journal shaped)" ] && said shaped '"phase":"expand".*"state":"(begin|retry)"'
}
ok 'and waits itself' wait_for 20 waits_too || show shaped
is "$(columns shaped)" 2 'still nothing is half there'
release reader
wait "$engine"
is $? 0 'it ends well when the table is free' || show shaped
is "$(columns shaped) $(our_triggers shaped)" '3 2' 'with the column and its triggers there'

run shaped --until constrain
is $? 0 'the table is filled' || show shaped
sums() {
    sql_p 'SELECT count(*), SUM(extra = id * 3 + 1), SUM(LENGTH(pad)), SUM(id) FROM shaped'
}
before=$(sums)
engine shaped
ok 'enforce has begun to build the table anew' wait_for 20 began enforce || show shaped
ok 'the engine is killed' die
wait_for 10 lease_free shaped
run shaped
is $? 0 'the next run carries on to the end' || show shaped
is "$(sums)" "$before" 'every row is as it was'
is "$(sql_p "SELECT is_nullable FROM information_schema.columns
    WHERE table_schema = 'shop' AND table_name = 'shaped' AND column_name = 'extra'")" NO 'NOT NULL is there'
is "$(our_triggers shaped)" 0 'no trigger is left'
is "$(sql_p "SELECT count(*) FROM information_schema.innodb_tables WHERE name LIKE '%#sql%'" 2>/dev/null ||
    sql_p "SELECT count(*) FROM information_schema.innodb_sys_tables WHERE name LIKE '%#sql%'")" 0 \
    'nor the half of a table'
is "$(chains shaped)" 0 'and its journals hold'
done_testing
