#include "config.h"
#include "plan/estimate.h"

#include "base/clock.h"
#include "base/units.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What a backfill is reckoned to do until one has been measured. */
#define ROWS_PER_S_LOW 50000
#define ROWS_PER_S_HIGH 100000
/* And what building a table anew is, from small tables in memory to large ones on disk. */
#define REBUILD_BYTES_PER_S_LOW (25 << 20)
#define REBUILD_BYTES_PER_S_HIGH (200 << 20)
#define MINIMAL_ROW_BYTES 40 /* key, new value and their frame in the binary log */

static bool is_set(const char *setting, const char *value)
{
    return setting && strcasecmp(setting, value) == 0;
}

static int64_t binlog_bytes(const struct facts *f)
{
    if (!f->binlog_format || is_set(f->binlog_format, "STATEMENT"))
        return 0;
    return f->rows_estimate *
           (is_set(f->row_image, "MINIMAL") ? MINIMAL_ROW_BYTES : 2 * f->tuple_bytes);
}

/*
 * Per row: its share of the page's image at the first touch, the new version,
 * and the entries of the indexes (fewer when most updates are HOT).
 */
int64_t estimate_log_bytes(const struct facts *f, int64_t stripes)
{
    if (f->engine != DB_POSTGRESQL)
        return binlog_bytes(f);
    int64_t per_row = 50 + f->tuple_bytes + f->indexes * (stripes > 1 ? 35 : 100);
    return f->heap_bytes + f->rows_estimate * per_row;
}

/* As measured on tables with two indexes; later passes of stripes reuse the room of earlier ones.
 */
int64_t estimate_growth(const struct facts *f, int64_t stripes)
{
    if (f->engine != DB_POSTGRESQL)
        return f->heap_bytes / 2; /* rows that grow split the pages that are full */
    return stripes > 1 ? f->heap_bytes * 2 / 5 + f->index_bytes / 6
                       : f->heap_bytes * 23 / 20 + f->index_bytes * 9 / 10;
}

/* What the batches write beside the table: "80 MB of WAL", "31 MB of binary log (...)". */
static char *log_text(const struct facts *f, int64_t stripes)
{
    char size[UNITS_TEXT], less[UNITS_TEXT];
    if (f->engine == DB_POSTGRESQL)
        return mem_printf("%s of WAL", units_size(size, estimate_log_bytes(f, stripes)));
    if (!f->binlog_format)
        return mem_dup("no binary log is written");
    if (is_set(f->binlog_format, "STATEMENT"))
        return mem_dup("of binary log the statements alone, which replicas run again");
    units_size(less, f->rows_estimate * MINIMAL_ROW_BYTES);
    if (is_set(f->row_image, "MINIMAL"))
        return mem_printf("%s of binary log", less);
    return mem_printf(
        "%s of binary log (binlog_row_image = %s logs each row twice in whole; MINIMAL "
        "would take %s)",
        units_size(size, binlog_bytes(f)), f->row_image ? f->row_image : "FULL", less);
}

char *estimate_backfill(const struct migration *m, const struct facts *f, int64_t stripes)
{
    if (!f->table_exists || f->rows_estimate <= 0)
        return mem_dup("estimate: the table looks empty");
    int64_t batch = m->rows > 0 ? m->rows : 1;
    char rows[UNITS_TEXT], batches[UNITS_TEXT], size[UNITS_TEXT];
    char fast[UNITS_TEXT], slow[UNITS_TEXT];
    units_count(rows, f->rows_estimate);
    units_count(batches, (f->rows_estimate + batch - 1) / batch);
    units_count(size, batch);
    units_duration(fast, f->rows_estimate * US_PER_S / ROWS_PER_S_HIGH);
    units_duration(slow, f->rows_estimate * US_PER_S / ROWS_PER_S_LOW);
    char *log = log_text(f, stripes);
    char *out =
        mem_printf("estimate: %s rows, %s batches of %s; %s to %s if the server does 100,000 to "
                   "50,000 rows a second (an assumption until batches are measured) and "
                   "nothing throttles it; %s",
                   rows, batches, size, fast, slow, log);
    free(log);
    return out;
}

char *estimate_scan(const struct facts *f)
{
    char heap[UNITS_TEXT];
    return mem_printf("estimate: one scan of %s", units_size(heap, f->heap_bytes));
}

/* What a cluster does with DDL, as the end of an estimate; "" where there is none. */
static char *cluster_text(const struct facts *f)
{
    if (f->cluster_nodes == 0)
        return mem_dup("");
    return mem_printf("; on this cluster of %lld nodes it runs on all of them at once (%s), and no "
                      "write of the whole cluster goes through meanwhile",
                      (long long)f->cluster_nodes, f->cluster_method ? f->cluster_method : "TOI");
}

char *estimate_rebuild_cost(const struct facts *f, enum ddl_algorithm by)
{
    char size[UNITS_TEXT], fast[UNITS_TEXT], slow[UNITS_TEXT], log[UNITS_TEXT];
    int64_t bytes = f->heap_bytes + f->index_bytes;
    char *cluster = cluster_text(f);
    units_size(size, bytes);
    units_duration(fast, bytes * US_PER_S / REBUILD_BYTES_PER_S_HIGH);
    units_duration(slow, bytes * US_PER_S / REBUILD_BYTES_PER_S_LOW);
    struct str out = {0};
    str_addf(&out,
             "%s are written anew, with as much free disk needed; %s to %s at 200 to 25 MB a "
             "second (an assumption); every replica lags for that long again when it gets there",
             size, fast, slow);
    if (by >= DDL_INPLACE_SHARED)
        str_add(&out, "; every write of the table waits that long");
    else if (f->alter_log_bytes > 0)
        str_addf(&out,
                 "; what is written meanwhile must fit in innodb_online_alter_log_max_size "
                 "(%s)",
                 units_size(log, f->alter_log_bytes));
    str_add(&out, cluster);
    free(cluster);
    return str_take(&out);
}

char *estimate_instant(const struct facts *f)
{
    char *cluster = cluster_text(f);
    char *out = mem_printf("estimate: a few milliseconds once the lock is there; the catalog alone "
                           "is written%s",
                           cluster);
    free(cluster);
    return out;
}

char *estimate_rebuild(const struct facts *f, enum ddl_algorithm by)
{
    char *text = estimate_rebuild_cost(f, by), *out = mem_printf("estimate: %s", text);
    free(text);
    return out;
}
