#include "config.h"
#include "base/wire.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* An engine that does not even accept for so long is taken for hung. */
#define CONNECT_TIMEOUT_S 2

static bool address_of(const char *path, struct sockaddr_un *address, struct error *e)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof address->sun_path) {
        error_set(e, ERROR_SYSTEM, "cannot use socket %s", path);
        error_why(e, "its path has %zu bytes, a unix socket's may have 1 to %zu", length,
                  sizeof address->sun_path - 1);
        return error_todo(e, "set state_dir to a shorter path");
    }
    memcpy(address->sun_path, path, length + 1);
    return true;
}

/* Returns the descriptor, or -1 with errno. */
static int connect_to(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    /* with a full backlog connect() would otherwise wait without end */
    struct timeval patience = {.tv_sec = CONNECT_TIMEOUT_S};
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    int status;
    do
        status = connect(fd, (const struct sockaddr *)address, sizeof *address);
    while (status != 0 && errno == EINTR);
    if (status == 0)
        return fd;
    int number = errno;
    (void)close(fd);
    errno = number;
    return -1;
}

int wire_connect(const char *path, struct error *e)
{
    struct sockaddr_un address;
    if (!address_of(path, &address, e))
        return -1;
    int fd = connect_to(&address);
    if (fd >= 0)
        return fd;
    int number = errno;
    error_errno(e, number, "no engine answers on %s", path);
    if (number == ENOENT || number == ECONNREFUSED)
        error_todo(e, "start it with newel run");
    else if (number == EAGAIN)
        error_why(e, "it has not accepted a connection for %d s", CONNECT_TIMEOUT_S);
    return -1;
}

/*
 * Two engines that start at once could each take the other's socket for a stale
 * one between bind() and listen(). The folder itself serves as the lock: nothing
 * is left behind.
 */
static int lock_folder_of(const char *path, struct error *e)
{
    const char *slash = strrchr(path, '/');
    char *folder = !slash          ? mem_dup(".")
                   : slash == path ? mem_dup("/")
                                   : mem_dup_n(path, (size_t)(slash - path));
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = fd < 0 ? -1 : 0;
    while (fd >= 0 && (status = flock(fd, LOCK_EX)) != 0 && errno == EINTR)
        ;
    if (status != 0) {
        error_errno(e, errno, "cannot use folder %s", folder);
        if (fd >= 0)
            (void)close(fd);
        fd = -1;
    }
    free(folder);
    return fd;
}

/* Removes what a dead engine left; refuses for a live one, and for what is no socket. */
static bool remove_stale(const char *path, const struct sockaddr_un *address, struct error *e)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return errno == ENOENT || error_errno(e, errno, "cannot listen on %s", path);
    if (!S_ISSOCK(status.st_mode)) {
        error_set(e, ERROR_SYSTEM, "cannot listen on %s", path);
        return error_why(e, "something that is not a socket is there");
    }
    int fd = connect_to(address);
    if (fd >= 0 || errno == EAGAIN) {
        if (fd >= 0)
            (void)close(fd);
        error_set(e, ERROR_NO, "an engine already answers on %s", path);
        return error_todo(e, "newel attach opens a console on it");
    }
    if (errno != ECONNREFUSED && errno != ENOENT)
        return error_errno(e, errno, "cannot tell who listens on %s", path);
    if (unlink(path) != 0 && errno != ENOENT)
        return error_errno(e, errno, "cannot replace the stale socket %s", path);
    return true;
}

static bool bind_private(int fd, const char *path, const struct sockaddr_un *address,
                         struct error *e)
{
    /* without the mask anyone could connect until chmod() has run */
    mode_t mask = umask(077);
    int status = bind(fd, (const struct sockaddr *)address, sizeof *address);
    int number = errno;
    (void)umask(mask);
    if (status != 0)
        return error_errno(e, number, "cannot listen on %s", path);
    if (chmod(path, 0600) == 0 && listen(fd, 16) == 0)
        return true;
    error_errno(e, errno, "cannot listen on %s", path);
    (void)unlink(path);
    return false;
}

int wire_listen(const char *path, struct error *e)
{
    struct sockaddr_un address;
    if (!address_of(path, &address, e))
        return -1;
    int lock = lock_folder_of(path, e);
    if (lock < 0)
        return -1;
    int fd = -1;
    if (remove_stale(path, &address, e)) {
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0) {
            error_errno(e, errno, "cannot listen on %s", path);
        } else if (!bind_private(fd, path, &address, e)) {
            (void)close(fd);
            fd = -1;
        }
    }
    (void)close(lock);
    return fd;
}

