#!/bin/sh
# Who may include whom, who may speak SQL, and which files neither ask the clock
# nor touch a file. Each rule prints its violations; it is also held against a
# small tree in which it is broken, so that a rule that finds nothing is no rule.

set -u
LC_ALL=C
export LC_ALL
root=${SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}

# What the files of a folder may include. No entry: everything is a violation.
allowed() {
    case $1 in
    base) echo base ;;
    journal) echo base journal ;;
    ui) echo base journal ui ;;
    db) echo base db ;;
    dialect) echo base db dialect ;;
    plan) echo base db dialect plan ;;
    engine) echo base db dialect plan journal engine ;;
    report) echo base journal ui report ;;
    cli) echo base journal ui db dialect plan engine report cli ;;
    main.c) echo base cli ;;
    esac
}

sources() {
    (cd "$root" && find src ui -name '*.[ch]' 2>/dev/null | sort)
}

# The first folder below src/, "ui", or the file's name where it lies in src/ itself.
part_of() {
    case $1 in
    ui/*) echo ui ;;
    *) echo "$1" | cut -d/ -f2 ;;
    esac
}

include_graph() {
    for file in $(sources); do
        may=" $(allowed "$(part_of "$file")") "
        sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$root/$file" |
            while read -r header; do
                case $header in
                config.h) continue ;;
                */*) ;;
                *) echo "$file: \"$header\" names no folder"; continue ;;
                esac
                case $may in
                *" ${header%%/*} "*) ;;
                *) echo "$file: may not include \"$header\"" ;;
                esac
            done
    done
}

# angle_only HEADERS WHERE...: <HEADERS> (a pattern) are included only by files that match.
angle_only() {
    pattern=$1
    shift
    for file in $(sources); do
        for place in "$@"; do
            # shellcheck disable=SC2254
            case $file in
            $place) continue 2 ;;
            esac
        done
        grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($pattern)[>\"]" "$root/$file" |
            sed "s|^|$file:|"
    done
}

ncurses_only_in_ui() {
    angle_only '(ncursesw?/)?(n?curses|term|panel|menu|form)\.h' 'ui/*'
}

drivers_only_in_db() {
    angle_only '(postgresql/)?libpq(-fe|-events|/.*)\.h' 'src/db/*'
    angle_only '((mysql|mariadb)/)?(mysql|mysqld_error|errmsg)\.h' 'src/db/*'
}

sql_only_in_the_dialect() {
    verbs='SELECT|UPDATE|INSERT|ALTER|CREATE|DROP|DELETE|EXPLAIN|VALIDATE'
    for file in $(sources); do
        case $file in
        # a driver may ask its own connection who it is
        src/dialect/* | src/db/db_mysql.c | src/db/db_pg.c | src/cli/demo*.c) continue ;;
        esac
        grep -nE "\"($verbs) " "$root/$file" | sed "s|^|$file:|"
    done
}

# Without strings and comments of one line, where such a word is only a word.
code_of() {
    sed 's/"\([^"\\]\|\\.\)*"/""/g; s|/\*.*\*/||; s|//.*||; s|^ \*.*||' "$1"
}

pure_files_do_nothing() {
    calls='clock_wall_us|clock_mono_us|clock_sleep_us|time|clock_gettime|gettimeofday'
    calls="$calls|fopen|fread|fwrite|fgets|fprintf|printf|puts|open|openat|read|write|recv|send|poll"
    calls="$calls|getenv|rand|random|sleep|usleep|nanosleep"
    for file in $(sources); do
        case $file in
        src/engine/pace.c | src/engine/throttle.c | src/engine/query_plan.c | \
            src/engine/plan_change.c | src/dialect/statement_text.c | src/plan/plan.c | \
            src/journal/model*.c | \
            ui/screen_*.c) ;;
        *) continue ;;
        esac
        code_of "$root/$file" | grep -nE "(^|[^A-Za-z0-9_>.])($calls)\(" | sed "s|^|$file:|"
    done
}

# ---- the tests ---------------------------------------------------------------

count=0
failed=0

# report TITLE FOUND WANTED: FOUND is a list of violations, WANTED their number.
report() {
    count=$((count + 1))
    lines=$(printf '%s' "$2" | grep -c '')
    if [ "$lines" -eq "$3" ]; then
        echo "ok $count - $1"
        return
    fi
    failed=1
    echo "not ok $count - $1"
    echo "# $lines found, $3 expected"
    printf '%s\n' "$2" | sed 's/^/# /'
}

echo 1..11

# nothing is found in an empty folder either
report 'the sources are there' "$(sources | grep -Fx src/base/mem.c)" 1
for rule in include_graph ncurses_only_in_ui drivers_only_in_db sql_only_in_the_dialect \
    pure_files_do_nothing; do
    report "$rule" "$($rule)" 0
done

planted=$(mktemp -d) || exit 99
trap 'rm -rf "$planted"' EXIT
root=$planted
for part in base journal db dialect plan engine cli; do
    mkdir -p "$root/src/$part"
done
mkdir "$root/ui"

plant() {
    cat >"$root/$1"
}
plant src/base/a.c <<'C'
#include "config.h"
#include "base/mem.h"
#include "journal/event.h"
C
plant src/journal/a.c <<'C'
#include "ui/canvas.h"
# include "db/db.h"
C
plant ui/a.c <<'C'
#include "engine/pace.h"
#include "journal/model.h"
#include "ui/canvas.h"
#include "canvas.h"
C
plant src/engine/a.h <<'C'
#include "ui/canvas.h"
#include "journal/journal.h"
C
plant src/main.c <<'C'
#include "cli/cli.h"
#include "engine/run.h"
C
plant src/cli/a.c <<'C'
#include "engine/run.h"
#include "ui/canvas.h"
#include <ncurses.h>
#include <libpq-fe.h>
#include <mysql/mysql.h>
static const char *sql = "DROP TABLE t";
C
plant src/dialect/a.c <<'C'
static const char *sql = "SELECT 1";
C
plant src/cli/demo_pg.c <<'C'
static const char *sql = "CREATE TABLE t (id int)";
C
plant src/db/db_pg.c <<'C'
#include <libpq-fe.h>
C
plant src/engine/pace.c <<'C'
/* its time (of day) is none of its business: time(NULL) */
static const char *why = "at time(s) of rest";
int64_t a = clock_mono_us();
int64_t b = time(NULL);
int64_t c = by_time(1) + p->read(2) + x.open(3);
FILE *f = fopen(why, "r");
C
plant src/engine/other.c <<'C'
int64_t a = clock_mono_us();
C
report 'include_graph finds what is planted' "$(include_graph)" 7
report 'ncurses_only_in_ui finds what is planted' "$(ncurses_only_in_ui)" 1
report 'drivers_only_in_db finds what is planted' "$(drivers_only_in_db)" 2
report 'sql_only_in_the_dialect finds what is planted' "$(sql_only_in_the_dialect)" 1
report 'pure_files_do_nothing finds what is planted' "$(pure_files_do_nothing)" 3

exit $failed
