/* notice.c: news from other threads. */
#include "runtime/loop/notice.h"

#include "runtime/loop/handle.h"

struct peri_notice {
    uv_async_t uv; /* its data is this struct */
    peri_notice_cb cb;
    void *arg;
};

static void on_async(uv_async_t *uv)
{
    struct peri_notice *notice = uv->data;
    notice->cb(notice->arg);
}

static void on_close(uv_handle_t *uv)
{
    peri_free(uv->data);
}

struct peri_notice *peri_notice_new(struct peri_loop *loop, peri_notice_cb cb, void *arg,
                                    struct peri_error *err)
{
    struct peri_notice *notice = peri_alloc(sizeof(*notice));
    int status = uv_async_init(&loop->uv, &notice->uv, on_async);
    if (status < 0) {
        peri_loop_error(err, status, "cannot hear of other threads");
        peri_free(notice);
        return NULL;
    }
    uv_unref((uv_handle_t *)&notice->uv);
    notice->uv.data = notice;
    notice->cb = cb;
    notice->arg = arg;
    return notice;
}

void peri_notice_send(struct peri_notice *notice)
{
    uv_async_send(&notice->uv);
}

void peri_notice_background(struct peri_notice *notice, bool background)
{
    if (background)
        uv_unref((uv_handle_t *)&notice->uv);
    else
        uv_ref((uv_handle_t *)&notice->uv);
}

void peri_notice_free(struct peri_notice *notice)
{
    if (notice != NULL)
        uv_close((uv_handle_t *)&notice->uv, on_close);
}
