/* acceptor.c: a context of OpenSSL, made anew at each reading. */
#include "runtime/tls/acceptor.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "runtime/base/alloc.h"
#include "runtime/tls/identity.h"
#include "runtime/tls/pem.h"

struct peri_acceptor {
    SSL_CTX *ctx;
    char *cert, *key, *client_ca;
    enum peri_acceptor_client client;
};

/* HTTP/1.1 is what we speak; a client that offers only other things is told by its absence. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    (void)ssl;
    (void)arg;
    unsigned char *chosen;
    int found = SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in, in_len);
    *out = chosen;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static bool trust_clients(SSL_CTX *ctx, const struct peri_acceptor *acceptor,
                          struct peri_error *err)
{
    if (acceptor->client == PERI_ACCEPTOR_CLIENT_NONE)
        return true;
    if (acceptor->client_ca == NULL)
        return peri_error_set(err, PERI_E_TLS_SETUP,
                              "client certificates are wanted, and no client_ca vouches for them");
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(acceptor->client_ca);
    if (names == NULL || SSL_CTX_load_verify_file(ctx, acceptor->client_ca) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return peri_pem_fail(err, "the authorities of clients", acceptor->client_ca);
    }
    SSL_CTX_set_client_CA_list(ctx, names);
    bool is_required = acceptor->client == PERI_ACCEPTOR_CLIENT_REQUIRED;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | (is_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                       NULL);
    return true;
}

static void settle(SSL_CTX *ctx)
{
    static const unsigned char id[] = "perilune";
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_id_context(ctx, id, sizeof(id) - 1);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets, kept by clients */
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
}

static bool identify(SSL_CTX *ctx, const struct peri_acceptor *acceptor, struct peri_error *err)
{
    struct peri_identity *identity = peri_identity_new(acceptor->cert, acceptor->key, NULL, err);
    if (identity == NULL)
        return false;
    bool is_applied = peri_identity_apply(identity, ctx);
    peri_identity_free(identity);
    return is_applied || peri_pem_fail(err, "the certificate", acceptor->cert);
}

static SSL_CTX *read_all(const struct peri_acceptor *acceptor, struct peri_error *err)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL) {
        peri_error_set(err, PERI_E_TLS_SETUP, "OpenSSL has no memory");
        return NULL;
    }
    settle(ctx);
    if (identify(ctx, acceptor, err) && trust_clients(ctx, acceptor, err))
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}

struct peri_acceptor *peri_acceptor_new(const struct peri_acceptor_settings *settings,
                                        struct peri_error *err)
{
    struct peri_acceptor *acceptor = peri_alloc(sizeof(*acceptor));
    acceptor->cert = peri_strdup(settings->cert);
    acceptor->key = peri_strdup(settings->key);
    acceptor->client_ca = peri_strdup(settings->client_ca);
    acceptor->client = settings->client;
    acceptor->ctx = read_all(acceptor, err);
    if (acceptor->ctx != NULL)
        return acceptor;
    peri_acceptor_free(acceptor);
    return NULL;
}

bool peri_acceptor_reload(struct peri_acceptor *acceptor, struct peri_error *err)
{
    SSL_CTX *ctx = read_all(acceptor, err);
    if (ctx == NULL)
        return false;
    SSL_CTX_free(acceptor->ctx); /* sessions have references of their own */
    acceptor->ctx = ctx;
    return true;
}

void peri_acceptor_free(struct peri_acceptor *acceptor)
{
    if (acceptor == NULL)
        return;
    SSL_CTX_free(acceptor->ctx);
    peri_free(acceptor->cert);
    peri_free(acceptor->key);
    peri_free(acceptor->client_ca);
    peri_free(acceptor);
}

void *peri_acceptor_ssl_ctx(const struct peri_acceptor *acceptor)
{
    return acceptor->ctx;
}
