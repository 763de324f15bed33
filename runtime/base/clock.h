/* clock.h: what time it is. */
#ifndef PERI_CLOCK_H
#define PERI_CLOCK_H

/* Seconds since some moment in the past; never goes back. For durations. */
double peri_clock_monotonic(void);

/* Seconds since 1970-01-01 UTC; may jump. For dates. */
double peri_clock_wall(void);

#endif
