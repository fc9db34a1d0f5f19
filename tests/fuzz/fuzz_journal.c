/*
 * Journals that lie: every line of the input is parsed, folded and said in
 * words; the model must come back from JSON as it went, whatever it holds.
 *
 * Built from the top, out of tree, with the folder of config.h in $B:
 *   clang -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined \
 *     -fno-sanitize-recover=all -I$B -Isrc -I. tests/fuzz/fuzz_journal.c \
 *     src/journal/{event,headline,model,model_work,model_watch,model_eta,model_shape,shape}.c \
 *     src/base/{clock,digest,error,json,mem,phase,text,units}.c \
 *     -ljansson -lcrypto -lm -o fuzz_journal
 *   ./fuzz_journal -max_total_time=60 -max_len=16384 CORPUS
 */
#include "config.h"
#include "journal/event.h"
#include "journal/model.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void say(const json_t *event)
{
    struct str out = {0};
    event_headline(event, &out);
    must(!memchr(str_text(&out), '\n', out.len) && !memchr(str_text(&out), '\033', out.len));
    str_free(&out);
}

static void chain(const json_t *event)
{
    char hash[65], carried[65];
    char *line = event_seal(event, 7, 8, "previous", hash);
    must(event_chain_holds(line, strlen(line), "previous", carried));
    must(strcmp(hash, carried) == 0);
    free(line);
}

static void there_and_back(const struct model *m)
{
    json_t *first = model_to_json(m);
    struct model copy;
    model_init(&copy);
    model_from_json(&copy, first);
    json_t *second = model_to_json(&copy);
    must(json_equal(first, second));
    model_free(&copy);
    json_decref(first);
    json_decref(second);
}

static void look(const struct model *m)
{
    for (size_t i = 0; i < m->target_count; i++) {
        struct model_eta eta = model_eta(&m->targets[i], m->time_us);
        must(eta.low_us <= eta.high_us && eta.low_us >= UNKNOWN);
        (void)model_doing(&m->targets[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct model m;
    model_init(&m);
    const char *text = (const char *)data, *end = text + size;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t length = newline ? (size_t)(newline - text) : (size_t)(end - text);
        struct error e;
        json_t *event = event_parse(text, length, &e);
        char hash[65];
        (void)event_chain_holds(text, length, "", hash);
        if (event) {
            model_fold(&m, event);
            say(event);
            chain(event);
        } else {
            model_gap(&m);
        }
        json_decref(event);
        text += length + 1;
    }
    there_and_back(&m);
    look(&m);
    model_free(&m);
    return 0;
}
