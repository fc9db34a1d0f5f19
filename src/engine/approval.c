#include "config.h"
#include "engine/approval.h"

#include "journal/model.h"

#include <stdlib.h>
#include <string.h>

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
    if (other && (!name || !*name || strcmp(name, "unknown") == 0))
        return APPROVAL_NAMELESS;
    if (!r->asked_by || r->asked_for != wish)
        return APPROVAL_ASK;
    return other && model_same_operator(r->asked_by, name) ? APPROVAL_OWN : APPROVAL_GIVEN;
}

static json_t *approval_event(const struct run *r, const char *state, const char *name)
{
    json_t *event = run_event(r, EVENT_APPROVAL);
    json_set_text(event, "phase", phase_name(r->phase));
    json_set_text(event, "of", r->asked_for == WISH_ROLLBACK ? "rollback" : "step");
    json_set_text(event, "state", state);
    json_set_text(event, "operator", name);
    return event;
}

json_t *approval_ask(struct run *r, enum run_wish wish, const char *name)
{
    approval_lapse(r);
    r->asked_for = wish;
    r->asked_by = mem_dup(name ? name : "unknown");
    return approval_event(r, "asked", r->asked_by);
}

json_t *approval_end(struct run *r, const char *state, const char *name)
{
    json_t *event = approval_event(r, state, name);
    json_set_text(event, "asked_by", r->asked_by);
    return event;
}

void approval_lapse(struct run *r)
{
    free(r->asked_by);
    r->asked_by = NULL;
    r->asked_for = WISH_NONE;
}

void approval_release(struct run *r, const char *asked_by, const char *name)
{
    char *by = asked_by ? mem_printf("%s, approved by %s", asked_by, name ? name : "unknown")
                        : mem_dup(name ? name : "unknown");
    free(r->released_by);
    r->released_by = by;
}
