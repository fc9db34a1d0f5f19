#include "config.h"
#include "cli/cli.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/units.h"
#include "cli/common.h"
#include "cli/options.h"
#include "cli/demo_shop.h"
#include "cli/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROWS_USUAL 300000
#define ROWS_MIN 1000
#define ROWS_MAX 50000000
#define WARM_UP_US (2 * US_PER_S)
#define MEASURE_US (3 * US_PER_S)
#define REPORT_AHEAD_US (300 * US_PER_MS)
#define STOP_PATIENCE_US (15 * US_PER_S)
#define JOURNAL_MAX ((size_t)1 << 30)

volatile sig_atomic_t demo_stopped;

struct demo_options {
    enum db_engine engine;
    int64_t rows;
    bool headless, yes, verbose;
    const char *keep;
};

struct demo {
    struct demo_options options;
    struct demo_servers *servers;
    struct demo_traffic *traffic;
    char *config_path, *migration_path, *journal_path;
};

/* ---- signals -------------------------------------------------------------- */

static void on_signal(int number)
{
    demo_stopped = number;
    /* an engine in this process listens to SIGTERM, not to SIGHUP */
    if (number == SIGHUP)
        (void)kill(getpid(), SIGTERM);
}

/* Without SA_RESTART, so that whoever waits is woken. */
static void catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal};
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        (void)sigaction(numbers[i], &action, NULL);
}

bool demo_interrupted(struct error *e)
{
    return demo_stopped && !error_set(e, ERROR_STOPPED, "the demo was interrupted");
}

bool demo_rest(int64_t us, struct error *e)
{
    int64_t end = clock_mono_us() + us;
    for (int64_t left = us; left > 0 && !demo_stopped; left = end - clock_mono_us())
        clock_sleep_us(left < 50 * US_PER_MS ? left : 50 * US_PER_MS);
    return !demo_interrupted(e);
}

static void say(const char *text)
{
    puts(text);
    (void)fflush(stdout);
}

/* ---- the files ------------------------------------------------------------- */

static bool write_files(struct demo *d, struct error *e)
{
    const char *folder = demo_servers_folder(d->servers);
    d->config_path = path_join(folder, "newel.ini");
    d->migration_path = path_join(folder, DEMO_ID ".ini");
    char *target = demo_servers_target(d->servers);
    char *config =
        mem_printf("[newel]\nstate_dir = %s/state\n\n[target orders-01]\n%s", folder, target);
    char *migration = demo_shop_migration(d->options.engine, !d->options.headless);
    bool ok = path_write_new(d->config_path, config, 0600, e) &&
              path_write_new(d->migration_path, migration, 0600, e);
    free(target);
    free(config);
    free(migration);
    return ok;
}

/* What each kind of server calls the one that follows. */
static const char *follower(const struct demo *d)
{
    return d->options.engine == DB_POSTGRESQL ? "standby" : "replica";
}

/* ---- the page before ------------------------------------------------------- */

static void print_page(const struct demo *d)
{
    char rows[UNITS_TEXT];
    printf("\n"
           "You are about to add a column to a table that is in use.\n\n"
           "  orders      %s rows on a primary that one %s follows\n"
           "  region      the new column, computed from country_code, NOT NULL in the end\n"
           "  traffic     four clients (shop) read and write orders all the time; now and\n"
           "              then a report holds a lock for some seconds: you will see newel\n"
           "              meet it, give way, and try again\n\n",
           units_count(rows, d->options.rows), follower(d));
    if (d->options.yes)
        printf("With --yes each of the ten phases begins by itself. Keys to try first:\n\n");
    else
        printf("Ten phases, and none begins before you say so. Keys to try first:\n\n"
               "  n      the next phase: shows its SQL, lock and way back, then asks\n");
    printf("  space  pause and resume the backfill      + -  larger, smaller batches\n"
           "  3      who waits on whom                  4    lag of the %s\n"
           "  9      the SQL of each phase              R    roll back\n"
           "  ?      all keys                           q    leave, and end the demo\n\n"
           "Press Enter to begin, or q and Enter to leave: ",
           follower(d));
    (void)fflush(stdout);
}

