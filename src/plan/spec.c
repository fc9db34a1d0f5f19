#include "config.h"
#include "plan/spec.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 100
#define SHOWN_MAX 60

void text_list_free(struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].text);
    free(list->items);
    *list = (struct text_list){0};
}

void spec_walk(const struct spec *spec,
               void (*visit)(const struct spec_section *section, const struct spec_key *key,
                             void *user),
               void *user)
{
    for (size_t i = 0; i < spec->section_count; i++)
        for (size_t k = 0; k < spec->sections[i].key_count; k++)
            visit(&spec->sections[i], &spec->sections[i].keys[k], user);
}

bool spec_is_name(const char *text, size_t longest)
{
    size_t n = strlen(text);
    if (n == 0 || n > longest || !isalnum((unsigned char)text[0]) || (text[0] & 0x80))
        return false;
    for (const char *p = text; *p; p++)
        if ((*p & 0x80) || (!isalnum((unsigned char)*p) && !strchr("._-", *p)))
            return false;
    return true;
}

void spec_quote(const char *value, struct str *out)
{
    if (strcasestr(value, "pass") || strcasestr(value, "pwd") || strstr(value, "://")) {
        str_add(out, "a value that is not shown here, it may hold a secret");
        return;
    }
    size_t n = strlen(value), shown = n;
    if (n > SHOWN_MAX)
        for (shown = SHOWN_MAX; (value[shown] & 0xC0) == 0x80; shown--)
            ;
    str_add_char(out, '\'');
    str_add_n(out, value, shown);
    str_add(out, shown < n ? "...'" : "'");
}

/* ---- what was probably meant ---------------------------------------------- */

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Levenshtein's distance without regard to case; SIZE_MAX where `b` is longer than any of our
 * words. */
static size_t distance(const char *a, const char *b)
{
    size_t row[64], n = strlen(b);
    if (n + 1 > COUNT_OF(row))
        return SIZE_MAX;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            bool same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
            size_t next = least(row[j] + 1, row[j - 1] + 1, corner + (same ? 0 : 1));
            corner = row[j];
            row[j] = next;
        }
    }
    return row[n];
}

struct guess {
    const char *read;
    const char *best;
    size_t best_distance;
};

static void guess_try(struct guess *g, const char *candidate)
{
    size_t d = distance(g->read, candidate);
    if (!g->best || d < g->best_distance) {
        g->best = candidate;
        g->best_distance = d;
    }
}

static void guess_say(const struct guess *g, struct str *out)
{
    size_t enough = strlen(g->read) / 3 + 1;
    if (g->best && g->best_distance <= enough && g->best_distance < strlen(g->best))
        str_addf(out, "; did you mean '%s'?", g->best);
}

/* ---- looking up ----------------------------------------------------------- */

const char *spec_section_label(const char *name)
{
    const char *blank = strchr(name, ' ');
    return blank ? blank + 1 : "";
}

static bool same_word(const char *name, const char *word)
{
    size_t n = strcspn(name, " ");
    return strlen(word) == n && strncmp(name, word, n) == 0;
}

const struct spec_section *spec_section_of(const struct spec *spec, const char *name)
{
    for (size_t i = 0; i < spec->section_count; i++) {
        const struct spec_section *section = &spec->sections[i];
        if (section->named ? same_word(name, section->name) : strcmp(name, section->name) == 0)
            return section;
    }
    return NULL;
}

static const struct spec_key *key_of(const struct spec_section *section, const char *key)
{
    for (size_t i = 0; i < section->key_count; i++)
        if (strcmp(section->keys[i].key, key) == 0)
            return &section->keys[i];
    return NULL;
}

const struct ini_entry *spec_entry(const struct ini_file *file, const char *section,
                                   const char *key)
{
    for (size_t i = file->entry_count; i-- > 0;) {
        const struct ini_entry *entry = &file->entries[i];
        if (strcmp(entry->key, key) == 0 && strcmp(entry->section, section) == 0)
            return entry;
    }
    return NULL;
}

