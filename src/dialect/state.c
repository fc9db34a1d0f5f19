#include "config.h"
#include "dialect/state.h"

const struct state_words *state_words(enum db_engine engine)
{
    return engine == DB_POSTGRESQL ? &state_pg : &state_my;
}
