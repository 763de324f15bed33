/* authority.c: a certificate authority for tests. */
#include "tests/support/authority.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "runtime/base/check.h"

static char directory[256];
static long serial;

static void add_extension(const struct authority *made, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, made->certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    peri_assert(extension != NULL);
    X509_add_ext(made->certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static void add_extensions(const struct authority *made, const struct authority_wish *wish,
                           X509 *issuer)
{
    char url[256];
    add_extension(made, issuer, NID_basic_constraints,
                  wish->is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(made, issuer, NID_subject_key_identifier, "hash");
    if (wish->issuer != NULL)
        add_extension(made, issuer, NID_authority_key_identifier, "keyid");
    const char *hosts = wish->hosts == NULL ? "IP:127.0.0.1,DNS:localhost" : wish->hosts;
    if (!wish->is_authority && hosts[0] != '\0')
        add_extension(made, issuer, NID_subject_alt_name, hosts);
    if (wish->issuer_url != NULL) {
        snprintf(url, sizeof(url), "caIssuers;URI:%s", wish->issuer_url);
        add_extension(made, issuer, NID_info_access, url);
    }
}

struct authority authority_make(const struct authority_wish *wish)
{
    struct authority made = {.certificate = X509_new()};
    made.key = wish->is_weak ? EVP_RSA_gen(1024) : EVP_EC_gen("P-256");
    X509 *issuer = wish->issuer == NULL ? made.certificate : wish->issuer->certificate;
    EVP_PKEY *issuer_key = wish->issuer == NULL ? made.key : wish->issuer->key;
    const char *name = wish->name == NULL ? "leaf" : wish->name;
    X509_set_version(made.certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), ++serial);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.certificate), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(made.certificate, X509_get_subject_name(issuer));
    X509_gmtime_adj(X509_getm_notBefore(made.certificate),
                    wish->starts_s == 0 ? -86400 : wish->starts_s);
    X509_gmtime_adj(X509_getm_notAfter(made.certificate),
                    wish->ends_s == 0 ? 365 * 86400 : wish->ends_s);
    X509_set_pubkey(made.certificate, made.key);
    add_extensions(&made, wish, issuer);
    peri_assert(X509_sign(made.certificate, issuer_key, EVP_sha256()) > 0);
    return made;
}

void authority_free(struct authority *authority)
{
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
    *authority = (struct authority){0};
}

SSL_CTX *authority_context(const struct authority *leaf, X509 *const *chain)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_security_level(context, 0); /* weak certificates are shown, too */
    peri_assert(SSL_CTX_use_certificate(context, leaf->certificate) == 1);
    peri_assert(SSL_CTX_use_PrivateKey(context, leaf->key) == 1);
    for (; chain != NULL && *chain != NULL; chain++)
        SSL_CTX_add1_chain_cert(context, *chain);
    SSL_CTX_set_session_id_context(context, (const unsigned char *)"test", 4);
    return context;
}

const char *authority_directory(void)
{
    const char *place = getenv("TMPDIR");
    if (directory[0] == '\0') {
        snprintf(directory, sizeof(directory), "%s/authority.XXXXXX",
                 place == NULL ? "/tmp" : place);
        peri_assert(mkdtemp(directory) != NULL);
    }
    return directory;
}

void authority_clean(void)
{
    DIR *dir = directory[0] == '\0' ? NULL : opendir(directory);
    if (dir == NULL)
        return;
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        char path[600];
        snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
    }
    closedir(dir);
    rmdir(directory);
    directory[0] = '\0';
}

static char *path_of(const char *name)
{
    size_t size = strlen(authority_directory()) + strlen(name) + 2;
    char *path = malloc(size);
    snprintf(path, size, "%s/%s", authority_directory(), name);
    return path;
}

char *authority_write(const char *name, X509 *const *certificates)
{
    char *path = path_of(name);
    FILE *file = fopen(path, "w");
    peri_assert(file != NULL);
    for (; *certificates != NULL; certificates++)
        PEM_write_X509(file, *certificates);
    fclose(file);
    return path;
}

static void add_revoked(X509_CRL *list, X509 *certificate)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *date = X509_gmtime_adj(NULL, -86400);
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate));
    X509_REVOKED_set_revocationDate(entry, date);
    X509_CRL_add0_revoked(list, entry);
    ASN1_TIME_free(date);
}

char *authority_write_list(const char *name, const struct authority *issuer,
                           const struct authority *revoked, long ends_s)
{
    char *path = path_of(name);
    FILE *file = fopen(path, "w");
    X509_CRL *list = X509_CRL_new();
    ASN1_TIME *start = X509_gmtime_adj(NULL, -2 * 86400), *end = X509_gmtime_adj(NULL, ends_s);
    peri_assert(file != NULL);
    X509_CRL_set_version(list, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list, X509_get_subject_name(issuer->certificate));
    X509_CRL_set1_lastUpdate(list, start);
    X509_CRL_set1_nextUpdate(list, end);
    if (revoked != NULL)
        add_revoked(list, revoked->certificate);
    peri_assert(X509_CRL_sign(list, issuer->key, EVP_sha256()) > 0);
    PEM_write_X509_CRL(file, list);
    fclose(file);
    X509_CRL_free(list);
    ASN1_TIME_free(start);
    ASN1_TIME_free(end);
    return path;
}

char *authority_write_key(const char *name, EVP_PKEY *key, const char *password)
{
    char *path = path_of(name);
    FILE *file = fopen(path, "w");
    peri_assert(file != NULL);
    const EVP_CIPHER *cipher = password == NULL ? NULL : EVP_aes_256_cbc();
    PEM_write_PrivateKey(file, key, cipher, (const unsigned char *)password,
                         password == NULL ? 0 : (int)strlen(password), NULL, NULL);
    fclose(file);
    return path;
}
