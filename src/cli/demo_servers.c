#include "config.h"
#include "cli/demo.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/wire.h"
#include "cli/demo_keeper.h"

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

struct demo_servers {
    const struct demo_kind *kind;
    pid_t keeper;
    int life; /* the keeper works as long as this end of the pipe is open */
    char *folder;
    struct db_address primary, replica;
};

static const struct demo_kind *const kinds[] = {
    [DB_POSTGRESQL] = &demo_postgresql,
    [DB_MYSQL] = &demo_mysql,
    [DB_MARIADB] = &demo_mariadb,
};

/* A server refuses to run as root, or should. */
static bool find_user(const char *name, const struct passwd **user, struct error *e)
{
    *user = NULL;
    if (geteuid() != 0)
        return true;
    *user = getpwnam(name);
    if (!*user)
        *user = getpwnam("nobody");
    if (*user)
        return true;
    error_set(e, ERROR_USAGE, "the demo's servers need an unprivileged user");
    error_why(e, "there is neither a user %s nor nobody", name);
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

struct demo_servers *demo_servers_start(enum db_engine engine, struct error *e)
{
    struct keeper k = {.kind = kinds[engine]};
    if (!find_user(k.kind->user, &k.user, e) || !k.kind->find(&k, e))
        return NULL;
    struct demo_servers *s = mem_alloc(sizeof *s);
    int news = -1;
    s->kind = k.kind;
    s->life = -1;
    bool ok = start_keeper(s, &k, &news, e) && listen_to(s, news, e);
    if (news >= 0)
        (void)close(news);
    free(k.bin);
    free(k.tree);
    if (!ok) {
        demo_servers_end(s);
        return NULL;
    }
    s->primary =
        (struct db_address){engine, mem_dup("demo"), s->kind->conninfo(s->folder, PRIMARY, "shop")};
    s->replica =
        (struct db_address){engine, mem_dup("demo"), s->kind->conninfo(s->folder, REPLICA, "shop")};
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
    free(s->primary.name);
    free(s->primary.conninfo);
    free(s->replica.name);
    free(s->replica.conninfo);
    free(s);
}

const char *demo_servers_folder(const struct demo_servers *s)
{
    return s->folder;
}

const struct db_address *demo_servers_primary(const struct demo_servers *s)
{
    return &s->primary;
}

const struct db_address *demo_servers_replica(const struct demo_servers *s)
{
    return &s->replica;
}

char *demo_servers_target(const struct demo_servers *s)
{
    return s->kind->target(s->folder);
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