static bool wait_for_enter(struct error *e)
{
    char answer[64] = "";
    ssize_t n = read(STDIN_FILENO, answer, sizeof answer - 1);
    if (demo_interrupted(e))
        return false;
    if (n <= 0 || answer[0] == 'q' || answer[0] == 'Q')
        return error_set(e, ERROR_STOPPED, "the demo was left before it began");
    return true;
}

/* ---- the run --------------------------------------------------------------- */

static bool prepare(struct demo *d, struct error *e)
{
    char rows[UNITS_TEXT];
    printf("Setting up a private primary and its %s:\n", follower(d));
    d->servers = demo_servers_start(d->options.engine, e);
    if (!d->servers)
        return false;
    printf("  filling orders with %s rows\n", units_count(rows, d->options.rows));
    (void)fflush(stdout);
    if (!demo_shop_make(d->servers, d->options.rows, e) || !write_files(d, e))
        return false;
    say("  letting the traffic in, and measuring it");
    d->traffic = demo_traffic_start(demo_servers_primary(d->servers), d->options.rows, e);
    if (!d->traffic || !demo_rest(WARM_UP_US, e))
        return false;
    demo_traffic_period(d->traffic, DEMO_BEFORE);
    if (!demo_rest(MEASURE_US, e))
        return false;
    demo_traffic_period(d->traffic, DEMO_UNMEASURED);
    return true;
}

/* Returns the exit status. */
static int migrate(struct demo *d, struct error *e)
{
    struct run_options options = {
        .config_path = d->config_path,
        .migration_path = d->migration_path,
        .headless = d->options.headless,
        .yes = d->options.yes,
        .verbose = d->options.verbose,
    };
    sigset_t mask;
    (void)sigprocmask(SIG_SETMASK, NULL, &mask);
    demo_traffic_period(d->traffic, DEMO_DURING);
    /* the report takes its lock first, so that --yes meets one too */
    int status = demo_rest(REPORT_AHEAD_US, e) ? run_migration(&options, &d->journal_path, e)
                                               : error_exit_status(e);
    /* an operator who leaves the console leaves the demo */
    char *socket_path = demo_engine_socket(demo_servers_folder(d->servers));
    demo_engine_end(socket_path, STOP_PATIENCE_US);
    free(socket_path);
    demo_traffic_period(d->traffic, DEMO_UNMEASURED);
    /* an engine in this process took the signals for itself */
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
    return status;
}

static void measure_after(struct demo *d)
{
    struct error ignored;
    demo_traffic_period(d->traffic, DEMO_AFTER);
    (void)demo_rest(MEASURE_US, &ignored);
}

static bool keep_journal(const struct demo *d, struct error *e)
{
    struct str text = {0};
    const char *slash = strrchr(d->journal_path, '/');
    char *copy = path_join(d->options.keep, slash ? slash + 1 : d->journal_path);
    bool ok = path_read(d->journal_path, JOURNAL_MAX, &text, e) &&
              path_write_new(copy, str_text(&text), 0600, e);
    if (ok)
        printf("\njournal kept: newel review %s\n", copy);
    str_free(&text);
    free(copy);
    return ok;
}

/* What was seen, and the session's own exit status. */
static int sum_up(struct demo *d, int status)
{
    struct demo_told told;
    struct error e = {0};
    if (!demo_read_journal(d->journal_path, &told, &e)) {
        error_print(&e, stderr);
        return status;
    }
    if (told.ended) {
        status = told.status;
        if (status == EXIT_YES)
            measure_after(d);
    }
    demo_traffic_stop(d->traffic);
    demo_print_summary(&told, d->traffic);
    if (!d->options.keep)
        printf("\nThe journal goes with the servers; --keep DIR copies it there, "
               "for newel review.\n");
    else if (!keep_journal(d, &e))
        error_print(&e, stderr);
    (void)fflush(stdout);
    return status;
}

