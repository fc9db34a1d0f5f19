/*
 * The one writer of the journal. Every thread of the engine records through it;
 * it appends, folds the event into the session's model and writes keyframes.
 *
 * When the disk is full nothing is lost: what could not be written waits in
 * order, recorder_broken() tells everybody to stand still, and recorder_retry()
 * writes it once there is room.
 */
#ifndef NEWEL_ENGINE_RECORDER_H
#define NEWEL_ENGINE_RECORDER_H

#include "journal/journal.h"
#include "journal/model.h"

struct recorder;

/* The caller owns it; recorder_close() flushes what it can. */
struct recorder *recorder_open(const char *path, struct error *e);
void recorder_close(struct recorder *r);
const char *recorder_path(const struct recorder *r);

/*
 * Records an event and takes it over. Any thread. False: the journal cannot be
 * written at present; the event waits.
 */
bool recorder_add(struct recorder *r, json_t *event);
/* The same for a decision: on disk before it returns. */
bool recorder_decide(struct recorder *r, json_t *event);

/* How long ago the last event was recorded, in µs. */
int64_t recorder_quiet_us(struct recorder *r);
bool recorder_broken(struct recorder *r);
/* Broken, and why. */
bool recorder_trouble(struct recorder *r, struct error *e);
/* Writes what waits; true when nothing does any more. */
bool recorder_retry(struct recorder *r);

/* Calls `look` with the model while nobody changes it; `look` must be quick. */
void recorder_look(struct recorder *r, void (*look)(void *context, const struct model *m),
                   void *context);

#endif
