/* hmac.h: message authentication codes, and the comparison that tells nobody how near he was. */
#ifndef PERI_HMAC_H
#define PERI_HMAC_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/error.h"
#include "runtime/base/str.h"

enum { PERI_HMAC_MAX = 64 };

/* Writes the HMAC (RFC 2104) of text under key, with the digest "SHA1", "SHA256" or "SHA512"; len
 * receives its length. PERI_E_INTERNAL where the system's OpenSSL forbids that digest. */
bool peri_hmac_of(const char *digest, struct peri_str key, struct peri_str text,
                  unsigned char out[PERI_HMAC_MAX], size_t *len, struct peri_error *err);

/* Whether two texts are equal, in a time that depends on their lengths alone. */
bool peri_hmac_equal(struct peri_str a, struct peri_str b);

/* Whether signature is the Ed25519 signature (RFC 8032) of text by the key, 32 bytes. False also
 * where key or signature are none. */
bool peri_hmac_is_signed(struct peri_str key, struct peri_str signature, struct peri_str text);

#endif
