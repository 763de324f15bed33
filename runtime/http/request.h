/* request.h: one HTTP request and its answer, streamed.
 *
 * A write is never sent twice. libcurl sends a request again, by itself, when a connection that was
 * used before dies without an answer; it asks before each attempt (CURLOPT_PREREQFUNCTION), and
 * a second attempt of what may have reached the server is refused: PERI_E_HTTP_UNKNOWN. A read
 * callback that cannot rewind would stop only requests with a body, and a DELETE has none. */
#ifndef PERI_REQUEST_H
#define PERI_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buf.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/http/pool.h"

struct peri_request;

struct peri_request_field {
    const char *name, *value;
};

/* Bytes of a streamed body whose length is not known: it goes in chunks. */
#define PERI_REQUEST_CHUNKED UINT64_MAX

/* Strings are borrowed until peri_request_new returns, but for the body. */
struct peri_request_settings {
    const char *url;    /* http:// or https://; the name of a user may not be in it */
    const char *method; /* NULL: GET, or POST with a body */
    const struct peri_request_field *fields;
    size_t field_count;
    const char *body; /* NULL: none; borrowed until the request is done or freed */
    size_t body_len;
    bool is_streamed;          /* the body comes by peri_upload_feed instead; never sent again */
    uint64_t stream_len;       /* of the streamed body, or PERI_REQUEST_CHUNKED */
    bool is_idempotent;        /* may be sent again; GET, HEAD, OPTIONS always may */
    bool is_urgent;            /* before those that wait for a connection already */
    uint64_t max_body;         /* bytes of the answer; 0: no limit but what waits to be read */
    uint64_t timeout_ms;       /* from the first attempt to the last byte; 0: none */
    uint64_t stall_timeout_ms; /* 0: the pool's; UINT64_MAX: none, for long polls */
};

/* What a request calls when something changed: its head is complete, more bytes wait, the next
 * piece of a streamed body is wanted, or it is done. It only records or wakes; it may free the
 * request. */
typedef void (*peri_request_cb)(void *arg);

/* Queues a request on the pool and returns it, freed with peri_request_free. cb is called from
 * turns of the loop, never before this returns. NULL and PERI_E_HTTP_URL, _ARGUMENT (a method or
 * header field that HTTP forbids) or _LIMIT when it cannot be sent at all. Callbacks may call it.
 */
struct peri_request *peri_request_new(struct peri_pool *pool,
                                      const struct peri_request_settings *settings,
                                      peri_request_cb cb, void *arg, struct peri_error *err);

/* Frees the request, wherever it stands: one that is running is cancelled by closing its
 * connection. The callback is never called after this. NULL is fine. Callbacks may call it. */
void peri_request_free(struct peri_request *request);

/* The status of the answer, or 0 while its head is incomplete. */
int peri_request_status(const struct peri_request *request);

/* Finds the next field of the answer's head called name; see peri_head_find. */
bool peri_request_field(const struct peri_request *request, const char *name, size_t *at,
                        struct peri_str *value);

/* The bytes of the body (decoded) that came and were not consumed. */
struct peri_str peri_request_unread(const struct peri_request *request);

/* Forgets what peri_request_unread shows. While more than PERI_LIMIT_UNREAD bytes wait, nothing
 * more is taken from the connection. Callbacks may call it. */
void peri_request_consume(struct peri_request *request);

/* Passes them to out instead, without a copy, and takes out's memory for those to come. */
void peri_request_pass(struct peri_request *request, struct peri_buf *out);

/* Lets the whole body wait, up to PERI_LIMIT_BODY bytes: the callback is called at the end only.
 * Callbacks may call it. */
void peri_request_gather(struct peri_request *request);

/* Whether it ended; then error, unless NULL, is why it failed or NULL, owned by the request. */
bool peri_request_is_done(const struct peri_request *request, const struct peri_error **error);

#endif
