/* The terminal back end: with console.c, all that knows of ncurses. */
#include "config.h"

#ifndef NCURSES_WIDECHAR
#define NCURSES_WIDECHAR 1
#endif
#include <curses.h>

#include "ui/canvas.h"
#include "base/text.h"
#include "ui/keys.h"
#include "ui/theme.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

/* last: it makes macros of ordinary words */
#include <term.h>

struct terminal {
    SCREEN *screen;
    int out_fd;
    struct canvas shown; /* what the terminal has */
    attr_t attributes[STYLE_COUNT];
    short pairs[STYLE_COUNT];
    bool cursor_hidden;
    bool mouse;
    /* what the mouse sends, while it comes in: REPORT_ the form of it */
    wint_t report;
    char bytes[24];
    size_t byte_count;
};

/*
 * The mouse is read here and not by ncurses: when it is told of an event that nobody
 * asked for, such as a release, its get_wch() waits for the next key, nodelay() or not.
 */
enum {
    REPORT_SGR = KEY_MAX + 1, /* ESC [ < button ; column ; row M, or m for a release */
    REPORT_X10,               /* ESC [ M, and three characters from blank on */
};
static const char mouse_on[] = "\033[?1000h\033[?1006h", mouse_off[] = "\033[?1006l\033[?1000l";

/* What a signal handler needs to put the terminal right, kept where it can read it. */
static struct {
    bool armed;
    int fd;
    struct termios modes;
    char farewell[256];
    size_t length;
} rescue;

static void rescue_add_text(const char *text)
{
    size_t n = strlen(text);
    if (rescue.length + n > sizeof rescue.farewell)
        return;
    memcpy(rescue.farewell + rescue.length, text, n);
    rescue.length += n;
}

static void rescue_add(const char *name)
{
    char *text = tigetstr(name);
    if (text && text != (char *)-1)
        rescue_add_text(text);
}

static bool sends_clicks(void)
{
    char *clicks = tigetstr("kmous");
    return clicks && clicks != (char *)-1;
}

static void rescue_arm(int fd, const struct termios *modes)
{
    rescue.fd = fd;
    rescue.modes = *modes;
    rescue.length = 0;
    rescue_add("sgr0");
    if (sends_clicks())
        rescue_add_text(mouse_off);
    rescue_add("rmkx");
    rescue_add("cnorm");
    rescue_add("rmcup");
    rescue.armed = true;
}

void terminal_rescue(void)
{
    if (!rescue.armed)
        return;
    rescue.armed = false;
    if (write(rescue.fd, rescue.farewell, rescue.length) < 0)
        return;
    (void)tcsetattr(rescue.fd, TCSANOW, &rescue.modes);
}

static void prepare_styles(struct terminal *t)
{
    int colours = 0;
    if (theme_wants_colour() && has_colors() && start_color() == OK) {
        (void)use_default_colors();
        colours = COLORS;
    }
    for (int i = 0; i < STYLE_COUNT; i++) {
        struct theme_look look = theme_look((enum style)i, colours);
        attr_t a = A_NORMAL;
        a |= look.bold ? A_BOLD : 0;
        a |= look.dim ? A_DIM : 0;
        a |= look.reverse ? A_REVERSE : 0;
        a |= look.underline ? A_UNDERLINE : 0;
        t->attributes[i] = a;
        if (look.colour < 0 && look.background < 0)
            continue;
        if (init_pair((short)(i + 1), (short)look.colour, (short)look.background) == OK)
            t->pairs[i] = (short)(i + 1);
    }
}

/* newterm() takes terminals that cannot place their cursor, and leaks for unknown ones. */
static bool can_draw(int fd)
{
    int why;
    if (setupterm(NULL, fd, &why) != OK)
        return false;
    char *place = tigetstr("cup");
    bool can = place && place != (char *)-1;
    (void)del_curterm(cur_term);
    return can;
}

