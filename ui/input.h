/*
 * What a key means where the operator stands: changes the view, and says what
 * shall be done. Pure: it sends nothing and reads no clock.
 */
#ifndef NEWEL_UI_INPUT_H
#define NEWEL_UI_INPUT_H

#include "base/json.h"
#include "ui/view.h"

enum effect_kind {
    EFFECT_NONE,
    EFFECT_SEND,       /* `request` to the engine */
    EFFECT_SEND_LEAVE, /* `request`, and leave when it is answered */
    EFFECT_LEAVE,
    EFFECT_REDRAW,     /* the whole terminal */
    EFFECT_SEEK,       /* to `time_us` */
    EFFECT_SEEK_ALARM, /* `step` 1: the next, -1: the one before */
};

struct effect {
    enum effect_kind kind;
    json_t *request; /* the caller's */
    int64_t time_us;
    int step;
};

struct effect input_key(struct view *v, const struct model *m, uint32_t key);

/*
 * "14:03[:11]" on the local day of `first_us`, "+90s" after it, or ISO 8601
 * ("2026-11-23T14:03:11", with "Z" or an offset, else local). False when it is
 * none of these.
 */
bool input_parse_time(const char *text, int64_t first_us, int64_t *out);

#endif
