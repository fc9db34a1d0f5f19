#!/bin/sh
# config/ci: what a pipeline runs, against a real server.
set -u
. "$SRCDIR/tests/integration/house.sh"
house_begin primary
ci=$SRCDIR/config/ci/newel.sh
export NEWEL
NEWEL_CONFIG=$work/newel.ini
export NEWEL_CONFIG
psql_p "CREATE TABLE orders (id bigint PRIMARY KEY); INSERT INTO orders SELECT generate_series(1, 100)"
mkdir "$work/migrations"
migration extra orders <<'INI'
[column]
name = extra
type = int
[backfill]
value = 1
INI
cp "$work/extra.ini" "$work/migrations/"
cd "$work" || exit 1

sh "$ci" lint >"$work/out" 2>&1
is $? 0 'sound migrations pass'
sed 's/^type = .*/type = int not null/' extra.ini >migrations/bad.ini
NEWEL_SARIF=$work/sarif sh "$ci" lint migrations >"$work/out" 2>&1
is $? 1 'a dangerous one does not'
like "$(cat "$work/out")" 'migrations/bad.ini:[0-9]+: \[constraint-in-type\]' 'and is told'
is "$(psql_p "SELECT s->>'version', r->>'ruleId',
        r->'locations'->0->'physicalLocation'->'artifactLocation'->>'uri'
    FROM (SELECT '$(sed "s/'/''/g" "$work/sarif")'::jsonb AS s) x,
        jsonb_array_elements(s->'runs'->0->'results') r WHERE r->>'level' = 'error'")" \
    '2.1.0|constraint-in-type|migrations/bad.ini' 'for the code host, too'
sh "$ci" lint "$work/nothing" >"$work/out" 2>&1
is $? 2 'no migration is no pass'

sh "$ci" gate extra verify 1s >"$work/out" 2>&1
is $? 1 'before it has begun the gate is closed'
run extra
is $? 0 'the migration is run' || show extra
sh "$ci" gate extra verify 1s >"$work/out" 2>&1
is $? 0 'then it is open'
sh "$ci" gate extra >"$work/out" 2>&1
is $? 2 'a gate needs a phase'
pg_primary_stop fast
sh "$ci" gate extra verify 1s >"$work/out" 2>&1
is $? 3 'a server that is away is no yes'

if python3 -c 'import yaml' 2>/dev/null; then
    is "$(python3 -c 'import sys, yaml
jobs = yaml.safe_load(open(sys.argv[1]))["jobs"]
print(*(step.get("run", step.get("uses")).split()[-1] for job in ("lint", "gate")
        for step in jobs[job]["steps"][1:]))' "$SRCDIR/config/ci/github-actions.yml")" \
        'migrations github/codeql-action/upload-sarif@v3 30m' 'the workflow is YAML, and runs them'
fi
done_testing
