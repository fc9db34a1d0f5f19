/* Files and folders. Every returned path is the caller's to free. */
#ifndef NEWEL_BASE_PATH_H
#define NEWEL_BASE_PATH_H

#include "base/error.h"

/* A leading "~" or "~/" becomes the home folder. */
char *path_expand(const char *path);
char *path_join(const char *folder, const char *name);
/* Makes the folder and its missing parents; what it makes has mode 0700. */
bool path_make_private(const char *folder, struct error *e) MUST_CHECK;
/* False when others could change what lies in it: it is theirs, or open to them. */
bool path_is_private(const char *folder, struct error *e) MUST_CHECK;
/* Reads a whole file of at most `limit` bytes into `out`. */
bool path_read(const char *path, size_t limit, struct str *out, struct error *e) MUST_CHECK;
/* Writes a new file; refuses to touch one that exists. */
bool path_write_new(const char *path, const char *text, unsigned mode, struct error *e) MUST_CHECK;
/* Removes a folder and all in it, following no symbolic link. */
bool path_remove_tree(const char *folder, struct error *e) MUST_CHECK;

#endif
