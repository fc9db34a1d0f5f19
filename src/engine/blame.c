#include "config.h"
#include "engine/blame.h"

#include <stdlib.h>

static bool halted(void *context)
{
    return run_stopping(context);
}

static void name_row(struct error *e, const char *key, const struct error *of_row)
{
    error_set(e, ERROR_PHASE, "the value fails on the row with %s", key);
    error_why(e, "%s", of_row->why[0] ? of_row->why : of_row->what);
    (void)snprintf(e->sqlstate, sizeof e->sqlstate, "%s", of_row->sqlstate);
    e->number = of_row->number;
    error_todo(e, "nothing of its batch was written: correct the row, or the expression "
                  "(--accept-change), then step again; the backfill goes on where it stands");
}

void blame_row(struct run *r, struct db *db, const struct range *range, const struct window *w,
               struct error *e)
{
    bool by_blocks = r->plan.order == WALK_BLOCKS;
    struct batch_place place = {
        .low = by_blocks ? w->low : 0,
        .high = by_blocks ? w->high : 0,
        .cursor = by_blocks ? NULL : range->cursor,
        .upper = by_blocks ? NULL : range->upper,
    };
    struct str key = {0};
    struct error of_row;
    if (batch_words(r->engine)->blame(db, &range->place->walk, &place, halted, r, &key, &of_row) == DB_DATA)
        name_row(e, str_text(&key), &of_row);
    str_free(&key);
}
