#include "config.h"
#include "plan/target.h"
#include "base/path.h"
#include "base/conninfo.h"
#include "plan/spec.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET_HOME_PG                                                                             \
    "~/.pgpass (mode 0600), passfile= or PGPASSFILE, or a service file (~/.pg_service.conf)"
#define SECRET_HOME_MYSQL                                                                          \
    "~/.my.cnf (mode 0600, named by defaults_file) or a login path of mysql_config_editor"

static const char *const disconnect_words[] = {"pause", "continue", NULL};
static const char *const ssl_words[] = {"preferred", "disabled", "required", "verify_ca",
                                        "verify_identity", NULL};
static const char *const engine_words[] = {"postgresql", "mysql", NULL};

/* A [target NAME] as it is written. */
struct reading {
    enum db_engine engine;
    bool canary;
    char *dsn;
    struct text_list replicas;
    char *defaults_file, *defaults_group, *host, *database, *socket, *user;
    char *ssl_ca, *ssl_cert, *ssl_key, *plugin_dir;
    int ssl_mode;
    int64_t port;
};

#define IN_CONFIG(member) offsetof(struct config, member)
#define IN_TARGET(member) offsetof(struct reading, member)

static const struct spec_key newel_keys[] = {
    {.key = "state_dir",
     .kind = SPEC_PATH,
     .otherwise = "~/.local/state/newel",
     .offset = IN_CONFIG(state_dir),
     .doc = "the folder of journals and sockets"},
    {.key = "on_disconnect",
     .kind = SPEC_WORD,
     .words = disconnect_words,
     .otherwise = "pause",
     .offset = IN_CONFIG(on_disconnect),
     .doc = "what a backfill does when the last console is lost"},
    {.key = "mouse",
     .kind = SPEC_BOOL,
     .otherwise = "yes",
     .offset = IN_CONFIG(mouse),
     .doc = "whether consoles take the mouse"},
};

static const struct spec_key target_keys[] = {
    {.key = "engine",
     .kind = SPEC_WORD,
     .words = engine_words,
     .otherwise = "postgresql",
     .offset = IN_TARGET(engine),
     .doc = "the kind of server; mysql stands for MariaDB too"},
    {.key = "canary",
     .kind = SPEC_BOOL,
     .otherwise = "no",
     .offset = IN_TARGET(canary),
     .doc = "whether it goes first"},
    {.key = "dsn",
     .kind = SPEC_CONNINFO,
     .offset = IN_TARGET(dsn),
     .doc = "postgresql: any libpq conninfo, without a password"},
    {.key = "replica",
     .kind = SPEC_CONNINFO,
     .repeats = true,
     .offset = IN_TARGET(replicas),
     .doc = "a server that follows this one; one line each"},
    {.key = "defaults_file",
     .kind = SPEC_PATH,
     .offset = IN_TARGET(defaults_file),
     .doc = "mysql: the option file with user and password"},
    {.key = "defaults_group",
     .kind = SPEC_TEXT,
     .offset = IN_TARGET(defaults_group),
     .doc = "mysql: a section of it beside [client], instead of [newel]"},
    {.key = "host", .kind = SPEC_TEXT, .offset = IN_TARGET(host), .doc = "mysql: name or address"},
    {.key = "port",
     .kind = SPEC_INTEGER,
     .min = "1",
     .max = "65535",
     .offset = IN_TARGET(port),
     .doc = "mysql: TCP port"},
    {.key = "socket",
     .kind = SPEC_PATH,
     .offset = IN_TARGET(socket),
     .doc = "mysql: unix socket, instead of host and port"},
    {.key = "user", .kind = SPEC_TEXT, .offset = IN_TARGET(user), .doc = "mysql: the account"},
    {.key = "database",
     .kind = SPEC_TEXT,
     .offset = IN_TARGET(database),
     .doc = "mysql: the database of the table"},
    {.key = "ssl_mode",
     .kind = SPEC_WORD,
     .words = ssl_words,
     .otherwise = "preferred",
     .offset = IN_TARGET(ssl_mode),
     .doc = "mysql: whether the connection is encrypted, and the server's certificate checked"},
    {.key = "ssl_ca",
     .kind = SPEC_PATH,
     .offset = IN_TARGET(ssl_ca),
     .doc = "mysql: the certificates that the server's is checked against"},
    {.key = "ssl_cert",
     .kind = SPEC_PATH,
     .offset = IN_TARGET(ssl_cert),
     .doc = "mysql: our own certificate"},
    {.key = "ssl_key",
     .kind = SPEC_PATH,
     .offset = IN_TARGET(ssl_key),
     .doc = "mysql: the key of our own certificate"},
    {.key = "plugin_dir",
     .kind = SPEC_PATH,
     .offset = IN_TARGET(plugin_dir),
     .doc = "mysql: where the client library finds its authentication plugins"},
};

