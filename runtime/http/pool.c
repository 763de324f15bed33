/* pool.c: the multi handle and who may use it.
 *
 * Each host has a lane: so many of its requests are with libcurl at a time, the others wait here,
 * where waiting costs no timeout of theirs and hosts do not hold one another up. */
#include "runtime/http/pool.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/check.h"
#include "runtime/http/curl.h"
#include "runtime/http/inside.h"

static bool check(const struct peri_pool_settings *settings, struct peri_error *err)
{
    if (settings->connections > PERI_POOL_CONNECTIONS_MAX)
        return peri_error_set(err, PERI_E_ARGUMENT, "more than %d connections per host: %u",
                              PERI_POOL_CONNECTIONS_MAX, settings->connections);
    return true;
}

/* value in milliseconds, or a default; never longer than libcurl can count. */
static uint64_t or_default(uint64_t value, uint64_t otherwise)
{
    const uint64_t most = INT32_MAX;
    return value == 0 ? otherwise : value > most ? most : value;
}

/* All TLS sessions and names are shared; there is one thread, so nothing to lock. */
static void start_libcurl(struct peri_pool *pool)
{
    peri_assert(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    pool->multi = curl_multi_init();
    pool->share = curl_share_init();
    peri_assert(pool->multi != NULL && pool->share != NULL);
    curl_share_setopt(pool->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    curl_multi_setopt(pool->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    peri_watch_multi(pool);
}

/* libcurl's "from:port:to:port", from anywhere. */
static struct curl_slist *redirection(const char *place)
{
    size_t size = strlen(place) + sizeof("::");
    char *words = peri_alloc(size);
    snprintf(words, size, "::%s", place);
    struct curl_slist *list = curl_slist_append(NULL, words);
    peri_free(words);
    return list;
}

struct peri_pool *peri_pool_new(struct peri_loop *loop, const struct peri_pool_settings *settings,
                                struct peri_error *err)
{
    if (!check(settings, err) || !peri_curl_load(err))
        return NULL;
    struct peri_trust *trust = peri_trust_new(&settings->trust, err);
    if (trust == NULL)
        return NULL;
    struct peri_pool *pool = peri_alloc(sizeof(*pool));
    pool->loop = loop;
    pool->trust = trust;
    pool->connections = settings->connections == 0 ? PERI_POOL_CONNECTIONS : settings->connections;
    pool->connect_timeout_ms =
        or_default(settings->connect_timeout_ms, PERI_POOL_CONNECT_TIMEOUT_MS);
    pool->stall_timeout_ms = or_default(settings->stall_timeout_ms, PERI_POOL_STALL_TIMEOUT_MS);
    pool->proxies = (struct peri_proxy_settings){
        .secure = peri_strdup(settings->proxy),
        .secure_source = peri_strdup(settings->proxy_source),
        .plain = peri_strdup(settings->plain_proxy),
        .plain_source = peri_strdup(settings->plain_proxy_source),
        .exempt = peri_strdup(settings->no_proxy),
    };
    if (settings->connect_to != NULL)
        pool->connect_to = redirection(settings->connect_to);
    pool->spares = peri_alloc_array(pool->connections, sizeof(CURL *));
    start_libcurl(pool);
    return pool;
}

static CURL *take_easy(struct peri_pool *pool)
{
    if (pool->spare_count > 0)
        return pool->spares[--pool->spare_count];
    CURL *easy = curl_easy_init();
    peri_assert(easy != NULL);
    peri_request_prepare(pool, easy);
    peri_watch_easy(pool, easy);
    return easy;
}

static void give_easy(struct peri_pool *pool, CURL *easy)
{
    if (pool->spare_count >= pool->connections)
        curl_easy_cleanup(easy);
    else
        pool->spares[pool->spare_count++] = easy;
}

static void start(struct peri_request *request)
{
    struct peri_pool *pool = request->pool;
    request->state = PERI_REQUEST_RUNNING;
    request->lane->running++;
    request->easy = take_easy(pool);
    peri_request_set_up(request);
    peri_assert(curl_multi_add_handle(pool->multi, request->easy) == CURLM_OK);
}

static void start_waiting(struct peri_pool *pool, struct peri_lane *lane)
{
    while (!pool->is_inside && lane->first != NULL && lane->running < pool->connections)
        start(peri_lane_pop(lane));
}

/* A proxy's own certificate is judged by authorities, and with a thumbprint there are none. */
static bool check_proxy(const struct peri_pool *pool, const struct peri_proxy *proxy,
                        struct peri_error *err)
{
    if (!peri_proxy_is_secure(proxy) || peri_trust_pin(pool->trust) == NULL)
        return true;
    peri_error_set(err, PERI_E_HTTP_PROXY,
                   "the proxy %s (from %s) is spoken to in TLS, and whom to believe is one "
                   "thumbprint, the server's",
                   proxy->where, proxy->source);
    return peri_error_hint(err, "use http:// for the proxy (TLS to the server goes through it all "
                                "the same), or authorities (ca_file) instead of the thumbprint");
}

struct peri_lane *peri_pool_lane(struct peri_pool *pool, const char *host, const char *port,
                                 bool is_secure, struct peri_error *err)
{
    char where[512];
    snprintf(where, sizeof(where), "%s:%s", host, port);
    struct peri_lane *lane = peri_lane_find(pool->lanes, where, is_secure);
    if (lane != NULL)
        return lane;
    lane = peri_lane_new(host, where, is_secure);
    if (!peri_proxy_find(&lane->proxy, &pool->proxies, is_secure, lane->host, port, err) ||
        !check_proxy(pool, &lane->proxy, err)) {
        peri_lane_free(lane);
        return NULL;
    }
    lane->next = pool->lanes;
    pool->lanes = lane;
    pool->lane_count++;
    curl_multi_setopt(pool->multi, CURLMOPT_MAXCONNECTS,
                      (long)pool->connections * (long)pool->lane_count);
    return lane;
}

void peri_pool_add(struct peri_pool *pool, struct peri_request *request)
{
    request->pool = pool;
    request->next = pool->requests;
    if (request->next != NULL)
        request->next->previous = request;
    pool->requests = request;
    peri_lane_push(request);
    start_waiting(pool, request->lane);
}

static void stop(struct peri_request *request)
{
    peri_request_count(request);
    curl_multi_remove_handle(request->pool->multi, request->easy);
    curl_easy_setopt(request->easy, CURLOPT_ERRORBUFFER, NULL);
    give_easy(request->pool, request->easy);
    request->easy = NULL;
    request->lane->running--;
}

void peri_pool_remove(struct peri_request *request)
{
    struct peri_pool *pool = request->pool;
    peri_assert(!pool->is_inside);
    if (request->state == PERI_REQUEST_WAITING)
        peri_lane_drop(request);
    else
        stop(request);
    if (request->previous != NULL)
        request->previous->next = request->next;
    else
        pool->requests = request->next;
    if (request->next != NULL)
        request->next->previous = request->previous;
    request->next = request->previous = NULL;
    request->state = PERI_REQUEST_DONE;
    request->pool = NULL;
    start_waiting(pool, request->lane);
}

static void settle_all(struct peri_pool *pool)
{
    while (pool->unsettled != NULL) {
        struct peri_request *request = pool->unsettled;
        pool->unsettled = request->next_unsettled;
        request->is_unsettled = false;
        peri_request_settle(request);
    }
}

void peri_pool_settle(struct peri_pool *pool, struct peri_request *request)
{
    if (!request->is_unsettled) {
        request->is_unsettled = true;
        request->next_unsettled = pool->unsettled;
        pool->unsettled = request;
    }
    if (!pool->is_inside)
        settle_all(pool);
}

/* Ends the requests that libcurl has finished. */
static void finish_all(struct peri_pool *pool)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(pool->multi, &left)) != NULL) {
        struct peri_request *request = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
        peri_request_finish(request, message->data.result);
    }
}

