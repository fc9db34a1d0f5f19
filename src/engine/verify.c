#include "config.h"
#include "engine/verify.h"

#include "base/clock.h"
#include "dialect/batch.h"
#include "dialect/watch.h"
#include "engine/place.h"

#include <stdlib.h>

#define CATCH_UP_US (30 * US_PER_S)
#define CHUNK_TRIES 5

/*
 * Waits until the replica has a heartbeat that was sent after now: it has then all
 * that was committed before.
 */
static bool caught_up(struct run *r, struct db *replica)
{
    run_lock(r);
    int64_t beat = r->beat;
    run_unlock(r);
    int64_t deadline = clock_mono_us() + CATCH_UP_US;
    while (clock_mono_us() < deadline && !run_stopping(r)) {
        struct replica_view view;
        struct error e;
        if (watch_words(db_engine_of(replica))->replica(replica, r->migration->id, &view, &e) !=
            DB_OK)
            return false;
        if (view.filtered)
            return false; /* it may not have the rows that are to be counted */
        if (view.beat > beat)
            return true;
        run_sleep(r, 100 * US_PER_MS);
    }
    return false;
}

static struct db *find_replica(struct run *r, struct verdict *out)
{
    for (size_t i = 0; i < r->target->replica_count; i++) {
        struct error e;
        struct db *db = db_open(&r->target->replicas[i], "newel verify", &e);
        if (db && caught_up(r, db)) {
            (void)snprintf(out->where, sizeof out->where, "%s", r->target->replicas[i].name);
            return db;
        }
        db_close(db);
    }
    return NULL;
}

static bool count_place(struct run *r, struct db *db, const struct place *place,
                        struct verdict *out, struct error *e)
{
    const struct batch_words *words = batch_words(r->engine);
    int tries = 0;
    char *cursor = mem_dup("");
    while (cursor) {
        if (!run_may_go_on(r, false)) {
            free(cursor);
            return error_set(e, ERROR_STOPPED, "counting was stopped");
        }
        struct batch_left chunk;
        enum db_fault fault = words->left(db, &place->walk, cursor, &chunk, e);
        if (fault != DB_OK) {
            /* a replica cancels readers that stand in the way of its replay */
            if (++tries >= CHUNK_TRIES || !db_alive(db) || !db_fault_passes(fault)) {
                free(cursor);
                return false;
            }
            run_sleep(r, 200 * US_PER_MS);
            continue;
        }
        out->left += chunk.count;
        if (!out->example[0])
            (void)snprintf(out->example, sizeof out->example, "%s", chunk.example);
        free(cursor);
        cursor = chunk.cursor;
    }
    return true;
}

/* Of the table, or of every partition that it has now. */
static bool count_all(struct run *r, struct db *db, struct verdict *out, struct error *e)
{
    struct place *places = NULL;
    size_t count = 0;
    out->left = 0;
    out->example[0] = '\0';
    bool ok = places_read(r, db, &places, &count, e);
    for (size_t i = 0; ok && i < count; i++)
        ok = count_place(r, db, &places[i], out, e);
    places_free(places, count);
    return ok;
}

bool verify_count(struct run *r, struct db *primary, struct verdict *out, struct error *e)
{
    *out = (struct verdict){0};
    struct db *replica = find_replica(r, out);
    bool ok = replica && count_all(r, replica, out, e);
    db_close(replica);
    if (!ok && !run_stopping(r)) {
        (void)snprintf(out->where, sizeof out->where, "%s", r->target->name);
        ok = count_all(r, primary, out, e);
    }
    return ok;
}
