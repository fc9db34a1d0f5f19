#include "config.h"
#include "ui/widgets.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FULL_BLOCK 0x2588u

void widget_bar(struct pen *p, enum style style, int width, int64_t ppm)
{
    if (width > pen_left(p))
        width = pen_left(p);
    if (ppm > 1000000)
        ppm = 1000000;
    int full = ppm < 0 ? 0 : (int)(ppm * width / 1000000);
    for (int i = 0; i < width; i++)
        canvas_put(p->canvas, p->x++, p->y, i < full ? style : STYLE_DIM,
                   ppm < 0    ? '?'
                   : i < full ? FULL_BLOCK
                              : 0x2591);
}

int64_t series_last(const struct series *s)
{
    return s->count ? s->points[s->count - 1].value : UNKNOWN;
}

int64_t series_max(const struct series *s)
{
    int64_t max = UNKNOWN;
    for (size_t i = 0; i < s->count; i++)
        if (s->points[i].value > max)
            max = s->points[i].value;
    return max;
}

/* The largest of the newest `width` points, and at least the limit. */
static int64_t scale_of(const struct series *s, int width, int64_t limit)
{
    int64_t top = limit > 0 ? limit : 1;
    size_t from = s->count > (size_t)width ? s->count - (size_t)width : 0;
    for (size_t i = from; i < s->count; i++)
        if (s->points[i].value > top)
            top = s->points[i].value;
    return top;
}

void widget_chart(struct canvas *c, struct rect r, const struct series *s, int64_t limit)
{
    if (r.width <= 0 || r.height <= 0)
        return;
    int64_t top = scale_of(s, r.width, limit);
    int shown = s->count < (size_t)r.width ? (int)s->count : r.width;
    for (int i = 0; i < shown; i++) {
        int64_t value = s->points[s->count - (size_t)shown + (size_t)i].value;
        if (value < 0)
            continue; /* a gap, not a zero */
        enum style style = limit > 0 && value > limit ? STYLE_BAD : STYLE_ACCENT;
        double share = (double)value / (double)top;
        int eighths = (int)(share * r.height * 8 + 0.5);
        if (eighths < 1)
            eighths = 1;
        int x = r.x + r.width - shown + i;
        for (int row = 0; row < r.height && eighths > 0; row++, eighths -= 8)
            canvas_put(c, x, r.y + r.height - 1 - row, style,
                       0x2580u + (uint32_t)(eighths < 8 ? eighths : 8));
    }
}

void widget_spark(struct pen *p, const struct series *s, int width, int64_t limit)
{
    if (width > pen_left(p))
        width = pen_left(p);
    widget_chart(p->canvas, (struct rect){p->x, p->y, width, 1}, s, limit);
    p->x += width > 0 ? width : 0;
}

void widget_heading(struct canvas *c, struct rect r, int row, const char *text)
{
    struct pen p = pen_at(c, r, row);
    pen_text(&p, STYLE_TITLE, text);
    pen_text(&p, STYLE_DIM, " ");
    while (pen_left(&p))
        canvas_put(c, p.x++, p.y, STYLE_DIM, 0x2500);
}

static bool column_shown(const struct column *column, int table_width)
{
    return table_width >= column->from;
}

void widget_cell(struct pen *p, const struct column *column, int table_width, enum style style,
                 const char *text)
{
    if (!column_shown(column, table_width))
        return;
    pen_field(p, style, column->width ? column->width : pen_left(p), column->right, text);
    pen_to(p, p->x - p->start + 1);
}

void widget_titles(struct canvas *c, struct rect r, int row, const struct column *columns,
                   size_t count)
{
    struct pen p = pen_at(c, r, row);
    for (size_t i = 0; i < count; i++)
        widget_cell(&p, &columns[i], r.width, STYLE_TITLE, columns[i].title);
}

int widget_window(int selected, int rows, int shown)
{
    if (shown <= 0 || rows <= shown || selected < 0)
        return 0;
    int first = selected - shown / 2;
    if (first > rows - shown)
        first = rows - shown;
    return first > 0 ? first : 0;
}

/* ---- paper ---- */

static struct paper_line *add_line(struct paper *p, enum style style, int indent, const char *text,
                                   size_t n)
{
    struct paper_line *line = VEC_PUSH(p->lines, p->count);
    line->style = style;
    line->label_style = STYLE_KEY;
    line->indent = indent;
    line->text = mem_dup_n(text, n);
    return line;
}

/* How many bytes of `text` (no newline in it) fit `width` columns, broken at a blank if possible.
 */
