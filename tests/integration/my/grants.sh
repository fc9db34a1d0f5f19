# config/grants-mysql.sql is what newel needs on MariaDB and MySQL: an account with that goes the whole
# way and back, and what is left out is asked for by name.
# shellcheck shell=sh disable=SC2119
set -u
# shellcheck source=tests/integration/my/lib.sh
. "$SRCDIR/tests/integration/my/lib.sh"
house_begin "$FLAVOUR" pair
numbers

mover="'mover'@'127.0.%'"
sql_p "CREATE TABLE bills (id bigint PRIMARY KEY, country varchar(10));
    INSERT INTO bills SELECT n, CONCAT('c', n % 9) FROM numbers WHERE n BETWEEN 1 AND 5000;
    CREATE TABLE other (id int PRIMARY KEY);
    CREATE VIEW seen AS SELECT * FROM bills;
    CREATE USER $mover IDENTIFIED BY 'Geheim-77'"
# adapted: the file as its head tells to use it
adapted() {
    sed "s/'newel'@'%'/$mover/; s/orders/bills/" "$SRCDIR/config/grants-mysql.sql"
}
administrator() {
    "$MY_CLIENT" --no-defaults -u root -S "$MY_PRIMARY_SOCKET"
}
# optional FIRST WORDS: uncomments that line of it
optional() {
    adapted | sed -n "s/^-- \(GRANT $1\)/\1/p" | administrator
}
(umask 077 && printf '[client]\nuser = mover\npassword = "Geheim-77"\n' >"$work/mover.cnf")
as_mover() {
    "$MY_CLIENT" --defaults-file="$work/mover.cnf" -h 127.0.0.1 -P "$MY_PRIMARY_PORT" -N -B -e "$1" \
        2>&1
}
sed -i "s|^defaults_file = .*|defaults_file = $work/mover.cnf|" "$work/newel.ini"

# wish ID COLUMN: a migration of bills
wish() {
    migration "$1" bills <<INI
[column]
name = $2
type = varchar(20)
default = 'unknown'
not_null = yes
[backfill]
value = upper(country)
[batch]
rows = 500
[query by-country]
sql = SELECT count(*) FROM bills WHERE country = 'c1'
[health]
top_queries = 0
INI
}
said_by() {
    like "$(grep '^newel: ' "$work/$1.out")" "$2" "$3"
}
shape() {
    sql_p "SHOW CREATE TABLE bills"
}

# ---- the whole way

adapted | administrator >"$work/grants.out" 2>&1
is $? 0 'an administrator runs it, for an account and a table' || diag "$(cat "$work/grants.out")"
unlike "$(sql_p "SHOW GRANTS FOR $mover")" 'SUPER|ALL PRIVILEGES' 'it gives no privilege over all'
like "$(as_mover 'SELECT * FROM shop.other')" 'denied' 'nor over other tables'

sql_p 'SET GLOBAL log_bin_trust_function_creators = 0'
wish trusted region
run trusted
is $? 3 'beside a binary log triggers need more: it stops' || show trusted
said_by trusted 'SET GLOBAL log_bin_trust_function_creators = 1' 'and says what, as the file does'
is "$(columns bills) $(our_triggers bills)" '2 0' 'before anything was changed'
like "$(adapted)" 'SET GLOBAL log_bin_trust_function_creators = 1;' 'which is in the file'
sql_p 'SET GLOBAL log_bin_trust_function_creators = 1'

ok 'the replica knows the account' my_wait_replica 60
run trusted
is $? 0 'then the account takes a migration to its end' || show trusted 40
is "$(sql_p "SELECT count(*) FROM bills WHERE region = UPPER(country)")" 5000 'every row has its value'
is "$(our_triggers bills)" 0 'and no trigger is left'
like "$(ask trusted "SELECT DISTINCT $(field state) FROM j WHERE event = 'sample'
    AND $(field of) = 'replica'")" '^replicating' 'it reads how the replica stands'
is "$(ask trusted "SELECT count(*) FROM j WHERE event IN ('check', 'sample', 'alarm', 'plan', 'locks')
    AND e LIKE '%denied%'")" 0 'nothing was denied on the way' ||
    diag "$(ask trusted "SELECT e FROM j WHERE e LIKE '%denied%'" | cut -c1-300)"
