/* self.h: what a process knows of itself and of others, and what it may ask of the system. */
#ifndef PERI_SELF_H
#define PERI_SELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/error.h"

/* Bytes that a start time takes, with its NUL. */
enum { PERI_SELF_START_SIZE = 24 };

/* Writes when a process was started, as /proc has it: with its id this names a process for good, as
 * ids are used again. False when there is no such process. */
bool peri_self_start(int pid, char start[PERI_SELF_START_SIZE]);

/* Writes the path of the program that runs, which may have been replaced since. PERI_E_IO. */
bool peri_self_program(char *path, size_t size, struct peri_error *err);

/* 0 leaves a limit as it is. */
struct peri_self_limits {
    uint64_t memory;  /* bytes of data: heap and private mappings */
    uint64_t cpu;     /* seconds; then SIGXCPU, and SIGKILL five later */
    bool is_dumpless; /* no core is written */
};

/* Limits this process, for good. PERI_E_IO. */
bool peri_self_limit(const struct peri_self_limits *limits, struct peri_error *err);

/* Holds a file, which is made, for this process alone until it ends; holder receives who has it
 * otherwise, a process id or 0. PERI_E_IO when the file cannot be used. */
bool peri_self_hold(const char *path, int *holder, struct peri_error *err);

/* SIGTERM comes when the parent ends, which must be the process parent: else PERI_E_IO at once. */
bool peri_self_end_with(int parent, struct peri_error *err);

#endif
