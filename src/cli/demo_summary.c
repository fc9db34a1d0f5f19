#include "config.h"
#include "cli/demo.h"

#include "base/units.h"
#include "journal/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the model does not keep: the worst lag, and each try that gave way. */
static void read_one(void *context, const json_t *event, int64_t offset)
{
    (void)offset;
    struct demo_told *told = context;
    switch (event_type_of(event)) {
    case EVENT_SAMPLE: {
        int64_t lag = json_get_int(event, "lag_us", UNKNOWN);
        if (strcmp(json_get_text(event, "of", ""), "replica") == 0 && lag > told->worst_lag_us)
            told->worst_lag_us = lag;
        break;
    }
    case EVENT_STATEMENT:
        told->lock_waits += strcmp(json_get_text(event, "state", ""), "retry") == 0;
        break;
    default:
        break;
    }
}

static void read_target(const struct model *m, const struct model_target *t, struct demo_told *told)
{
    const struct model_phase *p = &t->phases[PHASE_BACKFILL];
    if (p->started_us != UNKNOWN)
        told->backfill_us = (p->ended_us == UNKNOWN ? m->time_us : p->ended_us) - p->started_us;
    told->worked_us = t->time.worked_us;
    told->rows = t->rows_done;
    told->batches = t->batches;
    told->retries = t->retries;
    told->wal = t->wal_done;
}

bool demo_read_journal(const char *path, struct demo_told *out, struct error *e)
{
    *out = (struct demo_told){.worst_lag_us = UNKNOWN, .backfill_us = UNKNOWN, .wal = UNKNOWN};
    struct feed *f = feed_open(path, e);
    if (!f)
        return false;
    struct model *m = mem_alloc(sizeof *m);
    model_init(m);
    (void)feed_advance(f, m, 0, 0, read_one, out);
    out->ended = m->ended;
    out->status = (int)m->end_status;
    if (m->target_count)
        read_target(m, &m->targets[0], out);
    model_free(m);
    free(m);
    feed_close(f);
    return true;
}

static void say_backfill(const struct demo_told *told)
{
    char a[UNITS_TEXT], b[UNITS_TEXT], c[UNITS_TEXT];
    if (told->rows <= 0) {
        printf("  backfill      not begun\n");
        return;
    }
    int64_t per_s = told->worked_us > 0
                        ? (int64_t)((double)told->rows / ((double)told->worked_us / 1e6))
                        : UNKNOWN;
    printf("  rows          %s in %s", units_count(a, told->rows),
           told->backfill_us == UNKNOWN ? "?" : units_duration(b, told->backfill_us));
    if (per_s != UNKNOWN)
        printf(", %s rows/s while it worked", units_count(c, per_s));
    printf("\n  batches       %s", units_count(a, told->batches));
    printf(", %s tried again", units_count(a, told->retries));
    if (told->wal > 0)
        printf("\n  WAL           %s with the traffic's, about %s a row", units_size(a, told->wal),
               units_size(b, told->wal / told->rows));
    putchar('\n');
}

static const char *milliseconds(char *out, int64_t us)
{
    if (us < 0)
        (void)snprintf(out, UNITS_TEXT, "-");
    else
        (void)snprintf(out, UNITS_TEXT, "%.1f ms", (double)us / 1e3);
    return out;
}

static void say_traffic(const struct demo_traffic *traffic)
{
    static const struct {
        enum demo_period period;
        const char *name;
    } columns[] = {{DEMO_BEFORE, "before"}, {DEMO_DURING, "during"}, {DEMO_AFTER, "after"}};
    struct histogram *h = mem_alloc(sizeof *h);
    printf("\n  traffic       %10s %12s %12s %12s\n", "statements", "p50", "p99", "worst");
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        char n[UNITS_TEXT], p50[UNITS_TEXT], p99[UNITS_TEXT], worst[UNITS_TEXT];
        demo_traffic_latencies(traffic, columns[i].period, h);
        printf("    %-11s %10s %12s %12s %12s\n", columns[i].name, units_count(n, h->count),
               milliseconds(p50, histogram_percentile(h, 0.5)),
               milliseconds(p99, histogram_percentile(h, 0.99)),
               milliseconds(worst, h->count ? h->max : -1));
    }
    free(h);
    const char *first;
    int64_t errors = demo_traffic_errors(traffic, &first);
    if (errors) {
        char n[UNITS_TEXT];
        printf("    %s failed, the first: %s\n", units_count(n, errors), first);
    } else {
        printf("    none failed\n");
    }
}

static const char *gave_way(char *out, size_t size, int64_t times)
{
    char n[UNITS_TEXT];
    (void)snprintf(out, size, "newel gave way to another session's lock %s time%s, and tried again",
                   units_count(n, times), times == 1 ? "" : "s");
    return out;
}

void demo_print_summary(const struct demo_told *told, const struct demo_traffic *traffic)
{
    char text[UNITS_TEXT], line[128];
    printf("\nsummary\n");
    printf("  ended         %s\n", !told->ended                   ? "not yet"
                                   : told->status == EXIT_YES     ? "every phase is done"
                                   : told->status == EXIT_STOPPED ? "stopped before the last phase"
                                                                  : "a phase failed");
    say_backfill(told);
    printf("  replica lag   %s%s\n",
           told->worst_lag_us == UNKNOWN ? "unknown"
           : told->worst_lag_us == 0     ? "none was seen"
                                         : units_duration(text, told->worst_lag_us),
           told->worst_lag_us > 0 ? " at worst" : "");
    printf("  lock waits    %s\n",
           told->lock_waits ? gave_way(line, sizeof line, told->lock_waits) : "none was met");
    if (traffic)
        say_traffic(traffic);
}
