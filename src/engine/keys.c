#include "config.h"
#include "engine/keys.h"

#include <stdlib.h>

struct batch_key *keys_of(const struct run *r)
{
    struct batch_key *keys = mem_alloc((r->facts.key_count + 1) * sizeof *keys);
    for (size_t i = 0; i < r->facts.key_count; i++)
        keys[i] = (struct batch_key){
            .name = db_quote_name(r->facts.engine, r->facts.key[i].name),
            .type = r->facts.key[i].type,
        };
    return keys;
}

void keys_free(struct batch_key *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((char *)keys[i].name);
    free(keys);
}
