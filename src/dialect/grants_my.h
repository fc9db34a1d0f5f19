/* What a line of SHOW GRANTS of MySQL and MariaDB allows: pure. */
#ifndef NEWEL_DIALECT_GRANTS_MY_H
#define NEWEL_DIALECT_GRANTS_MY_H

#include <stdbool.h>

/* Whether "GRANT SELECT, UPDATE ON `shop`.* TO ..." covers a privilege on a table (bare names). */
bool grants_my_cover(const char *line, const char *privilege, const char *schema,
                     const char *table);
/*
 * Whether the line says more than can be read from it: a role, whose privileges
 * stand elsewhere, or a privilege that is taken back.
 */
bool grants_my_vague(const char *line);

#endif
