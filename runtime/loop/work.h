/* work.h: a function that takes long, called on a thread of libuv's. */
#ifndef PERI_WORK_H
#define PERI_WORK_H

#include "runtime/loop/loop.h"

struct peri_work;

/* On the thread: may touch nothing but what arg is for. */
typedef void (*peri_work_fn)(void *arg);

/* Back in the loop, once: only records or wakes. */
typedef void (*peri_work_cb)(void *arg);

/* Starts it. When the work is over and was freed, free(arg) is called: arg lives that long. */
struct peri_work *peri_work_new(struct peri_loop *loop, peri_work_fn fn, peri_work_cb cb,
                                void (*free)(void *), void *arg);

/* Its owner needs it no more; the callback is not called after this. NULL is fine. */
void peri_work_free(struct peri_work *work);

#endif
