/* What takes more than a text to ask of MySQL and MariaDB; see watch.h. */
#ifndef NEWEL_DIALECT_WATCH_MY_H
#define NEWEL_DIALECT_WATCH_MY_H

#include "dialect/watch.h"

/*
 * An engine that freezes amid a transaction, or is cut off, must not keep its locks until the
 * server misses it: rows of the application are among them, and what the next engine takes over.
 */
#define MY_BEGIN "SET SESSION wait_timeout = 10;\nSTART TRANSACTION"
#define MY_COMMIT "COMMIT;\nSET SESSION wait_timeout = 28800"
#define MY_ROLLBACK "ROLLBACK;\nSET SESSION wait_timeout = 28800"

/* replica_my.c */
enum db_fault watch_my_replica(struct db *db, const char *migration, struct replica_view *out,
                               struct error *e);
/* The part of it that a node of a Galera cluster answers; nothing is touched where it is none. */
enum db_fault watch_my_cluster(struct db *db, struct replica_view *out, struct error *e);
/* locks_my.c */
enum db_fault watch_mysql_locks(struct db *db, const char *pids, json_t *list, struct error *e);
enum db_fault watch_mariadb_locks(struct db *db, const char *pids, json_t *list, struct error *e);

#endif
