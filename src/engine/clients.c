#include "config.h"
#include "engine/clients.h"

#include "base/clock.h"
#include "dialect/statement_text.h"
#include "dialect/watch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_EVERY_US (3 * US_PER_S)
/* Reading all statements costs the server more than counting sessions. */
#define STATEMENTS_EVERY_US (30 * US_PER_S)
#define TELL_EVERY_US (30 * US_PER_S)
#define SETTLE_EVERY_US US_PER_S
#define STATEMENTS_MOST 50
#define NAMES_MOST 5

/* What one look has found. */
struct seen {
    json_t *rows;       /* as the event has them */
    json_t *statements; /* NULL: not looked for */
    int64_t stale, hidden;
};

static void seen_free(struct seen *s)
{
    json_decref(s->rows);
    json_decref(s->statements);
}

static const char *table_of(const struct run *r)
{
    return r->facts.table ? r->facts.table : r->migration->table;
}

/* ---- sessions ------------------------------------------------------------- */

/* When the column was added, by the server's clock; before that: now. */
static enum db_fault ddl_time(struct run *r, struct db *db, int64_t *out, struct error *e)
{
    const struct watch_words *words = watch_words(r->engine);
    const char *params[] = {r->migration->id, "add column"};
    struct db_rows *rows;
    enum db_fault fault = db_query(db, &rows, e, words->done_at, 2, params);
    if (fault != DB_OK)
        return fault;
    *out = db_int(rows, 0, 0, UNKNOWN);
    db_rows_free(rows);
    if (*out != UNKNOWN)
        return DB_OK;
    fault = db_query(db, &rows, e, words->now, 0, NULL);
    if (fault != DB_OK)
        return fault;
    *out = db_int(rows, 0, 0, 0);
    db_rows_free(rows);
    return DB_OK;
}

static enum db_fault read_sessions(struct run *r, struct db *db, struct seen *s, struct error *e)
{
    int64_t when;
    enum db_fault fault = ddl_time(r, db, &when, e);
    if (fault != DB_OK)
        return fault;
    char moment[24];
    (void)snprintf(moment, sizeof moment, "%" PRId64, when);
    char *pids = run_pids(r);
    const char *params[] = {moment, pids};
    struct db_rows *rows;
    fault = db_query(db, &rows, e, watch_words(r->engine)->clients, 2, params);
    free(pids);
    if (fault != DB_OK)
        return fault;
    for (int i = 0; i < db_row_count(rows); i++) {
        json_t *row = json_object();
        int64_t stale = db_int(rows, i, 4, 0), hidden = db_int(rows, i, 5, 0);
        json_set_text(row, "app", db_value(rows, i, 0));
        json_set_text(row, "user", db_value(rows, i, 1));
        json_set_text(row, "host", db_value(rows, i, 2));
        json_set_int(row, "sessions", db_int(rows, i, 3, 0));
        if (!hidden)
            json_set_int(row, "stale", stale);
        json_push(s->rows, row);
        s->stale += stale;
        s->hidden += hidden;
    }
    db_rows_free(rows);
    return DB_OK;
}

static json_t *row_of(json_t *rows, const char *app, const char *user, const char *host)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (strcmp(json_get_text(row, "app", ""), app ? app : "") == 0 &&
            strcmp(json_get_text(row, "user", ""), user ? user : "") == 0 &&
            strcmp(json_get_text(row, "host", ""), host ? host : "") == 0)
            return row;
    }
    return NULL;
}

/* Where the server tells what others have prepared: theirs that notice the column. */
static enum db_fault read_prepared(struct run *r, struct db *db, struct seen *s, struct error *e)
{
    struct db_rows *rows;
    size_t at;
    json_t *row;
    enum db_fault fault = statements_prepared(db, table_of(r), &rows, e);
    if (fault != DB_OK || !rows)
        return fault;
    json_array_foreach(s->rows, at, row) json_set_int(row, "prepared", 0);
    for (int i = 0; i < db_row_count(rows); i++) {
        const char *text = db_value(rows, i, 3);
        row = row_of(s->rows, db_value(rows, i, 0), db_value(rows, i, 1), db_value(rows, i, 2));
        if (row && text && statement_use(text, table_of(r)) != USE_NAMED)
            json_set_int(row, "prepared", json_get_int(row, "prepared", 0) + 1);
    }
    db_rows_free(rows);
    return DB_OK;
}

/* ---- statements ----------------------------------------------------------- */

static bool notices(const struct run *r, const struct statement *s, enum statement_use *use)
{
    *use = statement_use(s->text, table_of(r));
    return *use != USE_NAMED && !statement_is_ours(s->text);
}

