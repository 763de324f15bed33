/* server.c: listeners, and what all links share. */
#include "runtime/serve/server.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "runtime/base/check.h"
#include "runtime/loop/handle.h"
#include "runtime/serve/link.h"

enum { BACKLOG = 4096, TARGET_MAX = 8192 };

struct peri_listener {
    uv_tcp_t uv; /* its data is this struct */
    struct peri_server *server;
    const struct peri_acceptor *acceptor;
    struct peri_listener *next;
};

/* ---- listeners ---- */

static void on_connection(uv_stream_t *uv, int status)
{
    const struct peri_listener *listener = uv->data;
    if (status == 0)
        peri_link_accept(listener->server, uv, listener->acceptor);
}

static void on_listener_closed(uv_handle_t *uv)
{
    struct peri_listener *listener = uv->data;
    struct peri_server *server = listener->server;
    peri_free(listener);
    server->handles--;
    peri_server_destroy_when_empty(server);
}

static struct peri_listener *new_listener(struct peri_server *server,
                                          const struct peri_acceptor *acceptor)
{
    struct peri_listener *listener = peri_alloc(sizeof(*listener));
    uv_tcp_init(&server->loop->uv, &listener->uv);
    listener->uv.data = listener;
    listener->server = server;
    listener->acceptor = acceptor;
    server->handles++;
    return listener;
}

static void tell_address(const uv_tcp_t *uv, struct peri_server_address *bound)
{
    struct sockaddr_storage address = {0};
    int len = sizeof(address);
    *bound = (struct peri_server_address){0};
    if (uv_tcp_getsockname(uv, (struct sockaddr *)&address, &len) < 0)
        return;
    uv_ip_name((struct sockaddr *)&address, bound->text, sizeof(bound->text));
    bound->port = ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                                      : ((struct sockaddr_in *)&address)->sin_port);
}

/* What to do about an address that cannot be listened on; NULL when nothing can be said. */
static const char *advice(int status)
{
    switch (status) {
    case UV_EADDRINUSE:
        return "another program listens there; \"ss -ltnp\" tells which";
    case UV_EACCES:
        return "ports below 1024 are for root: take another one, or let systemd pass the socket on";
    case UV_EADDRNOTAVAIL:
        return "this machine has no such address; 0.0.0.0 and :: are all that it has";
    default:
        return NULL;
    }
}

static bool start(struct peri_listener *listener, int status, const char *what,
                  struct peri_server_address *bound, struct peri_error *err)
{
    struct peri_server *server = listener->server;
    if (status == 0)
        status = uv_listen((uv_stream_t *)&listener->uv, BACKLOG, on_connection);
    if (status < 0) {
        uv_close((uv_handle_t *)&listener->uv, on_listener_closed);
        peri_error_set(err, PERI_E_IO, "cannot listen on %s: %s", what, uv_strerror(status));
        const char *hint = advice(status);
        return hint == NULL ? false : peri_error_hint(err, "%s", hint);
    }
    listener->next = server->listeners;
    server->listeners = listener;
    tell_address(&listener->uv, bound);
    return true;
}

bool peri_server_listen(struct peri_server *server, const char *address, int port,
                        const struct peri_acceptor *acceptor, struct peri_server_address *bound,
                        struct peri_error *err)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } place;
    char what[128];
    bool is_v6 = strchr(address, ':') != NULL;
    int status =
        is_v6 ? uv_ip6_addr(address, port, &place.v6) : uv_ip4_addr(address, port, &place.v4);
    snprintf(what, sizeof(what), is_v6 ? "[%s]:%d" : "%s:%d", address, port);
    struct peri_listener *listener = new_listener(server, acceptor);
    if (status == 0)
        status = uv_tcp_bind(&listener->uv, &place.any, 0);
    return start(listener, status, what, bound, err);
}

bool peri_server_adopt(struct peri_server *server, int fd, const struct peri_acceptor *acceptor,
                       struct peri_server_address *bound, struct peri_error *err)
{
    char what[64];
    snprintf(what, sizeof(what), "the socket %d", fd);
    struct peri_listener *listener = new_listener(server, acceptor);
    return start(listener, uv_tcp_open(&listener->uv, fd), what, bound, err);
}

/* ---- what links need ---- */

const char *peri_server_date(struct peri_server *server)
{
    time_t now = time(NULL);
    if (now != server->date_at) {
        struct tm utc;
        gmtime_r(&now, &utc);
        strftime(server->date, sizeof(server->date), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
        server->date_at = now;
    }
    return server->date;
}

const char *peri_server_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
#define REASON(number, name, text) {number, #text},
        HTTP_STATUS_MAP(REASON)
#undef REASON
    };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "UNKNOWN";
}

void peri_server_refused(struct peri_server *server, int status)
{
    peri_assert(status > 0 && status < PERI_SERVER_STATUSES);
    server->stats.refused[status]++;
}

void peri_server_offer(struct peri_server *server, struct peri_exchange *exchange)
{
    if (server->last == NULL)
        server->first = exchange;
    else
        server->last->next = exchange;
    server->last = exchange;
    server->cb(server->arg);
}

struct peri_exchange *peri_server_next(struct peri_server *server)
{
    struct peri_exchange *exchange = server->first;
    if (exchange == NULL)
        return NULL;
    server->first = exchange->next;
    if (server->first == NULL)
        server->last = NULL;
    exchange->next = NULL;
    return exchange;
}

/* ---- the server ---- */

static void raise_open_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

struct peri_server *peri_server_new(struct peri_loop *loop,
                                    const struct peri_server_settings *settings, peri_server_cb cb,
                                    void *arg)
{
    struct peri_server *server = peri_alloc(sizeof(*server));
    server->loop = loop;
    server->settings = *settings;
    server->limits = (struct peri_inbound_limits){
        .head = settings->max_head,
        .target = settings->max_head < TARGET_MAX ? settings->max_head : TARGET_MAX,
        .body = settings->max_body,
        .fields = settings->max_fields,
    };
    server->cb = cb;
    server->arg = arg;
    raise_open_files();
    return server;
}

static void close_listeners(struct peri_server *server)
{
    while (server->listeners != NULL) {
        struct peri_listener *listener = server->listeners;
        server->listeners = listener->next;
        uv_close((uv_handle_t *)&listener->uv, on_listener_closed);
    }
}

void peri_server_drain(struct peri_server *server)
{
    server->is_draining = true;
    close_listeners(server);
    for (struct peri_link *link = server->links, *next; link != NULL; link = next) {
        next = peri_link_next(link);
        peri_link_drain(link);
    }
    server->cb(server->arg);
}

bool peri_server_is_drained(const struct peri_server *server)
{
    return server->is_draining && server->links == NULL && server->first == NULL;
}

const struct peri_server_stats *peri_server_stats(const struct peri_server *server)
{
    return &server->stats;
}

void peri_server_destroy_when_empty(struct peri_server *server)
{
    if (server->is_freed && server->handles == 0 && server->exchanges == 0)
        peri_free(server);
    else if (!server->is_freed && peri_server_is_drained(server))
        server->cb(server->arg);
}

void peri_server_free(struct peri_server *server)
{
    if (server == NULL)
        return;
    server->is_draining = true;
    close_listeners(server);
    for (struct peri_link *link = server->links, *next; link != NULL; link = next) {
        next = peri_link_next(link);
        peri_link_close(link);
    }
    for (struct peri_exchange *one; (one = peri_server_next(server)) != NULL;)
        peri_exchange_free(one);
    server->is_freed = true;
    peri_server_destroy_when_empty(server);
}
