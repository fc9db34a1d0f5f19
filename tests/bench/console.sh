#!/bin/sh
# The console in figures: bytes to the terminal beside pg_activity's on the same server and at the
# same rate; from a key to its answer; at rest; and in a crowd. It prints, and judges nothing but by
# the goal that stands beside each figure.
#
#   NEWEL=./newel SRCDIR=. BUILD=. tests/bench/console.sh     (make bench-console)
set -u
. "$SRCDIR/tests/integration/house.sh"
seconds=${BENCH_SECONDS:-30}
pty=$BUILD/tests/bench/pty
house_begin pair
PATH=$PG_BIN:$PATH
LC_ALL=C.UTF-8
export LC_ALL

psql_p "CREATE TABLE orders (id bigint PRIMARY KEY, status text, pad text);
    INSERT INTO orders SELECT i, 'new', repeat('x', 60) FROM generate_series(1, 2000000) i;
    ANALYZE orders; CREATE TABLE other (id int PRIMARY KEY, n int); INSERT INTO other VALUES (1, 0)"
migration busy orders <<'INI'
[column]
name = busy
type = bigint
[backfill]
value = id * 3
[batch]
rows = 200
min = 100
max = 200
INI
sed -e 's/busy/calm/' -e 's/^table.*/table = other/' "$work/busy.ini" >"$work/calm.ini"

# goal FIGURE GOAL: the smaller the better
goal() {
    awk -v a="$1" -v b="$2" 'BEGIN { print (a + 0 <= b + 0) ? "met" : "MISSED" }'
}
line() { # line WHAT FIGURE GOAL
    printf '%-58s %14s   goal %8s   %s\n' "$1" "$2" "$3" "$(goal "$2" "$3")"
}
ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print "none" }'
}
attach() { # attach ID: the words of a console on it
    echo "$NEWEL attach -c $work/newel.ini $1"
}

# ---- at rest

newel run --detach "$work/calm.ini" >"$work/calm.out" 2>&1 || bail_out 'no engine'
# shellcheck disable=SC2046 # words
set -- $("$pty" idle 120x40 3 "$seconds" $(attach calm))
line 'console at rest: % of a core' "$1" 0.5
line 'console at rest: MB of its own' "$(ratio "$2" 1024)" 12
printf '%-58s %14s\n' '  with what it shares with others, MB' "$(ratio "$3" 1024)"
newel ctl calm stop >/dev/null

# ---- under load: a running backfill, a shop, and a row that everybody waits for

newel run --detach --yes "$work/busy.ini" >"$work/busy.out" 2>&1 || bail_out 'no engine'
wait_for 30 said busy '"phase":"backfill","state":"running"' || bail_out 'no backfill'
shop='UPDATE other SET n = n + 1 WHERE id = 1'
psql_p 'CREATE TABLE shop (id int PRIMARY KEY, n int); INSERT INTO shop SELECT i, 0 FROM generate_series(1, 1000) i'
printf '\\set i random(1, 1000)\nUPDATE shop SET n = n + 1 WHERE id = :i;\n' >"$work/shop.sql"
pgbench -n -c 4 -R 200 -T 600 -f "$work/shop.sql" "$PRIMARY_DSN" >/dev/null 2>&1 &
background="$background $!"
for i in 0 1 2 3 4 5 6 7 8 9 10 11; do
    PGAPPNAME=waiter$i psql -Xq -d "$PRIMARY_DSN" -c "BEGIN; $shop; SELECT pg_sleep(600)" \
        >/dev/null 2>&1 &
    background="$background $!"
    [ $i != 0 ] || sleep 0.5
done

# keys: Overview, or Locks, drawn once a second as pg_activity does
# shellcheck disable=SC2046
overview=$("$pty" bytes 120x40 1ii 3 "$seconds" $(attach busy))
# shellcheck disable=SC2046
locks=$("$pty" bytes 120x40 3ii 3 "$seconds" $(attach busy))
if command -v pg_activity >/dev/null 2>&1; then
    other() { # other KEYS
        "$pty" bytes 120x40 "$1" 3 "$seconds" pg_activity --refresh 1 "$PRIMARY_DSN"
    }
    running=$(other 1)
    blocking=$(other 3)
    printf '%-58s %14s\n' 'bytes a refresh: newel Overview' "$overview" \
        'bytes a refresh: pg_activity running queries' "$running" \
        'bytes a refresh: newel Locks' "$locks" \
        'bytes a refresh: pg_activity blocking queries' "$blocking"
    line 'Overview, as a share of pg_activity' "$(ratio "$overview" "$running")" 0.25
    line 'Locks, as a share of pg_activity' "$(ratio "$locks" "$blocking")" 0.25
else
    echo "pg_activity is not installed; newel writes $overview (Overview), $locks (Locks) bytes a refresh"
fi

# shellcheck disable=SC2046
set -- $("$pty" keys 120x40 '123p456789312' 400 $(attach busy))
line 'engine busy: ms from a key to its answer, p99' "$2" 30
printf '%-58s %14s\n' '  median' "$1" '  worst' "$3" '  keys without an answer' "$4"
newel ctl busy stop >/dev/null

# ---- in a crowd

"$BUILD/tests/bench/crowd" "$work/crowd.jsonl" 1000
# shellcheck disable=SC2046
set -- $("$pty" keys 120x40 '13jjkks' 300 "$NEWEL" review --at +1h "$work/crowd.jsonl")
line '1,000 sessions in the lock tree: ms to an answer, p99' "$2" 30
printf '%-58s %14s\n' '  median' "$1" '  worst' "$3" '  keys without an answer' "$4"
# shellcheck disable=SC2046
set -- $("$pty" keys 120x40 '15jjkks' 300 "$NEWEL" review --at +1h "$work/crowd.jsonl")
line '1,000 targets: ms to an answer, p99' "$2" 30
printf '%-58s %14s\n' '  median' "$1" '  worst' "$3" '  keys without an answer' "$4"

for pid in $background; do
    kill -s KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
done
background=
