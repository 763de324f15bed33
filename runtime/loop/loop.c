/* loop.c: the event loop. libuv's handles die in a callback of a later turn; the other files of
 * this folder hide that, and nobody else holds a handle. */
#include "runtime/loop/loop.h"

#include "runtime/base/check.h"
#include "runtime/loop/handle.h"

bool peri_loop_error(struct peri_error *err, int status, const char *what)
{
    char words[128];
    uv_strerror_r(status, words, sizeof(words));
    return peri_error_set(err, PERI_E_IO, "%s: %s", what, words);
}

static void on_prepare(uv_prepare_t *keeper)
{
    (void)keeper;
}

struct peri_loop *peri_loop_new(struct peri_error *err)
{
    struct peri_loop *loop = peri_alloc(sizeof(*loop));
    int status = uv_loop_init(&loop->uv);
    if (status < 0) {
        peri_loop_error(err, status, "cannot make an event loop");
        peri_free(loop);
        return NULL;
    }
    uv_prepare_init(&loop->uv, &loop->keeper);
    uv_prepare_start(&loop->keeper, on_prepare);
    uv_unref((uv_handle_t *)&loop->keeper);
    peri_timer_start_loop(loop);
    return loop;
}

void peri_loop_free(struct peri_loop *loop)
{
    if (loop == NULL)
        return;
    while (loop->threaded > 0) /* threads are at work, which cannot be stopped */
        uv_run(&loop->uv, UV_RUN_ONCE);
    peri_timer_end_loop(loop);
    uv_close((uv_handle_t *)&loop->keeper, NULL);
    uv_run(&loop->uv, UV_RUN_NOWAIT); /* the close callbacks */
    peri_assert(uv_loop_close(&loop->uv) == 0);
    peri_free(loop);
}

bool peri_loop_run(struct peri_loop *loop, bool wait)
{
    if (uv_loop_alive(&loop->uv))
        return uv_run(&loop->uv, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT) != 0;
    /* Signals and polls in the background are still to be seen. */
    uv_ref((uv_handle_t *)&loop->keeper);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    uv_unref((uv_handle_t *)&loop->keeper);
    return uv_loop_alive(&loop->uv);
}

const char *peri_loop_release(void)
{
    return uv_version_string();
}
