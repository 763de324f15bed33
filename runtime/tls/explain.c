/* explain.c: from what a handshake showed to what to do about it.
 *
 * Certificates first (a verdict of ours), then what the server said (an alert), then what it spoke
 * at all, then the library's own words. */
#include "runtime/tls/explain.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>

#include "runtime/tls/anchors.h"
#include "runtime/tls/certificate.h"
#include "runtime/tls/notes.h"
#include "runtime/tls/pin.h"

#define TEXT PERI_CERTIFICATE_TEXT_SIZE
#define CA_SETTING "ca_file in targets.lua (PERILUNE_CA_FILE, GOVC_TLS_CA_CERTS)"

/* What the functions below look at. */
struct scene {
    const struct peri_handshake *seen;
    const struct peri_trust *trust;
    const char *where;
    struct peri_error *err;
};

static X509 *leaf_of(const struct peri_handshake *seen)
{
    return sk_X509_num(seen->built) > 0 ? sk_X509_value(seen->built, 0) : seen->culprit;
}

/* "its issuer CN=…" for certificates above the leaf; for the leaf itself "the certificate". */
static void name_culprit(const struct scene *scene, char *text, size_t size)
{
    char name[TEXT];
    if (scene->seen->depth == 0) {
        snprintf(text, size, "the certificate of %s", scene->where);
        return;
    }
    peri_certificate_name(X509_get_subject_name(scene->seen->culprit), name);
    snprintf(text, size, "the issuer's certificate \"%s\" of %s", name, scene->where);
}

static const char *role_of(int at, const X509 *certificate)
{
    if (at == 0)
        return "leaf";
    return peri_certificate_is_own_issuer(certificate) ? "root" : "issuer";
}

static void note_validity(const X509 *certificate, char *note)
{
    char date[PERI_CERTIFICATE_TIME_SIZE];
    if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
        peri_certificate_time(X509_get0_notBefore(certificate), false, date);
        snprintf(note, TEXT, "not valid before %s", date);
        return;
    }
    bool is_over = X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
    peri_certificate_time(X509_get0_notAfter(certificate), false, date);
    snprintf(note, TEXT, "%s %s", is_over ? "expired on" : "valid until", date);
}

/* A line for each certificate of the chain, as far as it was built. */
static void list_chain(const struct scene *scene)
{
    for (int i = 0; i < sk_X509_num(scene->seen->built); i++) {
        char name[TEXT], note[TEXT];
        const X509 *certificate = sk_X509_value(scene->seen->built, i);
        peri_certificate_name(X509_get_subject_name(certificate), name);
        note_validity(certificate, note);
        bool is_ours = i >= scene->seen->untrusted;
        peri_error_detail(scene->err, "%-9s %-32s %s%s%s%s", role_of(i, certificate), name, note,
                          is_ours ? ", trusted (" : "", //
                          is_ours ? peri_trust_source(scene->trust) : "", is_ours ? ")" : "");
    }
}

/* Appends to the hint how to believe this one certificate whatever it says. */
static void advise_trust(const struct scene *scene)
{
    char thumbprint[TEXT];
    const char *command = peri_trust_command(scene->trust);
    peri_certificate_thumbprint(leaf_of(scene->seen), PERI_DIGEST_SHA256, thumbprint);
    if (command != NULL)
        peri_error_advise(scene->err, "to trust just this certificate: %s   (%s)", command,
                          thumbprint);
    else
        peri_error_advise(scene->err, "to trust just this certificate: thumbprint = \"%s\"",
                          thumbprint);
}

/* Appends to the hint where a vCenter that signs for itself gives the certificate it signs with. */
static void advise_vcenter(const struct scene *scene)
{
    size_t n = strlen(scene->where);
    bool is_usual = n > 4 && strcmp(scene->where + n - 4, ":443") == 0;
    peri_error_advise(scene->err,
                      "a vCenter that is its own CA gives that at https://%.*s/certs/download.zip "
                      "(in it, certs/lin/*.0)",
                      (int)(is_usual ? n - 4 : n), scene->where);
}

/* Whether one of ours has the name of the issuer that is missing, and is not it. */
static bool has_namesake(const struct scene *scene)
{
    const X509_NAME *issuer = X509_get_issuer_name(scene->seen->culprit);
    return peri_anchors_named(peri_trust_store(scene->trust), issuer) != NULL;
}

/* The one that ends the chain was not sent, and is not ours: what stands in its place. */
static void note_missing(const struct scene *scene, const char *issuer)
{
    if (!has_namesake(scene)) {
        peri_error_detail(scene->err, "%-9s %-32s %s %s", "missing", issuer,
                          "the server does not send it, and it is not in",
                          peri_trust_source(scene->trust));
        return;
    }
    peri_error_detail(scene->err,
                      "%-9s %-32s %s is named so, but did not sign this: the CA was "
                      "made anew",
                      "missing", issuer, peri_trust_source(scene->trust));
}

