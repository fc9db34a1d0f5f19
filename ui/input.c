#include "config.h"
#include "ui/input.h"
#include "base/clock.h"
#include "ui/keys.h"
#include "ui/plot.h"
#include "ui/tables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SEEK_US (10 * US_PER_S)

static const struct effect nothing;

/* ---- moving ---- */

static int limited(int64_t n, size_t count)
{
    if (n >= (int64_t)count)
        n = (int64_t)count - 1;
    return n > 0 ? (int)n : 0;
}

static void move(struct view *v, const struct model *m, int by)
{
    const struct model_target *t = view_target(v, m);
    if (v->page == PAGE_LIMITS) {
        v->limit_selected = limited((int64_t)v->limit_selected + by, t ? t->limit_count : 0);
        return;
    }
    if (v->page != PAGE_NONE) {
        v->scroll += by; /* the console cuts it to what there is */
        return;
    }
    if (tables_here(m, v))
        tables_move(v, m, by);
    else
        v->scroll += by;
}

static void move_to_end(struct view *v, const struct model *m, bool last)
{
    if (v->screen == SCREEN_LOG && v->page == PAGE_NONE && last)
        v->tables[SCREEN_LOG].chosen = 0; /* follows again */
    else if (v->page != PAGE_NONE && v->page != PAGE_LIMITS)
        v->scroll = last ? 1 << 20 : 0;
    else
        move(v, m, last ? 1 << 20 : -(1 << 20));
}

bool input_select(struct view *v, int64_t row)
{
    bool again = v->page == PAGE_LIMITS && v->limit_selected == (int)row;
    if (v->page == PAGE_LIMITS)
        v->limit_selected = (int)row;
    return again;
}

static void go_screen(struct view *v, enum screen_id screen)
{
    if (screen == SCREEN_HELP && v->screen != SCREEN_HELP)
        v->before_help = v->screen;
    v->screen = screen;
    v->page = PAGE_NONE;
    v->scroll = 0;
    v->shift = 0;
}

static void go_target(struct view *v, const struct model *m, int by)
{
    if (m->target_count < 2)
        return;
    const struct model_target *t = view_target(v, m);
    int count = (int)m->target_count;
    v->target = ((int)(t - m->targets) + by + count) % count;
    tables_unchoose(v);
    if (v->page != PAGE_LIMITS && v->page != PAGE_PLOTS)
        v->page = PAGE_NONE; /* of a row of the other target */
    v->scroll = 0;
    v->batch_sent_us = 0;
}

static void back(struct view *v, const struct model *m)
{
    if (v->page != PAGE_NONE)
        v->page = PAGE_NONE;
    else if (v->screen == SCREEN_HELP)
        go_screen(v, v->before_help);
    else if (v->tables[v->screen].filter)
        tables_filter(v, m, NULL);
    else
        return;
    v->scroll = 0;
}

static void open_selected(struct view *v, const struct model *m)
{
    static const enum page pages[SCREEN_COUNT] = {
        [SCREEN_TABLES] = PAGE_TABLE,     [SCREEN_LOCKS] = PAGE_LOCK,
        [SCREEN_REPLICAS] = PAGE_REPLICA, [SCREEN_PLANS] = PAGE_PLAN,
        [SCREEN_CLIENTS] = PAGE_CLIENT,   [SCREEN_LOG] = PAGE_EVENT,
    };
    if (!tables_choose(v, m))
        return;
    if (v->screen == SCREEN_TARGETS) {
        v->target = tables_chosen(m, v);
        go_screen(v, SCREEN_OVERVIEW);
        return;
    }
    view_open(v, pages[v->screen]);
}

static void change_interval(struct view *v)
{
    static const int64_t intervals[] = {100 * US_PER_MS, VIEW_FRAME_US, 500 * US_PER_MS,
                                        US_PER_S,        2 * US_PER_S,  5 * US_PER_S};
    size_t at = 0;
    while (at < COUNT_OF(intervals) && intervals[at] <= v->frame_us)
        at++;
    v->frame_us = intervals[at % COUNT_OF(intervals)];
    view_say(v, STYLE_NORMAL, "drawn every %d.%d s at most; keys are answered at once",
             (int)(v->frame_us / US_PER_S), (int)(v->frame_us % US_PER_S / 100000));
}

