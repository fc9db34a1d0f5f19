#include "config.h"
#include "plan/checker.h"

#include "base/units.h"
#include "plan/estimate.h"

#include <stdlib.h>
#include <sys/statvfs.h>

#define SMALL (INT64_C(1) << 30)        /* what any server is taken to have */
#define WORTH_A_WORD (INT64_C(8) << 20) /* tables below that may grow as they like */

/* ---- the table ------------------------------------------------------------ */

static void check_growth(struct checker *c)
{
    const struct facts *f = c->f;
    char now[UNITS_TEXT], more[UNITS_TEXT];
    units_size(now, f->heap_bytes + f->index_bytes);
    units_size(more, estimate_growth(f, c->stripes));
    if (c->stripes > 1 || f->fillfactor < 100 || f->heap_bytes < WORTH_A_WORD) {
        checker_add(c, "growth", CHECK_PASS, NULL,
                    "table and indexes have %s and may grow by %s; fillfactor is %lld", now, more,
                    (long long)f->fillfactor);
        return;
    }
    char *remedy = c->words->loosen(&c->subject);
    checker_add(c, "growth", CHECK_WARN, remedy,
                "rows are walked in the plain form and fillfactor is 100: each row's new version "
                "goes to another page, and table and indexes of %s may grow by %s",
                now, more);
    free(remedy);
}

/* ---- the disk ------------------------------------------------------------- */

struct need {
    int64_t growth, log; /* bytes */
    const char *of_log;  /* "WAL" */
    const char *more_room, *less_log;
};

static struct need need_of(const struct checker *c)
{
    struct need n = {
        .growth = estimate_growth(c->f, c->stripes),
        .log = estimate_log_bytes(c->f, c->stripes),
        .of_log = "WAL",
        .more_room = "make room on that disk, or move the table to another tablespace",
        .less_log = "make room, or see that WAL is archived and recycled as fast as it is written "
                    "([throttle] max_wal)",
    };
    if (c->f->engine == DB_POSTGRESQL)
        return n;
    if (c->m->not_null && c->m->not_null_by == NOT_NULL_REBUILD)
        n.growth += c->f->heap_bytes + c->f->index_bytes; /* the old table beside the new one */
    n.of_log = "binary log";
    n.more_room = "make room on that disk; [ddl] not_null = trigger builds no second table";
    n.less_log = "make room, or binlog_row_image = MINIMAL, or purge the binary log meanwhile";
    return n;
}

/* UNKNOWN where it cannot be told. */
static int64_t free_bytes(const char *folder)
{
    struct statvfs s;
    if (!folder || statvfs(folder, &s) != 0)
        return UNKNOWN;
    return (int64_t)s.f_bavail * (int64_t)s.f_frsize;
}

static void judge_room(struct checker *c, const struct need *n, const char *folder, int64_t room)
{
    char free_text[UNITS_TEXT], grow[UNITS_TEXT], log[UNITS_TEXT];
    bool full = room < n->growth, tight = room < n->growth + n->log;
    checker_add(c, "disk",
                full    ? CHECK_STOP
                : tight ? CHECK_WARN
                        : CHECK_PASS,
                full    ? n->more_room
                : tight ? n->less_log
                        : NULL,
                "%s free at %s; the backfill may take %s for the table and write %s of %s",
                units_size(free_text, room), folder, units_size(grow, n->growth),
                units_size(log, n->log), n->of_log);
}

static void judge_blindly(struct checker *c, const struct need *n)
{
    char grow[UNITS_TEXT], log[UNITS_TEXT];
    checker_add(c, "disk", n->growth + n->log < SMALL ? CHECK_PASS : CHECK_WARN,
                "see that there is room: df -h on the server's data folder and its log's",
                "how much is free cannot be asked over this connection; the backfill may take "
                "%s for the table and write %s of %s",
                units_size(grow, n->growth), units_size(log, n->log), n->of_log);
}

/* No question tells it; but a server on our own host has its files on a disk that we see. */
bool check_room(struct checker *c)
{
    char oid[24];
    const char *params[2];
    struct db_rows *rows;
    struct need need = need_of(c);
    if (c->f->engine == DB_POSTGRESQL)
        check_growth(c);
    enum db_fault fault =
        db_query(c->db, &rows, c->e, c->words->place, facts_ref(c->f, oid, params), params);
    if (checker_is_gone(fault))
        return false;
    bool ours =
        fault == DB_OK && db_row_count(rows) && db_bool(rows, 0, 2) && !db_is_relayed(c->db);
    const char *folder = ours ? db_value(rows, 0, 0) : NULL;
    int64_t room = free_bytes(folder);
    if (room != UNKNOWN)
        judge_room(c, &need, folder, room);
    else
        judge_blindly(c, &need);
    if (fault == DB_OK)
        db_rows_free(rows);
    return true;
}
