/* What a style looks like on a terminal. Only the curses back end asks. */
#ifndef NEWEL_UI_THEME_H
#define NEWEL_UI_THEME_H

#include "ui/canvas.h"

struct theme_look {
    int colour;     /* of the palette of 8 or 256; -1: the terminal's own */
    int background; /* likewise */
    bool bold, dim, reverse, underline;
};

/* `colours`: how many the terminal has; 0 or 1: none are used. */
struct theme_look theme_look(enum style style, int colours);
/* NO_COLOR present and not empty: bold and reverse stay, colours go. */
bool theme_wants_colour(void);

#endif
