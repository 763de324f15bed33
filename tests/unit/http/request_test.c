/* One request and its answer: what is sent, streaming, limits, writes. */
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

enum { BIG = 8 * 1024 * 1024 };

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

/* ---- what is sent ---- */

static void echo(struct peer_line *line)
{
    while (peer_line_read(line))
        if (!peer_line_answer(line, line->request))
            break;
}

static void sends_method_headers_and_body_and_nothing_more(void **state)
{
    (void)state;
    char url[64], wanted[512];
    struct peer *peer = peer_start(echo, NULL);
    struct client_call call = {0};
    const struct peri_request_field fields[] = {
        {"SOAPAction", "urn:vim25/8.0.3.0"}, {"X-Empty", ""}, {"Content-Type", "text/xml"}};
    struct peri_request_settings settings = {
        .url = peer_url(peer, "/sdk", url, sizeof(url)),
        .fields = fields,
        .field_count = 3,
        .body = "<a/>",
        .body_len = 4,
    };
    client_start(&client, &call, &settings);
    client_finish(&client, &call);
    snprintf(wanted, sizeof(wanted),
             "POST /sdk HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: Perilune/" PERI_VERSION
             "\r\nAccept: */*\r\nAccept-Encoding: gzip\r\nSOAPAction: urn:vim25/8.0.3.0\r\n"
             "X-Empty:\r\nContent-Type: text/xml\r\nContent-Length: 4\r\n\r\n<a/>",
             peer->port);
    client_expect(&call, wanted);
    client_free(&call);
    peer_stop(peer);
}

static void sends_other_methods_with_and_without_a_body(void **state)
{
    (void)state;
    static const struct {
        const char *method, *body, *begin, *end;
    } cases[] = {
        {"DELETE", NULL, "DELETE / HTTP/1.1\r\n", "\r\n\r\n"},
        {"PATCH", "{}", "PATCH / HTTP/1.1\r\n", "Content-Length: 2\r\n\r\n{}"},
        {"POST", NULL, "POST / HTTP/1.1\r\n", "Content-Length: 0\r\n\r\n"},
        {"PUT", "x", "PUT / HTTP/1.1\r\n", "Content-Length: 1\r\n\r\nx"},
        {"GET", NULL, "GET / HTTP/1.1\r\n", "gzip\r\n\r\n"},
    };
    char url[64];
    struct peer *peer = peer_start(echo, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct client_call call = {0};
        struct peri_request_settings settings = {
            .url = peer_url(peer, "/", url, sizeof(url)),
            .method = cases[i].method,
            .body = cases[i].body,
            .body_len = cases[i].body == NULL ? 0 : strlen(cases[i].body),
        };
        client_start(&client, &call, &settings);
        client_finish(&client, &call);
        struct peri_str sent = peri_request_unread(call.request);
        assert_memory_equal(sent.data, cases[i].begin, strlen(cases[i].begin));
        size_t n = strlen(cases[i].end);
        assert_memory_equal(sent.data + sent.len - n, cases[i].end, n);
        client_free(&call);
    }
    assert_int_equal(peer->connections, 1); /* whatever went before, the next one finds it usable */
    peer_stop(peer);
}

static void answer_length(struct peer_line *line)
{
    char text[32];
    while (peer_line_read(line)) {
        snprintf(text, sizeof(text), "%zu", line->len);
        peer_line_answer(line, strstr(line->request, "Expect:") == NULL ? text : "expecting");
    }
}

static void sends_a_large_body_without_asking_first(void **state)
{
    (void)state;
    char url[64];
    const size_t size = 3 * 1024 * 1024;
    char *body = malloc(size);
    memset(body, 'b', size);
    struct peer *peer = peer_start(answer_length, NULL);
    uint64_t before = peri_pool_stats(client.pool).bytes_out;
    struct client_call call = {0};
    struct peri_request_settings settings = {
        .url = peer_url(peer, "/", url, sizeof(url)), .body = body, .body_len = size};
    client_start(&client, &call, &settings);
    client_finish(&client, &call);
    assert_int_equal(client_code(&call), PERI_E_NONE);
    struct peri_str text = peri_request_unread(call.request);
    assert_in_range(strtoul(text.data, NULL, 10), size + 100, size + 400);
    assert_in_range(peri_pool_stats(client.pool).bytes_out - before, size + 100, size + 400);
    client_free(&call);
    peer_stop(peer);
    free(body);
}

