/*
 * What a migration's file is right to say and yet dangerous, found without a server.
 * Rules have names that stay: pipelines allow them, `[lint] allow`, by name.
 */
#ifndef NEWEL_PLAN_HAZARD_H
#define NEWEL_PLAN_HAZARD_H

#include "plan/migration.h"

enum hazard_level {
    HAZARD_ERROR,   /* it will not work, or not as meant */
    HAZARD_WARNING, /* it may hurt */
    HAZARD_NOTE,    /* worth a thought; never a finding that fails */
};
const char *hazard_level_name(enum hazard_level level); /* "error", as SARIF has it */

/* Of every finding that newel lint can have, also of how files are written. */
struct rule {
    const char *name;
    enum hazard_level level;
    const char *about; /* one line */
};
const struct rule *rules_table(size_t *count);
/* NULL: there is none of that name. */
const struct rule *rule_named(const char *name);

/* Adds what it finds in `m`, which was read from `file` without a finding. */
void hazards_find(const struct migration *m, const struct ini_file *file,
                  struct findings *findings);

#endif
