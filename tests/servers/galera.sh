# Three nodes of Galera (MariaDB) for tests: sourced by my.sh. POSIX sh.
#
#   galera_find              false when they cannot be had: why is in MY_WHY
#   galera_start [DIR]       all three; sql_p asks the first, sql_n N SQL the Nth
#   galera_node_stop N [MODE]   galera_node_start N (it takes what it missed from another)
#   galera_freeze N   galera_thaw N
#   galera_size N            how many nodes the Nth sees, 0 when it is in no primary component
#   galera_is_synced N
#
# Sets GALERA_1_SOCKET, GALERA_1_PORT and so on for 2 and 3, and MY_PRIMARY_SOCKET and
# MY_PRIMARY_PORT to the first node's; MY_FLAVOUR is mariadb. The servers' names are node1 to node3.
# A node that is lost is given up after 2 s. GALERA_LIB is the wsrep provider.
# shellcheck shell=sh

galera_find() {
    my_find mariadb || return 1
    MY_WHY='no Galera library is installed'
    for galera_at in "${GALERA_LIB:-}" /usr/lib/galera/libgalera_smm.so /usr/lib/libgalera_smm.so \
        /usr/lib64/galera-4/libgalera_smm.so; do
        if [ -r "$galera_at" ]; then
            GALERA_LIB=$galera_at
            MY_WHY=
            return 0
        fi
    done
    return 1
}

# galera_config N PORT PORT PORT ADDRESS: ports of the server, the group and incremental transfers
galera_config() {
    eval "GALERA_$1_SOCKET=\$MY_DIR/node$1.sock GALERA_$1_PORT=$2"
    my_config "node$1" "$1" "$2" <<CONF
innodb_autoinc_lock_mode = 2
log_slave_updates = ON
wsrep_on = ON
wsrep_provider = $GALERA_LIB
wsrep_provider_options = "gcache.size=16M;evs.suspect_timeout=PT2S;evs.inactive_timeout=PT4S;evs.keepalive_period=PT0.5S;evs.inactive_check_period=PT0.5S;gmcast.listen_addr=tcp://127.0.0.1:$3;ist.recv_addr=127.0.0.1:$4"
wsrep_cluster_name = newel
wsrep_cluster_address = $5
wsrep_node_name = node$1
wsrep_node_address = 127.0.0.1:$3
wsrep_sst_method = copy
CONF
}

galera_start() {
    galera_find || {
        my_say "$MY_WHY"
        return 1
    }
    my_begin mariadb "$@" || return 1
    # shellcheck disable=SC2046
    set -- $(my_free_ports 9)
    galera_address="gcomm://127.0.0.1:$2,127.0.0.1:$5,127.0.0.1:$8"
    galera_config 1 "$1" "$2" "$3" "$galera_address"
    galera_config 2 "$4" "$5" "$6" "$galera_address"
    galera_config 3 "$7" "$8" "$9" "$galera_address"
    MY_PRIMARY_SOCKET=$GALERA_1_SOCKET
    MY_PRIMARY_PORT=$GALERA_1_PORT
    my_primary=node1
    for galera_n in 1 2 3; do my_copy "node$galera_n" || return 1; done
    my_up node1 --wsrep-new-cluster && my_query node1 "$(my_accounts)" &&
        galera_node_start 2 && galera_node_start 3
}

sql_n() {
    my_sql "node$1" "$2"
}

galera_status() {
    my_query "node$1" "SELECT variable_value FROM information_schema.global_status
        WHERE variable_name = '$2'"
}

galera_is_synced() {
    [ "$(galera_status "$1" wsrep_local_state_comment)" = Synced ]
}

galera_size() {
    if [ "$(galera_status "$1" wsrep_cluster_status)" = Primary ]; then
        galera_status "$1" wsrep_cluster_size
    else
        echo 0
    fi
}

galera_node_start() {
    my_up "node$1" || return 1
    my_tries=200
    until galera_is_synced "$1"; do
        my_tries=$((my_tries - 1))
        [ "$my_tries" -gt 0 ] || {
            my_say "node$1 does not get in step"
            my_show "$MY_DIR/node$1.log"
            return 1
        }
        sleep 0.05
    done
}

galera_node_stop() {
    galera_n=$1
    shift
    my_down "node$galera_n" "$@"
}

galera_freeze() {
    my_signal "node$1" STOP
}

galera_thaw() {
    my_signal "node$1" CONT
}
