#!/bin/sh
# What preflight finds on PostgreSQL: for each check a server in a state that passes, and one in
# which it warns or stops, told with its evidence and with what helps.
# PGBOUNCER: a pooler to look through; it is skipped where there is none.
set -u
. "$SRCDIR/tests/integration/house.sh"
pg_find || plan_skip 'no PostgreSQL server is installed'
PG_WAL_LEVEL=logical
PG_EXTRA_CONF=$(mktemp /tmp/ni.XXXXXX)
cat >"$PG_EXTRA_CONF" <<'CONF'
archive_mode = on
archive_command = 'true'
wal_receiver_status_interval = 1s
hot_standby_feedback = off
max_standby_streaming_delay = 30s
CONF
house_begin pair
rm -f "$PG_EXTRA_CONF"

# planned TABLE [VALUE [COLUMN LINES [BACKFILL LINES]]]: $work/checks gets a line for each check,
# "WARN views: what was found -> what helps"
planned() {
    printf '[column]\nname = extra\ntype = text\n%b[backfill]\nvalue = %s\n%b' "${3:-}" \
        "${2:-upper(v)}" "${4:-}" | migration planned "$1"
    # a type of one's own comes last in the lines of the column
    [ "$(grep -c '^type' "$work/planned.ini")" = 1 ] || sed -i '0,/^type = text$/{/^type = text$/d}' \
        "$work/planned.ini"
    newel plan "$work/planned.ini" >"$work/plan.out" 2>"$work/plan.err"
    planned_status=$?
    awk '/^checks$/ { on = 1; next } !on { next }
        /^    (STOP|WARN|later|pass) / { if (text) print text; sub(/^ +/, ""); text = $0; next }
        /^                 / { sub(/^ +/, ""); text = text " " $0; next }
        { if (text) print text; text = "" } END { if (text) print text }' "$work/plan.out" |
        tr -s ' ' >"$work/checks"
}
# says "VERDICT NAME" PATTERN [TITLE]
says() {
    like "$(grep "^$1:" "$work/checks" || cat "$work/plan.err" "$work/checks")" "^$1: .*$2" \
        "${3:-$1}"
}
# wrong NAME: what a check says when it does not pass
wrong() {
    grep -E "^(WARN|STOP) $1:" "$work/checks"
}
# tried ID TABLE [VALUE [COLUMN LINES]]: a run of preflight alone; found NAME tells what it said
tried() {
    printf '[column]\nname = extra\n%b[backfill]\nvalue = %s\n' "${4:-type = text\\n}" \
        "${3:-upper(v)}" | migration "$1" "$2"
    run "$1" --until preflight
}
found() {
    ask "$1" "SELECT format('%s: %s -> %s', e->>'verdict', e->>'evidence', e->>'remedy') FROM j
        WHERE event = 'check' AND e->>'check' = '$2'"
}
# session NAME SQL...: one that does them in turn and then sleeps, until session_ends NAME
session() {
    session_name=$1
    shift
    {
        echo "SET application_name = '$session_name';"
        printf '%s;\n' "$@" 'SELECT pg_sleep(300)'
    } >"$work/$session_name.sql"
    "$PG_BIN/psql" -XAtq -d "$PRIMARY_DSN" <"$work/$session_name.sql" >"$work/$session_name.out" 2>&1 &
    background="$background $!"
    wait_for 10 between "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(300)%'
        AND application_name = '$session_name'" 1 1
}
session_ends() {
    psql_p "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '$1'" \
        >"$work/ended" && wait_for 10 between "SELECT count(*) FROM pg_stat_activity
        WHERE application_name = '$1'" 0 0
}
holds() {
    between "SELECT count(*) FROM pg_locks WHERE relation = '$1'::regclass AND granted
        AND pid <> pg_backend_pid() AND mode = '$2'" 1 9
}
# burn N: transaction ids, for each block with a handler takes one where it writes
burn() {
    psql_p "CREATE TABLE burnt (i int); DO \$\$ BEGIN FOR i IN 1..$1 LOOP
        BEGIN INSERT INTO burnt VALUES (i); EXCEPTION WHEN division_by_zero THEN NULL; END;
        END LOOP; END \$\$; DROP TABLE burnt"
}
setting() {
    psql_p "ALTER SYSTEM SET $1" && psql_p 'SELECT pg_reload_conf()' >/dev/null &&
        wait_for 5 between "SELECT (current_setting('${1%% *}') = $2)::int" 1 1
}

# one session, so that what is counted has been told when it ends
psql_p "CREATE TABLE good (id bigint PRIMARY KEY, v text, n int);
    INSERT INTO good SELECT i, 'v' || i, i FROM generate_series(1, 500) i"
