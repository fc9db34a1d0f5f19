# Real servers of MariaDB and MySQL for tests: sourced, not run. POSIX sh.
#
#   my_find FLAVOUR              mariadb or mysql; false when it cannot be had: why is in MY_WHY
#   my_primary_start FLAVOUR [DIR]
#   my_pair_start FLAVOUR [DIR]  the primary, and a replica of it (ROW, GTID, read_only)
#   sql_p SQL   sql_r SQL        answers without decoration, as root, in database shop
#   my_wait_replica [SECONDS]    until the replica has all that the primary has written
#   my_primary_stop [MODE]  my_primary_restart [MODE]  my_replica_stop [MODE]  my_replica_start
#   my_stop_all                  all of them, and the folder when it was ours; also on exit
#
# What the above are made of, for any server by its NAME (primary, replica, node1, ...):
#   my_up NAME   my_down NAME [MODE]   my_signal NAME SIGNAL   my_sql NAME SQL   my_pid NAME
#
# Sets MY_FLAVOUR, MY_DIR, MY_PRIMARY_SOCKET, MY_PRIMARY_PORT, MY_REPLICA_SOCKET,
# MY_REPLICA_PORT and MY_OPTION_FILE, which has the name and password of account `newel`.
# root has no password and comes over a socket only.
#
# Call them from the test itself, not from a subshell: servers die with who started them.
# MODE: fast (default, in order) or kill. They survive a kill with all they committed, but not
# a loss of power, unless MY_DURABLE=1. MY_EXTRA_CNF names a file of more lines for [mysqld].
# MARIADB_BIN is a folder with mariadbd, mariadb-install-db and mariadb in it.
# For MySQL see mysql.sh, for a cluster of MariaDB galera.sh.
# shellcheck shell=sh

# shellcheck source=tests/servers/sid.sh
. "$SRCDIR/tests/servers/sid.sh"
# shellcheck source=tests/servers/mysql.sh
. "$SRCDIR/tests/servers/mysql.sh"
# shellcheck source=tests/servers/galera.sh
. "$SRCDIR/tests/servers/galera.sh"

MY_FLAVOUR=
MY_DIR=
MY_DIR_IS_OURS=
MY_WHY=
my_primary= # the name of the one that sql_p asks
MY_NAMES= # the servers that were started once
MY_PASSWORD='pass#word'

my_say() {
    echo "# $*" >&2
}

# my_show FILE: as a comment
my_show() {
    tail -n 20 "$1" | sed 's/^/# /' >&2
}

# my_program NAME: its path; Debian's servers are in sbin.
my_program() {
    if [ -n "${MARIADB_BIN:-}" ]; then
        my_path=$MARIADB_BIN/$1
    else
        my_path=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v "$1") || my_path=
    fi
    [ -n "$my_path" ] && [ -x "$my_path" ] && echo "$my_path"
}

# MariaDB's client speaks to both.
my_find_client() {
    MY_WHY='no client of MariaDB is installed'
    MY_CLIENT=$(my_program mariadb)
}

my_find_mariadb() {
    MY_WHY='no MariaDB server is installed'
    my_mariadbd=$(my_program mariadbd) && my_install_db=$(my_program mariadb-install-db) || return 1
    my_find_client
}

my_find_mysql() {
    my_find_client && mysql_find
}

my_find() {
    MY_WHY="there is no server called $1"
    case $1 in
    mariadb) my_find_mariadb || return 1 ;;
    mysql) my_find_mysql || return 1 ;;
    *) return 1 ;;
    esac
    MY_WHY='free ports are looked for with perl'
    command -v perl >/dev/null && perl -MIO::Socket::INET -e 1 2>/dev/null || return 1
    MY_WHY=
}

# Free ports of the loopback, below those that the kernel gives to connections going out.
my_free_ports() {
    perl -MIO::Socket::INET -e 'while (@s < $ARGV[0]) {
        push @s, IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1",
            LocalPort => 10240 + int rand 20000) || ();
    }
    print join(" ", map { $_->sockport } @s), "\n"' "$1"
}

# A server refuses to run as root unless that is said.
my_user() {
    [ "$(id -u)" -ne 0 ] || echo --user=root
}

my_pid() {
    cat "$MY_DIR/$1.pid" 2>/dev/null
}

my_alive() {
    my_one=$(my_pid "$1") && kill -0 "$my_one" 2>/dev/null
}

my_signal() {
    my_one=$(my_pid "$1") && kill -s "$2" "$my_one" 2>/dev/null
}

my_query() {
    my_name=$1 my_text=$2
    shift 2
    "$MY_CLIENT" --no-defaults -u root -S "$MY_DIR/$my_name.sock" -N -B "$@" -e "$my_text"
}

my_sql() {
    my_query "$1" "$2" -D shop
}

sql_p() {
    my_sql "$my_primary" "$1"
}

sql_r() {
    my_sql replica "$1"
}

