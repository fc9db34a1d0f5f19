/* `newel run`, as the demo calls it too. */
#ifndef NEWEL_CLI_RUN_H
#define NEWEL_CLI_RUN_H

#include "base/error.h"

struct run_options {
    const char *config_path;    /* NULL: the usual places */
    const char *migration_path;
    bool headless, yes, detach, accept_change;
    bool plain;                 /* the console as lines */
    bool quiet;                 /* no progress lines */
    bool verbose;               /* longer ones */
    const char *until;          /* a phase's name, or NULL */
};

/*
 * Runs the engine (in this process when headless, else as a process of its own)
 * and opens the console on it. Returns the exit status; errors are in `e`, not
 * yet printed. `journal_path`, when not NULL, gets the journal's path, for the
 * caller to free.
 */
int run_migration(const struct run_options *o, char **journal_path, struct error *e);

#endif
