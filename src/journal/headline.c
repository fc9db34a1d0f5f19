#include "config.h"
#include "journal/event.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"

#include <inttypes.h>
#include <string.h>

/* Longer than any terminal is wide; the whole is in the journal. */
#define HEADLINE_MAX 400
#define SQL_MAX 160

static const char *get(const json_t *o, const char *key)
{
    return json_get_text(o, key, "");
}

static bool is(const json_t *o, const char *key, const char *value)
{
    return strcmp(get(o, key), value) == 0;
}

/* Adds at most `most` characters of `s`, which is valid UTF-8. */
static void add_some(struct str *out, const char *s, size_t most)
{
    const char *end = s;
    for (size_t left = strlen(s); left && most; most--) {
        uint32_t c;
        size_t used = text_decode(end, left, &c);
        end += used;
        left -= used;
    }
    str_add_n(out, s, (size_t)(end - s));
    if (*end)
        str_add(out, "...");
}

static void add_if(struct str *out, const char *before, const char *text, const char *behind)
{
    if (text[0])
        str_addf(out, "%s%s%s", before, text, behind);
}

static void add_duration(struct str *out, const char *before, int64_t us)
{
    char text[UNITS_TEXT];
    if (us >= 0)
        str_addf(out, "%s%s", before, units_duration(text, us));
}

static void add_count(struct str *out, const char *before, int64_t n, const char *behind)
{
    char text[UNITS_TEXT];
    if (n >= 0)
        str_addf(out, "%s%s%s", before, units_count(text, n), behind);
}

static void add_size(struct str *out, const char *before, int64_t n)
{
    char text[UNITS_TEXT];
    if (n >= 0)
        str_addf(out, "%s%s", before, units_size(text, n));
}

static int64_t number(const json_t *o, const char *key)
{
    return json_get_int(o, key, -1);
}

static const char *who(const json_t *event)
{
    return json_get_text(event, "operator", "somebody");
}

static void add_error(struct str *out, const json_t *error)
{
    add_if(out, ": ", get(error, "what"), "");
    add_if(out, ": ", get(error, "why"), "");
    if (get(error, "sqlstate")[0] && json_has(error, "number"))
        str_addf(out, " [errno %" PRId64 ", SQLSTATE %s]", number(error, "number"),
                 get(error, "sqlstate"));
    else
        add_if(out, " [SQLSTATE ", get(error, "sqlstate"), "]");
    add_if(out, " (", get(error, "todo"), ")");
}

/* ---- one function an event ------------------------------------------------ */

static void say_session(struct str *out, const json_t *event)
{
    const json_t *migration = json_object_get(event, "migration");
    str_addf(out, "session: %s", get(migration, "id"));
    add_if(out, " adds ", get(migration, "column"), "");
    add_if(out, " to ", get(migration, "table"), "");
    size_t targets = json_array_size(json_object_get(event, "targets"));
    str_addf(out, " on %zu target%s, by %s", targets, targets == 1 ? "" : "s", who(event));
    add_if(out, ", newel ", get(event, "version"), "");
    add_if(out, " at ", get(event, "host"), "");
}

static void say_console(struct str *out, const json_t *event)
{
    bool came = is(event, "event", "attach");
    str_addf(out, "%s %s", who(event), came ? "attached" : "detached");
    if (json_get_bool(event, "read_only", false))
        str_add(out, ", read-only");
    add_if(out, " via ", get(event, "via"), "");
    add_if(out, ": ", get(event, "why"), "");
}

static void say_command(struct str *out, const json_t *event)
{
    str_addf(out, "%s: %s", who(event), get(event, "do"));
    static const char *const members[] = {"expect_phase", "column", "value"};
    for (size_t i = 0; i < COUNT_OF(members); i++)
        add_if(out, " ", get(event, members[i]), "");
    if (json_has(event, "pid"))
        str_addf(out, " pid %" PRId64, number(event, "pid"));
    if (!json_get_bool(event, "accepted", true)) {
        str_add(out, " refused");
        add_if(out, ": ", get(event, "reason"), "");
    }
}

static void say_approval(struct str *out, const json_t *event)
{
    const char *what = is(event, "of", "rollback") ? "rollback" : get(event, "phase");
    if (is(event, "state", "asked"))
        str_addf(out, "%s asks for %s: %s", who(event), what,
                 is(event, "by", "any") ? "it takes a second yes"
                                        : "another operator has to approve it");
    else if (is(event, "state", "approved"))
        str_addf(out, "%s approved %s, which %s had asked for", who(event), what,
                 get(event, "asked_by"));
    else if (is(event, "state", "lapsed"))
        str_addf(out, "%s is asked for no longer: what %s asked for has lapsed", what,
                 json_get_text(event, "asked_by", "somebody"));
    else
        str_addf(out, "%s took back that %s was asked for", who(event), what);
}

