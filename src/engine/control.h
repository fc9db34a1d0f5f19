/* The control socket: consoles and scripts in, commands checked, recorded and obeyed. */
#ifndef NEWEL_ENGINE_CONTROL_H
#define NEWEL_ENGINE_CONTROL_H

#include "engine/run.h"

#include <poll.h>

#define CONTROL_CLIENTS 32

struct control;

/* What a command reaches. Set by the engine before the first round. */
struct controlled {
    struct run *runs;
    size_t run_count;
    size_t current; /* the run that is worked on */
    struct recorder *recorder;
    enum on_disconnect on_disconnect;
    const char *column;
};

/* Listens on `path`. NULL with `e` (ERROR_NO when an engine answers there already). */
struct control *control_open(const char *path, struct controlled *what, struct error *e);
void control_close(struct control *c); /* removes the socket */

/* Fills `fds` (room for CONTROL_CLIENTS + 1) and returns how many. */
size_t control_poll(struct control *c, struct pollfd *fds);
/* Serves whoever has something to say, by what poll() found in `fds`. */
void control_serve(struct control *c, const struct pollfd *fds, size_t count);

#endif
