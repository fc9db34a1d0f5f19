#include "config.h"
#include "ui/when.h"
#include "base/clock.h"
#include "base/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool parse_clock(const char *text, int64_t first_us, int64_t *out)
{
    int hour, minute, second = 0, used = 0;
    if (sscanf(text, "%2d:%2d%n", &hour, &minute, &used) != 2)
        return false;
    if (text[used] == ':') {
        int more = 0;
        if (sscanf(text + used, ":%2d%n", &second, &more) != 1)
            return false;
        used += more;
    }
    if (text[used] || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 60)
        return false;
    time_t day = (time_t)(first_us / US_PER_S);
    struct tm tm;
    if (!localtime_r(&day, &tm))
        return false;
    tm.tm_hour = hour;
    tm.tm_min = minute;
    tm.tm_sec = second;
    tm.tm_isdst = -1;
    int64_t at = (int64_t)mktime(&tm) * US_PER_S;
    /* a session that ran past midnight: an hour well before its start is the next day's */
    if (at + 60 * US_PER_S < first_us) {
        tm.tm_mday++;
        tm.tm_isdst = -1;
        at = (int64_t)mktime(&tm) * US_PER_S;
    }
    *out = at;
    return true;
}

static bool parse_iso(const char *text, int64_t *out)
{
    struct tm tm = {.tm_isdst = -1};
    const char *rest = strptime(text, "%Y-%m-%d", &tm);
    if (!rest || (*rest != 'T' && *rest != ' '))
        return false;
    const char *after = strptime(rest + 1, "%H:%M:%S", &tm);
    if (!after)
        after = strptime(rest + 1, "%H:%M", &tm);
    if (!after)
        return false;
    double fraction = 0;
    if (*after == '.') {
        fraction = strtod(after, NULL);
        after += 1 + strspn(after + 1, "0123456789");
    }
    int64_t seconds;
    if (!*after) {
        seconds = mktime(&tm);
    } else {
        const char *end = strptime(after, "%z", &tm); /* Z, +01, +01:00, +0100 */
        if (!end || *end)
            return false;
        long offset = tm.tm_gmtoff;
        seconds = timegm(&tm) - offset;
    }
    *out = seconds * US_PER_S + (int64_t)(fraction * 1e6);
    return true;
}

bool when_parse(const char *text, int64_t first_us, int64_t *out)
{
    int64_t after;
    if (text[0] == '+' && units_parse_duration(text + 1, &after)) {
        *out = first_us + after;
        return true;
    }
    return parse_clock(text, first_us, out) || parse_iso(text, out);
}
