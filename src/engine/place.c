#include "config.h"
#include "engine/place.h"

#include <inttypes.h>
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
    p->oid = leaf->oid;
    p->part = mem_printf("%" PRId64, leaf->oid);
    p->name = mem_dup(leaf->qualified);
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
        if (p->oid) {
            p->words.qualified = p->name;
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
        free(places[i].name);
        free(places[i].by_blocks);
    }
    free(places);
}

struct place *place_of(struct place *places, size_t count, const char *shape)
{
    const char *colon = shape ? strchr(shape, ':') : NULL;
    int64_t oid = colon ? atoll(shape) : 0;
    size_t low = 0, high = count; /* there may be tens of thousands, in the order of their oids */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (places[middle].oid == oid)
            return &places[middle];
        if (places[middle].oid < oid)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
