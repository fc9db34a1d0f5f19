/*
 * The tables that a backfill walks: the migration's own, or each partition of it.
 * A range belongs to one of them, named by the first part of its shape: "OID:".
 */
#ifndef NEWEL_ENGINE_PLACE_H
#define NEWEL_ENGINE_PLACE_H

#include "dialect/batch.h"
#include "engine/run.h"

struct place {
    int64_t oid;       /* 0: the table itself */
    char *part, *name; /* "16411"; the partition, qualified; NULL: the table itself */
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
