#include "config.h"
#include "cli/demo.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/wire.h"
#include "cli/demo_keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define OLDEST 13

struct demo_servers {
    pid_t keeper;
    int life; /* the keeper works as long as this end of the pipe is open */
    char *folder, *primary, *replica;
};

/* ---- finding the programs -------------------------------------------------- */

static bool has_programs(const char *folder)
{
    static const char *const programs[] = {"initdb", "postgres", "pg_basebackup"};
    bool all = true;
    for (size_t i = 0; all && i < COUNT_OF(programs); i++) {
        char *path = path_join(folder, programs[i]);
        all = access(path, X_OK) == 0;
        free(path);
    }
    return all;
}

/* Debian keeps each version in a folder of its own, out of the PATH. */
static char *newest_packaged(void)
{
    static const char root[] = "/usr/lib/postgresql";
    DIR *folder = opendir(root);
    char *found = NULL;
    long best = OLDEST - 1;
    const struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        long version = strtol(entry->d_name, NULL, 10);
        if (version <= best)
            continue;
        char *bin = mem_printf("%s/%s/bin", root, entry->d_name);
        if (has_programs(bin)) {
            best = version;
            free(found);
            found = bin;
        } else {
            free(bin);
        }
    }
    if (folder)
        (void)closedir(folder);
    return found;
}

static char *find_in_path(void)
{
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t n = strcspn(path, ":");
        char *folder = mem_dup_n(path, n);
        if (n && has_programs(folder))
            return folder;
        free(folder);
        path += n + (path[n] == ':');
    }
    return NULL;
}

static char *find_programs(struct error *e)
{
    const char *given = getenv("PG_BIN");
    char *found =
        given && *given ? (has_programs(given) ? mem_dup(given) : NULL) : newest_packaged();
    if (!found && !(given && *given))
        found = find_in_path();
    if (!found) {
        error_set(e, ERROR_USAGE, "the demo needs the programs of a PostgreSQL server");
        error_why(e, "initdb, postgres and pg_basebackup are not in %s",
                  given && *given ? given : "/usr/lib/postgresql/*/bin, nor in the PATH");
        error_todo(e, "apt-get install postgresql-15, or ./bootstrap demo, or set PG_BIN");
    }
    return found;
}

/* A server refuses to run as root. */
static bool find_user(const struct passwd **user, struct error *e)
{
    *user = NULL;
    if (geteuid() != 0)
        return true;
    *user = getpwnam("postgres");
    if (!*user)
        *user = getpwnam("nobody");
    if (*user)
        return true;
    error_set(e, ERROR_USAGE, "the demo's servers need an unprivileged user");
    error_why(e, "there is neither a user postgres nor nobody, and PostgreSQL refuses root");
    return error_todo(e, "run the demo as an ordinary user");
}

/* ---- the demo's side ------------------------------------------------------- */

static int life_of_keeper = -1;

/* The engine is forked from the demo; with our end of the pipe it would keep the keeper. */
static void forget_keeper(void)
{
    if (life_of_keeper >= 0)
        (void)close(life_of_keeper);
    life_of_keeper = -1;
}

static bool start_keeper(struct demo_servers *s, struct keeper *k, int *news, struct error *e)
{
    int life[2], said[2];
    if (pipe2(life, O_CLOEXEC) != 0)
        return error_errno(e, errno, "the demo could not be started");
    if (pipe2(said, O_CLOEXEC) != 0) {
        int number = errno;
        (void)close(life[0]);
        (void)close(life[1]);
        return error_errno(e, number, "the demo could not be started");
    }
    (void)fflush(NULL);
    k->life = life[0];
    k->news = said[1];
    s->keeper = fork();
    int number = errno;
    if (s->keeper == 0) {
        (void)close(life[1]);
        (void)close(said[0]);
        keeper_main(k);
    }
    (void)close(life[0]);
    (void)close(said[1]);
    s->life = life[1];
    *news = said[0];
    if (s->keeper < 0)
        return error_errno(e, number, "the demo could not be started");
    life_of_keeper = s->life;
    static bool registered;
    if (!registered)
        registered = pthread_atfork(NULL, NULL, forget_keeper) == 0;
    return true;
}

