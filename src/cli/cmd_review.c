/* newel review JOURNAL: the console over a recorded session. */
#include "config.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "cli/options.h"
#include "journal/feed.h"
#include "ui/console.h"
#include "ui/when.h"

static const char usage[] =
    "usage: newel review [-c FILE] [--at TIME] [--target NAME]\n"
    "                    [--plain | --dump WxH [--screen NAME]] JOURNAL\n"
    "The console over a recorded session: same screens, nothing can be changed.\n"
    "\n"
    "  -c, --config FILE  newel.ini: its keys and mouse\n"
    "      --at TIME      begin there: HH:MM[:SS] of the journal's day, +DURATION from\n"
    "                     its start, or ISO 8601\n"
    "      --target NAME  show that target, and no events of others\n"
    "      --dump WxH     print one screen of that size as text instead, e.g. 80x24\n"
    "      --screen NAME  overview tables locks replicas targets plans clients log sql\n"
    "                     plots, help, or 1 to 9\n"
    "      --plain        lines instead of screens: for screen readers and pipes\n"
    "      --ascii        nothing but ASCII characters\n"
    "  -h, --help         this text\n";

struct request {
    const char *path, *at, *target, *screen, *config_path;
    int width, height; /* of what is printed; 0: the console */
    bool ascii, plain;
};

/* -1: go on; else the exit status. */
static int read_options(int argc, char **argv, struct request *r)
{
    enum { AT = 256, TARGET, DUMP, SCREEN_NAME, ASCII, PLAIN };
    static const struct option options[] = {
        {"at", required_argument, NULL, AT},
        {"target", required_argument, NULL, TARGET},
        {"dump", required_argument, NULL, DUMP},
        {"screen", required_argument, NULL, SCREEN_NAME},
        {"ascii", no_argument, NULL, ASCII},
        {"plain", no_argument, NULL, PLAIN},
        {0},
    };
    struct common_options common = {0};
    for (int c; (c = options_next(argc, argv, options, false, usage, &common)) != -1;) {
        switch (c) {
        case AT:
            r->at = optarg;
            break;
        case TARGET:
            r->target = optarg;
            break;
        case DUMP:
            if (!common_size(optarg, &r->width, &r->height))
                return common_usage("review", "--dump takes columns and rows from 1x1 to "
                                              "1000x1000, such as 80x24");
            break;
        case SCREEN_NAME:
            r->screen = optarg;
            break;
        case PLAIN:
            r->plain = true;
            break;
        case ASCII:
            r->ascii = true;
            break;
        default:
            return common.status;
        }
    }
    if (optind + 1 != argc)
        return common_usage("review", "it takes one journal");
    r->path = argv[optind];
    r->config_path = common.config_path;
    return -1;
}

/* A moment of the journal, 0 when none was asked for. */
static bool find_moment(const struct request *r, int64_t *at_us, struct error *e)
{
    *at_us = 0;
    if (!r->at)
        return true;
    struct feed *feed = feed_open(r->path, e);
    if (!feed)
        return false;
    int64_t first, last;
    bool any = feed_span(feed, &first, &last);
    feed_close(feed);
    if (!any) {
        error_set(e, ERROR_USAGE, "%s holds no event", r->path);
        return error_todo(e, "name a journal: ID/START-TIME.jsonl in the state folder");
    }
    if (when_parse(r->at, first, at_us))
        return true;
    error_set(e, ERROR_USAGE, "--at %s is no time", r->at);
    return error_todo(e, "give HH:MM[:SS], +DURATION (+90s) or 2026-11-23T14:03:11");
}

int cmd_review(int argc, char **argv)
{
    struct error e = {0};
    struct request r = {0};
    int64_t at_us;
    int status = read_options(argc, argv, &r);
    if (status >= 0)
        return status;
    struct config config;
    bool ok = common_config_if_any(r.config_path, &config, &e) && find_moment(&r, &at_us, &e);
    struct console_options options = {.journal_path = r.path,
                                      .control_fd = -1,
                                      .read_only = true,
                                      .review = true,
                                      .screen = r.screen,
                                      .target = r.target,
                                      .at_us = ok ? at_us : 0,
                                      .plain = r.plain,
                                      .mouse = config.mouse,
                                      .keys = config.keys,
                                      .key_count = config.key_count,
                                      .ascii = r.ascii};
    status = EXIT_YES;
    if (ok && r.width)
        ok = console_dump(&options, r.width, r.height, r.screen, stdout, &e);
    else if (ok)
        status = console_run(&options, &e);
    config_free(&config);
    if (e.kind != ERROR_NONE)
        error_print(&e, stderr);
    return ok ? status : error_exit_status(&e);
}
