#include "config.h"
#include "dialect/watch.h"

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

char *watch_explain(enum db_engine engine, const char *sql)
{
    return engine == DB_POSTGRESQL ? mem_printf("EXPLAIN (FORMAT JSON, VERBOSE false) %s", sql)
                                   : mem_printf("EXPLAIN FORMAT=JSON %s", sql);
}
