/* certificate.c: reading a certificate aloud. What stands in it comes from a stranger: it is cut,
 * and control characters are escaped. */
#include "runtime/tls/certificate.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "runtime/tls/pin.h"

/* Text that grows to the size of the functions' results and is cut there. */
struct text {
    char *at;
    size_t len;
};

static void add(struct text *text, const char *bytes, size_t n)
{
    size_t room = PERI_CERTIFICATE_TEXT_SIZE - 1 - text->len;
    if (n > room)
        n = room;
    memcpy(text->at + text->len, bytes, n);
    text->len += n;
    text->at[text->len] = '\0';
}

/* Appends what a certificate holds: everything but printable ASCII becomes "?". */
static void add_foreign(struct text *text, const unsigned char *bytes, int n)
{
    for (int i = 0; i < n; i++) {
        char c = (char)bytes[i];
        add(text, c >= ' ' && c <= '~' ? &c : "?", 1);
    }
}

static struct text begin(char *text)
{
    text[0] = '\0';
    return (struct text){.at = text};
}

void peri_certificate_name(const X509_NAME *name, char *text)
{
    struct text out = begin(text);
    BIO *bio = BIO_new(BIO_s_mem());
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    const unsigned long flags = XN_FLAG_ONELINE & ~XN_FLAG_SPC_EQ & ~ASN1_STRFLGS_ESC_MSB;
    if (at >= 0) {
        const ASN1_STRING *cn = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
        add(&out, "CN=", 3);
        ASN1_STRING_print_ex(bio, cn, ASN1_STRFLGS_ESC_CTRL | ASN1_STRFLGS_UTF8_CONVERT);
    } else {
        X509_NAME_print_ex(bio, name, 0, flags);
    }
    char *bytes = NULL;
    long n = BIO_get_mem_data(bio, &bytes);
    if (n > 0)
        add(&out, bytes, (size_t)n);
    else if (at < 0)
        add(&out, "(no name)", strlen("(no name)"));
    BIO_free(bio);
    ERR_clear_error();
}

void peri_certificate_time(const ASN1_TIME *time, bool hour, char *text)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(time, &tm) != 1) {
        snprintf(text, PERI_CERTIFICATE_TIME_SIZE, "an unreadable date");
        ERR_clear_error();
        return;
    }
    if (hour)
        strftime(text, PERI_CERTIFICATE_TIME_SIZE, "%Y-%m-%d %H:%M:%S UTC", &tm);
    else
        strftime(text, PERI_CERTIFICATE_TIME_SIZE, "%Y-%m-%d", &tm);
}

static void add_address(struct text *out, const ASN1_OCTET_STRING *address)
{
    char words[64] = "?";
    const unsigned char *b = ASN1_STRING_get0_data(address);
    int n = ASN1_STRING_length(address);
    if (n == 4) {
        snprintf(words, sizeof(words), "%d.%d.%d.%d", b[0], b[1], b[2], b[3]);
    } else if (n == 16) {
        int used = 0;
        for (int i = 0; i < 16; i += 2)
            used += snprintf(words + used, sizeof(words) - (size_t)used, "%s%x", i == 0 ? "" : ":",
                             b[i] << 8 | b[i + 1]);
    }
    add(out, words, strlen(words));
}

static void add_host(struct text *out, const GENERAL_NAME *name)
{
    if (name->type != GEN_DNS && name->type != GEN_IPADD)
        return;
    if (out->len > 0)
        add(out, ", ", 2);
    if (name->type == GEN_DNS)
        add_foreign(out, ASN1_STRING_get0_data(name->d.dNSName),
                    ASN1_STRING_length(name->d.dNSName));
    else
        add_address(out, name->d.iPAddress);
}

static void add_common_name(struct text *out, const X509 *certificate)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0)
        return;
    const ASN1_STRING *cn = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    add_foreign(out, ASN1_STRING_get0_data(cn), ASN1_STRING_length(cn));
}

void peri_certificate_hosts(const X509 *certificate, char *text)
{
    struct text out = begin(text);
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
        add_host(&out, sk_GENERAL_NAME_value(names, i));
    GENERAL_NAMES_free(names);
    if (out.len == 0)
        add_common_name(&out, certificate);
    if (out.len == 0)
        add(&out, "none", strlen("none"));
    ERR_clear_error();
}

void peri_certificate_issuer_url(const X509 *certificate, char *text)
{
    struct text out = begin(text);
    AUTHORITY_INFO_ACCESS *info = X509_get_ext_d2i(certificate, NID_info_access, NULL, NULL);
    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(info) && out.len == 0; i++) {
        const ACCESS_DESCRIPTION *entry = sk_ACCESS_DESCRIPTION_value(info, i);
        if (OBJ_obj2nid(entry->method) != NID_ad_ca_issuers || entry->location->type != GEN_URI)
            continue;
        const ASN1_IA5STRING *url = entry->location->d.uniformResourceIdentifier;
        add_foreign(&out, ASN1_STRING_get0_data(url), ASN1_STRING_length(url));
    }
    AUTHORITY_INFO_ACCESS_free(info);
    ERR_clear_error();
}

void peri_certificate_thumbprint(const X509 *certificate, size_t len, char *text)
{
    struct peri_pin pin;
    unsigned char *der = NULL;
    text[0] = '\0';
    int n = i2d_X509(certificate, &der);
    if (n > 0 && peri_pin_of(der, (size_t)n, len, &pin, NULL))
        peri_pin_format(&pin, text);
    OPENSSL_free(der);
}

bool peri_certificate_is_own_issuer(const X509 *certificate)
{
    return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) ==
           0;
}
