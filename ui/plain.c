#include "config.h"
#include "ui/plain.h"
#include "base/clock.h"
#include "base/text.h"
#include "journal/command.h"
#include "ui/input.h"
#include "ui/paper_phase.h"
#include "ui/tables.h"
#include "ui/widgets.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PROGRESS_US (10 * US_PER_S)
#define LOG_LINES 20
#define LINE_MAX_BYTES 4096
/* Readers break lines as they like. */
#define PAPER_WIDTH 100000

static const struct effect nothing;

static void line(struct str *out, const char *format, ...) PRINTF_LIKE(2, 3);
static void line(struct str *out, const char *format, ...)
{
    struct str raw = {0};
    va_list args;
    va_start(args, format);
    str_vaddf(&raw, format, args);
    va_end(args);
    text_add_line(out, str_text(&raw));
    str_add_char(out, '\n');
    str_free(&raw);
}

/* A text that has lines of its own. */
static void lines(struct str *out, const char *text)
{
    struct paper paper = {.width = PAPER_WIDTH};
    paper_add(&paper, STYLE_NORMAL, 0, text);
    paper_say(&paper, out);
}

/* ---- what can be asked for ---- */

static void say_replicas(const struct model_target *t, struct str *out)
{
    char lag[WORD_TEXT];
    for (size_t i = 0; i < t->replica_count; i++) {
        const struct model_replica *r = &t->replicas[i];
        if (!r->reachable)
            line(out, "replica %s: unreachable%s%s", r->name ? r->name : "?", r->error ? ": " : "",
                 r->error ? r->error : "");
        else
            line(out, "replica %s: lag %s", r->name ? r->name : "?", word_duration(lag, r->lag_us));
    }
}

static void say_people(const struct model *m, struct str *out)
{
    char since[WORD_TEXT];
    for (size_t i = 0; i < m->console_count && !m->ended; i++) {
        const struct model_console *k = &m->consoles[i];
        line(out, "here: %s%s since %s", k->operator_name ? k->operator_name : "unknown",
             k->read_only ? ", read-only," : "", word_clock(since, k->since_us));
    }
}

/* What one operator has asked for, and another may begin. */
static void say_request(const struct view *v, const struct model *m, const struct model_target *t,
                        struct str *out)
{
    char ago[WORD_TEXT];
    if (!t->asked_by || !t->asked_for || m->ended)
        return;
    bool back = strcmp(t->asked_for, "rollback") == 0;
    const char *what = back ? "rollback" : phase_name(t->phase), *word = back ? "rollback" : "step";
    word_rough(ago, v->now_us - t->asked_us);
    if (view_second(v, m, t, what) == SECOND_AWAIT)
        line(out, "you asked for %s %s ago: another operator has to approve it; %s takes it back",
             what, ago, word);
    else
        line(out, "%s asked for %s %s ago: a second yes begins it%s%s", t->asked_by, what, ago,
             v->review || v->read_only ? "" : "; say ", v->review || v->read_only ? "" : word);
}

static void say_status(struct plain *p, const struct view *v, const struct model *m,
                       struct str *out)
{
    const struct model_target *t = view_target(v, m);
    char clock[WORD_TEXT];
    if (v->review)
        line(out, "the recording at %s, %s", word_clock(clock, v->now_us),
             v->playing ? "playing" : "standing still");
    if (!t) {
        line(out, "no target yet: the session is just starting");
        return;
    }
    struct str state = {0};
    enum style style;
    view_state(&state, &style, m, t);
    line(out, "%s: column %s of %s, phase %d of %d %s, %s", t->name ? t->name : "?",
         m->column ? m->column : "?", m->table ? m->table : "?",
         t->phase < PHASE_COUNT ? (int)t->phase + 1 : 0, PHASE_COUNT, phase_name(t->phase),
         str_text(&state));
    str_free(&state);
    struct paper paper = {.width = PAPER_WIDTH};
    paper_error(&paper, &t->error);
    paper_say(&paper, out);
    say_request(v, m, t, out);
    for (size_t i = 0; t->throttled && i < t->reason_count; i++)
        line(out, "held back: %s",
             t->reasons[i].text     ? t->reasons[i].text
             : t->reasons[i].signal ? t->reasons[i].signal
                                    : "?");
    progress_again(&p->progress);
    progress_lines(&p->progress, m, out);
    say_replicas(t, out);
    say_people(m, out);
    enum phase next = view_next_phase(t);
    if (next < PHASE_COUNT && !m->ended)
        line(out, "next: %d %s%s", (int)next + 1, phase_name(next),
             v->review || v->read_only ? "" : "; step shows what it does, and asks");
}

