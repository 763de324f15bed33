/* identity.h: who we are: a certificate, its chain and its key; for TLS, and to sign with. */
#ifndef PERI_IDENTITY_H
#define PERI_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/error.h"
#include "runtime/base/str.h"

struct peri_identity;

/* A signature has as many bytes as its key; 512 at most in practice. */
struct peri_identity_signature {
    unsigned char bytes[2048];
    size_t len;
};

/* Reads PEM files: the certificate with its chain, and the key, which is in the same file if key is
 * NULL; password is that of an encrypted key, or NULL. Returns what they say, freed with
 * peri_identity_free. NULL, PERI_E_IO or PERI_E_TLS_SETUP, naming the file, when something cannot
 * be used or the key is another certificate's; PERI_E_TLS_KEY when it wants another password. */
struct peri_identity *peri_identity_new(const char *cert, const char *key, const char *password,
                                        struct peri_error *err);

/* NULL is fine. */
void peri_identity_free(struct peri_identity *identity);

/* Makes an SSL_CTX of OpenSSL show the certificate where it is asked for. Takes references of its
 * own. False when OpenSSL refuses, with its reason in OpenSSL's queue. */
bool peri_identity_apply(const struct peri_identity *identity, void *ssl_ctx);

/* The certificate, as DER; the identity's own. */
struct peri_str peri_identity_certificate(const struct peri_identity *identity);

/* Makes the RSA signature (PKCS #1 version 1.5, SHA-256) of n bytes. PERI_E_TLS_SETUP when the key
 * is not RSA, or too large. */
bool peri_identity_sign(const struct peri_identity *identity, const void *bytes, size_t n,
                        struct peri_identity_signature *out, struct peri_error *err);

#endif
