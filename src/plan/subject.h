/* What plan and checks share: a migration on a server, as the dialect wants it. */
#ifndef NEWEL_PLAN_SUBJECT_H
#define NEWEL_PLAN_SUBJECT_H

#include "dialect/ddl.h"
#include "plan/plan.h"

/* `column` and `table` are quoted; all text stays the caller's. */
struct ddl_subject plan_subject(const struct migration *m, const struct facts *f,
                                const char *column, const char *table);
/* "INPLACE with LOCK=SHARED" */
const char *plan_algorithm_name(enum ddl_algorithm by);
/* The dearest way that the file agrees to. */
enum ddl_algorithm plan_agreed(const struct migration *m);
/* How the rows will be visited; `why` may be NULL. */
enum walk_order plan_order(const struct migration *m, const struct facts *f, const char **why);
int64_t plan_stripes(enum walk_order order);

#endif
