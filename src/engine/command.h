/* Obeying one command: checked, recorded, then done. */
#ifndef NEWEL_ENGINE_COMMAND_H
#define NEWEL_ENGINE_COMMAND_H

#include "engine/control.h"

struct speaker {
    const char *name; /* may be NULL */
    char *owned_name; /* what `name` points to, when it is ours to free */
    int64_t client;   /* 0: nobody's connection */
    bool read_only;
};

/* The run that a request means: its `target`, else the current one. NULL: no such target. */
struct run *command_run(struct controlled *what, const json_t *request);
/*
 * The answer, for the caller to free. Whether a command may change anything is a
 * property of its verb and is looked at here, for every command alike.
 */
json_t *command_obey(struct controlled *what, struct run *r, const json_t *request,
                     const struct speaker *speaker);

#endif
