#include "config.h"
#include "plan/hazard.h"

#include "base/clock.h"
#include "plan/spec.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LONG_LOCK_US (2 * US_PER_S)
#define LARGE_ROWS 100000
#define LARGE_TIME_US (2 * US_PER_S)

struct look {
    const struct migration *m;
    const struct ini_file *file;
    struct findings *findings;
};

/* ---- words of SQL --------------------------------------------------------- */

/*
 * The next word at `*p` that is no part of a string or a comment; false at the end.
 * A quoted name is a word as well, without its quotes, and `quoted`.
 */
static bool next_word(const char **p, char word[128], bool *quoted)
{
    const char *s = *p;
    size_t n = 0;
    for (;;) {
        if (s[0] == '-' && s[1] == '-') {
            s += strcspn(s, "\n");
        } else if (s[0] == '/' && s[1] == '*') {
            const char *end = strstr(s + 2, "*/");
            s = end ? end + 2 : s + strlen(s);
        } else if (*s == '\'') {
            for (s++; *s && (*s != '\'' || s[1] == '\''); s++)
                s += *s == '\'';
            s += *s != '\0';
        } else if (*s && !isalpha((unsigned char)*s) && *s != '_' && *s != '"' && *s != '`') {
            s++;
        } else {
            break;
        }
    }
    *quoted = *s == '"' || *s == '`';
    char end = *quoted ? *s++ : '\0';
    while (*s && (end ? *s != end : isalnum((unsigned char)*s) || *s == '_' || *s == '$')) {
        if (n < 127)
            word[n++] = *s;
        s++;
    }
    word[n] = '\0';
    *p = s + (end && *s);
    return n > 0;
}

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words && strcasecmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

/* The first of `words` in an expression, as it stands there; false: none. */
static bool has_word(const char *sql, const char *const *words, char word[128])
{
    bool quoted;
    while (sql && next_word(&sql, word, &quoted))
        if (!quoted && is_one_of(word, words))
            return true;
    return false;
}

static bool names_column(const char *sql, const char *column)
{
    char word[128];
    bool quoted;
    while (sql && next_word(&sql, word, &quoted))
        if (quoted ? strcmp(word, column) == 0 : strcasecmp(word, column) == 0)
            return true;
    return false;
}

/* ---- telling -------------------------------------------------------------- */

/* Names in [lint] allow, between blanks or commas. */
static bool is_allowed(const struct migration *m, const char *rule)
{
    size_t n = strlen(rule);
    for (const char *at = m->lint_allow; at && (at = strstr(at, rule)); at += n)
        if ((at == m->lint_allow || strchr(", \t", at[-1])) && (!at[n] || strchr(", \t", at[n])))
            return true;
    return false;
}

static int line_of(const struct look *l, const char *section, const char *key)
{
    const struct ini_entry *entry = key ? spec_entry(l->file, section, key) : NULL;
    if (entry)
        return entry->line;
    for (size_t i = 0; i < l->file->section_count; i++)
        if (strcmp(l->file->sections[i].name, section) == 0)
            return l->file->sections[i].line;
    return 1;
}

static void tell(const struct look *l, const char *rule, const char *section, const char *key,
                 const char *format, ...) PRINTF_LIKE(5, 6);
static void tell(const struct look *l, const char *rule, const char *section, const char *key,
                 const char *format, ...)
{
    if (is_allowed(l->m, rule))
        return;
    struct str text = {0};
    va_list args;
    va_start(args, format);
    str_vaddf(&text, format, args);
    va_end(args);
    findings_add(l->findings, line_of(l, section, key), rule, "%s", str_text(&text));
    str_free(&text);
}

/* ---- the rules ------------------------------------------------------------ */

static const char *const volatile_words[] = {"random",
                                             "clock_timestamp",
                                             "timeofday",
                                             "gen_random_uuid",
                                             "uuid_generate_v1",
                                             "uuid_generate_v1mc",
                                             "uuid_generate_v4",
                                             "uuidv4",
                                             "uuidv7",
                                             "nextval",
                                             "uuid",
                                             "uuid_short",
                                             "rand",
                                             "sysdate",
                                             "setval",
                                             "random_normal",
                                             "gen_random_bytes",
                                             "random_bytes",
                                             NULL};
static const char *const time_words[] = {"now",
                                         "current_timestamp",
                                         "current_date",
                                         "current_time",
                                         "localtime",
                                         "localtimestamp",
                                         "transaction_timestamp",
                                         "statement_timestamp",
                                         "utc_timestamp",
                                         "utc_date",
                                         "utc_time",
                                         "curdate",
                                         "curtime",
                                         NULL};
static const char *const constraint_words[] = {
    "not",        "null",  "default",   "primary",    "unique",
    "references", "check", "generated", "constraint", "auto_increment",
    "identity",   "key",   "first",     "after",      NULL};
static const char *const serial_words[] = {"serial",  "bigserial", "smallserial", "serial2",
                                           "serial4", "serial8",   NULL};
