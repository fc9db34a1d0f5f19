/*
 * What went wrong, where, why, and what to do: one value that travels up the
 * call chain. It owns nothing, so it can be copied and thrown away freely.
 *
 * A function that can fail returns bool (true: it worked) and takes the error
 * as its last argument; it fills it only on failure.
 */
#ifndef NEWEL_BASE_ERROR_H
#define NEWEL_BASE_ERROR_H

#include "base/mem.h"

#include <stdio.h>

/* The process' exit status follows from the kind; see exit_status(). */
enum error_kind {
    ERROR_NONE = 0,
    ERROR_USAGE,    /* command line or configuration: 2 */
    ERROR_DATABASE, /* could not be reached or asked: 3 */
    ERROR_PHASE,    /* a phase failed, left in a stated, safe place: 4 */
    ERROR_STOPPED,  /* the operator stopped it; it can be resumed: 5 */
    ERROR_SYSTEM,   /* files, sockets, processes: 2 */
    ERROR_NO,       /* the answer is no: 1 */
};

enum exit_status {
    EXIT_YES = 0,
    EXIT_NO = 1,
    EXIT_USAGE = 2,
    EXIT_DATABASE = 3,
    EXIT_PHASE = 4,
    EXIT_STOPPED = 5,
};

struct error {
    enum error_kind kind;
    char sqlstate[6]; /* as the server gave it, else "" */
    int number;       /* errno or the server's error number, else 0 */
    char what[512];   /* what went wrong, and where */
    char why[1024];   /* the cause; a server's own words are kept */
    char todo[768];   /* what to do about it, a sentence or a statement; may be "" */
};

/* Each returns false, so that `return error_set(...)` reads as a failure. */
bool error_set(struct error *e, enum error_kind kind, const char *what, ...) PRINTF_LIKE(3, 4);
bool error_why(struct error *e, const char *why, ...) PRINTF_LIKE(2, 3);
bool error_todo(struct error *e, const char *todo, ...) PRINTF_LIKE(2, 3);
/* `what`, and errno's text as the reason. */
bool error_errno(struct error *e, int number, const char *what, ...) PRINTF_LIKE(3, 4);

/* "what: why [errno 1205, SQLSTATE HY000] (todo)" on one line, appended to `out`. */
void error_text(const struct error *e, struct str *out);
/* "newel: what: why (what to do)" and a newline. */
void error_print(const struct error *e, FILE *out);
int error_exit_status(const struct error *e);

#endif
