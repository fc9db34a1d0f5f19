#include "config.h"
#include "plan/plan.h"

#include "base/text.h"
#include "base/units.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS 100
#define LABEL 17 /* where texts begin */

void plan_print_field(struct str *out, const char *label, const char *text)
{
    size_t column = LABEL;
    str_addf(out, "    %-*s", LABEL - 4, label);
    while (*text) {
        size_t n = strcspn(text, " \n");
        char *word = mem_dup_n(text, n);
        size_t width = (size_t)text_width(word);
        if (column > LABEL && column + width > COLUMNS) {
            while (out->len && out->data[out->len - 1] == ' ')
                out->data[--out->len] = '\0';
            str_addf(out, "\n%*s", LABEL, "");
            column = LABEL;
        }
        text_add_line(out, word);
        free(word);
        column += width;
        text += n;
        if (*text == '\n') {
            str_addf(out, "\n%*s", LABEL, "");
            column = LABEL;
            text++;
        } else if (*text == ' ') {
            str_add_char(out, ' ');
            column++;
            text++;
        }
    }
    str_add_char(out, '\n');
}

/* As the server's own client takes it: a body with semicolons needs another end. */
static void add_sql(struct str *out, const char *sql)
{
    static const char bar[] = "\n;;\n";
    char *text = strstr(sql, bar) ? mem_printf("DELIMITER ;;\n%sDELIMITER ;", sql) : mem_dup(sql);
    plan_print_field(out, "sql", text);
    free(text);
}

static void add_step(struct str *out, const struct step *s)
{
    static const char *const how[] = {
        [STEP_DDL] = "tried under lock_timeout, again and again",
        [STEP_LONG] = "as long as it takes; its lock under lock_timeout",
        [STEP_STATE] = "newel's own",
        [STEP_ENGINE] = "done by the engine",
    };
    str_addf(out, "\n  - %s (%s)\n", s->name, how[s->kind]);
    add_sql(out, s->sql);
    if (strcmp(s->lock, "none") != 0) {
        plan_print_field(out, "lock", s->lock);
        plan_print_field(out, "who waits", s->blocks);
    }
    if (s->undo)
        plan_print_field(out, "way back", s->undo);
}

static void add_table(struct str *out, const struct facts *f)
{
    char rows[UNITS_TEXT], heap[UNITS_TEXT], index[UNITS_TEXT];
    char *text = mem_printf("%s: about %s rows, %s and %s of indexes (%lld)", f->qualified,
                            units_count(rows, f->rows_estimate), units_size(heap, f->heap_bytes),
                            units_size(index, f->index_bytes), (long long)f->indexes);
    plan_print_field(out, "table", text);
    free(text);
    struct str key = {0};
    for (size_t i = 0; i < f->key_count; i++)
        str_addf(&key, "%s%s %s", i ? ", " : "", f->key[i].name, f->key[i].type);
    plan_print_field(out, "primary key", f->key_count ? str_text(&key) : "none");
    str_free(&key);
}

void plan_print(const struct plan *p, const struct migration *m, const struct facts *f,
                const char *target, struct str *out)
{
    str_addf(out, "%s on %s\n", m->id, target);
    char *server = mem_printf("%s %s, database %s, as %s", db_engine_name(f->engine),
                              f->version_text ? f->version_text : "?",
                              f->database ? f->database : "?", f->user ? f->user : "?");
    plan_print_field(out, "server", server);
    free(server);
    if (f->table_exists)
        add_table(out, f);
    char *column =
        mem_printf("%s %s%s%s%s", m->column, m->type, m->not_null ? " NOT NULL" : "",
                   m->default_sql ? " DEFAULT " : "", m->default_sql ? m->default_sql : "");
    plan_print_field(out, "column", column);
    free(column);
    plan_print_field(out, "order", p->order_why);
    if (m->approve.rollback)
        plan_print_field(out, "rollback",
                         m->approve.by_other ? "needs a second operator" : "takes two yes");
    for (int i = 0; i < PHASE_COUNT; i++) {
        const struct phase_plan *phase = &p->phases[i];
        str_addf(out, "\n%d %s\n", i + 1, phase_name(phase->phase));
        plan_print_field(out, "asked", phase->question);
        if (m->approve.phases[phase->phase])
            plan_print_field(out, "approval",
                             m->approve.by_other ? "needs a second operator" : "takes two yes");
        plan_print_field(out, "costs", phase->estimate);
        if (phase->destructive_undo)
            plan_print_field(out, "beware", "its way back loses what was written to the column");
        for (size_t j = 0; j < phase->step_count; j++)
            add_step(out, &phase->steps[j]);
    }
}

