#include "config.h"
#include "base/path.h"
#include "plan/spec.h"
#include "ui/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* A page on its way through the rows of a spec. */
struct page {
    const char *name;
    struct str text;
};

static void load(struct page *page, const char *name)
{
    const char *top = getenv("SRCDIR");
    assert_non_null(top);
    char *path = mem_printf("%s/%s", top, name);
    struct error e;
    *page = (struct page){.name = name};
    if (!path_read(path, 1 << 20, &page->text, &e))
        fail_msg("%s: %s", e.what, e.why);
    free(path);
}

/* The part between a section's heading and the next one. */
static char *part_of(struct page *page, const struct spec_section *section)
{
    char *heading = mem_printf("\n.SS \"[%s%s]\"\n", section->name, section->named ? " NAME" : "");
    const char *start = strstr(str_text(&page->text), heading);
    if (!start)
        fail_msg("%s has no heading for [%s]", page->name, section->name);
    start += strlen(heading);
    const char *end = strstr(start, "\n.S");
    free(heading);
    return mem_dup_n(start, end ? (size_t)(end - start) : strlen(start));
}

static void need(const struct page *page, const char *part, const struct spec_section *section,
                 const char *key, const char *what)
{
    if (what && !strstr(part, what))
        fail_msg("%s: [%s] %s does not say '%s'", page->name, section->name, key, what);
}

/* Its entry begins with its name and holds the default, the range and the words. */
static void key_is_there(const struct spec_section *section, const struct spec_key *key, void *user)
{
    struct page *page = user;
    char *part = part_of(page, section);
    char *heading = mem_printf(".TP\n.B %s\n", key->key);
    const char *start = strstr(part, heading);
    if (!start)
        fail_msg("%s: [%s] has no entry for %s", page->name, section->name, key->key);
    start += strlen(heading);
    const char *end = strstr(start, "\n.TP");
    char *entry = mem_dup_n(start, end ? (size_t)(end - start) : strlen(start));
    need(page, entry, section, key->key, key->otherwise);
    need(page, entry, section, key->key, key->min);
    need(page, entry, section, key->key, key->max);
    need(page, entry, section, key->key, key->required ? "Required" : NULL);
    for (size_t i = 0; key->words && key->words[i]; i++)
        need(page, entry, section, key->key, key->words[i]);
    free(entry);
    free(heading);
    free(part);
}

static void newel_ini_5_has_every_key_with_default_and_range(void **state)
{
    (void)state;
    struct page page;
    load(&page, "man/newel.ini.5");
    spec_walk(&config_spec, key_is_there, &page);
    str_free(&page.text);
}

static void newel_migration_5_has_every_key_with_default_and_range(void **state)
{
    (void)state;
    struct page page;
    load(&page, "man/newel-migration.5");
    spec_walk(&migration_spec, key_is_there, &page);
    str_free(&page.text);
}

static void example_has_key(const struct spec_section *section, const struct spec_key *key,
                            void *user)
{
    const struct page *page = user;
    const char *p = str_text(&page->text);
    while ((p = strstr(p, key->key))) {
        bool starts = p > page->text.data && strchr("\n ", p[-1]);
        const char *after = p + strlen(key->key);
        after += strspn(after, " ");
        if (starts && *after == '=')
            return;
        p++;
    }
    fail_msg("%s does not show %s of [%s]", page->name, key->key, section->name);
}

static void the_example_migration_shows_every_key(void **state)
{
    (void)state;
    struct page page;
    load(&page, "config/example-migration.ini");
    spec_walk(&migration_spec, example_has_key, &page);
    str_free(&page.text);
}

/* As roff wants it: a plain dash would come out as a hyphen. */
static char *roff(const char *text)
{
    struct str out = {0};
    for (; *text; text++)
        str_addf(&out, "%s%c", *text == '-' ? "\\" : "", *text);
    return str_take(&out);
}

