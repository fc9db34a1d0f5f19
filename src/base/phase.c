#include "config.h"
#include "base/phase.h"

#include <string.h>

static const char *const names[PHASE_COUNT] = {
    "preflight", "baseline", "expand",  "sync",    "backfill",
    "verify",    "constrain", "enforce", "compare", "finish",
};

const char *phase_name(enum phase phase)
{
    return (unsigned)phase < PHASE_COUNT ? names[phase] : "none";
}

enum phase phase_from_name(const char *name)
{
    for (unsigned i = 0; i < PHASE_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return (enum phase)i;
    return PHASE_COUNT;
}
