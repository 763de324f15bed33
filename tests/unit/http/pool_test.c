/* Connections: kept, limited, shared; requests ended in every phase. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/base/limits.h"
#include "tests/support/client.h"

static void answer_all(struct peer_line *line)
{
    while (peer_line_read(line) && peer_line_answer(line, "ok"))
        continue;
}

static void read_and_wait(struct peer_line *line)
{
    peer_line_read(line);
    peer_line_drain(line);
}

static void keeps_a_connection_for_the_next_request(void **state)
{
    (void)state;
    char url[64];
    struct client client;
    client_open(&client, NULL);
    struct peer *peer = peer_start(answer_all, NULL);
    for (int i = 0; i < 20; i++) {
        struct client_call call = {0};
        client_post(&client, &call, peer_url(peer, "/", url, sizeof(url)), "x");
        client_finish(&client, &call);
        client_expect(&call, "ok");
        client_free(&call);
    }
    assert_int_equal(peer->connections, 1);
    struct peri_pool_stats stats = peri_pool_stats(client.pool);
    assert_int_equal(stats.requests, 20);
    assert_int_equal(stats.connections, 1);
    assert_int_equal(stats.handshakes, 0);
    client_close(&client);
    peer_stop(peer);
}

static void opens_no_more_connections_than_it_may(void **state)
{
    (void)state;
    enum { CALLS = 200 };
    char url[64];
    struct client client;
    const struct peri_pool_settings settings = {.connections = 4, .proxy = ""};
    static struct client_call calls[CALLS];
    client_open(&client, &settings);
    struct peer *peer = peer_start(answer_all, NULL);
    peer_url(peer, "/", url, sizeof(url));
    for (int i = 0; i < CALLS; i++)
        client_get(&client, &calls[i], url);
    for (int i = 0; i < CALLS; i++)
        client_finish(&client, &calls[i]);
    for (int i = 0; i < CALLS; i++) {
        client_expect(&calls[i], "ok");
        client_free(&calls[i]);
    }
    assert_int_equal(peer->connections, 4);
    client_close(&client);
    peer_stop(peer);
}

static unsigned order[8], ended;

static void note_order(struct client_call *call)
{
    if (peri_request_is_done(call->request, NULL))
        order[ended++] = (unsigned)(uintptr_t)call->arg;
}

static void serves_those_who_wait_in_order(void **state)
{
    (void)state;
    char url[64];
    struct client client;
    const struct peri_pool_settings settings = {.connections = 1, .proxy = ""};
    struct client_call calls[8] = {0};
    ended = 0;
    client_open(&client, &settings);
    struct peer *peer = peer_start(answer_all, NULL);
    for (unsigned i = 0; i < 8; i++) {
        calls[i].on_event = note_order;
        calls[i].arg = (void *)(uintptr_t)i; /* NOLINT(performance-no-int-to-ptr) */
        client_get(&client, &calls[i], peer_url(peer, "/", url, sizeof(url)));
    }
    client_free(&calls[3]); /* leaves the queue */
    client_finish(&client, &calls[7]);
    const unsigned wanted[] = {0, 1, 2, 4, 5, 6, 7};
    assert_int_equal(ended, 7);
    assert_memory_equal(order, wanted, sizeof(wanted));
    for (unsigned i = 0; i < 8; i++)
        client_free(&calls[i]);
    client_close(&client);
    peer_stop(peer);
}

static void serves_what_is_urgent_before_those_who_wait(void **state)
{
    (void)state;
    char url[64];
    struct client client;
    const struct peri_pool_settings settings = {.connections = 1, .proxy = ""};
    struct client_call calls[4] = {0};
    ended = 0;
    client_open(&client, &settings);
    struct peer *peer = peer_start(answer_all, NULL);
    for (unsigned i = 0; i < 4; i++) {
        calls[i].on_event = note_order;
        calls[i].arg = (void *)(uintptr_t)i; /* NOLINT(performance-no-int-to-ptr) */
        struct peri_request_settings request = {.url = peer_url(peer, "/", url, sizeof(url))};
        request.is_urgent = i == 3;
        client_start(&client, &calls[i], &request);
    }
    client_finish(&client, &calls[2]);
    const unsigned wanted[] = {0, 3, 1, 2};
    assert_memory_equal(order, wanted, sizeof(wanted));
    for (unsigned i = 0; i < 4; i++)
        client_free(&calls[i]);
    client_close(&client);
    peer_stop(peer);
}

