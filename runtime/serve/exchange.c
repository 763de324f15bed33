/* exchange.c: answers, as bytes. */
#include "runtime/serve/exchange.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/check.h"
#include "runtime/serve/link.h"

struct peri_str peri_exchange_method(const struct peri_exchange *exchange)
{
    return exchange->request.method;
}

struct peri_str peri_exchange_target(const struct peri_exchange *exchange)
{
    return exchange->request.target;
}

struct peri_str peri_exchange_body(const struct peri_exchange *exchange)
{
    const struct peri_buf *body = &exchange->request.body;
    return (struct peri_str){body->len == 0 ? "" : body->data, body->len};
}

const char *peri_exchange_peer(const struct peri_exchange *exchange)
{
    return exchange->peer;
}

bool peri_exchange_is_tls(const struct peri_exchange *exchange)
{
    return exchange->is_tls;
}

uint64_t peri_exchange_id(const struct peri_exchange *exchange)
{
    return exchange->id;
}

bool peri_exchange_find(const struct peri_exchange *exchange, struct peri_str name, unsigned *at,
                        struct peri_str *value)
{
    return peri_inbound_find(&exchange->request, name, at, value);
}

bool peri_exchange_field(const struct peri_exchange *exchange, unsigned at, struct peri_str *name,
                         struct peri_str *value)
{
    if (at >= exchange->request.count)
        return false;
    peri_inbound_field(&exchange->request, at, name, value);
    return true;
}

bool peri_exchange_client(const struct peri_exchange *exchange, struct peri_secure_client *client)
{
    const struct peri_secure *secure =
        exchange->link == NULL ? NULL : peri_link_secure(exchange->link);
    return secure != NULL && peri_secure_client(secure, client);
}

bool peri_exchange_is_gone(const struct peri_exchange *exchange)
{
    return exchange->link == NULL;
}

bool peri_exchange_is_answered(const struct peri_exchange *exchange)
{
    return exchange->is_answered;
}

/* ---- the head of an answer ---- */

static bool put(struct peri_link *link, const char *text)
{
    return peri_link_write(link, text, strlen(text));
}

static bool put_fields(struct peri_link *link, const struct peri_exchange_field *fields,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        peri_assert(strpbrk(fields[i].name, "\r\n") == NULL);
        peri_assert(strpbrk(fields[i].value, "\r\n") == NULL);
        if (!put(link, fields[i].name) || !put(link, ": ") || !put(link, fields[i].value) ||
            !put(link, "\r\n"))
            return false;
    }
    return true;
}

/* Whether the connection ends after this answer. */
static bool is_last(const struct peri_exchange *exchange)
{
    return exchange->request.is_last || exchange->request.is_10 || exchange->server->is_draining;
}

static bool put_head(struct peri_exchange *exchange, int status,
                     const struct peri_exchange_field *fields, size_t count, const char *framing)
{
    char line[128];
    struct peri_link *link = exchange->link;
    snprintf(line, sizeof(line), "HTTP/1.1 %d %s\r\n", status, peri_server_reason(status));
    return put(link, line) && put(link, peri_server_date(exchange->server)) &&
           put_fields(link, fields, count) && put(link, framing) &&
           put(link, is_last(exchange) ? "Connection: close\r\n\r\n" : "\r\n");
}

/* ---- answers ---- */

/* What was answered needs no memory: others may be waiting for it. */
static void forget_body(struct peri_exchange *exchange)
{
    exchange->server->bodies -= exchange->request.body.size;
    peri_buf_deinit(&exchange->request.body);
}

static bool has_body(int status)
{
    return status != 204 && status != 304;
}

static bool is_head(const struct peri_exchange *exchange)
{
    struct peri_str method = exchange->request.method;
    return method.len == 4 && memcmp(method.data, "HEAD", 4) == 0;
}

/* Lets go of the link, which goes on with the next request, or ends. */
static void finish(struct peri_exchange *exchange)
{
    struct peri_link *link = exchange->link;
    exchange->link = NULL;
    peri_link_answered(link, is_last(exchange));
}

bool peri_exchange_answer(struct peri_exchange *exchange, int status,
                          const struct peri_exchange_field *fields, size_t count,
                          struct peri_str body)
{
    char framing[64] = "";
    peri_assert(!exchange->is_answered);
    exchange->is_answered = true;
    forget_body(exchange);
    if (exchange->link == NULL)
        return false;
    if (has_body(status))
        snprintf(framing, sizeof(framing), "Content-Length: %zu\r\n", body.len);
    if (put_head(exchange, status, fields, count, framing) && framing[0] != '\0' &&
        !is_head(exchange) && exchange->link != NULL)
        peri_link_write(exchange->link, body.data, body.len);
    bool is_there = exchange->link != NULL;
    if (is_there)
        finish(exchange);
    return is_there;
}

bool peri_exchange_begin(struct peri_exchange *exchange, int status,
                         const struct peri_exchange_field *fields, size_t count,
                         peri_exchange_cb cb, void *arg)
{
    peri_assert(!exchange->is_answered);
    exchange->is_answered = true;
    exchange->is_chunked = !exchange->request.is_10 && has_body(status);
    exchange->is_mute = is_head(exchange) || !has_body(status);
    forget_body(exchange);
    exchange->cb = cb;
    exchange->arg = arg;
    if (exchange->link == NULL)
        return false;
    put_head(exchange, status, fields, count,
             exchange->is_chunked ? "Transfer-Encoding: chunked\r\n" : "");
    if (exchange->link != NULL)
        peri_link_listen(exchange->link);
    if (exchange->link != NULL)
        peri_link_flush(exchange->link);
    return exchange->link != NULL;
}

bool peri_exchange_write(struct peri_exchange *exchange, struct peri_str bytes)
{
    char size[32];
    snprintf(size, sizeof(size), "%zx\r\n", bytes.len);
    if (exchange->link == NULL || exchange->is_mute || bytes.len == 0)
        return exchange->link != NULL;
    if ((!exchange->is_chunked || put(exchange->link, size)) && exchange->link != NULL)
        peri_link_write(exchange->link, bytes.data, bytes.len);
    if (exchange->is_chunked && exchange->link != NULL)
        put(exchange->link, "\r\n");
    if (exchange->link != NULL)
        peri_link_flush(exchange->link);
    return exchange->link != NULL;
}

size_t peri_exchange_unsent(const struct peri_exchange *exchange)
{
    return exchange->link == NULL ? 0 : peri_link_unsent(exchange->link);
}

void peri_exchange_free(struct peri_exchange *exchange)
{
    if (exchange == NULL)
        return;
    struct peri_server *server = exchange->server;
    exchange->cb = NULL;
    if (!exchange->is_answered)
        peri_exchange_answer(exchange, 500, NULL, 0, (struct peri_str){"", 0});
    if (exchange->link != NULL && exchange->is_chunked && !exchange->is_mute)
        put(exchange->link, "0\r\n\r\n");
    if (exchange->link != NULL)
        finish(exchange);
    peri_inbound_reset(&exchange->request);
    server->exchanges--;
    peri_free(exchange);
    peri_server_destroy_when_empty(server);
}
