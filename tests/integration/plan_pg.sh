#!/bin/sh
# Plans against a private PostgreSQL server, or the one that NEWEL_TEST_PG names.
# PG_BIN: where initdb and pg_ctl are; PG_LIB: their libraries, when they lie elsewhere.
set -eu
test=${TEST_PLAN_PG:-tests/integration/test_plan_pg}
if [ -n "${NEWEL_TEST_PG:-}" ]; then
    exec "$test"
fi

bin=${PG_BIN:-}
if [ -z "$bin" ]; then
    for folder in /usr/lib/postgresql/*/bin "$(dirname "$(command -v pg_ctl || echo /none/pg_ctl)")"; do
        if [ -x "$folder/pg_ctl" ]; then bin=$folder; fi
    done
fi
if [ -z "$bin" ]; then
    echo "1..0 # SKIP there is no PostgreSQL server to start"
    exit 0
fi

# a server refuses to run as root
as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        runuser -u postgres -- env LD_LIBRARY_PATH="${PG_LIB:-}" "$@"
    else
        env LD_LIBRARY_PATH="${PG_LIB:-}" "$@"
    fi
}

folder=$(mktemp -d)
finish() {
    as_server "$bin/pg_ctl" -D "$folder/data" -m immediate stop >"$folder/stop.log" 2>&1 || true
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM
if [ "$(id -u)" -eq 0 ]; then chown postgres "$folder"; fi
if ! { as_server "$bin/initdb" -D "$folder/data" -A trust -U postgres &&
       as_server "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/log" \
           -o "-k $folder -c listen_addresses='' -c fsync=off" start; } >"$folder/start.log" 2>&1
then
    sed 's/^/# /' "$folder/start.log"
    echo "Bail out! the server did not start"
    exit 1
fi
NEWEL_TEST_PG="host=$folder user=postgres dbname=postgres" "$test"
