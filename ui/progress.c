#include "config.h"
#include "ui/progress.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define BAR_CELLS 20
#define NARROW 110

static void add_time(struct str *out, int64_t wall_us)
{
    time_t seconds = (time_t)(wall_us / US_PER_S);
    struct tm local;
    char text[16] = "";
    if (localtime_r(&seconds, &local))
        (void)strftime(text, sizeof text, "%H:%M:%S", &local);
    str_add(out, text);
}

static const char *word(const struct model_target *t)
{
    switch (model_doing(t)) {
    case DOING_ASKING:
        return "ASKING";
    case DOING_RUNNING:
        return "RUNNING";
    case DOING_WAITING:
        return "WAITING";
    case DOING_THROTTLED:
        return "THROTTLED";
    case DOING_PAUSED:
        return "PAUSED";
    case DOING_FAILED:
        return "FAILED";
    case DOING_UNDOING:
        return "UNDOING";
    case DOING_DONE:
        return "DONE";
    case DOING_IDLE:
        break;
    }
    return "IDLE";
}

/* What matters most comes first: a narrow terminal cuts the rest. */
static void add_backfill(struct str *out, const struct model *m, const struct model_target *t,
                         const struct progress *p)
{
    char a[UNITS_TEXT], b[UNITS_TEXT];
    if (t->fraction_ppm == UNKNOWN) {
        str_add(out, " no batch yet");
        return;
    }
    int cells = !p->terminal ? 0 : p->columns && p->columns < NARROW ? BAR_CELLS / 2 : BAR_CELLS;
    int full = (int)((double)t->fraction_ppm / 1e6 * cells);
    str_add(out, cells ? " [" : "");
    for (int i = 0; i < cells; i++)
        str_add_char(out, i < full ? '#' : '.');
    str_addf(out, "%s %.1f%% est.", cells ? "]" : "", (double)t->fraction_ppm / 1e4);
    struct model_eta eta = model_eta(t, m->time_us);
    if (eta.low_us != UNKNOWN)
        str_addf(out, ", left %s to %s", units_duration(a, eta.low_us),
                 units_duration(b, eta.high_us));
    if (eta.rows_per_s != UNKNOWN)
        str_addf(out, ", %s rows/s", units_count(a, eta.rows_per_s));
    str_addf(out, ", %s of ~%s rows", units_count(a, t->rows_done), units_count(b, t->rows_total));
    if (t->part)
        str_addf(out, ", %" PRId64 " of %" PRId64 " partitions", t->parts_done, t->parts);
    if (t->batches)
        str_addf(out, ", batch %s in %s", units_count(a, t->batch_aim),
                 units_duration(b, t->batch_us));
}

static void add_lag(struct str *out, const struct model_target *t)
{
    for (size_t i = 0; i < t->replica_count; i++) {
        const struct model_replica *r = &t->replicas[i];
        char text[UNITS_TEXT];
        if (!r->reachable || r->lag_us == UNKNOWN)
            str_addf(out, ", lag %s unknown", r->name);
        else
            str_addf(out, ", lag %s %s", r->name, units_duration(text, r->lag_us));
    }
}

static void add_detail(struct str *out, const struct model_target *t)
{
    char text[UNITS_TEXT];
    if (t->server_at_us > 0 && t->reachable)
        str_addf(out, ", %" PRId64 " running, %" PRId64 " wait for us", t->running, t->waiters);
    if (t->wal_rate != UNKNOWN)
        str_addf(out, ", WAL %s", units_rate(text, t->wal_rate));
    if (t->hot_ppm != UNKNOWN)
        str_addf(out, ", HOT %.1f%%", (double)t->hot_ppm / 1e4);
    str_addf(out, ", %" PRId64 " retried", t->retries);
    str_addf(out, ", held back %s", units_duration(text, t->time.throttled_us));
}

/* A line that the terminal breaks in two could not be painted over. */
static void cut(struct str *line, int columns)
{
    int used = 0;
    for (size_t at = 0; columns > 0 && at < line->len;) {
        uint32_t c;
        size_t n = text_decode(line->data + at, line->len - at, &c);
        used += text_char_width(c);
        if (used >= columns) {
            line->len = at;
            line->data[at] = '\0';
        }
        at += n;
    }
}

static void add_headlines(struct progress *p, const struct model *m, struct str *out)
{
    for (size_t i = 0; i < m->headline_count; i++) {
        const struct model_headline *h = &m->headlines[i];
        if (h->seq <= p->told_seq)
            continue;
        p->told_seq = h->seq;
        if (p->no_notes && h->event && strcmp(h->event, "note") == 0)
            continue;
        if (p->painted)
            str_add(out, "\r\033[K");
        p->painted = false;
        add_time(out, h->time_us);
        str_add(out, "  ");
        if (h->target)
            str_addf(out, "%s  ", h->target);
        text_add_line(out, h->text ? h->text : h->event);
        str_add_char(out, '\n');
    }
}

void progress_lines(struct progress *p, const struct model *m, struct str *out)
{
    add_headlines(p, m, out);
    if (m->focus >= m->target_count || m->ended)
        return;
    const struct model_target *t = &m->targets[m->focus];
    if (t->phase != PHASE_BACKFILL || t->phases[PHASE_BACKFILL].state == STATE_DONE)
        return;
    if (p->every_us && m->time_us >= p->said_us && m->time_us - p->said_us < p->every_us)
        return;
    p->said_us = m->time_us;
    struct str line = {0};
    str_addf(&line, "%s  %s %s", t->name, phase_name(t->phase), word(t));
    add_backfill(&line, m, t, p);
    add_lag(&line, t);
    if (p->verbose)
        add_detail(&line, t);
    for (size_t i = 0; t->throttled && i < t->reason_count; i++)
        if (t->reasons[i].text)
            str_addf(&line, "; %s", t->reasons[i].text);
    if (strcmp(str_text(&line), str_text(&p->last)) != 0) {
        struct str shown = {0};
        add_time(&shown, m->time_us);
        str_add(&shown, "  ");
        text_add_line(&shown, str_text(&line));
        cut(&shown, p->terminal ? p->columns : 0);
        str_addf(out, "%s%s%s", p->terminal ? "\r\033[K" : "", str_text(&shown),
                 p->terminal ? "" : "\n");
        str_free(&shown);
        p->painted = p->terminal;
    }
    str_free(&p->last);
    p->last = line;
}

void progress_again(struct progress *p)
{
    p->said_us = 0;
    str_clear(&p->last);
}

void progress_free(struct progress *p)
{
    str_free(&p->last);
}
