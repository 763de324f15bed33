/* detour.c: refused, unreachable and silent proxies. */
#include "runtime/http/detour.h"

#include <stdio.h>
#include <string.h>

#define REACH_HINT                                                                                 \
    "check the host's name and port as the proxy sees them; a host that needs no proxy belongs "   \
    "into NO_PROXY, or its target says proxy = false"

static const char socks_hint[] = "is it a SOCKS proxy? http://HOST:PORT is one for CONNECT";

/* How a SOCKS proxy said no; the sentence goes on with the host's name where it ends in a blank. */
static const struct {
    CURLproxycode reply;
    enum peri_error_code code;
    const char *sentence, *hint;
} replies[] = {
    {CURLPX_REPLY_NOT_ALLOWED, PERI_E_HTTP_PROXY, "does not allow connections to ", REACH_HINT},
    {CURLPX_REPLY_CONNECTION_REFUSED, PERI_E_HTTP_CONNECT, "was refused a connection by ",
     REACH_HINT},
    {CURLPX_REPLY_HOST_UNREACHABLE, PERI_E_HTTP_CONNECT, "cannot reach, or finds no address of, ",
     REACH_HINT},
    {CURLPX_REPLY_NETWORK_UNREACHABLE, PERI_E_HTTP_CONNECT, "cannot reach ", REACH_HINT},
    {CURLPX_REPLY_TTL_EXPIRED, PERI_E_HTTP_CONNECT, "cannot reach ", REACH_HINT},
    {CURLPX_REPLY_GENERAL_SERVER_FAILURE, PERI_E_HTTP_CONNECT,
     "cannot reach, or finds no address of, ", REACH_HINT},
    {CURLPX_RESOLVE_HOST, PERI_E_HTTP_RESOLVE, "is given an address, and there is none here of ",
     "with socks5h:// the proxy itself looks for the address"},
    {CURLPX_BAD_VERSION, PERI_E_HTTP_PROXY, "does not speak SOCKS", socks_hint},
    {CURLPX_BAD_ADDRESS_TYPE, PERI_E_HTTP_PROXY, "does not speak SOCKS", socks_hint},
    {CURLPX_CLOSED, PERI_E_HTTP_PROXY, "does not speak SOCKS", socks_hint},
};

static const struct peri_proxy *proxy_of(const struct peri_request *request)
{
    return &request->lane->proxy;
}

/* "the proxy P (S) <sentence><object>", and what to do. */
static bool blame(struct peri_request *request, enum peri_error_code code, const char *sentence,
                  const char *object, const char *hint)
{
    const struct peri_proxy *proxy = proxy_of(request);
    peri_error_set(&request->error, code, "the proxy %s (from %s) %s%s", proxy->where,
                   proxy->source, sentence, object);
    peri_error_hint(&request->error, "%s", hint);
    return true;
}

static bool blame_login(struct peri_request *request)
{
    bool has_user = proxy_of(request)->user != NULL;
    return blame(
        request, PERI_E_HTTP_PROXY,
        has_user ? "refuses our user name or password" : "wants a user name and a password", "",
        "give them in its URL, percent-encoded: http://USER:PASSWORD@HOST:PORT; of a "
        "target as proxy = \"http://USER@HOST:PORT\" and proxy_password = secret.…");
}

/* An HTTP proxy answered our CONNECT. */
static bool report_answer(struct peri_request *request, long status)
{
    char object[600];
    if (status == 407)
        return blame_login(request);
    bool is_lost = status == 500 || status == 502 || status == 503 || status == 504;
    snprintf(object, sizeof(object), "%s: it answered with status %ld", request->lane->where,
             status);
    if (is_lost)
        return blame(request, PERI_E_HTTP_CONNECT, "cannot reach, or finds no address of, ", object,
                     REACH_HINT);
    return blame(request, PERI_E_HTTP_PROXY, "does not allow connections to ", object, REACH_HINT);
}

/* A SOCKS proxy answered, or did not. */
static bool report_reply(struct peri_request *request, const char *words)
{
    long reply = CURLPX_OK;
    curl_easy_getinfo(request->easy, CURLINFO_PROXY_ERROR, &reply);
    if (reply == CURLPX_USER_REJECTED || reply == CURLPX_NO_AUTH || reply == CURLPX_IDENTD)
        return blame_login(request);
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        if ((long)replies[i].reply != reply)
            continue;
        size_t n = strlen(replies[i].sentence);
        return blame(request, replies[i].code, replies[i].sentence,
                     replies[i].sentence[n - 1] == ' ' ? request->lane->where : "",
                     replies[i].hint);
    }
    return blame(request, PERI_E_HTTP_PROXY, "made no connection: ", words, REACH_HINT);
}

/* Nothing of the request, nor of a handshake with the host, was on the way; and it is not TLS that
 * failed with the proxy. */
static bool is_at_proxy(const struct peri_request *request)
{
    bool is_with_proxy = request->handshake == NULL ||
                         (request->is_proxys && peri_handshake_is_done(request->handshake));
    return proxy_of(request)->url != NULL && request->attempts == 0 && is_with_proxy;
}

static bool report_silence(struct peri_request *request, const char *words)
{
    char object[600];
    if (!is_at_proxy(request))
        return false;
    snprintf(object, sizeof(object), "%s: %s", request->lane->where, words);
    return blame(request, PERI_E_HTTP_CONNECT, "made no connection to ", object,
                 "check that it is a proxy of the kind that its URL says, and " REACH_HINT);
}

bool peri_detour_report(struct peri_request *request, CURLcode result, const char *words)
{
    long status = 0;
    if (proxy_of(request)->url == NULL || request->attempts > 0)
        return false;
    curl_easy_getinfo(request->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    switch (result) {
    case CURLE_COULDNT_RESOLVE_PROXY:
        return blame(request, PERI_E_HTTP_RESOLVE, "has no address", "",
                     "check the spelling, and the name server of this machine");
    case CURLE_COULDNT_CONNECT:
        return blame(request, PERI_E_HTTP_CONNECT, "cannot be reached: ", words,
                     "check its host and port; a host that needs no proxy belongs into NO_PROXY, "
                     "or its target says proxy = false");
    case CURLE_PROXY:
        return report_reply(request, words);
    case CURLE_OPERATION_TIMEDOUT:
        if (!is_at_proxy(request))
            return false;
        return blame(request, PERI_E_HTTP_TIMEOUT, "made no connection in time to ",
                     request->lane->where, REACH_HINT);
    default:
        if (status >= 300)
            return report_answer(request, status);
        return report_silence(request, words);
    }
}

void peri_detour_note(struct peri_request *request)
{
    const struct peri_proxy *proxy = proxy_of(request);
    if (proxy->url != NULL && request->is_proxys)
        peri_error_detail(&request->error, "this is the proxy (from %s), not the server",
                          proxy->source);
    else if (proxy->url != NULL)
        peri_error_detail(&request->error, "reached through the proxy %s (from %s)", proxy->where,
                          proxy->source);
}
