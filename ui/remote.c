#include "config.h"
#include "ui/remote.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A request is a short line: if the socket does not take it in this time, the engine hangs. */
#define SEND_MS 50
#define SLOW_US (5 * US_PER_S)

static char *describe(const json_t *request)
{
    struct str s = {0};
    str_add(&s, json_get_text(request, "do", "?"));
    const char *value = json_get_text(request, "value", NULL);
    const char *phase = json_get_text(request, "expect_phase", NULL);
    if (value)
        str_addf(&s, " %s", value);
    if (phase)
        str_addf(&s, " %s", phase);
    if (json_has(request, "pid"))
        str_addf(&s, " %" PRId64, json_get_int(request, "pid", 0));
    return str_take(&s);
}

static void forget_first(struct remote *r)
{
    free(r->pending[0].what);
    memmove(r->pending, r->pending + 1, (r->count - 1) * sizeof r->pending[0]);
    r->count--;
}

static void lose(struct remote *r, struct view *v)
{
    if (r->fd < 0)
        return;
    r->fd = -1;
    v->link = LINK_GONE;
    if (r->count)
        view_say(v, STYLE_BAD, "the engine is gone; whether it obeyed \"%s\", the log tells",
                 r->pending[0].what ? r->pending[0].what : "attach");
    while (r->count)
        forget_first(r);
}

void remote_open(struct remote *r, int fd, struct view *v)
{
    *r = (struct remote){.fd = fd};
    v->link = fd >= 0 ? LINK_UP : LINK_NONE;
    if (fd < 0)
        return;
    json_t *hello = json_object();
    json_set_text(hello, "do", "attach");
    json_set_text(hello, "operator", v->operator_name);
    json_set_bool(hello, "read_only", v->read_only);
    remote_send(r, v, hello, true);
}

void remote_close(struct remote *r)
{
    while (r->count)
        forget_first(r);
    r->fd = -1;
    str_free(&r->reader.buffer);
}

void remote_send(struct remote *r, struct view *v, json_t *request, bool quiet)
{
    char *what = describe(request);
    if (r->fd < 0) {
        view_say(v, STYLE_BAD, "%s was not sent: no engine is connected", what);
    } else if (r->count == REMOTE_PENDING) {
        view_say(v, STYLE_BAD, "%s was not sent: the engine has not answered %zu requests", what,
                 r->count);
    } else if (!wire_send(r->fd, request, SEND_MS)) {
        /* half a line may be on its way: the connection is of no more use */
        view_say(v, STYLE_BAD, "%s was not sent: the engine does not listen", what);
        lose(r, v);
    } else {
        if (!quiet)
            view_say(v, STYLE_DIM, "%s: sent", what);
        r->pending[r->count++] =
            (struct pending){.what = quiet ? NULL : what, .sent_us = clock_mono_us()};
        if (!quiet)
            what = NULL;
    }
    free(what);
    json_decref(request);
}

static void take_answer(struct remote *r, struct view *v, const json_t *answer)
{
    if (!r->count)
        return; /* nothing was asked: not for us */
    const char *what = r->pending[0].what;
    bool accepted = json_get_bool(answer, "accepted", false);
    r->refused = !accepted;
    v->client = json_get_int(answer, "client", v->client);
    if (!accepted)
        view_say(v, STYLE_BAD, "REFUSED %s: %s", what ? what : "attach",
                 json_get_text(answer, "reason", "the engine gave no reason"));
    else if (what) {
        const char *text = json_get_text(answer, "text", NULL);
        view_say(v, STYLE_GOOD, "accepted %s%s%s", what, text && *text ? ": " : "",
                 text ? text : "");
    }
    forget_first(r);
}

bool remote_read(struct remote *r, struct view *v)
{
    if (r->fd < 0)
        return false;
    bool changed = false;
    int state = wire_fill(&r->reader, r->fd);
    for (json_t *answer; (answer = wire_take(&r->reader)) != NULL; json_decref(answer)) {
        take_answer(r, v, answer);
        changed = true;
    }
    if (state > 0)
        return changed;
    lose(r, v);
    return true;
}

bool remote_tick(struct remote *r, struct view *v)
{
    if (!r->count || v->message || clock_mono_us() - r->pending[0].sent_us < SLOW_US)
        return false;
    view_say(v, STYLE_WARN, "the engine has not answered \"%s\" yet",
             r->pending[0].what ? r->pending[0].what : "attach");
    return true;
}
