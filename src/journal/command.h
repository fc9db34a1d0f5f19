/*
 * What an operator can tell the engine: the words that keys, `newel ctl` and the
 * control socket share. A request is {"do": VERB, ...}; the answer is
 * {"accepted": true, "text": ...} or {"accepted": false, "reason": ...}.
 *
 * VERB      MEMBERS
 * attach    operator read_only          sent first by a console; it stays connected
 * detach    value: pause continue stop  what the engine does when it was the last one
 * pause     target?                     at the next batch boundary, or between two tries
 * resume    target?
 * step      expect_phase                starts (or tries again) that phase
 * rollback  expect_phase column         takes phases back; column: its name, typed
 * withdraw                              takes back what was asked of a second operator
 * batch     value: rows | auto
 * time      value: duration             aim for one batch
 * rest      value: duration             pause between two batches
 * lanes     value: number
 * limit     value: "max_lag 10s for 30m note..." | "max_lag usual"
 * override  value: "lag r2 for 10m reason..."     an unknown signal shall not stop us
 *           value: "clients for 10m reason..."    nor old sessions; "plans ...": nor worse queries
 * cancel    pid start                   a blocker's statement
 * terminate pid start                   a blocker's session
 * note      value                       into the journal
 * stop                                  ends the engine at a batch boundary
 * Every request may carry `operator` (who speaks) and `target` (default: the one
 * being worked on).
 */
#ifndef NEWEL_JOURNAL_COMMAND_H
#define NEWEL_JOURNAL_COMMAND_H

#include <stdbool.h>

enum verb {
    VERB_ATTACH,
    VERB_DETACH,
    VERB_PAUSE,
    VERB_RESUME,
    VERB_STEP,
    VERB_ROLLBACK,
    VERB_WITHDRAW,
    VERB_BATCH,
    VERB_TIME,
    VERB_REST,
    VERB_LANES,
    VERB_LIMIT,
    VERB_OVERRIDE,
    VERB_CANCEL,
    VERB_TERMINATE,
    VERB_NOTE,
    VERB_STOP,
    VERB_COUNT,
};

struct verb_words {
    const char *name;
    bool changes;       /* refused from a read-only console */
    const char *value;  /* what its value is, for usage texts; NULL: it takes none */
    const char *about;
};

const struct verb_words *verb_words(enum verb verb);
enum verb verb_from_name(const char *name); /* VERB_COUNT: none */

#endif
