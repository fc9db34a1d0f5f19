#include "config.h"
#include "base/ini.h"
#include "base/path.h"
#include "base/text.h"

#include <ctype.h>
#include <ini.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* What an indented line would continue. */
enum above {
    ABOVE_NOTHING,
    ABOVE_VALUE,
    ABOVE_BROKEN, /* something that was already reported: one finding is enough */
};

struct parse {
    const char *text;
    size_t size, at;
    int line;
    struct str handed; /* the line that inih has, whole, for it asks in pieces */
    size_t handed_at;
    bool awaiting; /* inih was given an entry and has not called back yet */
    enum above above;
    const char *section; /* in `out`; NULL before the first */
    struct ini_file *out;
    struct findings *findings;
};

void findings_add(struct findings *f, int line, const char *rule, const char *text, ...)
{
    struct str raw = {0}, clean = {0};
    va_list args;
    va_start(args, text);
    str_vaddf(&raw, text, args);
    va_end(args);
    text_add_line(&clean, str_text(&raw));
    str_free(&raw);
    struct finding *added = VEC_PUSH(f->items, f->count);
    *added = (struct finding){.line = line, .rule = rule, .text = str_take(&clean)};
}

static int by_line(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    int first = x->line ? x->line : INT_MAX, second = y->line ? y->line : INT_MAX;
    if (first != second)
        return first < second ? -1 : 1;
    int rule = strcmp(x->rule, y->rule);
    return rule ? rule : strcmp(x->text, y->text);
}

void findings_sort(struct findings *f)
{
    if (f->count)
        qsort(f->items, f->count, sizeof *f->items, by_line);
}

void findings_print(const struct findings *f, FILE *out)
{
    const char *path = f->path ? f->path : "-";
    for (size_t i = 0; i < f->count; i++) {
        const struct finding *item = &f->items[i];
        if (item->line)
            fprintf(out, "%s:%d: [%s] %s\n", path, item->line, item->rule, item->text);
        else
            fprintf(out, "%s: [%s] %s\n", path, item->rule, item->text);
    }
}

void findings_free(struct findings *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->items[i].text);
    free(f->items);
    free(f->path);
    *f = (struct findings){0};
}

/* Reports the line that inih took without calling back: it had no separator. */
static void settle(struct parse *p)
{
    if (!p->awaiting)
        return;
    p->awaiting = false;
    p->above = ABOVE_BROKEN;
    /* the line itself is not repeated: a broken one may hold a secret */
    findings_add(p->findings, p->line, "malformed",
                 "this line is neither a [section] nor a key = value (a value goes on in the next "
                 "line only when that is indented)");
}

static void take_section(struct parse *p, const char *line)
{
    struct str name = {0};
    const char *s = line + 1;
    for (; *s && *s != ']'; s++)
        if (!isspace((unsigned char)*s))
            str_add_char(&name, *s);
        else if (name.len && name.data[name.len - 1] != ' ')
            str_add_char(&name, ' ');
    if (name.len && name.data[name.len - 1] == ' ')
        name.data[--name.len] = '\0';
    if (*s != ']')
        findings_add(p->findings, p->line, "malformed", "section [%s has no closing ]",
                     str_text(&name));
    else if (s[1])
        findings_add(p->findings, p->line, "malformed",
                     "text after [%s]: a comment is a line of its own", str_text(&name));
    for (size_t i = 0; i < p->out->section_count; i++)
        if (strcmp(p->out->sections[i].name, str_text(&name)) == 0) {
            findings_add(p->findings, p->line, "duplicate-section",
                         "section [%s] stands twice, first in line %d", str_text(&name),
                         p->out->sections[i].line);
            break;
        }
    struct ini_section *added = VEC_PUSH(p->out->sections, p->out->section_count);
    *added = (struct ini_section){.name = str_take(&name), .line = p->line};
    p->section = added->name;
    p->above = ABOVE_NOTHING;
}

static void take_indented(struct parse *p, const char *line)
{
    while (isspace((unsigned char)*line))
        line++;
    if (p->above == ABOVE_VALUE) {
        struct ini_entry *entry = &p->out->entries[p->out->entry_count - 1];
        size_t before = strlen(entry->value), more = strlen(line);
        entry->value = mem_grow(entry->value, before + more + 2, 1);
        if (before)
            entry->value[before++] = '\n';
        memcpy(entry->value + before, line, more + 1);
    } else if (*line != ';' && *line != '#' && p->above == ABOVE_NOTHING) {
        findings_add(p->findings, p->line, "indented",
                     "an indented line continues the value above it, and there is none: sections "
                     "and keys begin at the left edge");
        p->above = ABOVE_BROKEN;
    }
}

/* Fills p->handed with the next line, without its end and trailing blanks. */
static bool next_line(struct parse *p)
{
    if (p->at >= p->size)
        return false;
    const char *start = p->text + p->at;
    const char *end = memchr(start, '\n', p->size - p->at);
    size_t length = end ? (size_t)(end - start) : p->size - p->at;
    p->at += length + (end ? 1 : 0);
    p->line++;
    while (length && isspace((unsigned char)start[length - 1]))
        length--;
    str_clear(&p->handed);
    str_add_n(&p->handed, start, length);
    return true;
}

