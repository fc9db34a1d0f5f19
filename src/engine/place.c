#include "config.h"
#include "engine/place.h"

#include <stdlib.h>
#include <string.h>

static void add_place(struct run *r, struct place **places, size_t *count, const struct leaf *leaf)
{
    struct place *p = VEC_PUSH(*places, *count);
    p->words = r->words;
    p->walk = r->walk;
    p->blocks = leaf ? leaf->blocks : r->facts.blocks;
    p->rows = leaf ? leaf->rows : r->facts.rows_estimate;
    if (!leaf)
        return;
    p->part = mem_dup(leaf->part);
    p->qualified = mem_dup(leaf->qualified);
    p->name = mem_dup(leaf->name);
}

bool places_read(struct run *r, struct db *db, struct place **places, size_t *count,
                 struct error *e)
{
    *places = NULL;
    *count = 0;
    struct leaf *leaves;
    size_t leaf_count;
    if (!facts_leaves(db, &r->facts, &leaves, &leaf_count, e))
        return false;
    if (r->facts.relkind != 'p')
        add_place(r, places, count, NULL);
    for (size_t i = 0; i < leaf_count; i++)
        add_place(r, places, count, &leaves[i]);
    leaves_free(leaves, leaf_count);
    /* the array stands still from now on: what points into it may be set */
    for (size_t i = 0; i < *count; i++) {
        struct place *p = &(*places)[i];
        if (p->part) {
            p->words.qualified = p->qualified;
            p->words.part = p->part;
        }
        p->walk.words = &p->words;
        if (r->plan.order == WALK_BLOCKS)
            p->by_blocks = batch_words(r->engine)->blocks(&p->words);
    }
    return true;
}

void places_free(struct place *places, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(places[i].part);
        free(places[i].qualified);
        free(places[i].name);
        free(places[i].by_blocks);
    }
    free(places);
}

struct place *place_of(struct place *places, size_t count, const char *shape)
{
    const char *colon = shape ? strrchr(shape, ':') : NULL;
    if (!colon || !count || !places[0].part) /* partitioned meanwhile, or no longer: all is new */
        return !colon && count && !places[0].part ? &places[0] : NULL;
    char *part = mem_dup_n(shape, (size_t)(colon - shape));
    struct place *found = NULL;
    size_t low = 0, high = count; /* there may be tens of thousands, in the order of their parts */
    while (low < high && !found) {
        size_t middle = low + (high - low) / 2;
        int side = facts_compare_parts(places[middle].part, part);
        if (side == 0)
            found = &places[middle];
        else if (side < 0)
            low = middle + 1;
        else
            high = middle;
    }
    free(part);
    return found;
}
