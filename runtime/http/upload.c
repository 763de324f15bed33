/* upload.c: bodies that are given piece by piece. libcurl takes a piece when the connection has
 * room for it; while none is there, its transfer is paused. One piece is borrowed at a time, so
 * that no more than that waits in memory however slow the connection is. */
#include "runtime/http/upload.h"

#include <inttypes.h>
#include <string.h>

#include "runtime/base/check.h"
#include "runtime/http/inside.h"

/* Bytes that libcurl takes at once; its own default makes four times as many system calls. */
enum { AT_ONCE = 256 * 1024 };

/* Inside libcurl: there is room for bytes of the body. */
static size_t on_room(char *room, size_t size, size_t n, void *arg)
{
    struct peri_request *request = arg;
    struct peri_upload *upload = &request->upload;
    if (request->is_freed)
        return CURL_READFUNC_ABORT;
    upload->is_paused = upload->len == 0 && !upload->is_ended;
    if (upload->is_paused)
        return CURL_READFUNC_PAUSE;
    size_t taken = upload->len < size * n ? upload->len : size * n;
    if (taken == 0)
        return 0;
    memcpy(room, upload->bytes, taken);
    upload->bytes += taken;
    upload->len -= taken;
    if (upload->len == 0)
        peri_request_tell(request);
    return taken;
}

void peri_upload_set_up(struct peri_request *request)
{
    CURL *easy = request->easy;
    bool is_chunked = request->upload.length == PERI_REQUEST_CHUNKED;
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)AT_ONCE);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                     is_chunked ? (curl_off_t)-1 : (curl_off_t)request->upload.length);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_room);
    curl_easy_setopt(easy, CURLOPT_READDATA, request);
}

bool peri_upload_resume(struct peri_request *request)
{
    struct peri_upload *upload = &request->upload;
    if (!upload->is_paused || (upload->len == 0 && !upload->is_ended))
        return false;
    upload->is_paused = false;
    return true;
}

void peri_upload_answered(struct peri_request *request)
{
    struct peri_upload *upload = &request->upload;
    if (!upload->is_streamed || upload->is_ended || request->head.status < 300)
        return;
    upload->is_ended = true; /* libcurl sends no more after such a head, but must not be paused */
    upload->len = 0;
    peri_pool_settle(request->pool, request);
}

bool peri_upload_is_streaming(const struct peri_request *request)
{
    const struct peri_upload *upload = &request->upload;
    return upload->is_streamed && !upload->is_ended && request->state != PERI_REQUEST_DONE;
}

bool peri_upload_is_hungry(const struct peri_request *request)
{
    return peri_upload_is_streaming(request) && request->upload.len == 0;
}

bool peri_upload_feed(struct peri_request *request, const char *bytes, size_t n,
                      struct peri_error *err)
{
    struct peri_upload *upload = &request->upload;
    peri_assert(peri_upload_is_hungry(request));
    upload->given += n;
    bool is_known = upload->length != PERI_REQUEST_CHUNKED;
    if (is_known && (upload->given > upload->length || (n == 0 && upload->given < upload->length)))
        return peri_error_set(err, PERI_E_ARGUMENT,
                              "a body of %" PRIu64 " bytes was promised, and %s%" PRIu64 " given",
                              upload->length, n == 0 ? "only " : "", upload->given);
    upload->bytes = bytes;
    upload->len = n;
    upload->is_ended = n == 0;
    if (upload->is_paused)
        peri_pool_settle(request->pool, request);
    return true;
}
