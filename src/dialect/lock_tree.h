/*
 * Who waits on whom, as edges, made into a tree for people: roots first, each
 * session below what it waits for. Pure.
 */
#ifndef NEWEL_DIALECT_LOCK_TREE_H
#define NEWEL_DIALECT_LOCK_TREE_H

#include "base/json.h"
#include "base/units.h"

struct lock_edge {
    int64_t waiter, blocker, wait_us;
    char *mode, *object;
};

struct lock_graph {
    struct lock_edge *edges;
    size_t edge_count;
    json_t **sessions;
    size_t session_count;
};

/* The same edge a second time is passed over. */
void lock_graph_edge(struct lock_graph *g, int64_t waiter, int64_t blocker, const char *mode,
                     const char *object, int64_t wait_us);
/* An object with `pid` and what else is known; taken over. */
void lock_graph_session(struct lock_graph *g, json_t *session);
/*
 * Appends a row a session to `list`, as a `sample` of locks has them. A session
 * that waits for several stands below each; sessions that wait in a circle, which
 * the server will break, hang below the first of them.
 */
void lock_graph_tree(const struct lock_graph *g, json_t *list);
void lock_graph_free(struct lock_graph *g);

#endif
