#include "config.h"
#include "plan/target.h"
#include "base/path.h"
#include "base/conninfo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET "hunter2"
#define PG "[target a]\nengine = postgresql\n"
#define MY "[target a]\nengine = mysql\n"

struct row {
    const char *title;
    const char *text;
    const char *found; /* "line rule;..." */
    const char *says;
};

static const struct row rows[] = {
    {"nothing", "", "", NULL},
    {"a target", PG "dsn = service=x\n", "", NULL},
    {"engine left out", "[target a]\ndsn = service=x\n", "", NULL},
    {"no dsn", PG, "1 missing-key;", "needs dsn"},
    {"target without a name", "[target]\ndsn = service=x\n", "1 section-name;", NULL},
    {"target with a slash", "[target a/b]\ndsn = service=x\n", "1 section-name;", "'a/b'"},
    {"target with two words", "[target a b]\ndsn = service=x\n", "1 section-name;", NULL},
    {"target twice", PG "dsn = service=x\n[target  a]\ndsn = service=y\n",
     "4 duplicate-section;5 duplicate-key;", "first in line 1"},
    {"unknown section", "[targets a]\n", "1 unknown-section;", "did you mean 'target'?"},
    {"not there yet", "[approve]\n[clients]\n", "1 unknown-section;2 unknown-section;", NULL},
    {"keys are the console's to judge", "[keys]\npause = p\nnosuch = x\n", "", NULL},
    {"a command twice", "[keys]\npause = p\npause = P\n", "3 duplicate-key;", "line 2"},
    {"mouse", "[newel]\nmouse = maybe\n", "2 bad-value;", "yes or no"},
    {"unknown key", PG "dsn = service=x\nreplcia = service=y\n", "4 unknown-key;",
     "did you mean 'replica'?"},
    {"unknown engine", "[target a]\nengine = oracle\ndsn = service=x\n", "2 bad-value;",
     "one of: postgresql, mysql"},
    {"dsn twice", PG "dsn = service=x\ndsn = service=y\n", "4 duplicate-key;", NULL},
    {"replicas repeat", PG "dsn = service=x\nreplica = host=b\nreplica = host=c\n", "", NULL},
    {"wave of none", "[rollout]\nwave = 0\n", "2 out-of-range;", "from 1 to 1000"},
    {"bake without a unit", "[rollout]\nbake = 10\n", "2 bad-value;", NULL},
    {"on_disconnect", "[newel]\non_disconnect = die\n", "2 bad-value;", "one of: pause, continue"},

    {"dsn for mysql", MY "dsn = service=x\n", "3 wrong-engine;", NULL},
    {"host for postgresql", PG "dsn = service=x\nhost = b\n", "4 wrong-engine;", NULL},
    {"mysql", MY "host = b\nport = 3306\nreplica = host=c port=3307\n", "", NULL},
    {"mysql port", MY "port = 65536\n", "3 out-of-range;", NULL},
    {"mysql replica without a place", MY "replica = user=x\n", "3 missing-key;", NULL},
    {"mysql replica with libpq's words", MY "replica = host=x sslmode=require\n", "3 bad-value;",
     "'sslmode'"},

    {"dsn of nothing", PG "dsn =\n", "3 empty-value;", NULL},
    {"dsn that is none", PG "dsn = orders\n", "3 bad-value;", "not shown"},
    {"dsn with an open quote", PG "dsn = host='a\n", "3 bad-value;", NULL},
    {"dsn of another kind", PG "dsn = mysql://u:" SECRET "@h/db?a=b\n", "3 bad-value;", NULL},

    {"password key", PG "dsn = service=x\npassword = " SECRET "\n", "4 secret;", "~/.pgpass"},
    {"password key in capitals", PG "dsn = service=x\nPassWord = " SECRET "\n", "4 secret;", NULL},
    {"password key in [newel]", "[newel]\npassword = " SECRET "\n", "2 secret;", ".my.cnf"},
    {"password key in an unknown section", "[x]\npassword = " SECRET "\n",
     "1 unknown-section;2 secret;", NULL},
    {"password key for mysql", MY "passwd = " SECRET "\n", "3 secret;", "mysql_config_editor"},
    {"password in a dsn", PG "dsn = host=a password=" SECRET "\n", "3 secret;", "inside dsn"},
    {"password in quotes", PG "dsn = password = '" SECRET " x' host=a\n", "3 secret;", NULL},
    {"password on another line", PG "dsn = host=a\n  password=" SECRET "\n", "3 secret;", NULL},
    {"password fallen to the left", PG "dsn = host=a\npassword=" SECRET "\n", "4 secret;", NULL},
    {"password before a broken end", PG "dsn = password=" SECRET " oops\n", "3 secret;", NULL},
    {"password in capitals", PG "dsn = host=a PASSWORD=" SECRET "\n", "3 secret;", NULL},
    {"key's password", PG "dsn = host=a sslpassword=" SECRET "\n", "3 secret;", NULL},
    {"password in a URI", PG "dsn = postgresql://u:" SECRET "@h/db\n", "3 secret;", NULL},
    {"password in the other URI", PG "dsn = postgres://u:" SECRET "@h\n", "3 secret;", NULL},
    {"password with a slash", PG "dsn = postgresql://u:a/" SECRET "@h/db\n", "3 secret;", NULL},
    {"password with a question", PG "dsn = postgresql://u:a?" SECRET "@h/db\n", "3 secret;", NULL},
    {"password with an at", PG "dsn = postgresql://u:a@" SECRET "@h/db\n", "3 secret;", NULL},
    {"password as a parameter", PG "dsn = postgresql://h/db?x=y&password=" SECRET "\n", "3 secret;",
     NULL},
    {"password as an encoded parameter", PG "dsn = postgresql://h/db?pass%77ord=" SECRET "\n",
     "3 secret;", NULL},
    {"password in a replica", PG "dsn = service=x\nreplica = password=" SECRET "\n", "4 secret;",
     "inside replica"},
    {"password in a mysql replica", MY "replica = host=b password=" SECRET "\n", "3 secret;", NULL},
    {"password as a broken line", PG "dsn = service=x\npassword " SECRET "\n", "4 malformed;",
     NULL},
    {"password in an unknown key", PG "dsn = service=x\nuri = x:" SECRET "\n", "4 unknown-key;",
     NULL},
    {"an empty password is none", PG "dsn = host=a password=''\n", "", NULL},
    {"the word password as a value", PG "dsn = host=a user=password\n", "", NULL},
    {"passfile is where it belongs", PG "dsn = host=a passfile=~/.pgpass\n", "", NULL},
    {"a port is no password", PG "dsn = postgresql://u@h:5432/db?application_name=a@b\n", "", NULL},
    {"an address of version 6", PG "dsn = postgresql://[::1]:5432/db\n", "", NULL},
};

