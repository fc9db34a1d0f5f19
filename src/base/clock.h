/* The two clocks: wall time labels events, monotonic time measures them. */
#ifndef NEWEL_BASE_CLOCK_H
#define NEWEL_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define US_PER_MS INT64_C(1000)
#define US_PER_S INT64_C(1000000)

int64_t clock_wall_us(void); /* Unix time */
int64_t clock_mono_us(void); /* never steps back; comparable within one boot */
void clock_sleep_us(int64_t us);

/* "20261123T015401Z", for file names. */
void clock_stamp(int64_t wall_us, char out[20]);

#endif
