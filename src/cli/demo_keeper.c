#include "config.h"
#include "cli/demo_keeper.h"

#include "base/clock.h"
#include "base/path.h"
#include "cli/demo.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* a socket's path has room for 107 bytes; the engine's takes 41 below the folder */
#define FOLDER_MAX 60
#define START_PATIENCE_US (60 * US_PER_S)

/* Has the demo ended? Waits for that as long as it is told. */
static bool abandoned(const struct keeper *k, int wait_ms)
{
    struct pollfd fd = {.fd = k->life, .events = POLLIN};
    return poll(&fd, 1, wait_ms) > 0;
}

static void tell(const struct keeper *k, const struct news *news)
{
    /* when nobody reads it any more, abandoned() says so */
    (void)!write(k->news, news, sizeof *news);
}

void keeper_doing(const struct keeper *k, const char *text)
{
    struct news news = {.kind = NEWS_DOING};
    (void)snprintf(news.text, sizeof news.text, "%s", text);
    tell(k, &news);
}

/* The last words of what ran, as a reason. */
static bool fail_with_log(const struct keeper *k, struct error *e, const char *what)
{
    struct str text = {0};
    struct error ignored;
    error_set(e, ERROR_SYSTEM, "%s", what);
    if (path_read(k->log, 16u << 20, &text, &ignored) && text.len) {
        while (text.len && text.data[text.len - 1] == '\n')
            text.data[--text.len] = '\0';
        size_t from = text.len > 600 ? text.len - 600 : 0;
        error_why(e, "%s", str_text(&text) + from);
    }
    str_free(&text);
    return false;
}

static bool become(const struct passwd *user)
{
    return !user || (initgroups(user->pw_name, user->pw_gid) == 0 && setgid(user->pw_gid) == 0 &&
                     setuid(user->pw_uid) == 0);
}

