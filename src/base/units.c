#include "config.h"
#include "base/units.h"
#include "base/clock.h"
#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    double factor;
};

static const struct unit durations[] = {
    {"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"m", 60e6}, {"h", 3600e6}, {"d", 86400e6},
};
static const struct unit sizes[] = {
    {"B", 1}, {"kB", 1024}, {"KB", 1024}, {"MB", 1048576.0}, {"GB", 1073741824.0},
    {"TB", 1099511627776.0},
};

static const char *skip_blanks(const char *p)
{
    while (isspace((unsigned char)*p))
        p++;
    return p;
}

bool units_parse_int(const char *text, int64_t *out)
{
    text = skip_blanks(text);
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || errno == ERANGE || *skip_blanks(end))
        return false;
    *out = value;
    return true;
}

/* strtod knows "inf", "nan" and hexadecimal, none of which an operator means. */
static bool starts_as_number(const char *text)
{
    if (*text == '-' || *text == '+')
        text++;
    if (!isdigit((unsigned char)*text) && *text != '.')
        return false;
    return !(text[0] == '0' && (text[1] == 'x' || text[1] == 'X'));
}

bool units_parse_number(const char *text, double *out)
{
    text = skip_blanks(text);
    char *end;
    double value = starts_as_number(text) ? strtod(text, &end) : (end = (char *)text, 0.0);
    if (end == text || !isfinite(value) || *skip_blanks(end))
        return false;
    *out = value;
    return true;
}

static bool parse_with(const struct unit *units, size_t count, const char *text,
                       const char *suffix, int64_t *out)
{
    text = skip_blanks(text);
    if (!starts_as_number(text))
        return false;
    char *end;
    double value = strtod(text, &end);
    if (end == text)
        return false;
    const char *name = skip_blanks(end);
    size_t length = strlen(name);
    while (length && isspace((unsigned char)name[length - 1]))
        length--;
    /* a bare zero needs no unit */
    if (length == 0 && value == 0) {
        *out = 0;
        return true;
    }
    size_t tail = strlen(suffix);
    if (length < tail || strncmp(name + length - tail, suffix, tail) != 0)
        return false;
    length -= tail;
    for (size_t i = 0; i < count; i++) {
        if (strlen(units[i].name) != length || strncmp(name, units[i].name, length) != 0)
            continue;
        double scaled = value * units[i].factor;
        if (!isfinite(scaled) || fabs(scaled) > 9e18)
            return false;
        *out = llround(scaled);
        return true;
    }
    return false;
}

bool units_parse_duration(const char *text, int64_t *us)
{
    return parse_with(durations, COUNT_OF(durations), text, "", us);
}

bool units_parse_size(const char *text, int64_t *bytes)
{
    return parse_with(sizes, COUNT_OF(sizes), text, "", bytes);
}

bool units_parse_rate(const char *text, int64_t *bytes_per_s)
{
    return parse_with(sizes, COUNT_OF(sizes), text, "/s", bytes_per_s);
}

const char *units_duration(char *out, int64_t us)
{
    const char *sign = us < 0 ? "-" : "";
    uint64_t u = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
    uint64_t s = u / 1000000;
    if (u < 1000)
        (void)snprintf(out, UNITS_TEXT, "%s%" PRIu64 "us", sign, u);
    else if (u < 1000000)
        (void)snprintf(out, UNITS_TEXT, "%s%" PRIu64 "ms", sign, u / 1000);
    else if (s < 60)
        (void)snprintf(out, UNITS_TEXT, "%s%.1fs", sign, floor((double)u / 1e5) / 10);
    else if (s < 3600)
        (void)snprintf(out, UNITS_TEXT, "%s%" PRIu64 "m%02" PRIu64 "s", sign, s / 60, s % 60);
    else if (s < 86400)
        (void)snprintf(out, UNITS_TEXT, "%s%" PRIu64 "h%02" PRIu64 "m", sign, s / 3600,
                       s % 3600 / 60);
    else
        (void)snprintf(out, UNITS_TEXT, "%s%" PRIu64 "d%02" PRIu64 "h", sign, s / 86400,
                       s % 86400 / 3600);
    return out;
}

static const char *scaled(char *out, double value, double step, const char *const *names,
                          size_t count, const char *suffix)
{
    size_t i = 0;
    while (i + 1 < count && fabs(value) >= step) {
        value /= step;
        i++;
    }
    (void)snprintf(out, UNITS_TEXT, i ? "%.1f%s%s" : "%.0f%s%s", value, names[i], suffix);
    return out;
}

static const char *const size_names[] = {"B", "kB", "MB", "GB", "TB", "PB"};

const char *units_size(char *out, int64_t bytes)
{
    return scaled(out, (double)bytes, 1024, size_names, COUNT_OF(size_names), "");
}

const char *units_rate(char *out, int64_t bytes_per_s)
{
    return scaled(out, (double)bytes_per_s, 1024, size_names, COUNT_OF(size_names), "/s");
}

const char *units_short(char *out, double n)
{
    static const char *const names[] = {"", "k", "M", "G", "T"};
    return scaled(out, n, 1000, names, COUNT_OF(names), "");
}

const char *units_count(char *out, int64_t n)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%" PRId64, n);
    size_t length = strlen(digits), j = 0, lead = digits[0] == '-' ? 1 : 0;
    for (size_t i = 0; i < length; i++) {
        if (i > lead && (length - i) % 3 == 0)
            out[j++] = ',';
        out[j++] = digits[i];
    }
    out[j] = '\0';
    return out;
}
