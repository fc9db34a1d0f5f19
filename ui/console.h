/* The console: follows a journal, or reviews one, and commands the engine behind it. */
#ifndef NEWEL_UI_CONSOLE_H
#define NEWEL_UI_CONSOLE_H

#include "base/ini.h"

#include <stdint.h>
#include <stdio.h>

struct console_options {
    const char *journal_path;
    int control_fd; /* the engine's socket, the caller's to close; -1: a file only */
    bool read_only;
    bool review;
    int64_t at_us;      /* review: where to start, 0: the beginning; a dump: the moment shown */
    const char *target; /* review: of which alone events are shown; NULL: of all */
    const char *screen; /* to begin with; NULL: Overview */
    bool ascii;
    bool plain; /* lines instead of screens (plain.h): no terminal is needed */
    bool mouse;
    const struct ini_entry *keys; /* lines of [keys] that are known to be right */
    size_t key_count;
    const char *operator_name; /* NULL: unknown */
};

/*
 * Runs until the operator leaves. Returns an exit status: that of the session
 * when it has ended, else 0; 2 with `e` when there is no terminal to run on;
 * 128 + n when signal n ended it.
 */
int console_run(const struct console_options *options, struct error *e);
/* One screen as text: no terminal is needed. */
bool console_dump(const struct console_options *options, int width, int height, const char *screen,
                  FILE *out, struct error *e) MUST_CHECK;

#endif