static void change_only(struct view *v, const struct model *m)
{
    const struct model_target *t = view_target(v, m);
    v->only = !v->only && t;
    if (v->only)
        view_say(v, STYLE_NORMAL, "what concerns other targets than %s is left away",
                 t->name ? t->name : "?");
    else
        view_say(v, STYLE_NORMAL, "events of all targets are shown");
}

static void change_span(struct view *v, bool longer)
{
    char span[WORD_TEXT];
    v->span_us = plot_other_span(plot_span_us(v), longer);
    view_say(v, STYLE_NORMAL, "plots show the last %s", plot_span(span, v));
}

static void open_plots(struct view *v)
{
    if (v->page == PAGE_PLOTS)
        v->page = PAGE_NONE;
    else
        view_open(v, PAGE_PLOTS);
}

/* ---- the engine's keys ---- */

static struct effect change_batch(struct view *v, const struct model_target *t, bool more)
{
    int64_t rows = t->pace_rows;
    /* a second press must build on the first, also before the engine has answered */
    if (v->batch_sent_us && v->now_us - v->batch_sent_us < 2 * US_PER_S)
        rows = v->batch_sent;
    if (rows <= 0) {
        view_say(v, STYLE_WARN, "the batch size is not known yet");
        return nothing;
    }
    int64_t wanted = more ? rows + (rows + 3) / 4 : rows - (rows + 4) / 5;
    if (t->pace_max > 0 && wanted > t->pace_max)
        wanted = t->pace_max;
    if (t->pace_min > 0 && wanted < t->pace_min)
        wanted = t->pace_min;
    if (wanted < 1)
        wanted = 1;
    v->batch_sent = wanted;
    v->batch_sent_us = v->now_us;
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, wanted);
    return request_value(v, "batch", t->name, text);
}

static void ask_value(struct view *v, const struct model_target *t, enum action action)
{
    const char *verb = NULL;
    char *about = NULL, now[WORD_TEXT];
    if (action == ACTION_BATCH) {
        verb = "batch";
        about = mem_printf("Rows of a batch (now %" PRId64 "), or auto:", t->pace_rows);
    } else if (action == ACTION_LANES) {
        verb = "lanes";
        about = mem_printf("Lanes in parallel (now %" PRId64 "):", t->lanes);
    } else if (action == ACTION_AIM) {
        verb = "time";
        about = mem_printf("Time for one batch (now %s):", word_duration(now, t->pace_time_us));
    } else {
        verb = "rest";
        about = mem_printf("Rest between batches (now %s), such as 50ms:",
                           word_duration(now, t->pace_pause_us));
    }
    question_put(v, ASK_VALUE, t->name, about)->verb = verb;
    free(about);
}

static struct effect engine_key(struct view *v, const struct model *m, enum action action)
{
    const struct model_target *t = view_target(v, m);
    if (!t) {
        view_say(v, STYLE_WARN, "there is no target yet");
        return nothing;
    }
    switch (action) {
    case ACTION_PAUSE:
        return request_new(v, t->paused_by ? "resume" : "pause", t->name);
    case ACTION_BATCH_MORE:
    case ACTION_BATCH_LESS:
        return change_batch(v, t, action == ACTION_BATCH_MORE);
    case ACTION_AUTO:
        v->batch_sent_us = 0;
        return request_value(v, "batch", t->name, "auto");
    case ACTION_BATCH:
    case ACTION_LANES:
    case ACTION_AIM:
    case ACTION_REST:
        ask_value(v, t, action);
        return nothing;
    case ACTION_LIMITS:
        view_open(v, PAGE_LIMITS);
        v->limit_selected = 0;
        return nothing;
    case ACTION_STEP:
        question_step(v, m, t);
        return nothing;
    case ACTION_ROLLBACK:
        question_rollback(v, m, t);
        return nothing;
    case ACTION_CANCEL:
    case ACTION_TERMINATE:
        question_kill(v, m, action == ACTION_TERMINATE);
        return nothing;
    case ACTION_NOTE:
        (void)question_put(v, ASK_NOTE, t->name, "Note:");
        return nothing;
    default:
        return nothing;
    }
}

