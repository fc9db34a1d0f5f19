#include "config.h"
#include "engine/query_plan.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MOST 200

static double number(const json_t *object, const char *key)
{
    const char *text = json_get_text(object, key, NULL);
    return text ? strtod(text, NULL) : json_get_real(object, key, -1);
}

static struct plan_node *add_node(struct query_plan *p, char *kind, const char *on,
                                  const char *index, enum plan_access access, int depth)
{
    struct plan_node *n = VEC_PUSH(p->nodes, p->count);
    *n = (struct plan_node){
        .kind = kind,
        .on = mem_dup(on),
        .index = mem_dup(index),
        .access = access,
        .depth = depth,
    };
    return n;
}

struct access_word {
    const char *word;
    enum plan_access access;
};

static enum plan_access access_of(const struct access_word *words, size_t count, const char *word,
                                  enum plan_access otherwise)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i].word, word) == 0)
            return words[i].access;
    return otherwise;
}

/* ---- PostgreSQL ----------------------------------------------------------- */

static const struct access_word pg_access[] = {
    {"Tid Scan", ACCESS_ROW},          {"Index Scan", ACCESS_INDEX},
    {"Index Only Scan", ACCESS_INDEX}, {"Bitmap Heap Scan", ACCESS_RANGE},
    {"Tid Range Scan", ACCESS_RANGE},  {"Seq Scan", ACCESS_FULL},
    {"Sample Scan", ACCESS_FULL},
};

/* "Hash Left Join", "HashAggregate": as its own text form has them. */
static char *pg_kind(const json_t *node)
{
    const char *type = json_get_text(node, "Node Type", "?");
    const char *join = json_get_text(node, "Join Type", "Inner");
    const char *strategy = json_get_text(node, "Strategy", "");
    if (strcmp(join, "Inner") != 0) {
        size_t stem = strlen(type);
        if (stem > 5 && strcmp(type + stem - 5, " Join") == 0)
            stem -= 5;
        return mem_printf("%.*s %s Join", (int)stem, type, join);
    }
    if (strcmp(type, "Aggregate") == 0 && strcmp(strategy, "Hashed") == 0)
        return mem_dup("HashAggregate");
    if (strcmp(type, "Aggregate") == 0 && strcmp(strategy, "Sorted") == 0)
        return mem_dup("GroupAggregate");
    return mem_dup(type);
}

/* The indexes below a bitmap scan, joined with '+': they are part of it and no nodes. */
static void bitmap_indexes(const json_t *node, struct str *out, int depth)
{
    const json_t *child;
    size_t i;
    if (depth > DEPTH_MOST)
        return;
    json_array_foreach(json_object_get(node, "Plans"), i, child)
    {
        const char *index = json_get_text(child, "Index Name", NULL);
        if (index)
            str_addf(out, "%s%s", out->len ? "+" : "", index);
        bitmap_indexes(child, out, depth + 1);
    }
}

static void add_pg(struct query_plan *p, const json_t *node, int depth)
{
    const json_t *child;
    size_t i;
    if (!json_is_object(node) || depth > DEPTH_MOST)
        return;
    const char *type = json_get_text(node, "Node Type", "?");
    const char *table = json_get_text(node, "Relation Name", NULL);
    bool bitmap = strcmp(type, "Bitmap Heap Scan") == 0;
    struct str indexes = {0};
    if (bitmap)
        bitmap_indexes(node, &indexes, 0);
    add_node(p, pg_kind(node), json_get_text(node, "Alias", table),
             bitmap ? str_text(&indexes) : json_get_text(node, "Index Name", NULL),
             access_of(pg_access, COUNT_OF(pg_access), type, ACCESS_NONE), depth);
    str_free(&indexes);
    json_array_foreach(json_object_get(node, "Plans"), i, child)
    {
        if (!bitmap)
            add_pg(p, child, depth + 1);
    }
}

/* ---- MySQL's tree, the form of 9 ------------------------------------------ */

static const struct access_word mysql_access[] = {
    {"index_lookup", ACCESS_INDEX},
    {"index_scan", ACCESS_FULL},
    {"table", ACCESS_FULL},
    {"rows_fetched_before_execution", ACCESS_ROW},
};

/* What comes before the table and its conditions: "Index lookup", "Limit". */
static char *mysql_kind(const char *operation)
{
    const char *end = strstr(operation, " on ");
    size_t n = strcspn(operation, ":(");
    if (end && (size_t)(end - operation) < n)
        n = (size_t)(end - operation);
    while (n && operation[n - 1] == ' ')
        n--;
    return mem_dup_n(operation, n);
}

