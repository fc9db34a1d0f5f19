/* The loop: keys, the journal and the engine's answers in, frames out. */
#include "config.h"
#include "ui/console.h"
#include "base/clock.h"
#include "ui/input.h"
#include "ui/keys.h"
#include "ui/plain.h"
#include "ui/remote.h"
#include "ui/source.h"
#include "ui/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define TICK_MS 200
#define CLOCK_US US_PER_S       /* the age on the top line moves at least so often */
#define SCAN_US (4 * US_PER_MS) /* for the past, in one turn: keys come first */
#define DUMP_SCAN_US (5 * US_PER_S)
#define LEAVE_US (2 * US_PER_S) /* for the answer to the last word */
#define STOP_US (60 * US_PER_S) /* for the engine's end, whose status is then ours */

struct console {
    struct terminal *terminal; /* NULL: plain */
    struct plain plain;
    bool input_ended;
    struct source source;
    struct remote remote;
    struct model model;
    struct view view;
    struct canvas canvas;
    int64_t drawn_us, ticked_us, leave_by_us; /* monotonic; leave_by_us 0: staying */
    bool stopping;                            /* leaves when the engine has ended */
    bool marked;                              /* a change is: it must be unmarked again */
    bool dirty, repaint, done;
    int status;
};

/* ---- signals ---- */

static int signal_pipe[2] = {-1, -1};
static const int polite[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCONT, SIGTSTP};
static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
static struct sigaction old_polite[COUNT_OF(polite)], old_fatal[COUNT_OF(fatal)];

static void on_polite(int number)
{
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    if (write(signal_pipe[1], &byte, 1) < 0)
        errno = saved; /* a full pipe holds a signal already */
    errno = saved;
}

static void on_fatal(int number)
{
    terminal_rescue();
    for (size_t i = 0; i < COUNT_OF(fatal); i++)
        if (fatal[i] == number)
            (void)sigaction(number, &old_fatal[i], NULL);
    (void)raise(number);
}

static bool catch_signals(bool plain, struct error *e)
{
    if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return error_errno(e, errno, "cannot open the console");
    struct sigaction action = {.sa_handler = on_polite};
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < COUNT_OF(polite); i++)
        /* without a screen, stopping needs no care */
        (void)sigaction(polite[i], plain && polite[i] == SIGTSTP ? NULL : &action, &old_polite[i]);
    action.sa_handler = on_fatal;
    for (size_t i = 0; i < COUNT_OF(fatal); i++)
        (void)sigaction(fatal[i], &action, &old_fatal[i]);
    mem_on_exhaustion(terminal_rescue);
    return true;
}

static void release_signals(void)
{
    for (size_t i = 0; i < COUNT_OF(polite); i++)
        (void)sigaction(polite[i], &old_polite[i], NULL);
    for (size_t i = 0; i < COUNT_OF(fatal); i++)
        (void)sigaction(fatal[i], &old_fatal[i], NULL);
    mem_on_exhaustion(NULL);
    for (int i = 0; i < 2; i++) {
        (void)close(signal_pipe[i]);
        signal_pipe[i] = -1;
    }
}

/* ---- one turn ---- */

static void obey(struct console *c, struct effect effect)
{
    struct error e;
    switch (effect.kind) {
    case EFFECT_NONE:
        return;
    case EFFECT_SEND:
        remote_send(&c->remote, &c->view, effect.request, false);
        return;
    case EFFECT_SEND_LEAVE:
        c->stopping = strcmp(json_get_text(effect.request, "value", ""), "stop") == 0;
        c->leave_by_us = clock_mono_us() + (c->stopping ? STOP_US : LEAVE_US);
        remote_send(&c->remote, &c->view, effect.request, false);
        return;
    case EFFECT_LEAVE:
        c->done = true;
        return;
    case EFFECT_REDRAW:
        c->repaint = true;
        return;
    case EFFECT_SEEK:
        if (!source_seek(&c->source, &c->model, &c->view, effect.time_us, &e))
            view_say(&c->view, STYLE_BAD, "%s: %s", e.what, e.why);
        return;
    case EFFECT_SEEK_MARK:
        if (!source_seek_mark(&c->source, &c->model, &c->view, effect.mark, effect.step))
            view_say(&c->view, STYLE_DIM, "no %s %s here",
                     effect.mark == HISTORY_ALARM     ? "alarm"
                     : effect.mark == HISTORY_COMMAND ? "command"
                                                      : "start of a phase",
                     effect.step > 0 ? "after" : "before");
        return;
    }
}

