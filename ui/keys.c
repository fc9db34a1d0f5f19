#include "config.h"
#include "ui/keys.h"
#include "base/mem.h"

/* clang-format off */
static const struct key table[] = {
    {'?', "?", ACTION_HELP, "help", "General", "this help", false, MODE_BOTH, "help"},
    {KEYS_F1, "F1", ACTION_HELP, "help", "General", "this help", false, MODE_BOTH, NULL},
    {'q', "q", ACTION_QUIT, "quit", "General", "leave; a live session asks what the engine shall do", false, MODE_BOTH, "quit"},
    {KEYS_ESC, "Esc", ACTION_BACK, "back", "General", "back, or close what is open", false, MODE_BOTH, NULL},
    {KEYS_ENTER, "Enter", ACTION_OPEN, "open", "General", "open the selected row in full", false, MODE_BOTH, NULL},
    {'/', "/", ACTION_SEARCH, "search", "General", "show only the rows that hold a text", false, MODE_BOTH, NULL},
    {'i', "i", ACTION_INTERVAL, "interval", "General", "how often the screen is drawn: 0.1 s to 5 s, for a bad line", false, MODE_BOTH, NULL},
    {'p', "p", ACTION_PLOTS, "plots", "General", "plots of rate, batches, lag, WAL and waiters, with what was done", false, MODE_BOTH, NULL},
    {'z', "z", ACTION_SPAN_LONGER, "span-longer", "General", "plots look further back: 1 min to 24 h", false, MODE_BOTH, NULL},
    {'Z', "Z", ACTION_SPAN_SHORTER, "span-shorter", "General", "plots look less far back", false, MODE_BOTH, NULL},
    {KEYS_REDRAW, "Ctrl-L", ACTION_REDRAW, "redraw", "General", "draw the screen anew", false, MODE_BOTH, NULL},
    {'M', "M", ACTION_MOUSE, "mouse", "General", "the mouse on or off: off, the terminal marks text", false, MODE_BOTH, NULL},

    {'1', "1", ACTION_SCREEN, "screen-overview", "Screens", "Overview: phases, progress, pace, lag, waits", false, MODE_BOTH, NULL},
    {'2', "2", ACTION_SCREEN, "screen-tables", "Screens", "Tables: size, dead rows, HOT share", false, MODE_BOTH, NULL},
    {'3', "3", ACTION_SCREEN, "screen-locks", "Screens", "Locks: who waits on whom", false, MODE_BOTH, NULL},
    {'4', "4", ACTION_SCREEN, "screen-replicas", "Screens", "Replicas: lag against its limits", false, MODE_BOTH, NULL},
    {'5', "5", ACTION_SCREEN, "screen-targets", "Screens", "Targets: every server of this migration", false, MODE_BOTH, NULL},
    {'6', "6", ACTION_SCREEN, "screen-plans", "Screens", "Plans: watched queries before and after", false, MODE_BOTH, NULL},
    {'7', "7", ACTION_SCREEN, "screen-clients", "Screens", "Clients: sessions on the old shape", false, MODE_BOTH, NULL},
    {'8', "8", ACTION_SCREEN, "screen-log", "Screens", "Log: every event but samples and batches", false, MODE_BOTH, NULL},
    {'9', "9", ACTION_SCREEN, "screen-sql", "Screens", "SQL: what each phase runs", false, MODE_BOTH, NULL},

    {KEYS_UP, "Up", ACTION_UP, "up", "Moving", "one row up", false, MODE_BOTH, NULL},
    {'k', "k", ACTION_UP, "up", "Moving", "one row up", false, MODE_BOTH, NULL},
    {KEYS_DOWN, "Down", ACTION_DOWN, "down", "Moving", "one row down", false, MODE_BOTH, NULL},
    {'j', "j", ACTION_DOWN, "down", "Moving", "one row down", false, MODE_BOTH, NULL},
    {KEYS_LEFT, "Left", ACTION_LEFT, "left", "Moving", "long lines: back to the left", false, MODE_LIVE, NULL},
    {'h', "h", ACTION_LEFT, "left", "Moving", "long lines: back to the left", false, MODE_BOTH, NULL},
    {KEYS_RIGHT, "Right", ACTION_RIGHT, "right", "Moving", "long lines: on to the right", false, MODE_LIVE, NULL},
    {'l', "l", ACTION_RIGHT, "right", "Moving", "long lines: on to the right", false, MODE_BOTH, NULL},
    {KEYS_PAGE_UP, "PgUp", ACTION_PAGE_UP, "page-up", "Moving", "one page up", false, MODE_BOTH, NULL},
    {KEYS_PAGE_DOWN, "PgDn", ACTION_PAGE_DOWN, "page-down", "Moving", "one page down", false, MODE_BOTH, NULL},
    {KEYS_HOME, "Home", ACTION_FIRST, "first", "Moving", "to the first row", false, MODE_LIVE, NULL},
    {KEYS_END, "End", ACTION_LAST, "last", "Moving", "to the last row; the log then follows", false, MODE_LIVE, NULL},
    {KEYS_TAB, "Tab", ACTION_TARGET_NEXT, "target-next", "Moving", "the next target", false, MODE_BOTH, NULL},
    {KEYS_BACK_TAB, "Shift-Tab", ACTION_TARGET_BACK, "target-previous", "Moving", "the target before", false, MODE_BOTH, NULL},

    {'f', "f", ACTION_ONLY, "only", "Moving", "events of the shown target alone, or of all", false, MODE_BOTH, NULL},

    {'s', "s", ACTION_SORT_NEXT, "sort", "Tables", "sort by the next column; at the end: rows as they come", false, MODE_BOTH, NULL},
    {'S', "S", ACTION_SORT_REVERSE, "sort-reverse", "Tables", "the other way round", false, MODE_BOTH, NULL},
    {'<', "<", ACTION_SORT_BACK, "sort-previous", "Tables", "sort by the column before", false, MODE_LIVE, NULL},
    {'>', ">", ACTION_SORT_NEXT, "sort", "Tables", "sort by the next column", false, MODE_LIVE, NULL},

    {'n', "n", ACTION_STEP, "step", "Engine", "next phase: shows its SQL, lock and way back, then asks", true, MODE_LIVE, "next phase"},
    {' ', "space", ACTION_PAUSE, "pause", "Engine", "pause or resume, at once", true, MODE_LIVE, "pause"},
    {'+', "+", ACTION_BATCH_MORE, "batch-more", "Engine", "batches larger by a quarter, at once", true, MODE_LIVE, "batch"},
    {'-', "-", ACTION_BATCH_LESS, "batch-less", "Engine", "batches smaller by a fifth, at once", true, MODE_LIVE, "batch"},
    {'b', "b", ACTION_BATCH, "batch", "Engine", "rows of one batch", true, MODE_LIVE, NULL},
    {'a', "a", ACTION_AUTO, "auto", "Engine", "give the batch size back to the automatic pace", true, MODE_LIVE, "auto"},
    {'d', "d", ACTION_AIM, "aim", "Engine", "how long one batch may take", true, MODE_LIVE, NULL},
    {'w', "w", ACTION_REST, "rest", "Engine", "rest between two batches", true, MODE_LIVE, NULL},
    {'L', "L", ACTION_LANES, "lanes", "Engine", "batches in parallel", true, MODE_LIVE, NULL},
    {'t', "t", ACTION_LIMITS, "limits", "Engine", "limits: see and change them", true, MODE_LIVE, "limits"},
    {'R', "R", ACTION_ROLLBACK, "rollback", "Engine", "roll back: shows what is taken back, wants the column's name typed", true, MODE_LIVE, "roll back"},
    {'C', "C", ACTION_CANCEL, "cancel", "Engine", "on Locks: cancel the statement of the selected session", true, MODE_LIVE, NULL},
    {'T', "T", ACTION_TERMINATE, "terminate", "Engine", "on Locks: end the selected session", true, MODE_LIVE, NULL},
    {'m', "m", ACTION_NOTE, "note", "Engine", "write a note into the journal", true, MODE_LIVE, "note"},

    {' ', "space", ACTION_PLAY, "play", "Review", "play or stop", false, MODE_REVIEW, "play"},
    {KEYS_LEFT, "Left", ACTION_SEEK_BACK, "seek-back", "Review", "10 s back", false, MODE_REVIEW, "10s"},
    {KEYS_RIGHT, "Right", ACTION_SEEK_ON, "seek-on", "Review", "10 s on", false, MODE_REVIEW, "10s"},
    {'[', "[", ACTION_ALARM_BACK, "alarm-previous", "Review", "to the alarm before", false, MODE_REVIEW, "alarm"},
    {']', "]", ACTION_ALARM_ON, "alarm-next", "Review", "to the next alarm", false, MODE_REVIEW, "alarm"},
    {'(', "(", ACTION_COMMAND_BACK, "command-previous", "Review", "to the command before", false, MODE_REVIEW, "command"},
    {')', ")", ACTION_COMMAND_ON, "command-next", "Review", "to the next command", false, MODE_REVIEW, "command"},
    {'{', "{", ACTION_PHASE_BACK, "phase-previous", "Review", "to the start of a phase before", false, MODE_REVIEW, "phase"},
    {'}', "}", ACTION_PHASE_ON, "phase-next", "Review", "to the start of the next phase", false, MODE_REVIEW, "phase"},
    {'<', "<", ACTION_SLOWER, "slower", "Review", "play slower", false, MODE_REVIEW, "speed"},
    {'>', ">", ACTION_FASTER, "faster", "Review", "play faster (1 to 1000 times)", false, MODE_REVIEW, "speed"},
    {'g', "g", ACTION_GOTO, "goto", "Review", "go to a time", false, MODE_REVIEW, "go to"},
    {KEYS_HOME, "Home", ACTION_START, "start", "Review", "to the start of the recording", false, MODE_REVIEW, NULL},
    {KEYS_END, "End", ACTION_END, "end", "Review", "to its end", false, MODE_REVIEW, NULL},
};
/* clang-format on */

const struct key *keys_table(size_t *count)
{
    *count = COUNT_OF(table);
    return table;
}

const struct key *keys_find(uint32_t key, enum key_mode mode)
{
    if (key == '\n')
        key = KEYS_ENTER;
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (table[i].key == key && (table[i].modes & mode))
            return &table[i];
    return NULL;
}
