/* clock.c: what time it is. */
#include "runtime/base/clock.h"

#include <time.h>

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double peri_clock_monotonic(void)
{
    return seconds(CLOCK_MONOTONIC);
}

double peri_clock_wall(void)
{
    return seconds(CLOCK_REALTIME);
}
