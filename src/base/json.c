#include "config.h"
#include "base/json.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>

void json_set(json_t *object, const char *key, json_t *value)
{
    /* the only ways to fail are a key that is no UTF-8 and no memory */
    if (json_object_set_new(object, key, value) != 0)
        abort();
}

void json_push(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        abort();
}

json_t *json_text(const char *text)
{
    if (!text)
        return json_null();
    json_t *value = json_string(text);
    if (value)
        return value;
    struct str clean = {0};
    text_add_utf8(&clean, text);
    value = json_string(str_text(&clean));
    str_free(&clean);
    return value;
}

void json_set_text(json_t *object, const char *key, const char *text)
{
    if (text)
        json_set(object, key, json_text(text));
}

void json_set_int(json_t *object, const char *key, int64_t value)
{
    json_set(object, key, json_integer(value));
}

void json_set_bool(json_t *object, const char *key, bool value)
{
    json_set(object, key, json_boolean(value));
}

void json_set_real(json_t *object, const char *key, double value)
{
    if (isfinite(value))
        json_set(object, key, json_real(value));
}

const char *json_get_text(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : otherwise;
}

int64_t json_int(const json_t *value, int64_t otherwise)
{
    if (!json_is_integer(value))
        return otherwise;
    int64_t n = json_integer_value(value);
    return n > JSON_INT_MOST ? JSON_INT_MOST : n < -JSON_INT_MOST ? -JSON_INT_MOST : n;
}

int64_t json_get_int(const json_t *object, const char *key, int64_t otherwise)
{
    return json_int(json_object_get(object, key), otherwise);
}

bool json_get_bool(const json_t *object, const char *key, bool otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

double json_get_real(const json_t *object, const char *key, double otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

bool json_has(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value && !json_is_null(value);
}

char *json_line(const json_t *value)
{
    char *line = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15) | JSON_ENCODE_ANY);
    if (!line)
        abort();
    return line;
}
