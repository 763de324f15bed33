/* link.c: a connection: bytes in, a request handed out, its answer written, the next one.
 *
 * While a request is with those who answer it nothing is read, but by a stream, which must learn
 * that its reader has left. What was read too far is kept for the next request. After a last answer
 * our side is closed, and what still comes is thrown away for a moment: a peer that is busy
 * sending would lose the answer otherwise. */
#include "runtime/serve/link.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/check.h"
#include "runtime/loop/handle.h"

enum {
    UNSENT_MAX = 64 * 1024 * 1024, /* bytes of answers that wait; an answer may be larger */
    AHEAD_MAX = 256 * 1024,        /* bytes read too far */
    LINGER_MS = 1000,
    MIB = 1 << 20,
};

enum phase {
    PHASE_IDLE, /* waits for a request */
    PHASE_HEAD, /* of a request, or a handshake */
    PHASE_BODY,
    PHASE_OUT,    /* the request is being answered */
    PHASE_LINGER, /* all is said; waits for the peer to end */
};

struct peri_link {
    uv_tcp_t uv; /* its data is this struct */
    struct peri_server *server;
    struct peri_link *next, **at; /* of the server's list */
    struct peri_secure *secure;   /* NULL: plain */
    struct peri_inbound request;
    struct peri_exchange *exchange; /* that is being answered */
    struct peri_buf ahead;          /* read too far */
    struct peri_buf out;            /* to be sent */
    struct peri_buf sending;        /* handed to libuv */
    size_t left;                    /* bytes of it that the peer had not taken when last seen */
    size_t counted;                 /* bytes of the request among the server's */
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct peri_timer *timer;
    enum phase phase;
    bool is_reading, is_writing, is_ending, is_closed, was_open;
};

static void on_read(uv_stream_t *uv, ssize_t n, const uv_buf_t *buf);
static void go_on(struct peri_link *link);

/* Has the request, as far as it has come, among the bytes that the server holds. */
static void count_body(struct peri_link *link)
{
    size_t size = link->request.body.size;
    link->server->bodies += size - link->counted;
    link->counted = size;
}

static void forget_request(struct peri_link *link)
{
    peri_inbound_reset(&link->request);
    count_body(link);
}

/* ---- the end ---- */

static void on_closed(uv_handle_t *uv)
{
    struct peri_link *link = uv->data;
    struct peri_server *server = link->server;
    peri_secure_free(link->secure);
    peri_inbound_reset(&link->request);
    peri_buf_deinit(&link->ahead);
    peri_buf_deinit(&link->out);
    peri_buf_deinit(&link->sending);
    peri_free(link);
    server->handles--;
    peri_server_destroy_when_empty(server);
}

void peri_link_close(struct peri_link *link)
{
    if (link->is_closed)
        return;
    link->is_closed = true;
    *link->at = link->next;
    if (link->next != NULL)
        link->next->at = link->at;
    link->server->stats.connections--;
    forget_request(link);
    peri_timer_free(link->timer);
    link->timer = NULL;
    struct peri_exchange *exchange = link->exchange;
    link->exchange = NULL;
    if (exchange != NULL) {
        exchange->link = NULL;
        if (exchange->cb != NULL)
            exchange->cb(exchange->arg);
    }
    uv_close((uv_handle_t *)&link->uv, on_closed);
}

struct peri_link *peri_link_next(const struct peri_link *link)
{
    return link->next;
}

const struct peri_secure *peri_link_secure(const struct peri_link *link)
{
    return link->secure;
}

/* ---- sending ---- */

static void send_more(struct peri_link *link);

static void on_shutdown(uv_shutdown_t *shutdown, int status)
{
    struct peri_link *link = shutdown->data;
    if (status < 0)
        peri_link_close(link);
}

/* All was said: closes our side, and waits a moment for the peer's. */
static void linger(struct peri_link *link)
{
    link->phase = PHASE_LINGER;
    link->shutdown.data = link;
    peri_timer_set(link->timer, LINGER_MS);
    if (uv_shutdown(&link->shutdown, (uv_stream_t *)&link->uv, on_shutdown) < 0)
        peri_link_close(link);
    else
        peri_link_listen(link);
}

static void all_sent(struct peri_link *link)
{
    if (link->is_ending && link->phase != PHASE_LINGER)
        linger(link);
    if (link->is_ending || link->phase != PHASE_OUT)
        return;
    peri_timer_set(link->timer, PERI_TIMER_IDLE);
    if (link->exchange == NULL)
        go_on(link);
    else if (link->exchange->cb != NULL)
        link->exchange->cb(link->exchange->arg);
}

