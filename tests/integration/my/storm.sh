# An application writes while a column is filled, for every kind of new_rows, as ../keys.sh has it:
# row by row, every value is right, and none of the application's own is lost.
# shellcheck shell=sh
set -u
# shellcheck source=tests/integration/my/lib.sh
. "$SRCDIR/tests/integration/my/lib.sh"
house_begin "$FLAVOUR" primary
numbers

# Rows with `own` carry a value of the application's own. Keys are changed, too.
storm() {
    sql_p "CREATE TABLE $1 (id bigint PRIMARY KEY, v int NOT NULL, own bigint, pad varchar(100));
        INSERT INTO $1 SELECT n, n % 7, NULL, REPEAT('x', 100) FROM numbers WHERE n BETWEEN 1 AND 12000"
}
# blow TABLE COLUMN SET MOVE: what it says of the column itself; MOVE: rows get new keys, too.
# One row a statement: no statement of the application can be one half of a deadlock.
blow() {
    : >"$work/$1.blow"
    chunk=0
    while [ -e "$work/$1.blow" ]; do
        chunk=$((chunk + 1))
        awk -v t="$1" -v column="$2" -v set="$3" -v move="${4:-}" -v chunk="$chunk" '
            function any() { return 1 + int(rand() * 12000) }
            BEGIN {
                srand(chunk)
                new = 100000 + chunk * 1000
                for (i = 0; i < 50; i++) {
                    for (k = 1; k <= 2; k++)
                        print "INSERT INTO " t " (id, v" column ") VALUES (" ++new ", " k \
                            (column ? ", " k * 10 : "") ");"
                    for (k = 1; k <= 3; k++)
                        print "UPDATE " t " SET " set "v = v + 1 WHERE id = " any() ";"
                    print "UPDATE " t " SET own = -id, extra = -id WHERE id = " any() ";"
                    print "UPDATE " t " SET own = -5, extra = -5, v = v + 1 WHERE id = " any() ";"
                    print "DELETE FROM " t " WHERE id = " any() ";"
                    if (move)
                        print "UPDATE " t " SET id = " ++new " WHERE id = " any() ";"
                }
            }'
    done | "$MY_CLIENT" --no-defaults -u root -S "$MY_PRIMARY_SOCKET" -D shop --force \
        >"$work/$1.client" 2>&1 &
    storm_pid=$!
}
calm() {
    rm "$work/$1.blow"
    wait "$storm_pid"
    is "$(grep -c ERROR "$work/$1.client")" 0 "$1: the application has seen no error" ||
        diag "$(head -n 5 "$work/$1.client")"
}
batch_of_storm='[batch]
rows = 100
min = 100
max = 100
pause = 5ms
lanes = 2
[throttle]
max_running = 0
max_waiters = 0'
stormy() {
    ok "$1: there was a storm" between \
        "SELECT LEAST(SUM(own IS NOT NULL), SUM(id > 100000)) FROM $1" 20 1000000
}

storm s_trigger
migration s_trigger s_trigger <<INI
[column]
name = extra
type = bigint
not_null = yes
[backfill]
value = v * 10
$batch_of_storm
INI
run s_trigger --until sync
is $? 0 's_trigger: ready' || show s_trigger
blow s_trigger '' '' move
run s_trigger --until compare
is $? 0 's_trigger: it ends well under load' || show s_trigger
# without its trigger there is only what the application itself writes
calm s_trigger
run s_trigger
is $? 0 's_trigger: and is finished' || show s_trigger
is "$(sql_p "SELECT count(*) FROM s_trigger WHERE own IS NULL AND NOT extra <=> v * 10")" 0 \
    's_trigger: every row that newel filled fits the row as it is now' ||
    diag "$(sql_p "SELECT id, v, own, extra FROM s_trigger WHERE own IS NULL
        AND NOT extra <=> v * 10 LIMIT 5")"
is "$(sql_p "SELECT count(*) FROM s_trigger WHERE own IS NOT NULL AND NOT extra <=> own")" 0 \
    's_trigger: no value of the application was overwritten'
stormy s_trigger

storm s_default
migration s_default s_default <<INI
[column]
name = extra
type = bigint
default = 7
not_null = yes
[backfill]
new_rows = default
$batch_of_storm
INI
run s_default --until sync
is $? 0 's_default: ready' || show s_default
blow s_default '' '' move
run s_default
is $? 4 's_default: rows that have moved behind the end are missing' || show s_default
like "$(cat "$work/s_default.out")" \
    'verify: failed: [0-9]+ rows? (is|are) left without (its|their) value: .*id.*=[0-9]{6}' \
    's_default: verify finds them and names one' || show s_default
calm s_default
run s_default
is $? 0 's_default: the next run passes the table again for them and ends well' || show s_default
is "$(sql_p "SELECT count(*) FROM s_default WHERE NOT extra <=> COALESCE(own, 7)")" 0 \
    's_default: every row has the default, or what the application gave it'
stormy s_default

storm s_application
migration s_application s_application <<INI
[column]
name = extra
type = bigint
not_null = yes
[backfill]
value = v * 10
new_rows = application
$batch_of_storm
INI
run s_application --until sync
is $? 0 's_application: ready' || show s_application
# assignments take effect from left to right
blow s_application ', extra' 'extra = IF(own IS NULL, (v + 1) * 10, own), '
run s_application
is $? 0 's_application: it ends well under load' || show s_application
calm s_application
is "$(sql_p "SELECT count(*) FROM s_application WHERE NOT extra <=> COALESCE(own, v * 10)")" 0 \
    's_application: every row is right'
stormy s_application
done_testing
