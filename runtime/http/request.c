/* request.c: one transfer: options before, callbacks during, outcome after. */
#include "runtime/http/request.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/check.h"
#include "runtime/base/limits.h"
#include "runtime/http/body.h"
#include "runtime/http/curl.h"
#include "runtime/http/gunzip.h"
#include "runtime/http/inside.h"
#include "runtime/http/outcome.h"
#include "runtime/http/report.h"

/* Seconds that a connection may have been idle to be used again. A server that closes it while a
 * write is on the way leaves its outcome unknown: writes stay below the time after which any
 * common server closes. */
static const long IDLE_S = 118, WRITE_IDLE_S = 4;

/* Bytes of a body that fit into one record of TLS (16 KiB) together with the head. */
enum { ONE_RECORD = 8192 };

/* Inside libcurl: a connection's TLS context was made. A proxy that is spoken to in TLS has the
 * first of a connection, and answers CONNECT before the second. */
static CURLcode on_context(CURL *easy, void *ssl_ctx, void *arg)
{
    struct peri_request *request = arg;
    const struct peri_proxy *proxy = &request->lane->proxy;
    long answered = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &answered);
    request->is_proxys = peri_proxy_is_secure(proxy) && answered == 0;
    peri_handshake_free(request->handshake);
    request->handshake = peri_handshake_new(request->is_proxys ? proxy->host : request->lane->host);
    peri_handshake_free(request->pool->newest);
    request->pool->newest = peri_handshake_ref(request->handshake);
    bool ok = peri_trust_apply(request->pool->trust, ssl_ctx, request->handshake);
    return ok ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

static long sent_so_far(const struct peri_request *request)
{
    long sent = 0;
    curl_easy_getinfo(request->easy, CURLINFO_REQUEST_SIZE, &sent);
    return sent;
}

/* OpenSSL tells of a write when all of it is on the way, and a large one is several records: those
 * count as sent from the beginning. */
bool peri_request_is_sent(const struct peri_request *request)
{
    if (request->easy == NULL)
        return request->state == PERI_REQUEST_DONE;
    bool is_large = request->lane->is_secure && request->body_len > ONE_RECORD;
    return request->attempts > 0 && (is_large || sent_so_far(request) > request->sent_before);
}

/* Inside libcurl: a connection is ready and the request is about to be sent, perhaps again. */
static int on_ready(void *arg, char *remote, char *local, int remote_port, int local_port)
{
    (void)remote;
    (void)local;
    (void)remote_port;
    (void)local_port;
    struct peri_request *request = arg;
    if (request->attempts == 0)
        request->sent_before = sent_so_far(request);
    request->is_refused = peri_request_is_sent(request) && !request->is_idempotent;
    request->attempts++;
    return request->is_refused ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

void peri_request_tell(struct peri_request *request)
{
    if (!request->is_freed)
        request->cb(request->arg);
}

/* Inside libcurl: a line of the head, or of what looks like one. */
static size_t on_line(char *line, size_t size, size_t n, void *arg)
{
    struct peri_request *request = arg;
    bool was_complete = request->head.is_complete;
    if (request->is_freed)
        return 0;
    struct peri_error err;
    if (!peri_head_add(&request->head, line, size * n, &err)) {
        peri_report_answer(request, err.code, err.message);
        return 0;
    }
    if (!request->head.is_complete || was_complete)
        return size * n;
    if (!peri_body_begin(request))
        return 0;
    peri_upload_answered(request);
    peri_request_tell(request);
    return size * n;
}

/* Inside libcurl: bytes of the body. Those that are refused with a pause libcurl keeps. */
static size_t on_bytes(char *bytes, size_t size, size_t n, void *arg)
{
    struct peri_request *request = arg;
    if (request->is_freed)
        return 0;
    size_t taken = peri_body_take(request, bytes, size * n);
    if (taken == size * n && !request->is_gathering)
        peri_request_tell(request);
    return taken;
}

static void prepare_trust(const struct peri_pool *pool, CURL *easy)
{
    bool checks_names = peri_trust_checks_names(pool->trust);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L); /* by the callback of peri_trust_apply */
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, checks_names ? 2L : 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context);
    /* libcurl has no authorities to load, least of all for each connection: trust.c has them */
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
}

