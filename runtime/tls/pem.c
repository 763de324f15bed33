/* pem.c: files of certificates and keys. */
#include "runtime/tls/pem.h"

#include <errno.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

bool peri_pem_fail(struct peri_error *err, const char *what, const char *path)
{
    unsigned long number = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(number);
    peri_error_set(err, PERI_E_TLS_SETUP, "cannot use %s %s: %s", what, path,
                   reason == NULL ? "nothing usable in it" : reason);
    ERR_clear_error();
    return false;
}

BIO *peri_pem_open(const char *what, const char *path, struct peri_error *err)
{
    FILE *file = fopen(path, "rb");
    if (file != NULL)
        return BIO_new_fp(file, BIO_CLOSE);
    peri_error_errno(err, errno, "cannot read %s %s", what, path);
    return NULL;
}

/* Whether the newest OpenSSL error only says that a PEM file has no further entry. */
static bool is_at_end(void)
{
    unsigned long number = ERR_peek_last_error();
    return ERR_GET_LIB(number) == ERR_LIB_PEM && ERR_GET_REASON(number) == PEM_R_NO_START_LINE;
}

/* Says what else a file without certificates may be, which Windows calls a certificate, too. */
static bool fail_empty(BIO *bio, const char *what, const char *path, struct peri_error *err)
{
    PKCS12 *bundle = BIO_reset(bio) == 0 ? d2i_PKCS12_bio(bio, NULL) : NULL;
    bool is_bundle = bundle != NULL;
    PKCS12_free(bundle);
    ERR_clear_error();
    peri_error_set(err, PERI_E_TLS_SETUP, "cannot use %s %s: no certificate in it", what, path);
    if (is_bundle) {
        peri_error_set(err, PERI_E_TLS_SETUP, "cannot use %s %s: it is a PKCS #12 file", what,
                       path);
        peri_error_hint(err, "turn it into PEM: openssl pkcs12 -in %s -out client.pem", path);
    }
    return false;
}

bool peri_pem_certificates(const char *what, const char *path, STACK_OF(X509) * list,
                           struct peri_error *err)
{
    BIO *bio = peri_pem_open(what, path, err);
    if (bio == NULL)
        return false;
    X509 *certificate;
    ERR_clear_error();
    while ((certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
        sk_X509_push(list, certificate);
    bool ok = is_at_end() || peri_pem_fail(err, what, path);
    ERR_clear_error();
    if (ok && sk_X509_num(list) == 0 && BIO_reset(bio) == 0) {
        certificate = d2i_X509_bio(bio, NULL);
        ok = certificate == NULL ? fail_empty(bio, what, path, err)
                                 : sk_X509_push(list, certificate) > 0;
        ERR_clear_error();
    }
    BIO_free(bio);
    return ok;
}
