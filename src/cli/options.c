#include "config.h"
#include "cli/options.h"

#include "base/error.h"

#include <stdio.h>

#define OWN_MAX 12

static int leave(struct common_options *common, int status)
{
    common->status = status;
    return OPTIONS_LEAVE;
}

static int next(int argc, char **argv, const struct option *own, bool in_order)
{
    enum { COMMON = 4 };
    struct option all[COMMON + OWN_MAX + 1] = {
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {"verbose", no_argument, NULL, 'v'},
        {"version", no_argument, NULL, 'V'},
    };
    char letters[2 * OWN_MAX + 8] = "+c:hv";
    size_t n = 5;
    for (size_t i = 0; own[i].name && i < OWN_MAX; i++) {
        all[COMMON + i] = own[i];
        if (own[i].val < 256)
            letters[n++] = (char)own[i].val;
    }
    /* getopt's own words begin with the program's name, as all of ours do */
    char *command = argv[0], program[] = "newel";
    argv[0] = program;
    int option = getopt_long(argc, argv, in_order ? letters : letters + 1, all, NULL);
    argv[0] = command;
    return option;
}

int options_next(int argc, char **argv, const struct option *own, bool in_order, const char *usage,
                 struct common_options *common)
{
    for (;;) {
        int option = next(argc, argv, own, in_order);
        switch (option) {
        case 'c':
            common->config_path = optarg;
            break;
        case 'v':
            common->verbose = true;
            break;
        case 'V':
            puts("newel " PACKAGE_VERSION);
            return leave(common, EXIT_YES);
        case 'h':
            (void)fputs(usage, stdout);
            return leave(common, EXIT_YES);
        case '?':
            fprintf(stderr, "newel: see newel %s --help\n", argv[0]);
            return leave(common, EXIT_USAGE);
        default:
            return option;
        }
    }
}