/* The chain ends at a certificate whose issuer nobody has. */
static void explain_missing(const struct scene *scene)
{
    const X509 *last = scene->seen->culprit;
    char issuer[TEXT], url[TEXT];
    bool is_leaf = scene->seen->depth == 0;
    peri_certificate_name(X509_get_issuer_name(last), issuer);
    peri_certificate_issuer_url(last, url);
    if (is_leaf)
        peri_error_set(scene->err, PERI_E_TLS_UNTRUSTED,
                       "the certificate of %s is not trusted: that of its issuer \"%s\" is missing",
                       scene->where, issuer);
    else
        peri_error_set(scene->err, PERI_E_TLS_UNTRUSTED,
                       "the certificate of %s is not trusted: its chain ends at \"%s\", which is "
                       "unknown here",
                       scene->where, issuer);
    list_chain(scene);
    note_missing(scene, issuer);
    if (url[0] != '\0')
        peri_error_advise(scene->err, "get \"%s\" from %s", issuer, url);
    if (has_namesake(scene))
        peri_error_advise(scene->err, "put the server's present \"%s\" in the place of the old one",
                          issuer);
    else
        peri_error_advise(scene->err, "%sadd \"%s\" to " CA_SETTING,
                          is_leaf ? "let the server send it too, or " : "", issuer);
    advise_vcenter(scene);
    advise_trust(scene);
}

/* The chain is whole, but its root (or a leaf that signed itself) is not ours. */
static void explain_root(const struct scene *scene)
{
    char name[TEXT];
    bool is_leaf = scene->seen->depth == 0;
    peri_certificate_name(X509_get_subject_name(scene->seen->culprit), name);
    if (is_leaf)
        peri_error_set(scene->err, PERI_E_TLS_UNTRUSTED,
                       "the certificate of %s is not trusted: it is self-signed", scene->where);
    else
        peri_error_set(scene->err, PERI_E_TLS_UNTRUSTED,
                       "the certificate of %s is not trusted: its root \"%s\" is unknown here",
                       scene->where, name);
    list_chain(scene);
    if (is_leaf)
        peri_error_advise(scene->err, "add the certificate itself to " CA_SETTING
                                      ", or give the server one that a CA signed");
    else
        peri_error_advise(scene->err, "add \"%s\" to " CA_SETTING, name);
    if (!is_leaf)
        advise_vcenter(scene);
    advise_trust(scene);
}

static void explain_date(const struct scene *scene)
{
    bool is_expired = scene->seen->verdict == X509_V_ERR_CERT_HAS_EXPIRED;
    char what[2 * TEXT], date[PERI_CERTIFICATE_TIME_SIZE];
    name_culprit(scene, what, sizeof(what));
    const X509 *culprit = scene->seen->culprit;
    peri_certificate_time(is_expired ? X509_get0_notAfter(culprit) : X509_get0_notBefore(culprit),
                          true, date);
    if (is_expired)
        peri_error_set(scene->err, PERI_E_TLS_EXPIRED, "%s expired on %s", what, date);
    else
        peri_error_set(scene->err, PERI_E_TLS_NOT_YET, "%s is not valid before %s", what, date);
    list_chain(scene);
    if (!is_expired)
        peri_error_advise(scene->err, "set the clock, of this machine or of the server");
    peri_error_advise(scene->err,
                      "%srenew it on the server (in the vSphere Client: Administration, "
                      "Certificates; of an ESXi host: Configure, Certificate)",
                      is_expired ? "" : "or ");
    advise_trust(scene);
}

static void explain_name(const struct scene *scene)
{
    char hosts[TEXT];
    peri_certificate_hosts(leaf_of(scene->seen), hosts);
    peri_error_set(scene->err, PERI_E_TLS_NAME,
                   "the certificate of %s is for another name; it has: %s", scene->where, hosts);
    list_chain(scene);
    peri_error_advise(scene->err, "connect by one of these names, or give the server a certificate "
                                  "for this one");
    advise_trust(scene);
}

static void explain_weak(const struct scene *scene)
{
    char what[2 * TEXT];
    name_culprit(scene, what, sizeof(what));
    bool is_digest = scene->seen->verdict == X509_V_ERR_CA_MD_TOO_WEAK;
    peri_error_set(scene->err, PERI_E_TLS_WEAK, "%s is too weak: %s", what,
                   is_digest ? "it is signed with a broken digest" : "its key is too short");
    list_chain(scene);
    peri_error_advise(scene->err, "give the server a stronger certificate (RSA 2048 or more)");
    advise_trust(scene);
}

