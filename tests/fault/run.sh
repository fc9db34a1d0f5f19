#!/bin/sh
# The long fault runs: make check-fault. NEWEL, SRCDIR: as for the tests.
# FAULT_KILLS: kills for each seed (200); FAULT_SEEDS: the seeds ("1 2").
set -u
here=$SRCDIR/tests/fault
failed=0

one() {
    echo "# $*"
    "$@" || failed=$((failed + 1))
}

for seed in ${FAULT_SEEDS:-1 2}; do
    one env FAULT_KILLS="${FAULT_KILLS:-200}" FAULT_SEED="$seed" sh "$here/kill.sh"
done
one sh "$here/half_way.sh"
one sh "$here/two_engines.sh"
one sh "$here/disk_full.sh"
echo "# $failed of the runs failed"
[ "$failed" -eq 0 ]