/* A rehearsal: in the order in which the engine would take them back. */
void plan_print_rollback(const struct plan *p, const struct migration *m, const char *target,
                         struct str *out)
{
    str_addf(out, "%s on %s: the way back\n", m->id, target);
    plan_print_field(
        out, "how",
        "newel ctl ID rollback PHASE COLUMN, or R in the console: from where it stands "
        "down to expand, each statement under lock_timeout and tried again; it can be "
        "interrupted and goes on. After finish there is none");
    if (m->approve.rollback)
        plan_print_field(out, "approval", "a second operator has to say yes");
    for (int i = PHASE_COUNT - 1; i >= 0; i--) {
        const struct phase_plan *phase = &p->phases[i];
        if (phase->phase == PHASE_BACKFILL)
            str_addf(out,
                     "\n%d %s\n  - checkpoints forgotten (newel's own); the values stay until "
                     "the column goes\n",
                     i + 1, phase_name(phase->phase));
        bool named = false;
        for (size_t j = phase->step_count; j-- > 0;) {
            const struct step *s = &phase->steps[j];
            if (!s->undo || s->kind == STEP_ENGINE)
                continue;
            if (!named)
                str_addf(out, "\n%d %s\n", i + 1, phase_name(phase->phase));
            named = true;
            str_addf(out, "\n  - takes back: %s\n", s->name);
            add_sql(out, s->undo);
            plan_print_field(out, "lock", s->undo_lock);
            plan_print_field(out, "blocks", s->undo_blocks);
        }
        if (named && phase->destructive_undo)
            plan_print_field(out, "loses",
                             "the column and all that was written to it, by newel and by others; "
                             "its name has to be typed");
    }
}

static void add_limit(struct str *out, const char *name, int64_t limit,
                      const char *(*say)(char *out, int64_t n))
{
    char text[UNITS_TEXT];
    str_addf(out, "%s%s %s", out->len ? ", " : "", name, limit ? say(text, limit) : "not watched");
}

void plan_print_settings(const struct migration *m, const struct facts *f, struct str *out)
{
    char rows[UNITS_TEXT], least[UNITS_TEXT], most[UNITS_TEXT], aim[UNITS_TEXT], rest[UNITS_TEXT];
    str_add(out, "\nsettings\n");
    char *text = mem_printf("%s rows to begin with, %s to %s; each aims at %s, then rests %s; "
                            "lanes: %lld",
                            units_count(rows, m->rows), units_count(least, m->rows_min),
                            units_count(most, m->rows_max), units_duration(aim, m->batch_time_us),
                            units_duration(rest, m->batch_pause_us), (long long)m->lanes);
    plan_print_field(out, "batches", text);
    free(text);
    const struct limits *l = &m->limits;
    struct str limits = {0};
    add_limit(&limits, "max_lag", l->max_lag_us, units_duration);
    if (f->engine == DB_POSTGRESQL) /* others do not tell */
        add_limit(&limits, "max_lag_bytes", l->max_lag_bytes, units_size);
    add_limit(&limits, "max_waiters", l->max_waiters, units_count);
    add_limit(&limits, "max_running", l->max_running, units_count);
    add_limit(&limits, "max_wal", l->max_wal_per_s, units_rate);
    if (f->cluster_nodes) {
        add_limit(&limits, "max_queue", l->max_queue, units_count);
        add_limit(&limits, "max_flow_control, percent", l->max_flow_control, units_count);
    }
    if (l->query)
        str_addf(&limits, ", query %g: %s", l->query_max, l->query);
    plan_print_field(out, "stops over", str_text(&limits));
    str_free(&limits);
    text = mem_printf("lock_timeout %s, at most %lld tries",
                      units_duration(aim, m->lock_timeout_us), (long long)m->lock_retries);
    plan_print_field(out, "locks", text);
    free(text);
}
