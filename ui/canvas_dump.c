#include "config.h"
#include "ui/canvas.h"
#include "base/text.h"

static void add_glyph(struct str *out, uint32_t glyph)
{
    char bytes[4];
    str_add_n(out, bytes, text_encode(glyph, bytes));
}

void canvas_dump(const struct canvas *c, struct str *out)
{
    for (int y = 0; y < c->height; y++) {
        const struct cell *row = c->cells + (size_t)y * (size_t)c->width;
        int last = c->width;
        while (last > 0 && row[last - 1].glyph == ' ' && !row[last - 1].marks[0])
            last--;
        for (int x = 0; x < last; x++) {
            if (row[x].glyph)
                add_glyph(out, row[x].glyph);
            for (size_t i = 0; i < CELL_MARKS && row[x].marks[i]; i++)
                add_glyph(out, row[x].marks[i]);
        }
        str_add_char(out, '\n');
    }
}
