/* notes.h: the inside of a handshake's record; private to this folder, as OpenSSL's types are. */
#ifndef PERI_NOTES_H
#define PERI_NOTES_H

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "runtime/tls/handshake.h"
#include "runtime/tls/trust.h"

/* Bytes of the header of a TLS record. */
enum { PERI_HANDSHAKE_HEADER = 5 };

/* X509_V_… has no code of ours: the pinned certificate is another one. */
enum { PERI_HANDSHAKE_NOT_PINNED = -1 };

struct peri_handshake {
    int references;
    char *host;
    bool is_done;
    bool is_resumed;
    bool is_client_asked; /* the server asked for a client certificate */
    bool is_client_given; /* there was one to give */
    int alert;            /* the fatal alert that the server sent; -1 without one */
    int reason;           /* SSL_R_… that ended it; 0 without one */
    int verdict;   /* X509_V_… or PERI_HANDSHAKE_NOT_PINNED; X509_V_OK without a complaint */
    int depth;     /* of the certificate that verdict is about, 0 for the leaf */
    X509 *culprit; /* that certificate */
    STACK_OF(X509) * sent;  /* what the server sent, the leaf first; NULL before, or if resumed */
    STACK_OF(X509) * built; /* the chain as far as it could be built; NULL unless verdict is bad */
    int untrusted;          /* how many of built, from the leaf on, are not from our store */
    size_t heard;           /* bytes in first */
    unsigned char first[PERI_HANDSHAKE_HEADER]; /* with which the server began */
};

/* Makes the callbacks of ssl_ctx write into handshake, of which the context holds a reference.
 * False when OpenSSL has no memory. */
bool peri_handshake_watch(SSL_CTX *ssl_ctx, struct peri_handshake *handshake);

/* The record that watches a connection; NULL without one. */
struct peri_handshake *peri_handshake_of(const SSL *ssl);

/* Keeps the verdict of a verification with its certificates. */
void peri_handshake_keep(struct peri_handshake *handshake, X509_STORE_CTX *verification,
                         int verdict);

/* Judges certificates as a handshake with handshake->host does and keeps the verdict, which it
 * returns: X509_V_… or PERI_HANDSHAKE_NOT_PINNED. name is the host's, NULL if it is an address. */
int peri_trust_judge(const struct peri_trust *trust, X509_STORE_CTX *verification, const char *name,
                     struct peri_handshake *handshake);

/* The authorities; NULL when pinned or insecure. */
X509_STORE *peri_trust_store(const struct peri_trust *trust);

#endif
