/* Which row is to blame when a batch fails on a value. */
#ifndef NEWEL_ENGINE_BLAME_H
#define NEWEL_ENGINE_BLAME_H

#include "engine/run.h"
#include "engine/window.h"

/*
 * Looks for the first row of the window on which the value's expression fails and
 * adds its key to `e`. By key there is no window: the whole table is looked
 * through in windows. Leaves `e` as it is when no such row is found.
 */
void blame_row(struct run *r, struct db *db, const struct window *w, struct error *e);

#endif
