#include "config.h"
#include "dialect/statement_text.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum kind { WORD, CONSTANT, SIGN };

struct token {
    enum kind kind;
    char *text; /* a word in lower case and without quotes; "?"; one character */
    int number; /* of a $n; else 0 */
};

struct tokens {
    struct token *list;
    size_t count;
};

/* ---- words, constants and signs ------------------------------------------- */

static bool begins_word(char c)
{
    return isalpha((unsigned char)c) || c == '_' || c == '@' || (unsigned char)c >= 0x80;
}

static bool in_word(char c)
{
    return begins_word(c) || isdigit((unsigned char)c) || c == '$';
}

static void add(struct tokens *t, enum kind kind, char *text)
{
    struct token *one = VEC_PUSH(t->list, t->count);
    *one = (struct token){.kind = kind, .text = text};
    if (kind == WORD)
        for (char *p = text; *p; p++)
            *p = (char)tolower((unsigned char)*p);
}

/* Behind the closing quote; a doubled one, or one behind a backslash in a text, is none. */
static const char *pass_quoted(const char *p)
{
    char quote = *p++;
    while (*p && (*p != quote || p[1] == quote)) {
        if (*p == quote || (*p == '\\' && quote == '\'' && p[1]))
            p++;
        p++;
    }
    return *p ? p + 1 : p;
}

static const char *take_quoted(struct tokens *t, const char *p)
{
    const char *end = pass_quoted(p);
    if (*p == '\'')
        add(t, CONSTANT, mem_dup("?"));
    else
        add(t, WORD, mem_dup_n(p + 1, end - p >= 2 ? (size_t)(end - p) - 2 : 0));
    return end;
}

/* $1, or $tag$ text $tag$ */
static const char *take_dollar(struct tokens *t, const char *p)
{
    const char *end = p + 1;
    if (isdigit((unsigned char)*end)) {
        add(t, CONSTANT, mem_dup("?"));
        t->list[t->count - 1].number = atoi(end);
        return end + strspn(end, "0123456789");
    }
    while (begins_word(*end) || isdigit((unsigned char)*end))
        end++;
    if (*end != '$') {
        add(t, SIGN, mem_dup("$"));
        return p + 1;
    }
    char *tag = mem_dup_n(p, (size_t)(end - p) + 1);
    const char *close = strstr(end + 1, tag);
    end = close ? close + strlen(tag) : end + strlen(end);
    free(tag);
    add(t, CONSTANT, mem_dup("?"));
    return end;
}

static const char *take_number(struct tokens *t, const char *p)
{
    /* the sign of a number belongs to it where nothing stands before that could be subtracted from
     */
    struct token *sign = t->count ? &t->list[t->count - 1] : NULL;
    struct token *left = t->count > 1 ? &t->list[t->count - 2] : NULL;
    if (sign && sign->kind == SIGN && strchr("+-", sign->text[0]) && left && left->kind == SIGN &&
        left->text[0] != ')') {
        free(sign->text);
        t->count--;
    }
    while (isalnum((unsigned char)*p) || *p == '.' || *p == '_')
        p++;
    add(t, CONSTANT, mem_dup("?"));
    return p;
}

static const char *take_word(struct tokens *t, const char *p)
{
    const char *end = p;
    while (in_word(*end))
        end++;
    if (end == p + 1 && *end == '\'' && strchr("eEnNbBxX", *p))
        return take_quoted(t, end);
    add(t, WORD, mem_dup_n(p, (size_t)(end - p)));
    return end;
}

static const char *pass_comment(const char *p)
{
    if (p[0] == '-' && p[1] == '-')
        return p + strcspn(p, "\n");
    if (p[0] != '/' || p[1] != '*')
        return p;
    const char *end = strstr(p + 2, "*/");
    return end ? end + 2 : p + strlen(p);
}

