/* work.c: uv_queue_work, whose work cannot be stopped once it has begun: it ends unseen then. */
#include "runtime/loop/work.h"

#include "runtime/base/check.h"
#include "runtime/loop/handle.h"

struct peri_work {
    uv_work_t uv; /* its data is this struct */
    peri_work_fn fn;
    peri_work_cb cb;
    void (*free)(void *);
    void *arg;
    struct peri_loop *loop;
    bool is_over, is_freed;
};

static void destroy_when_over(struct peri_work *work)
{
    if (!work->is_over || !work->is_freed)
        return;
    work->free(work->arg);
    peri_free(work);
}

static void on_work(uv_work_t *uv)
{
    struct peri_work *work = uv->data;
    work->fn(work->arg);
}

static void on_over(uv_work_t *uv, int status)
{
    struct peri_work *work = uv->data;
    (void)status;
    work->is_over = true;
    work->loop->threaded--;
    if (!work->is_freed)
        work->cb(work->arg);
    destroy_when_over(work);
}

struct peri_work *peri_work_new(struct peri_loop *loop, peri_work_fn fn, peri_work_cb cb,
                                void (*free)(void *), void *arg)
{
    struct peri_work *work = peri_alloc(sizeof(*work));
    work->uv.data = work;
    work->fn = fn;
    work->cb = cb;
    work->free = free;
    work->arg = arg;
    work->loop = loop;
    loop->threaded++;
    peri_assert(uv_queue_work(&loop->uv, &work->uv, on_work, on_over) == 0);
    return work;
}

void peri_work_free(struct peri_work *work)
{
    if (work == NULL)
        return;
    work->is_freed = true;
    uv_cancel((uv_req_t *)&work->uv);
    destroy_when_over(work);
}
