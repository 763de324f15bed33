/* Bodies: decompressed piece by piece, bounded, and never taken for whole when they are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "runtime/base/limits.h"
#include "tests/support/client.h"

enum { BIG = 64 * 1024 * 1024, SOME = 300 * 1024 };

static struct client client;

/* What the server of a test sends behind its head, and the head's last field. */
static struct {
    const char *field;
    unsigned char *bytes;
    size_t len;
} answer;

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

/* Appends a member of gzip with n bytes, of one value or random, to the answer. */
static void zip(size_t n, bool is_random)
{
    unsigned char *bytes = calloc(1, n + 1);
    for (size_t i = 0; is_random && i < n; i++)
        bytes[i] = (unsigned char)rand(); /* NOLINT: any bytes will do */
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t bound = deflateBound(&z, n);
    answer.bytes = realloc(answer.bytes, answer.len + bound);
    z.next_in = bytes;
    z.avail_in = (uInt)n;
    z.next_out = answer.bytes + answer.len;
    z.avail_out = (uInt)bound;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    answer.len += bound - z.avail_out;
    deflateEnd(&z);
    free(bytes);
}

static void send_answer(struct peer_line *line)
{
    char head[256];
    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n%s\r\n\r\n", answer.len,
             answer.field);
    while (peer_line_read(line) && peer_line_puts(line, head))
        peer_line_write(line, answer.bytes, answer.len);
}

static void start(struct peer *peer, struct client_call *call, const char *body, uint64_t max_body)
{
    char url[64];
    struct peri_request_settings settings = {
        .url = peer_url(peer, "/", url, sizeof(url)),
        .body = body,
        .body_len = body == NULL ? 0 : strlen(body),
        .max_body = max_body,
    };
    client_start(&client, call, &settings);
}

/* Reads all of an answer, with at most so much waiting at a time. Returns the number of bytes. */
static size_t read_slowly(struct client_call *call, size_t most)
{
    size_t total = 0;
    while (true) {
        struct peri_str unread = peri_request_unread(call->request);
        assert_in_range(unread.len, 0, most);
        total += unread.len;
        peri_request_consume(call->request);
        if (peri_request_unread(call->request).len > 0)
            continue;
        if (peri_request_is_done(call->request, NULL))
            return total;
        peri_loop_run(client.loop, true);
    }
}

/* Sends the answer, reads it, and forgets it. */
static enum peri_error_code code_of(const char *body, uint64_t max_body, size_t *total)
{
    struct client_call call = {0};
    struct peer *peer = peer_start(send_answer, NULL);
    start(peer, &call, body, max_body);
    size_t n = read_slowly(&call, PERI_LIMIT_UNREAD + 16384);
    if (total != NULL)
        *total = n;
    enum peri_error_code code = client_code(&call);
    client_free(&call);
    peer_stop(peer);
    return code;
}

static void begin(const char *field)
{
    free(answer.bytes);
    answer.bytes = NULL;
    answer.len = 0;
    answer.field = field;
}

static void a_small_stream_that_expands_hugely_comes_in_pieces(void **state)
{
    (void)state;
    size_t total;
    begin("Content-Encoding: gzip");
    zip(BIG, false);
    assert_in_range(answer.len, 0, BIG / 500);
    assert_int_equal(code_of(NULL, 0, &total), PERI_E_NONE);
    assert_int_equal(total, BIG);
}

static void its_limit_is_that_of_what_it_expands_to(void **state)
{
    (void)state;
    begin("Content-Encoding: gzip");
    zip(BIG, false);
    assert_int_equal(code_of(NULL, BIG - 1, NULL), PERI_E_LIMIT);
    assert_int_equal(code_of(NULL, BIG, NULL), PERI_E_NONE);
}

static void members_that_follow_one_another_are_one_stream(void **state)
{
    (void)state;
    size_t total;
    begin("Content-Encoding: x-gzip");
    zip(SOME, true);
    zip(0, false);
    zip(SOME, false);
    assert_int_equal(code_of(NULL, 0, &total), PERI_E_NONE);
    assert_int_equal(total, 2 * SOME);
}

static void a_stream_may_be_empty(void **state)
{
    (void)state;
    size_t total;
    begin("Content-Encoding: gzip");
    assert_int_equal(code_of(NULL, 0, &total), PERI_E_NONE);
    assert_int_equal(total, 0);
}

