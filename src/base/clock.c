#include "config.h"
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

static int64_t now(clockid_t id)
{
    struct timespec t;
    (void)clock_gettime(id, &t);
    return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
    return now(CLOCK_REALTIME);
}

int64_t clock_mono_us(void)
{
    return now(CLOCK_MONOTONIC);
}

void clock_sleep_us(int64_t us)
{
    struct timespec left = {.tv_sec = us / US_PER_S, .tv_nsec = (us % US_PER_S) * 1000};
    while (us > 0 && nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

void clock_stamp(int64_t wall_us, char out[20])
{
    time_t seconds = (time_t)(wall_us / US_PER_S);
    struct tm utc;
    (void)gmtime_r(&seconds, &utc);
    if (strftime(out, 20, "%Y%m%dT%H%M%SZ", &utc) == 0)
        out[0] = '\0';
}