static size_t fitting(const char *text, size_t n, int width)
{
    size_t at = 0, blank = 0;
    int used = 0;
    while (at < n) {
        uint32_t c;
        size_t step = text_decode(text + at, n - at, &c);
        used += text_char_width(c);
        if (used > width)
            return blank ? blank : at ? at : step;
        at += step;
        if (c == ' ' && at > 1)
            blank = at;
    }
    return n;
}

static void add_wrapped(struct paper *p, enum style style, int indent, const char *text, size_t n)
{
    /* what a terminal gets to see is measured, not what came in */
    char *raw = mem_dup_n(text, n);
    struct str clean = {0};
    text_add_line(&clean, raw);
    free(raw);
    int width = p->width - indent > 8 ? p->width - indent : 8;
    const char *s = str_text(&clean);
    size_t left = clean.len;
    int lead = 0;
    while (lead < width / 2 && s[lead] == ' ')
        lead++;
    bool first = true;
    do {
        size_t take = fitting(s, left, first ? width : width - lead);
        (void)add_line(p, style, first ? indent : indent + lead, s, take);
        s += take;
        left -= take;
        first = false;
    } while (left);
    str_free(&clean);
}

void paper_add(struct paper *p, enum style style, int indent, const char *text)
{
    if (!text)
        return;
    for (;;) {
        size_t n = strcspn(text, "\n");
        add_wrapped(p, style, indent, text, n);
        if (!text[n] || !text[n + 1])
            return;
        text += n + 1;
    }
}

void paper_addf(struct paper *p, enum style style, int indent, const char *format, ...)
{
    struct str text = {0};
    va_list args;
    va_start(args, format);
    str_vaddf(&text, format, args);
    va_end(args);
    paper_add(p, style, indent, str_text(&text));
    str_free(&text);
}

void paper_pair(struct paper *p, int indent, int label_width, const char *label, enum style style,
                const char *text)
{
    if (!text)
        return;
    size_t at = p->count;
    paper_add(p, style, indent + label_width, text);
    p->lines[at].label = mem_dup(label);
    p->lines[at].indent = indent;
    p->lines[at].label_style = STYLE_DIM;
    /* pad the label so that the text begins in its column */
    struct str padded = {0};
    str_addf(&padded, "%-*s", label_width, label);
    free(p->lines[at].label);
    p->lines[at].label = str_take(&padded);
}

void paper_blank(struct paper *p)
{
    (void)add_line(p, STYLE_NORMAL, 0, "", 0);
}

static void paper_free(struct paper *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->lines[i].text);
        free(p->lines[i].label);
    }
    free(p->lines);
    *p = (struct paper){0};
}

static void draw_line(const struct paper_line *line, struct pen pen)
{
    pen_to(&pen, line->indent);
    pen_text(&pen, line->label_style, line->label);
    pen_text(&pen, line->style, line->text);
}

void paper_draw(struct paper *p, struct canvas *c, struct rect r, int scroll)
{
    int rows = (int)p->count;
    if (scroll > rows - r.height)
        scroll = rows - r.height;
    if (scroll < 0)
        scroll = 0;
    for (int i = 0; i < r.height && scroll + i < rows; i++)
        draw_line(&p->lines[scroll + i], pen_at(c, r, i));
    c->rows = rows;
    c->rows_shown = r.height;
    paper_free(p);
}

void paper_draw_columns(struct paper *p, struct canvas *c, struct rect r, int columns, int scroll)
{
    int rows = (int)p->count, most = r.height > 0 ? r.height : 1;
    if (rows <= most || rows > most * columns) {
        paper_draw(p, c, r, scroll);
        return;
    }
    int width = r.width / columns;
    for (int i = 0; i < rows; i++)
        draw_line(&p->lines[i], pen_at(c, rect_columns(r, i / most * width, width - 1), i % most));
    c->rows = c->rows_shown = r.height;
    paper_free(p);
}

void paper_say(struct paper *p, struct str *out)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct paper_line *line = &p->lines[i];
        if (!line->label && !line->text[strspn(line->text, " ")])
            continue;
        if (line->label) {
            size_t n = strlen(line->label);
            while (n && line->label[n - 1] == ' ')
                n--;
            str_add_n(out, line->label, n);
            str_add(out, ": ");
        }
        str_addf(out, "%s\n", line->text + strspn(line->text, " "));
    }
    paper_free(p);
}

/* ---- words ---- */

static const char *say(char out[WORD_TEXT], const char *text)
{
    (void)snprintf(out, WORD_TEXT, "%s", text);
    return out;
}

const char *word_duration(char out[WORD_TEXT], int64_t us)
{
    return us == UNKNOWN ? say(out, "unknown") : units_duration(out, us);
}

const char *word_size(char out[WORD_TEXT], int64_t bytes)
{
    return bytes == UNKNOWN ? say(out, "unknown") : units_size(out, bytes);
}