psql_p 'ANALYZE good'
# a transaction must be some seconds old to be told
psql_p "CREATE TABLE held (id bigint PRIMARY KEY, v text)"
session reporter 'BEGIN' 'SELECT * FROM held LIMIT 0'
mkfifo "$work/idler"
"$PG_BIN/psql" -XAtq -d "$PRIMARY_DSN" <"$work/idler" >"$work/idler.out" 2>&1 &
background="$background $!"
exec 7>"$work/idler"
echo "SET application_name = 'idler'; BEGIN; SELECT 1;" >&7

# ---- where nothing is wrong

# our schema, and a column that is there
tried first good
is "$(ask first "SELECT count(*) FROM j WHERE event = 'check' AND e->>'verdict' = 'stop'")" 0 \
    'first: nothing stops it' || show first
is "$(ask first "SELECT string_agg(e->>'check', ', ') FROM j WHERE event = 'check'
    AND e->>'verdict' <> 'pass' AND e->>'check' NOT IN ('long transactions', 'idle transactions',
    'old snapshots')")" \
    '' 'first: every check passes'
like "$(found first replicas)" '^pass: t1/r1: streaming' \
    'first: so does the replica, which has no table of ours yet'
like "$(found first 'replica conflicts')" '^pass: t1/r1: .*cancelled after 30s' \
    'first: it is told what a query of the replica does to it'
like "$(found first 'replica cascade')" '^pass: t1/r1: it feeds no other' 'pass replica cascade'
like "$(found first disk)" "^pass: [0-9.]+[A-Z]+B? free at $PG_DIR/primary; .* of WAL" \
    'first: free disk is told, for the server is on this host'
planned good
is "$planned_status" 0 'good: so does plan' || diag "$(cat "$work/plan.err")"
says 'pass pooler' 'we speak to the server itself'
says 'pass primary key' 'id bigint'
says 'pass growth' 'may grow by .*; fillfactor is 100'
says 'pass sample' 'computed for 500 rows from all over the table: 0 are NULL'
says 'pass value cost' '[0-9]+(us|ms) a row'
says 'pass wraparound' 'transaction ids of the table are [0-9]+ old, of 200000000'
says 'pass WAL space' 'about [0-9]+ kB will be written; max_wal_size 1024 MB, wal_keep_size 256 MB'
says 'pass standbys' 'streaming, async, '
says 'pass dead rows' '0 of 500 rows are dead'

sed -i "s/^replica = .*/& port=9/" "$work/newel.ini"
planned good
says 'WARN replica' 't1/r1 cannot be asked: .*\.s\.PGSQL\.9'
is "$planned_status" 0 'which ends no plan'
house_config ''

# ---- what the table is

psql_p "CREATE UNLOGGED TABLE unlogged (id int, v text);
    CREATE TYPE kind AS (id int, v text);
    CREATE TABLE typed OF kind (PRIMARY KEY (id));
    CREATE TABLE parted (id int, v text) PARTITION BY RANGE (id);
    CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (9);
    CREATE FOREIGN DATA WRAPPER none;
    CREATE SERVER far FOREIGN DATA WRAPPER none;
    CREATE FOREIGN TABLE abroad (id int, v text) SERVER far;
    CREATE TABLE mixed (id int, v text) PARTITION BY RANGE (id);
    CREATE FOREIGN TABLE mixed_far PARTITION OF mixed FOR VALUES FROM (0) TO (9) SERVER far;
    CREATE TABLE sharded (id int PRIMARY KEY, v text);
    CREATE FUNCTION citus_truncate_trigger() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER truncate_trigger_1 AFTER TRUNCATE ON sharded
        EXECUTE FUNCTION citus_truncate_trigger();
    CREATE TABLE wide (id int PRIMARY KEY, v text);
    DO \$\$ BEGIN FOR i IN 1..1598 LOOP EXECUTE 'ALTER TABLE wide ADD c' || i || ' bool';
        EXECUTE 'ALTER TABLE wide DROP c' || i; END LOOP; END \$\$;
    CREATE TABLE ruled (id int PRIMARY KEY, v text);
    CREATE RULE twice AS ON UPDATE TO ruled DO ALSO SELECT 1;
    CREATE TABLE owned (id int PRIMARY KEY, v text);
    ALTER EXTENSION plpgsql ADD TABLE owned"
