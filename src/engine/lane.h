/*
 * A lane: one thread with one connection that takes a range of the table and
 * walks it batch by batch, until it is done or told to stop.
 */
#ifndef NEWEL_ENGINE_LANE_H
#define NEWEL_ENGINE_LANE_H

#include "engine/place.h"
#include "engine/run.h"
#include "engine/window.h"

/* One disjoint part of the table, as its row in newel.checkpoint has it. */
struct range {
    int64_t lane; /* its number there */
    char *lower, *upper, *cursor, *shape;
    struct place *place; /* the table that it is of; NULL: a partition that is gone */
    int64_t rows, batches;
    bool done;
    bool taken;      /* some lane walks it; under the run's lock */
    /* for the progress, in blocks or by the key's first column; under the run's lock */
    bool measured;
    double begin, position, end;
};

/* A backfill under way: shared by its lanes, guarded by the run's lock. */
struct backfill {
    struct run *run;
    struct place *places;
    size_t place_count;
    struct range *ranges;
    size_t range_count;
    int active;          /* lanes alive */
    int waiting;         /* those of them whose batch waits for a row of somebody else's */
    bool failed;
    bool replan;         /* the table was rewritten: places no longer hold */
    struct error error;  /* of the first lane that failed */
};

struct lane {
    struct backfill *backfill;
    int number; /* from 0: it ends when there are fewer lanes than that */
    pthread_t thread;
    bool over;  /* to be joined; under the run's lock */
};

/* A thread's body; the argument is a struct lane. */
void *lane_main(void *context);

/* Reads the ranges of the migration anew. */
enum db_fault lane_read_ranges(const struct backfill *b, struct db *db, struct range **ranges,
                               size_t *count, struct error *e) MUST_CHECK;
void lane_free_ranges(struct range *ranges, size_t count);
/* Millionths of the whole backfill that are done; under the run's lock. */
int64_t lane_fraction_ppm(const struct backfill *b);

#endif
