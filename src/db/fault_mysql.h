/*
 * What MySQL and MariaDB say when something fails, as a fault and an error: pure,
 * so that every case can be tested without a server.
 */
#ifndef NEWEL_DB_FAULT_MYSQL_H
#define NEWEL_DB_FAULT_MYSQL_H

#include "db/db.h"

struct mysql_fault {
    const char *where; /* "orders-01 (10.0.0.7:3306)" */
    const char *user;  /* the account, ready for GRANT; NULL: unknown */
    int number;        /* the server's, or the library's from 2000 to 2999 */
    const char *sqlstate;
    const char *message;
    const char *sql; /* what failed; NULL: unknown */
};

/* A statement failed. Fills `e`. */
enum db_fault fault_mysql_statement(const struct mysql_fault *f, struct error *e);
/* No connection could be made. Fills `e`. */
enum db_fault fault_mysql_connect(const struct mysql_fault *f, struct error *e);

#endif
