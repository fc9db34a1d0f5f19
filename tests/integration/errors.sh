#!/bin/sh
# What goes wrong: servers that do not answer or will not, tables that are not
# there, values that cannot be computed, files that are mistaken. Each ends with
# its exit status, says what to do, and leaves everything as it was.
set -u
. "$SRCDIR/tests/integration/house.sh"
house_begin primary

psql_p "CREATE TABLE items (id bigint PRIMARY KEY, pad text);
    INSERT INTO items SELECT i, repeat('x', 200) FROM generate_series(1, 12000) i;
    ANALYZE items;
    CREATE ROLE plain LOGIN; GRANT SELECT ON items TO plain;
    SET password_encryption = 'scram-sha-256';
    CREATE ROLE locked LOGIN SUPERUSER PASSWORD 'Geheim-77'"
is "$(sed -i '1i local all locked scram-sha-256' "$PG_DIR/primary/pg_hba.conf" &&
    psql_p 'SELECT pg_reload_conf()')" t 'a role needs a password'
migration extra items <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = id * 2
INI
whole() {
    "$PG_BIN/pg_dump" -d "$PRIMARY_DSN" | grep -v restrict | md5sum
}
at_first=$(whole)
# said_by ID PATTERN TITLE: on one line, as newel says all its errors
said_by() {
    like "$(grep '^newel: ' "$work/$1.out")" "$2" "$3"
}
target_is() {
    sed -i "s|^dsn = .*|dsn = $1|" "$work/newel.ini"
}

# ---- servers

target_is "host=$PG_DIR port=9 user=postgres dbname=postgres"
run extra
is $? 3 'no server: exit 3'
said_by extra 'connect.*\.s\.PGSQL\.9' 'it says where it has knocked'
newel plan "$work/extra.ini" >"$work/plan.out" 2>&1
is $? 3 'so does plan'
target_is "host=$PG_DIR port=$PG_PRIMARY_PORT user=postgres dbname=nowhere"
run extra
is $? 3 'no such database: exit 3'
said_by extra 'database "nowhere" does not exist.*(SQLSTATE 3D000)?' "the server's words are kept"

