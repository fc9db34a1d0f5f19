#!/bin/sh
# A partitioned table: one column for all of it, walked partition by partition, each with its own
# checkpoints; partitions come and go meanwhile.
set -u
. "$SRCDIR/tests/integration/house.sh"
house_begin primary

# table NAME: three months, the third of them parted again, names that need quotes
table() {
    psql_p "CREATE TABLE $1 (id bigint, at date, cc text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE TABLE $1_jan PARTITION OF $1 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
        CREATE TABLE $1_feb PARTITION OF $1 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
        CREATE TABLE \"$1 Mar\" PARTITION OF $1 FOR VALUES FROM ('2026-03-01') TO ('2026-04-01')
            PARTITION BY HASH (id);
        CREATE TABLE $1_mar_a PARTITION OF \"$1 Mar\" FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE \"$1 mar b\" PARTITION OF \"$1 Mar\" FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        INSERT INTO $1 SELECT i, date '2026-01-01' + (i % 90)::int, 'c' || i % 7
            FROM generate_series(1, $2) i;
        CREATE TABLE $1_written (id bigint);
        CREATE FUNCTION $1_count() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
            INSERT INTO $1_written VALUES (NEW.id); RETURN NULL; END \$\$"
    psql_p "ANALYZE $1"
}
count_writes() {
    psql_p "CREATE TRIGGER counting AFTER UPDATE ON $1 FOR EACH ROW EXECUTE FUNCTION $1_count()"
}
file() { # file ID: a migration of the table of that name; standard input is added
    {
        printf '[column]\nname = region\ntype = text\nnot_null = yes\n'
        # the value says the table's name, which no partition has
        printf '[backfill]\nvalue = upper(%s.cc)\n' "$1"
        cat
    } | migration "$1" "$1"
}
right() { # right ID ROWS
    is "$(psql_p "SELECT count(*), count(*) FILTER (WHERE region = upper(cc)) FROM $1")" "$2|$2" \
        "$1: every row has its value"
}

# ---- from end to end

table ev 30000
file ev </dev/null
newel plan "$work/ev.ini" >"$work/plan" 2>&1
like "$(cat "$work/plan")" 'public.ev is partitioned: 4 partitions, about [0-9]+ rows' \
    'the plan knows the partitions'
run ev --until sync
is $? 0 'ev: ready' || show ev
count_writes ev
run ev
is $? 0 'ev: it comes to its end' || show ev
right ev 30000
is "$(psql_p 'SELECT count(*), count(DISTINCT id) FROM ev_written')" '30000|30000' 'ev: each row once'
is "$(psql_p "SELECT count(DISTINCT split_part(shape, ':', 1)), bool_and(done), sum(rows)
    FROM newel.checkpoint WHERE lane >= 0 AND migration = 'ev'")" '4|t|30000' \
    'ev: each partition has checkpoints of its own'
is "$(ask ev "SELECT count(DISTINCT e->>'part'), max((e->>'parts')::int),
    max((e->>'parts_done')::int) FROM j WHERE event = 'batch'")" '4|4|4' 'ev: as the journal tells'
is "$(psql_p "SELECT bool_and(attnotnull) FROM pg_attribute WHERE attname = 'region'
    AND attrelid IN (SELECT relid FROM pg_partition_tree('ev'))")" t 'ev: NOT NULL holds for all'
is "$(psql_p "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'zzz_newel%'")" 0 'ev: no trigger is left'

# ---- interrupted, while partitions come and go

table go 40000
file go <<'INI'
[batch]
rows = 100
min = 100
max = 100
pause = 20ms
INI
run go --until sync
is $? 0 'go: ready' || show go
count_writes go
engine go
ok 'go: it is at work' wait_for 20 between "SELECT coalesce(sum(batches), 0) FROM newel.checkpoint
    WHERE migration = 'go'" 20 100000 || show go
