/*
 * Connection parameters as libpq writes them, "key = value ..." or a URI, read
 * far enough to know the host and to find a secret that must not be there.
 * libpq itself stays the judge of everything else.
 */
#ifndef NEWEL_BASE_CONNINFO_H
#define NEWEL_BASE_CONNINFO_H

#include "base/mem.h"

struct conninfo_pair {
    char *key;
    char *value;
};

struct conninfo {
    struct conninfo_pair *pairs;
    size_t count;
};

/*
 * False when the form is broken; `out` then holds the pairs up to there. To be
 * freed in any case.
 */
bool conninfo_parse(const char *text, struct conninfo *out) MUST_CHECK;
void conninfo_free(struct conninfo *c);

/* The last value given for the key, as libpq takes it; NULL when there is none. */
const char *conninfo_get(const struct conninfo *c, const char *key);
/* The key under which a secret stands ("password"), or NULL. */
const char *conninfo_secret(const struct conninfo *c);
/* "password", "sslpassword", "passwd", ...: in any case of letters. */
bool conninfo_key_is_secret(const char *key);

/* Appends " key=value", quoted where it must be. */
void conninfo_add(struct str *out, const char *key, const char *value);

#endif
