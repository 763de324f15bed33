/* authority.h: certificates of every kind of wrong, made on the spot, for C tests. */
#ifndef AUTHORITY_H
#define AUTHORITY_H

#include <stdbool.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

/* A certificate with its key. */
struct authority {
    X509 *certificate;
    EVP_PKEY *key;
};

/* What a certificate says; zeros and NULLs are what a good leaf for 127.0.0.1 has. */
struct authority_wish {
    const char *name;       /* CN; NULL: "leaf" */
    const char *hosts;      /* subjectAltName; NULL: "IP:127.0.0.1,DNS:localhost", "": none */
    const char *issuer_url; /* of caIssuers; NULL: none */
    long starts_s;          /* seconds from now; 0: a day ago */
    long ends_s;            /* seconds from now; 0: in a year */
    bool is_authority;
    bool is_weak;                   /* RSA 1024 */
    const struct authority *issuer; /* NULL: itself */
};

/* Makes a certificate; freed with authority_free. */
struct authority authority_make(const struct authority_wish *wish);

/* Frees both parts. */
void authority_free(struct authority *authority);

/* A server's context that shows a certificate and those of a chain, which ends with NULL. */
SSL_CTX *authority_context(const struct authority *leaf, X509 *const *chain);

/* Makes a directory of its own for files of the test, and returns its path. */
const char *authority_directory(void);

/* Removes it with all that is in it. */
void authority_clean(void);

/* Writes certificates (the list ends with NULL) as PEM into a new file there and returns its path,
 * to be freed with free. */
char *authority_write(const char *name, X509 *const *certificates);

/* Writes the list of what issuer revoked: a certificate, or nothing if revoked is NULL; valid from
 * a day ago until ends_s seconds from now. As authority_write. */
char *authority_write_list(const char *name, const struct authority *issuer,
                           const struct authority *revoked, long ends_s);

/* Writes a key, encrypted if a password is given; as authority_write. */
char *authority_write_key(const char *name, EVP_PKEY *key, const char *password);

#endif
