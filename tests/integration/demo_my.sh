#!/bin/sh
# newel demo --engine mariadb and mysql, as test_demo.sh has it for PostgreSQL: from the servers to
# the summary, and that nothing of it stays behind. Without one of the two: its reason.
set -u
# shellcheck source=tests/servers/tap.sh
. "$SRCDIR/tests/servers/tap.sh"
# shellcheck source=tests/servers/my.sh
. "$SRCDIR/tests/servers/my.sh"

# A folder of our own, so that what stays behind is ours. A server has to get in.
work=$(mktemp -d /tmp/nd.XXXXXX) || bail_out 'no folder'
chmod 755 "$work"
mkdir "$work/t" && chmod 755 "$work/t"
TMPDIR=$work/t
export TMPDIR
demo=

clean_up() {
    [ -z "$demo" ] || kill -s KILL "$demo" 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 143' INT TERM HUP

# Every process that has one of our folders in its arguments.
processes() {
    for at in /proc/[0-9]*; do
        tr '\0' ' ' 2>/dev/null <"$at/cmdline" | grep -q "$work/t/" && echo "${at#/proc/}"
    done
}
nothing_left() {
    [ -z "$(processes)" ] && [ -z "$(ls -A "$work/t")" ]
}
said() {
    grep -Eq -e "$1" "$work/out"
}
show() {
    diag "$(tail -n 30 "$work/out")"
}
folder() {
    echo "$work"/t/newel-demo.*
}

# begin ENGINE: in the background, with SIGINT as a terminal would leave it
begin() {
    env --default-signal=INT "$NEWEL" demo --engine "$1" --headless --yes --rows 5000 \
        >"$work/out" 2>&1 &
    demo=$!
}

# ask NAME SQL: as the demo does
ask() {
    "$MY_CLIENT" --defaults-file="$(folder)/my.cnf" -S "$(folder)/s/$1.sock" -N -B -D shop -e "$2"
}
follows() {
    [ "$(ask replica 'SELECT count(*) FROM orders')" -ge 5000 ] &&
        [ "$(ask replica 'SELECT @@global.read_only')" = 1 ]
}
# Who runs the servers: not root, whoever we are.
owners() {
    for pid in $(processes); do stat -c %U "/proc/$pid"; done | grep -vx "$(id -un)" | sort -u | grep -c .
}
refused() {
    ! "$MY_CLIENT" --no-defaults -N -e 'SELECT 1' "$@" >/dev/null 2>&1
}

# While it runs: $1 the engine.
look_inside() {
    is "$(processes | grep -c .)" 2 "$1: both servers run"
    ok "$1: the replica follows and is read only" follows
    is "$(ask primary 'SELECT @@binlog_format')" ROW "$1: the binary log has rows"
    is "$(stat -c %a "$(folder)/my.cnf")" 600 "$1: the password is for its owner alone"
    [ "$(id -u)" -ne 0 ] || is "$(owners)" 1 "$1: started by root, they run as somebody else"
    port=$(ask primary 'SELECT @@port')
    ok "$1: nobody comes in without the password" refused -u root -S "$(folder)/s/primary.sock"
    ok "$1: nor over the network" refused -u root -h 127.0.0.1 -P "$port"
    ok "$1: and the replica does not listen there" test "$(ask replica 'SELECT @@skip_networking')" = 1
}

whole() {
    "$NEWEL" demo --engine "$1" --headless --yes --rows 20000 --keep "$work/$1" >"$work/out" 2>&1
    is $? 0 "$1: it ends with the exit status of the run" || show
    for line in 'rows  +2[0-9],[0-9]{3} in ' 'rows/s' 'batches +[1-9]' 'replica lag' \
        'ended +every phase is done' 'lock waits' 'before +[1-9]' 'during +[1-9]' \
        'after +[1-9]' 'none failed'; do
        ok "$1: the summary says: $line" said "$line" || show
    done
    ok "$1: nothing is left of it" nothing_left
    "$NEWEL" verify "$(ls "$work/$1"/*.jsonl)" >"$work/out" 2>&1
    is $? 0 "$1: the journal was kept, and its chain holds"
}

ended() {
    begin "$1"
    ok "$1: the second one comes to its servers" wait_for 60 said 'letting the traffic in' || show
    look_inside "$1"
    kill -s KILL "$demo"
    wait "$demo" 2>/dev/null
    ok "$1: killed, it leaves nothing behind within 10 s" wait_for 10 nothing_left ||
        diag "$(processes) $(ls -A "$work/t")"

    begin "$1"
    ok "$1: the third one comes to its migration" wait_for 60 said 'expand: running' || show
    kill -s INT "$demo"
    wait "$demo"
    is $? 5 "$1: interrupted in the run, it says that it was stopped"
    ok "$1: and leaves nothing behind" nothing_left
    ok "$1: it sums up what there is" said 'ended +stopped before the last phase' || show

    begin "$1"
    ok "$1: the fourth one makes its servers' files" wait_for 60 said 'making two empty servers'
    kill -s HUP "$demo"
    wait "$demo"
    is $? 5 "$1: hung up on while it sets up, it stops"
    ok "$1: and has left nothing behind either" nothing_left
    demo=
}

PATH=$work "$NEWEL" demo --engine mariadb --headless --yes >"$work/out" 2>&1
is $? 2 'mariadb: without server programs it cannot work'
ok 'mariadb: it says what to install' said 'apt-get install mariadb-server-core' || show
NEWEL_MYSQL_DIR=$work/nowhere "$NEWEL" demo --engine mysql --headless --yes >"$work/out" 2>&1
is $? 2 'mysql: without a server it cannot work'
ok 'mysql: it says what gets one' said 'bootstrap demo --engine mysql' || show
ok 'it has made nothing' nothing_left

for engine in mariadb mysql; do
    if my_find "$engine"; then
        [ "$engine" != mysql ] || export NEWEL_MYSQL_DIR="$mysql_tree"
        whole "$engine"
        ended "$engine"
    else
        tap_skip "the demo on $engine" "$MY_WHY"
    fi
done
done_testing
