/*
 * Counts of values in slots that widen with the value: 32 slots for each power
 * of two, so a percentile is never off by more than about 3 %. Fixed in size and
 * without pointers, so that it can live in memory that processes share.
 */
#ifndef NEWEL_BASE_HISTOGRAM_H
#define NEWEL_BASE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SLOTS 1888 /* every value that fits an int64_t */

/* Zero-initialise it. One thread at a time. */
struct histogram {
    int64_t count;
    int64_t max;
    int64_t slots[HISTOGRAM_SLOTS];
};

void histogram_record(struct histogram *h, int64_t value); /* below 0 counts as 0 */
void histogram_merge(struct histogram *into, const struct histogram *from);
/*
 * The value that `share` (0..1) of all values do not exceed: the upper end of
 * its slot, but never more than the largest value seen. -1 when there is none.
 */
int64_t histogram_percentile(const struct histogram *h, double share);

#endif
