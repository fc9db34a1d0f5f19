# One column up the whole staircase, on a primary with a replica, as ../run.sh has it: what is
# there in the end, what the journal tells, and what the commands around it answer.
# shellcheck shell=sh
set -u
# shellcheck source=tests/integration/my/lib.sh
. "$SRCDIR/tests/integration/my/lib.sh"
house_begin "$FLAVOUR" pair

numbers
sql_p "CREATE TABLE orders (id bigint PRIMARY KEY, country_code varchar(10), total decimal(12,4) NOT NULL);
    INSERT INTO orders SELECT n, IF(n % 5 > 0, CONCAT('c', n % 40), NULL), n / 3
        FROM numbers WHERE n BETWEEN 1 AND 30000;
    ANALYZE TABLE orders" >/dev/null
migration region orders <<'INI'
[column]
name = region
type = varchar(30)
default = 'unknown'
not_null = yes
[backfill]
value = upper(country_code)
where = country_code IS NOT NULL
[batch]
rows = 2000
INI
rest() {
    sql_p "SELECT count(*), SUM(CRC32(CONCAT_WS('|', id, country_code, total))) FROM orders
        WHERE id <= 30000"
}
at_first=$(rest)

gate() {
    newel gate region "$1" >"$work/gate.out" 2>&1
    echo $?
}
shape() {
    sql_p "SELECT CONCAT_WS(' ', column_type, is_nullable, COALESCE(TRIM(BOTH '\'' FROM
            NULLIF(column_default, 'NULL')), 'none')) FROM information_schema.columns
        WHERE table_schema = 'shop' AND table_name = 'orders' AND column_name = 'region'"
}

# ---- up to expand, and no further

is "$(gate expand)" 1 'before it has begun, a gate is closed'
run region --until expand
is $? 0 'it runs until expand' || show region
is "$(shape)" 'varchar(30) YES none' 'the column is there, nullable and without a default'
is "$(filled orders region)" 0 'no row has a value yet'
is "$(gate expand)" 0 'the gate of expand is open'
is "$(gate sync)" 1 'the gate of sync is closed'
like "$(cat "$work/gate.out")" 't1: stands at expand, done' 'and says where it stands'
like "$(newel status region)" '^t1 .*orders.*\.region +3/10 expand done' 'status tells the same'
first=$(journal region)

run region --until sync
is $? 0 'it runs until sync' || show region
is "$(our_triggers orders)" 2 'two triggers keep the column in step'
sql_p "INSERT INTO orders (id, country_code, total) VALUES (40001, 'zz', 1), (40002, NULL, 1);
    UPDATE orders SET country_code = 'c1' WHERE id = 5"
is "$(sql_p 'SELECT GROUP_CONCAT(region ORDER BY id) FROM orders WHERE id IN (5, 40001, 40002)')" \
    'C1,ZZ,unknown' 'new rows and changed ones get their values'
sql_p "UPDATE orders SET country_code = NULL, region = NULL WHERE id = 5;
    DELETE FROM orders WHERE id > 30000"

# ---- the rest

run region
is $? 0 'the next run takes it to the end' || show region
ok 'in a journal of its own' test "$first" != "$(journal region)"
is "$(sql_p "SELECT count(*) FROM orders WHERE NOT region <=>
    IF(country_code IS NULL, 'unknown', UPPER(country_code))")" 0 \
    'every row has its value, inside where and outside'
is "$(shape)" 'varchar(30) NO unknown' 'NOT NULL and the default are there'
is "$(rest)" "$at_first" 'nothing else in the table has changed'
is "$(sql_p "SELECT count(*) FROM information_schema.triggers WHERE event_object_table = 'orders'")" 0 \
    'no trigger is left'
is "$(sql_p "SELECT count(*) FROM information_schema.routines WHERE routine_schema IN ('newel', 'shop')")" \
    0 'no routine is left'
is "$(sql_p "SELECT GROUP_CONCAT(table_name ORDER BY table_name) FROM information_schema.tables
        WHERE table_schema IN ('newel', 'shop')")" \
    'audit,baseline,checkpoint,digits,heartbeat,migration,numbers,orders,source' 'nor any table but our own six'
is "$(sql_p "SELECT GROUP_CONCAT(DISTINCT constraint_type) FROM information_schema.table_constraints
    WHERE table_schema = 'shop' AND table_name = 'orders'")" 'PRIMARY KEY' 'no constraint is left'
sql_p "INSERT INTO orders (id, country_code, total) VALUES (30001, 'zz', 1)"
is "$(sql_p "SELECT region FROM orders WHERE id = 30001")" unknown \
    'afterwards a new row gets the default'
