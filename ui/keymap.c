#include "config.h"
#include "ui/keymap.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    uint32_t key;
} names[] = {
    {"space", ' '},
    {"comma", ','},
    {"Tab", KEYS_TAB},
    {"Shift-Tab", KEYS_BACK_TAB},
    {"Enter", KEYS_ENTER},
    {"Esc", KEYS_ESC},
    {"Backspace", KEYS_ERASE},
    {"Insert", KEYS_INSERT},
    {"Delete", KEYS_DELETE},
    {"Up", KEYS_UP},
    {"Down", KEYS_DOWN},
    {"Left", KEYS_LEFT},
    {"Right", KEYS_RIGHT},
    {"PgUp", KEYS_PAGE_UP},
    {"PgDn", KEYS_PAGE_DOWN},
    {"Home", KEYS_HOME},
    {"End", KEYS_END},
};

#define ALLOWED_KEYS                                                                               \
    "a character, F1 to F12, Ctrl- and a letter (not C H I J M Q S Z, which terminals take), "     \
    "space, comma, Tab, Shift-Tab, Enter, Esc, Backspace, Insert, Delete, Up, Down, Left, "        \
    "Right, PgUp, PgDn, Home, End; or none"

/* ---- a key's name ---- */

/* What the terminal makes of it itself, or cannot tell from another key. */
static bool parse_control(const char *letter, uint32_t *key)
{
    char c = letter[0];
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c < 'A' || c > 'Z' || letter[1] || strchr("CHIJMQSZ", c))
        return false;
    *key = (uint32_t)(c - 'A' + 1);
    return true;
}

static bool parse_function(const char *digits, uint32_t *key)
{
    if (digits[0] < '1' || digits[0] > '9' || strspn(digits, "0123456789") != strlen(digits))
        return false;
    long n = strtol(digits, NULL, 10);
    *key = KEYS_F1 + (uint32_t)(n - 1);
    return n <= 12;
}

bool keymap_parse(const char *name, uint32_t *key)
{
    size_t length = strlen(name);
    if (length && text_decode(name, length, key) == length)
        return !text_is_control(*key) && *key != TEXT_REPLACEMENT && *key != ' ' &&
               text_char_width(*key) > 0;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcasecmp(names[i].name, name) == 0) {
            *key = names[i].key;
            return true;
        }
    if (strncasecmp(name, "Ctrl-", 5) == 0)
        return parse_control(name + 5, key);
    return (name[0] == 'F' || name[0] == 'f') && parse_function(name + 1, key);
}

static char *label_of(uint32_t key)
{
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (names[i].key == key)
            return mem_dup(names[i].name);
    if (key >= KEYS_F1 && key <= KEYS_F12)
        return mem_printf("F%u", (unsigned)(key - KEYS_F1 + 1));
    if (key < ' ')
        return mem_printf("Ctrl-%c", (char)('A' + key - 1));
    char bytes[4];
    return mem_dup_n(bytes, text_encode(key, bytes));
}

/* ---- reading ---- */

/* A map that is being made; `lines` has the line of each row, 0: as in the table. */
struct making {
    struct keymap *map;
    int *lines;
    size_t line_count;
    struct findings *findings;
};

static void add_row(struct making *making, const struct key *like, uint32_t key, int line)
{
    struct key *row = VEC_PUSH(making->map->rows, making->map->count);
    *row = *like;
    row->key = key;
    row->label = line ? label_of(key) : mem_dup(like->label);
    *VEC_PUSH(making->lines, making->line_count) = line;
}

/* The modes of a key that the table gives this command already, else all that the command has. */
static enum key_mode modes_of(const char *command, uint32_t key)
{
    size_t count;
    const struct key *table = keys_table(&count);
    unsigned all = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].command, command) != 0)
            continue;
        if (table[i].key == key)
            return table[i].modes;
        all |= table[i].modes;
    }
    return (enum key_mode)all;
}

static bool has_row(const struct making *making, const char *command, uint32_t key)
{
    for (size_t i = 0; i < making->map->count; i++)
        if (making->map->rows[i].key == key && strcmp(making->map->rows[i].command, command) == 0)
            return true;
    return false;
}

