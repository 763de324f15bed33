/* watch.c: libcurl's sockets and timer on the loop.
 *
 * libcurl asks to unwatch a socket after each request and to watch it anew for the next one. A
 * socket that we opened stays armed in between, in the background: no epoll_ctl per request. An
 * event that nobody asked for (the server ended an idle connection) disarms it. Sockets of which
 * we never learn the end (the resolver's pair) are watched only while asked for. */
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/check.h"
#include "runtime/http/inside.h"
#include "runtime/loop/poll.h"

struct peri_watch {
    struct peri_watch *next;
    struct peri_pool *pool;
    curl_socket_t fd;
    bool is_ours;           /* opened by on_open, closed by on_close */
    unsigned asked;         /* PERI_POLL_… that libcurl waits for; 0: nothing */
    struct peri_poll *poll; /* NULL until first asked for */
};

static struct peri_watch *find(const struct peri_pool *pool, curl_socket_t fd)
{
    struct peri_watch *watch = pool->watches;
    while (watch != NULL && watch->fd != fd)
        watch = watch->next;
    return watch;
}

static struct peri_watch *add(struct peri_pool *pool, curl_socket_t fd, bool is_ours)
{
    struct peri_watch *watch = peri_alloc(sizeof(*watch));
    *watch = (struct peri_watch){.pool = pool, .fd = fd, .is_ours = is_ours};
    watch->next = pool->watches;
    pool->watches = watch;
    return watch;
}

static void drop(struct peri_watch *watch)
{
    struct peri_watch **link = &watch->pool->watches;
    while (*link != watch)
        link = &(*link)->next;
    *link = watch->next;
    peri_poll_free(watch->poll);
    peri_free(watch);
}

static void on_event(void *arg, unsigned events)
{
    struct peri_watch *watch = arg;
    struct peri_pool *pool = watch->pool;
    curl_socket_t fd = watch->fd;
    bool is_broken = (events & PERI_POLL_ERROR) != 0;
    if (is_broken) /* libcurl learns why by reading or writing */
        events = PERI_POLL_IN | PERI_POLL_OUT;
    if ((events & watch->asked) == 0) {
        peri_poll_set(watch->poll, watch->asked);
        return;
    }
    peri_pool_drive(pool, fd,
                    (events & PERI_POLL_IN ? CURL_CSELECT_IN : 0) |
                        (events & PERI_POLL_OUT ? CURL_CSELECT_OUT : 0));
    watch = is_broken ? find(pool, fd) : NULL;
    if (watch != NULL && watch->poll != NULL)
        peri_poll_set(watch->poll, watch->asked); /* an error disarmed it; bytes may still wait */
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct peri_pool *pool = arg;
    (void)purpose;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    add(pool, fd, true);
    pool->stats.connections++;
    return fd;
}

static int on_close(void *arg, curl_socket_t fd)
{
    struct peri_watch *watch = find(arg, fd);
    peri_assert(watch != NULL);
    drop(watch);
    return close(fd);
}

/* libcurl waits for nothing on the socket any more. */
static void unask(struct peri_watch *watch)
{
    if (!watch->is_ours) {
        drop(watch);
        return;
    }
    watch->asked = 0;
    if (watch->poll == NULL)
        return;
    peri_poll_background(watch->poll, true);
    peri_poll_set(watch->poll, PERI_POLL_IN);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    (void)easy;
    (void)socket_arg;
    struct peri_pool *pool = arg;
    struct peri_watch *watch = find(pool, fd);
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL)
            unask(watch);
        return 0;
    }
    if (watch == NULL)
        watch = add(pool, fd, false);
    if (watch->poll == NULL)
        watch->poll = peri_poll_new(pool->loop, fd, on_event, watch, NULL);
    if (watch->poll == NULL)
        return -1; /* every transfer of the pool fails */
    watch->asked = (what & CURL_POLL_IN ? PERI_POLL_IN : 0U) | //
                   (what & CURL_POLL_OUT ? PERI_POLL_OUT : 0U);
    peri_poll_background(watch->poll, false);
    peri_poll_set(watch->poll, watch->asked);
    return 0;
}

/* Called only to set our timer, which fires in a later turn: so 0 calls nothing back at once. */
static int on_timer_wish(CURLM *multi, long timeout_ms, void *arg)
{
    struct peri_pool *pool = arg;
    (void)multi;
    peri_timer_set(pool->timer, timeout_ms < 0 ? PERI_TIMER_IDLE : (uint64_t)timeout_ms);
    return 0;
}

static void on_timer(void *arg)
{
    peri_pool_drive(arg, CURL_SOCKET_TIMEOUT, 0);
}

void peri_watch_multi(struct peri_pool *pool)
{
    pool->timer = peri_timer_new(pool->loop, PERI_TIMER_IDLE, on_timer, pool);
    curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
    curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, on_timer_wish);
    curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
}

void peri_watch_easy(struct peri_pool *pool, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, pool);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, pool);
}

void peri_watch_free(struct peri_pool *pool)
{
    while (pool->watches != NULL)
        drop(pool->watches);
    peri_timer_free(pool->timer);
}
