/* peer.c: a scripted server. */
#include "tests/support/peer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/check.h"

enum { LINES = 512, REQUEST_SIZE = 4 * 1024 * 1024 };

struct inside {
    pthread_t listener;
    pthread_mutex_t lock;
    bool is_stopping;
    unsigned count;
    pthread_t threads[LINES];
    struct peer_line lines[LINES];
};

ssize_t peer_line_take(struct peer_line *line, void *bytes, size_t size)
{
    if (line->ssl == NULL)
        return recv(line->fd, bytes, size, 0);
    return SSL_read(line->ssl, bytes, (int)size);
}

bool peer_line_write(struct peer_line *line, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n > 0) {
        size_t part = n < 16384 ? n : 16384;
        ssize_t sent = line->ssl == NULL ? send(line->fd, at, part, MSG_NOSIGNAL)
                                         : SSL_write(line->ssl, at, (int)part);
        if (sent <= 0)
            return false;
        line->peer->written += (size_t)sent;
        at += sent;
        n -= (size_t)sent;
    }
    return true;
}

bool peer_line_puts(struct peer_line *line, const char *text)
{
    return peer_line_write(line, text, strlen(text));
}

bool peer_line_answer(struct peer_line *line, const char *body)
{
    char head[128];
    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(body));
    return peer_line_puts(line, head) && peer_line_puts(line, body);
}

/* The length of the head at the begin of the buffer, once it is there; 0 before. */
static size_t head_length(const char *request)
{
    const char *end = strstr(request, "\r\n\r\n");
    return end == NULL ? 0 : (size_t)(end - request) + 4;
}

/* The length of the request at the begin of the buffer, once its head is there, and all of it if it
 * comes in chunks; 0 before. */
static size_t request_length(const char *request)
{
    size_t length = head_length(request);
    const char *end = request + length - 2;
    if (length == 0)
        return 0;
    for (const char *at = request; at < end; at = strstr(at, "\r\n") + 2) {
        if (strncasecmp(at, "Content-Length:", 15) == 0)
            return length + (size_t)strtoull(at + 15, NULL, 10);
        const char *last = strstr(end, "\r\n0\r\n\r\n");
        if (strncasecmp(at, "Transfer-Encoding: chunked", 26) == 0)
            return last == NULL ? 0 : (size_t)(last - request) + 7;
    }
    return length;
}

/* Reads until what length() knows the length of is there; 0 at the end of the connection. */
static size_t read_until(struct peer_line *line, size_t (*length)(const char *request))
{
    memmove(line->request, line->request + line->len, line->pending);
    size_t wanted = 0;
    line->len = 0;
    line->request[line->pending] = '\0';
    while ((wanted = length(line->request)) == 0 || line->pending < wanted) {
        ssize_t n =
            peer_line_take(line, line->request + line->pending, REQUEST_SIZE - 1 - line->pending);
        if (n <= 0)
            return 0;
        line->pending += (size_t)n;
        line->request[line->pending] = '\0';
    }
    return wanted;
}

bool peer_line_peek(struct peer_line *line)
{
    return read_until(line, head_length) > 0;
}

bool peer_line_read(struct peer_line *line)
{
    size_t wanted = read_until(line, request_length);
    if (wanted == 0)
        return false;
    line->len = wanted;
    line->pending -= wanted;
    line->peer->requests++;
    return true;
}

void peer_line_reset(struct peer_line *line)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(line->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    SSL_free(line->ssl);
    line->ssl = NULL;
    pthread_mutex_t *lock = &((struct inside *)line->peer->inside)->lock;
    pthread_mutex_lock(lock);
    close(line->fd);
    line->fd = -1;
    pthread_mutex_unlock(lock);
}

void peer_line_swallow(struct peer_line *line)
{
    char bytes[4096];
    peer_line_take(line, bytes, sizeof(bytes));
}

void peer_line_drain(struct peer_line *line)
{
    char bytes[4096];
    while (line->fd >= 0 && peer_line_take(line, bytes, sizeof(bytes)) > 0)
        continue;
}

static bool accept_tls(struct peer_line *line)
{
    if (line->peer->tls == NULL)
        return true;
    line->ssl = SSL_new(line->peer->tls);
    SSL_set_fd(line->ssl, line->fd);
    if (SSL_accept(line->ssl) != 1) {
        shutdown(line->fd, SHUT_WR); /* closing at once would reset, and lose the alert */
        SSL_free(line->ssl);
        line->ssl = NULL;
        peer_line_drain(line);
        return false;
    }
    line->peer->handshakes++;
    return true;
}

