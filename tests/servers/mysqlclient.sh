#!/bin/sh
# newel with Oracle's client library, and the tests of MySQL and MariaDB through it:
#   make check-mysqlclient [MYSQLCLIENT_TESTS="mysql_driver mariadb_run"]
#
# Debian has libmysqlclient in sid only, so newel is built in a folder of sid with that compiler and
# those libraries (NEWEL_MYSQLCLIENT_DIR, default newel/mysqlclient-sid below the user's cache, 0.8 GB),
# which takes root, as chroot does. It names the folder's loader and runs where the tests run.
# One line a test; what it said is in mysqlclient/TEST.log.
# DIST is the source as it is shipped; SRCDIR as for the tests; run where they were built.
set -u
# shellcheck source=tests/servers/my.sh
. "$SRCDIR/tests/servers/my.sh"
tree=${NEWEL_MYSQLCLIENT_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/newel/mysqlclient-sid}
packages=libmysqlclient-dev,mysql-client-core,gcc,libc6-dev,make,pkgconf,libpq-dev,libncurses-dev
packages=$packages,libjansson-dev,libinih-dev,libssl-dev
logs=$PWD/mysqlclient
passed=0 failed=0 skipped=0
running=

# Inside, the folder's own path leads to its root: what names it is found there as well as here.
prepare() {
    sid_have "$tree" usr/include/mysql/mysql.h "$packages" libmysqlclient || return 1
    sid_find "$tree"
    mkdir -p "$tree$(dirname "$tree")" && ln -sfn / "$tree$tree" &&
        rm -rf "$tree/newel/src" && mkdir -p "$tree/newel/build" && cp -Rp "$DIST" "$tree/newel/src"
}

# DT_RPATH leads libraries to theirs, as DT_RUNPATH would not.
build() {
    # shellcheck disable=SC2016
    chroot "$tree" sh -eu -c '
        cd /newel/build
        [ Makefile -nt ../src/configure ] || ../src/configure --with-mysql --enable-werror \
            --enable-sanitizers CFLAGS="-g -O1" LDFLAGS="-Wl,--dynamic-linker=$1 \
            -Wl,-rpath,$2 -Wl,--disable-new-dtags"
        make -j"$(nproc)" newel' sh "$sid_loader" "$sid_lib"
}

# The program that makes login paths, for the test of them.
wrap() {
    mkdir -p "$logs/bin" && cat >"$logs/bin/$1" <<SH && chmod 755 "$logs/bin/$1"
#!/bin/sh
exec "$sid_loader" --library-path "$sid_lib" "$tree/usr/bin/$1" "\$@"
SH
}

tests() {
    for path in "$SRCDIR"/tests/integration/mysql_*.sh "$SRCDIR"/tests/integration/mariadb_*.sh; do
        name=$(basename "$path" .sh)
        case " ${MYSQLCLIENT_TESTS:-$name} " in *" $name "*) echo "$path" ;; esac
    done
}

one() {
    name=$(basename "$1" .sh)
    log=$logs/$name.log
    began=$(date +%s)
    sh "$1" >"$log" 2>&1 &
    running=$!
    wait "$running"
    status=$?
    running=
    took=$(($(date +%s) - began))
    bad=$(grep -c '^not ok' "$log")
    if grep -q '^1\.\.0 # SKIP' "$log"; then
        skipped=$((skipped + 1))
        echo "$name: skipped: $(sed -n 's/^1\.\.0 # SKIP *//p' "$log")"
    elif [ "$status" -eq 0 ] && [ "$bad" -eq 0 ] && grep -q '^ok' "$log"; then
        passed=$((passed + 1))
        echo "$name: passed ($(grep -c '^ok' "$log") checks, ${took}s)"
    else
        failed=$((failed + 1))
        echo "$name: FAILED ($bad checks, exit $status, ${took}s): $log"
    fi
}

trap '[ -z "$running" ] || kill "$running" 2>/dev/null; exit 130' INT TERM HUP
mkdir -p "$logs" || exit 1
if ! prepare; then
    echo "skipped: $MY_WHY"
    exit 0
fi
if ! build >"$logs/build.log" 2>&1; then
    tail -n 20 "$logs/build.log"
    exit 1
fi
NEWEL=$tree/newel/build/newel
# where the library looks for its plugins when newel.ini names no folder
LIBMYSQL_PLUGIN_DIR=$tree/usr/lib/mysql/plugin
wrap mysql_config_editor
# shellcheck disable=SC2031
export NEWEL SRCDIR LIBMYSQL_PLUGIN_DIR PATH="$logs/bin:$PATH"
for test in $(tests); do one "$test"; done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
