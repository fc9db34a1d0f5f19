#include "config.h"
#include "ui/paper_phase.h"

#include <string.h>

void paper_error(struct paper *p, const struct model_error *e)
{
    if (!e->what && !e->why)
        return;
    paper_addf(p, STYLE_BAD, 0, "FAILED: %s", e->what ? e->what : "");
    paper_pair(p, 2, 6, "why", STYLE_BAD, e->why);
    if (e->number)
        paper_addf(p, STYLE_NORMAL, 2, "errno %lld", (long long)e->number);
    if (e->sqlstate && *e->sqlstate)
        paper_pair(p, 2, 6, "state", STYLE_NORMAL, e->sqlstate);
    paper_pair(p, 2, 6, "do", STYLE_BOLD, e->todo);
}

void paper_phase(struct paper *p, const struct model_target *t, enum phase phase)
{
    const struct model_phase *ph = &t->phases[phase];
    paper_addf(p, STYLE_TITLE, 0, "%d %s: %s", (int)phase + 1, phase_name(phase),
               phase_state_name(ph->state));
    paper_pair(p, 2, 10, "detail", STYLE_NORMAL, ph->detail);
    /* the label says it already */
    static const char word[] = "estimate: ";
    bool twice = ph->estimate && strncmp(ph->estimate, word, sizeof word - 1) == 0;
    paper_pair(p, 2, 10, "estimate", STYLE_NORMAL,
               twice ? ph->estimate + sizeof word - 1 : ph->estimate);
    if (ph->approved_by)
        paper_addf(p, STYLE_NORMAL, 2, "asked for by %s, approved by %s",
                   ph->asked_by ? ph->asked_by : "?", ph->approved_by);
    if (!ph->step_count)
        paper_add(p, STYLE_DIM, 2, "nothing of it is known yet");
    for (size_t i = 0; i < ph->step_count; i++) {
        const struct model_step *s = &ph->steps[i];
        paper_addf(p, STYLE_BOLD, 2, "%zu. %s%s%s", i + 1, s->name ? s->name : "step",
                   s->state ? ": " : "", s->state ? s->state : "");
        paper_add(p, STYLE_ACCENT, 5, s->sql);
        paper_pair(p, 5, 10, "lock", STYLE_NORMAL, s->lock);
        paper_pair(p, 5, 10, "blocks", STYLE_WARN, s->blocks);
        paper_pair(p, 5, 10, "way back", STYLE_NORMAL, s->undo);
    }
}
