/* client.c: requests of tests. */
#include "tests/support/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void on_change(void *arg)
{
    struct client_call *call = arg;
    call->events++;
    if (call->on_event != NULL)
        call->on_event(call);
}

void client_open(struct client *client, const struct peri_pool_settings *settings)
{
    struct peri_pool_settings none = {.proxy = ""};
    struct peri_error err = {0};
    client->loop = peri_loop_new(&err);
    client->pool = peri_pool_new(client->loop, settings == NULL ? &none : settings, &err);
    if (client->pool == NULL)
        fail_msg("%s", err.message);
}

void client_close(struct client *client)
{
    peri_pool_free(client->pool);
    peri_loop_free(client->loop);
    *client = (struct client){0};
}

void client_start(struct client *client, struct client_call *call,
                  const struct peri_request_settings *settings)
{
    struct peri_error err = {0};
    call->events = 0;
    call->request = peri_request_new(client->pool, settings, on_change, call, &err);
    if (call->request == NULL)
        fail_msg("%s", err.message);
}

void client_get(struct client *client, struct client_call *call, const char *url)
{
    struct peri_request_settings settings = {.url = url};
    client_start(client, call, &settings);
}

void client_post(struct client *client, struct client_call *call, const char *url, const char *body)
{
    struct peri_request_settings settings = {.url = url, .body = body, .body_len = strlen(body)};
    client_start(client, call, &settings);
}

/* A turn that waits; when nothing can happen any more, the test hangs no longer but fails. */
static void turn(struct client *client, const struct client_call *call)
{
    if (!peri_loop_run(client->loop, true) && !peri_request_is_done(call->request, NULL))
        fail_msg("the request is not done, and nothing can end it");
}

void client_finish(struct client *client, struct client_call *call)
{
    while (!peri_request_is_done(call->request, NULL))
        turn(client, call);
}

void client_await_head(struct client *client, struct client_call *call)
{
    while (peri_request_status(call->request) == 0 && !peri_request_is_done(call->request, NULL))
        turn(client, call);
}

void client_await_bytes(struct client *client, struct client_call *call, size_t n)
{
    while (peri_request_unread(call->request).len <= n) {
        assert_false(peri_request_is_done(call->request, NULL));
        turn(client, call);
    }
}

void client_turn(struct client *client, unsigned n)
{
    while (n-- > 0)
        peri_loop_run(client->loop, false);
}

enum peri_error_code client_code(const struct client_call *call)
{
    const struct peri_error *error;
    assert_true(peri_request_is_done(call->request, &error));
    return error == NULL ? PERI_E_NONE : error->code;
}

const struct peri_error *client_error(const struct client_call *call)
{
    const struct peri_error *error;
    assert_true(peri_request_is_done(call->request, &error));
    assert_non_null(error);
    return error;
}

void client_expect(struct client_call *call, const char *body)
{
    const struct peri_error *error;
    assert_true(peri_request_is_done(call->request, &error));
    if (error != NULL)
        fail_msg("%s", error->message);
    struct peri_str unread = peri_request_unread(call->request);
    assert_int_equal(unread.len, strlen(body));
    assert_memory_equal(unread.data, body, unread.len);
}

void client_free(struct client_call *call)
{
    peri_request_free(call->request);
    call->request = NULL;
}
