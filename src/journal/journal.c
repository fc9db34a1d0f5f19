#include "config.h"
#include "journal/journal.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct journal {
    char *path;
    int fd;
    int64_t seq, time_us, size;
    /*
     * When an append failed, its time: the retry gets it again, so that a reader
     * who saw the line before it was taken back finds the very same bytes there.
     */
    int64_t failed_time_us;
    bool torn; /* what is behind `size` could not be cut off yet */
    char hash[DIGEST_HEX];
};

/* A new name must survive a crash as well as what is written under it. */
static bool sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = !slash          ? mem_dup(".")
                   : slash == path ? mem_dup("/")
                                   : mem_dup_n(path, (size_t)(slash - path));
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0)
        return false;
    bool ok = fsync(fd) == 0 || errno == EINVAL;
    int number = errno;
    (void)close(fd);
    errno = number;
    return ok;
}

struct journal *journal_create(const char *path, struct error *e)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        error_errno(e, errno, "cannot make journal %s", path);
        return NULL;
    }
    if (!sync_folder_of(path)) {
        error_errno(e, errno, "cannot make journal %s", path);
        (void)close(fd);
        (void)unlink(path);
        return NULL;
    }
    struct journal *j = mem_alloc(sizeof *j);
    j->path = mem_dup(path);
    j->fd = fd;
    return j;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    (void)fdatasync(j->fd);
    (void)close(j->fd);
    free(j->path);
    free(j);
}

const char *journal_path(const struct journal *j)
{
    return j->path;
}

int64_t journal_size(const struct journal *j)
{
    return j->size;
}

/* Whole or not at all: what was written of a line that does not fit is cut off again. */
static bool write_whole(struct journal *j, const char *data, size_t n, bool durable,
                        struct error *e)
{
    if (j->torn && ftruncate(j->fd, j->size) != 0)
        return error_errno(e, errno, "cannot repair journal %s", j->path);
    j->torn = false;
    ssize_t written;
    do
        written = write(j->fd, data, n);
    while (written < 0 && errno == EINTR);
    int number = written < 0 ? errno : ENOSPC;
    bool synced = written != (ssize_t)n || !durable || fdatasync(j->fd) == 0;
    if (written == (ssize_t)n && synced)
        return true;
    if (!synced)
        number = errno;
    if (written > 0 && ftruncate(j->fd, j->size) != 0)
        j->torn = true;
    error_errno(e, number, "cannot write journal %s", j->path);
    return error_todo(e, "make room or repair the file system; nothing goes on unrecorded");
}

static int64_t time_of_next(const struct journal *j)
{
    int64_t now = j->failed_time_us ? j->failed_time_us : clock_wall_us();
    return now > j->time_us ? now : j->time_us;
}

bool journal_append(struct journal *j, const json_t *event, bool durable, int64_t *sealed_seq,
                    int64_t *sealed_time, struct error *e)
{
    int64_t now = time_of_next(j);
    char hash[DIGEST_HEX];
    struct str line = {0};
    char *sealed = event_seal(event, j->seq + 1, now, j->hash, hash);
    str_add(&line, sealed);
    str_add_char(&line, '\n');
    free(sealed);
    bool ok = write_whole(j, line.data, line.len, durable, e);
    j->failed_time_us = ok ? 0 : now;
    if (ok) {
        j->seq++;
        j->time_us = now;
        j->size += (int64_t)line.len;
        memcpy(j->hash, hash, sizeof j->hash);
        if (sealed_seq)
            *sealed_seq = j->seq;
        if (sealed_time)
            *sealed_time = now;
    }
    str_free(&line);
    return ok;
}

static bool is_journal_name(const char *name)
{
    static const char suffix[] = ".jsonl";
    size_t n = strlen(name);
    return name[0] != '.' && n > sizeof suffix - 1 &&
           strcmp(name + n - (sizeof suffix - 1), suffix) == 0;
}

char *journal_newest(const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return NULL;
    char *newest = NULL;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        /* the names are start times of fixed width, so their order is that of time */
        if (!is_journal_name(entry->d_name) || (newest && strcmp(entry->d_name, newest) <= 0))
            continue;
        free(newest);
        newest = mem_dup(entry->d_name);
    }
    (void)closedir(dir);
    char *path = newest ? path_join(folder, newest) : NULL;
    free(newest);
    return path;
}
