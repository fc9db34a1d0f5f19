# A backfill beside its replica, as ../replica.sh has it: each way in which a replica does not keep up is
# told for what it is, holds the work as long as it lasts, and the work goes on by itself.
# shellcheck shell=sh
set -u
# shellcheck source=tests/integration/my/lib.sh
. "$SRCDIR/tests/integration/my/lib.sh"
house_begin "$FLAVOUR" pair

numbers
sql_p "CREATE TABLE items (id bigint PRIMARY KEY, pad varchar(20));
    INSERT INTO items SELECT n, 'x' FROM numbers WHERE n BETWEEN 1 AND 60000;
    CREATE TABLE other (id bigint PRIMARY KEY)"
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
pause = 40ms
[throttle]
max_lag = 1s
max_running = 0
INI

case $FLAVOUR in
mysql)
    start='START REPLICA' stop='STOP REPLICA'
    delay='CHANGE REPLICATION SOURCE TO SOURCE_DELAY'
    # source_of NAME PORT   source_gone NAME
    source_of() {
        echo "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = $2,
            SOURCE_USER = 'replicator' FOR CHANNEL '$1'; START REPLICA FOR CHANNEL '$1'"
    }
    source_gone() {
        echo "STOP REPLICA FOR CHANNEL '$1'; RESET REPLICA ALL FOR CHANNEL '$1'"
    }
    ;;
*)
    start='START SLAVE' stop='STOP SLAVE'
    delay='CHANGE MASTER TO MASTER_DELAY'
    source_of() {
        echo "CHANGE MASTER '$1' TO MASTER_HOST = '127.0.0.1', MASTER_PORT = $2,
            MASTER_USER = 'replicator'; START SLAVE '$1'"
    }
    source_gone() {
        echo "STOP SLAVE '$1'; RESET SLAVE '$1' ALL"
    }
    ;;
esac
# filter NAME VALUE: of replicate_NAME
filter() {
    case $FLAVOUR.$1.$2 in
    mysql.wild*.?*) changed="CHANGE REPLICATION FILTER REPLICATE_WILD_IGNORE_TABLE = ('$2')" ;;
    mysql.*) changed="CHANGE REPLICATION FILTER REPLICATE_$1 = ($2)" ;;
    *) changed="SET GLOBAL replicate_$1 = '$2'" ;;
    esac
    sql_r "$stop; $changed; $start"
}
# the last throttle event
throttle() {
    grep '^{"seq":[0-9]*,"time":[0-9]*,"event":"throttle"' "$(journal extra)" | tail -n 1
}
throttle_is() {
    throttle | grep -Eq "$1"
}
sample() {
    grep '"event":"sample".*"of":"replica"' "$(journal extra)" | tail -n 1
}
sample_is() {
    sample | grep -Eq "$1"
}
# held_by WHAT PATTERN: it is throttled for that reason, and stands
held_by() {
    ok "$1: it is throttled, and says why" wait_for 30 throttle_is "\"on\":true.*$2" ||
        diag "$(throttle)" "$(sample)"
    ok "$1: no batch comes" wait_for 20 stands extra
}
goes_on() {
    ok "$1: it goes on by itself" goes extra 60 || diag "$(throttle)" "$(sample)"
}

run extra --until sync
is $? 0 'ready for the backfill' || show extra
detached extra --yes
is $? 0 'the engine starts' || show extra
first=$engine
ok 'batches come' goes extra 30 || diag "$(throttle)"

# ---- stopped

sql_r "$stop"
held_by stopped 'lag on t1/127.0.0.1: unknown \(its SQL thread is stopped'
ok 'stopped: the sample says so, too' wait_for 20 sample_is \
    '"paused":true.*its SQL thread is stopped' || diag "$(sample)"
unlike "$(throttle)" 'lag on t1/127.0.0.1: [0-9]' 'stopped: and it is not called a lag'
like "$(newel attach --dump 120x30 extra)" 'THROTTLED.*unknown' 'stopped: the console shows it'
sql_r "$start"
goes_on stopped
sql_r "${stop} IO_THREAD"
held_by 'receives nothing' 'lag on t1/127.0.0.1: unknown \(its IO thread is stopped'
sql_r "$start"
goes_on 'receives nothing'

# ---- an error

sql_r 'SET sql_log_bin = 0; INSERT INTO other VALUES (7)'
sql_p 'INSERT INTO other VALUES (7)'
held_by error 'unknown \(its SQL thread stopped: 1062 '
sql_r "SET sql_log_bin = 0; DELETE FROM other WHERE id = 7; $start"
goes_on error

# ---- lag

mkfifo "$work/lock.in"
"$MY_CLIENT" --no-defaults -u root -S "$MY_REPLICA_SOCKET" -D shop <"$work/lock.in" >"$work/lock.out" 2>&1 &
locker=$!
background="$background $!"
exec 7>"$work/lock.in"
echo 'LOCK TABLES items READ;' >&7
held_by lag 'lag on t1/127.0.0.1: [0-9.]+m?s > 1(\.0)?s'
unlike "$(throttle)" '"signal":"max_lag","server":"t1/127.0.0.1"[^}]*"unknown":true' 'lag: it is known, and called a lag'
ok 'lag: beside it stands what the replica says itself' wait_for 20 sample_is \
    '"state":"replicating, [0-9]+ s by its own count"' ||
    diag "$(sample)"
