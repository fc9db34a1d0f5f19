#!/bin/sh
# The manners of the console: other keys, the mouse, small and huge terminals, terminals that
# can do little, being stopped and going on, and lines instead of screens.
set -u
. "$SRCDIR/tests/console/lib.sh"
console_begin primary
filler orders 20000
migration extra orders <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = id * 3
[batch]
rows = 20
min = 20
max = 20
pause = 500ms
INI
detached extra --yes --until backfill
ok 'an engine is at work' test -n "$engine" || show extra
filling() {
    said extra '"event":"batch"'
}
wait_for 20 filling
attach() {
    attach_w=$1 attach_h=$2
    shift 2
    console_start "$attach_w" "$attach_h" "$@" "$NEWEL" attach -c "$work/newel.ini" extra
}
not() {
    ! "$@"
}
mouse_of() {
    tm display-message -p -t "$console" '#{mouse_any_flag}#{mouse_sgr_flag}'
}
mouse_is() {
    [ "$(mouse_of)" = "$1" ]
}
# mouse BUTTON X Y: pressed there; columns and rows from 1. 0 left, 64 and 65 the wheel.
mouse() {
    type_text "$(printf '\033[<%s;%s;%sM' "$1" "$2" "$3")"
    [ "$1" != 0 ] || type_text "$(printf '\033[<%s;%s;%sm' "$1" "$2" "$3")"
}
# click PATTERN: where it stands first
click() {
    clicked=$(screen | awk -v wanted="$1" '{ at = match($0, wanted) } at { print at, NR; exit }')
    # shellcheck disable=SC2086 # two numbers
    mouse 0 ${clicked:-1 1}
}
leave() {
    keys q
    see 'Leave this console' 'q asks' && keys d
    is "$(console_status)" 0 'and it leaves in order'
}

# ---- other keys

cat >>"$work/newel.ini" <<'INI'
[keys]
pause = P
page-down = Ctrl-D, PgDn
help = F2
screen-locks = F3
rollback = none
INI
attach 80 24
see_top '5/10 backfill +RUNNING' 'a console with other keys'
see 'F2 help .*P pause' 'whose bottom line names them'
press P 'accepted pause' 'the key that pause was given pauses'
see_top 'PAUSED by' 'the engine has paused'
press P 'accepted resume' 'and resumes'
keys Space R
press F3 '^LOCKS' 'F3 is Locks'
see 'F3.Locks' 'and its tab says so'
press F2 '^Locks$' 'F2 is the help, which begins with this screen'
press C-d 'Clients: sessions' 'Ctrl-D turns a page'
ok 'the keys that were taken away do nothing' hides 'Column to take back|PAUSED'
keys F2

# ---- the mouse

ok 'the mouse is the console'"'s" wait_for 5 mouse_is 11 || diag "$(mouse_of)"
click '5.Targets'
see '^TARGETS 0 of 1' 'a click on a tab opens its screen'
click '^K* *t1 '
see '^PHASES' 'a click on the row that is chosen opens it'
click '8.Log'
see '^LOG' 'Log'
click 'expand: running'
see 'standing' 'a click chooses a line of the log'
mouse 65 10 10
see 'standing' 'the wheel moves on'
click 'expand: done'
click 'expand: done'
see '"event": "phase"' 'and a second click opens it'
click 'Esc back'
see '^LOG' 'a click on a word of the bottom line does what its key does'
click 'P pause'
see 'accepted pause' 'also to the engine'
click 'P pause'
see 'accepted resume' 'and back'
press M "the mouse is the terminal's" 'M gives the mouse back'
ok 'and the terminal has it' wait_for 5 mouse_is 00 || diag "$(mouse_of)"
press M "the mouse is the console's" 'M takes it again'
ok 'and the terminal has given it' wait_for 5 mouse_is 11 || diag "$(mouse_of)"

# ---- stopped, and going on

