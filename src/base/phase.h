/*
 * The ten phases: the one vocabulary that plans, engine, journal and console
 * share. Their order is the order of the staircase.
 */
#ifndef NEWEL_BASE_PHASE_H
#define NEWEL_BASE_PHASE_H

enum phase {
    PHASE_PREFLIGHT,
    PHASE_BASELINE,
    PHASE_EXPAND,
    PHASE_SYNC,
    PHASE_BACKFILL,
    PHASE_VERIFY,
    PHASE_CONSTRAIN,
    PHASE_ENFORCE,
    PHASE_COMPARE,
    PHASE_FINISH,
    PHASE_COUNT,
};

/* For messages that refuse another word. */
#define PHASE_NAMES                                                                                \
    "preflight, baseline, expand, sync, backfill, verify, constrain, enforce, compare, finish"

const char *phase_name(enum phase phase);
/* PHASE_COUNT when `name` is none of the ten. */
enum phase phase_from_name(const char *name);

#endif
