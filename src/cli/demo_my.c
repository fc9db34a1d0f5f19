#include "config.h"
#include "cli/demo_keeper.h"

#include "base/conninfo.h"
#include "base/path.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPTION_FILE "my.cnf"
#define ACCOUNTS "accounts.sql"
#define PASSWORD_BYTES 16

/* ---- finding the programs -------------------------------------------------- */

/* Debian keeps servers where the PATH of a user does not lead. */
static char *find_program(const char *name)
{
    const char *path = getenv("PATH");
    char *all = mem_printf("%s:/usr/sbin:/usr/local/sbin", path ? path : ""), *rest = all;
    char *found = NULL;
    for (const char *folder; !found && (folder = strsep(&rest, ":"));) {
        char *program = path_join(folder, name);
        if (*folder == '/' && access(program, X_OK) == 0)
            found = program;
        else
            free(program);
    }
    free(all);
    return found;
}

static bool has_library(struct error *e)
{
#ifdef HAVE_MYSQL
    (void)e;
    return true;
#else
    error_set(e, ERROR_USAGE, "this newel has no driver for MySQL and MariaDB");
    return error_todo(e, "install the development files of libmariadb or libmysqlclient, then "
                         "configure and build again");
#endif
}

static bool mariadb_find(struct keeper *k, struct error *e)
{
    if (!has_library(e))
        return false;
    char *install = find_program("mariadb-install-db");
    k->bin = install ? find_program("mariadbd") : NULL;
    free(install);
    if (k->bin)
        return true;
    error_set(e, ERROR_USAGE, "the demo needs the programs of a MariaDB server");
    error_why(e, "mariadbd and mariadb-install-db are neither in the PATH nor in /usr/sbin");
    return error_todo(e,
                      "apt-get install mariadb-server-core, or ./bootstrap demo --engine mariadb");
}

/* Where ./bootstrap and the tests put a system with MySQL in it. */
static char *tree_folder(void)
{
    const char *given = getenv("NEWEL_MYSQL_DIR"), *cache = getenv("XDG_CACHE_HOME");
    if (given && *given)
        return mem_dup(given);
    return cache && *cache ? path_join(cache, "newel/mysql-sid")
                           : path_expand("~/.cache/newel/mysql-sid");
}

/* What MariaDB installs as mysqld is a link to its own. */
static char *find_mysqld(void)
{
    char *program = find_program("mysqld");
    char *real = program ? realpath(program, NULL) : NULL;
    if (real && strstr(real, "mariadb")) {
        free(program);
        program = NULL;
    }
    free(real);
    return program;
}

static bool mysql_find(struct keeper *k, struct error *e)
{
    if (!has_library(e))
        return false;
    const char *given = getenv("NEWEL_MYSQL_DIR");
    char *tree = tree_folder(), *inside = path_join(tree, "usr/sbin/mysqld");
    k->bin = given && *given ? NULL : find_mysqld();
    if (!k->bin && access(inside, X_OK) == 0) {
        k->bin = mem_dup("usr/sbin/mysqld");
        k->tree = mem_dup(tree);
    }
    if (!k->bin) {
        error_set(e, ERROR_USAGE, "the demo needs a MySQL server");
        error_why(e,
                  "mysqld is neither in the PATH nor in /usr/sbin, and no system with it is in %s",
                  tree);
        error_todo(e, "./bootstrap demo --engine mysql gets one; or set NEWEL_MYSQL_DIR to the "
                      "folder of a system with mysql-server-core");
    }
    free(inside);
    free(tree);
    return k->bin != NULL;
}

/* ---- running a program ------------------------------------------------------ */

/*
 * How mysqld is run out of another system's folder: with the loader and the
 * libraries there. It is reached through a descriptor, for the folder may lie in
 * a home that the server's user may not enter.
 */
struct command {
    char *words[4]; /* what comes before the options */
    size_t count;
    char *root; /* of the other system; NULL: it is this one's */
};

static bool find_loader(struct command *c, struct error *e)
{
    char *pattern = mem_printf("%s/usr/lib/*/ld-linux*.so.*", c->root);
    glob_t found;
    bool ok = glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc;
    if (ok) {
        c->words[0] = mem_dup(found.gl_pathv[0]);
        c->words[1] = mem_dup("--library-path");
        c->words[2] = mem_dup_n(c->words[0], (size_t)(strrchr(c->words[0], '/') - c->words[0]));
        c->count = 3;
    } else {
        error_set(e, ERROR_SYSTEM, "the folder with MySQL has no loader: usr/lib/*/ld-linux*");
    }
    globfree(&found);
    free(pattern);
    return ok;
}

