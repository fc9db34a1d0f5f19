/* Finding a running engine or a journal from what the operator typed. */
#ifndef NEWEL_CLI_LOCATE_H
#define NEWEL_CLI_LOCATE_H

#include "plan/target.h"

/*
 * The migration's id: `given`, or the only one (with a live engine, else with a
 * journal) in the state folder. The caller frees it; NULL with `e`.
 */
char *locate_id(const struct config *c, const char *given, struct error *e);
/* A connection to its engine, or -1 with `e`. */
int locate_engine(const struct config *c, const char *id, struct error *e);
/* Its newest journal, for the caller to free; NULL with `e`. */
char *locate_journal(const struct config *c, const char *id, struct error *e);

#endif
