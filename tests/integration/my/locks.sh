# Whoever holds the table or a row of it, as ../locks.sh and ../blocker.sh have it: newel waits without
# making others wait for long, names the holder, lets an operator end it, and goes on.
# shellcheck shell=sh
set -u
# shellcheck source=tests/integration/my/lib.sh
. "$SRCDIR/tests/integration/my/lib.sh"
house_begin "$FLAVOUR" primary
numbers
for table in calm shut slow first second; do
    sql_p "CREATE TABLE $table (id bigint PRIMARY KEY, pad varchar(20));
        INSERT INTO $table SELECT n, 'x' FROM numbers WHERE n BETWEEN 1 AND 3000"
done

# extra ID TABLE [LINES]: a column for it
extra() {
    migration "$1" "$2" <<INI
[column]
name = extra
type = bigint
[backfill]
value = id * 3
[batch]
rows = 500
[throttle]
max_running = 0
max_waiters = ${3:-0}
[ddl]
lock_timeout = ${4:-300ms}
INI
}
# starts NAME SQL: a session that runs SQL and leaves; its id is $started
starts() {
    "$MY_CLIENT" --no-defaults -u root -S "$MY_PRIMARY_SOCKET" -N -B -D shop --unbuffered \
        -e "SELECT CONCAT('id ', CONNECTION_ID()); $2" >"$work/$1.held" 2>&1 &
    background="$background $!"
    wait_for 30 grep -qs '^id ' "$work/$1.held"
    started=$(sed -n 's/^id //p' "$work/$1.held")
}
# feed NAME SQL: a session that runs SQL again and again
feed() {
    yes "$2" | "$MY_CLIENT" --no-defaults -u root -S "$MY_PRIMARY_SOCKET" -N -B -D shop --unbuffered \
        >"$work/$1.fed" 2>&1 &
    feeders="$feeders $!"
    background="$background $!"
}
unfeed() {
    for pid in $feeders; do
        kill -s KILL "$pid"
        wait "$pid" 2>/dev/null
    done
    feeders=
}
feeders=
# ... and prints how many milliseconds each took
timed() {
    echo "SET @at = SYSDATE(6); $1; SELECT 'took', TIMESTAMPDIFF(MICROSECOND, @at, SYSDATE(6)) DIV 1000; DO SLEEP(0.02);"
}
worst() {
    for of in "$@"; do cat "$work/$of.fed"; done |
        awk '$1 == "took" && $2 > worst { worst = $2 } END { print int(worst) }'
}
waits_for_table() {
    [ "$(sql_p "SELECT count(*) FROM information_schema.processlist WHERE id = $1
        AND state LIKE 'Waiting for table metadata lock%'")" = 1 ]
}
waits_for_row() {
    [ "$(sql_p "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = $1
        AND trx_state = 'LOCK WAIT'")" = 1 ]
}
is_old() {
    [ "$(sql_p "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = $1
        AND trx_started < NOW() - INTERVAL 2 SECOND")" = 1 ]
}
# retries ID: how often expand has been put off
retries() {
    ask "$1" "SELECT count(*) FROM j WHERE event = 'statement' AND $(field step) = 'add column'
        AND $(field state) = 'retry'"
}
retried() {
    [ "$(retries "$1")" -ge "$2" ]
}
# in_tree ID PID PARENT [TEXT]: some sample of the lock tree has that, -1 for who waits for nobody
in_tree() {
    [ "$(ask "$1" "SELECT count(*) FROM j, JSON_TABLE(e, '\$.rows[*]' COLUMNS (
            pid bigint PATH '\$.pid', parent bigint PATH '\$.parent', object varchar(99) PATH '\$.object',
            mode varchar(99) PATH '\$.mode', query varchar(500) PATH '\$.query')) k
        WHERE event = 'sample' AND $(field of) = 'locks' AND k.pid = $2
            AND COALESCE(k.parent, -1) = $3
            AND CONCAT_WS(' ', mode, object, query) LIKE '%${4:-}%'")" -gt 0 ]
}

# ---- a long transaction that has read the table