static void explain_revoked(const struct scene *scene)
{
    char what[2 * TEXT], date[PERI_CERTIFICATE_TIME_SIZE] = "";
    name_culprit(scene, what, sizeof(what));
    const X509_REVOKED *entry =
        peri_anchors_revocation(peri_trust_store(scene->trust), scene->seen->culprit);
    if (entry != NULL)
        peri_certificate_time(X509_REVOKED_get0_revocationDate(entry), false, date);
    peri_error_set(scene->err, PERI_E_TLS_REVOKED, "%s was revoked by its issuer%s%s", what,
                   date[0] == '\0' ? "" : " on ", date);
    list_chain(scene);
    peri_error_advise(scene->err, "do not log in: its key may be in other hands; give the server a "
                                  "new certificate");
}

/* The revocation list is the one that is wrong: not there, or of another time. */
static void explain_list(const struct scene *scene)
{
    char issuer[TEXT];
    const char *why = scene->seen->verdict == X509_V_ERR_CRL_HAS_EXPIRED ? "is out of date"
                      : scene->seen->verdict == X509_V_ERR_CRL_NOT_YET_VALID
                          ? "is of a time to come"
                          : "is not in crl_file";
    peri_certificate_name(X509_get_issuer_name(scene->seen->culprit), issuer);
    peri_error_set(scene->err, PERI_E_TLS_UNTRUSTED,
                   "whether the certificate of %s was revoked is not known: the list of \"%s\" %s",
                   scene->where, issuer, why);
    list_chain(scene);
    peri_error_advise(scene->err, "fetch the present revocation list of \"%s\" into crl_file",
                      issuer);
    peri_error_advise(scene->err, "a vCenter that is its own CA gives it in "
                                  "certs/download.zip, too (certs/lin/*.r0)");
}

static void explain_pin(const struct scene *scene)
{
    char shown[TEXT], strong[TEXT], expected[PERI_PIN_TEXT_SIZE], name[TEXT], note[TEXT];
    const struct peri_pin *pin = peri_trust_pin(scene->trust);
    const char *source = peri_trust_pin_source(scene->trust);
    const char *command = peri_trust_command(scene->trust);
    const X509 *leaf = leaf_of(scene->seen);
    peri_certificate_thumbprint(leaf, pin->len, shown);
    peri_certificate_thumbprint(leaf, PERI_DIGEST_SHA256, strong);
    peri_pin_format(pin, expected);
    peri_error_set(scene->err, PERI_E_TLS_PIN,
                   "the certificate of %s HAS CHANGED: it is not the pinned one%s%s", scene->where,
                   source == NULL ? "" : " of ", source == NULL ? "" : source);
    peri_certificate_name(X509_get_subject_name(leaf), name);
    note_validity(leaf, note);
    peri_error_detail(scene->err, "%-9s %-32s %s", "leaf", name, note);
    peri_error_detail(scene->err, "%-9s %s", "expected", expected);
    peri_error_detail(scene->err, "%-9s %s", "shown", shown);
    peri_error_advise(scene->err, "ask whoever runs the server whether it has a new certificate; "
                                  "if it has none, somebody stands in between");
    if (command != NULL)
        peri_error_advise(scene->err, "if it has: %s", command);
    else
        peri_error_advise(scene->err, "if it has: thumbprint = \"%s\"", strong);
}

static void explain_other_verdict(const struct scene *scene)
{
    char what[2 * TEXT];
    name_culprit(scene, what, sizeof(what));
    peri_error_set(scene->err, PERI_E_TLS_UNTRUSTED, "%s is not trusted: %s", what,
                   X509_verify_cert_error_string(scene->seen->verdict));
    list_chain(scene);
    advise_trust(scene);
}

static const struct {
    int verdict;
    void (*explain)(const struct scene *scene);
} verdicts[] = {
    {PERI_HANDSHAKE_NOT_PINNED, explain_pin},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, explain_missing},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, explain_missing},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, explain_missing},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, explain_root},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, explain_root},
    {X509_V_ERR_CERT_HAS_EXPIRED, explain_date},
    {X509_V_ERR_CERT_NOT_YET_VALID, explain_date},
    {X509_V_ERR_HOSTNAME_MISMATCH, explain_name},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, explain_name},
    {X509_V_ERR_EE_KEY_TOO_SMALL, explain_weak},
    {X509_V_ERR_CA_KEY_TOO_SMALL, explain_weak},
    {X509_V_ERR_CA_MD_TOO_WEAK, explain_weak},
    {X509_V_ERR_CERT_REVOKED, explain_revoked},
    {X509_V_ERR_UNABLE_TO_GET_CRL, explain_list},
    {X509_V_ERR_CRL_HAS_EXPIRED, explain_list},
    {X509_V_ERR_CRL_NOT_YET_VALID, explain_list},
};

