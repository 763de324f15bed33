/* pool.h: the connections to the hosts of one target, and how to get new ones.
 *
 * Requests (request.h) run on a pool; it keeps their connections for the next ones, at most so many
 * per host, and queues what comes on top, first come, first served but for what is urgent. One
 * loop, one thread. */
#ifndef PERI_POOL_H
#define PERI_POOL_H

#include <stdint.h>

#include "runtime/base/error.h"
#include "runtime/loop/loop.h"
#include "runtime/tls/trust.h"

/* Connections per host where nothing is said, and at most. */
#define PERI_POOL_CONNECTIONS 16
#define PERI_POOL_CONNECTIONS_MAX 1000
/* Milliseconds where nothing is said. */
#define PERI_POOL_CONNECT_TIMEOUT_MS 10000
#define PERI_POOL_STALL_TIMEOUT_MS 60000

struct peri_pool;

/* Zeros and NULLs stand for the defaults. Strings are borrowed until peri_pool_new returns. */
struct peri_pool_settings {
    unsigned connections;             /* per host */
    uint64_t connect_timeout_ms;      /* for name, TCP and TLS together */
    uint64_t stall_timeout_ms;        /* without a byte either way; whole seconds, rounded up */
    const char *proxy, *proxy_source; /* URL of that for https, and who says so; NULL, "": none */
    const char *plain_proxy, *plain_proxy_source; /* that for http */
    const char *no_proxy;                         /* see peri_proxy_is_exempt */
    const char *connect_to; /* host:port to connect to, whatever a URL says; NULL: what it says */
    struct peri_trust_settings trust;
};

/* Since the pool was made. */
struct peri_pool_stats {
    uint64_t requests;    /* that got to a connection, whatever their end */
    uint64_t connections; /* opened */
    uint64_t handshakes;  /* of TLS, complete */
    uint64_t resumed;     /* of these, by a session of before */
    uint64_t bytes_in;    /* as on the wire, but for TLS */
    uint64_t bytes_out;
};

/* Returns a pool on loop, freed with peri_pool_free before it. The first pool of a process starts
 * libcurl and OpenSSL up. NULL and the errors of peri_trust_new, or PERI_E_ARGUMENT. */
struct peri_pool *peri_pool_new(struct peri_loop *loop, const struct peri_pool_settings *settings,
                                struct peri_error *err);

/* Ends its requests with PERI_E_HTTP_CLOSED (they stay their owners' and may be freed later),
 * closes the connections and frees the pool. NULL is fine. Not from a callback of a request. */
void peri_pool_free(struct peri_pool *pool);

/* The counts so far. */
struct peri_pool_stats peri_pool_stats(const struct peri_pool *pool);

/* What the newest TLS handshake showed, whatever its end; NULL before the first. The pool's own. */
const struct peri_handshake *peri_pool_handshake(const struct peri_pool *pool);

/* The release of libcurl and of its TLS library: "libcurl/7.88.1 OpenSSL/3.0.17". */
const char *peri_pool_release(void);

#endif