static void a_busy_host_does_not_hold_up_another(void **state)
{
    (void)state;
    char url[64];
    struct client client;
    const struct peri_pool_settings settings = {.connections = 1, .proxy = ""};
    struct client_call stuck[3] = {0}, free_call = {0};
    client_open(&client, &settings);
    struct peer *busy = peer_start(read_and_wait, NULL), *idle = peer_start(answer_all, NULL);
    for (int i = 0; i < 3; i++)
        client_get(&client, &stuck[i], peer_url(busy, "/", url, sizeof(url)));
    client_get(&client, &free_call, peer_url(idle, "/", url, sizeof(url)));
    client_finish(&client, &free_call);
    client_expect(&free_call, "ok");
    for (int i = 0; i < 3; i++)
        client_free(&stuck[i]);
    client_free(&free_call);
    client_close(&client);
    peer_stop(busy);
    peer_stop(idle);
}

static void an_idle_connection_that_ends_costs_nothing(void **state)
{
    (void)state;
    char url[64];
    struct client client;
    client_open(&client, NULL);
    struct peer *peer = peer_start(answer_all, NULL);
    struct client_call call = {0};
    client_get(&client, &call, peer_url(peer, "/", url, sizeof(url)));
    client_finish(&client, &call);
    client_free(&call);
    assert_false(peri_loop_run(client.loop, false)); /* and keeps the loop from ending */
    peer_stop(peer);
    client_turn(&client, 100); /* would spin, were the end told each turn; see the next line */
    assert_false(peri_loop_run(client.loop, true));
    client_close(&client);
}

/* ---- ends ---- */

static void answer_head_then_wait(struct peer_line *line)
{
    peer_line_read(line);
    peer_line_puts(line, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\npart");
    peer_line_drain(line);
}

static void answer_much(struct peer_line *line)
{
    static const char bytes[65536];
    peer_line_read(line);
    peer_line_puts(line, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    while (peer_line_write(line, bytes, sizeof(bytes)))
        continue;
}

static void until_connected(struct client *client, struct client_call *call)
{
    (void)call;
    client_turn(client, 3);
}

static void until_head(struct client *client, struct client_call *call)
{
    client_await_head(client, call);
}

static void until_paused(struct client *client, struct client_call *call)
{
    client_await_bytes(client, call, PERI_LIMIT_UNREAD);
    client_turn(client, 10);
}

static void until_started(struct client *client, struct client_call *call)
{
    (void)client;
    (void)call;
}

static const struct {
    peer_script script;
    void (*until)(struct client *client, struct client_call *call);
} phases[] = {
    {read_and_wait, until_started},      {read_and_wait, until_connected},
    {answer_head_then_wait, until_head}, {answer_much, until_head},
    {answer_much, until_paused},
};

static void a_request_can_be_freed_in_every_phase(void **state)
{
    (void)state;
    char url[64];
    for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
        struct client client;
        struct client_call call = {0};
        client_open(&client, NULL);
        struct peer *peer = peer_start(phases[i].script, NULL);
        client_get(&client, &call, peer_url(peer, "/", url, sizeof(url)));
        phases[i].until(&client, &call);
        client_free(&call);
        unsigned events = call.events;
        client_turn(&client, 10);
        assert_int_equal(call.events, events);
        client_close(&client);
        peer_stop(peer);
    }
}

static void a_pool_can_be_freed_while_requests_are_in_every_phase(void **state)
{
    (void)state;
    char url[64];
    for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
        struct client client;
        struct client_call call = {0};
        client_open(&client, NULL);
        struct peer *peer = peer_start(phases[i].script, NULL);
        client_get(&client, &call, peer_url(peer, "/", url, sizeof(url)));
        phases[i].until(&client, &call);
        client_close(&client);
        assert_int_equal(client_code(&call), PERI_E_HTTP_CLOSED);
        peri_request_consume(call.request); /* what its owner may still do */
        peri_request_gather(call.request);
        client_free(&call);
        peer_stop(peer);
    }
}

static void free_itself(struct client_call *call)
{
    client_free(call);
}

static void free_itself_at_bytes(struct client_call *call)
{
    if (peri_request_unread(call->request).len > 0)
        client_free(call);
}

static void free_itself_at_the_end(struct client_call *call)
{
    if (peri_request_is_done(call->request, NULL))
        client_free(call);
}

static void a_request_can_be_freed_by_its_own_callback(void **state)
{
    (void)state;
    static void (*const ways[])(struct client_call * call) = {free_itself, free_itself_at_bytes,
                                                              free_itself_at_the_end};
    char url[64];
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct client client;
        struct client_call call = {.on_event = ways[i]}, next = {0};
        client_open(&client, NULL);
        struct peer *peer = peer_start(answer_all, NULL);
        client_get(&client, &call, peer_url(peer, "/", url, sizeof(url)));
        while (call.request != NULL)
            peri_loop_run(client.loop, true);
        client_get(&client, &next, url);
        client_finish(&client, &next);
        client_expect(&next, "ok");
        client_free(&next);
        client_close(&client);
        peer_stop(peer);
    }
}

