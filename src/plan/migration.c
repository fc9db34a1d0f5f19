#include "config.h"
#include "plan/migration.h"
#include "base/path.h"
#include "plan/hazard.h"
#include "plan/spec.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* PostgreSQL cuts longer names silently, and then nothing finds them again. */
#define COLUMN_NAME_MAX 63

/* `m` comes first, so that one offset serves both. */
struct reading {
    struct migration m;
    char *targets; /* as written, before it is split */
    char *approve_phases;
    int approve_by; /* a place in approve_words */
};

#define AT(member) offsetof(struct migration, member)

static const char *const algorithm_words[] = {"instant", "inplace", "copy", NULL};
static const char *const not_null_words[] = {"rebuild", "trigger", NULL};
static const char *const approve_words[] = {"other", "any", NULL};
static const char *const regression_words[] = {"warn", "stop", "rollback", NULL};
static const char *const require_words[] = {"any", "none", NULL};
static const char *const new_rows_words[] = {"trigger", "default", "application", NULL};

static const struct spec_key migration_keys[] = {
    {.key = "id",
     .kind = SPEC_NAME,
     .required = true,
     .offset = AT(id),
     .doc = "names the migration everywhere: journal, state in the target, commands"},
    {.key = "table",
     .kind = SPEC_IDENTIFIER,
     .required = true,
     .offset = AT(table),
     .doc = "the table, as schema.table or table"},
    {.key = "targets",
     .kind = SPEC_TEXT,
     .otherwise = "*",
     .offset = offsetof(struct reading, targets),
     .doc = "patterns of target names, separated by blanks or commas"},
};

static const struct spec_key column_keys[] = {
    {.key = "name",
     .kind = SPEC_IDENTIFIER,
     .required = true,
     .offset = AT(column),
     .doc = "the bare name of the new column"},
    {.key = "type",
     .kind = SPEC_SQL,
     .required = true,
     .offset = AT(type),
     .doc = "its type, as SQL writes it"},
    {.key = "default",
     .kind = SPEC_SQL,
     .offset = AT(default_sql),
     .doc = "its default, an SQL expression"},
    {.key = "not_null",
     .kind = SPEC_BOOL,
     .otherwise = "no",
     .offset = AT(not_null),
     .doc = "whether NULL is refused in the end"},
};

static const struct spec_key backfill_keys[] = {
    {.key = "value",
     .kind = SPEC_SQL,
     .offset = AT(value_sql),
     .doc = "what existing rows get, an SQL expression over the row; without it the default"},
    {.key = "where",
     .kind = SPEC_SQL,
     .offset = AT(where_sql),
     .doc = "which rows get the value, an SQL condition; the others get the default"},
    {.key = "new_rows",
     .kind = SPEC_WORD,
     .words = new_rows_words,
     .otherwise = "trigger",
     .offset = AT(new_rows),
     .doc = "who fills the rows that are written meanwhile"},
};

static const struct spec_key batch_keys[] = {
    {.key = "rows",
     .kind = SPEC_INTEGER,
     .otherwise = "1000",
     .min = "1",
     .max = "10000000",
     .offset = AT(rows),
     .doc = "rows of the first batch"},
    {.key = "min",
     .kind = SPEC_INTEGER,
     .otherwise = "100",
     .min = "1",
     .max = "10000000",
     .offset = AT(rows_min),
     .doc = "rows of the smallest batch"},
    {.key = "max",
     .kind = SPEC_INTEGER,
     .otherwise = "50000",
     .min = "1",
     .max = "10000000",
     .offset = AT(rows_max),
     .doc = "rows of the largest batch"},
    {.key = "time",
     .kind = SPEC_DURATION,
     .otherwise = "250ms",
     .min = "1ms",
     .max = "1m",
     .offset = AT(batch_time_us),
     .doc = "how long one batch should take"},
    {.key = "pause",
     .kind = SPEC_DURATION,
     .otherwise = "0ms",
     .min = "0ms",
     .max = "1h",
     .offset = AT(batch_pause_us),
     .doc = "rest between two batches"},
    {.key = "lanes",
     .kind = SPEC_INTEGER,
     .otherwise = "1",
     .min = "1",
     .max = "16",
     .offset = AT(lanes),
     .doc = "batches that run side by side"},
};

