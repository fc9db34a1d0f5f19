#include "config.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "cli/options.h"
#include "journal/journal.h"

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
    static const struct option options[] = {{0}};
    struct common_options common = {0};
    if (options_next(argc, argv, options, false, help, &common) == OPTIONS_LEAVE)
        return common.status;
    if (argc - optind != 1)
        return common_usage("verify", "it takes one journal");
    struct journal_verdict verdict;
    struct error e;
    if (!journal_verify(argv[optind], &verdict, &e)) {
        error_print(&e, stderr);
        return EXIT_USAGE;
    }
    return tell(argv[optind], &verdict);
}
