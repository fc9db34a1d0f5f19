#include "config.h"
#include "dialect/check_pg.h"

#include <inttypes.h>
#include <stdlib.h>

/* A table that is not much larger than its sample is read from its beginning. */
#define SMALL 20
/* Places hold unlike numbers of rows: more of them than needed, and then a limit. */
#define SPARE 3.0

/* "FROM t AS t TABLESAMPLE ...": the same rows each time, so that a plan can be compared. */
static void add_sample(struct str *s, const struct words *w, int64_t rows, int64_t most)
{
    str_addf(s, " FROM %s AS %s", w->qualified, w->table);
    if (rows > most * SMALL)
        str_addf(s, " TABLESAMPLE SYSTEM (%.6f) REPEATABLE (7)",
                 SPARE * 100 * (double)most / (double)rows);
    if (words_rows(w))
        str_addf(s, " WHERE (%s)", words_rows(w));
    str_addf(s, " LIMIT %" PRId64, most);
}

char *check_pg_read_sample(const struct batch_subject *b, int64_t rows, int64_t most)
{
    struct str s = {0};
    str_addf(&s, "SELECT count(r) FROM (SELECT %s AS r", b->words->table);
    add_sample(&s, b->words, rows, most);
    str_add(&s, " OFFSET 0) s");
    return str_take(&s);
}

/*
 * OFFSET 0 keeps the server from leaving out a value that nobody looks at, and
 * from computing it twice. A cast cuts a text that is too long, where the UPDATE
 * of a batch would fail.
 */
char *check_pg_try_sample(const struct batch_subject *b, int64_t rows, int64_t most)
{
    const char *type = b->words->type;
    struct str s = {0};
    char *value = words_value(b->words);
    str_addf(&s,
             "SELECT count(*), count(v), min(k) FILTER (WHERE v IS NULL), count(*) FILTER (WHERE "
             "cut), min(k) FILTER (WHERE cut) FROM (SELECT k, CAST(raw AS %s) AS v, "
             "pg_typeof(CAST(raw AS %s)) = ANY (ARRAY['varchar', 'bpchar', 'bit', "
             "'varbit']::regtype[]) AND length(rtrim(raw::text)) > length(rtrim(CAST(raw AS "
             "%s)::text)) AS cut FROM (SELECT ",
             type, type, type);
    batch_pg_key_text(&s, b->keys, b->key_count);
    str_addf(&s, " AS k, (%s) AS raw", value ? value : "NULL");
    add_sample(&s, b->words, rows, most);
    str_add(&s, " OFFSET 0) a OFFSET 0) s");
    free(value);
    return str_take(&s);
}

char *check_pg_list_sample(const struct batch_subject *b, int64_t rows, int64_t most)
{
    struct str s = {0};
    str_add(&s, "SELECT ctid::text, ");
    batch_pg_key_text(&s, b->keys, b->key_count);
    add_sample(&s, b->words, rows, most);
    return str_take(&s);
}

char *check_pg_try_places(const struct batch_subject *b)
{
    const struct words *w = b->words;
    char *value = words_value(w);
    char *sql = mem_printf("SELECT CAST((%s) AS %s) FROM %s AS %s WHERE %s.ctid = ANY ($1::tid[])",
                           value ? value : "NULL", w->type, w->qualified, w->table, w->table);
    free(value);
    return sql;
}

char *check_pg_explain_value(const struct ddl_subject *d)
{
    struct str s = {0};
    char *value = words_value(&d->words);
    str_addf(&s, "EXPLAIN (VERBOSE, FORMAT JSON) SELECT (%s) FROM %s AS %s", value ? value : "NULL",
             d->words.qualified, d->words.table);
    if (words_rows(&d->words))
        str_addf(&s, " WHERE (%s)", words_rows(&d->words));
    free(value);
    return str_take(&s);
}
