/* The bottom line: which keys do what here. A click on a word does what its key does. */
#include "config.h"
#include "ui/tables.h"
#include "base/text.h"

#include <string.h>

#define HINTS_MAX 4
/* What the keys need that stop and start the engine: no other key may push them away. */
#define ENGINE_KEYS 46

/* A key that answers a question, and what it does; `key` 0: it is only told. */
struct hint {
    uint32_t key;
    const char *label, *word;
};

#define READ                                                                                       \
    {                                                                                              \
        0, "PgUp PgDn", "read"                                                                     \
    }
#define BACK                                                                                       \
    {                                                                                              \
        KEYS_ESC, "Esc", "back"                                                                    \
    }
#define SEND                                                                                       \
    {                                                                                              \
        KEYS_ENTER, "Enter", "send"                                                                \
    }

#define YES(what)                                                                                  \
    {                                                                                              \
        'y', "y", what                                                                             \
    }
#define NO                                                                                         \
    {                                                                                              \
        'n', "N", "no"                                                                             \
    }

static const struct hint answers[][HINTS_MAX] = {
    [ASK_STEP] = {YES("start it"), NO, READ, BACK},
    [ASK_WITHDRAW] = {YES("take it back"), NO, READ, BACK},
    [ASK_ROLLBACK] = {{0, "type the column's name", "and Enter"}, READ, BACK},
    [ASK_KILL] = {YES("yes"), NO, BACK},
    [ASK_QUIT] = {{'d', "d", "detach"},
                  {'p', "p", "pause & leave"},
                  {'s', "s", "stop engine"},
                  {KEYS_ESC, "Esc", "stay"}},
    [ASK_VALUE] = {SEND, BACK},
    [ASK_LIMIT] = {SEND, BACK},
    [ASK_NOTE] = {SEND, BACK},
    [ASK_FILTER] = {{KEYS_ENTER, "Enter", "show"}, BACK, {0, "an empty text", "shows all"}},
    [ASK_TIME] = {{0, "HH:MM[:SS], +DURATION from the start,", "or ISO 8601"},
                  {KEYS_ENTER, "Enter", "go"},
                  BACK},
};

/* Where it takes two, one yes does not start anything. */
static const struct hint to_ask[HINTS_MAX] = {YES("ask for it"), NO, READ, BACK};
static const struct hint to_approve[HINTS_MAX] = {YES("approve and start"), NO, READ, BACK};

static const struct hint *answers_to(const struct ask *ask)
{
    if (ask->kind == ASK_STEP && ask->second == SECOND_ASK)
        return to_ask;
    if (ask->kind == ASK_STEP && ask->second == SECOND_GIVE)
        return to_approve;
    return answers[ask->kind];
}

static void draw_answers(struct pen *p, const struct hint *hints)
{
    for (int i = 0; i < HINTS_MAX && hints[i].word; i++) {
        int from = p->x;
        pen_printf(p, STYLE_BOLD, "%s %s", hints[i].label, hints[i].word);
        if (hints[i].key)
            canvas_spot(p->canvas, (struct rect){from, p->y, p->x - from, 1}, SPOT_KEY, NULL,
                        hints[i].key);
        pen_text(p, STYLE_NORMAL, "   ");
    }
}

/* "Enter open  ": nothing when the command has no key here. */
static void draw_command_before(struct pen *p, const struct view *v, const char *command,
                                const char *word, int leave)
{
    const char *label = view_key(v, command);
    if (!label || pen_left(p) - text_width(label) - text_width(word) - 1 < leave)
        return;
    int from = p->x;
    pen_text(p, STYLE_KEY, label);
    if (*word)
        pen_printf(p, STYLE_DIM, " %s", word);
    canvas_spot(p->canvas, (struct rect){from, p->y, p->x - from, 1}, SPOT_COMMAND, command, 0);
    pen_text(p, STYLE_DIM, *word ? "  " : " ");
}

static void draw_command(struct pen *p, const struct view *v, const char *command, const char *word)
{
    draw_command_before(p, v, command, word, 0);
}

static void draw_page(struct pen *p, const struct view *v)
{
    bool limits = v->page == PAGE_LIMITS;
    draw_command(p, v, "up", "");
    draw_command(p, v, "down", limits ? "choose" : "");
    if (limits) {
        draw_command(p, v, "open", "change");
    } else {
        draw_command(p, v, "page-up", "");
        draw_command(p, v, "page-down", "read");
    }
    draw_command(p, v, "back", "back");
}

/* Two neighbours with one word share it: "+/- batch". */
static bool shares(const struct key *a, const struct key *b, enum key_mode mode)
{
    return a->footer && b->footer && (a->modes & mode) && (b->modes & mode) &&
           strcmp(a->footer, b->footer) == 0;
}

static void draw_general(struct pen *p, const struct view *v, bool off)
{
    enum key_mode mode = view_mode(v);
    size_t count;
    const struct key *rows = keymap_rows(&v->keys, &count);
    bool skipped = false;
    for (size_t i = 0; i < count; i++) {
        const struct key *k = &rows[i];
        if (!k->footer || !(k->modes & mode) || (k->changes && off))
            continue;
        bool paired = i + 1 < count && shares(k, k + 1, mode);
        bool second = i > 0 && shares(k - 1, k, mode);
        int need = text_width(k->label) + text_width(k->footer) + 3 +
                   (paired ? text_width(k[1].label) + 1 : 0);
        /* both of a pair or none */
        skipped = second ? skipped : need > pen_left(p);
        if (skipped)
            continue;
        int from = p->x;
        pen_text(p, STYLE_KEY, k->label);
        if (!paired)
            pen_printf(p, STYLE_DIM, " %s", k->footer);
        canvas_spot(p->canvas, (struct rect){from, p->y, p->x - from, 1}, SPOT_COMMAND, k->command,
                    0);
        pen_text(p, STYLE_DIM, paired ? "/" : "  ");
    }
}

/* The plots are where a change is watched: the engine's keys stay at hand. */
static void draw_plots(struct pen *p, const struct view *v, bool off)
{
    draw_command(p, v, "back", "back");
    draw_command_before(p, v, "span-longer", "longer", ENGINE_KEYS);
    draw_command_before(p, v, "span-shorter", "shorter", ENGINE_KEYS);
    draw_general(p, v, off);
}

void footer_draw(struct canvas *c, const struct model *m, const struct view *v, struct rect r)
{
    bool off = v->read_only || m->ended; /* what changes anything */
    struct pen p = pen_at(c, r, 0);
    if (v->ask.kind != ASK_NONE) {
        draw_answers(&p, answers_to(&v->ask));
        return;
    }
    if (v->page == PAGE_PLOTS) {
        draw_plots(&p, v, off);
        return;
    }
    if (v->page != PAGE_NONE) {
        draw_page(&p, v);
        return;
    }
    if (v->screen == SCREEN_LOCKS && !v->review && !off) {
        draw_command(&p, v, "cancel", "cancel");
        draw_command(&p, v, "terminate", "terminate");
    }
    if (tables_here(m, v)) {
        draw_command_before(&p, v, "sort", "sort", ENGINE_KEYS);
        draw_command_before(&p, v, "search", "filter", ENGINE_KEYS);
        draw_command_before(&p, v, "open", "open", ENGINE_KEYS);
    }
    draw_general(&p, v, off);
}
