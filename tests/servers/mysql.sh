# MySQL from Debian sid, in a folder of its own: sourced by my.sh. POSIX sh.
#
#   mysql_find            false when it cannot be had: why is in MY_WHY
#   mysql_run ARGS...     the server's program
#   mysql_base            an initialized, empty server's files: prints their folder
#
# debootstrap gets it once, as root and from the mirror that apt uses, into NEWEL_MYSQL_DIR
# (default: newel/mysql-sid below the user's cache); from then on anyone may run it, for the
# server runs with that folder's own loader and libraries and not in a chroot.
# shellcheck shell=sh

mysql_tree=${NEWEL_MYSQL_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/newel/mysql-sid}
mysql_lib=

mysql_mirror() {
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        awk '$1 == "Debian" || $NF ~ "/debian/$" { print $NF; exit }'
}

mysql_throw_away() {
    # what debootstrap leaves mounted when it is interrupted
    for mysql_mount in proc sys; do
        ! mountpoint -q "$1/$mysql_mount" || umount "$1/$mysql_mount" || return 1
    done
    rm -rf --one-file-system "$1"
}

mysql_initialize() {
    # shellcheck disable=SC2046
    mysql_run --no-defaults $(my_user) --initialize-insecure --datadir="$1" \
        --basedir="$mysql_tree/usr" --lc-messages-dir="$mysql_tree/usr/share/mysql" \
        --innodb-redo-log-capacity=16M --innodb-doublewrite=OFF >"$1.log" 2>&1 && rm "$1.log"
}

# One at a time does it; who failed says why to those that come soon after.
mysql_fetch() {
    mysql_new=$mysql_tree.new
    mysql_throw_away "$mysql_new" && rm -f "$mysql_tree.failed" || return 1
    if [ -z "${http_proxy:-}" ]; then
        eval "$(apt-config shell http_proxy Acquire::http::Proxy 2>/dev/null)"
        [ -z "${http_proxy:-}" ] || export http_proxy
    fi
    my_say "getting MySQL from Debian sid into $mysql_tree, which takes a minute"
    if PATH=$PATH:/usr/sbin:/sbin debootstrap --variant=minbase --include=mysql-server-core sid "$mysql_new" \
        "$(mysql_mirror)" >"$mysql_tree.log" 2>&1; then
        mv "$mysql_new" "$mysql_tree"
    else
        tail -n 1 "$mysql_tree.log" >"$mysql_tree.failed"
        mysql_throw_away "$mysql_new"
        return 1
    fi
}

mysql_make() (
    flock 9
    [ ! -x "$mysql_tree/usr/sbin/mysqld" ] || exit 0
    [ -z "$(find "$mysql_tree.failed" -mmin -10 2>/dev/null)" ] || exit 1
    mysql_fetch
) 9>"$mysql_tree.lock"

mysql_have() {
    [ ! -x "$mysql_tree/usr/sbin/mysqld" ] || return 0
    MY_WHY="no MySQL is in $mysql_tree, and"
    if ! command -v debootstrap >/dev/null && [ ! -x /usr/sbin/debootstrap ]; then
        MY_WHY="$MY_WHY debootstrap is missing, which gets it"
    elif [ "$(id -u)" -ne 0 ]; then
        MY_WHY="$MY_WHY only root can get it with debootstrap"
    elif [ -z "$(mysql_mirror)" ]; then
        MY_WHY="$MY_WHY apt names no mirror of Debian to get it from"
    elif ! mkdir -p "$(dirname "$mysql_tree")"; then
        MY_WHY="$MY_WHY its folder cannot be made"
    elif mysql_make; then
        return 0
    else
        MY_WHY="$MY_WHY it could not be got: $(cat "$mysql_tree.failed" 2>/dev/null || echo "$mysql_tree.log")"
    fi
    return 1
}

mysql_find() {
    mysql_have || return 1
    for mysql_loader in "$mysql_tree"/usr/lib/*/ld-linux*.so.*; do
        mysql_lib=$(dirname "$mysql_loader")
    done
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
