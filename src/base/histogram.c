#include "config.h"
#include "base/histogram.h"

#include <stddef.h>

#define BITS 5
#define PER_OCTAVE (1 << BITS)

/* Values below PER_OCTAVE have a slot each; above, the first BITS bits behind the leading one. */
static size_t slot_of(int64_t value)
{
    if (value < PER_OCTAVE)
        return (size_t)value;
    int shift = 63 - __builtin_clzll((unsigned long long)value) - BITS;
    return (size_t)(shift * PER_OCTAVE + (value >> shift));
}

static int64_t slot_end(size_t slot)
{
    if (slot < 2 * PER_OCTAVE)
        return (int64_t)slot;
    int shift = (int)(slot / PER_OCTAVE) - 1;
    uint64_t mantissa = slot % PER_OCTAVE + PER_OCTAVE;
    return (int64_t)(((mantissa + 1) << shift) - 1);
}

void histogram_record(struct histogram *h, int64_t value)
{
    if (value < 0)
        value = 0;
    h->slots[slot_of(value)]++;
    h->count++;
    if (value > h->max)
        h->max = value;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    for (size_t i = 0; i < HISTOGRAM_SLOTS; i++)
        into->slots[i] += from->slots[i];
    into->count += from->count;
    if (from->max > into->max)
        into->max = from->max;
}

int64_t histogram_percentile(const struct histogram *h, double share)
{
    if (h->count == 0)
        return -1;
    /* how many values must lie at or below the answer: at least one, and rounded up */
    double exact = share * (double)h->count;
    int64_t wanted = (int64_t)exact;
    if ((double)wanted < exact || wanted < 1)
        wanted++;
    int64_t seen = 0;
    for (size_t i = 0; i < HISTOGRAM_SLOTS; i++) {
        seen += h->slots[i];
        if (seen >= wanted)
            return slot_end(i) < h->max ? slot_end(i) : h->max;
    }
    return h->max;
}
