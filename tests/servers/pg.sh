# A real PostgreSQL primary and its streaming standby for tests: sourced, not run.
#
#   pg_find                  sets PG_BIN, false when there is no server 13 or later
#   pg_pair_start [DIR]      starts both; sets PRIMARY_DSN, STANDBY_DSN and PG_DIR
#   pg_primary_start [DIR]   the primary alone
#   psql_p SQL   psql_s SQL  answers without decoration
#   pg_standby_stop  pg_standby_start  pg_primary_stop [MODE]  pg_primary_restart [MODE]
#   pg_stop_all              both, and the folder when it was ours; also on exit
#
# Call them from the test itself, not from a subshell: servers die with who started them.
# MODE: fast (default) or immediate. PG_BIN chooses the binaries. As root the
# servers run as `postgres`. They listen on sockets in PG_DIR only; the port
# numbers do no more than name these.
# shellcheck shell=sh

PG_PRIMARY_PORT=5432
PG_STANDBY_PORT=5433
PG_PRIMARY_PID=
PG_STANDBY_PID=
PG_DIR=
PG_DIR_IS_OURS=

pg_find() {
    if [ -n "${PG_BIN:-}" ]; then
        [ -x "$PG_BIN/postgres" ]
        return
    fi
    # the newest by number, so that 9 does not come after 15
    PG_BIN=$(for pg_at in /usr/lib/postgresql/*/bin/postgres; do
        pg_version=${pg_at#/usr/lib/postgresql/}
        pg_version=${pg_version%%/*}
        [ -x "$pg_at" ] && [ "$pg_version" -ge 13 ] 2>/dev/null && echo "$pg_version"
    done | sort -n | tail -n 1)
    [ -n "$PG_BIN" ] || return 1
    PG_BIN=/usr/lib/postgresql/$PG_BIN/bin
}

# A server refuses to run as root.
pg_as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && exec runuser -u postgres -- "$@")
    else
        "$@"
    fi
}

pg_say() {
    echo "# $*" >&2
}

# pg_start_one NAME PORT [OPTION...]: its pid goes to $pg_pid.
pg_start_one() {
    pg_name=$1 pg_port=$2
    shift 2
    set -- "$PG_BIN/postgres" -D "$PG_DIR/$pg_name" -p "$pg_port" "$@"
    if [ "$(id -u)" -eq 0 ]; then
        set -- --reuid=postgres --regid=postgres --init-groups "$@"
    fi
    # It dies with the test, however that ends; in a session of its own, so that an
    # interrupted test stops it in order.
    (cd / && exec setsid setpriv --pdeathsig=QUIT "$@") >>"$PG_DIR/$pg_name.log" 2>&1 </dev/null &
    pg_starter=$!
    pg_tries=200
    until "$PG_BIN/pg_isready" -q -h "$PG_DIR" -p "$pg_port" -U postgres; do
        pg_tries=$((pg_tries - 1))
        if [ "$pg_tries" -le 0 ] || ! kill -0 "$pg_starter" 2>/dev/null; then
            pg_say "$pg_name did not start:"
            tail -n 20 "$PG_DIR/$pg_name.log" | sed 's/^/# /' >&2
            return 1
        fi
        sleep 0.05
    done
    pg_pid=$(head -n 1 "$PG_DIR/$pg_name/postmaster.pid")
}

# pg_end_one PID NAME MODE: signals the server, and asks harder after 10 s.
pg_end_one() {
    [ -n "$1" ] || return 0
    case $3 in
    immediate) pg_signal=QUIT ;;
    *) pg_signal=INT ;;
    esac
    kill -s "$pg_signal" "$1" 2>/dev/null || return 0
    kill -s CONT "$1" 2>/dev/null
    pg_tries=200
    while kill -0 "$1" 2>/dev/null; do
        pg_tries=$((pg_tries - 1))
        [ "$pg_tries" -ne 100 ] || kill -s QUIT "$1" 2>/dev/null
        if [ "$pg_tries" -le 0 ]; then
            kill -s KILL "$1" 2>/dev/null
            break
        fi
        sleep 0.05
    done
}

pg_primary_up() {
    pg_start_one primary "$PG_PRIMARY_PORT" || return 1
    PG_PRIMARY_PID=$pg_pid
}

pg_standby_start() {
    pg_start_one standby "$PG_STANDBY_PORT" || return 1
    PG_STANDBY_PID=$pg_pid
}

pg_standby_stop() {
    pg_end_one "$PG_STANDBY_PID" standby "${1:-fast}"
    PG_STANDBY_PID=
}

pg_primary_stop() {
    pg_end_one "$PG_PRIMARY_PID" primary "${1:-fast}"
    PG_PRIMARY_PID=
}

pg_primary_restart() {
    pg_primary_stop "${1:-fast}"
    pg_primary_up
}

pg_make_folder() {
    PG_DIR=${1:-}
    if [ -z "$PG_DIR" ]; then
        # short, for a socket's path has room for about 100 characters
        PG_DIR=$(mktemp -d /tmp/nw.XXXXXX) || return 1
        PG_DIR_IS_OURS=yes
    elif [ "${#PG_DIR}" -gt 80 ]; then
        pg_say "$PG_DIR is too long for a socket"
        return 1
    else
        mkdir -p "$PG_DIR" || return 1
    fi
    if [ "$(id -u)" -eq 0 ]; then
        chown postgres "$PG_DIR" || return 1
    fi
}

pg_primary_start() {
    pg_find || {
        pg_say 'no PostgreSQL server 13 or later is installed'
        return 1
    }
    trap pg_stop_all EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    pg_make_folder "${1:-}" || return 1
    pg_as_server "$PG_BIN/initdb" -D "$PG_DIR/primary" -U postgres -A trust -E UTF8 \
        --no-locale --no-sync >"$PG_DIR/initdb.log" 2>&1 || {
        sed 's/^/# /' "$PG_DIR/initdb.log" >&2
        return 1
    }
    # the standby inherits it: a base backup copies the file
    pg_as_server tee -a "$PG_DIR/primary/postgresql.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$PG_DIR'
fsync = off
full_page_writes = off
shared_buffers = 64MB
max_connections = 60
wal_level = ${PG_WAL_LEVEL:-replica}
wal_keep_size = 256MB
max_prepared_transactions = 5
hot_standby = on
wal_retrieve_retry_interval = 200ms
log_line_prefix = '%m [%p] %a '
$(cat "${PG_EXTRA_CONF:-/dev/null}")
CONF
    pg_primary_up || return 1
    PRIMARY_DSN="host=$PG_DIR port=$PG_PRIMARY_PORT user=postgres dbname=postgres"
    export PRIMARY_DSN
}

pg_is_streaming() {
    [ "$(psql_p "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")" = 1 ]
}

pg_pair_start() {
    pg_primary_start "${1:-}" || return 1
    pg_as_server "$PG_BIN/pg_basebackup" -h "$PG_DIR" -p "$PG_PRIMARY_PORT" -U postgres \
        -D "$PG_DIR/standby" -X stream -c fast --no-sync -R >"$PG_DIR/basebackup.log" 2>&1 || {
        sed 's/^/# /' "$PG_DIR/basebackup.log" >&2
        return 1
    }
    pg_standby_start || return 1
    STANDBY_DSN="host=$PG_DIR port=$PG_STANDBY_PORT user=postgres dbname=postgres"
    export STANDBY_DSN
    pg_tries=100
    until pg_is_streaming; do
        pg_tries=$((pg_tries - 1))
        [ "$pg_tries" -gt 0 ] || {
            pg_say 'the standby does not stream'
            return 1
        }
        sleep 0.05
    done
}

psql_p() {
    "$PG_BIN/psql" -XAtq -v ON_ERROR_STOP=1 -d "$PRIMARY_DSN" -c "$1"
}

psql_s() {
    "$PG_BIN/psql" -XAtq -v ON_ERROR_STOP=1 -d "$STANDBY_DSN" -c "$1"
}

# What the standby has replayed is all that the primary has written so far.
pg_standby_caught_up() {
    pg_lsn=$(psql_p 'SELECT pg_current_wal_flush_lsn()') || return 1
    [ "$(psql_s "SELECT pg_last_wal_replay_lsn() >= '$pg_lsn'::pg_lsn")" = t ]
}

# Keeps the exit status of the test that ends.
pg_stop_all() {
    pg_status=$?
    pg_standby_stop immediate
    pg_primary_stop immediate
    if [ "$PG_DIR_IS_OURS" = yes ] && [ -n "$PG_DIR" ] && [ -z "${PG_KEEP:-}" ]; then
        rm -rf "$PG_DIR"
    fi
    return "$pg_status"
}
