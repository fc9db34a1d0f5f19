/*
 * What db.c asks of the driver of one kind of server. A driver's own structs
 * begin with these, so that a pointer to one is a pointer to the other.
 */
#ifndef NEWEL_DB_DRIVER_H
#define NEWEL_DB_DRIVER_H

#include "db/db.h"

struct db_driver {
    struct db *(*open)(const struct db_address *where, const char *role, struct error *e);
    void (*close)(struct db *db);
    bool (*alive)(const struct db *db);
    /* As db_query(); `rows` is never NULL and starts as NULL. */
    enum db_fault (*query)(struct db *db, struct db_rows **rows, struct error *e, const char *sql,
                           int count, const char *const *params);
    bool (*cancel)(struct db *db, struct error *e);
    bool (*set_read_only)(struct db *db, struct error *e);

    const char *(*value)(const struct db_rows *rows, int row, int column);
    const char *(*column_name)(const struct db_rows *rows, int column);
    void (*rows_free)(struct db_rows *rows);
};

struct db {
    const struct db_driver *driver;
    enum db_engine engine;
    int version; /* 150020 */
    char version_text[32];
    int64_t pid;
    bool relayed; /* what greeted us is not the session that answers */
    bool shared;  /* and each transaction may be another session's */
};

struct db_rows {
    const struct db_driver *driver;
    int rows;
    int columns;
    int64_t affected;
};

extern const struct db_driver db_pg;
#ifdef HAVE_MYSQL
extern const struct db_driver db_mysql;
#endif

#endif
