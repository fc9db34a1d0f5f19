/* What a server's EXPLAIN says in JSON, in figures that can be compared. Pure. */
#ifndef NEWEL_ENGINE_QUERY_PLAN_H
#define NEWEL_ENGINE_QUERY_PLAN_H

#include <stdbool.h>

/*
 * Reads PostgreSQL's form, MySQL's two, and MariaDB's. MariaDB before 11 tells no
 * cost: there it is the number of rows that are looked at. -1: not told. False
 * when the text is of none of these forms.
 */
bool query_plan_read(const char *json, double *cost, double *rows);

#endif
