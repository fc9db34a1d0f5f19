#include "config.h"
#include "journal/command.h"

#include <string.h>

static const struct verb_words words[VERB_COUNT] = {
    [VERB_ATTACH] = {"attach", false, NULL, "announce a console"},
    [VERB_DETACH] = {"detach", false, "pause|continue|stop", "leave, and say what the engine shall do"},
    [VERB_PAUSE] = {"pause", true, NULL, "pause at the next batch boundary"},
    [VERB_RESUME] = {"resume", true, NULL, "go on"},
    [VERB_STEP] = {"step", true, "PHASE", "start PHASE, or try it again"},
    [VERB_ROLLBACK] = {"rollback", true, "PHASE COLUMN", "take back what was done up to PHASE"},
    [VERB_WITHDRAW] = {"withdraw", true, NULL, "take back what a second operator was asked for"},
    [VERB_BATCH] = {"batch", true, "ROWS|auto", "rows of one batch, or give it back to the pace"},
    [VERB_TIME] = {"time", true, "DURATION", "how long one batch may take"},
    [VERB_REST] = {"rest", true, "DURATION", "rest between two batches"},
    [VERB_LANES] = {"lanes", true, "N", "batches in parallel"},
    [VERB_LIMIT] = {"limit", true, "SIGNAL VALUE [for DURATION] [NOTE]", "change a limit"},
    [VERB_OVERRIDE] = {"override", true, "SIGNAL [SERVER] for DURATION REASON",
                       "let an unknown signal pass for a while, or clients, or plans"},
    [VERB_CANCEL] = {"cancel", true, "PID", "cancel a blocker's statement"},
    [VERB_TERMINATE] = {"terminate", true, "PID", "end a blocker's session"},
    [VERB_NOTE] = {"note", true, "TEXT", "write a note into the journal"},
    [VERB_STOP] = {"stop", true, NULL, "end the engine at a batch boundary"},
};

const struct verb_words *verb_words(enum verb verb)
{
    return &words[verb];
}

enum verb verb_from_name(const char *name)
{
    for (unsigned i = 0; i < VERB_COUNT; i++)
        if (strcmp(words[i].name, name) == 0)
            return (enum verb)i;
    return VERB_COUNT;
}
