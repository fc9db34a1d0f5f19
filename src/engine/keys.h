/* The primary key as the dialect wants it: quoted names and types. */
#ifndef NEWEL_ENGINE_KEYS_H
#define NEWEL_ENGINE_KEYS_H

#include "dialect/batch.h"
#include "engine/run.h"

/* facts.key_count of them; free them with keys_free(). */
struct batch_key *keys_of(const struct run *r);
void keys_free(struct batch_key *keys, size_t count);

#endif