static void say_locks(const struct view *v, const struct model *m, struct str *out)
{
    const struct model_target *t = view_target(v, m);
    char wait[WORD_TEXT], xact[WORD_TEXT], who[WHO_TEXT];
    if (!t || !t->lock_count)
        line(out, t && t->locks_at_us > 0 ? "nobody waits for a lock" : "locks: not sampled yet");
    for (size_t i = 0; t && i < t->lock_count; i++) {
        const struct model_lock *k = &t->locks[i];
        struct str text = {0};
        str_addf(&text, "pid %" PRId64 ", %s, %s, transaction %s", k->pid,
                 k->ours ? "newel's own" : word_who(who, k->app, k->user),
                 k->state ? k->state : "?", word_duration(xact, k->xact_us));
        if (k->parent != UNKNOWN)
            str_addf(&text, ", waits %s behind pid %" PRId64, word_duration(wait, k->wait_us),
                     k->parent);
        if (k->mode && *k->mode)
            str_addf(&text, ", %s%s%s", k->mode, k->object ? " on " : "",
                     k->object ? k->object : "");
        if (k->query && *k->query)
            str_addf(&text, ": %s", k->query);
        line(out, "%s", str_text(&text));
        str_free(&text);
    }
}

static void say_limits(const struct view *v, const struct model *m, struct str *out)
{
    const struct model_target *t = view_target(v, m);
    char until[WORD_TEXT];
    for (size_t i = 0; t && i < t->limit_count; i++) {
        const struct model_limit *k = &t->limits[i];
        line(out, "%s %s%s%s%s%s", k->signal ? k->signal : "?",
             k->text    ? k->text
             : k->limit ? k->limit
                        : "?",
             k->until_us > 0 ? " until " : "",
             k->until_us > 0 ? word_clock(until, k->until_us) : "", k->note && *k->note ? ": " : "",
             k->note ? k->note : "");
    }
}

static void say_sql(const struct view *v, const struct model *m, struct str *out)
{
    const struct model_target *t = view_target(v, m);
    enum phase phase = t ? view_next_phase(t) : PHASE_COUNT;
    if (t && phase >= PHASE_COUNT)
        phase = t->phase;
    if (phase >= PHASE_COUNT)
        return;
    struct paper paper = {.width = PAPER_WIDTH};
    paper_phase(&paper, t, phase);
    paper_say(&paper, out);
}

static void say_log(const struct view *v, const char *count, struct str *out)
{
    size_t most = *count ? strtoul(count, NULL, 10) : LOG_LINES;
    size_t first = v->log.count > most ? v->log.count - most : 0;
    char clock[WORD_TEXT];
    for (size_t i = first; i < v->log.count; i++) {
        const struct log_entry *e = log_at(&v->log, i);
        const char *target = json_get_text(e->event, "target", NULL);
        line(out, "%s  %s%s%s", word_clock(clock, e->time_us), target ? target : "",
             target ? "  " : "", e->text);
    }
}

static void say_targets(const struct model *m, struct str *out)
{
    for (size_t i = 0; i < m->target_count; i++) {
        struct str state = {0};
        enum style style;
        view_state(&state, &style, m, &m->targets[i]);
        line(out, "%s: %s, %s", m->targets[i].name ? m->targets[i].name : "?",
             phase_name(m->targets[i].phase), str_text(&state));
        str_free(&state);
    }
}

/* Commands of the table that are words here, too: keys for moving about on screens are not. */
static bool is_word(const struct view *v, const struct key *k)
{
    bool group = strcmp(k->group, "Review") == 0 || strcmp(k->group, "Engine") == 0;
    return (k->modes & view_mode(v)) && k->action != ACTION_CANCEL &&
           k->action != ACTION_TERMINATE && k->action != ACTION_LIMITS &&
           (group || k->action == ACTION_TARGET_NEXT || k->action == ACTION_TARGET_BACK);
}

static void say_help(const struct view *v, struct str *out)
{
    line(out, "status: where it stands");
    line(out, "locks: who waits on whom");
    line(out, "limits: the limits");
    line(out, "sql: what the next phase runs");
    line(out, "log N: the last N events");
    line(out, "targets: every target");
    line(out, "target NAME: the one that is meant from now on");
    for (int i = 0; i < VERB_COUNT && !v->review && !v->read_only; i++) {
        const struct verb_words *w = verb_words((enum verb)i);
        bool asks = i == VERB_STEP || i == VERB_ROLLBACK;
        if (i != VERB_ATTACH && i != VERB_DETACH)
            line(out, "%s%s%s: %s", w->name, w->value && !asks ? " " : "",
                 w->value && !asks ? w->value : "",
                 i == VERB_STEP       ? "shows what the next phase does, and asks"
                 : i == VERB_ROLLBACK ? "shows what is taken back, and asks for the column's name"
                                      : w->about);
    }
    size_t count;
    const struct key *table = keys_table(&count);
    for (size_t i = 0; i < count; i++)
        if (is_word(v, &table[i]) && !(table[i].changes && v->read_only) &&
            verb_from_name(table[i].command) == VERB_COUNT)
            line(out, "%s: %s", table[i].command, table[i].help);
    line(out, "help: this");
    line(out, "quit: leave");
}

