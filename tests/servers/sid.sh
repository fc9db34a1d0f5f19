# Programs of Debian sid, each in a folder of its own: sourced by my.sh. POSIX sh.
#
#   sid_have TREE FILE PACKAGES NAME
#                TREE has FILE, or gets PACKAGES (with commas); false when it cannot: why is in MY_WHY
#   sid_find TREE               sets sid_loader and sid_lib, the folder's own
#
# debootstrap gets them once, as root and from the mirror that apt uses. From then on anyone may
# run what is there: with that folder's own loader and libraries, and not in a chroot.
# shellcheck shell=sh

sid_mirror() {
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        awk '$1 == "Debian" || $NF ~ "/debian/$" { print $NF; exit }'
}

sid_throw_away() {
    # what debootstrap leaves mounted when it is interrupted
    for sid_mount in proc sys; do
        ! mountpoint -q "$1/$sid_mount" || umount "$1/$sid_mount" || return 1
    done
    rm -rf --one-file-system "$1"
}

# sid_fetch TREE PACKAGES: one at a time does it; who failed says why to those that come soon after
sid_fetch() {
    sid_throw_away "$1.new" && rm -f "$1.failed" || return 1
    if [ -z "${http_proxy:-}" ]; then
        eval "$(apt-config shell http_proxy Acquire::http::Proxy 2>/dev/null)"
        [ -z "${http_proxy:-}" ] || export http_proxy
    fi
    my_say "getting ${2%%,*} from Debian sid into $1, which takes a minute"
    if PATH=$PATH:/usr/sbin:/sbin debootstrap --variant=minbase --include="$2" sid "$1.new" \
        "$(sid_mirror)" >"$1.log" 2>&1; then
        mv "$1.new" "$1"
    else
        tail -n 1 "$1.log" >"$1.failed"
        sid_throw_away "$1.new"
        return 1
    fi
}

# sid_make TREE FILE PACKAGES
sid_make() (
    flock 9
    [ ! -e "$1/$2" ] || exit 0
    [ -z "$(find "$1.failed" -mmin -10 2>/dev/null)" ] || exit 1
    sid_fetch "$1" "$3"
) 9>"$1.lock"

sid_have() {
    [ ! -e "$1/$2" ] || return 0
    MY_WHY="no $4 is in $1, and"
    if ! command -v debootstrap >/dev/null && [ ! -x /usr/sbin/debootstrap ]; then
        MY_WHY="$MY_WHY debootstrap is missing, which gets it"
    elif [ "$(id -u)" -ne 0 ]; then
        MY_WHY="$MY_WHY only root can get it with debootstrap"
    elif [ -z "$(sid_mirror)" ]; then
        MY_WHY="$MY_WHY apt names no mirror of Debian to get it from"
    elif ! mkdir -p "$(dirname "$1")"; then
        MY_WHY="$MY_WHY its folder cannot be made"
    elif sid_make "$1" "$2" "$3"; then
        return 0
    else
        MY_WHY="$MY_WHY it could not be got: $(cat "$1.failed" 2>/dev/null || echo "$1.log")"
    fi
    return 1
}

sid_find() {
    for sid_loader in "$1"/usr/lib/*/ld-linux*.so.*; do
        # shellcheck disable=SC2034
        sid_lib=$(dirname "$sid_loader")
    done
}
