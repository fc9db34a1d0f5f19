#include "config.h"
#include "db/text_mysql.h"

#include "db/db.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Behind what stands at `p` and is to be left alone: a quoted text, a comment; else `p`. */
static const char *skip_opaque(const char *p, const char *end)
{
    char mark = *p;
    if (mark == '\'' || mark == '"' || mark == '`') {
        for (p++; p < end && *p != mark; p++)
            if (*p == '\\' && mark != '`' && p + 1 < end)
                p++;
        /* a doubled mark looks like the next text, which is as well left alone */
        return p < end ? p + 1 : end;
    }
    if (mark == '#' ||
        (end - p > 2 && p[0] == '-' && p[1] == '-' && isspace((unsigned char)p[2]))) {
        const char *line = memchr(p, '\n', (size_t)(end - p));
        return line ? line : end;
    }
    if (end - p > 1 && p[0] == '/' && p[1] == '*') {
        const char *close = p + 2;
        while (end - close > 1 && !(close[0] == '*' && close[1] == '/'))
            close++;
        return end - close > 1 ? close + 2 : end;
    }
    return p;
}

/* A line of ";;" alone, from `p` on. */
static const char *find_bar(const char *p)
{
    for (const char *at = p; (at = strstr(at, ";;")) != NULL; at += 2)
        if ((at == p || at[-1] == '\n') && (at[2] == '\n' || at[2] == '\0'))
            return at;
    return NULL;
}

static const char *find_semicolon(const char *p)
{
    const char *end = p + strlen(p);
    while (p < end && *p != ';') {
        if (p[0] == '$' && p[1] == '#') {
            p += 2; /* a parameter, and no comment */
            continue;
        }
        const char *behind = skip_opaque(p, end);
        p = behind > p ? behind : p + 1;
    }
    return p;
}

size_t text_mysql_next(const char **at, const char **statement)
{
    const char *p = *at;
    while (isspace((unsigned char)*p) || *p == ';')
        p++;
    const char *bar = find_bar(p);
    const char *end = bar ? bar : find_semicolon(p);
    *at = end;
    *statement = p;
    while (end > p && isspace((unsigned char)end[-1]))
        end--;
    return (size_t)(end - p);
}

static bool is_number(const char *text)
{
    if (*text == '-')
        text++;
    return *text && strspn(text, "0123456789") == strlen(text);
}

/* "$12" or "$#12" at `p`: its length and the parameter's place; 0: none. */
static size_t read_mark(const char *p, const char *end, int *place, bool *raw)
{
    const char *digit = p + 1;
    *raw = digit < end && *digit == '#';
    digit += *raw;
    int n = 0;
    const char *from = digit;
    for (; digit < end && isdigit((unsigned char)*digit) && n < 1000; digit++)
        n = n * 10 + (*digit - '0');
    *place = n;
    return digit > from ? (size_t)(digit - p) : 0;
}

static bool add_param(struct str *out, const char *text, bool raw)
{
    if (!text) {
        str_add(out, "NULL");
    } else if (raw) {
        if (!is_number(text))
            return false;
        str_add(out, text);
    } else {
        char *quoted = db_quote_text(DB_MYSQL, text);
        str_add(out, quoted);
        free(quoted);
    }
    return true;
}

bool text_mysql_fill(const char *statement, size_t n, int count, const char *const *params,
                     struct str *out, int *bad)
{
    const char *end = statement + n;
    for (const char *p = statement; p < end;) {
        const char *behind = skip_opaque(p, end);
        bool raw = false;
        size_t mark = 0;
        int place = 0;
        if (behind == p && *p == '$' && count)
            mark = read_mark(p, end, &place, &raw);
        if (mark) {
            *bad = place;
            if (place < 1 || place > count || !add_param(out, params[place - 1], raw))
                return false;
            p += mark;
            continue;
        }
        if (behind == p)
            behind = p + 1;
        str_add_n(out, p, (size_t)(behind - p));
        p = behind;
    }
    return true;
}