static void explain_verdict(const struct scene *scene)
{
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
        if (verdicts[i].verdict == scene->seen->verdict) {
            verdicts[i].explain(scene);
            return;
        }
    explain_other_verdict(scene);
}

static void explain_client(const struct scene *scene)
{
    if (!scene->seen->is_client_given) {
        peri_error_set(scene->err, PERI_E_TLS_CLIENT, "%s requires a client certificate",
                       scene->where);
        peri_error_hint(scene->err, "give it as cert and key of the target in targets.lua "
                                    "(PERILUNE_CERT and PERILUNE_KEY, GOVC_CERTIFICATE and "
                                    "GOVC_PRIVATE_KEY)");
        return;
    }
    peri_error_set(scene->err, PERI_E_TLS_CLIENT, "%s refused our client certificate: %s",
                   scene->where,
                   scene->seen->alert < 0 ? "it ended the connection"
                                          : SSL_alert_desc_string_long(scene->seen->alert));
    peri_error_hint(scene->err, "it must be one that the server knows, in its dates, with the "
                                "certificates of its issuers in the same file");
}

/* The server asked for a client certificate, and ended the connection without an alert. */
static bool is_left_when_asked(const struct peri_handshake *seen)
{
    return seen->is_client_asked && !seen->is_done && seen->alert < 0;
}

static bool is_old_protocol(const struct peri_handshake *seen)
{
    return seen->alert == SSL_AD_PROTOCOL_VERSION || seen->reason == SSL_R_UNSUPPORTED_PROTOCOL ||
           seen->reason == SSL_R_VERSION_TOO_LOW;
}

/* TLS records begin with a byte of 20 to 24. */
static bool is_no_tls(const struct peri_handshake *seen)
{
    return seen->heard > 0 && (seen->first[0] < SSL3_RT_CHANGE_CIPHER_SPEC ||
                               seen->first[0] > SSL3_RT_APPLICATION_DATA + 1);
}

static void explain_no_tls(const struct scene *scene)
{
    char words[PERI_HANDSHAKE_HEADER + 1] = "";
    for (size_t i = 0; i < scene->seen->heard; i++)
        words[i] = isprint(scene->seen->first[i]) ? (char)scene->seen->first[i] : '.';
    bool is_http = strncmp(words, "HTTP/", 5) == 0;
    peri_error_set(scene->err, PERI_E_TLS_HANDSHAKE, "%s does not speak TLS: %s \"%s\"",
                   scene->where, is_http ? "it answers plain HTTP," : "it begins with", words);
    peri_error_hint(scene->err, is_http ? "use the port for HTTPS, or a URL with http://"
                                        : "check the port: 443 is the usual one");
}

static void explain_alert(const struct scene *scene)
{
    peri_error_set(scene->err, PERI_E_TLS_HANDSHAKE, "%s refused the TLS handshake: %s",
                   scene->where, SSL_alert_desc_string_long(scene->seen->alert));
    if (scene->seen->alert == SSL_AD_HANDSHAKE_FAILURE)
        peri_error_hint(scene->err, "it has no cipher in common with us, or wants a client "
                                    "certificate");
}

bool peri_explain(const struct peri_handshake *handshake, const struct peri_trust *trust,
                  const char *where, const char *library, struct peri_error *err)
{
    struct scene scene = {handshake, trust, where, err};
    if (err == NULL)
        return false;
    if (handshake == NULL)
        return peri_error_set(err, PERI_E_TLS_HANDSHAKE, "no TLS with %s: %s", where, library);
    if (handshake->verdict != X509_V_OK) {
        explain_verdict(&scene);
    } else if (peri_handshake_is_refused(handshake) || is_left_when_asked(handshake)) {
        explain_client(&scene);
    } else if (is_old_protocol(handshake)) {
        peri_error_set(err, PERI_E_TLS_HANDSHAKE, "%s offers no TLS 1.2 or newer", where);
        peri_error_hint(err,
                        "older versions are broken; update the server, or enable TLS 1.2 on it");
    } else if (is_no_tls(handshake)) {
        explain_no_tls(&scene);
    } else if (handshake->alert >= 0) {
        explain_alert(&scene);
    } else if (handshake->heard == 0) {
        peri_error_set(err, PERI_E_TLS_HANDSHAKE,
                       "%s closed the connection in the TLS handshake, without a word", where);
        peri_error_hint(err, "check host and port, and what stands between (proxy, firewall)");
    } else {
        peri_error_set(err, PERI_E_TLS_HANDSHAKE, "no TLS with %s: %s", where, library);
    }
    return false;
}
