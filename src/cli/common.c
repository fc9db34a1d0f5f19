#include "config.h"
#include "cli/common.h"

#include "plan/spec.h"
#include "ui/keymap.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID_MAX_BYTES 100

static bool shown(const struct findings *f, const char *path, struct error *e)
{
    findings_print(f, stderr);
    error_set(e, ERROR_USAGE, "%s", path);
    error_why(e, "%zu %s found in it", f->count, f->count == 1 ? "error was" : "errors were");
    return error_todo(e, "mend them and check with newel lint %s", path);
}

bool common_load_config(const char *path, struct config *c, struct findings *findings)
{
    struct keymap keys;
    bool ok = config_load(path, c, findings);
    keymap_read(&keys, c->keys, c->key_count, findings);
    keymap_free(&keys);
    return ok && !findings->count;
}

bool common_config_if_any(const char *path, struct config *c, struct error *e)
{
    char *found = path ? NULL : config_find();
    *c = (struct config){.mouse = true};
    bool ok = (!path && !found) || common_config(path ? path : found, c, e);
    free(found);
    return ok;
}

bool common_config(const char *path, struct config *c, struct error *e)
{
    char *found = path ? mem_dup(path) : config_find();
    if (!found) {
        error_set(e, ERROR_USAGE, "no newel.ini was found");
        error_why(e, "it is in none of ./newel.ini, ~/.config/newel/newel.ini, %s/newel/newel.ini",
                  SYSCONFDIR);
        return error_todo(e, "newel init writes one; -c FILE names one");
    }
    struct findings findings = {0};
    bool ok = common_load_config(found, c, &findings) || shown(&findings, found, e);
    findings_free(&findings);
    free(found);
    return ok;
}

bool common_migration(const char *path, struct migration *m, struct error *e)
{
    struct findings findings = {0};
    bool ok = migration_load(path, m, &findings) || shown(&findings, path, e);
    findings_free(&findings);
    return ok;
}

bool common_id(const char *id, struct error *e)
{
    /* it becomes a folder's name: ../x must not lead out of the state folder */
    if (spec_is_name(id, ID_MAX_BYTES))
        return true;
    error_set(e, ERROR_USAGE, "\"%s\" is no migration's ID", id);
    error_why(e, "an ID has letters, digits and . _ -, at most %d, the first a letter or digit",
              ID_MAX_BYTES);
    return error_todo(e, "it stands in the migration's file, in [migration]");
}

bool common_size(const char *text, int *width, int *height)
{
    char rest;
    return sscanf(text, "%4dx%4d%c", width, height, &rest) == 2 && *width >= 1 && *height >= 1 &&
           *width <= 1000 && *height <= 1000;
}

char *common_operator(void)
{
    const struct passwd *user = getpwuid(getuid());
    const char *name = user ? user->pw_name : getenv("LOGNAME");
    const char *sudo = getenv("SUDO_USER");
    struct str s = {0};
    str_addf(&s, "%s", sudo && *sudo ? sudo : name && *name ? name : "unknown");
    if (sudo && *sudo)
        str_addf(&s, " (sudo to %s)", name ? name : "?");
    const char *ssh = getenv("SSH_CONNECTION");
    if (ssh && *ssh)
        str_addf(&s, " from %.*s", (int)strcspn(ssh, " "), ssh);
    return str_take(&s);
}

int common_fail(const struct error *e)
{
    error_print(e, stderr);
    return error_exit_status(e);
}

int common_usage(const char *command, const char *what)
{
    fprintf(stderr, "newel: %s: %s (see newel %s --help)\n", command, what, command);
    return EXIT_USAGE;
}
