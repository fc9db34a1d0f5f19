#include "config.h"
#include "dialect/watch_my.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static enum db_fault ask_beat(struct db *db, const char *migration, struct replica_view *out,
                              struct error *e)
{
    const char *params[] = {migration};
    struct db_rows *rows;
    enum db_fault fault =
        db_query(db, &rows, e, "SELECT beat FROM newel.heartbeat WHERE migration = $1", 1, params);
    if (fault == DB_MISSING)
        return DB_OK; /* it has not replayed so far */
    if (fault != DB_OK)
        return fault;
    out->beat = db_int(rows, 0, 0, UNKNOWN);
    db_rows_free(rows);
    return DB_OK;
}

/* The first of the names that the server gives the column; NULL: none. */
static const char *get(const struct db_rows *rows, int row, const char *mysql, const char *mariadb)
{
    int column = db_column_find(rows, mysql);
    if (column < 0)
        column = db_column_find(rows, mariadb);
    return column < 0 ? NULL : db_value(rows, row, column);
}

static bool is_yes(const char *text)
{
    return text && strcasecmp(text, "Yes") == 0;
}

static bool has_text(const char *text)
{
    return text && *text;
}

/* What a thread that does not run says of itself; `of` names its channel. */
static void tell_stopped(struct replica_view *out, const char *thread, const char *of,
                         const char *number, const char *error)
{
    out->paused = true;
    out->streaming = false;
    if (has_text(error))
        (void)snprintf(out->trouble, sizeof out->trouble, "its %s thread%s stopped: %s %s", thread,
                       of, number ? number : "", error);
    else
        (void)snprintf(out->trouble, sizeof out->trouble, "its %s thread%s is stopped", thread, of);
    (void)snprintf(out->state, sizeof out->state, "%s thread%s stopped", thread, of);
}

/* "Replicate_Ignore_DB = newel": what may keep newel's heartbeat, or rows of the table, away. */
static void find_filter(const struct db_rows *rows, int row, char *out, size_t size)
{
    static const char *const names[] = {"Replicate_Do_DB",         "Replicate_Ignore_DB",
                                        "Replicate_Do_Table",      "Replicate_Ignore_Table",
                                        "Replicate_Wild_Do_Table", "Replicate_Wild_Ignore_Table"};
    out[0] = '\0';
    for (size_t i = 0; i < COUNT_OF(names) && !out[0]; i++) {
        const char *value = get(rows, row, names[i], names[i]);
        if (has_text(value))
            (void)snprintf(out, size, "%s = %s", names[i], value);
    }
}

static void add_state(struct replica_view *out, const char *text)
{
    size_t n = strlen(out->state);
    (void)snprintf(out->state + n, sizeof out->state - n, "%s", text);
}

/* One channel of it: with several sources there are several, and the first in trouble counts. */
static void read_channel(const struct db_rows *rows, int row, struct replica_view *out)
{
    const char *io = get(rows, row, "Replica_IO_Running", "Slave_IO_Running");
    const char *applier = get(rows, row, "Replica_SQL_Running", "Slave_SQL_Running");
    const char *delay = get(rows, row, "SQL_Delay", "SQL_Delay");
    const char *channel = get(rows, row, "Channel_Name", "Connection_name");
    char of[48] = "", filter[96];
    if (has_text(channel) && db_row_count(rows) > 1)
        (void)snprintf(of, sizeof of, " (%.24s, one of %d)", channel, db_row_count(rows));
    if (!is_yes(applier)) {
        tell_stopped(out, "SQL", of, get(rows, row, "Last_SQL_Errno", "Last_SQL_Errno"),
                     get(rows, row, "Last_SQL_Error", "Last_SQL_Error"));
        return;
    }
    if (!is_yes(io)) {
        tell_stopped(out, "IO", of, get(rows, row, "Last_IO_Errno", "Last_IO_Errno"),
                     get(rows, row, "Last_IO_Error", "Last_IO_Error"));
        return;
    }
    out->streaming = true;
    find_filter(rows, row, filter, sizeof filter);
    out->delay_s = delay ? strtoll(delay, NULL, 10) : 0;
    if (out->delay_s > 0)
        (void)snprintf(out->state, sizeof out->state, "delayed by %s s", delay);
    else
        (void)snprintf(out->state, sizeof out->state, "replicating");
    const char *behind = get(rows, row, "Seconds_Behind_Source", "Seconds_Behind_Master");
    if (behind && atoll(behind) > 0) {
        char says[32];
        (void)snprintf(says, sizeof says, ", %lld s by its own count", atoll(behind));
        add_state(out, says);
    }
    add_state(out, of);
    add_state(out, filter[0] ? ", filters: " : "");
    add_state(out, filter);
    out->filtered |= filter[0] != '\0';
    if (filter[0] && out->beat == UNKNOWN)
        (void)snprintf(out->trouble, sizeof out->trouble, "it has no heartbeat, and filters: %s",
                       filter);
}

