/* trust.h: whom to believe: certificate authorities, or pinned certificates; and who we are. */
#ifndef PERI_TRUST_H
#define PERI_TRUST_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/error.h"
#include "runtime/tls/handshake.h"

struct peri_trust;
struct peri_pin;

/* All strings are borrowed until peri_trust_new returns; NULL where nothing is said. */
struct peri_trust_settings {
    const char *const *ca_files;    /* PEM files of certificates to trust */
    size_t ca_file_count;           /* with neither files nor a directory: the system's */
    const char *ca_path;            /* a directory of such files, hashed (c_rehash) or not */
    const char *const *crl_files;   /* PEM or DER files of revocation lists; one must be of the */
    size_t crl_file_count;          /* leaf's issuer. Not with thumbprints */
    const char *const *thumbprints; /* pins: only a leaf with one of these is believed, whatever */
    size_t thumbprint_count;        /* its name, issuer and dates; no authority is loaded then */
    const char *thumbprint_source;  /* who gave them, for messages: "targets.lua:4" */
    const char *trust_command;      /* what makes us believe a certificate, for messages */
    const char *cert;               /* PEM file of our certificate, with its chain */
    const char *key;                /* PEM file of its key; NULL: it is in cert */
    const char *key_password;       /* of an encrypted key */
    bool insecure;                  /* believe everybody */
};

/* Reads the files and returns what they say, freed with peri_trust_free after the last connection.
 * NULL, PERI_E_IO or PERI_E_TLS_SETUP, naming the file, when something cannot be used. */
struct peri_trust *peri_trust_new(const struct peri_trust_settings *settings,
                                  struct peri_error *err);

/* NULL is fine. */
void peri_trust_free(struct peri_trust *trust);

/* Whether the certificate's names count: neither pinned nor insecure. */
bool peri_trust_checks_names(const struct peri_trust *trust);

/* Where the authorities come from, for messages: a path, or "the system's certificates". */
const char *peri_trust_source(const struct peri_trust *trust);

/* What the settings said of pins and of a command; NULL without. */
const char *peri_trust_pin_source(const struct peri_trust *trust);
const char *peri_trust_command(const struct peri_trust *trust);

/* The first of the pins; NULL without any. */
const struct peri_pin *peri_trust_pin(const struct peri_trust *trust);

/* Makes an SSL_CTX of OpenSSL, of one connection, verify as trust says, identify us, refuse what is
 * older than TLS 1.2, and write down in handshake what it sees. Parses nothing: what trust holds
 * is shared. trust must outlive the context. False when OpenSSL has no memory. */
bool peri_trust_apply(const struct peri_trust *trust, void *ssl_ctx,
                      struct peri_handshake *handshake);

#endif
