/* pin.h: thumbprints of certificates, as people write and paste them. */
#ifndef PERI_PIN_H
#define PERI_PIN_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/error.h"
#include "runtime/tls/digest.h"

struct peri_pin {
    size_t len; /* PERI_DIGEST_SHA1 or PERI_DIGEST_SHA256 */
    unsigned char bytes[PERI_DIGEST_MAX];
};

/* Bytes of the longest pin in words, with its NUL. */
#define PERI_PIN_TEXT_SIZE (sizeof("SHA-256 ") + 3UL * PERI_DIGEST_MAX)

/* Reads 40 (SHA-1) or 64 (SHA-256) hexadecimal digits of any case, separated by colons, blanks,
 * dashes or nothing, after an optional "SHA-1", "SHA-256" (also "sha256:", "sha1 Fingerprint=").
 * PERI_E_TLS_SETUP says what is wrong. */
bool peri_pin_parse(const char *text, struct peri_pin *pin, struct peri_error *err);

/* Fills pin with the digest, len bytes long, of a certificate in DER. Errors: of peri_digest_of. */
bool peri_pin_of(const void *der, size_t n, size_t len, struct peri_pin *pin,
                 struct peri_error *err);

/* Whether both are the same digest of the same kind. */
bool peri_pin_equal(const struct peri_pin *a, const struct peri_pin *b);

/* Writes the pin as "SHA-256 4F:1C:…" into text, of PERI_PIN_TEXT_SIZE bytes. */
void peri_pin_format(const struct peri_pin *pin, char *text);

#endif