static void add_mysql(struct query_plan *p, const json_t *node, int depth)
{
    const json_t *child;
    size_t i;
    if (!json_is_object(node) || depth > DEPTH_MOST)
        return;
    const char *operation = json_get_text(node, "operation", "?");
    const char *type = json_get_text(node, "access_type", "");
    const char *table = json_get_text(node, "table_name", NULL);
    const char *how = json_get_text(node, "index_access_type", type);
    enum plan_access access = ACCESS_NONE;
    if ((table && table[0] != '<') || strcmp(type, "rows_fetched_before_execution") == 0)
        access = access_of(mysql_access, COUNT_OF(mysql_access), how, ACCESS_RANGE);
    if (access == ACCESS_INDEX && strncmp(operation, "Single-row", 10) == 0)
        access = ACCESS_ROW;
    /* a filter is not what one compares plans for: conditions move up and down */
    bool filter = strcmp(type, "filter") == 0;
    if (!filter)
        add_node(p, mysql_kind(operation), json_get_text(node, "alias", table),
                 json_get_text(node, "index_name", NULL), access, depth);
    /* the sorting above has no figures of its own */
    if (p->cost < 0 && json_has(node, "estimated_total_cost")) {
        p->cost = number(node, "estimated_total_cost");
        p->rows = number(node, "estimated_rows");
    }
    json_array_foreach(json_object_get(node, "inputs"), i, child)
        add_mysql(p, child, filter ? depth : depth + 1);
}

/* ---- blocks of tables: MariaDB, and MySQL before 9 ------------------------ */

static const struct access_word table_access[] = {
    {"system", ACCESS_ROW},          {"const", ACCESS_ROW},
    {"eq_ref", ACCESS_ROW},          {"ref", ACCESS_INDEX},
    {"ref_or_null", ACCESS_INDEX},   {"fulltext", ACCESS_INDEX},
    {"unique_subquery", ACCESS_ROW}, {"index_subquery", ACCESS_INDEX},
    {"index", ACCESS_FULL},          {"ALL", ACCESS_FULL},
};

/* What stands around tables in these forms, and makes a plan another one. */
static const char *const block_kinds[] = {
    "filesort",
    "temporary_table",
    "ordering_operation",
    "grouping_operation",
    "block-nl-join",
    "materialized",
    "union_result",
    "duplicates_removal",
    "expression_cache",
    "subqueries",
    "window_functions_computation",
};

static const char *access_words(const char *type)
{
    if (strcmp(type, "ALL") == 0)
        return "full scan (ALL)";
    return strcmp(type, "index") == 0 ? "full index scan (index)" : type;
}

static void add_table(struct query_plan *p, const json_t *table, const char *type, int depth,
                      double *looked_at)
{
    double rows = number(table, "rows_examined_per_scan");
    if (rows < 0)
        rows = number(table, "rows");
    if (rows > 0)
        *looked_at += rows;
    double filtered = number(table, "filtered");
    p->rows = rows * (filtered >= 0 ? filtered / 100 : 1);
    add_node(p, mem_dup(access_words(type)), json_get_text(table, "table_name", NULL),
             json_get_text(table, "key", NULL),
             access_of(table_access, COUNT_OF(table_access), type, ACCESS_RANGE), depth);
}

static void add_block(struct query_plan *p, const json_t *value, int depth, double *looked_at)
{
    const char *key;
    json_t *member;
    size_t i;
    if (depth > DEPTH_MOST)
        return;
    if (json_is_array(value)) {
        json_array_foreach(value, i, member) add_block(p, member, depth + 1, looked_at);
        return;
    }
    const char *type = json_get_text(value, "access_type", NULL);
    if (type)
        add_table(p, value, type, depth, looked_at);
    json_object_foreach((json_t *)value, key, member)
    {
        for (i = 0; i < COUNT_OF(block_kinds); i++)
            if (strcmp(key, block_kinds[i]) == 0 && !json_is_false(member))
                add_node(p, mem_dup(key), NULL, NULL, ACCESS_NONE, depth);
        if (json_is_object(member) || json_is_array(member))
            add_block(p, member, depth + 1, looked_at);
    }
}

static void read_block(struct query_plan *p, const json_t *block)
{
    double looked_at = 0;
    add_block(p, block, 0, &looked_at);
    p->cost = number(json_object_get(block, "cost_info"), "query_cost");
    if (p->cost < 0)
        p->cost = number(block, "cost");
    if (p->cost < 0)
        p->cost = looked_at;
}

/* ---- any of them ---------------------------------------------------------- */

bool query_plan_parse(const char *json, struct query_plan *out)
{
    *out = (struct query_plan){.cost = -1, .rows = -1};
    json_t *root = json_loads(json ? json : "", 0, NULL);
    const json_t *pg = json_object_get(json_array_get(root, 0), "Plan");
    const json_t *mysql = json_object_get(root, "query_plan");
    const json_t *block = json_object_get(root, "query_block");
    bool known = true;
    if (json_is_object(pg)) {
        out->cost = number(pg, "Total Cost");
        out->rows = number(pg, "Plan Rows");
        add_pg(out, pg, 0);
    } else if (json_is_object(mysql)) {
        add_mysql(out, mysql, 0);
    } else if (json_is_object(block)) {
        read_block(out, block);
    } else {
        known = false;
    }
    json_decref(root);
    return known;
}

void query_plan_free(struct query_plan *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->nodes[i].kind);
        free(p->nodes[i].on);
        free(p->nodes[i].index);
    }
    free(p->nodes);
    *p = (struct query_plan){.cost = -1, .rows = -1};
}
