#include "config.h"
#include "engine/query_plan.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

static double number(const json_t *object, const char *key)
{
    const char *text = json_get_text(object, key, NULL);
    return text ? strtod(text, NULL) : json_get_real(object, key, -1);
}

/* Of all tables below: the rows that are looked at, and those that come out last. */
static void add_tables(const json_t *value, double *looked_at, double *out)
{
    const char *key;
    json_t *member;
    size_t i;
    if (json_is_array(value)) {
        json_array_foreach(value, i, member) add_tables(member, looked_at, out);
        return;
    }
    if (!json_is_object(value))
        return;
    if (json_has(value, "access_type")) {
        double rows = number(value, "rows_examined_per_scan");
        if (rows < 0)
            rows = number(value, "rows");
        if (rows > 0)
            *looked_at += rows;
        *out = rows * (number(value, "filtered") >= 0 ? number(value, "filtered") / 100 : 1);
    }
    json_object_foreach((json_t *)value, key, member) add_tables(member, looked_at, out);
}

static bool read_block(const json_t *block, double *cost, double *rows)
{
    double looked_at = 0;
    add_tables(block, &looked_at, rows);
    *cost = number(json_object_get(block, "cost_info"), "query_cost");
    if (*cost < 0)
        *cost = number(block, "cost");
    if (*cost < 0)
        *cost = looked_at;
    return true;
}

bool query_plan_read(const char *json, double *cost, double *rows)
{
    *cost = *rows = -1;
    json_t *root = json_loads(json ? json : "", 0, NULL);
    const json_t *pg = json_object_get(json_array_get(root, 0), "Plan");
    const json_t *mysql = json_object_get(root, "query_plan");
    const json_t *block = json_object_get(root, "query_block");
    bool known = true;
    if (json_is_object(pg)) {
        *cost = number(pg, "Total Cost");
        *rows = number(pg, "Plan Rows");
    } else if (json_is_object(mysql)) {
        *cost = number(mysql, "estimated_total_cost");
        *rows = number(mysql, "estimated_rows");
    } else if (json_is_object(block)) {
        known = read_block(block, cost, rows);
    } else {
        known = false;
    }
    json_decref(root);
    return known;
}
