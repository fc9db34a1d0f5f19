#!/bin/sh
# The engine is killed with -9 at random instants of the backfill and started
# again, until it is done: each row is written exactly once, and the counters say
# so. FAULT_KILLS: how many times in all (20); FAULT_SEED: which instants (1).
set -u
. "$SRCDIR/tests/integration/house.sh"
kills=${FAULT_KILLS:-20}
seed=${FAULT_SEED:-1}
house_begin primary

# Every write of a row leaves a line, in the write's own transaction.
psql_p "CREATE TABLE written (what text, id bigint, old text, new text);
    CREATE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
        INSERT INTO written VALUES (TG_TABLE_NAME, NEW.id, OLD.extra, NEW.extra); RETURN NULL;
    END \$\$"

# random LOW HIGH: the next number of the seeded row
drawn=0
random() {
    drawn=$((drawn + 1))
    awk -v seed=$((seed * 100003 + drawn)) -v low="$1" -v high="$2" \
        'BEGIN { srand(seed); rand(); print int(low + rand() * (high - low)) }'
}

# exact NAME ROWS: what the table, its writes and the checkpoints say
exact() {
    is "$(psql_p "SELECT count(*) FILTER (WHERE extra = id * 3 + 1) || ' of ' || count(*) FROM $1")" \
        "$2 of $2" "$1: every row has its value"
    is "$(psql_p "SELECT count(*) || ' writes of ' || count(DISTINCT id) || ' rows, ' ||
            count(*) FILTER (WHERE old IS NOT NULL) || ' again' FROM written WHERE what = '$1'")" \
        "$2 writes of $2 rows, 0 again" "$1: each was written exactly once"
    is "$(psql_p "SELECT sum(rows) || ' ' || bool_and(done) FROM newel.checkpoint
            WHERE migration = '$1'")" "$2 true" "$1: the counters in the target are right"
}

# torture NAME NEW_ROWS LANES KILLS
torture() {
    name=$1 left=$4 killed=0 amid=0
    rows=$((2000 + 700 * $3 * $4))
    psql_p "CREATE TABLE $name (id bigint PRIMARY KEY, pad text);
        INSERT INTO $name SELECT i, repeat('x', 200) FROM generate_series(1, $rows) i;
        ANALYZE $name"
    migration "$name" "$name" <<INI
[column]
name = extra
type = bigint
default = 0
[backfill]
value = id * 3 + 1
new_rows = $2
[batch]
rows = 20
min = 20
max = 20
pause = 10ms
lanes = $3
INI
    run "$name" --until sync
    is $? 0 "$name: ready for the backfill" || show "$name"
    psql_p "CREATE TRIGGER counting AFTER UPDATE ON $name FOR EACH ROW EXECUTE FUNCTION count_write()"
    while [ "$left" -gt 0 ]; do
        had=$(psql_p "SELECT coalesce(sum(batches), 0) FROM newel.checkpoint
            WHERE migration = '$name'")
        old=$(journal "$name")
        engine "$name" --until backfill
        # most lives do something: the instant is counted from the first batch on
        begun() {
            gone "$engine" || { [ "$old" != "$(journal "$name")" ] && said "$name" '"event":"batch"'; }
        }
        [ $((left % 5)) -eq 0 ] || wait_for 20 begun || { diag "no batch in 20 s"; show "$name"; break; }
        sleep "0.$(printf '%03d' "$(random 20 300)")"
        kill -s KILL "$engine" 2>/dev/null
        wait "$engine" 2>/dev/null
        status=$?
        [ "$status" -eq 137 ] || { diag "it ended with $status by itself"; show "$name"; break; }
        left=$((left - 1)) killed=$((killed + 1))
        between "SELECT coalesce(sum(batches), 0) FROM newel.checkpoint WHERE migration = '$name'" \
            $((had + 1)) 1000000 && amid=$((amid + 1))
    done
    is "$killed" "$4" "$name: killed $killed times"
    ok "$name: at least half the kills came while it was at work ($amid of $killed)" \
        test "$amid" -ge $(($4 / 2))
    run "$name" --until backfill
    is $? 0 "$name: the last life ends well" || show "$name"
    exact "$name" "$rows"
    run "$name"
    is $? 0 "$name: and the rest of the stairs follows" || show "$name"
    chains=0
    for one in "$work/state/$name"/*.jsonl; do
        # killed before its first event it has made no more than the file
        [ -s "$one" ] || continue
        "$NEWEL" verify "$one" >"$work/verify.out" 2>&1 && continue
        chains=$((chains + 1))
        diag "$(cat "$work/verify.out")"
    done
    is "$chains" 0 "$name: no journal that a kill has cut is broken"
}

part=$(((kills + 3) / 4))
torture blocks_one trigger 1 "$part"
torture blocks_three trigger 3 "$part"
torture keys_one default 1 "$part"
torture keys_three default 3 "$part"
done_testing
