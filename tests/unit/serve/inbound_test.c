/* Requests as bytes: what is taken, what is refused and by which status; whole, byte by byte and in
 * two pieces all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/serve/inbound.h"

static const struct peri_inbound_limits limits = {
    .head = 512, .target = 64, .body = 32, .fields = 8};

/* Feeds pieces of a size until there is an end; returns how many bytes were taken. */
static size_t feed(struct peri_inbound *in, const char *bytes, size_t n, size_t piece)
{
    size_t at = 0;
    peri_inbound_init(in, &limits);
    while (at < n && in->state != PERI_INBOUND_WHOLE && in->state != PERI_INBOUND_BAD) {
        size_t some = n - at < piece ? n - at : piece;
        size_t used = peri_inbound_feed(in, bytes + at, some);
        assert_true(used <= some);
        assert_true(used > 0 || in->state == PERI_INBOUND_BAD);
        at += used;
    }
    return at;
}

struct request {
    const char *bytes;
    size_t len;
    int status;        /* of the refusal; 0: whole; -1: it waits for more */
    const char *body;  /* NULL: none */
    const char *after; /* what is not taken; NULL: nothing */
};

static void expect(const struct request *wanted, size_t piece)
{
    struct peri_inbound in;
    size_t taken = feed(&in, wanted->bytes, wanted->len, piece);
    int status = in.state == PERI_INBOUND_BAD ? in.status : in.state == PERI_INBOUND_WHOLE ? 0 : -1;
    if (status != wanted->status)
        fail_msg("%d (%s), not %d, by pieces of %zu: %s", status,
                 status > 0 ? in.reason : "no reason", wanted->status, piece, wanted->bytes);
    const char *body = wanted->body == NULL ? "" : wanted->body;
    if (status == 0) {
        assert_int_equal(in.body.len, strlen(body));
        assert_memory_equal(in.body.len == 0 ? "" : in.body.data, body, in.body.len);
        assert_string_equal(wanted->bytes + taken, wanted->after == NULL ? "" : wanted->after);
    }
    assert_true(status <= 0 || in.reason != NULL);
    peri_inbound_reset(&in);
}

static void expect_all(const struct request *requests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t piece = 1; piece <= requests[i].len; piece++)
            expect(&requests[i], piece);
}

#define R(text, ...)                                                                               \
    {                                                                                              \
        .bytes = text, .len = sizeof(text) - 1, .status = __VA_ARGS__                              \
    }
#define HOST "Host: h\r\n"
#define GET(fields) "GET / HTTP/1.1\r\n" HOST fields "\r\n"
#define POST(fields) "POST / HTTP/1.1\r\n" HOST fields "\r\n"
#define CHUNKED(body) POST("Transfer-Encoding: chunked\r\n") body
#define EXPECT_ALL(...)                                                                            \
    static const struct request requests[] = {__VA_ARGS__};                                        \
    (void)state;                                                                                   \
    expect_all(requests, sizeof(requests) / sizeof(requests[0]))

