#include "config.h"
#include "engine/engine.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/units.h"
#include "engine/control.h"
#include "engine/run.h"
#include "engine/stairs.h"

#include <inttypes.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define ROUND_MS 100
#define PROGRESS_EVERY_US US_PER_S
#define PULSE_EVERY_US US_PER_S

struct engine {
    const struct engine_options *options;
    struct recorder *recorder;
    struct control *control;
    struct controlled controlled;
    struct run *runs;
    size_t run_count;
    int signals;
    bool stopping;
    int64_t broken_since; /* the journal cannot be written; 0: it can */
    struct error trouble;
};

/* ---- beginning ------------------------------------------------------------ */

static json_t *migration_json(const struct migration *m)
{
    json_t *o = json_object();
    json_set_text(o, "id", m->id);
    json_set_text(o, "table", m->table);
    json_set_text(o, "column", m->column);
    json_set_text(o, "type", m->type);
    json_set_text(o, "default", m->default_sql);
    json_set_bool(o, "not_null", m->not_null);
    json_set_text(o, "value", m->value_sql);
    json_set_text(o, "where", m->where_sql);
    json_set_text(o, "new_rows", new_rows_name(m->new_rows));
    struct str approve = {0};
    for (int i = 0; i < PHASE_COUNT; i++)
        if (m->approve.phases[i])
            str_addf(&approve, "%s%s", approve.len ? " " : "", phase_name((enum phase)i));
    if (m->approve.rollback)
        str_addf(&approve, "%srollback", approve.len ? " " : "");
    json_set_text(o, "approve", approve.len ? str_text(&approve) : NULL);
    if (approve.len)
        json_set_text(o, "approve_by", m->approve.by_other ? "other" : "any");
    str_free(&approve);
    return o;
}

static json_t *limits_json(const struct run *r)
{
    json_t *list = json_array();
    for (int i = 0; i < SIGNAL_KINDS; i++) {
        if (!r->limits[i].limit)
            continue;
        char text[32];
        enum signal_kind kind = (enum signal_kind)i;
        json_t *one = json_object();
        json_set_text(one, "signal", signal_name(kind));
        json_set_text(one, "text", signal_value_text(kind, r->limits[i].limit, text));
        json_set_int(one, "limit", r->limits[i].limit);
        json_push(list, one);
    }
    return list;
}

static json_t *targets_json(const struct engine_options *o)
{
    json_t *list = json_array();
    for (size_t i = 0; i < o->target_count; i++) {
        json_t *one = json_object(), *replicas = json_array();
        json_set_text(one, "name", o->targets[i]->name);
        json_set_text(one, "engine", db_engine_word(o->targets[i]->primary.engine));
        json_set_bool(one, "canary", o->targets[i]->canary);
        for (size_t k = 0; k < o->targets[i]->replica_count; k++)
            json_push(replicas, json_text(o->targets[i]->replicas[k].name));
        json_set(one, "replicas", replicas);
        json_push(list, one);
    }
    return list;
}

static bool record_session(struct engine *g, struct error *e)
{
    const struct engine_options *o = g->options;
    const struct migration *m = o->migration;
    char host[128] = "";
    (void)gethostname(host, sizeof host - 1);
    json_t *event = event_new(EVENT_SESSION, NULL);
    json_set_int(event, "format", JOURNAL_FORMAT);
    json_set_text(event, "version", PACKAGE_VERSION);
    json_set_text(event, "host", host);
    json_set_int(event, "pid", getpid());
    json_set_text(event, "operator", o->operator_name);
    json_set_text(event, "file", m->path);
    json_set_text(event, "digest", m->digest);
    json_set_text(event, "until", o->until == PHASE_FINISH ? NULL : phase_name(o->until));
    json_set_bool(event, "yes", o->yes);
    json_set_text(event, "on_disconnect",
                  o->config->on_disconnect == ON_DISCONNECT_PAUSE ? "pause" : "continue");
    json_set(event, "migration", migration_json(m));
    json_set(event, "targets", targets_json(o));
    json_t *batch = json_object();
    json_set_int(batch, "rows", m->rows);
    json_set_int(batch, "min", m->rows_min);
    json_set_int(batch, "max", m->rows_max);
    json_set_int(batch, "time_us", m->batch_time_us);
    json_set_int(batch, "pause_us", m->batch_pause_us);
    json_set_int(batch, "lanes", m->lanes);
    json_set(event, "batch", batch);
    json_set(event, "limits", limits_json(&g->runs[0]));
    if (recorder_decide(g->recorder, event))
        return true;
    error_set(e, ERROR_SYSTEM, "the journal %s cannot be written", recorder_path(g->recorder));
    return error_todo(e, "make room, or choose another state_dir in %s", o->config->path);
}