static void on_written(uv_write_t *write, int status)
{
    struct peri_link *link = write->data;
    link->is_writing = false;
    if (link->is_closed)
        return;
    if (status < 0) {
        peri_link_close(link);
        return;
    }
    link->server->stats.bytes_out += link->sending.len;
    peri_buf_deinit(&link->sending);
    send_more(link);
}

/* Hands what is left to libuv, which keeps at it. */
static void send_rest(struct peri_link *link)
{
    link->sending = link->out;
    peri_buf_init(&link->out, UNSENT_MAX);
    uv_buf_t buf = uv_buf_init(link->sending.data, (unsigned)link->sending.len);
    link->write.data = link;
    link->is_writing = true;
    if (link->phase == PHASE_OUT)
        peri_timer_set(link->timer, link->server->settings.write_ms);
    if (uv_write(&link->write, (uv_stream_t *)&link->uv, &buf, 1, on_written) < 0) {
        link->is_writing = false;
        peri_link_close(link);
    }
    link->left = uv_stream_get_write_queue_size((uv_stream_t *)&link->uv);
}

static void send_more(struct peri_link *link)
{
    if (link->is_writing || link->is_closed)
        return;
    if (link->out.len > 0) {
        uv_buf_t buf = uv_buf_init(link->out.data, (unsigned)link->out.len);
        int n = uv_try_write((uv_stream_t *)&link->uv, &buf, 1);
        if (n < 0 && n != UV_EAGAIN) {
            peri_link_close(link);
            return;
        }
        size_t sent = n < 0 ? 0 : (size_t)n;
        link->server->stats.bytes_out += sent;
        if (sent < link->out.len) {
            memmove(link->out.data, link->out.data + sent, link->out.len - sent);
            link->out.len -= sent;
            send_rest(link);
            return;
        }
        peri_buf_deinit(&link->out);
    }
    all_sent(link);
}

void peri_link_flush(struct peri_link *link)
{
    if (link->out.len > 0 || link->is_ending)
        send_more(link);
}

bool peri_link_write(struct peri_link *link, const char *bytes, size_t n)
{
    if (link->is_closed)
        return false;
    bool is_taken = link->secure == NULL ? peri_buf_add(&link->out, bytes, n, NULL)
                                         : peri_secure_write(link->secure, bytes, n);
    if (!is_taken)
        peri_link_close(link);
    return is_taken;
}

size_t peri_link_unsent(const struct peri_link *link)
{
    return link->out.len + (link->is_writing ? link->sending.len : 0);
}

/* Sends what there is, then ends. */
static void end(struct peri_link *link)
{
    if (link->secure != NULL)
        peri_secure_end(link->secure);
    link->is_ending = true;
    peri_timer_set(link->timer, link->server->settings.write_ms);
    send_more(link);
}

/* Answers what cannot be handed out, in a line of text; then ends. */
static void refuse(struct peri_link *link, int status, const char *reason)
{
    char head[256];
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 %d %s\r\n%sContent-Type: text/plain\r\nContent-Length: %zu\r\n"
                     "Connection: close\r\n\r\n",
                     status, peri_server_reason(status), peri_server_date(link->server),
                     strlen(reason) + 1);
    peri_assert(n > 0 && (size_t)n < sizeof(head));
    peri_server_refused(link->server, status);
    forget_request(link);
    link->phase = PHASE_OUT;
    if (peri_link_write(link, head, (size_t)n) && peri_link_write(link, reason, strlen(reason)) &&
        peri_link_write(link, "\n", 1))
        end(link);
}

/* ---- receiving ---- */

static void on_room(uv_handle_t *uv, size_t suggested, uv_buf_t *out)
{
    const struct peri_link *link = uv->data;
    (void)suggested;
    *out = uv_buf_init(link->server->room, sizeof(link->server->room));
}

void peri_link_listen(struct peri_link *link)
{
    if (link->is_reading || link->is_closed)
        return;
    link->is_reading = true;
    if (uv_read_start((uv_stream_t *)&link->uv, on_room, on_read) < 0)
        peri_link_close(link);
}

static void stop_listening(struct peri_link *link)
{
    link->is_reading = false;
    uv_read_stop((uv_stream_t *)&link->uv);
}