static struct effect quit(struct view *v, const struct model *m)
{
    if (v->page != PAGE_NONE || v->screen == SCREEN_HELP) {
        back(v, m); /* q closes what lies on top first, as in every pager */
        return nothing;
    }
    if (v->review || v->link != LINK_UP || m->ended || v->read_only)
        return (struct effect){.kind = EFFECT_LEAVE};
    question_quit(v);
    return nothing;
}

static void change_speed(struct view *v, bool faster)
{
    static const int64_t speeds[] = {1, 2, 4, 10, 30, 60, 100, 300, 1000};
    size_t at = 0;
    while (at + 1 < COUNT_OF(speeds) && speeds[at] < v->speed)
        at++;
    if (faster && at + 1 < COUNT_OF(speeds))
        at++;
    else if (!faster && at > 0)
        at--;
    v->speed = speeds[at];
}

static struct effect seek(int64_t time_us)
{
    return (struct effect){.kind = EFFECT_SEEK, .time_us = time_us};
}

static struct effect seek_mark(enum history_mark_kind mark, int step)
{
    return (struct effect){.kind = EFFECT_SEEK_MARK, .mark = mark, .step = step};
}

static struct effect review_key(struct view *v, enum action action)
{
    switch (action) {
    case ACTION_PLAY:
        v->playing = !v->playing;
        return nothing;
    case ACTION_SEEK_BACK:
        return seek(v->now_us - SEEK_US);
    case ACTION_SEEK_ON:
        return seek(v->now_us + SEEK_US);
    case ACTION_START:
        return seek(v->timeline.first_us);
    case ACTION_END:
        return seek(INT64_MAX);
    case ACTION_ALARM_BACK:
        return seek_mark(HISTORY_ALARM, -1);
    case ACTION_ALARM_ON:
        return seek_mark(HISTORY_ALARM, 1);
    case ACTION_COMMAND_BACK:
        return seek_mark(HISTORY_COMMAND, -1);
    case ACTION_COMMAND_ON:
        return seek_mark(HISTORY_COMMAND, 1);
    case ACTION_PHASE_BACK:
        return seek_mark(HISTORY_PHASE, -1);
    case ACTION_PHASE_ON:
        return seek_mark(HISTORY_PHASE, 1);
    case ACTION_SLOWER:
    case ACTION_FASTER:
        change_speed(v, action == ACTION_FASTER);
        return nothing;
    case ACTION_GOTO:
        (void)question_put(v, ASK_TIME, NULL, "Go to:");
        return nothing;
    default:
        return nothing;
    }
}

const char *input_refusal(const struct view *v, const struct model *m)
{
    return v->review            ? "this is a recording"
           : m->ended           ? "the session has ended"
           : v->read_only       ? "this console is read-only"
           : v->link != LINK_UP ? "no engine is connected"
                                : NULL;
}

