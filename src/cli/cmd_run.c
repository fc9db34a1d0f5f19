#include "config.h"
#include "cli/cli.h"

#include "base/path.h"
#include "base/wire.h"
#include "cli/common.h"
#include "cli/options.h"
#include "ui/progress.h"
#include "cli/run.h"
#include "engine/engine.h"
#include "ui/console.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Everything that the engine needs, read before it is started. */
struct job {
    struct config config;
    struct migration migration;
    const struct target **targets;
    size_t target_count;
    char *operator_name;
    enum phase until;
};

static void job_free(struct job *j)
{
    free(j->targets);
    free(j->operator_name);
    migration_free(&j->migration);
    config_free(&j->config);
}

/* Before anything is written there: another user may have made it, to put in what we would read. */
static bool own_folder(const struct job *j, struct error *e)
{
    char *folder = config_run_dir(&j->config, j->migration.id);
    bool ok = path_make_private(folder, e) && path_is_private(folder, e);
    free(folder);
    return ok;
}

static bool job_read(const struct run_options *o, struct job *j, struct error *e)
{
    *j = (struct job){.until = PHASE_FINISH};
    if (o->until) {
        j->until = phase_from_name(o->until);
        if (j->until == PHASE_COUNT) {
            error_set(e, ERROR_USAGE, "--until %s", o->until);
            return error_why(e, "no such phase: they are " PHASE_NAMES);
        }
    }
    j->operator_name = common_operator();
    struct error ignored;
    bool config = common_config(o->config_path, &j->config, e);
    /* all errors of both files at once */
    bool migration = common_migration(o->migration_path, &j->migration, config ? e : &ignored);
    return config && migration &&
           config_match(&j->config, &j->migration, &j->targets, &j->target_count, e) &&
           own_folder(j, e);
}

/* ---- headless: the engine in this very process ----------------------------- */

struct headless {
    struct progress progress;
    bool quiet;
    bool troubled; /* and that was said */
    char *journal_path;
    struct str out;
};

static void look(void *context, const struct model *m)
{
    struct headless *h = context;
    progress_lines(&h->progress, m, &h->out);
}

/* The lines are made while the model stands still, and printed when it may go on. */
static void say(void *context, struct recorder *recorder)
{
    struct headless *h = context;
    struct error trouble;
    bool troubled = recorder_trouble(recorder, &trouble);
    /* the journal is what cannot tell it */
    if (troubled && !h->troubled)
        error_print(&trouble, stderr);
    h->troubled = troubled;
    if (h->quiet)
        return;
    struct winsize size;
    bool sized = h->progress.terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    h->progress.columns = sized ? size.ws_col : 0;
    recorder_look(recorder, look, h);
    (void)fputs(str_text(&h->out), stdout);
    (void)fflush(stdout);
    str_clear(&h->out);
}

static void headless_ready(void *context, const char *journal_path)
{
    struct headless *h = context;
    h->journal_path = mem_dup(journal_path);
    if (!h->quiet)
        printf("journal %s\n", journal_path);
}

static struct engine_options options_of(const struct run_options *o, const struct job *j)
{
    return (struct engine_options){
        .config = &j->config,
        .migration = &j->migration,
        .targets = j->targets,
        .target_count = j->target_count,
        .operator_name = j->operator_name,
        .yes = o->yes,
        .end_on_failure = o->headless && o->yes,
        .accept_change = o->accept_change,
        .until = j->until,
    };
}

static int run_headless(const struct run_options *o, const struct job *j, char **journal_path,
                        struct error *e)
{
    struct headless h = {.quiet = o->quiet,
                         .progress.terminal = isatty(STDOUT_FILENO) == 1,
                         .progress.verbose = o->verbose};
    struct engine_options engine = options_of(o, j);
    engine.ready = headless_ready;
    engine.progress = say;
    engine.context = &h;
    int status = engine_run(&engine, e);
    if (h.progress.painted)
        putchar('\n');
    progress_free(&h.progress);
    str_free(&h.out);
    if (journal_path)
        *journal_path = h.journal_path;
    else
        free(h.journal_path);
    return status;
}

