#include "config.h"
#include "plan/facts.h"

#include "dialect/ddl.h"

#include <inttypes.h>
#include <stdlib.h>

static bool read_server(struct db *db, const struct ddl_words *words, struct facts *f,
                        struct error *e)
{
    struct db_rows *rows;
    if (db_query(db, &rows, e, words->server, 0, NULL) != DB_OK)
        return false;
    f->version = (int)db_int(rows, 0, 0, 0);
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

static bool read_table(struct db *db, const struct ddl_words *words, const struct migration *m,
                       struct facts *f, struct error *e)
{
    const char *params[] = {m->table};
    struct db_rows *rows;
    if (db_query(db, &rows, e, words->table, 1, params) != DB_OK)
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

static bool read_column(struct db *db, const struct ddl_words *words, const struct migration *m,
                        const char *oid, struct facts *f, struct error *e)
{
    const char *params[] = {oid, m->column};
    struct db_rows *rows;
    if (db_query(db, &rows, e, words->column, 2, params) != DB_OK)
        return false;
    f->column_exists = db_row_count(rows) == 1;
    if (f->column_exists) {
        f->column_type = mem_dup(db_value(rows, 0, 0));
        f->column_not_null = db_bool(rows, 0, 1);
    }
    db_rows_free(rows);
    return true;
}

static bool read_key(struct db *db, const struct ddl_words *words, const char *oid, struct facts *f,
                     struct error *e)
{
    const char *params[] = {oid};
    struct db_rows *rows;
    if (db_query(db, &rows, e, words->key, 1, params) != DB_OK)
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

bool facts_read(struct db *db, const struct migration *m, struct facts *f, struct error *e)
{
    *f = (struct facts){0};
    f->engine = db_engine_of(db);
    const struct ddl_words *words = ddl_words(f->engine);
    if (!read_server(db, words, f, e) || !read_table(db, words, m, f, e))
        return false;
    if (!f->table_exists)
        return true;
    char oid[24];
    (void)snprintf(oid, sizeof oid, "%" PRId64, f->oid);
    return read_column(db, words, m, oid, f, e) && read_key(db, words, oid, f, e);
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
    *f = (struct facts){0};
}
