/* A temporary folder with a journal in it, and ways to write and spoil one. */
#ifndef NEWEL_TESTS_JOURNAL_WORLD_H
#define NEWEL_TESTS_JOURNAL_WORLD_H

#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/path.h"
#include "journal/journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORLD_FILE_MAX ((size_t)256 << 20)

struct world {
    char folder[64];
    char *path; /* of the journal; not made yet */
};

static inline int world_setup(void **state)
{
    struct world *w = mem_alloc(sizeof *w);
    const char *root = getenv("TMPDIR");
    (void)snprintf(w->folder, sizeof w->folder, "%.40s/newel-XXXXXX", root ? root : "/tmp");
    if (!mkdtemp(w->folder))
        return -1;
    w->path = path_join(w->folder, "20260101T000000Z.jsonl");
    *state = w;
    return 0;
}

static inline int world_teardown(void **state)
{
    struct world *w = *state;
    struct error e;
    bool ok = path_remove_tree(w->folder, &e);
    free(w->path);
    free(w);
    return ok ? 0 : -1;
}

static inline char *world_read(const struct world *w)
{
    struct str text = {0};
    struct error e;
    assert_true(path_read(w->path, WORLD_FILE_MAX, &text, &e));
    return str_take(&text);
}

static inline void world_write(const struct world *w, const char *text, size_t n, int flags)
{
    int fd = open(w->path, O_WRONLY | O_CREAT | flags, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, n), (ssize_t)n);
    assert_int_equal(close(fd), 0);
}

/* The beginning of line `n`, from 1. */
static inline char *world_line(char *text, int n)
{
    while (--n > 0)
        text = strchr(text, '\n') + 1;
    return text;
}

static inline json_t *world_note(const char *text)
{
    json_t *event = event_new(EVENT_NOTE, NULL);
    json_set_text(event, "text", text);
    return event;
}

static inline void world_append(struct journal *j, json_t *event, bool durable)
{
    struct error e;
    if (!journal_append(j, event, durable, NULL, NULL, &e))
        fail_msg("%s: %s", e.what, e.why);
    json_decref(event);
}

/* A journal of `count` notes: "note 1", "note 2", ... */
static inline void world_notes(const struct world *w, int count)
{
    struct error e;
    struct journal *j = journal_create(w->path, &e);
    assert_non_null(j);
    for (int i = 1; i <= count; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "note %d", i);
        world_append(j, world_note(text), false);
    }
    journal_close(j);
}

#endif
