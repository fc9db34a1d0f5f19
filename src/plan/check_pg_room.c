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

/* UNKNOWN where it cannot be told. */
static int64_t free_bytes(const char *folder)
{
    struct statvfs s;
    if (!folder || statvfs(folder, &s) != 0)
        return UNKNOWN;
    return (int64_t)s.f_bavail * (int64_t)s.f_frsize;
}

static void judge_room(struct checker *c, const char *folder, int64_t room, int64_t growth,
                       int64_t log)
{
    char free_text[UNITS_TEXT], grow[UNITS_TEXT], wal[UNITS_TEXT];
    units_size(free_text, room);
    units_size(grow, growth);
    units_size(wal, log);
    bool full = room < growth, tight = room < growth + log;
    checker_add(c, "disk",
                full    ? CHECK_STOP
                : tight ? CHECK_WARN
                        : CHECK_PASS,
                full    ? "make room on that disk, or move the table to another tablespace"
                : tight ? "make room, or see that WAL is archived and recycled as fast as it is "
                          "written ([throttle] max_wal)"
                        : NULL,
                "%s free at %s; the backfill may take %s for the table and write %s of WAL",
                free_text, folder, grow, wal);
}

/* No question tells it; but a server on our own host has its files on a disk that we see. */
bool check_pg_room(struct checker *c)
{
    char oid[24];
    const char *params[2];
    struct db_rows *rows;
    int64_t growth = estimate_growth(c->f, c->stripes), log = estimate_log_bytes(c->f, c->stripes);
    check_growth(c);
    enum db_fault fault =
        db_query(c->db, &rows, c->e, c->words->place, facts_ref(c->f, oid, params), params);
    if (checker_is_gone(fault))
        return false;
    bool ours = fault == DB_OK && db_bool(rows, 0, 2) && !db_is_relayed(c->db);
    const char *folder = ours ? db_value(rows, 0, 0) : NULL;
    int64_t room = free_bytes(folder);
    if (room != UNKNOWN) {
        judge_room(c, folder, room, growth, log);
    } else {
        char grow[UNITS_TEXT], wal[UNITS_TEXT];
        bool small = growth + log < SMALL;
        checker_add(c, "disk", small ? CHECK_PASS : CHECK_WARN,
                    "see that there is room: df -h on the server's data folder and pg_wal",
                    "how much is free cannot be asked over this connection; the backfill may take "
                    "%s for the table and write %s of WAL",
                    units_size(grow, growth), units_size(wal, log));
    }
    if (fault == DB_OK)
        db_rows_free(rows);
    return true;
}
