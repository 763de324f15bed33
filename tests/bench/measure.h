/* measure.h: what the benches in C share: CPU time, and rounds in which each candidate has its
 * turn. */
#ifndef PERI_MEASURE_H
#define PERI_MEASURE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { MEASURE_ROUNDS = 11 };

struct candidate {
    const char *name;
    void (*run)(void *arg); /* one time */
    double seconds[MEASURE_ROUNDS];
};

static inline double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline int compare_seconds(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Runs all of them in turn, once to warm up and then in rounds; sorts each one's times, so that the
 * first is the least. */
static inline void measure(struct candidate *candidates, size_t count, void *arg)
{
    for (int round = -1; round < MEASURE_ROUNDS; round++)
        for (size_t i = 0; i < count; i++) {
            double start = cpu_seconds();
            candidates[i].run(arg);
            if (round >= 0)
                candidates[i].seconds[round] = cpu_seconds() - start;
        }
    for (size_t i = 0; i < count; i++)
        qsort(candidates[i].seconds, MEASURE_ROUNDS, sizeof(double), compare_seconds);
}

/* How far the middle of a candidate's times lies over the least, in per cent. */
static inline double spread(const struct candidate *c)
{
    return (c->seconds[MEASURE_ROUNDS / 2] / c->seconds[0] - 1) * 100;
}

/* A ratio that bench.sh judges, of the least times; goal 0: it only tells. */
static inline void print_ratio(const char *name, double value, double goal)
{
    if (goal > 0)
        printf("ratio %s %.2f at most %.2f\n", name, value, goal);
    else
        printf("%s %.2f\n", name, value);
}

/* The most memory that this process has had, in bytes. */
static inline double peak_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss * 1024;
}

#endif
