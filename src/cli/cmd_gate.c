#include "config.h"
#include "cli/cli.h"

#include "base/clock.h"
#include "base/units.h"
#include "cli/common.h"
#include "cli/options.h"
#include "cli/standing.h"
#include "journal/model.h"

#include <fnmatch.h>
#include <stdlib.h>

static const char usage[] =
    "usage: newel gate [-c FILE] [--json] [--targets PATTERN] [--timeout DURATION] ID PHASE\n"
    "Exit status 0 when every target has completed PHASE, 1 when not, 3 when it cannot be told.\n\n"
    "  -c, --config FILE       newel.ini\n"
    "      --targets PATTERN   only these targets (default: all of newel.ini)\n"
    "      --timeout DURATION  wait so long for it at most (10m); without it, ask once\n"
    "      --json              the answer, and where each target stands\n"
    "  -h, --help              this text\n";

/* Between two questions while it waits. */
#define ASK_EVERY_US (2 * US_PER_S)

struct answer {
    enum phase phase;
    bool json;
    size_t targets, open, unknown;
    json_t *list;
    struct str lines; /* why it is not open, a line a target */
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
        str_add(&a->lines, "newel: ");
        error_text(&s.error, &a->lines);
        str_add_char(&a->lines, '\n');
    } else if (!open && s.count == 0) {
        str_addf(&a->lines, "%s: %s has not begun\n", s.target, id);
    } else if (!open) {
        str_addf(&a->lines, "%s: stands at %s, %s\n", s.target, phase_name(s.states[0].phase),
                 phase_state_name(s.states[0].state));
    }
    standing_free(&s);
}

static int status_of(const struct answer *a)
{
    return a->unknown ? EXIT_DATABASE : a->open == a->targets ? EXIT_YES : EXIT_NO;
}

static void ask_all(struct answer *a, const struct config *config, const char *pattern,
                    const char *id)
{
    a->targets = a->open = a->unknown = 0;
    (void)json_array_clear(a->list);
    str_clear(&a->lines);
    for (size_t i = 0; i < config->target_count; i++)
        if (fnmatch(pattern, config->targets[i].name, 0) == 0)
            ask(a, &config->targets[i], id);
}

/* A server that is away may come back in time, too: only open ends the wait. */
static void wait_for_it(struct answer *a, const struct config *config, const char *pattern,
                        const char *id, int64_t timeout_us)
{
    int64_t until = clock_mono_us() + timeout_us;
    for (;;) {
        ask_all(a, config, pattern, id);
        int64_t left = until - clock_mono_us();
        if (!a->targets || status_of(a) == EXIT_YES || left <= 0)
            return;
        clock_sleep_us(left < ASK_EVERY_US ? left : ASK_EVERY_US);
    }
}

static int tell(const struct answer *a, const char *id)
{
    int status = status_of(a);
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
        fputs(str_text(&a->lines), a->unknown ? stderr : stdout);
        printf("gate %s %s: %s (%zu of %zu targets)\n", id, phase_name(a->phase), word, a->open,
               a->targets);
    }
    return status;
}

int cmd_gate(int argc, char **argv)
{
    enum { JSON = 256, TARGETS, TIMEOUT };
    static const struct option options[] = {
        {"json", no_argument, NULL, JSON},
        {"targets", required_argument, NULL, TARGETS},
        {"timeout", required_argument, NULL, TIMEOUT},
        {0},
    };
    const char *pattern = "*";
    int64_t timeout_us = 0;
    struct answer a = {0};
    struct common_options common = {0};
    for (int c; (c = options_next(argc, argv, options, false, usage, &common)) != -1;) {
        if (c == OPTIONS_LEAVE)
            return common.status;
        if (c == TARGETS)
            pattern = optarg;
        else if (c == JSON)
            a.json = true;
        else if (!units_parse_duration(optarg, &timeout_us) || timeout_us < 0)
            return common_usage("gate", "--timeout takes a duration, such as 30s, 10m or 2h");
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
        wait_for_it(&a, &config, pattern, argv[optind], timeout_us);
        status =
            a.targets ? tell(&a, argv[optind]) : common_usage("gate", "no target has such a name");
    }
    json_decref(a.list);
    str_free(&a.lines);
    config_free(&config);
    return status;
}
