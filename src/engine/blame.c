#include "config.h"
#include "engine/blame.h"

#include "dialect/batch.h"
#include "dialect/watch.h"
#include "engine/keys.h"

#include <inttypes.h>
#include <stdlib.h>

#define BLAME_BLOCKS 256

static void name_row(struct error *e, const char *key)
{
    struct error of_batch = *e;
    error_set(e, ERROR_PHASE, "the value fails on the row with %s", key);
    error_why(e, "%s", of_batch.why[0] ? of_batch.why : of_batch.what);
    (void)snprintf(e->sqlstate, sizeof e->sqlstate, "%s", of_batch.sqlstate);
    error_todo(e, "nothing of its batch was written: correct the row, or the expression "
                  "(--accept-change), then step again; the backfill goes on where it stands");
}

/* True when a row of blocks [low, high) was found to fail. */
static bool blame_blocks(struct run *r, struct db *db, int64_t low, int64_t high,
                         const char *list, const char *probe, struct error *e)
{
    char from[32], to[32];
    (void)snprintf(from, sizeof from, "(%" PRId64 ",0)", low);
    (void)snprintf(to, sizeof to, "(%" PRId64 ",0)", high);
    const char *params[] = {from, to};
    struct db_rows *rows;
    struct error ignored;
    if (db_query(db, &rows, &ignored, list, 2, params) != DB_OK)
        return false;
    bool found = false;
    for (int i = 0; i < db_row_count(rows) && !found && !run_stopping(r); i++) {
        const char *place[] = {db_value(rows, i, 0)};
        struct error of_row;
        if (db_query(db, NULL, &of_row, probe, 1, place) == DB_DATA) {
            *e = of_row;
            name_row(e, db_value(rows, i, 1));
            found = true;
        }
    }
    db_rows_free(rows);
    return found;
}

void blame_row(struct run *r, struct db *db, const struct window *w, struct error *e)
{
    const struct batch_words *words = batch_words(r->engine);
    struct batch_key *keys = keys_of(r);
    char *list = words->rows_of(&r->words, keys, r->facts.key_count);
    char *probe = words->value_at(&r->words);
    bool blocks = r->plan.order == WALK_BLOCKS;
    int64_t low = blocks ? w->low : 0, end = blocks ? w->high : r->facts.blocks;
    for (int64_t at = low; at < end && !run_stopping(r); at += BLAME_BLOCKS)
        if (blame_blocks(r, db, at, at + BLAME_BLOCKS < end ? at + BLAME_BLOCKS : end, list, probe,
                         e))
            break;
    free(list);
    free(probe);
    keys_free(keys, r->facts.key_count);
}
