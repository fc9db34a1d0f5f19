#include "config.h"
#include "dialect/check_pg.h"

/* Bytes as people read them; settings that the server keeps in megabytes. */
#define PRETTY(bytes) "pg_size_pretty((" bytes ")::bigint)"
#define MEGABYTES(name)                                                                            \
    "(SELECT setting::bigint * 1048576 FROM pg_settings WHERE name = '" name "')"
#define NOW_LSN                                                                                    \
    "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END"
#define RELOAD "; SELECT pg_reload_conf()"

/* Publications of the table: `attrs` tells whether one names the columns it sends (from 15 on). */
#define PUBLICATIONS(attrs)                                                                        \
    "SELECT CASE WHEN " attrs " THEN format('publication %I sends the columns that it names, and " \
    "the new one is not among them', p.pubname) ELSE format('publication %I sends the table to "   \
    "subscribers%s; one that lacks the column stops at the first write', p.pubname, "              \
    "(SELECT ' (now ' || string_agg(r.application_name, ', ') || ')' FROM pg_stat_replication r "  \
    "JOIN pg_replication_slots s ON s.active_pid = r.pid WHERE s.slot_type = 'logical' "           \
    "AND s.database = current_database())) END, "                                                  \
    "CASE WHEN " attrs " THEN format('where it shall be sent, name it in ALTER PUBLICATION %I "    \
    "SET TABLE after expand', p.pubname) ELSE format('on each subscriber first: ALTER TABLE %s "   \
    "ADD COLUMN %I %s', c.oid::regclass, $2::text, $3::text) END "                                 \
    "FROM pg_publication_tables v JOIN pg_namespace n ON n.nspname = v.schemaname "                \
    "JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = v.tablename "                       \
    "JOIN pg_publication p USING (pubname) "                                                       \
    "LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = c.oid "                   \
    "WHERE c.oid = $1::oid ORDER BY 1"

#define PUBLICATIONS_QUERY(attrs)                                                                  \
    .name = "publications", .of_table = true, .takes = "ct", .sql = PUBLICATIONS(attrs),           \
    .passed = "the table is not published"

