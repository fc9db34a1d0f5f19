#!/usr/bin/env bash
# newel.1 and the README name what the program has: commands, options, verbs, keys.
set -u
top=${SRCDIR:?}
# shellcheck source=tests/servers/tap.sh
. "$top/tests/servers/tap.sh"

page=$top/man/newel.1
# roff's escapes off, so that names stand as they are typed
plain=$(sed -e 's/\\-/-/g' -e 's/\\&//g' "$page")

# What the page sets with macro $1 (Cm, Fl), a word a line: many names are everyday words besides.
set_as() {
    awk -v macro="$1" '/^\./ {
        on = 0
        for (i = 1; i <= NF; i++) {
            field = $i
            sub(/^\./, "", field)
            if (field ~ /^[A-Z][a-z]$/) on = field == macro
            else if (on && field ~ /^[a-z-]+$/) print field
        }
    }' <<<"$2" | sort -u
}

only_first() { # LIST LIST: words of the first that are not in the second
    comm -23 <(sort -u <<<"$1") <(sort -u <<<"$2")
}

commands=$(sed -n 's/^    {"\([a-z]*\)", cmd_.*/\1/p' "$top/src/main.c")
ok 'the commands of main.c were found' test "$(wc -l <<<"$commands")" -gt 5
synopsis=$(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' <<<"$plain")
is "$(set_as Cm "$synopsis")" "$(sort <<<"$commands")" 'the synopsis has every command, and no other'
described=$(sed -n '/^\.Sh DESCRIPTION/,/^\.Sh COMMANDS/p' <<<"$plain" | grep '^\.It')
is "$(set_as Cm "$described")" "$(sort <<<"$commands")" 'each is described'

options=$(grep -ohE '\{"[a-z-]+", (no|required)_argument' "$top"/src/cli/*.c | sed 's/{"\([a-z-]*\).*/-\1/')
ok 'long options were found' test "$(wc -l <<<"$options")" -gt 10
named=$(set_as Fl "$plain" | grep '^-')
is "$(only_first "$options" "$named")" '' 'newel.1 names every long option'
is "$(only_first "$named" "$options")" '' 'and none that is not there'

verbs=$(sed -n 's/.*\[VERB_[A-Z]*\] = {"\([a-z]*\)".*/\1/p' "$top/src/journal/command.c" |
    grep -vE '^(attach|detach)$')
ok 'the verbs were found' test "$(wc -l <<<"$verbs")" -gt 10
listed=$(sed -n '/^\.Sh COMMANDS/,/^\.Sh KEYS/p' <<<"$plain" | grep '^\.It')
is "$(only_first "$verbs" "$(set_as Cm "$listed")")" '' 'newel.1 names every verb of ctl'

mapfile -t keys < <(sed -n 's/^    {[^,]*, "\([^"]*\)", ACTION.*/\1/p' "$top/ui/keys.c" | sort -u)
lost=
for key in "${keys[@]}"; do
    grep -E '^\.(It )?Ic ' <<<"$plain" | tr ' ' '\n' | grep -qxF -- "$key" || lost+="$key "
done
ok 'keys were found' test ${#keys[@]} -gt 30
is "$lost" '' 'newel.1 names every key of the console'

# the checks of PostgreSQL: questions, and what takes more than a question
mapfile -t checks < <(cd "$top/src" && { grep -ohE '\.name = "[^"]+"' dialect/check_pg_*.c
    grep -ohzE 'checker_(add|refuse)\(\s*c, "[^"]+"' plan/check.c plan/check_pg*.c | tr '\0' '\n'; } |
    sed -n 's/.*"\([^"]*\)".*/\1/p' | sort -u)
listed=$(sed -n '/^\.Sh WHAT PREFLIGHT/,/^\.Sh ENVIRONMENT/p' <<<"$plain" | grep '^\.It' | tr '\n' ' ')
lost=
for check in "${checks[@]}"; do
    [[ ${listed//.It/,} == *[:,]" $check "* ]] || lost+="$check, "
done
ok 'checks were found' test ${#checks[@]} -gt 60
is "$lost" '' 'newel.1 names every check of PostgreSQL'

for page in newel.1 newel.ini.5 newel-migration.5 newel-journal.5; do
    if command -v man >/dev/null; then
        is "$(man --warnings -l "$top/man/$page" 2>&1 >/dev/null)" '' "$page has no warnings"
    else
        ok "$page (man is missing: not looked at)" true
    fi
done
is "$(grep -c '^\./bootstrap \(demo\|check\)$' "$top/README.md")" 2 'the README has its two commands'
done_testing
