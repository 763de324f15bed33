/* outcome.c: libcurl's results as codes of ours. */
#include "runtime/http/outcome.h"

#include <stddef.h>

/* What a result is called when the request was not sent, and when it was sent and may be sent
 * again. Results that are not here are mistakes of ours or of the machine, but when something was
 * sent: then libcurl stumbled over the answer. */
static const struct {
    CURLcode result;
    enum peri_error_code unsent, sent;
} codes[] = {
    {CURLE_UNSUPPORTED_PROTOCOL, PERI_E_HTTP_URL, PERI_E_HTTP_PROTOCOL}, /* sent: HTTP/0.9 */
    {CURLE_URL_MALFORMAT, PERI_E_HTTP_URL, PERI_E_HTTP_URL},
    {CURLE_LOGIN_DENIED, PERI_E_HTTP_URL, PERI_E_HTTP_URL}, /* a user name in the URL */
    {CURLE_COULDNT_RESOLVE_PROXY, PERI_E_HTTP_RESOLVE, PERI_E_HTTP_RESOLVE},
    {CURLE_COULDNT_RESOLVE_HOST, PERI_E_HTTP_RESOLVE, PERI_E_HTTP_RESOLVE},
    {CURLE_COULDNT_CONNECT, PERI_E_HTTP_CONNECT, PERI_E_HTTP_CONNECT},
    {CURLE_PROXY, PERI_E_HTTP_CONNECT, PERI_E_HTTP_CONNECT},
    {CURLE_INTERFACE_FAILED, PERI_E_HTTP_CONNECT, PERI_E_HTTP_CONNECT},
    {CURLE_SSL_CONNECT_ERROR, PERI_E_TLS_HANDSHAKE, PERI_E_TLS_HANDSHAKE},
    {CURLE_PEER_FAILED_VERIFICATION, PERI_E_TLS_HANDSHAKE, PERI_E_TLS_HANDSHAKE},
    {CURLE_SSL_CLIENTCERT, PERI_E_TLS_HANDSHAKE, PERI_E_TLS_HANDSHAKE},
    {CURLE_SSL_CERTPROBLEM, PERI_E_TLS_HANDSHAKE, PERI_E_TLS_HANDSHAKE},
    {CURLE_SSL_CIPHER, PERI_E_TLS_HANDSHAKE, PERI_E_TLS_HANDSHAKE},
    {CURLE_SSL_INVALIDCERTSTATUS, PERI_E_TLS_HANDSHAKE, PERI_E_TLS_HANDSHAKE},
    {CURLE_OPERATION_TIMEDOUT, PERI_E_HTTP_TIMEOUT, PERI_E_HTTP_TIMEOUT},
    {CURLE_SEND_ERROR, PERI_E_HTTP_CONNECT, PERI_E_HTTP_CUT},
    {CURLE_RECV_ERROR, PERI_E_HTTP_CONNECT, PERI_E_HTTP_CUT},
    {CURLE_GOT_NOTHING, PERI_E_HTTP_CONNECT, PERI_E_HTTP_CUT},
    {CURLE_PARTIAL_FILE, PERI_E_HTTP_CONNECT, PERI_E_HTTP_CUT},
    {CURLE_WEIRD_SERVER_REPLY, PERI_E_HTTP_PROTOCOL, PERI_E_HTTP_PROTOCOL},
    {CURLE_OUT_OF_MEMORY, PERI_E_INTERNAL, PERI_E_LIMIT}, /* sent: a header line over 100 KB */
#if LIBCURL_VERSION_NUM >= 0x080600
    {CURLE_TOO_LARGE, PERI_E_INTERNAL, PERI_E_LIMIT}, /* the same */
#endif
    {CURLE_BAD_CONTENT_ENCODING, PERI_E_HTTP_PROTOCOL, PERI_E_HTTP_PROTOCOL},
};

static enum peri_error_code meaning(CURLcode result, bool is_sent)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].result == result)
            return is_sent ? codes[i].sent : codes[i].unsent;
    return is_sent ? PERI_E_HTTP_PROTOCOL : PERI_E_INTERNAL;
}

enum peri_error_code peri_outcome_code(const struct peri_outcome *outcome)
{
    if (outcome->result == CURLE_OK)
        return PERI_E_NONE;
    if (outcome->is_refused)
        return PERI_E_TLS_HANDSHAKE;
    if (outcome->is_sent && !outcome->is_idempotent)
        return PERI_E_HTTP_UNKNOWN;
    return meaning(outcome->result, outcome->is_sent);
}
