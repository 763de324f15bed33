/* digest.h: digests, random bytes and random identifiers. */
#ifndef PERI_DIGEST_H
#define PERI_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/error.h"

enum { PERI_DIGEST_SHA1 = 20, PERI_DIGEST_SHA256 = 32, PERI_DIGEST_MAX = 32 };

/* Bytes of a UUID in words, with its NUL. */
#define PERI_DIGEST_UUID_SIZE 37

/* Fills digest with the SHA-1 or SHA-256 (by len, one of PERI_DIGEST_…) of n bytes.
 * PERI_E_INTERNAL where the system's OpenSSL forbids that digest. */
bool peri_digest_of(const void *bytes, size_t n, unsigned char *digest, size_t len,
                    struct peri_error *err);

/* A digest of bytes that come piece by piece. */
struct peri_digest;

/* Returns a digest of nothing, SHA-1 or SHA-256 by len, freed with peri_digest_free; NULL and
 * PERI_E_INTERNAL as peri_digest_of. */
struct peri_digest *peri_digest_new(size_t len, struct peri_error *err);
void peri_digest_free(struct peri_digest *digest);

/* Adds n bytes. */
void peri_digest_add(struct peri_digest *digest, const void *bytes, size_t n);

/* Writes the digest of all bytes so far, its length's worth, and returns that; more may be added.
 */
size_t peri_digest_end(const struct peri_digest *digest, unsigned char *out);

/* Writes n bytes as 2 * n lower-case hexadecimal digits and a NUL. */
void peri_digest_hex(const unsigned char *bytes, size_t n, char *hex);

/* Fills bytes with n unpredictable ones. PERI_E_INTERNAL when the system has none. */
bool peri_digest_random(void *bytes, size_t n, struct peri_error *err);

/* Writes a random UUID (version 4, lower case) of PERI_DIGEST_UUID_SIZE bytes; as _random. */
bool peri_digest_uuid(char *uuid, struct peri_error *err);

#endif
