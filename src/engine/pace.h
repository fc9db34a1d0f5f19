/*
 * The size of the next batch: a pure function of the batches before.
 *
 * It aims at `time_us` for one batch by the p90 of recent ones, grows by at most
 * half, shrinks at once, and stays in [min, max]. Within that it climbs toward
 * the best rows/s, since bigger is not always faster. A size set by hand stays
 * until the operator gives it back. No clock and no I/O in here.
 */
#ifndef NEWEL_ENGINE_PACE_H
#define NEWEL_ENGINE_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_WINDOW 11

struct pace {
    int64_t rows;            /* the size in force */
    int64_t min, max;
    int64_t time_us;         /* aim for one batch */
    int64_t pause_us;        /* rest between two */
    int64_t lanes;
    bool by_hand;
    char why[96];            /* of the last change, in an operator's words */

    struct pace_batch {
        int64_t rows, us;
    } recent[PACE_WINDOW];   /* batches of the present size, oldest first */
    int recent_count;
    int undecided;           /* batches since the last decision */
    int sparse;              /* batches in a row that found few rows */
    int windows;             /* full windows at the present size, and the sum of their rates */
    double rates;

    /* hill climbing on rows/s */
    int64_t best_rows;
    double best_rate;        /* rows/s at best_rows; 0: not known */
    int direction;           /* +1 growing, -1 shrinking, 0 resting */
    bool fine;               /* small steps around a best that large ones have found */
    bool turned;             /* the other direction needs no try with this step */
    bool probing;            /* a single try after a rest */
    int probed;              /* the direction of the last such try */
    int64_t smaller_rows;    /* has seemed faster: best_rows is measured again; 0: none */
    double smaller_rate;
    bool recovering;         /* on the way back to best_rows after one slow batch */
    int rest;                /* decisions to sit out before trying again */
    int next_rest;           /* how many after the next fruitless try */
};

void pace_init(struct pace *p, int64_t rows, int64_t min, int64_t max, int64_t time_us,
               int64_t pause_us, int64_t lanes);
/*
 * One batch is done: `aimed` rows were asked for, `updated` were written in
 * `us` of statement time (waits for locks and queues left out). True when the
 * size in force changed.
 */
bool pace_batch(struct pace *p, int64_t aimed, int64_t updated, int64_t us);
/* A batch failed on a timeout or a lock: half the size at once (unless by hand). */
bool pace_failed(struct pace *p);

/* By hand: clamped to [min, max]. */
void pace_set_rows(struct pace *p, int64_t rows);
void pace_set_time(struct pace *p, int64_t time_us);
void pace_auto(struct pace *p);

/*
 * The size to use now, under a throttle that allows `slow_ppm` of full speed
 * (1000000: all of it), and the rest after a batch that took `us`.
 *
 * The two together slow by that share, not by its square: a smaller batch makes
 * the bursts smaller and leaves rows/s about the same, as its time shrinks with
 * it; the rest is what brings the share of worked time down to `slow_ppm`.
 */
int64_t pace_rows_now(const struct pace *p, int64_t slow_ppm);
int64_t pace_rest_us(const struct pace *p, int64_t us, int64_t slow_ppm);

#endif