static uint64_t body_ms(const struct peri_link *link)
{
    uint64_t size = link->request.has_length ? link->request.length : link->server->limits.body;
    return link->server->settings.body_ms * (1 + size / MIB);
}

/* Gives the part that goes on now its time. */
static void enter(struct peri_link *link, enum phase phase)
{
    const struct peri_server_settings *settings = &link->server->settings;
    if (link->phase == phase)
        return;
    link->phase = phase;
    peri_timer_set(link->timer, phase == PHASE_IDLE   ? settings->idle_ms
                                : phase == PHASE_HEAD ? settings->head_ms
                                : phase == PHASE_BODY ? body_ms(link)
                                                      : PERI_TIMER_IDLE);
}

/* A request is whole: it goes to those who answer. */
static void hand_out(struct peri_link *link)
{
    struct peri_server *server = link->server;
    struct peri_exchange *exchange = peri_alloc(sizeof(*exchange));
    struct sockaddr_storage peer = {0};
    int len = sizeof(peer);
    if (uv_tcp_getpeername(&link->uv, (struct sockaddr *)&peer, &len) == 0)
        uv_ip_name((struct sockaddr *)&peer, exchange->peer, sizeof(exchange->peer));
    if (strncmp(exchange->peer, "::ffff:", 7) == 0 && strchr(exchange->peer, '.') != NULL)
        memmove(exchange->peer, exchange->peer + 7, strlen(exchange->peer + 7) + 1);
    exchange->link = link;
    exchange->server = server;
    exchange->request = link->request;
    exchange->request.parser.data = NULL;
    exchange->is_tls = link->secure != NULL;
    exchange->id = ++server->ids;
    server->exchanges++;
    server->stats.requests++;
    peri_inbound_init(&link->request, &server->limits);
    link->counted = 0; /* it is the exchange's now */
    link->exchange = exchange;
    enter(link, PHASE_OUT);
    stop_listening(link);
    peri_server_offer(server, exchange);
}

/* The sender waits for our word before it sends the body. */
static void encourage(struct peri_link *link)
{
    static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
    link->request.is_expecting = false;
    if (link->request.body.len == 0 && peri_link_write(link, line, sizeof(line) - 1))
        peri_link_flush(link);
}

static bool is_too_much(const struct peri_link *link)
{
    const struct peri_server *server = link->server;
    return link->request.body.len > 0 && server->bodies > server->settings.max_bodies;
}

static void look(struct peri_link *link)
{
    const struct peri_inbound *request = &link->request;
    count_body(link);
    if (request->state == PERI_INBOUND_BAD) {
        refuse(link, request->status, request->reason);
    } else if (is_too_much(link)) {
        refuse(link, 503, "too much is being received; send it again later");
    } else if (request->state == PERI_INBOUND_WHOLE) {
        hand_out(link);
    } else if (request->state == PERI_INBOUND_BODY) {
        enter(link, PHASE_BODY);
        if (request->is_expecting)
            encourage(link);
    } else if (request->state == PERI_INBOUND_HEAD) {
        enter(link, PHASE_HEAD);
    }
}

/* Takes in what the peer said; what belongs to the next request waits. */
static void take(struct peri_link *link, const char *bytes, size_t n)
{
    while (n > 0 && !link->is_closed && !link->is_ending) {
        if (link->phase == PHASE_OUT) {
            bool fits = link->ahead.len + n <= AHEAD_MAX;
            if (!fits || !peri_buf_add(&link->ahead, bytes, n, NULL))
                peri_link_close(link);
            return;
        }
        size_t used = peri_inbound_feed(&link->request, bytes, n);
        bytes += used;
        n -= used;
        look(link);
    }
}

/* The peer says no more; one that asked before is still answered. */
static void hang_up(struct peri_link *link)
{
    if (link->exchange == NULL)
        end(link);
    else if (link->exchange->cb != NULL)
        peri_link_close(link);
    else
        link->exchange->request.is_last = true;
}

