/* The questions to PostgreSQL by subject, and what it is tried with; for check_pg*.c alone. */
#ifndef NEWEL_DIALECT_CHECK_PG_H
#define NEWEL_DIALECT_CHECK_PG_H

#include "dialect/check.h"

extern const struct check_set check_pg_rights;   /* what we may do */
extern const struct check_set check_pg_table;    /* what the table is, and what hangs on it */
extern const struct check_set check_pg_health;   /* how well it is looked after */
extern const struct check_set check_pg_activity; /* what others do to it now */
extern const struct check_set check_pg_copies;   /* replication, log and slots */
extern const struct check_set check_pg_server;   /* settings and room of the whole server */
extern const struct check_set check_pg_replica;  /* asked of each replica */

/* A session as people know it: its application, else its role. */
#define CHECK_PG_WHO(a) "coalesce(nullif(" a ".application_name, ''), " a ".usename, '?')"
/* Seconds since a moment. */
#define CHECK_PG_SINCE(moment) "extract(epoch FROM clock_timestamp() - " moment ")::int"

char *check_pg_read_sample(const struct batch_subject *s, int64_t rows, int64_t most);
char *check_pg_try_sample(const struct batch_subject *s, int64_t rows, int64_t most);
char *check_pg_list_sample(const struct batch_subject *s, int64_t rows, int64_t most);
char *check_pg_try_places(const struct batch_subject *s);
char *check_pg_explain_value(const struct ddl_subject *s);

#endif
