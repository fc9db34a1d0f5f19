#include "config.h"
#include "dialect/words.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

char *words_value(const struct words *w)
{
    if (!w->value)
        return mem_dup(w->otherwise);
    if (w->where && w->otherwise && w->untyped)
        return mem_printf("CASE WHEN (%s) THEN (%s) ELSE (%s) END", w->where, w->value,
                          w->otherwise);
    if (w->where && w->otherwise)
        return mem_printf("CASE WHEN (%s) THEN (%s) ELSE CAST((%s) AS %s) END", w->where, w->value,
                          w->otherwise, w->type);
    return mem_dup(w->value);
}

const char *words_rows(const struct words *w)
{
    return w->value && w->where && !w->otherwise ? w->where : NULL;
}

static bool is_part_of_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (c & 0x80);
}

/* Behind a text in single quotes. */
static const char *skip_text(const char *at)
{
    for (at++; *at && *at != '\''; at++)
        if (*at == '\\' && at[1])
            at++;
    return *at ? at + 1 : at;
}

static bool has_other_than_ascii(const char *text)
{
    for (; *text; text++)
        if (*text & 0x80)
            return true;
    return false;
}

bool words_mention(const char *sql, const char *column)
{
    size_t n = strlen(column);
    if (!sql)
        return false;
    /* letters beyond ASCII have cases that only the server knows; quotes in a name are doubled */
    if (has_other_than_ascii(column) || strpbrk(column, "`\""))
        return has_other_than_ascii(sql) || strpbrk(sql, "`\"");
    for (const char *at = sql; *at;) {
        bool begins = at == sql || !is_part_of_name(at[-1]);
        if (begins && strncasecmp(at, column, n) == 0 && !is_part_of_name(at[n]))
            return true;
        at = *at == '\'' ? skip_text(at) : at + 1;
    }
    return false;
}
