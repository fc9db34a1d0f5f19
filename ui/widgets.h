/* The pieces that screens are made of. Each draws from its arguments alone. */
#ifndef NEWEL_UI_WIDGETS_H
#define NEWEL_UI_WIDGETS_H

#include "journal/model.h"
#include "ui/canvas.h"

/* A progress bar; `ppm` below 0: unknown. */
void widget_bar(struct pen *p, enum style style, int width, int64_t ppm);
/*
 * The newest points of a series, one column each; the scale runs from 0 to the
 * largest point or `limit`, whichever is more. Points over `limit` (> 0) are
 * drawn as warnings. Columns without a point stay blank.
 */
void widget_spark(struct pen *p, const struct series *s, int width, int64_t limit);
/* The same with `r.height` rows. */
void widget_chart(struct canvas *c, struct rect r, const struct series *s, int64_t limit);
int64_t series_last(const struct series *s); /* UNKNOWN when empty */
int64_t series_max(const struct series *s);

/* A heading with a rule to its right. */
void widget_heading(struct canvas *c, struct rect r, int row, const char *text);

/* A table: the last column takes what is left, columns with `from` need that width at least. */
struct column {
    const char *title;
    int width; /* 0: the rest */
    bool right;
    int from;
};
void widget_titles(struct canvas *c, struct rect r, int row, const struct column *columns,
                   size_t count);
/* One cell; `table_width` is the width that the table was given. */
void widget_cell(struct pen *p, const struct column *column, int table_width, enum style style,
                 const char *text);
/* The first row to show so that `selected` is in sight. */
int widget_window(int selected, int rows, int shown);

/* Lines to be read: wrapped to a width, scrolled through. */
struct paper_line {
    enum style style, label_style;
    int indent;
    char *label; /* before the text, in its own style; NULL: none */
    char *text;
};
struct paper {
    int width;
    struct paper_line *lines;
    size_t count;
};
/* Wraps at blanks; newlines in `text` are kept. NULL text adds nothing. */
void paper_add(struct paper *p, enum style style, int indent, const char *text);
void paper_addf(struct paper *p, enum style style, int indent, const char *format, ...)
    PRINTF_LIKE(4, 5);
/* "label   text", the text wrapped in its own column. */
void paper_pair(struct paper *p, int indent, int label_width, const char *label, enum style style,
                const char *text);
void paper_blank(struct paper *p);
/* Draws from line `scroll` on, noting in the canvas how far it goes, and frees the lines. */
void paper_draw(struct paper *p, struct canvas *c, struct rect r, int scroll);
/* In several columns beside each other where all of it fits them, else as paper_draw(). */
void paper_draw_columns(struct paper *p, struct canvas *c, struct rect r, int columns, int scroll);
/* As lines of text, unindented ("label: text"), and frees them. */
void paper_say(struct paper *p, struct str *out);

/* ---- words ---- */

#define WORD_TEXT 48
/* "unknown" for UNKNOWN, else as units_*() write it. */
const char *word_duration(char out[WORD_TEXT], int64_t us);
const char *word_size(char out[WORD_TEXT], int64_t bytes);
/* What the server calls its log: "WAL", "redo". */
const char *word_log(const struct model_target *t);
/* Who a session is: "app/user", or the user alone where programs have no name. */
#define WHO_TEXT 160
const char *word_who(char out[WHO_TEXT], const char *app, const char *user);
const char *word_count(char out[WORD_TEXT], int64_t n);
const char *word_rough(char out[WORD_TEXT], int64_t us);      /* "45s" "12m" "3h20m" */
const char *word_clock(char out[WORD_TEXT], int64_t wall_us); /* "03:14:15", local */
/* "04:10", or "Tue 04:10" on another day */
const char *word_moment(char out[WORD_TEXT], int64_t wall_us, int64_t now_us);
const char *word_percent(char out[WORD_TEXT], int64_t ppm);
const char *word_eta_of(char out[WORD_TEXT], const struct model_eta *eta);
const char *word_eta(char out[WORD_TEXT], const struct model_target *t, int64_t now_us);
/* The text of the limit `signal`, or NULL when it has none; `us_or_bytes` may be NULL. */
const char *word_limit(const struct model_target *t, const char *signal, int64_t *us_or_bytes);
enum style word_phase_style(enum phase_state state);

#endif