# held_up ID VERB: expand on table ID; the holder is ended by VERB
held_up() {
    # one that works, for there is nothing to cancel in one that rests
    starts "$1-report" "BEGIN; SELECT count(*), SLEEP(0) FROM $1; UPDATE $1 SET pad = 'r' WHERE id = 7;
        SELECT 'here'; SELECT SLEEP(300)"
    holder=$started
    wait_for 30 is_old "$holder"
    extra "$1" "$1"
    detached "$1" --yes
    is $? 0 "$1: the engine starts" || show "$1"
    ok "$1: expand waits" wait_for 30 retried "$1" 1
    like "$(newel status "$1")" '3/10 expand' "$1: status says where"
    feed "$1-reader" "$(timed "SELECT count(*) FROM $1 WHERE id < 5")"
    feed "$1-writer" "$(timed "UPDATE $1 SET pad = 'w' WHERE id = 3")"
    [ "$1" != first ] || backs_off "$1"
    is "$(ask "$1" "SELECT COALESCE(MAX($(field us) + 0), 0) < 3000000 FROM j WHERE event = 'statement'
            AND $(field state) = 'retry'")" 1 "$1: none of its tries has waited for long"
    is "$(ask "$1" "SELECT DISTINCT b.pid, b.user, b.age > 2000000, b.query FROM j,
            JSON_TABLE(e, '\$.blockers[*]' COLUMNS (pid bigint PATH '\$.pid', user text PATH '\$.user',
                age bigint PATH '\$.xact_us', query text PATH '\$.query')) b
        WHERE event = 'statement' AND $(field state) = 'retry' AND b.pid = $holder")" \
        "$holder	root	1	SELECT SLEEP(300)" "$1: the journal names who holds the table"
    unfeed
    tree "$1"
    slowest=$(worst "$1-reader" "$1-writer")
    ok "$1: meanwhile nobody has waited for long (worst: $slowest ms)" test "$slowest" -lt "$patience"
    newel attach --dump 120x30 --screen locks "$1" >"$work/screen" 2>&1
    like "$(cat "$work/screen")" "$holder +.*root" "$1: the console shows the holder"
    refuses 'not in the lock tree' "$1" "$2" 999999
    takes "$1" "$2" "$holder"
    ok "$1: the holder is gone" wait_for 20 disconnected "$holder"
    ok "$1: and the engine comes to its end" wait_for 60 gone "$engine"
    is "$(ask "$1" "SELECT $(field status) FROM j WHERE event = 'end'")" 0 "$1: which is a good one"
    is "$(sql_p "SELECT count(*) FROM $1 WHERE NOT extra <=> id * 3")" 0 "$1: with every value"
    is "$(ask "$1" "SELECT $(field 'do'), $(field accepted), $(field operator) <> '' FROM j
        WHERE event = 'command' AND $(field accepted) = 'true'")" "$2	true	1" \
        "$1: the journal says who was ended, and by whom"
}
backs_off() {
    # five of them: the fourth pause is 0.8 s at least, the first 0.5 s at most
    ok "$1: and tries again" wait_for 40 retried "$1" 5
    is "$(ask "$1" "SELECT SUM(pause > 800000) > 0, MIN(pause) > 200000 FROM (SELECT
            time - LAG(time) OVER (ORDER BY seq) AS pause FROM j WHERE event = 'statement'
                AND $(field step) = 'add column' AND $(field state) = 'retry') s")" '1	1' \
        "$1: after longer and longer pauses"
}
# A row that waits for the holder, a table that waits for both, a reader that waits for the table.
tree() {
    starts "$1-row" "SET innodb_lock_wait_timeout = 100; UPDATE $1 SET pad = 'b' WHERE id = 7"
    row=$started
    ok "$1: somebody waits for a row" wait_for 20 waits_for_row "$row"
    starts "$1-table" "SET lock_wait_timeout = 100; LOCK TABLE $1 WRITE; UNLOCK TABLES"
    all=$started
    ok "$1: somebody waits for the table" wait_for 20 waits_for_table "$all"
    starts "$1-late" "SELECT count(*) FROM $1"
    late=$started
    ok "$1: somebody waits behind them" wait_for 20 waits_for_table "$late"
    ok "$1: the tree begins with the holder" wait_for 20 in_tree "$1" "$holder" -1 'SLEEP(300)'
    ok "$1: below it who waits for its row" wait_for 20 in_tree "$1" "$row" "$holder" "X%$1%UPDATE"
    ok "$1: and who waits for its table" wait_for 20 in_tree "$1" "$all" "$holder" 'LOCK TABLE'
    ok "$1: who waits for both is below both" wait_for 20 in_tree "$1" "$all" "$row" 'LOCK TABLE'
    ok "$1: and below that the last" wait_for 20 in_tree "$1" "$late" "$all" 'SELECT count'
}
patience=1500
held_up first cancel
if [ "$FLAVOUR" = mariadb ]; then
    # what it had to guess it knows with the instruments
    my_down primary
    my_up primary --performance-schema=ON \
        --performance-schema-instrument='wait/lock/metadata/sql/mdl=ON' || bail_out 'no server'
    said first '(a guess)'
    is $? 0 'without instruments it says that it guesses'
