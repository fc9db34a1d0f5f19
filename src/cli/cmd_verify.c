#include "config.h"
#include "cli/cli.h"
#include "journal/journal.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

static const char help[] =
    "Usage: newel verify JOURNAL\n"
    "Checks the journal's hash chain: that no event was changed, taken out, put in or\n"
    "moved. That events were cut off at its end cannot be seen from the file alone.\n"
    "\n"
    "  -h, --help   print this\n"
    "\n"
    "Exit status: 0 the chain is whole, 1 it is broken, 2 usage or a file that cannot be\n"
    "read.\n";

static int tell(const char *path, const struct journal_verdict *v)
{
    bool whole = !v->broken_line && v->events > 0;
    if (whole)
        printf("ok: %" PRId64 " events, chain whole, last hash %s\n", v->events, v->last_hash);
    else if (v->broken_line)
        printf("broken: %s:%" PRId64 ": %s (%" PRId64 " events before it are whole)\n", path,
               v->broken_line, v->broken_why, v->events);
    else
        printf("broken: %s: it holds no whole event\n", path);
    if (v->unfinished_tail)
        printf("the last line is unfinished: whoever wrote it was stopped; it does not count\n");
    return whole ? EXIT_YES : EXIT_NO;
}

int cmd_verify(int argc, char **argv)
{
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    optind = 0;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option != 'h')
            return EXIT_USAGE;
        printf("%s", help);
        return EXIT_YES;
    }
    if (argc - optind != 1) {
        fprintf(stderr, "newel: verify needs one journal (newel verify --help)\n");
        return EXIT_USAGE;
    }
    struct journal_verdict verdict;
    struct error e;
    if (!journal_verify(argv[optind], &verdict, &e)) {
        error_print(&e, stderr);
        return EXIT_USAGE;
    }
    return tell(argv[optind], &verdict);
}
