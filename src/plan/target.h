/* newel.ini (newel.ini(5)) as a value: where we keep our files, and the targets. */
#ifndef NEWEL_PLAN_TARGET_H
#define NEWEL_PLAN_TARGET_H

#include "base/ini.h"
#include "db/db.h"
#include "plan/migration.h"

enum on_disconnect {
    ON_DISCONNECT_PAUSE,
    ON_DISCONNECT_CONTINUE,
};

struct target {
    char *name;
    bool canary;
    struct db_address primary;
    struct db_address *replicas; /* named "target/r1", or by host where that is known */
    size_t replica_count;
};

struct config {
    char *path;
    char *state_dir; /* expanded */
    enum on_disconnect on_disconnect;
    bool mouse;
    struct ini_entry *keys; /* [keys] as it stands; ui/keymap.h reads it */
    size_t key_count;
    struct target *targets; /* in the order of the file */
    size_t target_count;
    int64_t wave, at_once, bake_us;
};

/* As migration_load(). */
bool config_load(const char *path, struct config *c, struct findings *findings) MUST_CHECK;
void config_parse(const char *name, const char *text, struct config *c,
                  struct findings *findings);
void config_free(struct config *c);

/*
 * The file to read when -c was not given: ./newel.ini, then
 * $XDG_CONFIG_HOME/newel/newel.ini, then SYSCONFDIR/newel/newel.ini; NULL when
 * there is none. The caller frees it.
 */
char *config_find(void);

/*
 * The targets that `m` names, canaries first, else in the file's order. The
 * array is the caller's, the targets are not. False with `e` when a pattern
 * matches none.
 */
bool config_match(const struct config *c, const struct migration *m, const struct target ***out,
                  size_t *count, struct error *e) MUST_CHECK;

/* state_dir/ID, and the control socket in it. The caller frees them. */
char *config_run_dir(const struct config *c, const char *id);
char *config_socket_path(const struct config *c, const char *id);

#endif
