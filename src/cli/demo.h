/*
 * The parts of `newel demo`: who keeps the servers (demo_servers.c), what is in
 * them (demo_shop.c), who loads them (demo_traffic.c), what was seen
 * (demo_summary.c), and the whole (demo.c).
 */
#ifndef NEWEL_CLI_DEMO_H
#define NEWEL_CLI_DEMO_H

#include "base/histogram.h"
#include "db/db.h"
#include "journal/model.h"

#include <signal.h>

#define DEMO_ID "2026-11-orders-region"

/* Set by SIGINT, SIGTERM and SIGHUP: leave as soon as may be. */
extern volatile sig_atomic_t demo_stopped;
/* True, and `e` is set, when one of them came. */
bool demo_interrupted(struct error *e);
/* False when interrupted. */
bool demo_rest(int64_t us, struct error *e);

/* ---- servers -------------------------------------------------------------- */

/*
 * A primary and its standby in a temporary folder. They belong to a process of
 * their own, the keeper, which ends them and removes the folder as soon as the
 * demo ends, however it does.
 */
struct demo_servers;

/* `engine` is what they really are. Prints what it does. NULL with `e` on failure; ERROR_STOPPED:
 * `demo_stopped`. */
struct demo_servers *demo_servers_start(enum db_engine engine, struct error *e);
/* Ends the servers, removes the folder, and returns when that is done. NULL is fine. */
void demo_servers_end(struct demo_servers *s);
const char *demo_servers_folder(const struct demo_servers *s);
/* Database shop; owned by `s`. */
const struct db_address *demo_servers_primary(const struct demo_servers *s);
const struct db_address *demo_servers_replica(const struct demo_servers *s);
/* Both as the lines of a [target] in newel.ini; the caller frees it. */
char *demo_servers_target(const struct demo_servers *s);

/* The engine's socket below the folder; the caller frees it. */
char *demo_engine_socket(const char *folder);
/* Tells the engine behind that socket to stop, and kills it when it has not within `patience_us`.
 */
void demo_engine_end(const char *socket_path, int64_t patience_us);

/* ---- traffic -------------------------------------------------------------- */

enum demo_period {
    DEMO_UNMEASURED,
    DEMO_BEFORE,
    DEMO_DURING,
    DEMO_AFTER,
    DEMO_PERIODS,
};

/*
 * The shop: a process of its own (as real clients are), so that the engine can
 * be forked from one that has no threads.
 */
struct demo_traffic;

/* `rows`: ids 1 to `rows` are there. NULL with `e` on failure. */
struct demo_traffic *demo_traffic_start(const struct db_address *where, int64_t rows,
                                        struct error *e);
/* What is measured from now on belongs to `period`. */
void demo_traffic_period(struct demo_traffic *t, enum demo_period period);
/* Ends it; what it has measured stays readable. */
void demo_traffic_stop(struct demo_traffic *t);
/* Latencies in µs of one period, after demo_traffic_stop(). */
void demo_traffic_latencies(const struct demo_traffic *t, enum demo_period period,
                            struct histogram *out);
/* Statements that failed for another reason than a lost connection; the first one's words. */
int64_t demo_traffic_errors(const struct demo_traffic *t, const char **first);
void demo_traffic_free(struct demo_traffic *t); /* stops it first */

/* ---- summary -------------------------------------------------------------- */

/* What a journal tells. UNKNOWN where it does not. */
struct demo_told {
    bool ended;
    int status;          /* the session's, when it has ended */
    int64_t backfill_us; /* from its start to its end */
    int64_t worked_us, rows, batches, retries, wal, lock_waits, worst_lag_us;
};

bool demo_read_journal(const char *path, struct demo_told *out, struct error *e) MUST_CHECK;
/* `traffic` may be NULL. */
void demo_print_summary(const struct demo_told *told, const struct demo_traffic *traffic);

#endif
