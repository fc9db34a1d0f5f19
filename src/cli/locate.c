#include "config.h"
#include "cli/locate.h"

#include "base/wire.h"
#include "cli/common.h"
#include "journal/journal.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has_engine(const struct config *c, const char *id)
{
    struct error ignored;
    int fd = locate_engine(c, id, &ignored);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

char *locate_id(const struct config *c, const char *given, struct error *e)
{
    if (given)
        return common_id(given, e) ? mem_dup(given) : NULL;
    DIR *folder = opendir(c->state_dir);
    if (!folder) {
        error_errno(e, errno, "no migration was found in %s", c->state_dir);
        return NULL;
    }
    char *live = NULL, *any = NULL;
    int live_count = 0, any_count = 0;
    const struct dirent *entry;
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] == '.')
            continue;
        any_count++;
        free(any);
        any = mem_dup(entry->d_name);
        if (has_engine(c, entry->d_name)) {
            live_count++;
            free(live);
            live = mem_dup(entry->d_name);
        }
    }
    (void)closedir(folder);
    char *chosen = live_count == 1 ? live : live_count == 0 && any_count == 1 ? any : NULL;
    if (chosen != live)
        free(live);
    if (chosen != any)
        free(any);
    if (!chosen) {
        error_set(e, ERROR_USAGE, "which migration?");
        error_why(e, "%d of %d in %s have a live engine", live_count, any_count, c->state_dir);
        error_todo(e, "name its ID");
    }
    return chosen;
}

int locate_engine(const struct config *c, const char *id, struct error *e)
{
    if (!common_id(id, e))
        return -1;
    char *path = config_socket_path(c, id);
    int fd = wire_connect(path, e);
    free(path);
    if (fd < 0)
        error_todo(e, "newel run starts an engine; newel review opens its last journal");
    return fd;
}

char *locate_journal(const struct config *c, const char *id, struct error *e)
{
    char *folder = config_run_dir(c, id);
    char *path = journal_newest(folder);
    if (!path) {
        error_set(e, ERROR_USAGE, "%s has no journal", id);
        error_why(e, "there is none in %s", folder);
    }
    free(folder);
    return path;
}
