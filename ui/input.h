/*
 * What a key means where the operator stands: changes the view, and says what
 * shall be done. Pure: it sends nothing and reads no clock.
 */
#ifndef NEWEL_UI_INPUT_H
#define NEWEL_UI_INPUT_H

#include "ui/question.h"

struct effect input_key(struct view *v, const struct model *m, uint32_t key);

#endif
