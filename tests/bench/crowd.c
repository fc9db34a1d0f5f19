/* crowd JOURNAL N: a journal with N targets, and N sessions in the lock tree of the first. */
#include "config.h"
#include "base/units.h"
#include "journal/journal.h"

#include <stdlib.h>

static void add(struct journal *j, json_t *event)
{
    struct error e;
    if (!journal_append(j, event, false, NULL, NULL, &e)) {
        error_print(&e, stderr);
        exit(1);
    }
    json_decref(event);
}

static json_t *session_event(int n)
{
    json_t *targets = json_array();
    for (int i = 0; i < n; i++) {
        char *name = mem_printf("orders-%04d", i);
        json_push(targets,
                  json_pack("{s:s, s:s, s:[]}", "name", name, "engine", "postgresql", "replicas"));
        free(name);
    }
    json_t *event = event_new(EVENT_SESSION, NULL);
    json_set_text(event, "operator", "ann");
    json_set(event, "migration",
             json_pack("{s:s, s:s, s:s, s:s}", "id", "crowd", "table", "shop.orders", "column",
                       "region", "type", "text"));
    json_set(event, "targets", targets);
    return event;
}

/* A thousand sessions behind ten roots, each of them behind another. */
static json_t *tree(int n, int64_t round)
{
    json_t *rows = json_array();
    for (int i = 0; i < n; i++) {
        int depth = i % (n / 10 > 0 ? n / 10 : 1);
        json_t *row = json_object();
        json_set_int(row, "pid", 1000 + i);
        json_set_int(row, "parent", depth ? 1000 + i - 1 : UNKNOWN);
        json_set_int(row, "depth", depth > 8 ? 8 : depth);
        json_set_text(row, "user", "shop");
        json_set_text(row, "app", "shop-api");
        json_set_text(row, "state", "active");
        json_set_int(row, "wait_us", depth ? round * 1000000 + i * 1000 : UNKNOWN);
        json_set_int(row, "xact_us", round * 1000000 + i * 1100);
        json_set_text(row, "query", "UPDATE shop.orders SET total = total + 1 WHERE id = 4711");
        json_push(rows, row);
    }
    json_t *event = event_new(EVENT_SAMPLE, "orders-0000");
    json_set_text(event, "of", "locks");
    json_set(event, "rows", rows);
    return event;
}

int main(int argc, char **argv)
{
    struct error e;
    int n = argc > 2 ? atoi(argv[2]) : 0;
    struct journal *j = n > 0 ? journal_create(argv[1], &e) : NULL;
    if (!j) {
        fprintf(stderr, "usage: crowd JOURNAL N\n");
        return 2;
    }
    add(j, session_event(n));
    for (int i = n; i-- > 0;) {
        char *name = mem_printf("orders-%04d", i);
        json_t *event = event_new(EVENT_PHASE, name);
        json_set_text(event, "phase", i % 3 ? "backfill" : "verify");
        json_set_text(event, "state", i % 3 ? "running" : "asking");
        add(j, event);
        free(name);
    }
    for (int round = 0; round < 3; round++)
        add(j, tree(n, round));
    journal_close(j);
    return 0;
}
