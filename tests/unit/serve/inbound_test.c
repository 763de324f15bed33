/* inbound_test.c: what is a request, and what is refused, however the bytes are cut. */
#include "runtime/serve/inbound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct peri_inbound_limits limits = {
    .head = 1024, .target = 100, .body = 50, .fields = 10};

#define HOST "Host: x\r\n"

struct expected {
    const char *bytes;
    int status; /* 0: it is whole */
};

static const struct expected cases[] = {
    {"GET / HTTP/1.1\r\n" HOST "\r\n", 0},
    {"\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 0},
    {"GET / HTTP/1.0\r\n\r\n", 0},
    {"POST /a?b HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", 0},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n", 0},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n0\r\nTrailer: t\r\n\r\n", 0},
    {"GET / HTTP/1.1\r\n" HOST "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n", 0},
    {"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 0},
    {"GET / HTTP/1.1\r\n" HOST "X:\t spaced \t\r\n\r\n", 0},

    /* two readings of one request */
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length : 5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, identity\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \"chunked\"\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     400},
    {"POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\x0b"
     "chunked\r\n\r\n",
     400},
    {"GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "A: b\r\n\tc\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400},
    {"GET / HTTP/1.1\n" HOST "\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: x\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: x\rContent-Length: 5\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST ": empty\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "B\xc3\xa4: x\r\n\r\n", 400},

    /* hosts and targets */
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400},
    {"GET http://x/ HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET x HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET * HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /\x01 HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /\xff HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET  / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET / HTTP/1.1 \r\n" HOST "\r\n", 505},
    {"GET /\r\n" HOST "\r\n", 400},
    {"CONNECT x:80 HTTP/1.1\r\n" HOST "\r\n", 400},
    {"CONNECT /x HTTP/1.1\r\n" HOST "\r\n", 501},
    {"GET / HTTP/2.0\r\n" HOST "\r\n", 505},
    {"GET / HTTQ/1.1\r\n" HOST "\r\n", 400},
    {"FROB / HTTP/1.1\r\n" HOST "\r\n", 501},
    {"\x16\x03\x01\x02", 400},
    {"GET / HTTP/1.1\r\n" HOST "Expect: 200-ok\r\n\r\n", 417},

    /* bodies */
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 51\r\n\r\n", 413},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n40\r\n"
     "0123456789012345678901234567890123456789012345678901234567890123\r\n0\r\n\r\n",
     413},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", 400},
};

/* Feeds the bytes in pieces of a size, and gives what was used. */
static size_t feed(struct peri_inbound *in, const char *bytes, size_t n, size_t piece)
{
    size_t at = 0;
    while (at < n && in->state != PERI_INBOUND_BAD && in->state != PERI_INBOUND_WHOLE) {
        size_t some = n - at < piece ? n - at : piece;
        at += peri_inbound_feed(in, bytes + at, some);
    }
    return at;
}

static void check(const struct expected *one, size_t piece)
{
    struct peri_inbound in;
    peri_inbound_init(&in, &limits);
    feed(&in, one->bytes, strlen(one->bytes), piece);
    int status = in.state == PERI_INBOUND_BAD ? in.status : 0;
    if (status != one->status || (status == 0 && in.state != PERI_INBOUND_WHOLE))
        fail_msg("%s: status %d, wanted %d, state %d, pieces of %zu", one->bytes, status,
                 one->status, (int)in.state, piece);
    peri_inbound_reset(&in);
}

static void each_request_is_judged_alike_in_any_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (size_t piece = 1; piece <= 64; piece *= 4)
            check(&cases[i], piece);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(&cases[i], 4096);
}

static void what_follows_a_request_is_left(void **state)
{
    (void)state;
    static const char bytes[] = "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabcGET /2";
    struct peri_inbound in;
    peri_inbound_init(&in, &limits);
    assert_int_equal(feed(&in, bytes, sizeof(bytes) - 1, 4096), strstr(bytes, "GET") - bytes);
    assert_int_equal(in.state, PERI_INBOUND_WHOLE);
    assert_int_equal(peri_inbound_feed(&in, "x", 1), 0);
    assert_memory_equal(in.body.data, "abc", 3);
    assert_int_equal(in.body.len, 3);
    peri_inbound_reset(&in);
}

static void heads_have_limits(void **state)
{
    (void)state;
    char bytes[4096] = "GET /";
    memset(bytes + 5, 'a', 200);
    strcpy(bytes + 205, " HTTP/1.1\r\n" HOST "\r\n");
    check(&(struct expected){bytes, 414}, 4096);
    memset(bytes + 5, 'a', 3000);
    bytes[3005] = '\0';
    check(&(struct expected){bytes, 414}, 4096);
    size_t at = (size_t)snprintf(bytes, sizeof(bytes), "GET / HTTP/1.1\r\n" HOST "X: ");
    memset(bytes + at, 'b', 2000);
    bytes[at + 2000] = '\0';
    check(&(struct expected){bytes, 431}, 100);
    at = (size_t)snprintf(bytes, sizeof(bytes), "GET / HTTP/1.1\r\n" HOST);
    for (int i = 0; i < 10; i++)
        at += (size_t)snprintf(bytes + at, sizeof(bytes) - at, "A: b\r\n");
    snprintf(bytes + at, sizeof(bytes) - at, "\r\n");
    check(&(struct expected){bytes, 431}, 4096);
}

static void fields_are_found_in_any_case(void **state)
{
    (void)state;
    static const char bytes[] = "GET /p?q HTTP/1.1\r\n" HOST "X-A: 1\r\nx-a:  2 \r\nX-B:\r\n\r\n";
    struct peri_inbound in;
    struct peri_str value;
    unsigned at = 0;
    peri_inbound_init(&in, &limits);
    feed(&in, bytes, sizeof(bytes) - 1, 3);
    assert_memory_equal(in.target.data, "/p?q", in.target.len);
    assert_true(peri_inbound_find(&in, (struct peri_str){"X-a", 3}, &at, &value));
    assert_memory_equal(value.data, "1", value.len);
    assert_true(peri_inbound_find(&in, (struct peri_str){"X-a", 3}, &at, &value));
    assert_int_equal(value.len, 1);
    assert_false(peri_inbound_find(&in, (struct peri_str){"X-a", 3}, &at, &value));
    at = 0;
    assert_true(peri_inbound_find(&in, (struct peri_str){"x-b", 3}, &at, &value));
    assert_int_equal(value.len, 0);
    peri_inbound_reset(&in);
}

static void the_last_request_says_so(void **state)
{
    (void)state;
    struct peri_inbound in;
    static const char last[] = "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n";
    peri_inbound_init(&in, &limits);
    feed(&in, last, sizeof(last) - 1, 4096);
    assert_true(in.is_last);
    peri_inbound_reset(&in);
    feed(&in, cases[0].bytes, strlen(cases[0].bytes), 4096);
    assert_false(in.is_last);
    peri_inbound_reset(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_is_judged_alike_in_any_pieces),
        cmocka_unit_test(what_follows_a_request_is_left),
        cmocka_unit_test(heads_have_limits),
        cmocka_unit_test(fields_are_found_in_any_case),
        cmocka_unit_test(the_last_request_says_so),
    };
    return cmocka_run_group_tests_name("serve/inbound", tests, NULL, NULL);
}