void peri_request_prepare(struct peri_pool *pool, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_SHARE, pool->share);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "Perilune/" PERI_VERSION);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L); /* body.c does that */
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)pool->connect_timeout_ms);
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* to cancel waits for no resolver */
#endif
    curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); /* whether there is one the lane knows */
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_line);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_ready);
    prepare_trust(pool, easy);
}

static void set_up_method(struct peri_request *request)
{
    CURL *easy = request->easy;
    bool is_head = strcmp(request->method, "HEAD") == 0;
    curl_easy_setopt(easy, CURLOPT_NOBODY, is_head ? 1L : 0L);
    if (request->upload.is_streamed) {
        peri_upload_set_up(request);
    } else if (request->body != NULL) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
    } else if (!is_head) {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, is_head ? NULL : request->method);
}

static void set_up_times(const struct peri_request *request)
{
    uint64_t stall_ms = request->stall_timeout_ms;
    if (stall_ms == 0)
        stall_ms = request->pool->stall_timeout_ms;
    long stall_s = stall_ms >= INT32_MAX ? 0 : (long)((stall_ms + 999) / 1000);
    curl_easy_setopt(request->easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(request->easy, CURLOPT_LOW_SPEED_LIMIT, stall_s == 0 ? 0L : 1L);
    curl_easy_setopt(request->easy, CURLOPT_LOW_SPEED_TIME, stall_s);
}

/* A user's name and password go apart from the URL, which libcurl repeats in its messages. */
static void set_up_proxy(const struct peri_request *request)
{
    const struct peri_proxy *proxy = &request->lane->proxy;
    /* a tunnel may be asked for twice, to learn what the proxy takes; a request may not */
    long ways = request->lane->is_secure ? (long)(CURLAUTH_BASIC | CURLAUTH_DIGEST | CURLAUTH_NTLM)
                                         : (long)CURLAUTH_BASIC;
    curl_easy_setopt(request->easy, CURLOPT_PROXY, proxy->url == NULL ? "" : proxy->url);
    curl_easy_setopt(request->easy, CURLOPT_PROXYUSERNAME, proxy->user);
    curl_easy_setopt(request->easy, CURLOPT_PROXYPASSWORD, proxy->password);
    curl_easy_setopt(request->easy, CURLOPT_PROXYAUTH, ways);
}

void peri_request_set_up(struct peri_request *request)
{
    CURL *easy = request->easy;
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->fields);
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, request->pool->connect_to);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, request);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, request);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->words);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, request->is_idempotent ? IDLE_S : WRITE_IDLE_S);
    set_up_proxy(request);
    set_up_method(request);
    set_up_times(request);
}

/* Visible ASCII without what ends a token; enough for methods and names of fields. */
static bool is_token(const char *text)
{
    const char *forbidden = "()<>@,;:\\\"/[]?={} \t";
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text > '~' || strchr(forbidden, *text) != NULL)
            return false;
    return true;
}

static bool add_field(struct peri_request *request, const struct peri_request_field *field,
                      struct peri_error *err)
{
    if (!is_token(field->name) || strpbrk(field->value, "\r\n") != NULL)
        return peri_error_set(err, PERI_E_ARGUMENT, "HTTP forbids this header: \"%s\"",
                              field->name);
    struct peri_buf line;
    peri_buf_init(&line, PERI_LIMIT_HEADERS);
    /* libcurl sends a field without a value only if a semicolon stands for the colon */
    bool ok = peri_buf_puts(&line, field->name, err) &&
              peri_buf_puts(&line, field->value[0] == '\0' ? ";" : ": ", err) &&
              peri_buf_puts(&line, field->value, err);
    if (ok)
        request->fields = curl_slist_append(request->fields, line.data);
    peri_buf_deinit(&line);
    return ok;
}

static bool has_field(const struct peri_request_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->field_count; i++)
        if (curl_strequal(settings->fields[i].name, name))
            return true;
    return false;
}

static bool add_fields(struct peri_request *request, const struct peri_request_settings *settings,
                       struct peri_error *err)
{
    for (size_t i = 0; i < settings->field_count; i++)
        if (!add_field(request, &settings->fields[i], err))
            return false;
    /* what libcurl adds to a body by itself */
    request->fields = curl_slist_append(request->fields, "Expect:");
    if (!has_field(settings, "Content-Type"))
        request->fields = curl_slist_append(request->fields, "Content-Type:");
    return true;
}

static bool is_safe_method(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           strcmp(method, "OPTIONS") == 0;
}

