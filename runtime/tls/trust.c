/* trust.c: verification, done once per connection with what was read once per pool.
 *
 * libcurl would load the authorities anew into each connection's context; so it is given none, and
 * the context gets a store that all share. The name is checked in the same place as the chain, by
 * the server name of the connection (an HTTPS proxy has one of its own) or else its address: a
 * handshake that fails there leaves no session to resume. */
#include "runtime/tls/trust.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "runtime/base/check.h"
#include "runtime/tls/anchors.h"
#include "runtime/tls/identity.h"
#include "runtime/tls/notes.h"
#include "runtime/tls/pin.h"

struct peri_trust {
    X509_STORE *store; /* NULL when pinned or insecure */
    char *source;
    char *pin_source, *command; /* as in the settings */
    struct peri_pin *pins;
    size_t pin_count;
    bool is_insecure;
    struct peri_identity *identity; /* ours; NULL without one */
};

/* What is said, and what cannot be meant. */
static bool check(const struct peri_trust_settings *settings, struct peri_error *err)
{
    if (settings->crl_file_count == 0 || settings->thumbprint_count == 0 || settings->insecure)
        return true;
    peri_error_set(err, PERI_E_TLS_SETUP,
                   "a revocation list (%s) for a certificate that is believed by its thumbprint",
                   settings->crl_files[0]);
    return peri_error_hint(err, "a thumbprint stands for everything else; remove it, or crl_file");
}

static bool read_pins(struct peri_trust *trust, const struct peri_trust_settings *settings,
                      struct peri_error *err)
{
    trust->pins = peri_alloc_array(settings->thumbprint_count, sizeof(*trust->pins));
    for (size_t i = 0; i < settings->thumbprint_count; i++)
        if (!peri_pin_parse(settings->thumbprints[i], &trust->pins[i], err))
            return false;
    trust->pin_count = settings->thumbprint_count;
    return true;
}

static bool read_authorities(struct peri_trust *trust, const struct peri_trust_settings *settings,
                             struct peri_error *err)
{
    trust->store = peri_anchors_load(settings, &trust->source, err);
    return trust->store != NULL;
}

static bool read_client(struct peri_trust *trust, const struct peri_trust_settings *settings,
                        struct peri_error *err)
{
    if (settings->cert == NULL && settings->key != NULL)
        return peri_error_set(err, PERI_E_TLS_SETUP, "a key (%s) without a client certificate",
                              settings->key);
    if (settings->cert == NULL)
        return true;
    trust->identity = peri_identity_new(settings->cert, settings->key, settings->key_password, err);
    return trust->identity != NULL;
}

struct peri_trust *peri_trust_new(const struct peri_trust_settings *settings,
                                  struct peri_error *err)
{
    struct peri_trust *trust = peri_alloc(sizeof(*trust));
    trust->is_insecure = settings->insecure;
    trust->pin_source = peri_strdup(settings->thumbprint_source);
    trust->command = peri_strdup(settings->trust_command);
    bool is_plain = !settings->insecure && settings->thumbprint_count == 0;
    if (check(settings, err) && read_pins(trust, settings, err) &&
        (!is_plain || read_authorities(trust, settings, err)) && read_client(trust, settings, err))
        return trust;
    peri_trust_free(trust);
    return NULL;
}

void peri_trust_free(struct peri_trust *trust)
{
    if (trust == NULL)
        return;
    X509_STORE_free(trust->store);
    peri_identity_free(trust->identity);
    peri_free(trust->pins);
    peri_free(trust->source);
    peri_free(trust->pin_source);
    peri_free(trust->command);
    peri_free(trust);
}

bool peri_trust_checks_names(const struct peri_trust *trust)
{
    return trust->store != NULL;
}

const char *peri_trust_source(const struct peri_trust *trust)
{
    return trust->source == NULL ? "" : trust->source;
}

