/*
 * The migration's row in the target: where it stands, and the lease that makes
 * us the only engine that drives it there.
 */
#ifndef NEWEL_ENGINE_STATE_H
#define NEWEL_ENGINE_STATE_H

#include "engine/run.h"

struct state {
    bool exists;
    enum phase phase;
    enum phase_state state;
    char digest[65];
    int64_t epoch;
    char holder[128];
    double renewed_s; /* seconds since the lease was renewed; < 0: nobody holds it */
    char table[256], column[256];
    int64_t rows, batches; /* what its backfill has written, in all sessions */
};

/* The ids of every migration on the target; the caller frees each and the array. */
enum db_fault state_list(struct db *db, char ***ids, size_t *count, struct error *e) MUST_CHECK;

/*
 * Reads the row; `exists` false when there is none, or no schema. Works on a
 * read-only session.
 */
enum db_fault state_read(struct db *db, const char *id, struct state *out, struct error *e)
    MUST_CHECK;
/* The first phase that is not yet done: PHASE_COUNT when all are. */
enum phase state_next(const struct state *s);

/*
 * Makes schema and row when they are missing, refuses a file that changed
 * meanwhile or a row that belongs to another table, and takes the lease.
 */
bool state_take(struct run *r, struct db *db, struct state *out, struct error *e) MUST_CHECK;
/*
 * Renews the lease; `db` is from then on the session that stands for its holder,
 * so only the observer of the primary does this. DB_FENCED: it is no longer ours,
 * and the run is marked so.
 */
enum db_fault state_renew(struct run *r, struct db *db, struct error *e) MUST_CHECK;
/* Is it still ours? In a transaction nobody can take it before its end. */
enum db_fault state_hold(struct run *r, struct db *db, struct error *e) MUST_CHECK;
/*
 * The right to change the table's shape, for this session, where DDL is no part of
 * a transaction. DB_LOCK_TIMEOUT: another session still has it.
 */
enum db_fault state_claim(struct run *r, struct db *db, struct error *e) MUST_CHECK;
void state_drop(struct run *r, struct db *db);
/* Writes phase and state under the lease; marks the run as fenced when it is gone. */
enum db_fault state_set(struct run *r, struct db *db, enum phase phase, enum phase_state state,
                        struct error *e) MUST_CHECK;
/* Who did what; a trail that cannot be written is no reason to stop. */
/*
 * How the file differs from the one that the migration began with on this server: "; "
 * between what changed, "" when it does not or nobody can tell any more.
 */
void state_difference(struct db *db, const struct migration *m, const struct state *s,
                      struct str *out);
void state_audit(struct run *r, struct db *db, const char *what, const char *sql);

#endif
