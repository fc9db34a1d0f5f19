/*
 * The keeper: a process that owns the demo's servers and their folder. It lives
 * until its demo ends, by whatever death, and then clears up. What it starts is
 * told by a kind of server (demo_pg.c, demo_my.c).
 */
#ifndef NEWEL_CLI_DEMO_KEEPER_H
#define NEWEL_CLI_DEMO_KEEPER_H

#include "db/db.h"

#include <pwd.h>
#include <sys/types.h>

#define PRIMARY "primary"
#define REPLICA "replica"

/* One write to a pipe, which keeps it whole. */
struct news {
    enum { NEWS_DOING, NEWS_READY, NEWS_FAILED } kind;
    char text[128]; /* what is done now; when ready: the folder */
    struct error error;
};

struct keeper {
    const struct demo_kind *kind;
    int life;                  /* end of file: the demo is gone */
    int news;                  /* where struct news are written */
    char *bin;                 /* what demo_kind.find has found: a folder or a program, */
    char *tree;                /* and the folder of a whole system that it belongs to, or NULL */
    const struct passwd *user; /* whom the servers run as; NULL: as we do */

    /* its own */
    char *folder;  /* ours; whom the servers run as may pass through */
    char *sockets; /* FOLDER/s: the servers' */
    char *log;
    pid_t primary, replica; /* running; 0: not */
};

/* Servers of one make. Those that are started have folders PRIMARY and REPLICA in the keeper's. */
struct demo_kind {
    const char *user; /* who they run as when we are root, if there is such a user */
    int end_signal;
    /* In the demo's own process, before there is a keeper: sets `bin` and `tree`. */
    bool (*find)(struct keeper *k, struct error *e);
    /* In the keeper: both are up, with database shop in them, and the replica follows. */
    bool (*start)(struct keeper *k, struct error *e);
    /* Where server `name` is; the caller frees it. */
    char *(*conninfo)(const char *folder, const char *name, const char *database);
    /* Their lines of [target] in newel.ini; the caller frees it. */
    char *(*target)(const char *folder);
};

extern const struct demo_kind demo_postgresql, demo_mariadb, demo_mysql;

/* The life of the keeper's process. */
_Noreturn void keeper_main(struct keeper *k);

/* ---- for kinds ------------------------------------------------------------- */

/* Says what is done now. */
void keeper_doing(const struct keeper *k, const char *text);
/* Starts a program by its path; the list ends with NULL. -1: it could not be. */
pid_t keeper_start(const struct keeper *k, const char *const *arguments);
/* Waits until *child, called `name`, has ended well; 0 is in *child then. */
bool keeper_finish(const struct keeper *k, pid_t *child, const char *name, struct error *e);
/* Asks a server, which is `process`, until the answer is true. */
bool keeper_wait_until(const struct keeper *k, const struct db_address *where, pid_t process,
                       const char *question, struct error *e);

#endif
