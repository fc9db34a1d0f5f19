#include "config.h"
#include "dialect/ddl.h"

const struct ddl_words *ddl_words(enum db_engine engine)
{
    switch (engine) {
    case DB_MYSQL:
        return &ddl_mysql;
    case DB_MARIADB:
        return &ddl_mariadb;
    case DB_POSTGRESQL:
        break;
    }
    return &ddl_pg;
}
