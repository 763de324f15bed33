/* digest.c: OpenSSL's digests and random bytes. */
#include "runtime/tls/digest.h"

#include <limits.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "runtime/base/check.h"

struct peri_digest {
    EVP_MD_CTX *context;
    size_t len; /* bytes of the result */
};

static const EVP_MD *type_of(size_t len)
{
    peri_assert(len == PERI_DIGEST_SHA1 || len == PERI_DIGEST_SHA256);
    return len == PERI_DIGEST_SHA1 ? EVP_sha1() : EVP_sha256();
}

static bool fail(size_t len, struct peri_error *err)
{
    ERR_clear_error();
    return peri_error_set(err, PERI_E_INTERNAL, "OpenSSL computes no %s here",
                          EVP_MD_get0_name(type_of(len)));
}

bool peri_digest_of(const void *bytes, size_t n, unsigned char *digest, size_t len,
                    struct peri_error *err)
{
    return EVP_Digest(bytes, n, digest, NULL, type_of(len), NULL) == 1 || fail(len, err);
}

struct peri_digest *peri_digest_new(size_t len, struct peri_error *err)
{
    struct peri_digest *digest = peri_alloc(sizeof(*digest));
    digest->context = EVP_MD_CTX_new();
    digest->len = len;
    peri_assert(digest->context != NULL);
    if (EVP_DigestInit_ex(digest->context, type_of(len), NULL) == 1)
        return digest;
    peri_digest_free(digest);
    fail(len, err);
    return NULL;
}

void peri_digest_free(struct peri_digest *digest)
{
    if (digest == NULL)
        return;
    EVP_MD_CTX_free(digest->context);
    peri_free(digest);
}

void peri_digest_add(struct peri_digest *digest, const void *bytes, size_t n)
{
    peri_assert(EVP_DigestUpdate(digest->context, bytes, n) == 1);
}

size_t peri_digest_end(const struct peri_digest *digest, unsigned char *out)
{
    EVP_MD_CTX *copy = EVP_MD_CTX_new();
    peri_assert(copy != NULL && EVP_MD_CTX_copy_ex(copy, digest->context) == 1 &&
                EVP_DigestFinal_ex(copy, out, NULL) == 1);
    EVP_MD_CTX_free(copy);
    return digest->len;
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