kill -s KILL "$engine"
wait "$engine" 2>/dev/null
psql_p "CREATE TABLE go_apr PARTITION OF go FOR VALUES FROM ('2026-04-01') TO ('2026-05-01');
    INSERT INTO go (id, at, cc) VALUES (900001, '2026-04-02', 'new');
    CREATE TABLE go_old (LIKE go INCLUDING ALL);
    INSERT INTO go_old (id, at, cc) SELECT i, '2025-12-05', 'old' FROM generate_series(800001, 800500) i;
    ALTER TABLE go ATTACH PARTITION go_old FOR VALUES FROM ('2025-12-01') TO ('2026-01-01')"
engine go
ok 'go: it goes on' wait_for 40 said go '"event":"batch"' || show go
psql_p 'ALTER TABLE go DETACH PARTITION go_feb'
wait "$engine"
is $? 0 'go: with partitions gone, new and attached it comes to its end' || show go
rows=$(psql_p 'SELECT count(*) FROM go')
right go "$rows"
is "$(psql_p 'SELECT count(*) - count(DISTINCT id) FROM go_written')" 0 'go: no row was written twice'

# ---- by keys; a value that fails; the way back

table keys 9000
file keys <<'INI'
new_rows = application
INI
run keys
is $? 0 'keys: along each key it comes to its end, too' || show keys
right keys 9000
is "$(psql_p "SELECT count(DISTINCT shape) FROM newel.checkpoint WHERE migration = 'keys'
    AND shape LIKE '%:keys'")" 4 'keys: by ranges of keys of each partition'

table bad 9000
psql_p "UPDATE bad SET cc = '0' WHERE id = 4711"
migration bad bad <<'INI'
[column]
name = region
type = int
[backfill]
value = 100 / length(replace(bad.cc, '0', ''))
INI
run bad --until sync
run bad
is $? 4 'bad: a row that cannot be computed stops it'
like "$(cat "$work/bad.out")" '"id"=4711, "at"=2026-0[1-3]-[0-9]+' 'bad: and is named'
psql_p "UPDATE bad SET cc = 'x' WHERE id = 4711"
detached bad
wait_for 20 said bad '"state":"asking"'
newel ctl bad rollback backfill region >"$work/out" 2>&1
ok 'bad: it can be taken back' wait_for 20 said bad '"event":"end"' || diag "$(cat "$work/out")"
is "$(psql_p "SELECT count(*) FROM pg_attribute WHERE attname = 'region' AND NOT attisdropped
    AND attrelid IN (SELECT relid FROM pg_partition_tree('bad'))")" 0 'bad: from every partition'

# ---- refused

psql_p "CREATE TABLE mother (id int PRIMARY KEY, cc text); CREATE TABLE child () INHERITS (mother)"
file mother </dev/null
run mother
is $? 4 'a tree of inheritance is refused'
like "$(cat "$work/mother.out")" 'child is its child' 'with the reason'
file ev_jan </dev/null
sed -i 's/^name = region/name = other/' "$work/ev_jan.ini"
run ev_jan
is $? 4 'a partition alone is refused'
like "$(cat "$work/ev_jan.out")" 'it is a child of ev' 'with the reason'
psql_p "CREATE TABLE many (id int PRIMARY KEY, cc text) PARTITION BY RANGE (id)"
psql_p "SELECT format('CREATE TABLE many_%s PARTITION OF many FOR VALUES FROM (%s) TO (%s);', i, i, i + 1)
    FROM generate_series(1, 700) i" | "$PG_BIN/psql" -Xq -d "$PRIMARY_DSN"
psql_p 'ALTER SYSTEM SET max_locks_per_transaction = 10'
pg_primary_stop fast
pg_primary_up
file many </dev/null
run many
is $? 4 'more partitions than the server has locks for are refused'
like "$(cat "$work/many.out")" 'room for [0-9]+ locks.*max_locks_per_transaction = [0-9]+' \
    'with the setting that it takes'
done_testing