const char *peri_trust_pin_source(const struct peri_trust *trust)
{
    return trust->pin_source;
}

const char *peri_trust_command(const struct peri_trust *trust)
{
    return trust->command;
}

const struct peri_pin *peri_trust_pin(const struct peri_trust *trust)
{
    return trust->pin_count > 0 ? &trust->pins[0] : NULL;
}

X509_STORE *peri_trust_store(const struct peri_trust *trust)
{
    return trust->store;
}

static bool is_pinned(const struct peri_trust *trust, const X509 *leaf)
{
    bool found = false;
    unsigned char *der = NULL;
    int n = i2d_X509(leaf, &der);
    for (size_t i = 0; n > 0 && !found && i < trust->pin_count; i++) {
        struct peri_pin pin;
        found = peri_pin_of(der, (size_t)n, trust->pins[i].len, &pin, NULL) &&
                peri_pin_equal(&pin, &trust->pins[i]);
    }
    OPENSSL_free(der);
    return found;
}

/* The complaint about the leaf's names, or X509_V_OK. name is NULL where the host is an address. */
static int check_name(X509 *leaf, const char *name, const char *host)
{
    if (name == NULL && X509_check_ip_asc(leaf, host, 0) == 1)
        return X509_V_OK;
    if (name == NULL)
        return X509_V_ERR_IP_ADDRESS_MISMATCH;
    bool fits = X509_check_host(leaf, name, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
    return fits ? X509_V_OK : X509_V_ERR_HOSTNAME_MISMATCH;
}

static int verdict_of(const struct peri_trust *trust, X509_STORE_CTX *verification,
                      const char *name, const char *host)
{
    X509 *leaf = X509_STORE_CTX_get0_cert(verification);
    if (trust->is_insecure)
        return X509_V_OK;
    if (trust->pin_count > 0)
        return is_pinned(trust, leaf) ? X509_V_OK : PERI_HANDSHAKE_NOT_PINNED;
    if (X509_verify_cert(verification) != 1) {
        int verdict = X509_STORE_CTX_get_error(verification);
        return verdict == X509_V_OK ? X509_V_ERR_UNSPECIFIED : verdict;
    }
    return check_name(leaf, name, host);
}

int peri_trust_judge(const struct peri_trust *trust, X509_STORE_CTX *verification, const char *name,
                     struct peri_handshake *handshake)
{
    int verdict = verdict_of(trust, verification, name, handshake->host);
    peri_handshake_keep(handshake, verification, verdict);
    return verdict;
}

/* OpenSSL asks, in the middle of the handshake, whether the server's certificates are good. */
static int verify(X509_STORE_CTX *verification, void *arg)
{
    int index = SSL_get_ex_data_X509_STORE_CTX_idx();
    const SSL *ssl = X509_STORE_CTX_get_ex_data(verification, index);
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    int verdict = peri_trust_judge(arg, verification, name, peri_handshake_of(ssl));
    X509_STORE_CTX_set_error(verification, verdict == PERI_HANDSHAKE_NOT_PINNED
                                               ? X509_V_ERR_APPLICATION_VERIFICATION
                                               : verdict);
    return verdict == X509_V_OK;
}

bool peri_trust_apply(const struct peri_trust *trust, void *ssl_ctx,
                      struct peri_handshake *handshake)
{
    SSL_CTX *ctx = ssl_ctx;
    bool ok = peri_handshake_watch(ctx, handshake) &&
              (trust->identity == NULL || peri_identity_apply(trust->identity, ctx)) &&
              SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1;
    if (ok && trust->store != NULL)
        ok = SSL_CTX_set1_verify_cert_store(ctx, trust->store) == 1;
    SSL_CTX_clear_options(ctx, SSL_OP_NO_TICKET); /* libcurl sets it; a ticket saves a handshake */
    SSL_CTX_set_cert_verify_callback(ctx, verify, (void *)trust);
    ERR_clear_error();
    return ok;
}
