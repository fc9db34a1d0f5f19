/*
 * What PostgreSQL says when something fails, as a fault and an error: pure, so
 * that every case can be tested without a server.
 */
#ifndef NEWEL_DB_FAULT_PG_H
#define NEWEL_DB_FAULT_PG_H

#include "db/db.h"

/* NULL where the server says nothing. */
struct pg_fault {
    const char *where; /* "orders-01 (10.0.0.7:5432)" */
    const char *user;
    const char *sql;
    const char *sqlstate;
    const char *message;
    const char *detail;
    const char *hint;
    const char *context;
    const char *position; /* in `sql`, in characters, from 1 */
    bool lost;            /* the connection is gone */
    bool needs_password;
};

/* A statement failed. Fills `e`. */
enum db_fault fault_pg_statement(const struct pg_fault *f, struct error *e);
/* No connection could be made: only `message` and `needs_password` tell why. Fills `e`. */
enum db_fault fault_pg_connect(const struct pg_fault *f, struct error *e);

#endif