/*
 * The reader that inih calls as it would fgets(). Only what inih reads rightly
 * reaches it, one entry a line; sections are taken here because inih cuts their
 * names at 50 characters and is silent about those without keys.
 */
static char *reader(char *out, int size, void *stream)
{
    struct parse *p = stream;
    if (p->handed_at >= p->handed.len) {
        settle(p);
        for (;;) {
            if (!next_line(p))
                return NULL;
            const char *line = str_text(&p->handed);
            if (*line == '[')
                take_section(p, line);
            else if (isspace((unsigned char)*line))
                take_indented(p, line);
            else if (*line && *line != ';' && *line != '#')
                break;
        }
        p->awaiting = true;
        str_add_char(&p->handed, '\n');
        p->handed_at = 0;
    }
    size_t room = (size_t)size - 1, left = p->handed.len - p->handed_at;
    size_t n = left < room ? left : room;
    memcpy(out, p->handed.data + p->handed_at, n);
    out[n] = '\0';
    p->handed_at += n;
    return out;
}

static int take_entry(void *user, const char *section, const char *key, const char *value)
{
    (void)section;
    struct parse *p = user;
    p->awaiting = false;
    p->above = ABOVE_BROKEN;
    if (!p->section) {
        findings_add(p->findings, p->line, "no-section", "key '%s' stands before any [section]",
                     key);
    } else if (!*key) {
        findings_add(p->findings, p->line, "malformed", "there is no key before the =");
    } else {
        struct ini_entry *entry = VEC_PUSH(p->out->entries, p->out->entry_count);
        *entry = (struct ini_entry){.section = mem_dup(p->section),
                                    .key = mem_dup(key),
                                    .value = mem_dup(value),
                                    .line = p->line};
        p->above = ABOVE_VALUE;
    }
    return 1;
}

/* The limits of inih that cut long values or read a part of one as a comment. */
static void set_knobs(void)
{
    ini_use_stack = false;
    ini_allow_realloc = true;
    ini_max_line = INT_MAX / 2;
    ini_allow_inline_comments = false;
    ini_allow_multiline = false;
    ini_allow_bom = false;
    ini_allow_no_value = false;
    ini_stop_on_first_error = false;
}

/* Replaces what no text file holds by blanks, one finding for each kind. */
static char *clean_copy(const char *bytes, size_t size, struct findings *findings)
{
    char *text = mem_dup_n(bytes, size);
    bool nul = false, broken = false;
    int line = 1;
    for (size_t at = 0; at < size;) {
        uint32_t c;
        size_t used = text_decode(text + at, size - at, &c);
        if (c == 0) {
            if (!nul)
                findings_add(findings, line, "nul-byte",
                             "a NUL byte: this is not a text file, or it is UTF-16");
            nul = true;
            text[at] = ' ';
        } else if (c == TEXT_REPLACEMENT && used == 1) {
            if (!broken)
                findings_add(findings, line, "encoding", "byte 0x%02X is not UTF-8",
                             (unsigned)(unsigned char)text[at]);
            broken = true;
        } else if (c == '\n') {
            line++;
        }
        at += used;
    }
    return text;
}

void ini_parse_bytes(const char *name, const char *bytes, size_t size, struct ini_file *out,
                     struct findings *findings)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, set_knobs);
    *out = (struct ini_file){.path = mem_dup(name)};
    if (!findings->path)
        findings->path = mem_dup(name);
    if (size > INI_SIZE_MAX) {
        findings_add(findings, 0, "too-large", "the file has %zu bytes; allowed: %u", size,
                     INI_SIZE_MAX);
        return;
    }
    if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        bytes += 3;
        size -= 3;
    }
    char *text = clean_copy(bytes, size, findings);
    struct parse p = {.text = text, .size = size, .out = out, .findings = findings};
    /* errors of lines were noted by settle(); what is left is no memory */
    if (ini_parse_stream(reader, &p, take_entry, &p) < 0)
        abort();
    settle(&p);
    str_free(&p.handed);
    free(text);
}

void ini_parse_text(const char *name, const char *text, struct ini_file *out,
                    struct findings *findings)
{
    ini_parse_bytes(name, text, strlen(text), out, findings);
}

bool ini_load(const char *path, struct ini_file *out, struct findings *findings, struct error *e)
{
    *out = (struct ini_file){0};
    struct str bytes = {0};
    bool ok = path_read(path, INI_SIZE_MAX, &bytes, e);
    if (ok)
        ini_parse_bytes(path, str_text(&bytes), bytes.len, out, findings);
    str_free(&bytes);
    return ok;
}

void ini_free(struct ini_file *file)
{
    for (size_t i = 0; i < file->entry_count; i++) {
        free(file->entries[i].section);
        free(file->entries[i].key);
        free(file->entries[i].value);
    }
    for (size_t i = 0; i < file->section_count; i++)
        free(file->sections[i].name);
    free(file->entries);
    free(file->sections);
    free(file->path);
    *file = (struct ini_file){0};
}
