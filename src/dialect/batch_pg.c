#include "config.h"
#include "dialect/batch.h"

#include <stdlib.h>

/*
 * The last column fails the whole statement unless the checkpoint moved: another
 * engine has taken the lease, or the cursor is not where we believed it. It
 * counts in a subquery, because a constant would be folded, and fail, at planning.
 */
#define FENCE                                                                                      \
    "CASE (SELECT count(*) FROM saved) WHEN 1 THEN 1 "                                             \
    "ELSE ('newel_fenced:' || (SELECT count(*) FROM saved))::int END"

/* What the server has written until now: the difference of two batches is what one has cost. */
#define WAL "pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"

#define LEASE                                                                                      \
    "WITH lease AS MATERIALIZED (SELECT 1 FROM newel.migration\n"                                  \
    "    WHERE id = $1 AND epoch = $2::bigint FOR KEY SHARE),\n"

static void add_update(struct str *s, const struct words *w, const char *place)
{
    char *value = words_value(w);
    const char *rows = words_rows(w);
    str_addf(s, "written AS (UPDATE %s SET %s = %s\n    WHERE %s\n      AND %s.%s IS NULL",
             w->qualified, w->column, value ? value : "NULL", place, w->table, w->column);
    if (rows)
        str_addf(s, "\n      AND (%s)", rows);
    /* a row whose value is NULL has it already: writing it would leave a dead row and no end */
    if (value)
        str_addf(s, "\n      AND (%s) IS NOT NULL", value);
    str_add(s, "\n    RETURNING 1),\n");
    free(value);
}

static char *blocks(const struct words *w)
{
    struct str s = {0}, place = {0};
    str_addf(&place,
             "%s.ctid >= $6::tid AND %s.ctid < $7::tid AND hashtid(%s.ctid) & $8::int = $9::int",
             w->table, w->table, w->table);
    str_add(&s, LEASE);
    add_update(&s, w, str_text(&place));
    str_add(&s, "saved AS (UPDATE newel.checkpoint SET cursor = $5, done = $10::boolean,\n"
                "    rows = rows + (SELECT count(*) FROM written), batches = batches + 1,\n"
                "    updated_at = clock_timestamp()\n"
                "    WHERE migration = $1 AND lane = $3::int AND cursor = $4\n");
    char *regclass = db_quote_text(DB_POSTGRESQL, w->qualified);
    str_addf(&s, "      AND shape = pg_relation_filenode(%s)::text\n", regclass);
    free(regclass);
    str_add(&s, "      AND EXISTS (SELECT FROM lease) RETURNING 1)\n"
                "SELECT (SELECT count(*) FROM written), " WAL ", " FENCE);
    str_free(&place);
    return str_take(&s);
}

/* "a, b" */
static void add_names(struct str *s, const struct batch_key *keys, size_t count,
                      const char *suffix)
{
    for (size_t i = 0; i < count; i++)
        str_addf(s, "%s%s%s", i ? ", " : "", keys[i].name, suffix);
}

/* "($3::int, $4::bigint)" */
static void add_params(struct str *s, const struct batch_key *keys, size_t count, size_t first)
{
    str_add(s, "(");
    for (size_t i = 0; i < count; i++)
        str_addf(s, "%s$%zu::%s", i ? ", " : "", first + i, keys[i].type);
    str_add(s, ")");
}

/* A key travels as a JSON array of texts, which every type survives. */
static void add_key_json(struct str *s, const struct batch_key *keys, size_t count)
{
    str_add(s, "json_build_array(");
    add_names(s, keys, count, "::text");
    str_add(s, ")::text");
}

static char *keys_batch(const struct words *w, const struct batch_key *keys, size_t count,
                        bool first)
{
    struct str s = {0}, names = {0}, place = {0};
    add_names(&names, keys, count, "");
    str_add(&s, LEASE "bound AS MATERIALIZED (SELECT * FROM (SELECT ");
    str_addf(&s, "%s FROM %s\n    WHERE (%s) <= ", str_text(&names), w->qualified,
             str_text(&names));
    add_params(&s, keys, count, 6);
    if (!first) {
        str_addf(&s, " AND (%s) > ", str_text(&names));
        add_params(&s, keys, count, 6 + count);
    }
    str_addf(&s, "\n    ORDER BY %s LIMIT $5::bigint) k ORDER BY ", str_text(&names));
    add_names(&s, keys, count, " DESC");
    str_add(&s, " LIMIT 1),\n");

    for (size_t i = 0; i < count; i++)
        str_addf(&place, "%s%s.%s", i ? ", " : "(", w->table, keys[i].name);
    str_add(&place, ") <= (");
    for (size_t i = 0; i < count; i++)
        str_addf(&place, "%s(SELECT %s FROM bound)", i ? ", " : "", keys[i].name);
    str_add(&place, ")");
    if (!first) {
        str_add(&place, " AND (");
        for (size_t i = 0; i < count; i++)
            str_addf(&place, "%s%s.%s", i ? ", " : "", w->table, keys[i].name);
        str_add(&place, ") > ");
        add_params(&place, keys, count, 6 + count);
    }
    add_update(&s, w, str_text(&place));

    str_add(&s, "saved AS (UPDATE newel.checkpoint SET cursor = coalesce((SELECT ");
    add_key_json(&s, keys, count);
    str_add(&s, " FROM bound), cursor),\n    done = NOT EXISTS (SELECT FROM bound),\n"
                "    rows = rows + (SELECT count(*) FROM written), batches = batches + 1,\n"
                "    updated_at = clock_timestamp()\n"
                "    WHERE migration = $1 AND lane = $3::int AND cursor = $4\n"
                "      AND EXISTS (SELECT FROM lease) RETURNING 1)\n"
                "SELECT (SELECT count(*) FROM written), " WAL ", (SELECT ");
    add_key_json(&s, keys, count);
    str_add(&s, " FROM bound), " FENCE);
    str_free(&names);
    str_free(&place);
    return str_take(&s);
}