static void take_ciphered(struct peri_link *link, const char *bytes, size_t n)
{
    struct peri_server *server = link->server;
    int got = 0;
    peri_secure_feed(link->secure, bytes, n);
    while (!link->is_closed && !link->is_ending &&
           (got = peri_secure_read(link->secure, server->plain, sizeof(server->plain))) > 0)
        take(link, server->plain, (size_t)got);
    if (link->is_closed)
        return;
    if (!link->was_open && peri_secure_is_open(link->secure)) {
        link->was_open = true;
        server->stats.handshakes++;
        if (link->phase == PHASE_HEAD && link->request.state == PERI_INBOUND_EMPTY)
            enter(link, PHASE_IDLE);
    }
    if (got < 0 && !link->is_ending) {
        server->stats.handshake_failures += link->was_open ? 0 : 1;
        hang_up(link);
        return;
    }
    peri_link_flush(link);
}

static void on_read(uv_stream_t *uv, ssize_t n, const uv_buf_t *buf)
{
    struct peri_link *link = uv->data;
    if (n == 0 || link->is_closed)
        return;
    if (n < 0) {
        peri_link_close(link);
        return;
    }
    link->server->stats.bytes_in += (uint64_t)n;
    if (link->is_ending)
        return; /* thrown away */
    if (link->secure == NULL)
        take(link, buf->base, (size_t)n);
    else
        take_ciphered(link, buf->base, (size_t)n);
}

/* ---- from request to request ---- */

void peri_link_answered(struct peri_link *link, bool is_last)
{
    link->exchange = NULL;
    if (is_last)
        end(link);
    else
        send_more(link);
}

/* The answer was sent: what came meanwhile is taken, then the next request may come. A peer that
 * asks on and on and does not read has to wait so. */
static void go_on(struct peri_link *link)
{
    if (link->server->is_draining && link->ahead.len == 0) {
        end(link);
        return;
    }
    enter(link, PHASE_IDLE);
    struct peri_buf ahead = link->ahead;
    peri_buf_init(&link->ahead, AHEAD_MAX);
    take(link, ahead.data, ahead.len);
    peri_buf_deinit(&ahead);
    if (link->phase != PHASE_OUT && !link->is_ending)
        peri_link_listen(link);
}

/* Whether the peer took something of an answer since it was last looked at. */
static bool is_taking(struct peri_link *link)
{
    size_t before = link->left;
    link->left = uv_stream_get_write_queue_size((uv_stream_t *)&link->uv);
    bool is_out = link->phase == PHASE_OUT || link->is_ending;
    return is_out && link->is_writing && link->left < before;
}

static void on_timer(void *arg)
{
    struct peri_link *link = arg;
    bool was_asked = (link->phase == PHASE_HEAD || link->phase == PHASE_BODY) && !link->is_ending;
    if (was_asked && (link->secure == NULL || link->was_open))
        refuse(link, 408, "the request took too long to arrive");
    else if (is_taking(link))
        peri_timer_set(link->timer, link->server->settings.write_ms);
    else
        peri_link_close(link);
}

void peri_link_drain(struct peri_link *link)
{
    if (link->phase == PHASE_IDLE)
        end(link);
}

static void add_to(struct peri_server *server, struct peri_link *link)
{
    link->next = server->links;
    link->at = &server->links;
    if (link->next != NULL)
        link->next->at = &link->next;
    server->links = link;
    server->stats.connections++;
    server->stats.accepted++;
    server->handles++;
}

void peri_link_accept(struct peri_server *server, uv_stream_t *listener,
                      const struct peri_acceptor *acceptor)
{
    struct peri_link *link = peri_alloc(sizeof(*link));
    uv_tcp_init(&server->loop->uv, &link->uv);
    link->uv.data = link;
    link->server = server;
    peri_inbound_init(&link->request, &server->limits);
    peri_buf_init(&link->ahead, AHEAD_MAX);
    peri_buf_init(&link->out, UNSENT_MAX);
    peri_buf_init(&link->sending, UNSENT_MAX);
    add_to(server, link);
    link->timer = peri_timer_new(server->loop, PERI_TIMER_IDLE, on_timer, link);
    bool is_full = server->stats.connections > server->settings.max_connections;
    if (uv_accept(listener, (uv_stream_t *)&link->uv) < 0 || is_full) {
        server->stats.refused[503] += is_full ? 1 : 0;
        peri_link_close(link);
        return;
    }
    uv_tcp_nodelay(&link->uv, 1);
    if (acceptor != NULL)
        link->secure = peri_secure_new(acceptor, &link->out);
    link->phase = PHASE_LINGER; /* none yet */
    enter(link, acceptor != NULL ? PHASE_HEAD : PHASE_IDLE);
    if (acceptor != NULL && link->secure == NULL)
        peri_link_close(link);
    else
        peri_link_listen(link);
}
