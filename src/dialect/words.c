#include "config.h"
#include "dialect/words.h"

char *words_value(const struct words *w)
{
    if (!w->value)
        return mem_dup(w->otherwise);
    if (w->where && w->otherwise && w->untyped)
        return mem_printf("CASE WHEN (%s) THEN (%s) ELSE (%s) END", w->where, w->value,
                          w->otherwise);
    if (w->where && w->otherwise)
        return mem_printf("CASE WHEN (%s) THEN (%s) ELSE CAST((%s) AS %s) END", w->where,
                          w->value, w->otherwise, w->type);
    return mem_dup(w->value);
}

const char *words_rows(const struct words *w)
{
    return w->value && w->where && !w->otherwise ? w->where : NULL;
}
