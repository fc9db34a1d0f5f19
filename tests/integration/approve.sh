#!/bin/sh
# [approve]: what it names is asked for by one operator and begun by another.
set -u
. "$SRCDIR/tests/integration/house.sh"
command -v perl >/dev/null && perl -MIO::Socket::UNIX -MJSON::PP -e 1 2>/dev/null ||
    plan_skip 'a client of our own takes perl'
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
# raw LINE...: says them on one connection; "refused-REASON" or "accepted-TEXT" for each
raw() {
    for socket in "$work/state/$id"/*; do [ ! -S "$socket" ] || break; done
    perl -MIO::Socket::UNIX -MJSON::PP -e '
        my $socket = IO::Socket::UNIX->new(Peer => shift) or die "no engine";
        for (@ARGV) {
            print $socket "$_\n";
            my $answer = decode_json(scalar <$socket>);
            print $answer->{accepted} ? "accepted-$answer->{text} " : "refused-$answer->{reason} ";
        }' "$socket" "$@" | sed 's/refused-[^ ]* needs a second operator, and/refused-/; s/- /-/g'
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
by = ${by:-other}
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
newel attach --dump 80x24 one >"$work/screen"
like "$(head -n 1 "$work/screen")" 'ASKING expand\? 2nd operator \(ann asked\)' \
    'the top line says who has asked'
like "$(cat "$work/screen")" 'ASKED ann asked for expand [0-9]+s ago' \
    'the overview since when, too'
like "$(newel status one)" '2/10 baseline done, ASKING expand\? 2nd operator \(ann asked\)' \
    'and status says it'
like "$(newel status --json one)" '"asked":\{"what":"expand","by":"ann ' 'to programs, too'
as ann step expand
is $status 1 'the same operator cannot approve it'
like "$said" 'you asked for expand: another operator has to approve it' 'and reads why'
SSH_CONNECTION='10.0.0.9 5 10.0.0.1 22' as ann step expand
is $status 1 'nor from another place'
ok 'it is still not begun' last_phase expand asking
for name in '' unknown 'unknown from 10.0.0.9' ' ann'; do
    like "$(raw "{\"do\":\"step\",\"expect_phase\":\"expand\",\"operator\":\"$name\"}")" \
        'refused-nobody knows who you are' "who is called \"$name\" is no other operator"
done
like "$(raw '{"do":"attach","operator":"bob","read_only":true}' \
    '{"do":"step","expect_phase":"expand"}' '{"do":"withdraw"}')" \
    'refused-this console is read-only refused-this console is read-only' \
    'a read-only console neither approves nor withdraws'
ok 'nothing of that began it' last_phase expand asking
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
like "$(newel attach --dump 80x24 one | head -n 1)" \
    'ASKING sync\?, rollback\? \(ann asked\)' 'the top line tells it from the step'
as ann step sync
is $status 0 'meanwhile a phase may be begun'
asks_for backfill
is "$(ask one "SELECT string_agg(e->>'state' || ' ' || (e->>'of'), ', ' ORDER BY seq) FROM
    (SELECT * FROM j WHERE event = 'approval' ORDER BY seq DESC LIMIT 2) j")" \
    'asked rollback, lapsed rollback' 'whose end ends the request'
as bob rollback backfill one
like "$said" 'asked for the rollback' 'so it is asked for anew'
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
waits() {
    newel status two | grep -Eq "3/10 expand $1, try [0-9]+ of 100"
}
ok 'status says that it waits, and for which try' wait_for 10 waits 'WAITING for a lock' ||
    diag "$(newel status two)"
# consoles that nobody types at
mkfifo "$work/typed"
exec 3<>"$work/typed"
newel attach --plain two <&3 >"$work/plain" 2>&1 &
background="$background $!"
SUDO_USER=carl newel attach --plain --read-only two <&3 >"$work/carl" 2>&1 &
background="$background $!"
here() {
    newel status two | grep -q 'attached: carl .*(read-only) since [0-9]' &&
        newel status two | grep -c attached: | grep -qx 2
}
ok 'and who is attached' wait_for 10 here || diag "$(newel status two)"
as carl note 'who holds orders?'
told() {
    grep -Eq '^message from carl .*, [0-9:]+: who holds orders\?' "$work/plain"
}
ok 'what one says to all is said in lines, too' wait_for 10 told || diag "$(cat "$work/plain")"
psql_p "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'" \
    >/dev/null
ends_well expand
asks_for finish
ok 'what is not named went on by itself' said two '"phase":"compare","state":"done"'
is "$(psql_p "SELECT DISTINCT operator FROM newel.audit WHERE migration = 'two'
    AND what NOT IN ('add column', 'lease')" | sed 's/ .*//' | sort -u)" ann \
    'in the name of who started, as the audit trail says'
as bob stop
ok 'the engine is stopped' wait_for 30 said two '"event":"end"'
ok 'what it had asked for has lapsed' said two \
    '"event":"approval".*"of":"step","state":"lapsed","asked_by":"ann'
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
asks_for sync

# ---- so does a rollback that failed

hold
as ann rollback sync three
as bob rollback sync three
like "$said" 'rolling back' 'two begin the rollback'
ok 'its one try fails, too' wait_for 20 last_phase sync failed || show three
like "$(newel attach --dump 140x30 three | head -n 1)" 'FAILED .* takes 2 operators' \
    'the top line says what it takes'
as bob step sync
like "$said" 'asked for the rollback' 'to try that again takes two'
as bob step sync
is $status 1 'not one twice'
psql_p "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'" \
    >/dev/null
as ann step sync
like "$said" 'starting the rollback' 'the other one tries it again'
ok 'and it is done' wait_for 20 said three '"event":"end"' || show three
is "$(psql_p "SELECT count(*) FROM pg_attribute WHERE attrelid = 'orders'::regclass
    AND attname = 'three' AND NOT attisdropped")" 0 'the column is gone'

# ---- a pause that one yes does not end; a second yes of anybody

retries=100
by=any
begin four orders --until expand
asks_for baseline
as ann step baseline
asks_for expand
as ann pause
as ann step expand
like "$said" 'asked for expand: it takes a second yes' 'by = any takes two yes'
newel attach --plain four </dev/null >"$work/plain" 2>&1
like "$(cat "$work/plain")" 'ASKING expand\? 2nd yes \(ann asked\)' 'which the console says'
as ann step expand
like "$said" 'starting expand' 'of one operator, too'
ok 'it is done' wait_for 20 said four '"event":"end"' || show four
is "$(ask four "SELECT string_agg(coalesce(e->>'asks', 'does'), ' ' ORDER BY seq) FROM j
    WHERE event = 'command' AND e->>'expect_phase' = 'expand'")" 'true does' \
    'the journal tells the yes that asks from the one that does'

# ---- the file

printf '[migration]\nid = x\ntable = t\n[column]\nname = c\ntype = int\n[approve]\nphases = preflight expnd\nby = me\n' \
    >"$work/bad.ini"
bad=$("$NEWEL" lint "$work/bad.ini" 2>&1)
like "$bad" 'phases: read .?preflight' 'preflight needs no yes, so no second one'
like "$bad" 'phases: read .?expnd' 'what is no phase is told'
like "$bad" 'by.*(other|any)' 'and what is neither other nor any'
like "$(newel plan "$work/two.ini" 2>&1)" 'needs a second operator' 'the plan says it'
done_testing