console_pid() {
    tm display-message -p -t "$console" '#{pane_pid}' >"$work/shell"
    for console_at in /proc/[0-9]*; do
        [ "$(awk '{print $4}' "$console_at/stat" 2>/dev/null)" = "$(cat "$work/shell")" ] &&
            tr '\0' ' ' <"$console_at/cmdline" 2>/dev/null | grep -q ' attach ' &&
            echo "${console_at#/proc/}"
    done
}
stopped() {
    [ "$(awk '{print $3}' "/proc/$pid/stat")" = T ]
}
pid=$(console_pid)
tty=$(tm display-message -p -t "$console" '#{pane_tty}')
kill -s STOP "$pid"
wait_for 5 stopped
printf '\033[?1000l\033[H\033[2Jscribbled over' >"$tty"
stty sane <"$tty"
see 'scribbled over' 'while it is stopped, something else writes on its terminal'
console_resize 90 26
kill -s CONT "$pid"
see_top '5/10 backfill' 'SIGCONT draws it again'
see_gone 'scribbled' 'all of it'
fits 'at the size that the terminal has now'
ok 'and takes the mouse again' wait_for 5 mouse_is 11 || diag "$(mouse_of)"
press F3 '^LOCKS' 'keys come without Enter'
leave

# ---- however it ends, the mouse is the terminal's again

for signal in TERM SEGV; do
    attach 80 24 env ASAN_OPTIONS="log_path=$work/segv:detect_leaks=0"
    see_top backfill "a console for SIG$signal"
    wait_for 5 mouse_is 11
    pid=$(console_pid)
    kill -s "$signal" "$pid"
    see 'LEFT' "SIG$signal ends it"
    ok 'the mouse is given back' wait_for 5 mouse_is 00 || diag "$(mouse_of)"
done

# those consoles were lost, and on_disconnect has paused the engine
newel ctl extra resume >"$work/out" 2>&1
is $? 0 'the engine goes on' || diag "$(cat "$work/out")"

# ---- sizes

for size in '40 10' '300 100' '1 1'; do
    # shellcheck disable=SC2086 # two words
    attach $size
    sized_wrong=0 sized_seen=0
    for key in 1 2 F3 4 5 6 7 8 9 F2 n t; do
        keys "$key"
        sleep 0.05
        [ "$(widest)" -le "$console_width" ] || sized_wrong=$((sized_wrong + 1))
        sized_seen=$((sized_seen + 1))
    done
    is "$sized_wrong" 0 "$size: no line is too long on $sized_seen screens"
    case $size in 40*) press Escape '.' 'Esc' && press 1 'est\. left' '40x10 shows how far it is' ;; esac
    case $size in 300*) keys Escape && press 1 'WHAT COMES NEXT' '300x100 uses its room' ;; esac
    console_resize 80 24
    keys Escape Escape
    press 1 'BACKFILL' "$size: the console is still well" || diag "$(screen)"
    leave
done

# ---- terminals

sed -i 's/^\[newel\]$/&\nmouse = no/' "$work/newel.ini"
attach 80 24 env NO_COLOR=1
see_top RUNNING 'NO_COLOR'
is "$(mouse_of)" 00 'mouse = no leaves the mouse to the terminal'
# what tmux has of it, attributes and all
coloured() {
    tm capture-pane -e -p -t "$console" | grep -Eq "$(printf '\033')\[([0-9]+;)*([34][0-7]|[34]8;5;[0-9]+|9[0-7])(;[0-9]+)*m"
}
ok 'NO_COLOR: no colour' not coloured
keys m
see 'Note:' 'a note'
type_text '漢字 é e'"$(printf '\314\201')"' end'
press Enter 'accepted note' 'with wide and combining characters'
press 8 '漢字 é .{1,2} end' 'is shown as it was typed'
fits 'and the line is not too long'
leave
for term in linux screen vt100; do
    infocmp "$term" >/dev/null 2>&1 || continue
    attach 80 24 env TERM="$term"
    see_top RUNNING "TERM=$term draws the console"
    if [ "$term" = vt100 ]; then
        ok 'vt100: no colour' not coloured
    else
        ok "$term: colours" wait_for 5 coloured
    fi
    leave
done

# ---- lines instead of screens

plain() {
    "$NEWEL" "$@" >"$work/plain.out" 2>"$work/plain.err"
}
# without a terminal, as a reader's pipe has it
printf 'status\nbatch 20\nnote read aloud\nlocks\nnosuch\nquit\nd\n' |
    plain attach -c "$work/newel.ini" --plain extra
