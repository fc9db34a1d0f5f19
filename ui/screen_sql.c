/* 9 SQL: what each phase runs, with its lock and its way back; what comes next stands first. */
#include "config.h"
#include "ui/view.h"
#include "ui/paper_phase.h"
#include "ui/widgets.h"

void screen_sql(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    const struct model_target *t = view_target(v, m);
    if (!t)
        return;
    struct paper paper = {.width = r.width};
    enum phase first = view_next_phase(t);
    if (first >= PHASE_COUNT)
        first = t->phase < PHASE_COUNT ? t->phase : PHASE_PREFLIGHT;
    for (int i = 0; i < PHASE_COUNT; i++) {
        enum phase phase = (enum phase)(((int)first + i) % PHASE_COUNT);
        if (i && phase == PHASE_PREFLIGHT) {
            paper_blank(&paper);
            paper_add(&paper, STYLE_DIM, 0, "-- earlier phases --");
        }
        paper_phase(&paper, t, phase);
    }
    paper_draw(&paper, c, r, v->scroll);
}