static bool command_make(const struct keeper *k, struct command *c, struct error *e)
{
    *c = (struct command){0};
    if (!k->tree) {
        c->words[c->count++] = mem_dup(k->bin);
        return true;
    }
    /* left open for what is started */
    int fd = open(k->tree, O_PATH | O_DIRECTORY);
    if (fd < 0)
        return error_errno(e, errno, "cannot open folder %s", k->tree);
    c->root = mem_printf("/proc/self/fd/%d", fd);
    if (!find_loader(c, e))
        return false;
    c->words[c->count++] = path_join(c->root, k->bin);
    return true;
}

static void command_free(struct command *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->words[i]);
    free(c->root);
}

static pid_t command_start(const struct keeper *k, const struct command *c, const char *const *more)
{
    const char *arguments[16];
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++)
        arguments[n++] = c->words[i];
    while (*more && n + 1 < COUNT_OF(arguments))
        arguments[n++] = *more++;
    arguments[n] = NULL;
    return keeper_start(k, arguments);
}

/* ---- the files -------------------------------------------------------------- */

static char *socket_path(const char *folder, const char *name)
{
    return mem_printf("%s/s/%s.sock", folder, name);
}

static bool make_password(char *out, struct error *e)
{
    unsigned char bytes[PASSWORD_BYTES];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return error_errno(e, errno, "no random numbers for a password");
    for (size_t i = 0; i < sizeof bytes; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

/* `theirs`: for whom the servers run as. Nobody else may read it. */
static bool write_file(const struct keeper *k, const char *name, const char *text, bool theirs,
                       struct error *e)
{
    char *path = path_join(k->folder, name);
    bool ok = path_write_new(path, text, 0600, e);
    if (ok && theirs && k->user && chown(path, k->user->pw_uid, k->user->pw_gid) != 0)
        ok = error_errno(e, errno, "cannot hand over %s", path);
    free(path);
    return ok;
}

/*
 * What a server does before it lets anybody in. Nobody has an account who does
 * not have the password, for the primary can be reached by all on this machine.
 */
static bool write_accounts(const struct keeper *k, const char *password, struct error *e)
{
    char *text = mem_printf("SET SESSION sql_log_bin = 0;\n"
                            "CREATE DATABASE IF NOT EXISTS shop;\n"
                            "CREATE USER newel@localhost IDENTIFIED BY '%s';\n"
                            "GRANT ALL ON *.* TO newel@localhost;\n"
                            "CREATE USER replica@'127.0.0.1' IDENTIFIED BY '%s';\n"
                            "GRANT REPLICATION SLAVE ON *.* TO replica@'127.0.0.1';\n"
                            "DROP USER IF EXISTS root@localhost;\n",
                            password, password);
    bool ok = write_file(k, ACCOUNTS, text, true, e);
    free(text);
    char *option_file = mem_printf("[client]\nuser = newel\npassword = %s\n", password);
    ok = ok && write_file(k, OPTION_FILE, option_file, false, e);
    free(option_file);
    return ok;
}

static void add_places(struct str *out, const struct command *c)
{
    if (c->root)
        str_addf(out,
                 "basedir = %s/usr\n"
                 "lc_messages_dir = %s/usr/share/mysql\n"
                 "character_sets_dir = %s/usr/share/mysql/charsets\n"
                 "plugin_dir = %s/usr/lib/mysql/plugin\n",
                 c->root, c->root, c->root, c->root);
}

/* `words`: those of one make; `port` 0: nobody comes over the network. */
static bool write_config(const struct keeper *k, const struct command *c, const char *name,
                         int port, const char *words, struct error *e)
{
    struct str s = {0};
    str_addf(&s,
             "[mysqld]\n"
             "server_id = %d\n"
             "datadir = %s/%s\n"
             "tmpdir = %s/%s.tmp\n"
             "socket = %s/%s.sock\n"
             "pid_file = %s/%s.pid\n"
             "init_file = %s/" ACCOUNTS "\n"
             "skip_name_resolve = ON\n"
             "log_bin = binlog\n"
             "relay_log = relay\n"
             "innodb_buffer_pool_size = 128M\n"
             "max_connections = 60\n",
             port ? 1 : 2, k->folder, name, k->folder, name, k->sockets, name, k->sockets, name,
             k->folder);
    if (port)
        str_addf(&s, "bind_address = 127.0.0.1\nport = %d\n", port);
    else
        /* a replica on a small machine shall keep up with a primary beside it */
        str_add(&s, "skip_networking = ON\nread_only = ON\n"
                    "innodb_flush_log_at_trx_commit = 2\nsync_binlog = 0\n");
    add_places(&s, c);
    str_add(&s, words);
    char *file = mem_printf("%s.cnf", name);
    bool ok = write_file(k, file, str_text(&s), true, e);
    free(file);
    str_free(&s);
    return ok;
}

static const char mariadb_words[] =
    "binlog_format = ROW\nlog_slave_updates = ON\n"
    "slave_parallel_threads = 4\n"
    /* it tells who holds a table, and what programs are called */
    "performance_schema = ON\n"
    "performance_schema_instrument = wait/lock/metadata/sql/mdl=ON\n";
static const char mysql_words[] = "mysqlx = OFF\nsecure_file_priv = NULL\ngtid_mode = ON\n"
                                  "enforce_gtid_consistency = ON\n";

/* ---- starting them ----------------------------------------------------------- */

static char *my_conninfo(const char *folder, const char *name, const char *database)
{
    struct str out = {0};
    char *file = path_join(folder, OPTION_FILE), *socket_file = socket_path(folder, name);
    conninfo_add(&out, "defaults_file", file);
    conninfo_add(&out, "socket", socket_file);
    conninfo_add(&out, "database", database);
    free(file);
    free(socket_file);
    return str_take(&out);
}

/* Free now; below those that the kernel gives to connections going out. */
static int free_port(void)
{
    uint16_t dice = 0;
    for (int i = 0; i < 200; i++) {
        if (getrandom(&dice, sizeof dice, 0) != (ssize_t)sizeof dice)
            break;
        int port = 10240 + dice % 20000;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
        if (fd >= 0)
            (void)close(fd);
        if (ok)
            return port;
    }
    return -1;
}

/*
 * Where a server keeps its temporary files. MariaDB clears what it finds there
 * when it starts, whosever it is: no two may share one.
 */
static bool make_temporary(const struct keeper *k, const char *name, struct error *e)
{
    char *folder = mem_printf("%s/%s.tmp", k->folder, name);
    bool ok = mkdir(folder, 0700) == 0 &&
              (!k->user || chown(folder, k->user->pw_uid, k->user->pw_gid) == 0);
    if (!ok)
        error_errno(e, errno, "cannot make %s", folder);
    free(folder);
    return ok;
}

static pid_t begin_files_mariadb(const struct keeper *k, const struct command *c, const char *name)
{
    (void)c;
    char *install = find_program("mariadb-install-db");
    char *data = mem_printf("--datadir=%s/%s", k->folder, name);
    char *temporary = mem_printf("--tmpdir=%s/%s.tmp", k->folder, name);
    const char *const arguments[] = {install,
                                     "--no-defaults",
                                     data,
                                     temporary,
                                     "--skip-test-db",
                                     "--skip-name-resolve",
                                     "--auth-root-authentication-method=socket",
                                     "--auth-root-socket-user=root",
                                     "--innodb-flush-method=nosync",
                                     NULL};
    pid_t child = install ? keeper_start(k, arguments) : -1;
    free(install);
    free(data);
    free(temporary);
    return child;
}

static pid_t begin_files_mysql(const struct keeper *k, const struct command *c, const char *name)
{
    struct str places = {0};
    add_places(&places, c);
    char *file = mem_printf("%s.init.cnf", name), *path = path_join(k->folder, file);
    char *text =
        mem_printf("[mysqld]\ndatadir = %s/%s\ntmpdir = %s/%s.tmp\nsecure_file_priv = NULL\n"
                   "innodb_doublewrite = OFF\ninnodb_flush_method = nosync\n%s",
                   k->folder, name, k->folder, name, str_text(&places));
    char *defaults = mem_printf("--defaults-file=%s", path);
    struct error ignored;
    pid_t child = -1;
    if (write_file(k, file, text, true, &ignored))
        child = command_start(k, c, (const char *const[]){defaults, "--initialize-insecure", NULL});
    free(defaults);
    free(text);
    free(path);
    free(file);
    str_free(&places);
    return child;
}

static pid_t start_server(const struct keeper *k, const struct command *c, const char *name)
{
    char *defaults = mem_printf("--defaults-file=%s/%s.cnf", k->folder, name);
    pid_t child = command_start(k, c, (const char *const[]){defaults, NULL});
    free(defaults);
    return child;
}

static bool ask(const struct keeper *k, const char *name, pid_t process, const char *question,
                struct error *e)
{
    struct db_address where = {DB_MYSQL, (char *)"demo", my_conninfo(k->folder, name, "shop")};
    bool ok = keeper_wait_until(k, &where, process, question, e);
    free(where.conninfo);
    return ok;
}

static const char follow_mariadb[] =
    "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = $#2, MASTER_USER = 'replica',"
    " MASTER_PASSWORD = $1, MASTER_CONNECT_RETRY = 1, MASTER_USE_GTID = slave_pos;"
    " START SLAVE";
static const char follow_mysql[] =
    "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = $#2,"
    " SOURCE_USER = 'replica', SOURCE_PASSWORD = $1, SOURCE_CONNECT_RETRY = 1,"
    " SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1;"
    " START REPLICA";

static bool follow(const struct keeper *k, const char *password, int port, struct error *e)
{
    char port_text[16];
    (void)snprintf(port_text, sizeof port_text, "%d", port);
    struct db_address where = {DB_MYSQL, (char *)"demo", my_conninfo(k->folder, REPLICA, "shop")};
    struct db *db = db_open(&where, "newel demo", e);
    bool ok = db && db_query(db, NULL, e, k->kind == &demo_mariadb ? follow_mariadb : follow_mysql,
                             2, (const char *const[]){password, port_text}) == DB_OK;
    db_close(db);
    free(where.conninfo);
    return ok && ask(k, PRIMARY, k->primary,
                     "SELECT count(*) > 0 FROM information_schema.processlist"
                     " WHERE command LIKE 'Binlog Dump%'",
                     e);
}

/* Both at once: most of the time goes into waiting for the disk. */
static bool make_both(struct keeper *k, const struct command *c, struct error *e)
{
    pid_t (*begin)(const struct keeper *, const struct command *, const char *) =
        k->kind == &demo_mariadb ? begin_files_mariadb : begin_files_mysql;
    keeper_doing(k, "making two empty servers");
    if (!make_temporary(k, PRIMARY, e) || !make_temporary(k, REPLICA, e))
        return false;
    k->primary = begin(k, c, PRIMARY);
    k->replica = begin(k, c, REPLICA);
    return keeper_finish(k, &k->primary, "making the primary's files", e) &&
           keeper_finish(k, &k->replica, "making the replica's files", e);
}

static bool start_both(struct keeper *k, const struct command *c, struct error *e)
{
    char password[2 * PASSWORD_BYTES + 1] = "";
    const char *words = k->kind == &demo_mariadb ? mariadb_words : mysql_words;
    int port = free_port();
    if (port < 0)
        return error_set(e, ERROR_SYSTEM, "no free port was found for the demo's primary");
    if (!make_password(password, e) || !write_accounts(k, password, e) ||
        !write_config(k, c, PRIMARY, port, words, e) || !write_config(k, c, REPLICA, 0, words, e))
        return false;
    keeper_doing(k, "starting both, and letting one follow the other");
    k->primary = start_server(k, c, PRIMARY);
    k->replica = start_server(k, c, REPLICA);
    bool ok = ask(k, PRIMARY, k->primary, "SELECT 1", e) &&
              ask(k, REPLICA, k->replica, "SELECT 1", e) && follow(k, password, port, e);
    char *accounts = path_join(k->folder, ACCOUNTS);
    (void)unlink(accounts);
    free(accounts);
    return ok;
}

static bool my_start(struct keeper *k, struct error *e)
{
    struct command c;
    bool ok = command_make(k, &c, e) && make_both(k, &c, e) && start_both(k, &c, e);
    command_free(&c);
    return ok;
}

static char *my_target(const char *folder)
{
    return mem_printf("engine        = mysql\n"
                      "defaults_file = %s/" OPTION_FILE "\n"
                      "socket        = %s/s/" PRIMARY ".sock\n"
                      "database      = shop\n"
                      "replica       = socket=%s/s/" REPLICA ".sock\n",
                      folder, folder, folder);
}

/* What is in them is thrown away, so that they need not end in order. */
const struct demo_kind demo_mariadb = {
    .user = "mysql",
    .end_signal = SIGKILL,
    .find = mariadb_find,
    .start = my_start,
    .conninfo = my_conninfo,
    .target = my_target,
};

const struct demo_kind demo_mysql = {
    .user = "mysql",
    .end_signal = SIGKILL,
    .find = mysql_find,
    .start = my_start,
    .conninfo = my_conninfo,
    .target = my_target,
};
