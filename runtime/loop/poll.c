/* poll.c: readiness of foreign descriptors. */
#include "runtime/loop/poll.h"

#include <fcntl.h>

#include "runtime/base/check.h"
#include "runtime/loop/handle.h"

struct peri_poll {
    uv_poll_t uv; /* its data is this struct */
    peri_poll_cb cb;
    void *arg;
    unsigned events; /* asked for; 0 while disarmed */
};

static void on_poll(uv_poll_t *uv, int status, int events)
{
    struct peri_poll *poll = uv->data;
    unsigned seen = 0;
    if (status < 0) {
        seen = PERI_POLL_ERROR;
        poll->events = 0; /* libuv has stopped it */
    }
    if (events & (UV_READABLE | UV_DISCONNECT))
        seen |= PERI_POLL_IN;
    if (events & UV_WRITABLE)
        seen |= PERI_POLL_OUT;
    poll->cb(poll->arg, seen);
}

static void on_close(uv_handle_t *uv)
{
    peri_free(uv->data);
}

struct peri_poll *peri_poll_new(struct peri_loop *loop, int fd, peri_poll_cb cb, void *arg,
                                struct peri_error *err)
{
    struct peri_poll *poll = peri_alloc(sizeof(*poll));
    int flags = fcntl(fd, F_GETFL);
    int status = uv_poll_init(&loop->uv, &poll->uv, fd);
    if (status < 0) {
        peri_loop_error(err, status, "cannot poll a descriptor");
        peri_free(poll);
        return NULL;
    }
    fcntl(fd, F_SETFL, flags); /* uv_poll_init sets O_NONBLOCK, which others may share */
    poll->uv.data = poll;
    poll->cb = cb;
    poll->arg = arg;
    return poll;
}

void peri_poll_set(struct peri_poll *poll, unsigned events)
{
    peri_assert((events & ~(unsigned)(PERI_POLL_IN | PERI_POLL_OUT)) == 0);
    if (events == poll->events)
        return;
    poll->events = events;
    if (events == 0) {
        uv_poll_stop(&poll->uv);
        return;
    }
    int wanted =
        (events & PERI_POLL_IN ? UV_READABLE : 0) | (events & PERI_POLL_OUT ? UV_WRITABLE : 0);
    peri_assert(uv_poll_start(&poll->uv, wanted, on_poll) == 0);
}

void peri_poll_background(struct peri_poll *poll, bool background)
{
    if (background)
        uv_unref((uv_handle_t *)&poll->uv);
    else
        uv_ref((uv_handle_t *)&poll->uv);
}

void peri_poll_free(struct peri_poll *poll)
{
    if (poll != NULL)
        uv_close((uv_handle_t *)&poll->uv, on_close);
}
