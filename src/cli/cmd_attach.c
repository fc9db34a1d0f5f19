#include "config.h"
#include "cli/cli.h"

#include "cli/common.h"
#include "cli/locate.h"
#include "ui/console.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] =
    "usage: newel attach [-c FILE] [-r] [--screen NAME] [--dump WxH] [ID]\n"
    "Opens a console on a running engine. ID may be left out when there is only one.\n\n"
    "  -c, --config FILE   newel.ini\n"
    "  -r, --read-only     look, but change nothing\n"
    "      --screen NAME   the screen to begin with, or to print\n"
    "      --dump WxH      print that screen as text and leave\n"
    "      --ascii         no characters beyond ASCII\n"
    "  -h, --help          this text\n";

struct request {
    const char *config_path, *screen, *dump;
    bool read_only, ascii;
};

static int attach(const struct request *q, const struct config *config, const char *id,
                  struct error *e)
{
    char *journal = locate_journal(config, id, e);
    if (!journal)
        return common_fail(e);
    char *operator_name = common_operator();
    struct console_options options = {
        .journal_path = journal,
        .control_fd = -1,
        .read_only = q->read_only,
        .screen = q->screen,
        .ascii = q->ascii,
        .operator_name = operator_name,
    };
    int status = EXIT_YES, width, height;
    *e = (struct error){0};
    if (q->dump) {
        if (sscanf(q->dump, "%dx%d", &width, &height) != 2)
            status = common_usage("attach", "--dump takes a size like 80x24");
        else if (!console_dump(&options, width, height, q->screen, stdout, e))
            status = common_fail(e);
    } else {
        options.control_fd = locate_engine(config, id, e);
        if (options.control_fd < 0) {
            status = common_fail(e);
        } else {
            status = console_run(&options, e);
            (void)close(options.control_fd);
            if (e->kind != ERROR_NONE)
                error_print(e, stderr);
        }
    }
    free(operator_name);
    free(journal);
    return status;
}

int cmd_attach(int argc, char **argv)
{
    enum { SCREEN = 256, DUMP, ASCII };
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"read-only", no_argument, NULL, 'r'},
        {"screen", required_argument, NULL, SCREEN}, {"dump", required_argument, NULL, DUMP},
        {"ascii", no_argument, NULL, ASCII},         {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct request q = {0};
    int c;
    while ((c = getopt_long(argc, argv, "c:rh", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            q.config_path = optarg;
            break;
        case 'r':
            q.read_only = true;
            break;
        case SCREEN:
            q.screen = optarg;
            break;
        case DUMP:
            q.dump = optarg;
            break;
        case ASCII:
            q.ascii = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return EXIT_YES;
        default:
            return EXIT_USAGE;
        }
    }
    if (optind + 1 < argc)
        return common_usage("attach", "it takes one ID at most");
    struct config config = {0};
    struct error e = {0};
    char *id = NULL;
    int status;
    if (!common_config(q.config_path, &config, &e) ||
        !(id = locate_id(&config, argv[optind], &e)))
        status = common_fail(&e);
    else
        status = attach(&q, &config, id, &e);
    free(id);
    config_free(&config);
    return status;
}
