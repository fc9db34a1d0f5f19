/*
 * What the engine that runs on this machine says of a migration, out of its journal: the
 * targets know in which phase it is, the engine knows what it is doing there, and for whom
 * it waits.
 */
#ifndef NEWEL_CLI_LIVE_H
#define NEWEL_CLI_LIVE_H

#include "journal/model.h"
#include "plan/target.h"

struct live {
    char *id;
    bool runs; /* else the model is empty */
    struct model model;
};

struct live_list {
    struct live *items;
    size_t count;
};

/* Reads it when it is asked for first. */
const struct live *live_of(struct live_list *list, const struct config *c, const char *id);
void live_free(struct live_list *list);

/* "WAITING for a lock, try 3 of 100", where there is more to say than the target has. */
bool live_words(const struct live *l, const char *target, struct str *out);
/* The same and more for programs; NULL when no engine runs. */
json_t *live_json(const struct live *l, const char *target);
/* A line a console that is attached. */
void live_people(const struct live *l, struct str *out);

#endif
