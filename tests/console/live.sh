#!/bin/sh
# A whole migration from the console: each key, what it shows, and what it does.
set -u
. "$SRCDIR/tests/console/lib.sh"
console_begin pair
filler orders 50000
psql_p 'CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1)'

migration extra orders <<'INI'
[column]
name = extra
type = bigint
default = 7
not_null = yes
[backfill]
value = id * 3
[batch]
rows = 100
min = 50
max = 100
pause = 400ms
[query checkout]
sql = SELECT * FROM orders WHERE id = 42
INI

# hold APPLICATION SQL: a session that runs SQL and then stays in its transaction
hold() {
    PGAPPNAME=$1 "$PG_BIN/psql" -Xq -d "$PRIMARY_DSN" \
        -c "BEGIN; $2; SELECT pg_sleep(120)" >"$work/$1.said" 2>&1 &
    background="$background $!"
    holds() {
        [ "$(psql_p "SELECT count(*) FROM pg_stat_activity WHERE application_name = '$1'
            AND (wait_event = 'PgSleep' OR wait_event_type = 'Lock')")" = 1 ]
    }
    wait_for 10 holds "$1"
}
told() {
    grep -Eq -e "$2" "$work/$1.said"
}
engine_pid() {
    head -n 1 "$(journal extra)" | grep -o '"pid":[0-9]*' | head -n 1 | cut -d: -f2
}

# ---- step by step

console_start 80 24 "$NEWEL" run -c "$work/newel.ini" "$work/extra.ini"
see_top '2/10 baseline .*ASKING' 'newel run opens the console, which asks before the second phase'
see 'checks passed' 'preflight has passed'
press n 'Start baseline\? y/N' 'n shows the page of the next phase, and the question'
press n 'baseline was not started' 'no is no'
see_top 'ASKING baseline' 'and nothing was begun'
press n 'EXPLAIN .*SELECT \* FROM orders' 'the page shows the SQL'
press y 'accepted step baseline' 'yes begins it, and the answer is seen'
see_top '3/10 expand .*ASKING' 'baseline is done'
press n 'way back  ALTER TABLE .*DROP COLUMN' 'the page of expand shows the way back'
see 'lock +ACCESS EXCLUSIVE on public.orders' 'and the lock'
fits 'no line of the page is too long'
hold sleeper 'SELECT count(*) FROM orders; SELECT pg_sleep(1.2)'
press y 'accepted step expand' 'expand begins'
see_top 'WAITING for a lock' 'a long transaction keeps it waiting'
see 'held by pid [0-9]+ sleeper/' 'the overview names who'
press 3 '^B +[0-9]+ +sleeper' 'so does Locks, though nobody queues there'
press Down 'QUERY of pid' 'where it can be chosen'
keys T
see 'TERMINATE the session on t1\?' 'T asks'
see 'application sleeper' 'and names it'
press y 'accepted terminate' 'y ends it'
keys 1
see_top '4/10 sync .*ASKING' 'expand is done'
keys n
see 'Start sync\?' 'sync is asked for'
press y 'accepted step sync' 'sync begins'
see_top '5/10 backfill .*ASKING' 'sync is done'
keys n
see 'Start backfill\?' 'the backfill is asked for'
press y 'accepted step backfill' 'the backfill begins'
see_top '5/10 backfill +RUNNING' 'and runs'

# ---- at once

