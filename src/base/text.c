#include "config.h"
#include "base/text.h"

#include <string.h>

size_t text_decode(const char *s, size_t n, uint32_t *out)
{
    const unsigned char *p = (const unsigned char *)s;
    *out = TEXT_REPLACEMENT;
    if (p[0] < 0x80) {
        *out = p[0];
        return 1;
    }
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = p[0] >= 0xF0 && p[0] < 0xF5   ? 4
                    : p[0] >= 0xE0 && p[0] < 0xF0 ? 3
                    : p[0] >= 0xC2 && p[0] < 0xE0 ? 2
                                                  : 0;
    if (!length || length > n)
        return 1;
    uint32_t c = p[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 1;
        c = c << 6 | (p[i] & 0x3Fu);
    }
    if (c < least[length] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 1;
    *out = c;
    return length;
}

size_t text_encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

bool text_is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C || c == 0x180E ||
           (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
           (c >= 0xE0000 && c <= 0xE007F);
}

struct range {
    uint32_t first, last;
};

static bool within(const struct range *ranges, size_t count, uint32_t c)
{
    for (size_t i = 0; i < count; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/*
 * wcwidth(3) answers -1 for everything above ASCII in the C locale, which is
 * what a bare SSH session has. The blocks below cover what appears in names
 * and queries; a character outside them takes one column.
 */
int text_char_width(uint32_t c)
{
    static const struct range combining[] = {
        {0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},   {0x610, 0x61A},
        {0x64B, 0x65F},   {0x6D6, 0x6DC},   {0x93C, 0x93C},   {0x941, 0x948},
        {0x94D, 0x94D},   {0xE31, 0xE31},   {0xE34, 0xE3A},   {0xE47, 0xE4E},
        {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F},
        {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF},
    };
    static const struct range wide[] = {
        {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x25FD, 0x25FE},
        {0x2614, 0x2615},   {0x26A1, 0x26A1},   {0x26D4, 0x26D4},   {0x2705, 0x2705},
        {0x274C, 0x274C},   {0x274E, 0x274E},   {0x2753, 0x2755},   {0x2757, 0x2757},
        {0x2795, 0x2797},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
        {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97C},   {0xAC00, 0xD7A3},
        {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
        {0x1F004, 0x1F004}, {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F19A}, {0x1F1E6, 0x1F320},
        {0x1F32D, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F7E0, 0x1F7EB}, {0x1F90C, 0x1F9FF},
        {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
    };
    if (c < 0x300)
        return 1;
    if (within(combining, COUNT_OF(combining), c))
        return 0;
    return within(wide, COUNT_OF(wide), c) ? 2 : 1;
}

int text_width(const char *s)
{
    int width = 0;
    for (size_t n = strlen(s); n;) {
        uint32_t c;
        size_t used = text_decode(s, n, &c);
        width += text_char_width(c);
        s += used;
        n -= used;
    }
    return width;
}

const char *text_from_column(const char *s, int columns)
{
    for (size_t left = strlen(s); left;) {
        uint32_t c;
        size_t used = text_decode(s, left, &c);
        columns -= text_char_width(c);
        if (columns < 0)
            break; /* marks have no width: they go with what they stand on */
        s += used;
        left -= used;
    }
    return s;
}

static void add_char(struct str *out, uint32_t c)
{
    char bytes[4];
    str_add_n(out, bytes, text_encode(c, bytes));
}

void text_add_utf8(struct str *out, const char *s)
{
    for (size_t n = strlen(s); n;) {
        uint32_t c;
        size_t used = text_decode(s, n, &c);
        add_char(out, c);
        s += used;
        n -= used;
    }
}

void text_add_line(struct str *out, const char *s)
{
    for (size_t n = strlen(s); n;) {
        uint32_t c;
        size_t used = text_decode(s, n, &c);
        if (c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f')
            str_add_char(out, ' ');
        else if (c < 0x20 || c == 0x7F)
            str_addf(out, "^%c", (int)(c ^ 0x40));
        else if (text_is_control(c))
            str_addf(out, "<U+%04X>", (unsigned)c);
        else
            add_char(out, c);
        s += used;
        n -= used;
    }
}
