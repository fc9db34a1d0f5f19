#include "config.h"
#include "plan/checker.h"

#include <stdlib.h>
#include <string.h>

static const char remedy[] = "let the dsn name the server itself, past the pooler";

/* What a session says of itself: false when it could not be asked. */
static bool ask_who(struct db *db, const char *sql, int64_t *pid, bool *marked, struct error *e)
{
    struct db_rows *rows;
    if (db_query(db, &rows, e, sql, 0, NULL) != DB_OK)
        return false;
    const char *mark = db_value(rows, 0, 1);
    *pid = db_int(rows, 0, 0, 0);
    *marked = mark && mark[0];
    db_rows_free(rows);
    return true;
}

/*
 * A pooler that hands out sessions by the transaction gives ours to the next who
 * comes: while somebody else is amid a transaction, we are another process, or
 * have lost what we had set.
 */
static bool is_kept(struct checker *c, bool *kept)
{
    struct error ignored;
    int64_t before, after = 0, other;
    bool marked = true;
    *kept = true;
    if (db_exec(c->db, c->words->mark, c->e) != DB_OK ||
        !ask_who(c->db, c->words->whoami, &before, &marked, c->e))
        return false;
    struct db *rival = c->where ? db_open(c->where, "newel preflight", &ignored) : NULL;
    if (!rival)
        return true;
    bool ok = true;
    if (db_exec(rival, c->words->begin, &ignored) == DB_OK &&
        ask_who(rival, c->words->whoami, &other, &marked, &ignored)) {
        ok = ask_who(c->db, c->words->whoami, &after, &marked, c->e);
        *kept = before == after && marked;
    }
    db_close(rival);
    return ok;
}

bool check_pg_session(struct checker *c)
{
    bool kept;
    if (!is_kept(c, &kept))
        return false;
    if (!kept)
        checker_add(c, "pooler", CHECK_STOP, remedy,
                    "a pooler gives each transaction another session of the server: locks, "
                    "timeouts and the lease of newel would be those of others");
    else if (db_is_relayed(c->db))
        checker_add(c, "pooler", CHECK_WARN, remedy,
                    "a pooler stands between us and the server (its session is process %lld, and "
                    "something else has greeted us); it keeps sessions apart, but may end idle "
                    "ones",
                    (long long)db_backend_pid(c->db));
    else
        checker_add(c, "pooler", CHECK_PASS, NULL, "we speak to the server itself");
    return true;
}
