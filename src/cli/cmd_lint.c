#include "config.h"
#include "cli/cli.h"
#include "base/json.h"
#include "cli/common.h"
#include "cli/options.h"
#include "plan/migration.h"
#include "plan/spec.h"
#include "plan/target.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: newel lint [--json] FILE...\n"
    "Checks migrations and newel.ini without asking a server. A file with a [migration]\n"
    "section is a migration.\n"
    "\n"
    "  -j, --json   print the findings as a JSON array of file, line, rule and text\n"
    "  -h, --help   print this\n"
    "\n"
    "Exit status: 0 clean, 1 findings, 2 usage or a file that cannot be read.\n";

static size_t known_sections(const struct spec *spec, const struct ini_file *file)
{
    size_t known = 0;
    for (size_t i = 0; i < file->section_count; i++)
        known += spec_section_of(spec, file->sections[i].name) != NULL;
    return known;
}

/* [migration] decides; where it was forgotten, whichever file the other sections are of. */
static bool is_migration(const struct ini_file *file)
{
    for (size_t i = 0; i < file->section_count; i++)
        if (strcmp(file->sections[i].name, "migration") == 0)
            return true;
    return known_sections(&migration_spec, file) > known_sections(&config_spec, file);
}

static bool lint_file(const char *path, struct findings *findings, struct error *e)
{
    struct ini_file file;
    struct findings first = {0};
    bool ok = ini_load(path, &file, &first, e);
    bool migration = ok && is_migration(&file);
    ini_free(&file);
    findings_free(&first);
    if (!ok)
        return false;
    bool clean;
    if (migration) {
        struct migration m;
        clean = migration_load(path, &m, findings);
        migration_free(&m);
    } else {
        struct config c;
        clean = common_load_config(path, &c, findings);
        config_free(&c);
    }
    (void)clean; /* the caller counts what was found */
    return true;
}

static void add_json(const struct findings *f, json_t *array)
{
    for (size_t i = 0; i < f->count; i++) {
        json_t *item = json_object();
        json_set_text(item, "file", f->path);
        if (f->items[i].line)
            json_set_int(item, "line", f->items[i].line);
        json_set_text(item, "rule", f->items[i].rule);
        json_set_text(item, "text", f->items[i].text);
        json_push(array, item);
    }
}

static void print_summary(size_t files, size_t found, size_t unreadable)
{
    printf("%zu file%s checked, ", files, files == 1 ? "" : "s");
    if (found)
        printf("%zu finding%s", found, found == 1 ? "" : "s");
    else
        printf("no findings");
    if (unreadable)
        printf(", %zu could not be read", unreadable);
    printf("\n");
}

static int lint_all(char **paths, int count, bool as_json)
{
    size_t found = 0, unreadable = 0;
    json_t *array = json_array();
    for (int i = 0; i < count; i++) {
        struct findings findings = {0};
        struct error e;
        if (!lint_file(paths[i], &findings, &e)) {
            error_print(&e, stderr);
            unreadable++;
        }
        found += findings.count;
        if (as_json)
            add_json(&findings, array);
        else
            findings_print(&findings, stdout);
        findings_free(&findings);
    }
    if (as_json) {
        char *line = json_line(array);
        printf("%s\n", line);
        free(line);
    } else {
        print_summary((size_t)count - unreadable, found, unreadable);
    }
    json_decref(array);
    return unreadable ? EXIT_USAGE : found ? EXIT_NO : EXIT_YES;
}

int cmd_lint(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
    bool as_json = false;
    struct common_options common = {0};
    for (int c; (c = options_next(argc, argv, options, false, help, &common)) != -1;) {
        if (c == OPTIONS_LEAVE)
            return common.status;
        as_json = true;
    }
    if (optind >= argc)
        return common_usage("lint", "it takes a file or more");
    return lint_all(argv + optind, argc - optind, as_json);
}
