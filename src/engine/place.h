/*
 * The tables that a backfill walks: the migration's own, or each partition of it.
 * A range belongs to one of them, named by the first part of its shape: "PART:".
 */
#ifndef NEWEL_ENGINE_PLACE_H
#define NEWEL_ENGINE_PLACE_H

#include "dialect/batch.h"
#include "engine/run.h"

struct place {
    char *part;             /* "16411" or "p2026"; NULL: the table itself, as the next two */
    char *qualified, *name; /* for statements; for people */
    struct words words;
    struct batch_subject walk; /* shares the run's keys */
    char *by_blocks;           /* the text of a batch; NULL when the walk is by keys */
    int64_t blocks, rows;      /* estimates */
    bool ranged;               /* it has ranges already */
};

/* At least one. Partitions are those of now: they come and go. */
bool places_read(struct run *r, struct db *db, struct place **places, size_t *count,
                 struct error *e) MUST_CHECK;
void places_free(struct place *places, size_t count);
/* Of a range of that shape; NULL: the partition is gone. */
struct place *place_of(struct place *places, size_t count, const char *shape);

#endif
