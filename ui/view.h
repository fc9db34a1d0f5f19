/*
 * All that the console itself knows beside the model: where the operator
 * stands, what is being asked, how old the picture is. Screens read it and the
 * model, and draw; only input.c changes it.
 */
#ifndef NEWEL_UI_VIEW_H
#define NEWEL_UI_VIEW_H

#include "journal/model.h"
#include "ui/canvas.h"
#include "ui/grid.h"
#include "ui/history.h"
#include "ui/keymap.h"
#include "ui/log.h"

enum screen_id {
    SCREEN_OVERVIEW,
    SCREEN_TABLES,
    SCREEN_LOCKS,
    SCREEN_REPLICAS,
    SCREEN_TARGETS,
    SCREEN_PLANS,
    SCREEN_CLIENTS,
    SCREEN_LOG,
    SCREEN_SQL,
    SCREEN_HELP,
    SCREEN_COUNT,
};
const char *screen_title(enum screen_id screen); /* "Overview" */
/* "overview", in any case, or its number; SCREEN_COUNT: none. */
enum screen_id screen_from_name(const char *name);

/* A full page laid over the screen. */
enum page {
    PAGE_NONE,
    PAGE_STEP,
    PAGE_ROLLBACK,
    PAGE_LIMITS,
    PAGE_LOCK,
    PAGE_EVENT,
    PAGE_PLAN,
    PAGE_TABLE,
    PAGE_REPLICA,
    PAGE_CLIENT,
    PAGE_PLOTS,
};

/* A question that stands open. */
enum ask_kind {
    ASK_NONE,
    ASK_STEP,     /* y/N */
    ASK_WITHDRAW, /* y/N */
    ASK_ROLLBACK, /* the column's name */
    ASK_KILL,     /* y/N */
    ASK_QUIT,     /* one of several letters */
    ASK_VALUE,    /* of `verb` */
    ASK_LIMIT,
    ASK_NOTE,
    ASK_FILTER,
    ASK_TIME,
};

/* How far the second operator's yes is, where what is to be done needs one. */
enum second {
    SECOND_NEEDLESS,
    SECOND_ASK,      /* a yes asks for another */
    SECOND_GIVE,     /* it is asked for: a yes here is the other one */
    SECOND_AWAIT,    /* who sits here has asked */
    SECOND_NAMELESS, /* nobody knows who sits here */
};

/*
 * What the question is about, as it was when it was put: an answer is held
 * against the model of the moment, and never hits another thing.
 */
struct ask {
    enum ask_kind kind;
    char *target;
    enum phase phase;
    enum second second;
    const char *verb; /* static: the command to send */
    int64_t pid;
    char *start, *about;
    char *signal;
    struct str input;
};

enum link {
    LINK_NONE, /* a file only */
    LINK_UP,
    LINK_GONE, /* the engine has closed it */
};

#define TIMELINE_CELLS 1024
enum {
    MARK_ALARM = 1,
    MARK_COMMAND = 2,
    MARK_PHASE = 4,
};

/* A recording as a whole. */
struct timeline {
    int64_t first_us, last_us;
    uint8_t marks[TIMELINE_CELLS];
    bool whole; /* the marks of all of it are known */
};

void timeline_mark(struct timeline *t, int64_t at_us, enum history_mark_kind kind);

/* One frame in that time at most, unless the operator has changed it. */
#define VIEW_FRAME_US INT64_C(200000)

struct view {
    enum screen_id screen, before_help;
    enum page page;
    struct ask ask;
    bool ascii, read_only, review, playing;
    int64_t speed;
    enum link link;
    int64_t now_us;    /* wall time; in review the moment that is shown */
    int64_t file_gaps; /* broken lines met */
    struct timeline timeline;
    struct history history;