/* Passes on what the keeper says until it is ready. */
static bool listen_to(struct demo_servers *s, int fd, struct error *e)
{
    struct news news;
    for (;;) {
        ssize_t n = demo_stopped ? -1 : read(fd, &news, sizeof news);
        if (demo_stopped)
            return error_set(e, ERROR_STOPPED, "interrupted");
        if (n < 0 && errno == EINTR)
            continue;
        if (n != (ssize_t)sizeof news)
            return error_set(e, ERROR_SYSTEM, "the keeper of the demo's servers died");
        if (news.kind == NEWS_FAILED) {
            *e = news.error;
            return false;
        }
        if (news.kind == NEWS_READY) {
            s->folder = mem_dup(news.text);
            return true;
        }
        printf("  %s\n", news.text);
        (void)fflush(stdout);
    }
}

struct demo_servers *demo_servers_start(struct error *e)
{
    struct keeper k = {0};
    k.bin = find_programs(e);
    if (!k.bin || !find_user(&k.user, e)) {
        free(k.bin);
        return NULL;
    }
    struct demo_servers *s = mem_alloc(sizeof *s);
    int news = -1;
    s->life = -1;
    bool ok = start_keeper(s, &k, &news, e) && listen_to(s, news, e);
    if (news >= 0)
        (void)close(news);
    free(k.bin);
    if (!ok) {
        demo_servers_end(s);
        return NULL;
    }
    static const char form[] = "host=%s/s port=%s user=postgres dbname=shop";
    s->primary = mem_printf(form, s->folder, PRIMARY_PORT);
    s->replica = mem_printf(form, s->folder, REPLICA_PORT);
    return s;
}

void demo_servers_end(struct demo_servers *s)
{
    if (!s)
        return;
    if (s->life >= 0)
        (void)close(s->life);
    life_of_keeper = -1;
    while (s->keeper > 0 && waitpid(s->keeper, NULL, 0) < 0 && errno == EINTR)
        ;
    free(s->folder);
    free(s->primary);
    free(s->replica);
    free(s);
}

const char *demo_servers_folder(const struct demo_servers *s)
{
    return s->folder;
}

const char *demo_servers_primary(const struct demo_servers *s)
{
    return s->primary;
}

const char *demo_servers_replica(const struct demo_servers *s)
{
    return s->replica;
}

/* ---- the engine ------------------------------------------------------------ */

char *demo_engine_socket(const char *folder)
{
    return mem_printf("%s/state/%s/control.sock", folder, DEMO_ID);
}

/* It closes its end of our connection when it ends. */
static bool hangs_up(int fd, int64_t patience_us)
{
    int64_t until = clock_mono_us() + patience_us;
    for (;;) {
        char drop[256];
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = until - clock_mono_us();
        if (left <= 0)
            return false;
        if (poll(&p, 1, (int)(left / US_PER_MS) + 1) > 0 && read(fd, drop, sizeof drop) <= 0)
            return true;
    }
}

void demo_engine_end(const char *socket_path, int64_t patience_us)
{
    struct error ignored;
    int fd = wire_connect(socket_path, &ignored);
    if (fd < 0)
        return; /* nobody is there */
    struct ucred engine = {0};
    socklen_t size = sizeof engine;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &engine, &size) != 0)
        engine.pid = 0;
    if (patience_us > 0) {
        json_t *stop = json_object();
        json_set_text(stop, "do", "stop");
        json_set_text(stop, "operator", "newel demo");
        json_t *answer = wire_request(fd, stop, 2000, &ignored);
        json_decref(answer);
        json_decref(stop);
    }
    if (!hangs_up(fd, patience_us) && engine.pid > 1 && engine.pid != getpid())
        (void)kill(engine.pid, SIGKILL);
    (void)close(fd);
}
