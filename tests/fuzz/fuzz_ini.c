/*
 * Any bytes as a migration and as newel.ini. From the top folder:
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
 *       -D_GNU_SOURCE -DSYSCONFDIR='"/etc"' -I BUILD -I src tests/fuzz/fuzz_ini.c \
 *       src/plan/{spec,spec_read,conninfo,migration,target}.c \
 *       src/base/{ini,mem,error,path,text,units,digest,clock}.c \
 *       -linih -lcrypto -lm -pthread -o BUILD/fuzz_ini
 *   BUILD/fuzz_ini -max_total_time=60 -max_len=8192 CORPUS config
 *
 * BUILD holds config.h; CORPUS is an empty folder.
 */
#include "config.h"
#include "plan/migration.h"
#include "plan/target.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is found must be fit to print, and what is clean must be whole. */
static void check_findings(const struct findings *f)
{
    for (size_t i = 0; i < f->count; i++) {
        if (!f->items[i].rule || !f->items[i].text || !*f->items[i].text || f->items[i].line < 0)
            abort();
        for (const char *p = f->items[i].text; *p; p++)
            if ((unsigned char)*p < 0x20)
                abort();
    }
}

static void try_migration(const char *text)
{
    struct findings findings = {0};
    struct migration m;
    migration_parse("fuzz", text, &m, &findings);
    check_findings(&findings);
    if (findings.count == 0 &&
        (!m.id || !m.table || !m.column || !m.type || m.target_count == 0 || m.rows < m.rows_min ||
         m.rows > m.rows_max || m.lock_timeout_us <= 0))
        abort();
    migration_free(&m);
    findings_free(&findings);
}

static void try_config(const char *text)
{
    struct findings findings = {0};
    struct config c;
    config_parse("fuzz", text, &c, &findings);
    check_findings(&findings);
    if (findings.count == 0)
        for (size_t i = 0; i < c.target_count; i++) {
            if (!c.targets[i].primary.conninfo || !c.targets[i].name)
                abort();
            for (size_t k = 0; k < c.targets[i].replica_count; k++)
                if (!c.targets[i].replicas[k].conninfo || !c.targets[i].replicas[k].name)
                    abort();
        }
    config_free(&c);
    findings_free(&findings);
}

static void try_bytes(const char *bytes, size_t size)
{
    struct findings findings = {0};
    struct ini_file file;
    ini_parse_bytes("fuzz", bytes, size, &file, &findings);
    check_findings(&findings);
    for (size_t i = 0; i < file.entry_count; i++)
        if (!*file.entries[i].key || file.entries[i].line < 1)
            abort();
    ini_free(&file);
    findings_free(&findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_dup_n((const char *)data, size);
    try_bytes(text, size);
    try_migration(text);
    try_config(text);
    free(text);
    return 0;
}