int wire_accept(int listener)
{
    int fd;
    do
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return -1;
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
        (peer.uid == geteuid() || peer.uid == 0))
        return fd;
    (void)close(fd);
    errno = EACCES;
    return -1;
}

/* Waits for `events` (or an error to read) until `deadline_us`. False with errno when there is
 * none. */
static bool wait_for(int fd, short events, int64_t deadline_us)
{
    for (;;) {
        int64_t left = deadline_us - clock_mono_us();
        int wait_ms = left <= 0 ? 0 : (int)((left + US_PER_MS - 1) / US_PER_MS);
        struct pollfd p = {.fd = fd, .events = events};
        int n = poll(&p, 1, wait_ms);
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
        if (n == 0 && left <= 0) {
            errno = ETIMEDOUT;
            return false;
        }
    }
}

static bool send_until(int fd, const char *data, size_t left, int64_t deadline_us)
{
    while (left) {
        ssize_t n = send(fd, data, left, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            data += n;
            left -= (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!wait_for(fd, POLLOUT, deadline_us))
                return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

bool wire_send(int fd, const json_t *message, int timeout_ms)
{
    int64_t deadline_us = clock_mono_us() + timeout_ms * US_PER_MS;
    char *line = json_line(message);
    size_t length = strlen(line);
    bool sent = false;
    if (length > WIRE_LINE_MAX) {
        errno = EMSGSIZE;
    } else {
        line[length] = '\n'; /* takes the terminator's place: one send, one line */
        sent = send_until(fd, line, length + 1, deadline_us);
    }
    int number = errno;
    free(line);
    errno = number;
    return sent;
}

/* Is a line of the buffer too long, now that `chunk` is added to it? */
static bool too_long(const struct wire_reader *r, const char *chunk, size_t n)
{
    const char *data = str_text(&r->buffer);
    const char *newline = r->buffer.len ? memrchr(data, '\n', r->buffer.len) : NULL;
    size_t length = newline ? r->buffer.len - (size_t)(newline + 1 - data) : r->buffer.len;
    for (size_t i = 0; i < n; i++) {
        length = chunk[i] == '\n' ? 0 : length + 1;
        if (length > WIRE_LINE_MAX)
            return true;
    }
    return false;
}

int wire_fill(struct wire_reader *r, int fd)
{
    char chunk[8192];
    ssize_t n = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);
    if (n == 0)
        return 0;
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 1 : -1;
    if (too_long(r, chunk, (size_t)n)) {
        errno = EMSGSIZE;
        return -1;
    }
    str_add_n(&r->buffer, chunk, (size_t)n);
    return 1;
}

json_t *wire_take(struct wire_reader *r)
{
    struct str *b = &r->buffer;
    const char *newline = b->len ? memchr(b->data, '\n', b->len) : NULL;
    if (!newline)
        return NULL;
    size_t length = (size_t)(newline - b->data);
    /* a member that is there twice could mean one thing to us and another to who wrote it */
    json_t *value = json_loadb(b->data, length, JSON_REJECT_DUPLICATES, NULL);
    b->len -= length + 1;
    memmove(b->data, b->data + length + 1, b->len + 1);
    if (json_is_object(value))
        return value;
    json_decref(value);
    return json_null();
}

json_t *wire_request(int fd, const json_t *message, int timeout_ms, struct error *e)
{
    int64_t deadline_us = clock_mono_us() + timeout_ms * US_PER_MS;
    if (!wire_send(fd, message, timeout_ms)) {
        error_errno(e, errno, "cannot send the command to the engine");
        return NULL;
    }
    struct wire_reader reader = {0};
    json_t *answer = NULL;
    int state = 1;
    while (state == 1 && !(answer = wire_take(&reader)))
        state = wait_for(fd, POLLIN, deadline_us) ? wire_fill(&reader, fd) : -1;
    if (!answer) {
        error_errno(e, errno, "no answer from the engine");
        if (state == 0)
            error_why(e, "it has closed the connection");
    } else if (!json_is_object(answer)) {
        error_set(e, ERROR_SYSTEM, "the engine's answer is no JSON object");
        json_decref(answer);
        answer = NULL;
    }
    str_free(&reader.buffer);
    return answer;
}
