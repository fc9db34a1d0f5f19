#include "config.h"
#include "ui/plot.h"

#include "base/clock.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

#define GUTTER 8       /* columns for the scale */
#define GUTTER_FROM 36 /* narrower plots have none */
#define SAID_PARTS 60  /* of the span, in words */

/* ---- the axis of time ---- */

/* Cells begin at multiples of their length: a plot moves by whole cells, and rarely. */
struct axis {
    int64_t from_us, cell_us;
    int cells;
};

static struct axis axis_of(const struct view *v, int cells)
{
    struct axis a = {.cells = cells, .cell_us = plot_span_us(v) / (cells > 0 ? cells : 1)};
    if (a.cell_us < 1)
        a.cell_us = 1;
    a.from_us = (v->now_us / a.cell_us + 1 - cells) * a.cell_us;
    return a;
}

/* The value of one part of a cell; nothing is known of what is to come. */
static double read_part(const struct plot *p, const struct view *v, const struct axis *a, int part,
                        int parts)
{
    int64_t from = a->from_us + part * a->cell_us / parts;
    int64_t to = a->from_us + (part + 1) * a->cell_us / parts;
    if (from >= v->now_us)
        return NAN;
    return history_read(p->track, from, to < v->now_us ? to : v->now_us);
}

/* ---- the scale ---- */

/* The next of 1, 2, 5, 10 ...: a scale that moves with each value cannot be read. */
static double round_up(double value, enum plot_unit unit)
{
    static const double factors[] = {2, 2.5, 2};
    double base = 1;
    if (unit == PLOT_BYTES)
        while (base * 1024 <= value)
            base *= 1024;
    double step = base;
    for (size_t i = 0; step < value && i < 60; i++)
        step *= factors[i % COUNT_OF(factors)];
    return unit == PLOT_BYTES && step >= base * 1000 ? base * 1024 : step;
}

static const char *figure(char out[WORD_TEXT], enum plot_unit unit, double value)
{
    if (isnan(value) || value < 0)
        (void)snprintf(out, WORD_TEXT, "unknown");
    else if (unit == PLOT_TIME)
        word_duration(out, (int64_t)value);
    else if (unit == PLOT_BYTES)
        word_size(out, (int64_t)value);
    else
        units_short(out, value);
    return out;
}

static double top_of(const struct plot *p, const struct view *v, const struct axis *a)
{
    double top = p->limit > 0 ? (double)p->limit : 1;
    for (int i = 0; i < a->cells; i++) {
        double value = read_part(p, v, a, i, 1);
        if (value > top)
            top = value;
    }
    return round_up(top, p->unit);
}

/* ---- drawing ---- */

static void draw_title(struct canvas *c, struct rect r, const struct plot *p)
{
    char now[WORD_TEXT], limit[WORD_TEXT];
    bool known = p->now != UNKNOWN, over = known && p->limit > 0 && p->now > p->limit;
    struct pen pen = pen_at(c, r, 0);
    pen_printf(&pen, STYLE_TITLE, "%s ", p->title);
    pen_text(&pen,
             over && p->stops ? STYLE_BAD
             : known          ? STYLE_BOLD
                              : STYLE_DIM,
             figure(now, p->unit, known ? (double)p->now : NAN));
    if (p->limit > 0)
        pen_printf(&pen, over && p->stops ? STYLE_BAD : STYLE_DIM, " %s %s",
                   over && p->stops ? "OVER" : p->word, figure(limit, p->unit, (double)p->limit));
    pen_text(&pen, STYLE_DIM, " ");
    while (pen_left(&pen))
        canvas_put(c, pen.x++, pen.y, STYLE_DIM, 0x2500);
}

static int row_of(double value, double top, int rows, int per_row)
{
    int dots = (int)(value / top * rows * per_row + 0.5);
    return dots < 1 ? 1 : dots > rows * per_row ? rows * per_row : dots;
}

static void draw_limit(struct canvas *c, struct rect r, const struct plot *p, double top)
{
    int row = r.height - 1 - (row_of((double)p->limit, top, r.height, 4) - 1) / 4;
    for (int x = 0; x < r.width; x++)
        canvas_put(c, r.x + x, r.y + row, STYLE_WARN, c->ascii ? '-' : 0x2508);
}

/* Filled from the ground; a value that is not known leaves its place empty. */
static void draw_cell(struct canvas *c, struct rect r, int x, const struct plot *p, double top,
                      const double values[2])
{
    static const uint8_t dots[2][4] = {{0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}};
    double most =
        fmax(values[0], values[1]); /* of one that is known and one that is not: the first */
    if (isnan(most))
        return;
    bool over = p->stops && p->limit > 0 && most > (double)p->limit;
    for (int row = 0; row < r.height; row++) {
        uint32_t bits = 0;
        int full = 0;
        for (int side = 0; side < 2; side++) {
            int height = isnan(values[side]) ? 0 : row_of(values[side], top, r.height, 4);
            for (int dot = 0; dot < 4 && row * 4 + dot < height; dot++) {
                bits |= dots[side][dot];
                full = dot + 1 > full ? dot + 1 : full;
            }
        }
        if (!bits)
            return;
        static const char levels[] = {'_', '.', ':', '#'};
        canvas_put(c, r.x + x, r.y + r.height - 1 - row, over ? STYLE_BAD : STYLE_ACCENT,
                   c->ascii ? (uint32_t)levels[full - 1] : 0x2800 + bits);
    }
}

static bool is_of(const struct history_mark *mark, const struct model_target *t)
{
    return !mark->target || !t->name || strcmp(mark->target, t->name) == 0;
}

