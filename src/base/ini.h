/*
 * INI files read through inih, with what it leaves out: line numbers for
 * every entry, continuation lines joined, long names and values kept whole,
 * and no comments inside a value (values are SQL).
 *
 * The rules: a line that begins with ; or # is a comment. An indented line
 * continues the value above it whatever it holds, also ; and #; blank lines and
 * comments between the two do not end the value. Only where no value stands
 * above may a comment be indented. Lines may end in CR LF and the file may begin
 * with a byte order mark.
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
    char *text;       /* key, what was read, what is allowed; fit for a terminal */
};

struct findings {
    char *path; /* as given, for "path:line: text" */
    struct finding *items;
    size_t count;
};

void findings_add(struct findings *f, int line, const char *rule, const char *text, ...)
    PRINTF_LIKE(4, 5);
void findings_sort(struct findings *f); /* by line; the file as a whole comes last */
void findings_print(const struct findings *f, FILE *out); /* path:line: [rule] text */
void findings_free(struct findings *f);

/* The largest file that is read, in bytes. */
#define INI_SIZE_MAX (4u << 20)

/*
 * Reads `path`. False when it cannot be read at all (`e` is set). What is
 * malformed (a line that is no entry, a key outside a section, a section that
 * stands twice, a NUL byte, text that is no UTF-8) is added to `findings` and
 * reading goes on. A key that stands twice gives two entries, for some may
 * repeat: spec_check() tells which. `out` is to be freed in any case.
 */
bool ini_load(const char *path, struct ini_file *out, struct findings *findings,
              struct error *e) MUST_CHECK;
/* The same for bytes in memory; `name` stands for the path. */
void ini_parse_bytes(const char *name, const char *bytes, size_t size, struct ini_file *out,
                     struct findings *findings);
void ini_parse_text(const char *name, const char *text, struct ini_file *out,
                    struct findings *findings);
void ini_free(struct ini_file *file);

#endif