    int target;   /* chosen with Tab; -1: the one being worked on */
    bool only;    /* what concerns another target is left away */
    int followed; /* the one being worked on, held while it is: see view_follow() */
    struct grid_state tables[SCREEN_COUNT];
    struct grid_memory seen; /* what the last frame showed: changes are marked */
    int64_t frame_us;        /* the least time between two frames */
    int64_t span_us;         /* what plots look back on; 0: nobody has chosen */
    int scroll;              /* of pages, help and SQL */
    int limit_selected;
    int shift;        /* columns that long lines are moved to the left */
    int page_rows;    /* rows that a page of the present screen has */
    int64_t lock_pid; /* the session chosen on Locks: whom a key would hit */
    char *lock_start;
    struct log log;

    struct keymap keys;
    bool mouse; /* clicks are ours, not the terminal's to mark text with */

    char *message;       /* the engine's answer; stays until the next key */
    char *call;          /* what another operator says to all; stays until a key after it was seen */
    size_t calls;        /* how many came since the last key */
    int64_t client;      /* the number that the engine has given us; 0: none yet */
    bool keeps_messages; /* none replaces another: each is read out, on a line of its own */
    enum style message_style;
    char *operator_name;

    int64_t batch_sent, batch_sent_us; /* the last size asked for with + or - */
};

void view_init(struct view *v);
void view_free(struct view *v);
void view_say(struct view *v, enum style style, const char *format, ...) PRINTF_LIKE(3, 4);
/* A message to all. */
void view_call(struct view *v, const char *from, int64_t at_us, const char *text);
/* Does the open question take the message line? */
bool view_asks_by_prompt(const struct view *v);
void view_close_ask(struct view *v);
void view_open(struct view *v, enum page page); /* from its beginning */

enum key_mode view_mode(const struct view *v);
/* The key of a command here, as it is written; NULL: it has none. */
const char *view_key(const struct view *v, const char *command);

/* "3 Locks": a screen as the operator gets to it. */
#define PLACE_TEXT 40
const char *view_place(char out[PLACE_TEXT], const struct view *v, enum screen_id screen);

/* Is what concerns `target` (NULL: all of them) to be shown? */
bool view_concerns(const struct view *v, const struct model *m, const char *target);
/* The target that is shown, or NULL before there is one. */
const struct model_target *view_target(const struct view *v, const struct model *m);
/*
 * With several targets at work the newest event is now of one, now of another:
 * what is shown stays with one of them, or a key would hit the wrong one.
 */
void view_follow(struct view *v, const struct model *m);
/* The index of the selected session in `t->locks`, or -1 when it is gone (or none is selected). */
int view_lock(const struct view *v, const struct model_target *t);

/* "rollback", or the phase's name: what a yes to the step there is a yes to. */
const char *view_step_word(const struct model_target *t, enum phase phase);
/* `what`: a phase's name, or "rollback". */
enum second view_second(const struct view *v, const struct model *m, const struct model_target *t,
                        const char *what);

/* Sessions of the lock tree: who waits, at whom it ends, and who only holds newel's table. */
struct sessions {
    size_t waiting, roots, holding;
};
struct sessions view_sessions(const struct model_target *t);

/*
 * The phase that `n` would start now (or try again); PHASE_COUNT when there is
 * none: one runs, or all are done.
 */
enum phase view_next_phase(const struct model_target *t);

/* What a screen has of a terminal of that size. */
struct rect view_body(const struct view *v, int width, int height);
/* What the target is doing, as the top line has it: "THROTTLED r1 lags 5s". */
void view_state(struct str *out, enum style *style, const struct model *m,
                const struct model_target *t);

/* The whole picture: top line, tabs, screen, message, keys. */
void view_draw(struct canvas *c, const struct model *m, const struct view *v);

/* Screens: pure; each draws into `r` alone. */
typedef void screen_draw(struct canvas *c, const struct model *m, const struct view *v,
                         struct rect r);
screen_draw screen_overview, screen_tables, screen_locks, screen_replicas, screen_targets,
    screen_plans, screen_clients, screen_log, screen_sql, screen_help, screen_minimal;
/* The page that lies over the screen, the question box, and the bottom line. */
screen_draw page_draw, ask_draw, footer_draw;
/* The page that lies over the screen as lines of text. */
void page_say(const struct model *m, const struct view *v, struct str *out);

#endif
