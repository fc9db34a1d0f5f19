#include "config.h"
#include "engine/approval.h"

#include "journal/model.h"

#include <stdlib.h>

bool approval_needed(const struct run *r, enum run_wish wish)
{
    const struct approval_rule *rule = &r->migration->approve;
    if (wish == WISH_ROLLBACK)
        return rule->rollback;
    return r->phase < PHASE_COUNT && rule->phases[r->phase];
}

enum approval approval_of(const struct run *r, enum run_wish wish, const char *name)
{
    if (!approval_needed(r, wish))
        return APPROVAL_NEEDLESS;
    bool other = r->migration->approve.by_other;
    if (other && !model_known_operator(name))
        return APPROVAL_NAMELESS;
    if (!r->asked_by || r->asked_for != wish)
        return APPROVAL_ASK;
    return other && model_same_operator(r->asked_by, name) ? APPROVAL_OWN : APPROVAL_GIVEN;
}

static json_t *approval_event(const struct run *r, const char *state)
{
    json_t *event = run_event(r, EVENT_APPROVAL);
    json_set_text(event, "phase", phase_name(r->phase));
    json_set_text(event, "of", r->asked_for == WISH_ROLLBACK ? "rollback" : "step");
    json_set_text(event, "state", state);
    return event;
}

static void forget(struct run *r)
{
    free(r->asked_by);
    r->asked_by = NULL;
    r->asked_for = WISH_NONE;
}

void approval_ask(struct run *r, enum run_wish wish, const char *name)
{
    approval_lapse(r);
    r->asked_for = wish;
    r->asked_by = mem_dup(name ? name : "unknown");
    json_t *event = approval_event(r, "asked");
    json_set_text(event, "operator", r->asked_by);
    json_set_text(event, "by", r->migration->approve.by_other ? "other" : "any");
    run_record(r, event);
}

static void end(struct run *r, const char *state, const char *name)
{
    json_t *event = approval_event(r, state);
    json_set_text(event, "operator", name);
    json_set_text(event, "asked_by", r->asked_by);
    run_record(r, event);
    forget(r);
}

void approval_withdraw(struct run *r, const char *name)
{
    end(r, "withdrawn", name ? name : "unknown");
}

void approval_lapse(struct run *r)
{
    if (r->asked_by)
        end(r, "lapsed", NULL);
}

void approval_release(struct run *r, enum run_wish wish, const char *name)
{
    const char *now = name ? name : "unknown";
    bool approves = r->asked_by && r->asked_for == wish;
    free(r->released_by);
    r->released_by = approves ? mem_printf("%s, approved by %s", r->asked_by, now) : mem_dup(now);
    if (approves)
        end(r, "approved", now);
}
