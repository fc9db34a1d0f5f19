#include "config.h"
#include "ui/canvas.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static struct cell nowhere;

void canvas_init(struct canvas *c, int width, int height, bool ascii)
{
    *c = (struct canvas){.width = width > 0 ? width : 0,
                         .height = height > 0 ? height : 0,
                         .ascii = ascii,
                         .cursor_x = -1,
                         .cursor_y = -1};
    c->cells = mem_alloc(((size_t)c->width * (size_t)c->height + 1) * sizeof *c->cells);
    canvas_clear(c);
}

void canvas_free(struct canvas *c)
{
    free(c->cells);
    free(c->spots);
    *c = (struct canvas){0};
}

void canvas_clear(struct canvas *c)
{
    c->cursor_x = c->cursor_y = -1;
    c->rows = c->rows_shown = 0;
    c->spot_count = 0;
    for (size_t i = 0; i < (size_t)c->width * (size_t)c->height; i++)
        c->cells[i] = (struct cell){.glyph = ' '};
}

struct cell *canvas_cell(struct canvas *c, int x, int y)
{
    if (x < 0 || y < 0 || x >= c->width || y >= c->height)
        return &nowhere;
    return &c->cells[(size_t)y * (size_t)c->width + (size_t)x];
}

void canvas_spot(struct canvas *c, struct rect area, enum spot_kind kind, const char *command,
                 int64_t value)
{
    if (area.width <= 0 || area.height <= 0)
        return;
    struct spot *spot = VEC_PUSH(c->spots, c->spot_count);
    *spot = (struct spot){.area = area, .kind = kind, .command = command, .value = value};
}

const struct spot *canvas_spot_at(const struct canvas *c, int x, int y)
{
    for (size_t i = c->spot_count; i-- > 0;) {
        const struct rect *r = &c->spots[i].area;
        if (x >= r->x && x < r->x + r->width && y >= r->y && y < r->y + r->height)
            return &c->spots[i];
    }
    return NULL;
}

struct rect canvas_rect(const struct canvas *c)
{
    return (struct rect){0, 0, c->width, c->height};
}

static int at_least_zero(int n)
{
    return n > 0 ? n : 0;
}

struct rect rect_below(struct rect r, int rows)
{
    return rect_rows(r, rows, r.height - rows);
}

struct rect rect_rows(struct rect r, int first, int rows)
{
    first = at_least_zero(first) < r.height ? at_least_zero(first) : r.height;
    if (rows > r.height - first)
        rows = r.height - first;
    return (struct rect){r.x, r.y + first, r.width, at_least_zero(rows)};
}

struct rect rect_columns(struct rect r, int first, int columns)
{
    first = at_least_zero(first) < r.width ? at_least_zero(first) : r.width;
    if (columns > r.width - first)
        columns = r.width - first;
    return (struct rect){r.x + first, r.y, at_least_zero(columns), r.height};
}

/* What a terminal without UTF-8 gets instead; each as wide as what it stands for. */
static uint32_t plain_glyph(uint32_t glyph)
{
    static const struct {
        uint32_t glyph;
        char plain;
    } table[] = {
        {0x2500, '-'}, {0x2502, '|'}, {0x250C, '+'}, {0x2510, '+'}, {0x2514, '+'},
        {0x2518, '+'}, {0x251C, '+'}, {0x2026, '~'}, {0x2013, '-'}, {0x2014, '-'},
        {0x2190, '<'}, {0x2192, '>'}, {0x2191, '^'}, {0x2193, 'v'}, {0x2591, '.'},
        {0x2581, '.'}, {0x2582, ':'}, {0x2583, '-'}, {0x2584, '='}, {0x2585, '+'},
        {0x2586, '*'}, {0x2587, '%'}, {0x2588, '#'}, {0x00B7, '.'}, {0x00D7, 'x'},
    };
    if (glyph < 0x7F)
        return glyph;
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (table[i].glyph == glyph)
            return (unsigned char)table[i].plain;
    return '?';
}

/* A wide glyph that loses one half would shift the line: blank the other. */
static void break_wide(struct canvas *c, int x, int y)
{
    struct cell *here = canvas_cell(c, x, y);
    if (here->glyph == 0)
        canvas_cell(c, x - 1, y)->glyph = ' ';
    struct cell *after = canvas_cell(c, x + 1, y);
    if (x + 1 < c->width && after->glyph == 0)
        after->glyph = ' ';
}

