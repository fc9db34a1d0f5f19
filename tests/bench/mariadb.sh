#!/usr/bin/env bash
# Adding a column to a loaded table of MariaDB and filling it, side by side in one run: newel, one
# whole-table UPDATE, and pt-online-schema-change, which can add the column with a constant only.
# The primary has a replica, both write durably, and a steady load runs beside each of them.
#
#   NEWEL=./newel SRCDIR=. tests/bench/mariadb.sh     (make bench-mariadb)
#
# BENCH_ROWS (1000000), BENCH_ROUNDS (3), BENCH_RATE (50: the load's transactions a second),
# BENCH_LANES (1: newel's), BENCH_ONLY (newel update pt-osc: which of them run). It prints; it judges
# nothing.
set -euo pipefail
newel=${NEWEL:?}
rows=${BENCH_ROWS:-1000000}
rounds=${BENCH_ROUNDS:-3}
rate=${BENCH_RATE:-50}
lanes=${BENCH_LANES:-1}
read -ra candidates <<<"${BENCH_ONLY:-newel update pt-osc}"
dir=$(mktemp -d /tmp/nb.XXXXXX)
helpers=()

need() {
    command -v "$1" >/dev/null || {
        echo "bench: $1 is missing; on Debian: apt-get install $2" >&2
        rm -rf "$dir"
        exit 1
    }
}
need sysbench sysbench
need pt-online-schema-change percona-toolkit

# shellcheck source=tests/servers/my.sh
. "${SRCDIR:?}/tests/servers/my.sh"