static const char *const query_words[] = {"select", NULL};
/* Reserved by PostgreSQL, MySQL or MariaDB, and a likely name of a column. */
static const char *const reserved_words[] = {
    "all",          "and",      "any",          "array",        "as",
    "asc",          "between",  "both",         "by",           "case",
    "cast",         "check",    "collate",      "column",       "constraint",
    "create",       "cross",    "current_date", "current_time", "current_timestamp",
    "current_user", "database", "default",      "deferrable",   "delete",
    "desc",         "distinct", "div",          "do",           "drop",
    "dual",         "each",     "else",         "end",          "except",
    "exists",       "explain",  "false",        "fetch",        "for",
    "foreign",      "from",     "function",     "grant",        "group",
    "groups",       "having",   "if",           "ignore",       "in",
    "index",        "inner",    "insert",       "int",          "intersect",
    "interval",     "into",     "is",           "join",         "key",
    "keys",         "lateral",  "leading",      "left",         "like",
    "limit",        "lines",    "load",         "localtime",    "lock",
    "long",         "match",    "mod",          "natural",      "not",
    "null",         "numeric",  "of",           "offset",       "on",
    "only",         "option",   "or",           "order",        "out",
    "outer",        "over",     "partition",    "placing",      "primary",
    "range",        "rank",     "read",         "recursive",    "references",
    "release",      "rename",   "repeat",       "replace",      "returning",
    "right",        "row",      "rows",         "schema",       "select",
    "session_user", "set",      "show",         "some",         "system",
    "table",        "then",     "to",           "trailing",     "trigger",
    "true",         "union",    "unique",       "update",       "usage",
    "use",          "user",     "using",        "values",       "variadic",
    "when",         "where",    "while",        "window",       "with",
    "write",        NULL};

static void look_at_column(const struct look *l)
{
    const struct migration *m = l->m;
    char word[128];
    if (has_word(m->type, constraint_words, word))
        tell(
            l, "constraint-in-type", "column", "type",
            "type: \"%s\" says %s; a type alone stands here, [column] not_null and default say the "
            "rest, and newel brings them when the rows are filled",
            m->type, word);
    if (has_word(m->type, serial_words, word))
        tell(l, "serial-type", "column", "type",
             "type: %s is a sequence, a default and NOT NULL in one; add an integer column, fill "
             "it, "
             "and attach the sequence afterwards",
             word);
    if (has_word(m->default_sql, volatile_words, word))
        tell(l, "volatile-default", "column", "default",
             "default: %s gives another value each time; rows that are there get %s", word,
             m->value_sql ? "[backfill] value" : "one of their own, and verify cannot compare it");
    if (is_one_of(m->column, reserved_words))
        tell(
            l, "keyword-name", "column", "name",
            "name: %s is a reserved word: who writes it without quotes gets an error, or something "
            "else",
            m->column);
}

static void look_at_value(const struct look *l)
{
    const struct migration *m = l->m;
    char word[128];
    if (has_word(m->value_sql, volatile_words, word))
        tell(l, "volatile-value", "backfill", "value",
             "value: %s gives another value each time; verify cannot compare, and new rows get "
             "others from the trigger",
             word);
    else if (has_word(m->value_sql, time_words, word))
        tell(l, "time-value", "backfill", "value",
             "value: %s is the time of the batch that fills the row", word);
    if (has_word(m->value_sql, query_words, word))
        tell(l, "subquery-value", "backfill", "value",
             "value: a query is asked for each row; see that an index serves it, and that what it "
             "reads does not change meanwhile");
    if (m->value_sql && names_column(m->value_sql, m->column))
        tell(l, "self-reference", "backfill", "value",
             "value: it is made of %s, which is NULL until it is filled", m->column);
    if (m->where_sql && m->not_null && !m->default_sql)
        tell(l, "rows-left-null", "backfill", "where",
             "where leaves rows out, no default says what they get, and not_null refuses them; add "
             "a default to [column]");
    if (m->not_null && m->new_rows == NEW_ROWS_APPLICATION)
        tell(l, "application-fills", "backfill", "new_rows",
             "new_rows = application: rows that a version of it writes that does not know the "
             "column keep constrain from passing");
}

static void look_at_work(const struct look *l)
{
    const struct migration *m = l->m;
    const struct limits *k = &m->limits;
    if (!k->max_lag_us && !k->max_lag_bytes && !k->max_waiters && !k->max_running && !k->query)
        tell(l, "no-throttle", "throttle", NULL,
             "every limit that others would feel is off: nothing stops the backfill but you");
    if (m->lock_timeout_us > LONG_LOCK_US)
        tell(l, "long-lock-timeout", "ddl", "lock_timeout",
             "lock_timeout: while the statement waits %.1f s for its lock, everybody else waits "
             "behind it",
             (double)m->lock_timeout_us / 1e6);
    if (m->rows_max > LARGE_ROWS && spec_entry(l->file, "batch", "max"))
        tell(l, "large-batch", "batch", "max",
             "max: a batch of %lld rows holds its rows' locks, and the replica, for long",
             (long long)m->rows_max);
    if (m->batch_time_us > LARGE_TIME_US)
        tell(l, "large-batch", "batch", "time",
             "time: a batch of %.1f s holds its rows' locks for as long",
             (double)m->batch_time_us / 1e6);
    if (!m->query_count)
        tell(l, "no-query", "migration", NULL,
             "no [query NAME] is watched: give those that the application asks most");
}

void hazards_find(const struct migration *m, const struct ini_file *file, struct findings *findings)
{
    struct look l = {.m = m, .file = file, .findings = findings};
    look_at_column(&l);
    look_at_value(&l);
    look_at_work(&l);
    findings_sort(findings);
}
