/*
 * Which screens are tables, and what keys and the mouse do to them: sort,
 * filter, and stand on a row, which is followed by what it is and not by its place.
 */
#ifndef NEWEL_UI_TABLES_H
#define NEWEL_UI_TABLES_H

#include "ui/grid.h"
#include "ui/view.h"

/* Rows and columns of a screen, as yet without order and room. */
typedef void table_rows(const struct model_target *t, const struct model *m, const struct view *v,
                        struct grid *g);
/* Where it lies in what the screen has below its first line, once it is known how many are shown.
 */
typedef struct rect table_room(const struct grid *g, struct rect r);
table_room locks_room, replicas_room, clients_room;

table_rows tables_rows, locks_rows, replicas_rows, targets_rows, plans_rows, clients_rows, log_rows;

/* Is the screen one stands on a table now? */
bool tables_here(const struct model *m, const struct view *v);
/*
 * The table of the screen one stands on, arranged within `r`, the room that the
 * screen has. False: it is none. tables_close() in any case.
 */
bool tables_open(struct grid *g, const struct model *m, const struct view *v, struct rect r);
void tables_close(struct grid *g);
/* The row that is chosen on that screen, or -1 when it is gone (or none is). */
int tables_chosen(const struct model *m, const struct view *v);

/* ---- what the operator does to it ---- */

void tables_move(struct view *v, const struct model *m, int by);
/* Stands on the row where the cursor is. False: there is none. */
bool tables_choose(struct view *v, const struct model *m);
/* Stands on that one of the rows as they come, if it is shown. */
void tables_choose_row(struct view *v, const struct model *m, size_t row);
void tables_unchoose(struct view *v); /* on every screen: another target's rows */
/* The next column (1), the one before (-1); between last and first, the order as rows come. */
void tables_sort(struct view *v, const struct model *m, int by);
void tables_reverse(struct view *v, const struct model *m);
/* NULL or empty: all rows. */
void tables_filter(struct view *v, const struct model *m, const char *text);

/* What lies at a place of a terminal of that size; of a page or a question: nothing. */
struct grid_hit tables_hit(const struct model *m, const struct view *v, int width, int height,
                           int x, int y);
/*
 * Sorts by the heading (again: the other way round), or stands on the row. True when
 * one stood there already.
 */
bool tables_click(struct view *v, const struct model *m, struct grid_hit hit);

/* Notes what the coming frame shows, so that it marks changes. True while something is marked. */
bool tables_watch(struct view *v, const struct model *m, int width, int height, int64_t mono_us);

#endif