static enum style mark_style(enum history_mark_kind kind)
{
    return kind == HISTORY_ALARM      ? STYLE_BAD
           : kind == HISTORY_THROTTLE ? STYLE_WARN
           : kind == HISTORY_PHASE    ? STYLE_TITLE
                                      : STYLE_KEY;
}

/* A letter above, and a line down to what was measured then. */
static void draw_marks(struct canvas *c, struct rect r, const struct view *v, const struct axis *a,
                       const struct model_target *t)
{
    for (enum history_mark_kind least = HISTORY_COMMAND; least <= HISTORY_ALARM; least++)
        for (size_t i = 0; i < v->history.mark_count; i++) {
            /* alarms, then throttling, then phases; what people did lies on top */
            const struct history_mark *mark = &v->history.marks[i];
            int64_t into = mark->at_us - a->from_us;
            if (mark->kind != HISTORY_ALARM - least || !is_of(mark, t) || into < 0 ||
                mark->at_us > v->now_us)
                continue;
            int x = (int)(into / a->cell_us);
            if (x >= r.width)
                continue;
            canvas_put(c, r.x + x, r.y, mark_style(mark->kind), (uint32_t)mark->letter);
            for (int row = 1; row < r.height; row++)
                if (canvas_cell(c, r.x + x, r.y + row)->glyph == ' ')
                    canvas_put(c, r.x + x, r.y + row, STYLE_DIM, c->ascii ? ':' : 0x250A);
        }
}

static void draw_scale(struct canvas *c, struct rect r, const struct plot *p, double top)
{
    char text[WORD_TEXT];
    struct pen pen = pen_at(c, r, 0);
    pen_field(&pen, STYLE_DIM, GUTTER - 1, true, figure(text, p->unit, top));
    if (r.height < 2)
        return;
    pen = pen_at(c, r, r.height - 1);
    pen_field(&pen, STYLE_DIM, GUTTER - 1, true, "0");
}

void plot_draw(struct canvas *c, struct rect r, const struct plot *p, const struct view *v,
               const struct model_target *t)
{
    if (r.width < 4 || r.height < 2)
        return;
    draw_title(c, r, p);
    struct rect body = rect_below(r, 1);
    int gutter = r.width >= GUTTER_FROM ? GUTTER : 0;
    struct rect field = rect_columns(body, gutter, body.width);
    struct axis a = axis_of(v, field.width);
    double top = top_of(p, v, &a);
    if (gutter)
        draw_scale(c, body, p, top);
    if (p->limit > 0)
        draw_limit(c, field, p, top);
    for (int x = 0; x < field.width; x++) {
        double values[2] = {read_part(p, v, &a, 2 * x, 2), read_part(p, v, &a, 2 * x + 1, 2)};
        draw_cell(c, field, x, p, top, values);
    }
    draw_marks(c, field, v, &a, t);
}

/* ---- in words ---- */

void plot_say(struct paper *paper, const struct plot *p, const struct view *v)
{
    double least = NAN, most = NAN, sum = 0;
    int known = 0;
    int64_t span = plot_span_us(v), part = span / SAID_PARTS;
    for (int i = 0; i < SAID_PARTS; i++) {
        int64_t from = v->now_us - span + i * part;
        double value = history_read(p->track, from, from + part);
        if (isnan(value))
            continue;
        least = fmin(value, least);
        most = fmax(value, most);
        sum += value;
        known++;
    }
    char now[WORD_TEXT], low[WORD_TEXT], mean[WORD_TEXT], high[WORD_TEXT], limit[WORD_TEXT] = "";
    struct str text = {0};
    str_addf(&text, "%s: now %s", p->title,
             figure(now, p->unit, p->now == UNKNOWN ? NAN : (double)p->now));
    if (known)
        str_addf(&text, ", least %s, mean %s, most %s", figure(low, p->unit, least),
                 figure(mean, p->unit, sum / known), figure(high, p->unit, most));
    if (p->limit > 0)
        str_addf(&text, ", %s %s", strcmp(p->word, "of") == 0 ? "limit" : p->word,
                 figure(limit, p->unit, (double)p->limit));
    paper_add(paper, STYLE_NORMAL, 0, str_text(&text));
    str_free(&text);
}

/* ---- how far back ---- */

#define OWN_SPAN 2 /* 15 minutes */
static const int64_t spans[] = {60 * US_PER_S,   5 * 60 * US_PER_S,   15 * 60 * US_PER_S,
                                3600 * US_PER_S, 4 * 3600 * US_PER_S, 24 * 3600 * US_PER_S};

int64_t plot_span_us(const struct view *v)
{
    if (v->span_us)
        return v->span_us;
    int64_t age = v->history.origin_us ? v->now_us - v->history.origin_us : 0;
    size_t at = 0;
    while (at < OWN_SPAN && spans[at] < age)
        at++;
    return spans[at];
}

int64_t plot_other_span(int64_t span_us, bool longer)
{
    size_t at = 0;
    while (at + 1 < COUNT_OF(spans) && spans[at] < span_us)
        at++;
    if (longer && at + 1 < COUNT_OF(spans))
        at++;
    else if (!longer && at > 0)
        at--;
    return spans[at];
}

const char *plot_span(char out[WORD_TEXT], const struct view *v)
{
    int64_t minutes = plot_span_us(v) / (60 * US_PER_S);
    if (minutes % 60 == 0)
        (void)snprintf(out, WORD_TEXT, "%dh", (int)(minutes / 60));
    else
        (void)snprintf(out, WORD_TEXT, "%dm", (int)minutes);
    return out;
}
