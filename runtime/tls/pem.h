/* pem.h: files of certificates and keys, and what to say of those that cannot be used. Of
 * runtime/tls alone: the types are OpenSSL's. */
#ifndef PERI_PEM_H
#define PERI_PEM_H

#include <stdbool.h>

#include <openssl/bio.h>
#include <openssl/x509.h>

#include "runtime/base/error.h"

/* Fills err with PERI_E_TLS_SETUP, what cannot be used, and the words of the newest OpenSSL error,
 * whose queue is empty after. Returns false. */
bool peri_pem_fail(struct peri_error *err, const char *what, const char *path);

/* Opens a file, freed with BIO_free; NULL and PERI_E_IO when it cannot be read. what is said of it:
 * "the key". */
BIO *peri_pem_open(const char *what, const char *path, struct peri_error *err);

/* Adds the certificates of a file (PEM, or one in DER) to list, whose owner frees them; there must
 * be at least one. PERI_E_IO or PERI_E_TLS_SETUP. */
bool peri_pem_certificates(const char *what, const char *path, STACK_OF(X509) * list,
                           struct peri_error *err);

#endif