static const struct spec_key rollout_keys[] = {
    {.key = "wave",
     .kind = SPEC_INTEGER,
     .otherwise = "4",
     .min = "1",
     .max = "1000",
     .offset = IN_CONFIG(wave),
     .doc = "targets in one wave, after the canaries"},
    {.key = "at_once",
     .kind = SPEC_INTEGER,
     .otherwise = "2",
     .min = "1",
     .max = "1000",
     .offset = IN_CONFIG(at_once),
     .doc = "targets worked on at the same time"},
    {.key = "bake",
     .kind = SPEC_DURATION,
     .otherwise = "10m",
     .min = "0s",
     .max = "168h",
     .offset = IN_CONFIG(bake_us),
     .doc = "how long a canary is watched before the next wave"},
};

enum { NEWEL, TARGET, ROLLOUT, CONSOLE_KEYS };

#define KEYS(table) .keys = (table), .key_count = COUNT_OF(table)

static const struct spec_section sections[] = {
    [NEWEL] = {.name = "newel", KEYS(newel_keys), .doc = "where newel keeps its files"},
    [TARGET] = {.name = "target",
                .named = true,
                KEYS(target_keys),
                .doc = "a server that a migration can name"},
    [ROLLOUT] = {.name = "rollout", KEYS(rollout_keys), .doc = "in which order targets are done"},
    [CONSOLE_KEYS] = {.name = "keys", .open = true, .doc = "the keys of the console's commands"},
};

const struct spec config_spec = {
    .what = "newel.ini", .sections = sections, .section_count = COUNT_OF(sections)};

/* ---- secrets -------------------------------------------------------------- */

static void refuse_secret(int line, const char *key, const char *place, struct findings *findings)
{
    findings_add(findings, line, "secret",
                 "%s%s: no secret may stand in this file; PostgreSQL: " SECRET_HOME_PG
                 "; MySQL, MariaDB: " SECRET_HOME_MYSQL,
                 key, place);
}

/* Takes keys that hold a secret out of the file, so that nothing later can show them. */
static void refuse_secret_keys(struct ini_file *file, struct findings *findings)
{
    size_t kept = 0;
    for (size_t i = 0; i < file->entry_count; i++) {
        struct ini_entry *entry = &file->entries[i];
        if (!conninfo_key_is_secret(entry->key)) {
            file->entries[kept++] = *entry;
            continue;
        }
        refuse_secret(entry->line, entry->key, "", findings);
        free(entry->section);
        free(entry->key);
        free(entry->value);
    }
    file->entry_count = kept;
}

/* Parses the value of `key`; false after a finding. `out` is to be freed in any case. */
static bool read_conninfo(const char *text, int line, const char *key, struct conninfo *out,
                          struct findings *findings)
{
    bool whole = conninfo_parse(text, out);
    const char *secret = conninfo_secret(out);
    if (secret) {
        char *place = mem_printf(" inside %s", key);
        refuse_secret(line, secret, place, findings);
        free(place);
        return false;
    }
    if (!whole)
        findings_add(findings, line, "bad-value",
                     "%s: read text that is neither 'key=value ...' nor a postgresql:// URI; "
                     "allowed: connection parameters such as service=orders01 or host=db1 "
                     "dbname=shop (not shown, it may hold a secret)",
                     key);
    return whole;
}

/* ---- addresses ------------------------------------------------------------ */

