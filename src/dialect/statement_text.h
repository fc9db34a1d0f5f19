/*
 * What the text of a statement says about a table, as far as its words go: nothing
 * is parsed, and no server asked. Pure.
 */
#ifndef NEWEL_DIALECT_STATEMENT_TEXT_H
#define NEWEL_DIALECT_STATEMENT_TEXT_H

#include <stdbool.h>

/* How a statement notices that the table has one column more. */
enum statement_use {
    USE_NAMED, /* it names the columns it wants, or not this table */
    USE_STAR,
    USE_RETURNING,
    USE_INSERT,
};
const char *statement_use_name(enum statement_use use); /* "SELECT *" */

/*
 * The same for a statement and for what pg_stat_statements and the digests of
 * performance_schema make of it: one case, one space, every constant a "?", every
 * list of constants "...". The caller frees it.
 */
char *statement_fingerprint(const char *sql);
/* Does it name the table, or the schema? `name` is bare. */
bool statement_names(const char *sql, const char *name);
/* Sent by newel itself, this one or an earlier one: by its names, and by how it walks a key. */
bool statement_is_ours(const char *sql);
enum statement_use statement_use(const char *sql, const char *table);
/* One statement of a kind that EXPLAIN takes, and whole. */
bool statement_has_plan(const char *sql);
/* The highest n of all $n; 0: there is none. */
int statement_parameters(const char *sql);

#endif
