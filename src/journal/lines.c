#include "config.h"
#include "journal/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP ((size_t)64 << 10)
#define STEP_BACK_MAX ((size_t)4 << 20)

struct lines {
    int fd;
    int failure; /* errno of a read, else 0 */
    char *data;  /* the window: `have` bytes of the file from `at` on */
    size_t have, room;
    int64_t at;
};

struct lines *lines_open(const char *path, struct error *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        error_errno(e, errno, "cannot read journal %s", path);
        return NULL;
    }
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        error_set(e, ERROR_USAGE, "cannot read journal %s", path);
        error_why(e, "it is no regular file");
        (void)close(fd);
        return NULL;
    }
    struct lines *l = mem_alloc(sizeof *l);
    l->fd = fd;
    return l;
}

void lines_close(struct lines *l)
{
    if (!l)
        return;
    (void)close(l->fd);
    free(l->data);
    free(l);
}

int lines_fd(const struct lines *l)
{
    return l->fd;
}

int64_t lines_size(const struct lines *l)
{
    struct stat status;
    return fstat(l->fd, &status) == 0 ? status.st_size : 0;
}

bool lines_failed(const struct lines *l, struct error *e)
{
    if (!l->failure)
        return false;
    error_errno(e, l->failure, "cannot read the journal");
    return true;
}

/* Up to `n` bytes from `at`; fewer at the end of the file. */
static size_t read_at(struct lines *l, int64_t at, char *out, size_t n)
{
    size_t done = 0;
    while (done < n) {
        ssize_t got = pread(l->fd, out + done, n - done, at + (int64_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            l->failure = errno;
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return done;
}

static void drop_window(struct lines *l, int64_t at)
{
    l->at = at;
    l->have = 0;
}

/* Makes the window begin at `at`, keeping what it holds from there on. */
static void move_window(struct lines *l, int64_t at)
{
    if (at < l->at || at >= l->at + (int64_t)l->have) {
        drop_window(l, at);
        return;
    }
    size_t skip = (size_t)(at - l->at);
    memmove(l->data, l->data + skip, l->have - skip);
    l->have -= skip;
    l->at = at;
}

/* Reads more behind the window; false at the end of the file. */
static bool grow_window(struct lines *l)
{
    size_t step = l->have > STEP ? l->have : STEP;
    if (l->room < l->have + step) {
        l->room = l->have + step;
        l->data = mem_grow(l->data, l->room, 1);
    }
    size_t got = read_at(l, l->at + (int64_t)l->have, l->data + l->have, step);
    l->have += got;
    return got > 0;
}

/* The line has grown past LINES_MAX: finds its end without keeping it. */
static enum lines_found skip_long(struct lines *l, int64_t at, int64_t *next)
{
    for (;;) {
        const char *newline = memchr(l->data, '\n', l->have);
        if (newline) {
            *next = l->at + (newline - l->data) + 1;
            return LINES_TOO_LONG;
        }
        drop_window(l, l->at + (int64_t)l->have);
        if (!grow_window(l)) {
            drop_window(l, at);
            return LINES_END;
        }
    }
}

static bool is_within(const struct lines *l, int64_t at)
{
    return l->have && at >= l->at && at < l->at + (int64_t)l->have;
}

enum lines_found lines_at(struct lines *l, int64_t at, const char **text, size_t *length,
                          int64_t *next)
{
    *text = NULL;
    *length = 0;
    if (!is_within(l, at))
        drop_window(l, at);
    for (size_t seen = 0;;) {
        size_t from = (size_t)(at - l->at);
        const char *line = l->have ? l->data + from : NULL;
        size_t n = l->have - from;
        const char *newline = n > seen ? memchr(line + seen, '\n', n - seen) : NULL;
        if (newline) {
            size_t whole = (size_t)(newline - line);
            *next = at + (int64_t)whole + 1;
            if (whole > LINES_MAX)
                return LINES_TOO_LONG;
            *text = line;
            *length = whole;
            return LINES_WHOLE;
        }
        if (n > LINES_MAX)
            return skip_long(l, at, next);
        seen = n;
        move_window(l, at);
        if (!grow_window(l)) {
            /* an unfinished line may be taken back and written anew: never keep it */
            drop_window(l, at);
            return LINES_END;
        }
    }
}

int64_t lines_next_start(struct lines *l, int64_t at)
{
    if (at <= 0)
        return 0;
    const char *text;
    size_t length;
    int64_t next;
    /* the byte before tells whether a line begins at `at` itself */
    return lines_at(l, at - 1, &text, &length, &next) == LINES_END ? -1 : next;
}

int64_t lines_rfind(struct lines *l, int64_t before, const char *needle)
{
    size_t n = strlen(needle);
    char *chunk = NULL;
    int64_t found = -1;
    for (size_t step = STEP; found < 0 && before >= (int64_t)n;) {
        int64_t from = before > (int64_t)step ? before - (int64_t)step : 0;
        chunk = mem_grow(chunk, step, 1);
        size_t got = read_at(l, from, chunk, (size_t)(before - from));
        for (size_t i = got + 1; i-- > n && found < 0;)
            if (chunk[i - n] == needle[0] && memcmp(chunk + i - n, needle, n) == 0)
                found = from + (int64_t)(i - n);
        if (from == 0)
            break;
        before = from + (int64_t)n - 1; /* it may lie across the edge */
        step = step < STEP_BACK_MAX ? step * 2 : step;
    }
    free(chunk);
    return found;
}

int64_t lines_start(struct lines *l, int64_t at)
{
    return at <= 0 ? 0 : lines_rfind(l, at, "\n") + 1;
}