static const struct ini_section *section_in(const struct ini_file *file, const char *name)
{
    for (size_t i = 0; i < file->section_count; i++)
        if (strcmp(file->sections[i].name, name) == 0)
            return &file->sections[i];
    return NULL;
}

/* ---- the file as a whole -------------------------------------------------- */

static void unknown_section(const struct spec *spec, const struct ini_section *found,
                            struct findings *findings)
{
    struct str text = {0};
    char *word = mem_dup_n(found->name, strcspn(found->name, " "));
    struct guess guess = {.read = word};
    str_addf(&text, "unknown section [%.*s]; allowed in %s:", SHOWN_MAX, found->name, spec->what);
    for (size_t i = 0; i < spec->section_count; i++) {
        const struct spec_section *section = &spec->sections[i];
        str_addf(&text, "%s [%s%s]", i ? "," : "", section->name, section->named ? " NAME" : "");
        guess_try(&guess, section->name);
    }
    guess_say(&guess, &text);
    findings_add(findings, found->line, "unknown-section", "%s", str_text(&text));
    str_free(&text);
    free(word);
}

static void check_section(const struct spec *spec, const struct ini_section *found,
                          struct findings *findings)
{
    const struct spec_section *section = spec_section_of(spec, found->name);
    if (!section) {
        unknown_section(spec, found, findings);
        return;
    }
    if (section->named && !spec_is_name(spec_section_label(found->name), NAME_MAX_BYTES)) {
        struct str text = {0};
        spec_quote(spec_section_label(found->name), &text);
        findings_add(findings, found->line, "section-name",
                     "[%s NAME] needs a name of letters, digits and . _ -, at most %d; read: %s",
                     section->name, NAME_MAX_BYTES, str_text(&text));
        str_free(&text);
    }
}

static void unknown_key(const struct spec_section *section, const struct ini_entry *entry,
                        struct findings *findings)
{
    struct str text = {0};
    struct guess guess = {.read = entry->key};
    str_addf(&text, "unknown key '%.*s' in [%s]; allowed:", SHOWN_MAX, entry->key, entry->section);
    for (size_t i = 0; i < section->key_count; i++) {
        str_addf(&text, "%s %s", i ? "," : "", section->keys[i].key);
        guess_try(&guess, section->keys[i].key);
    }
    guess_say(&guess, &text);
    findings_add(findings, entry->line, "unknown-key", "%s", str_text(&text));
    str_free(&text);
}

static void check_entry(const struct spec *spec, const struct ini_file *file, size_t at,
                        struct findings *findings)
{
    const struct ini_entry *entry = &file->entries[at];
    const struct spec_section *section = spec_section_of(spec, entry->section);
    if (!section)
        return; /* the section is the finding */
    const struct spec_key *key = key_of(section, entry->key);
    if (!key && !section->open) {
        unknown_key(section, entry, findings);
        return;
    }
    if (key && key->repeats)
        return;
    for (size_t i = 0; i < at; i++) {
        const struct ini_entry *first = &file->entries[i];
        if (strcmp(first->key, entry->key) == 0 && strcmp(first->section, entry->section) == 0) {
            findings_add(findings, entry->line, "duplicate-key",
                         "key '%s' stands twice in [%s], first in line %d", entry->key,
                         entry->section, first->line);
            return;
        }
    }
}

void spec_check(const struct spec *spec, const struct ini_file *file, struct findings *findings)
{
    for (size_t i = 0; i < file->section_count; i++)
        check_section(spec, &file->sections[i], findings);
    for (size_t i = 0; i < file->entry_count; i++)
        check_entry(spec, file, i, findings);
    for (size_t i = 0; i < spec->section_count; i++)
        if (spec->sections[i].required && !section_in(file, spec->sections[i].name))
            findings_add(findings, 0, "missing-section", "section [%s] is missing: %s",
                         spec->sections[i].name, spec->sections[i].doc);
}
