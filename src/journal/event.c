#include "config.h"
#include "journal/event.h"

#include "base/digest.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* A sealed line ends in this, the hash's 64 digits and HASH_TAIL. */
#define HASH_HEAD ",\"hash\":\""
#define HASH_TAIL "\"}"
#define HASH_DIGITS (DIGEST_HEX - 1)
#define HASH_MEMBER (sizeof HASH_HEAD - 1 + HASH_DIGITS + sizeof HASH_TAIL - 1)

static const char *const names[] = {
    [EVENT_SESSION] = "session", [EVENT_ATTACH] = "attach",     [EVENT_DETACH] = "detach",
    [EVENT_COMMAND] = "command", [EVENT_PHASE] = "phase",       [EVENT_STATEMENT] = "statement",
    [EVENT_BATCH] = "batch",     [EVENT_PACE] = "pace",         [EVENT_THROTTLE] = "throttle",
    [EVENT_LIMIT] = "limit",     [EVENT_SAMPLE] = "sample",     [EVENT_CHECK] = "check",
    [EVENT_PLAN] = "plan",       [EVENT_CLIENTS] = "clients",   [EVENT_ALARM] = "alarm",
    [EVENT_APPROVAL] = "approval", [EVENT_NOTE] = "note",       [EVENT_KEYFRAME] = "keyframe", [EVENT_END] = "end",
    [EVENT_UNKNOWN] = "unknown",
};

const char *event_type_name(enum event_type type)
{
    return names[(unsigned)type < EVENT_UNKNOWN ? type : EVENT_UNKNOWN];
}

enum event_type event_type_of(const json_t *event)
{
    const char *name = json_get_text(event, "event", "");
    for (unsigned i = 0; i < EVENT_UNKNOWN; i++)
        if (strcmp(names[i], name) == 0)
            return (enum event_type)i;
    return EVENT_UNKNOWN;
}

json_t *event_new(enum event_type type, const char *target)
{
    json_t *event = json_object();
    json_set_text(event, "event", event_type_name(type));
    json_set_text(event, "target", target);
    return event;
}

static void set_unless_empty(json_t *object, const char *key, const char *text)
{
    if (text[0])
        json_set_text(object, key, text);
}

void event_set_error(json_t *event, const struct error *e)
{
    json_t *error = json_object();
    set_unless_empty(error, "sqlstate", e->sqlstate);
    if (e->number)
        json_set_int(error, "number", e->number);
    set_unless_empty(error, "what", e->what);
    set_unless_empty(error, "why", e->why);
    set_unless_empty(error, "todo", e->todo);
    json_set(event, "error", error);
}

/* What the journal itself sets; an event that was sealed once may be sealed again. */
static bool is_seal(const char *key)
{
    return strcmp(key, "seq") == 0 || strcmp(key, "time") == 0 || strcmp(key, "hash") == 0;
}

char *event_seal(const json_t *event, int64_t seq, int64_t time_us, const char *previous,
                 char hash[65])
{
    json_t *sealed = json_object();
    json_set_int(sealed, "seq", seq);
    json_set_int(sealed, "time", time_us);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)event, key, value)
    {
        if (!is_seal(key))
            json_set(sealed, key, json_incref(value));
    }
    char *bare = json_line(sealed);
    json_decref(sealed);
    size_t length = strlen(bare);
    digest_hex(previous, strlen(previous), bare, length, hash);
    struct str line = {0};
    str_add_n(&line, bare, length - 1);
    str_addf(&line, HASH_HEAD "%s" HASH_TAIL, hash);
    free(bare);
    return str_take(&line);
}

json_t *event_parse(const char *line, size_t length, struct error *e)
{
    json_error_t where;
    json_t *event = json_loadb(line, length, JSON_REJECT_DUPLICATES, &where);
    if (!event) {
        /* the parser quotes what it stumbled over, which may be anything */
        struct str clean = {0};
        text_add_line(&clean, where.text);
        error_set(e, ERROR_USAGE, "not JSON");
        error_why(e, "%s at byte %d", str_text(&clean), where.position);
        str_free(&clean);
        return NULL;
    }
    if (json_get_int(event, "seq", 0) > 0 && json_get_int(event, "time", -1) >= 0 &&
        json_get_text(event, "event", NULL))
        return event;
    json_decref(event);
    error_set(e, ERROR_USAGE, "not an event");
    error_why(e, "it lacks seq, time or event");
    return NULL;
}

static bool is_digest(const char *s)
{
    for (size_t i = 0; i < HASH_DIGITS; i++)
        if (!(s[i] >= '0' && s[i] <= '9') && !(s[i] >= 'a' && s[i] <= 'f'))
            return false;
    return true;
}

bool event_chain_holds(const char *line, size_t length, const char *previous, char hash[65])
{
    hash[0] = '\0';
    if (length <= HASH_MEMBER)
        return false;
    const char *head = line + length - HASH_MEMBER;
    const char *digits = head + sizeof HASH_HEAD - 1;
    if (memcmp(head, HASH_HEAD, sizeof HASH_HEAD - 1) != 0 || !is_digest(digits) ||
        memcmp(digits + HASH_DIGITS, HASH_TAIL, sizeof HASH_TAIL - 1) != 0)
        return false;
    memcpy(hash, digits, HASH_DIGITS);
    hash[HASH_DIGITS] = '\0';
    struct str bare = {0};
    str_add_n(&bare, line, length - HASH_MEMBER);
    str_add_char(&bare, '}');
    char found[DIGEST_HEX];
    digest_hex(previous, strlen(previous), bare.data, bare.len, found);
    str_free(&bare);
    return strcmp(found, hash) == 0;
}
