/* handle.h: what the files of this folder share; private to it, as libuv's types are. */
#ifndef PERI_HANDLE_H
#define PERI_HANDLE_H

#include <uv.h>

#include "runtime/base/error.h"

struct peri_timer;

struct peri_loop {
    uv_loop_t uv;
    uv_prepare_t keeper;       /* makes libuv look once though it has nothing to wait for */
    struct peri_timer *spares; /* freed timers, stopped, to be used again */
    unsigned spare_count;
    unsigned files; /* operations under way on files */
};

/* Closes the timers kept to be used again. */
void peri_timer_drop_spares(struct peri_loop *loop);

/* Fills err with PERI_E_IO: the sentence and libuv's words for its (negative) status. */
bool peri_loop_error(struct peri_error *err, int status, const char *what);

#endif
