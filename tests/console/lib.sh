# Consoles under tmux, on the world of tests/integration/house.sh. Sourced, not run.
#
#   console_begin pair|primary|none   skips without tmux; else servers as house_begin
#   console_start W H COMMAND...      a console on a terminal of that size; $console names it
#   console_shell W H                 a bare sh there instead
#   keys KEY...                       as tmux send-keys names them
#   type_text TEXT                    the very characters
#   screen                            what is on it now
#   shows PATTERN  hides PATTERN      grep -E in it now
#   see PATTERN [TITLE]               an assertion: it is there within 20 s
#   see_gone PATTERN [TITLE]          the opposite
#   see_top PATTERN [TITLE]           the same for the first line alone
#   press KEY PATTERN [TITLE]         keys, then see
#   console_resize W H
#   console_status                    waits for the end of it and prints the exit status
#   fits TITLE                        an assertion: no line is wider than the terminal
#   no_reports TITLE                  an assertion: the sanitizers had nothing to say
#   filler TABLE ROWS                 a table of so many rows (id, status, pad)
# shellcheck shell=sh

# shellcheck source=tests/integration/house.sh
. "$SRCDIR/tests/integration/house.sh"

console=c0
console_count=0
console_width=80
CONSOLE_TERM=tmux-256color

console_end() {
    console_ended=$?
    # in the folder of the test, so no other server can be meant
    tm kill-server 2>/dev/null
    (exit "$console_ended")
    house_end
}

tm() {
    env -u TMUX LC_ALL=C.UTF-8 tmux -S "$work/tmux" -f /dev/null "$@"
}

console_begin() {
    command -v tmux >/dev/null 2>&1 || plan_skip 'tmux is missing'
    infocmp "$CONSOLE_TERM" >/dev/null 2>&1 || CONSOLE_TERM=screen
    if [ "$1" = none ]; then
        work=$(mktemp -d /tmp/ni.XXXXXX) || bail_out 'no folder'
        trap 'exit 130' INT PIPE
        trap 'exit 143' TERM HUP
    else
        house_begin "$1"
    fi
    trap console_end EXIT
    # a sanitizer's report would be lost in the alternate screen
    ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}log_path=$work/report
    UBSAN_OPTIONS=${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}log_path=$work/report:print_stacktrace=1
    export ASAN_OPTIONS UBSAN_OPTIONS
    unset NO_COLOR ESCDELAY LINES COLUMNS
    LC_ALL=C.UTF-8
    export LC_ALL
    # a server that outlives its last console, and does not take a minute of its own to notice it
    tm new-session -d -s keeper -x 80 -y 24 "exec sleep 600" || bail_out 'tmux does not start'
    tm set-option -g default-terminal "$CONSOLE_TERM" >/dev/null
    tm set-option -g status off >/dev/null
    tm set-option -sg escape-time 0 >/dev/null
    tm set-option -g remain-on-exit off >/dev/null
}

console_open() {
    console_count=$((console_count + 1))
    console=c$console_count
    console_width=$1
    tm new-session -d -s "$console" -x "$1" -y "$2" "$3" || bail_out 'tmux does not start'
}

quoted() {
    for console_word in "$@"; do
        printf "'%s' " "$(printf '%s' "$console_word" | sed "s/'/'\\\\''/g")"
    done
}

console_start() {
    console_w=$1 console_h=$2
    shift 2
    console_exit=$work/exit.$((console_count + 1))
    # the prompt-less rest keeps what was left on the terminal readable
    console_open "$console_w" "$console_h" \
        "$(quoted "$@"); echo \$? >$console_exit; echo; echo LEFT; exec sleep 600"
}

console_shell() {
    console_open "$1" "$2" "PS1='\$ ' exec sh"
}

keys() {
    tm send-keys -t "$console" "$@"
}

type_text() {
    tm send-keys -t "$console" -l "$1"
}

screen() {
    tm capture-pane -p -t "$console"
}

shows() {
    screen | grep -Eq -e "$1"
}

hides() {
    ! shows "$1"
}

top_shows() {
    screen | head -n 1 | grep -Eq -e "$1"
}

see_by() {
    if wait_for 20 "$1" "$2"; then
        tap_pass "$3"
    else
        tap_fail "$3" || diag "$1 $2:
$(screen)"
        return 1
    fi
}

see() {
    see_by shows "$1" "${2:-shows $1}"
}

see_gone() {
    see_by hides "$1" "${2:-shows no $1}"
}

see_top() {
    see_by top_shows "$1" "${2:-the top line shows $1}"
}

press() {
    keys "$1"
    see "$2" "${3:-$1 shows $2}"
}

console_resize() {
    tm resize-window -t "$console" -x "$1" -y "$2"
    console_width=$1
}

console_status() {
    console_left() {
        [ -s "$console_exit" ]
    }
    if wait_for 20 console_left; then
        cat "$console_exit"
    else
        echo 'still there'
        diag "$(screen)" >&2
    fi
}

# -J joins what the terminal had to wrap: a line that was too long shows as such.
widest() {
    tm capture-pane -p -J -t "$console" | sed 's/ *$//' | wc -L
}

fits() {
    console_widest=$(widest)
    if [ "$console_widest" -le "$console_width" ]; then
        tap_pass "$1"
    else
        tap_fail "$1" || diag "$console_widest columns on $console_width:
$(screen)"
    fi
}

no_reports() {
    for console_report in "$work"/report.*; do
        [ -e "$console_report" ] || continue
        tap_fail "$1" || diag "$(head -n 40 "$console_report")"
        return 1
    done
    tap_pass "$1"
}

filler() {
    psql_p "CREATE TABLE $1 (id bigint PRIMARY KEY, status text, pad text);
        INSERT INTO $1 SELECT i, 'new', repeat('x', 60) FROM generate_series(1, $2) i;
        ANALYZE $1"
}
