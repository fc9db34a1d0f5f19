/*
 * The one table of keys: the loop obeys it, the help screen and the bottom line
 * are drawn from it, and the man page is tested against it.
 */
#ifndef NEWEL_UI_KEYS_H
#define NEWEL_UI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A key is its character, or one of these beyond Unicode. */
enum {
    KEYS_TAB = '\t',
    KEYS_ENTER = '\r',
    KEYS_ESC = 0x1B,
    KEYS_REDRAW = 0x0C, /* Ctrl-L */
    KEYS_ERASE = 0x08,
    KEYS_KILL_LINE = 0x15, /* Ctrl-U */
    KEYS_UP = 0x110000,
    KEYS_DOWN,
    KEYS_LEFT,
    KEYS_RIGHT,
    KEYS_PAGE_UP,
    KEYS_PAGE_DOWN,
    KEYS_HOME,
    KEYS_END,
    KEYS_BACK_TAB,
    KEYS_INSERT,
    KEYS_DELETE,
    KEYS_F1,
    KEYS_F12 = KEYS_F1 + 11,
    KEYS_RESIZE,
    KEYS_MOUSE, /* terminal_mouse() has the rest of it */
};

enum action {
    ACTION_NONE,
    ACTION_HELP,
    ACTION_QUIT,
    ACTION_BACK,
    ACTION_OPEN,
    ACTION_SEARCH,
    ACTION_SORT_NEXT,
    ACTION_SORT_BACK,
    ACTION_SORT_REVERSE,
    ACTION_INTERVAL,
    ACTION_PLOTS,
    ACTION_SPAN_LONGER,
    ACTION_SPAN_SHORTER,
    ACTION_SCREEN, /* its command says which */
    ACTION_UP,
    ACTION_DOWN,
    ACTION_LEFT,
    ACTION_RIGHT,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_FIRST,
    ACTION_LAST,
    ACTION_TARGET_NEXT,
    ACTION_TARGET_BACK,
    ACTION_ONLY,
    ACTION_REDRAW,
    ACTION_MOUSE,
    ACTION_PAUSE,
    ACTION_BATCH_MORE,
    ACTION_BATCH_LESS,
    ACTION_BATCH,
    ACTION_AUTO,
    ACTION_LANES,
    ACTION_AIM,
    ACTION_REST,
    ACTION_LIMITS,
    ACTION_STEP,
    ACTION_ROLLBACK,
    ACTION_CANCEL,
    ACTION_TERMINATE,
    ACTION_NOTE,
    ACTION_PLAY,
    ACTION_SEEK_BACK,
    ACTION_SEEK_ON,
    ACTION_START,
    ACTION_END,
    ACTION_ALARM_BACK,
    ACTION_ALARM_ON,
    ACTION_COMMAND_BACK,
    ACTION_COMMAND_ON,
    ACTION_PHASE_BACK,
    ACTION_PHASE_ON,
    ACTION_SLOWER,
    ACTION_FASTER,
    ACTION_GOTO,
};

enum key_mode {
    MODE_LIVE = 1,
    MODE_REVIEW = 2,
    MODE_BOTH = MODE_LIVE | MODE_REVIEW,
};

struct key {
    uint32_t key;
    const char *label; /* as it is written: "space", "Ctrl-L" */
    enum action action;
    const char *command; /* its name in configuration and man page */
    const char *group;
    const char *help;
    bool changes; /* it changes something: off for readers and in review */
    enum key_mode modes;
    const char *footer; /* its word in the bottom line; NULL: not there */
};

/* In the order of the help screen. */
const struct key *keys_table(size_t *count);
/* NULL: the key means nothing there. */
const struct key *keys_find(uint32_t key, enum key_mode mode);

#endif
