/* timer.h: a callback after some time. */
#ifndef PERI_TIMER_H
#define PERI_TIMER_H

#include <stdint.h>

#include "runtime/loop/loop.h"

/* As a time: the timer is idle until peri_timer_set. */
#define PERI_TIMER_IDLE UINT64_MAX

struct peri_timer;

/* What a timer calls, once for each time it was set. It may set or free the timer. */
typedef void (*peri_timer_cb)(void *arg);

/* Returns a timer that calls cb(arg) once, after ms milliseconds or a little more. Never NULL.
 * arg is borrowed until the timer is freed. */
struct peri_timer *peri_timer_new(struct peri_loop *loop, uint64_t ms, peri_timer_cb cb, void *arg);

/* Sets the timer anew, ms milliseconds from now, whether it is running, idle or has fired.
 * PERI_TIMER_IDLE stops it. Callbacks may call it. */
void peri_timer_set(struct peri_timer *timer, uint64_t ms);

/* Frees the timer, which never fires after this; NULL is fine. Callbacks may call it. */
void peri_timer_free(struct peri_timer *timer);

#endif
