# MySQL from Debian sid, in a folder of its own: sourced by my.sh. POSIX sh.
#
#   mysql_find            false when it cannot be had: why is in MY_WHY
#   mysql_run ARGS...     the server's program
#   mysql_base            an initialized, empty server's files: prints their folder
#
# sid.sh gets it once into NEWEL_MYSQL_DIR (default: newel/mysql-sid below the user's cache), and
# says how it runs from there.
# shellcheck shell=sh

mysql_tree=${NEWEL_MYSQL_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/newel/mysql-sid}
mysql_lib=

mysql_initialize() {
    # shellcheck disable=SC2046
    mysql_run --no-defaults $(my_user) --initialize-insecure --datadir="$1" \
        --basedir="$mysql_tree/usr" --lc-messages-dir="$mysql_tree/usr/share/mysql" \
        --innodb-redo-log-capacity=16M --innodb-doublewrite=OFF >"$1.log" 2>&1 && rm "$1.log"
}

mysql_find() {
    sid_have "$mysql_tree" usr/sbin/mysqld mysql-server-core MySQL || return 1
    sid_find "$mysql_tree"
    # shellcheck disable=SC2154
    mysql_loader=$sid_loader mysql_lib=$sid_lib
    MY_WHY="MySQL in $mysql_tree does not run"
    mysql_run --no-defaults --version >/dev/null 2>&1 || return 1
    MY_WHY=
}

mysql_run() {
    "$mysql_loader" --library-path "$mysql_lib" "$mysql_tree/usr/sbin/mysqld" "$@"
}

# Made once for all tests where the folder may be written.
mysql_base() {
    mysql_data=$mysql_tree/var/lib/newel
    if [ -r "$mysql_data/private_key.pem" ]; then
        echo "$mysql_data"
        return
    fi
    mysql_initialize "$MY_DIR/base" || {
        my_show "$MY_DIR/base.log"
        return 1
    }
    # another test may be first: then this copy is one too many
    if mysql_copy=$(mktemp -d "$mysql_data.XXXXXX" 2>/dev/null); then
        cp -a "$MY_DIR/base/." "$mysql_copy" && mv -T "$mysql_copy" "$mysql_data" 2>/dev/null ||
            rm -rf "$mysql_copy"
    fi
    echo "$MY_DIR/base"
}

# What the server needs to know of where it lies.
mysql_places() {
    cat <<CONF
basedir = $mysql_tree/usr
lc_messages_dir = $mysql_tree/usr/share/mysql
character_sets_dir = $mysql_tree/usr/share/mysql/charsets
plugin_dir = $mysql_tree/usr/lib/mysql/plugin
CONF
}
