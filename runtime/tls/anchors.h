/* anchors.h: the certificates that chains may end at, and the revocations; read once per pool.
 * OpenSSL's types are in here, so only the files of this folder include it. */
#ifndef PERI_ANCHORS_H
#define PERI_ANCHORS_H

#include <openssl/x509.h>

#include "runtime/base/error.h"
#include "runtime/tls/trust.h"

/* Reads what settings name and returns a store of it, freed with X509_STORE_free; source receives
 * where that came from, freed with peri_free. NULL and PERI_E_IO or PERI_E_TLS_SETUP. */
X509_STORE *peri_anchors_load(const struct peri_trust_settings *settings, char **source,
                              struct peri_error *err);

/* A certificate of the store with this subject; NULL when it has none. The store's own. */
const X509 *peri_anchors_named(X509_STORE *store, const X509_NAME *subject);

/* The entry about a certificate in the revocation lists of the store; NULL without one. */
const X509_REVOKED *peri_anchors_revocation(X509_STORE *store, X509 *certificate);

#endif
