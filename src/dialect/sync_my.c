#include "config.h"
#include "dialect/sync_my.h"

#include "base/digest.h"

#include <stdlib.h>
#include <string.h>

/* Triggers of one time and event fire in the order they were made: ours see what others did. */
char *sync_my_name(const struct ddl_subject *s, const char *what, const char *when)
{
    char hex[DIGEST_HEX];
    digest_hex(s->words.id, strlen(s->words.id), s->words.qualified, strlen(s->words.qualified),
               hex);
    return mem_printf("newel_%s_%s_%.10s", what, when, hex);
}

/* "`shop`.`newel_sync_ins_..." */
char *sync_my_mark(const struct ddl_subject *s)
{
    const struct words *w = &s->words;
    const char *const parts[] = {w->column, w->type, w->value, w->where, w->otherwise};
    struct str all = {0};
    char hash[DIGEST_HEX];
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        str_addf(&all, "%s\n--\n", parts[i] ? parts[i] : "");
    digest_hex(str_text(&all), all.len, w->not_null ? "n" : "", w->not_null, hash);
    str_free(&all);
    return mem_printf("/* %.16s */", hash);
}

static char *qualified_name(const struct ddl_subject *s, const char *what, const char *when)
{
    char *bare = sync_my_name(s, what, when), *schema = db_quote_name(DB_MYSQL, s->schema);
    char *name = mem_printf("%s.%s", schema, bare);
    free(bare);
    free(schema);
    return name;
}

static bool is_needed(const struct words *w, const char *column)
{
    return words_mention(w->value, column) || words_mention(w->where, column) ||
           words_mention(w->otherwise, column);
}

/*
 * "(SELECT NEW.`a` AS `a`, ...) AS `orders`": the row under the names that the
 * expression knows, with the columns that occur in it. `from`: "", or where `row` is.
 */
static void add_row(struct str *out, const struct ddl_subject *s, const char *row, const char *from)
{
    bool some = false;
    str_add(out, "(SELECT ");
    for (size_t i = 0; i < s->column_count; i++) {
        if (!is_needed(&s->words, s->columns[i]))
            continue;
        char *name = db_quote_name(DB_MYSQL, s->columns[i]);
        str_addf(out, "%s%s.%s AS %s", some ? ", " : "", row, name, name);
        free(name);
        some = true;
    }
    str_addf(out, "%s%s) AS %s", some ? "" : "1 AS newel_none", from, s->words.table);
}

static void add_value(struct str *out, const struct ddl_subject *s, const char *row)
{
    char *value = words_value(&s->words);
    const char *rows = words_rows(&s->words);
    str_addf(out, "(SELECT (%s) FROM ", value ? value : "NULL");
    add_row(out, s, row, "");
    if (rows)
        str_addf(out, " WHERE (%s)", rows);
    str_add(out, ")");
    free(value);
}

static void begin(struct str *out, const struct ddl_subject *s, const char *what, bool insert)
{
    char *name = qualified_name(s, what, insert ? "ins" : "upd"), *mark = sync_my_mark(s);
    str_addf(out,
             "DROP TRIGGER IF EXISTS %s\n;;\n"
             "CREATE TRIGGER %s BEFORE %s ON %s FOR EACH ROW\nBEGIN %s\n",
             name, name, insert ? "INSERT" : "UPDATE", s->words.qualified, mark);
    free(name);
    free(mark);
}

static void end(struct str *out)
{
    str_add(out, "END\n;;\n");
}

/*
 * Whatever goes wrong in the expression must not break the application's write:
 * the row stays without its value, and verify finds it.
 */
char *sync_my_insert(const struct ddl_subject *s)
{
    const char *c = s->words.column;
    struct str b = {0};
    begin(&b, s, "sync", true);
    str_addf(&b,
             "  DECLARE EXIT HANDLER FOR SQLEXCEPTION SET NEW.%s = NULL;\n"
             "  IF NEW.%s IS NULL THEN\n    SET NEW.%s = ",
             c, c, c);
    add_value(&b, s, "NEW");
    str_add(&b, ";\n  END IF;\n");
    end(&b);
    return str_take(&b);
}

