/* Which row is to blame when a batch fails on a value. */
#ifndef NEWEL_ENGINE_BLAME_H
#define NEWEL_ENGINE_BLAME_H

#include "engine/lane.h"
#include "engine/run.h"
#include "engine/window.h"

/*
 * Looks for the first row on which the value's expression fails, in the window
 * or behind the range's cursor, and adds its key to `e`. Leaves `e` as it is when
 * no such row is found.
 */
void blame_row(struct run *r, struct db *db, const struct range *range, const struct window *w,
               struct error *e);

#endif
