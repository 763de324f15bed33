/* timer.c: timers. All of a loop stand in one heap, by the time when they are due, and one timer of
 * libuv waits for the first of them. libuv's own heap links its handles, which lie apart in memory:
 * with thousands that sleep each step of it misses the cache. This one is an array. */
#include "runtime/loop/timer.h"

#include "runtime/base/check.h"
#include "runtime/loop/handle.h"

enum {
    ARITY = 4, /* children of a place in the heap: they share a cache line or two */
    SMALLEST = 64,
};

struct peri_timer {
    struct peri_loop *loop;
    peri_timer_cb cb;
    void *arg;
    size_t place; /* in the heap, plus one; 0: it is idle */
};

struct peri_due {
    uint64_t ms;    /* of the loop's clock */
    uint64_t order; /* of two that are due at once the one that was set first is called first */
    struct peri_timer *timer;
};

/* ---- the heap ---- */

static bool is_before(const struct peri_due *a, const struct peri_due *b)
{
    return a->ms < b->ms || (a->ms == b->ms && a->order < b->order);
}

static void put(struct peri_timer_heap *timers, size_t place, struct peri_due due)
{
    timers->heap[place] = due;
    due.timer->place = place + 1;
}

/* Puts due at a place that is free, or nearer to the top. */
static void rise(struct peri_timer_heap *timers, size_t place, struct peri_due due)
{
    while (place > 0) {
        size_t parent = (place - 1) / ARITY;
        if (!is_before(&due, &timers->heap[parent]))
            break;
        put(timers, place, timers->heap[parent]);
        place = parent;
    }
    put(timers, place, due);
}

/* The first of the children of a place; the place itself when it has none. */
static size_t first_child(const struct peri_timer_heap *timers, size_t place)
{
    size_t first = place * ARITY + 1, end = first + ARITY;
    if (first >= timers->count)
        return place;
    if (end > timers->count)
        end = timers->count;
    for (size_t child = first + 1; child < end; child++)
        if (is_before(&timers->heap[child], &timers->heap[first]))
            first = child;
    return first;
}

/* Puts due at a place that is free, or farther from the top. */
static void sink(struct peri_timer_heap *timers, size_t place, struct peri_due due)
{
    for (;;) {
        size_t child = first_child(timers, place);
        if (child == place || !is_before(&timers->heap[child], &due))
            break;
        put(timers, place, timers->heap[child]);
        place = child;
    }
    put(timers, place, due);
}

static void add(struct peri_timer_heap *timers, struct peri_due due)
{
    if (timers->count == timers->size) {
        timers->size = timers->size == 0 ? SMALLEST : timers->size * 2;
        timers->heap = peri_realloc(timers->heap, timers->size * sizeof(*timers->heap));
    }
    rise(timers, timers->count++, due);
}

static void take_out(struct peri_timer_heap *timers, struct peri_timer *timer)
{
    size_t place = timer->place - 1;
    struct peri_due last = timers->heap[--timers->count];
    timer->place = 0;
    if (last.timer == timer)
        return;
    if (place > 0 && is_before(&last, &timers->heap[(place - 1) / ARITY]))
        rise(timers, place, last);
    else
        sink(timers, place, last);
}

/* ---- libuv's timer ---- */

static void on_due(uv_timer_t *uv);

/* Makes libuv's timer wait for the first one. It may be set too early, never too late: it is moved
 * only where that is needed, or when the last one has gone. */
static void arm(struct peri_loop *loop)
{
    struct peri_timer_heap *timers = &loop->timers;
    if (timers->count == 0) {
        uv_timer_stop(&timers->uv);
        return;
    }
    uint64_t first = timers->heap[0].ms, now = uv_now(&loop->uv);
    if (uv_is_active((uv_handle_t *)&timers->uv) && timers->armed_ms <= first)
        return;
    timers->armed_ms = first;
    uv_timer_start(&timers->uv, on_due, first > now ? first - now : 0, 0);
}

static void on_due(uv_timer_t *uv)
{
    struct peri_loop *loop = uv->data;
    struct peri_timer_heap *timers = &loop->timers;
    uint64_t now = uv_now(&loop->uv);
    bool is_any = false;
    while (timers->count > 0 && timers->heap[0].ms <= now) {
        struct peri_timer *timer = timers->heap[0].timer;
        take_out(timers, timer);
        is_any = true;
        timer->cb(timer->arg);
    }
    if (is_any)
        uv_stop(uv->loop); /* libuv runs timers first in a turn, and would then sleep in it */
    arm(loop);
}

void peri_timer_start_loop(struct peri_loop *loop)
{
    uv_timer_init(&loop->uv, &loop->timers.uv);
    loop->timers.uv.data = loop;
}

void peri_timer_end_loop(struct peri_loop *loop)
{
    peri_assert(loop->timers.count == 0);
    peri_free(loop->timers.heap);
    uv_close((uv_handle_t *)&loop->timers.uv, NULL);
}

/* ---- timers ---- */

struct peri_timer *peri_timer_new(struct peri_loop *loop, uint64_t ms, peri_timer_cb cb, void *arg)
{
    struct peri_timer *timer = peri_alloc(sizeof(*timer));
    timer->loop = loop;
    timer->cb = cb;
    timer->arg = arg;
    peri_timer_set(timer, ms);
    return timer;
}

void peri_timer_set(struct peri_timer *timer, uint64_t ms)
{
    struct peri_loop *loop = timer->loop;
    struct peri_timer_heap *timers = &loop->timers;
    if (timer->place == 0 && ms == PERI_TIMER_IDLE)
        return;
    if (timer->place > 0)
        take_out(timers, timer);
    if (ms != PERI_TIMER_IDLE) {
        uv_update_time(&loop->uv); /* else the time counts from the start of this turn */
        uint64_t now = uv_now(&loop->uv);
        uint64_t due = ms < UINT64_MAX - now ? now + ms : UINT64_MAX;
        add(timers, (struct peri_due){due, timers->order++, timer});
    }
    arm(loop);
}

void peri_timer_free(struct peri_timer *timer)
{
    if (timer == NULL)
        return;
    peri_timer_set(timer, PERI_TIMER_IDLE);
    peri_free(timer);
}
