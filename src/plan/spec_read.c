#include "config.h"
#include "plan/spec.h"
#include "base/path.h"
#include "base/units.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 100

/* A value on its way from text to its place; `text` is the caller's. */
union value {
    const char *text;
    int64_t integer;
    double number;
    bool yes;
    int word;
};

static const char *kind_text(enum spec_kind kind)
{
    switch (kind) {
    case SPEC_TEXT:
        return "one line of text";
    case SPEC_IDENTIFIER:
        return "a name, on one line unless in quotes";
    case SPEC_NAME:
        return "letters, digits and . _ -, at most 100, the first a letter or digit";
    case SPEC_PATH:
        return "a path";
    case SPEC_SQL:
        return "SQL";
    case SPEC_CONNINFO:
        return "connection parameters";
    case SPEC_INTEGER:
        return "a whole number";
    case SPEC_NUMBER:
        return "a number";
    case SPEC_BOOL:
        return "yes or no";
    case SPEC_DURATION:
        return "a duration (250ms, 2s, 10m, 1h)";
    case SPEC_SIZE:
        return "a size (8kB, 64MB, 1GB)";
    case SPEC_RATE:
        return "a rate (40MB/s)";
    case SPEC_WORD:
        break;
    }
    return "one of:";
}

void spec_key_allowed(const struct spec_key *key, struct str *out)
{
    str_add(out, kind_text(key->kind));
    if (key->kind == SPEC_WORD)
        for (size_t i = 0; key->words[i]; i++)
            str_addf(out, "%s %s", i ? "," : "", key->words[i]);
    if (key->min && key->max)
        str_addf(out, " from %s to %s", key->min, key->max);
    else if (key->min)
        str_addf(out, " from %s", key->min);
    else if (key->max)
        str_addf(out, " up to %s", key->max);
}

static bool parse_bool(const char *text, bool *out)
{
    *out = strcmp(text, "yes") == 0;
    return *out || strcmp(text, "no") == 0;
}

static bool parse_word(const char *const *words, const char *text, int *out)
{
    for (*out = 0; words[*out]; ++*out)
        if (strcmp(words[*out], text) == 0)
            return true;
    return false;
}

/* A line that was indented by mistake must not become part of a name. */
static bool keeps_lines_in_quotes(const char *text)
{
    char quote = '\0';
    for (; *text; text++)
        if (quote)
            quote = *text == quote ? '\0' : quote;
        else if (*text == '"' || *text == '`')
            quote = *text;
        else if (*text == '\n')
            return false;
    return true;
}

/* The form alone: the range is the next question. */
static bool parse(const struct spec_key *key, const char *text, union value *out)
{
    switch (key->kind) {
    case SPEC_TEXT:
    case SPEC_PATH:
        out->text = text;
        return !strchr(text, '\n');
    case SPEC_IDENTIFIER:
        out->text = text;
        return keeps_lines_in_quotes(text);
    case SPEC_NAME:
        out->text = text;
        return spec_is_name(text, NAME_MAX_BYTES);
    case SPEC_SQL:
    case SPEC_CONNINFO:
        out->text = text;
        return true;
    case SPEC_INTEGER:
        return units_parse_int(text, &out->integer);
    case SPEC_NUMBER:
        return units_parse_number(text, &out->number);
    case SPEC_BOOL:
        return parse_bool(text, &out->yes);
    case SPEC_DURATION:
        return units_parse_duration(text, &out->integer);
    case SPEC_SIZE:
        return units_parse_size(text, &out->integer);
    case SPEC_RATE:
        return units_parse_rate(text, &out->integer);
    case SPEC_WORD:
        return parse_word(key->words, text, &out->word);
    }
    return false;
}

/* -1, 0 or 1: where `value` lies against the bound, which is written as a value is. */
static int against(const struct spec_key *key, const union value *value, const char *bound)
{
    union value limit = {0};
    if (!bound || !parse(key, bound, &limit))
        return 0;
    if (key->kind == SPEC_NUMBER)
        return (value->number > limit.number) - (value->number < limit.number);
    return (value->integer > limit.integer) - (value->integer < limit.integer);
}

