#!/bin/sh
# Every screen of a live session, on real servers and in a real terminal, at three sizes, against
# the stored pictures tests/golden/live-*.txt. What no two runs have in common is masked first:
# figures, sparks, who and where. NEWEL_GOLDEN=write stores them anew.
set -u
. "$SRCDIR/tests/console/lib.sh"
console_begin pair
filler orders 20000
# what the table was filled with counts as changed since its statistics, unless they are newer
psql_p 'ANALYZE orders'

migration extra orders <<'INI'
[column]
name = extra
type = bigint
default = 7
not_null = yes
[backfill]
value = id * 3
[query checkout]
sql = SELECT * FROM orders WHERE id = 42
INI
PGAPPNAME=reports "$PG_BIN/psql" -Xq -d "$PRIMARY_DSN" \
    -c 'BEGIN; SELECT count(*) FROM orders; SELECT pg_sleep(300)' >/dev/null 2>&1 &
background="$background $!"

# mask: figures as #, sparks as ~, blanks as one; of a plot only its title, for the rest is of the
# moment
mask() {
    perl -CSD -pe '
        s/(: standby walreceiver).*/$1/;
        s/\b'"$(id -un)"'(?=:| attached|, newel)/USER/g; s/(newel [0-9.]+ at) \S+/$1 HOST/; s/^(here )\S+/$1USER/;
        s/[\x{2800}-\x{28FF}\x{250A}\x{2581}-\x{2588}]+/~/g;
        s/[0-9][0-9.,:]*(us|ms|s|m|h|kB|MB|GB|B|k|M|%)?/#/g;
        s/(# )+#/#/g; s/([\x{2500}\x{2508}])\1+/$1/g; s/ +/ /g; s/ $//;
        s/^[ #~\x{2508}|n]+$/~/; $_ = "" if /^[|n] # /'
}
# page NAME: the body of what is on the screen; the bottom two lines are of the moment
page() {
    echo "==== $1"
    screen | sed '$d' | sed '$d' | mask
}
settled() {
    shows "$1"
}
visit() { # visit KEY NAME PATTERN
    keys "$1"
    wait_for 20 settled "$3" || diag "$2 never showed $3: $(screen)"
    page "$2"
}
# it is drawn at that width: a rule goes to the right end
grown() {
    [ "$(widest)" = "$1" ]
}
visits() {
    visit 1 overview 'NEXT +3 expand.*|1 holds the table'
    visit 2 tables '^TABLE .*orders'
    visit 3 locks '^B +[0-9]+ +reports'
    visit 4 replicas '^t1/r1 +reachable'
    visit 5 targets '3/10 expand'
    visit 6 plans 'checkout'
    visit 7 clients 'reports'
    visit 8 log 'expand: waits for a yes'
    visit 9 sql '^. ?3 expand|3 expand: asking'
    visit p plots 'WAL/S'
    keys Escape 1
    visit n step 'WOULD BLOCK IT NOW'
    keys Escape
    visit t limits '> max_lag'
    keys Escape
    visit '?' help '^General|^Overview'
    keys Escape
}

console_start 80 24 "$NEWEL" run -c "$work/newel.ini" "$work/extra.ini"
see_top '2/10 baseline .*ASKING' 'the console asks'
keys n y
see_top '3/10 expand .*ASKING' 'it stands before expand'
see '1 holds the table' 'and a session holds the table'
for size in 80x24 120x40 200x50; do
    keys 1
    console_resize "${size%x*}" "${size#*x}"
    wait_for 10 grown "${size%x*}" || diag "$(screen)"
    visits >"$work/$size.txt"
    golden=$SRCDIR/tests/golden/live-$size.txt
    [ "${NEWEL_GOLDEN:-}" != write ] || cp "$work/$size.txt" "$golden"
    is "$(diff "$golden" "$work/$size.txt" | head -n 60)" '' "every screen at $size is as stored"
done
no_reports 'the sanitizers have nothing to say'
done_testing
