#include "config.h"
#include "engine/control.h"

#include "base/clock.h"
#include "base/wire.h"
#include "engine/command.h"
#include "journal/command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct client {
    int fd; /* -1: free */
    int64_t id;
    struct wire_reader reader;
    struct speaker speaker;
    bool attached;
};

struct control {
    int listener;
    char *path;
    struct controlled *what;
    struct client clients[CONTROL_CLIENTS];
    int64_t next_id;
};

struct control *control_open(const char *path, struct controlled *what, struct error *e)
{
    int listener = wire_listen(path, e);
    if (listener < 0)
        return NULL;
    struct control *c = mem_alloc(sizeof *c);
    c->listener = listener;
    c->path = mem_dup(path);
    c->what = what;
    c->next_id = 1;
    for (size_t i = 0; i < CONTROL_CLIENTS; i++)
        c->clients[i].fd = -1;
    return c;
}

static size_t consoles(const struct control *c)
{
    size_t count = 0;
    for (size_t i = 0; i < CONTROL_CLIENTS; i++)
        count += c->clients[i].fd >= 0 && c->clients[i].attached &&
                 !c->clients[i].speaker.read_only;
    return count;
}

static void record_detach(struct control *c, const struct client *client, const char *why)
{
    json_t *event = event_new(EVENT_DETACH, NULL);
    json_set_int(event, "client", client->id);
    json_set_text(event, "operator", client->speaker.name);
    json_set_text(event, "why", why);
    (void)recorder_decide(c->what->recorder, event);
}

/* The last console is gone without a word: do what newel.ini says. */
static void nobody_looks(struct control *c)
{
    struct run *r = &c->what->runs[c->what->current];
    run_lock(r);
    /* before a question, or after a failure, nothing goes on unattended anyway */
    bool at_work = !r->paused_by && r->state != STATE_ASKING && r->state != STATE_FAILED;
    run_unlock(r);
    if (c->what->on_disconnect == ON_DISCONNECT_CONTINUE || !at_work)
        return;
    json_t *request = json_pack("{s:s}", "do", "pause");
    struct speaker nobody = {.name = "on_disconnect"};
    json_t *answer = command_obey(c->what, r, request, &nobody);
    json_decref(answer);
    json_decref(request);
}

static void drop(struct control *c, struct client *client, const char *why, bool said_goodbye)
{
    (void)close(client->fd);
    client->fd = -1;
    str_free(&client->reader.buffer);
    bool mattered = client->attached && !client->speaker.read_only;
    if (client->attached)
        record_detach(c, client, why);
    client->attached = false;
    if (mattered && !said_goodbye && consoles(c) == 0)
        nobody_looks(c);
    free(client->speaker.owned_name);
    client->speaker = (struct speaker){0};
}

void control_close(struct control *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < CONTROL_CLIENTS; i++)
        if (c->clients[i].fd >= 0)
            drop(c, &c->clients[i], "the engine ended", true);
    (void)close(c->listener);
    (void)unlink(c->path);
    free(c->path);
    free(c);
}

static void accept_client(struct control *c)
{
    int fd = wire_accept(c->listener);
    if (fd < 0)
        return;
    for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
        struct client *client = &c->clients[i];
        if (client->fd >= 0)
            continue;
        *client = (struct client){.fd = fd, .id = c->next_id++};
        client->speaker.client = client->id;
        return;
    }
    json_t *full = json_pack("{s:b, s:s}", "accepted", 0, "reason", "too many consoles");
    IGNORE(wire_send(fd, full, 100));
    json_decref(full);
    (void)close(fd);
}

static void name_speaker(struct client *client, const json_t *request)
{
    const char *name = json_get_text(request, "operator", NULL);
    if (!name)
        return;
    free(client->speaker.owned_name);
    client->speaker.owned_name = mem_dup(name);
    client->speaker.name = client->speaker.owned_name;
}

static json_t *attach(struct control *c, struct client *client, const json_t *request)
{
    client->speaker.read_only = json_get_bool(request, "read_only", false);
    client->attached = true;
    json_t *event = event_new(EVENT_ATTACH, NULL);
    json_set_int(event, "client", client->id);
    json_set_text(event, "operator", client->speaker.name);
    json_set_bool(event, "read_only", client->speaker.read_only);
    (void)recorder_decide(c->what->recorder, event);
    return json_pack("{s:b, s:s, s:I}", "accepted", 1, "text", "attached", "client",
                     (json_int_t)client->id);
}

/* True when the client has left by it. */
static bool serve_request(struct control *c, struct client *client, const json_t *request)
{
    if (!json_is_object(request)) {
        json_t *answer = json_pack("{s:b, s:s}", "accepted", 0, "reason", "not a JSON object");
        IGNORE(wire_send(client->fd, answer, 1000));
        json_decref(answer);
        return false;
    }
    name_speaker(client, request);
    enum verb verb = verb_from_name(json_get_text(request, "do", ""));
    json_t *answer;
    bool leaves = false;
    if (verb == VERB_ATTACH) {
        answer = attach(c, client, request);
    } else {
        struct run *r = command_run(c->what, request);
        answer = command_obey(c->what, r, request, &client->speaker);
        leaves = verb == VERB_DETACH && json_get_bool(answer, "accepted", false);
    }
    bool sent = wire_send(client->fd, answer, 1000);
    json_decref(answer);
    if (leaves)
        drop(c, client, json_get_text(request, "value", NULL), true);
    else if (!sent)
        drop(c, client, "it did not take its answer", false);
    return leaves || !sent;
}

static void serve_client(struct control *c, struct client *client)
{
    int state = wire_fill(&client->reader, client->fd);
    json_t *request;
    while ((request = wire_take(&client->reader))) {
        bool left = serve_request(c, client, request);
        json_decref(request);
        if (left)
            return;
    }
    if (state <= 0)
        drop(c, client, state == 0 ? "connection closed" : "connection failed", false);
}

size_t control_poll(struct control *c, struct pollfd *fds)
{
    size_t count = 0;
    fds[count++] = (struct pollfd){.fd = c->listener, .events = POLLIN};
    for (size_t i = 0; i < CONTROL_CLIENTS; i++)
        if (c->clients[i].fd >= 0)
            fds[count++] = (struct pollfd){.fd = c->clients[i].fd, .events = POLLIN};
    return count;
}

void control_serve(struct control *c, const struct pollfd *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!fds[i].revents)
            continue;
        if (fds[i].fd == c->listener) {
            accept_client(c);
            continue;
        }
        for (size_t k = 0; k < CONTROL_CLIENTS; k++)
            if (c->clients[k].fd == fds[i].fd) {
                serve_client(c, &c->clients[k]);
                break;
            }
    }
}
