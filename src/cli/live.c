#include "config.h"
#include "cli/live.h"

#include "base/text.h"
#include "cli/locate.h"
#include "journal/feed.h"
#include "ui/view.h"
#include "ui/widgets.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool engine_runs(const struct config *c, const char *id)
{
    struct error ignored;
    int fd = locate_engine(c, id, &ignored);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

/* An engine that is just starting has no journal to tell of: that is none yet. */
static bool read_journal(const struct config *c, const char *id, struct model *m)
{
    struct error ignored;
    char *path = locate_journal(c, id, &ignored);
    struct feed *feed = path ? feed_open(path, &ignored) : NULL;
    bool ok = feed && feed_seek_time(feed, m, INT64_MAX, &ignored);
    if (feed)
        feed_close(feed);
    free(path);
    return ok && !m->ended;
}

const struct live *live_of(struct live_list *list, const struct config *c, const char *id)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].id, id) == 0)
            return &list->items[i];
    struct live *l = VEC_PUSH(list->items, list->count);
    l->id = mem_dup(id);
    model_init(&l->model);
    l->runs = engine_runs(c, id) && read_journal(c, id, &l->model);
    return l;
}

void live_free(struct live_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].id);
        model_free(&list->items[i].model);
    }
    free(list->items);
    *list = (struct live_list){0};
}

static const struct model_target *target_of(const struct live *l, const char *target)
{
    const struct model_target *t = l->runs ? model_find_target(&l->model, target) : NULL;
    return t && t->phase < PHASE_COUNT ? t : NULL;
}

bool live_words(const struct live *l, const char *target, struct str *out)
{
    const struct model_target *t = target_of(l, target);
    enum model_doing doing = t ? model_doing(t) : DOING_IDLE;
    bool tries =
        t && doing == DOING_RUNNING && t->statement.phase == t->phase && t->statement.attempt > 1;
    if (doing == DOING_IDLE || doing == DOING_DONE || doing == DOING_UNDOING ||
        (doing == DOING_RUNNING && !tries && !t->asked_by))
        return false;
    enum style style;
    view_state(out, &style, &l->model, t);
    return true;
}

static json_t *request_json(const struct model_target *t)
{
    json_t *o = json_object();
    json_set_text(o, "what",
                  strcmp(t->asked_for, "rollback") == 0 ? t->asked_for : phase_name(t->phase));
    json_set_text(o, "by", t->asked_by);
    json_set_int(o, "since", t->asked_us);
    return o;
}

json_t *live_json(const struct live *l, const char *target)
{
    const struct model_target *t = target_of(l, target);
    if (!t)
        return NULL;
    json_t *o = json_object(), *people = json_array();
    struct str words = {0};
    enum style style;
    view_state(&words, &style, &l->model, t);
    json_set_text(o, "words", str_text(&words));
    str_free(&words);
    json_set_text(o, "phase", phase_name(t->phase));
    json_set_text(o, "state", phase_state_name(t->phases[t->phase].state));
    if (t->statement.phase == t->phase && t->statement.attempt > 0) {
        json_set_int(o, "try", t->statement.attempt);
        json_set_int(o, "tries", t->statement.tries);
    }
    json_set_text(o, "paused_by", t->paused_by);
    json_set_bool(o, "needs_second", model_needs_second(&l->model, view_step_word(t, t->phase)));
    if (t->asked_by && t->asked_for)
        json_set(o, "asked", request_json(t));
    for (size_t i = 0; i < l->model.console_count; i++) {
        const struct model_console *k = &l->model.consoles[i];
        json_t *one = json_object();
        json_set_text(one, "operator", k->operator_name);
        json_set_bool(one, "read_only", k->read_only);
        json_set_int(one, "since", k->since_us);
        json_push(people, one);
    }
    json_set(o, "consoles", people);
    return o;
}

void live_people(const struct live *l, struct str *out)
{
    char since[WORD_TEXT];
    for (size_t i = 0; i < l->model.console_count; i++) {
        const struct model_console *k = &l->model.consoles[i];
        struct str line = {0};
        str_addf(&line, "%-20s %-28s attached: %s%s since %s", "", l->id,
                 k->operator_name ? k->operator_name : "unknown",
                 k->read_only ? " (read-only)" : "", word_clock(since, k->since_us));
        text_add_line(out, str_text(&line));
        str_add_char(out, '\n');
        str_free(&line);
    }
}