static const struct spec_key throttle_keys[] = {
    {.key = "max_lag",
     .kind = SPEC_DURATION,
     .otherwise = "2s",
     .min = "0s",
     .max = "24h",
     .offset = AT(limits.max_lag_us),
     .doc = "lag of any replica in time; 0s: not watched"},
    {.key = "max_lag_bytes",
     .kind = SPEC_SIZE,
     .otherwise = "64MB",
     .min = "0B",
     .max = "1024GB",
     .offset = AT(limits.max_lag_bytes),
     .doc = "lag of any replica in bytes; 0B: not watched"},
    {.key = "max_waiters",
     .kind = SPEC_INTEGER,
     .otherwise = "3",
     .min = "0",
     .max = "10000",
     .offset = AT(limits.max_waiters),
     .doc = "sessions that wait for our locks; 0: not watched"},
    {.key = "max_running",
     .kind = SPEC_INTEGER,
     .otherwise = "50",
     .min = "0",
     .max = "100000",
     .offset = AT(limits.max_running),
     .doc = "active sessions; 0: not watched"},
    {.key = "max_wal",
     .kind = SPEC_RATE,
     .otherwise = "0B/s",
     .min = "0B/s",
     .max = "1024GB/s",
     .offset = AT(limits.max_wal_per_s),
     .doc = "WAL or redo log that the server writes; 0B/s: not watched"},
    {.key = "query",
     .kind = SPEC_SQL,
     .offset = AT(limits.query),
     .doc = "a query of your own that returns one number"},
    {.key = "query_max",
     .kind = SPEC_NUMBER,
     .offset = AT(limits.query_max),
     .doc = "the largest number that is fine"},
    {.key = "max_queue",
     .kind = SPEC_INTEGER,
     .otherwise = "10",
     .min = "0",
     .max = "1000000",
     .offset = AT(limits.max_queue),
     .doc = "Galera: transactions in the receive queue of any node; 0: not watched"},
    {.key = "max_flow_control",
     .kind = SPEC_INTEGER,
     .otherwise = "5",
     .min = "0",
     .max = "100",
     .offset = AT(limits.max_flow_control),
     .doc = "Galera: percent of the time that flow control holds up writers; 0: not watched"},
};

static const struct spec_key ddl_keys[] = {
    {.key = "lock_timeout",
     .kind = SPEC_DURATION,
     .otherwise = "300ms",
     .min = "1ms",
     .max = "10s",
     .offset = AT(lock_timeout_us),
     .doc = "how long a statement may stand in a lock queue"},
    {.key = "retries",
     .kind = SPEC_INTEGER,
     .otherwise = "100",
     .min = "1",
     .max = "10000",
     .offset = AT(lock_retries),
     .doc = "tries before the phase stops and asks"},
    {.key = "algorithm",
     .kind = SPEC_WORD,
     .words = algorithm_words,
     .otherwise = "instant",
     .offset = AT(algorithm),
     .doc = "MySQL, MariaDB: the dearest way to add the column that is agreed to"},
    {.key = "not_null",
     .kind = SPEC_WORD,
     .words = not_null_words,
     .otherwise = "rebuild",
     .offset = AT(not_null_by),
     .doc = "MySQL, MariaDB: NOT NULL by building the table anew in place, or triggers that refuse "
            "NULL"},
};

static const struct spec_key approve_keys[] = {
    {.key = "phases",
     .kind = SPEC_TEXT,
     .offset = offsetof(struct reading, approve_phases),
     .doc = "phases, and rollback, that need a second yes, separated by blanks or commas"},
    {.key = "by",
     .kind = SPEC_WORD,
     .words = approve_words,
     .otherwise = "other",
     .offset = offsetof(struct reading, approve_by),
     .doc = "who gives it: another operator than the first, or any"},
};

static const struct spec_key lint_keys[] = {
    {.key = "allow",
     .kind = SPEC_TEXT,
     .offset = AT(lint_allow),
     .doc = "rules of newel lint to pass over, separated by blanks or commas"},
};

static const struct spec_key query_keys[] = {
    {.key = "sql",
     .kind = SPEC_SQL,
     .required = true,
     .offset = offsetof(struct watched_query, sql),
     .doc = "a query whose plan is captured before and after"},
};

static const struct spec_key health_keys[] = {
    {.key = "max_p99_ratio",
     .kind = SPEC_NUMBER,
     .otherwise = "0",
     .min = "0",
     .max = "1000",
     .offset = AT(max_p99_ratio),
     .doc = "a query's mean time since the baseline, against the mean before; 0: not watched"},
    {.key = "max_plan_cost_ratio",
     .kind = SPEC_NUMBER,
     .otherwise = "0",
     .min = "0",
     .max = "1000000",
     .offset = AT(max_plan_cost_ratio),
     .doc = "a watched query's cost against the baseline; 0: not watched"},
    {.key = "on_regression",
     .kind = SPEC_WORD,
     .words = regression_words,
     .otherwise = "warn",
     .offset = AT(on_regression),
     .doc = "what is done when a query's plan or its time got worse"},
    {.key = "top_queries",
     .kind = SPEC_INTEGER,
     .otherwise = "10",
     .min = "0",
     .max = "50",
     .offset = AT(top_queries),
     .doc = "how many of the table's dearest statements are watched like queries of the file"},
};

