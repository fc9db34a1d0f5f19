#include "config.h"
#include "plan/checker.h"

#include "dialect/watch.h"

#include <inttypes.h>
#include <stdlib.h>

/* MySQL and MariaDB tell all of it in one answer, which SELECT cannot ask for. */
static void judge_view(struct checker *c, const struct replica_view *view)
{
    if (view->filtered)
        checker_add(c, "replica filters", CHECK_WARN,
                    "let its filters pass the table and database newel, or leave it out of the "
                    "target",
                    "%s: it may not get the column, its rows or newel's heartbeat", view->state);
    else if (view->trouble[0])
        checker_add(c, "replica", CHECK_WARN, "mend it, or leave it out of the target", "%s",
                    view->trouble);
    else
        checker_add(c, "replica", CHECK_PASS, NULL, "%s", view->state);
    if (view->delay_s > 0)
        checker_add(c, "replica delay", CHECK_WARN,
                    "leave it out of the target, or let [throttle] max_lag be longer than that",
                    "it applies %" PRId64 " s late on purpose, and the backfill would wait for it",
                    view->delay_s);
}

static void look(struct checker *c)
{
    struct replica_view view;
    const struct watch_words *words = watch_words(db_engine_of(c->db));
    if (words->replica(c->db, "", &view, c->e) == DB_OK)
        judge_view(c, &view);
    else
        checker_add(c, "replica", CHECK_WARN, c->e->todo, "could not be asked: %s", c->e->why);
}

void check_replica(const struct db_address *where, struct check_list *out)
{
    struct error e;
    struct db *db = db_open(where, "newel preflight", &e);
    struct migration m = {0};
    struct facts f = {0};
    struct checker c = {.db = db, .m = &m, .f = &f, .list = out, .e = &e};
    const struct check_set *set = db ? check_words(db_engine_of(db))->of_replica : NULL;
    size_t first = out->count;
    if (db)
        f.version = db_server_version(db);
    else
        checker_add(&c, "replica", CHECK_WARN, e.todo, "%s cannot be asked: %s", where->name,
                    e.why);
    for (size_t i = 0; set && i < set->count && checker_ask(&c, &set->queries[i]); i++)
        continue;
    if (db && !set)
        look(&c);
    for (struct check_result *r = out->items + first; db && r < out->items + out->count; r++) {
        char *evidence = mem_printf("%s: %s", where->name, r->evidence);
        free(r->evidence);
        r->evidence = evidence;
    }
    db_close(db);
}
