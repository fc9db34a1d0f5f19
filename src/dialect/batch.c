#include "config.h"
#include "dialect/batch.h"

const struct batch_words *batch_words(enum db_engine engine)
{
    return engine == DB_POSTGRESQL ? &batch_pg : &batch_my;
}

json_t *batch_key_values(const char *json, const char **out, size_t *count)
{
    *count = 0;
    json_t *key = json && *json ? json_loads(json, 0, NULL) : NULL;
    for (size_t i = 0; i < json_array_size(key) && i < BATCH_KEY_COLUMNS; i++)
        out[(*count)++] = json_string_value(json_array_get(key, i));
    return key;
}
