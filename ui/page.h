/* Rows in full: what a page says of one, written by the screen that lists it. */
#ifndef NEWEL_UI_PAGE_H
#define NEWEL_UI_PAGE_H

#include "ui/view.h"
#include "ui/widgets.h"

/* Its plans; beside each other where there is room. */
void page_plan(struct paper *p, const struct model_query *q);
void page_plan_draw(struct canvas *c, struct rect r, const struct model_query *q, int scroll);
/* Statements that notice the new column. */
void page_readers(struct paper *p, const struct model_target *t);
void page_table(struct paper *p, const struct model *m, const struct model_target *t);
/* Its figures, and both plots over the whole of `r`. */
void page_replica(struct canvas *c, struct rect r, const struct model_target *t,
                  const struct model_replica *k, const struct view *v);

#endif
