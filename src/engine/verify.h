/* Counting the rows that are still without their value. */
#ifndef NEWEL_ENGINE_VERIFY_H
#define NEWEL_ENGINE_VERIFY_H

#include "engine/run.h"

struct verdict {
    int64_t left;      /* rows without their value */
    char example[256]; /* the key of one of them */
    char where[80];    /* the server that was asked */
};

/*
 * Counts in chunks: on the first replica that answers and has caught up with the
 * primary, else on the primary itself. False with `e` when it could not be told.
 */
bool verify_count(struct run *r, struct db *primary, struct verdict *out,
                  struct error *e) MUST_CHECK;

#endif
