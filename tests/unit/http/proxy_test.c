/* Proxies: which one a host has, and what becomes of a request that goes through it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/http/proxy.h"
#include "tests/support/authority.h"
#include "tests/support/client.h"
#include "tests/support/relay.h"

/* ---- which one ---- */

static void expect_proxy(const char *text, const char *url, const char *user, const char *password)
{
    struct peri_proxy proxy;
    struct peri_error err;
    if (!peri_proxy_read(&proxy, text, "X", &err))
        fail_msg("%s", err.message);
    assert_string_equal(proxy.url, url);
    assert_string_equal(proxy.where, strstr(url, "://") + 3);
    assert_string_equal(proxy.user == NULL ? "(none)" : proxy.user, user);
    assert_string_equal(proxy.password == NULL ? "(none)" : proxy.password, password);
    peri_proxy_deinit(&proxy);
}

static void reads_a_url_and_keeps_its_secrets_apart(void **state)
{
    (void)state;
    expect_proxy("proxy.example:3128", "http://proxy.example:3128", "(none)", "(none)");
    expect_proxy("proxy.example", "http://proxy.example:80", "(none)", "(none)");
    expect_proxy("https://proxy.example/", "https://proxy.example:443", "(none)", "(none)");
    expect_proxy("socks5h://10.0.0.1", "socks5h://10.0.0.1:1080", "(none)", "(none)");
    expect_proxy("SOCKS5://[fd00::1]:99", "socks5://[fd00::1]:99", "(none)", "(none)");
    expect_proxy("http://LAB%5cme:p%40ss%3a@p:1", "http://p:1", "LAB\\me", "p@ss:");
    expect_proxy("me@p:1", "http://p:1", "me", "(none)");
}

static void refuses_what_is_no_proxy_and_repeats_nothing_of_it(void **state)
{
    (void)state;
    static const char *const wrong[] = {"ftp://me:hidden@proxy", "http://me:hidden@proxy:x",
                                        "http://me:hidden@", "http://me:hidden@a b:1"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct peri_proxy proxy;
        struct peri_error err;
        assert_false(peri_proxy_read(&proxy, wrong[i], "HTTPS_PROXY", &err));
        assert_int_equal(err.code, PERI_E_HTTP_PROXY);
        assert_non_null(strstr(err.message, "HTTPS_PROXY"));
        assert_null(strstr(err.message, "hidden"));
        assert_null(proxy.url);
    }
}

static void takes_that_of_the_scheme_unless_the_host_is_exempt(void **state)
{
    (void)state;
    const struct peri_proxy_settings settings = {.secure = "s:1",
                                                 .secure_source = "HTTPS_PROXY",
                                                 .plain = "p:2",
                                                 .plain_source = "http_proxy",
                                                 .exempt = ".lab.example"};
    struct peri_proxy proxy;
    assert_true(peri_proxy_find(&proxy, &settings, true, "vc.example", "443", NULL));
    assert_string_equal(proxy.where, "s:1");
    assert_string_equal(proxy.source, "HTTPS_PROXY");
    peri_proxy_deinit(&proxy);
    assert_true(peri_proxy_find(&proxy, &settings, false, "vc.example", "80", NULL));
    assert_string_equal(proxy.where, "p:2");
    peri_proxy_deinit(&proxy);
    assert_true(peri_proxy_find(&proxy, &settings, true, "vc.lab.example", "443", NULL));
    assert_null(proxy.url);
    const struct peri_proxy_settings none = {.secure = ""};
    assert_true(peri_proxy_find(&proxy, &none, true, "vc.example", "443", NULL));
    assert_null(proxy.url);
}

