#include "config.h"
#include "dialect/batch.h"

#include "dialect/watch_my.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Rows of one chunk when those without a value are counted. */
#define LEFT_ROWS 50000

/* ---- types ---------------------------------------------------------------- */

static bool is_type(const char *type, const char *name)
{
    size_t n = strlen(name);
    return strncasecmp(type, name, n) == 0 && (type[n] == '\0' || strchr("( ", type[n]));
}

static bool has_word(const char *type, const char *word)
{
    for (const char *at = type; *at; at++)
        if (strncasecmp(at, word, strlen(word)) == 0)
            return true;
    return false;
}

static bool is_integer(const char *type)
{
    static const char *const names[] = {"tinyint", "smallint", "mediumint", "int",
                                        "integer", "bigint",   "year"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (is_type(type, names[i]))
            return true;
    return false;
}

static bool is_bytes(const char *type)
{
    return is_type(type, "binary") || is_type(type, "varbinary") || has_word(type, "blob") ||
           is_type(type, "bit");
}

/* "(10,2)" of "decimal(10,2) unsigned" */
static int precision(const char *type, const char **at)
{
    *at = strchr(type, '(');
    const char *end = *at ? strchr(*at, ')') : NULL;
    if (!end)
        *at = "";
    return end ? (int)(end - *at) + 1 : 0;
}

/*
 * The key's value as a constant of its column's own kind. As a bare text it would
 * be compared with a number by way of a double, which takes two neighbours among
 * great bigints for one.
 */
static void add_literal(struct str *s, const struct batch_key *key, const char *text)
{
    char *quoted = text ? db_quote_text(DB_MYSQL, text) : mem_dup("NULL");
    const char *at;
    int n = precision(key->type, &at);
    if (is_integer(key->type))
        str_addf(s, "CAST(%s AS %s)", quoted,
                 has_word(key->type, "unsigned") ? "UNSIGNED" : "SIGNED");
    else if (is_type(key->type, "decimal") || is_type(key->type, "numeric"))
        str_addf(s, "CAST(%s AS DECIMAL%.*s)", quoted, n, at);
    else if (is_bytes(key->type))
        str_addf(s, "UNHEX(%s)", quoted);
    else if (is_type(key->type, "date"))
        str_addf(s, "CAST(%s AS DATE)", quoted);
    else if (is_type(key->type, "time"))
        str_addf(s, "CAST(%s AS TIME%.*s)", quoted, n, at);
    else if (is_type(key->type, "datetime") || is_type(key->type, "timestamp"))
        str_addf(s, "CAST(%s AS DATETIME%.*s)", quoted, n, at);
    else
        str_add(s, quoted); /* text: the column's collation is the one that compares */
    free(quoted);
}

/* The value as text from which add_literal() makes it again. */
static void add_as_text(struct str *s, const struct batch_key *key)
{
    if (is_bytes(key->type))
        str_addf(s, "HEX(%s)", key->name);
    else
        str_addf(s, "CONVERT(%s USING utf8mb4)", key->name);
}

static void add_key_json(struct str *s, const struct batch_subject *b)
{
    str_add(s, "JSON_ARRAY(");
    for (size_t i = 0; i < b->key_count; i++) {
        if (i)
            str_add(s, ", ");
        add_as_text(s, &b->keys[i]);
    }
    str_add(s, ")");
}

/* The key as people read it: "id=42, day=2026-11-23" */
static void add_key_text(struct str *s, const struct batch_subject *b)
{
    str_add(s, "CONCAT(");
    for (size_t i = 0; i < b->key_count; i++) {
        char *label = mem_printf("%s%s=", i ? ", " : "", b->keys[i].name);
        char *quoted = db_quote_text(DB_MYSQL, label);
        str_addf(s, "%s%s, ", i ? ", " : "", quoted);
        add_as_text(s, &b->keys[i]);
        free(label);
        free(quoted);
    }
    str_add(s, ")");
}

static void add_order(struct str *s, const struct batch_subject *b, const char *suffix)
{
    str_add(s, " ORDER BY ");
    for (size_t i = 0; i < b->key_count; i++)
        str_addf(s, "%s%s%s", i ? ", " : "", b->keys[i].name, suffix);
}

/* ---- ranges of keys ------------------------------------------------------- */

/*
 * " AND (k1 > a OR (k1 = a AND k2 > b))": no server reads a range of an index
 * for (k1, k2) > (a, b). A bound may name the key's first columns alone.
 */
static void add_bound(struct str *s, const struct batch_subject *b, const char *const *values,
                      size_t count, bool above)
{
    if (count == 0)
        return;
    str_add(s, " AND (");
    for (size_t i = 0; i < count; i++) {
        bool last = i + 1 == count;
        str_addf(s, "%s %s ", b->keys[i].name, above ? ">" : last ? "<=" : "<");
        add_literal(s, &b->keys[i], values[i]);
        if (last)
            break;
        str_addf(s, " OR (%s = ", b->keys[i].name);
        add_literal(s, &b->keys[i], values[i]);
        str_add(s, " AND (");
    }
    for (size_t i = 0; i + 1 < count; i++)
        str_add(s, "))");
    str_add(s, ")");
}

/* Keys behind `cursor` up to `upper`; either may be "". Begins with " AND". */
static void add_range(struct str *s, const struct batch_subject *b, const char *cursor,
                      const char *upper)
{
    const char *values[BATCH_KEY_COLUMNS];
    size_t count;
    json_t *key = batch_key_values(cursor, values, &count);
    add_bound(s, b, values, count < b->key_count ? count : b->key_count, true);
    json_decref(key);
    key = batch_key_values(upper, values, &count);
    add_bound(s, b, values, count < b->key_count ? count : b->key_count, false);
    json_decref(key);
}

/* The key of the last of the next `rows` rows; no row when fewer are left. */
static char *bound_sql(const struct batch_subject *b, const char *cursor, const char *upper,
                       int64_t rows)
{
    struct str s = {0};
    str_add(&s, "SELECT ");
    add_key_json(&s, b);
    str_addf(&s, " FROM %s FORCE INDEX (PRIMARY) WHERE TRUE", b->words->qualified);
    add_range(&s, b, cursor, upper);
    add_order(&s, b, "");
    str_addf(&s, " LIMIT 1 OFFSET %" PRId64, rows > 0 ? rows - 1 : 0);
    return str_take(&s);
}

/* ---- a batch -------------------------------------------------------------- */

static void add_write(struct str *s, const struct words *w)
{
    char *value = words_value(w);
    const char *rows = words_rows(w);
    str_addf(s, "UPDATE %s FORCE INDEX (PRIMARY) SET %s = %s\nWHERE %s IS NULL", w->qualified,
             w->column, value ? value : "NULL", w->column);
    if (rows)
        str_addf(s, "\n  AND (%s)", rows);
    /* where NULL may stay, such a value is there already; and MariaDB passes its errors over here
     */
    if (value && !w->not_null)
        str_addf(s, "\n  AND (%s) IS NOT NULL", value);
    free(value);
}

char *batch_my_write(const struct batch_subject *b, int64_t most)
{
    struct str s = {0};
    add_write(&s, b->words);
    str_addf(&s, " LIMIT %" PRId64, most);
    return str_take(&s);
}

/*
 * Compare-and-set: it moves the checkpoint only from where we believe it, and
 * only while its epoch is ours, for taking the lease gives every checkpoint the
 * new epoch.
 */
#define SAVE                                                                                       \
    "UPDATE newel.checkpoint SET `cursor` = $5, done = $#6, `rows` = `rows` + $#7,\n"              \
    "  batches = batches + 1, updated_at = UTC_TIMESTAMP(6)\n"                                     \
    "WHERE migration = $1 AND lane = $#2 AND epoch = $#3 AND `cursor` = $4"

static enum db_fault ask_bound(struct db *db, const struct batch_subject *b, const char *cursor,
                               const char *upper, int64_t rows, char **bound, struct error *e)
{
    char *sql = bound_sql(b, cursor, upper, rows);
    struct db_rows *answer;
    enum db_fault fault = db_query(db, &answer, e, sql, 0, NULL);
    free(sql);
    if (fault != DB_OK)
        return fault;
    *bound = db_row_count(answer) ? mem_dup(db_value(answer, 0, 0)) : NULL;
    db_rows_free(answer);
    return DB_OK;
}

static enum db_fault affect(struct db *db, const char *sql, int count, const char *const *params,
                            int64_t *affected, struct error *e)
{
    struct db_rows *rows;
    enum db_fault fault = db_query(db, &rows, e, sql, count, params);
    if (fault != DB_OK)
        return fault;
    *affected = db_affected(rows);
    db_rows_free(rows);
    return DB_OK;
}

static enum db_fault save(struct db *db, const struct batch_call *call,
                          const struct batch_answer *answer, struct error *e)
{
    char lane[24], epoch[24], written[24];
    (void)snprintf(lane, sizeof lane, "%" PRId64, call->lane);
    (void)snprintf(epoch, sizeof epoch, "%" PRId64, call->epoch);
    (void)snprintf(written, sizeof written, "%" PRId64, answer->written);
    const char *params[] = {
        call->id, lane, epoch, call->cursor, answer->cursor, answer->done ? "1" : "0", written};
    int64_t moved = 0;
    enum db_fault fault = affect(db, SAVE, 7, params, &moved, e);
    if (fault != DB_OK || moved == 1)
        return fault;
    error_set(e, ERROR_PHASE, "the checkpoint of range %s", lane);
    error_why(e, "it has moved, or another engine has taken the lease");
    return DB_FENCED;
}

/* What the batch has written is counted here: after a kill ROW_COUNT() on the server would lie. */
static enum db_fault write_and_save(struct db *db, const struct batch_subject *b,
                                    const struct batch_call *call, struct batch_answer *out,
                                    struct error *e)
{
    enum db_fault fault = db_exec(db, MY_BEGIN, e);
    if (fault != DB_OK)
        return fault;
    struct str sql = {0};
    add_write(&sql, b->words);
    add_range(&sql, b, call->cursor, out->cursor);
    fault = affect(db, str_text(&sql), 0, NULL, &out->written, e);
    str_free(&sql);
    if (fault == DB_OK)
        fault = save(db, call, out, e);
    if (fault == DB_OK)
        fault = db_exec(db, MY_COMMIT, e);
    if (fault != DB_OK && db_alive(db)) {
        struct error ignored; /* a lock timeout ends the statement alone, not the transaction */
        IGNORE(db_exec(db, MY_ROLLBACK, &ignored));
    }
    return fault;
}

static enum db_fault by_keys(struct db *db, const struct batch_subject *b,
                             const struct batch_call *call, struct batch_answer *out,
                             struct error *e)
{
    *out = (struct batch_answer){.wal = UNKNOWN};
    enum db_fault fault = ask_bound(db, b, call->cursor, call->upper, call->rows, &out->cursor, e);
    if (fault != DB_OK)
        return fault;
    if (!out->cursor) {
        out->cursor = mem_dup(call->upper);
        out->done = true;
    }
    fault = write_and_save(db, b, call, out, e);
    if (fault != DB_OK) {
        free(out->cursor);
        out->cursor = NULL;
    }
    return fault;
}

static char *keys(const struct batch_subject *b)
{
    struct str s = {0};
    str_add(&s, "SELECT ");
    add_key_json(&s, b);
    str_addf(&s, " FROM %s FORCE INDEX (PRIMARY)\nWHERE (key behind the cursor)",
             b->words->qualified);
    add_order(&s, b, "");
    str_add(&s, " LIMIT 1 OFFSET (rows - 1);\nSTART TRANSACTION;\n");
    add_write(&s, b->words);
    str_add(&s, "\n  AND (key behind the cursor, up to that one);\n" SAVE ";\nCOMMIT");
    return str_take(&s);
}

/* ---- cutting -------------------------------------------------------------- */

/* Evenly by number, where the key begins with one: no row is read but the first and the last. */
static char *key_bounds(const struct batch_subject *b, int64_t parts, int64_t rows)
{
    (void)rows;
    const char *first = b->keys[0].name, *table = b->words->qualified;
    if (!is_integer(b->keys[0].type))
        return mem_dup("SELECT NULL WHERE FALSE");
    return mem_printf("WITH RECURSIVE part (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM part "
                      "WHERE n + 1 < %" PRId64 ")\n"
                      "SELECT JSON_ARRAY(CONVERT(FLOOR(low + (high - low) / %" PRId64
                      " * n), CHAR)) FROM part,\n"
                      "  (SELECT CAST(min(%s) AS DECIMAL(30)) AS low, "
                      "CAST(max(%s) AS DECIMAL(30)) AS high FROM %s) ends\n"
                      "WHERE high - low >= %" PRId64 " ORDER BY n",
                      parts, parts, first, first, table, parts);
}

static void add_end(struct str *s, const struct batch_subject *b, const char *suffix)
{
    str_add(s, "(SELECT ");
    add_key_json(s, b);
    str_addf(s, " AS k FROM %s", b->words->qualified);
    add_order(s, b, suffix);
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

/* ---- counting ------------------------------------------------------------- */

static void add_left(struct str *s, const struct batch_subject *b)
{
    const struct words *w = b->words;
    char *value = words_value(w);
    const char *rows = words_rows(w);
    str_add(s, "SELECT COUNT(*), MIN(");
    add_key_text(s, b);
    str_addf(s, ") FROM %s FORCE INDEX (PRIMARY)\nWHERE %s IS NULL", w->qualified, w->column);
    /* a nullable column may hold the NULL that the expression itself gives */
    if (!w->not_null)
        str_addf(s, "\n  AND (%s) IS NOT NULL", value ? value : "NULL");
    if (rows && !w->not_null)
        str_addf(s, "\n  AND (%s)", rows);
    free(value);
}

static char *left_form(const struct batch_subject *b)
{
    struct str s = {0};
    add_left(&s, b);
    str_add(&s, "\n  AND (the next chunk of keys)");
    return str_take(&s);
}

static enum db_fault left(struct db *db, const struct batch_subject *b, const char *cursor,
                          struct batch_left *out, struct error *e)
{
    *out = (struct batch_left){0};
    enum db_fault fault = ask_bound(db, b, cursor, "", LEFT_ROWS, &out->cursor, e);
    if (fault != DB_OK)
        return fault;
    struct str sql = {0};
    add_left(&sql, b);
    add_range(&sql, b, cursor, out->cursor);
    struct db_rows *rows;
    fault = db_query(db, &rows, e, str_text(&sql), 0, NULL);
    str_free(&sql);
    if (fault != DB_OK) {
        free(out->cursor);
        out->cursor = NULL;
        return fault;
    }
    out->count = db_int(rows, 0, 0, 0);
    const char *example = db_value(rows, 0, 1);
    (void)snprintf(out->example, sizeof out->example, "%s", example ? example : "");
    db_rows_free(rows);
    return DB_OK;
}

/* ---- blame ---------------------------------------------------------------- */

/*
 * A SELECT would only warn of what an UPDATE refuses: each row is written for a
 * moment, in a transaction that is rolled back.
 */
static enum db_fault try_row(struct db *db, const struct batch_subject *b, const char *key_json,
                             struct error *e)
{
    const char *values[BATCH_KEY_COLUMNS];
    size_t count;
    json_t *key = batch_key_values(key_json, values, &count);
    struct str sql = {0};
    add_write(&sql, b->words);
    for (size_t i = 0; i < count && i < b->key_count; i++) {
        str_addf(&sql, " AND %s = ", b->keys[i].name);
        add_literal(&sql, &b->keys[i], values[i]);
    }
    json_decref(key);
    enum db_fault fault = db_exec(db, MY_BEGIN, e);
    if (fault == DB_OK)
        fault = db_exec(db, str_text(&sql), e);
    struct error ignored; /* what the row says is what counts */
    if (db_alive(db))
        IGNORE(db_exec(db, MY_ROLLBACK, &ignored));
    str_free(&sql);
    return fault;
}

/* The keys of a chunk, behind `cursor`, with their texts. */
static char *chunk_sql(const struct batch_subject *b, const char *cursor, const char *upper)
{
    struct str s = {0};
    str_add(&s, "SELECT ");
    add_key_json(&s, b);
    str_add(&s, ", ");
    add_key_text(&s, b);
    str_addf(&s, " FROM %s FORCE INDEX (PRIMARY) WHERE %s IS NULL", b->words->qualified,
             b->words->column);
    add_range(&s, b, cursor, upper);
    add_order(&s, b, "");
    str_add(&s, " LIMIT 1000");
    return str_take(&s);
}

static enum db_fault blame(struct db *db, const struct batch_subject *b,
                           const struct batch_place *place, bool (*halted)(void *context),
                           void *context, struct str *key, struct error *e)
{
    char *cursor = mem_dup(place->cursor ? place->cursor : "");
    enum db_fault fault = DB_OK;
    while (cursor && fault == DB_OK && !halted(context)) {
        char *sql = chunk_sql(b, cursor, place->upper ? place->upper : "");
        struct db_rows *rows;
        fault = db_query(db, &rows, e, sql, 0, NULL);
        free(sql);
        free(cursor);
        cursor = NULL;
        if (fault != DB_OK)
            break;
        int count = db_row_count(rows);
        for (int i = 0; fault == DB_OK && i < count && !halted(context); i++) {
            fault = try_row(db, b, db_value(rows, i, 0), e);
            if (fault == DB_DATA)
                str_add(key, db_value(rows, i, 1));
        }
        if (count)
            cursor = mem_dup(db_value(rows, count - 1, 0));
        db_rows_free(rows);
    }
    free(cursor);
    return fault;
}

const struct batch_words batch_my = {
    .by_keys = by_keys,
    .keys = keys,
    .key_bounds = key_bounds,
    .end_keys = end_keys,
    .left = left,
    .left_form = left_form,
    .blame = blame,
};
