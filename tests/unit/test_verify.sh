#!/bin/sh
# `newel verify`, and the shell's own way of checking that newel-journal(5) prints.
set -u
journal=$SRCDIR/tests/fuzz/journal/sealed.jsonl
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
n=0

ok()
{
    n=$((n + 1))
    if [ "$1" = "$2" ]; then
        echo "ok $n - $3"
    else
        echo "not ok $n - $3"
        echo "# expected $2, got $1"
    fi
}

status_of()
{
    "$@" >"$work/out" 2>"$work/err"
    echo $?
}

# the script as the page shows it: from its first line to its last, without roff's escapes
sed -n '/^previous=$/,/^done </p' "$SRCDIR/man/newel-journal.5" |
    sed -e "s/\\\\(aq/'/g" -e 's/\\-/-/g' -e 's/\\e/\\/g' >"$work/check.sh"
sed '3s/ann/eve/' "$journal" >"$work/edited"
sed '3d' "$journal" >"$work/cut"
{ cat "$journal"; printf '{"seq":'; } >"$work/unfinished"

echo 1..11
ok "$(status_of "$NEWEL" verify "$journal")" 0 "a whole journal verifies"
ok "$(grep -c '^ok: 5 events, chain whole, last hash [0-9a-f]\{64\}$' "$work/out")" 1 \
    "and says how many events it has and the last hash"
ok "$(status_of "$NEWEL" verify "$work/edited")" 1 "an edited one does not"
ok "$(grep -c 'edited:3: ' "$work/out")" 1 "and the line is named"
ok "$(status_of "$NEWEL" verify "$work/cut")" 1 "one with a line cut out does not"
ok "$(status_of "$NEWEL" verify "$work/unfinished")" 0 "an unfinished last line is no break"
ok "$(grep -c unfinished "$work/out")" 1 "but it is told"
ok "$(status_of "$NEWEL" verify "$work/none")" 2 "a file that is not there is an error"
ok "$(status_of "$NEWEL" verify)" 2 "and so is none at all"
ok "$(status_of sh "$work/check.sh" "$journal")" 0 "the manual's script takes a whole journal"
ok "$(status_of sh "$work/check.sh" "$work/edited")" 1 "and finds an edited line"
