/* secure.c: OpenSSL over a BIO of our own, which keeps no buffer: ten thousand connections that say
 * nothing are to cost little. */
#include "runtime/tls/secure.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "runtime/base/alloc.h"
#include "runtime/tls/digest.h"

struct peri_secure {
    SSL *ssl;
    struct peri_buf *out;
    const char *in; /* not read yet */
    size_t in_len;
};

/* ---- the BIO ---- */

static int bio_read(BIO *bio, char *to, int n)
{
    struct peri_secure *secure = BIO_get_data(bio);
    size_t taken = secure->in_len < (size_t)n ? secure->in_len : (size_t)n;
    BIO_clear_retry_flags(bio);
    if (taken == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(to, secure->in, taken);
    secure->in += taken;
    secure->in_len -= taken;
    return (int)taken;
}

static int bio_write(BIO *bio, const char *from, int n)
{
    const struct peri_secure *secure = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    return peri_buf_add(secure->out, from, (size_t)n, NULL) ? n : -1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/* Made once, and used by all sessions. */
static const BIO_METHOD *the_method(void)
{
    static BIO_METHOD *method;
    if (method != NULL)
        return method;
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "perilune");
    if (method == NULL)
        return NULL;
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_ctrl);
    return method;
}

/* ---- sessions ---- */

struct peri_secure *peri_secure_new(const struct peri_acceptor *acceptor, struct peri_buf *out)
{
    struct peri_secure *secure = peri_alloc(sizeof(*secure));
    const BIO_METHOD *method = the_method();
    BIO *bio = method == NULL ? NULL : BIO_new(method);
    secure->ssl = bio == NULL ? NULL : SSL_new(peri_acceptor_ssl_ctx(acceptor));
    secure->out = out;
    if (secure->ssl == NULL) {
        BIO_free(bio);
        peri_free(secure);
        return NULL;
    }
    BIO_set_data(bio, secure);
    BIO_set_init(bio, 1);
    SSL_set_bio(secure->ssl, bio, bio);
    SSL_set_accept_state(secure->ssl);
    return secure;
}

void peri_secure_free(struct peri_secure *secure)
{
    if (secure == NULL)
        return;
    SSL_free(secure->ssl);
    peri_free(secure);
}

void peri_secure_feed(struct peri_secure *secure, const char *bytes, size_t n)
{
    secure->in = bytes;
    secure->in_len = n;
}

int peri_secure_read(struct peri_secure *secure, char *bytes, size_t n)
{
    ERR_clear_error();
    int got = SSL_read(secure->ssl, bytes, (int)n);
    if (got > 0)
        return got;
    int why = SSL_get_error(secure->ssl, got);
    ERR_clear_error();
    return why == SSL_ERROR_WANT_READ ? 0 : -1;
}

bool peri_secure_write(struct peri_secure *secure, const char *bytes, size_t n)
{
    while (n > 0) {
        ERR_clear_error();
        int piece = n < (1 << 20) ? (int)n : 1 << 20;
        int put = SSL_write(secure->ssl, bytes, piece);
        if (put <= 0) {
            ERR_clear_error();
            return false;
        }
        bytes += put;
        n -= (size_t)put;
    }
    return true;
}

void peri_secure_end(struct peri_secure *secure)
{
    if (SSL_is_init_finished(secure->ssl))
        SSL_shutdown(secure->ssl);
    ERR_clear_error();
}

bool peri_secure_is_open(const struct peri_secure *secure)
{
    return SSL_is_init_finished(secure->ssl);
}

static void write_name(const X509_NAME *name, char text[PERI_SECURE_TEXT_SIZE])
{
    BIO *bio = BIO_new(BIO_s_mem());
    int n = 0;
    if (bio != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
        n = BIO_read(bio, text, PERI_SECURE_TEXT_SIZE - 1);
    text[n > 0 ? n : 0] = '\0';
    BIO_free(bio);
}

bool peri_secure_client(const struct peri_secure *secure, struct peri_secure_client *client)
{
    unsigned char digest[PERI_DIGEST_MAX];
    X509 *cert = SSL_get1_peer_certificate(secure->ssl);
    if (cert == NULL)
        return false;
    unsigned n = 0;
    write_name(X509_get_subject_name(cert), client->subject);
    write_name(X509_get_issuer_name(cert), client->issuer);
    bool is_digested = X509_digest(cert, EVP_sha256(), digest, &n) == 1;
    X509_free(cert);
    if (is_digested)
        peri_digest_hex(digest, n, client->sha256);
    return is_digested;
}