/* As bytes: to a collation two texts may be alike that the application tells apart. */
static void add_same(struct str *out, const char *column)
{
    str_addf(out, "CAST(NEW.%s AS BINARY) <=> CAST(OLD.%s AS BINARY)", column, column);
}

/*
 * A value is the application's own when it differs from what the expression gives
 * for the row as it was; that one is left alone. So is what the statement itself
 * puts into the column. A derived value that cannot be computed anew goes, so
 * that verify finds the row; not so under NOT NULL, where taking it away would
 * break the write. Values are computed in the column itself: a variable of its
 * type would have the database's character set and not the table's.
 */
char *sync_my_update(const struct ddl_subject *s)
{
    const char *c = s->words.column, *rows = words_rows(&s->words);
    struct str b = {0};
    begin(&b, s, "sync", false);
    str_addf(&b,
             "  DECLARE newel_derived boolean DEFAULT FALSE;\n"
             "  DECLARE EXIT HANDLER FOR SQLEXCEPTION SET NEW.%s = %sOLD.%s%s;\n  IF ",
             c, s->words.not_null ? "" : "IF(newel_derived, NULL, ", c,
             s->words.not_null ? "" : ")");
    add_same(&b, c);
    str_addf(&b, " THEN\n    IF OLD.%s IS NOT NULL THEN\n      SET NEW.%s = ", c, c);
    add_value(&b, s, "OLD");
    str_add(&b, ";\n      SET newel_derived = ");
    add_same(&b, c);
    str_addf(&b,
             ";\n      SET NEW.%s = OLD.%s;\n    END IF;\n    IF (OLD.%s IS NULL OR newel_derived)",
             c, c, c);
    if (rows) {
        str_add(&b, "\n      AND (SELECT COUNT(*) FROM ");
        add_row(&b, s, "NEW", "");
        str_addf(&b, " WHERE (%s))", rows);
    }
    str_addf(&b, " THEN\n      SET NEW.%s = ", c);
    add_value(&b, s, "NEW");
    str_add(&b, ";\n");
    if (s->words.not_null)
        str_addf(&b, "      IF NEW.%s IS NULL THEN SET NEW.%s = OLD.%s; END IF;\n", c, c, c);
    str_add(&b, "    END IF;\n  END IF;\n");
    end(&b);
    return str_take(&b);
}

char *sync_my_select(const struct ddl_subject *s)
{
    char *value = words_value(&s->words);
    const char *rows = words_rows(&s->words);
    char *from = mem_printf(" FROM %s newel_row", s->words.qualified);
    struct str b = {0};
    str_addf(&b, "SELECT (%s) FROM ", value ? value : "NULL");
    add_row(&b, s, "newel_row", from);
    if (rows)
        str_addf(&b, " WHERE (%s)", rows);
    free(from);
    free(value);
    return str_take(&b);
}

char *sync_my_refuse(const struct ddl_subject *s, bool insert)
{
    struct str b = {0};
    char *message =
        mem_printf("Column %s cannot be null (newel migration %.40s)", s->column, s->words.id);
    char *quoted = db_quote_text(DB_MYSQL, message);
    begin(&b, s, "null", insert);
    str_addf(&b,
             "  IF NEW.%s IS NULL THEN\n    SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1048,\n"
             "      MESSAGE_TEXT = %s;\n  END IF;\n",
             s->words.column, quoted);
    end(&b);
    free(message);
    free(quoted);
    return str_take(&b);
}

char *sync_my_drop(const struct ddl_subject *s, const char *what)
{
    char *insert = qualified_name(s, what, "ins"), *update = qualified_name(s, what, "upd");
    char *sql = mem_printf("DROP TRIGGER IF EXISTS %s;\nDROP TRIGGER IF EXISTS %s", insert, update);
    free(insert);
    free(update);
    return sql;
}