static void put_glyph(struct canvas *c, int x, int y, enum style style, uint32_t glyph, int width)
{
    for (int i = 0; i < width; i++) {
        if (x + i < 0 || x + i >= c->width || y < 0 || y >= c->height)
            return;
        break_wide(c, x + i, y);
    }
    uint32_t shown = c->ascii ? plain_glyph(glyph) : glyph;
    *canvas_cell(c, x, y) = (struct cell){.glyph = shown, .style = (uint8_t)style};
    if (width == 2)
        *canvas_cell(c, x + 1, y) =
            (struct cell){.glyph = c->ascii ? shown : 0, .style = (uint8_t)style};
}

void canvas_put(struct canvas *c, int x, int y, enum style style, uint32_t glyph)
{
    put_glyph(c, x, y, style, glyph, 1);
}

void canvas_fill(struct canvas *c, struct rect r, enum style style, uint32_t glyph)
{
    for (int y = r.y; y < r.y + r.height; y++)
        for (int x = r.x; x < r.x + r.width; x++)
            canvas_put(c, x, y, style, glyph);
}

void canvas_restyle(struct canvas *c, struct rect r, enum style style)
{
    for (int y = r.y; y < r.y + r.height; y++)
        for (int x = r.x; x < r.x + r.width; x++)
            canvas_cell(c, x, y)->style = (uint8_t)style;
}

struct pen pen_at(struct canvas *c, struct rect r, int row)
{
    struct pen p = {.canvas = c, .start = r.x, .x = r.x, .y = r.y + row, .end = r.x + r.width};
    if (row < 0 || row >= r.height)
        p.end = p.x;
    return p;
}

static void add_mark(struct pen *p, uint32_t mark)
{
    if (p->x <= p->start || p->canvas->ascii)
        return;
    struct cell *cell = canvas_cell(p->canvas, p->x - 1, p->y);
    if (cell->glyph == 0)
        cell = canvas_cell(p->canvas, p->x - 2, p->y);
    for (size_t i = 0; i < CELL_MARKS; i++)
        if (!cell->marks[i]) {
            cell->marks[i] = mark;
            return;
        }
}

void pen_text(struct pen *p, enum style style, const char *text)
{
    if (!text || p->x >= p->end)
        return;
    struct str clean = {0};
    text_add_line(&clean, text);
    const char *s = str_text(&clean);
    size_t left = clean.len;
    int room = p->end - p->x;
    bool cut = text_width(s) > room;
    if (cut)
        room--; /* for the ellipsis */
    while (left) {
        uint32_t c;
        size_t n = text_decode(s, left, &c);
        int width = text_char_width(c);
        s += n;
        left -= n;
        if (width == 0) {
            add_mark(p, c);
            continue;
        }
        if (width > room)
            break;
        put_glyph(p->canvas, p->x, p->y, style, c, width);
        p->x += width;
        room -= width;
    }
    if (cut) {
        put_glyph(p->canvas, p->x, p->y, style, 0x2026, 1);
        p->x = p->end;
    }
    str_free(&clean);
}

void pen_printf(struct pen *p, enum style style, const char *format, ...)
{
    struct str text = {0};
    va_list args;
    va_start(args, format);
    str_vaddf(&text, format, args);
    va_end(args);
    pen_text(p, style, str_text(&text));
    str_free(&text);
}

void pen_field(struct pen *p, enum style style, int width, bool right, const char *text)
{
    struct pen field = *p;
    int after = p->x + width;
    if (field.end > after)
        field.end = after;
    if (right && text) {
        struct str clean = {0};
        text_add_line(&clean, text);
        int blank = width - text_width(str_text(&clean));
        field.x += blank > 0 ? blank : 0;
        str_free(&clean);
    }
    pen_text(&field, style, text);
    p->x = after < p->end ? after : p->end;
}

void pen_to(struct pen *p, int column)
{
    int x = p->start + column;
    if (x > p->end)
        x = p->end;
    if (x > p->x)
        p->x = x;
}

int pen_left(const struct pen *p)
{
    return p->end > p->x ? p->end - p->x : 0;
}
