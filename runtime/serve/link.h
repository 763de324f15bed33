/* link.h: one connection of a server, its requests one after another; private to this folder. */
#ifndef PERI_LINK_H
#define PERI_LINK_H

#include <uv.h>

#include "runtime/loop/timer.h"
#include "runtime/serve/exchange.h"
#include "runtime/serve/inbound.h"
#include "runtime/serve/server.h"

struct peri_link;

struct peri_exchange {
    struct peri_link *link; /* NULL: the peer has gone, or was answered */
    struct peri_server *server;
    struct peri_inbound request;
    char peer[INET6_ADDRSTRLEN];
    uint64_t id;
    peri_exchange_cb cb;
    void *arg;
    struct peri_exchange *next; /* of those that nobody has taken yet */
    bool is_tls, is_answered, is_chunked, is_mute;
};

struct peri_server {
    struct peri_loop *loop;
    struct peri_server_settings settings;
    struct peri_inbound_limits limits;
    peri_server_cb cb;
    void *arg;
    struct peri_listener *listeners;
    struct peri_link *links;
    struct peri_exchange *first, *last; /* not taken yet */
    struct peri_server_stats stats;
    size_t bodies; /* bytes of bodies that have come, also in part, and were not answered */
    uint64_t ids;
    char date[64]; /* the header, of this second */
    time_t date_at;
    char room[64 * 1024];  /* what was read last; a callback reads it before the next one comes */
    char plain[16 * 1024]; /* of that, deciphered */
    unsigned handles;      /* listeners and links that are not closed yet */
    unsigned exchanges;    /* not freed yet */
    bool is_draining, is_freed;
};

/* Takes a connection from a listener. */
void peri_link_accept(struct peri_server *server, uv_stream_t *listener,
                      const struct peri_acceptor *acceptor);

/* Ends a link that waits for a request; one with a request ends after its answer. */
void peri_link_drain(struct peri_link *link);

/* Ends it at once. */
void peri_link_close(struct peri_link *link);

/* The next one of the server. */
struct peri_link *peri_link_next(const struct peri_link *link);

/* Frees a server that was, when nothing of it is left. */
void peri_server_destroy_when_empty(struct peri_server *server);

/* The exchange is ready to be taken. */
void peri_server_offer(struct peri_server *server, struct peri_exchange *exchange);

/* The header "Date: …\r\n" of now. */
const char *peri_server_date(struct peri_server *server);

/* The reason phrase of a status. */
const char *peri_server_reason(int status);

/* Counts a request that was refused. */
void peri_server_refused(struct peri_server *server, int status);

/* For exchange.c: what the link does with an answer. */
bool peri_link_write(struct peri_link *link, const char *bytes, size_t n);
void peri_link_flush(struct peri_link *link);
size_t peri_link_unsent(const struct peri_link *link);
void peri_link_answered(struct peri_link *link, bool is_last);
void peri_link_listen(struct peri_link *link);
const struct peri_secure *peri_link_secure(const struct peri_link *link);

#endif
