#!/bin/sh
# Every screen at every size, a storm of resizes, and terminals that can do little.
set -u
. "$SRCDIR/tests/console/lib.sh"
console_begin pair
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
attach() {
    console_attach_w=$1 console_attach_h=$2
    shift 2
    console_start "$console_attach_w" "$console_attach_h" "$@" \
        "$NEWEL" attach -c "$work/newel.ini" extra
}

# ---- each screen at each size

tops=0 wide=0 looks=0
# look: the top line is there and nothing had to be wrapped
look() {
    looks=$((looks + 1))
    [ "$console_width" -lt 40 ] || wait_for 5 top_shows 'backfill|extra|RUNNING' || {
        tops=$((tops + 1))
        diag "$1 at $console_width:
$(screen)"
    }
    console_widest=$(widest)
    [ "$console_widest" -le "$console_width" ] || {
        wide=$((wide + 1))
        diag "$1 at $console_width is $console_widest wide:
$(screen)"
    }
}
attach 80 24
see_top RUNNING 'the console is there'
for size in '80 24' '120 40' '200 50' '40 10' '20 5'; do
    # shellcheck disable=SC2086 # two words
    console_resize $size
    sized() {
        [ "$(screen | wc -l)" = "${size#* }" ]
    }
    wait_for 5 sized
    for key in 1 2 3 4 5 6 7 8 9 '?' t n R q; do
        keys "$key"
        sleep 0.25 # a frame is due every 200 ms
        look "screen $key"
        case $key in
        t | n | R | q) keys Escape && sleep 0.15 ;;
        esac
    done
done
is "$tops" 0 "the top line was there in all of $looks looks"
is "$wide" 0 'and no line was too long'
console_resize 80 24
press 1 'BACKFILL' 'the console is still well'

# ---- a storm

seed=7
number() {
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    number=$((seed / 65536 % $1))
}
for console_turn in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
    number 220
    storm_w=$((number + 2))
    number 60
    console_resize "$storm_w" $((number + 2))
    number 9
    keys $((number + 1))
done
console_resize 80 24
press 1 'BACKFILL' "a storm of $console_turn resizes is survived"
see_top RUNNING 'with the top line'
fits 'and no line too long'
keys q d
is "$(console_status)" 0 'and it leaves in order'

# ---- terminals

# bytes_of COMMAND...: what it sends to its terminal until it is told to detach
bytes_of() {
    console_start 80 24 "$@" "$NEWEL" attach -c "$work/newel.ini" extra
    tm pipe-pane -t "$console" "cat >>$work/bytes.$console"
    wait_for 20 top_shows RUNNING || diag "$(screen)"
    for key in 1 2 3 4 8 '?' 1; do
        keys "$key"
        sleep 0.25
    done
    see '10 finish' "$* draws the overview"
    keys q d
    console_status >/dev/null
}
has_high() {
    LC_ALL=C grep -q '[^ -~[:cntrl:]]' "$work/bytes.$console"
}
has_colour() {
    grep -Eq "$(printf '\033')\[([0-9]+;)*([34][0-7]|38;5;[0-9]+|9[0-7])(;[0-9]+)*m" "$work/bytes.$console"
}
not() {
    ! "$@"
}
bytes_of env TERM="$CONSOLE_TERM"
ok 'an ordinary terminal gets colours' has_colour
ok 'and lines drawn' has_high
bytes_of env NO_COLOR=1
ok 'NO_COLOR: no colour' not has_colour
bytes_of env TERM=vt100 LC_ALL=C
ok 'vt100 in the C locale: ASCII alone' not has_high
ok 'and no colour' not has_colour
bytes_of env LC_ALL=C
ok 'the C locale: ASCII alone' not has_high

# refused TITLE ENVIRONMENT...: exit status 2 and words that help
refused() {
    refused_title=$1
    shift
    console_start 100 24 "$@" "$NEWEL" attach -c "$work/newel.ini" extra
    is "$(console_status)" 2 "$refused_title: exit status 2"
    see 'newel: the console cannot use this terminal: TERM is .*' 'the error names TERM'
    see 'dump 80x24' 'and another way'
}
refused 'an unknown terminal' env TERM=nosuchterm
refused 'a dumb terminal' env TERM=dumb
refused 'no TERM at all' env -u TERM

for verb in "attach -c $work/newel.ini extra" "review $(journal extra)"; do
    # shellcheck disable=SC2086 # words
    "$NEWEL" $verb >"$work/out" 2>"$work/err" </dev/null
    is $? 2 "without a terminal newel ${verb%% *} ends with status 2"
    is "$(cat "$work/out")" '' 'prints nothing'
    like "$(cat "$work/err")" '^newel: the console needs a terminal.*newel status .*--dump' \
        'and names other ways'
done
no_reports 'the sanitizers have nothing to say'
done_testing