static void newel_ini_5_has_every_command_with_its_keys(void **state)
{
    (void)state;
    struct page page;
    load(&page, "man/newel.ini.5");
    char *part = part_of(&page, spec_section_of(&config_spec, "keys"));
    size_t count, entries = 0, commands = 0;
    const struct key *table = keys_table(&count);
    for (size_t i = 0; i < count; i++) {
        char *command = roff(table[i].command), *label = roff(table[i].label);
        char *heading = mem_printf(".TP\n.B %s\nDefault: ", command);
        const char *start = strstr(part, heading);
        if (!start)
            fail_msg("newel.ini.5: [keys] has no entry for %s", table[i].command);
        start += strlen(heading);
        const char *end = strstr(start, ".\n");
        char *keys = mem_dup_n(start, end ? (size_t)(end - start) : 0);
        char *listed = mem_printf(", %s,", keys), *wanted = mem_printf(", %s,", label);
        if (!strstr(listed, wanted))
            fail_msg("newel.ini.5: %s is not %s", table[i].command, table[i].label);
        bool first = true;
        for (size_t k = 0; k < i && first; k++)
            first = strcmp(table[k].command, table[i].command) != 0;
        commands += first;
        free(command);
        free(label);
        free(heading);
        free(keys);
        free(listed);
        free(wanted);
    }
    for (const char *at = part; (at = strstr(at, "\n.TP\n")) != NULL; at++)
        entries++;
    assert_int_equal(entries, commands); /* and none that is not there */
    free(part);
    str_free(&page.text);
}

static size_t rows_seen;

static void row_is_sound(const struct spec_section *section, const struct spec_key *key, void *user)
{
    (void)user;
    rows_seen++;
    if (!key->doc || !*key->doc || !section->doc || !*section->doc)
        fail_msg("[%s] %s has no doc", section->name, key->key);
    if ((key->kind == SPEC_WORD) != (key->words != NULL))
        fail_msg("[%s] %s: words", section->name, key->key);
    if (key->required && key->otherwise)
        fail_msg("[%s] %s is required and has a default", section->name, key->key);
    struct str allowed = {0};
    spec_key_allowed(key, &allowed);
    assert_true(allowed.len > 0);
    str_free(&allowed);
}

static void bound_parses(const struct spec_section *section, const struct spec_key *key, void *user)
{
    (void)user;
    const char *const texts[] = {key->otherwise, key->min, key->max};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (!texts[i] || section->named)
            continue;
        char *text = mem_printf("[%s]\n%s = %s\n", section->name, key->key, texts[i]);
        struct ini_file file;
        struct findings f = {0};
        ini_parse_text("x.ini", text, &file, &f);
        union {
            char room[1024];
            int64_t aligned;
        } out = {.room = {0}};
        struct spec_key one = *key;
        one.offset = 0;
        struct spec_section alone = *section;
        alone.keys = &one;
        alone.key_count = 1;
        spec_read(&alone, &file, section->name, &out, &f);
        if (f.count)
            fail_msg("[%s] %s = %s: %s", section->name, key->key, texts[i], f.items[0].text);
        spec_free(&alone, &out);
        ini_free(&file);
        findings_free(&f);
        free(text);
    }
}

static void every_row_of_the_tables_is_sound(void **state)
{
    (void)state;
    rows_seen = 0;
    spec_walk(&config_spec, row_is_sound, NULL);
    spec_walk(&migration_spec, row_is_sound, NULL);
    assert_true(rows_seen > 40);
    spec_walk(&config_spec, bound_parses, NULL);
    spec_walk(&migration_spec, bound_parses, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_tables_is_sound),
        cmocka_unit_test(newel_ini_5_has_every_key_with_default_and_range),
        cmocka_unit_test(newel_ini_5_has_every_command_with_its_keys),
        cmocka_unit_test(newel_migration_5_has_every_key_with_default_and_range),
        cmocka_unit_test(the_example_migration_shows_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
