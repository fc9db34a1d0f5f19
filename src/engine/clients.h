/*
 * Who may still know the table without its new column: sessions from before it was
 * there, and statements that notice it.
 */
#ifndef NEWEL_ENGINE_CLIENTS_H
#define NEWEL_ENGINE_CLIENTS_H

#include "dialect/statements.h"
#include "engine/baseline.h"
#include "engine/run.h"

/* Of one observer: when it looked last, and what it has told. */
struct clients_news {
    int64_t looked_us, told_us, statements_us; /* monotonic; 0: never */
    int64_t stale;                             /* as last seen */
    char *told;                                /* the rows, as told last */
};
void clients_news_free(struct clients_news *news);

/* Samples while the migration goes on: seldom enough to be nothing for the server. */
enum db_fault clients_sample(struct run *r, struct db *db, struct clients_news *news,
                             struct error *e) MUST_CHECK;

/* Counts sessions and statements now. False when the server was lost. */
bool clients_look(struct run *r, struct db *db, struct error *e) MUST_CHECK;

/* For the baseline: statements that notice a column more, and how often they ran; an alarm. */
void clients_note(struct run *r, const struct statement_list *list, struct baseline *b);

/*
 * Before the column is enforced: warns of sessions that are older, or waits for them to go, as
 * [clients] require says. False when the run is to end or a rollback waits.
 */
bool clients_settle(struct run *r, struct db **db, enum phase phase, struct error *e) MUST_CHECK;

#endif
