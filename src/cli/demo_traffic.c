#include "config.h"
#include "cli/demo.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLIENTS 4
#define THINK_MIN_US (4 * US_PER_MS)
#define THINK_SPAN_US (16 * US_PER_MS)
/* A report now and then holds its lock until it commits, as reports do. */
#define REPORT_EVERY_US (15 * US_PER_S)
#define REPORT_MIN_US (3 * US_PER_S)
#define REPORT_SPAN_US (3 * US_PER_S)

/* Seen by both processes. A histogram has one writer, and is read when that has ended. */
struct shared {
    _Atomic int period;
    _Atomic bool stop;
    _Atomic int64_t last_id;
    _Atomic int64_t errors;
    char first_error[256];
    struct histogram latencies[CLIENTS][DEMO_PERIODS];
};

struct demo_traffic {
    struct shared *shared;
    pid_t process;
};

struct client {
    struct shared *shared;
    struct db_address where;
    struct db *db;
    struct histogram *latencies; /* of DEMO_PERIODS; NULL: not measured */
    uint64_t dice;
};

/* ---- one client ----------------------------------------------------------- */

static uint64_t throw(struct client * c, uint64_t sides)
{
    c->dice ^= c->dice << 13;
    c->dice ^= c->dice >> 7;
    c->dice ^= c->dice << 17;
    return c->dice % sides;
}

static int64_t between(struct client *c, int64_t low, int64_t span)
{
    return low + (int64_t) throw(c, (uint64_t)span);
}

/* False when it was told to stop meanwhile. */
static bool rest(struct client *c, int64_t us)
{
    int64_t end = clock_mono_us() + us;
    for (int64_t left = us; left > 0; left = end - clock_mono_us()) {
        if (atomic_load(&c->shared->stop))
            return false;
        clock_sleep_us(left < 100 * US_PER_MS ? left : 100 * US_PER_MS);
    }
    return !atomic_load(&c->shared->stop);
}

static void count_error(struct shared *s, const struct error *e)
{
    if (atomic_fetch_add(&s->errors, 1) == 0)
        (void)snprintf(s->first_error, sizeof s->first_error, "%.250s", e->why);
}

/* Connects, and again, quietly; false when it was told to stop. */
static bool connected(struct client *c, const char *role)
{
    struct error e;
    while (!c->db || !db_alive(c->db)) {
        db_close(c->db);
        c->db = db_open(&c->where, role, &e);
        if (!rest(c, c->db ? 1 : 200 * US_PER_MS))
            return false;
    }
    return !atomic_load(&c->shared->stop);
}

static bool run(struct client *c, const char *sql, int count, const char *const *params)
{
    int period = atomic_load(&c->shared->period);
    int64_t began = clock_mono_us();
    struct error e;
    struct db_rows *rows = NULL;
    enum db_fault fault = db_query(c->db, &rows, &e, sql, count, params);
    db_rows_free(rows);
    /* an answer that comes in another period was asked for in this one */
    if (fault == DB_OK && c->latencies)
        histogram_record(&c->latencies[period], clock_mono_us() - began);
    if (fault != DB_OK && !db_fault_passes(fault) && fault != DB_STOPPED)
        count_error(c->shared, &e);
    return fault == DB_OK;
}

/* ---- the shop ------------------------------------------------------------- */

static const char *country(struct client *c)
{
    static const char *const codes[] = {"de", "fr", "US", "jp", "BR", "in", "gb", NULL};
    return codes[throw(c, COUNT_OF(codes))];
}

static void one_order(struct client *c)
{
    char id[24], customer[24];
    (void)snprintf(id, sizeof id, "%" PRIu64,
                   1 + throw(c, (uint64_t)atomic_load(&c->shared->last_id)));
    (void)snprintf(customer, sizeof customer, "%" PRIu64, 1 + throw(c, 5000));
    switch (throw(c, 10)) {
    case 0:
    case 1:
        if (run(c,
                "INSERT INTO orders (customer_id, country_code, status, amount, note) "
                "VALUES ($1, $2, 'new', 19.90, 'ordered while newel works')",
                2, (const char *const[]){customer, country(c)}))
            atomic_fetch_add(&c->shared->last_id, 1);
        break;
    case 2:
        (void)run(c, "UPDATE orders SET country_code = $2 WHERE id = $1", 2,
                  (const char *const[]){id, country(c)});
        break;
    case 3:
    case 4:
        (void)run(c, "UPDATE orders SET status = 'paid', amount = amount + 1 WHERE id = $1", 1,
                  (const char *const[]){id});
        break;
    case 5:
        (void)run(c,
                  "SELECT id, status, amount FROM orders WHERE customer_id = $1 "
                  "ORDER BY created DESC LIMIT 20",
                  1, (const char *const[]){customer});
        break;
    default:
        (void)run(c, "SELECT * FROM orders WHERE id = $1", 1, (const char *const[]){id});
    }
}