static void read_at_once(struct client_call *call)
{
    *(size_t *)call->arg += peri_request_unread(call->request).len;
    peri_request_consume(call->request);
}

static void answer_a_megabyte(struct peer_line *line)
{
    static const char bytes[1024 * 1024];
    peer_line_read(line);
    peer_line_puts(line, "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n");
    peer_line_write(line, bytes, sizeof(bytes));
}

static void a_callback_can_read_everything_itself(void **state)
{
    (void)state;
    char url[64];
    size_t total = 0;
    struct client client;
    struct client_call call = {.on_event = read_at_once, .arg = &total};
    client_open(&client, NULL);
    struct peer *peer = peer_start(answer_a_megabyte, NULL);
    client_get(&client, &call, peer_url(peer, "/", url, sizeof(url)));
    client_finish(&client, &call);
    assert_int_equal(client_code(&call), PERI_E_NONE);
    assert_int_equal(total, 1024 * 1024);
    client_free(&call);
    client_close(&client);
    peer_stop(peer);
}

static struct client chain_client;
static struct client_call chain_next;
static char chain_url[64];

static void start_another(struct client_call *call)
{
    if (peri_request_unread(call->request).len > 0 && chain_next.request == NULL)
        client_get(&chain_client, &chain_next, chain_url);
}

static void a_callback_can_start_another_request(void **state)
{
    (void)state;
    struct client_call call = {.on_event = start_another};
    const struct peri_pool_settings settings = {.connections = 1, .proxy = ""};
    client_open(&chain_client, &settings);
    struct peer *peer = peer_start(answer_all, NULL);
    client_get(&chain_client, &call, peer_url(peer, "/", chain_url, sizeof(chain_url)));
    client_finish(&chain_client, &call);
    client_finish(&chain_client, &chain_next);
    client_expect(&chain_next, "ok");
    client_free(&call);
    client_free(&chain_next);
    client_close(&chain_client);
    peer_stop(peer);
}

static void a_cancelled_request_gives_its_place_to_the_next(void **state)
{
    (void)state;
    char url[64];
    struct client client;
    const struct peri_pool_settings settings = {.connections = 2, .proxy = ""};
    struct client_call calls[6] = {0};
    client_open(&client, &settings);
    struct peer *peer = peer_start(read_and_wait, NULL);
    for (int i = 0; i < 6; i++)
        client_get(&client, &calls[i], peer_url(peer, "/", url, sizeof(url)));
    while (peer->requests < 2)
        client_turn(&client, 1);
    client_free(&calls[0]);
    client_free(&calls[1]);
    while (peer->requests < 4)
        client_turn(&client, 1);
    for (int i = 0; i < 6; i++)
        client_free(&calls[i]);
    client_close(&client);
    peer_stop(peer);
}

static void refuses_settings_that_cannot_be_meant(void **state)
{
    (void)state;
    struct peri_error err;
    const struct peri_pool_settings many = {.connections = PERI_POOL_CONNECTIONS_MAX + 1};
    assert_null(peri_pool_new(NULL, &many, &err));
    assert_int_equal(err.code, PERI_E_ARGUMENT);
    const char *const files[] = {"/nonexistent/ca.pem"};
    const struct peri_pool_settings no_file = {.trust = {.ca_files = files, .ca_file_count = 1}};
    assert_null(peri_pool_new(NULL, &no_file, &err));
    assert_int_equal(err.code, PERI_E_IO);
    assert_non_null(strstr(err.message, "/nonexistent/ca.pem"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_a_connection_for_the_next_request),
        cmocka_unit_test(opens_no_more_connections_than_it_may),
        cmocka_unit_test(serves_those_who_wait_in_order),
        cmocka_unit_test(serves_what_is_urgent_before_those_who_wait),
        cmocka_unit_test(a_busy_host_does_not_hold_up_another),
        cmocka_unit_test(an_idle_connection_that_ends_costs_nothing),
        cmocka_unit_test(a_request_can_be_freed_in_every_phase),
        cmocka_unit_test(a_pool_can_be_freed_while_requests_are_in_every_phase),
        cmocka_unit_test(a_request_can_be_freed_by_its_own_callback),
        cmocka_unit_test(a_callback_can_read_everything_itself),
        cmocka_unit_test(a_callback_can_start_another_request),
        cmocka_unit_test(a_cancelled_request_gives_its_place_to_the_next),
        cmocka_unit_test(refuses_settings_that_cannot_be_meant),
    };
    return cmocka_run_group_tests_name("http/pool", tests, NULL, NULL);
}
