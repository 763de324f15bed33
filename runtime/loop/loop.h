/* loop.h: the event loop, over libuv; one per thread.
 *
 * Timers, polls and signals are made on a loop and freed before it. Their callbacks run inside
 * peri_loop_run: they record what happened and wake a task; they never run Lua, raise or wait. */
#ifndef PERI_LOOP_H
#define PERI_LOOP_H

#include <stdbool.h>

#include "runtime/base/error.h"

struct peri_loop;

/* Returns a loop, freed with peri_loop_free; NULL and PERI_E_IO when the system gives none. */
struct peri_loop *peri_loop_new(struct peri_error *err);

/* Frees the loop; NULL is fine. Everything made on it must have been freed before (asserted). */
void peri_loop_free(struct peri_loop *loop);

/* Runs one turn: the callbacks of what happened. With wait it first sleeps until something does.
 * Returns whether anything can still happen: a timer is running or a poll in the foreground is
 * armed. Where nothing can, it does not wait. */
bool peri_loop_run(struct peri_loop *loop, bool wait);

/* The release of libuv: "1.44.2". */
const char *peri_loop_release(void);

#endif
