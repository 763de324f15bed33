/* peer.h: the other end of a connection, on loopback, doing what a test says; for C tests.
 *
 * Each connection has a thread of its own, which runs the test's script. */
#ifndef PEER_H
#define PEER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <openssl/ssl.h>

/* One connection, seen from the script. */
struct peer_line {
    struct peer *peer;
    int fd;
    SSL *ssl;      /* NULL without TLS */
    unsigned at;   /* which connection it is, from 0 */
    char *request; /* the one read last, with a NUL behind */
    size_t len;
    size_t pending; /* bytes behind it that were read already */
};

typedef void (*peer_script)(struct peer_line *line);

struct peer {
    int fd;
    int port;
    bool is_v6;
    SSL_CTX *tls; /* NULL: plain; owned by the test */
    peer_script script;
    void *arg;               /* the script's */
    atomic_uint connections; /* taken, before TLS */
    atomic_uint requests;    /* read whole by scripts */
    atomic_uint handshakes;  /* of TLS, ended well */
    atomic_uint ended;       /* connections whose script has ended and that are closed */
    atomic_size_t written;   /* bytes that the system took from scripts */
    void *inside;
};

/* Listens on a free port of 127.0.0.1. Ends the test where the system forbids that. */
struct peer *peer_start(peer_script script, SSL_CTX *tls);

/* The same on ::1; NULL where this machine has no IPv6. */
struct peer *peer_start_v6(peer_script script, SSL_CTX *tls);

/* Ends all connections and waits for their threads. */
void peer_stop(struct peer *peer);

/* Writes "http://127.0.0.1:port/path" (or https, or [::1]) into url, of size bytes, and returns it.
 */
char *peer_url(const struct peer *peer, const char *path, char *url, size_t size);

/* A port on which nobody listens. */
int peer_closed_port(void);

/* Reads the head of the next request into line->request, where peer_line_read finds it again, and
 * none of the body but what came with it. False at the end of the connection. */
bool peer_line_peek(struct peer_line *line);

/* Takes bytes that came, up to size; 0 or less at the end of the connection. */
ssize_t peer_line_take(struct peer_line *line, void *bytes, size_t size);

/* Reads one request, head and body, into line->request. False at the end of the connection. */
bool peer_line_read(struct peer_line *line);

/* Sends bytes; false when the connection is gone. */
bool peer_line_write(struct peer_line *line, const void *bytes, size_t n);
bool peer_line_puts(struct peer_line *line, const char *text);

/* Sends an answer with status 200 and a length. */
bool peer_line_answer(struct peer_line *line, const char *body);

/* Ends the connection with a reset instead of an end of file. */
void peer_line_reset(struct peer_line *line);

/* Reads what comes first, whatever it is. */
void peer_line_swallow(struct peer_line *line);

/* Blocks until the other side ends the connection. */
void peer_line_drain(struct peer_line *line);

#endif