static bool within(const struct spec_key *key, const union value *value)
{
    return (!key->min || against(key, value, key->min) >= 0) &&
           (!key->max || against(key, value, key->max) <= 0);
}

static char *own_text(const struct spec_key *key, const char *text)
{
    return key->kind == SPEC_PATH ? path_expand(text) : mem_dup(text);
}

static void store(const struct spec_key *key, const union value *value, int line, void *out)
{
    void *place = (char *)out + key->offset;
    if (key->repeats) {
        struct text_list *list = place;
        struct text_item *item = VEC_PUSH(list->items, list->count);
        *item = (struct text_item){.text = own_text(key, value->text), .line = line};
        return;
    }
    switch (key->kind) {
    case SPEC_TEXT:
    case SPEC_IDENTIFIER:
    case SPEC_NAME:
    case SPEC_PATH:
    case SPEC_SQL:
    case SPEC_CONNINFO:
        free(*(char **)place);
        *(char **)place = own_text(key, value->text);
        break;
    case SPEC_INTEGER:
    case SPEC_DURATION:
    case SPEC_SIZE:
    case SPEC_RATE:
        *(int64_t *)place = value->integer;
        break;
    case SPEC_NUMBER:
        *(double *)place = value->number;
        break;
    case SPEC_BOOL:
        *(bool *)place = value->yes;
        break;
    case SPEC_WORD:
        *(int *)place = value->word;
        break;
    }
}

static void refuse(const struct spec_key *key, const struct ini_entry *entry, const char *rule,
                   struct findings *findings)
{
    struct str text = {0};
    str_addf(&text, "%s: read ", entry->key);
    spec_quote(entry->value, &text);
    if (strchr(entry->value, '\n'))
        str_add(&text, " (with the indented lines below it)");
    str_add(&text, "; allowed: ");
    spec_key_allowed(key, &text);
    findings_add(findings, entry->line, rule, "%s", str_text(&text));
    str_free(&text);
}

static void read_entry(const struct spec_key *key, const struct ini_entry *entry, void *out,
                       struct findings *findings)
{
    union value value = {0};
    if (!*entry->value)
        findings_add(findings, entry->line, "empty-value", "%s has no value; %s", entry->key,
                     key->required ? "it needs one" : "to leave it unset, leave the key out");
    else if (!parse(key, entry->value, &value))
        refuse(key, entry, "bad-value", findings);
    else if (!within(key, &value))
        refuse(key, entry, "out-of-range", findings);
    else
        store(key, &value, entry->line, out);
}

void spec_read(const struct spec_section *section, const struct ini_file *file, const char *name,
               void *out, struct findings *findings)
{
    int section_line = 0;
    bool present = false;
    for (size_t i = file->section_count; i-- > 0;)
        if (strcmp(file->sections[i].name, name) == 0) {
            section_line = file->sections[i].line;
            present = true;
        }
    for (size_t k = 0; k < section->key_count; k++) {
        const struct spec_key *key = &section->keys[k];
        union value value = {0};
        if (key->otherwise && parse(key, key->otherwise, &value))
            store(key, &value, 0, out);
        bool seen = false;
        for (size_t i = 0; i < file->entry_count; i++) {
            const struct ini_entry *entry = &file->entries[i];
            if (strcmp(entry->key, key->key) != 0 || strcmp(entry->section, name) != 0)
                continue;
            read_entry(key, entry, out, findings);
            seen = true;
        }
        /* a section that is missing as a whole is one finding, not one a key */
        if (key->required && !seen && present)
            findings_add(findings, section_line, "missing-key", "[%s] needs %s: %s", name, key->key,
                         key->doc);
    }
}

void spec_free(const struct spec_section *section, void *out)
{
    for (size_t k = 0; k < section->key_count; k++) {
        const struct spec_key *key = &section->keys[k];
        void *place = (char *)out + key->offset;
        if (key->repeats) {
            text_list_free(place);
        } else if (key->kind <= SPEC_CONNINFO) {
            free(*(char **)place);
            *(char **)place = NULL;
        }
    }
}