/* ---- words ---- */

static struct effect send_value(struct view *v, const struct model *m, enum verb verb,
                                const char *value)
{
    const struct verb_words *w = verb_words(verb);
    const struct model_target *t = view_target(v, m);
    if (w->value && !*value) {
        view_say(v, STYLE_WARN, "%s takes %s", w->name, w->value);
        return nothing;
    }
    const char *target = verb == VERB_STOP || !t ? NULL : t->name;
    return w->value ? request_value(v, w->name, target, value) : request_new(v, w->name, target);
}

static struct effect kill_session(struct view *v, const struct model *m, enum verb verb,
                                  const char *pid)
{
    const struct model_target *t = view_target(v, m);
    int64_t wanted;
    bool number = units_parse_int(pid, &wanted);
    for (size_t i = 0; t && number && i < t->lock_count; i++)
        if (t->locks[i].pid == wanted) {
            v->screen = SCREEN_LOCKS;
            tables_choose_row(v, m, i);
            question_kill(v, m, verb == VERB_TERMINATE);
            return nothing;
        }
    view_say(v, STYLE_WARN, "%s takes the PID of a session in the lock tree: locks names them",
             verb_words(verb)->name);
    return nothing;
}

static struct effect obey_verb(struct view *v, const struct model *m, enum verb verb,
                               const char *value)
{
    const char *name = verb_words(verb)->name;
    const char *why = input_refusal(v, m);
    if (why) {
        view_say(v, STYLE_WARN, "%s is off: %s", name, why);
        return nothing;
    }
    if (verb == VERB_STEP || verb == VERB_ROLLBACK)
        return input_command(v, m, name);
    if (verb == VERB_CANCEL || verb == VERB_TERMINATE)
        return kill_session(v, m, verb, value);
    return send_value(v, m, verb, value);
}

static void choose_target(struct view *v, const struct model *m, const char *name)
{
    for (size_t i = 0; i < m->target_count; i++)
        if (m->targets[i].name && strcmp(m->targets[i].name, name) == 0) {
            v->target = (int)i;
            view_say(v, STYLE_NORMAL, "%s is meant from now on", name);
            return;
        }
    view_say(v, STYLE_WARN, "there is no target \"%s\": targets names them", name);
}

static bool tell(struct plain *p, struct view *v, const struct model *m, const char *word,
                 const char *rest, struct str *out)
{
    if (strcmp(word, "status") == 0)
        say_status(p, v, m, out);
    else if (strcmp(word, "locks") == 0)
        say_locks(v, m, out);
    else if (strcmp(word, "limits") == 0)
        say_limits(v, m, out);
    else if (strcmp(word, "sql") == 0)
        say_sql(v, m, out);
    else if (strcmp(word, "log") == 0)
        say_log(v, rest, out);
    else if (strcmp(word, "targets") == 0)
        say_targets(m, out);
    else if (strcmp(word, "target") == 0)
        choose_target(v, m, rest);
    else if (strcmp(word, "help") == 0)
        say_help(v, out);
    else
        return false;
    return true;
}

static struct effect answer(struct view *v, const struct model *m, const char *text);

static struct effect obey_word(struct view *v, const struct model *m, const char *word,
                               const char *rest)
{
    size_t count;
    const struct key *table = keys_table(&count);
    if (strcmp(word, "quit") == 0)
        return input_command(v, m, "quit");
    enum verb verb = verb_from_name(word);
    if (verb != VERB_COUNT && verb != VERB_ATTACH && verb != VERB_DETACH)
        return obey_verb(v, m, verb, rest);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].command, word) != 0 || !is_word(v, &table[i]))
            continue;
        struct effect e = input_command(v, m, word);
        return v->ask.kind != ASK_NONE && *rest ? answer(v, m, rest) : e;
    }
    view_say(v, STYLE_WARN, "\"%.40s\" is no word here: help tells which there are", word);
    return nothing;
}

/* ---- answers ---- */

static bool one_of(const char *text, const char *a, const char *b)
{
    return strcasecmp(text, a) == 0 || strcasecmp(text, b) == 0;
}

/* Whole words alone: "stay" must not be taken for the s of "stop". */
static uint32_t answer_key(enum ask_kind kind, const char *text)
{
    if (kind == ASK_QUIT)
        return one_of(text, "d", "detach")  ? 'd'
               : one_of(text, "p", "pause") ? 'p'
               : one_of(text, "s", "stop")  ? 's'
                                            : KEYS_ESC;
    return one_of(text, "y", "yes") ? 'y' : 'n';
}

