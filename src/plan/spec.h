/*
 * What may stand in a file, as data: one row a key. The reader, its messages,
 * `newel lint` and the test that holds the manual pages to the truth all walk the
 * same rows.
 */
#ifndef NEWEL_PLAN_SPEC_H
#define NEWEL_PLAN_SPEC_H

#include "base/ini.h"

#include <stdint.h>

/* In brackets: what `offset` points at. */
enum spec_kind {
    SPEC_TEXT,       /* one line (char *) */
    SPEC_IDENTIFIER, /* SQL's: a newline stands in quotes alone (char *) */
    SPEC_NAME,       /* letters, digits and . _ -, at most 100 (char *) */
    SPEC_PATH,       /* one line; a leading ~ is the home folder (char *, expanded) */
    SPEC_SQL,        /* may go over several lines (char *) */
    SPEC_CONNINFO,   /* the same, for connection parameters (char *) */
    SPEC_INTEGER,    /* (int64_t) */
    SPEC_NUMBER,     /* (double) */
    SPEC_BOOL,       /* yes or no (bool) */
    SPEC_DURATION,   /* (int64_t, microseconds) */
    SPEC_SIZE,       /* (int64_t, bytes) */
    SPEC_RATE,       /* (int64_t, bytes a second) */
    SPEC_WORD,       /* one of `words` (int, its place in the list) */
};

struct spec_key {
    const char *key;
    enum spec_kind kind;
    bool required;
    bool repeats;             /* then `offset` is that of a struct text_list */
    const char *otherwise;    /* the default, as it would be written; NULL: none */
    const char *min, *max;    /* as they would be written; NULL where nothing is measured */
    const char *const *words; /* ends with NULL; only for SPEC_WORD */
    size_t offset;
    const char *doc; /* one line */
};

struct spec_section {
    const char *name;
    bool named; /* stands as [name NAME], any number of times */
    bool required;
    bool open; /* other keys may stand there too: who they are for looks at them */
    const struct spec_key *keys;
    size_t key_count;
    const char *doc;
};

struct spec {
    const char *what; /* "a migration" */
    const struct spec_section *sections;
    size_t section_count;
};

/* migration.c and target.c */
extern const struct spec migration_spec;
extern const struct spec config_spec;

/* The values of a key that repeats, in the order of the file. */
struct text_item {
    char *text;
    int line;
};
struct text_list {
    struct text_item *items;
    size_t count;
};
void text_list_free(struct text_list *list);

/* "duration", "yes or no", "one of: trigger, default, application", ... appended to `out`. */
void spec_key_allowed(const struct spec_key *key, struct str *out);
/* Calls `visit` for every row, in the order of the tables. */
void spec_walk(const struct spec *spec,
               void (*visit)(const struct spec_section *section, const struct spec_key *key,
                             void *user),
               void *user);

/* The row of a section's name as it stands in a file ("batch", "query checkout"), or NULL. */
const struct spec_section *spec_section_of(const struct spec *spec, const char *name);
/* "checkout" of "query checkout"; "" for a section without a name. */
const char *spec_section_label(const char *name);
/* The last entry of a key in a section as it stands in the file, or NULL. */
const struct ini_entry *spec_entry(const struct ini_file *file, const char *section,
                                   const char *key);

/*
 * What concerns the whole file: unknown sections and keys (with what was
 * probably meant), keys that stand twice, sections that are missing or lack
 * their name.
 */
void spec_check(const struct spec *spec, const struct ini_file *file, struct findings *findings);

/*
 * Reads one section into the struct at `out`, which must be zeroed: defaults
 * first, then what the file says. A value that is refused leaves the default.
 * `name` is the section as it stands in the file.
 */
void spec_read(const struct spec_section *section, const struct ini_file *file, const char *name,
               void *out, struct findings *findings);
/* Frees what spec_read() has allocated in `out`. */
void spec_free(const struct spec_section *section, void *out);

/* Names that become parts of paths: [A-Za-z0-9][A-Za-z0-9._-]*, at most `longest` bytes. */
bool spec_is_name(const char *text, size_t longest);
/* Appends `value` in quotes, cut to a readable length; what may hold a secret is not shown. */
void spec_quote(const char *value, struct str *out);

#endif