static struct effect take_mouse(struct console *c)
{
    struct mouse mouse;
    return terminal_mouse(c->terminal, &mouse) ? input_mouse(&c->view, &c->model, &c->canvas, mouse)
                                               : (struct effect){0};
}

static void take_keys(struct console *c)
{
    for (uint32_t key; !c->done && (key = terminal_key(c->terminal)) != 0;) {
        obey(c, key == KEYS_MOUSE ? take_mouse(c) : input_key(&c->view, &c->model, key));
        c->dirty = true;
        c->drawn_us = 0; /* a key is answered at once */
    }
}

/* Stopped by Ctrl-Z; or it goes on, and somebody else has used the terminal meanwhile. */
static void put_aside(struct console *c, bool stop)
{
    if (!c->terminal)
        return;
    terminal_rest(c->terminal);
    if (stop)
        (void)raise(SIGSTOP);
    c->repaint = true;
}

static void take_signals(struct console *c)
{
    unsigned char number;
    while (read(signal_pipe[0], &number, 1) == 1) {
        if (number == SIGTSTP || number == SIGCONT) {
            put_aside(c, number == SIGTSTP);
            continue;
        }
        /* Ctrl-C asks as q does, for it is pressed by habit; twice means it */
        bool asks = number == SIGINT && c->view.ask.kind != ASK_QUIT && !c->view.review &&
                    c->view.link == LINK_UP && !c->view.read_only;
        if (asks) {
            view_close_ask(&c->view);
            c->view.page = PAGE_NONE;
            if (c->view.screen == SCREEN_HELP)
                c->view.screen = c->view.before_help;
            obey(c, input_command(&c->view, &c->model, "quit"));
            c->dirty = true;
            continue;
        }
        c->status = number == SIGINT ? 0 : 128 + number;
        c->done = true;
    }
}

/* Nothing goes on after the end: no duration may be seen to grow. */
static void tell_time(struct console *c)
{
    if (!c->view.review)
        c->view.now_us = c->model.ended ? c->model.time_us : clock_wall_us();
}

static void advance(struct console *c)
{
    int64_t now = clock_mono_us();
    int64_t passed = now - c->ticked_us;
    c->ticked_us = now;
    if (c->view.review) {
        c->dirty |= source_play(&c->source, &c->model, &c->view, passed);
    } else {
        c->dirty |= source_follow(&c->source, &c->model, &c->view);
        tell_time(c);
        c->dirty |= now - c->drawn_us >= CLOCK_US;
    }
    c->dirty |= source_scan(&c->source, &c->view, SCAN_US);
    c->dirty |= c->marked && now - c->drawn_us >= GRID_MARK_US;
    c->dirty |= remote_tick(&c->remote, &c->view);
}

/* The view asks for more than there is until the screen has said how much that is. */
static void settle(struct view *v, const struct canvas *c)
{
    int most = c->rows > c->rows_shown ? c->rows - c->rows_shown : 0;
    if (v->scroll > most)
        v->scroll = most;
    if (v->scroll < 0)
        v->scroll = 0;
    v->page_rows = c->rows_shown > 0 ? c->rows_shown : 1;
}

static void draw(struct console *c)
{
    int64_t now = clock_mono_us();
    if (!c->repaint && (!c->dirty || now - c->drawn_us < c->view.frame_us))
        return;
    int width, height;
    terminal_size(c->terminal, &width, &height);
    if (width != c->canvas.width || height != c->canvas.height) {
        canvas_free(&c->canvas);
        canvas_init(&c->canvas, width, height, c->view.ascii);
    }
    c->marked = tables_watch(&c->view, &c->model, width, height, now);
    view_draw(&c->canvas, &c->model, &c->view);
    settle(&c->view, &c->canvas);
    terminal_take_mouse(c->terminal, c->view.mouse);
    terminal_show(c->terminal, &c->canvas, c->repaint);
    c->drawn_us = now;
    c->dirty = c->repaint = false;
}

/* ---- without a screen ---- */

/* Nobody listens any more: as a terminal that is gone. */
static void write_out(struct console *c, struct str *out)
{
    if (fputs(str_text(out), stdout) < 0 || fflush(stdout) != 0) {
        c->status = 128 + SIGHUP;
        c->done = true;
    }
    str_free(out);
}

