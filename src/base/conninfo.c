#include "config.h"
#include "base/conninfo.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool conninfo_key_is_secret(const char *key)
{
    static const char *const secrets[] = {
        "password", "sslpassword",         "passwd",           "pass",
        "pwd",      "oauth_client_secret", "scram_client_key", "scram_server_key",
    };
    for (size_t i = 0; i < COUNT_OF(secrets); i++)
        if (strcasecmp(key, secrets[i]) == 0)
            return true;
    return false;
}

const char *conninfo_get(const struct conninfo *c, const char *key)
{
    for (size_t i = c->count; i-- > 0;)
        if (strcmp(c->pairs[i].key, key) == 0)
            return c->pairs[i].value;
    return NULL;
}

const char *conninfo_secret(const struct conninfo *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (conninfo_key_is_secret(c->pairs[i].key) && c->pairs[i].value[0])
            return c->pairs[i].key;
    return NULL;
}

void conninfo_free(struct conninfo *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->pairs[i].key);
        free(c->pairs[i].value);
    }
    free(c->pairs);
    *c = (struct conninfo){0};
}

/* Takes both texts over. */
static void push(struct conninfo *out, char *key, char *value)
{
    struct conninfo_pair *pair = VEC_PUSH(out->pairs, out->count);
    *pair = (struct conninfo_pair){.key = key, .value = value};
}

static const char *skip_blanks(const char *p)
{
    while (isspace((unsigned char)*p))
        p++;
    return p;
}

/* ---- key = value ---------------------------------------------------------- */

/* Reads one value, quoted or bare; a backslash takes the next character as it is. */
static const char *take_value(const char *p, struct str *out, bool *closed)
{
    bool quoted = *p == '\'';
    if (quoted)
        p++;
    *closed = !quoted;
    for (; *p; p++) {
        if (quoted ? *p == '\'' : isspace((unsigned char)*p)) {
            *closed = true;
            return p + 1;
        }
        if (*p == '\\' && p[1])
            p++;
        str_add_char(out, *p);
    }
    return p;
}

static bool parse_pairs(const char *p, struct conninfo *out)
{
    for (p = skip_blanks(p); *p; p = skip_blanks(p)) {
        const char *key = p;
        while (isalnum((unsigned char)*p) || *p == '_')
            p++;
        size_t length = (size_t)(p - key);
        p = skip_blanks(p);
        if (!length || *p != '=')
            return false;
        struct str value = {0};
        bool closed;
        p = take_value(skip_blanks(p + 1), &value, &closed);
        push(out, mem_dup_n(key, length), str_take(&value));
        if (!closed)
            return false;
    }
    return true;
}

void conninfo_add(struct str *out, const char *key, const char *value)
{
    str_addf(out, "%s%s=", out->len ? " " : "", key);
    bool plain = *value && !strpbrk(value, " \t\r\n\v\f'\\");
    if (plain) {
        str_add(out, value);
        return;
    }
    str_add_char(out, '\'');
    for (const char *p = value; *p; p++) {
        if (*p == '\'' || *p == '\\')
            str_add_char(out, '\\');
        str_add_char(out, *p);
    }
    str_add_char(out, '\'');
}

/* ---- URI ------------------------------------------------------------------ */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char *decoded(const char *text, size_t n)
{
    struct str out = {0};
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '%' && i + 2 < n && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
            char c = (char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
            if (c)
                str_add_char(&out, c);
            i += 2;
        } else {
            str_add_char(&out, text[i]);
        }
    }
    return str_take(&out);
}

/* The first of "host:port,host:port" or "[v6]:port". */
static void take_hosts(const char *text, size_t n, struct conninfo *out)
{
    size_t length = 0;
    if (n && text[0] == '[') {
        const char *end = memchr(text, ']', n);
        if (!end)
            return;
        push(out, mem_dup("host"), decoded(text + 1, (size_t)(end - text) - 1));
        return;
    }
    while (length < n && text[length] != ',' && text[length] != ':')
        length++;
    if (length)
        push(out, mem_dup("host"), decoded(text, length));
}

static void take_parameters(const char *p, struct conninfo *out)
{
    while (*p) {
        size_t length = strcspn(p, "&"), key = strcspn(p, "=&");
        size_t from = key < length ? key + 1 : length;
        push(out, decoded(p, key), decoded(p + from, length - from));
        p += length;
        p += *p == '&';
    }
}

/*
 * A password may hold any sign when it was not encoded as it should be, so the
 * last @ ends the credentials here: libpq would stumble over such a URI, and its
 * message would show a part of the password.
 */
static bool parse_uri(const char *rest, struct conninfo *out)
{
    size_t first = strcspn(rest, "@/");
    size_t from = rest[first] == '@' ? first : 0;
    size_t n = from + strcspn(rest + from, "?");
    const char *at = memrchr(rest, '@', n);
    if (at) {
        const char *colon = memchr(rest, ':', (size_t)(at - rest));
        size_t user = colon ? (size_t)(colon - rest) : (size_t)(at - rest);
        push(out, mem_dup("user"), decoded(rest, user));
        if (colon)
            push(out, mem_dup("password"), decoded(colon + 1, (size_t)(at - colon) - 1));
    }
    const char *host = at ? at + 1 : rest;
    size_t left = n - (size_t)(host - rest), length = 0;
    while (length < left && host[length] != '/')
        length++;
    take_hosts(host, length, out);
    if (rest[n] == '?')
        take_parameters(rest + n + 1, out);
    return true;
}

bool conninfo_parse(const char *text, struct conninfo *out)
{
    *out = (struct conninfo){0};
    text = skip_blanks(text);
    static const char *const schemes[] = {"postgresql://", "postgres://"};
    for (size_t i = 0; i < COUNT_OF(schemes); i++)
        if (strncmp(text, schemes[i], strlen(schemes[i])) == 0)
            return parse_uri(text + strlen(schemes[i]), out);
    return parse_pairs(text, out);
}