static int open_signals(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    /* blocked before any thread exists, so that every thread inherits it */
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool open_files(struct engine *g, struct error *e)
{
    const struct engine_options *o = g->options;
    char *folder = config_run_dir(o->config, o->migration->id);
    bool ok = path_make_private(folder, e);
    if (ok) {
        char *socket_path = config_socket_path(o->config, o->migration->id);
        /* the socket first: whoever holds it may write a journal */
        g->control = control_open(socket_path, &g->controlled, e);
        free(socket_path);
        ok = g->control != NULL;
        if (!ok && e->kind == ERROR_NO)
            e->kind = ERROR_PHASE;
    }
    if (ok) {
        char stamp[20];
        clock_stamp(clock_wall_us(), stamp);
        char *name = mem_printf("%s.jsonl", stamp);
        char *path = path_join(folder, name);
        g->recorder = recorder_open(path, e);
        /* the newest is the one whose name sorts last: '_' comes behind '.' */
        for (int again = 2; !g->recorder && e->number == EEXIST && again < 100; again++) {
            free(name);
            free(path);
            name = mem_printf("%s_%02d.jsonl", stamp, again);
            path = path_join(folder, name);
            g->recorder = recorder_open(path, e);
        }
        free(name);
        free(path);
        ok = g->recorder != NULL;
    }
    free(folder);
    return ok;
}

static void make_runs(struct engine *g)
{
    const struct engine_options *o = g->options;
    g->run_count = o->target_count;
    g->runs = mem_alloc(g->run_count * sizeof *g->runs);
    for (size_t i = 0; i < g->run_count; i++) {
        struct run *r = &g->runs[i];
        run_init(r, o->migration, o->targets[i], g->recorder);
        r->operator_name = o->operator_name;
        r->yes = o->yes;
        r->end_on_failure = o->end_on_failure;
        r->accept_change = o->accept_change;
        r->until = o->until;
    }
    g->controlled = (struct controlled){
        .runs = g->runs,
        .run_count = g->run_count,
        .recorder = g->recorder,
        .on_disconnect = o->config->on_disconnect,
        .column = o->migration->column,
    };
}

/* ---- the loop ------------------------------------------------------------- */

static void stop_all(struct engine *g)
{
    g->stopping = true;
    for (size_t i = 0; i < g->run_count; i++) {
        run_lock(&g->runs[i]);
        g->runs[i].stop = true;
        run_wake(&g->runs[i]);
        run_unlock(&g->runs[i]);
    }
}

static void take_signals(struct engine *g)
{
    struct signalfd_siginfo info;
    while (read(g->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        json_t *event = event_new(EVENT_COMMAND, NULL);
        json_set_text(event, "do", "stop");
        json_set_text(event, "operator",
                      info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
        json_set_bool(event, "accepted", true);
        (void)recorder_decide(g->recorder, event);
        stop_all(g);
    }
}

/* A full disk: what waits is written as soon as there is room, and then that there was none. */
static void mind_journal(struct engine *g)
{
    int64_t now = clock_mono_us();
    struct error trouble;
    if (recorder_trouble(g->recorder, &trouble)) {
        if (!g->broken_since) {
            g->broken_since = now;
            g->trouble = trouble;
        }
        (void)recorder_retry(g->recorder);
    } else if (g->broken_since) {
        char span[UNITS_TEXT];
        units_duration(span, now - g->broken_since);
        g->broken_since = 0;
        run_alarm(&g->runs[g->controlled.current], "crit", "journal",
                  "%s: %s; the work stood still for %s", g->trouble.what, g->trouble.why, span);
    }
}

/* While nothing is observed, the engine still shows that it lives. */
static void pulse(struct engine *g)
{
    if (recorder_quiet_us(g->recorder) < PULSE_EVERY_US || recorder_broken(g->recorder))
        return;
    json_t *event = event_new(EVENT_SAMPLE, NULL);
    json_set_text(event, "of", "engine");
    (void)recorder_add(g->recorder, event);
}

static void one_round(struct engine *g)
{
    struct pollfd fds[CONTROL_CLIENTS + 2];
    size_t count = control_poll(g->control, fds);
    fds[count] = (struct pollfd){.fd = g->signals, .events = POLLIN};
    if (poll(fds, (nfds_t)(count + 1), ROUND_MS) > 0) {
        if (fds[count].revents)
            take_signals(g);
        control_serve(g->control, fds, count);
    }
    mind_journal(g);
    pulse(g);
}

static bool finished(struct run *r)
{
    run_lock(r);
    bool yes = r->finished && r->errands == 0;
    run_unlock(r);
    return yes;
}

/* Runs one target to its end. False when it could not even be started. */
static bool work(struct engine *g, struct run *r, struct error *e)
{
    pthread_t thread;
    int number = pthread_create(&thread, NULL, stairs_main, r);
    if (number)
        return error_errno(e, number, "no thread for target %s", r->target->name);
    int64_t told = 0;
    while (!finished(r)) {
        one_round(g);
        int64_t now = clock_mono_us();
        if (g->options->progress && now - told >= PROGRESS_EVERY_US) {
            told = now;
            g->options->progress(g->options->context, g->recorder);
        }
    }
    (void)pthread_join(thread, NULL);
    *e = r->error;
    return true;
}

static int record_end(struct engine *g, const struct error *e)
{
    int status = error_exit_status(e);
    struct str why = {0};
    if (e->kind == ERROR_NONE)
        str_add(&why, "done");
    else
        error_text(e, &why);
    json_t *event = event_new(EVENT_END, NULL);
    json_set_int(event, "status", status);
    json_set_text(event, "why", str_text(&why));
    str_free(&why);
    (void)recorder_decide(g->recorder, event);
    return status;
}

static void work_all(struct engine *g, struct error *e)
{
    for (size_t i = 0; i < g->run_count && !g->stopping; i++) {
        g->controlled.current = i;
        (void)work(g, &g->runs[i], e);
        /* the targets behind one that failed are not begun */
        if (e->kind != ERROR_NONE)
            return;
    }
    if (g->stopping && e->kind == ERROR_NONE)
        error_set(e, ERROR_STOPPED, "stopped by the operator; newel run carries on");
}

int engine_run(const struct engine_options *options, struct error *e)
{
    *e = (struct error){0};
    struct engine g = {.options = options};
    g.signals = open_signals();
    int status = EXIT_USAGE;
    if (g.signals < 0) {
        error_errno(e, errno, "no signals can be taken");
    } else if (open_files(&g, e)) {
        make_runs(&g);
        if (record_session(&g, e)) {
            if (options->ready)
                options->ready(options->context, recorder_path(g.recorder));
            work_all(&g, e);
            status = record_end(&g, e);
            if (options->progress)
                options->progress(options->context, g.recorder);
        }
    }
    if (e->kind != ERROR_NONE && status == EXIT_USAGE)
        status = error_exit_status(e);
    control_close(g.control);
    for (size_t i = 0; i < g.run_count; i++)
        run_free(&g.runs[i]);
    free(g.runs);
    recorder_close(g.recorder);
    if (g.signals >= 0)
        (void)close(g.signals);
    return status;
}
