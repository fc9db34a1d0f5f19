#include "config.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *home(void)
{
    const char *folder = getenv("HOME");
    if (folder && *folder)
        return folder;
    const struct passwd *user = getpwuid(getuid());
    return user && user->pw_dir ? user->pw_dir : "/";
}

char *path_expand(const char *path)
{
    if (path[0] == '~' && (path[1] == '/' || path[1] == '\0'))
        return mem_printf("%s%s", home(), path + 1);
    return mem_dup(path);
}

char *path_join(const char *folder, const char *name)
{
    size_t n = strlen(folder);
    return mem_printf("%s%s%s", folder, n && folder[n - 1] == '/' ? "" : "/", name);
}

bool path_make_private(const char *folder, struct error *e)
{
    if (!*folder)
        return error_errno(e, ENOENT, "cannot make a folder without a name");
    char *partial = mem_dup(folder);
    for (char *p = partial + 1;; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        bool last = *p == '\0';
        *p = '\0';
        if (mkdir(partial, 0700) != 0 && errno != EEXIST) {
            int number = errno;
            error_errno(e, number, "cannot make folder %s", partial);
            free(partial);
            return false;
        }
        if (last)
            break;
        *p = '/';
    }
    free(partial);
    struct stat status;
    if (stat(folder, &status) != 0)
        return error_errno(e, errno, "cannot use folder %s", folder);
    if (!S_ISDIR(status.st_mode))
        return error_errno(e, ENOTDIR, "cannot use folder %s", folder);
    return true;
}

bool path_is_private(const char *folder, struct error *e)
{
    struct stat status;
    if (stat(folder, &status) != 0)
        return error_errno(e, errno, "cannot use folder %s", folder);
    /* root may work in the folder of the user who called it */
    bool ours = status.st_uid == geteuid() || geteuid() == 0;
    if (ours && (status.st_mode & (S_IRWXG | S_IRWXO)) == 0)
        return true;
    error_set(e, ERROR_USAGE, "folder %s is not safe for a journal and a socket", folder);
    error_why(e, ours ? "others may enter it" : "it belongs to another user");
    return error_todo(e, ours ? "chmod 700 %s" : "remove %s, or name another state_dir", folder);
}

bool path_read(const char *path, size_t limit, struct str *out, struct error *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(e, errno, "cannot read %s", path);
    bool ok = true;
    char chunk[16384];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n == 0)
            break;
        if (n < 0) {
            if (errno == EINTR)
                continue;
            ok = error_errno(e, errno, "cannot read %s", path);
            break;
        }
        if (out->len + (size_t)n > limit) {
            ok = error_errno(e, EFBIG, "cannot read %s", path);
            break;
        }
        str_add_n(out, chunk, (size_t)n);
    }
    (void)close(fd);
    return ok;
}

static bool write_all(int fd, const char *text, size_t left)
{
    while (left) {
        ssize_t n = write(fd, text, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        text += n;
        left -= (size_t)n;
    }
    return true;
}

bool path_write_new(const char *path, const char *text, unsigned mode, struct error *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return error_errno(e, errno, "cannot write %s", path);
    bool ok = write_all(fd, text, strlen(text));
    int number = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        number = errno;
    }
    if (ok)
        return true;
    /* half a file would be refused as an existing one on the next try */
    (void)unlink(path);
    return error_errno(e, number, "cannot write %s", path);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

bool path_remove_tree(const char *folder, struct error *e)
{
    if (nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
        return error_errno(e, errno, "cannot remove %s", folder);
    return true;
}
