/* The first phase: what is looked at before anything is changed, each with its evidence. */
#ifndef NEWEL_ENGINE_PREFLIGHT_H
#define NEWEL_ENGINE_PREFLIGHT_H

#include "engine/run.h"

/* False with `e` when a check stops it, the server could not be asked, or the run is to end. */
bool preflight(struct run *r, struct db *db, struct error *e) MUST_CHECK;

#endif
