/*
 * The commands of newel, one file each. Each takes its own argument vector
 * (argv[0] is the command's name), prints errors itself and returns the process'
 * exit status.
 */
#ifndef NEWEL_CLI_CLI_H
#define NEWEL_CLI_CLI_H

#include "base/error.h"

int cmd_attach(int argc, char **argv); /* newel attach [-r] [--dump WxH] [ID] */
int cmd_ctl(int argc, char **argv); /* newel ctl ID VERB [VALUE] */
int cmd_gate(int argc, char **argv); /* newel gate [--json] ID PHASE */
int cmd_init(int argc, char **argv); /* newel init [DIR] */
int cmd_lint(int argc, char **argv); /* newel lint [--json] FILE... */
int cmd_run(int argc, char **argv); /* newel run [--headless] [--yes] MIGRATION */
int cmd_status(int argc, char **argv); /* newel status [--json] [ID] */
int cmd_plan(int argc, char **argv); /* newel plan MIGRATION */
int cmd_review(int argc, char **argv); /* newel review [--at TIME] [--dump WxH] JOURNAL */
int cmd_verify(int argc, char **argv); /* newel verify JOURNAL */
int cmd_demo(int argc, char **argv); /* newel demo [--rows N] [--headless] [--yes] */

#endif
