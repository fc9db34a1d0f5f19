/*
 * A buffer of cells that everything is drawn on. What becomes of it is the
 * business of its back ends: a terminal (canvas_curses.c) or text
 * (canvas_dump.c). Drawing outside the canvas draws nothing; no call fails.
 */
#ifndef NEWEL_UI_CANVAS_H
#define NEWEL_UI_CANVAS_H

#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>

/* What a cell means; theme.c says how that looks. */
enum style {
    STYLE_NORMAL,
    STYLE_DIM,
    STYLE_BOLD,
    STYLE_GOOD,
    STYLE_WARN,
    STYLE_BAD,
    STYLE_ACCENT,
    STYLE_TITLE,      /* the heading of a block */
    STYLE_SELECTED,   /* the row the operator stands on */
    STYLE_KEY,        /* a key to press */
    STYLE_BAR,        /* the top line */
    STYLE_BADGE,      /* a state on the top line: all is well */
    STYLE_BADGE_WARN, /* held back */
    STYLE_BADGE_BAD,  /* stands still */
    STYLE_COUNT,
};

#define CELL_MARKS 2

struct cell {
    uint32_t glyph;             /* 0: the right half of the wide glyph before it */
    uint32_t marks[CELL_MARKS]; /* combining characters upon it, 0: none */
    uint8_t style;
};

struct rect {
    int x, y, width, height;
};

/* What a click means at the place where something was drawn. */
enum spot_kind {
    SPOT_COMMAND, /* as if the command's key was pressed */
    SPOT_KEY,     /* as if that key was: an answer to a question */
    SPOT_ROW,     /* a row of the screen, by a value that the screen knows it by */
};

struct spot {
    struct rect area;
    enum spot_kind kind;
    const char *command; /* static */
    int64_t value;       /* the key, or the row */
};

struct canvas {
    int width, height;
    bool ascii; /* glyphs outside ASCII are replaced as they are drawn */
    struct cell *cells;
    int cursor_x, cursor_y; /* where a screen reader shall read; -1: nowhere */
    /* What the screen drawn last could scroll through: all its rows, and those that fit. */
    int rows, rows_shown;
    struct spot *spots;
    size_t spot_count;
};

void canvas_init(struct canvas *c, int width, int height, bool ascii);
void canvas_free(struct canvas *c);
void canvas_clear(struct canvas *c);
/* Never NULL: a place outside gives a cell that nobody draws. */
struct cell *canvas_cell(struct canvas *c, int x, int y);
struct rect canvas_rect(const struct canvas *c);

void canvas_spot(struct canvas *c, struct rect area, enum spot_kind kind, const char *command,
                 int64_t value);
/* The one that was drawn last where several lie; NULL: none. */
const struct spot *canvas_spot_at(const struct canvas *c, int x, int y);

/* A rectangle without its first `rows` rows; never of negative size. */
struct rect rect_below(struct rect r, int rows);
struct rect rect_rows(struct rect r, int first, int rows);
struct rect rect_columns(struct rect r, int first, int columns);

/* Puts one glyph (width 1) that is known to be harmless. */
void canvas_put(struct canvas *c, int x, int y, enum style style, uint32_t glyph);
void canvas_fill(struct canvas *c, struct rect r, enum style style, uint32_t glyph);
/* Changes the style of what is drawn there. */
void canvas_restyle(struct canvas *c, struct rect r, enum style style);

/*
 * One line being written, from left to right, never beyond `end`. Text from
 * outside is made harmless on its way; what does not fit ends in an ellipsis.
 */
struct pen {
    struct canvas *canvas;
    int start, x, y, end;
};

/* Row `row` of `r`; a row that `r` does not have gives a pen that draws nothing. */
struct pen pen_at(struct canvas *c, struct rect r, int row);
void pen_text(struct pen *p, enum style style, const char *text); /* NULL: nothing */
void pen_printf(struct pen *p, enum style style, const char *format, ...) PRINTF_LIKE(3, 4);
/* In a field of `width` columns, cut or padded; `right` aligns to its end. */
void pen_field(struct pen *p, enum style style, int width, bool right, const char *text);
/* Moves on to that column of the line, if it is not there yet. */
void pen_to(struct pen *p, int column);
int pen_left(const struct pen *p); /* columns that remain */

/* The canvas as lines of text, trailing blanks cut. */
void canvas_dump(const struct canvas *c, struct str *out);

/* ---- the terminal back end (canvas_curses.c) ---- */

struct terminal;

/* Takes the terminal over. NULL when it cannot (unknown TERM): nothing was changed. */
struct terminal *terminal_open(FILE *out, FILE *in);
void terminal_close(struct terminal *t); /* gives it back as it was found */
void terminal_size(struct terminal *t, int *width, int *height);
/* Shows the canvas: only cells that changed are sent; `again` repaints all. */
void terminal_show(struct terminal *t, const struct canvas *c, bool again);
/* The next key (keys.h), or 0 when there is none. */
uint32_t terminal_key(struct terminal *t);
/* Takes the mouse, or leaves it to the terminal. */
void terminal_take_mouse(struct terminal *t, bool on);
/* What KEYS_MOUSE was about; false: nothing that anybody wants. */
enum mouse_kind {
    MOUSE_CLICK,
    MOUSE_WHEEL_UP,
    MOUSE_WHEEL_DOWN,
};

struct mouse {
    enum mouse_kind kind;
    int x, y;
};
bool terminal_mouse(const struct terminal *t, struct mouse *mouse);
/* Gives the terminal back for a while, until the next terminal_show(). */
void terminal_rest(struct terminal *t);
/* Async-signal-safe: gives the terminal back in a process that is about to die. */
void terminal_rescue(void);

#endif
