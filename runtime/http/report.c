/* report.c: the sentence and the hint of each way to fail. */
#include "runtime/http/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runtime/http/detour.h"
#include "runtime/http/outcome.h"
#include "runtime/tls/explain.h"

/* libcurl's words, or the system's where a system call failed. */
static void find_words(const struct peri_request *request, CURLcode result, char *words,
                       size_t size)
{
    long number = 0;
    curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &number);
    if (result == CURLE_COULDNT_CONNECT && number != 0 && strerror_r((int)number, words, size) == 0)
        return;
    if (result == CURLE_OUT_OF_MEMORY && request->head.received > 0) {
        snprintf(words, size, "the answer has a header that is longer than 100 KB");
        return;
    }
    snprintf(words, size, "%s",
             request->words[0] != '\0' ? request->words : curl_easy_strerror(result));
}

static double seconds_of(const struct peri_request *request, CURLINFO what)
{
    curl_off_t us = 0;
    curl_easy_getinfo(request->easy, what, &us);
    return (double)us / 1e6;
}

static void report_resolve(struct peri_request *request)
{
    peri_error_set(&request->error, PERI_E_HTTP_RESOLVE, "the name %s has no address",
                   request->lane->host);
    peri_error_hint(&request->error, "check the spelling, and the name server of this machine");
}

static void report_connect(struct peri_request *request, const char *words)
{
    peri_error_set(&request->error, PERI_E_HTTP_CONNECT, "cannot connect to %s: %s",
                   request->lane->where, words);
    peri_error_hint(&request->error, "check host and port, and what stands between (firewall, "
                                     "proxy)");
}

/* Which of the limits it was: libcurl has one result for all. */
static void report_timeout(struct peri_request *request, bool is_sent)
{
    struct peri_error *err = &request->error;
    const char *where = request->lane->where;
    double total = seconds_of(request, CURLINFO_TOTAL_TIME_T);
    bool has_begun_tls = request->handshake != NULL && !peri_handshake_is_done(request->handshake);
    if (is_sent && request->head.is_complete)
        peri_error_set(err, PERI_E_HTTP_TIMEOUT, "the answer of %s stopped, or took too long: %s",
                       where, request->words);
    else if (is_sent)
        peri_error_set(err, PERI_E_HTTP_TIMEOUT, "no answer from %s within %.1f s", where, total);
    else if (has_begun_tls)
        peri_error_set(err, PERI_E_HTTP_TIMEOUT,
                       "%s took the connection but did not finish the TLS handshake within %.1f s",
                       where, total);
    else
        peri_error_set(err, PERI_E_HTTP_TIMEOUT, "no connection to %s within %.1f s", where, total);
    peri_error_hint(err, is_sent ? "the server may be overloaded; try again later"
                                 : "check host and port, and what stands between (firewall, "
                                   "proxy)");
}

static void report_cut(struct peri_request *request, const char *words)
{
    if (request->head.is_complete)
        peri_error_set(&request->error, PERI_E_HTTP_CUT,
                       "the answer of %s was cut off after %" PRIu64 " bytes: %s",
                       request->lane->where, request->received, words);
    else
        peri_error_set(&request->error, PERI_E_HTTP_CUT,
                       "%s ended the connection before its answer: %s", request->lane->where,
                       words);
    peri_error_hint(&request->error, "try again; if it stays, look at the server's log and at "
                                     "what stands between");
}

static void report_unknown(struct peri_request *request, const char *words)
{
    if (request->is_refused)
        words = "the connection ended before the answer";
    peri_error_set(&request->error, PERI_E_HTTP_UNKNOWN,
                   "%s %s was sent, but its answer was lost (%s): nobody knows whether it was "
                   "carried out",
                   request->method, request->url, words);
    if (request->head.is_complete)
        peri_error_detail(&request->error,
                          "the answer began with status %d and ended after %" PRIu64 " bytes",
                          request->head.status, request->received);
    peri_error_hint(&request->error, "look at the state of the server before trying again");
}

static void report_protocol(struct peri_request *request, const char *words)
{
    peri_error_set(&request->error, PERI_E_HTTP_PROTOCOL, "%s does not answer as HTTP demands: %s",
                   request->lane->where, words);
    peri_error_hint(&request->error, "check host and port: something else may listen there");
}

static void report_as(struct peri_request *request, enum peri_error_code code, const char *words)
{
    switch (code) {
    case PERI_E_HTTP_CONNECT:
        report_connect(request, words);
        break;
    case PERI_E_TLS_HANDSHAKE:
        peri_explain(request->handshake, request->pool->trust,
                     request->is_proxys ? request->lane->proxy.where : request->lane->where, words,
                     &request->error);
        peri_detour_note(request);
        break;
    case PERI_E_HTTP_CUT:
        report_cut(request, words);
        break;
    case PERI_E_HTTP_UNKNOWN:
        report_unknown(request, words);
        break;
    case PERI_E_HTTP_PROTOCOL:
        report_protocol(request, words);
        break;
    default:
        peri_error_set(&request->error, code, "%s %s: %s", request->method, request->url, words);
    }
}

void peri_report(struct peri_request *request, CURLcode result, bool is_sent)
{
    struct peri_outcome outcome = {
        .result = result,
        .is_idempotent = request->is_idempotent,
        .is_sent = is_sent,
        .is_refused = peri_handshake_is_refused(request->handshake),
    };
    enum peri_error_code code = peri_outcome_code(&outcome);
    if (code == PERI_E_HTTP_CONNECT && request->handshake != NULL &&
        !peri_handshake_is_done(request->handshake))
        code = PERI_E_TLS_HANDSHAKE; /* the connection ended in the middle of it */
    char words[CURL_ERROR_SIZE];
    find_words(request, result, words, sizeof(words));
    if (!is_sent && peri_detour_report(request, result, words))
        return;
    if (code == PERI_E_HTTP_RESOLVE)
        report_resolve(request);
    else if (code == PERI_E_HTTP_TIMEOUT)
        report_timeout(request, is_sent);
    else
        report_as(request, code, words);
}

static bool is_open(const struct peri_request *request)
{
    return !request->is_idempotent && peri_request_is_sent(request);
}

void peri_report_answer(struct peri_request *request, enum peri_error_code code, const char *words)
{
    char sentence[PERI_ERROR_MESSAGE_MAX];
    snprintf(sentence, sizeof(sentence), "the answer of %s %s", request->lane->where, words);
    request->has_failed = true;
    if (is_open(request))
        report_unknown(request, sentence);
    else
        peri_error_set(&request->error, code, "%s", sentence);
}

void peri_report_end(struct peri_request *request, const struct peri_error *err)
{
    request->has_failed = true;
    if (is_open(request))
        report_unknown(request, err->message);
    else
        request->error = *err;
}
