/*
 * Allocation that cannot fail, and the growing string built on it.
 *
 * Running out of memory ends the process: the journal and the checkpoints in
 * the target make every run resumable, so a clean death is safer than a path
 * that nobody has ever walked.
 */
#ifndef NEWEL_BASE_MEM_H
#define NEWEL_BASE_MEM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define MUST_CHECK __attribute__((warn_unused_result))
/* For the rare answer that really does not matter; a cast does not silence MUST_CHECK. */
#define IGNORE(call)                                                                               \
    do {                                                                                           \
        __typeof__(call) ignored_ = (call);                                                        \
        (void)ignored_;                                                                            \
    } while (0)
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Called once before the process aborts, e.g. to restore the terminal. */
void mem_on_exhaustion(void (*handler)(void));

void *mem_alloc(size_t size);                /* zeroed */
void *mem_grow(void *old, size_t count, size_t size); /* checked for overflow */
char *mem_dup(const char *text);             /* NULL stays NULL */
char *mem_dup_n(const char *text, size_t n); /* always terminated */
char *mem_printf(const char *format, ...) PRINTF_LIKE(1, 2);

/*
 * A growing string. Zero-initialise it; `data` is NULL while it is empty, so
 * read it through str_text(). Whoever declares it calls str_free(), or
 * str_take() to hand the text on to another owner.
 */
struct str {
    char *data;
    size_t len;
    size_t cap;
};

void str_add(struct str *s, const char *text);
void str_add_n(struct str *s, const char *text, size_t n);
void str_add_char(struct str *s, char c);
void str_addf(struct str *s, const char *format, ...) PRINTF_LIKE(2, 3);
void str_vaddf(struct str *s, const char *format, va_list args) PRINTF_LIKE(2, 0);
void str_clear(struct str *s); /* keeps the buffer */
void str_free(struct str *s);
const char *str_text(const struct str *s);
char *str_take(struct str *s); /* never NULL; the caller frees it */

/* Makes room for one more element of an array kept as (pointer, count). */
#define VEC_PUSH(items, count)                                                                     \
    ((items) = mem_grow((items), (count) + 1, sizeof(*(items))),                                   \
     (items)[(count)] = (__typeof__(*(items))){0}, &(items)[(count)++])

#endif
