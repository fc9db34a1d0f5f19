/*
 * One event <-> one line of the journal. newel-journal(5) documents every
 * event and field; this header names them for the code.
 *
 * An event is a JSON object that the caller fills with the setters of
 * base/json.h; the journal adds `seq`, `time` and `hash` when it appends.
 * Times and durations are whole microseconds, sizes whole bytes; counters are
 * raw, rates are derived by the reader.
 *
 * EVENT    FIELDS (beside seq, time, event, target, hash; ? = may be missing)
 * session  format version host pid operator file digest until? yes on_disconnect
 *          migration{id table column type default? not_null value? where? new_rows}
 *          targets[{name engine canary replicas[]}]
 *          batch{rows min max time_us pause_us lanes} limits[{signal limit text}]
 * attach   client operator read_only via?          a console came
 * detach   client operator why?                    a console went
 * command  client? operator do value? asks? accepted reason?     before it is obeyed
 * phase    phase state detail? error{sqlstate number what why todo}?
 *            state: todo asking running waiting paused failed done undoing undone
 *            (asking: stands before this phase until the operator says yes)
 * statement phase step sql state lock? blocks? attempt? tries? timeout_us? us?
 *          error{}? blockers[{pid user app state xact_us mode query}]? queue?
 *            state: begin retry done failed skipped
 * batch    lane n rows updated us retries cursor fraction_ppm rows_done rows_total
 *          batches remaining_us? wal?
 *            rows: aimed at; updated: really written; us: the statement's time;
 *            rows_done, batches: of all lanes, all runs; fraction_ppm: of the whole
 * pace     rows mode why lanes pause_us time_us min max   mode: auto hand
 * throttle on slow_ppm reasons[{signal server observed limit unknown since text}]
 *            slow_ppm: 1000000 full speed .. 0 stopped
 * limit    signal limit text until? note? operator      a limit changed by hand
 * sample   of server ...      of: replica | server | table | locks | engine (it lives)
 *   replica  role reachable lag_us? lag_bytes? state? sync? reply_age_us? error? paused?
 *   server   reachable running waiters connections wal_bytes xmin_age? history? xmin_holder?
 *            pool_bytes? pool_dirty_bytes? binlog_bytes? engine? version? error?
 *   table    live dead heap indexes total updates hot_updates autovacuum? rows_estimate
 *   locks    rows[{pid parent depth user app client state wait_event mode object
 *                  wait_us xact_us state_us query ours start}]
 * check    check verdict evidence remedy?           verdict: pass warn stop
 * plan     of ...             of: phase | query
 *   phase    phase question estimate steps[{name sql lock blocks undo}]
 *   query    query when sql top cost? rows? text? error? calls? mean_us?  when: before after
 *            after: phase verdict? change? slower?    verdict: same changed worse "no baseline"
 * clients  rows[{app user host sessions stale? prepared?}]
 *          statements[{why text source calls since?}]?
 * alarm    level code text                          level: info warn crit
 * note     client? operator text
 * approval phase of state operator? asked_by? by?
 *            of: step rollback; state: asked approved withdrawn lapsed
 * keyframe model{}
 * end      status why                               status: the exit status
 */
#ifndef NEWEL_JOURNAL_EVENT_H
#define NEWEL_JOURNAL_EVENT_H

#include "base/error.h"
#include "base/json.h"

#define JOURNAL_FORMAT 1

enum event_type {
    EVENT_SESSION,
    EVENT_ATTACH,
    EVENT_DETACH,
    EVENT_COMMAND,
    EVENT_PHASE,
    EVENT_STATEMENT,
    EVENT_BATCH,
    EVENT_PACE,
    EVENT_THROTTLE,
    EVENT_LIMIT,
    EVENT_SAMPLE,
    EVENT_CHECK,
    EVENT_PLAN,
    EVENT_CLIENTS,
    EVENT_ALARM,
    EVENT_NOTE,
    EVENT_APPROVAL,
    EVENT_KEYFRAME,
    EVENT_END,
    EVENT_UNKNOWN, /* from a newer version: passed over */
};

const char *event_type_name(enum event_type type);
enum event_type event_type_of(const json_t *event);

/* A new event of that type; `target` NULL: of the session. The caller owns it. */
json_t *event_new(enum event_type type, const char *target);
/* The `error` member of phase and statement events. */
void event_set_error(json_t *event, const struct error *e);

/*
 * Writes the event as one line without newline: `seq` and `time` first, then
 * its members in their order, `hash` last. `previous` is the hash of the line
 * before ("" for the first). The caller frees the line; `hash` gets the new hash.
 */
char *event_seal(const json_t *event, int64_t seq, int64_t time_us, const char *previous,
                 char hash[65]);

/* A line read back: NULL when it is no event (`e` says why). The caller owns it. */
json_t *event_parse(const char *line, size_t length, struct error *e);
/* Does the line's own hash follow from `previous`? `hash` gets the one it carries. */
bool event_chain_holds(const char *line, size_t length, const char *previous, char hash[65]);

/* One line for people: what the Log screen and headless progress show. */
void event_headline(const json_t *event, struct str *out);

#endif