static void takes_what_is_right(void **state)
{
    EXPECT_ALL(R(GET(""), 0, NULL, NULL), R("GET / HTTP/1.0\r\n\r\n", 0, NULL, NULL),
               R("OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 0, NULL, NULL),
               R("GET / HTTP/1.1\r\nHost:\r\n\r\n", 0, NULL, NULL),
               R(GET("A:b\r\nC: \t d\t\r\nE:\r\nF: \xc3\xa4\r\n"), 0, NULL, NULL),
               R(POST("Content-Length: 5\r\n") "hello", 0, "hello", NULL),
               R(POST("content-LENGTH:005 \r\n") "hello", 0, "hello", NULL),
               R(POST("Content-Length: 0\r\n"), 0, NULL, NULL),
               R(POST(""), 0, NULL, NULL), /* without a length there is no body */
               R(POST("Expect: 100-Continue\r\nContent-Length: 2\r\n") "ab", 0, "ab", NULL),
               R("\r\n" GET(""), 0, NULL, NULL));
}

static void waits_for_what_is_missing(void **state)
{
    EXPECT_ALL(R("G", -1), R("GET / HTTP/1.1\r\n" HOST "\r", -1), R("\r", -1), R("\r\n", -1),
               R(POST("Content-Length: 5\r\n") "hell", -1), R(CHUNKED("5\r\nhello\r\n"), -1),
               R(CHUNKED("0\r\n"), -1), R(CHUNKED("0\r\nA: b\r\n\r"), -1));
}

static void takes_nothing_of_the_next_request(void **state)
{
    EXPECT_ALL(R(GET("") GET(""), 0, NULL, GET("")),
               R(POST("Content-Length: 2\r\n") "abGET", 0, "ab", "GET"),
               R(POST("Content-Length: 0\r\n") "G", 0, NULL, "G"),
               R(CHUNKED("2\r\nab\r\n0\r\n\r\n") GET(""), 0, "ab", GET("")),
               R(GET("") "\n\n nonsense", 0, NULL, "\n\n nonsense"));
}

static void refuses_two_ways_to_tell_the_length(void **state)
{
    EXPECT_ALL(R(POST("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") "0\r\n\r\n", 400),
               R(POST("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") "0\r\n\r\n", 400),
               R(POST("Content-Length: 5\r\nContent-Length: 6\r\n"), 400),
               R(POST("Content-Length: 5\r\nContent-Length: 5\r\n"), 400),
               R(POST("Content-Length: 5, 5\r\n"), 400), R(POST("Content-Length: +5\r\n"), 400),
               R(POST("Content-Length: -5\r\n"), 400), R(POST("Content-Length: 0x5\r\n"), 400),
               R(POST("Content-Length: 5 5\r\n"), 400), R(POST("Content-Length:\r\n"), 400),
               R(POST("Content-Length: 5.\r\n"), 400), R(POST("Content-Length: \"5\"\r\n"), 400),
               R(POST("Content-Length: 18446744073709551621\r\n"), 400), /* 5, after 2^64 */
               R(POST("Content-Length: 999999999999999999\r\n"), 413));
}

static void refuses_encodings_but_chunked(void **state)
{
    EXPECT_ALL(R(POST("Transfer-Encoding: xchunked\r\n"), 501),
               R(POST("Transfer-Encoding: gzip, chunked\r\n"), 501),
               R(POST("Transfer-Encoding: chunked, chunked\r\n"), 501),
               R(POST("Transfer-Encoding: chunked, identity\r\n"), 501),
               R(POST("Transfer-Encoding: identity\r\n"), 501),
               R(POST("Transfer-Encoding: \"chunked\"\r\n"), 501),
               R(POST("Transfer-Encoding: chunked;a=b\r\n"), 501),
               R(POST("Transfer-Encoding: \x0b"
                      "chunked\r\n"),
                 400),
               R(POST("Transfer-Encoding:\r\n"), 501),
               R(POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400),
               R(POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n"), 400),
               R("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400));
}

static void refuses_lines_that_others_read_in_another_way(void **state)
{
    EXPECT_ALL(
        R("GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n", 400),
        R("GET / HTTP/1.1\r\n" HOST "A: b\r\n\tc\r\n\r\n", 400),
        R("GET / HTTP/1.1\r\n A: b\r\n" HOST "\r\n", 400), R("GET / HTTP/1.1\n" HOST "\r\n", 400),
        R("GET / HTTP/1.1\r\nHost: h\n\r\n", 400), R("GET / HTTP/1.1\r\n" HOST "\n", 400),
        R("GET / HTTP/1.1\r\n" HOST "A: b\rC: d\r\n\r\n", 400),
        R("GET / HTTP/1.1\r\n" HOST "\r\r\n", 400), R("\n" GET(""), 400), R("\r" GET(""), 400),
        R("\r\n\r\n" GET(""), 400), R("GET / HTTP/1.1\r\n" HOST "A: b\0c\r\n\r\n", 400),
        R("GET / HTTP/1.1\r\n" HOST "A: b\x01\r\n\r\n", 400),
        R("GET / HTTP/1.1\r\n" HOST "A: b\x7f\r\n\r\n", 400),
        R("GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400),
        R("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n", 400),
        R("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding\t: chunked\r\n\r\n", 400),
        R("GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n", 400),
        R("GET / HTTP/1.1\r\n" HOST ": no name\r\n\r\n", 400),
        R("GET / HTTP/1.1\r\n" HOST "A\"B: c\r\n\r\n", 400),
        R("GET / HTTP/1.1\r\n" HOST "A\xc3: c\r\n\r\n", 400));
}

static void refuses_no_host_and_two(void **state)
{
    EXPECT_ALL(R("GET / HTTP/1.1\r\n\r\n", 400), R("GET / HTTP/1.1\r\nA: b\r\n\r\n", 400),
               R(GET("Host: h\r\n"), 400), R(GET("hOST: other\r\n"), 400));
}

static void refuses_targets_that_are_no_paths(void **state)
{
    EXPECT_ALL(R("GET http://h/ HTTP/1.1\r\n" HOST "\r\n", 400),
               R("GET h:80 HTTP/1.1\r\n" HOST "\r\n", 400),
               R("GET * HTTP/1.1\r\n" HOST "\r\n", 400), R("GET ?a HTTP/1.1\r\n" HOST "\r\n", 400),
               R("GET  / HTTP/1.1\r\n" HOST "\r\n", 400),
               R("GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n", 400),
               R("GET /\t HTTP/1.1\r\n" HOST "\r\n", 400),
               R("CONNECT h:443 HTTP/1.1\r\n" HOST "\r\n", 501),
               R("CONNECT / HTTP/1.1\r\n" HOST "\r\n", 501));
}

static void refuses_what_is_no_http_1(void **state)
{
    EXPECT_ALL(R("GET / HTTP/2.0\r\n" HOST "\r\n", 505), R("GET / HTTP/1.2\r\n" HOST "\r\n", 505),
               R("GET / HTTP/0.9\r\n\r\n", 505), R("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
               R("GET /\r\n\r\n", 400), R("GET / http/1.1\r\n" HOST "\r\n", 400),
               R("GET / HTTP/1.1 x\r\n" HOST "\r\n", 505),
               R("GET / a HTTP/1.1\r\n" HOST "\r\n", 400),
               R(" GET / HTTP/1.1\r\n" HOST "\r\n", 400), R("G@T / HTTP/1.1\r\n" HOST "\r\n", 400),
               R("FROB / HTTP/1.1\r\n" HOST "\r\n", 501), R("get / HTTP/1.1\r\n" HOST "\r\n", 501),
               R("\x16\x03\x01\x02", 400), R("\x16\x03\x01\x00\x01\r\n\r\n", 400));
}

static void refuses_expectations_but_continue(void **state)
{
    EXPECT_ALL(R(GET("Expect: 200-ok\r\n"), 417), R(GET("Expect:\r\n"), 417),
               R("GET / HTTP/1.0\r\nExpect: 200-ok\r\n\r\n", 0, NULL, NULL));
}

static void ignores_upgrades(void **state)
{
    EXPECT_ALL(
        R(GET("Connection: Upgrade\r\nUpgrade: websocket\r\n") "x", 0, NULL, "x"),
        R(POST(
              "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nContent-Length: 2\r\n") "abc",
          0, "ab", "c"));
}

static void takes_chunks(void **state)
{
    EXPECT_ALL(R(CHUNKED("0\r\n\r\n"), 0, NULL, NULL),
               R(CHUNKED("2\r\nab\r\n3\r\nc\r\n\r\n0\r\n\r\n"), 0, "abc\r\n", NULL),
               R(CHUNKED("0002;a=b\r\nab\r\n0\r\n\r\n"), 0, "ab", NULL),
               R(CHUNKED("A\r\n0123456789\r\n0\r\nA: b\r\nC: d\r\n\r\n"), 0, "0123456789", NULL),
               R(POST("Transfer-Encoding: Chunked \r\n") "0\r\n\r\n", 0, NULL, NULL));
}

static void refuses_chunks_that_others_read_in_another_way(void **state)
{
    EXPECT_ALL(R(CHUNKED("+2\r\nab\r\n0\r\n\r\n"), 400), R(CHUNKED("-1\r\n"), 400),
               R(CHUNKED("0x2\r\nab\r\n0\r\n\r\n"), 400), R(CHUNKED("\r\n0\r\n\r\n"), 400),
               R(CHUNKED(" 2\r\nab\r\n0\r\n\r\n"), 400), R(CHUNKED("g\r\n"), 400),
               R(CHUNKED("2\nab\r\n0\r\n\r\n"), 400), R(CHUNKED("2\rab\r\n0\r\n\r\n"), 400),
               R(CHUNKED("2\r\nab0\r\n\r\n"), 400), R(CHUNKED("2\r\nab\n0\r\n\r\n"), 400),
               R(CHUNKED("2\r\nabc\r\n0\r\n\r\n"), 400),
               R(CHUNKED("2;a\nb\r\nab\r\n0\r\n\r\n"), 400),
               R(CHUNKED("2;a\x01\r\nab\r\n0\r\n\r\n"), 400), R(CHUNKED("0\n\n"), 400),
               R(CHUNKED("0\r\n\n"), 400), R(CHUNKED("0\r\nA: b\n\r\n"), 400),
               R(CHUNKED("0\r\nA: b\r\n\n"), 400), R(CHUNKED("0\r\nA : b\r\n\r\n"), 400),
               R(CHUNKED("ffffffffffffffff1\r\n"), 400), R(CHUNKED("10000000000000000\r\n"), 400));
}

static void refuses_a_body_past_its_limit(void **state)
{
    EXPECT_ALL(R(POST("Content-Length: 32\r\n") "0123456789abcdef0123456789abcdef", 0,
                 "0123456789abcdef0123456789abcdef", NULL),
               R(POST("Content-Length: 33\r\n"), 413),
               R(POST("Expect: 100-continue\r\nContent-Length: 33\r\n"), 413),
               R(CHUNKED("20\r\n0123456789abcdef0123456789abcdef\r\n0\r\n\r\n"), 0,
                 "0123456789abcdef0123456789abcdef", NULL),
               R(CHUNKED("20\r\n0123456789abcdef0123456789abcdef\r\n1\r\nx"), 413),
               R(CHUNKED("21\r\n0123456789abcdef0123456789abcdefx"), 413));
}

/* A head of exactly n bytes. */
static size_t make_head(char *bytes, size_t n)
{
    size_t start = (size_t)sprintf(bytes, "GET / HTTP/1.1\r\n" HOST "A: ");
    memset(bytes + start, 'a', n - start);
    memcpy(bytes + n - 4, "\r\n\r\n", 5);
    return n;
}

static void refuses_a_head_past_its_limits(void **state)
{
    char bytes[2048];
    (void)state;
    size_t n = make_head(bytes, limits.head);
    expect_all(&(struct request){bytes, n, 0, NULL, NULL}, 1);
    n = make_head(bytes, limits.head + 1);
    expect_all(&(struct request){bytes, n, 431, NULL, NULL}, 1);
    n = make_head(bytes, 2 * limits.head);
    expect_all(&(struct request){bytes, limits.head - 1, -1, NULL, NULL}, 1);
    for (unsigned count = limits.fields - 1; count <= limits.fields; count++) {
        n = (size_t)sprintf(bytes, "GET / HTTP/1.1\r\n" HOST);
        for (unsigned i = 0; i < count; i++)
            n += (size_t)sprintf(bytes + n, "A: b\r\n");
        n += (size_t)sprintf(bytes + n, "\r\n");
        bool fits = count < limits.fields;
        expect_all(&(struct request){bytes, n, fits ? 0 : 431, NULL, NULL}, 1);
    }
}

static void refuses_a_target_past_its_limit(void **state)
{
    char bytes[2048];
    (void)state;
    for (size_t len = limits.target; len <= limits.target + 1; len++) {
        memset(bytes, 'a', sizeof(bytes));
        memcpy(bytes, "GET /", 5);
        size_t n = 4 + len;
        n += (size_t)sprintf(bytes + n, " HTTP/1.1\r\n" HOST "\r\n");
        expect_all(&(struct request){bytes, n, len > limits.target ? 414 : 0, NULL, NULL}, 1);
    }
    memset(bytes, 'a', sizeof(bytes)); /* the line never ends */
    memcpy(bytes, "GET /", 5);
    expect_all(&(struct request){bytes, limits.head, 414, NULL, NULL}, 1);
}

static void refuses_endless_lines_between_chunks(void **state)
{
    char bytes[2048] = CHUNKED("1;");
    (void)state;
    size_t n = strlen(bytes);
    memset(bytes + n, 'a', sizeof(bytes) - n);
    expect_all(&(struct request){bytes, n + 100, -1, NULL, NULL}, 1);
    expect_all(&(struct request){bytes, n + limits.head, 431, NULL, NULL}, 1);
    n = (size_t)sprintf(bytes, CHUNKED("0\r\n"));
    while (n < 1024)
        n += (size_t)sprintf(bytes + n, "A: b\r\n");
    expect_all(&(struct request){bytes, n, 431, NULL, NULL}, 1);
}

static void is_text(struct peri_str text, const char *wanted)
{
    assert_int_equal(text.len, strlen(wanted));
    assert_memory_equal(text.data, wanted, text.len);
}

static void says_what_the_request_is(void **state)
{
    static const char bytes[] = "PUT /a?b HTTP/1.1\r\n" HOST "X-A: 1\r\nB:\r\nx-a:  2 \r\n\r\n";
    struct peri_inbound in;
    struct peri_str name, value;
    unsigned at = 0;
    (void)state;
    feed(&in, bytes, sizeof(bytes) - 1, 7);
    is_text(in.method, "PUT");
    is_text(in.target, "/a?b");
    assert_int_equal(in.count, 4);
    peri_inbound_field(&in, 1, &name, &value);
    is_text(name, "X-A");
    is_text(value, "1");
    assert_true(peri_inbound_find(&in, peri_str_of("x-A"), &at, &value));
    is_text(value, "1");
    assert_true(peri_inbound_find(&in, peri_str_of("x-A"), &at, &value));
    is_text(value, "2");
    assert_false(peri_inbound_find(&in, peri_str_of("x-A"), &at, &value));
    peri_inbound_reset(&in);
    assert_int_equal(in.state, PERI_INBOUND_EMPTY);
}

static void says_whether_it_is_the_last(void **state)
{
    static const struct {
        const char *bytes;
        bool is_last, is_10;
    } requests[] = {
        {GET(""), false, false},
        {GET("Connection: close\r\n"), true, false},
        {GET("Connection: a, Close\r\n"), true, false},
        {POST("Connection: close\r\nContent-Length: 1\r\n") "a", true, false},
        {"GET / HTTP/1.0\r\n\r\n", true, true},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        struct peri_inbound in;
        feed(&in, requests[i].bytes, strlen(requests[i].bytes), 5);
        assert_int_equal(in.state, PERI_INBOUND_WHOLE);
        assert_int_equal(in.is_last, requests[i].is_last);
        assert_int_equal(in.is_10, requests[i].is_10);
        peri_inbound_reset(&in);
    }
}

static void takes_no_more_when_it_is_whole_or_bad(void **state)
{
    struct peri_inbound in;
    (void)state;
    feed(&in, GET(""), strlen(GET("")), 1000);
    assert_int_equal(peri_inbound_feed(&in, "x", 1), 0);
    assert_int_equal(in.state, PERI_INBOUND_WHOLE);
    peri_inbound_reset(&in);
    feed(&in, "\n", 1, 1);
    assert_int_equal(in.state, PERI_INBOUND_BAD);
    assert_int_equal(peri_inbound_feed(&in, "x", 1), 0);
    peri_inbound_reset(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_is_right),
        cmocka_unit_test(waits_for_what_is_missing),
        cmocka_unit_test(takes_nothing_of_the_next_request),
        cmocka_unit_test(refuses_two_ways_to_tell_the_length),
        cmocka_unit_test(refuses_encodings_but_chunked),
        cmocka_unit_test(refuses_lines_that_others_read_in_another_way),
        cmocka_unit_test(refuses_no_host_and_two),
        cmocka_unit_test(refuses_targets_that_are_no_paths),
        cmocka_unit_test(refuses_what_is_no_http_1),
        cmocka_unit_test(refuses_expectations_but_continue),
        cmocka_unit_test(ignores_upgrades),
        cmocka_unit_test(takes_chunks),
        cmocka_unit_test(refuses_chunks_that_others_read_in_another_way),
        cmocka_unit_test(refuses_a_body_past_its_limit),
        cmocka_unit_test(refuses_a_head_past_its_limits),
        cmocka_unit_test(refuses_a_target_past_its_limit),
        cmocka_unit_test(refuses_endless_lines_between_chunks),
        cmocka_unit_test(says_what_the_request_is),
        cmocka_unit_test(says_whether_it_is_the_last),
        cmocka_unit_test(takes_no_more_when_it_is_whole_or_bad),
    };
    return cmocka_run_group_tests_name("serve/inbound", tests, NULL, NULL);
}
