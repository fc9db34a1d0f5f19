/*
 * The keeper: a process that owns the demo's servers and their folder. It lives
 * until its demo ends, by whatever death, and then clears up.
 */
#ifndef NEWEL_CLI_DEMO_KEEPER_H
#define NEWEL_CLI_DEMO_KEEPER_H

#include "base/error.h"

#include <pwd.h>
#include <sys/types.h>

#define PRIMARY_PORT "5432"
#define REPLICA_PORT "5433"

/* One write to a pipe, which keeps it whole. */
struct news {
    enum { NEWS_DOING, NEWS_READY, NEWS_FAILED } kind;
    char text[128]; /* what is done now; when ready: the folder */
    struct error error;
};

struct keeper {
    int life;                  /* end of file: the demo is gone */
    int news;                  /* where struct news are written */
    char *bin;                 /* the folder of the servers' programs */
    const struct passwd *user; /* whom the servers run as; NULL: as we do */

    /* its own */
    char *folder, *sockets, *log;
    pid_t primary, replica;
};

/* The life of the keeper's process. */
_Noreturn void keeper_main(struct keeper *k);

#endif