for case in 'unlogged=STOP unlogged table=a crash empties it.*ALTER TABLE unlogged SET LOGGED' \
    'typed=STOP typed table=it is of type kind.*ALTER TABLE typed NOT OF' \
    'pg_catalog.pg_class=STOP table=belongs to the server itself' \
    'parted=pass table=public.parted is partitioned: 1 partition,' \
    'mixed=STOP table=partition public.mixed_far of public.mixed is a foreign table' \
    'sharded=STOP distributed=Citus keeps its rows elsewhere' \
    'part=STOP inheritance=it is a child of parted' \
    'abroad=STOP table=public.abroad is a foreign table' \
    'wide=STOP room for columns=1600 of 1600 columns are used up, dropped ones included' \
    'ruled=STOP rules=rule twice rewrites writes' \
    'owned=WARN extension=belongs to extension plpgsql.*ALTER EXTENSION plpgsql DROP TABLE owned'; do
    table=${case%%=*}
    case=${case#*=}
    planned "$table" "'x'"
    says "${case%%=*}" "${case#*=}" "$table: ${case%%=*}"
done

# ---- what hangs on it

psql_p "CREATE TABLE hung (id int, v text);
    INSERT INTO hung VALUES (1, 'a');
    CREATE VIEW hung_view AS SELECT * FROM hung;
    CREATE MATERIALIZED VIEW hung_kept AS SELECT * FROM hung;
    CREATE TABLE holder (old hung, many hung[]);
    CREATE FUNCTION hung_rows() RETURNS SETOF hung LANGUAGE sql AS 'SELECT * FROM hung';
    CREATE FUNCTION hung_columns() RETURNS TABLE (a int, b text) LANGUAGE sql
        AS 'SELECT * FROM hung';
    CREATE FUNCTION other() RETURNS TABLE (a int, b text) LANGUAGE sql AS 'SELECT id, v FROM hung';
    CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER firing AFTER UPDATE ON hung FOR EACH ROW EXECUTE FUNCTION fire();
    CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION watch();
    GRANT SELECT (v) ON hung TO pg_monitor;
    CREATE PUBLICATION pub FOR TABLE hung;
    CREATE INDEX hung_id ON hung (id)"
psql_p 'ANALYZE hung'
planned hung
says 'WARN views' 'materialized view hung_kept reads it.*DROP MATERIALIZED VIEW and CREATE'
says 'WARN views' 'hung_view selects from it.*CREATE OR REPLACE VIEW' 'WARN views, plain ones'
says 'WARN row type' 'column holder.many holds rows of it.*holder.old'
says 'WARN functions' 'function hung_columns\(\) selects \* from it into columns of its own'
says 'WARN functions' 'function hung_rows\(\) takes or returns rows.*pg_get_functiondef' \
    'WARN functions that return rows'
unlike "$(wrong functions)" 'other' 'a function that names its columns is none of them'
says 'WARN triggers' 'trigger firing fires on update'
says 'WARN event triggers' 'watching runs watch\(\) at each DDL.*ALTER EVENT TRIGGER watching DISABLE'
says 'WARN column grants' 'column v has grants of its own'
says 'WARN publications' 'publication pub sends the table.*ALTER TABLE hung ADD COLUMN extra text'
says 'STOP replica identity' 'every UPDATE of it fails.*ALTER TABLE hung REPLICA IDENTITY FULL'
is "$planned_status" 1 'which ends plan with 1'
psql_p "DROP EVENT TRIGGER watching; ALTER TABLE hung REPLICA IDENTITY FULL"
planned hung
says 'WARN replica identity' 'logged in whole'
psql_p "ALTER TABLE hung REPLICA IDENTITY DEFAULT; ALTER TABLE hung ADD PRIMARY KEY (id)"
planned hung
says 'pass replica identity' 'can be sent'
if [ "$(version)" -ge 150000 ]; then
    psql_p 'ALTER PUBLICATION pub SET TABLE hung (id)'
    planned hung
    says 'WARN publications' 'pub sends the columns that it names.*ALTER PUBLICATION pub SET TABLE' \
        'WARN publications that name columns'
fi
psql_p 'DROP PUBLICATION pub'
# another database is as good a publisher as another server
psql_p 'CREATE DATABASE feeder'
psql_feeder() {
    "$PG_BIN/psql" -XAtq -v ON_ERROR_STOP=1 -d "${PRIMARY_DSN%dbname=*}dbname=feeder" -c "$1"
}
psql_feeder 'CREATE TABLE fed (id int PRIMARY KEY, v text); CREATE PUBLICATION feed FOR TABLE fed'
psql_feeder "SELECT 1 FROM pg_create_logical_replication_slot('feed', 'pgoutput')" >"$work/feed"
psql_p "CREATE TABLE fed (id int PRIMARY KEY, v text); CREATE SUBSCRIPTION feed
    CONNECTION '${PRIMARY_DSN%dbname=*}dbname=feeder' PUBLICATION feed
    WITH (create_slot = false, copy_data = false)"
planned fed
says 'WARN subscriptions' 'a subscription writes the table.*ENABLE ALWAYS TRIGGER'
is "$(wrong publications)" '' 'pass publications, for they are of the other database'
wait_for 10 between "SELECT count(*) FROM pg_stat_replication WHERE application_name = 'feed'" 1 1
sed -i 's/dbname=postgres/dbname=feeder/; s/^replica = .*//' "$work/newel.ini"
planned fed
says 'WARN publications' 'publication feed sends the table to subscribers \(now feed\); one that lacks' \
    'WARN publications, with the subscriber'
house_config ''
psql_p 'DROP SUBSCRIPTION feed' 2>"$work/feed"
psql_p 'DROP DATABASE feeder'
# those that hold rows do not keep it from being done
printf '[column]\nname = extra\ntype = text\nnot_null = yes\n[backfill]\nvalue = upper(v)\n' |
    migration hung hung
run hung
is "$?" 0 'none of these keeps the column from being added' || show hung

# ---- how it is looked after

psql_p "CREATE TABLE worn (id bigint PRIMARY KEY, v text) WITH (autovacuum_enabled = off,
        autovacuum_freeze_max_age = 100000);
    INSERT INTO worn SELECT i, 'v' FROM generate_series(1, 4000) i"
