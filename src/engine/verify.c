#include "config.h"
#include "engine/verify.h"

#include "base/clock.h"
#include "dialect/batch.h"
#include "dialect/watch.h"
#include "engine/keys.h"

#include <inttypes.h>
#include <stdlib.h>

#define CHUNK_BLOCKS 4096
#define CATCH_UP_US (30 * US_PER_S)
#define CHUNK_TRIES 5

/* One number from the server, UNKNOWN when it cannot be had. */
static int64_t ask(struct db *db, const char *sql, int count, const char *const *params, int column)
{
    struct db_rows *rows;
    struct error e;
    if (db_query(db, &rows, &e, sql, count, params) != DB_OK)
        return UNKNOWN;
    int64_t n = db_row_count(rows) ? db_int(rows, 0, column, UNKNOWN) : UNKNOWN;
    db_rows_free(rows);
    return n;
}

/* Waits until the replica has replayed what the primary had written when we began. */
static bool caught_up(struct run *r, struct db *replica, int64_t wal)
{
    const char *params[] = {r->migration->id};
    int64_t deadline = clock_mono_us() + CATCH_UP_US;
    while (clock_mono_us() < deadline && !run_stopping(r) && db_alive(replica)) {
        int64_t replayed = ask(replica, watch_words(r->engine)->replica, 1, params, 1);
        if (replayed != UNKNOWN && replayed >= wal)
            return true;
        run_sleep(r, 100 * US_PER_MS);
    }
    return false;
}

static struct db *find_replica(struct run *r, struct db *primary, struct verdict *out)
{
    int64_t wal = ask(primary, watch_words(r->engine)->wal, 0, NULL, 0);
    for (size_t i = 0; wal != UNKNOWN && i < r->target->replica_count; i++) {
        struct error e;
        struct db *db = db_open(&r->target->replicas[i], "newel verify", &e);
        if (db && caught_up(r, db, wal)) {
            (void)snprintf(out->where, sizeof out->where, "%s", r->target->replicas[i].name);
            return db;
        }
        db_close(db);
    }
    return NULL;
}

static bool count_chunks(struct run *r, struct db *db, const char *sql, int64_t blocks,
                         struct verdict *out, struct error *e)
{
    /* before 14 a range of places is a scan of the whole table: ask once */
    int64_t chunk = r->facts.version >= 140000 ? CHUNK_BLOCKS : blocks + 1;
    out->left = 0;
    out->example[0] = '\0';
    int tries = 0;
    for (int64_t at = 0; at < blocks;) {
        if (!run_may_go_on(r, false))
            return error_set(e, ERROR_STOPPED, "counting was stopped");
        char low[32], high[32];
        int64_t end = at + chunk < blocks ? at + chunk : blocks;
        (void)snprintf(low, sizeof low, "(%" PRId64 ",0)", at);
        (void)snprintf(high, sizeof high, "(%" PRId64 ",0)", end);
        const char *params[] = {low, high};
        struct db_rows *rows;
        enum db_fault fault = db_query(db, &rows, e, sql, 2, params);
        if (fault != DB_OK) {
            /* a replica cancels readers that stand in the way of its replay */
            if (++tries >= CHUNK_TRIES || !db_alive(db) || !db_fault_passes(fault))
                return false;
            run_sleep(r, 200 * US_PER_MS);
            continue;
        }
        out->left += db_int(rows, 0, 0, 0);
        if (!out->example[0] && db_value(rows, 0, 1))
            (void)snprintf(out->example, sizeof out->example, "%s", db_value(rows, 0, 1));
        db_rows_free(rows);
        at = end;
    }
    return true;
}

bool verify_count(struct run *r, struct db *primary, struct verdict *out, struct error *e)
{
    *out = (struct verdict){0};
    const struct batch_words *words = batch_words(r->engine);
    char *extent = words->extent(&r->words);
    int64_t blocks = ask(primary, extent, 0, NULL, 0);
    free(extent);
    if (blocks == UNKNOWN)
        return error_set(e, ERROR_DATABASE, "the size of %s could not be read",
                         r->facts.qualified);
    struct batch_key *keys = keys_of(r);
    char *sql = words->left(&r->words, keys, r->facts.key_count);
    keys_free(keys, r->facts.key_count);

    struct db *replica = find_replica(r, primary, out);
    bool ok = replica && count_chunks(r, replica, sql, blocks, out, e);
    db_close(replica);
    if (!ok && !run_stopping(r)) {
        (void)snprintf(out->where, sizeof out->where, "%s", r->target->name);
        ok = count_chunks(r, primary, sql, blocks, out, e);
    }
    free(sql);
    return ok;
}
