#include "config.h"
#include "engine/recorder.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>

#define KEYFRAME_EVERY_US (10 * US_PER_S)
#define KEYFRAME_EVERY_BYTES (INT64_C(1) << 20)
/* Samples beyond this are dropped while the disk is full; decisions never come here. */
#define PENDING_MAX 10000

struct recorder {
    pthread_mutex_t lock;
    struct journal *journal;
    struct model model;
    int64_t keyframe_at_us, keyframe_at_size;
    int64_t written_us; /* monotonic, of the last event */
    json_t **pending;
    size_t pending_count;
    struct error trouble; /* of the last write that failed */
};

struct recorder *recorder_open(const char *path, struct error *e)
{
    struct journal *journal = journal_create(path, e);
    if (!journal)
        return NULL;
    struct recorder *r = mem_alloc(sizeof *r);
    (void)pthread_mutex_init(&r->lock, NULL);
    r->journal = journal;
    r->keyframe_at_us = clock_mono_us();
    model_init(&r->model);
    return r;
}

/* The event as it stands in the journal: the model must fold what readers fold. */
static void fold(struct recorder *r, json_t *event, int64_t seq, int64_t time_us)
{
    json_set_int(event, "seq", seq);
    json_set_int(event, "time", time_us);
    model_fold(&r->model, event);
}

static bool write_one(struct recorder *r, json_t *event, bool durable)
{
    int64_t seq, time_us;
    if (!journal_append(r->journal, event, durable, &seq, &time_us, &r->trouble))
        return false;
    fold(r, event, seq, time_us);
    r->written_us = clock_mono_us();
    return true;
}

static void keyframe_if_due(struct recorder *r)
{
    int64_t now = clock_mono_us(), size = journal_size(r->journal);
    if (now - r->keyframe_at_us < KEYFRAME_EVERY_US &&
        size - r->keyframe_at_size < KEYFRAME_EVERY_BYTES)
        return;
    json_t *event = event_new(EVENT_KEYFRAME, NULL);
    json_set(event, "model", model_to_json(&r->model));
    int64_t seq, time_us;
    struct error e;
    if (journal_append(r->journal, event, false, &seq, &time_us, &e)) {
        r->model.seq = seq;
        r->model.time_us = time_us;
    }
    json_decref(event);
    r->keyframe_at_us = now;
    r->keyframe_at_size = journal_size(r->journal);
}

static bool flush_pending(struct recorder *r)
{
    size_t written = 0;
    while (written < r->pending_count && write_one(r, r->pending[written], false))
        json_decref(r->pending[written++]);
    for (size_t i = written; i < r->pending_count; i++)
        r->pending[i - written] = r->pending[i];
    r->pending_count -= written;
    return r->pending_count == 0;
}

static bool add(struct recorder *r, json_t *event, bool durable)
{
    (void)pthread_mutex_lock(&r->lock);
    bool ok = flush_pending(r) && write_one(r, event, durable);
    if (ok) {
        keyframe_if_due(r);
        json_decref(event);
    } else if (r->pending_count < PENDING_MAX) {
        r->pending = mem_grow(r->pending, r->pending_count + 1, sizeof(json_t *));
        r->pending[r->pending_count++] = event;
    } else {
        json_decref(event);
    }
    (void)pthread_mutex_unlock(&r->lock);
    return ok;
}

bool recorder_add(struct recorder *r, json_t *event)
{
    return add(r, event, false);
}

bool recorder_decide(struct recorder *r, json_t *event)
{
    return add(r, event, true);
}

int64_t recorder_quiet_us(struct recorder *r)
{
    (void)pthread_mutex_lock(&r->lock);
    int64_t quiet = clock_mono_us() - r->written_us;
    (void)pthread_mutex_unlock(&r->lock);
    return quiet;
}

bool recorder_broken(struct recorder *r)
{
    (void)pthread_mutex_lock(&r->lock);
    bool broken = r->pending_count > 0;
    (void)pthread_mutex_unlock(&r->lock);
    return broken;
}

bool recorder_trouble(struct recorder *r, struct error *e)
{
    (void)pthread_mutex_lock(&r->lock);
    bool broken = r->pending_count > 0;
    if (broken)
        *e = r->trouble;
    (void)pthread_mutex_unlock(&r->lock);
    return broken;
}

bool recorder_retry(struct recorder *r)
{
    (void)pthread_mutex_lock(&r->lock);
    bool ok = flush_pending(r);
    (void)pthread_mutex_unlock(&r->lock);
    return ok;
}

void recorder_look(struct recorder *r, void (*look)(void *context, const struct model *m),
                   void *context)
{
    (void)pthread_mutex_lock(&r->lock);
    look(context, &r->model);
    (void)pthread_mutex_unlock(&r->lock);
}

const char *recorder_path(const struct recorder *r)
{
    return journal_path(r->journal);
}

void recorder_close(struct recorder *r)
{
    if (!r)
        return;
    (void)flush_pending(r);
    for (size_t i = 0; i < r->pending_count; i++)
        json_decref(r->pending[i]);
    free(r->pending);
    journal_close(r->journal);
    model_free(&r->model);
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
}
