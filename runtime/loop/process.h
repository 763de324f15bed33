/* process.h: another program, run to its end, with what it writes to stdout. */
#ifndef PERI_PROCESS_H
#define PERI_PROCESS_H

#include <stddef.h>

#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

struct peri_process;

/* What a process calls once: it has ended, its output with it. It may free the process. */
typedef void (*peri_process_cb)(void *arg);

/* Starts argv[0], sought in PATH, with the arguments behind it, up to a NULL. It shares stdin,
 * stderr, environment and directory with us. arg is borrowed until the process is freed, argv until
 * this returns. NULL and PERI_E_IO when it cannot be started. */
struct peri_process *peri_process_new(struct peri_loop *loop, const char *const *argv,
                                      peri_process_cb cb, void *arg, struct peri_error *err);

/* Whether it has ended: then status, its exit code, or 128 and the signal's number that ended it;
 * or PERI_E_LIMIT, when it was killed because it wrote more than PERI_LIMIT_PROCESS_OUTPUT. */
PERI_MUST_USE bool peri_process_result(const struct peri_process *process, int *status,
                                       struct peri_error *err);

/* What it wrote so far; valid until it is freed or writes on. */
struct peri_str peri_process_output(const struct peri_process *process);

/* Frees the process, killing it if it runs; the callback is never called after this. NULL is fine.
 * Callbacks may call it. */
void peri_process_free(struct peri_process *process);

#endif
