#include "config.h"
#include "plan/facts.h"

#include "base/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool read_server(struct db *db, const struct ddl_words *words, struct facts *f,
                        struct error *e)
{
    struct db_rows *rows;
    if (db_query(db, &rows, e, words->server, 0, NULL) != DB_OK)
        return false;
    f->version = db_server_version(db);
    f->version_text = mem_dup(db_value(rows, 0, 1));
    f->database = mem_dup(db_value(rows, 0, 2));
    f->user = mem_dup(db_value(rows, 0, 3));
    f->search_path = mem_dup(db_value(rows, 0, 4));
    f->newel_schema = db_bool(rows, 0, 5);
    db_rows_free(rows);
    return true;
}

static char first_char(const struct db_rows *rows, int row, int column)
{
    const char *text = db_value(rows, row, column);
    return text ? text[0] : '\0';
}

/* `*at` is set behind the name, quoted in either way or bare; the caller frees it. */
static char *take_name(const char **at)
{
    struct str name = {0};
    const char *p = *at;
    if (*p == '`' || *p == '"') {
        char quote = *p;
        for (p++; *p && (*p != quote || p[1] == quote); p++) {
            str_add_char(&name, *p);
            p += *p == quote;
        }
        p += *p == quote;
    } else {
        size_t n = strcspn(p, ".");
        str_add_n(&name, p, n);
        p += n;
    }
    *at = p;
    return str_take(&name);
}

/* PostgreSQL reads a name itself; elsewhere it is taken apart here. */
static bool ask_table(struct db *db, const struct ddl_words *words, const struct migration *m,
                      const struct facts *f, struct db_rows **rows, struct error *e)
{
    if (f->engine == DB_POSTGRESQL) {
        const char *params[] = {m->table};
        return db_query(db, rows, e, words->table, 1, params) == DB_OK;
    }
    const char *at = m->table;
    char *first = take_name(&at), *second = NULL;
    if (*at == '.') {
        at++;
        second = take_name(&at);
    }
    const char *params[] = {second ? first : NULL, second ? second : first};
    bool ok = db_query(db, rows, e, words->table, 2, params) == DB_OK;
    free(first);
    free(second);
    return ok;
}

static bool read_table(struct db *db, const struct ddl_words *words, const struct migration *m,
                       struct facts *f, struct error *e)
{
    struct db_rows *rows;
    if (!ask_table(db, words, m, f, &rows, e))
        return false;
    f->table_exists = db_row_count(rows) == 1;
    if (f->table_exists) {
        f->schema = mem_dup(db_value(rows, 0, 0));
        f->table = mem_dup(db_value(rows, 0, 1));
        f->qualified = mem_dup(db_value(rows, 0, 2));
        f->oid = db_int(rows, 0, 3, 0);
        f->relkind = first_char(rows, 0, 4);
        f->persistence = first_char(rows, 0, 5);
        f->blocks = db_int(rows, 0, 6, 0);
        f->heap_bytes = db_int(rows, 0, 7, 0);
        f->index_bytes = db_int(rows, 0, 8, 0);
        f->rows_estimate = db_int(rows, 0, 9, 0);
        f->fillfactor = db_int(rows, 0, 10, 100);
        f->indexes = db_int(rows, 0, 11, 0);
        f->tuple_bytes = db_int(rows, 0, 12, 0);
    }
    db_rows_free(rows);
    return true;
}

int facts_compare_parts(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    return n == m ? strcmp(a, b) : n < m ? -1 : 1;
}

static int by_part(const void *a, const void *b)
{
    return facts_compare_parts(((const struct leaf *)a)->part, ((const struct leaf *)b)->part);
}

bool facts_leaves(struct db *db, const struct facts *f, struct leaf **leaves, size_t *count,
                  struct error *e)
{
    *leaves = NULL;
    *count = 0;
    const char *sql = ddl_words(f->engine)->leaves;
    if (f->relkind != 'p' || !sql)
        return true;
    char oid[24];
    const char *params[2];
    struct db_rows *rows;
    if (db_query(db, &rows, e, sql, facts_ref(f, oid, params), params) != DB_OK)
        return false;
    for (int i = 0; i < db_row_count(rows); i++) {
        struct leaf *leaf = VEC_PUSH(*leaves, *count);
        *leaf = (struct leaf){
            .part = mem_dup(db_value(rows, i, 0)),
            .qualified = mem_dup(db_value(rows, i, 1)),
            .name = mem_dup(db_value(rows, i, 2)),
            .relkind = first_char(rows, i, 3),
            .blocks = db_int(rows, i, 4, 0),
            .heap_bytes = db_int(rows, i, 5, 0),
            .index_bytes = db_int(rows, i, 6, 0),
            .rows = db_int(rows, i, 7, 0),
        };
    }
    db_rows_free(rows);
    if (*count)
        qsort(*leaves, *count, sizeof **leaves, by_part);
    return true;
}

