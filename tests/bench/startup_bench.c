/* startup_bench.c: from spawn to exit. Runs commands in turn, so many times each:
 *
 *     startup_bench TIMES COMMAND…
 *
 * Each COMMAND is one argument, its words apart by blanks; its output goes nowhere. Prints for each
 * its least and middle wall time and its least CPU time, in milliseconds. */
#define _DEFAULT_SOURCE /* wait4 */
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/bench/measure.h"

enum { WORDS_MAX = 32, TIMES_MAX = 1000 };

extern char **environ;

struct command {
    char *words[WORDS_MAX];
    double wall[TIMES_MAX], cpu[TIMES_MAX];
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double milliseconds(struct timeval t)
{
    return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static void run(struct command *c, size_t time, const posix_spawn_file_actions_t *quiet)
{
    pid_t pid;
    int status;
    struct rusage usage;
    double start = now_ms();
    if (posix_spawnp(&pid, c->words[0], quiet, NULL, c->words, environ) != 0) {
        fprintf(stderr, "startup_bench: cannot run %s\n", c->words[0]);
        exit(EXIT_FAILURE);
    }
    wait4(pid, &status, 0, &usage);
    c->wall[time] = now_ms() - start;
    c->cpu[time] = milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
}

static void split(struct command *c, char *text)
{
    size_t n = 0;
    for (char *word = strtok(text, " "); word != NULL && n < WORDS_MAX - 1;
         word = strtok(NULL, " "))
        c->words[n++] = word;
}

int main(int argc, char **argv)
{
    size_t count = (size_t)argc - 2, times = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
    if (times == 0 || times > TIMES_MAX) {
        fprintf(stderr, "usage: startup_bench TIMES COMMAND...\n");
        return EXIT_FAILURE;
    }
    struct command *commands = calloc(count, sizeof(*commands));
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&quiet, 1, 2);
    for (size_t i = 0; i < count; i++)
        split(&commands[i], argv[i + 2]);
    for (size_t time = 0; time < times; time++)
        for (size_t i = 0; i < count; i++)
            run(&commands[i], time, &quiet);
    for (size_t i = 0; i < count; i++) {
        qsort(commands[i].wall, times, sizeof(double), compare_seconds);
        qsort(commands[i].cpu, times, sizeof(double), compare_seconds);
        printf("%.2f %.2f %.2f\n", commands[i].wall[0], commands[i].wall[times / 2],
               commands[i].cpu[0]);
    }
    posix_spawn_file_actions_destroy(&quiet);
    free(commands);
    return EXIT_SUCCESS;
}