static bool name_taken(const struct target *t, const char *name)
{
    for (size_t i = 0; i < t->replica_count; i++)
        if (strcmp(t->replicas[i].name, name) == 0)
            return true;
    return false;
}

/* "orders/db2" where the host is known and no socket folder, else "orders/r1". */
static char *replica_name(const struct target *t, const struct conninfo *c)
{
    const char *host = conninfo_get(c, "host");
    if (host && *host && *host != '/') {
        char *name = mem_printf("%s/%s", t->name, host);
        if (!name_taken(t, name))
            return name;
        free(name);
    }
    for (size_t n = t->replica_count + 1;; n++) {
        char *name = mem_printf("%s/r%zu", t->name, n);
        if (!name_taken(t, name))
            return name;
        free(name);
    }
}

static void add_replica(struct target *t, const struct conninfo *c, char *conninfo)
{
    char *name = replica_name(t, c);
    struct db_address *replica = VEC_PUSH(t->replicas, t->replica_count);
    *replica = (struct db_address){.engine = t->primary.engine, .name = name, .conninfo = conninfo};
}

static const char *const mysql_words[] = {
    "defaults_file", "defaults_group", "host",   "port",     "socket",  "database",
    "user",          "ssl_mode",       "ssl_ca", "ssl_cert", "ssl_key", "plugin_dir",
};

static bool is_mysql_word(const char *key)
{
    for (size_t i = 0; i < COUNT_OF(mysql_words); i++)
        if (strcmp(mysql_words[i], key) == 0)
            return true;
    return false;
}

static void add_given(struct str *out, const char *key, const char *value)
{
    if (value)
        conninfo_add(out, key, value);
}

static char *mysql_conninfo(const struct reading *r)
{
    struct str out = {0};
    add_given(&out, "defaults_file", r->defaults_file);
    add_given(&out, "defaults_group", r->defaults_group);
    add_given(&out, "host", r->host);
    if (r->port) {
        char *port = mem_printf("%lld", (long long)r->port);
        conninfo_add(&out, "port", port);
        free(port);
    }
    add_given(&out, "socket", r->socket);
    add_given(&out, "database", r->database);
    add_given(&out, "user", r->user);
    add_given(&out, "ssl_mode", r->ssl_mode ? ssl_words[r->ssl_mode] : NULL);
    add_given(&out, "ssl_ca", r->ssl_ca);
    add_given(&out, "ssl_cert", r->ssl_cert);
    add_given(&out, "ssl_key", r->ssl_key);
    add_given(&out, "plugin_dir", r->plugin_dir);
    return str_take(&out);
}

/* What the replica does not say it has from its primary, except where that is. */
static char *mysql_replica_conninfo(const struct conninfo *own, const char *primary)
{
    struct str out = {0};
    struct conninfo base;
    bool whole = conninfo_parse(primary, &base);
    for (size_t i = 0; whole && i < COUNT_OF(mysql_words); i++) {
        const char *key = mysql_words[i], *value = conninfo_get(own, key);
        bool place =
            strcmp(key, "host") == 0 || strcmp(key, "port") == 0 || strcmp(key, "socket") == 0;
        if (!value && !place)
            value = conninfo_get(&base, key);
        if (!value || !*value)
            continue;
        char *expanded = path_expand(value);
        conninfo_add(&out, key, expanded);
        free(expanded);
    }
    conninfo_free(&base);
    return str_take(&out);
}

static bool check_mysql_replica(const struct conninfo *c, int line, struct findings *findings)
{
    for (size_t i = 0; i < c->count; i++)
        if (!is_mysql_word(c->pairs[i].key)) {
            findings_add(findings, line, "bad-value",
                         "replica: unknown parameter '%s'; allowed for engine mysql: host, port, "
                         "socket, user, database, defaults_file, defaults_group, ssl_mode, "
                         "ssl_ca, ssl_cert, ssl_key, plugin_dir",
                         c->pairs[i].key);
            return false;
        }
    if (conninfo_get(c, "host") || conninfo_get(c, "socket"))
        return true;
    findings_add(findings, line, "missing-key", "replica: needs host= or socket=");
    return false;
}