void leaves_free(struct leaf *leaves, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(leaves[i].part);
        free(leaves[i].qualified);
        free(leaves[i].name);
    }
    free(leaves);
}

static bool read_leaves(struct db *db, struct facts *f, struct error *e)
{
    if (!facts_leaves(db, f, &f->leaves, &f->leaf_count, e))
        return false;
    if (f->leaf_count)
        f->blocks = f->heap_bytes = f->index_bytes = f->rows_estimate = 0;
    for (size_t i = 0; i < f->leaf_count; i++) {
        f->blocks += f->leaves[i].blocks;
        f->heap_bytes += f->leaves[i].heap_bytes;
        f->index_bytes += f->leaves[i].index_bytes;
        f->rows_estimate += f->leaves[i].rows;
    }
    return true;
}

int facts_ref(const struct facts *f, char oid[24], const char **params)
{
    if (f->engine == DB_POSTGRESQL) {
        (void)snprintf(oid, 24, "%" PRId64, f->oid);
        params[0] = oid;
        return 1;
    }
    params[0] = f->schema;
    params[1] = f->table;
    return 2;
}

static bool read_column(struct db *db, const struct ddl_words *words, const struct migration *m,
                        struct facts *f, struct error *e)
{
    char oid[24];
    const char *params[3];
    int count = facts_ref(f, oid, params);
    params[count] = m->column;
    struct db_rows *rows;
    if (db_query(db, &rows, e, words->column, count + 1, params) != DB_OK)
        return false;
    f->column_exists = db_row_count(rows) == 1;
    if (f->column_exists) {
        f->column_type = mem_dup(db_value(rows, 0, 0));
        f->column_not_null = db_bool(rows, 0, 1);
    }
    db_rows_free(rows);
    return true;
}

static bool read_key(struct db *db, const struct ddl_words *words, struct facts *f, struct error *e)
{
    char oid[24];
    const char *params[2];
    struct db_rows *rows;
    if (db_query(db, &rows, e, words->key, facts_ref(f, oid, params), params) != DB_OK)
        return false;
    for (int i = 0; i < db_row_count(rows); i++) {
        struct key_column *k = VEC_PUSH(f->key, f->key_count);
        k->name = mem_dup(db_value(rows, i, 0));
        k->type = mem_dup(db_value(rows, i, 1));
    }
    f->key_correlation = db_real(rows, 0, 2, 0);
    db_rows_free(rows);
    return true;
}

static bool read_columns(struct db *db, const struct ddl_words *words, struct facts *f,
                         struct error *e)
{
    char oid[24];
    const char *params[2];
    struct db_rows *rows;
    if (!words->columns)
        return true;
    if (db_query(db, &rows, e, words->columns, facts_ref(f, oid, params), params) != DB_OK)
        return false;
    for (int i = 0; i < db_row_count(rows); i++) {
        *VEC_PUSH(f->columns, f->column_count) = mem_dup(db_value(rows, i, 0));
        if (db_bool(rows, i, 1) && !f->auto_increment)
            f->auto_increment = mem_dup(db_value(rows, i, 0));
        if (db_bool(rows, i, 2))
            *VEC_PUSH(f->generated, f->generated_count) = mem_dup(db_value(rows, i, 0));
    }
    db_rows_free(rows);
    return true;
}

/* How many columns a table can take at once before it has to be built anew. */
static int64_t versions_most(int version)
{
    return version >= 90100 ? 255 : 64;
}

static bool is_text(const char *a, const char *b)
{
    return a && strcasecmp(a, b) == 0;
}

static void add_slowly(struct facts *f, enum ddl_algorithm by, const char *why)
{
    f->add_by = f->drop_by = by;
    f->add_by_why = why;
}

static void choose_algorithm(struct facts *f)
{
    bool maria = f->engine == DB_MARIADB;
    f->add_by = f->drop_by = DDL_INSTANT;
    f->add_by_why = "the dictionary alone is written";
    f->enforce_by = DDL_INPLACE;
    /* a column could be added at once for years before it could be dropped so */
    if ((!maria && f->version < 80029) || is_text(f->instant_allowed, "add_last"))
        f->drop_by = DDL_INPLACE;
    if (f->fulltext > 0)
        f->enforce_by = maria ? DDL_INPLACE_SHARED : DDL_COPY;
    if (f->row_versions >= versions_most(f->version) - 1)
        f->drop_by = DDL_INPLACE;
    if (is_text(f->row_format, "Compressed"))
        add_slowly(f, DDL_INPLACE, "ROW_FORMAT=COMPRESSED cannot do it at once");
    else if (f->fulltext > 0)
        add_slowly(f, f->enforce_by, "a table with a FULLTEXT index cannot do it at once");
    else if (!maria && f->version < 80012)
        add_slowly(f, DDL_INPLACE, "before MySQL 8.0.12 no table can do it at once");
    else if (is_text(f->instant_allowed, "never"))
        add_slowly(f, DDL_INPLACE, "innodb_instant_alter_column_allowed is never");
    else if (f->row_versions >= versions_most(f->version))
        add_slowly(f, DDL_INPLACE,
                   "columns were added and dropped at once as often as a table can "
                   "bear: it has to be built anew");
}

