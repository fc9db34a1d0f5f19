/*
 * One migration on one target while the engine works on it: what its threads
 * share. Everything below `lock` is read and written under it; what stands above
 * is set before the threads start.
 */
#ifndef NEWEL_ENGINE_RUN_H
#define NEWEL_ENGINE_RUN_H

#include "base/phase.h"
#include "engine/pace.h"
#include "engine/recorder.h"
#include "engine/throttle.h"
#include "plan/facts.h"
#include "plan/plan.h"
#include "plan/target.h"
#include "plan/walk.h"

#include <pthread.h>

#define RUN_PIDS 80
#define RUN_BEATS 1024
#define RUN_OVERRIDES 16

enum run_wish {
    WISH_NONE,
    WISH_STEP,     /* the operator said yes to `wish_phase` */
    WISH_ROLLBACK, /* to take everything from the present phase down to `wish_phase` back */
};

/* What an operator lets pass that would stop the work otherwise. */
enum waiver {
    WAIVE_PLANS,   /* queries that got worse */
    WAIVE_CLIENTS, /* sessions from before the column */
    WAIVERS,
};
const char *waiver_name(enum waiver what); /* "plans" */

struct run {
    const struct migration *migration;
    const struct target *target;
    struct recorder *recorder;
    const char *operator_name;
    bool yes;               /* take each step without asking */
    bool end_on_failure;    /* nobody is there to mend it */
    bool accept_change;     /* the file may differ from the one it began with */
    enum phase until;       /* the last phase to do; PHASE_FINISH: all */

    /* set by the run's own thread before others read them */
    enum db_engine engine; /* of the primary, as it says itself */
    struct facts facts;
    struct plan plan;
    struct words words;
    struct batch_subject walk;
    char *quoted_column, *quoted_table;
    int64_t epoch;
    int64_t started_us; /* monotonic, of the first heartbeat */

    pthread_mutex_t lock;
    pthread_cond_t changed;

    bool stop; /* end at the next batch boundary */
    bool fenced;
    bool finished;      /* the run's thread is done */
    struct error error; /* why it finished, kind ERROR_NONE: all is well */

    enum phase phase;
    enum phase_state state; /* from journal/model.h */
    enum run_wish wish;
    enum phase wish_phase;
    char *paused_by;
    enum run_wish asked_for; /* what waits for a second operator (approval.h) */
    char *asked_by;
    bool going_down; /* it is being taken back: so is what is stepped again */
    char *released_by; /* who said yes to what is done now; NULL: who started the engine */

    struct pace pace;
    struct throttle throttle;
    struct signal *signals;
    size_t signal_count;
    struct signal_limit limits[SIGNAL_KINDS];
    struct signal_override overrides[RUN_OVERRIDES];
    size_t override_count;
    int64_t waived_until[WAIVERS]; /* monotonic; 0: not waived */
    char rollback_why[512];        /* what the engine itself wished for it; "": an operator did */

    int64_t pids[RUN_PIDS]; /* our own sessions on the primary */
    size_t pid_count;

    int64_t beat, beat_at[RUN_BEATS]; /* monotonic time of beats, by number modulo RUN_BEATS */
    int64_t first_beat;
    int64_t wal_bytes; /* of the primary, as last read; UNKNOWN */
    int64_t updates, hot_updates; /* of the table, as last read; UNKNOWN */
    int64_t xmin_age;
    char xmin_holder[128];
    bool observing;

    /* backfill, all lanes together */
    int64_t rows_done, batches, retries;
    int64_t wal_mark; /* the primary's WAL at the last batch; UNKNOWN */
    int errands; /* threads that carry out a command; the run outlives them */
    bool plain; /* stripes do not pay at present: the horizon is held */
};

void run_init(struct run *r, const struct migration *m, const struct target *t,
              struct recorder *recorder);
void run_free(struct run *r);

void run_lock(struct run *r);
void run_unlock(struct run *r);
/* Waits for a change or `us`, whichever comes first; under the lock. */
void run_wait(struct run *r, int64_t us);
void run_wake(struct run *r);
/* True when the run shall end; not under the lock. */
bool run_stopping(struct run *r);
/* Sleeps `us` unless the run is to end; not under the lock. */
void run_sleep(struct run *r, int64_t us);

/* Opens a connection to the primary, set up for work, and counts it among ours. */
struct db *run_connect(struct run *r, const char *role, struct error *e);
void run_disconnect(struct run *r, struct db *db);
/* Statements of this session wait for a lock so long at most. */
enum db_fault run_lock_timeout(struct db *db, int64_t us, struct error *e) MUST_CHECK;
/* Reconnects with growing pauses until it works or the run is to end (NULL then). */
struct db *run_reconnect(struct run *r, struct db *old, const char *role, struct error *e);
/* "{1,2,3}" of our own sessions; the caller frees it. */
char *run_pids(struct run *r);

/* Records an event of this target; a decision is retried until it is on disk
 * (false only when the run is to end before that). Takes `event` over. */
void run_record(struct run *r, json_t *event);
bool run_decide(struct run *r, json_t *event) MUST_CHECK;
json_t *run_event(const struct run *r, enum event_type type);
void run_alarm(struct run *r, const char *level, const char *code, const char *text, ...)
    PRINTF_LIKE(4, 5);
/* Moves to a phase's state and records it; `e` may be NULL. */
bool run_enter(struct run *r, enum phase phase, enum phase_state state, const char *detail,
               const struct error *e);

/* The pace as an event; under the lock. */
json_t *run_pace_event(const struct run *r);
/* Records it; not under the lock. */
void run_record_pace(struct run *r);

/* Decides the throttle anew and records a change; not under the lock. */
void run_throttle(struct run *r);
/* Replaces the observation of (kind, server). `error` non-NULL: it is unknown. */
void run_signal(struct run *r, enum signal_kind kind, const char *server, int64_t value,
                const char *error);
/*
 * Stands still while paused, throttled (when `throttled` asks for that) or while
 * the journal cannot be written. False when the run is to end or a rollback waits.
 */
bool run_may_go_on(struct run *r, bool throttled);
bool run_waived(struct run *r, enum waiver what);

#endif
