/* What a target's server says of itself and of the table, read before planning. */
#ifndef NEWEL_PLAN_FACTS_H
#define NEWEL_PLAN_FACTS_H

#include "db/db.h"
#include "dialect/ddl.h"
#include "plan/migration.h"

struct key_column {
    char *name;
    char *type; /* as format_type gives it */
};

/* A partition that holds rows. */
struct leaf {
    char *part;      /* what it is known by as long as it is there: its oid, or its name */
    char *qualified; /* as statements say it */
    char *name;      /* as people do */
    char relkind;
    int64_t blocks, heap_bytes, index_bytes, rows;
};

struct facts {
    enum db_engine engine; /* what the server says it is */
    int version;           /* 150020; 90704; 101119 */
    char *version_text;
    char *database, *user, *search_path;

    bool table_exists;
    char *schema, *table; /* bare names */
    char *qualified;      /* quoted, "public.orders" */
    int64_t oid;
    char relkind;     /* 'r' ordinary, 'p' partitioned, ... */
    char persistence; /* 'p', 'u', 't' */
    /* of a partitioned table: of all its partitions together */
    int64_t blocks, heap_bytes, index_bytes, rows_estimate;
    struct leaf *leaves; /* its partitions that hold rows */
    size_t leaf_count;
    int64_t fillfactor; /* percent */
    bool column_exists;
    char *column_type; /* when it exists */
    bool column_not_null;
    struct key_column *key; /* the primary key, in its order */
    size_t key_count;
    double key_correlation; /* of the key's first column with the heap, -1..1; 0 unknown */
    int64_t indexes;
    int64_t tuple_bytes; /* estimate of one row */
    bool newel_schema;   /* our schema is there */

    /* MySQL and MariaDB */
    char **columns; /* all of the table, in order */
    size_t column_count;
    char *auto_increment; /* the column that is so; NULL: none */
    char *storage;        /* "InnoDB" */
    char *row_format;
    int64_t fulltext;     /* indexes */
    int64_t row_versions; /* UNKNOWN: not told */
    char **generated;     /* columns that are computed from others */
    size_t generated_count;
    /* how the column can be added, taken back, and made NOT NULL */
    enum ddl_algorithm add_by, drop_by, enforce_by;
    const char *add_by_why;
    bool read_only;          /* the server takes no writes */
    char *binlog_format;     /* "ROW"; NULL: no binary log is written */
    char *row_image;         /* "FULL", "MINIMAL": what it holds of a row */
    int64_t cluster_nodes;   /* of Galera; 0: none */
    char *cluster_method;    /* how the cluster runs DDL: "TOI" */
    char *instant_allowed;   /* MariaDB: "never", "add_last", "add_drop_reorder" */
    int64_t alter_log_bytes; /* what may be written while a table is built anew */
};

/* The partitions of now, in facts_compare_parts' order; none where the table has none. The caller
 * frees them. */
bool facts_leaves(struct db *db, const struct facts *f, struct leaf **leaves, size_t *count,
                  struct error *e) MUST_CHECK;
void leaves_free(struct leaf *leaves, size_t count);
/* As strcmp() does, but the shorter first: p9 before p10, and oids by their number. */
int facts_compare_parts(const char *a, const char *b);

/*
 * What names the table in the dialect's questions: its oid, or schema and name.
 * Returns how many of `params` (room for two) it has filled.
 */
int facts_ref(const struct facts *f, char oid[24], const char **params);

bool facts_read(struct db *db, const struct migration *m, struct facts *f,
                struct error *e) MUST_CHECK;
void facts_free(struct facts *f);

#endif
