#include "config.h"
#include "cli/cli.h"

#include "cli/common.h"
#include "cli/live.h"
#include "cli/options.h"
#include "cli/standing.h"
#include "base/text.h"
#include "base/units.h"
#include "journal/model.h"

#include <stdlib.h>

static const char usage[] =
    "usage: newel status [-c FILE] [--json] [ID]\n"
    "The state of each target, read from the targets themselves; needs no engine.\n\n"
    "  -c, --config FILE   newel.ini\n"
    "      --json          as one JSON array\n"
    "  -h, --help          this text\n";

/* What its target says, and what an engine that runs here says of it besides. */
static void add_state(const struct standing *s, size_t i, const struct live *live, struct str *line)
{
    const struct state *state = &s->states[i];
    const struct model_target *t = model_find_target(&live->model, s->target);
    struct str words = {0};
    bool says = live_words(live, s->target, &words);
    bool same = says && t->phase == state->phase;
    str_addf(line, "%d/%d %s %s", (int)state->phase + 1, PHASE_COUNT, phase_name(state->phase),
             same ? str_text(&words) : phase_state_name(state->state));
    if (says && !same)
        str_addf(line, ", %s", str_text(&words));
    str_free(&words);
}

static void print_one(const struct standing *s, const struct config *config, struct live_list *list)
{
    if (!s->reachable) {
        struct str text = {0};
        error_text(&s->error, &text);
        printf("%-20s unreachable: %s\n", s->target, str_text(&text));
        str_free(&text);
        return;
    }
    if (s->count == 0)
        printf("%-20s no migration\n", s->target);
    for (size_t i = 0; i < s->count; i++) {
        const struct state *state = &s->states[i];
        struct str line = {0}, clean = {0};
        char rows[UNITS_TEXT];
        str_addf(&line, "%-20s %-28s %s.%s  ", s->target, s->ids[i], state->table, state->column);
        add_state(s, i, live_of(list, config, s->ids[i]), &line);
        if (state->rows > 0)
            str_addf(&line, "  %s rows filled", units_count(rows, state->rows));
        if (state->renewed_s >= 0)
            str_addf(&line, "  (engine of %s, heard of %.0f s ago)", state->holder,
                     state->renewed_s);
        text_add_line(&clean, str_text(&line)); /* the names are out of a table there */
        puts(str_text(&clean));
        str_free(&line);
        str_free(&clean);
    }
}

/* Who is at a console of an engine here. */
static void print_people(const struct live_list *list)
{
    struct str lines = {0};
    for (size_t i = 0; i < list->count; i++)
        live_people(&list->items[i], &lines);
    (void)fputs(str_text(&lines), stdout);
    str_free(&lines);
}

/* `standing`, with a member `engine` for each migration that one works on. */
static json_t *with_live(json_t *standing, const struct config *config, struct live_list *list)
{
    const char *target = json_get_text(standing, "target", "");
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(standing, "migrations"), i, one)
    {
        const struct live *live = live_of(list, config, json_get_text(one, "id", ""));
        json_t *engine = live_json(live, target);
        if (engine)
            json_set(one, "engine", engine);
    }
    return standing;
}

static int report(const struct config *config, const char *id, bool json)
{
    int status = EXIT_YES;
    json_t *all = json_array();
    struct live_list list = {0};
    for (size_t i = 0; i < config->target_count; i++) {
        struct standing s;
        standing_ask(&config->targets[i], id, &s);
        if (!s.reachable)
            status = EXIT_DATABASE;
        if (json)
            json_push(all, with_live(standing_json(&s), config, &list));
        else
            print_one(&s, config, &list);
        standing_free(&s);
    }
    if (json) {
        char *text = json_line(all);
        puts(text);
        free(text);
    } else {
        print_people(&list);
    }
    live_free(&list);
    json_decref(all);
    return status;
}

int cmd_status(int argc, char **argv)
{
    enum { JSON = 256 };
    static const struct option options[] = {{"json", no_argument, NULL, JSON}, {0}};
    bool json = false;
    struct common_options common = {0};
    for (int c; (c = options_next(argc, argv, options, false, usage, &common)) != -1;) {
        if (c == OPTIONS_LEAVE)
            return common.status;
        json = true;
    }
    if (optind + 1 < argc)
        return common_usage("status", "it takes one ID at most");
    struct config config = {0};
    struct error e = {0};
    const char *id = argv[optind];
    bool ok = (!id || common_id(id, &e)) && common_config(common.config_path, &config, &e);
    int status = ok ? report(&config, id, json) : common_fail(&e);
    config_free(&config);
    return status;
}
