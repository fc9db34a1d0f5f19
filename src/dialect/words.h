/*
 * What every SQL text of a migration is made of. Names are already quoted;
 * expressions stand as the operator wrote them.
 */
#ifndef NEWEL_DIALECT_WORDS_H
#define NEWEL_DIALECT_WORDS_H

#include "base/mem.h"

struct words {
    const char *id;        /* of the migration, bare */
    const char *qualified; /* "public"."orders" where quoting is needed */
    const char *table;     /* the table's own name, quoted where needed */
    const char *part;      /* `qualified` is this partition of the table; NULL: it is the table */
    const char *column;    /* quoted where needed */
    const char *type;
    const char *value;     /* NULL: the default is the value */
    const char *where;     /* NULL: every row */
    const char *otherwise; /* the default expression, or NULL */
    bool not_null;
    bool untyped; /* the server casts to few types only: an expression stays what it is */
};

/*
 * The expression that a row's column gets: the value, the default for rows
 * outside `where`. NULL when there is neither a value nor a default, that is
 * when no row needs anything. The caller frees it.
 */
char *words_value(const struct words *w);
/*
 * The rows that need a value, as a condition beside "column IS NULL"; NULL: all
 * of them (rows outside `where` get the default). Not to be freed.
 */
const char *words_rows(const struct words *w);
/*
 * Whether an expression reads the column of that bare name, as far as its text
 * tells: rather once too often than too seldom. `sql` may be NULL.
 */
bool words_mention(const char *sql, const char *column);

#endif
