/* What a walk along the table is of, as the dialect wants it. */
#ifndef NEWEL_PLAN_WALK_H
#define NEWEL_PLAN_WALK_H

#include "dialect/batch.h"
#include "plan/facts.h"

/* Points into `words` and `f`; to be freed. */
struct batch_subject walk_subject(const struct words *words, const struct facts *f);
void walk_subject_free(struct batch_subject *s);

#endif
