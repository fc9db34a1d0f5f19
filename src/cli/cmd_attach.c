#include "config.h"
#include "cli/cli.h"

#include "cli/common.h"
#include "cli/locate.h"
#include "cli/options.h"
#include "ui/console.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] =
    "usage: newel attach [-c FILE] [-r] [--plain | --screen NAME] [--dump WxH] [ID]\n"
    "Opens a console on a running engine. ID may be left out when there is only one.\n\n"
    "  -c, --config FILE   newel.ini\n"
    "  -r, --read-only     look, but change nothing\n"
    "      --plain         lines instead of screens: for screen readers and pipes\n"
    "      --screen NAME   the screen to begin with, or to print\n"
    "      --dump WxH      print that screen as text and leave\n"
    "      --ascii         no characters beyond ASCII\n"
    "  -h, --help          this text\n";

struct request {
    const char *screen;
    int width, height; /* of what is printed; 0: the console */
    bool read_only, ascii, plain;
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
        .plain = q->plain,
        .mouse = config->mouse,
        .keys = config->keys,
        .key_count = config->key_count,
        .operator_name = operator_name,
    };
    int status = EXIT_YES;
    *e = (struct error){0};
    if (q->width) {
        if (!console_dump(&options, q->width, q->height, q->screen, stdout, e))
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
    enum { SCREEN = 256, DUMP, ASCII, PLAIN };
    static const struct option options[] = {
        {"read-only", no_argument, NULL, 'r'},   {"screen", required_argument, NULL, SCREEN},
        {"dump", required_argument, NULL, DUMP}, {"ascii", no_argument, NULL, ASCII},
        {"plain", no_argument, NULL, PLAIN},     {0},
    };
    struct request q = {0};
    struct common_options common = {0};
    for (int c; (c = options_next(argc, argv, options, false, usage, &common)) != -1;) {
        switch (c) {
        case 'r':
            q.read_only = true;
            break;
        case SCREEN:
            q.screen = optarg;
            break;
        case DUMP:
            if (!common_size(optarg, &q.width, &q.height))
                return common_usage("attach", "--dump takes columns and rows from 1x1 to "
                                              "1000x1000, such as 80x24");
            break;
        case PLAIN:
            q.plain = true;
            break;
        case ASCII:
            q.ascii = true;
            break;
        default:
            return common.status;
        }
    }
    if (optind + 1 < argc)
        return common_usage("attach", "it takes one ID at most");
    struct config config = {0};
    struct error e = {0};
    char *id = NULL;
    int status;
    if (!common_config(common.config_path, &config, &e) ||
        !(id = locate_id(&config, argv[optind], &e)))
        status = common_fail(&e);
    else
        status = attach(&q, &config, id, &e);
    free(id);
    config_free(&config);
    return status;
}