static bool set_method(struct peri_request *request, const struct peri_request_settings *settings,
                       struct peri_error *err)
{
    const char *method = settings->method;
    if (method == NULL)
        method = settings->body == NULL && !settings->is_streamed ? "GET" : "POST";
    if (!is_token(method))
        return peri_error_set(err, PERI_E_ARGUMENT, "not a method of HTTP: \"%s\"", method);
    if ((settings->body != NULL || settings->is_streamed) && strcmp(method, "HEAD") == 0)
        return peri_error_set(err, PERI_E_ARGUMENT, "a HEAD request has no body");
    if (settings->body_len > PERI_LIMIT_REQUEST)
        return peri_error_set(err, PERI_E_LIMIT, "a request body of %zu bytes, over %lu",
                              settings->body_len, PERI_LIMIT_REQUEST);
    request->method = peri_strdup(method);
    request->is_idempotent =
        !settings->is_streamed && (settings->is_idempotent || is_safe_method(method));
    request->is_urgent = settings->is_urgent;
    request->body = settings->body;
    request->body_len = settings->body_len;
    request->upload.is_streamed = settings->is_streamed;
    request->upload.length = settings->stream_len;
    if (request->body == NULL && (strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0))
        request->body = ""; /* sent with a length, of 0 */
    return true;
}

static bool fail_url(const char *url, CURLUcode code, struct peri_error *err)
{
    return peri_error_set(err, PERI_E_HTTP_URL, "cannot use the URL \"%s\": %s", url,
                          curl_url_strerror(code));
}

