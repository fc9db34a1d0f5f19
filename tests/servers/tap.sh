# TAP for shell tests: sourced, not run. POSIX sh.
#
#   plan N | plan_skip REASON    first, or done_testing last
#   ok TITLE COMMAND...          passes when the command does
#   is GOT WANTED TITLE          like TEXT PATTERN TITLE (grep -E)   unlike ...
#   diag TEXT                    comment lines
#   bail_out REASON              ends the whole run
#   tap_skip TITLE REASON        one that cannot run here, and is counted as such
# shellcheck shell=sh

tap_count=0
tap_failed=0

plan() {
    echo "1..$1"
}

# The whole test cannot run here: it says so and ends.
plan_skip() {
    echo "1..0 # SKIP $*"
    exit 0
}

diag() {
    printf '%s\n' "$*" | sed 's/^/# /'
}

bail_out() {
    echo "Bail out! $*"
    exit 99
}

tap_pass() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1"
}

tap_skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}

tap_fail() {
    tap_count=$((tap_count + 1))
    tap_failed=$((tap_failed + 1))
    echo "not ok $tap_count - $1"
    return 1
}

ok() {
    tap_title=$1
    shift
    if "$@"; then
        tap_pass "$tap_title"
    else
        tap_fail "$tap_title"
    fi
}

is() {
    if [ "$1" = "$2" ]; then
        tap_pass "$3"
    else
        tap_fail "$3" || diag "got:    $1
wanted: $2"
        return 1
    fi
}

like() {
    if printf '%s\n' "$1" | grep -Eq -e "$2"; then
        tap_pass "$3"
    else
        tap_fail "$3" || diag "not like $2:
$1"
        return 1
    fi
}

unlike() {
    if printf '%s\n' "$1" | grep -Eq -e "$2"; then
        tap_fail "$3" || diag "like $2:
$1"
        return 1
    else
        tap_pass "$3"
    fi
}

# wait_for SECONDS COMMAND...: true as soon as the command is.
wait_for() {
    tap_tries=$(($1 * 10))
    shift
    while ! "$@"; do
        tap_tries=$((tap_tries - 1))
        [ "$tap_tries" -gt 0 ] || return 1
        sleep 0.1
    done
}

# The last line of a test without a plan; its status is the test's.
done_testing() {
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ]
}
