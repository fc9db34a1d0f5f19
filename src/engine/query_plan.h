/*
 * What a server's EXPLAIN says in JSON, as a value that can be compared with
 * another. Pure.
 */
#ifndef NEWEL_ENGINE_QUERY_PLAN_H
#define NEWEL_ENGINE_QUERY_PLAN_H

#include "base/json.h"

/* How much of a table is looked at; what is no access to a table has none. */
enum plan_access {
    ACCESS_NONE,
    ACCESS_ROW,   /* one row, by its key */
    ACCESS_INDEX, /* rows of one key */
    ACCESS_RANGE, /* a range of an index, a bitmap of several */
    ACCESS_FULL,  /* a whole index, the whole table */
};

struct plan_node {
    char *kind;  /* "Index Scan", "Hash Join", "ref": in the server's words */
    char *on;    /* table or alias; NULL */
    char *index; /* NULL */
    enum plan_access access;
    int depth;
};

struct query_plan {
    double cost, rows;       /* -1: not told */
    struct plan_node *nodes; /* depth first, in the order of execution's tree */
    size_t count;
};

/*
 * Reads PostgreSQL's form, MySQL's two, and MariaDB's. MariaDB before 11 tells no
 * cost: there it is the number of rows that are looked at. False when the text is of
 * none of these forms. query_plan_free() in any case.
 */
bool query_plan_parse(const char *json, struct query_plan *out);
void query_plan_free(struct query_plan *p);

struct plan_change {
    bool shape;  /* nodes, indexes or the order of tables differ */
    bool worse;  /* a table is now read whole, or the cost has passed the ratio */
    char *words; /* "orders: Index Scan using i -> Seq Scan; cost 8 -> 1200 (150x)"; NULL: none */
};

/* `most`: how many times the cost may rise; 0: whatever. The caller frees `words`. */
struct plan_change query_plan_compare(const struct query_plan *before,
                                      const struct query_plan *after, double most);

#endif