static void add_statement(struct run *r, json_t *out, const struct statement *s, const char *source,
                          const struct baseline *b)
{
    enum statement_use use;
    if (!notices(r, s, &use) || json_array_size(out) >= STATEMENTS_MOST)
        return;
    json_t *one = json_object();
    json_set_text(one, "why", statement_use_name(use));
    json_set_text(one, "text", s->text);
    json_set_text(one, "source", source);
    json_set_int(one, "calls", s->calls);
    int64_t before = b->exists ? baseline_calls(b, s->text) : UNKNOWN;
    bool counted = s->total_us > 0; /* else they are sessions */
    if (b->exists && counted && s->calls >= (before == UNKNOWN ? 0 : before))
        json_set_int(one, "since", s->calls - (before == UNKNOWN ? 0 : before));
    json_push(out, one);
}

/* What is not counted is at least seen, in the sessions that are there. */
static enum db_fault read_statements(struct run *r, struct db *db, struct seen *s, struct error *e)
{
    struct statement_list list = {0};
    struct baseline b = {0};
    enum db_fault fault = statements_read(db, table_of(r), &list, e);
    if (fault == DB_OK && !list.source) {
        char *pids = run_pids(r);
        statement_list_free(&list);
        fault = statements_of_sessions(db, table_of(r), pids, &list, e);
        free(pids);
    }
    if (fault == DB_OK)
        fault = baseline_load(r, db, &b, e);
    if (fault == DB_OK) {
        s->statements = json_array();
        for (size_t i = 0; i < list.count; i++)
            add_statement(r, s->statements, &list.items[i], list.source, &b);
    }
    baseline_free(&b);
    statement_list_free(&list);
    return fault;
}

static const char *consequence(const struct run *r)
{
    return r->engine == DB_POSTGRESQL
               ? "a session that has prepared SELECT * or RETURNING * gets \"cached plan must not "
                 "change result type\" once the column is there"
               : "an INSERT without columns fails (1136) and SELECT * gives a column more once the "
                 "column is there";
}

void clients_note(struct run *r, const struct statement_list *list, struct baseline *b)
{
    struct str text = {0};
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        enum statement_use use;
        if (!notices(r, &list->items[i], &use))
            continue;
        struct baseline_count *c = VEC_PUSH(b->counts, b->count_count);
        c->text = mem_dup(list->items[i].text);
        c->calls = list->items[i].calls;
        if (count++ < NAMES_MOST)
            str_addf(&text, "%s%.120s (%" PRId64 " calls)", text.len ? "; " : "", c->text,
                     c->calls);
    }
    if (count)
        run_alarm(r, "warn", "column-noticed",
                  "%zu statement%s notice%s a new column of %s: %s%s. %s: %s", count,
                  count == 1 ? "" : "s", count == 1 ? "s" : "", table_of(r), str_text(&text),
                  count > NAMES_MOST ? "; ..." : "", r->target->name, consequence(r));
    str_free(&text);
}

/* ---- one look ------------------------------------------------------------- */

static enum db_fault look(struct run *r, struct db *db, bool statements, struct seen *s,
                          struct error *e)
{
    *s = (struct seen){.rows = json_array()};
    enum db_fault fault = read_sessions(r, db, s, e);
    if (fault == DB_OK)
        fault = read_prepared(r, db, s, e);
    if (fault == DB_OK && statements)
        fault = read_statements(r, db, s, e);
    return fault;
}

/* Takes what was seen over. */
static void tell(struct run *r, struct seen *s)
{
    json_t *event = run_event(r, EVENT_CLIENTS);
    json_set(event, "rows", s->rows);
    if (s->statements)
        json_set(event, "statements", s->statements);
    *s = (struct seen){.stale = s->stale, .hidden = s->hidden};
    run_record(r, event);
}

bool clients_look(struct run *r, struct db *db, struct error *e)
{
    struct seen s;
    enum db_fault fault = look(r, db, true, &s, e);
    if (fault == DB_OK)
        tell(r, &s);
    seen_free(&s);
    return fault == DB_OK;
}

/* ---- while the migration goes on ------------------------------------------ */

void clients_news_free(struct clients_news *news)
{
    free(news->told);
    news->told = NULL;
}

static bool there(const struct run *r)
{
    return r->phase >= PHASE_EXPAND && (r->phase > PHASE_EXPAND || r->state == STATE_DONE);
}

