/* timer.c: timers. A stopped uv_timer_t can be started again at once, while closing it takes a
 * turn of the loop: so freed timers are kept, up to a number, and closed only beyond that. */
#include "runtime/loop/timer.h"

#include "runtime/loop/handle.h"

enum { SPARES = 1024 };

struct peri_timer {
    uv_timer_t uv; /* its data is this struct */
    struct peri_loop *loop;
    peri_timer_cb cb;
    void *arg;
    struct peri_timer *next; /* in the list of spares */
};

static void on_timer(uv_timer_t *uv)
{
    struct peri_timer *timer = uv->data;
    uv_stop(uv->loop); /* libuv runs timers first in a turn, and would then sleep in it */
    timer->cb(timer->arg);
}

static void on_close(uv_handle_t *uv)
{
    peri_free(uv->data);
}

static struct peri_timer *make(struct peri_loop *loop)
{
    struct peri_timer *timer = loop->spares;
    if (timer != NULL) {
        loop->spares = timer->next;
        loop->spare_count--;
        return timer;
    }
    timer = peri_alloc(sizeof(*timer));
    uv_timer_init(&loop->uv, &timer->uv);
    timer->uv.data = timer;
    timer->loop = loop;
    return timer;
}

struct peri_timer *peri_timer_new(struct peri_loop *loop, uint64_t ms, peri_timer_cb cb, void *arg)
{
    struct peri_timer *timer = make(loop);
    timer->cb = cb;
    timer->arg = arg;
    peri_timer_set(timer, ms);
    return timer;
}

void peri_timer_set(struct peri_timer *timer, uint64_t ms)
{
    if (ms == PERI_TIMER_IDLE) {
        uv_timer_stop(&timer->uv);
        return;
    }
    uv_update_time(&timer->loop->uv); /* else the time counts from the start of this turn */
    uv_timer_start(&timer->uv, on_timer, ms, 0);
}

void peri_timer_free(struct peri_timer *timer)
{
    if (timer == NULL)
        return;
    struct peri_loop *loop = timer->loop;
    uv_timer_stop(&timer->uv);
    if (loop->spare_count == SPARES) {
        uv_close((uv_handle_t *)&timer->uv, on_close);
        return;
    }
    timer->next = loop->spares;
    loop->spares = timer;
    loop->spare_count++;
}

void peri_timer_drop_spares(struct peri_loop *loop)
{
    while (loop->spares != NULL)
        uv_close((uv_handle_t *)&make(loop)->uv, on_close);
}
