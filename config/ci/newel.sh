#!/bin/sh
# A pipeline's two questions, for any CI: are the migrations sound, and may the code that needs a
# column be deployed?
#
#   newel.sh lint [FOLDER]            every migration in FOLDER (migrations); needs no server
#   newel.sh gate ID PHASE [TIMEOUT]  waits until every target has completed PHASE (10m)
#
# Exit status: 0 yes, 1 no, 2 usage or configuration, 3 a server could not be asked.
# NEWEL names the binary, NEWEL_CONFIG the newel.ini, NEWEL_SARIF a file for findings as SARIF.
set -u
newel=${NEWEL:-newel}
config=${NEWEL_CONFIG:-newel.ini}

lint() {
    set -- "${1:-migrations}"/*.ini
    if [ ! -e "$1" ]; then
        echo "newel.sh: no migration in ${1%/*}" >&2
        return 2
    fi
    [ -z "${NEWEL_SARIF:-}" ] || "$newel" lint --sarif "$@" >"$NEWEL_SARIF"
    "$newel" lint "$@"
}

case ${1:-} in
lint)
    lint "${2:-}"
    ;;
gate)
    if [ $# -lt 3 ]; then
        echo 'usage: newel.sh gate ID PHASE [TIMEOUT]' >&2
        exit 2
    fi
    "$newel" gate -c "$config" --timeout "${4:-10m}" "$2" "$3"
    ;;
*)
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p;}' "$0" >&2
    exit 2
    ;;
esac