static void read_replicas(const struct reading *r, struct target *t, struct findings *findings)
{
    for (size_t i = 0; i < r->replicas.count; i++) {
        const struct text_item *item = &r->replicas.items[i];
        struct conninfo c;
        if (read_conninfo(item->text, item->line, "replica", &c, findings)) {
            if (r->engine == DB_POSTGRESQL)
                add_replica(t, &c, mem_dup(item->text));
            else if (check_mysql_replica(&c, item->line, findings))
                add_replica(t, &c, mysql_replica_conninfo(&c, t->primary.conninfo));
        }
        conninfo_free(&c);
    }
}

/* Keys that belong to the other engine would be passed over silently. */
static void check_engine_keys(const struct ini_file *file, const struct ini_section *section,
                              enum db_engine engine, struct findings *findings)
{
    for (size_t i = 0; i < file->entry_count; i++) {
        const struct ini_entry *entry = &file->entries[i];
        if (strcmp(entry->section, section->name) != 0)
            continue;
        if (engine == DB_POSTGRESQL && is_mysql_word(entry->key))
            findings_add(findings, entry->line, "wrong-engine",
                         "%s is for engine = mysql; postgresql takes dsn = host=... dbname=...",
                         entry->key);
        else if (engine == DB_MYSQL && strcmp(entry->key, "dsn") == 0)
            findings_add(findings, entry->line, "wrong-engine",
                         "dsn is for engine = postgresql; mysql takes host, port, socket, user, "
                         "database and defaults_file");
    }
}

static void read_target(const struct ini_file *file, const struct ini_section *section,
                        struct config *config, struct findings *findings)
{
    struct reading r = {0};
    spec_read(&sections[TARGET], file, section->name, &r, findings);
    check_engine_keys(file, section, r.engine, findings);
    const struct ini_entry *dsn = spec_entry(file, section->name, "dsn");
    struct target *t = VEC_PUSH(config->targets, config->target_count);
    *t = (struct target){.name = mem_dup(spec_section_label(section->name)), .canary = r.canary};
    t->primary = (struct db_address){.engine = r.engine, .name = mem_dup(t->name)};
    if (r.engine == DB_MYSQL) {
        t->primary.conninfo = mysql_conninfo(&r);
    } else if (!dsn) {
        findings_add(findings, section->line, "missing-key",
                     "[%s] needs dsn: any libpq conninfo, such as service=orders01", section->name);
    } else if (r.dsn) {
        struct conninfo c;
        if (read_conninfo(r.dsn, dsn->line, "dsn", &c, findings))
            t->primary.conninfo = mem_dup(r.dsn);
        conninfo_free(&c);
    }
    read_replicas(&r, t, findings);
    spec_free(&sections[TARGET], &r);
}

static void keep_keys(const struct ini_file *file, struct config *c)
{
    for (size_t i = 0; i < file->entry_count; i++) {
        const struct ini_entry *entry = &file->entries[i];
        if (strcmp(entry->section, sections[CONSOLE_KEYS].name) != 0)
            continue;
        struct ini_entry *kept = VEC_PUSH(c->keys, c->key_count);
        *kept = (struct ini_entry){
            .key = mem_dup(entry->key), .value = mem_dup(entry->value), .line = entry->line};
    }
}

/* ---- the whole ------------------------------------------------------------ */

static void read_file(struct ini_file *file, struct config *c, struct findings *findings)
{
    refuse_secret_keys(file, findings);
    spec_check(&config_spec, file, findings);
    spec_read(&sections[NEWEL], file, "newel", c, findings);
    spec_read(&sections[ROLLOUT], file, "rollout", c, findings);
    keep_keys(file, c);
    for (size_t i = 0; i < file->section_count; i++) {
        bool again = false; /* reported as a duplicate */
        for (size_t k = 0; k < i && !again; k++)
            again = strcmp(file->sections[k].name, file->sections[i].name) == 0;
        if (!again && spec_section_of(&config_spec, file->sections[i].name) == &sections[TARGET])
            read_target(file, &file->sections[i], c, findings);
    }
    findings_sort(findings);
}