static char *extent(const struct words *w)
{
    char *regclass = db_quote_text(DB_POSTGRESQL, w->qualified);
    char *sql = mem_printf("SELECT pg_relation_size(%s) / current_setting('block_size')::bigint, "
                           "pg_relation_filenode(%s)::text",
                           regclass, regclass);
    free(regclass);
    return sql;
}

static char *shape(const struct words *w)
{
    (void)w;
    return mem_dup("SELECT 'keys'");
}

static char *key_bounds(const struct words *w, const struct batch_key *keys, size_t count)
{
    struct str s = {0}, names = {0};
    add_names(&names, keys, count, "");
    str_add(&s, "SELECT ");
    add_key_json(&s, keys, count);
    str_addf(&s,
             " FROM (SELECT DISTINCT ON (part) part, %s FROM (SELECT %s, ntile($1::int) "
             "OVER (ORDER BY %s) AS part FROM %s TABLESAMPLE SYSTEM ($2::real)) s "
             "ORDER BY part, ",
             str_text(&names), str_text(&names), str_text(&names), w->qualified);
    add_names(&s, keys, count, " DESC");
    str_add(&s, ") b ORDER BY part");
    str_free(&names);
    return str_take(&s);
}

static char *last_key(const struct words *w, const struct batch_key *keys, size_t count)
{
    struct str s = {0};
    str_add(&s, "SELECT ");
    add_key_json(&s, keys, count);
    str_addf(&s, " FROM %s ORDER BY ", w->qualified);
    add_names(&s, keys, count, " DESC");
    str_add(&s, " LIMIT 1");
    return str_take(&s);
}

/* The key as people read it, or the place of a row that has none. */
static void add_key_text(struct str *s, const struct batch_key *keys, size_t count)
{
    if (count == 0) {
        str_add(s, "'ctid ' || ctid::text");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        char *label = mem_printf("%s%s=", i ? ", " : "", keys[i].name);
        char *quoted = db_quote_text(DB_POSTGRESQL, label);
        str_addf(s, "%s%s || coalesce(%s::text, 'NULL')", i ? " || " : "", quoted, keys[i].name);
        free(label);
        free(quoted);
    }
}

static char *left(const struct words *w, const struct batch_key *keys, size_t count)
{
    struct str s = {0};
    char *value = words_value(w);
    const char *rows = words_rows(w);
    str_add(&s, "SELECT count(*), min(k) FROM (SELECT ");
    add_key_text(&s, keys, count);
    str_addf(&s, " AS k FROM %s WHERE ctid >= $1::tid AND ctid < $2::tid AND %s.%s IS NULL",
             w->qualified, w->table, w->column);
    /* a nullable column may hold the NULL that the expression itself gives */
    if (!w->not_null)
        str_addf(&s, " AND (%s) IS NOT NULL", value ? value : "NULL");
    if (rows && !w->not_null)
        str_addf(&s, " AND (%s)", rows);
    str_add(&s, ") l");
    free(value);
    return str_take(&s);
}

static char *rows_of(const struct words *w, const struct batch_key *keys, size_t count)
{
    struct str s = {0};
    str_add(&s, "SELECT ctid::text, ");
    add_key_text(&s, keys, count);
    str_addf(&s, " FROM %s WHERE ctid >= $1::tid AND ctid < $2::tid AND %s.%s IS NULL",
             w->qualified, w->table, w->column);
    return str_take(&s);
}

static char *value_at(const struct words *w)
{
    char *value = words_value(w);
    const char *rows = words_rows(w);
    char *sql = mem_printf("SELECT CAST((%s) AS %s) FROM %s WHERE ctid = $1::tid%s%s%s",
                           value ? value : "NULL", w->type, w->qualified, rows ? " AND (" : "",
                           rows ? rows : "", rows ? ")" : "");
    free(value);
    return sql;
}

static const struct batch_words words = {
    .blocks = blocks,
    .keys = keys_batch,
    .extent = extent,
    .key_bounds = key_bounds,
    .last_key = last_key,
    .shape = shape,
    .left = left,
    .rows_of = rows_of,
    .value_at = value_at,
};

const struct batch_words *batch_words(enum db_engine engine)
{
    (void)engine; /* MySQL's words come with its driver */
    return &words;
}
