/*
 * One JSON line there, one JSON line back, over a private unix socket: how
 * consoles and scripts command an engine.
 */
#ifndef NEWEL_BASE_WIRE_H
#define NEWEL_BASE_WIRE_H

#include "base/error.h"
#include "base/json.h"

/* A line longer than this is no command. */
#define WIRE_LINE_MAX 65536

/* Lines arriving on a descriptor. Zero-initialise; free `buffer` with str_free(). */
struct wire_reader {
    struct str buffer;
};

/* Connects; -1 with `e` when nobody listens there. */
int wire_connect(const char *path, struct error *e);
/*
 * Listens with mode 0600, replacing a socket that nobody answers on; -1 with
 * `e` (kind ERROR_NO) when somebody does.
 */
int wire_listen(const char *path, struct error *e);
/* Accepts a client of our own user (or root); -1 when there is none or it was refused. */
int wire_accept(int listener);

/* Sends `message` as one line. True when all of it was taken within `timeout_ms`. */
bool wire_send(int fd, const json_t *message, int timeout_ms) MUST_CHECK;
/*
 * Takes what has arrived on `fd` without waiting. 1: something came or is still
 * to come; 0: the other side has closed; -1: it failed or sent too long a line.
 */
int wire_fill(struct wire_reader *r, int fd);
/* The next whole line as JSON (the caller owns it), or NULL. A line that is no
 * JSON object gives JSON null. */
json_t *wire_take(struct wire_reader *r);
/* Sends and waits for the answer; NULL with `e` on failure. */
json_t *wire_request(int fd, const json_t *message, int timeout_ms, struct error *e);

#endif