/* Takes over a setting that a plan depends on. */
static void take_variable(struct facts *f, const char *name, const char *value, bool *log,
                          bool *cluster)
{
    const struct {
        const char *name;
        char **into;
    } texts[] = {
        {"binlog_format", &f->binlog_format},
        {"binlog_row_image", &f->row_image},
        {"wsrep_osu_method", &f->cluster_method},
        {"innodb_instant_alter_column_allowed", &f->instant_allowed},
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (is_text(name, texts[i].name) && !*texts[i].into)
            *texts[i].into = mem_dup(value);
    f->read_only |= is_text(name, "read_only") && !is_text(value, "OFF");
    *log |= is_text(name, "log_bin") && is_text(value, "ON");
    *cluster |= is_text(name, "wsrep_on") && is_text(value, "ON");
    if (is_text(name, "innodb_online_alter_log_max_size") && value)
        f->alter_log_bytes = strtoll(value, NULL, 10);
}

static bool read_settings(struct db *db, const struct ddl_words *words, struct facts *f,
                          struct error *e)
{
    struct db_rows *rows;
    bool log = false, cluster = false;
    if (!words->variables)
        return true;
    if (db_query(db, &rows, e, words->variables, 0, NULL) != DB_OK)
        return false;
    for (int i = 0; i < db_row_count(rows); i++)
        take_variable(f, db_value(rows, i, 0), db_value(rows, i, 1), &log, &cluster);
    db_rows_free(rows);
    if (!log) {
        free(f->binlog_format);
        f->binlog_format = NULL;
    }
    if (!cluster)
        return true;
    if (db_query(db, &rows, e, words->cluster, 0, NULL) != DB_OK)
        return false;
    f->cluster_nodes = db_row_count(rows) ? db_int(rows, 0, 1, 1) : 1;
    db_rows_free(rows);
    return true;
}

static bool read_storage(struct db *db, const struct ddl_words *words, struct facts *f,
                         struct error *e)
{
    char oid[24];
    const char *params[2];
    struct db_rows *rows;
    if (!words->storage)
        return true;
    int count = facts_ref(f, oid, params);
    if (db_query(db, &rows, e, words->storage, count, params) != DB_OK)
        return false;
    f->storage = mem_dup(db_value(rows, 0, 0));
    f->row_format = mem_dup(db_value(rows, 0, 1));
    f->fulltext = db_int(rows, 0, 2, 0);
    db_rows_free(rows);
    f->row_versions = UNKNOWN;
    struct error ignored; /* needs PROCESS: without it the server's refusal tells */
    if (words->row_versions &&
        db_query(db, &rows, &ignored, words->row_versions, count, params) == DB_OK) {
        f->row_versions = db_int(rows, 0, 0, UNKNOWN);
        db_rows_free(rows);
    }
    choose_algorithm(f);
    return true;
}

bool facts_read(struct db *db, const struct migration *m, struct facts *f, struct error *e)
{
    *f = (struct facts){0};
    f->engine = db_engine_of(db);
    const struct ddl_words *words = ddl_words(f->engine);
    if (!read_server(db, words, f, e) || !read_table(db, words, m, f, e))
        return false;
    if (!f->table_exists)
        return true;
    return read_leaves(db, f, e) && read_column(db, words, m, f, e) && read_key(db, words, f, e) &&
           read_columns(db, words, f, e) && read_settings(db, words, f, e) &&
           read_storage(db, words, f, e);
}

void facts_free(struct facts *f)
{
    free(f->version_text);
    free(f->database);
    free(f->user);
    free(f->search_path);
    free(f->schema);
    free(f->table);
    free(f->qualified);
    free(f->column_type);
    for (size_t i = 0; i < f->key_count; i++) {
        free(f->key[i].name);
        free(f->key[i].type);
    }
    free(f->key);
    for (size_t i = 0; i < f->column_count; i++)
        free(f->columns[i]);
    free(f->columns);
    free(f->auto_increment);
    free(f->storage);
    free(f->row_format);
    for (size_t i = 0; i < f->generated_count; i++)
        free(f->generated[i]);
    free(f->generated);
    free(f->binlog_format);
    free(f->row_image);
    free(f->cluster_method);
    free(f->instant_allowed);
    leaves_free(f->leaves, f->leaf_count);
    *f = (struct facts){0};
}
