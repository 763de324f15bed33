/* portrait.c: certificates outside a handshake. */
#include "runtime/tls/portrait.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "runtime/base/check.h"
#include "runtime/tls/certificate.h"
#include "runtime/tls/digest.h"
#include "runtime/tls/explain.h"
#include "runtime/tls/notes.h"

_Static_assert(PERI_PORTRAIT_TEXT_SIZE >= PERI_CERTIFICATE_TEXT_SIZE, "a text would not fit");
_Static_assert(PERI_PORTRAIT_TIME_SIZE >= PERI_CERTIFICATE_TIME_SIZE, "a time would not fit");

/* Certificates of one chain that are looked at. */
enum { CHAIN_MAX = 100 };

static void draw(const X509 *certificate, struct peri_portrait *portrait)
{
    peri_certificate_name(X509_get_subject_name(certificate), portrait->subject);
    peri_certificate_name(X509_get_issuer_name(certificate), portrait->issuer);
    peri_certificate_hosts(certificate, portrait->hosts);
    peri_certificate_issuer_url(certificate, portrait->issuer_url);
    peri_certificate_time(X509_get0_notBefore(certificate), true, portrait->starts);
    peri_certificate_time(X509_get0_notAfter(certificate), true, portrait->ends);
    peri_certificate_thumbprint(certificate, PERI_DIGEST_SHA256, portrait->sha256);
    peri_certificate_thumbprint(certificate, PERI_DIGEST_SHA1, portrait->sha1);
    portrait->is_own_issuer = peri_certificate_is_own_issuer(certificate);
}

bool peri_portrait_of(const struct peri_handshake *handshake, size_t at,
                      struct peri_portrait *portrait)
{
    if (handshake == NULL || at >= CHAIN_MAX || (int)at >= sk_X509_num(handshake->sent))
        return false;
    draw(sk_X509_value(handshake->sent, (int)at), portrait);
    return true;
}

static STACK_OF(X509) * read_chain(const void *bytes, size_t n)
{
    STACK_OF(X509) *chain = sk_X509_new_null();
    BIO *bio = BIO_new_mem_buf(bytes, n > INT_MAX ? INT_MAX : (int)n);
    peri_assert(chain != NULL && bio != NULL);
    X509 *certificate;
    while (sk_X509_num(chain) < CHAIN_MAX &&
           (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
        sk_X509_push(chain, certificate);
    if (sk_X509_num(chain) == 0 && BIO_reset(bio) == 1 &&
        (certificate = d2i_X509_bio(bio, NULL)) != NULL)
        sk_X509_push(chain, certificate);
    BIO_free(bio);
    ERR_clear_error();
    return chain;
}

static bool is_address(const char *host)
{
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);
    ASN1_OCTET_STRING_free(address);
    ERR_clear_error();
    return address != NULL;
}

static bool judge(const struct peri_trust *trust, STACK_OF(X509) * chain, const char *host,
                  struct peri_error *err)
{
    struct peri_handshake *handshake = peri_handshake_new(host);
    X509_STORE_CTX *verification = X509_STORE_CTX_new();
    peri_assert(X509_STORE_CTX_init(verification, peri_trust_store(trust), sk_X509_value(chain, 0),
                                    chain) == 1);
    X509_STORE_CTX_set_default(verification, "ssl_server");
    const char *name = is_address(host) ? NULL : host;
    bool ok = peri_trust_judge(trust, verification, name, handshake) == X509_V_OK ||
              peri_explain(handshake, trust, host, "", err);
    X509_STORE_CTX_free(verification);
    peri_handshake_free(handshake);
    ERR_clear_error();
    return ok;
}

bool peri_portrait_judge(const struct peri_trust *trust, const void *bytes, size_t n,
                         const char *host, struct peri_error *err)
{
    STACK_OF(X509) *chain = read_chain(bytes, n);
    bool ok = sk_X509_num(chain) > 0
                  ? judge(trust, chain, host, err)
                  : peri_error_set(err, PERI_E_TLS_SETUP, "these bytes are no certificate");
    sk_X509_pop_free(chain, X509_free);
    return ok;
}
