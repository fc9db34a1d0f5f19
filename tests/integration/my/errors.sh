# What goes wrong, as ../errors.sh has it: servers that do not answer or will not, tables that are not
# there, privileges that are missing, values that cannot be computed or do not fit. Each ends with its
# exit status, says what to do, and leaves everything as it was.
# shellcheck shell=sh disable=SC2119
set -u
# shellcheck source=tests/integration/my/lib.sh
. "$SRCDIR/tests/integration/my/lib.sh"
house_begin "$FLAVOUR" primary
numbers

sql_p "CREATE TABLE items (id bigint PRIMARY KEY, pad varchar(20));
    INSERT INTO items SELECT n, 'x' FROM numbers WHERE n BETWEEN 1 AND 2000;
    CREATE VIEW seen AS SELECT * FROM items;
    CREATE USER plain@'%' IDENTIFIED BY 'Geheim-77';
    GRANT SELECT ON shop.items TO plain@'%'"
migration extra items <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = id * 2
INI
whole() {
    sql_p "SELECT * FROM information_schema.columns WHERE table_schema IN ('shop', 'newel');
        SELECT * FROM information_schema.triggers WHERE event_object_schema IN ('shop', 'newel');
        CHECKSUM TABLE items" | sort | md5sum
}
at_first=$(whole)
# said_by ID PATTERN TITLE: on one line, as newel says all its errors
said_by() {
    like "$(grep '^newel: ' "$work/$1.out")" "$2" "$3"
}
# target_has KEY VALUE
target_has() {
    house_config
    sed -i "s|^$1 = .*|$1 = $2|" "$work/newel.ini"
}
account() {
    rm -f "$work/account.cnf"
    (umask 077 && printf '[client]\nuser = %s\npassword = "%s"\n' "$1" "$2" >"$work/account.cnf")
}
secret_free() {
    ! grep -rEq 'Geheim-77|Falsch-88' "$work/state" "$work"/*.out
}

# ---- servers

nobody=$(my_free_ports 1)
target_has port "$nobody"
run extra
is $? 3 'no server: exit 3'
said_by extra "127.0.0.1:$nobody.*no connection: .*errno 200[23]" 'it says where it has knocked'
newel plan "$work/extra.ini" >"$work/plan.out" 2>&1
is $? 3 'so does plan'
target_has database nowhere
run extra
is $? 3 'no such database: exit 3'
said_by extra "Unknown database 'nowhere' \\[errno 1049, .*check the target's database" \
    "the server's words are kept"

account plain Falsch-88
target_has defaults_file "$work/account.cnf"
run extra
is $? 3 'a wrong password: exit 3'
said_by extra "Access denied for user 'plain'@.*errno 1045, SQLSTATE 28000.*defaults_file" \
    'it says so, and where it is to be mended'
account nobody Falsch-88
run extra
is $? 3 'no such account: exit 3'
said_by extra "user 'nobody'.*errno 1045" 'it says so'
chmod 666 "$work/account.cnf"
run extra
is $? 2 'an option file that everybody may write: exit 2'
said_by extra "account.cnf: everybody may write it.*chmod 600 $work/account.cnf" 'it says what to do'
target_has defaults_file "$work/none.cnf"
run extra
is $? 2 'no such option file: exit 2'
said_by extra 'defaults_file .*/none.cnf: No such file' 'it says which'
house_config
echo 'password = Falsch-88' >>"$work/newel.ini"
run extra
is $? 2 'a password in newel.ini: exit 2'
like "$(cat "$work/extra.out")" 'newel.ini:[0-9]+.*(option file|defaults_file)' 'it says where it belongs'
ok 'the secret is nowhere' secret_free
is "$(whole)" "$at_first" 'nothing was changed by any of them'

# ---- what is there and what is not

house_config
sed -e 's/^id = .*/id = missing/' -e 's/^table = .*/table = nowhere.items/' "$work/extra.ini" >"$work/missing.ini"
run missing
is $? 4 'no such table: exit 4'
said_by missing 'there is no table nowhere\.items' 'it says where it looked'
sed -e 's/^id = .*/id = view/' -e 's/^table = .*/table = seen/' "$work/extra.ini" >"$work/view.ini"
run view
is $? 4 'a view: exit 4'
said_by view 'view' 'it says that it is one'
migration there items <<'INI'
[column]
name = pad
type = varchar(20)
[backfill]
value = 'x'
INI
run there
is $? 4 'the column is there: exit 4'
said_by there 'already has a column pad varchar\(20\)' 'it says that it is not ours'
sed -e 's/^id = .*/id = unknown/' -e 's/^value = .*/value = missing + 1/' "$work/extra.ini" >"$work/unknown.ini"
run unknown
is $? 4 'an expression that cannot be: exit 4'
said_by unknown "Unknown column 'missing'" "in the server's words"
sed -e 's/^id = .*/id = type/' -e 's/^type = .*/type = bigit/' "$work/extra.ini" >"$work/type.ini"
run type
is $? 4 'a type that is none: exit 4'
said_by type "bigit" 'it says which'
is "$(sql_p "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'shop'
    AND table_name = 'items'; SELECT count(*) FROM information_schema.triggers
    WHERE event_object_schema = 'shop'" | tr '\n' ' ')" '2 0 ' 'nothing was changed by any of them'

# ---- privileges: what it asks for is what mends it

account plain Geheim-77
target_has defaults_file "$work/account.cnf"
rounds=0
: >"$work/grants"
# granted OPTION...: runs until that ends well
granted() {
    while ! run extra "$@"; do
        rounds=$((rounds + 1))
        grant=$(grep '^newel: ' "$work/extra.out" | grep -o 'GRANT [^)]*\|SET GLOBAL [a-z_]* = [0-9]*' | head -n 1)
        echo "$grant" >>"$work/grants"
        [ "$rounds" -lt 12 ] && sql_p "$grant" 2>"$work/grant.err" && continue
        diag "$(cat "$work/grants" "$work/grant.err"; grep '^newel: ' "$work/extra.out")"
        return 1
    done
}
run extra
is $? 3 'an account with few privileges: exit 3'
for privilege in PROCESS 'SELECT ON performance_schema' 'ALL ON newel'; do
    like "$(cat "$work/extra.out")" "GRANT $privilege.* TO 'plain'@'%'" "it asks for $privilege"
done
like "$(cat "$work/extra.out")" "GRANT .*ALTER, TRIGGER ON .shop.\\..items. TO 'plain'@'%'" \
    'and for what it needs on the table, for the account as the server has it'
is "$(columns items)" "$(sql_p "SELECT count(*) FROM information_schema.columns
    WHERE table_schema = 'shop' AND table_name = 'items' AND column_name <> 'extra'")" \
    'nothing was changed'
ok 'granted what newel asks for, it comes to its end' granted
ok 'it asked for all at once, and then for what triggers need beside a binary log' \
    test "$rounds" -le 3
is "$(sql_p 'SELECT count(*) FROM items WHERE NOT extra <=> id * 2')" 0 'every row has its value'
ok 'the secret is nowhere' secret_free
house_config

# ---- a row on which the expression fails

sql_p "CREATE TABLE t_division (id bigint PRIMARY KEY, v int NOT NULL);
    INSERT INTO t_division SELECT n, n % 7 FROM numbers WHERE n BETWEEN 1 AND 72000;
    CREATE TABLE t_long LIKE t_division; INSERT INTO t_long SELECT * FROM t_division;
    CREATE TABLE t_range LIKE t_division; INSERT INTO t_range SELECT * FROM t_division;
    ANALYZE TABLE t_division, t_long, t_range" >/dev/null
# fails NAME NEW_ROWS TYPE VALUE: and stops at row 70003
fails() {
    name=$1
    migration "$name" "t_$name" <<INI
[column]
name = extra
type = $3
not_null = yes
[backfill]
value = $4
new_rows = $2
[batch]
rows = 2000
max = 4000
INI
    run "$name" --until sync
    is $? 0 "$name: ready" || show "$name"
    count_writes "t_$name"
    run "$name"
    is $? 4 "$name: it stops at the row: exit 4" || show "$name"
    said_by "$name" '.?id.?=70003' "$name: and names its key"
    like "$(newel status "$name")" '5/10 backfill failed' "$name: the target knows where it stands"
    kept=$(filled "t_$name" extra)
    ok "$name: what was done before is kept ($kept rows)" between "SELECT $kept" 60000 70002
    is "$(written_rows "$name")" "$kept" "$name: and counted"
    run "$name"
    is $? 4 "$name: trying again stops there again"
}
# mended NAME EXPRESSION
mended() {
    is "$(sql_p "SELECT count(*), count(DISTINCT id) FROM written WHERE what = 't_$1'")" '72000	72000' \
        "$1: each row was written once"
    is "$(sql_p "SELECT SUM(extra <=> ($2)) FROM t_$1")" 72000 "$1: and is right"
    is "$(written_rows "$1")" 72000 "$1: as the counters say"
}

fails division trigger bigint '7000000 DIV (id - 70003)'
said_by division 'Division by 0.*errno 1365, SQLSTATE 22012' "division: with the server's words"
is "$(ask division "SELECT JSON_VALUE(e, '\$.error.sqlstate'), e LIKE '%=70003%' FROM j
    WHERE event = 'phase' AND $(field phase) = 'backfill' AND $(field state) = 'failed'")" '22012	1' \
    'division: so does the journal'
# its key is changed, as its owner would: the trigger gives it its value then
sql_p 'UPDATE t_division SET id = 7000000 WHERE id = 70003'
run division
is $? 0 'division: with the row mended it comes to its end' || show division
is "$(sql_p "SELECT count(*), count(DISTINCT id) FROM written WHERE what = 't_division' AND id < 7000000")" \
    '71999	71999' 'division: each row was written once'
is "$(sql_p 'SELECT SUM(extra <=> 7000000 DIV (id - 70003)) FROM t_division')" 72000 'division: and is right'

fails long application 'varchar(20)' "IF(id = 70003, REPEAT('x', 30), CONCAT('no ', id))"
said_by long 'Data too long.*errno 1406' "long: with the server's words"
sed -i "s/^value = .*/value = IF(id = 70003, 'short', CONCAT('no ', id))/" "$work/long.ini"
run long
is $? 2 'long: with its file changed it is refused'
said_by long "\[backfill\] value: .* -> IF\(id = 70003, 'short'" 'long: with what is other in it'
run long --accept-change
is $? 0 'long: and with the change accepted it comes to its end' || show long
ok 'long: which the journal tells' said long '"code":"file-changed".*value: '
mended long "IF(id = 70003, 'short', CONCAT('no ', id))"

fails range trigger smallint 'IF(id = 70003, 70000, id % 100)'
said_by range 'Out of range.*errno 1264' "range: with the server's words"
sed -i 's/^value = .*/value = IF(id > 80000, 5, id % 100)/' "$work/range.ini"
run range --accept-change --until sync
is $? 0 'range: the change is accepted' || show range
sql_p 'INSERT INTO t_range (id, v) VALUES (90007, 1)'
is "$(sql_p 'SELECT extra FROM t_range WHERE id = 90007')" 5 'range: new rows get the new value at once'
sql_p 'DELETE FROM t_range WHERE id = 90007'
run range
is $? 0 'range: mended in the file it goes on to the end' || show range
mended range 'id % 100'
is "$(chains division) $(chains long) $(chains range)" '0 0 0' 'all their journals hold'
done_testing
