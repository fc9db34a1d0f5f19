/*
 * ? Help: what the screen shows that it was asked on, the keys that matter
 * there, then the rest. Drawn from the keys as they are, so it cannot lie.
 */
#include "config.h"
#include "ui/view.h"
#include "ui/widgets.h"

#include <string.h>

#define COLUMN_WIDTH 78
#define SMALL_HEIGHT 12

/* Two lines a screen, and the commands that are at home there. */
static const struct {
    const char *shows, *commands;
} screens[SCREEN_COUNT] = {
    [SCREEN_OVERVIEW] =
        {"Where the target stands: its phase, what comes next, what holds it back.\n"
         "Lag, waits and load beside it; what cannot be had is called unknown.",
         "step pause batch-more batch-less batch auto lanes limits rollback note play "
         "seek-back seek-on alarm-previous alarm-next goto"},
    [SCREEN_TABLES] = {"The table on this target: its size, its dead rows, what cleans it up.\n"
                       "What holds the cleaning back is named.",
                       "up down"},
    [SCREEN_LOCKS] = {"Who waits on whom: a blocker (B) stands above those that wait for it.\n"
                      "N is newel's own. A session that is chosen shows its query.",
                      "open cancel terminate up down left right"},
    [SCREEN_REPLICAS] = {"How far each replica is behind, in time and bytes, against its limit.\n"
                         "One that cannot be asked is unknown, which stops the backfill.",
                         "limits up down"},
    [SCREEN_TARGETS] = {"Every server of this migration, where it stands, what is left of it.\n"
                        "The one that is opened is shown by all other screens.",
                        "open target-next target-previous up down"},
    [SCREEN_PLANS] = {"The watched queries and their plans, before and after.\n"
                      "Same or CHANGED goes by the plan's shape, not by its figures.",
                      "open up down"},
    [SCREEN_CLIENTS] = {"The sessions by application, user and host.\n"
                        "Old shape: connected before the column was there.",
                        "up down"},
    [SCREEN_LOG] = {"Every event but samples and batches, the newest last.\n"
                    "It follows until a row is chosen.",
                    "search open up down page-up page-down first last left right"},
    [SCREEN_SQL] = {"What each phase runs, with its lock and its way back.\n"
                    "What comes next stands first.",
                    "step up down page-up page-down left right"},
};

static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at += n)
        if ((at == words || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
            return true;
    return false;
}

static void add_key(struct paper *p, const struct view *v, const struct key *k)
{
    bool off = !(k->modes & view_mode(v)) || (k->changes && (v->read_only || v->review));
    paper_pair(p, 2, 10, k->label, off ? STYLE_DIM : STYLE_NORMAL, k->help);
    if (!off)
        p->lines[p->count - 1].label_style = STYLE_KEY;
}

/* Off here are those of the other kind of console; they stand with the rest. */
static bool is_own(const struct view *v, const struct key *k)
{
    const char *own = screens[v->before_help].commands;
    return own && (k->modes & view_mode(v)) && has_word(own, k->command);
}

static const char *remark(const struct view *v, const char *group)
{
    if (strcmp(group, "Engine") == 0 && (v->review || v->read_only))
        return " (off)";
    return strcmp(group, "Review") == 0 && !v->review ? " (newel review)" : "";
}

void screen_help(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    (void)m;
    size_t count;
    const struct key *rows = keymap_rows(&v->keys, &count);
    int columns = r.width / COLUMN_WIDTH > 1 ? r.width / COLUMN_WIDTH : 1;
    struct paper paper = {.width = columns > 1 ? r.width / columns - 2 : r.width};
    paper_addf(&paper, STYLE_TITLE, 0, "%s", screen_title(v->before_help));
    /* where there is hardly any room, the keys are what was asked for */
    bool small = r.height < SMALL_HEIGHT;
    if (!small)
        paper_add(&paper, STYLE_NORMAL, 2, screens[v->before_help].shows);
    for (size_t i = 0; i < count; i++)
        if (is_own(v, &rows[i]))
            add_key(&paper, v, &rows[i]);
    if (small)
        paper_add(&paper, STYLE_NORMAL, 2, screens[v->before_help].shows);
    paper_blank(&paper);
    paper_add(&paper, STYLE_NORMAL, 0,
              v->review ? "A recording: the same screens as live; keys that change are off."
              : v->read_only
                  ? "Read-only: keys that change are off."
                  : "What can be undone acts at once; what costs asks; what cannot be undone "
                    "wants the column's name typed.");
    const char *group = "";
    for (size_t i = 0; i < count; i++) {
        if (is_own(v, &rows[i]))
            continue;
        if (strcmp(group, rows[i].group) != 0) {
            group = rows[i].group;
            paper_blank(&paper);
            paper_addf(&paper, STYLE_TITLE, 0, "%s%s", group, remark(v, group));
        }
        add_key(&paper, v, &rows[i]);
    }
    paper_draw_columns(&paper, c, r, columns, v->scroll);
}