ok 'the replica has all of it' my_wait_replica 60
is "$(sql_r "SELECT count(*) FROM orders WHERE region IS NULL")" 0 'with every value'
is "$(sql_r 'CHECKSUM TABLE orders')" "$(sql_p 'CHECKSUM TABLE orders')" 'and every row alike'

# ---- the journal

is "$(chains region)" 0 'the chains of all three journals hold'
done_phases="event = 'phase' AND $(field state) = 'done'"
is "$(ask region "SELECT GROUP_CONCAT(DISTINCT $(field phase) ORDER BY seq SEPARATOR ' ') FROM j
        WHERE $done_phases AND JSON_EXTRACT(e, '$.detail') IS NULL")" \
    'backfill verify constrain enforce compare finish' 'the third journal did the other six'
is "$(ask region "SELECT GROUP_CONCAT($(field phase) ORDER BY seq SEPARATOR ' ') FROM j
        WHERE $done_phases")" \
    'preflight baseline expand sync backfill verify constrain enforce compare finish' \
    'it tells all ten, in order'
is "$(ask region "SELECT SUM($(field updated)) = MAX($(field rows_done) + 0) AND
        MAX($(field fraction_ppm) + 0) = 1000000, SUM($(field updated)) FROM j
        WHERE event = 'batch'")" '1	30000' \
    'its batches add up to what it says is done: each row once'
is "$(written_rows region)" 30000 'and to what the checkpoints say'
is "$(ask region "SELECT count(*), SUM(begun = 0) FROM (SELECT $(field state) AS state,
        SUM($(field state) = 'begin') OVER (PARTITION BY $(field sql) ORDER BY seq) AS begun
        FROM j WHERE event = 'statement') s WHERE state = 'done' HAVING count(*) > 4" | cut -f2)" 0 \
    'every statement was in it before it ran'
is "$(ask region "SELECT $(field detail) FROM j WHERE event = 'phase' AND $(field phase) = 'verify'
        AND $(field state) = 'running' AND JSON_EXTRACT(e, '$.detail') IS NOT NULL")" \
    "no row is left without its value (counted on t1/127.0.0.1)" 'the replica counted what is left'
is "$(ask region "SELECT $(field status), $(field why) FROM j WHERE event = 'end'")" '0	done' \
    'its end says done'
is "$(stat -c %a "$work/state" "$work/state/region" "$first" | tr '\n' ' ')" '700 700 600 ' \
    'folders 0700, journal 0600'

# ---- once more

# every write of a row would leave a line
sql_p "CREATE TABLE written (id bigint);
    CREATE TRIGGER counts AFTER UPDATE ON orders FOR EACH ROW INSERT INTO written VALUES (NEW.id)"
# the epoch alone is every engine's own
standing() {
    # shellcheck disable=SC2016
    sql_p 'SELECT migration, lane, lower_bound, upper_bound, `cursor`, shape, `rows`, batches, done,
            updated_at FROM newel.checkpoint ORDER BY migration, lane; CHECKSUM TABLE orders;
        SHOW CREATE TABLE orders; SELECT count(*) FROM written'
}
before=$(standing)
run region
is $? 0 'a further run has nothing to do'
like "$(cat "$work/region.out")" 'done' 'and says so'
is "$(standing)" "$before" 'checkpoints, rows and table are as they were, and no row was touched'
is "$(ask region "SELECT count(*) FROM j WHERE event = 'statement'")" 0 'it ran no statement'

# ---- who asks

is "$(gate finish)" 0 'the last gate is open'
newel status --json >"$work/status.json"
is "$(sql_p "SELECT CONCAT_WS(' ', JSON_VALUE(s, '\$[0].target'), JSON_VALUE(s, '\$[0].migrations[0].phase'),
        JSON_VALUE(s, '\$[0].migrations[0].state'), JSON_VALUE(s, '\$[0].migrations[0].rows'),
        JSON_LENGTH(s, '\$[0].migrations[0].completed'))
    FROM (SELECT '$(cat "$work/status.json")' AS s) x")" 't1 finish done 30000 10' \
    'status --json counts rows and phases'
newel gate --json region finish >"$work/gate.json"
like "$(cat "$work/gate.json")" '"gate": *"open"' 'gate --json says open'
is "$(sql_p "SELECT count(*) > 5 AND MIN(operator <> '') FROM newel.audit
    WHERE migration = 'region'")" 1 'the audit trail names who did it'
my_primary_stop kill
is "$(gate finish)" 3 'when the server is down the gate cannot tell'
newel status region >"$work/status.out"
is $? 3 'nor can status'
like "$(cat "$work/status.out")" 'unreachable' 'which says so'
done_testing