static void every_rule_names_its_line_and_shows_no_secret(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct config c;
        struct findings f = {0};
        config_parse("newel.ini", rows[i].text, &c, &f);
        struct str found = {0}, text = {0};
        for (size_t k = 0; k < f.count; k++) {
            str_addf(&found, "%d %s;", f.items[k].line, f.items[k].rule);
            str_addf(&text, "%s\n", f.items[k].text);
        }
        if (strcmp(str_text(&found), rows[i].found) != 0 || strstr(str_text(&text), SECRET) ||
            (rows[i].says && !strstr(str_text(&text), rows[i].says)))
            fail_msg("%s: <%s> %s", rows[i].title, str_text(&found), str_text(&text));
        str_free(&found);
        str_free(&text);
        config_free(&c);
        findings_free(&f);
    }
}

static void read_clean(const char *text, struct config *c)
{
    struct findings f = {0};
    config_parse("newel.ini", text, c, &f);
    if (f.count)
        fail_msg("line %d: %s", f.items[0].line, f.items[0].text);
    findings_free(&f);
}

static void what_the_file_leaves_out_has_its_default(void **state)
{
    (void)state;
    assert_int_equal(setenv("HOME", "/home/ann", 1), 0);
    struct config c;
    read_clean("", &c);
    assert_string_equal(c.state_dir, "/home/ann/.local/state/newel");
    assert_int_equal(c.on_disconnect, ON_DISCONNECT_PAUSE);
    assert_int_equal(c.wave, 4);
    assert_int_equal(c.at_once, 2);
    assert_int_equal(c.bake_us, INT64_C(600000000));
    assert_int_equal(c.target_count, 0);
    char *folder = config_run_dir(&c, "m1");
    assert_string_equal(folder, "/home/ann/.local/state/newel/m1");
    char *path = config_socket_path(&c, "m1");
    assert_int_equal(strncmp(path, folder, strlen(folder)), 0);
    free(folder);
    free(path);
    config_free(&c);
}

