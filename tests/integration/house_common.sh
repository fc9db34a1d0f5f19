# What tests of a whole newel share, whatever its servers are: sourced by house.sh and house_my.sh,
# which add house_begin, ask and version. POSIX sh.
#
#   house_config [KEY = VALUE]   writes newel.ini anew; more lines for [newel]
#   migration ID TABLE           $work/ID.ini: the head, then standard input
#   newel ARGS...                the binary with -c newel.ini behind the command
#   run ID [OPTION...]           headless with --yes; what it says is in $work/ID.out
#   engine ID [OPTION...]        the same in the background: its pid is $engine
#   detached ID [OPTION...]      newel run --detach: its pid is $engine
#   alive PID   gone PID
#   journal ID                   path of the newest journal
#   said ID PATTERN              grep -E in the newest journal
#   show ID [LINES]              the end of $work/ID.out, as a comment
#   filled TABLE COLUMN          how many rows have a value
#   between SQL LOW HIGH         the number that SQL gives is in that range
#
# Of who sources it: house_target prints the lines of [target t1], house_sql SQL asks the primary,
# house_stop stops the servers.
# shellcheck shell=sh

# shellcheck source=tests/servers/tap.sh
. "$SRCDIR/tests/servers/tap.sh"

work=
engine=
background= # what else the test has started

# Every engine has its file below $work in its arguments.
house_engines() {
    for at in /proc/[0-9]*; do
        tr '\0' ' ' 2>/dev/null <"$at/cmdline" | grep -q " $work/" && echo "${at#/proc/}"
    done
}

house_end() {
    house_status=$?
    trap - EXIT
    for pid in $background; do
        kill -s KILL "$pid" 2>/dev/null
    done
    [ -z "$work" ] || for pid in $(house_engines); do
        [ "$pid" = $$ ] || kill -s KILL "$pid" 2>/dev/null
    done
    house_stop
    ! mountpoint -q "$work/state" 2>/dev/null || umount "$work/state"
    [ -z "$work" ] || [ -n "${PG_KEEP:-}${MY_KEEP:-}" ] || rm -rf "$work"
    exit "$house_status"
}

# house_open COMMAND...: $work, the servers that the command starts, and newel.ini.
house_open() {
    work=$(mktemp -d /tmp/ni.XXXXXX) || bail_out 'no folder'
    trap house_end EXIT
    trap 'exit 130' INT PIPE
    trap 'exit 143' TERM HUP
    "$@" || bail_out 'no server'
    # the servers have set their own
    trap house_end EXIT
    house_config
}

house_config() {
    {
        echo '[newel]'
        echo "state_dir = $work/state"
        for line in "$@"; do echo "$line"; done
        echo '[target t1]'
        house_target
    } >"$work/newel.ini"
}

migration() {
    {
        printf '[migration]\nid = %s\ntable = %s\ntargets = t1\n' "$1" "$2"
        cat
    } >"$work/$1.ini"
}

newel() {
    house_command=$1
    shift
    "$NEWEL" "$house_command" -c "$work/newel.ini" "$@"
}

run() {
    house_id=$1
    shift
    newel run --headless --yes "$@" "$work/$house_id.ini" >"$work/$house_id.out" 2>&1
}

engine() {
    house_id=$1
    shift
    "$NEWEL" run -c "$work/newel.ini" --headless --yes "$@" "$work/$house_id.ini" \
        >"$work/$house_id.out" 2>&1 &
    engine=$!
}

detached() {
    house_id=$1
    shift
    newel run --detach "$@" "$work/$house_id.ini" >"$work/$house_id.out" 2>&1 || return 1
    engine=$(head -n 1 "$(journal "$house_id")" | grep -o '"pid":[0-9]*' | head -n 1)
    engine=${engine#\"pid\":}
}

alive() {
    kill -0 "$1" 2>/dev/null
}
gone() {
    ! alive "$1"
}

journal() {
    # the names are times: the last one is the newest
    house_last=
    for house_journal in "$work/state/$1"/*.jsonl; do house_last=$house_journal; done
    echo "$house_last"
}

said() {
    grep -Eq -e "$2" "$(journal "$1")" 2>/dev/null
}

show() {
    diag "$(tail -n "${2:-15}" "$work/$1.out")"
}

filled() {
    house_sql "SELECT count($2) FROM $1"
}

between() {
    house_n=$(house_sql "$1") && [ "$house_n" -ge "$2" ] && [ "$house_n" -le "$3" ]
}
