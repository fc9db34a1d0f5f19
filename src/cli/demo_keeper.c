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

#define PRIMARY "primary"
#define REPLICA "replica"
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

static void tell_doing(const struct keeper *k, const char *text)
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

/* `program` is a name in the server's folder; the list ends with NULL. */
static pid_t start(const struct keeper *k, const char *const *arguments)
{
    char *argv[40];
    size_t n = 0;
    argv[n++] = path_join(k->bin, arguments[0]);
    for (size_t i = 1; arguments[i] && n + 1 < COUNT_OF(argv); i++)
        argv[n++] = (char *)arguments[i];
    argv[n] = NULL;
    pid_t keeper = getpid(), child = fork();
    if (child == 0)
        run_program(k, keeper, argv);
    free(argv[0]);
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
static void end_program(pid_t *child, int signal_number)
{
    int status;
    if (*child <= 0)
        return;
    (void)kill(*child, signal_number);
    if (!ends(*child, 5 * US_PER_S, &status)) {
        (void)kill(*child, SIGQUIT);
        if (!ends(*child, 2 * US_PER_S, &status)) {
            (void)kill(-*child, SIGKILL);
            (void)ends(*child, 2 * US_PER_S, &status);
        }
    }
    *child = 0;
}

static bool run_to_end(const struct keeper *k, const char *const *arguments, struct error *e)
{
    pid_t child = start(k, arguments);
    if (child < 0)
        return error_errno(e, errno, "%s could not be started", arguments[0]);
    int status = 0;
    while (!ends(child, 0, &status))
        if (abandoned(k, 20)) {
            (void)kill(-child, SIGKILL);
            (void)ends(child, 2 * US_PER_S, &status);
            return error_set(e, ERROR_STOPPED, "interrupted");
        }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    char what[64];
    (void)snprintf(what, sizeof what, "%s failed", arguments[0]);
    return fail_with_log(k, e, what);
}

static char *conninfo(const struct keeper *k, const char *port, const char *database)
{
    return mem_printf("host=%s port=%s user=postgres dbname=%s", k->sockets, port, database);
}

/* Asks the server at `port` until the answer is true. */
static bool wait_until(const struct keeper *k, const char *port, pid_t server, const char *question,
                       struct error *e)
{
    char *where = conninfo(k, port, "postgres");
    struct db_address address = {DB_POSTGRESQL, (char *)"demo", where};
    int64_t until = clock_mono_us() + START_PATIENCE_US;
    struct db *db = NULL;
    bool yes = false, lost = false;
    int status;
    while (!yes && !lost && clock_mono_us() < until) {
        struct error ignored;
        struct db_rows *rows = NULL;
        if (!db)
            db = db_open(&address, "newel demo", &ignored);
        if (db && db_query(db, &rows, &ignored, question, 0, NULL) == DB_OK)
            yes = db_bool(rows, 0, 0);
        db_rows_free(rows);
        lost = !yes && (waitpid(server, &status, WNOHANG) == server || abandoned(k, 50));
    }
    db_close(db);
    free(where);
    return yes || fail_with_log(k, e, "a server of the demo did not start");
}

static pid_t start_server(const struct keeper *k, const char *name, const char *port)
{
    char *title = mem_printf("cluster_name=demo-%s", name);
    const char *const arguments[] = {
        "postgres",
        "-D",
        name,
        "-k",
        k->sockets,
        "-p",
        port,
        "-c",
        title,
        "-c",
        "listen_addresses=",
        "-c",
        "shared_buffers=128MB",
        "-c",
        "max_connections=60",
        "-c",
        "wal_level=replica",
        "-c",
        "hot_standby=on",
        "-c",
        "wal_compression=off",
        "-c",
        "max_wal_size=1GB",
        "-c",
        "wal_keep_size=512MB",
        /* what autovacuum does shall be seen within a demo */
        "-c",
        "autovacuum_naptime=10s",
        NULL,
    };
    pid_t server = start(k, arguments);
    free(title);
    return server;
}

static bool start_primary(struct keeper *k, struct error *e)
{
    tell_doing(k, "making a database");
    const char *const initdb[] = {"initdb", "-D", PRIMARY, "-U",          "postgres",  "-A",
                                  "trust",  "-E", "UTF8",  "--no-locale", "--no-sync", NULL};
    if (!run_to_end(k, initdb, e))
        return false;
    tell_doing(k, "starting the primary");
    k->primary = start_server(k, PRIMARY, PRIMARY_PORT);
    return k->primary > 0 && wait_until(k, PRIMARY_PORT, k->primary, "SELECT true", e);
}

static bool start_replica(struct keeper *k, struct error *e)
{
    tell_doing(k, "copying it to a standby, and starting that");
    const char *const backup[] = {
        "pg_basebackup", "-h", k->sockets, "-p", PRIMARY_PORT, "-U",        "postgres", "-D",
        REPLICA,         "-X", "stream",   "-c", "fast",       "--no-sync", "-R",       NULL};
    if (!run_to_end(k, backup, e))
        return false;
    k->replica = start_server(k, REPLICA, REPLICA_PORT);
    return k->replica > 0 && wait_until(k, REPLICA_PORT, k->replica, "SELECT true", e) &&
           wait_until(k, PRIMARY_PORT, k->primary,
                      "SELECT count(*) = 1 FROM pg_stat_replication WHERE state = 'streaming'", e);
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

static bool start_all(struct keeper *k, struct error *e)
{
    return make_folder(k, e) && start_primary(k, e) && start_replica(k, e);
}

static void end_all(struct keeper *k)
{
    if (!k->folder)
        return;
    char *engine = demo_engine_socket(k->folder);
    demo_engine_end(engine, 0);
    free(engine);
    end_program(&k->replica, SIGINT);
    end_program(&k->primary, SIGINT);
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
    if (start_all(k, &news.error))
        (void)snprintf(news.text, sizeof news.text, "%s", k->folder);
    else
        news.kind = NEWS_FAILED;
    tell(k, &news);
    while (!abandoned(k, -1))
        ;
    end_all(k);
    _exit(0);
}