static void replicas_are_named_by_host_where_it_is_known(void **state)
{
    (void)state;
    struct config c;
    read_clean("[target a]\n"
               "dsn = host=p\n"
               "replica = service=ro\n"
               "replica = host=db2 port=1\n"
               "replica = host=db2 port=2\n"
               "replica = postgresql://u@[fe80::1]:5/x\n"
               "replica = postgresql://u@db7,db8/x\n"
               "replica = host=/run/pg\n"
               "replica = host=r9\n"
               "replica = host=r8\n"
               "replica = service=b\n",
               &c);
    static const char *const names[] = {"a/r1", "a/db2", "a/r3", "a/fe80::1", "a/db7",
                                        "a/r6", "a/r9",  "a/r8", "a/r10"};
    assert_int_equal(c.targets[0].replica_count, COUNT_OF(names));
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_string_equal(c.targets[0].replicas[i].name, names[i]);
    assert_string_equal(c.targets[0].primary.name, "a");
    assert_string_equal(c.targets[0].replicas[1].conninfo, "host=db2 port=1");
    config_free(&c);
}

static void a_mysql_replica_has_its_targets_account_but_not_its_place(void **state)
{
    (void)state;
    assert_int_equal(setenv("HOME", "/home/ann", 1), 0);
    struct config c;
    read_clean("[target a]\nengine = mysql\ndefaults_file = ~/my opts.cnf\nhost = h\nport = 3307\n"
               "database = shop\nuser = o'brien\nreplica = host=10.0.0.8 user=x\n"
               "replica = socket=~/s\n",
               &c);
    const struct target *t = &c.targets[0];
    assert_int_equal(t->primary.engine, DB_MYSQL);
    assert_string_equal(t->primary.conninfo,
                        "defaults_file='/home/ann/my opts.cnf' host=h port=3307 database=shop "
                        "user='o\\'brien'");
    assert_string_equal(t->replicas[0].conninfo,
                        "defaults_file='/home/ann/my opts.cnf' host=10.0.0.8 database=shop user=x");
    assert_string_equal(t->replicas[0].name, "a/10.0.0.8");
    assert_string_equal(t->replicas[1].conninfo,
                        "defaults_file='/home/ann/my opts.cnf' socket=/home/ann/s database=shop "
                        "user='o\\'brien'");
    assert_int_equal(t->replicas[1].engine, DB_MYSQL);
    config_free(&c);
}

static void what_is_added_to_a_conninfo_reads_back(void **state)
{
    (void)state;
    static const char *const values[] = {
        "", "plain", "two words", "o'brien", "back\\slash", "a=b", "line\nbreak", "'"};
    struct str text = {0};
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        char *key = mem_printf("k%zu", i);
        conninfo_add(&text, key, values[i]);
        free(key);
    }
    struct conninfo c;
    assert_true(conninfo_parse(str_text(&text), &c));
    assert_int_equal(c.count, COUNT_OF(values));
    for (size_t i = 0; i < c.count; i++)
        assert_string_equal(c.pairs[i].value, values[i]);
    conninfo_free(&c);
    str_free(&text);
}