static const struct
    check_query
        queries
            [] =
                {
                    {
                        PUBLICATIONS_QUERY("r.prattrs IS NOT NULL"),
                        .from = 150000,
                    },
                    {
                        PUBLICATIONS_QUERY("false"),
                        .below = 150000,
                    },
                    {
                        .name = "replica identity",
                        .of_table = true,
                        .sql =
                            "SELECT CASE WHEN relreplident = 'f' THEN 'each updated row is logged "
                            "in whole, as "
                            "it was and as it is (REPLICA IDENTITY FULL)' ELSE 'it is published "
                            "for updates and "
                            "has no replica identity: every UPDATE of it fails' END, format(CASE "
                            "WHEN "
                            "relreplident = 'f' THEN 'with a primary key: ALTER TABLE %s REPLICA "
                            "IDENTITY "
                            "DEFAULT' ELSE 'ALTER TABLE %s REPLICA IDENTITY FULL, or give it a "
                            "primary key' END, "
                            "c.oid::regclass), CASE WHEN relreplident = 'f' THEN 'warn' ELSE "
                            "'stop' END "
                            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                            "WHERE c.oid = $1::oid AND (relreplident IN ('f', 'n') OR NOT EXISTS "
                            "(SELECT FROM "
                            "pg_index WHERE indrelid = c.oid AND CASE relreplident WHEN 'i' THEN "
                            "indisreplident "
                            "ELSE indisprimary END)) AND EXISTS (SELECT FROM pg_publication_tables "
                            "v "
                            "JOIN pg_publication p USING (pubname) WHERE v.schemaname = n.nspname "
                            "AND v.tablename = c.relname AND p.pubupdate)",
                        .passed = "its updates can be sent, or are not",
                    },
                    {
                        .name = "decoding",
                        .sql = "SELECT format('slot %I hands every change to a reader of %s, which "
                               "gets the column "
                               "from expand on and every row of the backfill', slot_name, plugin), "
                               "'tell that "
                               "reader of the column first' FROM pg_replication_slots WHERE "
                               "slot_type = 'logical' "
                               "AND database = current_database() AND plugin <> 'pgoutput' ORDER "
                               "BY slot_name",
                        .passed = "no slot decodes this database for others",
                    },
                    {
                        .name = "subscriptions",
                        .of_table = true,
                        .sql = "SELECT 'a subscription writes the table; the apply worker fires "
                               "only triggers that "
                               "are ENABLE ALWAYS', 'migrate here first, then the publisher; after "
                               "sync ALTER "
                               "TABLE ... ENABLE ALWAYS TRIGGER for both zzz_newel triggers' "
                               "FROM pg_subscription_rel WHERE srrelid = $1::oid LIMIT 1",
                        .passed = "no subscription writes it",
                    },
                    {
                        .name = "standbys",
                        .sql =
                            "SELECT CASE WHEN state <> 'streaming' THEN format('standby %s is not "
                            "streaming: "
                            "%s', who, state) WHEN replay_lag > interval '10 s' THEN "
                            "format('standby %s is %s s "
                            "behind', who, extract(epoch FROM replay_lag)::int) WHEN behind > "
                            "1073741824 THEN "
                            "format('standby %s is %s behind', who, " PRETTY(
                                "behind") ") WHEN held > 1000 THEN "
                                          "format('standby %s holds pruning and vacuum back by %s "
                                          "transactions "
                                          "(hot_standby_feedback)', who, held) ELSE "
                                          "format('standby %s: %s, %s, %s behind', "
                                          "who, coalesce(state, 'not told'), coalesce(sync_state, "
                                          "'not told'), "
                                          "coalesce(" PRETTY(
                                              "behind") ", '?')) END, "
                                                        "CASE WHEN held > 1000 THEN 'end its long "
                                                        "queries, or the backfill leaves more dead "
                                                        "rows' ELSE 'let it catch up: SELECT * "
                                                        "FROM pg_stat_replication' END, "
                                                        "CASE WHEN state <> 'streaming' OR "
                                                        "replay_lag > interval '10 s' OR behind > "
                                                        "1073741824 OR held > 1000 THEN 'warn' "
                                                        "ELSE 'pass' END "
                                                        "FROM (SELECT "
                                                        "coalesce(nullif(r.application_name, ''), "
                                                        "'pid ' || r.pid) AS who, "
                                                        "r.state, r.sync_state, r.replay_lag, "
                                                        "age(r.backend_xmin) AS held, "
                                                        "pg_wal_lsn_diff(" NOW_LSN
                                                        ", r.replay_lsn) AS behind FROM "
                                                        "pg_stat_replication r "
                                                        "WHERE NOT EXISTS (SELECT FROM "
                                                        "pg_replication_slots s WHERE s.active_pid "
                                                        "= r.pid "
                                                        "AND s.slot_type = 'logical')) x ORDER BY "
                                                        "who",
                        .passed = "none streams from this server",
                    },
                    {
                        .name = "synchronous commit",
                        .sql =
                            "SELECT format('synchronous_standby_names is %L, and %s', names, CASE "
                            "WHEN n > 0 "
                            "THEN format('each commit waits for a standby: %s', who) WHEN told "
                            "THEN 'no such "
                            "standby is connected: a commit waits for ever' ELSE 'we are not told "
                            "whether one "
                            "is connected' END), CASE WHEN n = 0 THEN 'bring one back, or ALTER "
                            "SYSTEM SET "
                            "synchronous_standby_names = ''''" RELOAD "' END, "
                            "CASE WHEN n > 0 THEN 'pass' WHEN told THEN 'stop' ELSE 'warn' END "
                            "FROM (SELECT current_setting('synchronous_standby_names') AS names, "
                            "pg_has_role(current_user, 'pg_monitor', 'USAGE') AS told, "
                            "count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')) AS n, "
                            "string_agg(application_name, ', ') FILTER (WHERE sync_state IN "
                            "('sync', "
                            "'quorum')) AS who FROM pg_stat_replication) s WHERE names <> '' "
                            "AND current_setting('synchronous_commit') NOT IN ('off', 'local')",
                        .passed = "commits wait for no standby",
                    },
                    {
                        .name = "slots",
                        .takes = "l",
                        .sql =
                            "SELECT CASE WHEN wal_status = 'lost' THEN format('slot %I has lost "
                            "WAL that it "
                            "needs', slot_name) WHEN NOT active THEN format('slot %I is not in use "
                            "and keeps %s "
                            "of WAL', slot_name, " PRETTY("kept") ") WHEN safe_wal_size < "
                                                                  "$1::bigint THEN "
                                                                  "format('slot %I is lost when "
                                                                  "its reader stands still for %s "
                                                                  "of WAL; about %s will "
                                                                  "be written', slot_name, " PRETTY("safe_wal_size") ", " PRETTY(
                                                                      "$1::bigint") ") "
                                                                                    "WHEN kept > "
                                                                                    "1073741824 "
                                                                                    "THEN "
                                                                                    "format('slot "
                                                                                    "%I keeps %s "
                                                                                    "of WAL: its "
                                                                                    "reader is "
                                                                                    "behind', "
                                                                                    "slot_name,"
                                                                                    " " PRETTY(
                                                                                        "kept") ") "
                                                                                                "EL"
                                                                                                "SE"
                                                                                                " f"
                                                                                                "or"
                                                                                                "ma"
                                                                                                "t("
                                                                                                "'s"
                                                                                                "lo"
                                                                                                "t "
                                                                                                "%I"
                                                                                                ": "
                                                                                                "in"
                                                                                                " u"
                                                                                                "se"
                                                                                                ", "
                                                                                                "ke"
                                                                                                "ep"
                                                                                                "s "
                                                                                                "%s"
                                                                                                "',"
                                                                                                " "
                                                                                                "sl"
                                                                                                "ot"
                                                                                                "_n"
                                                                                                "am"
                                                                                                "e,"
                                                                                                " " PRETTY(
                                                                                                    "kept") ") END, "
                                                                                                            "CASE WHEN NOT active OR wal_status = 'lost' THEN format('bring its reader back, or "
                                                                                                            "SELECT pg_drop_replication_slot(%L)', slot_name) WHEN safe_wal_size < $1::bigint "
                                                                                                            "THEN 'ALTER SYSTEM SET max_slot_wal_keep_size = -1" RELOAD
                                                                                                            "; or watch it' "
                                                                                                            "ELSE 'see what keeps its reader' END, "
                                                                                                            "CASE WHEN NOT active OR wal_status = 'lost' OR safe_wal_size < $1::bigint OR "
                                                                                                            "kept > 1073741824 THEN 'warn' ELSE 'pass' END "
                                                                                                            "FROM (SELECT *, pg_wal_lsn_diff(" NOW_LSN
                                                                                                            ", restart_lsn) AS kept "
                                                                                                            "FROM pg_replication_slots WHERE restart_lsn IS NOT NULL OR wal_status = 'lost') s "
                                                                                                            "ORDER BY slot_name",
                        .passed = "there are none",
                    },
                    {
                        .name = "WAL space",
                        .takes = "l",
                        .sql = "WITH w AS (SELECT $1::bigint AS wanted, " MEGABYTES("max_wal_size") " AS most, " MEGABYTES("wal_keep_size") " AS keep, " MEGABYTES(
                            "max_slot_wal_keep_size") " AS "
                                                      "slot) "
                                                      "SELECT format('the backfill will write "
                                                      "about %s of WAL, and max_wal_size is %s: "
                                                      "checkpoints will come by size', " PRETTY(
                                                          "wa"
                                                          "nt"
                                                          "e"
                                                          "d") ", " PRETTY("most") "), "
                                                                                   "format('where "
                                                                                   "there is room: "
                                                                                   "ALTER SYSTEM "
                                                                                   "SET "
                                                                                   "max_wal_size = "
                                                                                   "''%sMB''" RELOAD
                                                                                   "', "
                                                                                   "least(wanted / "
                                                                                   "1048576 + 1, "
                                                                                   "65536)), "
                                                                                   "'warn' FROM w "
                                                                                   "WHERE "
                                                                                   "wanted > most "
                                                                                   "UNION ALL "
                                                                                   "SELECT "
                                                                                   "format('"
                                                                                   "standby %s has "
                                                                                   "no slot: "
                                                                                   "cut off for "
                                                                                   "longer than "
                                                                                   "wal_keep_size "
                                                                                   "(%s) of about "
                                                                                   "%s "
                                                                                   "of WAL, it "
                                                                                   "must be built "
                                                                                   "anew', "
                                                                                   "r.application_"
                                                                                   "name, " PRETTY(
                                                                                       "ke"
                                                                                       "e"
                                                                                       "p") ","
                                                                                            " " PRETTY(
                                                                                                "wa"
                                                                                                "nt"
                                                                                                "e"
                                                                                                "d") "), format('ALTER "
                                                                                                     "SYSTEM SET "
                                                                                                     "wal_keep_size = "
                                                                                                     "''%sMB''" RELOAD
                                                                                                     "; or give it a "
                                                                                                     "slot', "
                                                                                                     "least(wanted / "
                                                                                                     "1048576 + 1, "
                                                                                                     "65536)), 'warn' "
                                                                                                     "FROM w, "
                                                                                                     "pg_stat_"
                                                                                                     "replication r "
                                                                                                     "WHERE wanted > "
                                                                                                     "keep AND NOT "
                                                                                                     "EXISTS (SELECT "
                                                                                                     "FROM "
                                                                                                     "pg_replication_"
                                                                                                     "slots s WHERE "
                                                                                                     "s.active_pid = "
                                                                                                     "r.pid) AND "
                                                                                                     "r.state = "
                                                                                                     "'streaming' "
                                                                                                     "UNION ALL SELECT "
                                                                                                     "format('about %s "
                                                                                                     "will be written; "
                                                                                                     "max_wal_size %s, "
                                                                                                     "wal_keep_size "
                                                                                                     "%s, "
                                                                                                     "max_slot_wal_keep_"
                                                                                                     "size %s', " PRETTY("wanted") ", " PRETTY("most") ", " PRETTY(
                                                                                                         "keep") ", "
                                                                                                                 "CASE "
                                                                                                                 "WHEN "
                                                                                                                 "slot "
                                                                                                                 "< 0 "
                                                                                                                 "THEN "
                                                                                                                 "'unlim"
                                                                                                                 "ited' "
                                                                                                                 "ELSE"
                                                                                                                 " " PRETTY(
                                                                                                                     "slot") " END), "
                                                                                                                             "NULL, 'pass' FROM w",
                        .passed = "",
                    },
                    {
                        .name = "archiving",
                        .sql =
                            "SELECT format('archiving fails: %s times, last at %s with %s; WAL "
                            "stays in pg_wal "
                            "until it works', failed_count, to_char(last_failed_time, 'YYYY-MM-DD "
                            "HH24:MI:SS'), "
                            "last_failed_wal), 'mend archive_command, see the server''s log; then "
                            "SELECT "
                            "pg_switch_wal() and look at pg_stat_archiver' FROM pg_stat_archiver "
                            "WHERE current_setting('archive_mode') <> 'off' "
                            "AND last_failed_time > coalesce(last_archived_time, '-infinity')",
                        .passed = "it works, or is off",
                    },
};