static struct tokens read_tokens(const char *p)
{
    struct tokens t = {0};
    while (*p) {
        const char *behind = pass_comment(p);
        if (behind != p)
            p = behind;
        else if (isspace((unsigned char)*p))
            p++;
        else if (strchr("'\"`", *p))
            p = take_quoted(&t, p);
        else if (*p == '$')
            p = take_dollar(&t, p);
        else if (isdigit((unsigned char)*p))
            p = take_number(&t, p);
        else if (begins_word(*p))
            p = take_word(&t, p);
        else {
            bool mark = *p == '?';
            add(&t, mark ? CONSTANT : SIGN, mem_dup_n(p, 1));
            p++;
        }
    }
    while (t.count && strcmp(t.list[t.count - 1].text, ";") == 0)
        free(t.list[--t.count].text);
    return t;
}

static void free_tokens(struct tokens *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->list[i].text);
    free(t->list);
}

/* Is token `i` there, and that? A word in quotes is taken for the same. */
static bool is(const struct tokens *t, size_t i, const char *text)
{
    return i < t->count && t->list[i].kind != CONSTANT && strcmp(t->list[i].text, text) == 0;
}

static bool is_one_of(const struct tokens *t, size_t i, const char *const *texts)
{
    for (; *texts; texts++)
        if (is(t, i, *texts))
            return true;
    return false;
}

static bool is_constant(const struct tokens *t, size_t i)
{
    return i < t->count && t->list[i].kind == CONSTANT;
}

/* ---- the fingerprint ------------------------------------------------------ */

/*
 * How many tokens of "?, ?, ?", more than one of them, or of "..." stand at `i`. What IN has is a
 * list even when it is of one: PostgreSQL 18 counts IN (1) and IN (1, 2) together.
 */
static size_t constants_at(const struct tokens *t, size_t i)
{
    if (is(t, i, ".") && is(t, i + 1, ".") && is(t, i + 2, "."))
        return 3;
    size_t n = 0;
    while (is_constant(t, i + n) && is(t, i + n + 1, ",") && is_constant(t, i + n + 2))
        n += 2;
    bool in = i >= 2 && is(t, i - 2, "in") && is_constant(t, i);
    return n || in ? n + 1 : 0;
}

char *statement_fingerprint(const char *sql)
{
    struct tokens t = read_tokens(sql);
    struct str out = {0};
    for (size_t i = 0; i < t.count;) {
        size_t list = i && is(&t, i - 1, "(") ? constants_at(&t, i) : 0;
        if (!is(&t, i + list, ")"))
            list = 0;
        str_addf(&out, "%s%s", i ? " " : "", list ? "..." : t.list[i].text);
        i += list ? list : 1;
    }
    free_tokens(&t);
    return str_take(&out);
}

/* ---- what it says of a table ---------------------------------------------- */

static char *lower(const char *name)
{
    char *text = mem_dup(name);
    for (char *p = text; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return text;
}

static bool names(const struct tokens *t, const char *name)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->list[i].kind == WORD && strcmp(t->list[i].text, name) == 0)
            return true;
    return false;
}

bool statement_names(const char *sql, const char *name)
{
    struct tokens t = read_tokens(sql);
    char *wanted = lower(name);
    bool found = names(&t, wanted);
    free(wanted);
    free_tokens(&t);
    return found;
}

bool statement_is_ours(const char *sql)
{
    struct tokens t = read_tokens(sql);
    bool ours = false;
    for (size_t i = 0; i < t.count && !ours; i++) {
        const char *word = t.list[i].kind == WORD ? t.list[i].text : "";
        ours = strcmp(word, "newel") == 0 || strncmp(word, "newel_", 6) == 0 ||
               (is(&t, i, "force") && is(&t, i + 1, "index") && is(&t, i + 3, "primary"));
    }
    free_tokens(&t);
    return ours;
}

/* Is that the table itself, or does "table alias" or "table AS alias" stand somewhere? */
static bool stands_for(const struct tokens *t, size_t word, const char *table)
{
    const char *alias = t->list[word].text;
    if (strcmp(alias, table) == 0)
        return true;
    for (size_t i = 0; i + 1 < t->count; i++)
        if (is(t, i, table) && (is(t, i + 1, alias) || (is(t, i + 1, "as") && is(t, i + 2, alias))))
            return true;
    return false;
}

