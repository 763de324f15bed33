/* exchange.h: a request that came in whole, and its answer; it outlives its connection. */
#ifndef PERI_EXCHANGE_H
#define PERI_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/str.h"
#include "runtime/tls/secure.h"

struct peri_exchange;

/* One header of an answer. */
struct peri_exchange_field {
    const char *name, *value;
};

/* Who is told when a stream can be written to again, or the peer has gone. It only records or
 * wakes. */
typedef void (*peri_exchange_cb)(void *arg);

/* What the request says; all of the exchange until it is freed. */
struct peri_str peri_exchange_method(const struct peri_exchange *exchange);
struct peri_str peri_exchange_target(const struct peri_exchange *exchange);

/* Its body, until it is answered or its answer begun; empty then. */
struct peri_str peri_exchange_body(const struct peri_exchange *exchange);

/* The peer's address, without a port. */
const char *peri_exchange_peer(const struct peri_exchange *exchange);
bool peri_exchange_is_tls(const struct peri_exchange *exchange);

/* Counts the requests of a server, from 1. */
uint64_t peri_exchange_id(const struct peri_exchange *exchange);

/* The next value of a header, as peri_inbound_find; the header at a place, false past the last. */
bool peri_exchange_find(const struct peri_exchange *exchange, struct peri_str name, unsigned *at,
                        struct peri_str *value);
bool peri_exchange_field(const struct peri_exchange *exchange, unsigned at, struct peri_str *name,
                         struct peri_str *value);

/* The client's certificate; false without one, and when the connection is gone. */
bool peri_exchange_client(const struct peri_exchange *exchange, struct peri_secure_client *client);

/* Answers, once. Content-Length and Date are added; a HEAD gets no body. False when the peer has
 * gone. Names and values must be without line ends (asserted). */
bool peri_exchange_answer(struct peri_exchange *exchange, int status,
                          const struct peri_exchange_field *fields, size_t count,
                          struct peri_str body);

/* Begins an answer whose body is written piece by piece. cb(arg) is told of each change, until the
 * exchange is freed. False when the peer has gone. */
bool peri_exchange_begin(struct peri_exchange *exchange, int status,
                         const struct peri_exchange_field *fields, size_t count,
                         peri_exchange_cb cb, void *arg);

/* Writes a piece. False when the peer has gone. */
bool peri_exchange_write(struct peri_exchange *exchange, struct peri_str bytes);

/* Bytes that the peer has not taken yet; who writes should wait until there are few. */
size_t peri_exchange_unsent(const struct peri_exchange *exchange);

/* Whether the peer has gone. */
bool peri_exchange_is_gone(const struct peri_exchange *exchange);

/* Whether it was answered, or its answer begun. */
bool peri_exchange_is_answered(const struct peri_exchange *exchange);

/* Ends what was begun, if it was; answers 500 if nothing was; and frees. NULL is fine. */
void peri_exchange_free(struct peri_exchange *exchange);

#endif
