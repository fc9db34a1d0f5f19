/*
 * A table of rows that are somebody else's: which of them are shown (filter), in
 * what order (sort), how wide the columns are, on which row the operator stands,
 * and what has changed of late. Nothing here knows what a row is about.
 */
#ifndef NEWEL_UI_GRID_H
#define NEWEL_UI_GRID_H

#include "ui/widgets.h"

#include <math.h>

#define GRID_COLUMNS 16
#define GRID_UNKNOWN ((double)INFINITY) /* sorts last, whichever way */

enum {
    GRID_RIGHT = 1,
    GRID_NUMBER = 2, /* sorts by number, the largest first; others by text */
    GRID_WATCH = 4,  /* a change is marked */
    GRID_REST = 8,   /* takes what is left; moved by Left and Right */
};

struct grid_column {
    const char *title;
    int least, most; /* `most` where there is room */
    int rank;        /* 0: always there; the highest falls away first */
    unsigned flags;
};

struct grid_cell {
    const char *text; /* `buffer`, or what the row owns; NULL: nothing */
    double number;
    enum style style;
    char buffer[WORD_TEXT];
};

/* What the operator has made of a table; it outlives every row. */
struct grid_state {
    int sort; /* 0: as the rows come; n: by column n - 1 */
    bool reverse;
    char *filter;    /* NULL: all */
    uint64_t chosen; /* a row's identity; 0: none */
    int place;       /* where that row was: one goes on there when it has gone */
};

/* On which row one stands before one is chosen, or when it has gone. */
enum grid_stand {
    GRID_FIRST,  /* `home`, or the first when sorted; when it has gone, its place */
    GRID_NOBODY, /* none: a key must not hit what was not chosen */
    GRID_LAST,   /* the last one, as rows come */
};

struct grid {
    /* given */
    const struct grid_column *columns;
    size_t column_count, row_count;
    unsigned hidden; /* a bit for each column that says nothing here */
    const void *of;
    int64_t now_us;
    void (*cell)(const struct grid *g, size_t row, size_t column, struct grid_cell *out);
    uint64_t (*identity)(const struct grid *g, size_t row); /* never 0 */
    /* NULL: no tree. Rows come depth first; a branch stays together, and whole. */
    int64_t (*depth)(const struct grid *g, size_t row);
    /* NULL: the filter is looked for in the text of every cell. */
    bool (*matches)(const struct grid *g, size_t row, const char *filter);
    /* NULL: all rows do. Else whether it is of the target `only`. */
    bool (*concerns)(const struct grid *g, size_t row);
    const char *only; /* NULL: all targets */
    const struct grid_state *state;
    enum grid_stand stand;
    size_t home;
    int shift;

    /* worked out */
    size_t *order; /* place -> row */
    size_t count;
    int selected; /* a place, or -1 */
    bool follows; /* GRID_LAST, and none was chosen */
    struct rect titles, list;
    int first;                                /* the place in the first line of `list` */
    int x[GRID_COLUMNS], width[GRID_COLUMNS]; /* width 0: fallen away */
};

/* A row's identity, made of texts: start with GRID_IDENTITY. */
#define GRID_IDENTITY UINT64_C(14695981039346656037)
uint64_t grid_identity(uint64_t so_far, const char *text);

/* Filters, sorts, finds where one stands. grid_free() in any case. */
void grid_arrange(struct grid *g);
/* Gives it room: titles in the first line of `r`. */
void grid_fit(struct grid *g, struct rect r);
void grid_free(struct grid *g);
/* One can sort by it. */
bool grid_sorts(const struct grid *g, size_t column);

/* What was seen, so that what has changed can be marked for a second. */
#define GRID_MARK_US INT64_C(1000000)
struct grid_memory {
    uint64_t of; /* which table */
    int64_t now_us;
    struct grid_seen {
        uint64_t row;
        uint64_t hash[GRID_COLUMNS];
        int64_t until_us[GRID_COLUMNS];
    } * rows;
    size_t count;
};
/* Looks at what is in sight. True while something is marked. `g` NULL: no table. */
bool grid_watch(struct grid_memory *memory, const struct grid *g, uint64_t of, int64_t now_us);
void grid_forget(struct grid_memory *memory);

void grid_draw(struct canvas *c, const struct grid *g, const struct grid_memory *memory);
/* " by LEFT, largest first  /text: 3 of 1,000", where there is anything to say. */
void grid_note(struct pen *p, const struct grid *g);
/* "largest first", "A first"; of a table that is sorted. */
const char *grid_direction(const struct grid *g);
/* All cells of a row, one under the other, fallen away or not. */
void grid_paper(struct paper *p, const struct grid *g, size_t row);

/* What lies at a place of the screen. */
enum grid_spot {
    GRID_NOWHERE,
    GRID_HEADING,
    GRID_ROW,
};
struct grid_hit {
    enum grid_spot spot;
    size_t column, place; /* of the heading; of the row */
};
struct grid_hit grid_hit(const struct grid *g, int x, int y);

/* For the functions that fill cells. */
void grid_text(struct grid_cell *out, const char *text);
/* `text` may be the cell's own buffer. */
void grid_number(struct grid_cell *out, const char *text, double number);
void grid_count(struct grid_cell *out, int64_t n);    /* "1,234"; UNKNOWN: "-" */
void grid_short(struct grid_cell *out, int64_t n);    /* "4.1M" */
void grid_size(struct grid_cell *out, int64_t bytes); /* "12.3MB" */
void grid_rate(struct grid_cell *out, int64_t bytes); /* "12.3MB/s" */
void grid_percent(struct grid_cell *out, int64_t ppm);
void grid_duration(struct grid_cell *out, int64_t us);

#endif