/* The star at `i` stands for all columns of the table: it multiplies nothing and counts nothing. */
static bool is_all_columns(const struct tokens *t, size_t i, const char *table)
{
    static const char *const before[] = {
        "select",
        "distinct",
        "all",
        "distinctrow",
        "high_priority",
        "sql_no_cache",
        "straight_join",
        "sql_calc_found_rows",
        "returning",
        "sql_buffer_result",
        ",",
        NULL,
    };
    if (!is(t, i, "*") || i == 0)
        return false;
    if (is(t, i - 1, "."))
        /* count(o.*) looks at the row as a whole */
        return i >= 2 && stands_for(t, i - 2, table) && !(i >= 3 && is(t, i - 3, "("));
    bool exists = i >= 3 && is(t, i - 2, "(") && is(t, i - 3, "exists");
    return is_one_of(t, i - 1, before) && !exists;
}

static bool inserts_bare(const struct tokens *t, const char *table)
{
    static const char *const query[] = {"select", "with", "values", "table", NULL};
    static const char *const fine[] = {"default", "set", NULL};
    for (size_t i = 0; i + 1 < t->count; i++) {
        if (!is(t, i, "into") && !is(t, i, "insert") && !is(t, i, "replace"))
            continue;
        size_t at = i + 1;
        while (is(t, at, "ignore") || is(t, at, "low_priority") || is(t, at, "delayed") ||
               is(t, at, "high_priority"))
            at++;
        if (is(t, at + 1, "."))
            at += 2;
        if (!is(t, at, table))
            continue;
        at++;
        if (is(t, at, "as"))
            at += 2;
        if (is_one_of(t, at, fine) || at >= t->count)
            return false;
        return !is(t, at, "(") || is_one_of(t, at + 1, query);
    }
    return false;
}

enum statement_use statement_use(const char *sql, const char *table)
{
    struct tokens t = read_tokens(sql);
    char *wanted = lower(table);
    enum statement_use use = USE_NAMED;
    if (names(&t, wanted)) {
        bool returning = false;
        if (inserts_bare(&t, wanted))
            use = USE_INSERT;
        for (size_t i = 0; i < t.count && use == USE_NAMED; i++) {
            returning |= is(&t, i, "returning");
            if (is_all_columns(&t, i, wanted))
                use = returning ? USE_RETURNING : USE_STAR;
        }
    }
    free(wanted);
    free_tokens(&t);
    return use;
}

const char *statement_use_name(enum statement_use use)
{
    static const char *const words[] = {
        [USE_NAMED] = "columns by name",
        [USE_STAR] = "SELECT *",
        [USE_RETURNING] = "RETURNING *",
        [USE_INSERT] = "INSERT without columns",
    };
    return words[use];
}

/* ---- its plan ------------------------------------------------------------- */

bool statement_has_plan(const char *sql)
{
    static const char *const kinds[] = {"select", "insert",  "update", "delete", "with",
                                        "values", "replace", "merge",  NULL};
    struct tokens t = read_tokens(sql);
    size_t first = 0;
    while (is(&t, first, "("))
        first++;
    bool whole = is_one_of(&t, first, kinds);
    for (size_t i = 0; i < t.count && whole; i++)
        whole = !is(&t, i, ";"); /* never more than one of them */
    /* a text that was cut ends with dots, or amid a constant */
    if (t.count >= 3 && is(&t, t.count - 1, ".") && is(&t, t.count - 2, "."))
        whole = false;
    free_tokens(&t);
    return whole;
}

int statement_parameters(const char *sql)
{
    struct tokens t = read_tokens(sql);
    int most = 0;
    for (size_t i = 0; i < t.count; i++)
        if (t.list[i].number > most)
            most = t.list[i].number;
    free_tokens(&t);
    return most;
}