takes extra limit max_lag 1h for 3s the replica is being rebuilt
ok 'lag: it goes on for as long as the limit is raised' goes extra 20 || diag "$(throttle)"
again() {
    throttle_is '"on":true.*lag on t1/127.0.0.1: [0-9.]+m?s > 1' && stands extra
}
ok 'lag: and stops again when that has ended' wait_for 30 again || diag "$(throttle)"
exec 7>&-
wait "$locker"
goes_on lag

# ---- delayed on purpose

sql_r "$stop; $delay = 3600; $start"
held_by delayed 'lag on t1/127.0.0.1: [0-9.]+m?s > 1'
ok 'delayed: it is told as delayed' wait_for 20 sample_is '"state":"delayed by 3600 s' || diag "$(sample)"
like "$(newel attach --dump 160x40 --screen replicas extra)" 'delayed by 3600 s' 'delayed: so does the console'
sql_r "$stop; $delay = 0; $start"
goes_on delayed

# ---- several sources, one of which cannot be reached

nobody=$(my_free_ports 1)
sql_r "$(source_of second "$nobody")"
held_by 'second source' 'unknown \(its IO thread \(second, one of 2\) stopped: [0-9]+ '
sql_r "$(source_gone second)"
goes_on 'second source'

# ---- filters

filter ignore_db shop
ok 'filter: it is told, for rows of the table may not arrive' wait_for 20 sample_is \
    '"state":"replicating, filters: Replicate_Ignore_DB = shop"' || diag "$(sample)"
my_wait_replica 30
sql_p 'CREATE TABLE beside (id int PRIMARY KEY, v int)'
printf '[column]\nname = extra\ntype = int\n[backfill]\nvalue = v\n' | migration beside beside
run beside --until preflight
is $? 0 'filter: another migration may still begin' || show beside
ok 'filter: and its preflight warns of it, before anything is changed' said beside \
    '"check":"replicas","verdict":"warn","evidence":"t1/[^"]*filters: Replicate_Ignore_DB = shop'
filter ignore_db ''
filter wild_ignore_table newel.%
held_by 'heartbeats filtered' 'lag on t1/127.0.0.1: [0-9.]+m?s > 1'
ok 'heartbeats filtered: the state tells why' wait_for 20 sample_is \
    'filters: Replicate_Wild_Ignore_Table = newel.%' || diag "$(sample)"
# one that begins now has none at all there
sql_p 'INSERT INTO other VALUES (1), (2), (3)'
sed -e 's/^id = .*/id = late/' -e 's/^table = .*/table = other/' "$work/extra.ini" >"$work/late.ini"
engine late
ok 'heartbeats filtered: a replica that has none at all' wait_for 30 said late \
    '"event":"throttle".*"on":true.*unknown \(it has no heartbeat, and filters: Replicate_Wild_Ignore_Table'
kill -s TERM "$engine"
wait "$engine"
engine=$first
# what was left out is missing there: a change of it later on would stop the replica
sql_p "DELETE FROM newel.heartbeat WHERE migration = 'late'; DELETE FROM newel.checkpoint
    WHERE migration = 'late'; DELETE FROM newel.migration WHERE id = 'late'"
my_wait_replica 30
filter wild_ignore_table ''
goes_on 'heartbeats filtered'

# ---- gone

my_replica_stop kill
held_by gone '"signal":"max_lag","server":"t1/127.0.0.1".*"unknown":true'
like "$(throttle)" 'lag on t1/127.0.0.1: unknown \(' 'gone: why is in it'
ok 'gone: it is told as unreachable' wait_for 20 sample_is '"reachable":false'
takes extra override max_lag t1/127.0.0.1 for 3s r1 is being rebuilt
takes extra override max_lag_bytes for 3s r1 is being rebuilt
ok 'gone: with an override it goes on without it' goes extra 20 || diag "$(throttle)"
ok 'gone: until that ends' wait_for 30 stands extra || diag "$(throttle)"
my_replica_start || bail_out 'the replica did not come back'
goes_on gone

newel ctl extra rest 0ms >"$work/ctl.out" 2>&1
newel ctl extra stop >"$work/ctl.out" 2>&1
ok 'it is stopped' wait_for 60 gone "$engine" || diag "$(cat "$work/ctl.out")"
is "$(chains extra)" 0 'the journal holds'
is "$(sql_p 'SELECT SUM(NOT extra <=> id * 3 + 1) FROM items WHERE extra IS NOT NULL')" 0 \
    'what is filled is right'
is "$(sql_p 'SELECT count(extra) FROM items')" "$(written_rows extra)" 'and counted'
done_testing
