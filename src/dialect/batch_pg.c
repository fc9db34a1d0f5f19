#include "config.h"
#include "dialect/batch.h"

#include <inttypes.h>
#include <stdlib.h>

/* Blocks of one chunk when rows are counted, and when one is looked for. */
#define LEFT_BLOCKS 4096
#define BLAME_BLOCKS 256
/* Enough rows in a sample to cut ranges of about the same size. */
#define SAMPLE_ROWS 30000.0

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

/* A partition goes by the table's name, so that an expression may say it. */
static char *from(const struct words *w)
{
    return w->part ? mem_printf("%s AS %s", w->qualified, w->table) : mem_dup(w->qualified);
}

/* What a place in the heap is held to: the file that it was read from. */
static void add_shape(struct str *s, const struct words *w)
{
    char *regclass = db_quote_text(DB_POSTGRESQL, w->qualified);
    if (w->part)
        str_addf(s, "'%s:' || ", w->part);
    str_addf(s, "pg_relation_filenode(%s)::text", regclass);
    free(regclass);
}

static void add_update(struct str *s, const struct words *w, const char *place)
{
    char *value = words_value(w);
    const char *rows = words_rows(w);
    char *table = from(w);
    str_addf(s, "written AS (UPDATE %s SET %s = %s\n    WHERE %s\n      AND %s.%s IS NULL", table,
             w->column, value ? value : "NULL", place, w->table, w->column);
    if (rows)
        str_addf(s, "\n      AND (%s)", rows);
    /* a row whose value is NULL has it already: writing it would leave a dead row and no end */
    if (value)
        str_addf(s, "\n      AND (%s) IS NOT NULL", value);
    str_add(s, "\n    RETURNING 1),\n");
    free(value);
    free(table);
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
    str_add(&s, "      AND shape = ");
    add_shape(&s, w);
    str_add(&s, "\n      AND EXISTS (SELECT FROM lease) RETURNING 1)\n"
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

/*
 * $1 id $2 epoch $3 lane $4 old cursor $5 rows, then the upper bound's columns,
 * then (unless `first`) the cursor's -> rows written, WAL bytes, new cursor (NULL:
 * the range is done)
 */
static char *keys_batch(const struct batch_subject *b, bool first)
{
    const struct words *w = b->words;
    const struct batch_key *keys = b->keys;
    size_t count = b->key_count;
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
    struct str s = {0};
    char *regclass = db_quote_text(DB_POSTGRESQL, w->qualified);
    str_addf(&s, "SELECT pg_relation_size(%s) / current_setting('block_size')::bigint, ", regclass);
    free(regclass);
    add_shape(&s, w);
    return str_take(&s);
}

static char *keys(const struct batch_subject *b)
{
    return keys_batch(b, false);
}

static enum db_fault by_keys(struct db *db, const struct batch_subject *s,
                             const struct batch_call *call, struct batch_answer *out,
                             struct error *e)
{
    char epoch[24], lane[24], limit[24];
    (void)snprintf(epoch, sizeof epoch, "%" PRId64, call->epoch);
    (void)snprintf(lane, sizeof lane, "%" PRId64, call->lane);
    (void)snprintf(limit, sizeof limit, "%" PRId64, call->rows);
    const char *params[5 + 2 * BATCH_KEY_COLUMNS] = {call->id, epoch, lane, call->cursor, limit};
    size_t upper_count, lower_count;
    json_t *upper = batch_key_values(call->upper, params + 5, &upper_count);
    json_t *lower = batch_key_values(call->cursor, params + 5 + upper_count, &lower_count);
    char *sql = keys_batch(s, lower == NULL);
    struct db_rows *rows;
    enum db_fault fault =
        db_query(db, &rows, e, sql, (int)(5 + upper_count + lower_count), params);
    free(sql);
    json_decref(upper);
    json_decref(lower);
    if (fault != DB_OK)
        return fault;
    *out = (struct batch_answer){
        .written = db_int(rows, 0, 0, 0),
        .wal = db_int(rows, 0, 1, UNKNOWN),
        .cursor = mem_dup(db_value(rows, 0, 2)),
    };
    out->done = out->cursor == NULL;
    db_rows_free(rows);
    return DB_OK;
}

static char *key_bounds(const struct batch_subject *b, int64_t parts, int64_t rows)
{
    double percent = rows > 0 ? 100 * SAMPLE_ROWS / (double)rows : 100;
    struct str s = {0}, names = {0};
    add_names(&names, b->keys, b->key_count, "");
    str_add(&s, "SELECT ");
    add_key_json(&s, b->keys, b->key_count);
    str_addf(&s,
             " FROM (SELECT DISTINCT ON (part) part, %s FROM (SELECT %s, ntile(%" PRId64 ") "
             "OVER (ORDER BY %s) AS part FROM %s TABLESAMPLE SYSTEM (%.6f)) s ORDER BY part, ",
             str_text(&names), str_text(&names), parts, str_text(&names), b->words->qualified,
             percent > 100 ? 100 : percent);
    add_names(&s, b->keys, b->key_count, " DESC");
    str_addf(&s, ") b WHERE part < %" PRId64 " ORDER BY part", parts);
    str_free(&names);
    return str_take(&s);
}

static void add_end(struct str *s, const struct batch_subject *b, const char *suffix)
{
    str_add(s, "(SELECT ");
    add_key_json(s, b->keys, b->key_count);
    str_addf(s, " AS k FROM %s ORDER BY ", b->words->qualified);
    add_names(s, b->keys, b->key_count, suffix);
    str_add(s, " LIMIT 1)");
}

static char *end_keys(const struct batch_subject *b)
{
    struct str s = {0};
    str_add(&s, "SELECT low.k, high.k FROM ");
    add_end(&s, b, "");
    str_add(&s, " low, ");
    add_end(&s, b, " DESC");
    str_add(&s, " high");
    return str_take(&s);
}

void batch_pg_key_text(struct str *s, const struct batch_key *keys, size_t count)
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

static char *left_form(const struct batch_subject *b)
{
    const struct words *w = b->words;
    struct str s = {0};
    char *value = words_value(w);
    const char *rows = words_rows(w);
    str_add(&s, "SELECT count(*), min(newel_key) FROM (SELECT ");
    batch_pg_key_text(&s, b->keys, b->key_count);
    char *table = from(w);
    str_addf(&s, " AS newel_key FROM %s WHERE ctid >= $1::tid AND ctid < $2::tid AND %s.%s IS NULL",
             table, w->table, w->column);
    free(table);
    /* a nullable column may hold the NULL that the expression itself gives */
    if (!w->not_null)
        str_addf(&s, " AND (%s) IS NOT NULL", value ? value : "NULL");
    if (rows && !w->not_null)
        str_addf(&s, " AND (%s)", rows);
    str_add(&s, ") l");
    free(value);
    return str_take(&s);
}

static enum db_fault ask_blocks(struct db *db, const struct words *w, int64_t *blocks,
                                struct error *e)
{
    char *sql = extent(w);
    struct db_rows *rows;
    enum db_fault fault = db_query(db, &rows, e, sql, 0, NULL);
    free(sql);
    if (fault != DB_OK)
        return fault;
    *blocks = db_int(rows, 0, 0, 0);
    db_rows_free(rows);
    return DB_OK;
}

/* The cursor is "BLOCK BLOCKS": the next one, and how many the table had at first. */
static enum db_fault left(struct db *db, const struct batch_subject *s, const char *cursor,
                          struct batch_left *out, struct error *e)
{
    *out = (struct batch_left){0};
    int64_t at = 0, blocks = 0;
    if (sscanf(cursor, "%" SCNd64 " %" SCNd64, &at, &blocks) != 2) {
        enum db_fault fault = ask_blocks(db, s->words, &blocks, e);
        if (fault != DB_OK)
            return fault;
    }
    /* before 14 a range of places is a scan of the whole table: ask once */
    int64_t end = s->version >= 140000 ? at + LEFT_BLOCKS : blocks;
    if (end > blocks)
        end = blocks;
    char low[32], high[32];
    (void)snprintf(low, sizeof low, "(%" PRId64 ",0)", at);
    (void)snprintf(high, sizeof high, "(%" PRId64 ",0)", end);
    const char *params[] = {low, high};
    char *sql = left_form(s);
    struct db_rows *rows;
    enum db_fault fault = db_query(db, &rows, e, sql, 2, params);
    free(sql);
    if (fault != DB_OK)
        return fault;
    out->count = db_int(rows, 0, 0, 0);
    const char *example = db_value(rows, 0, 1);
    (void)snprintf(out->example, sizeof out->example, "%s", example ? example : "");
    db_rows_free(rows);
    if (end < blocks)
        out->cursor = mem_printf("%" PRId64 " %" PRId64, end, blocks);
    return DB_OK;
}

/* $1, $2 blocks as "(n,0)" -> ctid, key as text of each row of the window */
static char *rows_of(const struct batch_subject *b)
{
    const struct words *w = b->words;
    struct str s = {0};
    str_add(&s, "SELECT ctid::text, ");
    batch_pg_key_text(&s, b->keys, b->key_count);
    char *table = from(w);
    str_addf(&s, " FROM %s WHERE ctid >= $1::tid AND ctid < $2::tid AND %s.%s IS NULL", table,
             w->table, w->column);
    free(table);
    return str_take(&s);
}

/* $1 ctid -> the value of that row, or the expression's own error */
static char *value_at(const struct words *w)
{
    char *value = words_value(w);
    const char *rows = words_rows(w);
    char *table = from(w);
    char *sql = mem_printf("SELECT CAST((%s) AS %s) FROM %s WHERE ctid = $1::tid%s%s%s",
                           value ? value : "NULL", w->type, table, rows ? " AND (" : "",
                           rows ? rows : "", rows ? ")" : "");
    free(value);
    free(table);
    return sql;
}

struct search {
    struct db *db;
    char *list, *probe;
    bool (*halted)(void *context);
    void *context;
    struct str *key;
};

static enum db_fault blame_blocks(const struct search *s, int64_t low, int64_t high,
                                  struct error *e)
{
    char from[32], to[32];
    (void)snprintf(from, sizeof from, "(%" PRId64 ",0)", low);
    (void)snprintf(to, sizeof to, "(%" PRId64 ",0)", high);
    const char *params[] = {from, to};
    struct db_rows *rows;
    enum db_fault fault = db_query(s->db, &rows, e, s->list, 2, params);
    if (fault != DB_OK)
        return fault;
    for (int i = 0; fault == DB_OK && i < db_row_count(rows) && !s->halted(s->context); i++) {
        const char *place[] = {db_value(rows, i, 0)};
        fault = db_query(s->db, NULL, e, s->probe, 1, place);
        if (fault == DB_DATA)
            str_add(s->key, db_value(rows, i, 1));
    }
    db_rows_free(rows);
    return fault;
}

static enum db_fault blame(struct db *db, const struct batch_subject *b,
                           const struct batch_place *place, bool (*halted)(void *context),
                           void *context, struct str *key, struct error *e)
{
    struct search s = {db, rows_of(b), value_at(b->words), halted, context, key};
    int64_t low = place->low, end = place->high;
    /* keys are not places: the whole table is looked through */
    enum db_fault fault = place->cursor ? ask_blocks(db, b->words, &end, e) : DB_OK;
    for (; fault == DB_OK && low < end && !halted(context); low += BLAME_BLOCKS)
        fault = blame_blocks(&s, low, low + BLAME_BLOCKS < end ? low + BLAME_BLOCKS : end, e);
    free(s.list);
    free(s.probe);
    return fault;
}

const struct batch_words batch_pg = {
    .blocks = blocks,
    .extent = extent,
    .by_keys = by_keys,
    .keys = keys,
    .key_bounds = key_bounds,
    .end_keys = end_keys,
    .left = left,
    .left_form = left_form,
    .blame = blame,
};