static struct effect obey(struct view *v, const struct model *m, const struct key *k)
{
    if (!(k->modes & view_mode(v))) {
        view_say(v, STYLE_WARN, "%s is off: this is %s", k->command,
                 v->review ? "a recording" : "a live session");
        return nothing;
    }
    const char *why = k->changes ? input_refusal(v, m) : NULL;
    if (why) {
        view_say(v, STYLE_WARN, "%s is off: %s", k->command, why);
        return nothing;
    }
    if (k->changes)
        return engine_key(v, m, k->action);
    switch (k->action) {
    case ACTION_HELP:
        go_screen(v, v->screen == SCREEN_HELP ? v->before_help : SCREEN_HELP);
        return nothing;
    case ACTION_QUIT:
        return quit(v, m);
    case ACTION_BACK:
        back(v, m);
        return nothing;
    case ACTION_OPEN:
        if (v->page == PAGE_LIMITS)
            question_limit(v, m);
        else if (v->page == PAGE_NONE)
            open_selected(v, m);
        return nothing;
    case ACTION_SEARCH:
        v->page = PAGE_NONE;
        if (!tables_here(m, v))
            go_screen(v, SCREEN_LOG);
        (void)question_put(v, ASK_FILTER, NULL, "Filter:");
        return nothing;
    case ACTION_SCREEN:
        go_screen(v, screen_from_name(k->command + strlen("screen-")));
        return nothing;
    case ACTION_UP:
        move(v, m, -1);
        return nothing;
    case ACTION_DOWN:
        move(v, m, 1);
        return nothing;
    case ACTION_PAGE_UP:
        move(v, m, -(v->page_rows > 1 ? v->page_rows - 1 : 1));
        return nothing;
    case ACTION_PAGE_DOWN:
        move(v, m, v->page_rows > 1 ? v->page_rows - 1 : 1);
        return nothing;
    case ACTION_LEFT:
        v->shift = v->shift > 8 ? v->shift - 8 : 0;
        return nothing;
    case ACTION_RIGHT:
        v->shift += v->shift < 4096 ? 8 : 0;
        return nothing;
    case ACTION_FIRST:
    case ACTION_LAST:
        move_to_end(v, m, k->action == ACTION_LAST);
        return nothing;
    case ACTION_SORT_NEXT:
    case ACTION_SORT_BACK:
        tables_sort(v, m, k->action == ACTION_SORT_NEXT ? 1 : -1);
        return nothing;
    case ACTION_SORT_REVERSE:
        tables_reverse(v, m);
        return nothing;
    case ACTION_INTERVAL:
        change_interval(v);
        return nothing;
    case ACTION_ONLY:
        change_only(v, m);
        return nothing;
    case ACTION_PLOTS:
        open_plots(v);
        return nothing;
    case ACTION_SPAN_LONGER:
    case ACTION_SPAN_SHORTER:
        change_span(v, k->action == ACTION_SPAN_LONGER);
        return nothing;
    case ACTION_TARGET_NEXT:
    case ACTION_TARGET_BACK:
        go_target(v, m, k->action == ACTION_TARGET_NEXT ? 1 : -1);
        return nothing;
    case ACTION_REDRAW:
        return (struct effect){.kind = EFFECT_REDRAW};
    case ACTION_MOUSE:
        v->mouse = !v->mouse;
        view_say(v, STYLE_NORMAL, "the mouse is %s",
                 v->mouse ? "the console's" : "the terminal's: it marks text");
        return nothing;
    default:
        return review_key(v, k->action);
    }
}

struct effect input_command(struct view *v, const struct model *m, const char *command)
{
    size_t count;
    const struct key *table = keys_table(&count), *found = NULL;
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].command, command) == 0 && (!found || (table[i].modes & view_mode(v))))
            found = &table[i];
    return found ? obey(v, m, found) : nothing;
}

/* What stands on the message line was read; what stood behind it was not. */
static void take_in(struct view *v)
{
    char **seen = v->call && !view_asks_by_prompt(v) ? &v->call : &v->message;
    free(*seen);
    *seen = NULL;
    if (!v->call)
        v->calls = 0;
}

struct effect input_key(struct view *v, const struct model *m, uint32_t key)
{
    if (key == KEYS_RESIZE)
        return nothing;
    take_in(v);
    if (v->ask.kind != ASK_NONE)
        return question_answer(v, m, key);
    const struct key *k = keymap_find(&v->keys, key, view_mode(v));
    if (!k && key == KEYS_ERASE) /* what less does; and Ctrl-H on old terminals */
        return input_command(v, m, "up");
    if (!k)
        k = keymap_find(&v->keys, key, MODE_BOTH);
    /* a key that only recordings have is no news to a live session */
    return k && ((k->modes & view_mode(v)) || k->changes) ? obey(v, m, k) : nothing;
}
