#include "config.h"
#include "plan/walk.h"

#include <stdlib.h>

struct batch_subject walk_subject(const struct words *words, const struct facts *f)
{
    struct batch_key *keys = mem_alloc((f->key_count + 1) * sizeof *keys);
    for (size_t i = 0; i < f->key_count; i++)
        keys[i] = (struct batch_key){
            .name = db_quote_name(f->engine, f->key[i].name),
            .type = f->key[i].type,
        };
    return (struct batch_subject){
        .words = words,
        .keys = keys,
        .key_count = f->key_count,
        .version = f->version,
    };
}

void walk_subject_free(struct batch_subject *s)
{
    for (size_t i = 0; i < s->key_count; i++)
        free((char *)s->keys[i].name);
    free((struct batch_key *)s->keys);
    *s = (struct batch_subject){0};
}
