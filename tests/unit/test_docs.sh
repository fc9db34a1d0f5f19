#!/usr/bin/env bash
# newel.1 and the README name what the program has: commands, options, verbs, keys.
set -u
top=${SRCDIR:?}
# shellcheck source=tests/servers/tap.sh
. "$top/tests/servers/tap.sh"

page=$top/man/newel.1
# roff's escapes off, so that names stand as they are typed
plain=$(sed -e 's/\\-/-/g' -e 's/\\&//g' "$page")

missing() { # WORD...: those that the page does not hold as a word
    local word
    for word; do
        grep -qE -- "(^|[^[:alnum:]-])-?-?${word//+/\\+}([^[:alnum:]-]|\$)" <<<"$plain" || printf '%s ' "$word"
    done
}

mapfile -t commands < <(sed -n 's/^    {"\([a-z]*\)", cmd_.*/\1/p' "$top/src/main.c")
ok 'the commands of main.c were found' test ${#commands[@]} -gt 5
is "$(missing "${commands[@]}")" '' 'newel.1 names every command'

mapfile -t options < <(sed -n 's/.*{"\([a-z-]*\)", \(no\|required\)_argument.*/\1/p' \
    "$top"/src/cli/cmd_*.c "$top"/src/cli/demo.c | sort -u)
ok 'long options were found' test ${#options[@]} -gt 10
is "$(missing "${options[@]}")" '' 'newel.1 names every long option'

mapfile -t verbs < <(sed -n 's/.*\[VERB_[A-Z]*\] = {"\([a-z]*\)".*/\1/p' "$top/src/journal/command.c" |
    grep -vE '^(attach|detach)$')
is "$(missing "${verbs[@]}")" '' 'newel.1 names every verb of ctl'

mapfile -t keys < <(sed -n 's/^    {[^,]*, "\([^"]*\)", ACTION.*/\1/p' "$top/ui/keys.c" | sort -u)
lost=
for key in "${keys[@]}"; do
    grep -E '^\.(It )?Ic ' <<<"$plain" | tr ' ' '\n' | grep -qxF -- "$key" || lost+="$key "
done
ok 'keys were found' test ${#keys[@]} -gt 30
is "$lost" '' 'newel.1 names every key of the console'

for page in newel.1 newel.ini.5 newel-migration.5 newel-journal.5; do
    if command -v man >/dev/null; then
        is "$(man --warnings -l "$top/man/$page" 2>&1 >/dev/null)" '' "$page has no warnings"
    else
        ok "$page (man is missing: not looked at)" true
    fi
done
is "$(grep -c '^\./bootstrap \(demo\|check\)$' "$top/README.md")" 2 'the README has its two commands'
done_testing