is "$(ask trusted "SELECT count(*) FROM j WHERE event = 'plan' AND $(field of) = 'query'
    AND $(field text) IS NOT NULL")" 5 'it has the plans of the query'
before=$(shape)
wish back extra
run back --until backfill
is $? 0 'another one, until its rows are filled' || show back
detached back
is $? 0 'its engine stands before verify' || show back
asks() {
    said back '"phase":"verify","state":"asking"'
}
ok 'and asks' wait_for 60 asks
takes back rollback verify extra
ok 'it goes back' wait_for 60 gone "$engine"
is "$(shape)" "$before" 'and leaves the table as it was'

# ---- without one of them

round=0
# without PRIVILEGE OBJECT [EXIT STATUS PATTERN]: it stops, and asks for it by name
without() {
    round=$((round + 1))
    sql_p "REVOKE $1 ON $2 FROM $mover"
    wish "lacks_$round" extra
    run "lacks_$round"
    is $? 3 "without $1 on $2 it stops" || show "lacks_$round"
    said_by "lacks_$round" "$3" "... and names what it lacks"
    sql_p "GRANT $1 ON $2 TO $mover"
}
to="TO 'mover'@'127.0.%'"
for privilege in SELECT INSERT UPDATE ALTER TRIGGER; do
    without "$privilege" shop.bills "GRANT $privilege ON .shop.\..bills. $to"
done
without PROCESS '*.*' "GRANT PROCESS ON \*\.\* $to"
without SELECT 'performance_schema.*' "GRANT SELECT ON performance_schema\.\* $to"
without CREATE 'newel.*' "GRANT .*ON newel\.\* $to"
for privilege in DROP TRIGGER SELECT INSERT; do
    without "$privilege" 'newel.*' "GRANT $privilege ON .?newel.?\.[^ ]* $to"
done
is "$(shape)" "$before" 'none of them has changed the table'
wish again extra
run again --until preflight
is $? 0 'with all of them back it goes again' || show again

# ---- what is optional

like "$(ask again "SELECT $(field evidence) FROM j WHERE event = 'check' AND $(field check) = 'views'")" \
    'no view' 'without SHOW VIEW, views are not seen'
optional 'SELECT, SHOW VIEW'
wish views extra
run views --until preflight
like "$(ask views "SELECT $(field evidence) FROM j WHERE event = 'check' AND $(field check) = 'views'")" \
    'view shop.seen reads the table' 'with it they are'
sql_p "CREATE USER busy@localhost; GRANT ALL ON shop.* TO busy@localhost"
mkfifo "$work/busy.in"
"$MY_CLIENT" --no-defaults -u busy -S "$MY_PRIMARY_SOCKET" -N -B --unbuffered -D shop \
    <"$work/busy.in" >"$work/busy.out" 2>&1 &
background="$background $!"
exec 9>"$work/busy.in"
echo 'SELECT CONNECTION_ID();' >&9
ok 'somebody else is there' wait_for 30 test -s "$work/busy.out"
busy=$(head -n 1 "$work/busy.out")
like "$(as_mover "KILL $busy")" 'not owner' 'it cannot end the sessions of others'
optional "CONNECTION$([ "$FLAVOUR" = mysql ] && echo _ || echo ' ')ADMIN"
is "$(as_mover "KILL $busy")" '' 'with the last lines of the file it can'
ok 'and has' wait_for 30 disconnected "$busy"
exec 9>&-

# ---- without what is seen of logs and replicas, which stops nothing

sql_p "REVOKE REPLICATION CLIENT ON *.* FROM $mover"
[ "$FLAVOUR" = mysql ] || sql_p "REVOKE SLAVE MONITOR ON *.* FROM $mover"
ok 'the replica knows that, too' my_wait_replica 60
wish blind unseen
run blind
is $? 0 'without REPLICATION CLIENT it goes' || show blind
like "$(ask blind "SELECT CONCAT($(field verdict), ' ', $(field evidence)) FROM j
    WHERE event = 'check' AND $(field check) = 'log filters'")" '^warn could not be asked: .*denied' \
    'but does not know what the binary log leaves out, and says so'
is "$(ask blind "SELECT DISTINCT $(field state) FROM j WHERE event = 'sample'
    AND $(field of) = 'replica' AND $(field reachable) = 'true'")" 'its status may not be read' \
    'nor how the replica stands'
done_testing
