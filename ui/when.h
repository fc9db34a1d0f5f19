/* Moments of a recording, as people write them. */
#ifndef NEWEL_UI_WHEN_H
#define NEWEL_UI_WHEN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * "14:03[:11]" on the local day of `first_us`, "+90s" after it, or ISO 8601
 * ("2026-11-23T14:03:11", with "Z" or an offset, else local). False when it is
 * none of these.
 */
bool when_parse(const char *text, int64_t first_us, int64_t *out);

#endif
