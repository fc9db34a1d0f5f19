#include "config.h"
#include "ui/theme.h"

#include <stdlib.h>

enum {
    BLACK = 0,
    RED = 1,
    YELLOW = 3,
    BLUE = 4,
    CYAN = 6,
    OWN = -1,
};

bool theme_wants_colour(void)
{
    const char *no = getenv("NO_COLOR");
    return !(no && *no);
}

/* Blue against orange, which every eye tells apart; the word beside it always says the same. */
struct theme_look theme_look(enum style style, int colours)
{
    bool many = colours >= 256, some = colours >= 8;
    struct theme_look look = {.colour = OWN, .background = OWN};
    switch (style) {
    case STYLE_NORMAL:
    case STYLE_COUNT:
        break;
    case STYLE_DIM:
        look.colour = many ? 245 : OWN;
        look.dim = !many;
        break;
    case STYLE_BOLD:
        look.bold = true;
        break;
    case STYLE_GOOD:
        look.colour = many ? 39 : some ? CYAN : OWN;
        break;
    case STYLE_WARN:
        look.colour = many ? 214 : some ? YELLOW : OWN;
        look.bold = true;
        break;
    case STYLE_BAD:
        look.colour = many ? 208 : some ? RED : OWN;
        look.bold = true;
        look.underline = !many; /* red and yellow are one colour to some eyes */
        break;
    case STYLE_ACCENT:
        look.colour = many ? 75 : some ? CYAN : OWN;
        break;
    case STYLE_TITLE:
        look.colour = many ? 110 : some ? BLUE : OWN;
        look.bold = true;
        break;
    case STYLE_SELECTED:
        look.reverse = true;
        break;
    case STYLE_KEY:
        look.bold = true;
        break;
    case STYLE_BAR:
        look.reverse = true;
        break;
    case STYLE_BADGE:
        look.colour = many ? 231 : OWN;
        look.background = many ? 25 : OWN;
        look.reverse = !many;
        look.bold = true;
        break;
    case STYLE_BADGE_WARN:
        look.colour = many ? 16 : some ? BLACK : OWN;
        look.background = many ? 220 : some ? YELLOW : OWN;
        look.reverse = !some;
        look.bold = true;
        break;
    case STYLE_BADGE_BAD:
        look.colour = many ? 16 : OWN;
        look.background = many ? 208 : some ? RED : OWN;
        look.reverse = !some;
        look.underline = !many;
        look.bold = true;
        break;
    }
    return look;
}
