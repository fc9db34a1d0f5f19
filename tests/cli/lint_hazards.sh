#!/bin/sh
# What newel lint finds dangerous: each rule in a file that breaks it, and in one that does not; what
# may be passed over; the forms that machines read.
set -u
. "$SRCDIR/tests/servers/tap.sh"
work=$(mktemp -d) || bail_out 'no folder'
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# file NAME TYPE DEFAULT VALUE [LINE...]: a migration; - leaves default or value away
file() {
    {
        printf '[migration]\nid = a\ntable = shop.orders\n[query q]\nsql = SELECT 1\n'
        printf '[column]\nname = %s\ntype = %s\n' "$1" "$2"
        [ "$3" = - ] || printf 'default = %s\n' "$3"
        shift 3
        value=$1
        shift
        for line in "$@"; do case $line in column:*) echo "${line#column:}" ;; esac; done
        [ "$value" = - ] || printf '[backfill]\nvalue = %s\n' "$value"
        for line in "$@"; do case $line in column:*) ;; *) echo "$line" ;; esac; done
    } >a.ini
}
lint() {
    said=$("$NEWEL" lint "$@" 2>&1)
    status=$?
}
# breaks RULE TITLE     keeps RULE TITLE
breaks() {
    lint a.ini
    is "$status" 1 "$2"
    like "$said" "^a.ini:[0-9]+: \[$1\]" "  by $1" || diag "$(cat a.ini)"
}
keeps() {
    lint a.ini
    unlike "$said" "\[$1\]" "$2"
}

file region text - 'upper(cc)'
lint a.ini
is "$status $said" '0 1 file checked, no findings' 'a plain migration is clean'

file n 'int not null' 0 -
breaks constraint-in-type 'NOT NULL in the type'
file n 'int DEFAULT 5' - -
breaks constraint-in-type 'a default in the type'
file n 'int REFERENCES t' - -
breaks constraint-in-type 'a key in the type'
file n "enum('not','null','default')" - "'not'"
keeps constraint-in-type 'words in a string are no constraint'
file n 'timestamp with time zone' - "'2020-01-01'"
keeps constraint-in-type 'nor is with time zone'
file n bigserial - -
breaks serial-type 'a serial column'
file n text - "coalesce(n, 'x')"
breaks self-reference 'a value made of itself'
file n text - "'n' || \"N\""
keeps self-reference 'a string and another name are not it'
file n text - 'upper(cc)' 'column:not_null = yes' 'where = cc IS NOT NULL'
breaks rows-left-null 'NOT NULL and rows without a value'
file n text "'x'" 'upper(cc)' 'column:not_null = yes' 'where = cc IS NOT NULL'
keeps rows-left-null 'with a default they have one'
file n float - 'random()'
breaks volatile-value 'random()'
file n uuid - 'gen_random_uuid()'
breaks volatile-value 'gen_random_uuid()'
file n text - "'random' || cc -- random"
keeps volatile-value 'a string and a comment are not called'
file n uuid 'gen_random_uuid()' 'md5(id::text)::uuid'
breaks volatile-default 'a default that is another each time'
file n timestamptz - 'now()'
breaks time-value 'the time of the batch'
file n timestamptz 'now()' 'created_at'
keeps time-value 'as a default it is what it says'
file n int - '(SELECT max(x) FROM t WHERE t.id = orders.id)'
breaks subquery-value 'a query for each row'
file n int - 1 '[throttle]' 'max_lag = 0' 'max_lag_bytes = 0' 'max_waiters = 0' 'max_running = 0'
breaks no-throttle 'every limit off'
file n int - 1 '[throttle]' 'max_lag = 0'
keeps no-throttle 'one of them is enough'
file n int - 1 '[ddl]' 'lock_timeout = 10s'
breaks long-lock-timeout 'ten seconds for a lock'
file n int - 1 '[batch]' 'max = 1000000'
breaks large-batch 'a million rows'
file n int - 1 '[batch]' 'time = 10s'
breaks large-batch 'ten seconds'
file n int - 1 'new_rows = application' '[lint]' 'allow = no-query'
keeps application-fills 'nullable, the application may fill it'
file n int - 1 'new_rows = application' 'column:not_null = yes'
breaks application-fills 'NOT NULL it may not'
file order int - 1
breaks keyword-name 'a reserved word'

file order int - 'random()' '[lint]' 'allow = keyword-name, volatile-value'
lint a.ini
is "$status $said" '0 1 file checked, no findings' 'what is allowed is passed over'
file n int - 1 '[lint]' 'allow = nosuch-rule'
lint a.ini
is $status 1 'a rule that there is not'
like "$said" 'there is no rule nosuch-rule' '  is told'
grep -v query a.ini | grep -v 'SELECT 1' | grep -v -e lint -e allow >b.ini
lint b.ini
is "$status" 0 'a note is no finding'
like "$said" 'no findings, 1 note' '  and is counted'

# ---- forms

file order int - 'random()'
lint --json a.ini
like "$said" '^\[\{"file":"a.ini","line":[0-9]+,"rule":"keyword-name","text":"name: order .*","level":"warning"\}' \
    'json has the level'
lint --sarif ./a.ini
is $status 1 'SARIF has the same exit status'
like "$said" '"version":"2.1.0","runs":\[\{"tool":\{"driver":\{"name":"newel"' 'it is a log of newel'
like "$said" '"id":"keyword-name","shortDescription":\{"text":' 'which tells the rules'
like "$said" '"ruleId":"keyword-name","level":"warning","message":\{"text":"name: order ' 'the result'
like "$said" '"physicalLocation":\{"artifactLocation":\{"uri":"a.ini"\},"region":\{"startLine":7\}\}' \
    'and its place, from the root of the repository'
file n int - 1
lint --sarif a.ini
like "$said" '"results":\[\]' 'without findings the list is empty'
is $status 0 'and all is well'
lint --rules
like "$said" '^self-reference +error +[a-z]' 'every rule is told, with its level'
lint --rules a.ini
is $status 2 '--rules takes no file'

# every rule that the sources name is in the table
missing=
for rule in $(cat "$SRCDIR"/src/*/*.c "$SRCDIR"/ui/*.c | perl -0ne '
    print "$2\n" while /findings_add\(\s*[^,]+,\s*(?:line_of(\((?:[^()]++|(?1))*\))|[^,"]+),\s*"([a-z-]+)"/g;
    print "$1\n" while /\btell\(l,\s*"([a-z-]+)"/g' | sort -u); do
    "$NEWEL" lint --rules | grep -q "^$rule " || missing="$missing $rule"
done
like "$rule" '^[a-z]+-' 'the sources name rules'
is "$missing" '' 'the table has every rule that the sources name'
done_testing