enum db_fault clients_sample(struct run *r, struct db *db, struct clients_news *news,
                             struct error *e)
{
    int64_t now = clock_mono_us();
    run_lock(r);
    bool due = there(r) && r->state != STATE_UNDOING && now - news->looked_us >= LOOK_EVERY_US;
    run_unlock(r);
    if (!due)
        return DB_OK;
    bool statements = now - news->statements_us >= STATEMENTS_EVERY_US;
    struct seen s;
    enum db_fault fault = look(r, db, statements, &s, e);
    news->looked_us = now;
    if (fault == DB_OK) {
        char *rows = json_line(s.rows);
        if (statements || !news->told || strcmp(rows, news->told) != 0 ||
            now - news->told_us >= TELL_EVERY_US) {
            tell(r, &s);
            news->told_us = now;
            free(news->told);
            news->told = rows;
        } else {
            free(rows);
        }
        if (statements)
            news->statements_us = now;
        if (news->stale > 0 && s.stale + s.hidden == 0)
            run_alarm(r, "info", "clients-gone",
                      "no session is left from before the column was there");
        news->stale = s.stale + s.hidden;
    }
    seen_free(&s);
    return db_alive(db) ? DB_OK : fault;
}

/* ---- before the column is enforced ---------------------------------------- */

/* "7 sessions from before the column: web (app@10.0.0.7) 5, ..."; who is left. */
static char *left_text(const struct seen *s)
{
    struct str out = {0};
    size_t i, named = 0;
    json_t *row;
    int64_t left = s->stale + s->hidden;
    str_addf(&out, "%" PRId64 " session%s from before the column: ", left, left == 1 ? "" : "s");
    json_array_foreach(s->rows, i, row)
    {
        int64_t stale = json_get_int(row, "stale", UNKNOWN);
        if (stale == 0)
            continue;
        if (named++ >= NAMES_MOST) {
            str_add(&out, ", ...");
            break;
        }
        const char *app = json_get_text(row, "app", "");
        str_addf(&out, "%s%s (%s@%s) ", named > 1 ? ", " : "", *app ? app : "no name",
                 json_get_text(row, "user", "?"), json_get_text(row, "host", "local"));
        if (stale == UNKNOWN)
            str_add(&out, "of an age that is hidden from newel");
        else
            str_addf(&out, "%" PRId64, stale);
    }
    return str_take(&out);
}

/* NULL: nobody is left, or it could not be asked (`fault`). */
static char *ask_left(struct run *r, struct db *db, enum db_fault *fault, struct error *e)
{
    struct seen s;
    *fault = look(r, db, false, &s, e);
    char *left = *fault == DB_OK && s.stale + s.hidden > 0 ? left_text(&s) : NULL;
    if (*fault == DB_OK)
        tell(r, &s);
    seen_free(&s);
    return left;
}

static bool may_wait(struct run *r, struct error *e)
{
    if (run_may_go_on(r, false))
        return true;
    return error_set(e, ERROR_STOPPED, "waiting for old sessions to go was stopped");
}

bool clients_settle(struct run *r, struct db **db, enum phase phase, struct error *e)
{
    char *told = NULL;
    bool ok = false;
    for (;;) {
        enum db_fault fault;
        char *left = ask_left(r, *db, &fault, e);
        if (fault != DB_OK && db_alive(*db))
            break;
        if (fault != DB_OK) {
            *db = run_reconnect(r, *db, "main", e);
            if (!*db)
                break;
            continue;
        }
        bool waits = left && r->migration->require == REQUIRE_NONE && !run_waived(r, WAIVE_CLIENTS);
        if (left && !waits)
            run_alarm(r, "warn", "clients-stale", "going on with %s", left);
        if (!waits) {
            free(left);
            ok = true;
            break;
        }
        bool news = !told || strcmp(told, left) != 0;
        if (!told)
            run_alarm(r, "warn", "clients-wait",
                      "%s waits for %s; end them where they are, or let them pass with override "
                      "clients for 30m REASON",
                      phase_name(phase), left);
        free(told);
        told = left;
        char *detail = mem_printf("waits for %s", left);
        bool entered = !news || run_enter(r, phase, STATE_WAITING, detail, NULL);
        free(detail);
        if (!entered || !may_wait(r, e))
            break;
        run_sleep(r, SETTLE_EVERY_US);
        if (!may_wait(r, e))
            break;
    }
    bool waited = told != NULL;
    free(told);
    if (!ok && !e->what[0])
        error_set(e, ERROR_STOPPED, "%s was stopped", phase_name(phase));
    return ok && (!waited || run_enter(r, phase, STATE_RUNNING, NULL, NULL));
}
