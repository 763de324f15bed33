/* identity.c: our certificate and key, read once. */
#include "runtime/tls/identity.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "runtime/tls/pem.h"

struct peri_identity {
    X509 *cert;
    EVP_PKEY *key;
    STACK_OF(X509) * chain;
    char *key_path;
    unsigned char *der; /* of cert, from OpenSSL */
    size_t der_len;
};

struct password {
    const char *text; /* NULL: none */
    bool is_asked;    /* OpenSSL wanted it: the key is encrypted */
};

/* OpenSSL asks for the password of a key. */
static int give_password(char *to, int size, int is_writing, void *arg)
{
    struct password *password = arg;
    (void)is_writing;
    password->is_asked = true;
    if (password->text == NULL || strlen(password->text) >= (size_t)size)
        return -1;
    return snprintf(to, (size_t)size, "%s", password->text);
}

static bool fail_key(const char *path, const struct password *password, struct peri_error *err)
{
    if (!password->is_asked)
        return peri_pem_fail(err, "the key", path);
    ERR_clear_error();
    peri_error_set(err, PERI_E_TLS_KEY, "the key %s is encrypted, and %s", path,
                   password->text == NULL ? "no password is given" : "its password is another one");
    return peri_error_hint(err, "give its password: key_password = secret.… in targets.lua, or "
                                "PERILUNE_KEY_PASSWORD");
}

static bool read_key(struct peri_identity *identity, const char *path, const char *text,
                     struct peri_error *err)
{
    struct password password = {.text = text};
    BIO *bio = peri_pem_open("the key", path, err);
    if (bio == NULL)
        return false;
    ERR_clear_error();
    identity->key = PEM_read_bio_PrivateKey(bio, NULL, give_password, &password);
    BIO_free(bio);
    if (identity->key == NULL)
        return fail_key(path, &password, err);
    if (X509_check_private_key(identity->cert, identity->key) == 1)
        return true;
    ERR_clear_error();
    return peri_error_set(err, PERI_E_TLS_SETUP, "the key %s does not belong to the certificate",
                          path);
}

static bool encode(struct peri_identity *identity, const char *path, struct peri_error *err)
{
    int n = i2d_X509(identity->cert, &identity->der);
    if (n <= 0)
        return peri_pem_fail(err, "the certificate", path);
    identity->der_len = (size_t)n;
    return true;
}

struct peri_identity *peri_identity_new(const char *cert, const char *key, const char *password,
                                        struct peri_error *err)
{
    struct peri_identity *identity = peri_alloc(sizeof(*identity));
    identity->chain = sk_X509_new_null();
    identity->key_path = peri_strdup(key == NULL ? cert : key);
    if (peri_pem_certificates("the certificate", cert, identity->chain, err)) {
        identity->cert = sk_X509_shift(identity->chain);
        if (encode(identity, cert, err) && read_key(identity, identity->key_path, password, err))
            return identity;
    }
    peri_identity_free(identity);
    return NULL;
}

void peri_identity_free(struct peri_identity *identity)
{
    if (identity == NULL)
        return;
    X509_free(identity->cert);
    OPENSSL_free(identity->der);
    peri_free(identity->key_path);
    EVP_PKEY_free(identity->key);
    sk_X509_pop_free(identity->chain, X509_free);
    peri_free(identity);
}

bool peri_identity_apply(const struct peri_identity *identity, void *ssl_ctx)
{
    SSL_CTX *ctx = ssl_ctx;
    return SSL_CTX_use_certificate(ctx, identity->cert) == 1 &&
           SSL_CTX_use_PrivateKey(ctx, identity->key) == 1 &&
           SSL_CTX_set1_chain(ctx, identity->chain) == 1;
}

struct peri_str peri_identity_certificate(const struct peri_identity *identity)
{
    return (struct peri_str){(const char *)identity->der, identity->der_len};
}

bool peri_identity_sign(const struct peri_identity *identity, const void *bytes, size_t n,
                        struct peri_identity_signature *out, struct peri_error *err)
{
    if (!EVP_PKEY_is_a(identity->key, "RSA")) {
        peri_error_set(err, PERI_E_TLS_SETUP, "the key %s is %s, and an RSA key is needed to sign",
                       identity->key_path, EVP_PKEY_get0_type_name(identity->key));
        return peri_error_hint(err, "use a certificate that has an RSA key");
    }
    out->len = sizeof(out->bytes);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx != NULL &&
              EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, identity->key) == 1 &&
              EVP_DigestSign(ctx, out->bytes, &out->len, bytes, n) == 1;
    EVP_MD_CTX_free(ctx);
    return ok || peri_pem_fail(err, "the key", "to sign");
}
