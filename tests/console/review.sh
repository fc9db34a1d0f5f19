#!/bin/sh
# A recorded session: the same screens, at any time of it; and broken recordings.
set -u
. "$SRCDIR/tests/console/lib.sh"
console_begin pair
filler orders 6000
migration extra orders <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = id * 3
[batch]
rows = 100
min = 100
max = 100
pause = 100ms
[query checkout]
sql = SELECT * FROM orders WHERE id = 42
INI

psql_p 'CREATE TABLE gate (n int); INSERT INTO gate VALUES (0)'
cat >>"$work/extra.ini" <<'INI'
[throttle]
query = SELECT n FROM gate
query_max = 10
INI

# ---- a session with something in it

detached extra --yes --until backfill
filling() {
    said extra '"event":"batch"'
}
throttled() {
    said extra '"event":"throttle".*query_max'
}
ok 'a backfill is recorded' wait_for 30 filling || show extra
newel ctl extra note 'a word in between' >"$work/out" 2>&1
is $? 0 'with a note' || diag "$(cat "$work/out")"
psql_p 'UPDATE gate SET n = 99'
ok 'it is throttled for a while' wait_for 10 throttled
sleep 2 # which is what is recorded
newel ctl extra stop >"$work/out" 2>&1
ok 'and stopped' wait_for 20 gone "$engine" || diag "$(cat "$work/out")"
record=$work/record.jsonl
cp "$(journal extra)" "$record"
screens='overview tables locks replicas targets plans clients log sql help'

# when PATTERN: the time of the first such event, from the start of the record
when() {
    when_first=$(head -n 1 "$record" | grep -o '"time":[0-9]*' | cut -d: -f2)
    when_at=$(grep -E -e "$1" "$record" | head -n 1 | grep -o '"time":[0-9]*' | head -n 1 | cut -d: -f2)
    echo "+$(((when_at - when_first + 999) / 1000))ms"
}
review() {
    "$NEWEL" review "$record" "$@"
}

# ---- dumps

sizes_right=0
for name in $screens; do
    review --at +99h --dump 100x30 --screen "$name" >"$work/$name.dump" 2>"$work/err" &&
        [ "$(wc -l <"$work/$name.dump")" = 30 ] && [ "$(wc -L <"$work/$name.dump")" -le 100 ] &&
        sizes_right=$((sizes_right + 1))
done
is "$sizes_right" 10 'each screen is dumped as 30 lines of at most 100 columns'
# What a live console shows of the same journal. The first line tells the two apart;
# the last ones are the message and the keys, and the timeline of a recording.
steady() {
    sed -n '2,26p' "$1"
}
differing=
for name in overview tables locks replicas targets plans clients sql; do
    newel attach --dump 100x30 --screen "$name" extra >"$work/$name.live" 2>&1
    steady "$work/$name.live" >"$work/a"
    steady "$work/$name.dump" >"$work/b"
    diff "$work/a" "$work/b" >"$work/diff" || {
        differing="$differing $name"
        diag "$name:
$(cat "$work/diff")"
    }
done
is "$differing" '' 'the screens of a recording are the screens that were live'
like "$(head -n 1 "$work/overview.dump")" 'REPLAY [0-9:]{8}' 'the top line says that it is a recording'
like "$(review --dump 80x24)" '1 preflight +todo' 'a recording begins at its start'
like "$(review --dump 80x24 --at "$(when '"event":"batch"')")" '> 5 backfill +running' \
    '--at goes to a time'
like "$(review --dump 80x24 --at "$(when '"event":"throttle".*query_max')")" 'THROTTLED query on t1: 99' \
    'and shows what was true then'
review --at tomorrow --dump 80x24 >"$work/out" 2>"$work/err"
is $? 2 'a time that is none is refused'
like "$(cat "$work/err")" '^newel: .*tomorrow' 'by its name'
review --dump 80x24 --screen nothing >"$work/out" 2>"$work/err"
is $? 2 'so is a screen that is none'
like "$(cat "$work/err")" 'overview, tables, locks' 'with the names that there are'

# ---- keys

