#include "config.h"
#include "plan/hazard.h"

#include <string.h>

/* clang-format off */
static const struct rule table[] = {
    /* how a file is written */
    {"bad-value", HAZARD_ERROR, "a value that its key does not take"},
    {"duplicate-key", HAZARD_ERROR, "a key that stands twice in its section"},
    {"duplicate-section", HAZARD_ERROR, "a section that stands twice"},
    {"empty-value", HAZARD_ERROR, "a key without a value"},
    {"encoding", HAZARD_ERROR, "bytes that are no UTF-8"},
    {"indented", HAZARD_ERROR, "an indented line that continues nothing"},
    {"key-taken", HAZARD_ERROR, "a key of the console that another command has"},
    {"malformed", HAZARD_ERROR, "a line that is neither section, key nor comment"},
    {"missing-key", HAZARD_ERROR, "a key that has to be there"},
    {"missing-section", HAZARD_ERROR, "a section that has to be there"},
    {"no-default", HAZARD_ERROR, "new_rows = default without a default"},
    {"no-section", HAZARD_ERROR, "a key before the first section"},
    {"no-value", HAZARD_ERROR, "NOT NULL or a condition, and nothing that says what rows get"},
    {"nul-byte", HAZARD_ERROR, "a NUL byte in a text file"},
    {"out-of-range", HAZARD_ERROR, "a number outside of what its key takes"},
    {"secret", HAZARD_ERROR, "a password in newel.ini"},
    {"section-name", HAZARD_ERROR, "a section whose name is missing or not allowed"},
    {"too-large", HAZARD_ERROR, "a file larger than newel reads"},
    {"unknown-command", HAZARD_ERROR, "a command of the console that there is not"},
    {"unknown-key", HAZARD_ERROR, "a key that its section does not have"},
    {"unknown-section", HAZARD_ERROR, "a section that there is not"},
    {"unreadable", HAZARD_ERROR, "a file that cannot be read"},
    {"wrong-engine", HAZARD_ERROR, "a key of another kind of server"},
    /* what it says */
    {"constraint-in-type", HAZARD_ERROR, "the type says NOT NULL, DEFAULT, a key or a check: expand would take the long lock that newel is there to avoid"},
    {"serial-type", HAZARD_ERROR, "serial and identity columns fill every row while the table is locked"},
    {"self-reference", HAZARD_ERROR, "the value is made of the column that it is to fill"},
    {"rows-left-null", HAZARD_ERROR, "NOT NULL, and rows that where leaves out get no default"},
    {"volatile-value", HAZARD_WARNING, "each evaluation of the value gives another: neither a batch that is tried again nor verify can compare"},
    {"volatile-default", HAZARD_WARNING, "each new row gets another default, and existing rows get what value says"},
    {"time-value", HAZARD_WARNING, "existing rows get the time of their batch, not of anything that happened to them"},
    {"subquery-value", HAZARD_WARNING, "the value asks a query for each row"},
    {"no-throttle", HAZARD_WARNING, "neither lag nor waiters nor running sessions can stop the backfill"},
    {"long-lock-timeout", HAZARD_WARNING, "everybody queues behind a statement that waits longer than two seconds"},
    {"large-batch", HAZARD_WARNING, "a batch that holds so many rows, or so long, holds up others"},
    {"application-fills", HAZARD_WARNING, "NOT NULL, and rows that an old version of the application writes stay NULL"},
    {"keyword-name", HAZARD_WARNING, "the column's name is a word of SQL: every statement has to quote it"},
    {"no-query", HAZARD_NOTE, "no query is watched: nobody will see a plan get worse"},
};
/* clang-format on */

const struct rule *rules_table(size_t *count)
{
    *count = COUNT_OF(table);
    return table;
}

const struct rule *rule_named(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

const char *hazard_level_name(enum hazard_level level)
{
    return level == HAZARD_ERROR ? "error" : level == HAZARD_WARNING ? "warning" : "note";
}
