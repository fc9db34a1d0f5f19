/* The commented files of config/, built in for `newel init`. */
#ifndef NEWEL_CLI_EXAMPLES_H
#define NEWEL_CLI_EXAMPLES_H

extern const char example_newel_ini[];
extern const char example_migration_ini[];

#endif