stop() {
    local status=$?
    trap - EXIT
    ((${#helpers[@]} == 0)) || kill "${helpers[@]}" 2>/dev/null || true
    my_stop_all 2>/dev/null || true
    rm -rf "$dir"
    exit "$status"
}

# ---- the servers and their table -----------------------------------------------

cat >"$dir/extra.cnf" <<'CONF'
binlog_format = ROW
innodb_buffer_pool_size = 1G
innodb_buffer_pool_load_at_startup = OFF
innodb_buffer_pool_dump_at_shutdown = OFF
innodb_log_file_size = 1G
innodb_io_capacity = 2000
max_binlog_size = 1G
CONF

model() {
    export MY_DURABLE=1 MY_EXTRA_CNF=$dir/extra.cnf
    my_pair_start mariadb
    trap stop EXIT
    trap 'exit 130' INT PIPE
    trap 'exit 143' TERM HUP
    sql_p "
        CREATE TABLE people (id bigint PRIMARY KEY, account_id int NOT NULL, status smallint NOT NULL,
            first_name varchar(64) NOT NULL, last_name varchar(64) NOT NULL,
            email varchar(128) NOT NULL, created datetime NOT NULL, KEY (account_id), KEY (created))
            DEFAULT CHARSET utf8mb4;
        INSERT INTO people SELECT seq, seq * 7919 % ($rows DIV 20), seq % 5, concat('first', seq),
            concat('last', seq % 10000), concat('person', seq, '@example.org'),
            '2020-01-01' + INTERVAL seq SECOND FROM seq_1_to_$rows;
        ANALYZE TABLE people;
        CREATE TABLE dsns (id int PRIMARY KEY, parent_id int, dsn varchar(255) NOT NULL);
        INSERT INTO dsns VALUES (1, NULL, 'S=$MY_REPLICA_SOCKET,u=root');" >/dev/null
    "$MY_CLIENT" --no-defaults -u root -S "$MY_PRIMARY_SOCKET" -D shop <<'SQL'
-- One row says how late the replica is; both ends stop on its word.
CREATE TABLE beat (at datetime(6), go tinyint);
INSERT INTO beat VALUES (SYSDATE(6), 0);
DELIMITER //
CREATE PROCEDURE beat_on() BEGIN
    WHILE (SELECT go FROM beat) DO
        UPDATE beat SET at = SYSDATE(6) WHERE go;
        DO SLEEP(0.05);
    END WHILE;
END //
CREATE PROCEDURE worst_lag() BEGIN
    DECLARE lag, worst bigint DEFAULT 0;
    WHILE (SELECT go FROM beat) DO
        SELECT TIMESTAMPDIFF(MICROSECOND, at, SYSDATE(6)) INTO lag FROM beat;
        SET worst = GREATEST(worst, lag);
        DO SLEEP(0.02);
    END WHILE;
    SELECT worst;
END //
SQL
    my_wait_replica 600
    local name
    for name in primary replica; do
        my_down "$name"
        mv "$MY_DIR/$name" "$MY_DIR/$name.model"
    done
}

# The same files for each, and all of the table in memory.
fresh() {
    local name
    for name in primary replica; do
        my_down "$name"
        rm -rf "${MY_DIR:?}/$name"
        cp -R --preserve=mode --reflink=auto "$MY_DIR/$name.model" "$MY_DIR/$name"
    done
    sync
    for name in primary replica; do
        my_up "$name"
        my_sql "$name" "SELECT count(*), count(email) FROM people FORCE INDEX (PRIMARY);
            SELECT count(*) FROM people FORCE INDEX (account_id);
            SELECT count(*) FROM people FORCE INDEX (created)" >/dev/null
    done
    my_wait_replica 60
}

binlog_bytes() { sql_p 'SHOW BINARY LOGS' | awk '{ n += $2 } END { printf "%d", n }'; }

# ---- what runs beside a candidate -----------------------------------------------

# A transaction of an application: it reads, changes a row anywhere, and adds one at the end.
cat >"$dir/load.lua" <<'LUA'
sysbench.cmdline.options = { rows = {"rows of the table", 0}, stop = {"file that ends it", ""} }
local connection, me
local added = 0

function thread_init(thread)
    connection = sysbench.sql.driver():connect()
    me = thread
end

function sysbench.hooks.before_restart_event()
    connection:query("ROLLBACK")
end

function event()
    local file = io.open(sysbench.opt.stop)
    if file then
        file:close()
        return true
    end
    local id = sysbench.rand.uniform(1, sysbench.opt.rows)
    connection:query("BEGIN")
    connection:query("SELECT first_name, email FROM people WHERE id = " .. id)
    connection:query("SELECT count(status) FROM people WHERE account_id = " .. id % (sysbench.opt.rows / 20))
    connection:query("UPDATE people SET status = status + 1 WHERE id = " .. id)
    added = added + 1
    connection:query(string.format([[INSERT INTO people (id, account_id, status, first_name, last_name,
        email, created) VALUES (%d, %d, 0, 'new', 'person', 'new@example.org', NOW())]],
        sysbench.opt.rows + added * sysbench.opt.threads + me, id % (sysbench.opt.rows / 20)))
    connection:query("COMMIT")
end
LUA

beside_begin() {
    rm -f "$dir/stop"
    sql_p 'UPDATE beat SET go = 1, at = SYSDATE(6)'
    my_wait_replica
    sql_p 'CALL beat_on()' &
    helpers=($!)
    sql_r 'CALL worst_lag()' >"$dir/lag" &
    helpers+=($!)
    sysbench "$dir/load.lua" --db-driver=mysql --mysql-socket="$MY_PRIMARY_SOCKET" --mysql-user=root \
        --mysql-db=shop --threads=4 --rate="$rate" --time=0 --events=0 --percentile=99 \
        --rows="$rows" --stop="$dir/stop" run >"$dir/load" 2>&1 &
    helpers+=($!)
    sleep 1
}

# Sets p99 and lag, in milliseconds.
beside_end() {
    touch "$dir/stop"
    wait "${helpers[2]}" || { cat "$dir/load" >&2; exit 1; }
    sql_p 'UPDATE beat SET go = 0'
    wait "${helpers[0]}" "${helpers[1]}"
    helpers=()
    p99=$(awk '/99th percentile:/ { print $3 }' "$dir/load")
    lag=$(awk '{ printf "%.0f", $1 / 1000 }' "$dir/lag")
}

# ---- the candidates ---------------------------------------------------------------

run_update() {
    sql_p "ALTER TABLE people ADD COLUMN full_name varchar(130), ALGORITHM=INSTANT;
        UPDATE people SET full_name = concat(first_name, ' ', last_name)"
}

# As it comes, but for how it finds the replica and for not asking its maker for news.
run_pt-osc() {
    pt-online-schema-change --execute --no-version-check --max-lag=2s \
        --recursion-method=dsn=D=shop,t=dsns --alter "ADD COLUMN full_name varchar(130) DEFAULT 'first last'" \
        "S=$MY_PRIMARY_SOCKET,u=root,D=shop,t=people"
}

run_newel() {
    rm -rf "$dir/state"
    cat >"$dir/newel.ini" <<INI
[newel]
state_dir = $dir/state
[target bench]
engine = mysql
defaults_file = $MY_OPTION_FILE
socket = $MY_PRIMARY_SOCKET
database = shop
replica = socket=$MY_REPLICA_SOCKET
INI
    cat >"$dir/migration.ini" <<INI
[migration]
id = bench
table = people
[column]
name = full_name
type = varchar(130)
[backfill]
value = concat(first_name, ' ', last_name)
[batch]
lanes = $lanes
[throttle]
max_lag = 2s
INI
    "$newel" run -c "$dir/newel.ini" --headless --yes "$dir/migration.ini"
}

# How long each phase took, in seconds, and batches: PHASE SECONDS
note_phases() {
    awk 'function number(key,  at) { at = index($0, "\"" key "\":"); return at ? substr($0, at + length(key) + 3) + 0 : 0 }
        function text(key,  at, s) { at = index($0, "\"" key "\":\""); s = substr($0, at + length(key) + 4); return substr(s, 1, index(s, "\"") - 1) }
        /^\{"seq":[0-9]+,"time":[0-9]+,"event":"phase"/ {
            phase = text("phase")
            if (/"state":"running"/ && !(phase in began)) began[phase] = number("time")
            if (/"state":"done"/) printf "%s %.3f\n", phase, (number("time") - began[phase]) / 1e6
        }' "$dir"/state/bench/*.jsonl >>"$dir/phases"
}

# NAME SECONDS BINLOG LAG_MS P99_MS: one line of raw figures
measure() {
    local name=$1 before after begin end left
    fresh
    before=$(binlog_bytes)
    beside_begin
    begin=$(date +%s%N)
    "run_$name" >"$dir/out" 2>&1 || { cat "$dir/out" >&2; exit 1; }
    end=$(date +%s%N)
    beside_end
    after=$(binlog_bytes)
    # what the application adds once the trigger is gone has no value, and need not
    left=$(sql_p "SELECT count(*) FROM people WHERE full_name IS NULL AND id <= $rows")
    [[ $left == 0 ]] || { echo "$name left $left rows" >&2; exit 1; }
    echo "$name $(((end - begin) / 1000000)) $((after - before)) $lag $p99" >>"$dir/figures"
    [[ $name != newel ]] || note_phases
}

# The load with nothing beside it.
measure_quiet() {
    fresh
    beside_begin
    sleep 10
    beside_end
    echo "quiet - - $lag $p99" >>"$dir/figures"
}

table() {
    awk -v rows="$rows" '
        function median(list,  n, v, i, j, t) {
            n = split(list, v, " ")
            for (i = 2; i <= n; i++)
                for (j = i; j > 1 && v[j - 1] + 0 > v[j] + 0; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
            return v[int((n + 1) / 2)]
        }
        function ratio(label, a, b) {
            if (!(a in total) || !(b in total)) return
            printf "%-16s %8.2f %9.2f %11.2f %9.2f %8.2f\n", label, median(total[a]) / median(total[b]), median(total[b]) / median(total[a]), median(binlog[a]) / median(binlog[b]), median(lag[a]) / median(lag[b]), median(p99[a]) / median(p99[b])
        }
        FILENAME ~ /phases$/ {
            if (!($1 in phase)) order_of[++phases] = $1
            phase[$1] = phase[$1] " " $2
            next
        }
        {
            lag[$1] = lag[$1] " " $4; p99[$1] = p99[$1] " " $5
            if ($1 == "quiet") next
            total[$1] = total[$1] " " $2; binlog[$1] = binlog[$1] " " $3 / rows
        }
        END {
            printf "%-16s %8s %9s %11s %9s %8s\n", "", "total s", "rows/s", "binlog B/row", "lag ms", "p99 ms"
            split("newel update pt-osc", order, " ")
            label["newel"] = "newel"; label["update"] = "one UPDATE"; label["pt-osc"] = "pt-osc, constant"
            for (i = 1; i <= 3; i++) {
                n = order[i]
                if (n in total)
                    printf "%-16s %8.1f %9.0f %11.0f %9.0f %8.1f\n", label[n], median(total[n]) / 1000, rows * 1000 / median(total[n]), median(binlog[n]), median(lag[n]), median(p99[n])
            }
            printf "%-16s %8s %9s %11s %9.0f %8.1f\n\n", "only the load", "-", "-", "-", median(lag["quiet"]), median(p99["quiet"])
            ratio("newel / pt-osc", "newel", "pt-osc")
            printf "%-16s %8s %9s %11s %9s %8s\n", "expected", "<= 0.50", "", "", "<= 1.00", "<= 1.00"
            ratio("newel / UPDATE", "newel", "update")
            if (phases) {
                printf "\nnewel, seconds of each phase:"
                for (i = 1; i <= phases; i++) printf " %s %.2f", order_of[i], median(phase[order_of[i]])
                printf "\nexpand and backfill: %.1f s\n", median(phase["expand"]) + median(phase["backfill"])
            }
        }' "$dir/figures" "$dir/phases"
}

touch "$dir/phases"
model
printf 'newel bench: %s rows, %s rounds, %s transactions/s beside, %s lanes, MariaDB %s, %s, %s cores\n' \
    "$rows" "$rounds" "$rate" "$lanes" "$("$my_mariadbd" --version | awk '{ print $3 }')" \
    "$(pt-online-schema-change --version)" "$(nproc)"
measure_quiet
for ((round = 1; round <= rounds; round++)); do
    for candidate in "${candidates[@]}"; do measure "$candidate"; done
done
table
