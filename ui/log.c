#include "config.h"
#include "ui/log.h"
#include "journal/event.h"

#include <stdlib.h>
#include <string.h>

static bool kept(const json_t *event)
{
    switch (event_type_of(event)) {
    case EVENT_SAMPLE:
    case EVENT_BATCH:
    case EVENT_KEYFRAME:
    case EVENT_UNKNOWN:
        return false;
    default:
        return true;
    }
}

static int level_of(const json_t *event)
{
    const char *level = json_get_text(event, "level", "");
    const char *state = json_get_text(event, "state", "");
    if (strcmp(level, "crit") == 0 || strcmp(state, "failed") == 0 ||
        strcmp(json_get_text(event, "verdict", ""), "stop") == 0)
        return 2;
    bool refused = event_type_of(event) == EVENT_COMMAND && !json_get_bool(event, "accepted", true);
    if (strcmp(level, "warn") == 0 || strcmp(json_get_text(event, "verdict", ""), "warn") == 0 ||
        strcmp(state, "retry") == 0 || refused)
        return 1;
    return 0;
}

bool log_is_alarm(const json_t *event)
{
    switch (event_type_of(event)) {
    case EVENT_ALARM:
        return strcmp(json_get_text(event, "level", "warn"), "info") != 0;
    case EVENT_PHASE:
        return strcmp(json_get_text(event, "state", ""), "failed") == 0;
    default:
        return false;
    }
}

static void entry_free(struct log_entry *entry)
{
    free(entry->text);
    json_decref(entry->event);
    *entry = (struct log_entry){0};
}

void log_add(struct log *l, json_t *event)
{
    if (!kept(event))
        return;
    if (!l->ring)
        l->ring = mem_alloc(LOG_MAX * sizeof *l->ring);
    if (l->count == LOG_MAX) {
        entry_free(&l->ring[l->first]);
        l->first = (l->first + 1) % LOG_MAX;
        l->count--;
    }
    struct str text = {0};
    event_headline(event, &text);
    l->ring[(l->first + l->count++) % LOG_MAX] = (struct log_entry){
        .seq = json_get_int(event, "seq", 0),
        .time_us = json_get_int(event, "time", 0),
        .text = str_take(&text),
        .event = json_incref(event),
        .level = level_of(event),
    };
}

void log_clear(struct log *l)
{
    for (size_t i = 0; i < l->count; i++)
        entry_free(&l->ring[(l->first + i) % LOG_MAX]);
    free(l->ring);
    *l = (struct log){0};
}

const struct log_entry *log_at(const struct log *l, size_t i)
{
    return &l->ring[(l->first + i) % LOG_MAX];
}

bool log_matches(const struct log_entry *entry, const char *filter)
{
    return !filter || strcasestr(entry->text, filter) ||
           strcasestr(json_get_text(entry->event, "event", ""), filter) ||
           strcasestr(json_get_text(entry->event, "target", ""), filter);
}
