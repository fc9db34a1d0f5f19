#include "config.h"
#include "dialect/sync_my.h"

#include "base/digest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Triggers of one time and event fire in the order they were made: ours see what others did. */
char *sync_my_name(const struct ddl_subject *s, const char *what, const char *when)
{
    char hex[DIGEST_HEX];
    digest_hex(s->words.id, strlen(s->words.id), s->words.qualified, strlen(s->words.qualified),
               hex);
    return mem_printf("newel_%s_%s_%.10s", what, when, hex);
}

/* "`shop`.`newel_sync_ins_..." */
static char *qualified_name(const struct ddl_subject *s, const char *what, const char *when)
{
    char *bare = sync_my_name(s, what, when), *schema = db_quote_name(DB_MYSQL, s->schema);
    char *name = mem_printf("%s.%s", schema, bare);
    free(bare);
    free(schema);
    return name;
}

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (c & 0x80);
}

/* Whether an expression names the column: as a word of its own, in backticks or not. */
static bool mentions(const char *sql, const char *column)
{
    size_t n = strlen(column);
    for (const char *at = sql; at && *at; at++)
        if (strncasecmp(at, column, n) == 0 && (at == sql || !is_word_char(at[-1])) &&
            !is_word_char(at[n]))
            return true;
    /* a backtick inside a name is doubled in text: such a column is always taken */
    return strchr(column, '`') != NULL;
}

static bool is_needed(const struct words *w, const char *column)
{
    return mentions(w->value, column) || mentions(w->where, column) ||
           mentions(w->otherwise, column);
}

/*
 * "(SELECT NEW.`a` AS `a`, ...) AS `orders`": the row under the names that the
 * expression knows, with the columns that occur in it.
 */
static void add_row(struct str *out, const struct ddl_subject *s, const char *row)
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
    str_addf(out, "%s) AS %s", some ? "" : "1 AS newel_none", s->words.table);
}

static void add_value(struct str *out, const struct ddl_subject *s, const char *row)
{
    char *value = words_value(&s->words);
    const char *rows = words_rows(&s->words);
    str_addf(out, "(SELECT (%s) FROM ", value ? value : "NULL");
    add_row(out, s, row);
    if (rows)
        str_addf(out, " WHERE (%s)", rows);
    str_add(out, ")");
    free(value);
}

/* The type alone, as a variable of a trigger may have it. */
static char *bare_type(const char *type)
{
    static const char *const attributes[] = {"comment", "invisible",     "after",   "first",
                                             "null",    "not",           "default", "check",
                                             "on",      "column_format", "storage", "visible"};
    for (const char *at = type; *at; at++) {
        if (at > type && is_word_char(at[-1]))
            continue;
        for (size_t i = 0; i < COUNT_OF(attributes); i++) {
            size_t n = strlen(attributes[i]);
            if (at > type && strncasecmp(at, attributes[i], n) == 0 && !is_word_char(at[n]))
                return mem_printf("%.*s", (int)(at - type), type);
        }
    }
    return mem_dup(type);
}

static void begin(struct str *out, const struct ddl_subject *s, const char *what, bool insert)
{
    char *name = qualified_name(s, what, insert ? "ins" : "upd");
    str_addf(out, "CREATE TRIGGER %s BEFORE %s ON %s FOR EACH ROW\nBEGIN\n", name,
             insert ? "INSERT" : "UPDATE", s->words.qualified);
    free(name);
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
    struct str b = {0};
    begin(&b, s, "sync", true);
    str_addf(&b,
             "  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN END;\n"
             "  IF NEW.%s IS NULL THEN\n    SET NEW.%s = ",
             s->words.column, s->words.column);
    add_value(&b, s, "NEW");
    str_add(&b, ";\n  END IF;\n");
    end(&b);
    return str_take(&b);
}

/*
 * A value is the application's own when it differs from what the expression gives
 * for the row as it was; that one is left alone. So is what the statement itself
 * puts into the column. A derived value that cannot be computed anew goes, so
 * that verify finds the row; not so under NOT NULL, where taking it away would
 * break the write.
 */
char *sync_my_update(const struct ddl_subject *s)
{
    const char *c = s->words.column;
    char *type = bare_type(s->words.type);
    struct str b = {0};
    begin(&b, s, "sync", false);
    str_addf(&b,
             "  DECLARE newel_was %s;\n  DECLARE newel_now %s;\n"
             "  DECLARE newel_rows int DEFAULT 1;\n"
             "  DECLARE newel_derived boolean DEFAULT FALSE;\n"
             "  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN%s%s%s END;\n"
             "  IF NEW.%s <=> OLD.%s THEN\n    IF NEW.%s IS NOT NULL THEN\n"
             "      SET newel_was = ",
             type, type, s->words.not_null ? "" : " IF newel_derived THEN SET NEW.",
             s->words.not_null ? "" : c, s->words.not_null ? "" : " = NULL; END IF;", c, c, c);
    add_value(&b, s, "OLD");
    str_addf(&b,
             ";\n      SET newel_derived = newel_was <=> OLD.%s;\n    END IF;\n"
             "    IF NEW.%s IS NULL OR newel_derived THEN\n",
             c, c);
    if (words_rows(&s->words)) {
        str_add(&b, "      SET newel_rows = (SELECT COUNT(*) FROM ");
        add_row(&b, s, "NEW");
        str_addf(&b, " WHERE (%s));\n", words_rows(&s->words));
    }
    str_add(&b, "      IF newel_rows THEN\n        SET newel_now = ");
    add_value(&b, s, "NEW");
    if (s->words.not_null)
        str_addf(&b, ";\n        SET NEW.%s = COALESCE(newel_now, NEW.%s);\n", c, c);
    else
        str_addf(&b, ";\n        SET NEW.%s = newel_now;\n", c);
    str_add(&b, "      END IF;\n    END IF;\n  END IF;\n");
    end(&b);
    free(type);
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
    char *sql = mem_printf("DROP TRIGGER IF EXISTS %s\n;;\nDROP TRIGGER IF EXISTS %s\n;;\n", insert,
                           update);
    free(insert);
    free(update);
    return sql;
}
