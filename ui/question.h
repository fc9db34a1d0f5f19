/*
 * Questions put to the operator, and what an answer makes of them: each is held
 * against the model of the moment, for the thing it was about may be gone.
 */
#ifndef NEWEL_UI_QUESTION_H
#define NEWEL_UI_QUESTION_H

#include "base/json.h"
#include "ui/view.h"

/* What shall be done outside of the view. */
enum effect_kind {
    EFFECT_NONE,
    EFFECT_SEND,       /* `request` to the engine */
    EFFECT_SEND_LEAVE, /* `request`, and leave when it is answered */
    EFFECT_LEAVE,
    EFFECT_REDRAW,    /* the whole terminal */
    EFFECT_SEEK,      /* to `time_us` */
    EFFECT_SEEK_MARK, /* to a moment of `mark`; `step` 1: the next, -1: the one before */
};

struct effect {
    enum effect_kind kind;
    json_t *request; /* the caller's */
    int64_t time_us;
    enum history_mark_kind mark;
    int step;
};

/* A request of the view's operator; `target` NULL: of the session. */
struct effect request_new(const struct view *v, const char *verb, const char *target);
struct effect request_value(const struct view *v, const char *verb, const char *target,
                            const char *value);

/* Opens a question, closing the one that stood there. */
struct ask *question_put(struct view *v, enum ask_kind kind, const char *target, const char *about);
void question_step(struct view *v, const struct model *m, const struct model_target *t);
void question_rollback(struct view *v, const struct model *m, const struct model_target *t);
void question_kill(struct view *v, const struct model *m, bool session);
void question_quit(struct view *v);
void question_limit(struct view *v, const struct model *m);

/* A key while a question stands open. */
struct effect question_answer(struct view *v, const struct model *m, uint32_t key);

#endif
