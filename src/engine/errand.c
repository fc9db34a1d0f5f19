#include "config.h"
#include "engine/errand.h"

#include "dialect/watch.h"

#include <inttypes.h>
#include <stdlib.h>

struct errand {
    struct run *run;
    bool terminate;
    int64_t pid;
    char start[64];
    char operator_name[128];
};

static void *run_errand(void *context)
{
    struct errand *errand = context;
    struct run *r = errand->run;
    const struct watch_words *words = watch_words(r->engine);
    const char *verb = errand->terminate ? "terminate" : "cancel";
    char pid[24];
    (void)snprintf(pid, sizeof pid, "%" PRId64, errand->pid);
    const char *params[] = {pid, errand->start};
    struct error e;
    struct db *db = run_connect(r, "errand", &e);
    struct db_rows *rows = NULL;
    enum db_fault fault = db ? db_query(db, &rows, &e, errand->terminate ? words->terminate
                                                                         : words->cancel,
                                        2, params)
                             : DB_LOST;
    if (fault != DB_OK)
        run_alarm(r, "warn", verb, "%s of pid %s failed: %s", verb, pid, e.why);
    else if (db_row_count(rows) != 1 || !db_bool(rows, 0, 0))
        run_alarm(r, "warn", verb, "%s: pid %s is no longer the session that was chosen; "
                                   "nothing was sent", verb, pid);
    else
        run_alarm(r, "info", verb, "%s was sent to pid %s for %s", verb, pid,
                  errand->operator_name);
    db_rows_free(rows);
    run_disconnect(r, db);
    run_lock(r);
    r->errands--;
    run_wake(r);
    run_unlock(r);
    free(errand);
    return NULL;
}

bool errand_send(struct run *r, bool terminate, int64_t pid, const char *start,
                 const char *operator_name)
{
    struct errand *errand = mem_alloc(sizeof *errand);
    *errand = (struct errand){.run = r, .terminate = terminate, .pid = pid};
    (void)snprintf(errand->start, sizeof errand->start, "%s", start);
    (void)snprintf(errand->operator_name, sizeof errand->operator_name, "%s",
                   operator_name ? operator_name : "unknown");
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_errand, errand) != 0) {
        free(errand);
        return false;
    }
    r->errands++;
    (void)pthread_detach(thread);
    return true;
}