static int demo_run(struct demo *d)
{
    struct error e = {0};
    bool ready = prepare(d, &e);
    if (ready && !d->options.headless) {
        print_page(d);
        ready = wait_for_enter(&e);
    }
    if (!ready)
        return common_fail(&e);
    int status = migrate(d, &e);
    if (e.kind != ERROR_NONE && e.kind != ERROR_STOPPED)
        error_print(&e, stderr);
    return d->journal_path ? sum_up(d, status) : status;
}

static void demo_end(struct demo *d)
{
    demo_traffic_free(d->traffic);
    if (d->servers)
        say("\nStopping the servers and removing their folder.");
    demo_servers_end(d->servers);
    free(d->config_path);
    free(d->migration_path);
    free(d->journal_path);
}

/* ---- the command ----------------------------------------------------------- */

static const char usage[] =
    "usage: newel demo [--engine NAME] [--rows N] [--headless] [--yes] [--keep DIR]\n"
    "Starts a private primary and its replica in a temporary folder, lets traffic in, adds a\n"
    "column under your hands, and removes everything at the end.\n\n"
    "      --engine NAME  postgresql (as without it), mariadb or mysql\n"
    "      --rows N       rows of the table (300000)\n"
    "      --headless     no console: plain progress lines; needs --yes\n"
    "      --yes          take each step without asking\n"
    "      --keep DIR     copy the journal there\n"
    "  -h, --help         this text\n";

static bool read_engine(const char *name, enum db_engine *out)
{
    static const enum db_engine all[] = {DB_POSTGRESQL, DB_MARIADB, DB_MYSQL};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (strcmp(name, db_engine_word(all[i])) == 0) {
            *out = all[i];
            return true;
        }
    return false;
}

static int read_options(int argc, char **argv, struct demo_options *o)
{
    enum { ENGINE = 256, ROWS, HEADLESS, YES, KEEP };
    static const struct option options[] = {
        {"engine", required_argument, NULL, ENGINE}, {"rows", required_argument, NULL, ROWS},
        {"headless", no_argument, NULL, HEADLESS},   {"yes", no_argument, NULL, YES},
        {"keep", required_argument, NULL, KEEP},     {0},
    };
    struct common_options common = {0};
    int c, status = -1;
    while (status < 0 && (c = options_next(argc, argv, options, false, usage, &common)) != -1) {
        switch (c) {
        case ENGINE:
            if (!read_engine(optarg, &o->engine))
                status = common_usage("demo", "--engine takes postgresql, mariadb or mysql");
            break;
        case ROWS:
            if (!units_parse_int(optarg, &o->rows) || o->rows < ROWS_MIN || o->rows > ROWS_MAX)
                status = common_usage("demo", "--rows takes 1000 to 50000000");
            break;
        case HEADLESS:
            o->headless = true;
            break;
        case YES:
            o->yes = true;
            break;
        case KEEP:
            o->keep = optarg;
            break;
        default:
            return common.status;
        }
    }
    o->verbose = common.verbose;
    if (status < 0 && optind != argc)
        status = common_usage("demo", "it takes no arguments");
    return status;
}

int cmd_demo(int argc, char **argv)
{
    struct demo d = {.options.rows = ROWS_USUAL};
    int status = read_options(argc, argv, &d.options);
    if (status >= 0)
        return status;
    if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
        d.options.headless = true;
    if (d.options.headless && !d.options.yes)
        return common_usage("demo", "without a console nobody can answer: add --yes");
    struct error e;
    if (d.options.keep && !path_make_private(d.options.keep, &e))
        return common_fail(&e);
    catch_signals();
    status = demo_run(&d);
    demo_end(&d);
    return status;
}