press Space 'accepted pause' 'space is answered'
see_top 'PAUSED by ' 'and the top line says who paused'
press Space 'accepted resume' 'space again is answered'
see_top 'RUNNING' 'and the work goes on'
press - 'accepted batch 80: ' '- makes batches smaller by a fifth'
see 'batch +80 rows by hand' 'which the overview shows'
press + 'accepted batch 100: ' '+ makes them larger by a quarter'
press a 'accepted batch auto' 'a gives them back'
see 'batch +[0-9]+ rows auto' 'which the overview shows'
keys b
see 'Rows .*:' 'b asks for a number'
type_text 60
press Enter 'accepted batch 60' 'and sends it'
see 'batch +60 rows by hand' 'which the overview shows'
keys L
see 'Lanes in parallel \(now 1\):' 'L asks for the lanes'
type_text 2
press Enter 'accepted lanes 2' 'and sends it'
see 'x2 lanes' 'which the overview shows'
press t '> max_lag +2.0s' 't shows the limits, the first one chosen'
press Enter 'max_lag \(now 2s|max_lag \(now 2.0s' 'Enter asks for a new one'
type_text '30s for 30m r1 is rebuilt'
press Enter 'accepted limit max_lag' 'and sends it'
see '> max_lag +30.0?s .*r1 is rebuilt' 'the page shows the limit with its note'
press Escape 'BACKFILL' 'Esc goes back'
keys m
see 'ote.*:' 'm asks for a note'
type_text 'all is well at 3'
press Enter 'accepted note' 'and sends it'
ok 'which the journal has' wait_for 5 said extra 'all is well at 3'
SUDO_USER=bob newel ctl extra note 'look at r1, please' >"$work/said" 2>&1
see '^bob .*[0-9]: look at r1, please' 'a note of another operator is shown until a key is pressed'
press Escape 'BACKFILL' 'by a key it goes'
keys d
see 'Time for one batch \(now 250ms\):' 'd asks for the time of a batch'
type_text 400ms
press Enter 'accepted time 400ms' 'and sends it'
see 'aim 400ms' 'which the overview shows'
keys w
see 'Rest between batches \(now 400ms\)' 'w asks for the rest'
type_text 300ms
press Enter 'accepted rest 300ms' 'and sends it'
see 'rest 300ms' 'which the overview shows'
press p '^BATCH .* aim 400ms' 'p shows the plots'
see '^d .*time 400ms' 'with what was done'
press z ' 5m| 15m' 'further back'
fits 'no line of the plots is too long'
press Escape 'BACKFILL' 'and back'

# ---- each screen is what its number says, with something true on it

press 2 '^TABLE .*orders on t1' '2 is Tables'
see 'live rows +[45][0-9],[0-9]{3}' 'with the live rows'
press 3 '^LOCKS ' '3 is Locks'
press 4 '^t1/r1 +reachable' '4 is Replicas, with the standby'
see 'LAG [0-9.]+(us|ms|s) of 30.0?s' 'its lag as a number, against the limit set by hand'
press 5 '^TARGETS 0 of 1 done' '5 is Targets'
see 't1 +5/10 backfill +running' 'with the one there is'
press s 'by TARGET, A first' 's sorts by its first column'
press '>' 'by SERVER, A first' '> by the next one'
press S 'by SERVER, Z first' 'S the other way round'
press i 'drawn every 0.5 s' 'i draws it less often'
press i 'drawn every 1.0 s' 'and less'
keys i i i i
see 'drawn every 0.2 s' 'and at last as at first'
press 6 '^PLANS' '6 is Plans'
see 'checkout +same' 'with the plan of the watched query, before and since'
press 7 '^CLIENTS' '7 is Clients'
press 9 'UPDATE public.orders SET "extra"' '9 is SQL, with the batches'
console_resize 120 50
keys End
see '^4 sync: done' 'behind it the earlier phases'
keys Up Up Up Up Up Up
see 'ALTER TABLE public.orders ADD COLUMN "extra"' 'with what they ran'
console_resize 80 24
press 8 '^LOG [0-9]+ of the last' '8 is Log'
keys /
see 'Filter:' '/ asks for a text'
type_text 'all is well'
press Enter '^LOG [1-9] of the last .*/all is well' 'which filters'
see 'notes: all is well at 3' 'down to the lines that were looked for'
see_gone 'expand: done' 'and hides the others'
press Enter '"?operator"?' 'Enter opens the event'
keys Escape
keys /
press Enter 'LOG ([0-9]+) of the last \1 ' 'an empty text shows all again'
press '?' 'What can be undone acts at once' '? is the help'
press Escape '^LOG' 'Esc leaves it'
fits 'no line is too long'

# ---- who waits on whom

hold billing 'SELECT FROM (SELECT FROM orders FOR UPDATE) x; UPDATE other SET id = 1' ||
    diag "$(cat "$work/billing.said")"
hold reports 'UPDATE other SET id = 1'
hold mailing 'UPDATE other SET id = 1'
keys 3
see '^B +[0-9]+ +billing' 'the blocker is the root of the tree'
see '`-[0-9]+ +reports' 'with the one who waits for it below'
see 'newel \(ours\)' "newel's own waiting session is told from others"
see_top '.' 'the top line stays'
press Down 'QUERY of pid' 'an arrow chooses a session'
# choose APPLICATION: selects that session, which the question then names
choose() {
    choose_tries=6
    while [ "$choose_tries" -gt 0 ]; do
        choose_tries=$((choose_tries - 1))
        keys C
        if wait_for 1 shows 'CANCEL the statement'; then
            shows "application $1" && console_found=yes || console_found=
            keys Escape
            wait_for 5 hides 'CANCEL the statement'
            [ -z "$console_found" ] || return 0
        fi
        keys Down
    done
    return 1
}
keys Home
ok 'the blocker can be chosen' choose billing || diag "$(screen)"
keys C
see 'CANCEL the statement on t1\?' 'C asks'
see 'application billing' 'and names whom'
press n 'nothing was sent' 'any other key is no'
ok 'nothing has happened to it' test "$(psql_p "SELECT count(*) FROM pg_stat_activity
    WHERE application_name = 'billing' AND wait_event = 'PgSleep'")" = 1
