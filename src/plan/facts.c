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

static char first_char(const struct db_rows *rows, int column)
{
    const char *text = db_value(rows, 0, column);
    return text ? text[0] : '\0';
}

/* `*at` is set behind the name, quoted with backticks or bare; the caller frees it. */
static char *take_name(const char **at)
{
    struct str name = {0};
    const char *p = *at;
    if (*p == '`') {
        for (p++; *p && (*p != '`' || p[1] == '`'); p++) {
            str_add_char(&name, *p);
            p += *p == '`';
        }
        p += *p == '`';
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
        f->relkind = first_char(rows, 4);
        f->persistence = first_char(rows, 5);
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
    }
    db_rows_free(rows);
    return true;
}

/* How many columns a table can take at once before it has to be built anew. */
static int64_t versions_most(int version)
{
    return version >= 90100 ? 255 : 64;
}

static void choose_algorithm(struct facts *f)
{
    f->add_by = DDL_INSTANT;
    f->add_by_why = "the dictionary alone is written";
    if (f->row_format && strcasecmp(f->row_format, "Compressed") == 0) {
        f->add_by = DDL_INPLACE;
        f->add_by_why = "ROW_FORMAT=COMPRESSED cannot do it at once";
    } else if (f->fulltext > 0) {
        f->add_by = f->engine == DB_MARIADB ? DDL_INPLACE_SHARED : DDL_COPY;
        f->add_by_why = "a table with a FULLTEXT index cannot do it at once";
    } else if (f->row_versions >= versions_most(f->version)) {
        f->add_by = DDL_INPLACE;
        f->add_by_why = "columns were added and dropped at once as often as a table can bear: it "
                        "has to be built anew";
    }
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
    return read_column(db, words, m, f, e) && read_key(db, words, f, e) &&
           read_columns(db, words, f, e) && read_storage(db, words, f, e);
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
    *f = (struct facts){0};
}
