/* relay.h: proxies for tests, as scripts of peers: CONNECT and SOCKS5, with and without a login.
 *
 * Every name is looked for on loopback, so that a host may be called as a test likes. */
#ifndef RELAY_H
#define RELAY_H

#include "tests/support/peer.h"

/* What a proxy demands, and what it saw; peer->arg. */
struct relay {
    const char *user, *password; /* NULL: of nobody */
    int refusal;                 /* status, or reply of SOCKS, instead of a tunnel; 0: none */
    char asked[300];             /* "host:port" of the newest request */
    bool is_socks;               /* for those who run both */
    char kind;                   /* of SOCKS: 1 an address, 3 a name, 4 an IPv6 address */
    atomic_uint tunnels;
};

/* A proxy for CONNECT that takes Basic; anything else gets 405. */
void relay_connect(struct peer_line *line);

/* A SOCKS5 proxy. */
void relay_socks5(struct peer_line *line);

#endif
