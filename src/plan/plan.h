/*
 * The staircase for one target as a value: what each phase runs, what it locks,
 * what it costs and how it is taken back. Pure: definition and facts in, plan
 * out. `newel plan` prints it and the engine executes it, so that what was shown
 * is what is run.
 */
#ifndef NEWEL_PLAN_PLAN_H
#define NEWEL_PLAN_PLAN_H

#include "base/phase.h"
#include "plan/facts.h"
#include "plan/migration.h"

enum step_kind {
    STEP_DDL,    /* short, under lock_timeout, retried */
    STEP_LONG,   /* the lock under lock_timeout, then as long as it takes (VALIDATE, ANALYZE) */
    STEP_STATE,  /* our own tables; no lock on the table */
    STEP_ENGINE, /* a loop in the engine (checks, batches, counting); `sql` shows its form */
};

struct step {
    enum step_kind kind;
    char *name;   /* "add column" */
    char *sql;    /* exactly as it runs, without the timeout settings around it */
    char *lock;   /* "ACCESS EXCLUSIVE on public.orders" or "none" */
    bool exclusive; /* reads of the table wait behind it, too */
    char *blocks; /* who waits meanwhile, in words */
    char *undo;   /* the SQL of its way back; NULL: nothing to undo */
    char *undo_lock, *undo_blocks; /* as lock and blocks; NULL with undo */
    char *done;   /* a query that answers one boolean: is this step already done? NULL: never */
    char *undone; /* the same for its way back; NULL: as `done` answering false */
};

struct phase_plan {
    enum phase phase;
    struct step *steps;
    size_t step_count;
    char *estimate;        /* rows, batches, WAL, time: marked as estimates */
    char *question;        /* what the operator is asked before it */
    bool destructive_undo; /* taking it back loses data: typed confirmation */
};

/* The order in which a backfill visits the rows. */
enum walk_order {
    WALK_BLOCKS, /* windows of heap blocks, each passed in K stripes */
    WALK_KEYS,   /* ranges of the primary key, in its order */
};

struct plan {
    struct phase_plan phases[PHASE_COUNT];
    enum walk_order order;
    char *order_why;
    int64_t stripes;     /* K; 1: the plain form */
    int64_t range_count; /* disjoint ranges that lanes pick from */
};

void plan_make(const struct migration *m, const struct facts *f, struct plan *out);
void plan_free(struct plan *p);
/* For people: every phase with SQL, lock, what it blocks, estimate, way back. */
void plan_print(const struct plan *p, const struct migration *m, const struct facts *f,
                const char *target, struct str *out);
/* The way back from its end, phase by phase, as it would be run. */
void plan_print_rollback(const struct plan *p, const struct migration *m, const char *target,
                         struct str *out);
/* What the batches, the throttle and the locks would be held to, defaults included. */
void plan_print_settings(const struct migration *m, const struct facts *f, struct str *out);
/* One line of it, or several: a label, and `text` broken at 100 columns, its newlines kept. */
void plan_print_field(struct str *out, const char *label, const char *text);

#endif