static void refuses_what_http_forbids(void **state)
{
    (void)state;
    struct peri_error err;
    static const struct peri_request_field bad[] = {
        {"A", "x\r\nB: y"}, {"A: b", "x"}, {"", "x"}, {"A", "\n"}, {"Caf\xc3\xa9", "x"}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct peri_request_settings settings = {
            .url = "http://127.0.0.1/", .fields = &bad[i], .field_count = 1};
        assert_null(peri_request_new(client.pool, &settings, NULL, NULL, &err));
        assert_int_equal(err.code, PERI_E_ARGUMENT);
    }
    struct peri_request_settings settings = {.url = "http://127.0.0.1/", .method = "GET / HTTP"};
    assert_null(peri_request_new(client.pool, &settings, NULL, NULL, &err));
    assert_int_equal(err.code, PERI_E_ARGUMENT);
}

static void refuses_urls_that_are_none_of_ours(void **state)
{
    (void)state;
    struct peri_error err;
    static const char *const urls[] = {
        "",
        "vcenter.example/sdk",
        "ftp://a/",
        "file:///etc/passwd",
        "http://",
        "https://user:pw@a/sdk",
        "https://a:0x/",
        "https://[::1/",
        "http://a b/",
        "https://a:99999/",
    };
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct peri_request_settings settings = {.url = urls[i]};
        assert_null(peri_request_new(client.pool, &settings, NULL, NULL, &err));
        assert_int_equal(err.code, PERI_E_HTTP_URL);
    }
}

/* ---- what comes back ---- */

static void answer_in_chunks(struct peer_line *line)
{
    while (peer_line_read(line))
        peer_line_puts(line,
                       "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\nX: 1\r\nX: 2\r\n\r\n"
                       "4\r\n<a/>\r\n3\r\nxyz\r\n0\r\nLate: 1\r\n\r\n");
}

static void gives_status_fields_and_a_chunked_body(void **state)
{
    (void)state;
    char url[64];
    struct peri_str value;
    size_t at = 0;
    struct peer *peer = peer_start(answer_in_chunks, NULL);
    struct client_call call = {0};
    client_get(&client, &call, peer_url(peer, "/", url, sizeof(url)));
    assert_int_equal(peri_request_status(call.request), 0);
    client_finish(&client, &call);
    assert_int_equal(peri_request_status(call.request), 500);
    assert_true(peri_request_field(call.request, "x", &at, &value));
    assert_memory_equal(value.data, "1", 1);
    assert_true(peri_request_field(call.request, "x", &at, &value));
    assert_memory_equal(value.data, "2", 1);
    assert_false(peri_request_field(call.request, "x", &at, &value));
    client_expect(&call, "<a/>xyz");
    client_free(&call);
    peer_stop(peer);
}

static void redirect(struct peer_line *line)
{
    while (peer_line_read(line))
        peer_line_puts(line, "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n"
                             "Content-Length: 0\r\n\r\n");
}

static void does_not_follow_redirects(void **state)
{
    (void)state;
    char url[64];
    struct peer *peer = peer_start(redirect, NULL);
    struct client_call call = {0};
    client_get(&client, &call, peer_url(peer, "/", url, sizeof(url)));
    client_finish(&client, &call);
    assert_int_equal(peri_request_status(call.request), 302);
    assert_int_equal(peer->requests, 1);
    client_free(&call);
    peer_stop(peer);
}

/* "hello, hello, hello, hello\n", compressed. */
static const unsigned char zipped[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03,
                                       0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xd7, 0x51, 0xc8, 0xc0, 0xa4,
                                       0xb8, 0x00, 0x4b, 0x21, 0xa1, 0x29, 0x1b, 0x00, 0x00, 0x00};