static void say(struct console *c)
{
    struct str out = {0};
    plain_lines(&c->plain, &c->view, &c->model, &out);
    write_out(c, &out);
}

static void take_lines(struct console *c, short events)
{
    char bytes[4096];
    ssize_t n = events ? read(STDIN_FILENO, bytes, sizeof bytes) : -1;
    if (n > 0)
        plain_type(&c->plain, bytes, (size_t)n);
    else if (n == 0 || (events && errno != EINTR && errno != EAGAIN)) {
        /* what was asked for is still answered; what the engine does then, its on_disconnect says
         */
        c->input_ended = true;
        if (!c->leave_by_us)
            c->leave_by_us = clock_mono_us() + LEAVE_US;
    }
    for (char *typed; !c->done && (typed = plain_take(&c->plain)) != NULL; free(typed)) {
        struct str out = {0};
        obey(c, plain_obey(&c->plain, &c->view, &c->model, typed, &out));
        write_out(c, &out);
        say(c);
    }
}

/* Nobody looks on: a session that is over is left. */
static void leave_with_engine(struct console *c)
{
    if (c->view.review || c->leave_by_us)
        return;
    if (c->model.ended)
        c->done = true;
    else if (c->view.link == LINK_GONE)
        c->leave_by_us = clock_mono_us() + LEAVE_US;
}

static bool leaving_is_over(struct console *c)
{
    if (!c->leave_by_us)
        return false;
    if (c->remote.count == 0 && c->remote.fd >= 0 && c->remote.refused) {
        c->leave_by_us = 0; /* the engine said no: the operator must read why */
        return false;
    }
    if (c->stopping && !c->model.ended) {
        /* its last event may come after it has hung up, but not much later */
        int64_t soon = clock_mono_us() + LEAVE_US;
        if (c->view.link != LINK_UP && c->leave_by_us > soon)
            c->leave_by_us = soon;
        return clock_mono_us() > c->leave_by_us;
    }
    return c->remote.count == 0 || clock_mono_us() > c->leave_by_us;
}

static void turn(struct console *c)
{
    struct pollfd fds[] = {
        {.fd = c->input_ended ? -1 : STDIN_FILENO, .events = POLLIN},
        {.fd = signal_pipe[0], .events = POLLIN},
        {.fd = c->remote.fd, .events = POLLIN},
    };
    bool scanning = source_scans(&c->source, &c->view);
    int tick =
        c->view.frame_us < TICK_MS * US_PER_MS ? (int)(c->view.frame_us / US_PER_MS) : TICK_MS;
    (void)poll(fds, COUNT_OF(fds), scanning ? 10 : tick);
    if (c->terminal && fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) {
        /* the terminal is gone: a console without eyes has nothing to do */
        c->status = 128 + SIGHUP;
        c->done = true;
        return;
    }
    take_signals(c);
    if (fds[2].revents && remote_read(&c->remote, &c->view)) {
        c->dirty = true;
        c->drawn_us = 0; /* what was asked for is seen at once, however rarely it is drawn */
    }
    advance(c);
    if (c->terminal) {
        take_keys(c); /* always: a resize comes as a key, without input */
    } else {
        take_lines(c, fds[0].revents);
        say(c);
        leave_with_engine(c);
    }
    if (leaving_is_over(c))
        c->done = true;
    if (!c->done && c->terminal)
        draw(c);
}

/* ---- opening and closing ---- */