static void a_stream_cut_off_anywhere_is_no_whole_answer(void **state)
{
    (void)state;
    begin("Content-Encoding: gzip");
    zip(100, true);
    for (size_t whole = answer.len; --answer.len > 0;) {
        assert_int_equal(code_of(NULL, 0, NULL), PERI_E_HTTP_CUT);
        if (answer.len + 12 < whole && answer.len > 12)
            answer.len -= 10;
    }
    begin("Content-Encoding: gzip");
    zip(BIG, false);
    answer.len -= 8; /* the checksum; all the rest waits inside when libcurl has finished */
    assert_int_equal(code_of(NULL, 0, NULL), PERI_E_HTTP_CUT);
}

static void damage_is_found(void **state)
{
    (void)state;
    begin("Content-Encoding: gzip");
    zip(SOME, true);
    const size_t places[] = {0, answer.len - 1, answer.len - 8};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        answer.bytes[places[i]] ^= 1;
        assert_int_equal(code_of(NULL, 0, NULL), PERI_E_HTTP_PROTOCOL);
        answer.bytes[places[i]] ^= 1;
    }
    assert_int_equal(code_of(NULL, 0, NULL), PERI_E_NONE);
}

static void an_encoding_that_was_not_asked_for_is_refused(void **state)
{
    (void)state;
    static const char *const fields[] = {"Content-Encoding: br",
                                         "Content-Encoding: gzip\r\nContent-Encoding: gzip"};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        begin(fields[i]);
        zip(10, true);
        assert_int_equal(code_of(NULL, 0, NULL), PERI_E_HTTP_PROTOCOL);
    }
    begin("Content-Encoding: identity");
    zip(10, true);
    assert_int_equal(code_of(NULL, 0, NULL), PERI_E_NONE);
}

static void a_write_whose_answer_cannot_be_used_is_of_unknown_outcome(void **state)
{
    (void)state;
    begin("Content-Encoding: gzip");
    zip(SOME, true);
    assert_int_equal(code_of("x", 0, NULL), PERI_E_NONE);
    assert_int_equal(code_of("x", SOME - 1, NULL), PERI_E_HTTP_UNKNOWN);
    answer.len--;
    assert_int_equal(code_of("x", 0, NULL), PERI_E_HTTP_UNKNOWN);
    answer.bytes[0] ^= 1;
    assert_int_equal(code_of("x", 0, NULL), PERI_E_HTTP_UNKNOWN);
    answer.field = "Content-Encoding: br";
    assert_int_equal(code_of("x", 0, NULL), PERI_E_HTTP_UNKNOWN);
}

static void answer_endless_head(struct peer_line *line)
{
    peer_line_read(line);
    peer_line_puts(line, "HTTP/1.1 200 OK\r\n");
    while (peer_line_puts(line, "X-Filler: 0123456789012345678901234567890123456789\r\n"))
        continue;
}

static void so_is_one_with_an_endless_head_or_whose_pool_is_closed(void **state)
{
    (void)state;
    struct client_call endless = {0}, closed = {0};
    struct peer *peer = peer_start(answer_endless_head, NULL);
    start(peer, &endless, "x", 0);
    client_finish(&client, &endless);
    assert_int_equal(client_code(&endless), PERI_E_HTTP_UNKNOWN);
    assert_non_null(strstr(client_error(&endless)->message, "headers of more than"));
    client_free(&endless);
    begin("Content-Encoding: gzip");
    struct peer *slow = peer_start(peer_line_drain, NULL);
    start(slow, &closed, "x", 0);
    while (peri_pool_stats(client.pool).connections < 2)
        client_turn(&client, 1);
    client_turn(&client, 100);
    client_close(&client);
    assert_int_equal(client_code(&closed), PERI_E_HTTP_UNKNOWN);
    client_free(&closed);
    peer_stop(peer);
    peer_stop(slow);
    client_open(&client, NULL);
}

static int forget(void **state)
{
    (void)state;
    begin(NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_small_stream_that_expands_hugely_comes_in_pieces, forget),
        cmocka_unit_test_teardown(its_limit_is_that_of_what_it_expands_to, forget),
        cmocka_unit_test_teardown(members_that_follow_one_another_are_one_stream, forget),
        cmocka_unit_test_teardown(a_stream_may_be_empty, forget),
        cmocka_unit_test_teardown(a_stream_cut_off_anywhere_is_no_whole_answer, forget),
        cmocka_unit_test_teardown(damage_is_found, forget),
        cmocka_unit_test_teardown(an_encoding_that_was_not_asked_for_is_refused, forget),
        cmocka_unit_test_teardown(a_write_whose_answer_cannot_be_used_is_of_unknown_outcome,
                                  forget),
        cmocka_unit_test_teardown(so_is_one_with_an_endless_head_or_whose_pool_is_closed, forget),
    };
    return cmocka_run_group_tests_name("http/body", tests, open_client, close_client);
}
