/* secure.h: the server's side of a TLS session, over memory: somebody else carries the bytes. */
#ifndef PERI_SECURE_H
#define PERI_SECURE_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/buf.h"
#include "runtime/tls/acceptor.h"

struct peri_secure;

/* A session, which writes what is to be sent to out, borrowed. NULL when OpenSSL has no memory. */
struct peri_secure *peri_secure_new(const struct peri_acceptor *acceptor, struct peri_buf *out);

/* NULL is fine. */
void peri_secure_free(struct peri_secure *secure);

/* Gives it bytes that were received, borrowed until it has read them all. */
void peri_secure_feed(struct peri_secure *secure, const char *bytes, size_t n);

/* Reads up to n bytes of what the peer said, after a handshake if need be. 0: it waits for more;
 * -1: it is broken or has ended. */
int peri_secure_read(struct peri_secure *secure, char *bytes, size_t n);

/* Says n bytes to the peer. False when it is broken. */
bool peri_secure_write(struct peri_secure *secure, const char *bytes, size_t n);

/* Says goodbye. */
void peri_secure_end(struct peri_secure *secure);

/* Whether the handshake is done. */
bool peri_secure_is_open(const struct peri_secure *secure);

#define PERI_SECURE_TEXT_SIZE 512

/* The certificate that the client showed, and that its authorities vouch for. */
struct peri_secure_client {
    char subject[PERI_SECURE_TEXT_SIZE], issuer[PERI_SECURE_TEXT_SIZE]; /* RFC 2253 */
    char sha256[65];                                                    /* hexadecimal */
};

/* False when it showed none. */
bool peri_secure_client(const struct peri_secure *secure, struct peri_secure_client *client);

#endif