static enum db_fault ask_channels(struct db *db, struct replica_view *out, struct error *e)
{
    struct db_rows *rows;
    const char *sql =
        db_engine_of(db) == DB_MARIADB ? "SHOW ALL SLAVES STATUS" : "SHOW REPLICA STATUS";
    enum db_fault fault = db_query(db, &rows, e, sql, 0, NULL);
    if (fault == DB_PRIVILEGE) {
        /* the heartbeat alone tells the lag */
        out->is_replica = true;
        (void)snprintf(out->state, sizeof out->state, "its status may not be read");
        return DB_OK;
    }
    if (fault != DB_OK)
        return fault;
    out->is_replica = db_row_count(rows) > 0;
    for (int i = 0; i < db_row_count(rows) && !out->trouble[0]; i++)
        read_channel(rows, i, out);
    db_rows_free(rows);
    return DB_OK;
}

static const char *find_status(const struct db_rows *rows, const char *name)
{
    for (int i = 0; i < db_row_count(rows); i++) {
        const char *here = db_value(rows, i, 0), *value = db_value(rows, i, 1);
        if (here && value && strcasecmp(here, name) == 0)
            return value;
    }
    return "";
}

/* A node of a Galera cluster is no replica, and applies what the others have written as one. */
enum db_fault watch_my_cluster(struct db *db, struct replica_view *out, struct error *e)
{
    struct db_rows *rows;
    enum db_fault fault =
        db_query(db, &rows, e,
                 "SHOW GLOBAL STATUS WHERE variable_name IN ('wsrep_local_state_comment', "
                 "'wsrep_local_recv_queue', 'wsrep_flow_control_paused_ns', "
                 "'wsrep_cluster_status', 'wsrep_connected')",
                 0, NULL);
    if (fault != DB_OK)
        return fault;
    const char *state = find_status(rows, "wsrep_local_state_comment");
    const char *queue = find_status(rows, "wsrep_local_recv_queue");
    const char *cluster = find_status(rows, "wsrep_cluster_status");
    if (strcasecmp(find_status(rows, "wsrep_connected"), "ON") == 0) {
        out->is_replica = true;
        out->streaming = strcmp(state, "Synced") == 0;
        out->queue = strtoll(queue, NULL, 10);
        out->held_ns = strtoll(find_status(rows, "wsrep_flow_control_paused_ns"), NULL, 10);
        (void)snprintf(out->state, sizeof out->state, "Galera: %s, %s in its receive queue", state,
                       queue);
        if (strcmp(cluster, "Primary") != 0)
            (void)snprintf(out->trouble, sizeof out->trouble,
                           "it is in no primary component of its cluster (%s)", cluster);
    }
    db_rows_free(rows);
    return DB_OK;
}

enum db_fault watch_my_replica(struct db *db, const char *migration, struct replica_view *out,
                               struct error *e)
{
    *out = REPLICA_UNKNOWN;
    enum db_fault fault = ask_beat(db, migration, out, e);
    if (fault == DB_OK)
        fault = ask_channels(db, out, e);
    if (fault == DB_OK && !out->is_replica && db_engine_of(db) == DB_MARIADB)
        fault = watch_my_cluster(db, out, e);
    if (fault == DB_OK && !out->is_replica)
        (void)snprintf(out->trouble, sizeof out->trouble, "it is no replica (promoted?)");
    return fault;
}