static const struct spec_key clients_keys[] = {
    {.key = "require",
     .kind = SPEC_WORD,
     .words = require_words,
     .otherwise = "any",
     .offset = AT(require),
     .doc = "how many sessions from before the column may be left when it is enforced"},
};

enum { MIGRATION, COLUMN, BACKFILL, BATCH, THROTTLE, DDL, APPROVE, LINT, QUERY, CLIENTS, HEALTH };

#define KEYS(table) .keys = (table), .key_count = COUNT_OF(table)

static const struct spec_section sections[] = {
    [MIGRATION] = {.name = "migration",
                   .required = true,
                   KEYS(migration_keys),
                   .doc = "what is changed, and where"},
    [COLUMN] = {.name = "column", .required = true, KEYS(column_keys), .doc = "the new column"},
    [BACKFILL] = {.name = "backfill", KEYS(backfill_keys), .doc = "what the rows get"},
    [BATCH] = {.name = "batch", KEYS(batch_keys), .doc = "size and rhythm of the batches"},
    [THROTTLE] = {.name = "throttle", KEYS(throttle_keys), .doc = "limits that stop the work"},
    [DDL] = {.name = "ddl", KEYS(ddl_keys), .doc = "how statements wait for their locks"},
    [APPROVE] = {.name = "approve", KEYS(approve_keys), .doc = "what needs a second operator"},
    [LINT] = {.name = "lint", KEYS(lint_keys), .doc = "what newel lint may pass over"},
    [QUERY] = {.name = "query", .named = true, KEYS(query_keys), .doc = "a watched query"},
    [CLIENTS] = {.name = "clients",
                 KEYS(clients_keys),
                 .doc = "sessions that may still know the old shape"},
    [HEALTH] = {.name = "health",
                KEYS(health_keys),
                .doc = "what queries may cost, and what is done when they cost more"},
};

const struct spec migration_spec = {
    .what = "a migration", .sections = sections, .section_count = COUNT_OF(sections)};

const char *new_rows_name(enum new_rows how)
{
    return (unsigned)how <= NEW_ROWS_APPLICATION ? new_rows_words[how] : "none";
}

/* ---- names ---------------------------------------------------------------- */

/* Passes one identifier, bare or quoted; NULL when there is none. */
static const char *skip_identifier(const char *p)
{
    if (*p == '"' || *p == '`') {
        char quote = *p++;
        const char *start = p;
        for (; *p && (*p != quote || p[1] == quote); p++)
            if (*p == quote)
                p++;
        return *p == quote && p > start ? p + 1 : NULL;
    }
    const char *start = p;
    while (*p && *p != '.' && !strchr("\"`'();,", *p) && !isspace((unsigned char)*p))
        p++;
    return p > start ? p : NULL;
}

static bool is_table(const char *text)
{
    const char *p = skip_identifier(text);
    if (p && *p == '.')
        p = skip_identifier(p + 1);
    return p && !*p;
}

/* Takes one pair of double quotes off, in place. */
static void unquote(char *name)
{
    size_t n = strlen(name);
    if (n < 2 || name[0] != '"' || name[n - 1] != '"')
        return;
    char *out = name;
    for (const char *p = name + 1; p < name + n - 1; p++) {
        *out++ = *p;
        if (*p == '"' && p[1] == '"' && p + 2 < name + n)
            p++;
    }
    *out = '\0';
}

static void split_patterns(const char *text, struct migration *m)
{
    static const char between[] = ", \t";
    while (*(text += strspn(text, between))) {
        size_t n = strcspn(text, between);
        char **pattern = VEC_PUSH(m->targets, m->target_count);
        *pattern = mem_dup_n(text, n);
        text += n;
    }
}

/* ---- rules that concern more than one key --------------------------------- */

struct check {
    const struct ini_file *file;
    const struct migration *m;
    struct findings *findings;
};

/* Where the key stands, else its section, else the file as a whole. */
static int line_of(const struct check *c, const char *section, const char *key)
{
    const struct ini_entry *entry = spec_entry(c->file, section, key);
    if (entry)
        return entry->line;
    for (size_t i = 0; i < c->file->section_count; i++)
        if (strcmp(c->file->sections[i].name, section) == 0)
            return c->file->sections[i].line;
    return 0;
}

