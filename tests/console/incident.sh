#!/bin/sh
# A recorded night (tests/fixtures/incident.jsonl): every screen of the review at every size, as
# agreed upon. NEWEL_GOLDEN=write stores them anew. And the ways through it: to alarms, commands,
# phases, and by the clock.
set -u
. "$SRCDIR/tests/console/lib.sh"
console_begin none
journal=$SRCDIR/tests/fixtures/incident.jsonl
TZ=UTC
export TZ

is "$("$NEWEL" verify "$journal" >/dev/null 2>&1; echo $?)" 0 'its chain is whole'

# picture SIZE MOMENT SCREEN
picture() {
    echo "==== $3 at $2"
    "$NEWEL" review --at "$2" --screen "$3" --dump "$1" "$journal" 2>&1
}
pictures() {
    for at in +3s +24s +33s +50s +10m; do
        picture "$1" "$at" overview
    done
    for name in tables locks replicas targets plans clients log sql plots help; do
        picture "$1" +39s "$name"
    done
    picture "$1" +24s plots
    picture "$1" +3s locks
}

for size in 80x24 120x40 200x50; do
    pictures "$size" >"$work/$size.txt"
    golden=$SRCDIR/tests/golden/incident-$size.txt
    [ "${NEWEL_GOLDEN:-}" != write ] || cp "$work/$size.txt" "$golden"
    is "$(diff "$golden" "$work/$size.txt" | head -n 40)" '' "every screen at $size is as agreed upon"
    is "$(wc -L <"$work/$size.txt")" "${size%x*}" "and at $size no line is too long"
done

# ---- in a terminal: through the night by its marks

console_start 120 40 "$NEWEL" review "$journal"
see_top 'REPLAY [0-9:]+ still' 'the review begins at the beginning'
press ']' 'FAILED set not null' 'to the next alarm'
keys g
see 'Go to:' 'a time can be given'
type_text +24s
press Enter 'THROTTLED lag on t1/r1' 'and is gone to: the replica lags'
press '(' 'batch 500' 'back to the command before'
press ')' 'replay on the standby was paused' 'and on to the next'
press '}' 'verify' 'to the next phase'
press p '^ROWS/S ' 'the plots'
press z '5m$' 'further back'
press Z '1m$' 'and less far'
press Escape '^PHASES' 'back'
press Home 'waits for a yes|session: ' 'to the start'
keys '>' '>' '>' '>' '>' '>' '>' '>'
press Space 'REPLAY .* x1000' 'a thousand times as fast'
see_top 'DONE .*still' 'the night is over soon'
press End 'ended with status 0' 'and it ended well'
keys q
is "$(console_status)" 0 'left'

console_start 80 24 "$NEWEL" review --target t1 --at +39s "$journal"
press 8 'of t1 alone' 'one target alone'
keys q
is "$(console_status)" 0 'left again'
"$NEWEL" review --target nosuch --dump 80x24 "$journal" >"$work/out" 2>&1
is $? 2 'a target that is not in it is refused'
like "$(cat "$work/out")" 'it has t1' 'with those that are'
no_reports 'the sanitizers have nothing to say'
done_testing
