#include "config.h"
#include "dialect/watch.h"

#include <stdlib.h>

const struct watch_words *watch_words(enum db_engine engine)
{
    switch (engine) {
    case DB_MYSQL:
        return &watch_mysql;
    case DB_MARIADB:
        return &watch_mariadb;
    case DB_POSTGRESQL:
        break;
    }
    return &watch_pg;
}

static enum db_fault ask_either(struct db *db, const char *first, const char *otherwise,
                                const char *const *params, struct db_rows **rows, struct error *e)
{
    enum db_fault fault = db_query(db, rows, e, first, 2, params);
    if (!otherwise || fault != DB_OK || db_row_count(*rows))
        return fault;
    db_rows_free(*rows);
    return db_query(db, rows, e, otherwise, 2, params);
}

enum db_fault watch_holders(struct db *db, const char *table, const char *pids,
                            struct db_rows **rows, struct error *e)
{
    const struct watch_words *words = watch_words(db_engine_of(db));
    const char *params[] = {table, pids};
    return ask_either(db, words->holders, words->holders_else, params, rows, e);
}

enum db_fault watch_blockers(struct db *db, const char *pid, const char *pids,
                             struct db_rows **rows, struct error *e)
{
    const struct watch_words *words = watch_words(db_engine_of(db));
    const char *params[] = {pid, pids};
    return ask_either(db, words->blockers, words->blockers_else, params, rows, e);
}

enum db_fault watch_look(struct db *db, const char *table, struct error *e)
{
    char *sql = mem_printf("SELECT 1 FROM %s LIMIT 0", table);
    enum db_fault fault = db_query(db, NULL, e, sql, 0, NULL);
    free(sql);
    return fault;
}