/* Finds the lane of the URL's host. */
static bool find_lane(struct peri_request *request, struct peri_pool *pool, CURLU *url,
                      struct peri_error *err)
{
    char *host = NULL, *port = NULL, *scheme = NULL, *user = NULL;
    CURLUcode code = curl_url_set(url, CURLUPART_URL, request->url, CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_OK)
        code = peri_curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
    if (code == CURLUE_OK && strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
        code = CURLUE_UNSUPPORTED_SCHEME;
    if (code == CURLUE_OK && peri_curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK)
        code = CURLUE_USER_NOT_ALLOWED;
    if (code == CURLUE_OK)
        code = peri_curl_url_get(url, CURLUPART_HOST, &host, 0);
    if (code == CURLUE_OK)
        code = peri_curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    if (code == CURLUE_OK)
        request->lane = peri_pool_lane(pool, host, port, strcmp(scheme, "https") == 0, err);
    curl_free(host);
    curl_free(port);
    curl_free(scheme);
    curl_free(user);
    return code == CURLUE_OK ? request->lane != NULL : fail_url(request->url, code, err);
}

/* Most requests go to the URL of the one before, so that is taken apart once. */
static bool set_url(struct peri_request *request, struct peri_pool *pool, const char *url,
                    struct peri_error *err)
{
    request->url = peri_strdup(url);
    if (pool->last_url != NULL && strcmp(pool->last_url, url) == 0) {
        request->lane = pool->last_lane;
        return true;
    }
    CURLU *parts = curl_url();
    peri_assert(parts != NULL);
    bool ok = find_lane(request, pool, parts, err);
    curl_url_cleanup(parts);
    if (ok) {
        peri_free(pool->last_url);
        pool->last_url = peri_strdup(url);
        pool->last_lane = request->lane;
    }
    return ok;
}

static void destroy(struct peri_request *request)
{
    curl_slist_free_all(request->fields);
    peri_handshake_free(request->handshake);
    peri_gunzip_free(request->gunzip);
    peri_head_deinit(&request->head);
    peri_buf_deinit(&request->unread);
    peri_free(request->url);
    peri_free(request->method);
    peri_free(request);
}

struct peri_request *peri_request_new(struct peri_pool *pool,
                                      const struct peri_request_settings *settings,
                                      peri_request_cb cb, void *arg, struct peri_error *err)
{
    struct peri_request *request = peri_alloc(sizeof(*request));
    peri_head_init(&request->head);
    peri_buf_init(&request->unread, PERI_LIMIT_BODY);
    if (!set_method(request, settings, err) || !add_fields(request, settings, err) ||
        !set_url(request, pool, settings->url, err)) {
        destroy(request);
        return NULL;
    }
    request->cb = cb;
    request->arg = arg;
    request->max_body = settings->max_body;
    request->timeout_ms = settings->timeout_ms;
    request->stall_timeout_ms = settings->stall_timeout_ms;
    peri_pool_add(pool, request);
    return request;
}

void peri_request_free(struct peri_request *request)
{
    if (request == NULL)
        return;
    if (request->pool != NULL && request->pool->is_inside) {
        request->is_freed = true;
        peri_pool_settle(request->pool, request);
        return;
    }
    if (request->pool != NULL)
        peri_pool_remove(request);
    destroy(request);
}

void peri_request_settle(struct peri_request *request)
{
    if (request->is_freed) {
        peri_pool_remove(request);
        destroy(request);
        return;
    }
    if (request->state != PERI_REQUEST_RUNNING)
        return;
    bool reads_on = request->is_paused && !peri_body_is_full(request);
    bool sends_on = peri_upload_resume(request);
    if (!reads_on && !sends_on)
        return;
    request->is_paused = request->is_paused && !reads_on;
    request->pool->is_inside = true; /* bytes that libcurl kept come before this returns */
    curl_easy_pause(request->easy, (request->is_paused ? CURLPAUSE_RECV : CURLPAUSE_CONT) |
                                       (request->upload.is_paused ? CURLPAUSE_SEND : 0));
    request->pool->is_inside = false;
}

int peri_request_status(const struct peri_request *request)
{
    return request->head.is_complete ? request->head.status : 0;
}

bool peri_request_field(const struct peri_request *request, const char *name, size_t *at,
                        struct peri_str *value)
{
    return request->head.is_complete && peri_head_find(&request->head, name, at, value);
}

struct peri_str peri_request_unread(const struct peri_request *request)
{
    return (struct peri_str){request->unread.data, request->unread.len};
}

void peri_request_gather(struct peri_request *request)
{
    request->is_gathering = true;
    peri_body_refill(request);
    if (request->is_paused && request->pool != NULL)
        peri_pool_settle(request->pool, request);
}

void peri_request_consume(struct peri_request *request)
{
    peri_buf_clear(&request->unread);
    peri_body_refill(request);
    if (request->is_paused && request->pool != NULL)
        peri_pool_settle(request->pool, request);
}

void peri_request_pass(struct peri_request *request, struct peri_buf *out)
{
    struct peri_buf unread = request->unread;
    request->unread = *out;
    request->unread.ceiling = unread.ceiling;
    unread.ceiling = out->ceiling;
    *out = unread;
    peri_request_consume(request);
}

bool peri_request_is_done(const struct peri_request *request, const struct peri_error **error)
{
    bool is_done = request->state == PERI_REQUEST_DONE;
    if (error != NULL)
        *error = is_done && request->has_failed ? &request->error : NULL;
    return is_done;
}

void peri_request_count(struct peri_request *request)
{
    struct peri_pool_stats *stats = &request->pool->stats;
    curl_off_t in = 0, body = 0;
    long in_head = 0, out = sent_so_far(request);
    curl_easy_getinfo(request->easy, CURLINFO_SIZE_DOWNLOAD_T, &in);
    curl_easy_getinfo(request->easy, CURLINFO_SIZE_UPLOAD_T, &body);
    curl_easy_getinfo(request->easy, CURLINFO_HEADER_SIZE, &in_head);
    bool is_body_apart = body > out; /* a small one goes, and is counted, with the head */
    stats->requests++;
    stats->bytes_in += (uint64_t)in + (uint64_t)in_head;
    stats->bytes_out += (uint64_t)out + (is_body_apart ? (uint64_t)body : 0);
    stats->handshakes += peri_handshake_is_done(request->handshake);
    stats->resumed += peri_handshake_is_resumed(request->handshake);
}

static void end(struct peri_request *request)
{
    peri_pool_remove(request);
    peri_body_refill(request);
    peri_request_tell(request);
}

void peri_request_finish(struct peri_request *request, CURLcode result)
{
    if (result == CURLE_OK && !request->head.is_complete)
        result = CURLE_GOT_NOTHING; /* libcurl takes a head for whole that ends in the middle */
    if (!request->has_failed && result != CURLE_OK) {
        peri_report(request, result, peri_request_is_sent(request));
        request->has_failed = true;
    }
    end(request);
}

void peri_request_fail(struct peri_request *request, const struct peri_error *err)
{
    peri_report_end(request, err);
    end(request);
}
