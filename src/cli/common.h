/* What several commands need: files found and read, findings shown, the operator's name. */
#ifndef NEWEL_CLI_COMMON_H
#define NEWEL_CLI_COMMON_H

#include "plan/target.h"

/* Reads newel.ini (`path` NULL: the usual places). What is wrong is printed; kind ERROR_USAGE. */
bool common_config(const char *path, struct config *c, struct error *e) MUST_CHECK;
bool common_migration(const char *path, struct migration *m, struct error *e) MUST_CHECK;

/* Whether `id` can be a migration's: it names a folder, too. */
bool common_id(const char *id, struct error *e) MUST_CHECK;
/* As config_load(), and [keys] held against the commands that consoles have. */
bool common_load_config(const char *path, struct config *c, struct findings *findings) MUST_CHECK;
/* The newel.ini that a console would take its manners from; none is no error. */
bool common_config_if_any(const char *path, struct config *c, struct error *e) MUST_CHECK;

/* "80x24": columns and rows from 1 to 1000. */
bool common_size(const char *text, int *width, int *height) MUST_CHECK;

/* "ann", "ann (sudo)", "ann from 10.0.0.3"; the caller frees it. */
char *common_operator(void);

/* Prints `e` as "newel: …" and returns its exit status. */
int common_fail(const struct error *e);
/* "newel: COMMAND: … (see newel COMMAND --help)"; returns EXIT_USAGE. */
int common_usage(const char *command, const char *what);

#endif
