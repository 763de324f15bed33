/* anchors.c: files and directories of authorities and revocation lists.
 *
 * With lists, the leaf must be covered by one; the certificates above it are checked where their
 * issuer's list is at hand. */
#include "runtime/tls/anchors.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "runtime/base/buf.h"
#include "runtime/tls/pem.h"

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

static bool is_certificate(const char *name)
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
        if (!is_certificate(entry->d_name))
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

static bool add_list(X509_STORE *store, const char *path, struct peri_error *err)
{
    const char *what = "the revocation list";
    BIO *bio = peri_pem_open(what, path, err);
    if (bio == NULL)
        return false;
    size_t count = 0;
    X509_CRL *list;
    bool ok = true;
    ERR_clear_error();
    while (ok && (list = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL) {
        ok = X509_STORE_add_crl(store, list) == 1;
        X509_CRL_free(list);
        count++;
    }
    if (ok && count == 0 && BIO_reset(bio) == 0 && (list = d2i_X509_CRL_bio(bio, NULL)) != NULL) {
        ok = X509_STORE_add_crl(store, list) == 1;
        X509_CRL_free(list);
        count++;
    }
    BIO_free(bio);
    if (!ok || count == 0)
        return peri_pem_fail(err, what, path);
    ERR_clear_error();
    return true;
}

/* OpenSSL has a complaint: that above the leaf a list is missing is none. */
static int on_complaint(int ok, X509_STORE_CTX *verification)
{
    if (ok == 1)
        return 1;
    return X509_STORE_CTX_get_error(verification) == X509_V_ERR_UNABLE_TO_GET_CRL &&
           X509_STORE_CTX_get_error_depth(verification) > 0;
}

static bool add_lists(X509_STORE *store, const struct peri_trust_settings *settings,
                      struct peri_error *err)
{
    for (size_t i = 0; i < settings->crl_file_count; i++)
        if (!add_list(store, settings->crl_files[i], err))
            return false;
    if (settings->crl_file_count > 0) {
        X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
        X509_STORE_set_verify_cb(store, on_complaint);
    }
    return true;
}

/* Where the authorities come from: "ca.pem, /etc/ssl/certs", or the system. */
static char *name_source(const struct peri_trust_settings *settings)
{
    char text[PATH_MAX];
    size_t used = 0;
    for (size_t i = 0; i < settings->ca_file_count + 1 && used < sizeof(text); i++) {
        bool is_file = i < settings->ca_file_count;
        const char *path = is_file ? settings->ca_files[i] : settings->ca_path;
        int n = path == NULL ? 0
                             : snprintf(text + used, sizeof(text) - used, "%s%s",
                                        used > 0 ? ", " : "", path);
        used += (size_t)n;
    }
    return peri_strdup(used > 0 ? text : "the system's certificates");
}

static bool add_all(X509_STORE *store, const struct peri_trust_settings *settings,
                    struct peri_error *err)
{
    for (size_t i = 0; i < settings->ca_file_count; i++)
        if (!add_file(store, settings->ca_files[i], err))
            return false;
    if (settings->ca_path != NULL && !add_directory(store, settings->ca_path, err))
        return false;
    bool is_own = settings->ca_file_count > 0 || settings->ca_path != NULL;
    if (!is_own && X509_STORE_set_default_paths(store) != 1)
        return peri_pem_fail(err, "the system's", "certificates");
    return add_lists(store, settings, err);
}

X509_STORE *peri_anchors_load(const struct peri_trust_settings *settings, char **source,
                              struct peri_error *err)
{
    X509_STORE *store = X509_STORE_new();
    /* an intermediate that is trusted itself ends a chain, too */
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
    if (!add_all(store, settings, err)) {
        X509_STORE_free(store);
        return NULL;
    }
    ERR_clear_error();
    *source = name_source(settings);
    return store;
}

const X509 *peri_anchors_named(X509_STORE *store, const X509_NAME *subject)
{
    STACK_OF(X509_OBJECT) *objects = store == NULL ? NULL : X509_STORE_get0_objects(store);
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        const X509 *found = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        if (found != NULL && X509_NAME_cmp(X509_get_subject_name(found), subject) == 0)
            return found;
    }
    return NULL;
}

const X509_REVOKED *peri_anchors_revocation(X509_STORE *store, X509 *certificate)
{
    STACK_OF(X509_OBJECT) *objects = store == NULL ? NULL : X509_STORE_get0_objects(store);
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509_CRL *list = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));
        X509_REVOKED *found = NULL;
        bool is_of_issuer = list != NULL && X509_NAME_cmp(X509_CRL_get_issuer(list),
                                                          X509_get_issuer_name(certificate)) == 0;
        if (is_of_issuer && X509_CRL_get0_by_cert(list, &found, certificate) == 1)
            return found;
    }
    return NULL;
}