struct terminal *terminal_open(FILE *out, FILE *in)
{
    if (!can_draw(fileno(out)))
        return NULL;
    struct termios modes;
    bool has_modes = tcgetattr(fileno(out), &modes) == 0;
    SCREEN *screen = newterm(NULL, out, in);
    if (!screen)
        return NULL;
    struct terminal *t = mem_alloc(sizeof *t);
    t->screen = screen;
    t->out_fd = fileno(out);
    if (has_modes)
        rescue_arm(t->out_fd, &modes);
    (void)set_term(screen);
    (void)cbreak();
    (void)noecho();
    (void)nonl();
    (void)intrflush(stdscr, FALSE);
    (void)keypad(stdscr, TRUE);
    (void)nodelay(stdscr, TRUE);
    (void)leaveok(stdscr, FALSE);
    /* 25 ms split arrow keys on bad links, a second is felt at every Esc */
    if (!getenv("ESCDELAY"))
        (void)set_escdelay(50);
    if (sends_clicks()) {
        (void)define_key("\033[<", REPORT_SGR);
        (void)define_key("\033[M", REPORT_X10);
    }
    prepare_styles(t);
    return t;
}

void terminal_take_mouse(struct terminal *t, bool on)
{
    if (t->mouse == on || !sends_clicks())
        return;
    t->mouse = on;
    const char *text = on ? mouse_on : mouse_off;
    if (write(t->out_fd, text, strlen(text)) < 0)
        t->mouse = false; /* a terminal that is gone is noticed elsewhere */
}

bool terminal_mouse(const struct terminal *t, struct mouse *mouse)
{
    int button, x, y;
    char end;
    if (t->byte_count == 3 && !strchr(t->bytes, ';')) {
        const unsigned char *b = (const unsigned char *)t->bytes;
        button = b[0] - ' ', x = b[1] - ' ', y = b[2] - ' ';
        end = button == 3 ? 'm' : 'M';
    } else if (sscanf(t->bytes, "%4d;%4d;%4d%c", &button, &x, &y, &end) != 4) {
        return false;
    }
    *mouse = (struct mouse){.x = x - 1, .y = y - 1};
    mouse->kind = button == 64 ? MOUSE_WHEEL_UP : button == 65 ? MOUSE_WHEEL_DOWN : MOUSE_CLICK;
    return end == 'M' && (button == 0 || button == 64 || button == 65);
}

void terminal_rest(struct terminal *t)
{
    terminal_take_mouse(t, false);
    if (!isendwin())
        (void)endwin();
}

void terminal_close(struct terminal *t)
{
    if (!t)
        return;
    rescue.armed = false;
    terminal_take_mouse(t, false);
    (void)curs_set(1);
    (void)endwin();
    delscreen(t->screen);
    canvas_free(&t->shown);
    free(t);
}

void terminal_size(struct terminal *t, int *width, int *height)
{
    /* asked of the terminal itself: after a suspension no SIGWINCH tells */
    struct winsize size;
    getmaxyx(stdscr, *height, *width);
    if (ioctl(t->out_fd, TIOCGWINSZ, &size) != 0 || !size.ws_row || !size.ws_col)
        return;
    if (size.ws_row == *height && size.ws_col == *width)
        return;
    if (resizeterm(size.ws_row, size.ws_col) == OK)
        getmaxyx(stdscr, *height, *width);
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return a->glyph == b->glyph && a->style == b->style &&
           memcmp(a->marks, b->marks, sizeof a->marks) == 0;
}

static bool row_same(const struct cell *a, const struct cell *b, int width)
{
    for (int x = 0; x < width; x++)
        if (!same_cell(&a[x], &b[x]))
            return false;
    return true;
}

/*
 * ncurses goes by the C library's idea of a width: where that differs from
 * ours, the columns would shift, so something of the right width is put there.
 */
static void show_cell(struct terminal *t, int y, int x, const struct cell *cell, int width)
{
    wchar_t text[2 + CELL_MARKS] = {(wchar_t)cell->glyph};
    if (wcwidth(text[0]) != width) {
        text[0] = L'?';
        text[1] = width == 2 ? L'?' : L'\0';
    } else {
        size_t n = 1;
        for (size_t i = 0; i < CELL_MARKS && cell->marks[i]; i++)
            if (wcwidth((wchar_t)cell->marks[i]) == 0)
                text[n++] = (wchar_t)cell->marks[i];
    }
    (void)attr_set(t->attributes[cell->style], t->pairs[cell->style], NULL);
    (void)mvaddwstr(y, x, text);
}

