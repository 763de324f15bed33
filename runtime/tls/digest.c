/* digest.c: OpenSSL's digests and random bytes. */
#include "runtime/tls/digest.h"

#include <limits.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "runtime/base/check.h"

bool peri_digest_of(const void *bytes, size_t n, unsigned char *digest, size_t len,
                    struct peri_error *err)
{
    peri_assert(len == PERI_DIGEST_SHA1 || len == PERI_DIGEST_SHA256);
    const EVP_MD *type = len == PERI_DIGEST_SHA1 ? EVP_sha1() : EVP_sha256();
    if (EVP_Digest(bytes, n, digest, NULL, type, NULL) == 1)
        return true;
    ERR_clear_error();
    return peri_error_set(err, PERI_E_INTERNAL, "OpenSSL computes no %s here",
                          EVP_MD_get0_name(type));
}

void peri_digest_hex(const unsigned char *bytes, size_t n, char *hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * n] = '\0';
}

bool peri_digest_random(void *bytes, size_t n, struct peri_error *err)
{
    if (n <= INT_MAX && RAND_bytes(bytes, (int)n) == 1)
        return true;
    ERR_clear_error();
    return peri_error_set(err, PERI_E_INTERNAL, "the system gives no %zu random bytes", n);
}

bool peri_digest_uuid(char *uuid, struct peri_error *err)
{
    unsigned char bytes[16];
    if (!peri_digest_random(bytes, sizeof(bytes), err))
        return false;
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4 */
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* variant of RFC 4122 */
    char hex[2 * sizeof(bytes) + 1];
    peri_digest_hex(bytes, sizeof(bytes), hex);
    snprintf(uuid, PERI_DIGEST_UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
             hex + 16, hex + 20);
    return true;
}
