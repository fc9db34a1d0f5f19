/*
 * newel's own state on a target: schema `newel` with the migration (its phase,
 * its lease), the checkpoints, the heartbeat, the baseline and the audit trail.
 *
 * Each text names its parameters and the columns of its answer.
 */
#ifndef NEWEL_DIALECT_STATE_H
#define NEWEL_DIALECT_STATE_H

#include "db/db.h"

/* How long a lease lives without being renewed, in seconds. */
#define LEASE_SECONDS 15

struct state_words {
    /* Schema, tables, newel.ready(); may be run again at any time. */
    const char *schema;
    /* -> one boolean: is the schema there, whole? */
    const char *schema_there;
    /* The migration's row, made when it is missing. $1 id $2 table $3 column $4 digest
     * $5 operator */
    const char *enter;
    /* $1 id -> phase, state, digest, epoch, holder, seconds since it was renewed (NULL: never),
     * table, column */
    const char *read;
    /* -> the id of every migration on the target */
    const char *list;
    /* Takes the lease when nobody lives who holds it. $1 id $2 holder $3 operator -> epoch, or no
     * row. Waits for a batch in flight, so that what it finds afterwards is final. */
    const char *take_lease;
    /*
     * $1 id $2 epoch -> one row while it is ours. Renewing also says whose session
     * stands for the holder: it is the asking one from then on.
     */
    const char *renew_lease;
    /* The same question without renewing; within a transaction it stays ours till its end. */
    const char *hold_lease;
    /*
     * Where DDL is no part of a transaction, one session alone may send it. $1 id -> 1 when it is
     * the asking one. NULL elsewhere.
     */
    const char *claim;
    /* $1 id: ends the session of an engine whose lease is lost. NULL as above. */
    const char *evict;
    /* $1 id $2 epoch */
    const char *drop_lease;
    /* $1 id $2 epoch $3 phase $4 state -> one row while it is ours. */
    const char *set_phase;
    /* $1 id $2 epoch $3 digest: the file was changed and the operator agreed. */
    const char *set_digest;
    /* $1 id $2 operator $3 what $4 sql */
    const char *audit;
    /* The migration's file as it was when it began, or was last accepted. $1 id $2 epoch $3 text */
    const char *keep_source;
    /* $1 id -> text */
    const char *source;
    /* What the compare of later is held to. $1 id $2 epoch $3 data */
    const char *keep_baseline;
    /* $1 id -> data */
    const char *baseline;
    /* Ranges of a backfill. $1 id -> lane, lower, upper, cursor, shape, rows, batches, done */
    const char *ranges;
    /* $1 id $2 lane $3 lower $4 upper $5 cursor $6 shape */
    const char *add_range;
    /* $1 id: forgets cursors, keeps what was counted in lane -1. */
    const char *forget_ranges;
    /* $1 id: forgets the whole backfill. */
    const char *forget_backfill;
    /* $1 id -> rows, batches, of all ranges */
    const char *counted;
};

const struct state_words *state_words(enum db_engine engine);

extern const struct state_words state_pg, state_my; /* state_my: MariaDB, too */

#endif