const struct check_set check_pg_copies = {queries, COUNT_OF(queries)};

static const struct check_query replica_queries[] = {
    {
        .name = "replica delay",
        .sql = "SELECT format('recovery_min_apply_delay is %s: its lag is never less than that', "
               "current_setting('recovery_min_apply_delay')), 'take it out of the target''s "
               "replicas, or ALTER SYSTEM SET recovery_min_apply_delay = 0" RELOAD " on it' "
               "FROM pg_settings WHERE name = 'recovery_min_apply_delay' AND setting <> '0'",
        .passed = "it applies at once",
    },
    {
        .name = "replica cascade",
        .sql = "SELECT format('it feeds %s in turn, whose lag newel sees only where it is named as "
               "a replica, too', string_agg(coalesce(nullif(application_name, ''), pid::text), "
               "', ')), 'replica = CONNINFO in newel.ini, a line for each' "
               "FROM pg_stat_replication HAVING count(*) > 0",
        .passed = "it feeds no other",
    },
    {
        .name = "replica conflicts",
        .sql = "SELECT 'max_standby_streaming_delay is -1: one query of it that reads the table "
               "holds up all that is replayed from expand on, for as long as it runs', "
               "'ALTER SYSTEM SET max_standby_streaming_delay = ''30s''" RELOAD " on it', 'warn' "
               "WHERE current_setting('max_standby_streaming_delay') = '-1' UNION ALL "
               "SELECT format('queries that stand in the way of replay are cancelled after %s; "
               "hot_standby_feedback is %s', current_setting('max_standby_streaming_delay'), "
               "current_setting('hot_standby_feedback')), NULL, 'pass' "
               "WHERE current_setting('max_standby_streaming_delay') <> '-1'",
        .passed = "",
    },
};

const struct check_set check_pg_replica = {replica_queries, COUNT_OF(replica_queries)};
