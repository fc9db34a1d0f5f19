/*
 * What newel asks the servers while it works: heartbeat, lag, load, lock waits,
 * the table's own figures, and the words that steer a session.
 */
#ifndef NEWEL_DIALECT_WATCH_H
#define NEWEL_DIALECT_WATCH_H

#include "base/json.h"
#include "base/units.h"
#include "db/db.h"

/* How a replica stands. */
struct replica_view {
    int64_t beat;         /* the last heartbeat it has; UNKNOWN: none */
    int64_t replayed;     /* bytes of the primary's log; UNKNOWN */
    int64_t reply_age_us; /* since it last heard of its source; UNKNOWN */
    int64_t queue;        /* transactions received and not applied, in a cluster; UNKNOWN */
    int64_t delay_s;      /* by which it applies late on purpose */
    int64_t held_ns;      /* how long its cluster's writers were held up so far; UNKNOWN */
    bool is_replica, paused, streaming;
    bool filtered;     /* it may not have all rows of the table */
    char state[160];   /* for people: "streaming", "delayed by 1 h" */
    char trouble[256]; /* why its lag says nothing: "the SQL thread stopped: 1062 ..."; "" */
};

#define REPLICA_UNKNOWN                                                                            \
    ((struct replica_view){.beat = UNKNOWN,                                                        \
                           .replayed = UNKNOWN,                                                    \
                           .reply_age_us = UNKNOWN,                                                \
                           .queue = UNKNOWN,                                                       \
                           .held_ns = UNKNOWN})

/* Lists of process ids travel as "{1,2,3}". */
struct watch_words {
    /* $1 migration $2 beat number */
    const char *beat;
    /* Asks a replica. */
    enum db_fault (*replica)(struct db *db, const char *migration, struct replica_view *out,
                             struct error *e);
    /* Asks a node of a cluster about its queue, its state and its trouble; NULL: there are none. */
    enum db_fault (*cluster)(struct db *db, struct replica_view *out, struct error *e);
    /* On the primary: $1 our pids -> active sessions without ours, sessions waiting behind ours,
     * connections, WAL bytes, age of the oldest xmin (MySQL: length of
     * the history list), who holds it, is it in recovery; MySQL also: bytes in the buffer pool,
     * dirty ones, bytes of binary log written so far (NULL: not told) */
    const char *server;
    /* $1 table (quoted, qualified) -> live, dead, heap bytes, index bytes, total bytes, updates,
     * HOT updates, autovacuum phase (NULL: none), row estimate */
    const char *table;
    /*
     * The tree of who waits on whom, roots first, each below what it waits for, as objects of a
     * `sample` of locks (newel-journal(5)) appended to `list`.
     */
    enum db_fault (*lock_tree)(struct db *db, const char *pids, json_t *list, struct error *e);
    /* Asked by watch_holders() and watch_blockers(); the second where the first knows of nobody. */
    const char *holders, *holders_else;
    const char *blockers, *blockers_else;
    /* How many sessions wait behind pid $1? -> count */
    const char *queue;
    /*
     * Does pid $1 wait for the lock of a table? -> one boolean. NULL where lock_timeout is exact:
     * elsewhere newel itself ends a statement that waits too long.
     */
    const char *waits_for_table;
    /* $1 pid $2 start -> true when that session was there and has been told */
    const char *cancel;
    const char *terminate;
    /* $1 migration $2 step -> when that step was done and not undone since, as Unix µs by the
     * server's clock */
    const char *done_at;
    /* $1 moment of the DDL as Unix µs $2 our pids -> application, user, host, sessions, older than
     * the DDL, those whose age is hidden from us */
    const char *clients;
    /* -> now as Unix µs, by the server's clock */
    const char *now;
    /* -> bytes of WAL written so far */
    const char *wal;

    /* Around a DDL statement: "%lld" stands for the lock timeout in milliseconds. */
    const char *ddl_begin;
    const char *begin;
    const char *commit;
    /* For statements that cannot or must not run in a transaction with the timeout. */
    const char *lock_timeout;
    const char *session; /* once for each worker's connection */
    const char *read_only_begin;
    const char *rollback;
};

const struct watch_words *watch_words(enum db_engine engine);
extern const struct watch_words watch_pg, watch_mysql, watch_mariadb;

/*
 * Sessions that hold any lock on the table (quoted, qualified); `pids` are ours.
 * -> pid, user, application, state, xact µs, mode, query, start
 * A server may be unable to tell: MariaDB without its instruments refuses.
 */
enum db_fault watch_holders(struct db *db, const char *table, const char *pids,
                            struct db_rows **rows, struct error *e) MUST_CHECK;
/* Who stands between a session and its lock, hard blockers only once each; columns as above. */
enum db_fault watch_blockers(struct db *db, const char *pid, const char *pids,
                             struct db_rows **rows, struct error *e) MUST_CHECK;

/* Reads nothing of the table (quoted, qualified): DB_OK when its lock could be had. */
enum db_fault watch_look(struct db *db, const char *table, struct error *e) MUST_CHECK;

#endif
