/* portrait.h: a certificate as people are shown it, and the judgement of any bytes as one. */
#ifndef PERI_PORTRAIT_H
#define PERI_PORTRAIT_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/error.h"
#include "runtime/tls/handshake.h"
#include "runtime/tls/trust.h"

#define PERI_PORTRAIT_TEXT_SIZE 256
#define PERI_PORTRAIT_TIME_SIZE 32

/* Control characters of the certificate are escaped, and what is long is cut. */
struct peri_portrait {
    char subject[PERI_PORTRAIT_TEXT_SIZE]; /* "CN=vcenter.lab.example" */
    char issuer[PERI_PORTRAIT_TEXT_SIZE];
    char hosts[PERI_PORTRAIT_TEXT_SIZE];      /* the names and addresses it is for; "none" */
    char issuer_url[PERI_PORTRAIT_TEXT_SIZE]; /* where its issuer's can be had, or "" */
    char starts[PERI_PORTRAIT_TIME_SIZE];     /* "2027-02-01 12:00:00 UTC" */
    char ends[PERI_PORTRAIT_TIME_SIZE];
    char sha256[PERI_PORTRAIT_TEXT_SIZE]; /* "SHA-256 4F:1C:…" */
    char sha1[PERI_PORTRAIT_TEXT_SIZE];
    bool is_own_issuer;
};

/* Fills portrait with the certificate that a server sent at a place of its chain, 0 for the leaf.
 * False when there is none: the handshake (which may be NULL) did not come so far, or was that of
 * a resumed session. */
bool peri_portrait_of(const struct peri_handshake *handshake, size_t at,
                      struct peri_portrait *portrait);

/* Judges n bytes, PEM (the leaf first, then its chain) or one certificate in DER, as those of a
 * handshake with host (a name or an address) are judged. True if trust believes them. Else err is
 * what a failed handshake is told with (peri_explain); PERI_E_TLS_SETUP when they are no
 * certificates. The bytes may be anything. */
bool peri_portrait_judge(const struct peri_trust *trust, const void *bytes, size_t n,
                         const char *host, struct peri_error *err);

#endif