/* ---- the engine as a process of its own session ---------------------------- */

/* What the engine's process tells its starter: the journal's path, or why there is none. */
struct handshake {
    bool ready;
    char journal_path[1024];
    struct error error;
};

static void write_handshake(int fd, const struct handshake *h)
{
    const char *p = (const char *)h;
    size_t left = sizeof *h;
    while (left) {
        ssize_t n = write(fd, p, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* the starter is gone: the engine goes on without it */
        p += n;
        left -= (size_t)n;
    }
}

static bool read_handshake(int fd, struct handshake *h)
{
    char *p = (char *)h;
    size_t left = sizeof *h;
    while (left) {
        ssize_t n = read(fd, p, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        left -= (size_t)n;
    }
    return true;
}

static void tell_ready(void *context, const char *journal_path)
{
    int *fd = context;
    struct handshake h = {.ready = true};
    (void)snprintf(h.journal_path, sizeof h.journal_path, "%s", journal_path);
    write_handshake(*fd, &h);
    (void)close(*fd);
    *fd = -1;
}

/* Leaves the terminal: whatever is still printed goes to a file beside the journals. */
static bool leave_terminal(const struct job *j, struct error *e)
{
    char *folder = config_run_dir(&j->config, j->migration.id);
    bool ok = path_make_private(folder, e);
    char *log_path = path_join(folder, "engine.log");
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int log = ok ? open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (ok && (null < 0 || log < 0))
        ok = error_errno(e, errno, "cannot write %s", log_path);
    if (ok) {
        (void)dup2(null, STDIN_FILENO);
        (void)dup2(log, STDOUT_FILENO);
        (void)dup2(log, STDERR_FILENO);
    }
    if (null >= 0)
        (void)close(null);
    if (log >= 0)
        (void)close(log);
    free(folder);
    free(log_path);
    return ok;
}

static int engine_process(const struct run_options *o, const struct job *j, int fd)
{
    struct handshake h = {0};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)setsid();
    (void)sigaction(SIGHUP, &ignore, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
    if (!leave_terminal(j, &h.error)) {
        write_handshake(fd, &h);
        return error_exit_status(&h.error);
    }
    struct engine_options engine = options_of(o, j);
    engine.ready = tell_ready;
    engine.context = &fd;
    int status = engine_run(&engine, &h.error);
    if (fd >= 0)
        write_handshake(fd, &h); /* it ended before it was ready */
    if (h.error.kind != ERROR_NONE)
        error_print(&h.error, stderr);
    return status;
}

/* Starts it twice removed, so that it is nobody's child and nobody's terminal's. */
static bool start_engine(const struct run_options *o, const struct job *j, char **journal_path,
                         struct error *e)
{
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return error_errno(e, errno, "the engine could not be started");
    (void)fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        return error_errno(e, errno, "the engine could not be started");
    if (child == 0) {
        (void)close(pipe_fds[0]);
        if (fork() == 0)
            exit(engine_process(o, j, pipe_fds[1]));
        _exit(0);
    }
    (void)close(pipe_fds[1]);
    (void)waitpid(child, NULL, 0);
    struct handshake h = {0};
    bool told = read_handshake(pipe_fds[0], &h);
    (void)close(pipe_fds[0]);
    if (!told) {
        error_set(e, ERROR_SYSTEM, "the engine ended before it was ready");
        return error_todo(e, "see engine.log in %s/%s", j->config.state_dir, j->migration.id);
    }
    if (!h.ready) {
        *e = h.error;
        return false;
    }
    *journal_path = mem_dup(h.journal_path);
    return true;
}

static int console_on(const struct run_options *o, const struct job *j, const char *journal_path,
                      struct error *e)
{
    char *socket_path = config_socket_path(&j->config, j->migration.id);
    int fd = wire_connect(socket_path, e);
    free(socket_path);
    /* an engine that has ended already left its journal to look at */
    struct console_options options = {
        .journal_path = journal_path,
        .control_fd = fd,
        .plain = o->plain,
        .mouse = j->config.mouse,
        .keys = j->config.keys,
        .key_count = j->config.key_count,
        .operator_name = j->operator_name,
    };
    int status = console_run(&options, e);
    if (fd >= 0)
        (void)close(fd);
    return status;
}

static int run_detached(const struct run_options *o, const struct job *j, char **journal_path,
                        struct error *e)
{
    char *path = NULL;
    bool started = start_engine(o, j, &path, e);
    if (!started && e->kind == ERROR_PHASE && !path) {
        /* an engine drives it already: open a console on that one */
        char *folder = config_run_dir(&j->config, j->migration.id);
        path = journal_newest(folder);
        free(folder);
        if (!path || o->detach) {
            free(path);
            return error_exit_status(e);
        }
    } else if (!started) {
        return error_exit_status(e);
    }
    int status = EXIT_YES;
    if (o->detach)
        printf("started; newel attach %s opens a console on it\njournal %s\n", j->migration.id,
               path);
    else
        status = console_on(o, j, path, e);
    if (journal_path)
        *journal_path = path;
    else
        free(path);
    return status;
}

int run_migration(const struct run_options *o, char **journal_path, struct error *e)
{
    struct job j;
    *e = (struct error){0};
    int status;
    if (!job_read(o, &j, e))
        status = error_exit_status(e);
    else if (o->headless)
        status = run_headless(o, &j, journal_path, e);
    else
        status = run_detached(o, &j, journal_path, e);
    job_free(&j);
    return status;
}

static const char usage[] =
    "usage: newel run [-c FILE] [--plain | --headless] [--until PHASE] [--yes] [--detach]\n"
    "                 [--accept-change] MIGRATION\n"
    "Starts or resumes the engine and opens the console on it.\n\n"
    "  -c, --config FILE    newel.ini\n"
    "      --plain          the console as lines: for screen readers and pipes\n"
    "      --headless       no console: plain progress lines\n"
    "      --until PHASE    stop before PHASE's successor\n"
    "      --yes            take each step without asking (limits still hold)\n"
    "      --detach         start the engine and return\n"
    "      --accept-change  the file may have changed since the migration began\n"
    "  -v, --verbose        headless: also the servers' load, WAL, HOT and retries\n"
    "  -h, --help           this text\n";

int cmd_run(int argc, char **argv)
{
    enum { HEADLESS = 256, PLAIN, UNTIL, YES, DETACH, ACCEPT };
    static const struct option options[] = {
        {"headless", no_argument, NULL, HEADLESS},
        {"plain", no_argument, NULL, PLAIN},
        {"until", required_argument, NULL, UNTIL},
        {"yes", no_argument, NULL, YES},
        {"detach", no_argument, NULL, DETACH},
        {"accept-change", no_argument, NULL, ACCEPT},
        {0},
    };
    struct run_options o = {0};
    struct common_options common = {0};
    for (int c; (c = options_next(argc, argv, options, false, usage, &common)) != -1;) {
        switch (c) {
        case HEADLESS:
            o.headless = true;
            break;
        case PLAIN:
            o.plain = true;
            break;
        case UNTIL:
            o.until = optarg;
            break;
        case YES:
            o.yes = true;
            break;
        case DETACH:
            o.detach = true;
            break;
        case ACCEPT:
            o.accept_change = true;
            break;
        default:
            return common.status;
        }
    }
    o.config_path = common.config_path;
    o.verbose = common.verbose;
    if (optind + 1 != argc)
        return common_usage("run", "it takes one migration file");
    if (o.headless && o.detach)
        return common_usage("run", "--headless and --detach exclude each other");
    if (o.plain && (o.headless || o.detach))
        return common_usage("run", "--plain is a console: not with --headless or --detach");
    o.migration_path = argv[optind];
    struct error e;
    int status = run_migration(&o, NULL, &e);
    if (e.kind != ERROR_NONE)
        error_print(&e, stderr);
    return status;
}