/* Present in the file, also when its value was refused. */
static bool says(const struct check *c, const char *section, const char *key)
{
    return spec_entry(c->file, section, key) != NULL;
}

static void check_names(const struct check *c)
{
    if (c->m->table && !is_table(c->m->table)) {
        struct str text = {0};
        spec_quote(c->m->table, &text);
        findings_add(c->findings, line_of(c, "migration", "table"), "bad-value",
                     "table: read %s; allowed: table or schema.table, each with quotes when it "
                     "holds other than letters, digits and _",
                     str_text(&text));
        str_free(&text);
    }
    if (c->m->column && (!*c->m->column || strlen(c->m->column) > COLUMN_NAME_MAX))
        findings_add(c->findings, line_of(c, "column", "name"), "bad-value",
                     "name: read a name of %zu bytes; allowed: 1 to %d", strlen(c->m->column),
                     COLUMN_NAME_MAX);
    if (says(c, "migration", "targets") && c->m->target_count == 0)
        findings_add(c->findings, line_of(c, "migration", "targets"), "bad-value",
                     "targets: read no pattern; allowed: names or patterns such as orders-*");
}

/* The range's ends come from the file or are defaults: the text says which. */
static const char *origin(const struct check *c, const char *key)
{
    return says(c, "batch", key) ? "" : ", its default";
}

static void check_batch(const struct check *c)
{
    const struct migration *m = c->m;
    if (m->rows_min > m->rows_max)
        findings_add(c->findings, line_of(c, "batch", says(c, "batch", "min") ? "min" : "max"),
                     "out-of-range", "min is %lld%s, max is %lld%s; allowed: min <= rows <= max",
                     (long long)m->rows_min, origin(c, "min"), (long long)m->rows_max,
                     origin(c, "max"));
    else if (m->rows < m->rows_min || m->rows > m->rows_max)
        findings_add(c->findings, line_of(c, "batch", "rows"), "out-of-range",
                     "rows: read %lld%s; allowed: from min (%lld%s) to max (%lld%s)",
                     (long long)m->rows, origin(c, "rows"), (long long)m->rows_min,
                     origin(c, "min"), (long long)m->rows_max, origin(c, "max"));
}

static void check_value(const struct check *c)
{
    bool value = says(c, "backfill", "value"), otherwise = says(c, "column", "default");
    if (c->m->not_null && !value && !otherwise)
        findings_add(c->findings, line_of(c, "column", "not_null"), "no-value",
                     "not_null = yes, but neither [backfill] value nor [column] default says what "
                     "existing rows get");
    if (says(c, "backfill", "where") && !value)
        findings_add(c->findings, line_of(c, "backfill", "where"), "no-value",
                     "where chooses rows, but no value says what they get; add value to "
                     "[backfill], or take where out");
    if (c->m->new_rows == NEW_ROWS_DEFAULT && !otherwise)
        findings_add(c->findings, line_of(c, "backfill", "new_rows"), "no-default",
                     "new_rows = default needs a default in [column]");
}

static void check_limits(const struct check *c)
{
    bool query = says(c, "throttle", "query"), most = says(c, "throttle", "query_max");
    if (query && !most)
        findings_add(c->findings, line_of(c, "throttle", "query"), "missing-key",
                     "query needs query_max: the largest number that is fine");
    if (most && !query)
        findings_add(c->findings, line_of(c, "throttle", "query_max"), "missing-key",
                     "query_max needs query: the query that returns the number");
    const struct {
        const char *key;
        double ratio;
    } ratios[] = {{"max_p99_ratio", c->m->max_p99_ratio},
                  {"max_plan_cost_ratio", c->m->max_plan_cost_ratio}};
    for (size_t i = 0; i < COUNT_OF(ratios); i++)
        if (ratios[i].ratio > 0 && ratios[i].ratio < 1)
            findings_add(c->findings, line_of(c, "health", ratios[i].key), "out-of-range",
                         "%s: read %g; allowed: 0 (not watched), or 1 and more: under 1 every "
                         "target would fail",
                         ratios[i].key, ratios[i].ratio);
}

