#!/bin/sh
# Consoles come and go: the engine stays. It ignores a hang-up, ends at a batch
# boundary when it is asked to, and does what newel.ini says when nobody looks.
set -u
. "$SRCDIR/tests/integration/house.sh"
command -v perl >/dev/null && perl -MIO::Socket::UNIX -e 1 2>/dev/null ||
    plan_skip 'a client of our own takes perl'
house_begin primary

psql_p "CREATE TABLE items (id bigint PRIMARY KEY, pad text);
    INSERT INTO items SELECT i, repeat('x', 200) FROM generate_series(1, 30000) i;
    ANALYZE items;
    CREATE TABLE written (id bigint);
    CREATE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
        INSERT INTO written VALUES (NEW.id); RETURN NULL; END \$\$"
migration extra items <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = id * 3 + 1
[batch]
rows = 50
min = 50
max = 50
pause = 30ms
[throttle]
max_running = 0
INI
batches() {
    psql_p "SELECT coalesce(sum(batches), 0) FROM newel.checkpoint"
}
moved() {
    [ "$(batches)" -gt "$mark" ]
}
goes() {
    mark=$(batches)
    wait_for 15 moved
}
stands() {
    mark=$(batches)
    sleep 0.6
    [ "$(batches)" = "$mark" ]
}
at=0
# client LINE...: attaches, says the lines, keeps the connection; answers in $work/client.$at
client() {
    at=$((at + 1))
    perl -MIO::Socket::UNIX -e '
        my $path = shift;
        my $socket = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!";
        $| = 1;
        for (@ARGV) { print $socket "$_\n"; my $answer = <$socket>; print $answer // "gone\n"; }
        sleep 60' "$(socket)" "$@" >"$work/client.$at" 2>&1 &
    client=$!
    background="$background $client"
    wanted=$#
    answered() {
        [ -e "$work/client.$at" ] && [ "$(wc -l <"$work/client.$at")" -ge "$wanted" ]
    }
    wait_for 10 answered
}
socket() {
    # the one that the engine listens on
    for one in "$work/state/extra"/*; do [ -S "$one" ] && echo "$one"; done
}
leave() {
    kill -s KILL "$client"
    wait "$client" 2>/dev/null
}

# ---- started and left alone

run extra --until sync
is $? 0 'ready for the backfill' || show extra
psql_p "CREATE TRIGGER counting AFTER UPDATE ON items FOR EACH ROW EXECUTE FUNCTION count_write()"
detached extra --yes
is $? 0 'run --detach comes back' || show extra
like "$(cat "$work/extra.out")" 'newel attach extra' 'and says how to look at it'
ok 'the engine is there' alive "$engine"
is "$(ps -o sid= -p "$engine" | tr -d ' ')" "$engine" 'in a session of its own' ||
    diag "$(ps -o pid,ppid,sid,pgid,args -p "$engine")"
is "$(ps -o tty= -p "$engine" | tr -d ' ')" '?' 'without a terminal'
ok 'and works' goes
kill -s HUP "$engine"
ok 'a hang-up does not touch it' goes
is "$(stat -c '%a' "$(socket)")" 600 'its socket is ours alone'

# ---- consoles

client '{"do":"attach","operator":"ann"}'
like "$(head -n 1 "$work/client.$at")" '"accepted":true' 'a console attaches'
leave
ok 'when it is lost, the backfill pauses' wait_for 10 stands
like "$(newel attach --dump 100x30 extra | head -n 1)" 'PAUSED by on_disconnect' 'and says for whom'
ok 'the engine lives' alive "$engine"
newel ctl extra resume >"$work/ctl.out" 2>&1
is $? 0 'it is resumed' || diag "$(cat "$work/ctl.out")"
ok 'and goes on' goes

client '{"do":"attach","operator":"bob","read_only":true}' '{"do":"pause","operator":"bob"}' \
    '{"do":"note","value":"x"}' '{"do":"detach","value":"stop"}' 'nonsense' '[1]' '{"do":7}' '{}'
is "$(grep -c '"accepted":false.*read-only' "$work/client.$at")" 3 \
    'a read-only console changes nothing' || diag "$(cat "$work/client.$at")"
is "$(grep -c '"accepted":false' "$work/client.$at")" 7 'what is no command is refused' ||
    diag "$(cat "$work/client.$at")"
leave
ok 'and its leaving is nobody'"'"'s loss' goes

client '{"do":"attach","operator":"ann"}'
first=$client
client '{"do":"attach","operator":"bob"}'
leave
ok 'one of two may go' goes
client=$first
leave
ok 'the last one may not' wait_for 10 stands
newel ctl extra resume >"$work/ctl.out" 2>&1

client '{"do":"attach","operator":"ann"}' '{"do":"detach","value":"continue","operator":"ann"}'
leave
ok 'whoever says goodbye and continue is taken at the word' goes

# a console that does not read its answers holds nobody up
perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Peer => shift) or die;
    for (1 .. 50) { syswrite($s, "{\"do\":\"note\",\"value\":\"x\"}\n") } sleep 60' "$(socket)" &
background="$background $!"
deaf=$!
ok 'a console that does not listen holds nobody up' goes
kill -s KILL "$deaf"
# half a request and then nothing
perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Peer => shift) or die;
    syswrite($s, "{\"do\":\"pau"); sleep 60' "$(socket)" &
background="$background $!"
ok 'nor one that does not finish its sentence' goes
kill -s KILL "$!"
is "$(ask extra "SELECT count(*) > 3 AND count(*) FILTER (WHERE event = 'attach') =
        count(*) FILTER (WHERE event = 'detach') FROM j WHERE event IN ('attach', 'detach')")" t \
    'the journal tells who came and went'
is "$(ask extra "SELECT string_agg(DISTINCT e->>'operator', ' ') FROM j
    WHERE event = 'command' AND e->>'do' = 'pause' AND e->>'accepted' = 'true'")" on_disconnect \
    'and that nobody has paused it'

# ---- asked to end

kill -s TERM "$engine"
ok 'SIGTERM ends it' wait_for 15 gone "$engine"
is "$(ask extra "SELECT e->>'status' FROM j WHERE event = 'end'")" 5 'as stopped: 5'
is "$(psql_p "SELECT (SELECT count(*) FROM items WHERE extra IS NOT NULL) || ' ' || sum(rows)
    FROM newel.checkpoint")" "$(psql_p "SELECT count(*) || ' ' || count(*) FROM written")" \
    'at a batch boundary'
ok 'its socket is gone' test -z "$(socket)"
engine extra --until backfill
ok 'it goes on' goes
kill -s INT "$engine"
wait "$engine"
is $? 5 'SIGINT ends one without a console: exit 5' || show extra
newel ctl extra pause >"$work/ctl.out" 2>&1
ok 'nobody is there to be told' test $? -ne 0

detached extra --yes
ok 'detached again, it goes on' goes
newel ctl extra stop >"$work/ctl.out" 2>&1
is $? 0 'it is told to stop'
ok 'and ends' wait_for 15 gone "$engine"
is "$(ask extra "SELECT e->>'status' FROM j WHERE event = 'end'")" 5 'as stopped'

# ---- on_disconnect = continue

house_config 'on_disconnect = continue'
detached extra --yes
is $? 0 'the next one' || show extra
ok 'resumes' goes
client '{"do":"attach","operator":"ann"}'
leave
ok 'and goes on when its console is lost' goes
newel ctl extra rest 0ms >"$work/ctl.out" 2>&1
ok 'to its end' wait_for 30 gone "$engine" || diag "$(tail -n 3 "$(journal extra)" | cut -c1-300)"
is "$(psql_p "SELECT count(*) FROM items WHERE extra IS DISTINCT FROM id * 3 + 1")" 0 \
    'every row has its value'
is "$(psql_p "SELECT count(*) || ' ' || count(DISTINCT id) FROM written")" '30000 30000' \
    'each was written once'
done_testing
