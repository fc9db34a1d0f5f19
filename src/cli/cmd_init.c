#include "config.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "cli/examples.h"
#include "cli/options.h"
#include "base/path.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "Usage: newel init [DIR]\n"
    "Writes a commented newel.ini and migrations/example.ini into DIR (default: here).\n"
    "A file that exists is never touched.\n";

/* These go under version control, so a folder is made with the usual mode. */
static bool make_folder(const char *path, struct error *e)
{
    if (mkdir(path, 0777) == 0)
        return true;
    int number = errno;
    struct stat status;
    if (number == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return true;
    return error_errno(e, number, "cannot make folder %s", path);
}

static bool refuse_existing(const char *path, struct error *e)
{
    if (access(path, F_OK) != 0)
        return true;
    error_set(e, ERROR_SYSTEM, "%s exists", path);
    error_why(e, "init never overwrites a file");
    return error_todo(e, "name another folder, or move the file away");
}

static bool write_both(const char *config, const char *folder, const char *example, struct error *e)
{
    /* both are looked at first, so that nothing is left half made */
    if (!refuse_existing(config, e) || !refuse_existing(example, e) || !make_folder(folder, e))
        return false;
    if (!path_write_new(config, example_newel_ini, 0666, e))
        return false;
    printf("wrote %s: name your servers in it\n", config);
    if (!path_write_new(example, example_migration_ini, 0666, e))
        return false;
    printf("wrote %s: one column on one table; then newel lint, newel plan, newel run\n", example);
    return true;
}

static int init(const char *dir)
{
    struct error e;
    char *config = path_join(dir, "newel.ini");
    char *folder = path_join(dir, "migrations");
    char *example = path_join(folder, "example.ini");
    bool ok = make_folder(dir, &e) && write_both(config, folder, example, &e);
    free(config);
    free(folder);
    free(example);
    if (ok)
        return EXIT_YES;
    error_print(&e, stderr);
    return error_exit_status(&e);
}

int cmd_init(int argc, char **argv)
{
    static const struct option options[] = {{0}};
    struct common_options common = {0};
    if (options_next(argc, argv, options, false, help, &common) == OPTIONS_LEAVE)
        return common.status;
    if (argc - optind > 1)
        return common_usage("init", "it takes one folder at most");
    return init(optind < argc ? argv[optind] : ".");
}