static bool terminal_is_utf8(void)
{
    /* numbers keep their dot, whatever the locale: only characters follow it */
    (void)setlocale(LC_CTYPE, "");
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static bool choose_screen(struct console *c, const char *name, struct error *e)
{
    enum screen_id screen = screen_from_name(name);
    if (strcasecmp(name, "plots") == 0) {
        c->view.page = PAGE_PLOTS;
    } else if (screen < SCREEN_COUNT) {
        c->view.screen = screen;
    } else {
        error_set(e, ERROR_USAGE, "there is no screen %s", name);
        return error_todo(e, "overview, tables, locks, replicas, targets, plans, clients, log, "
                             "sql, plots, help, or 1 to 9");
    }
    return true;
}

static bool choose_target(struct console *c, const char *name, struct error *e)
{
    struct str known = {0};
    for (size_t i = 0; name && i < c->model.target_count; i++) {
        const char *one = c->model.targets[i].name ? c->model.targets[i].name : "?";
        str_addf(&known, "%s%s", i ? ", " : "", one);
        if (strcmp(one, name) == 0) {
            c->view.target = (int)i;
            c->view.only = true;
        }
    }
    bool ok = !name || c->view.only;
    if (!ok) {
        error_set(e, ERROR_USAGE, "there is no target %s in this journal", name);
        (void)error_todo(e, "it has %s", known.len ? str_text(&known) : "none");
    }
    str_free(&known);
    return ok;
}

static bool open_model(struct console *c, const struct console_options *o, const char *screen,
                       struct error *e)
{
    model_init(&c->model);
    view_init(&c->view);
    c->view.ascii = o->ascii;
    c->view.review = o->review;
    c->view.read_only = o->read_only;
    c->view.keeps_messages = o->plain;
    c->view.mouse = o->mouse;
    struct findings known = {0}; /* none: the caller has shown them before */
    keymap_read(&c->view.keys, o->keys, o->key_count, &known);
    findings_free(&known);
    c->view.operator_name = mem_dup(o->operator_name);
    c->view.now_us = clock_wall_us();
    c->remote.fd = -1;
    c->ticked_us = clock_mono_us();
    if (screen && !choose_screen(c, screen, e))
        return false;
    return source_open(&c->source, o->journal_path, &c->model, &c->view, o->at_us, e) &&
           choose_target(c, o->target, e);
}

static void close_model(struct console *c)
{
    remote_close(&c->remote);
    source_close(&c->source);
    canvas_free(&c->canvas);
    plain_free(&c->plain);
    view_free(&c->view);
    model_free(&c->model);
}

static bool open_terminal(struct console *c, struct error *e)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        error_set(e, ERROR_USAGE, "the console needs a terminal");
        error_why(e, "standard input or output is none");
        return error_todo(e, "newel status prints the state of each target; --dump 80x24 prints "
                             "a screen as text; --plain takes and prints lines; newel run "
                             "--headless prints progress lines");
    }
    c->terminal = terminal_open(stdout, stdin);
    if (c->terminal)
        return true;
    const char *term = getenv("TERM");
    error_set(e, ERROR_USAGE, "the console cannot use this terminal");
    error_why(e, "TERM is %s, which the terminal database does not know or cannot draw on",
              term && *term ? term : "not set");
    return error_todo(e, "try TERM=xterm, or --dump 80x24 for a screen as text");
}

static void greet(struct console *c)
{
    struct str out = {0};
    tell_time(c);
    plain_open(&c->plain, &c->view, &c->model, &out);
    write_out(c, &out);
}

int console_run(const struct console_options *options, struct error *e)
{
    struct console c = {0};
    *e = (struct error){0};
    bool utf8 = terminal_is_utf8();
    bool ok = open_model(&c, options, options->screen, e) && catch_signals(options->plain, e);
    if (ok && !options->plain && !open_terminal(&c, e)) {
        ok = false;
        release_signals();
    }
    if (!ok) {
        close_model(&c);
        return error_exit_status(e);
    }
    c.view.ascii = options->ascii || !utf8;
    remote_open(&c.remote, options->control_fd, &c.view);
    c.dirty = true;
    if (c.terminal)
        draw(&c);
    else
        greet(&c);
    while (!c.done)
        turn(&c);
    terminal_close(c.terminal);
    release_signals();
    if (options->plain && c.view.link == LINK_GONE && !c.model.ended && !c.status) {
        error_set(e, ERROR_SYSTEM, "the engine is gone");
        (void)error_todo(e, "newel run resumes the migration");
        c.status = error_exit_status(e);
    }
    int status = c.status;
    if (!status && !options->review && c.model.ended)
        status = (int)c.model.end_status;
    close_model(&c);
    return status;
}

bool console_dump(const struct console_options *options, int width, int height, const char *screen,
                  FILE *out, struct error *e)
{
    struct console c = {0};
    *e = (struct error){0};
    bool ok = open_model(&c, options, screen ? screen : options->screen, e);
    if (ok) {
        tell_time(&c);
        /* all marks of an ordinary session; a huge one is told to be unfinished */
        (void)source_scan(&c.source, &c.view, DUMP_SCAN_US);
        struct str text = {0};
        canvas_init(&c.canvas, width, height, options->ascii);
        view_draw(&c.canvas, &c.model, &c.view);
        canvas_dump(&c.canvas, &text);
        if (fputs(str_text(&text), out) < 0 || fflush(out) != 0)
            ok = error_errno(e, errno, "cannot write the screen");
        str_free(&text);
    }
    close_model(&c);
    return ok;
}
