#!/bin/sh
# [approve]: what it names is asked for by one operator and begun by another.
set -u
. "$SRCDIR/tests/integration/house.sh"
house_begin primary
psql_p "CREATE TABLE orders (id bigint PRIMARY KEY);
    INSERT INTO orders SELECT generate_series(1, 500); ANALYZE orders"
unset SSH_CONNECTION

# as OPERATOR VERB...: what it said is in $said, the status in $status
as() {
    who=$1
    shift
    said=$(SUDO_USER=$who "$NEWEL" ctl -c "$work/newel.ini" "$id" "$@" 2>&1)
    status=$?
}
asks_for() {
    ok "it asks for $1" wait_for 20 last_phase "$1" asking || show "$id"
}
last_phase() {
    grep '"event":"phase"' "$(journal "$id")" | tail -n 1 |
        grep -q "\"phase\":\"$1\",\"state\":\"$2\""
}
ends_well() {
    ok "$1 is done" wait_for 20 said "$id" "\"phase\":\"$1\",\"state\":\"done\"" || show "$id"
}
begin() { # begin ID TABLE OPTION...: ann's engine on it
    id=$1
    migration "$id" "$2" <<INI
[column]
name = $id
type = int
[backfill]
value = 1
[ddl]
retries = ${retries:-100}
[approve]
phases = expand, finish rollback
INI
    shift 2
    SUDO_USER=ann "$NEWEL" run -c "$work/newel.ini" --detach "$@" "$work/$id.ini" \
        >"$work/$id.out" 2>&1 || bail_out "no engine: $(cat "$work/$id.out")"
}

# ---- step by step

begin one orders
asks_for baseline
as ann step baseline
is $status 0 'what is not named needs one yes'
asks_for expand
as ann step expand
like "$said" 'asked for expand: another operator has to approve it' 'what is named is asked for'
ok 'and not begun' last_phase expand asking
like "$(newel attach --dump 100x30 one | head -n 1)" 'ASKING expand\? ann asked, needs another' \
    'the top line says who has asked'
as ann step expand
is $status 1 'the same operator cannot approve it'
like "$said" 'you asked for expand: another operator has to approve it' 'and reads why'
SSH_CONNECTION='10.0.0.9 5 10.0.0.1 22' as ann step expand
is $status 1 'nor from another place'
ok 'it is still not begun' last_phase expand asking
as bob withdraw
is "$status $said" '0 taken back' 'it can be withdrawn'
as bob withdraw
like "$said" 'nothing waits for a second operator' 'once'
as bob step expand
like "$said" 'asked for expand' 'then the other one asks'
as ann step expand
like "$said" 'starting expand' 'and the first one begins it'
ends_well expand
is "$(psql_p "SELECT operator FROM newel.audit WHERE migration = 'one' AND what = 'add column'")" \
    'bob (sudo to root), approved by ann (sudo to root)' 'the audit trail names both'
asks_for sync
is "$(ask one "SELECT string_agg(e->>'state', ' ' ORDER BY seq) FROM j WHERE event = 'approval'")" \
    'asked withdrawn asked approved' 'the journal has each of it'

# ---- the way back

as ann rollback sync one
like "$said" 'asked for the rollback' 'a rollback is asked for'
as ann step sync
is $status 0 'meanwhile a phase may be begun'
asks_for backfill
as bob rollback backfill one
like "$said" 'asked for the rollback' 'which ends what was asked for before'
as bob rollback backfill one
is $status 1 'and by the same operator it is not done'
ok 'the column is still there' test -n "$(psql_p "SELECT 1 FROM pg_attribute
    WHERE attrelid = 'orders'::regclass AND attname = 'one'")"
as ann rollback backfill one
like "$said" 'rolling back' 'the other one does it'
ok 'the engine has ended' wait_for 20 said one '"event":"end"'
is "$(psql_p "SELECT count(*) FROM pg_attribute WHERE attrelid = 'orders'::regclass
    AND attname = 'one' AND NOT attisdropped")" 0 'and the column is gone'

# ---- unattended

begin two orders --yes
asks_for expand
ok '--yes asks for it in the name of who started' wait_for 5 said two \
    '"event":"approval".*"state":"asked","operator":"ann'
as ann step expand
is $status 1 'which is no approval'
newel attach --plain --read-only two </dev/null >"$work/plain" 2>&1
like "$(cat "$work/plain")" 'ann .*asks for expand|ann asked' 'lines tell it, too'

# ---- a failure needs both again

hold() {
    PGAPPNAME=holder "$PG_BIN/psql" -Xq -d "$PRIMARY_DSN" -c 'BEGIN; LOCK TABLE orders' \
        -c 'SELECT pg_sleep(60)' >/dev/null 2>&1 &
    background="$background $!"
    wait_for 10 holding
}
holding() {
    [ -n "$(psql_p "SELECT 1 FROM pg_stat_activity WHERE application_name = 'holder'
        AND wait_event = 'PgSleep'")" ]
}
hold
as bob step expand
like "$said" 'starting expand' 'bob approves'
ok 'it cannot get its lock' wait_for 20 said two '"event":"statement".*"state":"retry"'
psql_p "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'" \
    >/dev/null
ends_well expand
asks_for finish
ok 'what is not named went on by itself' said two '"phase":"compare","state":"done"'
as bob stop
ok 'the engine is stopped' wait_for 30 said two '"event":"end"'
SUDO_USER=bob newel run --detach "$work/two.ini" >"$work/two.out" 2>&1
asks_for finish
as bob step finish
like "$said" 'asked for finish' 'a request ends with its engine'
as '' step finish
like "$said" 'starting finish' 'who is known by login alone is another, too'
ok 'it is done' wait_for 20 said two '"event":"end"' || show two

retries=1
begin three orders
asks_for baseline
as ann step baseline
asks_for expand
hold
as ann step expand
as bob step expand
ok 'its one try fails' wait_for 20 last_phase expand failed || show three
as bob step expand
like "$said" 'asked for expand' 'to try again takes two again'
psql_p "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'" \
    >/dev/null
as ann step expand
ends_well expand
as ann stop

# ---- the file

printf '[migration]\nid = x\ntable = t\n[column]\nname = c\ntype = int\n[approve]\nphases = preflight expnd\nby = me\n' \
    >"$work/bad.ini"
bad=$("$NEWEL" lint "$work/bad.ini" 2>&1)
like "$bad" 'phases: read .?preflight' 'preflight needs no yes, so no second one'
like "$bad" 'phases: read .?expnd' 'what is no phase is told'
like "$bad" 'by.*(other|any)' 'and what is neither other nor any'
like "$(newel plan "$work/two.ini" 2>&1)" 'a second operator has to say yes' 'the plan says it'
done_testing
