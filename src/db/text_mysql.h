/*
 * Texts for MySQL and MariaDB before they are sent: cut into statements, and
 * parameters put in. Pure. Quotes ('', "", ``) and comments are left as they are.
 */
#ifndef NEWEL_DB_TEXT_MYSQL_H
#define NEWEL_DB_TEXT_MYSQL_H

#include "base/mem.h"

/*
 * The next statement of `*at`: its length, and `*at` behind it and its semicolon.
 * Blanks before it are passed over; 0 when there is none left. As long as a line
 * of ";;" alone lies ahead, it is that which ends the statement, for bodies of
 * triggers have semicolons of their own.
 */
size_t text_mysql_next(const char **at, const char **statement);

/*
 * Appends `n` bytes of a statement with $1 as quoted text and $#1 as a whole
 * number. False when a number is none, or a parameter is missing: its place is
 * then in `*bad`.
 */
bool text_mysql_fill(const char *statement, size_t n, int count, const char *const *params,
                     struct str *out, int *bad) MUST_CHECK;

#endif