psql_p 'DELETE FROM worn WHERE id > 1000'
psql_p 'CREATE UNIQUE INDEX CONCURRENTLY worn_v ON worn (v)' 2>"$work/worn.err"
wait_for 10 between "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'worn'" 3000 3000
planned worn
says 'WARN autovacuum' 'off on this table.*ALTER TABLE worn RESET \(autovacuum_enabled\)'
says 'WARN dead rows' '3000 of 4000 rows are dead \(75 %\).*VACUUM worn'
says 'WARN statistics' 'was never analyzed.*ANALYZE worn'
says 'WARN invalid indexes' 'index worn_v is invalid.*DROP INDEX CONCURRENTLY worn_v'
psql_p "CREATE TABLE large (id int PRIMARY KEY, v text);
    INSERT INTO large SELECT i, repeat('x', 700) FROM generate_series(1, 30000) i"
psql_p 'ANALYZE large'
planned large "'x'" '' 'new_rows = application\n'
says 'WARN growth' 'plain form and fillfactor is 100: .* may grow by .*ALTER TABLE public.large SET'
setting 'autovacuum = off' "'off'"
planned large
[ "$(version)" -lt 140000 ] || is "$(wrong growth)" '' 'pass growth, by stripes'
says 'WARN autovacuum' 'autovacuum is off on this server.*ALTER SYSTEM SET autovacuum = on' \
    'WARN autovacuum of the whole server'
setting 'autovacuum = on' "'on'"

# ---- the value

planned good '1000 / (n - 321)' 'type = int\n'
says 'STOP sample' 'the row with "id"=321: division by zero .*SQLSTATE 22012' \
    'STOP sample: the row is named'
planned good "repeat('x', n)" 'type = varchar(400)\n'
says 'STOP sample' '100 of 500 rows is too long for varchar\(400\); for one, "id"=401' \
    'STOP sample: a text that the type would cut'
planned good "nullif(v, 'v7')" 'not_null = yes\n'
says 'WARN sample' '1 of 500 rows is NULL, and the column shall be NOT NULL; for one, "id"=7'
planned good "nullif(v, 'v7')" '' "where = v <> 'v7'\n"
says 'pass sample' 'computed for 499 rows'
planned good v 'not_null = yes\n' "where = v <> 'v7'\n"
says 'STOP not null' 'would stay NULL.*give \[column\] default'
planned good 'n + nothing'
says 'STOP value' 'column "nothing" does not exist'
is "$(grep -cE '^[a-zA-Z]+ (sample|value cost|value plan):' "$work/checks")" 0 \
    'and is not computed for any row'
psql_p 'CREATE SEQUENCE counter; CREATE TABLE looked (id int PRIMARY KEY, v text);
    INSERT INTO looked SELECT i, i FROM generate_series(1, 20000) i'
