/* The options that every command takes beside its own: -c, -h, -v and --version. */
#ifndef NEWEL_CLI_OPTIONS_H
#define NEWEL_CLI_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

/* The command is to end now, with `status`. */
#define OPTIONS_LEAVE (-2)

struct common_options {
    const char *config_path; /* NULL: the usual places */
    bool verbose;
    int status;
};

/*
 * As getopt_long(): returns the next of the command's `own` options, or -1 when
 * there are no more. Help (`usage`), the version and complaints are printed here.
 * `in_order`: options end at the first argument, so that a later one may begin
 * with a dash.
 */
int options_next(int argc, char **argv, const struct option *own, bool in_order, const char *usage,
                 struct common_options *common);

#endif
