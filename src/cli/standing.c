#include "config.h"
#include "cli/standing.h"

#include "journal/event.h"
#include "journal/model.h"

#include <stdlib.h>

static void add(struct standing *s, const char *id, const struct state *state)
{
    s->states = mem_grow(s->states, s->count + 1, sizeof *s->states);
    s->ids = mem_grow(s->ids, s->count + 1, sizeof *s->ids);
    s->states[s->count] = *state;
    s->ids[s->count++] = mem_dup(id);
}

void standing_ask(const struct target *t, const char *id, struct standing *out)
{
    *out = (struct standing){.target = t->name};
    struct db *db = db_open(&t->primary, "newel status", &out->error);
    if (!db)
        return;
    char **ids = NULL;
    size_t count = 0;
    out->reachable = db_set_read_only(db, &out->error);
    if (out->reachable && id)
        *VEC_PUSH(ids, count) = mem_dup(id);
    else if (out->reachable)
        out->reachable = state_list(db, &ids, &count, &out->error) == DB_OK;
    for (size_t i = 0; i < count; i++) {
        struct state state;
        if (out->reachable && state_read(db, ids[i], &state, &out->error) != DB_OK)
            out->reachable = false;
        if (out->reachable && state.exists)
            add(out, ids[i], &state);
        free(ids[i]);
    }
    free(ids);
    db_close(db);
}

void standing_free(struct standing *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->ids[i]);
    free(s->ids);
    free(s->states);
}

json_t *standing_json(const struct standing *s)
{
    json_t *o = json_object(), *list = json_array();
    json_set_text(o, "target", s->target);
    json_set_bool(o, "reachable", s->reachable);
    if (!s->reachable)
        event_set_error(o, &s->error);
    for (size_t i = 0; i < s->count; i++) {
        const struct state *state = &s->states[i];
        json_t *one = json_object(), *completed = json_array();
        enum phase next = state_next(state);
        json_set_text(one, "id", s->ids[i]);
        json_set_text(one, "table", state->table);
        json_set_text(one, "column", state->column);
        json_set_text(one, "phase", phase_name(state->phase));
        json_set_text(one, "state", phase_state_name(state->state));
        for (enum phase p = PHASE_PREFLIGHT; p < next; p++)
            json_push(completed, json_text(phase_name(p)));
        json_set(one, "completed", completed);
        json_set_text(one, "digest", state->digest);
        json_set_int(one, "epoch", state->epoch);
        json_set_int(one, "rows", state->rows);
        json_set_int(one, "batches", state->batches);
        if (state->renewed_s >= 0) {
            json_set_text(one, "holder", state->holder);
            json_set_real(one, "renewed_s", state->renewed_s);
        }
        json_push(list, one);
    }
    json_set(o, "migrations", list);
    return o;
}