static void say_phase(struct str *out, const json_t *event)
{
    str_addf(out, "%s: %s", get(event, "phase"),
             is(event, "state", "asking") ? "waits for a yes" : get(event, "state"));
    const json_t *error = json_object_get(event, "error");
    if (json_object_size(error))
        add_error(out, error);
    else
        add_if(out, ": ", get(event, "detail"), "");
}

static void add_blocker(struct str *out, const json_t *blocker)
{
    str_addf(out, ", blocked by pid %" PRId64, number(blocker, "pid"));
    const char *app = get(blocker, "app"), *state = get(blocker, "state");
    int64_t age = number(blocker, "xact_us");
    if (!app[0] && !state[0] && age < 0)
        return;
    str_add(out, " (");
    add_if(out, "app ", app, state[0] || age >= 0 ? ", " : "");
    str_add(out, state);
    add_duration(out, state[0] ? " " : "", age);
    str_add(out, ")");
}

static void add_try(struct str *out, const json_t *event)
{
    int64_t attempt = number(event, "attempt"), tries = number(event, "tries");
    if (attempt > 0)
        str_addf(out, ", try %" PRId64, attempt);
    if (attempt > 0 && tries > 0)
        str_addf(out, " of %" PRId64, tries);
}

static void say_retry(struct str *out, const json_t *event)
{
    const json_t *error = json_object_get(event, "error"), *blockers;
    /* PostgreSQL's lock timeout; MySQL's says in its own words how long it waited */
    if (strcmp(get(error, "sqlstate"), "55P03") == 0) {
        str_add(out, " waits: lock timeout");
        add_duration(out, " after ", number(event, "timeout_us"));
    } else {
        str_add(out, " waits");
        add_if(out, ": ", get(error, get(error, "why")[0] ? "why" : "what"), "");
    }
    add_try(out, event);
    blockers = json_object_get(event, "blockers");
    if (json_array_size(blockers))
        add_blocker(out, json_array_get(blockers, 0));
    if (json_array_size(blockers) > 1)
        str_addf(out, " and %zu more", json_array_size(blockers) - 1);
    if (number(event, "queue") > 0)
        str_addf(out, ", %" PRId64 " queued behind", number(event, "queue"));
}

static void say_statement(struct str *out, const json_t *event)
{
    /* the step's name says what is done; its SQL stands where it begins */
    const char *sql = json_get_text(event, "sql", "statement");
    add_if(out, "", get(event, "phase"), ": ");
    if (json_has(event, "step"))
        str_add(out, get(event, "step"));
    else
        add_some(out, sql, SQL_MAX);
    if (json_has(event, "step") && is(event, "state", "begin")) {
        str_add(out, ": ");
        add_some(out, sql, SQL_MAX);
    }
    if (is(event, "state", "retry")) {
        say_retry(out, event);
        return;
    }
    if (is(event, "state", "begin")) {
        add_try(out, event);
        return;
    }
    add_if(out, " ", get(event, "state"), "");
    add_duration(out, is(event, "state", "done") ? " in " : " after ", number(event, "us"));
    if (number(event, "attempt") > 1)
        add_try(out, event);
    add_error(out, json_object_get(event, "error"));
}

static void say_batch(struct str *out, const json_t *event)
{
    str_add(out, "batch");
    add_count(out, " ", number(event, "n"), "");
    add_count(out, " of lane ", number(event, "lane"), "");
    add_count(out, ": ", number(event, "updated"), "");
    add_count(out, " of ", number(event, "rows"), " rows");
    add_duration(out, " in ", number(event, "us"));
    int64_t ppm = number(event, "fraction_ppm");
    if (ppm >= 0)
        str_addf(out, ", %.1f%%", (double)ppm / 1e4);
}

static void say_pace(struct str *out, const json_t *event)
{
    str_add(out, "pace");
    add_count(out, ": batches of ", number(event, "rows"), " rows");
    add_count(out, ", ", number(event, "lanes"), number(event, "lanes") == 1 ? " lane" : " lanes");
    add_if(out, ", by ", get(event, "mode"), "");
    add_if(out, ": ", get(event, "why"), "");
}

static void add_reason(struct str *out, const json_t *reason)
{
    const char *text = get(reason, "text");
    if (text[0]) {
        str_add(out, text);
        return;
    }
    str_add(out, get(reason, "signal"));
    add_if(out, " on ", get(reason, "server"), "");
    if (json_get_bool(reason, "unknown", false))
        str_add(out, " is unknown");
    else
        add_if(out, ": ", get(reason, "observed"), "");
    add_if(out, " >= ", get(reason, "limit"), "");
}

static void say_throttle(struct str *out, const json_t *event)
{
    int64_t slow = json_get_int(event, "slow_ppm", 1000000);
    const json_t *reasons = json_object_get(event, "reasons"), *reason;
    if (json_get_bool(event, "on", false))
        str_add(out, "throttled");
    else if (slow >= 0 && slow < 1000000)
        str_addf(out, "slowed to %d%%", (int)(slow / 10000));
    else
        str_add(out, "at full speed");
    size_t i;
    json_array_foreach(reasons, i, reason)
    {
        str_add(out, i ? "; " : ": ");
        add_reason(out, reason);
    }
}