# my_up NAME: from NAME.cnf in MY_DIR; with more arguments for the server.
my_up() {
    my_name=$1
    shift
    # shellcheck disable=SC2046
    set -- --defaults-file="$MY_DIR/$my_name.cnf" $(my_user) "$@"
    case $MY_FLAVOUR in
    mysql) set -- "$mysql_loader" --library-path "$mysql_lib" "$mysql_tree/usr/sbin/mysqld" "$@" ;;
    *) set -- "$my_mariadbd" "$@" ;;
    esac
    # It dies with the test, however that ends; in a session of its own, so that an
    # interrupted test stops it itself.
    # shellcheck disable=SC2031
    (cd / && PATH=$SRCDIR/tests/servers:$PATH && exec setsid setpriv --pdeathsig=KILL "$@") >>"$MY_DIR/$my_name.log" 2>&1 </dev/null &
    echo $! >"$MY_DIR/$my_name.pid"
    case " $MY_NAMES " in
    *" $my_name "*) ;;
    *) MY_NAMES="$MY_NAMES $my_name" ;;
    esac
    my_tries=${MY_PATIENCE:-600}
    until my_query "$my_name" 'SELECT 1' >/dev/null 2>&1; do
        my_tries=$((my_tries - 1))
        if [ "$my_tries" -le 0 ] || ! my_alive "$my_name"; then
            my_say "$my_name did not start:"
            my_show "$MY_DIR/$my_name.log"
            return 1
        fi
        sleep 0.05
    done
}

# A replica that waits for more would keep MySQL from ending for 10 s.
my_end_dumps() {
    for my_dump in $(my_query "$1" "SELECT processlist_id FROM performance_schema.threads
        WHERE processlist_command LIKE 'Binlog Dump%'" 2>/dev/null); do
        my_query "$1" "KILL $my_dump" 2>/dev/null
    done
}

# my_down NAME [MODE]: asks harder after 20 s.
my_down() {
    my_alive "$1" || return 0
    case ${2:-fast} in
    kill) my_signal "$1" KILL ;;
    *)
        [ "$MY_FLAVOUR" != mysql ] || my_end_dumps "$1"
        my_signal "$1" TERM && my_signal "$1" CONT
        ;;
    esac
    my_tries=400
    while my_alive "$1"; do
        my_tries=$((my_tries - 1))
        [ "$my_tries" -gt 0 ] || my_signal "$1" KILL
        sleep 0.05
    done
    wait "$(my_pid "$1")" 2>/dev/null
    rm -f "$MY_DIR/$1.pid"
}

my_stop_all() {
    my_status=$?
    for my_name in $MY_NAMES; do my_signal "$my_name" KILL; done
    for my_name in $MY_NAMES; do my_down "$my_name" kill; done
    if [ "$MY_DIR_IS_OURS" = yes ] && [ -n "$MY_DIR" ] && [ -z "${MY_KEEP:-}" ]; then
        rm -rf "$MY_DIR"
    fi
    # the exit status of the test that ends
    return "$my_status"
}

my_make_folder() {
    MY_DIR=${1:-}
    if [ -z "$MY_DIR" ]; then
        # short, for a socket's path has room for about 100 characters
        MY_DIR=$(mktemp -d /tmp/nm.XXXXXX) || return 1
        MY_DIR_IS_OURS=yes
    elif [ "${#MY_DIR}" -gt 80 ]; then
        my_say "$MY_DIR is too long for a socket"
        return 1
    else
        mkdir -p "$MY_DIR" || return 1
    fi
    MY_OPTION_FILE=$MY_DIR/my.cnf
    (umask 077 && printf '[client]\nuser = newel\npassword = "%s"\n' "$MY_PASSWORD" >"$MY_OPTION_FILE")
}

my_config_mariadb() {
    cat <<CONF
binlog_format = ROW
innodb_log_file_size = 16M
CONF
}

my_config_mysql() {
    mysql_places
    cat <<CONF
mysqlx = OFF
secure_file_priv = ''
gtid_mode = ON
enforce_gtid_consistency = ON
innodb_redo_log_capacity = 64M
CONF
}

# my_config NAME NUMBER PORT: writes NAME.cnf; more lines come from standard input.
my_config() {
    # MariaDB clears what others have left in a folder of temporary tables when it starts
    mkdir -p "$MY_DIR/$1.tmp" || return 1
    {
        cat <<CONF
[mysqld]
server_id = $2
datadir = $MY_DIR/$1
tmpdir = $MY_DIR/$1.tmp
socket = $MY_DIR/$1.sock
port = $3
bind_address = 127.0.0.1
skip_name_resolve = ON
log_bin = binlog
relay_log = relay
sync_binlog = ${MY_DURABLE:-0}
innodb_flush_log_at_trx_commit = $((${MY_DURABLE:-0} ? 1 : 2))
innodb_doublewrite = ${MY_DURABLE:-0}
innodb_buffer_pool_size = 64M
max_connections = 100
local_infile = ON
CONF
        "my_config_$MY_FLAVOUR"
        cat
        cat "${MY_EXTRA_CNF:-/dev/null}"
    } >"$MY_DIR/$1.cnf"
}