static void answer_zipped(struct peer_line *line)
{
    char head[128];
    snprintf(head, sizeof(head),
             "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
             sizeof(zipped));
    while (peer_line_read(line) && peer_line_puts(line, head))
        peer_line_write(line, zipped, sizeof(zipped));
}

static void unzips(void **state)
{
    (void)state;
    char url[64];
    struct peer *peer = peer_start(answer_zipped, NULL);
    struct client_call call = {0};
    client_get(&client, &call, peer_url(peer, "/", url, sizeof(url)));
    client_finish(&client, &call);
    client_expect(&call, "hello, hello, hello, hello\n");
    client_free(&call);
    peer_stop(peer);
}

/* ---- backpressure and limits ---- */

static void answer_big(struct peer_line *line)
{
    char *bytes = malloc(BIG);
    char head[64];
    memset(bytes, 'x', BIG);
    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", BIG);
    while (peer_line_read(line) && peer_line_puts(line, head) && peer_line_write(line, bytes, BIG))
        continue;
    free(bytes);
}

static void a_slow_reader_stops_the_server_and_not_the_memory(void **state)
{
    (void)state;
    char url[64];
    struct peer *peer = peer_start(answer_big, NULL);
    struct client_call call = {0};
    client_get(&client, &call, peer_url(peer, "/", url, sizeof(url)));
    client_await_bytes(&client, &call, PERI_LIMIT_UNREAD);
    size_t waiting = peri_request_unread(call.request).len;
    assert_in_range(waiting, PERI_LIMIT_UNREAD, PERI_LIMIT_UNREAD + 64 * 1024);
    client_turn(&client, 2000);
    assert_int_equal(peri_request_unread(call.request).len, waiting);
    assert_in_range(peer->written, 0, BIG - 1); /* it counts a write that has ended */
    size_t total = 0;
    while (total < BIG) {
        struct peri_str unread = peri_request_unread(call.request);
        assert_in_range(unread.len, 0, PERI_LIMIT_UNREAD + 64 * 1024);
        total += unread.len;
        peri_request_consume(call.request);
        if (total < BIG)
            client_await_bytes(&client, &call, 0);
    }
    client_finish(&client, &call);
    assert_int_equal(client_code(&call), PERI_E_NONE);
    client_free(&call);
    peer_stop(peer);
}

static void gathers_a_whole_body_when_asked(void **state)
{
    (void)state;
    char url[64];
    struct peer *peer = peer_start(answer_big, NULL);
    struct client_call call = {0};
    client_get(&client, &call, peer_url(peer, "/", url, sizeof(url)));
    client_await_bytes(&client, &call, PERI_LIMIT_UNREAD);
    client_turn(&client, 10);
    peri_request_gather(call.request);
    client_finish(&client, &call);
    assert_int_equal(peri_request_unread(call.request).len, BIG);
    client_free(&call);
    peer_stop(peer);
}

static void ends_an_answer_that_is_longer_than_wanted(void **state)
{
    (void)state;
    char url[64];
    struct peer *peer = peer_start(answer_big, NULL);
    struct client_call call = {0};
    struct peri_request_settings settings = {.url = peer_url(peer, "/", url, sizeof(url)),
                                             .max_body = 100000};
    client_start(&client, &call, &settings);
    client_finish(&client, &call);
    assert_int_equal(client_code(&call), PERI_E_LIMIT);
    client_free(&call);
    peer_stop(peer);
}

static void answer_endless_head(struct peer_line *line)
{
    peer_line_read(line);
    peer_line_puts(line, "HTTP/1.1 200 OK\r\n");
    while (peer_line_puts(line, "X-Filler: 0123456789012345678901234567890123456789\r\n"))
        continue;
}

static void ends_an_endless_head(void **state)
{
    (void)state;
    assert_int_equal(get_code(answer_endless_head), PERI_E_LIMIT);
}

/* ---- writes ---- */

/* Answers the first request of each connection, then reads one more and dies. */
static void die_at_the_second(struct peer_line *line)
{
    if (!peer_line_read(line) || !peer_line_answer(line, "first"))
        return;
    peer_line_read(line);
    if (line->at == 0)
        peer_line_reset(line);
    else
        peer_line_answer(line, "again");
}

