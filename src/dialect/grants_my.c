#include "config.h"
#include "dialect/grants_my.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define GRANT "GRANT "
#define ON " ON "

/* " ON " outside of names and columns; NULL: a role is granted. */
static const char *find_on(const char *line)
{
    bool quoted = false;
    int depth = 0;
    for (const char *at = line; *at; at++) {
        if (*at == '`')
            quoted = !quoted;
        else if (!quoted && *at == '(')
            depth++;
        else if (!quoted && *at == ')')
            depth--;
        else if (!quoted && depth == 0 && strncmp(at, ON, sizeof ON - 1) == 0)
            return at;
    }
    return NULL;
}

/* In "SELECT, INSERT (a, b), UPDATE": as a whole, not for some columns alone. */
static bool has_privilege(const char *list, const char *end, const char *privilege)
{
    size_t n = strlen(privilege);
    for (const char *at = list; at < end;) {
        const char *next = at;
        for (int depth = 0; next < end && (depth || *next != ','); next++)
            depth += (*next == '(') - (*next == ')');
        size_t length = (size_t)(next - at);
        if ((length == n && strncasecmp(at, privilege, n) == 0) ||
            (length >= 3 && strncasecmp(at, "ALL", 3) == 0 && (length == 3 || at[3] == ' ')))
            return true;
        at = next + (next < end);
        while (at < end && *at == ' ')
            at++;
    }
    return false;
}

/* "*" or a name in backticks; the caller frees it. `*at` is set behind it. NULL: neither. */
static char *take_name(const char **at)
{
    struct str name = {0};
    const char *p = *at;
    if (*p == '*') {
        *at = p + 1;
        return mem_dup("*");
    }
    if (*p != '`')
        return NULL;
    for (p++; *p && (*p != '`' || p[1] == '`'); p++) {
        str_add_char(&name, *p);
        p += *p == '`';
    }
    *at = *p ? p + 1 : p;
    return str_take(&name);
}

/* A database's name may be a pattern, with % and _, and \ before those that are meant. */
static bool is_like(const char *pattern, const char *name)
{
    for (; *pattern; pattern++, name++) {
        if (*pattern == '%') {
            for (; *name; name++)
                if (is_like(pattern + 1, name))
                    return true;
            return is_like(pattern + 1, name);
        }
        bool any = *pattern == '_';
        if (*pattern == '\\' && pattern[1])
            pattern++;
        if (!*name || (!any && *pattern != *name))
            return false;
    }
    return !*name;
}

static bool covers(const char *object, const char *schema, const char *table)
{
    if (strncmp(object, "TABLE ", 6) == 0)
        object += 6;
    char *of = take_name(&object);
    char *what = of && *object == '.' ? (object++, take_name(&object)) : NULL;
    bool every = what && strcmp(what, "*") == 0;
    bool yes = what && (strcmp(of, "*") == 0 || (every && is_like(of, schema)) ||
                        (strcmp(of, schema) == 0 && strcmp(what, table) == 0));
    free(of);
    free(what);
    return yes;
}

bool grants_my_cover(const char *line, const char *privilege, const char *schema, const char *table)
{
    if (strncmp(line, GRANT, sizeof GRANT - 1) != 0)
        return false;
    line += sizeof GRANT - 1;
    const char *on = find_on(line);
    return on && has_privilege(line, on, privilege) && covers(on + sizeof ON - 1, schema, table);
}

bool grants_my_vague(const char *line)
{
    return strncmp(line, GRANT, sizeof GRANT - 1) != 0 || !find_on(line);
}
