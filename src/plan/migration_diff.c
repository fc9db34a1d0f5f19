#include "config.h"
#include "plan/migration_diff.h"

#include "base/ini.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define VALUE_MOST 200 /* bytes of a value that are shown */

static void parse(const char *text, struct ini_file *file)
{
    struct findings ignored = {0}; /* what was read then is compared as far as it was understood */
    ini_parse_bytes("migration", text, strlen(text), file, &ignored);
    findings_free(&ignored);
}

static const struct ini_entry *find(const struct ini_file *file, const struct ini_entry *like)
{
    for (size_t i = 0; i < file->entry_count; i++)
        if (strcmp(file->entries[i].section, like->section) == 0 &&
            strcmp(file->entries[i].key, like->key) == 0)
            return &file->entries[i];
    return NULL;
}

static void add_value(struct str *out, const char *value)
{
    size_t n = strlen(value), most = VALUE_MOST;
    while (n > most && most && ((unsigned char)value[most] & 0xC0) == 0x80)
        most--; /* never within a character */
    char *cut = mem_dup_n(value, n > most ? most : n);
    text_add_line(out, cut);
    if (n > most)
        str_add(out, "...");
    free(cut);
}

static void begin(struct str *out, const struct ini_entry *entry)
{
    str_addf(out, "%s[%s] %s: ", out->len ? "; " : "", entry->section, entry->key);
}

void migration_diff(const char *before, const char *after, struct str *out)
{
    struct ini_file old, new;
    struct str text = {0};
    parse(before, &old);
    parse(after, &new);
    for (size_t i = 0; i < new.entry_count; i++) {
        const struct ini_entry *entry = &new.entries[i], *was = find(&old, entry);
        if (was && strcmp(was->value, entry->value) == 0)
            continue;
        begin(&text, entry);
        if (was) {
            add_value(&text, was->value);
            str_add(&text, " -> ");
        }
        add_value(&text, entry->value);
        if (!was)
            str_add(&text, " is new");
    }
    for (size_t i = 0; i < old.entry_count; i++)
        if (!find(&new, &old.entries[i])) {
            begin(&text, &old.entries[i]);
            add_value(&text, old.entries[i].value);
            str_add(&text, " is gone");
        }
    str_add(out, str_text(&text));
    str_free(&text);
    ini_free(&old);
    ini_free(&new);
}
