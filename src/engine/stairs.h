/*
 * The staircase of one target: phase after phase, each asked for, each recorded
 * in the target, and the way back down.
 */
#ifndef NEWEL_ENGINE_STAIRS_H
#define NEWEL_ENGINE_STAIRS_H

#include "engine/run.h"

/*
 * The body of a run's own thread; the argument is a struct run. When it returns,
 * `finished` is set and `error` says how it ended.
 */
void *stairs_main(void *context);

#endif
