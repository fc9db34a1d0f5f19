#include "config.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void (*exhaustion_handler)(void);

void mem_on_exhaustion(void (*handler)(void))
{
    exhaustion_handler = handler;
}

static void *checked(void *p)
{
    if (p)
        return p;
    if (exhaustion_handler)
        exhaustion_handler();
    fputs("newel: out of memory\n", stderr);
    abort();
}

void *mem_alloc(size_t size)
{
    return checked(calloc(1, size ? size : 1));
}

void *mem_grow(void *old, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return checked(NULL);
    size_t bytes = count * size;
    return checked(realloc(old, bytes ? bytes : 1));
}

char *mem_dup(const char *text)
{
    return text ? checked(strdup(text)) : NULL;
}

char *mem_dup_n(const char *text, size_t n)
{
    char *copy = mem_alloc(n + 1);
    if (n)
        memcpy(copy, text, n);
    return copy;
}

char *mem_printf(const char *format, ...)
{
    struct str s = {0};
    va_list args;
    va_start(args, format);
    str_vaddf(&s, format, args);
    va_end(args);
    return str_take(&s);
}

static void reserve(struct str *s, size_t extra)
{
    size_t need = s->len + extra + 1;
    if (need <= s->cap)
        return;
    size_t cap = s->cap ? s->cap : 64;
    while (cap < need)
        cap *= 2;
    s->data = mem_grow(s->data, cap, 1);
    s->cap = cap;
}

void str_add_n(struct str *s, const char *text, size_t n)
{
    reserve(s, n);
    if (n)
        memcpy(s->data + s->len, text, n);
    s->len += n;
    s->data[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
    str_add_n(s, text, strlen(text));
}

void str_add_char(struct str *s, char c)
{
    str_add_n(s, &c, 1);
}

void str_vaddf(struct str *s, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n > 0) {
        reserve(s, (size_t)n);
        (void)vsnprintf(s->data + s->len, (size_t)n + 1, format, again);
        s->len += (size_t)n;
    }
    va_end(again);
}

void str_addf(struct str *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    str_vaddf(s, format, args);
    va_end(args);
}

void str_clear(struct str *s)
{
    s->len = 0;
    if (s->data)
        s->data[0] = '\0';
}

void str_free(struct str *s)
{
    free(s->data);
    *s = (struct str){0};
}

const char *str_text(const struct str *s)
{
    return s->data ? s->data : "";
}

char *str_take(struct str *s)
{
    char *text = s->data ? s->data : mem_dup("");
    *s = (struct str){0};
    return text;
}
