/*
 * Appending to a journal: whole lines, one write(2) each, chained by hash.
 * One thread at a time; the engine's recorder sees to that.
 */
#ifndef NEWEL_JOURNAL_JOURNAL_H
#define NEWEL_JOURNAL_JOURNAL_H

#include "journal/event.h"

struct journal;

/* Makes a new file with mode 0600; refuses one that exists. */
struct journal *journal_create(const char *path, struct error *e);
void journal_close(struct journal *j);
const char *journal_path(const struct journal *j);

/*
 * Adds seq, time and hash and appends the event. `durable`: on disk before it
 * returns. After a failure (a full disk) nothing of the event remains in the
 * file; the same call may be tried again later. `sealed_time` (may be NULL) gets
 * the event's time. The event stays the caller's.
 */
bool journal_append(struct journal *j, const json_t *event, bool durable, int64_t *sealed_seq,
                    int64_t *sealed_time, struct error *e) MUST_CHECK;
/* Bytes written since the last keyframe, and in all. */
int64_t journal_size(const struct journal *j);

/* The newest journal in `folder` (ID/START-TIME.jsonl), or NULL; the caller frees it. */
char *journal_newest(const char *folder);

/* What `newel verify` finds. Lines count from 1. */
struct journal_verdict {
    int64_t events;
    int64_t bytes;
    int64_t broken_line;    /* the first line that breaks the chain, 0: none */
    char broken_why[256];
    bool unfinished_tail;   /* a last line without its newline: a crash, not tampering */
    char last_hash[65];
    int64_t first_time_us, last_time_us;
};
bool journal_verify(const char *path, struct journal_verdict *out, struct error *e) MUST_CHECK;

#endif
