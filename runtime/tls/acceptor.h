/* acceptor.h: what a server shows to those who connect by TLS; it can be read again while the
 * server runs. */
#ifndef PERI_ACCEPTOR_H
#define PERI_ACCEPTOR_H

#include <stdbool.h>

#include "runtime/base/error.h"

/* Whether clients show a certificate. */
enum peri_acceptor_client {
    PERI_ACCEPTOR_CLIENT_NONE,
    PERI_ACCEPTOR_CLIENT_OPTIONAL,
    PERI_ACCEPTOR_CLIENT_REQUIRED,
};

/* Copied. client_ca is a PEM file of the authorities of clients; NULL without. */
struct peri_acceptor_settings {
    const char *cert, *key, *client_ca;
    enum peri_acceptor_client client;
};

struct peri_acceptor;

/* Reads the files. Freed with peri_acceptor_free, sessions may live on. NULL, PERI_E_IO or
 * PERI_E_TLS_SETUP, naming the file, when they cannot be used. */
struct peri_acceptor *peri_acceptor_new(const struct peri_acceptor_settings *settings,
                                        struct peri_error *err);

/* Reads the files again, for sessions to come. On a mistake all stays as it was. */
bool peri_acceptor_reload(struct peri_acceptor *acceptor, struct peri_error *err);

/* NULL is fine. */
void peri_acceptor_free(struct peri_acceptor *acceptor);

/* Its SSL_CTX of OpenSSL, for sessions that begin now (secure.h); the acceptor's own. */
void *peri_acceptor_ssl_ctx(const struct peri_acceptor *acceptor);

#endif
