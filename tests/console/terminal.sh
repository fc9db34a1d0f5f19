#!/bin/sh
# However a console ends, its terminal is as it was; and the engine does as it was told.
set -u
. "$SRCDIR/tests/console/lib.sh"
console_begin pair
house_config 'on_disconnect = pause'
filler orders 20000
migration extra orders <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = id * 3
[batch]
rows = 50
min = 50
max = 50
pause = 400ms
INI
detached extra --yes --until backfill
ok 'an engine is at work' test -n "$engine" || show extra
filling() {
    said extra '"event":"batch"'
}
wait_for 20 filling

console_shell 100 30
attach="$NEWEL attach -c $work/newel.ini extra"
# a report about the signal that was sent is no news
export_own="ASAN_OPTIONS=log_path=$work/segv:detect_leaks=0"

at_prompt() {
    [ "$(screen | sed '/^$/d' | tail -n 1)" = '$' ]
}
alternate() {
    [ "$(tm display-message -p -t "$console" '#{alternate_on}')" = 1 ]
}
not() {
    ! "$@"
}
# run_shell TEXT: a command of that shell, until its prompt is back
run_shell() {
    type_text "$1"
    keys Enter
}
console_pid() {
    # the newest one: the attach that is running in this pane
    tm display-message -p -t "$console" '#{pane_pid}' >"$work/shell"
    for console_at in /proc/[0-9]*; do
        [ "$(awk '{print $4}' "$console_at/stat" 2>/dev/null)" = "$(cat "$work/shell")" ] &&
            tr '\0' ' ' <"$console_at/cmdline" 2>/dev/null | grep -q ' attach ' &&
            echo "${console_at#/proc/}"
    done
}
opened() {
    run_shell "clear; stty -a >$work/before; echo before the console; ${1:-} $attach; echo status \$?; stty -a >$work/after"
    wait_for 20 top_shows 'backfill' || diag "$(screen)"
    wait_for 5 alternate || diag 'no alternate screen'
    pid=$(console_pid)
}
# restored TITLE STATUS
restored() {
    see "^status $2\$" "$1: exit status $2"
    wait_for 5 at_prompt
    ok "$1: the alternate screen is left" not alternate
    see '^before the console' "$1: what was on the terminal is there again"
    is "$(cat "$work/after")" "$(cat "$work/before")" "$1: the terminal's modes are as they were"
    is "$(tm display-message -p -t "$console" '#{cursor_flag} #{keypad_cursor_flag} #{mouse_any_flag}')" '1 0 0' \
        "$1: cursor, keys and mouse too"
}

# ---- in order, and by signals

opened
keys q
see 'Leave this console' 'q asks'
keys d
restored q 0
for signal in TERM HUP QUIT; do
    opened
    kill -s "$signal" "$pid"
    case $signal in TERM) status=143 ;; HUP) status=129 ;; QUIT) status=131 ;; esac
    restored "SIG$signal" "$status"
done
opened
keys C-c
see 'Leave this console' 'Ctrl-C asks as q does'
keys C-c
restored 'Ctrl-C twice' 0
opened "$export_own"
kill -s SEGV "$pid"
see '^status [1-9]' 'a crash is no success'
wait_for 5 at_prompt
ok 'a crash: the alternate screen is left' not alternate
is "$(cat "$work/after")" "$(cat "$work/before")" "a crash: the terminal's modes are as they were"
opened
kill -s ABRT "$pid"
restored 'SIGABRT' 134
ok 'the engine does not care' alive "$engine"

# ---- put aside

run_shell "clear; stty -a >$work/before; echo before the console; $attach; stty -a >$work/after"
see_top backfill 'a console for Ctrl-Z'
keys C-z
wait_for 10 at_prompt
see '\$ *$' 'Ctrl-Z gives the shell back'
ok 'without the alternate screen' not alternate
is "$(cat "$work/after")" "$(cat "$work/before")" "and with the terminal's modes"
console_resize 90 20
run_shell fg
see_top 'backfill .*live' 'fg brings it back'
see '10 finish' 'all of it'
fits 'at the size that the terminal has now'
press 3 '^LOCKS' 'and it takes keys'
keys q
see 'Leave' 'it asks'
keys d
wait_for 10 at_prompt
console_resize 100 30

# ---- the terminal goes away

# the last console took its leave with "continue": the work goes on
newel ctl extra resume >/dev/null 2>&1
opened
ok 'a console is open' test -n "$pid"
gone_pid=$pid
tm kill-session -t "$console"
ok 'its terminal gone, the console is gone within 3 s' wait_for 3 gone "$gone_pid"
ok 'the engine lives' alive "$engine"
paused() {
    [ "$(ask extra "SELECT count(*) FROM j WHERE event = 'detach' AND seq =
        (SELECT max(seq) FROM j WHERE event = 'detach')
        AND EXISTS (SELECT FROM j later WHERE later.seq > j.seq - 3
            AND later.e::text LIKE '%pause%')")" = 1 ]
}
ok 'on_disconnect = pause: the journal has the loss and the pause' wait_for 10 paused ||
    diag "$(tail -n 5 "$(journal extra)")"
console_start 80 24 "$NEWEL" attach -c "$work/newel.ini" extra
see_top 'PAUSED by' 'the next console shows that it is paused'
press Space 'accepted resume' 'space resumes'
see_top RUNNING 'and it runs'
keys q
see 'Leave' 'it asks'
keys p
is "$(console_status)" 0 'p leaves'
console_start 80 24 "$NEWEL" attach -c "$work/newel.ini" extra
see_top 'PAUSED by' 'and has paused the engine'
keys q
see 'Leave' 'it asks'
keys s
is "$(console_status)" 5 'stopped from a console'
ok 'the engine has ended' wait_for 10 gone "$engine"
no_reports 'the sanitizers have nothing to say'
done_testing
