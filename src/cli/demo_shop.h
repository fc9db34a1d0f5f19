/* The table that the demo migrates, in the words of each kind of server. */
#ifndef NEWEL_CLI_DEMO_SHOP_H
#define NEWEL_CLI_DEMO_SHOP_H

#include "cli/demo.h"

/* Makes table orders with ids 1 to `rows`, and returns when the replica has them, too. */
bool demo_shop_make(const struct demo_servers *s, int64_t rows, struct error *e) MUST_CHECK;
/* The text of the migration file; `watched`: slow enough for a console. The caller frees it. */
char *demo_shop_migration(enum db_engine engine, bool watched);

#endif