/* The rows of a command that a line gives other keys. */
static void add_line(struct making *making, const struct key *first, const struct ini_entry *line)
{
    const char *word = line->value;
    const char *footer = first->footer;
    if (strcasecmp(word, "none") == 0)
        return;
    if (!*word)
        findings_add(making->findings, line->line, "empty-value",
                     "%s has no value; none takes its key away", line->key);
    for (;;) {
        word += strspn(word, " \t\n,");
        size_t n = strcspn(word, " \t\n,");
        if (!n)
            return;
        char *name = mem_dup_n(word, n);
        uint32_t key;
        word += n;
        if (!keymap_parse(name, &key)) {
            findings_add(making->findings, line->line, "unknown-key",
                         "%s: '%s' is no key; allowed: " ALLOWED_KEYS, line->key, name);
        } else if (!has_row(making, line->key, key)) {
            struct key like = *first;
            like.modes = modes_of(line->key, key);
            like.footer = footer;
            footer = NULL; /* one of them is enough in the bottom line */
            add_row(making, &like, key, line->line);
        }
        free(name);
    }
}

static bool is_command(const char *name)
{
    size_t count;
    const struct key *table = keys_table(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].command, name) == 0)
            return true;
    return false;
}

static void refuse_command(const struct ini_entry *line, struct findings *findings)
{
    struct str text = {0};
    size_t count;
    const struct key *table = keys_table(&count);
    for (size_t i = 0; i < count; i++) {
        bool again = false;
        for (size_t k = 0; k < i && !again; k++)
            again = strcmp(table[k].command, table[i].command) == 0;
        if (!again)
            str_addf(&text, "%s%s", text.len ? ", " : "", table[i].command);
    }
    findings_add(findings, line->line, "unknown-command",
                 "unknown command '%.60s' in [keys]; allowed: %s", line->key, str_text(&text));
    str_free(&text);
}

static void refuse_shared(const struct making *making)
{
    const struct key *rows = making->map->rows;
    for (size_t i = 0; i < making->map->count; i++)
        for (size_t k = i + 1; k < making->map->count; k++) {
            if (rows[i].key != rows[k].key || !(rows[i].modes & rows[k].modes))
                continue;
            size_t blamed = making->lines[k] >= making->lines[i] ? k : i;
            size_t other = blamed == k ? i : k;
            findings_add(making->findings, making->lines[blamed], "key-taken",
                         "%s: %s is the key of %s already; allowed: a key that no other command "
                         "has in the same console, or another one for %s",
                         rows[blamed].command, rows[blamed].label, rows[other].command,
                         rows[other].command);
        }
}

void keymap_read(struct keymap *map, const struct ini_entry *lines, size_t count,
                 struct findings *findings)
{
    *map = (struct keymap){0};
    if (!count)
        return;
    struct making making = {.map = map, .findings = findings};
    size_t table_count;
    const struct key *table = keys_table(&table_count);
    for (size_t i = 0; i < count; i++)
        if (!is_command(lines[i].key))
            refuse_command(&lines[i], findings);
    for (size_t i = 0; i < table_count; i++) {
        const struct ini_entry *line = NULL;
        for (size_t k = 0; k < count; k++)
            if (strcmp(lines[k].key, table[i].command) == 0)
                line = &lines[k];
        bool first = true;
        for (size_t k = 0; k < i && first; k++)
            first = strcmp(table[k].command, table[i].command) != 0;
        if (!line)
            add_row(&making, &table[i], table[i].key, 0);
        else if (first)
            add_line(&making, &table[i], line);
    }
    refuse_shared(&making);
    findings_sort(findings);
    free(making.lines);
}

void keymap_free(struct keymap *map)
{
    for (size_t i = 0; i < map->count; i++)
        free((char *)map->rows[i].label);
    free(map->rows);
    *map = (struct keymap){0};
}

/* ---- asking ---- */

const struct key *keymap_rows(const struct keymap *map, size_t *count)
{
    if (!map->count)
        return keys_table(count);
    *count = map->count;
    return map->rows;
}

const struct key *keymap_find(const struct keymap *map, uint32_t key, enum key_mode mode)
{
    if (!map->count)
        return keys_find(key, mode);
    if (key == '\n')
        key = KEYS_ENTER;
    for (size_t i = 0; i < map->count; i++)
        if (map->rows[i].key == key && (map->rows[i].modes & mode))
            return &map->rows[i];
    return NULL;
}

const char *keymap_label(const struct keymap *map, const char *command, enum key_mode mode)
{
    size_t count;
    const struct key *rows = keymap_rows(map, &count);
    for (size_t i = 0; i < count; i++)
        if ((rows[i].modes & mode) && strcmp(rows[i].command, command) == 0)
            return rows[i].label;
    return NULL;
}
