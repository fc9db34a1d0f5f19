/*
 * The observers of one target: a thread for the primary (heartbeat, lease, load,
 * lock waits, the table's figures) and one for each replica (lag). They publish
 * signals and record samples; they decide nothing.
 */
#ifndef NEWEL_ENGINE_OBSERVE_H
#define NEWEL_ENGINE_OBSERVE_H

#include "engine/run.h"

struct observers;

/* Starts the threads; the lease must be held. Stopped and joined by observe_stop(). */
struct observers *observe_start(struct run *r);
void observe_stop(struct observers *o);

/*
 * A replica's lag, from the beat it has seen. `beats` holds the monotonic times of
 * beats by number modulo RUN_BEATS, `first` .. `last` are those of this run. A
 * replica that has seen the last one lags by nothing; else by the age of the first
 * one that it has not seen. `seen` UNKNOWN: none at all. Pure.
 */
int64_t observe_lag_us(const int64_t *beats, int64_t first, int64_t last, int64_t seen,
                       int64_t now_us);

#endif
