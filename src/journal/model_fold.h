/* The parts of the fold that concern one target; model.c calls them. */
#ifndef NEWEL_JOURNAL_MODEL_FOLD_H
#define NEWEL_JOURNAL_MODEL_FOLD_H

#include "journal/model.h"

/* Small helpers that the files of the fold share. */
bool fold_text_is(const char *a, const char *b); /* `a` may be NULL */
void fold_set_text(char **place, const char *text);
int64_t fold_known(const json_t *event, const char *key); /* UNKNOWN when missing or negative */
struct model_replica *fold_replica(struct model_target *t, const char *name);

/* Counts the time since the target's last event as what it was doing. */
void fold_pass_time(struct model_target *t, int64_t now_us);
void fold_obey(struct model_target *t, const json_t *command); /* an accepted one */
void fold_target_phase(struct model_target *t, const json_t *event, int64_t now_us);
void fold_target_statement(struct model_target *t, const json_t *event, int64_t now_us);
void fold_target_batch(struct model_target *t, const json_t *event, int64_t now_us);
void fold_target_pace(struct model_target *t, const json_t *event);
int64_t fold_slow_ppm(const json_t *throttle);
void fold_target_throttle(struct model_target *t, const json_t *event);
void fold_target_sample(struct model_target *t, const json_t *event, int64_t now_us);
void fold_target_check(struct model_target *t, const json_t *event);
void fold_target_plan(struct model_target *t, const json_t *event);
int64_t fold_stale(const json_t *clients); /* sessions; UNKNOWN when one of them is */
void fold_target_clients(struct model_target *t, const json_t *event, int64_t now_us);

#endif
