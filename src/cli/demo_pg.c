#include "config.h"
#include "cli/demo_keeper.h"

#include "base/path.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OLDEST 13
#define PRIMARY_PORT "5432"
#define REPLICA_PORT "5433"

/* ---- finding the programs -------------------------------------------------- */

static bool has_programs(const char *folder)
{
    static const char *const programs[] = {"initdb", "postgres", "pg_basebackup"};
    bool all = true;
    for (size_t i = 0; all && i < COUNT_OF(programs); i++) {
        char *path = path_join(folder, programs[i]);
        all = access(path, X_OK) == 0;
        free(path);
    }
    return all;
}

/* Debian keeps each version in a folder of its own, out of the PATH. */
static char *newest_packaged(void)
{
    static const char root[] = "/usr/lib/postgresql";
    DIR *folder = opendir(root);
    char *found = NULL;
    long best = OLDEST - 1;
    const struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        long version = strtol(entry->d_name, NULL, 10);
        if (version <= best)
            continue;
        char *bin = mem_printf("%s/%s/bin", root, entry->d_name);
        if (has_programs(bin)) {
            best = version;
            free(found);
            found = bin;
        } else {
            free(bin);
        }
    }
    if (folder)
        (void)closedir(folder);
    return found;
}

static char *find_in_path(void)
{
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t n = strcspn(path, ":");
        char *folder = mem_dup_n(path, n);
        if (n && has_programs(folder))
            return folder;
        free(folder);
        path += n + (path[n] == ':');
    }
    return NULL;
}

static bool pg_find(struct keeper *k, struct error *e)
{
    const char *given = getenv("PG_BIN");
    char *found =
        given && *given ? (has_programs(given) ? mem_dup(given) : NULL) : newest_packaged();
    if (!found && !(given && *given))
        found = find_in_path();
    k->bin = found;
    if (found)
        return true;
    error_set(e, ERROR_USAGE, "the demo needs the programs of a PostgreSQL server");
    error_why(e, "initdb, postgres and pg_basebackup are not in %s",
              given && *given ? given : "/usr/lib/postgresql/*/bin, nor in the PATH");
    return error_todo(e, "apt-get install postgresql-15, or ./bootstrap demo, or set PG_BIN");
}

/* ---- starting them --------------------------------------------------------- */

static char *pg_conninfo(const char *folder, const char *name, const char *database)
{
    return mem_printf("host=%s/s port=%s user=postgres dbname=%s", folder,
                      strcmp(name, PRIMARY) == 0 ? PRIMARY_PORT : REPLICA_PORT, database);
}

/* The first argument is a name in the folder of programs; the list ends with NULL. */
static pid_t start(const struct keeper *k, const char **arguments)
{
    char *path = path_join(k->bin, arguments[0]);
    arguments[0] = path;
    pid_t child = keeper_start(k, arguments);
    free(path);
    return child;
}

static bool run(const struct keeper *k, const char **arguments, struct error *e)
{
    const char *name = arguments[0];
    pid_t child = start(k, arguments);
    return keeper_finish(k, &child, name, e);
}

static bool ask(const struct keeper *k, const char *name, pid_t process, const char *question,
                struct error *e)
{
    struct db_address where = {DB_POSTGRESQL, (char *)"demo",
                               pg_conninfo(k->folder, name, "postgres")};
    bool ok = keeper_wait_until(k, &where, process, question, e);
    free(where.conninfo);
    return ok;
}

static pid_t start_server(const struct keeper *k, const char *name, const char *port)
{
    char *title = mem_printf("cluster_name=demo-%s", name);
    const char *arguments[] = {
        "postgres",
        "-D",
        name,
        "-k",
        k->sockets,
        "-p",
        port,
        "-c",
        title,
        "-c",
        "listen_addresses=",
        "-c",
        "shared_buffers=128MB",
        "-c",
        "max_connections=60",
        "-c",
        "wal_level=replica",
        "-c",
        "hot_standby=on",
        "-c",
        "wal_compression=off",
        "-c",
        "max_wal_size=1GB",
        "-c",
        "wal_keep_size=512MB",
        /* what autovacuum does shall be seen within a demo */
        "-c",
        "autovacuum_naptime=10s",
        NULL,
    };
    pid_t server = start(k, arguments);
    free(title);
    return server;
}

static bool make_database(const struct keeper *k, struct error *e)
{
    struct db_address where = {DB_POSTGRESQL, (char *)"demo",
                               pg_conninfo(k->folder, PRIMARY, "postgres")};
    struct db *db = db_open(&where, "newel demo", e);
    bool ok = db && db_exec(db, "CREATE DATABASE shop", e) == DB_OK;
    db_close(db);
    free(where.conninfo);
    return ok;
}

static bool start_primary(struct keeper *k, struct error *e)
{
    keeper_doing(k, "making a database");
    const char *initdb[] = {"initdb", "-D", PRIMARY, "-U",          "postgres",  "-A",
                            "trust",  "-E", "UTF8",  "--no-locale", "--no-sync", NULL};
    if (!run(k, initdb, e))
        return false;
    keeper_doing(k, "starting the primary");
    k->primary = start_server(k, PRIMARY, PRIMARY_PORT);
    return ask(k, PRIMARY, k->primary, "SELECT true", e) && make_database(k, e);
}

static bool start_replica(struct keeper *k, struct error *e)
{
    keeper_doing(k, "copying it to a standby, and starting that");
    const char *backup[] = {"pg_basebackup", "-h",        k->sockets, "-p", PRIMARY_PORT, "-U",
                            "postgres",      "-D",        REPLICA,    "-X", "stream",     "-c",
                            "fast",          "--no-sync", "-R",       NULL};
    if (!run(k, backup, e))
        return false;
    k->replica = start_server(k, REPLICA, REPLICA_PORT);
    return ask(k, REPLICA, k->replica, "SELECT true", e) &&
           ask(k, PRIMARY, k->primary,
               "SELECT count(*) = 1 FROM pg_stat_replication WHERE state = 'streaming'", e);
}

static bool pg_start(struct keeper *k, struct error *e)
{
    return start_primary(k, e) && start_replica(k, e);
}

static char *pg_target(const char *folder)
{
    char *primary = pg_conninfo(folder, PRIMARY, "shop"),
         *replica = pg_conninfo(folder, REPLICA, "shop");
    char *text = mem_printf("engine  = postgresql\ndsn     = %s\nreplica = %s\n", primary, replica);
    free(primary);
    free(replica);
    return text;
}

const struct demo_kind demo_postgresql = {
    .user = "postgres",
    .end_signal = SIGINT,
    .find = pg_find,
    .start = pg_start,
    .conninfo = pg_conninfo,
    .target = pg_target,
};
