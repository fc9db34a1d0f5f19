#include "config.h"
#include "engine/state.h"

#include "plan/migration_diff.h"

#include "base/clock.h"
#include "dialect/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct state_words *words_of(const struct run *r)
{
    return state_words(r->engine);
}

static void copy(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text ? text : "");
}

static enum db_fault ask_schema(struct db *db, const struct state_words *words, bool *there,
                                struct error *e)
{
    struct db_rows *rows;
    enum db_fault fault = db_query(db, &rows, e, words->schema_there, 0, NULL);
    *there = fault == DB_OK && db_bool(rows, 0, 0);
    if (fault == DB_OK)
        db_rows_free(rows);
    return fault;
}

enum db_fault state_read(struct db *db, const char *id, struct state *out, struct error *e)
{
    *out = (struct state){.renewed_s = -1, .phase = PHASE_PREFLIGHT, .state = STATE_TODO};
    const struct state_words *words = state_words(db_engine_of(db));
    bool there;
    struct db_rows *rows;
    enum db_fault fault = ask_schema(db, words, &there, e);
    if (fault != DB_OK || !there)
        return fault;
    const char *params[] = {id};
    fault = db_query(db, &rows, e, words->read, 1, params);
    if (fault != DB_OK)
        return fault;
    if (db_row_count(rows) == 1) {
        out->exists = true;
        out->phase = phase_from_name(db_value(rows, 0, 0));
        out->state = phase_state_from_name(db_value(rows, 0, 1));
        copy(out->digest, sizeof out->digest, db_value(rows, 0, 2));
        out->epoch = db_int(rows, 0, 3, 0);
        copy(out->holder, sizeof out->holder, db_value(rows, 0, 4));
        out->renewed_s = db_real(rows, 0, 5, -1);
        copy(out->table, sizeof out->table, db_value(rows, 0, 6));
        copy(out->column, sizeof out->column, db_value(rows, 0, 7));
    }
    db_rows_free(rows);
    if (!out->exists)
        return DB_OK;
    fault = db_query(db, &rows, e, words->counted, 1, params);
    if (fault != DB_OK)
        return fault;
    out->rows = db_int(rows, 0, 0, 0);
    out->batches = db_int(rows, 0, 1, 0);
    db_rows_free(rows);
    return DB_OK;
}

enum db_fault state_list(struct db *db, char ***ids, size_t *count, struct error *e)
{
    const struct state_words *words = state_words(db_engine_of(db));
    bool there;
    struct db_rows *rows;
    enum db_fault fault = ask_schema(db, words, &there, e);
    if (fault != DB_OK || !there)
        return fault;
    fault = db_query(db, &rows, e, words->list, 0, NULL);
    if (fault != DB_OK)
        return fault;
    for (int i = 0; i < db_row_count(rows); i++)
        *VEC_PUSH(*ids, *count) = mem_dup(db_value(rows, i, 0));
    db_rows_free(rows);
    return DB_OK;
}

enum phase state_next(const struct state *s)
{
    if (!s->exists || s->phase >= PHASE_COUNT || s->state == STATE_UNDONE)
        return PHASE_PREFLIGHT;
    return s->state == STATE_DONE ? (enum phase)(s->phase + 1) : s->phase;
}

static bool make_schema(struct run *r, struct db *db, struct error *e)
{
    bool there;
    if (ask_schema(db, words_of(r), &there, e) != DB_OK)
        return false;
    if (there)
        return true;
    /* two engines that start at once may collide in the catalog; the second then finds it there */
    for (int attempt = 0;; attempt++) {
        enum db_fault fault = db_exec(db, words_of(r)->schema, e);
        if (fault == DB_OK)
            return true;
        if (attempt == 3 || fault == DB_PRIVILEGE || fault == DB_LOST)
            return false;
        run_sleep(r, 100 * US_PER_MS);
    }
}