static void match(const char *patterns, const char *expected)
{
    struct config c;
    read_clean("[target eu-1]\ndsn = service=a\n[target eu-2]\ndsn = service=b\ncanary = yes\n"
               "[target us-1]\ndsn = service=c\n[target us-2]\ndsn = service=d\ncanary = yes\n",
               &c);
    char *text = mem_printf("[migration]\nid = m\ntable = t\ntargets = %s\n[column]\nname = c\n"
                            "type = int\n",
                            patterns);
    struct migration m;
    struct findings f = {0};
    migration_parse("m.ini", text, &m, &f);
    assert_int_equal(f.count, 0);
    const struct target **targets;
    size_t count;
    struct error e;
    struct str names = {0};
    if (config_match(&c, &m, &targets, &count, &e)) {
        for (size_t i = 0; i < count; i++)
            str_addf(&names, "%s ", targets[i]->name);
        free(targets);
    } else {
        assert_int_equal(error_exit_status(&e), EXIT_USAGE);
        str_add(&names, e.what);
    }
    assert_string_equal(str_text(&names), expected);
    str_free(&names);
    findings_free(&f);
    migration_free(&m);
    free(text);
    config_free(&c);
}

static void canaries_go_first_and_each_target_once(void **state)
{
    (void)state;
    match("*", "eu-2 us-2 eu-1 us-1 ");
    match("eu-*", "eu-2 eu-1 ");
    match("us-1", "us-1 ");
    match("*-1, eu-*, eu-1", "eu-2 eu-1 us-1 ");
    match("[eu]*-[12]", "eu-2 us-2 eu-1 us-1 ");
    match("asia-*", "targets = asia-* matches no target of newel.ini");
    match("*, asia-1", "targets = asia-1 matches no target of newel.ini");
}

static void the_file_is_found_in_the_working_folder_first(void **state)
{
    (void)state;
    char folder[] = "/tmp/newel-find-XXXXXX";
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(setenv("XDG_CONFIG_HOME", folder, 1), 0);
    char *sub = path_join(folder, "newel");
    char *user = path_join(sub, "newel.ini");
    struct error e;
    assert_true(path_make_private(sub, &e));
    assert_true(path_write_new(user, "", 0600, &e));
    char *found = config_find();
    assert_string_equal(found, user);
    free(found);
    assert_true(path_write_new("newel.ini", "", 0600, &e));
    found = config_find();
    assert_string_equal(found, "newel.ini");
    free(found);
    free(user);
    free(sub);
    assert_int_equal(chdir("/"), 0);
    assert_true(path_remove_tree(folder, &e));
}

static void the_example_is_clean(void **state)
{
    (void)state;
    const char *top = getenv("SRCDIR");
    assert_non_null(top);
    char *path = mem_printf("%s/config/newel.ini", top);
    struct config c;
    struct findings f = {0};
    if (!config_load(path, &c, &f))
        fail_msg("%s", f.items[0].text);
    assert_true(c.target_count > 0);
    config_free(&c);
    assert_false(config_load("/nonexistent", &c, &f));
    assert_string_equal(f.items[0].rule, "unreadable");
    config_free(&c);
    findings_free(&f);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_names_its_line_and_shows_no_secret),
        cmocka_unit_test(what_the_file_leaves_out_has_its_default),
        cmocka_unit_test(replicas_are_named_by_host_where_it_is_known),
        cmocka_unit_test(a_mysql_replica_has_its_targets_account_but_not_its_place),
        cmocka_unit_test(what_is_added_to_a_conninfo_reads_back),
        cmocka_unit_test(canaries_go_first_and_each_target_once),
        cmocka_unit_test(the_file_is_found_in_the_working_folder_first),
        cmocka_unit_test(the_example_is_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
