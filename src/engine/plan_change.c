/* Two plans of one query: what has changed, in words. */
#include "config.h"
#include "engine/query_plan.h"

#include <stdlib.h>
#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_node(const struct plan_node *a, const struct plan_node *b)
{
    return same_text(a->kind, b->kind) && same_text(a->on, b->on) && same_text(a->index, b->index);
}

static bool same_shape(const struct query_plan *a, const struct query_plan *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->nodes[i].depth != b->nodes[i].depth || !same_node(&a->nodes[i], &b->nodes[i]))
            return false;
    return true;
}

/* The next access to a table from `*at` on; NULL: there is none. */
static const struct plan_node *next_table(const struct query_plan *p, size_t *at)
{
    while (*at < p->count)
        if (p->nodes[(*at)++].access != ACCESS_NONE)
            return &p->nodes[*at - 1];
    return NULL;
}

/* The n-th access to a table of that name; a table that one plan does not name is found by place.
 */
static const struct plan_node *find_table(const struct query_plan *p, const char *on, size_t nth,
                                          size_t place)
{
    const struct plan_node *n, *by_place = NULL;
    size_t at = 0, seen = 0;
    for (size_t i = 0; (n = next_table(p, &at)); i++) {
        if (on && same_text(n->on, on) && seen++ == nth)
            return n;
        if (i == place && (!on || !n->on))
            by_place = n;
    }
    return by_place;
}

static void add_access(struct str *out, const struct plan_node *n)
{
    str_add(out, n->kind);
    if (n->index && *n->index)
        str_addf(out, " using %s", n->index);
}

static void part(struct str *out)
{
    if (out->len)
        str_add(out, "; ");
}

/* Table by table; true when one that was looked into is now read whole. */
static bool compare_tables(const struct query_plan *before, const struct query_plan *after,
                           struct str *out)
{
    const struct plan_node *old;
    size_t at = 0;
    bool worse = false;
    for (size_t place = 0; (old = next_table(before, &at)); place++) {
        size_t nth = 0, earlier = 0;
        const struct plan_node *other;
        while ((other = next_table(before, &earlier)) && other != old)
            nth += same_text(other->on, old->on);
        const struct plan_node *now = find_table(after, old->on, nth, place);
        if (!now || (same_text(old->kind, now->kind) && same_text(old->index, now->index)))
            continue;
        part(out);
        const char *name = now->on ? now->on : old->on;
        if (name)
            str_addf(out, "%s: ", name);
        add_access(out, old);
        str_add(out, " -> ");
        add_access(out, now);
        worse |= now->access == ACCESS_FULL && old->access != ACCESS_FULL;
    }
    return worse;
}

/* Names of tables, or the kinds of all other nodes, one behind the other. */
static char *list_of(const struct query_plan *p, bool tables)
{
    struct str out = {0};
    for (size_t i = 0; i < p->count; i++) {
        const struct plan_node *n = &p->nodes[i];
        const char *text = tables ? n->on : n->kind;
        if ((n->access != ACCESS_NONE) == tables && text)
            str_addf(&out, "%s%s", out.len ? ", " : "", text);
    }
    if (!out.len)
        str_add(&out, "nothing");
    return str_take(&out);
}

static void compare_lists(const struct query_plan *before, const struct query_plan *after,
                          bool tables, struct str *out)
{
    char *old = list_of(before, tables), *now = list_of(after, tables);
    /* a row that MySQL fetches beforehand has no name of a table */
    if (strcmp(old, now) != 0 && !(tables && strcmp(old, "nothing") == 0)) {
        part(out);
        str_addf(out, "%s %s -> %s", tables ? "join order" : "around the tables", old, now);
    }
    free(old);
    free(now);
}

/* "8.31", "1200" */
static void add_figure(struct str *out, double value)
{
    str_addf(out, value < 100 ? "%.3g" : "%.0f", value);
}

/* Nothing when it is the same but for a rounding. */
static void add_figures(struct str *out, const char *name, double before, double after, bool times)
{
    if (before < 0 || after < 0 || (after > before * 0.99 && after < before * 1.01))
        return;
    part(out);
    str_addf(out, "%s ", name);
    add_figure(out, before);
    str_add(out, " -> ");
    add_figure(out, after);
    if (!times || before <= 0)
        return;
    str_add(out, " (");
    add_figure(out, after / before);
    str_add(out, "x)");
}

struct plan_change query_plan_compare(const struct query_plan *before,
                                      const struct query_plan *after, double most)
{
    struct plan_change change = {.shape = !same_shape(before, after)};
    struct str words = {0};
    bool known = before->cost >= 0 && after->cost >= 0;
    bool dearer = known && most > 0 && after->cost > before->cost * most;
    bool whole = false;
    if (change.shape) {
        whole = compare_tables(before, after, &words);
        compare_lists(before, after, true, &words);
        compare_lists(before, after, false, &words);
        if (!words.len)
            str_add(&words, "the same steps in another order");
    }
    /* of a small table it may be the cheaper way */
    change.worse = dearer || (whole && !(known && after->cost <= before->cost));
    if (known && (change.shape || dearer)) {
        add_figures(&words, "cost", before->cost, after->cost, true);
        add_figures(&words, "rows", before->rows, after->rows, false);
    }
    if (words.len)
        change.words = str_take(&words);
    return change;
}
