/* desk.c: between the two threads. */
#include "runtime/term/desk.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "runtime/base/check.h"
#include "runtime/base/limits.h"

static bool open_pipe(int *ends, struct peri_error *err)
{
    if (pipe(ends) != 0)
        return peri_error_errno(err, errno, "cannot make a pipe");
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    }
    return true;
}

static void close_pipe(const int *ends)
{
    close(ends[0]);
    close(ends[1]);
}

bool peri_desk_init(struct peri_desk *desk, struct peri_error *err)
{
    *desk = (struct peri_desk){0};
    if (!open_pipe(desk->wake, err))
        return false;
    if (!open_pipe(desk->news, err)) {
        close_pipe(desk->wake);
        return false;
    }
    peri_assert(pthread_mutex_init(&desk->lock, NULL) == 0);
    peri_assert(pthread_cond_init(&desk->changed, NULL) == 0);
    peri_buf_init(&desk->remembered, PERI_LIMIT_TERMINAL);
    peri_buf_init(&desk->above, PERI_LIMIT_TERMINAL);
    return true;
}

void peri_desk_drop(struct peri_editor_answer *answer)
{
    if (answer == NULL)
        return;
    peri_free(answer->insert);
    peri_free(answer->list);
    peri_free(answer);
}

void peri_desk_deinit(struct peri_desk *desk)
{
    close_pipe(desk->wake);
    close_pipe(desk->news);
    pthread_mutex_destroy(&desk->lock);
    pthread_cond_destroy(&desk->changed);
    peri_free(desk->prompt);
    peri_free(desk->first);
    peri_free(desk->mode);
    peri_buf_deinit(&desk->remembered);
    peri_buf_deinit(&desk->above);
    peri_desk_drop(desk->answer);
    peri_free(desk->event.text);
}

void peri_desk_ring(const int *pipe)
{
    ssize_t written = write(pipe[1], "", 1);
    (void)written; /* a full pipe wakes as well */
}

void peri_desk_hear(const int *pipe)
{
    char bytes[64];
    while (read(pipe[0], bytes, sizeof(bytes)) > 0)
        ;
}

void peri_desk_put(struct peri_desk *desk, const struct peri_editor_event *event)
{
    peri_free(desk->event.text);
    desk->event = *event;
    peri_desk_ring(desk->news);
}
