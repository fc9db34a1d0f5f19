/* Where migrations stand, asked of the targets themselves. */
#ifndef NEWEL_CLI_STANDING_H
#define NEWEL_CLI_STANDING_H

#include "base/json.h"
#include "engine/state.h"
#include "plan/target.h"

struct standing {
    const char *target;
    bool reachable;
    struct error error;  /* when it is not */
    struct state *states; /* one for each migration asked for that is there */
    char **ids;
    size_t count;
};

/* Asks one target, read-only; `id` NULL: every migration there. */
void standing_ask(const struct target *t, const char *id, struct standing *out);
void standing_free(struct standing *s);
json_t *standing_json(const struct standing *s);

#endif
