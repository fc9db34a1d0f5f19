/* What preflight asks MySQL and MariaDB, by subject. For check_my*.c alone. */
#ifndef NEWEL_DIALECT_CHECK_MY_H
#define NEWEL_DIALECT_CHECK_MY_H

#include "dialect/check.h"

/* What others do with the table just now. */
extern const struct check_set check_mysql_activity, check_mariadb_activity;
/* Who will miss the column; what the log and the copies of the server do with the backfill. */
extern const struct check_set check_mysql_copies, check_mariadb_copies;

#endif
