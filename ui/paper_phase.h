/* One phase written out in full: on the SQL screen and before it is started. */
#ifndef NEWEL_UI_PAPER_PHASE_H
#define NEWEL_UI_PAPER_PHASE_H

#include "ui/view.h"
#include "ui/widgets.h"

void paper_phase(struct paper *p, const struct model_target *t, enum phase phase);
/* Why it failed and what to do, if it did. */
void paper_error(struct paper *p, const struct model_error *e);

#endif
