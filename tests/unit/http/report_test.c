/* Failed transfers in words and codes: cut answers, no way there, too slow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "runtime/base/limits.h"
#include "tests/support/client.h"

static struct client client;

static int open_client(void **state)
{
    (void)state;
    client_open(&client, NULL);
    return 0;
}

static int close_client(void **state)
{
    (void)state;
    client_close(&client);
    return 0;
}

/* Runs one GET against a script and returns its code. */
static enum peri_error_code get_code(peer_script script)
{
    char url[64];
    struct client_call call = {0};
    struct peer *peer = peer_start(script, NULL);
    client_get(&client, &call, peer_url(peer, "/", url, sizeof(url)));
    client_finish(&client, &call);
    enum peri_error_code code = client_code(&call);
    client_free(&call);
    peer_stop(peer);
    return code;
}

/* ---- ends too early ---- */

static void answer_too_short(struct peer_line *line)
{
    peer_line_read(line);
    peer_line_puts(line, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
}

static void answer_half_a_chunk(struct peer_line *line)
{
    peer_line_read(line);
    peer_line_puts(line, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nshort");
}

static void answer_chunks_without_end(struct peer_line *line)
{
    peer_line_read(line);
    peer_line_puts(line, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n");
}

static void answer_half_a_head(struct peer_line *line)
{
    peer_line_read(line);
    peer_line_puts(line, "HTTP/1.1 200 OK\r\nContent-Le");
}

static void answer_nothing(struct peer_line *line)
{
    peer_line_read(line);
}

static void answer_reset(struct peer_line *line)
{
    peer_line_read(line);
    peer_line_puts(line, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
    peer_line_reset(line);
}

static void tells_an_answer_that_is_cut(void **state)
{
    (void)state;
    assert_int_equal(get_code(answer_too_short), PERI_E_HTTP_CUT);
    assert_int_equal(get_code(answer_half_a_chunk), PERI_E_HTTP_CUT);
    assert_int_equal(get_code(answer_chunks_without_end), PERI_E_HTTP_CUT);
    assert_int_equal(get_code(answer_half_a_head), PERI_E_HTTP_CUT);
    assert_int_equal(get_code(answer_nothing), PERI_E_HTTP_CUT);
    assert_int_equal(get_code(answer_reset), PERI_E_HTTP_CUT);
}

static void gives_what_came_before_the_cut(void **state)
{
    (void)state;
    char url[64];
    struct peer *peer = peer_start(answer_too_short, NULL);
    struct client_call call = {0};
    client_get(&client, &call, peer_url(peer, "/", url, sizeof(url)));
    client_finish(&client, &call);
    assert_int_equal(peri_request_status(call.request), 200);
    assert_int_equal(peri_request_unread(call.request).len, 5);
    assert_non_null(strstr(client_error(&call)->message, "cut off after 5 bytes"));
    client_free(&call);
    peer_stop(peer);
}

static void answer_badly_zipped(struct peer_line *line)
{
    peer_line_read(line);
    peer_line_puts(line, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n"
                         "not zipped");
}

static void tells_bytes_that_are_not_zipped_as_said(void **state)
{
    (void)state;
    assert_int_equal(get_code(answer_badly_zipped), PERI_E_HTTP_PROTOCOL);
}

static void speak_ssh(struct peer_line *line)
{
    peer_line_puts(line, "SSH-2.0-OpenSSH_9.2\r\n");
    peer_line_drain(line);
}

static void tells_a_service_that_is_not_http(void **state)
{
    (void)state;
    assert_int_equal(get_code(speak_ssh), PERI_E_HTTP_PROTOCOL);
}

/* ---- no way there ---- */

static void tells_a_refused_connection_with_host_and_port(void **state)
{
    (void)state;
    char url[64], where[64];
    int port = peer_closed_port();
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
    snprintf(where, sizeof(where), "127.0.0.1:%d: Connection refused", port);
    struct client_call call = {0};
    client_post(&client, &call, url, "x");
    client_finish(&client, &call);
    assert_int_equal(client_code(&call), PERI_E_HTTP_CONNECT);
    assert_non_null(strstr(client_error(&call)->message, where));
    client_free(&call);
}

static void tells_a_name_without_address(void **state)
{
    (void)state;
    struct client_call call = {0};
    client_post(&client, &call, "http://no-such-host.invalid/", "x");
    client_finish(&client, &call);
    assert_int_equal(client_code(&call), PERI_E_HTTP_RESOLVE);
    assert_non_null(strstr(client_error(&call)->message, "no-such-host.invalid"));
    client_free(&call);
}

/* ---- time ---- */

static void read_and_wait(struct peer_line *line)
{
    peer_line_read(line);
    peer_line_drain(line);
}

static void answer_a_part_and_wait(struct peer_line *line)
{
    peer_line_read(line);
    peer_line_puts(line, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
    peer_line_drain(line);
}

static void ends_by_its_time_limit(void **state)
{
    (void)state;
    char url[64];
    struct peer *peer = peer_start(read_and_wait, NULL);
    struct client_call call = {0};
    struct peri_request_settings settings = {.url = peer_url(peer, "/", url, sizeof(url)),
                                             .timeout_ms = 50};
    client_start(&client, &call, &settings);
    client_finish(&client, &call);
    assert_int_equal(client_code(&call), PERI_E_HTTP_TIMEOUT);
    client_free(&call);
    peer_stop(peer);
}

static void ends_when_the_server_stalls(void **state)
{
    (void)state;
    char url[64];
    struct peer *peer = peer_start(answer_a_part_and_wait, NULL);
    struct client_call call = {0};
    struct peri_request_settings settings = {.url = peer_url(peer, "/", url, sizeof(url)),
                                             .stall_timeout_ms = 1000};
    client_start(&client, &call, &settings);
    client_finish(&client, &call);
    assert_int_equal(client_code(&call), PERI_E_HTTP_TIMEOUT);
    assert_int_equal(peri_request_unread(call.request).len, 5);
    client_free(&call);
    peer_stop(peer);
}

static void the_outcome_of_a_write_whose_answer_is_lost_is_unknown(void **state)
{
    (void)state;
    static const peer_script scripts[] = {answer_too_short, answer_nothing, answer_reset,
                                          answer_half_a_head, speak_ssh};
    char url[64];
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        struct peer *peer = peer_start(scripts[i], NULL);
        struct client_call call = {0};
        client_post(&client, &call, peer_url(peer, "/", url, sizeof(url)), "<CreateVM/>");
        client_finish(&client, &call);
        assert_int_equal(client_code(&call), PERI_E_HTTP_UNKNOWN);
        client_free(&call);
        peer_stop(peer);
    }
}

/* ---- proxies ---- */

static void refuse_tunnel(struct peer_line *line)
{
    peer_line_read(line);
    peer_line_puts(line, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
}

static void say_method(struct peer_line *line)
{
    peer_line_read(line);
    peer_line_answer(line, strncmp(line->request, "POST http://vcenter.invalid/sdk ", 32) == 0
                               ? "absolute"
                               : "relative");
}

/* Sends a write through a proxy that does as scripted. */
static enum peri_error_code post_through(peer_script script, const char *url, const char *answer)
{
    char proxy[64];
    struct client through;
    struct peer *peer = peer_start(script, NULL);
    struct client_call call = {0};
    peer_url(peer, "", proxy, sizeof(proxy));
    const struct peri_pool_settings settings = {.proxy = proxy, .plain_proxy = proxy};
    client_open(&through, &settings);
    client_post(&through, &call, url, "x");
    client_finish(&through, &call);
    enum peri_error_code code = client_code(&call);
    if (code == PERI_E_NONE)
        client_expect(&call, answer);
    client_free(&call);
    client_close(&through);
    peer_stop(peer);
    return code;
}

static void a_write_that_a_proxy_refuses_to_pass_on_was_not_sent(void **state)
{
    (void)state;
    assert_int_equal(post_through(refuse_tunnel, "https://vcenter.invalid/sdk", NULL),
                     PERI_E_HTTP_PROXY);
    assert_int_equal(post_through(answer_nothing, "https://vcenter.invalid/sdk", NULL),
                     PERI_E_HTTP_CONNECT);
    assert_int_equal(post_through(say_method, "http://vcenter.invalid/sdk", "absolute"),
                     PERI_E_NONE);
}

static void tells_a_server_that_never_ends_the_tls_handshake(void **state)
{
    (void)state;
    char url[64];
    struct client hasty;
    struct peer *peer = peer_start(read_and_wait, NULL);
    struct client_call call = {0};
    const struct peri_pool_settings settings = {.proxy = "", .connect_timeout_ms = 100};
    client_open(&hasty, &settings);
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/", peer->port);
    client_post(&hasty, &call, url, "x");
    client_finish(&hasty, &call);
    assert_int_equal(client_code(&call), PERI_E_HTTP_TIMEOUT);
    assert_non_null(strstr(client_error(&call)->message, "did not finish the TLS handshake"));
    client_free(&call);
    client_close(&hasty);
    peer_stop(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_an_answer_that_is_cut),
        cmocka_unit_test(gives_what_came_before_the_cut),
        cmocka_unit_test(tells_bytes_that_are_not_zipped_as_said),
        cmocka_unit_test(tells_a_service_that_is_not_http),
        cmocka_unit_test(tells_a_refused_connection_with_host_and_port),
        cmocka_unit_test(tells_a_name_without_address),
        cmocka_unit_test(ends_by_its_time_limit),
        cmocka_unit_test(ends_when_the_server_stalls),
        cmocka_unit_test(a_write_that_a_proxy_refuses_to_pass_on_was_not_sent),
        cmocka_unit_test(tells_a_server_that_never_ends_the_tls_handshake),
        cmocka_unit_test(the_outcome_of_a_write_whose_answer_is_lost_is_unknown),
    };
    return cmocka_run_group_tests_name("http/report", tests, open_client, close_client);
}
