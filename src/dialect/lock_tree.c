#include "config.h"
#include "dialect/lock_tree.h"

#include <stdlib.h>

#define DEPTH_MOST 10
#define ROWS_MOST 500

void lock_graph_edge(struct lock_graph *g, int64_t waiter, int64_t blocker, const char *mode,
                     const char *object, int64_t wait_us)
{
    for (size_t i = 0; i < g->edge_count; i++)
        if (g->edges[i].waiter == waiter && g->edges[i].blocker == blocker)
            return;
    struct lock_edge *edge = VEC_PUSH(g->edges, g->edge_count);
    *edge = (struct lock_edge){waiter, blocker, wait_us, mem_dup(mode), mem_dup(object)};
}

void lock_graph_session(struct lock_graph *g, json_t *session)
{
    *VEC_PUSH(g->sessions, g->session_count) = session;
}

void lock_graph_free(struct lock_graph *g)
{
    for (size_t i = 0; i < g->edge_count; i++) {
        free(g->edges[i].mode);
        free(g->edges[i].object);
    }
    for (size_t i = 0; i < g->session_count; i++)
        json_decref(g->sessions[i]);
    free(g->edges);
    free(g->sessions);
    *g = (struct lock_graph){0};
}

static const struct lock_edge *first_wait(const struct lock_graph *g, int64_t pid)
{
    for (size_t i = 0; i < g->edge_count; i++)
        if (g->edges[i].waiter == pid)
            return &g->edges[i];
    return NULL;
}

/* The path from the root down to a session, so that a circle is noticed. */
struct path {
    int64_t pids[DEPTH_MOST + 1];
    int depth;
};

static bool is_above(const struct path *path, int64_t pid)
{
    for (int i = 0; i < path->depth; i++)
        if (path->pids[i] == pid)
            return true;
    return false;
}

static void add_row(const struct lock_graph *g, int64_t pid, int64_t parent, int depth,
                    const struct lock_edge *edge, json_t *list)
{
    json_t *row = NULL;
    for (size_t i = 0; i < g->session_count && !row; i++)
        if (json_get_int(g->sessions[i], "pid", 0) == pid)
            row = json_copy(g->sessions[i]);
    if (!row) {
        row = json_object();
        json_set_int(row, "pid", pid);
    }
    json_set_int(row, "parent", parent);
    json_set_int(row, "depth", depth);
    json_set_int(row, "wait_us", edge ? edge->wait_us : UNKNOWN);
    if (edge) {
        json_set_text(row, "mode", edge->mode);
        json_set_text(row, "object", edge->object);
    }
    json_push(list, row);
}

static void add_below(const struct lock_graph *g, struct path *path, json_t *list)
{
    int64_t above = path->pids[path->depth - 1];
    for (size_t i = 0; i < g->edge_count; i++) {
        const struct lock_edge *edge = &g->edges[i];
        if (edge->blocker != above || is_above(path, edge->waiter) ||
            json_array_size(list) >= ROWS_MOST)
            continue;
        add_row(g, edge->waiter, above, path->depth, edge, list);
        if (path->depth >= DEPTH_MOST)
            continue;
        path->pids[path->depth++] = edge->waiter;
        add_below(g, path, list);
        path->depth--;
    }
}

static bool is_listed(const json_t *list, int64_t pid)
{
    size_t i;
    json_t *row;
    json_array_foreach(list, i, row) if (json_get_int(row, "pid", 0) == pid) return true;
    return false;
}

static void add_root(const struct lock_graph *g, int64_t pid, json_t *list)
{
    if (is_listed(list, pid))
        return;
    struct path path = {.pids = {pid}, .depth = 1};
    add_row(g, pid, UNKNOWN, 0, first_wait(g, pid), list);
    add_below(g, &path, list);
}

void lock_graph_tree(const struct lock_graph *g, json_t *list)
{
    for (size_t i = 0; i < g->edge_count; i++)
        if (!first_wait(g, g->edges[i].blocker))
            add_root(g, g->edges[i].blocker, list);
    /* what has no root is a circle */
    for (size_t i = 0; i < g->edge_count; i++)
        add_root(g, g->edges[i].blocker, list);
}