static void show_row(struct terminal *t, const struct canvas *c, int y)
{
    const struct cell *row = c->cells + (size_t)y * (size_t)c->width;
    for (int x = 0; x < c->width; x++)
        if (row[x].glyph)
            show_cell(t, y, x, &row[x], x + 1 < c->width && row[x + 1].glyph == 0 ? 2 : 1);
}

static void keep(struct terminal *t, const struct canvas *c)
{
    if (t->shown.width != c->width || t->shown.height != c->height) {
        canvas_free(&t->shown);
        canvas_init(&t->shown, c->width, c->height, c->ascii);
    }
    memcpy(t->shown.cells, c->cells, (size_t)c->width * (size_t)c->height * sizeof *c->cells);
}

void terminal_show(struct terminal *t, const struct canvas *c, bool again)
{
    bool fresh = again || t->shown.width != c->width || t->shown.height != c->height;
    if (fresh)
        (void)erase();
    for (int y = 0; y < c->height; y++) {
        size_t at = (size_t)y * (size_t)c->width;
        if (fresh || !row_same(c->cells + at, t->shown.cells + at, c->width))
            show_row(t, c, y);
    }
    if (again)
        (void)clearok(curscr, TRUE);
    keep(t, c);
    bool hide = c->cursor_x < 0;
    if (hide != t->cursor_hidden) {
        (void)curs_set(hide ? 0 : 1);
        t->cursor_hidden = hide;
    }
    (void)move(hide ? 0 : c->cursor_y, hide ? 0 : c->cursor_x);
    (void)wnoutrefresh(stdscr);
    (void)doupdate();
}

static uint32_t special_key(wint_t code)
{
    switch (code) {
    case KEY_UP:
        return KEYS_UP;
    case KEY_DOWN:
        return KEYS_DOWN;
    case KEY_LEFT:
        return KEYS_LEFT;
    case KEY_RIGHT:
        return KEYS_RIGHT;
    case KEY_PPAGE:
        return KEYS_PAGE_UP;
    case KEY_NPAGE:
        return KEYS_PAGE_DOWN;
    case KEY_HOME:
        return KEYS_HOME;
    case KEY_END:
        return KEYS_END;
    case KEY_BTAB:
        return KEYS_BACK_TAB;
    case KEY_IC:
        return KEYS_INSERT;
    case KEY_DC:
        return KEYS_DELETE;
    case KEY_BACKSPACE:
        return KEYS_ERASE;
    case KEY_ENTER:
        return KEYS_ENTER;
    default:
        if (code >= KEY_F(1) && code <= KEY_F(12))
            return KEYS_F1 + (uint32_t)(code - KEY_F(1));
        return KEYS_RESIZE; /* drawing anew is harmless, and right for a resize */
    }
}

/* Takes in a character of what the mouse sends; true when that was all of it. */
static bool add_to_report(struct terminal *t, wint_t c)
{
    if (t->byte_count + 1 < sizeof t->bytes) {
        t->bytes[t->byte_count++] = (char)(c < 256 ? c : 255);
        t->bytes[t->byte_count] = '\0';
    }
    return t->report == REPORT_X10 ? t->byte_count == 3 : c == 'M' || c == 'm';
}

uint32_t terminal_key(struct terminal *t)
{
    for (;;) {
        wint_t code;
        int kind = get_wch(&code);
        if (kind == ERR)
            return 0;
        if (kind == KEY_CODE_YES && (code == REPORT_SGR || code == REPORT_X10)) {
            t->report = code;
            t->byte_count = 0;
            continue;
        }
        if (t->report && kind == OK && (t->report == REPORT_X10 || code >= '0')) {
            if (!add_to_report(t, code))
                continue;
            t->report = 0;
            return KEYS_MOUSE;
        }
        t->report = 0; /* cut short: this is a key */
        if (kind == KEY_CODE_YES)
            return special_key(code);
        if (code == 0x7F)
            return KEYS_ERASE;
        return code == '\n' ? KEYS_ENTER : (uint32_t)code;
    }
}