void config_parse(const char *name, const char *text, struct config *c, struct findings *findings)
{
    *c = (struct config){.path = mem_dup(name)};
    struct ini_file file;
    ini_parse_text(name, text, &file, findings);
    read_file(&file, c, findings);
    ini_free(&file);
}

bool config_load(const char *path, struct config *c, struct findings *findings)
{
    *c = (struct config){.path = mem_dup(path)};
    size_t before = findings->count;
    struct ini_file file;
    struct error e;
    if (ini_load(path, &file, findings, &e)) {
        read_file(&file, c, findings);
    } else {
        if (!findings->path)
            findings->path = mem_dup(path);
        findings_add(findings, 0, "unreadable", "%s: %s", e.what, e.why);
    }
    ini_free(&file);
    return findings->count == before;
}

static void address_free(struct db_address *a)
{
    free(a->name);
    free(a->conninfo);
}

void config_free(struct config *c)
{
    for (size_t i = 0; i < c->target_count; i++) {
        struct target *t = &c->targets[i];
        address_free(&t->primary);
        for (size_t k = 0; k < t->replica_count; k++)
            address_free(&t->replicas[k]);
        free(t->replicas);
        free(t->name);
    }
    for (size_t i = 0; i < c->key_count; i++) {
        free(c->keys[i].key);
        free(c->keys[i].value);
    }
    free(c->keys);
    free(c->targets);
    free(c->state_dir);
    free(c->path);
    *c = (struct config){0};
}

/* Takes `path` over; gives it back when it can be read. */
static char *if_there(char *path)
{
    if (access(path, F_OK) == 0)
        return path;
    free(path);
    return NULL;
}

char *config_find(void)
{
    char *found = if_there(mem_dup("newel.ini"));
    if (found)
        return found;
    /* XDG: a relative path there is to be ignored */
    const char *xdg = getenv("XDG_CONFIG_HOME");
    char *folder = xdg && *xdg == '/' ? mem_dup(xdg) : path_expand("~/.config");
    found = if_there(mem_printf("%s/newel/newel.ini", folder));
    free(folder);
    return found ? found : if_there(mem_dup(SYSCONFDIR "/newel/newel.ini"));
}

static bool matches(const struct migration *m, const char *name)
{
    for (size_t i = 0; i < m->target_count; i++)
        if (fnmatch(m->targets[i], name, 0) == 0)
            return true;
    return false;
}

static bool pattern_is_used(const struct config *c, const char *pattern)
{
    for (size_t i = 0; i < c->target_count; i++)
        if (fnmatch(pattern, c->targets[i].name, 0) == 0)
            return true;
    return false;
}

static bool refuse_pattern(const struct config *c, const char *pattern, struct error *e)
{
    struct str names = {0};
    for (size_t i = 0; i < c->target_count; i++)
        str_addf(&names, "%s%s", i ? ", " : "", c->targets[i].name);
    error_set(e, ERROR_USAGE, "targets = %s matches no target of %s", pattern, c->path);
    error_why(e, "%s%s", names.len ? "it has " : "it has no [target NAME] section",
              str_text(&names));
    str_free(&names);
    return error_todo(e, "correct targets in the migration, or add a [target NAME] section");
}

bool config_match(const struct config *c, const struct migration *m, const struct target ***out,
                  size_t *count, struct error *e)
{
    *out = NULL;
    *count = 0;
    for (size_t i = 0; i < m->target_count; i++)
        if (!pattern_is_used(c, m->targets[i]))
            return refuse_pattern(c, m->targets[i], e);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < c->target_count; i++) {
            const struct target *t = &c->targets[i];
            if (t->canary != (pass == 0) || !matches(m, t->name))
                continue;
            const struct target **slot = VEC_PUSH(*out, *count);
            *slot = t;
        }
    return true;
}

char *config_run_dir(const struct config *c, const char *id)
{
    return path_join(c->state_dir, id);
}

char *config_socket_path(const struct config *c, const char *id)
{
    char *folder = config_run_dir(c, id);
    char *path = path_join(folder, "control.sock");
    free(folder);
    return path;
}