void peri_pool_drive(struct peri_pool *pool, curl_socket_t fd, int events)
{
    int running;
    pool->is_inside = true;
    curl_multi_socket_action(pool->multi, fd, events, &running);
    pool->is_inside = false;
    settle_all(pool);
    finish_all(pool);
    for (struct peri_lane *lane = pool->lanes; lane != NULL; lane = lane->next)
        start_waiting(pool, lane);
}

static void forget_proxies(struct peri_pool *pool)
{
    const struct peri_proxy_settings *proxies = &pool->proxies;
    peri_free((char *)proxies->secure);
    peri_free((char *)proxies->secure_source);
    peri_free((char *)proxies->plain);
    peri_free((char *)proxies->plain_source);
    peri_free((char *)proxies->exempt);
}

static void free_lanes(struct peri_pool *pool)
{
    while (pool->lanes != NULL) {
        struct peri_lane *lane = pool->lanes;
        pool->lanes = lane->next;
        peri_lane_free(lane);
    }
}

void peri_pool_free(struct peri_pool *pool)
{
    if (pool == NULL)
        return;
    peri_assert(!pool->is_inside);
    struct peri_error closed;
    peri_error_set(&closed, PERI_E_HTTP_CLOSED, "the connections were closed");
    pool->connections = 0; /* nothing starts any more */
    while (pool->requests != NULL)
        peri_request_fail(pool->requests, &closed);
    while (pool->spare_count > 0)
        curl_easy_cleanup(pool->spares[--pool->spare_count]);
    curl_multi_cleanup(pool->multi);
    curl_share_cleanup(pool->share);
    peri_watch_free(pool);
    free_lanes(pool);
    peri_trust_free(pool->trust);
    curl_slist_free_all(pool->connect_to);
    peri_free(pool->last_url);
    peri_free(pool->spares);
    forget_proxies(pool);
    peri_handshake_free(pool->newest);
    peri_free(pool);
    curl_global_cleanup();
}

struct peri_pool_stats peri_pool_stats(const struct peri_pool *pool)
{
    return pool->stats;
}

const struct peri_handshake *peri_pool_handshake(const struct peri_pool *pool)
{
    return pool->newest;
}

/* curl_version would ask each of libcurl's own libraries, some of which then read their files. */
const char *peri_pool_release(void)
{
    static char release[128];
    struct peri_error err;
    if (!peri_curl_load(&err))
        return "no libcurl";
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    snprintf(release, sizeof(release), "libcurl/%s %s", info->version,
             info->ssl_version != NULL ? info->ssl_version : "without TLS");
    return release;
}
