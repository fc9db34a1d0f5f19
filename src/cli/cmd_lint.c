#include "config.h"
#include "cli/cli.h"
#include "base/json.h"
#include "cli/common.h"
#include "cli/options.h"
#include "cli/sarif.h"
#include "plan/hazard.h"
#include "plan/migration.h"
#include "plan/spec.h"
#include "plan/target.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: newel lint [--json | --sarif] FILE...\n"
    "       newel lint --rules [--json]\n"
    "Checks migrations and newel.ini without asking a server: how they are written, and what\n"
    "is dangerous in what they say. A file with a [migration] section is a migration; its\n"
    "[lint] allow names rules to pass over.\n"
    "\n"
    "  -j, --json   print the findings as a JSON array of file, line, rule, text and level\n"
    "      --sarif  print them as SARIF 2.1.0, for code hosts\n"
    "      --rules  print every rule with its level\n"
    "  -h, --help   print this\n"
    "\n"
    "Exit status: 0 clean (notes aside), 1 findings, 2 usage or a file that cannot be read.\n";

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

/* Only of a file that says what it means: an error and what comes of it would be told twice. */
static void find_hazards(const char *path, const struct migration *m, struct findings *findings)
{
    struct ini_file file;
    struct findings again = {0};
    struct error e;
    if (ini_load(path, &file, &again, &e))
        hazards_find(m, &file, findings);
    ini_free(&file);
    findings_free(&again);
}

static enum hazard_level level_of(const struct finding *f)
{
    const struct rule *rule = rule_named(f->rule);
    return rule ? rule->level : HAZARD_ERROR;
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
        if (clean)
            find_hazards(path, &m, findings);
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
        json_set_text(item, "level", hazard_level_name(level_of(&f->items[i])));
        json_push(array, item);
    }
}

enum form { FORM_TEXT, FORM_JSON, FORM_SARIF };

/* What the files came to. */
struct tally {
    size_t files, found, notes, unreadable;
};

static void count(const struct findings *f, struct tally *t)
{
    for (size_t i = 0; i < f->count; i++)
        if (level_of(&f->items[i]) == HAZARD_NOTE)
            t->notes++;
        else
            t->found++;
}

static void print_summary(const struct tally *t)
{
    printf("%zu file%s checked, ", t->files, t->files == 1 ? "" : "s");
    if (t->found)
        printf("%zu finding%s", t->found, t->found == 1 ? "" : "s");
    else
        printf("no findings");
    if (t->notes)
        printf(", %zu note%s", t->notes, t->notes == 1 ? "" : "s");
    if (t->unreadable)
        printf(", %zu could not be read", t->unreadable);
    printf("\n");
}

static void print_json(json_t *json)
{
    char *line = json_line(json);
    printf("%s\n", line);
    free(line);
    json_decref(json);
}

static int lint_all(char **paths, int path_count, enum form form)
{
    struct tally tally = {0};
    json_t *array = json_array();
    for (int i = 0; i < path_count; i++) {
        struct findings findings = {0};
        struct error e;
        if (lint_file(paths[i], &findings, &e)) {
            tally.files++;
        } else {
            error_print(&e, stderr);
            tally.unreadable++;
        }
        count(&findings, &tally);
        if (form == FORM_TEXT)
            findings_print(&findings, stdout);
        else
            add_json(&findings, array);
        findings_free(&findings);
    }
    if (form == FORM_TEXT) {
        print_summary(&tally);
        json_decref(array);
    } else {
        print_json(form == FORM_SARIF ? sarif_of(array) : array);
    }
    return tally.unreadable ? EXIT_USAGE : tally.found ? EXIT_NO : EXIT_YES;
}

static int print_rules(bool as_json)
{
    size_t rules;
    const struct rule *rule = rules_table(&rules);
    json_t *array = json_array();
    for (size_t i = 0; i < rules; i++) {
        const char *level = hazard_level_name(rule[i].level);
        if (as_json)
            json_push(array, json_pack("{s:s, s:s, s:s}", "rule", rule[i].name, "level", level,
                                       "about", rule[i].about));
        else
            printf("%-20s %-8s %s\n", rule[i].name, level, rule[i].about);
    }
    if (as_json)
        print_json(array);
    else
        json_decref(array);
    return EXIT_YES;
}

int cmd_lint(int argc, char **argv)
{
    enum { SARIF = 256, RULES };
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"sarif", no_argument, NULL, SARIF},
                                            {"rules", no_argument, NULL, RULES},
                                            {0}};
    enum form form = FORM_TEXT;
    bool rules = false;
    struct common_options common = {0};
    for (int c; (c = options_next(argc, argv, options, false, help, &common)) != -1;) {
        if (c == OPTIONS_LEAVE)
            return common.status;
        if (c == RULES)
            rules = true;
        else
            form = c == SARIF ? FORM_SARIF : FORM_JSON;
    }
    if (rules && form != FORM_SARIF && optind == argc)
        return print_rules(form == FORM_JSON);
    if (rules || optind >= argc)
        return common_usage("lint", rules ? "--rules stands alone, or with --json"
                                          : "it takes a file or more");
    return lint_all(argv + optind, argc - optind, form);
}
