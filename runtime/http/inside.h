/* inside.h: what the files of this folder share; private to it, as libcurl's types are.
 *
 * pool.c owns the multi handle and the easy handles, runs what is ready and settles afterwards;
 * request.c is one transfer: options before, callbacks during, outcome after; watch.c joins
 * libcurl's sockets and timer to the loop. libcurl must not be called from its own callbacks, so
 * what they want (an end, a resumption) waits on the pool's list `unsettled` until it has returned.
 */
#ifndef PERI_INSIDE_H
#define PERI_INSIDE_H

#include <curl/curl.h>

#include "runtime/http/head.h"
#include "runtime/http/lane.h"
#include "runtime/http/pool.h"
#include "runtime/http/request.h"
#include "runtime/loop/timer.h"

struct peri_pool {
    struct peri_loop *loop;
    CURLM *multi;
    CURLSH *share;
    struct peri_timer *timer;
    struct peri_watch *watches;
    struct peri_trust *trust;
    struct peri_lane *lanes;
    unsigned lane_count;
    char *last_url; /* of the newest request, and its lane */
    struct peri_lane *last_lane;
    CURL **spares; /* easy handles to be used again, at most as many as connections */
    unsigned spare_count;
    struct peri_request *requests;  /* not done, by next and previous */
    struct peri_request *unsettled; /* by next_unsettled */
    bool is_inside;                 /* libcurl is at work, so do not call it */
    unsigned connections;
    uint64_t connect_timeout_ms, stall_timeout_ms;
    struct peri_proxy_settings proxies;
    struct peri_handshake *newest; /* NULL before the first */
    struct curl_slist *connect_to; /* in libcurl's words; NULL: as the URLs say */
    struct peri_pool_stats stats;
};

/* The body of a request that is given piece by piece. */
struct peri_upload {
    bool is_streamed;  /* there is one */
    bool is_ended;     /* the last piece was given */
    bool is_paused;    /* libcurl waits for the next one */
    const char *bytes; /* of the present piece, not taken yet; borrowed */
    size_t len;
    uint64_t given;  /* bytes, of all pieces */
    uint64_t length; /* of the body; PERI_REQUEST_CHUNKED: not known */
};

enum peri_request_state { PERI_REQUEST_WAITING, PERI_REQUEST_RUNNING, PERI_REQUEST_DONE };

struct peri_request {
    struct peri_pool *pool; /* NULL once done */
    struct peri_lane *lane;
    struct peri_request *next, *previous; /* in the pool's list */
    struct peri_request *next_waiting;    /* in the lane's queue */
    struct peri_request *next_unsettled;
    enum peri_request_state state;
    peri_request_cb cb;
    void *arg;
    CURL *easy; /* while running */
    char *url, *method;
    struct curl_slist *fields;
    const char *body;
    size_t body_len;
    struct peri_upload upload;
    uint64_t max_body, timeout_ms, stall_timeout_ms;
    bool is_idempotent;
    bool is_urgent;
    bool is_freed;     /* by its owner, inside libcurl: to be destroyed when that returns */
    bool is_unsettled; /* on the pool's list */
    bool is_gathering; /* it is read at its end only, so it is never paused */
    bool is_paused;
    bool is_refused;   /* a second attempt was */
    bool has_failed;   /* error is set */
    unsigned attempts; /* that were ready to be sent */
    long sent_before;  /* bytes sent when the first attempt was ready: of a proxy's CONNECT */
    uint64_t received; /* bytes of the body, decompressed */
    struct peri_head head;
    struct peri_buf unread;
    struct peri_gunzip *gunzip;       /* NULL: the body is not compressed */
    struct peri_handshake *handshake; /* of the newest connection it opened; NULL if none */
    bool is_proxys;                   /* that is with its proxy, not with the host */
    struct peri_error error;
    char words[CURL_ERROR_SIZE]; /* libcurl's */
};

/* pool.c */

/* Lets libcurl act on a socket (CURL_SOCKET_TIMEOUT: on its timer), then ends, pauses and starts
 * what that brought about. */
void peri_pool_drive(struct peri_pool *pool, curl_socket_t fd, int events);

/* Puts request on the list of what to settle once libcurl has returned; now, if it is not at work.
 */
void peri_pool_settle(struct peri_pool *pool, struct peri_request *request);

/* The lane of a host, made if need be. NULL and PERI_E_HTTP_PROXY when its proxy cannot be used. */
struct peri_lane *peri_pool_lane(struct peri_pool *pool, const char *host, const char *port,
                                 bool is_secure, struct peri_error *err);

/* Puts a new request on the pool, at the end of its lane's queue. */
void peri_pool_add(struct peri_pool *pool, struct peri_request *request);

/* Takes the request off the pool: its queue, or libcurl, which closes its connection if the
 * transfer is not over. Not inside libcurl. */
void peri_pool_remove(struct peri_request *request);

/* upload.c */

/* Sets on request->easy that its body is streamed. */
void peri_upload_set_up(struct peri_request *request);

/* Whether libcurl waits for something that is there now; then it counts as resumed. */
bool peri_upload_resume(struct peri_request *request);

/* The head of the answer is there: what is refused is not sent to its end. */
void peri_upload_answered(struct peri_request *request);

/* request.c */

/* Calls the owner, unless the request was freed. */
void peri_request_tell(struct peri_request *request);

/* Whether anything of the request may have reached the server. */
bool peri_request_is_sent(const struct peri_request *request);

/* Sets what all requests of a pool have in common. */
void peri_request_prepare(struct peri_pool *pool, CURL *easy);

/* Sets what this request asks for on request->easy. */
void peri_request_set_up(struct peri_request *request);

/* Adds what a request that leaves libcurl has cost to the pool's counts. */
void peri_request_count(struct peri_request *request);

/* Ends a request with libcurl's result: judges it, takes it off the pool, calls its owner. */
void peri_request_finish(struct peri_request *request, CURLcode result);

/* Ends a request with an error of ours, likewise. */
void peri_request_fail(struct peri_request *request, const struct peri_error *err);

/* Destroys it if it was freed; resumes it if it is paused and was read. Not inside libcurl. */
void peri_request_settle(struct peri_request *request);

/* watch.c */

/* Makes libcurl's multi handle use the loop: its sockets are watched, its timer is pool->timer. */
void peri_watch_multi(struct peri_pool *pool);

/* Makes an easy handle open its sockets so that they can be watched until they are closed. */
void peri_watch_easy(struct peri_pool *pool, CURL *easy);

/* Frees the watches of sockets that are not ours to close; after libcurl is cleaned up. */
void peri_watch_free(struct peri_pool *pool);

#endif