static void say_limit(struct str *out, const json_t *event)
{
    str_addf(out, "%s sets %s to %s", who(event), get(event, "signal"),
             get(event, get(event, "limit")[0] ? "limit" : "text"));
    int64_t until = number(event, "until"), now = number(event, "time");
    if (until > now && now >= 0)
        add_duration(out, " for ", until - now);
    add_if(out, ": ", get(event, "note"), "");
}

static void say_sample(struct str *out, const json_t *event)
{
    str_addf(out, "sample: %s %s", get(event, "of"), get(event, "server"));
    if (!json_get_bool(event, "reachable", true)) {
        str_add(out, " cannot be asked");
        add_if(out, ": ", get(event, "error"), "");
        return;
    }
    add_duration(out, ", lag ", number(event, "lag_us"));
    add_size(out, ", behind by ", number(event, "lag_bytes"));
    add_count(out, ", ", number(event, "running"), " running");
    add_count(out, ", ", number(event, "waiters"), " waiting");
    add_count(out, ", ", number(event, "live"), " rows");
    add_count(out, ", ", number(event, "dead"), " dead");
    if (is(event, "of", "locks"))
        str_addf(out, ", %zu sessions", json_array_size(json_object_get(event, "rows")));
}

static void say_check(struct str *out, const json_t *event)
{
    str_addf(out, "check %s: %s", get(event, "check"), get(event, "verdict"));
    add_if(out, ": ", get(event, "evidence"), "");
    add_if(out, " (", get(event, "remedy"), ")");
}

static void say_plan(struct str *out, const json_t *event)
{
    if (is(event, "of", "query")) {
        str_addf(out, "plan of %s", get(event, "query"));
        add_if(out, " ", get(event, "when"), "");
        add_if(out, " ", get(event, "phase"), "");
        if (json_has(event, "cost"))
            str_addf(out, ": cost %.1f", json_get_real(event, "cost", 0));
        add_if(out, ": ", get(event, "error"), "");
        add_if(out, ", ", get(event, "verdict"), "");
        add_if(out, ": ", get(event, "change"), "");
        return;
    }
    size_t steps = json_array_size(json_object_get(event, "steps"));
    str_addf(out, "plan of %s: %zu step%s", get(event, "phase"), steps, steps == 1 ? "" : "s");
    add_if(out, ", ", get(event, "estimate"), "");
}

static void say_clients(struct str *out, const json_t *event)
{
    const json_t *rows = json_object_get(event, "rows"), *row;
    double sessions = 0, stale = 0;
    size_t i, hidden = 0;
    json_array_foreach(rows, i, row)
    {
        sessions += (double)json_get_int(row, "sessions", 0);
        stale += (double)json_get_int(row, "stale", 0);
        hidden += !json_has(row, "stale");
    }
    str_addf(out, "clients: %.0f sessions of %zu applications, %.0f on the old shape", sessions,
             json_array_size(rows), stale);
    if (hidden)
        str_addf(out, ", %zu hidden from newel", hidden);
}

static void say_alarm(struct str *out, const json_t *event)
{
    str_addf(out, "%s: %s", json_get_text(event, "level", "alarm"),
             get(event, get(event, "text")[0] ? "text" : "code"));
}

static void say_note(struct str *out, const json_t *event)
{
    str_addf(out, "%s notes: %s", who(event), get(event, "text"));
}

static void say_end(struct str *out, const json_t *event)
{
    str_addf(out, "ended with status %" PRId64, number(event, "status"));
    add_if(out, ": ", get(event, "why"), "");
}

static void (*const sayers[])(struct str *out, const json_t *event) = {
    [EVENT_SESSION] = say_session, [EVENT_ATTACH] = say_console,  [EVENT_DETACH] = say_console,
    [EVENT_COMMAND] = say_command, [EVENT_PHASE] = say_phase,     [EVENT_STATEMENT] = say_statement,
    [EVENT_BATCH] = say_batch,     [EVENT_PACE] = say_pace,       [EVENT_THROTTLE] = say_throttle,
    [EVENT_LIMIT] = say_limit,     [EVENT_SAMPLE] = say_sample,   [EVENT_CHECK] = say_check,
    [EVENT_PLAN] = say_plan,       [EVENT_CLIENTS] = say_clients, [EVENT_ALARM] = say_alarm,
    [EVENT_APPROVAL] = say_approval, [EVENT_NOTE] = say_note,       [EVENT_END] = say_end,         [EVENT_KEYFRAME] = NULL,
    [EVENT_UNKNOWN] = NULL,
};

void event_headline(const json_t *event, struct str *out)
{
    struct str raw = {0}, some = {0};
    enum event_type type = event_type_of(event);
    if (sayers[type])
        sayers[type](&raw, event);
    else
        str_add(&raw, get(event, "event"));
    add_some(&some, str_text(&raw), HEADLINE_MAX);
    text_add_line(out, str_text(&some));
    str_free(&raw);
    str_free(&some);
}
