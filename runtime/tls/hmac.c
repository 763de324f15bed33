/* hmac.c: HMAC and Ed25519, by OpenSSL. */
#include "runtime/tls/hmac.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

bool peri_hmac_of(const char *digest, struct peri_str key, struct peri_str text,
                  unsigned char out[PERI_HMAC_MAX], size_t *len, struct peri_error *err)
{
    const unsigned char *bytes = (const unsigned char *)text.data;
    ERR_clear_error();
    if (EVP_Q_mac(NULL, "HMAC", NULL, digest, NULL, key.data, key.len, bytes, text.len, out,
                  PERI_HMAC_MAX, len) != NULL)
        return true;
    ERR_clear_error();
    return peri_error_set(err, PERI_E_INTERNAL, "this system's OpenSSL makes no HMAC of %s",
                          digest);
}

bool peri_hmac_equal(struct peri_str a, struct peri_str b)
{
    return a.len == b.len && CRYPTO_memcmp(a.data, b.data, a.len) == 0;
}

bool peri_hmac_is_signed(struct peri_str key, struct peri_str signature, struct peri_str text)
{
    EVP_PKEY *public = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
                                                   (const unsigned char *)key.data, key.len);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_signed = public != NULL && ctx != NULL &&
                     EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, public) == 1 &&
                     EVP_DigestVerify(ctx, (const unsigned char *)signature.data, signature.len,
                                      (const unsigned char *)text.data, text.len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(public);
    ERR_clear_error();
    return is_signed;
}
