#include "config.h"
#include "base/error.h"
#include "base/text.h"

#include <string.h>

/* The arguments may lie in the error itself, when a cause becomes part of a new text. */
static void PRINTF_LIKE(3, 0) fill(char *out, size_t size, const char *format, va_list args)
{
    char text[sizeof((struct error *)0)->why];
    (void)vsnprintf(text, sizeof text, format, args);
    size_t n = strnlen(text, size - 1);
    memcpy(out, text, n);
    out[n] = '\0';
}

bool error_set(struct error *e, enum error_kind kind, const char *what, ...)
{
    struct error fresh = {.kind = kind};
    va_list args;
    va_start(args, what);
    fill(fresh.what, sizeof fresh.what, what, args);
    va_end(args);
    *e = fresh;
    return false;
}

bool error_why(struct error *e, const char *why, ...)
{
    va_list args;
    va_start(args, why);
    fill(e->why, sizeof e->why, why, args);
    va_end(args);
    return false;
}

bool error_todo(struct error *e, const char *todo, ...)
{
    va_list args;
    va_start(args, todo);
    fill(e->todo, sizeof e->todo, todo, args);
    va_end(args);
    return false;
}

bool error_errno(struct error *e, int number, const char *what, ...)
{
    struct error fresh = {.kind = ERROR_SYSTEM, .number = number};
    va_list args;
    va_start(args, what);
    fill(fresh.what, sizeof fresh.what, what, args);
    va_end(args);
    *e = fresh;
    char text[128];
    return error_why(e, "%s", strerror_r(number, text, sizeof text));
}

/* A server's words may hold line ends, control characters, and half a character at the cut. */
void error_text(const struct error *e, struct str *out)
{
    text_add_line(out, e->what);
    if (e->why[0]) {
        str_add(out, ": ");
        text_add_line(out, e->why);
    }
    if (e->sqlstate[0] && e->number)
        str_addf(out, " [errno %d, SQLSTATE %s]", e->number, e->sqlstate);
    else if (e->sqlstate[0])
        str_addf(out, " [SQLSTATE %s]", e->sqlstate);
    if (e->todo[0]) {
        str_add(out, " (");
        text_add_line(out, e->todo);
        str_add_char(out, ')');
    }
}

void error_print(const struct error *e, FILE *out)
{
    struct str line = {0};
    error_text(e, &line);
    fprintf(out, "newel: %s\n", str_text(&line));
    str_free(&line);
}

int error_exit_status(const struct error *e)
{
    switch (e->kind) {
    case ERROR_NONE:
        return EXIT_YES;
    case ERROR_NO:
        return EXIT_NO;
    case ERROR_DATABASE:
        return EXIT_DATABASE;
    case ERROR_PHASE:
        return EXIT_PHASE;
    case ERROR_STOPPED:
        return EXIT_STOPPED;
    case ERROR_USAGE:
    case ERROR_SYSTEM:
        break;
    }
    return EXIT_USAGE;
}
