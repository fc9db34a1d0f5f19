/*
 * What a step will cost, reckoned from the facts, in words: "estimate: ...". The
 * texts are the caller's.
 */
#ifndef NEWEL_PLAN_ESTIMATE_H
#define NEWEL_PLAN_ESTIMATE_H

#include "plan/facts.h"

/* Bytes of WAL that a backfill will write, and by which table and indexes will grow. */
int64_t estimate_log_bytes(const struct facts *f, int64_t stripes);
int64_t estimate_growth(const struct facts *f, int64_t stripes);

char *estimate_backfill(const struct migration *m, const struct facts *f, int64_t stripes);
char *estimate_scan(const struct facts *f);
/* A change of the catalog alone. */
char *estimate_instant(const struct facts *f);
/* Building the table anew, in MySQL and MariaDB; the second without "estimate: ". */
char *estimate_rebuild(const struct facts *f, enum ddl_algorithm by);
char *estimate_rebuild_cost(const struct facts *f, enum ddl_algorithm by);

#endif