psql_p 'ANALYZE looked'
planned good "nextval('counter')::text"
says 'WARN sample' 'the value writes: cannot execute nextval'
planned good 'v || pg_sleep(0.002)'
says 'WARN value cost' '[0-9.]+ms a row: 500 rows took .* in one lane'
planned good 'v || pg_sleep(0.02)'
says 'WARN value cost' 'took longer than 5 s' 'WARN value cost, when it is cut off'
planned good '(SELECT l.v FROM looked l WHERE l.v = good.v)'
says 'WARN value plan' 'reads all of table looked \(cost [0-9]+\).*CREATE INDEX CONCURRENTLY'
planned good '(SELECT l.v FROM looked l WHERE l.id = good.n)'
says 'pass value plan' 'no other table'
# what must be tried on a copy
psql_p 'CREATE DOMAIN whole AS int NOT NULL; CREATE DOMAIN small AS int CHECK (VALUE < 999999)'
count=0
for type in whole small 'int GENERATED ALWAYS AS IDENTITY' 'uuid DEFAULT gen_random_uuid()'; do
    count=$((count + 1))
    tried "type$count" good n "type = $type\n"
    like "$(found "type$count" type)" '^stop: adding a column of type .* would rewrite the whole' \
        "STOP type: $type"
done
tried restless good 'v || random()'
like "$(found restless 'made of')" '^warn: value or default is volatile \(random\(\)\)' 'WARN made of'
tried each good n 'type = uuid\ndefault = gen_random_uuid()\n'
like "$(found each 'made of')" '^warn: value or default is volatile \(gen_random_uuid\(\)\).*nothing is rew' \
    'WARN made of a default'
like "$(found each type)" '^pass' 'which is not given when the column is added'
psql_p "ALTER TABLE good ADD twice int GENERATED ALWAYS AS (n * 2) STORED"
tried generated good twice
like "$(found generated 'made of')" '^stop: the value reads twice, which is generated after' \
    'STOP made of'
psql_p 'ALTER TABLE good DROP twice'

# ---- what others do

psql_p "CREATE TABLE busy (id int PRIMARY KEY, v text);
    CREATE TABLE indexed (id int PRIMARY KEY, v text)"
session vacuumer 'BEGIN' 'LOCK TABLE busy IN SHARE UPDATE EXCLUSIVE MODE'
session writer 'BEGIN' "INSERT INTO indexed VALUES (1, 'x')"
"$PG_BIN/psql" -XAtq -d "$PRIMARY_DSN" -c 'CREATE INDEX CONCURRENTLY late ON indexed (v)' \
    >"$work/late.out" 2>&1 &
background="$background $!"
wait_for 10 holds indexed ShareUpdateExclusiveLock
planned busy
says 'STOP under way' 'pid [0-9]+ \(vacuumer\) holds ShareUpdateExclusiveLock on it: .*pg_cancel_backend'
planned indexed
says 'STOP under way' 'CREATE INDEX CONCURRENTLY of index late, .*pg_cancel_backend\([0-9]+\)' \
    'STOP under way, an index'
session_ends vacuumer
session_ends writer
session greedy 'BEGIN' 'LOCK TABLE busy'
planned busy
is "$planned_status" 3 'a table that somebody has to himself is not waited for'
like "$(cat "$work/plan.err")" 'session [0-9]+ \(greedy\) has AccessExclusiveLock on busy: wait for it' \
    'he is named'
session_ends greedy

old_enough() {
    between "SELECT count(*) FROM pg_stat_activity WHERE application_name IN ('reporter', 'idler')
        AND xact_start < clock_timestamp() - interval '10 s'" 2 2
}
wait_for 20 old_enough
planned held
says 'WARN long transactions' 'pid [0-9]+ \(reporter, active\) holds the table.*pg_terminate_backend\([0-9]+\)'
says 'WARN old snapshots' 'pid [0-9]+ \(reporter\) has looked at.*pg_cancel_backend\([0-9]+\)'
says 'WARN idle transactions' 'pid [0-9]+ \(idler\) is idle in a transaction.*pg_terminate_backend'
echo 'COMMIT;' >&7
wait_for 10 between "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in tr%'" 0 0
session_ends reporter
planned held
is "$(wrong '(idle transactions|long transactions|old snapshots)')" '' \
    'pass idle and long transactions, and old snapshots'
# nor do they keep vacuum from its work any more
psql_p "DROP INDEX worn_v; ALTER TABLE worn RESET (autovacuum_enabled)"
psql_p 'VACUUM ANALYZE worn'
burn 100100
planned worn
for check in autovacuum 'dead rows' statistics 'invalid indexes'; do
    is "$(wrong "$check")" '' "pass $check, when that is mended"