keys C
see 'CANCEL the statement on t1\?' 'C asks again'
press y 'accepted cancel' 'y sends it'
ok 'its client is told' wait_for 10 told billing 'canceling statement due to user request'
see '^B +[0-9]+ +(reports|mailing)' 'now another one blocks'
keys Home
ok 'which can be chosen' choose reports || diag "$(screen)"
keys T
see 'TERMINATE the session on t1\?' 'T asks'
press y 'accepted terminate' 'y sends it'
ok 'its client is told' wait_for 10 told reports 'terminating connection|server closed'
hold orders_app 'UPDATE other SET id = 1'
see '^B +[0-9]+ +mailing' 'the next one blocks'
ok 'which can be chosen' choose mailing || diag "$(screen)"
keys T
see 'TERMINATE the session on t1\?' 'T asks about it'
psql_p "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE application_name IN ('mailing', 'orders_app')" >/dev/null
empty_tree() {
    [ "$(ask extra "SELECT jsonb_array_length(e->'rows') FROM j WHERE event = 'sample'
        AND e->>'of' = 'locks' ORDER BY seq DESC LIMIT 1")" = 0 ]
}
ok 'meanwhile it ends' wait_for 20 empty_tree
# an engine that was asked all the same would refuse; here it must not even be asked
sleep 1
press y 'is gone from the lock tree: nothing was sent' 'then a yes sends nothing'
keys 1

# ---- leaving, looking, coming back

press q 'Leave this console\?' 'q asks'
press Escape 'BACKFILL' 'Esc stays'
keys q
see 'd +detach' 'q asks again'
keys d
is "$(console_status)" 0 'd leaves'
engine=$(engine_pid)
ok 'and the engine lives' alive "$engine"
console_start 80 24 "$NEWEL" attach -c "$work/newel.ini" -r extra
see_top '5/10 backfill .*\[RO\]' 'a read-only console says so'
press Space 'pause is off: this console is read-only' 'it refuses to pause'
press n 'step is off: this console is read-only' 'and to step'
press R 'rollback is off: this console is read-only' 'and to roll back'
press 3 '^LOCKS' 'it shows the screens'
press T 'terminate is off: this console is read-only' 'but ends nobody'
keys q
is "$(console_status)" 0 'it leaves without a question'
ok 'and the engine lives on' alive "$engine"

# ---- back, and the end

console_start 80 24 "$NEWEL" attach -c "$work/newel.ini" extra
see_top '5/10 backfill' 'attach shows the engine again'
keys R
see 'Column to take back:' 'R shows what is taken back, and asks for the name'
see 'ALTER TABLE .*DROP COLUMN' 'with the SQL'
type_text extras
press Enter '"extras" is not the column.s name: nothing was sent' 'another name sends nothing'
is "$(psql_p "SELECT count(*) FROM pg_attribute WHERE attrelid = 'orders'::regclass
    AND attname = 'extra'")" 1 'the column is still there'
keys R
see 'Column to take back:' 'R asks again'
type_text extra
keys Enter
column_gone() {
    [ "$(psql_p "SELECT count(*) FROM pg_attribute WHERE attrelid = 'orders'::regclass
        AND attname = 'extra' AND NOT attisdropped")" = 0 ]
}
ok 'the right name takes the column back' wait_for 20 column_gone || diag "$(screen)"
is "$(psql_p "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'orders'::regclass")" 0 \
    'and the triggers'

migration again orders <<'INI'
[column]
name = again
type = bigint
[backfill]
value = id
[batch]
rows = 50
min = 50
max = 50
pause = 200ms
INI
console_start 80 24 "$NEWEL" run -c "$work/newel.ini" --yes "$work/again.ini"
see_top '5/10 backfill +RUNNING' 'with --yes nobody is asked up to the backfill'
keys q
see 's +stop the engine' 'q offers to stop'
keys s
is "$(console_status)" 5 'stopped by the operator is exit status 5'
no_reports 'the sanitizers have nothing to say'
done_testing
