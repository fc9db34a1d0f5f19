/* ? Help: drawn from the table of keys, so it cannot lie. */
#include "config.h"
#include "ui/view.h"
#include "ui/keys.h"
#include "ui/widgets.h"

#include <string.h>

void screen_help(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    (void)m;
    size_t count;
    const struct key *table = keys_table(&count);
    enum key_mode mode = v->review ? MODE_REVIEW : MODE_LIVE;
    struct paper paper = {.width = r.width};
    paper_add(&paper, STYLE_NORMAL, 0,
              v->review ? "A recording: the same screens as live; keys that change are off."
              : v->read_only
                  ? "Read-only: keys that change are off."
                  : "What can be undone acts at once; what costs asks; what cannot be undone "
                    "wants the column's name typed.");
    const char *group = "";
    for (size_t i = 0; i < count; i++) {
        const struct key *k = &table[i];
        if (strcmp(group, k->group) != 0) {
            paper_blank(&paper);
            paper_addf(&paper, STYLE_TITLE, 0, "%s%s", k->group,
                       strcmp(k->group, "Engine") == 0 && (v->review || v->read_only) ? " (off)"
                       : strcmp(k->group, "Review") == 0 && !v->review ? " (newel review)"
                                                                       : "");
            group = k->group;
        }
        bool off = !(k->modes & mode) || (k->changes && v->read_only);
        paper_pair(&paper, 2, 10, k->label, off ? STYLE_DIM : STYLE_NORMAL, k->help);
        if (!off)
            paper.lines[paper.count - 1].label_style = STYLE_KEY;
    }
    paper_draw(&paper, c, r, v->scroll);
}
