/* certificate.h: what a certificate says about itself, in words. OpenSSL's types are in here, so
 * only the files of this folder include it. */
#ifndef PERI_CERTIFICATE_H
#define PERI_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509.h>

/* Bytes that hold any text of these functions, cut where it is longer. */
#define PERI_CERTIFICATE_TEXT_SIZE 256
#define PERI_CERTIFICATE_TIME_SIZE 32

/* Writes a name as "CN=Lab Issuing CA 2", or whole if it has no CN; control characters escaped. */
void peri_certificate_name(const X509_NAME *name, char *text);

/* Writes a time as "2027-02-01"; with the hour also "2027-02-01 12:00:00 UTC". text has
 * PERI_CERTIFICATE_TIME_SIZE bytes. */
void peri_certificate_time(const ASN1_TIME *time, bool hour, char *text);

/* Writes the host names and addresses it is for, as "a.example, *.b.example, 10.0.0.1": those of
 * its subjectAltName, else its CN; "none" without any. */
void peri_certificate_hosts(const X509 *certificate, char *text);

/* Writes the URL that its issuer's certificate can be had at (caIssuers); "" if it names none. */
void peri_certificate_issuer_url(const X509 *certificate, char *text);

/* Writes its digest, len bytes long (PERI_DIGEST_…), as "SHA-256 4F:1C:…"; "" if it cannot be
 * computed. */
void peri_certificate_thumbprint(const X509 *certificate, size_t len, char *text);

/* Whether it names itself as its issuer. */
bool peri_certificate_is_own_issuer(const X509 *certificate);

#endif