static void *run_line(void *arg)
{
    struct peer_line *line = arg;
    int yes = 1;
    setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    line->request = malloc(REQUEST_SIZE);
    if (accept_tls(line))
        line->peer->script(line);
    free(line->request);
    if (line->ssl != NULL && line->fd >= 0)
        SSL_shutdown(line->ssl);
    SSL_free(line->ssl);
    OPENSSL_thread_stop();
    pthread_mutex_t *lock = &((struct inside *)line->peer->inside)->lock;
    pthread_mutex_lock(lock);
    if (line->fd >= 0)
        close(line->fd);
    line->fd = -1;
    pthread_mutex_unlock(lock);
    line->peer->ended++;
    return NULL;
}

static void *listen_on(void *arg)
{
    struct peer *peer = arg;
    struct inside *inside = peer->inside;
    int fd;
    while ((fd = accept(peer->fd, NULL, NULL)) >= 0) {
        pthread_mutex_lock(&inside->lock);
        peri_assert(inside->count < LINES);
        struct peer_line *line = &inside->lines[inside->count];
        *line = (struct peer_line){.peer = peer, .fd = fd, .at = inside->count};
        peer->connections++;
        if (inside->is_stopping)
            shutdown(fd, SHUT_RDWR);
        pthread_create(&inside->threads[inside->count++], NULL, run_line, line);
        pthread_mutex_unlock(&inside->lock);
    }
    return NULL;
}

/* A listening socket on a free port, which is written to port. */
static int open_port(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    peri_assert(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    peri_assert(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

int peer_closed_port(void)
{
    int port;
    close(open_port(&port));
    return port;
}

/* The same on ::1; -1 where that cannot be had. */
static int open_port_v6(int *port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    if (fd < 0)
        return -1;
    if (bind(fd, (struct sockaddr *)&address, size) != 0) {
        close(fd);
        return -1;
    }
    peri_assert(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    *port = ntohs(address.sin6_port);
    return fd;
}

static struct peer *start_on(int fd, int port, peer_script script, SSL_CTX *tls)
{
    signal(SIGPIPE, SIG_IGN);
    struct peer *peer = calloc(1, sizeof(*peer));
    struct inside *inside = calloc(1, sizeof(*inside));
    peer->script = script;
    peer->tls = tls;
    peer->inside = inside;
    peer->fd = fd;
    peer->port = port;
    pthread_mutex_init(&inside->lock, NULL);
    peri_assert(listen(peer->fd, LINES) == 0);
    pthread_create(&inside->listener, NULL, listen_on, peer);
    return peer;
}

struct peer *peer_start(peer_script script, SSL_CTX *tls)
{
    int port;
    int fd = open_port(&port);
    return start_on(fd, port, script, tls);
}

struct peer *peer_start_v6(peer_script script, SSL_CTX *tls)
{
    int port;
    int fd = open_port_v6(&port);
    struct peer *peer = fd < 0 ? NULL : start_on(fd, port, script, tls);
    if (peer != NULL)
        peer->is_v6 = true;
    return peer;
}

void peer_stop(struct peer *peer)
{
    struct inside *inside = peer->inside;
    pthread_mutex_lock(&inside->lock);
    inside->is_stopping = true;
    for (unsigned i = 0; i < inside->count; i++)
        if (inside->lines[i].fd >= 0)
            shutdown(inside->lines[i].fd, SHUT_RDWR);
    pthread_mutex_unlock(&inside->lock);
    shutdown(peer->fd, SHUT_RDWR);
    pthread_join(inside->listener, NULL);
    for (unsigned i = 0; i < inside->count; i++)
        pthread_join(inside->threads[i], NULL);
    close(peer->fd);
    pthread_mutex_destroy(&inside->lock);
    free(inside);
    free(peer);
}

char *peer_url(const struct peer *peer, const char *path, char *url, size_t size)
{
    snprintf(url, size, "http%s://%s:%d%s", peer->tls == NULL ? "" : "s",
             peer->is_v6 ? "[::1]" : "127.0.0.1", peer->port, path);
    return url;
}
