#!/usr/bin/env bash
# Every fuzzer, one after the other: built with clang's libFuzzer, AddressSanitizer
# and UBSan, run for SECONDS_EACH (30) seconds. Stops at the first that finds something.
#
#   tests/fuzz/run.sh [NAME...]     NAME: fuzz_ini; all without
#   BUILD=FOLDER                    holds config.h; default: the folder one stands in
#   CORPUS=FOLDER                   keeps what was learned; default: thrown away
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${BUILD:-$PWD}
seconds=${SECONDS_EACH:-30}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
corpus=${CORPUS:-$work/corpus}

command -v "${CLANG:=clang}" >/dev/null || {
    echo "fuzz: $CLANG is not here" >&2
    exit 77
}
[[ -f $build/config.h ]] || {
    echo "fuzz: no config.h in $build: configure first, and set BUILD" >&2
    exit 2
}
read -ra libraries <<<"$(pkg-config --libs libpq jansson inih libcrypto)"
read -ra includes <<<"$(pkg-config --cflags libpq jansson inih libcrypto)"
flags=(-std=gnu11 -D_GNU_SOURCE -g -O1 '-fsanitize=address,undefined' -fno-sanitize-recover=all
    '-DSYSCONFDIR="/etc"' "-I$build" "-I$top/src" "-I$top" "${includes[@]}")

# All that needs no terminal and no engine; the linker takes what a fuzzer calls.
objects() {
    local source object
    mkdir -p "$work/objects"
    for source in "$top"/src/{base,journal,db,dialect,plan}/*.c; do
        object=${source#"$top"/src/}
        object=$work/objects/${object//\//_}.o
        "$CLANG" "${flags[@]}" -fsanitize=fuzzer-no-link -c "$source" -o "$object"
    done
    ar rcs "$work/libnewel.a" "$work"/objects/*.o
}

objects
found=0
for source in "$top"/tests/fuzz/fuzz_*.c; do
    name=$(basename "$source" .c)
    if (($#)) && [[ " $* " != *" $name "* ]]; then
        continue
    fi
    found=1
    seeds=()
    for folder in "$top/tests/fuzz/${name#fuzz_}" "$top/config"; do
        if [[ -d $folder ]]; then seeds+=("$folder"); fi
    done
    "$CLANG" "${flags[@]}" -fsanitize=fuzzer "$source" "$work/libnewel.a" \
        "${libraries[@]}" -lm -pthread -o "$work/$name"
    mkdir -p "$corpus/$name"
    echo "fuzz: $name, $seconds s"
    # crashes are kept where one stands
    "$work/$name" -max_total_time="$seconds" -max_len=16384 -print_final_stats=1 \
        "-artifact_prefix=$build/$name-" "$corpus/$name" "${seeds[@]}" 2>"$work/$name.log" || {
        cat "$work/$name.log"
        echo "fuzz: $name found something; what it was fed is in $build" >&2
        exit 1
    }
    grep -E 'stat::number_of_executed_units|DONE' "$work/$name.log" || true
done
((found)) || {
    echo 'fuzz: no such fuzzer' >&2
    exit 2
}