target_is "host=$PG_DIR port=$PG_PRIMARY_PORT user=locked dbname=postgres passfile=$work/pass"
echo '*:*:*:locked:Falsch-88' >"$work/pass"
chmod 600 "$work/pass"
run extra
is $? 3 'a wrong password: exit 3'
said_by extra 'password authentication failed for user "locked"' 'it says so'
secret_free() {
    ! grep -rEq 'Geheim-77|Falsch-88' "$work/state" "$work"/*.out
}
ok 'the secret is nowhere' secret_free
target_is "host=$PG_DIR port=$PG_PRIMARY_PORT user=locked dbname=postgres password=Falsch-88"
run extra
is $? 2 'a password in newel.ini: exit 2'
ok 'and it is not shown' secret_free
like "$(cat "$work/extra.out")" 'newel.ini:[0-9]+.*passfile|newel.ini:[0-9]+.*pgpass' \
    'it says where it belongs'

target_is "host=$PG_DIR port=$PG_PRIMARY_PORT user=plain dbname=postgres"
run extra
is $? 3 'missing privileges: exit 3'
said_by extra 'preflight .*(own|GRANT)' 'it says which'
said_by extra 'GRANT CREATE ON DATABASE postgres TO plain|GRANT .* TO plain' 'and how to get them'
ok 'the check is in the journal' said extra '"event":"check".*"verdict":"stop"'
is "$(whole)" "$at_first" 'nothing was changed by any of them'

# ---- what is there and what is not

house_config
migration missing nowhere.items <"$work/extra.ini"
sed -i '4,7d' "$work/missing.ini"
run missing
is $? 4 'no such table: exit 4'
said_by missing 'there is no table nowhere\.items in database postgres' 'it says where it looked'
migration there items <<'INI'
[column]
name = pad
type = text
[backfill]
value = 'x'
INI
run there
is $? 4 'the column is there: exit 4'
said_by there 'already has a column pad text' 'it says that it is not ours'
migration unknown items <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = missing + 1
INI
run unknown
is $? 4 'an expression that cannot be: exit 4'
said_by unknown 'column "missing" does not exist' "in the server's words"
is "$(whole)" "$at_first" 'nothing was changed by any of them'

# ---- a row on which the expression fails

psql_p "CREATE TABLE written (id bigint);
    CREATE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
        INSERT INTO written VALUES (NEW.id); RETURN NULL; END \$\$"
for kind in blocks:trigger keys:application; do
    name=${kind%:*}
    psql_p "CREATE TABLE t_$name (LIKE items INCLUDING ALL); INSERT INTO t_$name SELECT * FROM items;
        ANALYZE t_$name; TRUNCATE written"
    migration "$name" "t_$name" <<INI
[column]
name = extra
type = bigint
[backfill]
value = 7000000 / (id - 7000)
new_rows = ${kind#*:}
[batch]
rows = 100
min = 100
max = 500
INI
    run "$name" --until sync
    is $? 0 "$name: ready" || show "$name"
    psql_p "CREATE TRIGGER counting AFTER UPDATE OF extra ON t_$name FOR EACH ROW
        EXECUTE FUNCTION count_write()"
    run "$name"
    is $? 4 "$name: it stops at the row: exit 4" || show "$name"
    said_by "$name" '"?id"?=7000' "$name: and names its key"
    said_by "$name" 'division by zero.*SQLSTATE 22012' "$name: with the server's words"
    is "$(ask "$name" "SELECT (e->'error'->>'sqlstate') || ' ' || (e::text LIKE '%=7000%')
        FROM j WHERE event = 'phase' AND e->>'phase' = 'backfill' AND e->>'state' = 'failed'")" \
        '22012 true' "$name: so does the journal"
    like "$(newel status "$name")" '5/10 backfill failed' "$name: and the target knows where it stands"
    kept=$(filled "t_$name" extra)
    ok "$name: what was done before is kept ($kept rows)" test "$kept" -gt 1000
    run "$name"
    is $? 4 "$name: trying again stops there again"
    psql_p "UPDATE t_$name SET id = 7000000 WHERE id = 7000"
    [ "$name" = keys ] && psql_p "UPDATE t_keys SET extra = 1 WHERE id = 7000000"
    psql_p "DELETE FROM written WHERE id = 7000000"
    run "$name"
    is $? 0 "$name: with the row mended it comes to its end" || show "$name"
    is "$(psql_p "SELECT count(*) || ' ' || count(DISTINCT id) FROM written WHERE id < 7000000")" \
        '11999 11999' "$name: each row was written once"
    is "$(psql_p "SELECT count(*) FROM t_$name WHERE id < 7000000 AND
        extra IS DISTINCT FROM 7000000 / (id - 7000)")" 0 "$name: and is right"
done

# ---- the expression is corrected, with the trigger in place

psql_p "CREATE TABLE t_mended (LIKE items INCLUDING ALL); INSERT INTO t_mended SELECT * FROM items"
migration mended t_mended <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = id / (id - 7000)
INI
run mended --until backfill
is $? 4 'mended: it stops at the row'
sed -i 's/^value = .*/value = id + 1/' "$work/mended.ini"
run mended --accept-change --until sync
is $? 0 'mended: the change is accepted' || show mended
psql_p 'INSERT INTO t_mended (id) VALUES (90007)'
is "$(psql_p 'SELECT extra FROM t_mended WHERE id = 90007')" 90008 \
    'mended: new rows get the new value at once'
run mended
is $? 0 'mended: it goes on to the end' || show mended

# ---- files

cat >"$work/wrong.ini" <<'INI'
[migration]
id = wrong
table = items
targets = t9
[column]
name = extra
type = bigint
[backfill]
new_rows = maybe
[batch]
rows = many
speed = 3
[throttel]
max_lag = 2s
INI
run wrong
is $? 2 'a wrong file: exit 2'
for finding in 'wrong.ini:9: .*maybe' 'wrong.ini:11: .*many' 'wrong.ini:12: .*speed' \
    'wrong.ini:13: .*throttel'; do
    like "$(cat "$work/wrong.out")" "$finding" "all at once: $finding"
done
migration nobody items <<'INI'
[column]
name = extra
type = bigint
INI
sed -i 's/^targets.*/targets = t9/' "$work/nobody.ini"
run nobody
is $? 2 'no such target: exit 2'
said_by nobody 't9.*t1|t1.*t9' 'it says which there are'
newel run --headless --yes "$work/none.ini" >"$work/none.out" 2>&1
is $? 2 'no such file: exit 2'
newel run --headless --yes --until tomorrow "$work/extra.ini" >"$work/none.out" 2>&1
is $? 2 'no such phase: exit 2'

run extra --until backfill
is $? 0 'a migration is in the middle' || show extra
cp "$work/extra.ini" "$work/as_it_was"
sed -i 's/^value = .*/value = id * 4/' "$work/extra.ini"
before=$(whole)
run extra
is $? 2 'with its file changed it is refused: exit 2'
said_by extra 'has changed since .*restore the file.*--accept-change' 'and says what to do'
said_by extra '\[backfill\] value: .* -> id \* 4' 'with what is other in it'
newel plan "$work/extra.ini" >"$work/plan.out" 2>&1
like "$(cat "$work/plan.out")" 'the file +\[backfill\] value: .* -> id \* 4' 'which the plan tells, too'
like "$(cat "$work/plan.out")" 'stands at +backfill, done' 'and where it stands'
is "$(whole)" "$before" 'nothing was changed'
cp "$work/as_it_was" "$work/extra.ini"
newel plan "$work/extra.ini" >"$work/plan.out" 2>&1
like "$(cat "$work/plan.out")" 'the file +is the one it began with' 'as it was, it is the same'
echo '# a comment' >>"$work/extra.ini"
run extra --accept-change
is $? 0 'unless the change is meant' || show extra
ok 'the journal tells that it was, and of what kind' \
    said extra '"code":"file-changed".*comments, blanks or the order of keys'
run extra
is $? 0 'which is asked once' || show extra

# ---- secrets that are right

sed 's/^id = .*/id = secret/; s/^name = .*/name = secret/' "$work/extra.ini" >"$work/secret.ini"
target_is "host=$PG_DIR port=$PG_PRIMARY_PORT user=locked dbname=postgres passfile=$work/pass"
echo '*:*:*:locked:Geheim-77' >"$work/pass"
run secret --until expand
is $? 0 'with the password from a file it gets in' || show secret
target_is "host=$PG_DIR port=$PG_PRIMARY_PORT user=locked dbname=postgres"
PGPASSWORD=Geheim-77 engine secret
ok 'and with the one from its environment' wait_for 10 said secret '"phase":"sync"'
ok 'it is in no argument' test "$(tr '\0' ' ' <"/proc/$engine/cmdline" | grep -c Geheim)" = 0
wait "$engine"
is $? 0 'to the end' || show secret
ok 'the secret is nowhere' secret_free
is "$(psql_p "SELECT count(*) FROM newel.audit WHERE audit::text LIKE '%Geheim%'")" 0 \
    'nor in the target'
done_testing