void state_difference(struct db *db, const struct migration *m, const struct state *s,
                      struct str *out)
{
    const char *params[] = {m->id};
    struct db_rows *rows;
    struct error ignored;
    if (!s->exists || strcmp(s->digest, m->digest) == 0)
        return;
    if (db_query(db, &rows, &ignored, state_words(db_engine_of(db))->source, 1, params) != DB_OK)
        return; /* an earlier newel kept no text */
    if (db_row_count(rows) == 1 && db_value(rows, 0, 0)) {
        migration_diff(db_value(rows, 0, 0), m->source, out);
        if (!out->len)
            str_add(out, "comments, blanks or the order of keys");
    }
    db_rows_free(rows);
}

static bool same_migration(const struct run *r, struct db *db, const struct state *s,
                           struct error *e)
{
    const struct migration *m = r->migration;
    if (strcmp(s->table, m->table) != 0 || strcmp(s->column, m->column) != 0) {
        error_set(e, ERROR_USAGE, "migration %s on %s", m->id, r->target->name);
        error_why(e, "that id already stands there for %s.%s", s->table, s->column);
        return error_todo(e, "give the migration of %s.%s an id of its own", m->table, m->column);
    }
    /* before expand nothing of the file has taken effect yet */
    if (strcmp(s->digest, m->digest) != 0 && state_next(s) > PHASE_EXPAND) {
        error_set(e, ERROR_USAGE, "migration %s on %s", m->id, r->target->name);
        struct str difference = {0};
        state_difference(db, m, s, &difference);
        error_why(e,
                  "the file %s has changed since the migration began (digest %.12s, was "
                  "%.12s)%s%s",
                  m->path, m->digest, s->digest, difference.len ? ": " : "",
                  str_text(&difference));
        str_free(&difference);
        return error_todo(e, "restore the file; or, when the change is meant, run with "
                             "--accept-change");
    }
    return true;
}

static bool lease_refused(const struct run *r, const struct state *s, struct error *e)
{
    error_set(e, ERROR_PHASE, "migration %s on %s", r->migration->id, r->target->name);
    error_why(e, "another engine drives it: %s, last heard of %.1f s ago", s->holder,
              s->renewed_s < 0 ? 0 : s->renewed_s);
    return error_todo(e,
                      "attach to that one with newel attach %s; if it is dead, its lease ends %d s "
                      "after it was last heard of",
                      r->migration->id, LEASE_SECONDS);
}

/* The file that holds from now on, and what is other in it than before. */
static bool keep_file(struct run *r, struct db *db, const struct state *s, struct error *e)
{
    const struct migration *m = r->migration;
    const struct state_words *words = words_of(r);
    struct str difference = {0};
    char epoch[24];
    (void)snprintf(epoch, sizeof epoch, "%" PRId64, r->epoch);
    const char *digest[] = {m->id, epoch, m->digest}, *source[] = {m->id, epoch, m->source};
    state_difference(db, m, s, &difference);
    if (difference.len)
        run_alarm(r, "info", "file-changed", "the file is another than before: %s",
                  str_text(&difference));
    str_free(&difference);
    bool same = strcmp(s->digest, m->digest) == 0;
    return (same || db_query(db, NULL, e, words->set_digest, 3, digest) == DB_OK) &&
           db_query(db, NULL, e, words->keep_source, 3, source) == DB_OK;
}

bool state_take(struct run *r, struct db *db, struct state *out, struct error *e)
{
    const struct migration *m = r->migration;
    const struct state_words *words = words_of(r);
    if (!make_schema(r, db, e))
        return false;
    const char *enter[] = {m->id, m->table, m->column, m->digest, r->operator_name};
    if (db_query(db, NULL, e, words->enter, 5, enter) != DB_OK)
        return false;
    if (state_read(db, m->id, out, e) != DB_OK)
        return false;
    if (!r->accept_change && !same_migration(r, db, out, e))
        return false;

    char host[64] = "";
    (void)gethostname(host, sizeof host - 1);
    char *holder = mem_printf("%s on %s pid %ld", r->operator_name, host, (long)getpid());
    const char *take[] = {m->id, holder, r->operator_name};
    struct db_rows *rows;
    enum db_fault fault = db_query(db, &rows, e, words->take_lease, 3, take);
    free(holder);
    if (fault != DB_OK)
        return false;
    bool taken = db_row_count(rows) == 1;
    r->epoch = taken ? db_int(rows, 0, 0, 0) : 0;
    db_rows_free(rows);
    if (!taken) {
        if (state_read(db, m->id, out, e) != DB_OK)
            return false;
        return lease_refused(r, out, e);
    }
    struct error ignored; /* the session is gone by itself, or ours to end */
    if (words->evict)
        IGNORE(db_query(db, NULL, &ignored, words->evict, 1, &take[0]));
    /* what a batch in flight still changed is final only now */
    if (state_read(db, m->id, out, e) != DB_OK)
        return false;
    return keep_file(r, db, out, e);
}

