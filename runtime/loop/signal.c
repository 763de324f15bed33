/* signal.c: signals. The handler is ours, not libuv's, which only fills a pipe: the second SIGINT
 * must end a process whose loop does not turn. A uv_async_t, the one handle that may be touched
 * in a handler, brings the news into the loop. */
#include "runtime/loop/signal.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "runtime/base/check.h"
#include "runtime/loop/handle.h"

enum { NUMBERS = 32 }; /* the classic signals */

struct peri_signal {
    uv_async_t uv; /* its data is this struct */
    peri_signal_at_once at_once;
    peri_signal_cb cb;
    void *arg;
    peri_signal_cb diverted; /* who has them instead */
    void *diverted_arg;
    volatile sig_atomic_t came[NUMBERS];
    volatile sig_atomic_t count;
    bool watched[NUMBERS];
    struct sigaction before[NUMBERS];
};

static struct peri_signal *volatile watcher; /* the handler has no argument of its own */

static void on_signal(int number)
{
    int saved = errno;
    struct peri_signal *signal = watcher;
    bool is_diverted = signal->diverted != NULL;
    bool is_all = !is_diverted && signal->at_once != NULL && signal->at_once(signal->arg, number);
    if (!is_all) {
        if (!is_diverted && signal->count > 0 && number == SIGINT)
            _exit(PERI_SIGNAL_EXIT);
        if (!is_diverted)
            signal->count = 1;
        signal->came[number] = 1;
    }
    uv_async_send(&signal->uv);
    errno = saved;
}

static void on_async(uv_async_t *uv)
{
    struct peri_signal *signal = uv->data;
    for (int number = 1; number < NUMBERS; number++) {
        if (!signal->came[number])
            continue;
        signal->came[number] = 0;
        if (signal->diverted != NULL)
            signal->diverted(signal->diverted_arg, number);
        else
            signal->cb(signal->arg, number);
    }
}

static void on_close(uv_handle_t *uv)
{
    peri_free(uv->data);
}

static void watch(struct peri_signal *signal, int number)
{
    peri_assert(number > 0 && number < NUMBERS);
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct sigaction *before = &signal->before[number];
    sigfillset(&action.sa_mask);
    peri_assert(sigaction(number, NULL, before) == 0);
    if (number == SIGHUP && before->sa_handler == SIG_IGN)
        return; /* nohup */
    peri_assert(sigaction(number, &action, NULL) == 0);
    signal->watched[number] = true;
}

struct peri_signal *peri_signal_new(struct peri_loop *loop, const int *numbers,
                                    peri_signal_at_once at_once, peri_signal_cb cb, void *arg,
                                    struct peri_error *err)
{
    peri_assert(watcher == NULL);
    struct peri_signal *signal = peri_alloc(sizeof(*signal));
    int status = uv_async_init(&loop->uv, &signal->uv, on_async);
    if (status < 0) {
        peri_loop_error(err, status, "cannot watch for signals");
        peri_free(signal);
        return NULL;
    }
    uv_unref((uv_handle_t *)&signal->uv);
    signal->uv.data = signal;
    signal->at_once = at_once;
    signal->cb = cb;
    signal->arg = arg;
    watcher = signal;
    for (; *numbers != 0; numbers++)
        watch(signal, *numbers);
    return signal;
}

bool peri_signal_divert(peri_signal_cb cb, void *arg)
{
    struct peri_signal *signal = watcher;
    if (signal == NULL || (cb != NULL && signal->diverted != NULL))
        return false;
    signal->diverted = cb;
    signal->diverted_arg = arg;
    if (cb != NULL)
        uv_ref((uv_handle_t *)&signal->uv);
    else
        uv_unref((uv_handle_t *)&signal->uv);
    return true;
}

void peri_signal_free(struct peri_signal *signal)
{
    if (signal == NULL)
        return;
    for (int number = 1; number < NUMBERS; number++)
        if (signal->watched[number])
            sigaction(number, &signal->before[number], NULL);
    watcher = NULL;
    uv_close((uv_handle_t *)&signal->uv, on_close);
}
