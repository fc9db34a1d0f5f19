#include "config.h"
#include "cli/cli.h"

#include "cli/common.h"
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

static void print_one(const struct standing *s)
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
        str_addf(&line, "%-20s %-28s %s.%s  %d/%d %s %s", s->target, s->ids[i], state->table,
                 state->column, (int)state->phase + 1, PHASE_COUNT, phase_name(state->phase),
                 phase_state_name(state->state));
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

static int report(const struct config *config, const char *id, bool json)
{
    int status = EXIT_YES;
    json_t *all = json_array();
    for (size_t i = 0; i < config->target_count; i++) {
        struct standing s;
        standing_ask(&config->targets[i], id, &s);
        if (!s.reachable)
            status = EXIT_DATABASE;
        if (json)
            json_push(all, standing_json(&s));
        else
            print_one(&s);
        standing_free(&s);
    }
    if (json) {
        char *text = json_line(all);
        puts(text);
        free(text);
    }
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
