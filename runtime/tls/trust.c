/* trust.c: verification, done once per connection with what was read once per pool.
 *
 * libcurl would load the authorities anew into each connection's context; so it is given none, and
 * the context gets a store that all share. The name is checked in the same place as the chain, by
 * the server name of the connection (an HTTPS proxy has one of its own) or else its address: a
 * handshake that fails there leaves no session to resume. */
#include "runtime/tls/trust.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "runtime/base/check.h"
#include "runtime/tls/identity.h"
#include "runtime/tls/notes.h"
#include "runtime/tls/pem.h"
#include "runtime/tls/pin.h"

struct peri_trust {
    X509_STORE *store; /* NULL when pinned or insecure */
    char *source;
    struct peri_pin *pins;
    size_t pin_count;
    bool is_insecure;
    struct peri_identity *identity; /* ours; NULL without one */
};

static bool add_file(X509_STORE *store, const char *path, struct peri_error *err)
{
    STACK_OF(X509) *list = sk_X509_new_null();
    bool ok = peri_pem_certificates("the CA file", path, list, err);
    for (int i = 0; ok && i < sk_X509_num(list); i++)
        ok = X509_STORE_add_cert(store, sk_X509_value(list, i)) == 1 ||
             peri_pem_fail(err, "the CA file", path);
    sk_X509_pop_free(list, X509_free);
    return ok;
}

/* Whether name is one that c_rehash gives: eight hexadecimal digits, a dot, a number. */
static bool is_hashed(const char *name)
{
    return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' && name[9] != '\0' &&
           strspn(name + 9, "0123456789") == strlen(name + 9);
}

static bool is_pem(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL &&
           (strcmp(dot, ".pem") == 0 || strcmp(dot, ".crt") == 0 || strcmp(dot, ".cer") == 0);
}

/* Loads every certificate file of a directory that is not hashed. */
static bool add_plain_files(X509_STORE *store, const char *path, DIR *dir, struct peri_error *err)
{
    bool ok = true;
    size_t count = 0;
    struct dirent *entry;
    while (ok && (entry = readdir(dir)) != NULL) {
        char file[PATH_MAX];
        if (!is_pem(entry->d_name))
            continue;
        snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        ok = add_file(store, file, err);
        count++;
    }
    if (ok && count == 0) {
        peri_error_set(err, PERI_E_TLS_SETUP, "no certificates in the directory %s", path);
        ok = peri_error_hint(err, "put .pem files there, or name one of them as ca_file");
    }
    return ok;
}

/* A hashed directory is looked into when an issuer is wanted; another is read whole, now. */
static bool add_directory(X509_STORE *store, const char *path, struct peri_error *err)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return peri_error_errno(err, errno, "cannot read the CA directory %s", path);
    bool hashed = false;
    struct dirent *entry;
    while (!hashed && (entry = readdir(dir)) != NULL)
        hashed = is_hashed(entry->d_name);
    rewinddir(dir);
    bool ok = hashed ? X509_STORE_load_path(store, path) == 1 ||
                           peri_pem_fail(err, "the CA directory", path)
                     : add_plain_files(store, path, dir, err);
    closedir(dir);
    return ok;
}

static bool add_authorities(struct peri_trust *trust, const struct peri_trust_settings *settings,
                            struct peri_error *err)
{
    trust->store = X509_STORE_new();
    /* an intermediate that is trusted itself ends a chain, too */
    X509_STORE_set_flags(trust->store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
    for (size_t i = 0; i < settings->ca_file_count; i++)
        if (!add_file(trust->store, settings->ca_files[i], err))
            return false;
    if (settings->ca_path != NULL && !add_directory(trust->store, settings->ca_path, err))
        return false;
    if (settings->ca_file_count > 0 || settings->ca_path != NULL) {
        trust->source =
            peri_strdup(settings->ca_file_count > 0 ? settings->ca_files[0] : settings->ca_path);
        return true;
    }
    trust->source = peri_strdup("the system's certificates");
    if (X509_STORE_set_default_paths(trust->store) != 1)
        return peri_pem_fail(err, "the system's", "certificates");
    ERR_clear_error();
    return true;
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
    bool is_plain = !settings->insecure && settings->thumbprint_count == 0;
    if (read_pins(trust, settings, err) && (!is_plain || add_authorities(trust, settings, err)) &&
        read_client(trust, settings, err))
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

/* The complaint about the leaf's names, or X509_V_OK. */
static int check_name(X509 *leaf, const SSL *ssl, const struct peri_handshake *handshake)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == NULL && X509_check_ip_asc(leaf, handshake->host, 0) == 1)
        return X509_V_OK;
    if (name == NULL)
        return X509_V_ERR_IP_ADDRESS_MISMATCH;
    bool fits = X509_check_host(leaf, name, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
    return fits ? X509_V_OK : X509_V_ERR_HOSTNAME_MISMATCH;
}

static int verdict_of(const struct peri_trust *trust, X509_STORE_CTX *verification, const SSL *ssl,
                      const struct peri_handshake *handshake)
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
    return check_name(leaf, ssl, handshake);
}

/* OpenSSL asks, in the middle of the handshake, whether the server's certificates are good. */
static int verify(X509_STORE_CTX *verification, void *arg)
{
    const struct peri_trust *trust = arg;
    int index = SSL_get_ex_data_X509_STORE_CTX_idx();
    const SSL *ssl = X509_STORE_CTX_get_ex_data(verification, index);
    struct peri_handshake *handshake = peri_handshake_of(ssl);
    int verdict = verdict_of(trust, verification, ssl, handshake);
    if (verdict == X509_V_OK) {
        X509_STORE_CTX_set_error(verification, X509_V_OK);
        return 1;
    }
    peri_handshake_keep(handshake, verification, verdict);
    X509_STORE_CTX_set_error(verification, verdict == PERI_HANDSHAKE_NOT_PINNED
                                               ? X509_V_ERR_APPLICATION_VERIFICATION
                                               : verdict);
    return 0;
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
