/* Durations, sizes, rates and numbers as people write and read them. */
#ifndef NEWEL_BASE_UNITS_H
#define NEWEL_BASE_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A figure that is not known: drawn as unknown, never as zero. */
#define UNKNOWN INT64_C(-1)

/* Enough for every text that the functions below write. */
#define UNITS_TEXT 32

/*
 * The parsers take the whole of `text` (blanks at the ends are allowed) and
 * answer false when it is not of the form or does not fit an int64_t.
 */
bool units_parse_int(const char *text, int64_t *out);
bool units_parse_number(const char *text, double *out);
bool units_parse_duration(const char *text, int64_t *us); /* 250ms 2s 10m 1h 1.5s */
bool units_parse_size(const char *text, int64_t *bytes);  /* 64MB 1.5GB 8kB 100B; 1024 steps */
bool units_parse_rate(const char *text, int64_t *bytes_per_s); /* 40MB/s */

/* Each writes into `out` (UNITS_TEXT bytes) and returns it. Negative is drawn with its sign. */
const char *units_duration(char *out, int64_t us); /* "250ms" "2.4s" "3m12s" "4h05m" "2d3h" */
const char *units_size(char *out, int64_t bytes);  /* "512B" "64.0MB" */
const char *units_rate(char *out, int64_t bytes_per_s);
const char *units_count(char *out, int64_t n); /* "1,234,567" */
const char *units_short(char *out, double n);  /* "987" "12.3k" "4.1M" */

#endif
