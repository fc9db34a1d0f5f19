#!/bin/sh
# Every command: help, version, what it cannot use; IDs; output that cannot be written.
set -u
. "$SRCDIR/tests/servers/tap.sh"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export HOME="$work" XDG_CONFIG_HOME="$work"
commands='plan lint run attach ctl status gate review verify demo init'

# status WANTED COMMAND...: runs it, its output goes to out and err
status() {
    wanted=$1
    shift
    "$@" >out 2>err
    [ $? -eq "$wanted" ]
}

for command in $commands; do
    ok "$command -h says how it is used" status 0 "$NEWEL" "$command" -h
    ok "$command --version says which newel it is" status 0 "$NEWEL" "$command" -v --version
    like "$(cat out)" '^newel [0-9]' "$command: and nothing else"
    ok "$command refuses what it does not know" status 2 "$NEWEL" "$command" --bogus
    is "$(grep -cv '^newel: ' err)" 0 "$command: each line says that newel says so"
done

for command in 'plan' 'lint' 'run' 'ctl' 'gate' 'review' 'verify' 'gate a b c' 'init a b' \
    'attach a b' 'status a b' 'gate a nophase' 'ctl a noverb' 'attach --dump 99999x99999 a' \
    'attach --dump 80x24x a' 'review --dump 0x1 j' 'demo --rows 5' 'demo extra'; do
    # shellcheck disable=SC2086
    ok "refused: newel $command" status 2 "$NEWEL" $command
    like "$(cat err)" "^newel: ${command%% *}: .*newel ${command%% *} --help" "it says why: $command"
done

"$NEWEL" init . >/dev/null
mkdir -p state/other
sed 's|^state_dir.*|state_dir = state/inner|' newel.ini >n && mv n newel.ini
for id in '' ../other . / a/b; do
    for command in status attach; do
        ok "$command: \"$id\" is no ID" status 2 "$NEWEL" "$command" "$id"
        like "$(cat err)" "is no migration's ID" "and that is said"
    done
    ok "gate: \"$id\" is no ID" status 2 "$NEWEL" gate "$id" backfill
    ok "ctl: \"$id\" is no ID" status 2 "$NEWEL" ctl "$id" pause
done

mkdir -p state/inner/2026-11-orders-region
chmod 755 state/inner/*
ok 'a folder that others may enter holds no journal' \
    status 2 "$NEWEL" run --headless --yes migrations/example.ini
like "$(cat err)" 'chmod 700' 'and what helps is said'

if [ -w /dev/full ]; then
    "$NEWEL" lint newel.ini >/dev/full 2>err
    is $? 2 'an answer that could not be written is no yes'
    like "$(cat err)" '^newel: the output could not be written: ' 'and that is said'
fi
"$NEWEL" init shut >&- 2>&- <&-
is $? 0 'closed standard files do no harm'
ok 'and nothing is printed into the files that are written' \
    cmp -s shut/newel.ini "$SRCDIR/config/newel.ini"
done_testing
