#!/usr/bin/env bash
# Filling a column of a loaded table, side by side in one run: newel, one
# whole-table UPDATE, and a plain keyset loop in psql with newel's batch size.
#
#   NEWEL=./newel SRCDIR=. tests/bench/run.sh     (make bench)
#
# BENCH_ROWS (1000000), BENCH_ROUNDS (3). It prints; it judges nothing.
set -euo pipefail
newel=${NEWEL:?}
rows=${BENCH_ROWS:-1000000}
rounds=${BENCH_ROUNDS:-3}
bin=${PG_BIN:-}
for found in /usr/lib/postgresql/*/bin; do
    [[ -n ${PG_BIN:-} ]] || bin=$found
done
dir=$(mktemp -d /tmp/nb.XXXXXX)
port=5432
as=()
server=

stop() {
    [[ -z $server ]] || { kill -INT "$server" 2>/dev/null && wait "$server" 2>/dev/null || true; }
    rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM

if ((EUID == 0)); then
    chown postgres "$dir"
    as=(setpriv --reuid postgres --regid postgres --clear-groups --)
fi
export PGHOST=$dir PGPORT=$port PGUSER=postgres PGOPTIONS='-c client_min_messages=error'
sql() { psql -XqAt -v ON_ERROR_STOP=1 -d "${2:-bench}" -c "$1"; }

start() {
    "${as[@]}" "$bin/initdb" -A trust -U postgres -D "$dir/data" >"$dir/initdb.log"
    "${as[@]}" "$bin/postgres" -D "$dir/data" -k "$dir" -p $port -c listen_addresses= \
        -c shared_buffers=1GB -c max_wal_size=4GB -c checkpoint_timeout=30min \
        -c autovacuum_naptime=1h >"$dir/server.log" 2>&1 &
    server=$!
    until psql -Xqc 'SELECT 1' postgres >/dev/null 2>&1; do
        kill -0 "$server" || { cat "$dir/server.log" >&2; exit 1; }
        sleep 0.1
    done
    sql 'CREATE DATABASE model_table' postgres
    psql -Xq -v ON_ERROR_STOP=1 -v rows="$rows" model_table <<'SQL'
CREATE TABLE people (id bigint PRIMARY KEY, account_id int NOT NULL, status smallint NOT NULL,
  first_name text NOT NULL, last_name text NOT NULL, email text NOT NULL, created timestamptz NOT NULL)
  WITH (autovacuum_enabled = off);
INSERT INTO people SELECT g, (g::bigint * 7919) % (:rows / 20), g % 5, 'first' || g, 'last' || g % 10000,
  'person' || g || '@example.org', timestamptz '2020-01-01' + g * interval '1 second'
  FROM generate_series(1, :rows) g;
CREATE INDEX ON people (account_id);
CREATE INDEX ON people (created);
VACUUM (FREEZE, ANALYZE) people;
SQL
}

# The same table, in cache, behind a checkpoint.
fresh() {
    sql 'DROP DATABASE IF EXISTS bench' postgres
    sql 'CREATE DATABASE bench TEMPLATE model_table STRATEGY file_copy' postgres
    sql 'SELECT count(*), count(email) FROM people' >/dev/null
    sql 'CHECKPOINT'
}

lsn() { sql "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"; }

# NAME SECONDS WAL P50_MS P99_MS: one line of raw figures
note() {
    sql 'SELECT pg_stat_force_next_flush()' >/dev/null 2>&1 || true
    sleep 1
    local sizes
    sizes=$(sql "SELECT pg_relation_size('people') || ' ' || pg_indexes_size('people') || ' ' ||
        (SELECT coalesce(round(100.0 * n_tup_hot_upd / nullif(n_tup_upd, 0), 1), 0)
         FROM pg_stat_user_tables WHERE relname = 'people')")
    local left
    left=$(sql 'SELECT count(*) FROM people WHERE full_name IS NULL')
    [[ $left == 0 ]] || { echo "$1 left $left rows" >&2; exit 1; }
    echo "$* $sizes" >>"$dir/figures"
}

percentiles() { sort -n | awk '{v[NR] = $1} END {printf "%.1f %.1f", v[int((NR + 1) / 2)], v[int(NR * 0.99) ? int(NR * 0.99) : 1]}'; }

run_update() {
    fresh
    sql 'ALTER TABLE people ADD COLUMN full_name text'
    local before after begin end
    before=$(lsn)
    begin=$(date +%s%N)
    sql "UPDATE people SET full_name = first_name || ' ' || last_name"
    end=$(date +%s%N)
    after=$(lsn)
    note update "$(((end - begin) / 1000))" "$((after - before))" - -
}

run_loop() {
    fresh
    sql 'ALTER TABLE people ADD COLUMN full_name text'
    local before after begin end batch=$1
    {
        echo '\set last 0'
        echo '\timing on'
        for ((i = 0; i * batch < rows; i++)); do
            echo "WITH b AS MATERIALIZED (SELECT id FROM people WHERE id > :last AND full_name IS NULL ORDER BY id LIMIT $batch), u AS (UPDATE people SET full_name = first_name || ' ' || last_name FROM b WHERE people.id = b.id RETURNING people.id) SELECT max(id) AS last FROM u \\gset"
        done
    } >"$dir/loop.sql"
    before=$(lsn)
    begin=$(date +%s%N)
    psql -XqAt -v ON_ERROR_STOP=1 -d bench -f "$dir/loop.sql" >"$dir/loop.out"
    end=$(date +%s%N)
    after=$(lsn)
    # shellcheck disable=SC2046
    note psql "$(((end - begin) / 1000))" "$((after - before))" \
        $(sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' "$dir/loop.out" | percentiles)
}

run_newel() {
    fresh
    rm -rf "$dir/state"
    printf '[newel]\nstate_dir = %s/state\n[target bench]\nengine = postgresql\ndsn = host=%s port=%s user=postgres dbname=bench\n' \
        "$dir" "$dir" "$port" >"$dir/newel.ini"
    printf "[migration]\nid = bench\ntable = people\n[column]\nname = full_name\ntype = text\n[backfill]\nvalue = first_name || ' ' || last_name\n" \
        >"$dir/migration.ini"
    "$newel" run -c "$dir/newel.ini" --headless --yes --until backfill "$dir/migration.ini" \
        >"$dir/newel.out" 2>&1 &
    local pid=$! memory=0 now
    while kill -0 "$pid" 2>/dev/null; do
        now=$(awk '/VmHWM/ {print $2}' "/proc/$pid/status" 2>/dev/null || true)
        [[ -z $now ]] || memory=$now
        sleep 0.2
    done
    wait "$pid" || { cat "$dir/newel.out" >&2; exit 1; }
    local journal=("$dir"/state/bench/*.jsonl)
    # from "backfill running" to "backfill done", and every batch in between
    awk -v out="$dir/batches" '
        function number(key,  at) {
            at = index($0, "\"" key "\":")
            return at ? substr($0, at + length(key) + 3) + 0 : 0
        }
        /"event":"phase"/ && /"phase":"backfill"/ && /"state":"running"/ && !begin { begin = number("time") }
        /"event":"phase"/ && /"phase":"backfill"/ && /"state":"done"/ { end = number("time") }
        /"event":"batch"/ { print number("us") / 1000, number("updated") >out; wal += number("wal") }
        END { printf "%.0f %.0f\n", end - begin, wal }' "${journal[0]}" >"$dir/span"
    local span wal
    read -r span wal <"$dir/span"
    batch=$(awk '{print $2}' "$dir/batches" | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}')
    # shellcheck disable=SC2046
    note newel "$span" "$wal" $(awk '{print $1}' "$dir/batches" | percentiles)
    echo "$memory" >>"$dir/memory"
}

# A console on an engine that waits for a yes: its share of a core, and its memory.
run_console() {
    command -v tmux >/dev/null || { echo 'console: tmux is missing, not measured'; return 0; }
    fresh
    rm -rf "$dir/state"
    tmux -S "$dir/tmux" -f /dev/null new-session -d -x 120 -y 40 \
        "exec $newel run -c $dir/newel.ini $dir/migration.ini"
    local pid ticks=() memory
    pid=$(tmux -S "$dir/tmux" list-panes -F '#{pane_pid}')
    sleep 3
    for _ in 1 2; do
        ticks+=("$(awk '{print $14 + $15}' "/proc/$pid/stat")")
        [[ ${#ticks[@]} == 2 ]] || sleep 10
    done
    memory=$(awk '/VmRSS/ {print $2}' "/proc/$pid/status")
    "$newel" ctl -c "$dir/newel.ini" bench stop >/dev/null
    tmux -S "$dir/tmux" kill-server
    awk -v t=$((ticks[1] - ticks[0])) -v hz="$(getconf CLK_TCK)" -v kb="$memory" 'BEGIN {
        printf "console: %.1f %% of a core when idle (expected <= 1), %d kB resident\n", t / hz / 10 * 100, kb }'
}

table() {
    awk -v rows="$rows" -v batch="$batch" '
        function median(list,  n, v, i, j, t) {
            n = split(list, v, " ")
            for (i = 2; i <= n; i++)
                for (j = i; j > 1 && v[j - 1] + 0 > v[j] + 0; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
            return v[int((n + 1) / 2)]
        }
        {
            name[$1] = 1
            rate[$1] = rate[$1] " " rows * 1e6 / $2
            wal[$1] = wal[$1] " " $3 / rows
            p50[$1] = p50[$1] " " $4; p99[$1] = p99[$1] " " $5
            heap[$1] = heap[$1] " " $6 / 1048576; index_mb[$1] = index_mb[$1] " " $7 / 1048576
            hot[$1] = hot[$1] " " $8
        }
        END {
            printf "%-22s %10s %10s %9s %9s %7s %9s %9s\n", "", "rows/s", "WAL B/row", "heap MB", "index MB", "HOT %", "p50 ms", "p99 ms"
            split("newel update psql", order, " ")
            label["newel"] = "newel"; label["update"] = "one UPDATE"; label["psql"] = "psql loop, " batch " rows"
            for (i = 1; i <= 3; i++) {
                n = order[i]
                printf "%-22s %10.0f %10.0f %9.0f %9.0f %7s %9s %9s\n", label[n], median(rate[n]), median(wal[n]), median(heap[n]), median(index_mb[n]), median(hot[n]), median(p50[n]), median(p99[n])
            }
            printf "\nnewel / one UPDATE     %10.2f %10.2f %9.2f %9.2f\n", median(rate["newel"]) / median(rate["update"]), median(wal["newel"]) / median(wal["update"]), median(heap["newel"]) / median(heap["update"]), median(index_mb["newel"]) / median(index_mb["update"])
            printf "expected               %10s %10s %9s\n", ">= 0.95", "<= 0.75", "<= 0.70"
        }' "$dir/figures"
    printf 'engine: %s kB resident at most (expected <= 30720)\n' "$(sort -n "$dir/memory" | tail -n 1)"
}

start
printf 'newel bench: %s rows, %s rounds, %s, %s cores\n' "$rows" "$rounds" "$("$bin/postgres" --version)" "$(nproc)"
batch=1000
for ((round = 1; round <= rounds; round++)); do
    run_newel
    run_update
    run_loop "$batch"
done
table
run_console