# my_base_FLAVOUR: prints the folder of an empty server's files, which every server starts from.
my_base_mariadb() {
    # shellcheck disable=SC2046
    "$my_install_db" --no-defaults $(my_user) --datadir="$MY_DIR/base" --skip-test-db \
        --auth-root-authentication-method=normal --skip-name-resolve \
        --innodb-log-file-size=16M --innodb-flush-method=nosync >"$MY_DIR/base.log" 2>&1 || {
        my_show "$MY_DIR/base.log"
        return 1
    }
    echo "$MY_DIR/base"
}

my_base_mysql() {
    mysql_base
}

# my_copy NAME: its files, as empty as the base
my_copy() {
    rm -rf "${MY_DIR:?}/$1"
    cp -R --preserve=mode --reflink=auto "$my_base" "$MY_DIR/$1" &&
        # MySQL's identity: two servers may not share one
        rm -f "$MY_DIR/$1/auto.cnf"
}

my_accounts() {
    for my_host in localhost 127.0.0.1; do
        echo "CREATE USER newel@'$my_host' IDENTIFIED BY '$MY_PASSWORD';"
        echo "GRANT ALL ON *.* TO newel@'$my_host' WITH GRANT OPTION;"
    done
    echo "CREATE USER replicator@'127.0.0.1' IDENTIFIED BY '$MY_PASSWORD';"
    echo "GRANT REPLICATION SLAVE ON *.* TO replicator@'127.0.0.1';"
    echo 'CREATE DATABASE shop;'
}

# my_begin FLAVOUR [DIR]: what comes before any server
my_begin() {
    my_find "$1" || {
        my_say "$MY_WHY"
        return 1
    }
    MY_FLAVOUR=$1 MY_NAMES='' MY_REPLICA_SOCKET='' MY_REPLICA_PORT='' my_primary=primary
    trap my_stop_all EXIT
    trap 'exit 130' INT PIPE
    trap 'exit 143' TERM HUP
    my_make_folder "${2:-}" && my_base=$("my_base_$1")
}

my_primary_start() {
    my_begin "$@" || return 1
    MY_PRIMARY_SOCKET=$MY_DIR/primary.sock
    MY_PRIMARY_PORT=$(my_free_ports 1) || return 1
    export MY_PRIMARY_SOCKET MY_PRIMARY_PORT
    my_copy primary && my_config primary 1 "$MY_PRIMARY_PORT" </dev/null && my_up primary &&
        my_query primary "$(my_accounts)"
}

my_replica_start() {
    my_up replica
}

my_replica_stop() {
    my_down replica "$@"
}

my_primary_stop() {
    my_down primary "$@"
}

my_primary_restart() {
    my_down primary "$@"
    my_up primary
}

my_follow_mariadb() {
    my_query replica "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = $MY_PRIMARY_PORT,
        MASTER_USER = 'replicator', MASTER_PASSWORD = '$MY_PASSWORD', MASTER_CONNECT_RETRY = 1,
        MASTER_USE_GTID = slave_pos; START SLAVE"
}

my_follow_mysql() {
    my_query replica "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1',
        SOURCE_PORT = $MY_PRIMARY_PORT, SOURCE_USER = 'replicator',
        SOURCE_PASSWORD = '$MY_PASSWORD', SOURCE_CONNECT_RETRY = 1, GET_SOURCE_PUBLIC_KEY = 1,
        SOURCE_AUTO_POSITION = 1; START REPLICA"
}

# It has the accounts and the database from the primary's binary log.
my_pair_up() {
    MY_REPLICA_SOCKET=$MY_DIR/replica.sock
    MY_REPLICA_PORT=$(my_free_ports 1) || return 1
    export MY_REPLICA_SOCKET MY_REPLICA_PORT
    my_word=slave
    [ "$MY_FLAVOUR" != mysql ] || my_word=replica
    my_copy replica && my_config replica 2 "$MY_REPLICA_PORT" <<CONF || return 1
read_only = ON
log_slave_updates = ON
${my_word}_net_timeout = 5
CONF
    my_up replica && "my_follow_$MY_FLAVOUR" && my_wait_replica 10
}

my_pair_start() {
    my_primary_start "$@" || return 1
    my_pair_up || {
        my_say 'the replica does not replicate'
        return 1
    }
}

my_wait_replica() {
    case $MY_FLAVOUR in
    mysql)
        my_gtid=$(my_query primary 'SELECT @@GLOBAL.gtid_executed') || return 1
        my_waited="WAIT_FOR_EXECUTED_GTID_SET('$my_gtid', ${1:-10})"
        ;;
    *)
        my_gtid=$(my_query primary 'SELECT @@gtid_binlog_pos') || return 1
        my_waited="MASTER_GTID_WAIT('$my_gtid', ${1:-10})"
        ;;
    esac
    [ "$(my_query replica "SELECT $my_waited")" = 0 ]
}
