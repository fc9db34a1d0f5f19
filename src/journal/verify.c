#include "config.h"
#include "journal/journal.h"
#include "journal/lines.h"

#include "base/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void PRINTF_LIKE(3, 4) broken(struct journal_verdict *v, int64_t line, const char *why, ...)
{
    va_list args;
    va_start(args, why);
    v->broken_line = line;
    (void)vsnprintf(v->broken_why, sizeof v->broken_why, why, args);
    va_end(args);
}

/* The numbers come first: they tell what was taken away, which the hash cannot. */
static void judge_order(struct journal_verdict *v, const json_t *event, int64_t line)
{
    int64_t seq = json_get_int(event, "seq", 0), expected = v->events + 1;
    int64_t time_us = json_get_int(event, "time", 0);
    if (seq > expected)
        broken(v, line,
               "seq is %" PRId64 " and should be %" PRId64 ": events are missing before it", seq,
               expected);
    else if (seq < expected)
        broken(v, line, "seq is %" PRId64 " and should be %" PRId64 ": events were put in or moved",
               seq, expected);
    else if (time_us < v->last_time_us)
        broken(v, line, "its time lies before that of the event before it");
}

static void judge_line(struct journal_verdict *v, const char *text, size_t length, int64_t line)
{
    struct error e;
    json_t *event = event_parse(text, length, &e);
    if (!event) {
        broken(v, line, "%s: %.200s", e.what, e.why);
        return;
    }
    judge_order(v, event, line);
    char hash[DIGEST_HEX];
    if (!v->broken_line && !event_chain_holds(text, length, v->last_hash, hash))
        broken(v, line, "%s",
               hash[0]
                   ? "its hash does not follow from its text and the hash before it: one of the "
                     "two was changed"
                   : "it does not end in a hash");
    if (!v->broken_line) {
        v->last_time_us = json_get_int(event, "time", 0);
        if (v->events++ == 0)
            v->first_time_us = v->last_time_us;
        memcpy(v->last_hash, hash, sizeof v->last_hash);
    }
    json_decref(event);
}

bool journal_verify(const char *path, struct journal_verdict *out, struct error *e)
{
    *out = (struct journal_verdict){0};
    struct lines *l = lines_open(path, e);
    if (!l)
        return false;
    int64_t line = 0, offset = 0, next;
    const char *text;
    size_t length;
    enum lines_found found;
    while ((found = lines_at(l, offset, &text, &length, &next)) != LINES_END) {
        line++;
        if (!out->broken_line && found == LINES_TOO_LONG)
            broken(out, line, "it is longer than any event");
        else if (!out->broken_line)
            judge_line(out, text, length, line);
        offset = next;
    }
    out->bytes = lines_size(l);
    out->unfinished_tail = offset < out->bytes;
    bool ok = !lines_failed(l, e);
    lines_close(l);
    return ok;
}
