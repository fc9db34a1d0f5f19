#include "config.h"
#include "cli/cli.h"

#include "base/wire.h"
#include "cli/common.h"
#include "cli/locate.h"
#include "cli/options.h"
#include "journal/command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MS 10000

static char *usage(void)
{
    struct str s = {0};
    str_add(&s, "usage: newel ctl [-c FILE] [--target NAME] [--json] ID VERB [VALUE]\n"
                "Tells a running engine what a console's keys tell it.\n\n"
                "  -c, --config FILE   newel.ini\n"
                "      --target NAME   the target meant, when it is not the one being worked on\n"
                "      --json          print the engine's answer as it came\n"
                "  -h, --help          this text\n\nVERB and VALUE:\n");
    for (int i = 0; i < VERB_COUNT; i++) {
        const struct verb_words *w = verb_words((enum verb)i);
        if (i != VERB_ATTACH && i != VERB_DETACH)
            str_addf(&s, "  %-10s %-36s %s\n", w->name, w->value ? w->value : "", w->about);
    }
    return str_take(&s);
}

/* The words behind the verb, joined by blanks: notes need no quotes. */
static char *join(char **words)
{
    struct str s = {0};
    for (; *words; words++)
        str_addf(&s, "%s%s", s.len ? " " : "", *words);
    return str_take(&s);
}

static json_t *request_of(enum verb verb, char **values, const char *target)
{
    json_t *request = json_object();
    char *operator_name = common_operator();
    json_set_text(request, "do", verb_words(verb)->name);
    json_set_text(request, "operator", operator_name);
    json_set_text(request, "target", target);
    free(operator_name);
    if (verb == VERB_STEP || verb == VERB_ROLLBACK) {
        json_set_text(request, "expect_phase", values[0]);
        if (values[0])
            json_set_text(request, "column", values[1]);
        return request;
    }
    if (values[0]) {
        char *value = join(values);
        json_set_text(request, "value", value);
        free(value);
    }
    return request;
}

static int send_it(const struct config *config, const char *id, const json_t *request, bool raw,
                   struct error *e)
{
    int fd = locate_engine(config, id, e);
    if (fd < 0)
        return common_fail(e);
    json_t *answer = wire_request(fd, request, ANSWER_MS, e);
    (void)close(fd);
    if (!answer)
        return common_fail(e);
    bool accepted = json_get_bool(answer, "accepted", false);
    if (raw) {
        char *line = json_line(answer);
        puts(line);
        free(line);
    } else if (accepted) {
        puts(json_get_text(answer, "text", "accepted"));
    } else {
        fprintf(stderr, "newel: refused: %s\n", json_get_text(answer, "reason", "no reason given"));
    }
    json_decref(answer);
    return accepted ? EXIT_YES : EXIT_NO;
}

int cmd_ctl(int argc, char **argv)
{
    enum { TARGET = 256, JSON };
    static const struct option options[] = {
        {"target", required_argument, NULL, TARGET},
        {"json", no_argument, NULL, JSON},
        {0},
    };
    const char *target = NULL;
    bool raw = false;
    struct common_options common = {0};
    char *help = usage();
    int c;
    /* in order: a value may begin with a dash */
    while ((c = options_next(argc, argv, options, true, help, &common)) >= 0)
        if (c == TARGET)
            target = optarg;
        else
            raw = true;
    free(help);
    if (c == OPTIONS_LEAVE)
        return common.status;
    if (argc - optind < 2)
        return common_usage("ctl", "it takes an ID and a verb");
    enum verb verb = verb_from_name(argv[optind + 1]);
    if (verb == VERB_COUNT || verb == VERB_ATTACH || verb == VERB_DETACH)
        return common_usage("ctl", "no such verb");
    if ((verb == VERB_STEP && argc - optind < 3) || (verb == VERB_ROLLBACK && argc - optind < 4))
        return common_usage("ctl", "step takes the phase it is to start, rollback the phase where "
                                   "it stands and the column's name");
    struct config config = {0};
    struct error e = {0};
    json_t *request = request_of(verb, argv + optind + 2, target);
    int status = common_config(common.config_path, &config, &e)
                     ? send_it(&config, argv[optind], request, raw, &e)
                     : common_fail(&e);
    json_decref(request);
    config_free(&config);
    return status;
}
