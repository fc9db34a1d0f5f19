/*
 * What a command needs a connection for is done by a thread of its own, so that
 * the control socket never waits for a server.
 */
#ifndef NEWEL_ENGINE_ERRAND_H
#define NEWEL_ENGINE_ERRAND_H

#include "engine/run.h"

/*
 * Cancels the statement of session (pid, start), or terminates the session. What
 * came of it is told as an alarm. Under the run's lock; false when there is no
 * thread to be had. The run outlives its errands (run.errands counts them).
 */
bool errand_send(struct run *r, bool terminate, int64_t pid, const char *start,
                 const char *operator_name);

#endif
