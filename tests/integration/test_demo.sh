#!/bin/sh
# newel demo, from its servers to its summary; and that nothing of it stays behind
# when it ends, is interrupted, or is killed.
set -u
. "$SRCDIR/tests/servers/tap.sh"
. "$SRCDIR/tests/servers/pg.sh"

pg_find || plan_skip 'no PostgreSQL server is installed'
export PG_BIN

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

# begin [OPTION...]: in the background, with SIGINT as a terminal would leave it
begin() {
    env --default-signal=INT "$NEWEL" demo --headless --yes "$@" >"$work/out" 2>&1 &
    demo=$!
}

"$NEWEL" demo --headless --yes --rows 20000 --keep "$work/keep" >"$work/out" 2>&1
is $? 0 'it ends with the exit status of the run'
for line in 'rows  +2[0-9],[0-9]{3} in ' 'rows/s' 'batches +[1-9]' 'replica lag' 'WAL +[0-9.]+[kM]?B ' 'ended +every phase is done' \
    'lock waits' 'before +[1-9]' 'during +[1-9]' 'after +[1-9]' 'none failed'; do
    ok "the summary says: $line" said "$line" || show
done
ok 'nothing is left of it' nothing_left
journal=$(ls "$work"/keep/*.jsonl)
"$NEWEL" verify "$journal" >"$work/out" 2>&1
is $? 0 'the journal was kept, and its chain holds'

begin --rows 5000
ok 'the second one comes to its servers' wait_for 60 said 'letting the traffic in'
is "$(processes | grep -c .)" 2 'both servers run'
kill -s KILL "$demo"
wait "$demo" 2>/dev/null
ok 'killed, it leaves nothing behind within 10 s' wait_for 10 nothing_left ||
    diag "$(processes) $(ls -A "$work/t")"

begin --rows 5000
ok 'the third one comes to its migration' wait_for 60 said 'expand: running'
kill -s INT "$demo"
wait "$demo"
is $? 5 'interrupted in the run, it says that it was stopped'
ok 'and leaves nothing behind' nothing_left
ok 'it sums up what there is' said 'ended +stopped before the last phase' || show

begin --rows 5000
ok 'the fourth one makes its database' wait_for 60 said 'making a database'
kill -s HUP "$demo"
wait "$demo"
is $? 5 'hung up on while it sets up, it stops'
ok 'and has left nothing behind either' nothing_left
demo=

# ---- what it refuses

"$NEWEL" demo --headless >"$work/out" 2>&1
is $? 2 'without a console it wants --yes'
"$NEWEL" demo --engine sqlite --headless --yes >"$work/out" 2>&1
is $? 2 'it does not know every engine'
ok 'it says which it knows' said 'postgresql, mariadb or mysql'
PG_BIN=$work/nowhere "$NEWEL" demo --headless --yes >"$work/out" 2>&1
is $? 2 'without server programs it cannot work'
ok 'it says what to install' said 'apt-get install postgresql'
ok 'it has made nothing' nothing_left
done_testing
