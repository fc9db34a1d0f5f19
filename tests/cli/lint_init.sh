#!/bin/sh
# newel init writes what newel lint accepts; lint's answers and exit status.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
number=0

# check TITLE CONDITION...: one line of TAP
check() {
    title=$1
    shift
    number=$((number + 1))
    if "$@"; then
        echo "ok $number - $title"
    else
        echo "not ok $number - $title"
        sed 's/^/# /' "$work/out"
    fi
}
# status WANTED COMMAND...: runs it, its output goes to $work/out
status() {
    wanted=$1
    shift
    "$@" >"$work/out" 2>&1
    [ $? -eq "$wanted" ]
}
said() {
    grep -q -e "$1" "$work/out"
}

echo 1..19
cd "$work" || exit 1

check "init makes a folder with both files" status 0 "$NEWEL" init shop
check "the newel.ini is the one of config/" cmp -s shop/newel.ini "$SRCDIR/config/newel.ini"
check "the migration is the one of config/" \
    cmp -s shop/migrations/example.ini "$SRCDIR/config/example-migration.ini"
check "what init writes is clean" status 0 "$NEWEL" lint shop/newel.ini shop/migrations/example.ini
check "a summary says so" said '^2 files checked, no findings, 1 note$'

echo mine >shop/newel.ini
rm shop/migrations/example.ini
check "init refuses where a file exists" status 2 "$NEWEL" init shop
check "it names the file" said 'shop/newel.ini exists'
check "it has left the file alone" grep -qx mine shop/newel.ini
check "it has not written the other one" test ! -e shop/migrations/example.ini

printf '[migration]\nid = a\ntable = t\n[column]\nname = c\ntype = int\n[batch]\nrow = 5\n' >bad.ini
check "a finding is exit status 1" status 1 "$NEWEL" lint bad.ini
check "it names file, line, rule, and what was meant" \
    said "^bad.ini:8: \[unknown-key\] .*did you mean 'rows'?"
check "json is an array" status 1 "$NEWEL" lint --json bad.ini
check "with file, line, rule and text" \
    said '^\[{"file":"bad.ini","line":8,"rule":"unknown-key","text":'

printf '[target a]\ndsn = host=x password=hunter2\n' >secret.ini
check "a password is a finding" status 1 "$NEWEL" lint secret.ini
if said hunter2; then shown=1; else shown=0; fi
check "that is not shown" test "$shown" -eq 0

check "clean json is an empty array" status 0 "$NEWEL" lint --json "$SRCDIR/config/newel.ini"
check "and nothing else" said '^\[\]$'
check "a file that cannot be read is exit status 2" status 2 "$NEWEL" lint nowhere.ini
check "no file is exit status 2" status 2 "$NEWEL" lint
