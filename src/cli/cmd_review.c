/* newel review JOURNAL: the console over a recorded session. */
#include "config.h"
#include "cli/cli.h"
#include "journal/feed.h"
#include "ui/console.h"
#include "ui/when.h"

#include <getopt.h>

static void usage(FILE *out)
{
    (void)fputs(
        "usage: newel review JOURNAL [--at TIME] [--dump WxH [--screen NAME]]\n"
        "The console over a recorded session: same screens, nothing can be changed.\n"
        "\n"
        "      --at TIME      begin there: HH:MM[:SS] of the journal's day, +DURATION from\n"
        "                     its start, or ISO 8601\n"
        "      --dump WxH     print one screen of that size as text instead, e.g. 80x24\n"
        "      --screen NAME  overview tables locks replicas targets plans clients log sql\n"
        "                     help, or 1 to 9\n"
        "      --ascii        nothing but ASCII characters\n"
        "  -h, --help         this text\n",
        out);
}

struct request {
    const char *path, *at, *screen, *size;
    bool ascii, help;
};

static bool read_options(int argc, char **argv, struct request *r, struct error *e)
{
    enum { AT = 256, DUMP, SCREEN_NAME, ASCII };
    static const struct option options[] = {
        {"at", required_argument, NULL, AT},
        {"dump", required_argument, NULL, DUMP},
        {"screen", required_argument, NULL, SCREEN_NAME},
        {"ascii", no_argument, NULL, ASCII},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    opterr = 0; /* the words are ours */
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case AT:
            r->at = optarg;
            break;
        case DUMP:
            r->size = optarg;
            break;
        case SCREEN_NAME:
            r->screen = optarg;
            break;
        case ASCII:
            r->ascii = true;
            break;
        case 'h':
            r->help = true;
            return true;
        default:
            error_set(e, ERROR_USAGE, "newel review cannot use %s", argv[optind - 1]);
            return error_todo(e, "newel review --help lists them");
        }
    }
    if (optind + 1 != argc) {
        error_set(e, ERROR_USAGE, "newel review wants one journal");
        return error_todo(e, "newel review JOURNAL; newel review --help tells more");
    }
    r->path = argv[optind];
    return true;
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
    if (!read_options(argc, argv, &r, &e)) {
        error_print(&e, stderr);
        return error_exit_status(&e);
    }
    if (r.help) {
        usage(stdout);
        return EXIT_YES;
    }
    int width = 0, height = 0;
    char rest;
    if (r.size && (sscanf(r.size, "%4dx%4d%c", &width, &height, &rest) != 2 || width < 1 ||
                   height < 1 || width > 1000 || height > 1000)) {
        error_set(&e, ERROR_USAGE, "--dump %s is no size", r.size);
        error_todo(&e, "give columns and rows from 1x1 to 1000x1000, such as 80x24");
        error_print(&e, stderr);
        return EXIT_USAGE;
    }
    struct console_options options = {.journal_path = r.path,
                                      .control_fd = -1,
                                      .read_only = true,
                                      .review = true,
                                      .screen = r.screen,
                                      .ascii = r.ascii};
    int status = EXIT_YES;
    bool ok = find_moment(&r, &at_us, &e);
    options.at_us = at_us;
    if (ok && r.size)
        ok = console_dump(&options, width, height, r.screen, stdout, &e);
    else if (ok)
        status = console_run(&options, &e);
    if (e.kind != ERROR_NONE)
        error_print(&e, stderr);
    return ok ? status : error_exit_status(&e);
}
