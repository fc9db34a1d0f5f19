#include "config.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "cli/options.h"
#include "engine/state.h"
#include "journal/model.h"
#include "plan/check.h"
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: newel plan [-c FILE] [--rollback] MIGRATION\n"
    "Prints, for each target, every phase with its SQL, the lock it takes, who waits for it, an\n"
    "estimate and the way back; and what the checks find. Changes nothing: its sessions are\n"
    "read-only.\n"
    "\n"
    "  -c, --config FILE   read FILE instead of newel.ini\n"
    "      --rollback      the way back instead: what a rollback from the end would run\n"
    "  -v, --verbose       also the batches, limits and timeouts it would run with\n"
    "  -h, --help          print this\n"
    "\n"
    "Exit status: 0 it can be run, 1 a check stops it, 2 usage or configuration, 3 a server could\n"
    "not be reached or asked.\n";

/* What stops comes first, what is well comes last and short. */
static void print_checks(const struct check_list *list, struct str *out)
{
    static const enum check_verdict order[] = {CHECK_STOP, CHECK_WARN, CHECK_SKIPPED, CHECK_PASS};
    static const char *const marks[] = {
        [CHECK_PASS] = "pass",
        [CHECK_WARN] = "WARN",
        [CHECK_STOP] = "STOP",
        [CHECK_SKIPPED] = "later",
    };
    str_add(out, "\nchecks\n");
    for (size_t v = 0; v < COUNT_OF(order); v++)
        for (size_t i = 0; i < list->count; i++) {
            const struct check_result *r = &list->items[i];
            if (r->verdict != order[v])
                continue;
            char *text = mem_printf("%s: %s%s%s", r->name, r->evidence,
                                    r->remedy[0] && r->verdict != CHECK_PASS ? "\n-> " : "",
                                    r->verdict != CHECK_PASS ? r->remedy : "");
            plan_print_field(out, marks[r->verdict], text);
            free(text);
        }
}

static void print_verdict(const struct check_list *list, const char *target, struct str *out)
{
    size_t stops = check_count(list, CHECK_STOP), warnings = check_count(list, CHECK_WARN);
    if (stops)
        str_addf(out, "\n%s: STOP, %zu check%s stop%s it; see the remedies above\n", target, stops,
                 stops == 1 ? "" : "s", stops == 1 ? "s" : "");
    else
        str_addf(out, "\n%s: it can be run%s\n", target,
                 warnings ? "; read the warnings first" : "");
}

/* Against the file that it began with, where it has begun. */
static void print_difference(struct db *db, const struct migration *m, struct str *out)
{
    struct state s;
    struct error ignored;
    struct str difference = {0};
    if (state_read(db, m->id, &s, &ignored) == DB_OK && s.exists) {
        state_difference(db, m, &s, &difference);
        str_addf(out, "\nbegun\n");
        char *stands = mem_printf("%s, %s", phase_name(s.phase), phase_state_name(s.state));
        plan_print_field(out, "stands at", stands);
        free(stands);
        plan_print_field(out, "the file",
                         difference.len                     ? str_text(&difference)
                         : strcmp(s.digest, m->digest) == 0 ? "is the one it began with"
                                                            : "is another one");
    }
    str_free(&difference);
}

struct plan_options {
    bool verbose, rollback;
};

static bool print_out(const struct str *out, struct error *e)
{
    return fputs(str_text(out), stdout) != EOF ||
           error_set(e, ERROR_SYSTEM, "the plan could not be written out");
}

static bool plan_target(const struct migration *m, const struct target *t,
                        const struct plan_options *o, size_t *stops, struct error *e)
{
    struct db *db = db_open(&t->primary, "newel plan", e);
    if (!db)
        return false;
    struct facts f = {0};
    struct check_list checks = {0};
    struct plan plan = {0};
    struct str out = {0};
    bool ok = db_is_ours(db, e) && db_set_read_only(db, e) && check_look(db, m, &f, e) &&
              check_run(db, m, &f, false, &checks, e);
    for (size_t i = 0; ok && i < t->replica_count; i++)
        check_replica(&t->replicas[i], &checks);
    if (ok && o->rollback) {
        plan_make(m, &f, &plan);
        plan_print_rollback(&plan, m, t->name, &out);
        ok = print_out(&out, e);
    } else if (ok) {
        plan_make(m, &f, &plan);
        plan_print(&plan, m, &f, t->name, &out);
        if (o->verbose)
            plan_print_settings(m, &f, &out);
        print_difference(db, m, &out);
        print_checks(&checks, &out);
        print_verdict(&checks, t->name, &out);
        *stops += check_count(&checks, CHECK_STOP);
        ok = print_out(&out, e);
    }
    str_free(&out);
    plan_free(&plan);
    check_list_free(&checks);
    facts_free(&f);
    db_close(db);
    return ok;
}

/* Every target is planned, also after one that could not be asked. */
static int plan_all(const struct config *c, const struct migration *m, const struct plan_options *o)
{
    const struct target **targets = NULL;
    size_t count = 0, stops = 0;
    struct error e;
    if (!config_match(c, m, &targets, &count, &e))
        return common_fail(&e);
    int status = EXIT_YES;
    for (size_t i = 0; i < count; i++) {
        if (i)
            puts("");
        if (!plan_target(m, targets[i], o, &stops, &e)) {
            (void)fflush(stdout);
            status = common_fail(&e);
        }
    }
    free(targets);
    return status == EXIT_YES && stops ? EXIT_NO : status;
}

static int plan_file(const struct common_options *common, const struct plan_options *o,
                     const char *path)
{
    struct migration m = {0};
    struct config c = {0};
    struct error e;
    int status;
    if (common_migration(path, &m, &e) && common_config(common->config_path, &c, &e))
        status = plan_all(&c, &m, o);
    else
        status = common_fail(&e);
    migration_free(&m);
    config_free(&c);
    return status;
}

int cmd_plan(int argc, char **argv)
{
    enum { ROLLBACK = 256 };
    static const struct option options[] = {{"rollback", no_argument, NULL, ROLLBACK}, {0}};
    struct common_options common = {0};
    struct plan_options o = {0};
    for (int c; (c = options_next(argc, argv, options, false, help, &common)) != -1;) {
        if (c == OPTIONS_LEAVE)
            return common.status;
        o.rollback = true;
    }
    o.verbose = common.verbose;
    if (argc - optind != 1)
        return common_usage("plan", "name one migration file");
    return plan_file(&common, &o, argv[optind]);
}