done
says 'WARN wraparound' 'from 100000 on autovacuum freezes it.*VACUUM \(FREEZE\) worn'
psql_p "BEGIN; INSERT INTO good VALUES (-1, 'x', 1); PREPARE TRANSACTION 'left'"
planned good
says 'STOP prepared transactions' "'left' of postgres .* holds locks of the table.*ROLLBACK PREPARED 'left'"
planned worn
says 'WARN prepared transactions' "'left' of postgres .* holds its locks" \
    'WARN prepared transactions of other tables'
psql_p "ROLLBACK PREPARED 'left'"

psql_p "INSERT INTO newel.migration (id, table_name, column_name, phase, state, digest, lease_holder,
        lease_renewed) VALUES ('elder', 'public.good', 'old', 'backfill', 'running', '', 'ann@host',
        clock_timestamp() + interval '1 h')"
planned good
says 'STOP other migrations' 'elder has the table in hand: backfill, running, driven by ann@host.*attach elder'
psql_p "UPDATE newel.migration SET lease_renewed = NULL WHERE id = 'elder'"
planned good
says 'WARN other migrations' 'backfill, running, nobody drives it.*newel status elder'
psql_p "UPDATE newel.migration SET phase = 'finish', state = 'done' WHERE id = 'elder'"
psql_p "CREATE TRIGGER repack_trigger AFTER INSERT ON good FOR EACH ROW EXECUTE FUNCTION fire()"
planned good
is "$(wrong 'other migrations')" '' 'pass other migrations, when it is done'
says 'STOP other tools' 'pg_repack works on it.*DROP TRIGGER repack_trigger ON good'
psql_p 'DROP TRIGGER repack_trigger ON good; CREATE SCHEMA pgroll;
    CREATE TABLE rolled (id int PRIMARY KEY, v text, _pgroll_new_v text)'
planned rolled
says 'STOP other tools' 'pgroll has a migration open on it \(column _pgroll_new_v\).*pgroll rollback' \
    'STOP other tools: pgroll'
planned good
says 'WARN other tools' 'pgroll keeps versions of this'
psql_p 'DROP SCHEMA pgroll'
planned good
is "$(wrong 'other (tools|migrations)')" '' 'pass other tools and migrations'

# ---- who we are

as() {
    sed -i "s/^\(dsn = .*user=\)[a-z]*/\1$1/" "$work/newel.ini"
}
psql_p "CREATE ROLE plain LOGIN CONNECTION LIMIT 5; GRANT SELECT ON good TO plain;
    CREATE TABLE secured (id int PRIMARY KEY, v text);
    ALTER TABLE secured ENABLE ROW LEVEL SECURITY; ALTER TABLE secured FORCE ROW LEVEL SECURITY;
    ALTER TABLE secured OWNER TO plain;
    REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC"
as plain
planned good
says 'STOP owner' 'GRANT postgres TO plain'
says 'STOP table rights' 'lacks UPDATE, TRIGGER on good -> GRANT UPDATE, TRIGGER ON good TO plain'
says 'STOP schema newel' 'GRANT USAGE, CREATE ON SCHEMA newel TO plain'
says 'STOP our tables' 'GRANT SELECT, INSERT, UPDATE, DELETE ON newel.[a-z]+ TO plain'
says 'WARN other migrations' 'could not be asked: permission denied for schema newel'
says 'STOP temporary tables' 'GRANT TEMPORARY ON DATABASE postgres TO plain'
says 'WARN monitoring' 'GRANT pg_monitor TO plain'
says 'WARN signals' 'GRANT pg_signal_backend TO plain'
says 'WARN connections' 'role plain may have 5 connections.*ALTER ROLE plain CONNECTION LIMIT -1'
says 'pass disk' 'cannot be asked' 'pass disk, which a plain role is not told'
is "$planned_status" 1 'and all of it ends plan with 1'
planned secured
says 'STOP row security' 'ALTER ROLE plain BYPASSRLS, or ALTER TABLE secured NO FORCE'
psql_p "GRANT postgres, pg_monitor, pg_signal_backend TO plain; ALTER ROLE plain CONNECTION LIMIT -1;
    GRANT USAGE, CREATE ON SCHEMA newel TO plain; GRANT TEMPORARY ON DATABASE postgres TO plain"
planned good
is "$(grep -E '^(STOP|WARN)' "$work/checks")" '' 'with those GRANTs every check passes'
psql_p 'ALTER ROLE plain SET default_transaction_read_only = on'
planned good
says 'STOP primary' 'ALTER ROLE plain SET default_transaction_read_only = off'
as postgres
sed -i "s|^dsn = .*|dsn = $STANDBY_DSN|" "$work/newel.ini"
planned good
says 'STOP primary' 'this server is a standby' 'STOP primary, on a standby'
house_config ''

