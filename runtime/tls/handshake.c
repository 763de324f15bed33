/* handshake.c: recording what a handshake shows. The callbacks run inside OpenSSL inside libcurl:
 * they only write down. */
#include "runtime/tls/handshake.h"

#include <string.h>

#include <openssl/err.h>

#include "runtime/base/alloc.h"
#include "runtime/base/check.h"
#include "runtime/tls/notes.h"

struct peri_handshake *peri_handshake_new(const char *host)
{
    struct peri_handshake *handshake = peri_alloc(sizeof(*handshake));
    handshake->references = 1;
    handshake->host = peri_strdup(host);
    handshake->alert = -1;
    return handshake;
}

struct peri_handshake *peri_handshake_ref(struct peri_handshake *handshake)
{
    handshake->references++;
    return handshake;
}

void peri_handshake_free(struct peri_handshake *handshake)
{
    if (handshake == NULL || --handshake->references > 0)
        return;
    X509_free(handshake->culprit);
    sk_X509_pop_free(handshake->sent, X509_free);
    sk_X509_pop_free(handshake->built, X509_free);
    peri_free(handshake->host);
    peri_free(handshake);
}

bool peri_handshake_is_done(const struct peri_handshake *handshake)
{
    return handshake != NULL && handshake->is_done;
}

bool peri_handshake_is_resumed(const struct peri_handshake *handshake)
{
    return handshake != NULL && handshake->is_resumed;
}

bool peri_handshake_is_refused(const struct peri_handshake *handshake)
{
    if (handshake == NULL || !handshake->is_client_asked)
        return false;
    switch (handshake->alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED:
        return true;
    default:
        return !handshake->is_done && handshake->alert == SSL_AD_HANDSHAKE_FAILURE;
    }
}

/* OpenSSL frees a context's data through this. */
static void on_context_free(void *parent, void *data, CRYPTO_EX_DATA *all, int index, long argl,
                            void *argp)
{
    (void)parent;
    (void)all;
    (void)index;
    (void)argl;
    (void)argp;
    peri_handshake_free(data);
}

/* The number under which OpenSSL keeps our record in a context; one for the whole process. */
static int context_index;
static CRYPTO_ONCE context_once = CRYPTO_ONCE_STATIC_INIT;

static void make_context_index(void)
{
    context_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, on_context_free);
}

struct peri_handshake *peri_handshake_of(const SSL *ssl)
{
    return SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), context_index);
}

/* Progress, alerts and errors. After the handshake it keeps listening for alerts: in TLS 1.3 the
 * server judges the client's certificate after the client is done. */
static void on_info(const SSL *ssl, int where, int value)
{
    struct peri_handshake *handshake = peri_handshake_of(ssl);
    if (where == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL)
        handshake->alert = value & 0xff;
    if (where == SSL_CB_HANDSHAKE_DONE) {
        handshake->is_done = true;
        handshake->is_resumed = SSL_session_reused(ssl) == 1;
    }
    if (where == SSL_CB_CONNECT_EXIT && value <= 0 && handshake->reason == 0)
        handshake->reason = ERR_GET_REASON(ERR_peek_error());
}

/* Every message and header; the first header received shows what the server speaks. */
static void on_message(int is_sent, int version, int type, const void *bytes, size_t n, SSL *ssl,
                       void *arg)
{
    (void)version;
    (void)ssl;
    struct peri_handshake *handshake = arg;
    if (is_sent || type != SSL3_RT_HEADER || handshake->heard > 0)
        return;
    handshake->heard = n < sizeof(handshake->first) ? n : sizeof(handshake->first);
    memcpy(handshake->first, bytes, handshake->heard);
}

/* The server asks for a client certificate; which one was settled when the context was made. */
static int on_client_asked(SSL *ssl, void *arg)
{
    struct peri_handshake *handshake = arg;
    handshake->is_client_asked = true;
    handshake->is_client_given = SSL_get_certificate(ssl) != NULL;
    return 1;
}

bool peri_handshake_watch(SSL_CTX *ssl_ctx, struct peri_handshake *handshake)
{
    peri_assert(CRYPTO_THREAD_run_once(&context_once, make_context_index) == 1);
    if (SSL_CTX_set_ex_data(ssl_ctx, context_index, handshake) != 1)
        return false;
    peri_handshake_ref(handshake);
    SSL_CTX_set_info_callback(ssl_ctx, on_info);
    SSL_CTX_set_msg_callback(ssl_ctx, on_message);
    SSL_CTX_set_msg_callback_arg(ssl_ctx, handshake);
    SSL_CTX_set_cert_cb(ssl_ctx, on_client_asked, handshake);
    return true;
}

void peri_handshake_keep(struct peri_handshake *handshake, X509_STORE_CTX *verification,
                         int verdict)
{
    if (handshake->sent == NULL)
        handshake->sent = X509_chain_up_ref(X509_STORE_CTX_get0_untrusted(verification));
    if (handshake->culprit != NULL || verdict == X509_V_OK)
        return;
    X509 *leaf = X509_STORE_CTX_get0_cert(verification);
    X509 *culprit = verdict == X509_STORE_CTX_get_error(verification)
                        ? X509_STORE_CTX_get_current_cert(verification)
                        : NULL;
    handshake->verdict = verdict;
    handshake->depth = culprit == NULL ? 0 : X509_STORE_CTX_get_error_depth(verification);
    handshake->culprit = culprit == NULL ? leaf : culprit;
    X509_up_ref(handshake->culprit);
    handshake->built = X509_STORE_CTX_get1_chain(verification);
    handshake->untrusted = X509_STORE_CTX_get_num_untrusted(verification);
}