console_start 100 30 "$NEWEL" review "$record"
see_top 'REPLAY [0-9:]{8} still' 'the console opens it'
see '^[0-9:]{8} .*[0-9:]{8}$' 'the timeline has both ends of the record'
see '^ *1 preflight +todo' 'at the start nothing was done'
keys End
see '> 5 backfill|^\+ 4 sync +done' 'End is its end'
same_as_dump=0
for pair in 1=overview 2=tables 3=locks 4=replicas 5=targets 6=plans 7=clients 8=log 9=sql; do
    keys "${pair%=*}"
    same() {
        screen | sed 's/ *$//' >"$work/a"
        sed 's/ *$//' "$work/${pair#*=}.dump" >"$work/b"
        cmp -s "$work/a" "$work/b"
    }
    if wait_for 5 same; then
        same_as_dump=$((same_as_dump + 1))
    else
        diag "${pair#*=}: $(diff "$work/a" "$work/b")"
    fi
done
is "$same_as_dump" 9 'each screen is the one that --dump prints'
press 1 '> 5 backfill' 'the overview'
keys Home
see '^ *1 preflight +todo' 'Home is the start'
keys g
see 'Go to:' 'g asks for a time'
type_text "$(when '"event":"throttle".*query_max')"
keys Enter
see_top 'THROTTLED' 'and goes there'
press Left '1 preflight +todo' 'Left goes 10 s back'
press Right '4 sync +done' 'Right 10 s on'
keys Home
keys '>' '>' '>'
keys Space
see_top 'REPLAY [0-9:]{8} x[0-9]+' 'space plays, and the speed is on the top line'
see '4 sync +done' 'as time goes by'
keys Home
see_top 'REPLAY' 'Home while it plays'
keys '<' '<' '<' '<' '<' '<' '<' '<'
keys Home
see_top ' x1\b|still' '< makes it slower'
for pair in n=step +=batch b=batch a=auto L=lanes t=limits R=rollback C=cancel T=terminate m=note; do
    keys "${pair%%=*}"
    wait_for 5 shows 'is off: this is a recording' && shows "^[a-z-]* is off: this is a recording" ||
        changing="${changing:-} ${pair%%=*}"
    keys Escape
    wait_for 5 hides 'is off: this is a recording'
done
is "${changing:-}" '' 'every key that changes something is off'
keys 8
see '^LOG' 'the log'
keys /
see 'Filter:' 'can be filtered'
type_text nothing-like-it
press Enter 'LOG 0 of' 'down to nothing'
fits 'no line is too long'
keys q
is "$(console_status)" 0 'q leaves without a question'

# ---- alarms

# an alarm in the middle of the record; the chain is broken there, which only verify minds
middle=$(($(wc -l <"$record") / 2))
line=$(sed -n "${middle}p" "$record")
alarm=$(printf '%s' "$line" | sed -E 's/^(\{"seq":[0-9]+,"time":[0-9]+,).*/\1"event":"alarm","target":"t1","level":"crit","code":"test","text":"the sky is falling"}/')
{
    sed -n "1,$((middle - 1))p" "$record"
    printf '%s\n' "$alarm"
    sed -n "$((middle + 1)),\$p" "$record"
} >"$work/alarm.jsonl"
console_start 100 30 "$NEWEL" review "$work/alarm.jsonl"
see '^[0-9:]{8} .*!.* [0-9:]{8}$' 'the timeline marks the alarm'
press ] 'the sky is falling' '] goes to it'
press ] 'no alarm after here' 'and there is no other'
keys End
press [ 'the sky is falling' '[ goes back to it'
press [ 'no alarm before here' 'and there is none before'
keys q
is "$(console_status)" 0 'q leaves'

# ---- broken recordings

bytes=$(wc -c <"$record")
last=$(tail -n 1 "$record" | wc -c)
head -c $((bytes - last / 2)) "$record" >"$work/cut.jsonl"
"$NEWEL" review "$work/cut.jsonl" --at +99h --dump 100x30 >"$work/out" 2>"$work/err"
is $? 0 'a record cut in the middle of its last line opens'
like "$(cat "$work/out")" '4 sync +done' 'with all that is before'
unlike "$(cat "$work/out")" 'broken line' 'and nothing is called broken'
sed "${middle}s/.\$/#/" "$record" >"$work/broken.jsonl"
"$NEWEL" review "$work/broken.jsonl" --at +99h --dump 100x30 >"$work/out" 2>"$work/err"
is $? 0 'one with a broken line opens'
like "$(cat "$work/out")" '1 broken line' 'and says so'
: >"$work/empty.jsonl"
for name in empty.jsonl missing.jsonl; do
    "$NEWEL" review "$work/$name" --dump 80x24 >"$work/out" 2>"$work/err"
    like "$? $(cat "$work/err")" '^[23] newel: .*' "$name is an error in words"
done
no_reports 'the sanitizers have nothing to say'
done_testing
