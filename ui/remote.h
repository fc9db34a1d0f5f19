/*
 * The console's end of the control socket. Requests are answered in their
 * order; nothing here ever waits for an answer.
 */
#ifndef NEWEL_UI_REMOTE_H
#define NEWEL_UI_REMOTE_H

#include "base/wire.h"
#include "ui/view.h"

#define REMOTE_PENDING 32

struct remote {
    int fd; /* not ours to close; -1: none, or gone */
    struct wire_reader reader;
    struct pending {
        char *what; /* "batch 1250", for the message line; NULL: says nothing when accepted */
        int64_t sent_us;
    } pending[REMOTE_PENDING];
    size_t count;
    bool refused; /* the last answer was a no */
};

void remote_open(struct remote *r, int fd, struct view *v);
void remote_close(struct remote *r);
/* Takes `request` over. `quiet`: an acceptance is not worth a message. */
void remote_send(struct remote *r, struct view *v, json_t *request, bool quiet);
/* Takes in what has arrived. True when the view has changed. */
bool remote_read(struct remote *r, struct view *v);
/* Says so when an answer is long in coming. True when the view has changed. */
bool remote_tick(struct remote *r, struct view *v);

#endif
