/*
 * What a key means where the operator stands: changes the view, and says what
 * shall be done. Pure: it sends nothing and reads no clock.
 */
#ifndef NEWEL_UI_INPUT_H
#define NEWEL_UI_INPUT_H

#include "ui/question.h"

struct effect input_key(struct view *v, const struct model *m, uint32_t key);
/* What a key of that command does here, whether it has one or not. */
struct effect input_command(struct view *v, const struct model *m, const char *command);
/* Why nothing can be changed from here; NULL: it can. */
const char *input_refusal(const struct view *v, const struct model *m);
/* Chooses a row of a page, by the value that its spot has; true when it was before. */
bool input_select(struct view *v, int64_t row);

/* `shown` is what the operator saw when it was clicked. */
struct effect input_mouse(struct view *v, const struct model *m, const struct canvas *shown,
                          struct mouse mouse);

#endif
