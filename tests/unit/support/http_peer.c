/* http_peer.c: a server for Lua tests: http_peer [tls], or a proxy: http_peer connect|socks5
 * [USER PASSWORD], which prints "asked HOST:PORT" for each tunnel. Prints its URL, and with tls the
 * file of its authority, then answers by path until it is killed: /echo the request · /body what
 * it had in its body · /big 8 MiB · /hang nothing · /part a head, five bytes, then nothing · /cut
 * five of 100 bytes · /die nothing, where it is not the first on its connection · /slow reads no
 * body · /refuse refuses before the body has come · anything else: hello */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/authority.h"
#include "tests/support/peer.h"
#include "tests/support/relay.h"

static char big[8 * 1024 * 1024];

static bool is_for(const struct peer_line *line, const char *path)
{
    const char *at = strchr(line->request, ' ');
    return at != NULL && strncmp(at + 1, path, strlen(path)) == 0;
}

static bool answer_bytes(struct peer_line *line, const char *bytes, size_t n)
{
    char head[64];
    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", n);
    return peer_line_puts(line, head) && peer_line_write(line, bytes, n);
}

static bool answer_body(struct peer_line *line)
{
    const char *body = strstr(line->request, "\r\n\r\n") + 4;
    return answer_bytes(line, body, line->len - (size_t)(body - line->request));
}

/* Answers what was read; false to end the connection. */
static bool answer(struct peer_line *line, unsigned number)
{
    const char *part = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nX-A: 1\r\nX-A: 2\r\n\r\nshort";
    if (is_for(line, "/echo"))
        return answer_bytes(line, line->request, line->len);
    if (is_for(line, "/body"))
        return answer_body(line);
    if (is_for(line, "/big"))
        return answer_bytes(line, big, sizeof(big));
    if (is_for(line, "/hang") || (is_for(line, "/part") && peer_line_puts(line, part))) {
        peer_line_drain(line);
        return false;
    }
    if (is_for(line, "/cut"))
        return peer_line_puts(line, part) && false;
    if (is_for(line, "/die") && number > 0)
        return false;
    return peer_line_answer(line, "hello");
}

/* Ends a request by its head alone; false if it is not one of these. */
static bool answer_early(struct peer_line *line)
{
    struct pollfd ends = {.fd = line->fd};
    if (is_for(line, "/slow"))
        poll(&ends, 1, -1);
    else if (is_for(line, "/refuse"))
        peer_line_puts(line, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    else
        return false;
    peer_line_drain(line);
    return true;
}

static void serve(struct peer_line *line)
{
    unsigned number = 0;
    while (peer_line_peek(line) && !answer_early(line) && peer_line_read(line) &&
           answer(line, number))
        number++;
}

static void relay_and_tell(struct peer_line *line)
{
    const struct relay *relay = line->peer->arg;
    (relay->is_socks ? relay_socks5 : relay_connect)(line);
    printf("asked %s\n", relay->asked);
    fflush(stdout);
}

/* A proxy, until it is killed. */
static void serve_as_proxy(const char *kind, char **login)
{
    struct relay relay = {.is_socks = strcmp(kind, "socks5") == 0};
    if (login[0] != NULL && login[1] != NULL) {
        relay.user = login[0];
        relay.password = login[1];
    }
    struct peer *peer = peer_start(relay_and_tell, NULL);
    peer->arg = &relay;
    printf("url 127.0.0.1:%d\n", peer->port);
    fflush(stdout);
    pause();
}

int main(int argc, char **argv)
{
    char url[64];
    SSL_CTX *context = NULL;
    if (argc > 1 && strcmp(argv[1], "tls") == 0) {
        struct authority self = authority_make(&(struct authority_wish){0});
        X509 *const list[] = {self.certificate, NULL};
        context = authority_context(&self, NULL);
        printf("ca %s\n", authority_write("ca.pem", list));
    }
    if (argc > 1 && strcmp(argv[1], "tls") != 0)
        serve_as_proxy(argv[1], argv + 2);
    memset(big, 'x', sizeof(big));
    const struct peer *peer = peer_start(serve, context);
    printf("url %s\n", peer_url(peer, "", url, sizeof(url)));
    fflush(stdout);
    pause();
}
