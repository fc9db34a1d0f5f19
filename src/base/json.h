/*
 * jansson, made safe for the journal: text is turned into valid UTF-8 on its
 * way in, and reading a member that is missing or of another type gives the
 * stated default instead of a crash.
 */
#ifndef NEWEL_BASE_JSON_H
#define NEWEL_BASE_JSON_H

#include "base/mem.h"

#include <jansson.h>
#include <stdint.h>

/* Setters: `object` keeps the value. NULL text sets nothing. */
void json_set_text(json_t *object, const char *key, const char *text);
void json_set_int(json_t *object, const char *key, int64_t value);
void json_set_bool(json_t *object, const char *key, bool value);
void json_set_real(json_t *object, const char *key, double value); /* NaN, infinity: nothing */
void json_set(json_t *object, const char *key, json_t *value);     /* takes `value` over */
void json_push(json_t *array, json_t *value);                      /* takes `value` over */
json_t *json_text(const char *text);                               /* NULL gives JSON null */

/*
 * No time in microseconds and no count of bytes comes near this. What is read is
 * cut to it, so that sums and differences of a few figures cannot overflow.
 */
#define JSON_INT_MOST (INT64_C(1) << 60)

/* Getters: the text lives as long as `object`. */
int64_t json_int(const json_t *value, int64_t otherwise);
const char *json_get_text(const json_t *object, const char *key, const char *otherwise);
int64_t json_get_int(const json_t *object, const char *key, int64_t otherwise);
bool json_get_bool(const json_t *object, const char *key, bool otherwise);
double json_get_real(const json_t *object, const char *key, double otherwise); /* ints too */
bool json_has(const json_t *object, const char *key); /* present and not null */

/* One line without a newline; the caller frees it. */
char *json_line(const json_t *value);

#endif
