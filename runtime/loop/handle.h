/* handle.h: what the files of this folder share; private to it, as libuv's types are. */
#ifndef PERI_HANDLE_H
#define PERI_HANDLE_H

#include <uv.h>

#include "runtime/base/error.h"

struct peri_due;

struct peri_timer_heap {
    uv_timer_t uv;         /* waits for the first of them; its data is the loop */
    uint64_t armed_ms;     /* when it ends, on the loop's clock */
    uint64_t order;        /* counts those that were set */
    struct peri_due *heap; /* those that run */
    size_t count, size;
};

struct peri_loop {
    uv_loop_t uv;
    uv_prepare_t keeper; /* makes libuv look once though it has nothing to wait for */
    struct peri_timer_heap timers;
    unsigned threaded; /* operations under way on threads */
};

/* Makes what the timers of a new loop need. */
void peri_timer_start_loop(struct peri_loop *loop);

/* Closes it; every timer must have been freed (asserted for those that run). */
void peri_timer_end_loop(struct peri_loop *loop);

/* Fills err with PERI_E_IO: the sentence and libuv's words for its (negative) status. */
bool peri_loop_error(struct peri_error *err, int status, const char *what);

#endif
