/*
 * The engine: owns the connections, walks each target up its staircase, obeys
 * commands on a private socket, and records all of it. It never draws and
 * survives every console.
 */
#ifndef NEWEL_ENGINE_ENGINE_H
#define NEWEL_ENGINE_ENGINE_H

#include "engine/recorder.h"
#include "plan/target.h"

struct engine_options {
    const struct config *config;
    const struct migration *migration;
    const struct target *const *targets; /* in the order of work */
    size_t target_count;
    const char *operator_name;
    bool yes;
    bool end_on_failure; /* a failed phase ends the engine instead of waiting for an operator */
    bool accept_change;
    enum phase until;    /* PHASE_FINISH: all */
    /* Called once, when the socket listens and the journal is open. */
    void (*ready)(void *context, const char *journal_path);
    /* Called about once a second from the engine's main thread, and once at the end. */
    void (*progress)(void *context, struct recorder *recorder);
    void *context;
};

/*
 * Runs until every target is done, a phase failed for good, or it was told to
 * stop (SIGTERM and SIGINT end it at a batch boundary). Returns the exit status;
 * `e` says why when it is not EXIT_YES.
 */
int engine_run(const struct engine_options *options, struct error *e);

#endif