static struct effect answer(struct view *v, const struct model *m, const char *text)
{
    if (v->ask.kind == ASK_STEP || v->ask.kind == ASK_WITHDRAW || v->ask.kind == ASK_KILL ||
        v->ask.kind == ASK_QUIT)
        return question_answer(v, m, answer_key(v->ask.kind, text));
    for (size_t left = strlen(text); left;) {
        uint32_t c;
        size_t used = text_decode(text, left, &c);
        if (!text_is_control(c))
            (void)question_answer(v, m, c);
        text += used;
        left -= used;
    }
    return question_answer(v, m, KEYS_ENTER);
}

struct effect plain_obey(struct plain *p, struct view *v, const struct model *m, const char *typed,
                         struct str *out)
{
    typed += strspn(typed, " \t");
    size_t length = strlen(typed);
    while (length && strchr(" \t\r", typed[length - 1]))
        length--;
    char *text = mem_dup_n(typed, length);
    struct effect e = nothing;
    if (v->ask.kind != ASK_NONE) {
        e = answer(v, m, text);
    } else if (*text) {
        size_t n = strcspn(text, " \t");
        const char *rest = text + n + strspn(text + n, " \t");
        char *word = mem_dup_n(text, n);
        if (!tell(p, v, m, word, rest, out))
            e = obey_word(v, m, word, rest);
        free(word);
    }
    free(text);
    return e;
}

/* ---- in and out ---- */

void plain_type(struct plain *p, const char *bytes, size_t n)
{
    str_add_n(&p->typed, bytes, n);
}

char *plain_take(struct plain *p)
{
    char *end = p->typed.len ? memchr(p->typed.data, '\n', p->typed.len) : NULL;
    if (!end && p->typed.len < LINE_MAX_BYTES)
        return NULL;
    size_t n = end ? (size_t)(end - p->typed.data) : p->typed.len;
    char *taken = mem_dup_n(p->typed.data, n);
    size_t used = n + (end ? 1 : 0);
    p->typed.len -= used;
    memmove(p->typed.data, p->typed.data + used, p->typed.len);
    return taken;
}

static void say_question(const struct view *v, const struct model *m, struct str *out)
{
    if (v->page != PAGE_NONE)
        page_say(m, v, out);
    switch (v->ask.kind) {
    case ASK_QUIT:
        line(out, "Leave? d: detach, the engine goes on. p: pause it and leave. s: stop it, it can "
                  "be resumed. Anything else: stay.");
        return;
    case ASK_STEP:
    case ASK_WITHDRAW:
    case ASK_KILL:
        lines(out, v->ask.about);
        line(out, "Type y for yes; anything else is no.");
        return;
    default:
        lines(out, v->ask.about);
    }
}

/* The phase that waits for a yes from here; PHASE_COUNT: none. */
static enum phase wants_yes(const struct view *v, const struct model *m)
{
    const struct model_target *t = view_target(v, m);
    bool waits = t && model_doing(t) == DOING_ASKING && !input_refusal(v, m);
    return waits ? view_next_phase(t) : PHASE_COUNT;
}

static void say_hint(struct plain *p, const struct view *v, const struct model *m, struct str *out)
{
    enum phase phase = wants_yes(v, m);
    if (phase != p->hinted && phase != PHASE_COUNT)
        line(out, "step shows what %s does, and asks", phase_name(phase));
    p->hinted = phase;
}

void plain_lines(struct plain *p, struct view *v, const struct model *m, struct str *out)
{
    p->progress.every_us = PROGRESS_US * (v->review ? v->speed : 1);
    p->progress.no_notes = !v->review; /* they are calls */
    if (m->seq < p->progress.told_seq)
        p->progress.told_seq = m->seq; /* a recording was gone back in */
    progress_lines(&p->progress, m, out);
    if (v->call)
        lines(out, v->call);
    free(v->call);
    v->call = NULL;
    say_hint(p, v, m, out);
    if (v->message)
        lines(out, v->message);
    free(v->message);
    v->message = NULL;
    if (v->link != p->link && v->link == LINK_GONE && !m->ended)
        line(out, "the engine is gone");
    p->link = v->link;
    if (v->ask.kind != p->asked && v->ask.kind != ASK_NONE)
        say_question(v, m, out);
    p->asked = v->ask.kind;
    if (v->ask.kind == ASK_NONE)
        v->page = PAGE_NONE;
}

void plain_open(struct plain *p, const struct view *v, const struct model *m, struct str *out)
{
    p->link = v->link;
    p->progress.told_seq = m->seq;
    p->hinted = wants_yes(v, m); /* the status says so, too */
    say_status(p, v, m, out);
    line(out, "help tells the words, quit leaves");
}

void plain_free(struct plain *p)
{
    progress_free(&p->progress);
    str_free(&p->typed);
}