fi
held_up second terminate
said second '(a guess)'
is $? 1 'with instruments it does not guess'

# ---- one row that somebody holds

extra row calm
run row --until sync
is $? 0 'ready for another backfill' || show row
hold clerk 'SELECT * FROM calm WHERE id = 1500 FOR UPDATE'
engine row
ok 'the backfill says that it waits' wait_for 30 said row '"phase":"backfill","state":"waiting"'
ok 'the holder of the row stands in the lock tree' wait_for 20 in_tree row "$held" -1
ours() {
    [ "$(ask row "SELECT count(*) FROM j, JSON_TABLE(e, '\$.rows[*]' COLUMNS (
            parent bigint PATH '\$.parent', ours varchar(5) PATH '\$.ours')) k
        WHERE event = 'sample' AND $(field of) = 'locks' AND k.parent = $held
            AND k.ours IN ('1', 'true')")" -gt 0 ]
}
ok 'and newel below it' wait_for 20 ours
newel attach --dump 120x20 row >"$work/screen" 2>&1
like "$(cat "$work/screen")" 'WAITING for a locked row' 'the console says so'
release clerk
wait "$engine"
is $? 0 'after its COMMIT the migration goes on to its end' || show row
is "$(sql_p 'SELECT count(*) FROM calm WHERE NOT extra <=> id * 3')" 0 'with every value'

# ---- a lock queue that was there before newel: it cannot even look at the table

hold reader 'SELECT count(*) FROM shut'
starts writer 'SET lock_wait_timeout = 100; LOCK TABLE shut WRITE; UNLOCK TABLES'
ok 'somebody waits to lock the table' wait_for 20 waits_for_table "$started"
extra early shut
detached early --yes
is $? 0 'an engine that starts behind it starts' || show early
ok 'and says who holds the table' wait_for 20 said early "\"code\":\"table-locked\".*$held"
release reader
ok 'when they are gone it goes through' wait_for 60 gone "$engine"
is "$(sql_p 'SELECT count(*) FROM shut WHERE NOT extra <=> id * 3')" 0 'to its end'

# ---- short transactions all the time: it has to queue, and leaves when the queue grows

# The server tells whole seconds of their beginning: those that began before the present one count as
# long, and the shorter they are, the more often there is none such.

for i in 1 2 3; do
    feed "holder$i" 'BEGIN; SELECT count(*) FROM slow; DO SLEEP(0.6); COMMIT;'
    sleep 0.2
done
readers='reader1 reader2 reader3 reader4 reader5 reader6'
for name in $readers; do
    feed "$name" "$(timed 'SELECT count(*) FROM slow WHERE id < 5')"
done
extra queue slow 2 8s
engine queue
ok 'it gives up when more than max_waiters wait behind it' wait_for 90 said queue \
    '"event":"statement".*"state":"retry".*sessions queued behind it: given up before' || show queue
is "$(ask queue "SELECT $(field queue) > 2, $(field us) < 3000000, JSON_LENGTH(e, '\$.blockers') > 0
    FROM j WHERE event = 'statement' AND e LIKE '%given up before%' ORDER BY seq LIMIT 1")" '1	1	1' \
    'long before its lock_timeout, and tells how many and behind whom'
unfeed
wait "$engine"
is $? 0 'when they are gone it gets through' || show queue
# shellcheck disable=SC2086
slowest=$(worst $readers)
ok "no reader has waited for long (worst: $slowest ms)" test "$slowest" -lt 2000

# ---- before it begins: transactions that have been open for long

# an account whose clock is ahead, for whom others' transactions are old
sql_p "CREATE USER hasty@'%' IDENTIFIED BY 'Geheim-77'; GRANT SELECT, PROCESS ON *.* TO hasty@'%';
    SET GLOBAL init_connect = 'SET timestamp = UNIX_TIMESTAMP() + 200'"
(umask 077 && printf '[client]\nuser = hasty\npassword = Geheim-77\n' >"$work/hasty.cnf")
sed -i "s|^defaults_file = .*|defaults_file = $work/hasty.cnf|" "$work/newel.ini"
hold dreamer 'SELECT count(*) FROM calm'
extra plan slow
newel plan "$work/plan.ini" >"$work/plan.out" 2>&1
like "$(tr -s ' \n' '  ' <"$work/plan.out")" \
    "WARN long transactions: connection $held \(root\) has had a transaction open for 2[0-9]+ s.* KILL $held" \
    'preflight names a transaction that has been open for long' || diag "$(cat "$work/plan.out")"
release dreamer
done_testing
