#include "config.h"
#include "dialect/check.h"

const struct check_words *check_words(enum db_engine engine)
{
    switch (engine) {
    case DB_MYSQL:
        return &check_mysql;
    case DB_MARIADB:
        return &check_mariadb;
    case DB_POSTGRESQL:
        break;
    }
    return &check_pg;
}
