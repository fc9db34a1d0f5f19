# What the tests of a whole newel on MariaDB and MySQL share: sourced after FLAVOUR is set.
# Sources house_my.sh. POSIX sh.
#
#   numbers              table numbers on the primary: n from 0 to 99999
#   field PATH           SQL: the journal's field as text; for ask
#   count_writes TABLE   from now on every UPDATE of a row leaves a line in `written`, in its own
#                        transaction: what, id, old, new of the column `extra`
#   hold NAME SQL        a session that runs SQL in a transaction and stays; its id is $held
#   release NAME [SQL]   it runs SQL (COMMIT) and ends
#   takes ID VERB...     newel ctl is accepted     refuses PATTERN ID VERB... it is not: why
#   batches ID  goes ID SECONDS  stands ID     whether batches come
#   columns TABLE   our_triggers TABLE         how many there are
#   chains ID            how many journals of it are broken
# shellcheck shell=sh

# shellcheck source=tests/integration/house_my.sh
. "$SRCDIR/tests/integration/house_my.sh"

numbers() {
    sql_p "CREATE TABLE digits (d int PRIMARY KEY);
        INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
        CREATE TABLE numbers (n int PRIMARY KEY);
        INSERT INTO numbers SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d
            FROM digits a, digits b, digits c, digits d, digits e"
}

field() {
    echo "JSON_UNQUOTE(JSON_EXTRACT(e, '\$.$1'))"
}

count_writes() {
    sql_p "CREATE TABLE IF NOT EXISTS written (number bigint AUTO_INCREMENT PRIMARY KEY,
            what varchar(64), id bigint, old text, new text);
        CREATE TRIGGER counts_$1 AFTER UPDATE ON $1 FOR EACH ROW
            INSERT INTO written (what, id, old, new) VALUES ('$1', NEW.id, OLD.extra, NEW.extra)"
}

# ---- sessions that are in the way

hold() {
    mkfifo "$work/$1.in"
    : >"$work/$1.held"
    "$MY_CLIENT" --no-defaults -u root -S "$MY_PRIMARY_SOCKET" -N -B -D shop --unbuffered \
        <"$work/$1.in" >"$work/$1.held" 2>&1 &
    background="$background $!"
    # the other end stays open in a process of its own, so that the session stays
    {
        printf 'SELECT CONCAT("id ", CONNECTION_ID());\nBEGIN;\n%s;\nSELECT "here";\n' "$2"
        while [ ! -e "$work/$1.go" ]; do sleep 0.05; done
        cat "$work/$1.go"
    } >"$work/$1.in" &
    background="$background $!"
    wait_for 60 grep -q '^here' "$work/$1.held" || diag "$1 holds nothing: $(cat "$work/$1.held")"
    # shellcheck disable=SC2034
    held=$(sed -n 's/^id //p' "$work/$1.held")
}

release() {
    echo "${2:-COMMIT};" >"$work/$1.new"
    mv "$work/$1.new" "$work/$1.go"
}

connected() {
    [ "$(sql_p "SELECT count(*) FROM information_schema.processlist WHERE id = $1")" = 1 ]
}
disconnected() {
    ! connected "$1"
}

# ---- an operator

ctl() {
    newel ctl "$@" >"$work/ctl.out" 2>&1
}
takes() {
    ctl "$@"
    is $? 0 "accepted: $*" || diag "$(cat "$work/ctl.out")"
}
refuses() {
    wanted=$1
    shift
    ctl "$@"
    is $? 1 "refused: $*"
    like "$(cat "$work/ctl.out")" "^newel: refused: .*$wanted" "... because: $wanted"
}

# ---- the backfill

batches() {
    sql_p "SELECT COALESCE(SUM(batches), 0) FROM newel.checkpoint WHERE migration = '$1'"
}
moved() {
    moved_now=$(batches "$1") && [ "$moved_now" -gt "$mark" ]
}
goes() {
    mark=$(batches "$1")
    wait_for "$2" moved "$1"
}
stands() {
    mark=$(batches "$1")
    sleep 0.7
    [ -n "$mark" ] && [ "$(batches "$1")" = "$mark" ]
}
written_rows() {
    sql_p "SELECT COALESCE(SUM(\`rows\`), 0) FROM newel.checkpoint WHERE migration = '$1'"
}

# ---- what is there

columns() {
    sql_p "SELECT count(*) FROM information_schema.columns
        WHERE table_schema = 'shop' AND table_name = '$1'"
}
our_triggers() {
    sql_p "SELECT count(*) FROM information_schema.triggers WHERE event_object_schema = 'shop'
        AND event_object_table = '$1' AND trigger_name LIKE 'newel%'"
}
chains() {
    chains_broken=0
    for one in "$work/state/$1"/*.jsonl; do
        # killed before its first event it has made no more than the file
        [ -s "$one" ] || continue
        "$NEWEL" verify "$one" >"$work/verify.out" 2>&1 && continue
        chains_broken=$((chains_broken + 1))
        diag "$(cat "$work/verify.out")" >&2
    done
    echo "$chains_broken"
}
