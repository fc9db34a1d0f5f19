#!/bin/sh
# The disk under the journal is full: the work stands still and says so, nothing
# goes on unrecorded, and all of it goes on when there is room again.
set -u
. "$SRCDIR/tests/servers/tap.sh"
if [ -z "${FULL_INSIDE:-}" ]; then
    [ "$(id -u)" -eq 0 ] || plan_skip 'a small filesystem takes root to mount'
    unshare -m true 2>/dev/null || plan_skip 'no mount namespace of our own can be had here'
    unshare -m sh -c 'mount --make-rprivate / && mount -t tmpfs -o size=64k none /mnt' \
        2>/dev/null || plan_skip 'no filesystem can be mounted here'
    # what is mounted goes with the namespace, whatever happens
    FULL_INSIDE=yes exec unshare -m --propagation private sh "$0"
fi
. "$SRCDIR/tests/integration/house.sh"
house_begin primary
mkdir -m 700 "$work/state"
mount -t tmpfs -o size=256k,mode=700 none "$work/state" || bail_out 'no tmpfs'

psql_p "CREATE TABLE items (id bigint PRIMARY KEY, pad text);
    INSERT INTO items SELECT i, repeat('x', 200) FROM generate_series(1, 20000) i;
    ANALYZE items"
migration extra items <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = id * 3 + 1
[batch]
rows = 20
min = 20
max = 20
[throttle]
max_running = 0
INI
batches() {
    psql_p "SELECT coalesce(sum(batches), 0) FROM newel.checkpoint"
}
run extra --until sync
is $? 0 'ready for the backfill' || show extra

# ---- full

engine extra
full() {
    [ "$(df --output=avail "$work/state" | tail -n 1)" -eq 0 ]
}
ok 'the disk under the journal fills up' wait_for 30 full || show extra
still() {
    one=$(batches)
    sleep 0.5
    [ "$one" = "$(batches)" ]
}
ok 'the work stands still' wait_for 20 still
ok 'the engine lives' alive "$engine"
stood=$(batches)
# what is committed and not yet in the journal is no more than what was in flight
recorded=$(grep -c '"event":"batch"' "$(journal extra)")
ok "nothing goes on unrecorded ($stood batches, $recorded of them in the journal)" \
    test $((stood - recorded)) -le 1
# the last line may be unfinished and is no event
says_so() {
    grep -q 'newel: cannot write journal .*: No space left on device' "$work/extra.out"
}
ok 'it says so' wait_for 10 says_so || show extra 5
stale() {
    newel attach --dump 80x24 extra | head -n 1 | grep -q STALE
}
ok 'and a console says how old its picture is' wait_for 10 stale
newel ctl extra batch 20 >"$work/ctl.out" 2>&1
is $? 1 'no command is done that cannot be recorded' || diag "$(cat "$work/ctl.out")"
like "$(cat "$work/ctl.out")" 'refused: the journal cannot be written' 'saying why'
is "$(batches)" "$stood" 'it still stands'

# ---- room again

mount -o remount,size=64m "$work/state"
goes_on() {
    [ "$(batches)" -gt "$stood" ]
}
ok 'with room it goes on by itself' wait_for 20 goes_on
wait "$engine"
is $? 0 'to its end' || show extra
is "$(psql_p "SELECT count(*) FROM items WHERE extra IS DISTINCT FROM id * 3 + 1")" 0 \
    'every row has its value'
"$NEWEL" verify "$(journal extra)" >"$work/verify.out" 2>&1
is $? 0 'the journal holds' || diag "$(cat "$work/verify.out")"
is "$(ask extra "SELECT e->>'level' FROM j WHERE event = 'alarm' AND e->>'code' = 'journal'")" crit \
    'it tells that it was full'
is "$(grep -c '"event":"batch"' "$(journal extra)")" "$(batches)" 'every batch is in it'
is "$(ask extra "SELECT sum((e->>'updated')::bigint) FROM j WHERE event = 'batch'")" 20000 \
    'with every row'

# ---- full before it begins

dd if=/dev/zero of="$work/state/ballast" bs=1M count=100 2>"$work/dd.out"
sed 's/^id = extra/id = late/; s/^name = extra/name = late/' "$work/extra.ini" >"$work/late.ini"
run late
ok 'on a full disk it does not even begin' test $? -ne 0
like "$(cat "$work/late.out")" 'newel: .*(journal|space|state)' 'and says why'
is "$(psql_p "SELECT count(*) FROM pg_attribute WHERE attrelid = 'items'::regclass
    AND attname = 'late'")" 0 'nothing was changed'
done_testing
