/*
 * INI files read through inih, with what it leaves out: line numbers for
 * every entry, duplicate keys refused, continuation lines joined, and no
 * comments inside a value (values are SQL).
 */
#ifndef NEWEL_BASE_INI_H
#define NEWEL_BASE_INI_H

#include "base/error.h"

/*
 * `section` is the text between the brackets, blanks squeezed ("target a").
 * `value` has continuation lines joined by newlines. `line` is where the key
 * stands.
 */
struct ini_entry {
    char *section;
    char *key;
    char *value;
    int line;
};

/* Every section in the order of the file, so that one without a key is seen too. */
struct ini_section {
    char *name;
    int line;
};

struct ini_file {
    char *path;
    struct ini_entry *entries;
    size_t entry_count;
    struct ini_section *sections;
    size_t section_count;
};

/*
 * One thing that is wrong in a file. `line` 0: the file as a whole. `rule` is
 * a stable short name ("unknown-key", "out-of-range", ...).
 */
struct finding {
    int line;
    const char *rule; /* static */
    char *text;       /* key, what was read, what is allowed */
};

struct findings {
    char *path; /* as given, for "path:line: text" */
    struct finding *items;
    size_t count;
};

void findings_add(struct findings *f, int line, const char *rule, const char *text, ...)
    PRINTF_LIKE(4, 5);
void findings_print(const struct findings *f, FILE *out); /* path:line: [rule] text */
void findings_free(struct findings *f);

/*
 * Reads `path`. False when it cannot be read at all (`e` is set). What is
 * malformed (a line that is no entry, a key outside a section, a key or a
 * section that stands twice) is added to `findings` and reading goes on.
 */
bool ini_load(const char *path, struct ini_file *out, struct findings *findings,
              struct error *e) MUST_CHECK;
/* The same for text in memory (unit tests, fuzzing); `name` stands for the path. */
void ini_parse(const char *name, const char *text, struct ini_file *out,
               struct findings *findings);
void ini_free(struct ini_file *file);

#endif
