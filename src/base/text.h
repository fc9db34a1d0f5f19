/*
 * Text that came from outside: names, queries, error messages. It is made
 * valid UTF-8 when it enters the journal, and harmless before it is drawn.
 */
#ifndef NEWEL_BASE_TEXT_H
#define NEWEL_BASE_TEXT_H

#include "base/mem.h"

#include <stdint.h>

#define TEXT_REPLACEMENT 0xFFFDu

/*
 * Decodes one character of at most `n` bytes into `*out` and returns its
 * length in bytes (at least 1). An invalid byte decodes as TEXT_REPLACEMENT
 * and has length 1. NUL is an ordinary character here. `n` must be > 0.
 */
size_t text_decode(const char *s, size_t n, uint32_t *out);
/* Writes 1 to 4 bytes, no terminator; returns how many. */
size_t text_encode(uint32_t c, char out[4]);

/* C0 (tab and newline too), DEL, C1, bidirectional and other invisible controls. */
bool text_is_control(uint32_t c);

/* Columns on a terminal: 0 combining, 1, 2 wide. Independent of the locale. */
int text_char_width(uint32_t c);
int text_width(const char *s);
/* What follows the first `columns` columns; "" when `s` is no longer than that. */
const char *text_from_column(const char *s, int columns);

/* Appends `s` as valid UTF-8: broken bytes become U+FFFD, NUL ends it. */
void text_add_utf8(struct str *out, const char *s);
/*
 * Appends `s` fit for one line of a terminal: blanks of any kind become one
 * space each, other controls "^X" or "<U+202E>", broken bytes U+FFFD.
 */
void text_add_line(struct str *out, const char *s);

#endif