static void knows_the_hosts_of_a_list(void **state)
{
    (void)state;
    static const struct {
        const char *list, *host;
        bool is_exempt;
    } cases[] = {
        {"*", "anything", true},
        {"", "vc.example", false},
        {"vc.example", "vc.example", true},
        {"VC.Example", "vc.example.", true},
        {"example.", "vc.example", true},
        {"example", "vc.example", true},
        {".example", "vc.example", true},
        {".example", "example", true},
        {"*.example", "vc.example", true},
        {"c.example", "vc.example", false},
        {"a,b , vc.example", "vc.example", true},
        {"a b\tvc.example", "vc.example", true},
        {"vc.example:443", "vc.example", true},
        {"vc.example:8443", "vc.example", false},
        {".", "vc.example", false},
        {"10.0.0.0/8", "10.200.3.4", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.1.128.0/17", "10.1.129.1", true},
        {"10.1.128.0/17", "10.1.127.1", false},
        {"10.0.0.1/32", "10.0.0.1", true},
        {"10.0.0.0/33", "10.0.0.0", false},
        {"10.0.0.0/", "10.0.0.0", false},
        {"10.0.0.0/8x", "10.0.0.0", false},
        {"0.0.0.0/0", "10.0.0.1", true},
        {"10.0.0.1", "10.0.0.1", true},
        {"0.0.1", "10.0.0.1", false},
        {"10.0.0.1:443", "10.0.0.1", true},
        {"fd00::/8", "fd12::1", true},
        {"fd00::/8", "fe80::1", false},
        {"::1", "0:0:0:0:0:0:0:1", true},
        {"[::1]", "::1", true},
        {"[::1]:443", "::1", true},
        {"[::1]:80", "::1", false},
        {"10.0.0.0/8", "fd12::1", false},
        {"10.0.0.0/8", "vc10.example", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (peri_proxy_is_exempt(cases[i].list, cases[i].host, "443") != cases[i].is_exempt)
            fail_msg("\"%s\" and %s", cases[i].list, cases[i].host);
}

/* ---- through it ---- */

static struct authority root, leaf;
static char *root_file;
static SSL_CTX *context;
static struct peer *server;

static void answer(struct peer_line *line)
{
    while (peer_line_read(line) && peer_line_answer(line, "ok"))
        continue;
}

static int start_server(void **state)
{
    (void)state;
    root = authority_make(&(struct authority_wish){.name = "Root", .is_authority = true});
    leaf = authority_make(&(struct authority_wish){
        .issuer = &root, .hosts = "DNS:vcenter.invalid,IP:127.0.0.1,IP:::1"});
    X509 *const list[] = {root.certificate, NULL};
    root_file = authority_write("root.pem", list);
    context = authority_context(&leaf, NULL);
    server = peer_start(answer, context);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    peer_stop(server);
    SSL_CTX_free(context);
    authority_free(&root);
    authority_free(&leaf);
    free(root_file);
    authority_clean();
    return 0;
}

/* Posts to a host through a proxy's URL; returns the error, code PERI_E_NONE if it ended well. */
static struct peri_error post(const char *proxy, const char *host, int port)
{
    char url[300];
    const char *const files[] = {root_file};
    const struct peri_pool_settings settings = {
        .proxy = proxy,
        .proxy_source = "HTTPS_PROXY",
        .connect_timeout_ms = 5000,
        .trust = {.ca_files = files, .ca_file_count = 1},
    };
    struct client client;
    struct client_call call = {0};
    client_open(&client, &settings);
    snprintf(url, sizeof(url), "https://%s:%d/sdk", host, port);
    client_post(&client, &call, url, "x");
    client_finish(&client, &call);
    struct peri_error err = {0};
    if (client_code(&call) != PERI_E_NONE)
        err = *client_error(&call);
    else
        client_expect(&call, "ok");
    client_free(&call);
    client_close(&client);
    return err;
}

/* The same through a proxy of the test's; begin is of its URL: "socks5://user:password@". */
static struct peri_error post_through(peer_script script, struct relay *relay, const char *begin,
                                      const char *host)
{
    char proxy[300];
    struct peer *peer = peer_start(script, NULL);
    peer->arg = relay;
    snprintf(proxy, sizeof(proxy), "%s127.0.0.1:%d", begin, peer->port);
    struct peri_error err = post(proxy, host, server->port);
    peer_stop(peer);
    return err;
}

static void expect(const struct peri_error *err, enum peri_error_code code, const char *message)
{
    if (err->code != code || strstr(err->message, message) == NULL)
        fail_msg("wanted %d, \"%s\"; got %d, \"%s\"", code, message, err->code, err->message);
}

static void expect_ok(const struct peri_error *err)
{
    if (err->code != PERI_E_NONE)
        fail_msg("%s (%s)", err->message, err->detail);
}

static void tunnels_by_connect_with_and_without_a_login(void **state)
{
    (void)state;
    char asked[64];
    struct relay open = {0}, closed = {.user = "LAB\\me", .password = "p@ss:/"};
    struct peri_error err = post_through(relay_connect, &open, "http://", "vcenter.invalid");
    expect_ok(&err);
    snprintf(asked, sizeof(asked), "vcenter.invalid:%d", server->port);
    assert_string_equal(open.asked, asked);
    err = post_through(relay_connect, &closed, "http://LAB%5Cme:p%40ss%3a%2f@", "127.0.0.1");
    expect_ok(&err);
    assert_int_equal(closed.tunnels, 1);
}

static void tunnels_by_socks_with_and_without_a_login(void **state)
{
    (void)state;
    struct relay open = {0}, closed = {.user = "me", .password = "p@ss"};
    struct peri_error err = post_through(relay_socks5, &open, "socks5h://", "vcenter.invalid");
    expect_ok(&err);
    assert_int_equal(open.kind, 3); /* the name was the proxy's to look up */
    err = post_through(relay_socks5, &closed, "socks5://me:p%40ss@", "127.0.0.1");
    expect_ok(&err);
    assert_int_equal(closed.kind, 1);
    assert_int_equal(closed.tunnels, 1);
}

static void names_a_proxy_that_wants_another_login(void **state)
{
    (void)state;
    static const struct {
        peer_script script;
        const char *nobody, *wrong;
    } cases[] = {{relay_connect, "http://", "http://me:hidden@"},
                 {relay_socks5, "socks5h://", "socks5h://me:hidden@"}};
    for (size_t i = 0; i < 2; i++) {
        struct relay relay = {.user = "me", .password = "right"};
        struct peri_error err =
            post_through(cases[i].script, &relay, cases[i].nobody, "vcenter.invalid");
        expect(&err, PERI_E_HTTP_PROXY, "(from HTTPS_PROXY) wants a user name and a password");
        assert_non_null(strstr(err.hint, "proxy_password"));
        err = post_through(cases[i].script, &relay, cases[i].wrong, "vcenter.invalid");
        expect(&err, PERI_E_HTTP_PROXY, "(from HTTPS_PROXY) refuses our user name or password");
        assert_null(strstr(err.message, "hidden"));
        assert_null(strstr(err.detail, "hidden"));
        assert_int_equal(relay.tunnels, 0);
    }
}

static void names_a_proxy_that_does_not_reach_the_host(void **state)
{
    (void)state;
    static const struct {
        peer_script script;
        const char *begin;
        int refusal;
        enum peri_error_code code;
        const char *message;
    } cases[] = {
        {relay_connect, "http://", 403, PERI_E_HTTP_PROXY, "does not allow connections to vcenter"},
        {relay_connect, "http://", 502, PERI_E_HTTP_CONNECT, "finds no address of, vcenter.inval"},
        {relay_connect, "http://", 504, PERI_E_HTTP_CONNECT, "it answered with status 504"},
        {relay_socks5, "socks5h://", 2, PERI_E_HTTP_PROXY, "does not allow connections to vcenter"},
        {relay_socks5, "socks5h://", 4, PERI_E_HTTP_CONNECT, "finds no address of, vcenter.inval"},
        {relay_socks5, "socks5h://", 5, PERI_E_HTTP_CONNECT, "was refused a connection by vcenter"},
        {relay_socks5, "socks5h://", 1, PERI_E_HTTP_CONNECT, "cannot reach, or finds no address"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct relay relay = {.refusal = cases[i].refusal};
        struct peri_error err =
            post_through(cases[i].script, &relay, cases[i].begin, "vcenter.invalid");
        expect(&err, cases[i].code, cases[i].message);
        assert_non_null(strstr(err.message, "the proxy 127.0.0.1:"));
        assert_non_null(strstr(err.message, "(from HTTPS_PROXY)"));
        assert_non_null(strstr(err.hint, "NO_PROXY"));
    }
}

static void names_a_proxy_that_cannot_be_reached(void **state)
{
    (void)state;
    char url[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", peer_closed_port());
    struct peri_error err = post(url, "vcenter.invalid", 443);
    expect(&err, PERI_E_HTTP_CONNECT, "(from HTTPS_PROXY) cannot be reached: Connection refused");
    err = post("http://proxy.invalid:3128", "vcenter.invalid", 443);
    expect(&err, PERI_E_HTTP_RESOLVE, "the proxy proxy.invalid:3128 (from HTTPS_PROXY) has no add");
    struct relay relay = {0};
    err = post_through(relay_socks5, &relay, "socks5://", "vcenter.invalid");
    assert_int_equal(err.code, PERI_E_HTTP_RESOLVE);
    assert_non_null(strstr(err.hint, "socks5h://"));
}

static void say_ssh(struct peer_line *line)
{
    peer_line_swallow(line);
    peer_line_puts(line, "SSH-2.0-OpenSSH_9.2\r\n");
}

static void hang_up(struct peer_line *line)
{
    peer_line_swallow(line);
}

static void names_a_proxy_that_is_none(void **state)
{
    (void)state;
    static const peer_script scripts[] = {say_ssh, hang_up};
    static const char *const begins[] = {"http://", "socks5h://"};
    for (size_t i = 0; i < 4; i++) {
        struct peri_error err =
            post_through(scripts[i % 2], NULL, begins[i / 2], "vcenter.invalid");
        if (strstr(err.message, "(from HTTPS_PROXY)") == NULL)
            fail_msg("%zu: %s", i, err.message);
        if (err.code != PERI_E_HTTP_PROXY && err.code != PERI_E_HTTP_CONNECT)
            fail_msg("%zu: %d, %s", i, err.code, err.message);
    }
}

static void tells_of_the_proxy_when_the_certificate_is_another_than_expected(void **state)
{
    (void)state;
    struct relay relay = {0};
    struct peri_error err = post_through(relay_connect, &relay, "http://", "other.invalid");
    expect(&err, PERI_E_TLS_NAME, "vcenter.invalid");
    assert_non_null(strstr(err.detail, "reached through the proxy 127.0.0.1:"));
}

static void speaks_tls_with_a_proxy_and_through_it(void **state)
{
    (void)state;
    char proxy[64];
    struct relay relay = {0};
    struct peer *peer = peer_start(relay_connect, context);
    peer->arg = &relay;
    snprintf(proxy, sizeof(proxy), "https://127.0.0.1:%d", peer->port);
    struct peri_error err = post(proxy, "vcenter.invalid", server->port);
    expect_ok(&err);
    assert_int_equal(relay.tunnels, 1);
    relay.refusal = 403;
    err = post(proxy, "vcenter.invalid", server->port);
    expect(&err, PERI_E_HTTP_PROXY, "does not allow connections to vcenter.invalid");
    peer_stop(peer);
}

static void tells_the_certificate_of_a_proxy_from_that_of_the_server(void **state)
{
    (void)state;
    char proxy[64], message[128];
    struct authority stranger = authority_make(&(struct authority_wish){.name = "proxy"});
    SSL_CTX *other = authority_context(&stranger, NULL);
    struct peer *peer = peer_start(relay_connect, other);
    snprintf(proxy, sizeof(proxy), "https://127.0.0.1:%d", peer->port);
    struct peri_error err = post(proxy, "vcenter.invalid", server->port);
    snprintf(message, sizeof(message), "the certificate of 127.0.0.1:%d is not trusted",
             peer->port);
    expect(&err, PERI_E_TLS_UNTRUSTED, message);
    assert_non_null(strstr(err.detail, "this is the proxy (from HTTPS_PROXY), not the server"));
    peer_stop(peer);
    SSL_CTX_free(other);
    authority_free(&stranger);
}

static void refuses_a_proxy_in_tls_with_a_thumbprint(void **state)
{
    (void)state;
    char pin[65];
    memset(pin, 'a', 64);
    pin[64] = '\0';
    const char *const pins[] = {pin};
    const struct peri_pool_settings settings = {
        .proxy = "https://proxy.invalid:1", .trust = {.thumbprints = pins, .thumbprint_count = 1}};
    struct client client;
    struct peri_error err;
    client_open(&client, &settings);
    const struct peri_request_settings request = {.url = "https://vcenter.invalid/"};
    assert_null(peri_request_new(client.pool, &request, NULL, NULL, &err));
    expect(&err, PERI_E_HTTP_PROXY, "proxy.invalid:1 (from the settings) is spoken to in TLS");
    client_close(&client);
}

static void asks_the_proxy_once_for_many_requests(void **state)
{
    (void)state;
    char proxy[64], url[64];
    struct relay relay = {.user = "me", .password = "pw"};
    struct peer *peer = peer_start(relay_connect, NULL);
    peer->arg = &relay;
    snprintf(proxy, sizeof(proxy), "http://me:pw@127.0.0.1:%d", peer->port);
    const char *const files[] = {root_file};
    const struct peri_pool_settings settings = {.proxy = proxy,
                                                .trust = {.ca_files = files, .ca_file_count = 1}};
    struct client client;
    client_open(&client, &settings);
    for (int i = 0; i < 10; i++) {
        struct client_call call = {0};
        client_post(&client, &call, peer_url(server, "/", url, sizeof(url)), "x");
        client_finish(&client, &call);
        client_expect(&call, "ok");
        client_free(&call);
    }
    client_close(&client);
    assert_int_equal(relay.tunnels, 1);
    peer_stop(peer);
}

static void reaches_an_ipv6_address_directly_and_through_proxies(void **state)
{
    (void)state;
    struct peer *v6 = peer_start_v6(answer, context);
    if (v6 == NULL) {
        print_message("SKIPPED: this machine has no ::1, so IPv6 was NOT TESTED\n");
        skip();
        return;
    }
    struct peri_error err = post("", "[::1]", v6->port);
    expect_ok(&err);
    struct relay relays[2] = {{0}, {0}};
    static const peer_script scripts[] = {relay_connect, relay_socks5};
    static const char *const begins[] = {"http://", "socks5h://"};
    for (size_t i = 0; i < 2; i++) {
        char proxy[64];
        struct peer *peer = peer_start(scripts[i], NULL);
        peer->arg = &relays[i];
        snprintf(proxy, sizeof(proxy), "%s127.0.0.1:%d", begins[i], peer->port);
        err = post(proxy, "[::1]", v6->port);
        expect_ok(&err);
        peer_stop(peer);
    }
    char asked[64];
    snprintf(asked, sizeof(asked), "[::1]:%d", v6->port);
    assert_string_equal(relays[0].asked, asked);
    peer_stop(v6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_url_and_keeps_its_secrets_apart),
        cmocka_unit_test(refuses_what_is_no_proxy_and_repeats_nothing_of_it),
        cmocka_unit_test(takes_that_of_the_scheme_unless_the_host_is_exempt),
        cmocka_unit_test(knows_the_hosts_of_a_list),
        cmocka_unit_test(tunnels_by_connect_with_and_without_a_login),
        cmocka_unit_test(tunnels_by_socks_with_and_without_a_login),
        cmocka_unit_test(names_a_proxy_that_wants_another_login),
        cmocka_unit_test(names_a_proxy_that_does_not_reach_the_host),
        cmocka_unit_test(names_a_proxy_that_cannot_be_reached),
        cmocka_unit_test(names_a_proxy_that_is_none),
        cmocka_unit_test(tells_of_the_proxy_when_the_certificate_is_another_than_expected),
        cmocka_unit_test(speaks_tls_with_a_proxy_and_through_it),
        cmocka_unit_test(tells_the_certificate_of_a_proxy_from_that_of_the_server),
        cmocka_unit_test(refuses_a_proxy_in_tls_with_a_thumbprint),
        cmocka_unit_test(asks_the_proxy_once_for_many_requests),
        cmocka_unit_test(reaches_an_ipv6_address_directly_and_through_proxies),
    };
    return cmocka_run_group_tests_name("http/proxy", tests, start_server, stop_server);
}