static void mark_fenced(struct run *r)
{
    run_lock(r);
    bool news = !r->fenced;
    r->fenced = true;
    run_wake(r);
    run_unlock(r);
    if (news)
        run_alarm(r, "crit", "fenced",
                  "another engine has taken the lease on %s; this one stops writing",
                  r->target->name);
}

static enum db_fault under_lease(struct run *r, struct db *db, const char *sql, int count,
                                 const char *const *params, struct error *e)
{
    struct db_rows *rows;
    enum db_fault fault = db_query(db, &rows, e, sql, count, params);
    if (fault != DB_OK)
        return fault;
    bool ours = db_affected(rows) == 1;
    db_rows_free(rows);
    if (ours)
        return DB_OK;
    mark_fenced(r);
    error_set(e, ERROR_PHASE, "migration %s on %s", r->migration->id, r->target->name);
    error_why(e, "another engine has taken over (our lease had epoch %" PRId64 ")", r->epoch);
    error_todo(e, "nothing was written since; attach to the other one");
    return DB_FENCED;
}

static enum db_fault ask_lease(struct run *r, struct db *db, const char *sql, struct error *e)
{
    char epoch[24];
    (void)snprintf(epoch, sizeof epoch, "%" PRId64, r->epoch);
    const char *params[] = {r->migration->id, epoch};
    return under_lease(r, db, sql, 2, params, e);
}

enum db_fault state_renew(struct run *r, struct db *db, struct error *e)
{
    return ask_lease(r, db, words_of(r)->renew_lease, e);
}

enum db_fault state_hold(struct run *r, struct db *db, struct error *e)
{
    return ask_lease(r, db, words_of(r)->hold_lease, e);
}

enum db_fault state_claim(struct run *r, struct db *db, struct error *e)
{
    const char *sql = words_of(r)->claim;
    const char *params[] = {r->migration->id};
    struct db_rows *rows;
    if (!sql)
        return DB_OK;
    enum db_fault fault = db_query(db, &rows, e, sql, 1, params);
    if (fault != DB_OK)
        return fault;
    bool ours = db_bool(rows, 0, 0);
    db_rows_free(rows);
    if (ours)
        return DB_OK;
    error_set(e, ERROR_DATABASE, "migration %s on %s", r->migration->id, r->target->name);
    error_why(e, "another session still has the right to change the table's shape");
    return DB_LOCK_TIMEOUT;
}

void state_drop(struct run *r, struct db *db)
{
    char epoch[24];
    (void)snprintf(epoch, sizeof epoch, "%" PRId64, r->epoch);
    const char *params[] = {r->migration->id, epoch};
    struct error e;
    /* a lease that could not be given back ends by itself */
    IGNORE(db_query(db, NULL, &e, words_of(r)->drop_lease, 2, params));
}

enum db_fault state_set(struct run *r, struct db *db, enum phase phase, enum phase_state state,
                        struct error *e)
{
    char epoch[24];
    (void)snprintf(epoch, sizeof epoch, "%" PRId64, r->epoch);
    const char *params[] = {r->migration->id, epoch, phase_name(phase), phase_state_name(state)};
    return under_lease(r, db, words_of(r)->set_phase, 4, params, e);
}

void state_audit(struct run *r, struct db *db, const char *what, const char *sql)
{
    run_lock(r);
    char *by = mem_dup(r->released_by ? r->released_by : r->operator_name);
    run_unlock(r);
    const char *params[] = {r->migration->id, by, what, sql};
    struct error e;
    if (db_query(db, NULL, &e, words_of(r)->audit, 4, params) != DB_OK)
        run_alarm(r, "warn", "audit", "the audit trail on %s could not be written: %s",
                  r->target->name, e.why);
    free(by);
}
