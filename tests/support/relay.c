/* relay.c: connections passed on. */
#include "tests/support/relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>

/* A connection to a port of loopback; -1 when nobody listens. */
static int dial(const char *host, int port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    bool is_v6 = strchr(host, ':') != NULL;
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v6.sin6_addr = in6addr_loopback;
    int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    int failed = is_v6 ? connect(fd, (struct sockaddr *)&v6, sizeof(v6))
                       : connect(fd, (struct sockaddr *)&v4, sizeof(v4));
    if (failed == 0)
        return fd;
    close(fd);
    return -1;
}

static bool pass_up(struct peer_line *line, int fd)
{
    char bytes[16384];
    ssize_t n = peer_line_take(line, bytes, sizeof(bytes));
    for (ssize_t at = 0; at < n;) {
        ssize_t sent = send(fd, bytes + at, (size_t)(n - at), MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += sent;
    }
    return n > 0;
}

static bool pass_down(struct peer_line *line, int fd)
{
    char bytes[16384];
    ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
    return n > 0 && peer_line_write(line, bytes, (size_t)n);
}

/* Passes bytes both ways until one side ends. */
static void splice_lines(struct peer_line *line, int fd)
{
    struct relay *relay = line->peer->arg;
    struct pollfd fds[] = {{.fd = line->fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    relay->tunnels++;
    for (bool going = true; going && poll(fds, 2, -1) > 0;) {
        if (fds[0].revents != 0)
            going = pass_up(line, fd);
        while (going && line->ssl != NULL && SSL_pending(line->ssl) > 0)
            going = pass_up(line, fd);
        if (going && fds[1].revents != 0)
            going = pass_down(line, fd);
    }
    close(fd);
}

/* ---- CONNECT ---- */

/* Whether the request says who is asked for, in Basic. */
static bool is_allowed(const struct peer_line *line)
{
    const struct relay *relay = line->peer->arg;
    char words[256], wanted[512] = "Proxy-Authorization: Basic ";
    if (relay->user == NULL)
        return true;
    int n = snprintf(words, sizeof(words), "%s:%s", relay->user, relay->password);
    EVP_EncodeBlock((unsigned char *)wanted + strlen(wanted), (unsigned char *)words, n);
    return strstr(line->request, wanted) != NULL;
}

/* Splits "host:port" or "[host]:port"; the port, or -1. */
static int split(char *asked, char **host)
{
    char *colon = strrchr(asked, ':');
    if (colon == NULL)
        return -1;
    *colon = '\0';
    *host = asked[0] == '[' ? asked + 1 : asked;
    (*host)[strcspn(*host, "]")] = '\0';
    return (int)strtol(colon + 1, NULL, 10);
}

static bool connect_on(struct peer_line *line)
{
    struct relay *relay = line->peer->arg;
    char asked[sizeof(relay->asked)], head[128], *host;
    if (sscanf(line->request, "CONNECT %299s HTTP/1.1", asked) != 1)
        return peer_line_puts(line, "HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n");
    if (!is_allowed(line))
        return peer_line_puts(line, "HTTP/1.1 407 Who?\r\nContent-Length: 0\r\n"
                                    "Proxy-Authenticate: Basic realm=\"test\"\r\n\r\n");
    memcpy(relay->asked, asked, sizeof(asked));
    int port = split(asked, &host);
    int fd = relay->refusal != 0 ? -1 : dial(host, port);
    if (fd < 0) {
        snprintf(head, sizeof(head), "HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n",
                 relay->refusal == 0 ? 502 : relay->refusal);
        return peer_line_puts(line, head);
    }
    peer_line_puts(line, "HTTP/1.1 200 Connected\r\n\r\n");
    splice_lines(line, fd);
    return false;
}

void relay_connect(struct peer_line *line)
{
    while (peer_line_read(line) && connect_on(line))
        continue;
}

/* ---- SOCKS5 ---- */

static bool take(struct peer_line *line, void *bytes, size_t n)
{
    return recv(line->fd, bytes, n, MSG_WAITALL) == (ssize_t)n;
}

/* A byte that counts, and so many bytes, with a NUL behind; how many, or -1 at the end. */
static int take_counted(struct peer_line *line, char *bytes)
{
    unsigned char n;
    if (!take(line, &n, 1) || (n > 0 && !take(line, bytes, n)))
        return -1;
    bytes[n] = '\0';
    return n;
}

static bool greet(struct peer_line *line)
{
    const struct relay *relay = line->peer->arg;
    char version, methods[256], user[256], password[256];
    if (!take(line, &version, 1) || version != 5)
        return false;
    int n = take_counted(line, methods);
    if (n < 0)
        return false;
    if (relay->user == NULL)
        return peer_line_write(line, "\5\0", 2);
    if (memchr(methods, 2, (size_t)n) == NULL)
        return peer_line_write(line, "\5\377", 2) && false;
    peer_line_write(line, "\5\2", 2);
    if (!take(line, &version, 1) || take_counted(line, user) < 0 ||
        take_counted(line, password) < 0)
        return false;
    bool ok = strcmp(user, relay->user) == 0 && strcmp(password, relay->password) == 0;
    return peer_line_write(line, ok ? "\1\0" : "\1\1", 2) && ok;
}

/* Reads whom to connect to. */
static bool take_place(struct peer_line *line, char *host, int *port)
{
    struct relay *relay = line->peer->arg;
    unsigned char head[4], address[16], number[2];
    if (!take(line, head, 4) || head[1] != 1)
        return false;
    size_t n = head[3] == 1 ? 4 : 16;
    if (head[3] == 3 ? take_counted(line, host) < 0 : !take(line, address, n))
        return false;
    if (head[3] != 3)
        inet_ntop(n == 4 ? AF_INET : AF_INET6, address, host, 256);
    if (!take(line, number, 2))
        return false;
    *port = number[0] << 8 | number[1];
    relay->kind = (char)head[3];
    snprintf(relay->asked, sizeof(relay->asked), "%s:%d", host, *port);
    return true;
}

void relay_socks5(struct peer_line *line)
{
    const struct relay *relay = line->peer->arg;
    char host[256], answer[10] = {5, 0, 0, 1};
    int port;
    if (!greet(line) || !take_place(line, host, &port))
        return;
    int fd = relay->refusal != 0 ? -1 : dial(host, port);
    answer[1] = (char)(fd >= 0 ? 0 : relay->refusal == 0 ? 5 : relay->refusal);
    peer_line_write(line, answer, sizeof(answer));
    if (fd >= 0)
        splice_lines(line, fd);
    else
        peer_line_drain(line);
}