/* The second of two requests on a connection, of which the server dies after reading it. */
static enum peri_error_code second_code(const struct peri_request_settings *like, unsigned *sent)
{
    char url[64];
    struct peer *peer = peer_start(die_at_the_second, NULL);
    struct client_call first = {0}, second = {0};
    struct peri_request_settings settings = *like;
    settings.url = peer_url(peer, "/", url, sizeof(url));
    client_get(&client, &first, url);
    client_finish(&client, &first);
    client_start(&client, &second, &settings);
    client_finish(&client, &second);
    enum peri_error_code code = client_code(&second);
    *sent = peer->requests - 1;
    client_free(&first);
    client_free(&second);
    peer_stop(peer);
    return code;
}

static void a_write_is_sent_once_when_its_connection_dies(void **state)
{
    (void)state;
    unsigned sent;
    const struct peri_request_settings post = {.body = "<CreateVM/>", .body_len = 11};
    assert_int_equal(second_code(&post, &sent), PERI_E_HTTP_UNKNOWN);
    assert_int_equal(sent, 1);
    const struct peri_request_settings without_body = {.method = "POST"};
    assert_int_equal(second_code(&without_body, &sent), PERI_E_HTTP_UNKNOWN);
    assert_int_equal(sent, 1);
    const struct peri_request_settings delete = {.method = "DELETE"};
    assert_int_equal(second_code(&delete, &sent), PERI_E_HTTP_UNKNOWN);
    assert_int_equal(sent, 1);
}

static void a_read_is_sent_again_when_its_connection_dies(void **state)
{
    (void)state;
    unsigned sent;
    const struct peri_request_settings get = {.method = "GET"};
    assert_int_equal(second_code(&get, &sent), PERI_E_NONE);
    assert_int_equal(sent, 2);
    const struct peri_request_settings post = {
        .body = "<RetrievePropertiesEx/>", .body_len = 23, .is_idempotent = true};
    assert_int_equal(second_code(&post, &sent), PERI_E_NONE);
    assert_int_equal(sent, 2);
}

static void answer_and_close(struct peer_line *line)
{
    peer_line_read(line);
    peer_line_answer(line, "done");
}

static void a_write_finds_out_that_its_idle_connection_was_closed(void **state)
{
    (void)state;
    char url[64];
    struct peer *peer = peer_start(answer_and_close, NULL);
    for (unsigned i = 0; i < 6; i++) {
        struct client_call call = {0};
        client_post(&client, &call, peer_url(peer, "/", url, sizeof(url)), "x");
        client_finish(&client, &call);
        client_expect(&call, "done");
        client_free(&call);
        while (peer->ended <= i)
            nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
        client_turn(&client, i % 2 * 20); /* the loop has seen the end, or not */
    }
    assert_int_equal(peer->requests, 6);
    peer_stop(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_method_headers_and_body_and_nothing_more),
        cmocka_unit_test(sends_other_methods_with_and_without_a_body),
        cmocka_unit_test(sends_a_large_body_without_asking_first),
        cmocka_unit_test(refuses_what_http_forbids),
        cmocka_unit_test(refuses_urls_that_are_none_of_ours),
        cmocka_unit_test(gives_status_fields_and_a_chunked_body),
        cmocka_unit_test(does_not_follow_redirects),
        cmocka_unit_test(unzips),
        cmocka_unit_test(a_slow_reader_stops_the_server_and_not_the_memory),
        cmocka_unit_test(gathers_a_whole_body_when_asked),
        cmocka_unit_test(ends_an_answer_that_is_longer_than_wanted),
        cmocka_unit_test(ends_an_endless_head),
        cmocka_unit_test(a_write_is_sent_once_when_its_connection_dies),
        cmocka_unit_test(a_read_is_sent_again_when_its_connection_dies),
        cmocka_unit_test(a_write_finds_out_that_its_idle_connection_was_closed),
    };
    return cmocka_run_group_tests_name("http/request", tests, open_client, close_client);
}
