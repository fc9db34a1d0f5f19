# What preflight asks beyond what preflight.sh has: what others do with the table, who will miss the
# column, what the log and each replica do with the backfill. Each check is shown on a server in the
# state that it looks for, and on one that is well.
# shellcheck shell=sh disable=SC2016,SC2119
set -u
# shellcheck source=tests/integration/my/lib.sh
. "$SRCDIR/tests/integration/my/lib.sh"
house_begin "$FLAVOUR" pair

# planned TABLE: $work/checks gets a line for each check, "WARN views: what was found -> what helps"
planned() {
    printf '[column]\nname = extra\ntype = varchar(60)\n[backfill]\nvalue = upper(v)\n' |
        migration planned "$1"
    newel plan "$work/planned.ini" >"$work/plan.out" 2>"$work/plan.err"
    awk '/^checks$/ { on = 1; next } !on { next }
        /^    (STOP|WARN|later|pass) / { if (text) print text; sub(/^ +/, ""); text = $0; next }
        /^                 / { sub(/^ +/, ""); text = text " " $0; next }
        { if (text) print text; text = "" } END { if (text) print text }' "$work/plan.out" |
        tr -s ' ' >"$work/checks"
}
# says "VERDICT NAME" PATTERN [TITLE]
says() {
    like "$(grep "^$1:" "$work/checks" || cat "$work/plan.err" "$work/checks")" "^$1: .*${2:-}" \
        "${3:-$1}"
}

sql_p "CREATE TABLE good (id int PRIMARY KEY, v varchar(20));
CREATE TABLE busy (id int PRIMARY KEY, v varchar(20));
CREATE TABLE _busy_gho (id int PRIMARY KEY);
CREATE TABLE _busy_old (id int PRIMARY KEY);
CREATE TABLE copied (id int PRIMARY KEY, v varchar(20));
CREATE TRIGGER pt_osc_shop_copied_del AFTER DELETE ON copied FOR EACH ROW SET @a = 1;
CREATE TABLE left_over (id int PRIMARY KEY, v varchar(20));
CREATE TABLE _left_over_del (id int PRIMARY KEY);
CREATE PROCEDURE writes_busy() INSERT INTO busy VALUES (1, 'a');
CREATE EVENT reads_busy ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT b.* FROM busy b INTO @x, @y;
CREATE TRIGGER fills_busy AFTER INSERT ON _busy_old FOR EACH ROW REPLACE INTO busy SELECT 1, 'b';
CREATE TABLE large (id int PRIMARY KEY, v varchar(20), pad longtext);
INSERT INTO large SELECT 1 + a.d + 10 * b.d, 'a', REPEAT('x', 500000) FROM
    (SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) a,
    (SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6
        UNION SELECT 7) b;
ANALYZE TABLE large;
CREATE PROCEDURE careful() INSERT INTO good (id, v) VALUES (1, 'a')" >"$work/made"

# ---- where all is well

planned good
for name in 'under way' 'other migrations' 'other tools' 'long transactions' routines 'log expiry' \
    semi-sync replica; do
    says "pass $name"
done
says 'pass pooler' 'we speak to the server itself'
says 'pass disk' 'free at /.*; the backfill may take .* for the table and write .* of binary log'
is "$(sed 's/^[A-Za-z]* //; s/:.*//' "$work/checks" | while read -r name; do
    grep -qE "^\.It Em .* [:,] $name( ,|\$)" "$SRCDIR/man/newel.1" || echo "$name"
done)" '' 'the manual knows every one of them'
says 'pass prepared transactions' 'none is open'
if [ "$FLAVOUR" = mysql ]; then
    sql_p "REVOKE XA_RECOVER_ADMIN ON *.* FROM 'newel'@'127.0.0.1'"
    planned good
    says 'later prepared transactions' 'may not ask.*GRANT XA_RECOVER_ADMIN ON \*\.\* TO'
    sql_p "GRANT XA_RECOVER_ADMIN ON *.* TO 'newel'@'127.0.0.1'"
fi

relay=$(my_free_ports 1)
perl "$SRCDIR/tests/servers/relay.pl" "$relay" "$MY_PRIMARY_PORT" 2>"$work/relay" &
background="$background $!"
cp "$work/newel.ini" "$work/direct.ini"
sed -i "s/^port = .*/port = $relay/" "$work/newel.ini"
relayed() {
    planned good
    grep -q '^[A-Z]' "$work/checks"
}
wait_for 10 relayed
says 'WARN pooler' 'stands between us and the server: .* our session, [0-9]+, has greeted us' \
    'WARN pooler, behind a proxy'
cp "$work/direct.ini" "$work/newel.ini"

# ---- what others do