/* One word of [approve] phases; the phases that start without a yes cannot be named. */
static void add_approval(const struct check *c, struct approval_rule *approve, const char *word)
{
    enum phase phase = phase_from_name(word);
    if (strcmp(word, "rollback") == 0) {
        approve->rollback = true;
    } else if (phase != PHASE_COUNT && phase != PHASE_PREFLIGHT) {
        approve->phases[phase] = true;
    } else {
        struct str text = {0};
        spec_quote(word, &text);
        findings_add(c->findings, line_of(c, "approve", "phases"), "bad-value",
                     "phases: read %s; allowed: baseline to finish, and rollback", str_text(&text));
        str_free(&text);
    }
}

static void read_approval(const struct check *c, const char *phases, struct approval_rule *approve)
{
    static const char between[] = ", \t";
    while (phases && *(phases += strspn(phases, between))) {
        size_t n = strcspn(phases, between);
        char *word = mem_dup_n(phases, n);
        add_approval(c, approve, word);
        free(word);
        phases += n;
    }
}

static void check_allowed(const struct check *c)
{
    static const char between[] = ", \t";
    for (const char *at = c->m->lint_allow; at && *(at += strspn(at, between));) {
        size_t n = strcspn(at, between);
        char *word = mem_dup_n(at, n);
        if (!rule_named(word))
            findings_add(c->findings, line_of(c, "lint", "allow"), "bad-value",
                         "allow: there is no rule %s; newel lint --rules tells them", word);
        free(word);
        at += n;
    }
}

/* ---- the whole ------------------------------------------------------------ */

static void read_queries(const struct ini_file *file, struct migration *m,
                         struct findings *findings)
{
    for (size_t i = 0; i < file->section_count; i++) {
        const char *name = file->sections[i].name;
        if (spec_section_of(&migration_spec, name) != &sections[QUERY])
            continue;
        struct watched_query *query = VEC_PUSH(m->queries, m->query_count);
        query->name = mem_dup(spec_section_label(name));
        spec_read(&sections[QUERY], file, name, query, findings);
    }
}

static void read_file(const struct ini_file *file, struct migration *m, struct findings *findings)
{
    spec_check(&migration_spec, file, findings);
    struct reading reading = {.m = *m};
    for (size_t i = 0; i < COUNT_OF(sections); i++)
        if (!sections[i].named)
            spec_read(&sections[i], file, sections[i].name, &reading, findings);
    *m = reading.m;
    if (reading.targets)
        split_patterns(reading.targets, m);
    free(reading.targets);
    struct check check = {.file = file, .m = m, .findings = findings};
    m->approve.by_other = reading.approve_by == 0;
    read_approval(&check, reading.approve_phases, &m->approve);
    free(reading.approve_phases);
    read_queries(file, m, findings);
    if (m->column)
        unquote(m->column);

    check_names(&check);
    check_batch(&check);
    check_value(&check);
    check_limits(&check);
    check_allowed(&check);
}

static void parse_bytes(const char *name, const char *bytes, size_t size, struct migration *m,
                        struct findings *findings)
{
    *m = (struct migration){.path = mem_dup(name), .source = mem_dup_n(bytes, size)};
    digest_hex(bytes, size, "", 0, m->digest);
    struct ini_file file;
    ini_parse_bytes(name, bytes, size, &file, findings);
    read_file(&file, m, findings);
    ini_free(&file);
    findings_sort(findings);
}

void migration_parse(const char *name, const char *text, struct migration *m,
                     struct findings *findings)
{
    parse_bytes(name, text, strlen(text), m, findings);
}

bool migration_load(const char *path, struct migration *m, struct findings *findings)
{
    *m = (struct migration){.path = mem_dup(path)};
    size_t before = findings->count;
    struct str bytes = {0};
    struct error e;
    if (path_read(path, INI_SIZE_MAX, &bytes, &e)) {
        free(m->path);
        parse_bytes(path, str_text(&bytes), bytes.len, m, findings);
    } else {
        if (!findings->path)
            findings->path = mem_dup(path);
        findings_add(findings, 0, "unreadable", "%s: %s", e.what, e.why);
    }
    str_free(&bytes);
    return findings->count == before;
}

void migration_free(struct migration *m)
{
    for (size_t i = 0; i < COUNT_OF(sections); i++)
        if (i != MIGRATION && i != APPROVE && i != QUERY)
            spec_free(&sections[i], m);
    for (size_t i = 0; i < m->query_count; i++) {
        free(m->queries[i].name);
        spec_free(&sections[QUERY], &m->queries[i]);
    }
    for (size_t i = 0; i < m->target_count; i++)
        free(m->targets[i]);
    free(m->queries);
    free(m->targets);
    free(m->id);
    free(m->table);
    free(m->path);
    free(m->source);
    *m = (struct migration){0};
}