const char *word_count(char out[WORD_TEXT], int64_t n)
{
    return n == UNKNOWN ? say(out, "unknown") : units_count(out, n);
}

const char *word_rough(char out[WORD_TEXT], int64_t us)
{
    int64_t s = us < 0 ? 0 : us / US_PER_S;
    if (s < 90)
        (void)snprintf(out, WORD_TEXT, "%ds", (int)s);
    else if (s < 5400)
        (void)snprintf(out, WORD_TEXT, "%dm", (int)((s + 30) / 60));
    else if (s < 48 * 3600)
        (void)snprintf(out, WORD_TEXT, "%dh%02dm", (int)(s / 3600), (int)(s % 3600 / 60));
    else
        (void)snprintf(out, WORD_TEXT, "%lldd", (long long)(s / 86400));
    return out;
}

const char *word_clock(char out[WORD_TEXT], int64_t wall_us)
{
    time_t seconds = (time_t)(wall_us / US_PER_S);
    struct tm tm;
    if (wall_us <= 0 || !localtime_r(&seconds, &tm) || !strftime(out, WORD_TEXT, "%H:%M:%S", &tm))
        return say(out, "--:--:--");
    return out;
}

const char *word_moment(char out[WORD_TEXT], int64_t wall_us, int64_t now_us)
{
    time_t then = (time_t)(wall_us / US_PER_S), now = (time_t)(now_us / US_PER_S);
    struct tm tm, today;
    if (!localtime_r(&then, &tm) || !localtime_r(&now, &today))
        return say(out, "--:--");
    bool same_day = tm.tm_yday == today.tm_yday && tm.tm_year == today.tm_year;
    bool soon = then - now < 6 * 86400;
    if (!strftime(out, WORD_TEXT, same_day ? "%H:%M" : soon ? "%a %H:%M" : "%Y-%m-%d", &tm))
        return say(out, "--:--");
    return out;
}

const char *word_percent(char out[WORD_TEXT], int64_t ppm)
{
    if (ppm < 0)
        return say(out, "unknown");
    /* rounded down: 99.96 % is not yet 100 */
    (void)snprintf(out, WORD_TEXT, "%d.%d%%", (int)(ppm / 10000), (int)(ppm % 10000 / 1000));
    return out;
}

const char *word_eta_of(char out[WORD_TEXT], const struct model_eta *eta)
{
    if (eta->absurd)
        return say(out, "estimate is off: past 100%");
    if (eta->low_us == UNKNOWN || eta->high_us == UNKNOWN)
        return say(out, "cannot say yet");
    char low[WORD_TEXT], high[WORD_TEXT];
    word_rough(low, eta->low_us);
    word_rough(high, eta->high_us);
    if (strcmp(low, high) == 0)
        (void)snprintf(out, WORD_TEXT, "about %.20s", low);
    else
        (void)snprintf(out, WORD_TEXT, "%.20s - %.20s", low, high);
    return out;
}

const char *word_eta(char out[WORD_TEXT], const struct model_target *t, int64_t now_us)
{
    struct model_eta eta = model_eta(t, now_us);
    return word_eta_of(out, &eta);
}

const char *word_limit(const struct model_target *t, const char *signal, int64_t *us_or_bytes)
{
    for (size_t i = 0; i < t->limit_count; i++) {
        const struct model_limit *limit = &t->limits[i];
        if (!limit->signal || strcmp(limit->signal, signal) != 0)
            continue;
        const char *text = limit->text ? limit->text : limit->limit;
        int64_t value = 0;
        if (us_or_bytes && text && !units_parse_duration(text, &value) &&
            !units_parse_size(text, &value))
            value = 0;
        if (us_or_bytes)
            *us_or_bytes = value;
        return text;
    }
    if (us_or_bytes)
        *us_or_bytes = 0;
    return NULL;
}

enum style word_phase_style(enum phase_state state)
{
    switch (state) {
    case STATE_RUNNING:
        return STYLE_ACCENT;
    case STATE_DONE:
        return STYLE_GOOD;
    case STATE_ASKING:
    case STATE_WAITING:
    case STATE_PAUSED:
    case STATE_UNDOING:
        return STYLE_WARN;
    case STATE_FAILED:
        return STYLE_BAD;
    case STATE_TODO:
    case STATE_UNDONE:
        break;
    }
    return STYLE_DIM;
}

const char *word_log(const struct model_target *t)
{
    return !t->engine || strcmp(t->engine, "postgresql") == 0 ? "WAL" : "redo";
}

const char *word_who(char out[WHO_TEXT], const char *app, const char *user)
{
    bool named = app && *app;
    (void)snprintf(out, WHO_TEXT, "%s%s%s", named ? app : "", named ? "/" : "", user ? user : "?");
    return out;
}
