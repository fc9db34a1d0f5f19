/* What differs between two texts of one migration's file, key by key. Pure. */
#ifndef NEWEL_PLAN_MIGRATION_DIFF_H
#define NEWEL_PLAN_MIGRATION_DIFF_H

#include "base/mem.h"

/*
 * Appends "[batch] rows: 1000 -> 2000; [throttle] max_lag: 3s is new; ...", fit for one
 * line; nothing when both say the same in other words (comments, blanks, order).
 */
void migration_diff(const char *before, const char *after, struct str *out);

#endif
