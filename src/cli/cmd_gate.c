#include "config.h"
#include "cli/cli.h"

#include "cli/common.h"
#include "cli/options.h"
#include "cli/standing.h"
#include "journal/model.h"

#include <fnmatch.h>
#include <stdlib.h>

static const char usage[] =
    "usage: newel gate [-c FILE] [--json] [--targets PATTERN] ID PHASE\n"
    "Exit status 0 when every target has completed PHASE, 1 when not, 3 when it cannot be told.\n\n"
    "  -c, --config FILE       newel.ini\n"
    "      --targets PATTERN   only these targets (default: all of newel.ini)\n"
    "      --json              the answer, and where each target stands\n"
    "  -h, --help              this text\n";

struct answer {
    enum phase phase;
    bool json;
    size_t targets, open, unknown;
    json_t *list;
};

static void ask(struct answer *a, const struct target *t, const char *id)
{
    struct standing s;
    standing_ask(t, id, &s);
    bool open = s.reachable && s.count == 1 && state_next(&s.states[0]) > a->phase;
    a->targets++;
    a->open += open;
    a->unknown += !s.reachable;
    if (a->json) {
        json_t *one = standing_json(&s);
        json_set_bool(one, "open", open);
        json_push(a->list, one);
    } else if (!s.reachable) {
        error_print(&s.error, stderr);
    } else if (!open && s.count == 0) {
        printf("%s: %s has not begun\n", s.target, id);
    } else if (!open) {
        printf("%s: stands at %s, %s\n", s.target, phase_name(s.states[0].phase),
               phase_state_name(s.states[0].state));
    }
    standing_free(&s);
}

static int tell(const struct answer *a, const char *id)
{
    int status = a->unknown ? EXIT_DATABASE : a->open == a->targets ? EXIT_YES : EXIT_NO;
    const char *word = a->unknown ? "unknown" : status == EXIT_YES ? "open" : "closed";
    if (a->json) {
        json_t *o = json_object();
        json_set_text(o, "id", id);
        json_set_text(o, "phase", phase_name(a->phase));
        json_set_text(o, "gate", word);
        json_set(o, "targets", json_incref(a->list));
        char *line = json_line(o);
        puts(line);
        free(line);
        json_decref(o);
    } else {
        printf("gate %s %s: %s (%zu of %zu targets)\n", id, phase_name(a->phase), word, a->open,
               a->targets);
    }
    return status;
}

int cmd_gate(int argc, char **argv)
{
    enum { JSON = 256, TARGETS };
    static const struct option options[] = {
        {"json", no_argument, NULL, JSON},
        {"targets", required_argument, NULL, TARGETS},
        {0},
    };
    const char *pattern = "*";
    struct answer a = {0};
    struct common_options common = {0};
    for (int c; (c = options_next(argc, argv, options, false, usage, &common)) != -1;) {
        if (c == OPTIONS_LEAVE)
            return common.status;
        if (c == TARGETS)
            pattern = optarg;
        else
            a.json = true;
    }
    if (optind + 2 != argc)
        return common_usage("gate", "it takes an ID and a phase");
    a.phase = phase_from_name(argv[optind + 1]);
    if (a.phase == PHASE_COUNT)
        return common_usage("gate", "no such phase; they are " PHASE_NAMES);
    struct config config = {0};
    struct error e = {0};
    int status;
    a.list = json_array();
    if (!common_id(argv[optind], &e) || !common_config(common.config_path, &config, &e)) {
        status = common_fail(&e);
    } else {
        for (size_t i = 0; i < config.target_count; i++)
            if (fnmatch(pattern, config.targets[i].name, 0) == 0)
                ask(&a, &config.targets[i], argv[optind]);
        status =
            a.targets ? tell(&a, argv[optind]) : common_usage("gate", "no target has such a name");
    }
    json_decref(a.list);
    config_free(&config);
    return status;
}