static void *shop_main(void *context)
{
    struct client *c = context;
    while (connected(c, "shop")) {
        one_order(c);
        if (!rest(c, between(c, THINK_MIN_US, THINK_SPAN_US)))
            break;
    }
    db_close(c->db);
    return NULL;
}

/* ---- the report ----------------------------------------------------------- */

static void one_report(struct client *c)
{
    if (!run(c, "BEGIN", 0, NULL))
        return;
    (void)run(c, "SELECT status, count(*), sum(amount) FROM orders WHERE id % 97 = 0 GROUP BY 1", 0,
              NULL);
    (void)rest(c, between(c, REPORT_MIN_US, REPORT_SPAN_US));
    (void)run(c, "COMMIT", 0, NULL);
}

static void *report_main(void *context)
{
    struct client *c = context;
    /* the first one meets the engine's first change to the table */
    while (connected(c, "report")) {
        bool due = atomic_load(&c->shared->period) == DEMO_DURING;
        if (due)
            one_report(c);
        if (!rest(c, due ? REPORT_EVERY_US : 100 * US_PER_MS))
            break;
    }
    db_close(c->db);
    return NULL;
}

/* ---- its process ---------------------------------------------------------- */

static void traffic_main(struct shared *s, const struct db_address *where)
{
    struct client clients[CLIENTS + 1];
    pthread_t threads[CLIENTS + 1];
    int started = 0;
    for (; started <= CLIENTS; started++) {
        bool shop = started < CLIENTS;
        struct client *c = &clients[started];
        *c = (struct client){
            .shared = s,
            .where = {where->engine, (char *)"shop", where->conninfo},
            .latencies = shop ? s->latencies[started] : NULL,
            .dice = 88172645463325252u + (uint64_t)started * 7919,
        };
        if (pthread_create(&threads[started], NULL, shop ? shop_main : report_main, c) != 0)
            break;
    }
    for (int i = 0; i < started; i++)
        (void)pthread_join(threads[i], NULL);
}

static _Noreturn void traffic_process(struct shared *s, const struct db_address *where,
                                      pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    /* out of the terminal's reach: it ends when the demo says so */
    (void)setsid();
    traffic_main(s, where);
    _exit(0);
}

struct demo_traffic *demo_traffic_start(const struct db_address *where, int64_t rows,
                                        struct error *e)
{
    struct shared *s =
        mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED) {
        error_errno(e, errno, "no memory to measure in");
        return NULL;
    }
    atomic_store(&s->last_id, rows > 0 ? rows : 1);
    (void)fflush(NULL);
    pid_t parent = getpid();
    pid_t process = fork();
    if (process < 0) {
        error_errno(e, errno, "the traffic could not be started");
        (void)munmap(s, sizeof *s);
        return NULL;
    }
    if (process == 0)
        traffic_process(s, where, parent);
    struct demo_traffic *t = mem_alloc(sizeof *t);
    t->shared = s;
    t->process = process;
    return t;
}

void demo_traffic_period(struct demo_traffic *t, enum demo_period period)
{
    atomic_store(&t->shared->period, (int)period);
}

void demo_traffic_stop(struct demo_traffic *t)
{
    if (!t->process)
        return;
    atomic_store(&t->shared->stop, true);
    /* a statement that waits for a lock would make us wait too */
    for (int i = 0; i < 300; i++) {
        pid_t ended = waitpid(t->process, NULL, WNOHANG);
        if (ended == t->process || (ended < 0 && errno == ECHILD)) {
            t->process = 0;
            return;
        }
        clock_sleep_us(10 * US_PER_MS);
    }
    (void)kill(t->process, SIGKILL);
    while (waitpid(t->process, NULL, 0) < 0 && errno == EINTR)
        ;
    t->process = 0;
}

void demo_traffic_latencies(const struct demo_traffic *t, enum demo_period period,
                            struct histogram *out)
{
    *out = (struct histogram){0};
    for (int i = 0; i < CLIENTS; i++)
        histogram_merge(out, &t->shared->latencies[i][period]);
}

int64_t demo_traffic_errors(const struct demo_traffic *t, const char **first)
{
    *first = t->shared->first_error;
    return atomic_load(&t->shared->errors);
}

void demo_traffic_free(struct demo_traffic *t)
{
    if (!t)
        return;
    demo_traffic_stop(t);
    (void)munmap(t->shared, sizeof *t->shared);
    free(t);
}