# ---- the server, its copies and its log

setting "archive_command = 'false'" "'false'"
psql_p 'SELECT pg_switch_wal()' >"$work/switched"
psql_p "SELECT 1 FROM pg_create_physical_replication_slot('left_behind', true);
    CREATE ROLE loader; ALTER ROLE loader SET session_replication_role = replica;
    ALTER DATABASE postgres CONNECTION LIMIT 9" >"$work/slot"
psql_p "SELECT pg_create_logical_replication_slot('reader', 'test_decoding')" >"$work/reader" 2>&1
decodes=$?
setting "max_wal_size = '32MB'" "'32MB'"
setting "wal_keep_size = '16MB'" "'16MB'"
wait_for 20 between 'SELECT failed_count FROM pg_stat_archiver' 1 99999
# a query of the standby, whose snapshot the primary has to keep for it
"$PG_BIN/psql" -XAtq -d "$STANDBY_DSN" -c 'ALTER SYSTEM SET hot_standby_feedback = on' \
    -c "ALTER SYSTEM SET recovery_min_apply_delay = '1ms'" \
    -c 'ALTER SYSTEM SET max_standby_streaming_delay = -1' -c 'SELECT pg_reload_conf()' \
    >"$work/reload"
"$PG_BIN/psql" -XAtq -d "$STANDBY_DSN" -c 'BEGIN ISOLATION LEVEL REPEATABLE READ' \
    -c 'SELECT count(*) FROM good' -c 'SELECT pg_sleep(300)' >"$work/report" 2>&1 &
background="$background $!"
burn 1200
wait_for 10 between "SELECT max(age(backend_xmin)) FROM pg_stat_replication" 1001 9999
planned large
says 'WARN slots' 'slot left_behind is not in use and keeps [0-9]+ .*pg_drop_replication_slot'
says 'WARN replication role' 'role loader begin with .*ALTER ROLE loader RESET session_replication_role'
says 'WARN connections' 'database postgres may have 9 connections.*ALTER DATABASE postgres CONNECTION' \
    'WARN connections of the database'
says 'WARN archiving' 'archiving fails: [0-9]+ times, last at .*archive_command'
says 'WARN WAL space' "max_wal_size is 32 MB.*ALTER SYSTEM SET max_wal_size = '[0-9]+MB'"
says 'WARN WAL space' 'standby walreceiver has no slot: .*wal_keep_size \(16 MB\)' \
    'WARN WAL space for a standby'
says 'WARN standbys' 'walreceiver holds pruning and vacuum back by 1[0-9]+ transactions'
if [ "$decodes" -eq 0 ]; then
    says 'WARN decoding' 'slot reader hands every change to a reader of test_decoding'
    psql_p "SELECT pg_drop_replication_slot('reader')" >"$work/dropped"
else
    tap_skip 'WARN decoding' 'the server came without test_decoding'
fi
feeds() {
    [ "$(psql_s 'SELECT count(*) FROM pg_stat_replication')" = 1 ]
}
# slots that lose what they need
setting "max_slot_wal_keep_size = '1MB'" "'1MB'"
for _ in 1 2 3; do
    burn 100
    psql_p 'SELECT pg_switch_wal()' >"$work/switched"
done
psql_p 'CHECKPOINT'
planned large
says 'WARN slots' 'slot left_behind has lost WAL that it needs.*pg_drop_replication_slot' \
    'WARN slots that are lost'
receiver=$PG_BIN/pg_receivewal
if [ -x "$receiver" ]; then
    psql_p "SELECT 1 FROM pg_create_physical_replication_slot('kept')" >"$work/kept"
    mkdir "$work/received"
    "$receiver" -d "${PRIMARY_DSN% dbname=*}" -S kept --synchronous -D "$work/received" \
        >"$work/received.out" 2>&1 &
    background="$background $!"
    keeper=$!
    mkdir "$work/relayed"
    "$receiver" -d "${STANDBY_DSN% dbname=*}" -D "$work/relayed" >"$work/relayed.out" 2>&1 &
    background="$background $!"
    wait_for 10 between "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'kept' AND active
        AND restart_lsn IS NOT NULL" 1 1
    wait_for 10 feeds
    planned large
    says 'WARN slots' 'slot kept is lost when its reader stands still for .*max_slot_wal_keep_size = -1' \
        'WARN slots that may be lost'
    says 'WARN replica cascade' 't1/r1: it feeds pg_receivewal in turn.*replica = CONNINFO'
    kill "$keeper"
    wait_for 10 between "SELECT count(*) FROM pg_replication_slots WHERE active" 0 0
    psql_p "SELECT pg_drop_replication_slot('kept')" >"$work/dropped"
