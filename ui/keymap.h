/*
 * The keys as this operator has them: the table of keys.h with what [keys] of
 * newel.ini changes in it. An empty map is the table itself.
 */
#ifndef NEWEL_UI_KEYMAP_H
#define NEWEL_UI_KEYMAP_H

#include "base/ini.h"
#include "ui/keys.h"

struct keymap {
    struct key *rows; /* in the order of the table, labels our own */
    size_t count;
};

/*
 * Reads lines `command = KEY ...`. What is wrong (no such command, no such key,
 * a key that another command has in the same mode) is added to `findings`, and
 * reading goes on. `map` is to be freed in any case.
 */
void keymap_read(struct keymap *map, const struct ini_entry *lines, size_t count,
                 struct findings *findings);
void keymap_free(struct keymap *map);

const struct key *keymap_rows(const struct keymap *map, size_t *count);
/* NULL: the key means nothing there. */
const struct key *keymap_find(const struct keymap *map, uint32_t key, enum key_mode mode);
/* The first key of a command, as it is written; NULL: it has none there. */
const char *keymap_label(const struct keymap *map, const char *command, enum key_mode mode);

/* "p", "space", "Ctrl-D", "F2"; false: no key is called so. */
bool keymap_parse(const char *name, uint32_t *key);

#endif
