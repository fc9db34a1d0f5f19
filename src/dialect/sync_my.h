/*
 * The triggers of MySQL and MariaDB: those that keep a column in step, and those
 * that refuse NULL in it, each made anew. Texts are the caller's; where there are
 * bodies each statement ends with a line of ";;", as db_query() wants it.
 */
#ifndef NEWEL_DIALECT_SYNC_MY_H
#define NEWEL_DIALECT_SYNC_MY_H

#include "dialect/ddl.h"

/* What the triggers' bodies hold when they were made of the present words. */
char *sync_my_mark(const struct ddl_subject *s);
/* Bare: "newel_sync_ins_0123456789"; `what` is "sync" or "null". */
char *sync_my_name(const struct ddl_subject *s, const char *what, const char *when);
char *sync_my_insert(const struct ddl_subject *s);
char *sync_my_update(const struct ddl_subject *s);
/* The value of every row, with the columns alone that a trigger knows. */
char *sync_my_select(const struct ddl_subject *s);
char *sync_my_refuse(const struct ddl_subject *s, bool insert);
/* Drops the pair, where it is there. */
char *sync_my_drop(const struct ddl_subject *s, const char *what);

#endif