else
    tap_skip 'WARN slots that may be lost' 'there is no pg_receivewal'
    tap_skip 'WARN replica cascade' 'there is no pg_receivewal'
fi
psql_p "SELECT pg_drop_replication_slot('left_behind')" >"$work/dropped"
tried second good
like "$(found second 'replica delay')" '^warn: t1/r1: recovery_min_apply_delay is 1ms.*SET recovery_min' \
    'WARN replica delay'
like "$(found second 'replica conflicts')" '^warn: t1/r1: max_standby_streaming_delay is -1' \
    'WARN replica conflicts'
# a commit would wait for ever now
setting "synchronous_standby_names = 'nobody'" "'nobody'"
planned good
says 'STOP synchronous commit' "'nobody', and no such standby.*SET synchronous_standby_names = ''"
setting "synchronous_standby_names = 'walreceiver'" "'walreceiver'"
wait_for 10 between "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'" 1 1
planned good
says 'pass synchronous commit' 'each commit waits for a standby: walreceiver'
setting "synchronous_standby_names = ''" "''"
setting "archive_command = 'true'" "'true'"
wait_for 70 between "SELECT (last_archived_time > last_failed_time)::int FROM pg_stat_archiver" 1 1
psql_p 'ALTER ROLE loader RESET session_replication_role; ALTER DATABASE postgres CONNECTION LIMIT -1'
planned good
for check in slots archiving 'replication role' connections decoding; do
    is "$(wrong "$check")" '' "pass $check, when that is mended"
done

# ---- a disk that is nearly full

house_stop() {
    pg_stop_all
    ! mountpoint -q "$work/small" || umount "$work/small"
}
mkdir "$work/small"
chmod 755 "$work"
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=48m none "$work/small" 2>"$work/mount.err"; then
    chown postgres "$work/small"
    # the same folder would be the standby's, too
    pg_standby_stop
    house_config ''
    sed -i '/^replica = /d' "$work/newel.ini"
    psql_p "CREATE TABLESPACE small LOCATION '$work/small'"
    psql_p 'ALTER TABLE large SET TABLESPACE small'
    planned large
    says 'WARN disk' "free at $work/small; the backfill may take .* of WAL -> make room"
    dd if=/dev/zero of="$work/small/filler" bs=1M 2>"$work/dd.err"
    planned large
    says 'STOP disk' "0B free at $work/small"
else
    tap_skip 'WARN disk, STOP disk' 'no small filesystem can be mounted here'
fi

# ---- what stands between

for bouncer in "${PGBOUNCER:-}" "$(command -v pgbouncer)" /usr/sbin/pgbouncer \
    "${XDG_CACHE_HOME:-$HOME/.cache}/newel/pgbouncer"; do
    [ ! -x "$bouncer" ] || break
done
if [ -x "$bouncer" ]; then
    # where the server's user can run it
    cp "$bouncer" "$work/pgbouncer"
    chmod 755 "$work/pgbouncer"
    for mode in session transaction; do
        mkdir "$work/$mode"
        chmod 777 "$work/$mode"
        chmod 755 "$work"
        cat >"$work/$mode/pgbouncer.ini" <<INI
[databases]
postgres = host=$PG_DIR port=$PG_PRIMARY_PORT
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = $work/$mode
auth_type = any
pool_mode = $mode
INI
        sed -i 's/^postgres = .*/& user=postgres/' "$work/$mode/pgbouncer.ini"
        pg_as_server "$work/pgbouncer" "$work/$mode/pgbouncer.ini" >"$work/$mode/log" 2>&1 &
        background="$background $!"
        wait_for 10 test -S "$work/$mode/.s.PGSQL.6432"
        sed -i "s|^dsn = .*|dsn = host=$work/$mode port=6432 user=postgres dbname=postgres|" \
            "$work/newel.ini"
        planned good
        if [ "$mode" = session ]; then
            says 'WARN pooler' 'stands between us and the server: .* our session, [0-9]+'
        else
            is "$planned_status" 3 'a pooler that hands sessions round is not worked through'
            like "$(cat "$work/plan.err")" 'gives each transaction another session.*dsn name' \
                'which is said, with the way past it'
            run first
            is "$?" 3 'nor does run'
            is "$("$PG_BIN/psql" -XAtq -h "$work/$mode" -p 6432 -U postgres \
                -c "SHOW default_transaction_read_only")" off 'and nothing was set for others'
        fi
    done
else
    tap_skip 'WARN pooler, STOP pooler' 'no pgbouncer is installed'
fi
done_testing
