#!/bin/sh
# The tests in which threads meet, under ThreadSanitizer: make check-threads [THREADS_TESTS="run keys"]
#
# Builds newel anew in threads/ of the build folder. One line a test; what ThreadSanitizer has to
# say is in threads/report.*, and a single word of it is a failure. BUILD, SRCDIR as for the tests.
set -u
folder=$BUILD/threads
passed=0 failed=0
mkdir -p "$folder" && cd "$folder" || exit 1
if [ ! -f Makefile ]; then
    "$SRCDIR/configure" -q --enable-sanitizers=thread CFLAGS='-g -O1' || exit 1
fi
make -s newel || exit 1
rm -f report.*
export NEWEL="$folder/newel" TSAN_OPTIONS="log_path=$folder/report halt_on_error=0 exitcode=0"

reports() {
    find "$folder" -name 'report.*' | wc -l
}
for name in ${THREADS_TESTS:-run locks keys replica partitions approve disconnect plans_pg blocker kill two_engines \
    mariadb_run mysql_run mysql_storm mariadb_locks mysql_partitions live}; do
    for path in "$SRCDIR/tests/integration/$name.sh" "$SRCDIR/tests/fault/$name.sh" \
        "$SRCDIR/tests/console/$name.sh"; do
        [ ! -f "$path" ] || break
    done
    before=$(reports)
    timeout 900 sh "$path" >"$folder/$name.log" 2>&1
    status=$?
    bad=$(grep -c '^not ok' "$folder/$name.log")
    if [ "$status" -eq 0 ] && [ "$bad" -eq 0 ] && [ "$(reports)" -eq "$before" ]; then
        passed=$((passed + 1))
        echo "$name: passed ($(grep -c '^ok' "$folder/$name.log") checks)"
    else
        failed=$((failed + 1))
        echo "$name: FAILED ($bad checks, exit $status, $(($(reports) - before)) reports): $folder/$name.log"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
