/* server.h: a server of HTTP/1.1, plain and by TLS, on the loop.
 *
 * Requests are handed out when they are whole and within the limits; what is wrong is answered
 * here: 400, 408, 413, 414, 417, 431, 501, 503, 505. */
#ifndef PERI_SERVER_H
#define PERI_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/error.h"
#include "runtime/loop/loop.h"
#include "runtime/serve/exchange.h"
#include "runtime/tls/acceptor.h"

struct peri_server_settings {
    size_t max_head, max_body; /* bytes of one request */
    size_t max_bodies;         /* bytes of the bodies of all requests under way; past them 503 */
    unsigned max_fields;       /* header lines */
    unsigned max_connections;  /* more are closed at once */
    uint64_t head_ms;          /* for the handshake, and from the first byte of a head to its end */
    uint64_t body_ms;          /* for the first MiB of a body, and as much for each one more */
    uint64_t idle_ms;          /* between requests */
    uint64_t write_ms;         /* without the peer taking a byte of the answer */
};

enum { PERI_SERVER_STATUSES = 600 };

struct peri_server_stats {
    uint64_t accepted, requests, handshakes, handshake_failures, bytes_in, bytes_out;
    unsigned connections;
    uint32_t refused[PERI_SERVER_STATUSES]; /* by status */
};

struct peri_server;

/* What a server calls when a request is ready or it has drained. It only records or wakes. */
typedef void (*peri_server_cb)(void *arg);

/* Returns a server that does not listen yet, freed with peri_server_free. Raises the limit of open
 * files as far as the system lets it. */
struct peri_server *peri_server_new(struct peri_loop *loop,
                                    const struct peri_server_settings *settings, peri_server_cb cb,
                                    void *arg);

/* Where it listens. */
struct peri_server_address {
    char text[64];
    int port;
};

/* Listens on an address ("127.0.0.1", "::") and port, 0 for any that is free; bound receives them.
 * acceptor, borrowed, makes it TLS; NULL: plain. PERI_E_IO. */
bool peri_server_listen(struct peri_server *server, const char *address, int port,
                        const struct peri_acceptor *acceptor, struct peri_server_address *bound,
                        struct peri_error *err);

/* Listens on a socket that is bound already, and is closed with the server. */
bool peri_server_adopt(struct peri_server *server, int fd, const struct peri_acceptor *acceptor,
                       struct peri_server_address *bound, struct peri_error *err);

/* The next request, the caller's, freed with peri_exchange_free; NULL when there is none now. */
struct peri_exchange *peri_server_next(struct peri_server *server);

/* Takes no more connections, closes those that wait, and lets the others end. */
void peri_server_drain(struct peri_server *server);

/* Whether it was told to drain and has no connection left. */
bool peri_server_is_drained(const struct peri_server *server);

/* What it has counted so far; the server's own. */
const struct peri_server_stats *peri_server_stats(const struct peri_server *server);

/* Closes all; exchanges that were taken stay, and are of peers that have gone. NULL is fine. */
void peri_server_free(struct peri_server *server);

#endif