is $? 0 'a console of lines takes words from a pipe, and leaves'
out=$(cat "$work/plain.out")
like "$out" 't1: column extra of orders|t1: column extra of public.orders' 'it tells where it stands'
like "$out" 'backfill RUNNING [0-9.]+% est\.' 'and how far it is'
like "$out" 'accepted batch 20' 'a word is a command, and its answer is told'
like "$out" 'accepted note read aloud' 'another one'
like "$out" 'nobody waits for a lock|not sampled|^pid ' 'the locks'
like "$out" '"nosuch" is no word here' 'what it does not know, it says'
like "$out" 'Leave\? d: detach' 'it asks before it leaves'
controls() {
    LC_ALL=C grep -q "$(printf '[\033\r\b\f]')" "$work/plain.out"
}
ok 'nothing moves a cursor, nothing is coloured' not controls
is "$(cat "$work/plain.err")" '' 'and nothing is amiss'
ok 'the journal has the note' wait_for 5 said extra 'read aloud'

# on a terminal, as it happens
console_start 100 40 "$NEWEL" attach -c "$work/newel.ini" --plain extra
see 'help tells the words, quit leaves' 'on a terminal, too'
type_text pause
press Enter 'accepted pause' 'pause is told'
see '[0-9:]{8}  t1  .*: pause$' 'and what happened, with its time'
type_text resume
press Enter 'accepted resume' 'resume'
type_text step
press Enter 'backfill is running: there is nothing to start now' 'a step that cannot be is told so'
type_text 'rollback'
press Enter 'Column to take back:' 'a rollback asks for the name'
see 'way back|DROP COLUMN' 'and reads out what it takes back'
type_text 'nonsense'
press Enter 'not the column.s name: nothing was sent' 'another name is no yes'
type_text quit
press Enter 'Leave\?' 'quit asks'
type_text s
keys Enter
is "$(console_status)" 5 's stops the engine, and the status is the session'"'s"
ok 'the engine has ended' wait_for 10 gone "$engine"
see 'session: stopped|stopped' 'which was told'

printf 'status\nquit\ns\n' | plain run -c "$work/newel.ini" --plain --yes "$work/extra.ini"
is $? 5 'newel run, too: it resumes, and is stopped'
like "$(cat "$work/plain.out")" 't1: column extra of .*orders' 'it tells where it stands'
plain attach -c "$work/newel.ini" --plain extra </dev/null
is $? 2 'without an engine there is nothing to attach to'

# step by step, by words alone
migration again orders <<'INI'
[column]
name = again
type = bigint
INI
console_start 100 40 "$NEWEL" run -c "$work/newel.ini" --plain --until expand "$work/again.ini"
see 'step shows what baseline does, and asks' 'a run of lines says what it waits for'
type_text step
press Enter 'Start baseline\? y/N' 'step asks'
type_text y
press Enter 'step shows what expand does, and asks' 'y is yes, and the next one is waited for'
type_text step
press Enter 'way back: ALTER TABLE .*DROP COLUMN' 'step reads out the SQL and the way back'
type_text perhaps
press Enter 'expand was not started' 'anything else is no'
type_text step
press Enter 'Start expand\? y/N' 'again'
type_text yes
keys Enter
is "$(console_status)" 0 'the console ends when the engine ends'
see 'expand: done' 'which was told'
is "$(psql_p "SELECT count(*) FROM pg_attribute WHERE attrelid = 'orders'::regclass
    AND attname = 'again'")" 1 'the column is there'

printf 'end\nstatus\nalarm-previous\npause\nquit\n' |
    plain review -c "$work/newel.ini" --plain "$(journal extra)"
is $? 0 'a recording is read as lines, too'
out=$(cat "$work/plain.out")
like "$out" 'the recording at .*standing still' 'it says what is shown'
like "$out" 'phase 5 of 10 backfill' 'at its end, too'
like "$out" 'pause is off: this is a recording' 'and changes nothing'

cat >>"$work/newel.ini" <<'INI'
note = P
paus = x
batch = Crtl-B
INI
plain attach -c "$work/newel.ini" extra
is $? 2 'a newel.ini with wrong keys is refused'
err=$(cat "$work/plain.err")
like "$err" 'newel.ini:[0-9]+: \[key-taken\] note: P is the key of pause already' 'a key for two'
like "$err" 'newel.ini:[0-9]+: \[unknown-command\] .*allowed: help, quit' 'an unknown command'
like "$err" 'newel.ini:[0-9]+: \[unknown-key\] batch: .Crtl-B. is no key; allowed' 'an unknown key'
no_reports 'the sanitizers have nothing to say'
done_testing