planned busy
says 'STOP other tools' 'gh-ost copies it \(table _busy_gho\).*DROP TABLE `shop`.`_busy_gho`'
says 'WARN routines' 'routine shop.writes_busy'
says 'WARN routines' 'event shop.reads_busy' 'routines: events, too'
says 'WARN routines' 'trigger shop.fills_busy' "routines: other tables' triggers, too"
planned copied
says 'STOP other tools' 'pt-online-schema-change copies it \(trigger pt_osc_shop_copied_del\).*DROP TRIGGER'
planned left_over
says 'WARN other tools' 'table _left_over_del looks left behind'

hold locker 'SET lock_wait_timeout = 100; LOCK TABLES good WRITE'
if [ "$FLAVOUR" = mysql ]; then
    planned good
    says 'STOP under way' "connection $held \\(root\\) has SHARED_NO_READ_WRITE.*KILL $held"
fi
echo 'ALTER TABLE good ADD COLUMN w int' >"$work/alter.sql"
"$MY_CLIENT" --no-defaults -u root -S "$MY_PRIMARY_SOCKET" -D shop <"$work/alter.sql" >"$work/alter.out" 2>&1 &
background="$background $!"
waits() {
    [ "$(sql_p "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'ALTER TABLE good%'")" = 1 ]
}
wait_for 20 waits
if [ "$FLAVOUR" = mariadb ]; then
    planned good
    says 'STOP under way' 'connection [0-9]+ \(root\) runs: ALTER TABLE good ADD.*KILL'
fi
release locker 'UNLOCK TABLES'

sql_p "XA START 'left'; INSERT INTO good (id, v) VALUES (7, 'x'); XA END 'left'; XA PREPARE 'left'"
planned copied
says 'WARN prepared transactions' "1 is open, such as left.*XA COMMIT or XA ROLLBACK"
sql_p "XA ROLLBACK 'left'"

# ---- a migration of our own

printf '[column]\nname = other\ntype = int\n[backfill]\nvalue = id\n' | migration other copied
sql_p 'DROP TRIGGER pt_osc_shop_copied_del'
run other --until backfill
is $? 0 'another migration stands at backfill' || show other
planned copied
says 'WARN other migrations' 'migration other has the table in hand: backfill, done, nobody drives it.*newel status other'
detached other
wait_for 20 said other '"state":"asking"'
planned copied
says 'STOP other migrations' 'driven by .*newel attach other'
newel ctl other stop >"$work/stop.out" 2>&1
wait_for 20 gone "$engine"

# ---- the disk, the log, and replicas

# as large as its statistics say
sql_p "CREATE TABLE vast LIKE good; UPDATE mysql.innodb_table_stats SET clustered_index_size = 2000000000,
    n_rows = 100000000000 WHERE table_name = 'vast'; FLUSH TABLE vast"
[ "$FLAVOUR" = mysql ] || my_primary_restart # MariaDB reads them once
planned vast
says 'STOP disk' 'free at /.*may take [0-9.]+TB for the table.* -> make room on that disk'
sql_p "UPDATE mysql.innodb_table_stats SET clustered_index_size = 1000, n_rows = 100000000000
    WHERE table_name = 'vast'; FLUSH TABLE vast"

if [ "$FLAVOUR" = mysql ]; then
    sql_p 'SET GLOBAL binlog_expire_logs_seconds = 0'
else
    sql_p 'SET GLOBAL expire_logs_days = 0'
fi
planned large
says 'WARN log expiry' 'never purged.*SET GLOBAL'
if [ "$FLAVOUR" = mariadb ]; then
    sql_p 'SET GLOBAL rpl_semi_sync_master_timeout = 600000; SET GLOBAL rpl_semi_sync_master_enabled = ON'
    planned good
    says 'WARN semi-sync' 'commits wait for a replica'
    sql_p 'SET GLOBAL rpl_semi_sync_master_enabled = OFF'
    sql_r 'STOP SLAVE; SET GLOBAL replicate_ignore_table = "shop.good"; CHANGE MASTER TO MASTER_DELAY = 3600;
        START SLAVE'
else
    sql_r "STOP REPLICA; CHANGE REPLICATION FILTER REPLICATE_IGNORE_TABLE = (shop.good);
        CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 3600; START REPLICA"
fi
planned good
says 'WARN replica filters' 'Replicate_Ignore_Table = shop.good.*may not get the column'
says 'WARN replica delay' 'applies 3600 s late on purpose'
sql_r 'STOP SLAVE SQL_THREAD' 2>/dev/null || sql_r 'STOP REPLICA SQL_THREAD'
planned good
says 'WARN replica' 'its SQL thread is stopped'
my_replica_stop
planned good
says 'WARN replica' 'cannot be asked'
done_testing
