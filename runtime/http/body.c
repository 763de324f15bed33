/* body.c: from the bytes of a connection to those of an answer. */
#include "runtime/http/body.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/limits.h"
#include "runtime/http/gunzip.h"
#include "runtime/http/report.h"

/* Bytes that are decompressed at a time. */
enum { PIECE = 16384 };

static bool is_word(struct peri_str value, const char *word)
{
    return value.len == strlen(word) && strncasecmp(value.data, word, value.len) == 0;
}

bool peri_body_begin(struct peri_request *request)
{
    struct peri_str value;
    size_t at = 0;
    while (peri_head_find(&request->head, "Content-Encoding", &at, &value)) {
        bool is_gzip = is_word(value, "gzip") || is_word(value, "x-gzip");
        if (value.len == 0 || is_word(value, "identity"))
            continue;
        if (!is_gzip || request->gunzip != NULL) {
            peri_report_answer(request, PERI_E_HTTP_PROTOCOL,
                               "is encoded in a way that was not asked for");
            return false;
        }
        request->gunzip = peri_gunzip_new();
    }
    return true;
}

bool peri_body_is_full(const struct peri_request *request)
{
    return !request->is_gathering && request->unread.len > PERI_LIMIT_UNREAD;
}

static bool add(struct peri_request *request, const char *bytes, size_t n)
{
    struct peri_error err;
    bool is_too_long = request->max_body > 0 && request->received + n > request->max_body;
    request->received += n;
    if (!is_too_long && peri_buf_add(&request->unread, bytes, n, &err))
        return true;
    peri_error_set(&err, PERI_E_LIMIT, "is longer than %" PRIu64 " bytes",
                   is_too_long ? request->max_body : (uint64_t)PERI_LIMIT_BODY);
    peri_report_answer(request, err.code, err.message);
    return false;
}

/* Decompresses once. False when there is nothing to do any more, or when it failed. */
static bool decompress(struct peri_request *request)
{
    char bytes[PIECE];
    size_t n = 0;
    struct peri_error err;
    if (!peri_gunzip_next(request->gunzip, bytes, sizeof(bytes), &n, &err)) {
        peri_report_answer(request, err.code, err.message);
        return false;
    }
    return n > 0 && add(request, bytes, n);
}

void peri_body_refill(struct peri_request *request)
{
    if (request->gunzip == NULL || request->has_failed)
        return;
    while (!peri_body_is_full(request) && decompress(request))
        continue;
    if (request->state == PERI_REQUEST_DONE && !request->has_failed &&
        peri_gunzip_is_used_up(request->gunzip) && !peri_gunzip_is_whole(request->gunzip))
        peri_report_answer(request, PERI_E_HTTP_CUT, "is compressed, and ends in the middle");
}

size_t peri_body_take(struct peri_request *request, const char *bytes, size_t n)
{
    struct peri_error err;
    if (request->has_failed)
        return 0;
    request->is_paused = peri_body_is_full(request);
    if (request->is_paused)
        return CURL_WRITEFUNC_PAUSE;
    if (request->gunzip == NULL)
        return add(request, bytes, n) ? n : 0;
    if (!peri_gunzip_feed(request->gunzip, bytes, n, &err)) {
        peri_report_answer(request, err.code, err.message);
        return 0;
    }
    peri_body_refill(request);
    return request->has_failed ? 0 : n;
}
