/*
 * The console for ears and pipes: a line for each thing that happens, questions
 * asked as a line, commands typed as words. Nothing is painted, no cursor is
 * moved. Pure: lines in, effects and lines out.
 */
#ifndef NEWEL_UI_PLAIN_H
#define NEWEL_UI_PLAIN_H

#include "ui/progress.h"
#include "ui/question.h"

struct plain {
    struct progress progress;
    struct str typed;    /* of a line that has not ended yet */
    enum ask_kind asked; /* the question that was read out */
    enum phase hinted;   /* that waits for a yes, as was said; PHASE_COUNT: none */
    enum link link;      /* as it was told */
};

/* Says where things stand and which words there are. */
void plain_open(struct plain *p, const struct view *v, const struct model *m, struct str *out);
void plain_free(struct plain *p);
/* Takes in bytes as they were typed. */
void plain_type(struct plain *p, const char *bytes, size_t n);
/* The next whole line of them, or NULL; the caller frees it. */
char *plain_take(struct plain *p);
/* What the line does: a word, or the answer to an open question. */
struct effect plain_obey(struct plain *p, struct view *v, const struct model *m, const char *line,
                         struct str *out);
/* What there is to say now: what happened, the engine's answers, a question. */
void plain_lines(struct plain *p, struct view *v, const struct model *m, struct str *out);

#endif
