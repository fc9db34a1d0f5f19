/* SHA-256, as lower-case hexadecimal. */
#ifndef NEWEL_BASE_DIGEST_H
#define NEWEL_BASE_DIGEST_H

#include <stddef.h>

#define DIGEST_HEX 65 /* 64 digits and the terminator */

/* Over `a` followed by `b`; either may be empty. */
void digest_hex(const void *a, size_t a_size, const void *b, size_t b_size, char out[DIGEST_HEX]);

#endif