/* In the child: never returns. */
static _Noreturn void run_program(const struct keeper *k, pid_t keeper, char *const argv[])
{
    int null = open("/dev/null", O_RDONLY);
    int log = open(k->log, O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (null < 0 || log < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
        _exit(126);
    /* Ctrl-C in the terminal is for newel, which ends them in order */
    (void)setsid();
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGHUP, SIG_DFL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)umask(077);
    /* ours may be closed to the user that it becomes; and this one goes with the folder */
    (void)setenv("TMPDIR", k->sockets, 1);
    if (!become(k->user) || chdir(k->folder) != 0) {
        perror("newel: cannot run as an unprivileged user");
        _exit(126);
    }
    /* a change of the user clears it, so it comes last: who dies takes all along */
    (void)prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (getppid() != keeper)
        _exit(126);
    (void)execv(argv[0], argv);
    perror(argv[0]);
    _exit(127);
}

pid_t keeper_start(const struct keeper *k, const char *const *arguments)
{
    pid_t keeper = getpid(), child = fork();
    if (child == 0)
        run_program(k, keeper, (char *const *)arguments);
    return child;
}

/* Reaps `child` when it ends within `patience_us`. */
static bool ends(pid_t child, int64_t patience_us, int *status)
{
    int64_t until = clock_mono_us() + patience_us;
    for (;;) {
        pid_t ended = waitpid(child, status, WNOHANG);
        if (ended == child || (ended < 0 && errno != EINTR))
            return true;
        if (clock_mono_us() >= until)
            return false;
        clock_sleep_us(10 * US_PER_MS);
    }
}

/* A whole session of processes: each program was given one. */
static void kill_session(pid_t *child)
{
    int status;
    (void)kill(-*child, SIGKILL);
    (void)kill(*child, SIGKILL); /* where it has not got its session yet */
    (void)ends(*child, 2 * US_PER_S, &status);
    *child = 0;
}

static void end_program(pid_t *child, int signal_number)
{
    int status;
    if (*child <= 0)
        return;
    if (signal_number != SIGKILL) {
        (void)kill(*child, signal_number);
        if (!ends(*child, 5 * US_PER_S, &status)) {
            (void)kill(*child, SIGQUIT);
            (void)ends(*child, 2 * US_PER_S, &status);
        }
    }
    kill_session(child);
}

bool keeper_finish(const struct keeper *k, pid_t *child, const char *name, struct error *e)
{
    if (*child < 0)
        return error_errno(e, errno, "%s could not be started", name);
    int status = 0;
    while (!ends(*child, 0, &status))
        if (abandoned(k, 20)) {
            kill_session(child);
            return error_set(e, ERROR_STOPPED, "interrupted");
        }
    *child = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    char what[64];
    (void)snprintf(what, sizeof what, "%s failed", name);
    return fail_with_log(k, e, what);
}

bool keeper_wait_until(const struct keeper *k, const struct db_address *where, pid_t process,
                       const char *question, struct error *e)
{
    int64_t until = clock_mono_us() + START_PATIENCE_US;
    struct db *db = NULL;
    bool yes = false, lost = process <= 0;
    int status;
    while (!yes && !lost && clock_mono_us() < until) {
        struct db_rows *rows = NULL;
        *e = (struct error){0};
        if (!db)
            db = db_open(where, "newel demo", e);
        if (db && db_query(db, &rows, e, question, 0, NULL) == DB_OK)
            yes = db_bool(rows, 0, 0);
        db_rows_free(rows);
        lost = !yes && (waitpid(process, &status, WNOHANG) == process || abandoned(k, 50));
    }
    db_close(db);
    if (yes)
        return true;
    /* one that runs and lets nobody in has told why */
    if (!lost && e->kind != ERROR_NONE)
        return false;
    return fail_with_log(k, e, "a server of the demo did not start");
}

static bool make_folder(struct keeper *k, struct error *e)
{
    const char *parent = getenv("TMPDIR");
    if (!parent || !*parent || strlen(parent) + sizeof "/newel-demo.XXXXXX" > FOLDER_MAX)
        parent = "/tmp";
    char *folder = path_join(parent, "newel-demo.XXXXXX");
    if (!mkdtemp(folder)) {
        error_errno(e, errno, "cannot make a folder in %s", parent);
        free(folder);
        return false;
    }
    k->folder = folder;
    k->sockets = path_join(folder, "s");
    k->log = path_join(folder, "servers.log");
    bool ok = mkdir(k->sockets, 0700) == 0;
    /* the servers may pass through and write below; our own files in it stay ours */
    if (ok && k->user)
        ok = chown(k->sockets, k->user->pw_uid, k->user->pw_gid) == 0;
    for (int i = 0; ok && i < 2; i++) {
        char *data = path_join(folder, i ? REPLICA : PRIMARY);
        ok = mkdir(data, 0700) == 0 &&
             (!k->user || chown(data, k->user->pw_uid, k->user->pw_gid) == 0);
        free(data);
    }
    ok = ok && chmod(folder, k->user ? 0711 : 0700) == 0;
    return ok || error_errno(e, errno, "cannot use folder %s", folder);
}

static void end_all(struct keeper *k)
{
    if (!k->folder)
        return;
    char *engine = demo_engine_socket(k->folder);
    demo_engine_end(engine, 0);
    free(engine);
    end_program(&k->replica, k->kind->end_signal);
    end_program(&k->primary, k->kind->end_signal);
    struct error ignored;
    for (int i = 0; i < 20 && !path_remove_tree(k->folder, &ignored); i++)
        clock_sleep_us(100 * US_PER_MS); /* somebody was still writing */
}

_Noreturn void keeper_main(struct keeper *k)
{
    static const int deaf[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP};
    for (size_t i = 0; i < COUNT_OF(deaf); i++)
        (void)signal(deaf[i], SIG_IGN);
    (void)setsid();
    struct news news = {.kind = NEWS_READY};
    if (make_folder(k, &news.error) && k->kind->start(k, &news.error))
        (void)snprintf(news.text, sizeof news.text, "%s", k->folder);
    else
        news.kind = NEWS_FAILED;
    tell(k, &news);
    while (!abandoned(k, -1))
        ;
    end_all(k);
    _exit(0);
}
